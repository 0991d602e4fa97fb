# shellcheck shell=bash
# Link probes: a path that breaks behind a port, where the carrier stays, is detected and no longer used.
#
#   a eth1 - a1 [br1] u1 - t1 [br0] b0 - eth0 b
#   a eth2 - a2 [br2] u2 - t2 [   ]              all bridges of host sw learn

probed_path() {
	local i
	host a b sw
	for i in 0 1 2; do
		nip sw link add br$i type bridge stp_state 0 mcast_snooping 0
		nip sw link set br$i up
	done
	for i in 1 2; do
		wire a eth$i sw a$i
		nip sw link set a$i master br$i
		nip sw link add u$i type veth peer name t$i
		nip sw link set u$i master br$i up
		nip sw link set t$i master br0 up
	done
	wire b eth0 sw b0
	nip sw link set b0 master br0
	nip b address add 10.0.0.2/24 dev eth0
	nip b address add 10.0.0.9/24 dev eth0
	nip b address add fd00::2/64 dev eth0
	agent a
}
# probed OPTION...: makes lagg0 over both paths and waits until it carries traffic
probed() {
	probed_path
	probed_lagg "$@"
}
probed_lagg() {
	xl a lagg add lagg0 "$@" port eth1 port eth2 10.0.0.1/24 fd00::1/64
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	[[ " $* " = *" probe "* ]] || return 0
	wait_for 5 answered eth1
	wait_for 5 answered eth2
}
answered() { [ "$(port_field a "$1" '.probe.last_answer != null and .probe.missed == 0')" = true ]; }
break_path() { nip sw link set "u$1" nomaster; }
mend_path() { nip sw link set "u$1" master "br$1"; }
reason_is() { [ "$(port_field a "$1" .reason)" = "$2" ]; }
# learned DEV: returns whether br0 has learned lagg0's MAC on that port
learned() { on sw bridge fdb show br br0 | holds "^$(field a .mac) dev $1 "; }

# watch_events: records lagg0's events in $D/events.out; it returns once an event that it caused itself was recorded
watch_events() {
	spawn events "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 3 sees_events
}
sees_events() {
	xl a lagg set lagg0 peer-notify 2
	xl a lagg set lagg0 peer-notify 3
	grep -q lagg-change "$D/events.out"
}
# event EVENT FILTER: prints what the filter selects from the last such event
event() { jq -rs "map(select(.event == \"$1\")) | last | $2" "$D/events.out"; }
# event_ms EVENT: prints the time of the last one, in ms
event_ms() { date -d "$(event "$1" .time)" +%s%3N; }

# The first path breaks and is mended; the target is $1. Three rounds of 200 ms are missed, after up to one round whose answer
# had already come.
failover_and_return() {
	local start
	watch_events
	break_path 1
	start=$(date +%s%3N)
	wait_for 5 active_port_is a eth2
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
	is "$(port_field a eth1 .reason)" "no answer from $1 to 3 probes" "reason"
	is "$(port_field a eth1 .carrier)" true "carrier"
	is "$(event failover .cause)" "eth1: no answer from $1 to 3 probes" "cause"
	at_least $(($(event_ms failover) - start)) 300 "ms until the failover"
	at_most $(($(event_ms failover) - start)) 1200 "ms until the failover"
	mend_path 1
	wait_for 3 active_port_is a eth1
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
}

# Neither a carrier that goes and comes nor a new agent makes a broken path count as mended.
broken_path_stays_out() {
	break_path 1
	wait_for 3 active_port_is a eth2
	stream s a b 10.0.0.2 5001 -r 500
	nip sw link set a1 down
	wait_for 3 reason_is eth1 "no carrier"
	nip sw link set a1 up
	wait_for 3 reason_is eth1 "no answer from 10.0.0.2 to a probe yet"
	agent_end a KILL
	agent a
	wait_for 3 reason_is eth1 "no answer from 10.0.0.2 to a probe yet"
	wait_for 3 answered eth2
	is "$(field a .active_port)" eth2 "active port after a change of agents"
	end_stream s
	no_loss s
	mend_path 1
	wait_for 3 active_port_is a eth1
}

