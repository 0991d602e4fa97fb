# shellcheck shell=bash
# The library of the namespace tests. run.sh's shells (set -euo pipefail) source it before the test's own file.
#   B      the build folder           BPFFS  a mounted bpffs           RUN  scratch of the run           (scratch.sh)
# A test names its hosts a, b, c ...; host a is the namespace $P-a, its agent's socket $D/a.sock, its log $D/agent-a.log.

P=${P:-xt$$}
D=$RUN/$NAME
mkdir -p "$D"
declare -A AGENT=()    # host: pid of its agent
declare -A CHILD=()    # label: pid of a background process
declare -a HOSTS=()
AT_END=: # a command that puts back what a test changed on the machine
trap clean_up EXIT
trap 'exit 143' TERM INT

# ---- verdicts ----

fail() {
	echo "FAILED: $*" >&2
	local frame=0
	while caller $frame >&2; do frame=$((frame + 1)); done
	exit 1
}
skip() { echo "skipped: $*"; exit 77; }
step() { echo "-- $(date +%T.%3N) $*"; }

# gojq speaks jq's language and always sorts the keys of objects. jq 1.6 would read its own library at every start, which
# takes 30 ms, and half a second in a guest.
jq() { gojq "$@"; }

# is GOT WANT WHAT: the test fails unless both are equal
is() { [ "$1" = "$2" ] || fail "$3: got '$1', want '$2'"; }
# matches GOT PATTERN WHAT: the test fails unless GOT matches the extended regular expression
matches() { grep -qE -- "$2" <<<"$1" || fail "$3: '$1' does not match '$2'"; }
# at_most GOT LIMIT WHAT; at_least GOT LIMIT WHAT: the same for decimal numbers
at_most() { jq -ne "$1 <= $2" >/dev/null || fail "$3: $1, want at most $2"; }
at_least() { jq -ne "$1 >= $2" >/dev/null || fail "$3: $1, want at least $2"; }

# The next two start no process: in a guest that takes a tenth of a second.
# now_us: sets NOW to the time of day in microseconds
now_us() { NOW=${EPOCHREALTIME/[^0-9]/}; }
# pause SECONDS: waits for input from a pipe to which nobody writes, until the time is up
exec {NOBODY}<> <(:)
pause() { ! read -rt "$1" <&"$NOBODY"; }

