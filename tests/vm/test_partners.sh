# shellcheck shell=bash disable=SC2154
# The partners that people have: the kernel's bonding driver and teamd, as host b; xlagg is host a.

# bond_end OPTIONS...: bond0 of host b over eth1 and eth2
bond_end() {
	local i
	nip b link add bond0 type bond miimon 10 "$@" || skip "this kernel has no bonding"
	for i in 1 2; do
		nip b link set eth$i down
		nip b link set eth$i master bond0
	done
	nip b link set bond0 up
	nip b addr add 10.0.0.2/24 dev bond0
}

# lacp_end RATE: lagg0 of host a
lacp_end() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate "$1" port eth1 port eth2 10.0.0.1/24
}
bond_states() { on b cat /proc/net/bonding/bond0 | grep -c "port state: $1"; }
bond_agrees() { [ "$(bond_states 63)" = 4 ]; }

test_bonding_lacp() {
	lacp_end fast
	bond_end mode 802.3ad lacp_rate fast xmit_hash_policy layer3+4
	wait_for 15 distributing_are a 2
	wait_for 15 bond_agrees
	is "$(field a '.ports[0].lacp.partner.system')" "$(nip b -j link show bond0 | jq -r '.[0].address')" "the partner's system"
	matches "$(on b cat /proc/net/bonding/bond0)" "system mac address: $(field a .mac)" "our system, as bonding sees it"
	on a ping -q -c 10 -i 0.05 10.0.0.2
	nip b link set eth1 down
	wait_for 5 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth1 up
	wait_for 15 distributing_are a 2
}

test_bonding_lacp_slow_and_passive() {
	lacp_end slow
	bond_end mode 802.3ad lacp_rate slow lacp_active off
	wait_for 15 distributing_are a 2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_bonding_sees_no_change_when_the_agent_is_replaced() {
	lacp_end fast
	bond_end mode 802.3ad lacp_rate fast
	wait_for 15 bond_agrees
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	local before
	before=$(on b cat /proc/net/bonding/bond0 | grep -E "Churned Count|Link Failure|port state|Aggregator ID")
	agent_end a KILL
	agent a
	on a ping -q -c 30 -i 0.1 10.0.0.2
	is "$(on b cat /proc/net/bonding/bond0 | grep -E "Churned Count|Link Failure|port state|Aggregator ID")" "$before" \
		"what bonding shows"
}

# Three times as long as the partner waits: the kernel answers for the agent.
freeze_a() { kill -STOP "${AGENT[a]}"; }
thaw_a() { kill -CONT "${AGENT[a]}"; }
bond_disagrees() { ! bond_agrees; }
test_bonding_sees_no_change_while_the_agent_is_stopped() {
	lacp_end fast
	bond_end mode 802.3ad lacp_rate fast
	wait_for 15 bond_agrees
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	local before
	before=$(on b cat /proc/net/bonding/bond0 | grep -E "Churned Count|Link Failure|port state|Aggregator ID")
	freeze_a
	never 9 bond_disagrees
	thaw_a
	on a ping -q -c 30 -i 0.1 10.0.0.2
	is "$(on b cat /proc/net/bonding/bond0 | grep -E "Churned Count|Link Failure|port state|Aggregator ID")" "$before" \
		"what bonding shows"
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" 3 "LACPDUs sent by the kernel"
}

test_bonding_balance_xor() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.1/24
	bond_end mode balance-xor xmit_hash_policy layer3+4
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth2 down
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_bonding_active_backup() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	bond_end mode active-backup primary eth1
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth1 down
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_bonding_broadcast() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto broadcast port eth1 port eth2 10.0.0.1/24
	bond_end mode broadcast
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}

# teamd_end: team0 of host b over eth1 and eth2
teamd_end() {
	cat >"$D/team0.conf" <<-'JSON'
		{"device": "team0", "runner": {"name": "lacp", "active": true, "fast_rate": true,
		 "tx_hash": ["eth", "ipv4", "ipv6", "tcp", "udp"]}, "link_watch": {"name": "ethtool"},
		 "ports": {"eth1": {"lacp_key": 5}, "eth2": {"lacp_key": 5}}}
	JSON
	nip b link set eth1 down
	nip b link set eth2 down
	mkdir -p /run/teamd
	spawn_on teamd b teamd -f "$D/team0.conf"
	wait_for 10 nip b link set team0 up
	nip b addr add 10.0.0.2/24 dev team0
	wait_for 15 distributing_are a 2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
teamd_agrees() {
	[ "$(on b teamdctl team0 state dump | jq '[.ports[].runner | select(.selected and .state == "current")] | length')" = 2 ]
}
teamd_disagrees() { ! teamd_agrees; }
test_teamd_sees_no_change_while_the_agent_is_stopped() {
	modprobe team 2>/dev/null || skip "this kernel has no team driver"
	lacp_end fast
	teamd_end
	wait_for 5 teamd_agrees
	freeze_a
	never 9 teamd_disagrees
	on a ping -q -c 10 -i 0.1 10.0.0.2
	thaw_a
	wait_for 5 answers a
	never 2 teamd_disagrees
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" 3 "LACPDUs sent by the kernel"
}

test_teamd_lacp() {
	modprobe team 2>/dev/null || skip "this kernel has no team driver"
	lacp_end fast
	teamd_end
	is "$(field a '.ports[0].lacp.partner.key')" 5 "teamd's key"
	is "$(on b teamdctl team0 state dump | jq -r '.ports.eth1.runner.partner_lacpdu_info.system')" "$(field a .mac)" \
		"our system, as teamd sees it"
	nip b link set eth1 down
	wait_for 5 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