test_probe_failover() {
	probed proto failover probe 10.0.0.2
	failover_and_return 10.0.0.2
	broken_path_stays_out
}

test_probe_failover_ipv6() {
	probed proto failover probe fd00::2
	failover_and_return fd00::2
}

test_probe_failover_xdp() {
	as_xdp_wires
	probed proto failover probe 10.0.0.2 datapath xdp
	failover_and_return 10.0.0.2
	broken_path_stays_out
}

test_probe_failover_ipv6_xdp() {
	as_xdp_wires
	probed proto failover probe fd00::2 datapath xdp
	failover_and_return fd00::2
}

# The switch never learns lagg0's MAC on the standby port, and the target never takes a probe for a frame of lagg0.
standby_is_not_learned() {
	local mac i
	probed_path
	spawn_on table sw bridge monitor fdb
	for i in 0 1 2; do nip sw link set br$i type bridge fdb_flush; done
	probed_lagg proto failover probe 10.0.0.2,fd00::2 probe-interval 20 "$@"
	mac=$(field a .mac)
	let_rounds_pass 50
	wait_for 5 learned t1
	grep -q "dev a2 .*" "$D/table.out" || fail "the bridges learned nothing from eth2: this shows nothing"
	if grep -E "^$mac dev (a2|t2) " "$D/table.out"; then fail "lagg0 was learned behind the standby"; fi
	is "$(nip b -j neigh show 10.0.0.1 | jq -r '.[0].lladdr')" "$mac" "10.0.0.1 as b knows it"
	nip b neigh show | grep -v "^10.0.0.1 \|^fd00::1 \|^fe80::" && fail "b knows more neighbours than lagg0"
	break_path 1
	wait_for 3 active_port_is a eth2
	wait_for 3 learned t2
}
probe_frames() { nip a -j -s link show eth2 | jq '.[0].stats64.tx.packets'; }
sent_probes() { [ "$(probe_frames)" -ge "$1" ]; }
# let_rounds_pass ROUNDS: waits until so many probes were sent on the standby eth2, which sends nothing else
let_rounds_pass() { wait_for 20 sent_probes $(($(probe_frames) + 2 * $1)); }

test_probe_standby_is_not_learned() { standby_is_not_learned; }
test_probe_standby_is_not_learned_with_own_macs() { standby_is_not_learned mac active; }

carries_all() { [ "$(port_field a "$1" .buckets)" = 1024 ]; }
carries_half() { [ "$(port_field a "$1" .buckets)" = 512 ]; }
loadbalance_moves_its_flows() {
	break_path 1
	wait_for 3 carries_all eth2
	is "$(port_field a eth1 .reason)" "no answer from 10.0.0.2 to 3 probes" "reason"
	stream s a b 10.0.0.2 5001 -r 2000 -n 1000 -f 16
	await_stream s
	no_loss s
	mend_path 1
	wait_for 3 carries_half eth1
}
test_probe_loadbalance() {
	probed proto loadbalance probe 10.0.0.2
	loadbalance_moves_its_flows
}
test_probe_loadbalance_xdp() {
	as_xdp_wires
	probed proto loadbalance probe 10.0.0.2 datapath xdp
	loadbalance_moves_its_flows
}

test_probe_roundrobin() {
	probed proto roundrobin probe 10.0.0.2
	break_path 1
	wait_for 3 active_ports_are a 1
	stream s a b 10.0.0.2 5001 -r 2000 -n 1000
	await_stream s
	no_loss s
	mend_path 1
	wait_for 3 active_ports_are a 2
}

