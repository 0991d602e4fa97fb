# shellcheck shell=bash disable=SC2154
# The partners that people have: on host b the kernel's bonding driver or teamd, on host a xlagg.
. tests/vm/teamd.sh

# bond_end OPTIONS...: makes bond0 on host b over eth1 and eth2; MAC=... sets its MAC
bond_end() {
	local i
	[ -e /proc/net/bonding ] || skip "this kernel has no bonding"
	nip b link add bond0 ${MAC:+address "$MAC"} type bond miimon 10 "$@"
	for i in 1 2; do
		nip b link set eth$i down
		nip b link set eth$i master bond0
	done
	nip b link set bond0 up
	nip b addr add 10.0.0.2/24 dev bond0
}

# lacp_end RATE [TOPOLOGY ARGUMENT...]: makes lagg0 on host a; the topology is two_hosts 2 unless given
lacp_end() {
	local rate=$1
	shift
	"${@:-two_hosts}" 2
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate "$rate" port eth1 port eth2 10.0.0.1/24
}
bond_states() { on b cat /proc/net/bonding/bond0 | grep -c "port state: $1"; }
bond_agrees() { [ "$(bond_states 63)" = 4 ]; }

# Prints how an end describes each port: our system, key, port number and state, then the partner's.
our_view() {
	field a '["ACTIVITY", "TIMEOUT", "AGGREGATION", "SYNC", "COLLECTING", "DISTRIBUTING", "DEFAULTED", "EXPIRED"] as $bits |
		.ports[] | "\(.ifname)\(.lacp | (.actor, .partner) | " \(.system) \(.key) \(.port) " +
		([.state[] as $bit | $bits | index($bit) | pow(2; .)] | add | tostring))"' | paste -sd ' \n'
}
bond_view() {
	on b awk '
		/^Slave Interface:/ { dev = $3; here = dev ~ /^eth[12]$/ }
		/^details / { end = $2; view[end] = "" }
		here && end && /mac address:|key:|port number:|port state:/ { view[end] = view[end] " " $NF }
		here && end == "partner" && /port state:/ { print dev view["partner"], dev view["actor"]; end = "" }' \
		/proc/net/bonding/bond0
}
team_view() {
	on b teamdctl team0 state dump | jq -r '.ports | to_entries[] | "\(.key)\(.value.runner |
		(.partner_lacpdu_info, .actor_lacpdu_info) | " \(.system) \(.key) \(.port) \(.state)")"' | paste -sd ' \n'
}
same_view() { [ "$(our_view)" = "$("$1_view")" ]; }
# agree bond|team: waits until both ports distribute and the ends agree on each
agree() {
	wait_for 20 distributing_are a 2
	within 5 same_view "$1" || fail "we say"$'\n'"$(our_view)"$'\n'"the $1"$'\n'"$("$1_view")"
}

# packets HOST rx|tx: prints the packets of eth1 and eth2, as the devices count them
packets() { on "$1" awk -v way="$2" '/eth[12]:/ { sub(":", " "); print way == "rx" ? $3 : $11 }' /proc/net/dev; }
# spread FROM TO ADDRESS: sends 64 flows; some must leave, and some must arrive, by each link
spread() {
	local sent got link
	mapfile -t sent < <(packets "$1" tx)
	mapfile -t got < <(packets "$2" rx)
	on "$1" bash -c 'for ((port = 20000; port < 20064; port++)); do echo >/dev/udp/$0/$port; done' "$3"
	wait_for 5 on "$1" ping -c 1 -W 1 "$3" # what was sent before has arrived by then
	mapfile -t -O 2 sent < <(packets "$1" tx)
	mapfile -t -O 2 got < <(packets "$2" rx)
	for link in 0 1; do
		[ $((sent[link + 2] - sent[link])) -ge 10 ] || fail "$1 sends hardly anything on eth$((link + 1)): ${sent[*]}"
		[ $((got[link + 2] - got[link])) -ge 10 ] || fail "$2 hears hardly anything on eth$((link + 1)): ${got[*]}"
	done
}
both_ways() {
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	spread a b 10.0.0.2
	spread b a 10.0.0.1
}

test_bonding_lacp() {
	lacp_end fast two_hosts_bridged
	bond_end mode 802.3ad lacp_rate fast xmit_hash_policy layer3+4
	agree bond
	bond_agrees || fail "not all is well: $(on b cat /proc/net/bonding/bond0)"
	both_ways
	# One link is lost, and on another the partner falls silent.
	nip b link set eth2 down
	wait_for 5 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth2 up
	agree bond
	nip sw link set br0 down
	wait_for 10 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip sw link set br0 up
	agree bond
	# Another system with another key takes its place.
	nip b link del bond0
	MAC=02:00:00:00:00:77 bond_end mode 802.3ad lacp_rate fast xmit_hash_policy layer3+4 ad_user_port_key 77
	agree bond
	is "$(field a '.ports[0].lacp.partner.system')" 02:00:00:00:00:77 "the new partner's system"
	both_ways
}

