# shellcheck shell=bash
# Open vSwitch (host b, and c) as the LACP partner of lagg0 on host a.
. "$(dirname "${BASH_SOURCE[0]}")/ovs.sh"

all_flags() { [ "$(port_field "$1" "$2" '.flags | tojson')" = '["ACTIVE","COLLECTING","DISTRIBUTING"]' ]; }
attached() { [ "$(ovs_lacp "$1" | jq -r ".$2.state")" = "current attached" ]; }

# without_gro HOST DEV...: turns GRO off, since OVS takes no frame that is longer than its MTU
without_gro() {
	local dev
	for dev in "${@:2}"; do on "$1" ethtool -K "$dev" gro off >/dev/null; done
}
# with_ovs MODE RATE OVS-MODE OVS-TIME: makes two links, lagg0 on a with 10.0.0.1, a bond on b with 10.0.0.2
with_ovs() {
	as_xdp_wires # OVS forwards frames as they are, unfinished checksums too
	two_hosts 2
	without_gro b eth1 eth2
	ovs_start b "$3" "$4" eth1 eth2
	nip b address add 10.0.0.2/24 dev br0
	agent a
	xl a lagg add lagg0 proto lacp lacp-mode "$1" lacp-rate "$2" port eth1 port eth2 10.0.0.1/24
}
negotiated() {
	wait_for "${1:-10}" all_flags a eth1
	wait_for "${1:-10}" all_flags a eth2
	wait_for 10 attached b eth1
	wait_for 10 attached b eth2
	is "$(field a .active_ports)" 2 "active ports"
	is "$(field a '[.ports[].reason] | join("")')" "" "reasons"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
# Frames are counted at the far ends of the wires: OVS is a process and loses some itself when it does not run in time.
count_wires() {
	user_program b eth1 user_counter
	user_program b eth2 user_counter
}
# lost_on_the_wires STREAM: prints how many datagrams and end marks were sent and did not arrive there
END_MARKS=20
lost_on_the_wires() {
	echo $(($(account "$1" .sent) + END_MARKS - $(user_count b eth1 4) - $(user_count b eth2 4)))
}
# seconds_since NS: prints the seconds since that time of day
seconds_since() { jq -n "($(date +%s%N) - $1) / 1e9"; }

test_ovs_active_active_fast() {
	with_ovs active fast active fast
	local start
	start=$(date +%s%N)
	negotiated 5
	at_most "$(seconds_since "$start")" 5 "seconds to traffic"
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 1 -P 4
	reap tcp || fail "TCP: $(jq -r .error "$D/tcp.out")"
	at_least "$(mbits tcp)" 20 "TCP to OVS, Mbit/s"
	iperf tcp a -c 10.0.0.2 -t 1 -P 4 -R
	reap tcp || fail "TCP back: $(jq -r .error "$D/tcp.out")"
	at_least "$(mbits tcp)" 20 "TCP from OVS, Mbit/s"
}
test_ovs_active_passive_slow() { with_ovs active slow passive slow; negotiated; }
test_ovs_passive_active_slow() { with_ovs passive slow active slow; negotiated; }
test_ovs_passive_passive_stays_down() {
	with_ovs passive fast passive fast
	never 4 distributing a eth1
	no_carrier a lagg0 || fail "lagg0 has carrier without a partner"
	matches "$(port_field a eth1 .reason)" . "reason"
	is "$(port_field a eth1 .stats.lacpdu_rx)" 0 "LACPDUs received from a passive, cold partner"
}
test_ovs_rate_changes_without_a_flap() {
	with_ovs active slow active fast
	negotiated
	local change
	change=$(port_field a eth1 .last_change)
	xl a lagg set lagg0 lacp-rate fast
	wait_for 5 ovs_sees_timeout eth1
	is "$(port_field a eth1 .last_change)" "$change" "last change of eth1's flags"
}
ovs_sees_timeout() { ovs_lacp b | jq -e ".$1.partner.state | index(\"TIMEOUT\")"; }

# Each end's view of both ends
test_ovs_and_show_agree() {
	with_ovs active fast active fast
	negotiated
	within 3 both_agree || {
		ovs_lacp b
		xl a -j -d lagg show lagg0 | jq '.[0].ports[] | {ifname, lacp}'
		fail "lacp/show of OVS and xlagg show differ"
	}
	is "$(port_field a eth1 .lacp.actor.system)" "$(field a .mac)" "our system is lagg0's MAC"
	is "$(port_field a eth2 .lacp.actor.port)" 2 "our second port's number"
}
both_agree() {
	local ours theirs
	ours=$(xl a -j -d lagg show lagg0 | jq '[.[0].ports[] | {key: .ifname, value: .lacp |
		{actor: .actor, partner: .partner}}] | from_entries')
	theirs=$(ovs_lacp b | jq 'map_values({actor: .partner, partner: .actor})')
	[ "$ours" = "$theirs" ]
}