missing() { [ "$(port_field a "$1" .probe.missed)" -ge "$2" ]; }
# A target that dies takes no port out: nothing moves and nothing is lost. Then it comes back.
a_dead_target_takes_no_port_out() {
	probed proto "$1" probe 10.0.0.9 probe-interval 50
	watch_events
	stream s a b 10.0.0.2 5001 -r 1000 -f 16
	nip b address del 10.0.0.9/24 dev eth0
	wait_for 5 missing eth1 10
	wait_for 5 missing eth2 10
	end_stream s
	no_loss s
	is "$(grep -cE '"event": ?"(failover|port-state|carrier|table)"' "$D/events.out" || :)" 0 "events"
	matches "$(event lagg-change .text)" "^no port gets an answer to its probes" "what is told"
	nip b address add 10.0.0.9/24 dev eth0
	wait_for 3 answered eth1
	break_path 1
	wait_for 3 reason_is eth1 "no answer from 10.0.0.9 to 3 probes"
}
test_probe_failover_dead_target() { a_dead_target_takes_no_port_out failover; }
test_probe_loadbalance_dead_target() { a_dead_target_takes_no_port_out loadbalance; }

test_probe_any_and_all_targets() {
	probed_path
	xl a lagg add lagg0 proto failover probe 10.0.0.2,10.0.0.9 probe-interval 50 port eth1 port eth2 10.0.0.1/24
	wait_for 5 answered eth1
	# one of the two answers on neither port: it is the target that is gone, with any as with all
	nip b address del 10.0.0.9/24 dev eth0
	xl a lagg set lagg0 probe-targets all
	wait_for 5 missing eth1 10
	is "$(field a .active_port)" eth1 "active port"
	nip b address add 10.0.0.9/24 dev eth0
	wait_for 5 answered eth1
	wait_for 5 answered eth2
	# it no longer answers on eth1 only, because a host behind br2 has its address now
	host c
	wire c eth0 sw c2
	nip sw link set c2 master br2
	nip b address del 10.0.0.9/24 dev eth0
	nip c address add 10.0.0.9/24 dev eth0
	nip sw link set u2 nomaster
	wait_for 5 reason_is eth1 "no answer from 10.0.0.9 to 3 probes"
	xl a lagg set lagg0 probe-targets any
	wait_for 5 active_port_is a eth1
}

# An answer from somebody else does not count: neither while the port is in use and probes from lagg0's MAC, nor afterwards.
test_probe_forged_answers_do_not_count() {
	local mac
	probed proto failover probe 10.0.0.2
	host c
	wire c eth0 sw c1
	nip sw link set c1 master br1
	spawn_on forged c "$B/tests/net/frame" answer eth0 "$(field a .mac)" 10.0.0.3 1000
	break_path 1
	wait_for 3 active_port_is a eth2
	is "$(port_field a eth1 .reason)" "no answer from 10.0.0.2 to 3 probes" "reason"
	wait_for 3 probe_mac_of_eth1
	mac=$(probe_mac_of_eth1)
	spawn_on forged-again c "$B/tests/net/frame" answer eth0 "$mac" 10.0.0.3 1000
	never 1 active_port_is a eth1
	# the same answer from the target's address does bring it back; otherwise this test would show nothing
	spawn_on genuine c "$B/tests/net/frame" answer eth0 "$mac" 10.0.0.2 1000
	wait_for 3 active_port_is a eth1
}
# prints the MACs that br1 has learned on a1, except lagg0's
probe_mac_of_eth1() {
	on sw bridge fdb show br br1 | sed -n 's/^\([0-9a-f:]*\) dev a1 master br1 *$/\1/p' | grep -v "$(field a .mac)"
}

