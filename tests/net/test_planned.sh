# shellcheck shell=bash
# What an operator changes on purpose loses no packet and reorders none.

# Starts streams in both directions and TCP beside them; they run until end_load
begin_load() {
	stream there a b 10.0.0.2 5001 -r 5000 -f 32
	stream back b a 10.0.0.1 5002 -r 5000 -f 32
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 600 -b 100M
	let_pass a 1000
}
end_load() {
	end_stream there
	end_stream back
	kill -TERM "${CHILD[tcp]}"
	reap tcp || :
	unset "CHILD[tcp]"
}
# change COMMAND...: runs it and lets some traffic pass
change() {
	step "xlagg $*"
	xl a "$@"
	let_pass a 500
}
# restore_with FROM TO: restores the running configuration with one text replaced by another
restore_with() {
	xl a save >"$D/now"
	sed "s/$1/$2/" "$D/now" >"$D/wanted"
	! cmp -s "$D/now" "$D/wanted" || fail "'$1' does not occur in what save prints: $(cat "$D/now")"
	change restore "$D/wanted"
}

# A host behind a switch: what it sends follows a's MAC from port to port.
failover_behind_a_switch() {
	switched 2
	agent a
	xl a lagg add lagg0 proto failover "$@" port eth1 port eth2 10.0.0.1/24
	nip b address add 10.0.0.2/24 dev eth0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	begin_load
	change port set lagg0 eth1 admin down
	is "$(field a .active_port)" eth2 "active port"
	change port set lagg0 eth1 admin up
	change port set lagg0 eth2 prio 100
	wait_for 3 active_port_is a eth2
	change port activate lagg0 eth1
	change port set lagg0 eth2 prio 32768
	change port del lagg0 eth1
	is "$(field a .active_port)" eth2 "active port"
	change port add lagg0 eth1
	change lagg set lagg0 min-links 2
	change lagg set lagg0 min-links 1
	restore_with 'lagg0 ' 'lagg0 primary eth2 '
	end_load
	no_loss there
	no_loss back
	no_reordering there
	no_reordering back
}
test_planned_changes_failover() { failover_behind_a_switch; }
test_planned_changes_failover_direct() { failover_behind_a_switch tx-path direct; }
test_planned_changes_failover_xdp() { one_cpu; as_xdp_wires; failover_behind_a_switch datapath xdp; }

# Two laggs that are connected directly and speak no protocol: b goes on sending on a port that a took out of service. So where
# a port is taken out, only what a sends is judged.
loadbalance_face_to_face() {
	lagg_pair 3 proto loadbalance "$@"
	begin_load
	change lagg set lagg0 hash l3,l4
	change lagg set lagg0 hash l2,l3,l4
	change port set lagg0 eth2 prio 100
	change port set lagg0 eth2 weight 3
	change lagg set lagg0 min-links 2
	restore_with 'weight 3' 'weight 2'
	end_load
	no_loss there
	no_loss back
	no_reordering there
	no_reordering back
	stream out a b 10.0.0.2 5003 -r 5000 -f 32
	let_pass a 500
	change port set lagg0 eth2 admin down
	change port set lagg0 eth2 admin up
	change port del lagg0 eth3
	change port add lagg0 eth3
	end_stream out
	no_loss out
	no_reordering out
}
test_planned_changes_loadbalance() { loadbalance_face_to_face; }
test_planned_changes_loadbalance_direct() { loadbalance_face_to_face tx-path direct; }
test_planned_changes_loadbalance_xdp() { one_cpu; as_xdp_wires; loadbalance_face_to_face datapath xdp; }

# missed_between LABEL FROM-NS TO-NS: datagrams of that stream that were sent in that time and did not arrive
missed_between() { account "$1" "[.outages[] | select(.at_ns >= $2 and .at_ns < $3) | .packets] | add // 0"; }

# A cable that was cut comes back under load, at one end or the other first: both ends take their primary back, each when
# it notices, and neither misses what the other sends there first.
failover_returns() {
	local round dev
	local -a began=() ended=()
	lagg_pair 2 proto failover "$@"
	stream there a b 10.0.0.2 5001 -r 10000
	stream home b a 10.0.0.1 5002 -r 10000
	let_pass a 2000
	for ((round = 0; round < 10; round++)); do
		dev=$([ $((round % 2)) = 0 ] && echo a || echo b)
		step "return $round, cut at $dev"
		nip "$dev" link set eth1 down
		wait_for 15 active_port_is a eth2
		wait_for 15 active_port_is b eth2
		let_pass a 2000
		began+=("$(date +%s%N)")
		nip "$dev" link set eth1 up
		wait_for 15 active_port_is a eth1
		wait_for 15 active_port_is b eth1
		let_pass a 2000
		ended+=("$(date +%s%N)")
	done
	end_stream there
	end_stream home
	for ((round = 0; round < 10; round++)); do
		is "$(missed_between there "${began[round]}" "${ended[round]}")" 0 "datagrams from a to b lost in return $round"
		is "$(missed_between home "${began[round]}" "${ended[round]}")" 0 "datagrams from b to a lost in return $round"
	done
}
test_return_loses_nothing() { failover_returns; }
test_return_loses_nothing_direct() { failover_returns tx-path direct; }
test_return_loses_nothing_after_up_delay() { failover_returns up-delay 300; }
test_return_loses_nothing_xdp() { one_cpu; as_xdp_wires; failover_returns datapath xdp; }