test_bonding_lacp_slow_and_passive() {
	lacp_end slow
	bond_end mode 802.3ad lacp_rate slow lacp_active off
	agree bond
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_bonding_lacp_fast_and_passive_with_min_links() {
	lacp_end fast
	bond_end mode 802.3ad lacp_rate fast lacp_active off min_links 2 xmit_hash_policy layer3+4
	agree bond
	wait_for 5 has_carrier b bond0
	both_ways
	nip a link set eth2 down
	wait_for 5 no_carrier b bond0
	wait_for 5 distributing_are a 1
	nip a link set eth2 up
	agree bond
	wait_for 5 has_carrier b bond0
	both_ways
}

# Bonding with two links to a and one to c prefers the aggregator of two links. It does not take back what it told c while that
# link's aggregator was the active one.
is_with() { grep -q "Partner Mac Address: $(field "$1" .mac)" <(on b cat /proc/net/bonding/bond0); }
test_bonding_ad_select() {
	local how
	lacp_end fast
	host c
	wire b eth3 c eth1
	agent c
	xl c lagg add lagg0 proto lacp lacp-rate fast port eth1
	bond_end mode 802.3ad lacp_rate fast
	nip b link set eth3 down
	nip b link set eth3 master bond0
	for how in bandwidth count; do
		nip b link set bond0 down
		nip b link set bond0 type bond ad_select $how
		nip b link set bond0 up
		wait_for 20 is_with a
		agree bond
		nip a link set eth1 down
		nip a link set eth2 down
		wait_for 20 is_with c
		wait_for 10 distributing c eth1
		nip a link set eth1 up
		nip a link set eth2 up
		wait_for 20 is_with a
		agree bond
	done
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

# The agent is stopped for much longer than the partner waits: the kernel answers in its place.
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
	never 20 bond_disagrees
	thaw_a
	on a ping -q -c 30 -i 0.1 10.0.0.2
	is "$(on b cat /proc/net/bonding/bond0 | grep -E "Churned Count|Link Failure|port state|Aggregator ID")" "$before" \
		"what bonding shows"
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" 12 "LACPDUs sent by the kernel"
}

test_bonding_balance_xor() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.1/24
	bond_end mode balance-xor xmit_hash_policy layer3+4
	both_ways
	nip b link set eth2 down
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_bonding_balance_rr() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto roundrobin port eth1 port eth2 10.0.0.1/24
	bond_end mode balance-rr
	both_ways
	xl a lagg set lagg0 proto loadbalance
	both_ways
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

# teamd_end [KEY [MAC]]: team0 on host b, and traffic
teamd_end() {
	teamd_start "$@"
	wait_for 15 distributing_are a 2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
teamd_agrees() {
	[ "$(on b teamdctl team0 state dump | jq '[.ports[].runner | select(.selected and .state == "current")] | length')" = 2 ]
}
teamd_disagrees() { ! teamd_agrees; }
test_teamd_sees_no_change_while_the_agent_is_stopped() {
	lacp_end fast
	teamd_end
	wait_for 5 teamd_agrees
	freeze_a
	never 20 teamd_disagrees
	on a ping -q -c 10 -i 0.1 10.0.0.2
	thaw_a
	wait_for 5 answers a
	never 2 teamd_disagrees
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" 12 "LACPDUs sent by the kernel"
}

test_teamd_lacp() {
	lacp_end fast two_hosts_bridged
	teamd_end
	agree team
	is "$(field a '.ports[0].lacp.partner.key')" 5 "teamd's key"
	both_ways
	nip b link set eth2 down
	wait_for 5 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth2 up
	agree team
	nip sw link set br0 down
	wait_for 10 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip sw link set br0 up
	agree team
	# teamd is killed; its device stays and is silent. Another teamd takes its place.
	kill -KILL "${CHILD[teamd]}"
	! reap teamd 2>/dev/null || fail "teamd was not killed"
	wait_for 10 distributing_are a 0
	wait_for 5 no_carrier a lagg0
	nip b link del team0
	teamd_end 6 02:00:00:00:00:66
	agree team
	is "$(field a '.ports[0].lacp.partner | "\(.system) \(.key)"')" "02:00:00:00:00:66 6" "the new teamd"
	both_ways
}