# within SECONDS COMMAND...: returns whether the command succeeds within that time; it is tried again and again
within() {
	local NOW end
	now_us
	end=$((NOW + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		now_us
		[ "$NOW" -lt $end ] || return 1
		pause 0.02
	done
}
# wait_for SECONDS COMMAND...: the test fails unless the command succeeds within that time
wait_for() { within "$@" || fail "not within $1 s: ${*:2}"; }
# never SECONDS COMMAND...: the test fails if the command succeeds at any moment of that time
never() {
	local NOW end
	now_us
	end=$((NOW + $1 * 1000000))
	shift
	while [ "$NOW" -lt $end ]; do
		if "$@" >/dev/null 2>&1; then fail "should not: $*"; fi
		pause 0.05
		now_us
	done
}

# as_nobody COMMAND...: runs a command without rights
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# refused PATTERN COMMAND...: the command must exit with status 1, print one line on stderr that matches PATTERN, and nothing
# on stdout.
refused() { refused_with 1 "$@"; }
# refused_with STATUS PATTERN COMMAND...: the same with another exit status
refused_with() {
	local want=$1 pattern=$2 status=0 out
	shift 2
	out=$("$@" 2>"$D/stderr") || status=$?
	is $status "$want" "exit status of: $* ($(cat "$D/stderr"))"
	is "$(wc -l <"$D/stderr")" 1 "lines on stderr of: $* ($(cat "$D/stderr"))"
	is "$out" "" "stdout of: $*"
	grep -qiE -- "$pattern" "$D/stderr" || fail "$*: '$(cat "$D/stderr")' does not match '$pattern'"
}

# ---- namespaces and wires ----

# on HOST COMMAND...: runs a command in the host's network namespace. The mounts stay as they are, so the command sees bpffs,
# which it would not under `ip netns exec`.
on() {
	local host=$1
	shift
	nsenter --net="/run/netns/$P-$host" -- "$@"
}
# nip HOST ARGUMENT...: runs ip in that host's namespace
nip() {
	local host=$1
	shift
	ip -n "$P-$host" "$@"
}

# host NAME...: makes a namespace for each host
host() {
	local h
	for h; do
		ip netns add "$P-$h"
		HOSTS+=("$h")
		nip "$h" link set lo up
		on "$h" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	done
}

# rename_device HOST FROM TO: before 6.2 a kernel renames no device that is up
rename_device() {
	! nip "$1" link set dev "$2" name "$3" 2>/dev/null || return 0
	nip "$1" link set dev "$2" down
	nip "$1" link set dev "$2" name "$3"
	nip "$1" link set dev "$3" up
}

# one_cpu: keeps this test and everything it starts on one CPU. One CPU serves the queue of a NIC, but a veth's queue is served
# by the CPU that sent into it, and XDP redirects to the queue of the CPU on which it runs. So a flow whose sender moves between
# CPUs is reordered on the way, whatever the programs do.
one_cpu() { taskset -cp "$(($$ % $(nproc)))" $$ >/dev/null; }

# wire HOST DEV HOST DEV: connects two devices. After as_xdp_wires they have GRO and no checksum offload: a veth needs that
# where it stands for a wire between XDP programs.
WIRE_XDP=
as_xdp_wires() { WIRE_XDP=1; }
wire() {
	ip link add "$2" netns "$P-$1" type veth peer name "$4" netns "$P-$3"
	if [ "$WIRE_XDP" ]; then
		on "$1" ethtool -K "$2" tx off gro on >/dev/null
		on "$3" ethtool -K "$4" tx off gro on >/dev/null
	fi
	nip "$1" link set "$2" up
	nip "$3" link set "$4" up
}

# wire_of_queues HOST DEV PEER DEV [QUEUES]: the first end has so many transmit queues, by default one
wire_of_queues() {
	ip link add "$2" netns "$P-$1" numtxqueues "${5:-1}" numrxqueues 1 type veth \
		peer name "$4" netns "$P-$3" numtxqueues 1 numrxqueues 1
	nip "$1" link set "$2" up
	nip "$3" link set "$4" up
}

# two_hosts LINKS: makes hosts a and b, with eth1 to ethLINKS of one wired to the same devices of the other
two_hosts() {
	local i
	host a b
	for ((i = 1; i <= $1; i++)); do wire a eth$i b eth$i; done
}

# switched LINKS: makes host a with eth1 to ethLINKS and host b with eth0, all wired to a bridge on host sw (ports a1.., b0)
switched() {
	local i
	host a b sw
	nip sw link add br0 type bridge stp_state 0 mcast_snooping 0
	nip sw link set br0 up
	for ((i = 1; i <= $1; i++)); do
		wire a eth$i sw a$i
		nip sw link set a$i master br0
	done
	wire b eth0 sw b0
	nip sw link set b0 master br0
}

# two_hosts_bridged: makes hosts a and b with eth1 and eth2. Between the two eth1 is a bridge, br0 of host sw, that forwards
# LACPDUs (group_fwd_mask bit 2). When the bridge is down, nothing passes and both ends keep their carrier.
two_hosts_bridged() {
	local dev
	host a b sw
	wire a eth1 sw x1
	wire sw y1 b eth1
	wire a eth2 b eth2
	nip sw link add br0 type bridge stp_state 0 mcast_snooping 0
	nip sw link set br0 up
	for dev in x1 y1; do
		nip sw link set $dev master br0
		nip sw link set $dev type bridge_slave group_fwd_mask 4
	done
}

# A bond is LOWER_UP also while it is dormant.
has_carrier() {
	local link
	link=$(nip "$1" link show "$2")
	[[ $link == *LOWER_UP* && $link != *"state DORMANT"* ]]
}
no_carrier() { ! has_carrier "$@"; }

# ---- agent and CLI ----

# agent HOST [ARGUMENT...]: starts xlaggd in that host and waits until it answers
agent() {
	local h=$1
	shift
	agent_start "$h" "$@"
	wait_for 30 answers "$h"
}
agent_start() {
	local h=$1
	shift
	[ -e "$D/$h.conf" ] || : >"$D/$h.conf"
	[ -z "${LAGG_DEVICE:-}" ] || sed -Ei "/ (device|datapath) /!s/^lagg add [^ ]+/& device $LAGG_DEVICE/" "$D/$h.conf"
	"$B/xlaggd" -n "$P-$h" -f "$D/$h.conf" --socket "$D/$h.sock" --bpffs "$BPFFS/$P-$h" --state "$D/state-$h" "$@" \
		>>"$D/agent-$h.log" 2>&1 &
	AGENT[$h]=$!
}
answers() { xl "$1" agent show; }
# agent_end HOST SIGNAL: sends the agent a signal and waits for its end; END_STATUS is then its exit status
END_STATUS=
agent_end() {
	local status=0
	kill "-$2" "${AGENT[$1]}"
	wait "${AGENT[$1]}" 2>/dev/null || status=$?
	unset "AGENT[$1]"
	# shellcheck disable=SC2034
	END_STATUS=$status
}

# agent_held: prepares an agent on host a whose system calls can be made to fail, or to be its end, by `order`
# (tests/fault/inject.c). It starts with the first order; agent_under_orders is one that answers.
ORDERS='' REPLIES='' INJECTOR=''
agent_held() {
	[ -x "$B/tests/fault/inject" ] || fail "$B/tests/fault/inject is not built"
	: >"$D/a.conf"
	coproc INJECT {
		exec "$B/tests/fault/inject" -x pread64,epoll_wait "$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" \
			--bpffs "$BPFFS/$P-a" --state "$D/state-a" 2>>"$D/agent-a.log"
	}
	# shellcheck disable=SC2154
	ORDERS=${INJECT[1]} REPLIES=${INJECT[0]} INJECTOR=$INJECT_PID # which the shell forgets when it ends
	read -r -u "$REPLIES" -t 10 _ "AGENT[a]" || fail "inject says nothing"
}
agent_under_orders() {
	agent_held
	order count
	wait_for 30 answers a
}
order() {
	echo "$*" >&"$ORDERS"
	read -r -u "$REPLIES" -t 10 || fail "inject does not answer '$*'"
}
has_ended() { ! kill -0 "$1"; }
kill_agent_under_orders() {
	kill -KILL "${AGENT[a]}"
	# The shell may have forgotten a coprocess that has ended.
	wait_for 10 has_ended "$INJECTOR"
	unset "AGENT[a]"
}

# xl HOST ARGUMENT...: runs the CLI, which talks to that host's agent. With LAGG_DEVICE, laggs whose device and datapath the
# test leaves open are added with that device, here and by agents from their files.
xl() {
	local h=$1
	shift
	if [ "${LAGG_DEVICE:-}" ] && [[ "$*" =~ ^ifconfig\ lagg[0-9]+\ create$ ]]; then set -- lagg add "$2"; fi
	if [ "${LAGG_DEVICE:-}" ] && [[ "$*" == "lagg add "* && " $* " != *" device "* && " $* " != *" datapath "* ]]; then
		set -- lagg add "$3" device "$LAGG_DEVICE" "${@:4}"
	fi
	"$B/xlagg" --socket "$D/$h.sock" "$@"
}
# on_terminal COMMAND...: runs xlagg of host a on a terminal of 80 columns; what it writes there is in $D/screen
on_terminal() {
	TERM=xterm script -qfec "stty cols 80 rows 24; $B/xlagg --socket $D/a.sock $*" "$D/screen" >/dev/null
}
# field HOST FILTER: prints what the filter selects from lagg0's JSON, with all details
field() { xl "$1" -j -d -s lagg show lagg0 | jq -r ".[0] | $2"; }
# port_field HOST DEV FILTER: the same for one of its ports
port_field() { xl "$1" -j -d -s lagg show lagg0 | jq -r ".[0].ports[] | select(.ifname == \"$2\") | $3"; }
# moves KIND: buckets of a's lagg0 whose move ended so, or that wait
moves() { field a ".stats.moves.$1"; }
nothing_moves() { [ "$(moves waiting)" = 0 ]; }
# measured DEV: returns whether link probes have measured the path of this port of a
measured() { [ "$(port_field a "$1" .stats.probes_answered)" -ge 3 ]; }
active_port_is() { [ "$(field "$1" .active_port)" = "$2" ]; }
active_ports_are() { [ "$(field "$1" .active_ports)" = "$2" ]; }
# distributing HOST DEV: returns whether the port is DISTRIBUTING
distributing() { [ "$(port_field "$1" "$2" '.flags | index("DISTRIBUTING") != null')" = true ]; }
not_distributing() { ! distributing "$@"; }
# distributing_are HOST N: returns whether so many ports of lagg0 are DISTRIBUTING
distributing_are() { [ "$(field "$1" '[.ports[] | select(.flags | index("DISTRIBUTING"))] | length')" = "$2" ]; }
# tx_packets HOST DEV: prints how many frames lagg0 sent on that port, as xlagg counts them
tx_packets() { port_field "$1" "$2" .stats.tx_packets; }
rx_packets() { port_field "$1" "$2" .stats.rx_packets; }

# lagg_pair LINKS OPTIONS...: makes hosts a and b, each with an agent and with lagg0 over all links, and waits for traffic
# between them; the addresses are 10.0.0.1 and fd00::1 on a, 10.0.0.2 and fd00::2 on b
lagg_pair() {
	local links=$1 i
	local -a ports=()
	shift
	for ((i = 1; i <= links; i++)); do ports+=(port "eth$i"); done
	two_hosts "$links"
	agent a
	agent b
	xl a lagg add lagg0 "$@" "${ports[@]}" 10.0.0.1/24 fd00::1/64
	xl b lagg add lagg0 "$@" "${ports[@]}" 10.0.0.2/24 fd00::2/64
	wait_for 5 has_carrier a lagg0
	wait_for 5 has_carrier b lagg0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	wait_for 5 on a ping -c 1 -W 1 fd00::2
}

# ---- traffic ----

# spawn LABEL COMMAND...: runs a command in the background, with its output in $D/LABEL.out and $D/LABEL.err. Both are emptied
# here: the background shell may open them only after a test has read what the last command of that label said ("ready").
spawn() {
	local label=$1
	shift
	: >"$D/$label.out" 2>"$D/$label.err"
	"$@" >"$D/$label.out" 2>"$D/$label.err" &
	CHILD[$label]=$!
}
# reap LABEL: waits for that command and returns its exit status
reap() {
	local status=0
	wait "${CHILD[$1]}" || status=$?
	unset "CHILD[$1]"
	return $status
}
# spawn_on LABEL HOST COMMAND...: spawn in the host's namespace
spawn_on() {
	local label=$1 h=$2
	shift 2
	spawn "$label" nsenter --net="/run/netns/$P-$h" -- "$@"
}

# holds [GREP-OPTION...] PATTERN: whether grep finds a line in what is piped to it. It reads to the end: grep -q stops at the
# first match, and with pipefail a writer that is killed for writing on (SIGPIPE) makes "found" a "not found".
holds() { [ -n "$(grep "$@")" ]; }

udp_bound() { on "$1" ss -Hlun "sport = :$2" | holds .; }
tcp_bound() { on "$1" ss -Hltn "sport = :$2" | holds .; }

# stream LABEL FROM TO ADDRESS PORT [UDPSEND-OPTION...]: sends numbered UDP datagrams until end_stream; the receiver gives up
# when no datagram has come for STREAM_SILENCE seconds
stream() {
	local label=$1 from=$2 to=$3 address=$4 port=$5
	shift 5
	spawn_on "$label-rx" "$to" "$B/tests/bench/udprecv" -i "${STREAM_SILENCE:-10}" "$port"
	wait_for 5 udp_bound "$to" "$port"
	spawn_on "$label-tx" "$from" "$B/tests/bench/udpsend" "$@" "$address" "$port"
}
# end_stream LABEL: ends the stream; the receiver's account of it is then in $D/LABEL-rx.out
end_stream() {
	kill -TERM "${CHILD[$1-tx]}"
	await_stream "$1"
}
# await_stream LABEL: the same for a sender that ends by itself (-n, -t)
await_stream() {
	reap "$1-tx" || fail "$1: sender: $(cat "$D/$1-tx.err")"
	reap "$1-rx" || fail "$1: receiver: $(cat "$D/$1-rx.err")"
	echo "   $1: $(account "$1" 'del(.outages, .reordered_ns) | tojson')"
}
account() { jq -r "$2" "$D/$1-rx.out"; }
no_loss() { is "$(account "$1" .lost)" 0 "$1: datagrams lost ($(account "$1" '.outages[:5] | tojson'))"; }
no_reordering() {
	is "$(account "$1" .reordered)" 0 "$1: datagrams out of order, the first sent at $(date -d "@$(account "$1" '.reordered_ns / 1e9')" +%T.%3N)"
}
# sent_more_than HOST FRAMES: returns whether lagg0 of that host has sent more than that
sent_more_than() { [ "$(field "$1" .stats.tx_packets)" -gt "$2" ]; }
# let_pass HOST FRAMES: waits until lagg0 of that host has sent so many more frames
let_pass() { wait_for 20 sent_more_than "$1" $(($(field "$1" .stats.tx_packets) + $2)); }

# begin_ping ADDRESS: pings until end_ping, which fails if an answer is missing. One may come twice: a hub sends it on both
# cables, and a port that has just come back accepts unicast although the other one is still in use. What is under way when ping
# is ended is not lost, so it ends with answers to questions that were asked after all that was to be tried.
begin_ping() {
	spawn ping ping -i 0.05 -W 2 "$1"
	wait_for 30 ping_is_at 5
}
end_ping() {
	local asked
	wait_for 30 ping_is_at $(($(last_ping) + 10))
	kill -INT "${CHILD[ping]}"
	reap ping || :
	asked=$(last_ping)
	echo "   $asked pings"
	is "$(ping_answers | wc -l)" "$asked" "pings answered of $asked (the others: $(ping_answers | comm -13 - <(seq "$asked" | sort) | head -n 5 | xargs))"
}
# ping_answers: the numbers of the pings that were answered, in comm's order
ping_answers() { sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$D/ping.out" | sort -u; }
last_ping() { ping_answers | sort -n | tail -n 1; }
ping_is_at() { [ "$(last_ping)" -ge "$1" ]; }

# iperf_server HOST; iperf LABEL HOST ARGUMENT...: a server, and a client, in the background; the client's JSON is in
# $D/LABEL.out
iperf_server() {
	spawn_on "iperf-server-$1" "$1" iperf3 -s --forceflush
	wait_for 5 tcp_bound "$1" 5201
}
iperf() {
	local label=$1 h=$2
	shift 2
	spawn_on "$label" "$h" iperf3 -J "$@"
}
# mbits LABEL: prints the rate at which the receiver got data, as an integer
mbits() { jq -r '(.end.sum_received // .end.sum).bits_per_second / 1e6 | floor' "$D/$1.out"; }

# listener LABEL HOST DEV ETHERTYPE SECONDS: listens as a protocol's daemon would; reap returns whether a frame came
listener() {
	spawn_on "$1" "$2" "$B/tests/net/frame" listen "$3" "$4" "$5"
	wait_for 5 grep -q ready "$D/$1.out"
}

# ---- XDP programs of a user's own ----

# user_program HOST DEV PROGRAM: loads an instance of user.bpf.c and attaches one of its programs
user_program() {
	local pins=$BPFFS/$P-user-$1-$2
	mkdir -p "$pins"
	on "$1" bpftool prog loadall "$B/tests/net/user.bpf.o" "$pins" pinmaps "$pins/maps"
	on "$1" bpftool net attach xdp pinned "$pins/$3" dev "$2"
}
# user_count HOST DEV INDEX: prints one of that instance's counters
user_count() {
	bpftool -j map lookup pinned "$BPFFS/$P-user-$1-$2/maps/user_counts" key "$3" 0 0 0 |
		jq '[.formatted.values[].value] | add'
}

# ---- the end ----

clean_up() {
	local status=$?
	trap '' TERM INT
	if [ $status != 0 ] && [ $status != 77 ]; then report; fi
	tear_down || status=1
	exit $status
}
# Ends all processes that were started and removes all that was made.
tear_down() {
	local label h status=0
	for label in "${!CHILD[@]}"; do kill -KILL "${CHILD[$label]}" 2>/dev/null || :; done
	for h in "${!AGENT[@]}"; do kill -KILL "${AGENT[$h]}" 2>/dev/null || :; done
	wait 2>/dev/null || :
	$AT_END || status=1
	for h in "${HOSTS[@]}"; do
		# an agent that is killed leaves its lock
		rm -f "/run/xlagg/.namespace-$(stat -L -c %i "/run/netns/$P-$h").lock" || status=1
		ip netns del "$P-$h" || status=1
	done
	rm -rf "${BPFFS:?}/$P"-*
	rm -rf "$D"
	return $status
}

# Prints what helps to understand a failure.
report() {
	local h f
	for h in "${HOSTS[@]}"; do
		echo "== $h: links"
		nip "$h" -br link | sed -n 1,20p # sed reads it all; with head, ip would fail and end this report
		nip "$h" -br address | sed -n 1,20p
		if [ "${AGENT[$h]:-}" ] && kill -0 "${AGENT[$h]}" 2>/dev/null; then
			echo "== $h: xlagg -d -s lagg show"
			timeout 5 "$B/xlagg" --socket "$D/$h.sock" -d -s lagg show || :
		fi
	done
	for f in "$D"/agent-*.log "$D/actions" "$D"/*.err; do
		[ -s "$f" ] || continue
		echo "== ${f##*/}"
		tail -n 60 "$f"
	done
}

# write_dhcp_files DEV: writes $D/udhcpd.conf, for a server that leases 10.0.0.100 on DEV, and $D/bound, the client's script
# that sets the address
write_dhcp_files() {
	cat >"$D/udhcpd.conf" <<-CONF
		start 10.0.0.100
		end 10.0.0.100
		interface $1
		lease_file $D/leases
		pidfile $D/udhcpd.pid
		option subnet 255.255.255.0
		option lease 600
	CONF
	: >"$D/leases"
	cat >"$D/bound" <<-'SCRIPT'
		#!/bin/sh
		[ "$1" != bound ] || ip address add "$ip/24" dev "$interface"
	SCRIPT
	chmod +x "$D/bound"
}
