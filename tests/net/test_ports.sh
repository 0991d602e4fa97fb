# shellcheck shell=bash
# Ports that come, go and lose their links while traffic runs.

no_such_port() { [ -z "$(port_field "$1" "$2" .ifname)" ]; }

adding_and_removing_under_load() {
	stream there a b 10.0.0.2 5001 -r 5000 -f 32
	stream back b a 10.0.0.1 5002 -r 5000 -f 32
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 4 -b 200M
	let_pass a 2000
	for _ in 1 2 3; do
		xl b port add lagg0 eth3
		xl a port add lagg0 eth3
		wait_for 3 active_ports_are a 3
		let_pass a 1000
		xl a port del lagg0 eth3
		xl b port del lagg0 eth3
		let_pass a 1000
	done
	reap tcp || fail "TCP: $(jq -r .error "$D/tcp.out")"
	at_least "$(mbits tcp)" 20 "TCP meanwhile, Mbit/s"
	end_stream there
	end_stream back
	# One end is configured after the other, so in between one end sends on a wire whose other end is not a port.
	at_most "$(account there .longest_us)" 1000000 "longest interruption, us"
	at_most "$(account back .longest_us)" 1000000 "longest interruption, us"
	wait_for 3 no_such_port a eth3
}
lagg_pair_with_a_spare() {
	lagg_pair 2 "$@"
	wire a eth3 b eth3
}
test_ports_come_and_go_under_load() { lagg_pair_with_a_spare proto loadbalance; adding_and_removing_under_load; }
test_ports_come_and_go_under_load_xdp() {
	as_xdp_wires
	lagg_pair_with_a_spare proto loadbalance datapath xdp
	adding_and_removing_under_load
}

links_lost_under_load() {
	local ACTIVE=2 before
	wait_for 20 cut_counts
	before=$(port_field a eth1 .stats.link_failures)
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 5 -P 4
	stream s a b 10.0.0.2 5001 -r 5000 -f 64
	let_pass a 2000
	local dev
	for _ in 1 2; do
		for dev in eth1 eth2; do
			nip b link set $dev down
			wait_for 3 active_ports_are a 1
			let_pass a 1000
			nip b link set $dev up
			wait_for 3 active_ports_are a 2
			let_pass a 1000
		done
	done
	end_stream s
	reap tcp || fail "TCP: $(jq -r .error "$D/tcp.out")"
	at_most "$(account s .longest_us)" 1000000 "longest interruption, us"
	at_least "$(mbits tcp)" 20 "TCP meanwhile, Mbit/s"
	is "$(($(port_field a eth1 .stats.link_failures) - before))" 2 "link_failures of eth1"
}
test_link_loss_and_return_under_load_tc_stack() { lagg_pair 2 proto loadbalance tx-path stack; links_lost_under_load; }
test_link_loss_and_return_under_load_tc_direct() { lagg_pair 2 proto loadbalance tx-path direct; links_lost_under_load; }
test_link_loss_and_return_under_load_xdp() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	links_lost_under_load
}

test_port_set_down_with_ip_stays_down() {
	lagg_pair 2 proto loadbalance
	nip a link set eth1 down
	wait_for 3 active_ports_are a 1
	matches "$(port_field a eth1 .reason)" 'administratively down' "reason"
	never 1 has_carrier a eth1
	nip a link set eth1 up
	wait_for 3 active_ports_are a 2
}

present() { [ "$(port_field a "$1" .present)" = "$2" ]; }
test_port_unplugged_and_plugged_in_again() {
	lagg_pair 2 proto loadbalance
	nip a link del eth2
	wait_for 3 present eth2 false
	matches "$(port_field a eth2 .reason)" . "reason of an absent port"
	on a ping -c 2 -i 0.2 -W 1 10.0.0.2
	wire a eth2 b eth2
	wait_for 3 present eth2 true
	wait_for 3 active_ports_are a 2
	wait_for 3 active_ports_are b 2
}
test_port_of_a_file_may_be_absent() {
	two_hosts 1
	cat >"$D/a.conf" <<-CONF
		# this port is plugged in later
		lagg add lagg0 proto failover \\
		    port eth1 port eth9 10.0.0.1/24
	CONF
	agent a
	is "$(port_field a eth9 .present)" false "eth9 is there"
	wire a eth9 b eth9
	wait_for 3 present eth9 true
}

