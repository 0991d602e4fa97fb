# shellcheck shell=bash
# xlagg with xlagg, proto lacp: the same matrix as with Open vSwitch.

# with_partner A-MODE A-RATE B-MODE B-RATE: makes the two ends with these modes and rates
with_partner() {
	two_hosts 2
	agent a
	agent b
	xl a lagg add lagg0 proto lacp lacp-mode "$1" lacp-rate "$2" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto lacp lacp-mode "$3" lacp-rate "$4" port eth1 port eth2 10.0.0.2/24
}
negotiated() {
	wait_for 10 distributing_are a 2
	wait_for 10 distributing_are b 2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	# An end learns only from the next periodic LACPDU that its partner distributes.
	is "$(port_field a eth1 '.lacp.partner | .state -= ["DISTRIBUTING"] | tojson')" \
		"$(port_field b eth1 '.lacp.actor | .state -= ["DISTRIBUTING"] | tojson')" "partner of a, actor of b"
}
test_lacp_active_active_fast() { with_partner active fast active fast; negotiated; }
test_lacp_active_passive_slow() { with_partner active slow passive slow; negotiated; }
test_lacp_passive_passive_stays_down() {
	with_partner passive fast passive fast
	never 4 distributing a eth1
	no_carrier a lagg0 || fail "lagg0 has carrier without a partner"
}
test_lacp_datapath_xdp() {
	as_xdp_wires
	two_hosts 2
	agent a
	agent b
	xl a lagg add lagg0 proto lacp lacp-rate fast datapath xdp port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto lacp lacp-rate fast datapath xdp port eth1 port eth2 10.0.0.2/24
	negotiated
}
test_lacp_one_link_lost() {
	with_partner active fast active fast
	negotiated
	stream there a b 10.0.0.2 5001 -r 1000 -f 8
	let_pass a 500
	nip b link set eth1 down
	wait_for 3 not_distributing a eth1
	let_pass a 500
	nip b link set eth1 up
	wait_for 10 distributing_are a 2
	let_pass a 500
	end_stream there
	at_most "$(account there .lost)" 20 "datagrams lost of a 1 ms stream"
}
# With LACP both ends know of a planned change, so nothing is lost in either direction.
test_lacp_planned_changes_lose_nothing() {
	with_partner active fast active fast
	negotiated
	stream there a b 10.0.0.2 5001 -r 2000 -f 16
	stream back b a 10.0.0.1 5002 -r 2000 -f 16
	local change
	for change in "port set lagg0 eth1 admin down" "port set lagg0 eth1 admin up" "port del lagg0 eth1" \
		"port add lagg0 eth1" "lagg set lagg0 lacp-rate slow" "lagg set lagg0 lacp-rate fast" \
		"port set lagg0 eth2 prio 100" "lagg set lagg0 hash l3,l4" "lagg set lagg0 min-links 1"; do
		step "xlagg $change"
		# shellcheck disable=SC2086
		xl a $change
		let_pass a 1000
		[ "$change" = "port del lagg0 eth1" ] || wait_for 10 both_there "$change"
	done
	end_stream there
	end_stream back
	no_loss there
	no_loss back
}
both_there() { [[ $1 == *"admin down" ]] || distributing_are a 2; }

test_lacp_agent_killed_and_restarted() {
	with_partner active slow active slow
	negotiated
	stream there a b 10.0.0.2 5001 -r 2000 -f 16
	let_pass a 500
	local was
	was=$(port_field b eth1 .last_change)
	agent_end a KILL
	never 3 not_distributing b eth1
	agent a
	wait_for 5 distributing_are a 2
	end_stream there
	no_loss there
	is "$(port_field b eth1 .last_change)" "$was" "last change of the partner's port"
}
test_lacp_leaving_tells_the_partner() {
	with_partner active slow active slow
	negotiated
	xl a port del lagg0 eth1
	# With the slow rate, silence alone would take 90 s to be noticed.
	wait_for 3 not_distributing b eth1
	xl a lagg del lagg0
	wait_for 3 not_distributing b eth2
}
test_lacp_max_links_standby() {
	two_hosts 3
	agent a
	agent b
	xl a lagg add lagg0 proto lacp lacp-rate fast system-prio 100 max-links 2 port eth1 port eth2 port eth3 10.0.0.1/24
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 port eth3 10.0.0.2/24
	wait_for 10 distributing_are a 2
	is "$(port_field a eth3 .lacp.selected)" STANDBY "selection of the third port"
	matches "$(port_field a eth3 .reason)" 'max-links' "reason"
	nip b link set eth1 down
	wait_for 5 distributing a eth3
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
test_lacp_not_strict_falls_back() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast lacp-strict off fallback-delay 0 port eth1 port eth2 10.0.0.1/24
	wait_for 10 has_carrier a lagg0
	is "$(field a .active_ports)" 1 "ports that carry traffic without a partner"
	nip b address add 10.0.0.2/24 dev eth1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
