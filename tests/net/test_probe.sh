# shellcheck shell=bash
# Link probes: a path that breaks behind a port, without loss of carrier, is found and left.
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
	nip b address add fd00::2/64 dev eth0
	agent a
}
# probed OPTION...: lagg0 over both paths, carrying traffic
probed() {
	probed_path
	xl a lagg add lagg0 "$@" port eth1 port eth2 10.0.0.1/24 fd00::1/64
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	wait_for 5 answered eth1
	wait_for 5 answered eth2
}
answered() { [ "$(port_field a "$1" '.probe.last_answer != null and .probe.missed == 0')" = true ]; }
break_path() { nip sw link set "u$1" nomaster; }
mend_path() { nip sw link set "u$1" master "br$1"; }
reason_is() { [ "$(port_field a "$1" .reason)" = "$2" ]; }
# learned DEV: whether br0 has lagg0's MAC behind that port of it
learned() { on sw bridge fdb show br br0 | grep -q "^$(field a .mac) dev $1 "; }

# watch_events: from now on lagg0's events are in $D/events.out; the first it sees is one of its own making.
watch_events() {
	spawn events "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 3 sees_events
}
sees_events() {
	xl a lagg set lagg0 peer-notify 2
	xl a lagg set lagg0 peer-notify 3
	grep -q lagg-change "$D/events.out"
}
# event EVENT FILTER: of the last one
event() { jq -rs "map(select(.event == \"$1\")) | last | $2" "$D/events.out"; }
# event_ms EVENT: its time, in ms
event_ms() { date -d "$(event "$1" .time)" +%s%3N; }

# The first path breaks and is mended; the target is $1. Missing are three rounds of 200 ms, after up to one in which the
# answer was there already.
failover_and_return() {
	local start
	watch_events
	start=$(date +%s%3N)
	break_path 1
	wait_for 3 active_port_is a eth2
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
	is "$(port_field a eth1 .reason)" "no answer from $1 to 3 probes" "reason"
	is "$(port_field a eth1 .carrier)" true "carrier"
	is "$(event failover .cause)" "eth1: no answer from $1 to 3 probes" "cause"
	at_least $(($(event_ms failover) - start)) 400 "ms until the failover"
	at_most $(($(event_ms failover) - start)) 1000 "ms until the failover"
	mend_path 1
	wait_for 3 active_port_is a eth1
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
}

test_probe_failover() {
	probed proto failover probe 10.0.0.2
	failover_and_return 10.0.0.2
}

test_probe_failover_ipv6() {
	probed proto failover probe fd00::2
	failover_and_return fd00::2
}

test_probe_failover_xdp() {
	as_xdp_wires
	probed proto failover probe 10.0.0.2 datapath xdp
	failover_and_return 10.0.0.2
}