test_ovs_one_link_lost() {
	with_ovs active fast active fast
	negotiated
	count_wires
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	stream there a b 10.0.0.2 5001 -r 1000 -f 8
	stream back b a 10.0.0.1 5002 -r 1000 -f 8
	let_pass a 1000
	nip b link set eth1 down
	wait_for 3 not_distributing a eth1
	let_pass a 1000
	end_stream there
	end_stream back
	at_most "$(lost_on_the_wires there)" 10 "datagrams of a 1 ms stream that did not arrive at OVS"
	echo "   lost by OVS towards us: $(account back .lost)"
	nip b link set eth1 up
	wait_for 10 all_flags a eth1
}

test_ovs_silent_partner() {
	as_xdp_wires
	two_hosts_bridged
	ovs_start b active fast eth1 eth2
	nip b address add 10.0.0.2/24 dev br0
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.1/24
	negotiated
	spawn_on last-pdu a tcpdump -lni eth1 -Q in --time-stamp-precision=nano -tt ether proto 0x8809
	wait_for 5 grep -q listening "$D/last-pdu.err"
	wait_for 5 grep -q LACP "$D/last-pdu.out"
	spawn monitor "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 5 told_of_a_change
	nip sw link set br0 down
	wait_for 15 left_at
	local left last
	left=$(date -d "$(left_at)" +%s.%N)
	kill "${CHILD[last-pdu]}"
	last=$(grep -E "^[0-9]" "$D/last-pdu.out" | tail -n 1 | cut -d" " -f1)
	at_most "$(jq -n "$left - $last")" 3.25 "seconds from the last LACPDU to the port's leaving"
	has_carrier a eth1 || fail "eth1 lost its carrier"
	matches "$(port_field a eth1 .reason)" 'LACPDU' "reason"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip sw link set br0 up
	wait_for 10 all_flags a eth1
}
told_of_a_change() {
	xl a lagg set lagg0 peer-notify $((RANDOM % 250))
	[ -s "$D/monitor.out" ]
}
# Prints when the agent took eth1 out of distribution, by its event
left_at() {
	jq -rse 'map(select(.event == "port-state" and .port == "eth1" and (.new_flags | index("DISTRIBUTING") | not)))[0].time |
		select(.)' "$D/monitor.out"
}
test_ovs_restart() {
	with_ovs active fast active fast
	negotiated
	ovs_stop_daemon b
	wait_for 5 no_carrier a lagg0
	ovs_daemon b
	nip b address replace 10.0.0.2/24 dev br0
	nip b link set br0 up
	negotiated
}
# One port leads to another bond of the same switch: the same system with another key.
test_ovs_key_mismatch() {
	as_xdp_wires
	two_hosts 3
	wire b eth4 b spare # a bond of OVS has at least two ports
	without_gro b eth1 eth2 eth3
	ovs_start b active fast eth1 eth2
	ovs_vsctl b add-bond br0 bond1 eth3 eth4 lacp=active other-config:lacp-time=fast -- \
		set interface eth3 other-config:lacp-aggregation-key=77 -- set interface eth4 other-config:lacp-aggregation-key=77
	nip b address add 10.0.0.2/24 dev br0
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 port eth3 10.0.0.1/24
	wait_for 10 carrying "eth1 eth2"
	wait_for 10 partner_key_is eth3 77
	never 2 distributing a eth3
	matches "$(port_field a eth3 .reason)" 'key' "reason"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
partner_key_is() { [ "$(port_field a "$1" .lacp.partner.key)" = "$2" ]; }
carrying() { [ "$(field a '[.ports[] | select(.flags | index("DISTRIBUTING")) | .ifname] | join(" ")')" = "$1" ]; }
test_ovs_two_bonds_on_one_lagg() {
	as_xdp_wires
	host a b c
	wire a eth1 b eth1
	wire a eth2 b eth2
	wire a eth3 c eth3
	wire a spare c eth4 # a bond of OVS has at least two ports
	ovs_start b active fast eth1 eth2
	ovs_start c active fast eth3 eth4
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 port eth3 10.0.0.1/24
	wait_for 10 carrying "eth1 eth2"
	never 2 distributing a eth3
	matches "$(port_field a eth3 .reason)" . "reason"
	nip b link set eth1 down
	nip b link set eth2 down
	wait_for 10 carrying "eth3"
}

test_ovs_planned_changes_lose_nothing() {
	with_ovs active fast active fast
	negotiated
	count_wires
	stream there a b 10.0.0.2 5001 -r 1000 -f 16
	local change
	for change in "port set lagg0 eth1 admin down" "port set lagg0 eth1 admin up" "lagg set lagg0 lacp-rate slow" \
		"lagg set lagg0 lacp-rate fast" "port set lagg0 eth2 prio 100" "lagg set lagg0 hash l3,l4" \
		"lagg set lagg0 min-links 1"; do
		step "xlagg $change"
		# shellcheck disable=SC2086
		xl a $change
		let_pass a 1000
	done
	wait_for 10 all_flags a eth1
	let_pass a 1000
	end_stream there
	is "$(lost_on_the_wires there)" 0 "datagrams that did not reach OVS"
}
test_ovs_agent_killed_and_restarted() {
	with_ovs active fast active slow
	negotiated
	count_wires
	stream there a b 10.0.0.2 5001 -r 1000 -f 8
	local change
	change=$(ovs_lacp b | jq -c 'map_values(.state)')
	agent_end a KILL
	never 3 ovs_lost_us
	agent a
	negotiated
	end_stream there
	is "$(lost_on_the_wires there)" 0 "datagrams that did not reach OVS"
	is "$(ovs_lacp b | jq -c 'map_values(.state)')" "$change" "what OVS thinks of its ports"
}
ovs_lost_us() { ! { attached b eth1 && attached b eth2; }; }

# The agent is stopped for longer than OVS waits: the kernel answers, and OVS notices nothing. OVS's log shows what happened
# between two looks.
test_ovs_agent_stopped() { agent_stopped fast 20 12; }
test_ovs_agent_stopped_slow() { agent_stopped slow 120 2; }
# agent_stopped RATE SECONDS PDUS: stops the agent for so long; the kernel must send at least so many LACPDUs
agent_stopped() {
	with_ovs active "$1" active "$1"
	negotiated
	count_wires
	stream there a b 10.0.0.2 5001 -r 1000 -f 8
	local said
	said=$(ovs_log_lines)
	kill -STOP "${AGENT[a]}"
	never "$2" ovs_members_not_enabled
	kill -CONT "${AGENT[a]}"
	wait_for 5 answers a
	never 2 ovs_members_not_enabled
	end_stream there
	is "$(lost_on_the_wires there)" 0 "datagrams that did not reach OVS"
	is "$(ovs_log_lines)" "$said" "what OVS wrote of its members"
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" "$3" "LACPDUs sent by the kernel"
}
ovs_members_not_enabled() { [ "$(ovs_appctl b bond/show bond0 | grep -c "member eth[12]: enabled")" != 2 ]; }
ovs_log_lines() { grep -cE "member eth[12]: |bond0" "$D/ovs-b/vswitchd.log"; }