test_min_links() {
	lagg_pair 3 proto loadbalance min-links 2
	nip b link set eth1 down
	wait_for 3 active_ports_are a 2
	has_carrier a lagg0 || fail "no carrier although two ports are usable"
	nip b link set eth2 down
	wait_for 3 no_carrier a lagg0
	matches "$(field a .reason)" 'min-links' "reason"
	nip b link set eth2 up
	wait_for 3 has_carrier a lagg0
}
test_lagg_set_down_passes_nothing() {
	lagg_pair 2 proto loadbalance
	nip a link set lagg0 down
	wait_for 3 is_admin_down
	if on b ping -c 2 -i 0.2 -W 1 10.0.0.1; then fail "a lagg that is down answers"; fi
	has_carrier a eth1 || fail "eth1 was taken down with its lagg"
	nip a link set lagg0 up
	wait_for 5 on b ping -c 1 -W 1 10.0.0.1
}
is_admin_down() { [ "$(field a .admin)" = down ]; }

# failures_of HOST: link failures and damping penalties of all its ports, which tell how often links failed
failures_of() { field "$1" '[.ports[] | .stats.link_failures, .damping.penalty] | tojson'; }
# A lagg over ports that were down, that has to change their MTU and their MAC as well; then the operator sets one of its
# ports down and up. Only what happens at the far end is a failure.
no_failure_by_setting_up() {
	local h dev before
	two_hosts 2
	for h in a b; do for dev in eth1 eth2; do nip "$h" link set "$dev" down mtu 1400; done; done
	agent a
	agent b
	for h in a b; do xl "$h" lagg add lagg0 "$@" mtu 1450 damping on port eth1 port eth2; done
	for h in a b; do wait_for 10 has_carrier "$h" lagg0; done
	wait_for 10 active_ports_are a "$ACTIVE"
	for h in a b; do is "$(failures_of "$h")" '[0,0,0,0]' "failures and penalties of $h"; done
	for _ in 1 2 3; do
		nip a link set eth1 down
		wait_for 3 matches_reason a eth1 'administratively down'
		nip a link set eth1 up
		wait_for 10 active_ports_are a "$ACTIVE"
	done
	is "$(failures_of a)" '[0,0,0,0]' "failures and penalties after the operator's changes"
	xl a lagg set lagg0 mtu 1500
	xl a port set lagg0 eth1 admin down
	xl a port set lagg0 eth1 admin up
	is "$(failures_of a)" '[0,0,0,0]' "failures and penalties after changes of its own"
	before=$(port_field b eth1 .stats.link_failures) # on a slow machine b has seen a's changes as failures
	wait_for 20 cut_counts
	is "$(port_field a eth1 .stats.link_failures)" 1 "failures when the far end goes"
	is "$(port_field b eth1 .stats.link_failures)" "$before" "failures at the far end, where it was ordered"
}
matches_reason() { [[ $(port_field "$1" "$2" .reason) == *$3* ]]; }
# Cuts the cable of eth1 once. In the first seconds after a change of the agent's own, also after its bond took the port, a
# loss counts as its doing.
cut_counts() {
	nip b link set eth1 down
	wait_for 3 matches_reason a eth1 'no carrier'
	wait_for 10 matches_reason b eth1 'administratively down'
	nip b link set eth1 up
	wait_for 10 active_ports_are a "$ACTIVE"
	[ "$(port_field a eth1 .stats.link_failures)" -gt 0 ]
}
test_setting_up_is_no_failure_failover() { ACTIVE=1 no_failure_by_setting_up proto failover; }
test_setting_up_is_no_failure_loadbalance() { ACTIVE=2 no_failure_by_setting_up proto loadbalance; }
test_setting_up_is_no_failure_lacp() { ACTIVE=2 no_failure_by_setting_up proto lacp lacp-rate fast; }
