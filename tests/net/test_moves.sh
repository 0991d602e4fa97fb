# shellcheck shell=bash
# Buckets that move from one live port to another: no flow is reordered, although one path is longer by DELAY. The wires have
# one transmit queue, or a marker would prove nothing (the last two tests show that it is then not believed).
#
#   a eth1 - l1 [delay, DELAY] r1 - eth1 b
#   a eth2 - l2 [delay,     0] r2 - eth2 b

DELAY= # us
# What a sends, datagrams and markers alike, is sent by the last CPU: a veth hands over each CPU's frames separately, so that
# a marker of another CPU could arrive before them.
CPUS=$(nproc)

QUEUES=1 # transmit queues of a's ports
QDISC=	 # their queueing discipline; empty: none

# unequal_paths PROTO OPTION...: makes lagg0 on a and b; a's has further options
unequal_paths() {
	local i
	host a b w
	for i in 1 2; do
		wire_of_queues a eth$i w l$i $QUEUES
		[ -z "$QDISC" ] || on a tc qdisc replace dev eth$i root "$QDISC"
		wire_of_queues w r$i b eth$i
	done
	for i in l1 l2 r1 r2; do on w sysctl -qw "net.ipv6.conf.$i.disable_ipv6=1"; done
	spawn_on delay w taskset -c 0 "$B/tests/net/delay" l1 r1 $DELAY l2 r2 0 r1 l1 0 r2 l2 0
	wait_for 10 grep -q ready "$D/delay.out"
	agent a
	taskset -acp $((CPUS - 1)) "${AGENT[a]}" >/dev/null
	agent b
	xl a lagg add lagg0 proto "$1" lacp-rate fast "${@:2}" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto "$1" lacp-rate fast port eth1 port eth2 10.0.0.2/24
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}

# load RATE: 2000 flows at random, so that each bucket pauses now and then for longer than the paths differ
load() {
	spawn_on s-rx b "$B/tests/bench/udprecv" -i 10 5001
	wait_for 10 udp_bound b 5001
	spawn_on s-tx a taskset -c $((CPUS - 1)) "$B/tests/bench/udpsend" -r "$1" -f 2000 -x 10.0.0.2 5001
	let_pass a 10000
}

test_moves_at_once_reorder() {
	DELAY=300000
	unequal_paths loadbalance
	load 20000
	step "the port of the longer path is lost: what is in flight there is overtaken"
	nip a link set eth1 down
	wait_for 5 eval '[ "$(moves lost)" -gt 400 ]'
	let_pass a 10000
	end_stream s
	at_least "$(account s .reordered)" 1 "datagrams out of order"
}

# sway: gives most buckets to one port and then to the other, 10160 moves in all
sway() {
	local i
	for i in 1 2 3 4 5; do
		xl a port set lagg0 eth1 weight 1
		xl a port set lagg0 eth2 weight 255
		wait_for 20 nothing_moves
		xl a port set lagg0 eth2 weight 1
		xl a port set lagg0 eth1 weight 255
		wait_for 20 nothing_moves
	done
	echo "   $(field a '.stats.moves | tojson')"
}

test_moves_wait_for_a_pause() {
	DELAY=10000
	unequal_paths loadbalance probe 10.0.0.2 probe-interval 100
	wait_for 10 measured eth1
	wait_for 10 measured eth2
	load 20000
	sway
	at_least "$(moves idle)" 10000 "buckets that moved when they were idle"
	end_stream s
	no_reordering s
}

all_answered() { [ "$(port_field a "$1" '.stats | .marker_tx == .marker_response_rx')" = true ]; }

test_moves_wait_for_markers() {
	DELAY=10000
	unequal_paths lacp
	wait_for 20 distributing_are a 2
	load 20000
	sway
	at_least "$(moves 'idle + .stats.moves.marker')" 10000 "buckets that moved without reordering"
	at_least "$(moves marker)" 1 "buckets for which a marker was answered"
	at_least "$(port_field a eth1 .stats.marker_tx)" 1 "markers on eth1"
	wait_for 10 all_answered eth1
	step "and a port that is taken out of service"
	xl a port set lagg0 eth1 admin down
	wait_for 20 nothing_moves
	end_stream s
	no_reordering s
	no_loss s
}

# no_proof: most buckets move from eth1 to eth2. Markers are answered and measure the path, but none shows that older frames have
# left their queue: each bucket waits for a pause.
no_proof() {
	local asked
	unequal_paths lacp
	wait_for 20 distributing_are a 2
	load 20000
	asked=$(port_field a eth1 .stats.marker_tx)
	xl a port set lagg0 eth1 weight 1
	xl a port set lagg0 eth2 weight 255
	wait_for 20 nothing_moves
	echo "   $(field a '.stats.moves | tojson')"
	at_least "$(port_field a eth1 .stats.marker_tx)" $((asked + 1)) "markers on eth1"
	wait_for 10 all_answered eth1
	is "$(moves marker)" 0 "buckets that moved because of a marker"
	at_least "$(moves idle)" 400 "buckets that moved when they were idle"
	end_stream s
	no_reordering s
	no_loss s
}

test_markers_prove_nothing_with_several_queues() {
	DELAY=10000 QUEUES=4
	no_proof
}

test_markers_prove_nothing_with_a_qdisc_that_sorts() {
	DELAY=10000 QDISC=pfifo_fast
	no_proof
}
