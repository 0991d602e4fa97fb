# shellcheck shell=bash disable=SC2154
# Buckets that move while netem delays one of two paths: what a port that is lost does to the order of flows, and that moves by
# command do not.
#
#   a eth1 - l1 [w br1] r1 - eth1 b     r1 delays what goes to b
#   a eth2 - l2 [w br2] r2 - eth2 b

# paths DELAY OPTION...: makes them and lagg0 on a and b; a's has further options
paths() {
	local delay=$1 i
	shift
	host a b w
	for i in 1 2; do
		wire a eth$i w l$i
		wire w r$i b eth$i
		nip w link add br$i type bridge
		nip w link set br$i up
		nip w link set l$i master br$i
		nip w link set r$i master br$i
	done
	on w tc qdisc replace dev r1 root netem delay "$delay" limit 10000
	agent a
	agent b
	xl a lagg add lagg0 proto loadbalance "$@" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.2/24
	wait_for 20 on a ping -c 1 -W 2 10.0.0.2
}

# load: 200 flows at random, each of which pauses now and then for longer than the paths differ
load() {
	spawn_on s-rx b "$B/tests/bench/udprecv" -i 10 5001
	wait_for 10 udp_bound b 5001
	spawn_on s-tx a "$B/tests/bench/udpsend" -r 1000 -f 200 -x 10.0.0.2 5001
	let_pass a 500
}

test_moves_at_once_reorder() {
	paths 300ms
	load
	nip a link set eth1 down
	wait_for 10 eval '[ "$(moves lost)" -gt 400 ]'
	let_pass a 1000
	end_stream s
	at_least "$(account s .reordered)" 1 "datagrams out of order"
}

# order WORD...: a command that moves buckets, and all of them have moved
order() {
	xl a port set lagg0 "$@"
	wait_for 20 nothing_moves
}

# sway ROUNDS: in each, 1000 buckets move and more
sway() {
	local i
	for ((i = 0; i < $1; i++)); do
		order eth1 weight 1
		order eth1 weight 255
		order eth1 admin down
		order eth1 admin up
	done
}

test_moves_by_command_reorder_nothing() {
	local rounds=${MOVES_ROUNDS:-1}
	paths 30ms probe 10.0.0.2 probe-interval 100
	wait_for 20 measured eth1
	wait_for 20 measured eth2
	load
	sway "$rounds"
	xl a lagg set lagg0 balance adaptive
	let_pass a 500
	# It is refused until the load of one second is known.
	wait_for 10 xl a lagg balance lagg0
	wait_for 20 nothing_moves
	echo "   $(field a '.stats.moves | tojson')"
	at_least "$(moves idle)" $((1000 * rounds)) "buckets that moved when they were idle"
	end_stream s
	no_reordering s
	no_loss s
}

# As fast as the sender can: markers or pauses say when a bucket may move. The wires have one transmit queue each, so that a marker
# proves something, and w sends on what arrives, slow protocols too, which a bridge would keep.
test_moves_at_full_rate_reorder_nothing() {
	local i rounds=${MOVES_ROUNDS:-1}
	[ -n "${VM_LONG:-}" ] || skip "a guest that sends all the time takes minutes: only with VM_LONG=1, and in make test-long"
	host a b w
	for i in 1 2; do
		wire_of_queues a eth$i w l$i
		wire_of_queues w r$i b eth$i
		sends_on l$i r$i
		sends_on r$i l$i
	done
	on w tc qdisc replace dev r1 root netem delay 10ms limit 100000
	agent a
	agent b
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24
	wait_for 20 distributing_are a 2
	wait_for 20 distributing_are b 2
	stream s a b 10.0.0.2 5001 -f 900 -x
	let_pass a 10000
	sway "$rounds"
	echo "   $(field a '.stats.moves | tojson')"
	at_least "$(moves 'idle + .stats.moves.marker')" $((1000 * rounds)) "buckets that moved without reordering"
	end_stream s
	no_reordering s
}

# sends_on DEV OTHER: what w receives on DEV leaves by OTHER
sends_on() {
	on w sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
	on w tc qdisc add dev "$1" clsact
	on w tc filter add dev "$1" ingress matchall action mirred egress redirect dev "$2"
}