# LACP continues over a path that loses everything else; nothing is sent on that port.
test_probe_lacp() {
	local i
	host a b sw
	for i in 1 2; do
		nip sw link add br$i type bridge stp_state 0 mcast_snooping 0
		nip sw link set br$i up
		wire a eth$i sw a$i
		wire b eth$i sw b$i
		nip sw link set a$i master br$i
		nip sw link set b$i master br$i
		nip sw link set a$i type bridge_slave group_fwd_mask 4 2>"$D/mask.err" || skip "this kernel's bridge passes no LACPDUs"
		nip sw link set b$i type bridge_slave group_fwd_mask 4
	done
	agent a
	agent b
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24
	xl a lagg add lagg0 proto lacp lacp-rate fast probe 10.0.0.2 port eth1 port eth2 10.0.0.1/24
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	wait_for 10 answered eth1
	wait_for 10 answered eth2
	nip sw link set b1 type bridge_slave bcast_flood off
	wait_for 5 carries_all eth2
	is "$(port_field a eth1 .reason)" "no answer from 10.0.0.2 to 3 probes" "reason"
	is "$(port_field a eth1 '.flags | index("DISTRIBUTING")')" null "DISTRIBUTING"
	is "$(port_field a eth1 .lacp.mux)" DISTRIBUTING "mux"
	is "$(field b .active_ports)" 2 "the partner's ports"
	stream s a b 10.0.0.2 5001 -r 2000 -n 1000 -f 16
	await_stream s
	no_loss s
	# the next agent knows that the port was not in use
	agent_end a KILL
	agent a
	wait_for 5 answered eth2
	is "$(port_field a eth1 '[.buckets, .lacp.mux] | tojson')" '[0,"DISTRIBUTING"]' "eth1 after a change of agents"
	nip sw link set b1 type bridge_slave bcast_flood on
	wait_for 5 carries_half eth1
}

# An agent that was stopped does not mistake its own pause for the target's silence.
test_probe_agent_that_was_stopped() {
	probed proto failover probe 10.0.0.2
	watch_events
	kill -STOP "${AGENT[a]}"
	stream s a b 10.0.0.2 5001 -r 1000 -n 3000
	await_stream s
	kill -CONT "${AGENT[a]}"
	no_loss s
	wait_for 3 answered eth1
	let_rounds_pass 5
	is "$(grep -cE '"event": ?"(failover|port-state|carrier|table)"' "$D/events.out" || :)" 0 "events"
}

test_probe_options() {
	probed proto failover
	refused 'proto broadcast has no link probes' xl a lagg set lagg0 proto broadcast probe 10.0.0.2
	refused 'proto none has no link probes' xl a lagg set lagg0 proto none probe 10.0.0.2
	refused 'probe has 17 addresses, and 16 is the most' \
		xl a lagg set lagg0 probe "$(seq -s, -f 10.0.0.%g 17)"
	is "$(port_field a eth1 .probe)" null "probe of a port without"
	# while it runs
	xl a lagg set lagg0 probe 10.0.0.2
	is "$(nip a -j link show eth1 | jq '.[0].flags | index("PROMISC") != null')" true "PROMISC with probes"
	wait_for 3 answered eth1
	refused 'proto broadcast has no link probes' xl a lagg set lagg0 proto broadcast
	break_path 1
	wait_for 3 active_port_is a eth2
	xl a lagg set lagg0 probe none
	is "$(field a .active_port)" eth1 "active port once nobody probes"
	is "$(port_field a eth1 .probe)" null "probe"
	is "$(nip a -j link show eth1 | jq '.[0].flags | index("PROMISC")')" null "PROMISC"
	! grep 'promiscuous mode was changed' "$D/agent-a.log" || fail "others are blamed for the probes' promiscuous mode"
	xl a lagg set lagg0 proto broadcast
}

# Ports of virtual machines pass no MAC except their own: with `mac active` no other is used.
test_probe_through_ports_that_pass_only_their_own_mac() {
	local i
	probed_path
	for i in 1 2; do
		on sw bridge fdb replace "$(nip a -j link show eth$i | jq -r '.[0].address')" dev a$i master static
		nip sw link set a$i type bridge_slave locked on 2>"$D/locked.err" || skip "this kernel's bridge locks no ports"
	done
	probed_lagg proto failover mac active probe 10.0.0.2,fd00::2 probe-targets all probe-interval 50
	watch_events
	let_rounds_pass 20
	is "$(grep -cE '"event": ?"(failover|port-state)"' "$D/events.out" || :)" 0 "events"
	xl a port activate lagg0 eth2
	wait_for 3 active_port_is a eth2
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
	nip a link set eth1 down
	nip a link set eth1 up
	wait_for 3 active_port_is a eth1
	break_path 1
	wait_for 3 active_port_is a eth2
	is "$(event failover .cause)" "eth1: no answer from 10.0.0.2 to 3 probes" "cause"
}
