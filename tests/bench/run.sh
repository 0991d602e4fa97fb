#!/bin/bash
# Benchmarks between network namespaces of this machine. They print figures and judge nothing. Single runs on a shared machine
# vary by a factor of two, so each figure is a ratio between runs that took turns, with the median and the spread.
#   ONLY      throughput, failover, xdp, ports, capture or agent       ROUNDS, SECONDS_EACH, LOSSES   how often and how long
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B=$(realpath "${B:-build}")
export B NAME=bench P=bench$$
. tests/net/scratch.sh
scratch_begin
trap scratch_end EXIT
. tests/net/lib.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT

ROUNDS=${ROUNDS:-9} SECONDS_EACH=${SECONDS_EACH:-5} LOSSES=${LOSSES:-20}

# Prints median and extremes of the numbers on stdin
statistics() {
	jq -L tests/bench -rs 'include "figures";
		if length == 0 then "nothing measured"
		else "median \(at(0.5) * 1000 | round / 1000)  (lowest \(at(0) * 1000 | round / 1000), highest \(at(1) * 1000 | round / 1000), of \(length))"
		end'
}
percentiles() {
	jq -L tests/bench -rs --arg unit "$1" 'include "figures";
		if length == 0 then "nothing measured" else "p50 \(at(0.5)) p99 \(at(0.99)) max \(at(1)) \($unit)" end'
}
start_over() {
	tear_down
	CHILD=() AGENT=() HOSTS=()
	mkdir -p "$D"
}

# ---- one TCP stream, over the bare cable and over lagg0 with two cables ----

tcp_mbits() {
	iperf tcp a -c "$1" -t "$SECONDS_EACH"
	reap tcp || fail "iperf3 to $1: $(jq -r .error "$D/tcp.out")"
	mbits tcp
}
throughput() {
	echo
	echo "== one TCP stream, MTU 1500, datapath tc: throughput as a ratio to a bare veth cable"
	echo "   $ROUNDS rounds; in each, ${SECONDS_EACH} s over the cable, over lagg0 with tx-path direct, over lagg0 with tx-path stack"
	host a b
	local i path round bare
	for i in 1 2 3 4 9; do wire a eth$i b eth$i; done
	nip a address add 10.9.0.1/24 dev eth9
	nip b address add 10.9.0.2/24 dev eth9
	agent a
	agent b
	for i in a b; do
		xl $i lagg add lagg0 proto loadbalance tx-path direct port eth1 port eth2
		xl $i lagg add lagg1 proto loadbalance tx-path stack port eth3 port eth4
	done
	nip a address add 10.0.0.1/24 dev lagg0
	nip b address add 10.0.0.2/24 dev lagg0
	nip a address add 10.1.0.1/24 dev lagg1
	nip b address add 10.1.0.2/24 dev lagg1
	iperf_server b
	for i in 10.9.0.2 10.0.0.2 10.1.0.2; do wait_for 5 on a ping -c 1 -W 1 $i; done
	: >"$D/direct"
	: >"$D/stack"
	for ((round = 1; round <= ROUNDS; round++)); do
		bare=$(tcp_mbits 10.9.0.2)
		printf '   round %d: bare %6d Mbit/s' "$round" "$bare"
		for path in direct:10.0.0.2 stack:10.1.0.2; do
			i=$(tcp_mbits "${path#*:}")
			jq -n "$i / $bare" >>"$D/${path%:*}"
			printf ', %s %6d' "${path%:*}" "$i"
		done
		echo
	done
	echo "   tx-path direct / bare: $(statistics <"$D/direct")"
	echo "   tx-path stack  / bare: $(statistics <"$D/stack")"
	start_over
}

# ---- failover: how long nothing arrives ----

# lose_links TITLE CUT-HOST CUT-DEV: cuts a cable again and again, and prints what that cost
lose_links() {
	local title=$1 n at
	: >"$D/loss"
	: >"$D/return"
	stream s a b 10.0.0.2 5001 -r 100000
	let_pass a 30000
	for ((n = 0; n < LOSSES; n++)); do
		at=$(date +%s%N)
		nip "$2" link set "$3" down
		wait_for 5 active_port_is a eth2
		let_pass a 20000
		echo "loss $at $(date +%s%N)" >>"$D/marks"
		at=$(date +%s%N)
		nip "$2" link set "$3" up
		wait_for 5 active_port_is a eth1
		let_pass a 20000
		echo "return $at $(date +%s%N)" >>"$D/marks"
	done
	end_stream s >"$D/whole"
	local kind from to
	while read -r kind from to; do
		account s "[.outages[] | select(.at_ns >= $from - 1000000 and .at_ns < $to)] | [(map(.us) | max // 0), (map(.packets) | add // 0)] | @tsv" \
			>>"$D/$kind"
	done <"$D/marks"
	rm "$D/marks"
	echo "   $title"
	echo "     link lost,  gap:     $(cut -f1 "$D/loss" | percentiles us)"
	echo "     link lost,  packets: $(cut -f2 "$D/loss" | percentiles lost)"
	echo "     link back,  gap:     $(cut -f1 "$D/return" | percentiles us)"
	echo "     link back,  packets: $(cut -f2 "$D/return" | percentiles lost)"
	echo "     in all:    $(account s '"\(.sent) sent, \(.lost) lost, \(.reordered) out of order"')"
}
failover_face_to_face() {
	lagg_pair 2 proto failover "$@"
	lose_links "two laggs face to face, $*: loss seen by $(field a '.datapath.carrier_watch')" b eth1
	start_over
}
failover_behind_a_switch() {
	switched 2
	agent a
	xl a lagg add lagg0 proto failover "$@" port eth1 port eth2 10.0.0.1/24
	nip b address add 10.0.0.2/24 dev eth0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	lose_links "a lagg at a switch, $*: loss seen by $(field a '.datapath.carrier_watch')" sw a1
	start_over
}
failover() {
	echo
	echo "== failover, UDP at 100,000 packets/s, $LOSSES losses and returns of the active link: the longest hole of each, by the"
	echo "   sender's clock (a hole of one packet is 20 us long)"
	failover_behind_a_switch tx-path stack
	failover_behind_a_switch tx-path direct
	failover_face_to_face tx-path stack
	as_xdp_wires
	failover_behind_a_switch datapath xdp
	WIRE_XDP=
}

# ---- XDP: frames forwarded a second, as a ratio to bare redirect programs on the same path ----

xdp_rate() { "$B/tests/bench/xdprate" "$@"; }
xdp() {
	echo
	echo "== datapath xdp, live frames of 64 bytes: frames a second as a ratio to bare redirect programs, $ROUNDS rounds of 2 s"
	as_xdp_wires
	two_hosts 2
	wire a eth9 b eth9
	nip a link add bare type veth peer name bare-dp
	local dev
	for dev in bare bare-dp; do
		on a ethtool -K $dev tx off gro on >/dev/null
		nip a link set $dev up
	done
	agent a
	xl a lagg add lagg0 proto loadbalance datapath xdp port eth1 port eth2
	wait_for 5 has_carrier a lagg0
	local round direction bare ours
	for direction in transmit receive; do
		: >"$D/$direction"
		for ((round = 1; round <= ROUNDS; round++)); do
			if [ $direction = transmit ]; then
				bare=$(xdp_rate "$P-a/bare" "$P-b/eth9" 2 "$P-a/bare-dp" "$P-a/eth9")
				ours=$(xdp_rate "$P-a/lagg0" "$P-b/eth1,$P-b/eth2" 2)
			else
				bare=$(xdp_rate "$P-b/eth9" "$P-a/bare" 2 "$P-a/eth9" "$P-a/bare-dp")
				ours=$(xdp_rate "$P-b/eth1" "$P-a/lagg0" 2)
			fi
			jq -n "$ours / $bare" >>"$D/$direction"
			printf '   %s round %d: bare %d/s, lagg0 %d/s\n' $direction "$round" "$bare" "$ours"
		done
		echo "   $direction / bare: $(statistics <"$D/$direction")"
	done
	start_over
	WIRE_XDP=
}

# ---- XDP: 4,096 flows over more and more ports ----

# Every frame that leaves the veth lagg0 passes xdp_tx; a devmap with one device stands beside it.
ports() {
	echo
	echo "== datapath xdp, 4096 flows of 64 bytes over 1 to 8 ports: frames a second as a ratio to a bare devmap redirect, $ROUNDS rounds of 2 s"
	as_xdp_wires
	local n i round bare ours sinks members
	for n in 1 2 4 8; do
		two_hosts "$n"
		wire a eth9 b eth9
		nip a link add bare type veth peer name bare-dp
		for i in bare bare-dp; do
			on a ethtool -K $i tx off gro on >/dev/null
			nip a link set $i up
		done
		agent a
		members='' sinks=''
		for ((i = 1; i <= n; i++)); do members+=" port eth$i" sinks+=",$P-b/eth$i"; done
		# shellcheck disable=SC2086
		xl a lagg add lagg0 proto loadbalance datapath xdp $members
		wait_for 5 has_carrier a lagg0
		: >"$D/ratio"
		for ((round = 1; round <= ROUNDS; round++)); do
			bare=$(xdp_rate -f 4096 "$P-a/bare" "$P-b/eth9" 2 "$P-a/bare-dp" "$P-a/eth9")
			ours=$(xdp_rate -f 4096 "$P-a/lagg0" "${sinks#,}" 2)
			jq -n "$ours / $bare" >>"$D/ratio"
		done
		echo "   $n ports / bare: $(statistics <"$D/ratio")"
		start_over
	done
	WIRE_XDP=
}

# ---- the agent's own time: 64 laggs of 8 ports, LACPDUs at the fast rate; and how long many laggs take ----

# since TIME: seconds since that $EPOCHREALTIME; load: the machine's load over the last minute
# ---- a capture, and what it costs ----

# captured_at WHAT ARGUMENT...: sends for 10 s while lagg0 is captured with these arguments
captured_at() {
	local what=$1 file=$D/captured.pcapng port seconds
	local -A before=() sent=()
	shift
	spawn capture "$B/xlagg" --socket "$D/a.sock" capture lagg0 -w "$file" "$@"
	wait_for 10 test -s "$file"
	for port in eth1 eth2; do before[$port]=$(tx_packets a $port); done
	on a "$B/tests/bench/udpsend" -r "$RATE" -t 10 -f 64 -s 1000 10.0.0.2 5001 >"$D/sent" || fail "udpsend failed"
	for port in eth1 eth2; do sent[$port]=$(($(tx_packets a $port) - before[$port])); done
	seconds=$(jq -n "$(cpu_ticks "${CHILD[capture]}") / $(getconf CLK_TCK)")
	kill -INT "${CHILD[capture]}"
	reap capture || fail "$(cat "$D/capture.err")"
	echo "   $what: $(((sent[eth1] + sent[eth2]) / 10)) frames/s sent (load $(load))"
	echo "      $(sed 's/^xlagg: lagg0: //; s/:.*//' "$D/capture.err"); $seconds s of CPU, $(($(stat -c %s "$file") >> 20)) MiB"
	for port in eth1 eth2; do
		echo "      $port: $(grep -aoE "sent on ${port}[ :]" "$file" | wc -l) verdicts, ${sent[$port]} counted"
	done
	rm "$file"
}
capture() {
	RATE=${RATE:-100000}
	echo
	echo "== capture: $RATE datagrams/s of 1000 octets for 10 s, datapath tc"
	lagg_pair 2 proto loadbalance
	# Nobody takes them: they are answered by no process, and by no ICMP either.
	on b sysctl -qw net.ipv4.icmp_ratelimit=1000000000
	captured_at "whole frames"
	captured_at "128 octets of each" -s 128
	captured_at "128 octets of each, with a filter" -s 128 udp port 5001
	xl a lagg set lagg0 proto broadcast
	xl b lagg set lagg0 proto broadcast
	captured_at "a copy of each on both ports, 128 octets of each" -s 128
	start_over
}

since() { jq -n "($EPOCHREALTIME - $1) * 100 | round / 100"; }
load() { cut -d' ' -f1 /proc/loadavg; }
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
all_distribute() { [ "$(xl a -j lagg show | jq '[.[].ports[] | select(.flags | index("DISTRIBUTING"))] | length')" = 512 ]; }
agent_time() {
	echo
	echo "== one agent with 64 laggs of 8 ports, LACP at the fast rate: its share of one core over 20 s"
	host a b
	local i lagg port h
	for ((i = 0; i < 512; i++)); do
		echo "link add p$i type veth peer name p$i netns $P-b"
	done | ip -n "$P-a" -batch -
	for h in a b; do
		for ((lagg = 0; lagg < 64; lagg++)); do
			printf 'lagg add lagg%d proto lacp lacp-rate fast' $lagg
			for ((port = 0; port < 8; port++)); do printf ' port p%d' $((lagg * 8 + port)); done
			echo
		done >"$D/$h.conf"
		cp "$D/$h.conf" "$D/$h.all"
		: >"$D/$h.conf"
		agent $h
	done
	xl b restore "$D/b.all"
	local begin=$EPOCHREALTIME
	xl a restore "$D/a.all"
	echo "   one end made its 64 laggs in $(since $begin) s (load $(load))"
	wait_for 120 all_distribute
	echo "   from the command until all of its ports were DISTRIBUTING, the other end being ready: $(since $begin) s (load $(load))"
	local before after
	before=$(cpu_ticks "${AGENT[a]}")
	pause 20
	after=$(cpu_ticks "${AGENT[a]}")
	echo "   agent: $(jq -n "($after - $before) / $(getconf CLK_TCK) / 20 * 100 * 100 | round / 100") % of one core, \
$(awk '/VmRSS/ { print $2 }' "/proc/${AGENT[a]}/status") kB resident"
	begin=$EPOCHREALTIME
	xl a flush
	echo "   their flush: $(since $begin) s (load $(load))"
	start_over
}
# absent_laggs: a file of 256 laggs whose ports are not there
absent_laggs() {
	local i begin
	host a
	agent a
	for ((i = 0; i < 256; i++)); do echo "lagg add lagg$i proto lacp port q$((2 * i)) absent ok port q$((2 * i + 1)) absent ok"; done >"$D/all"
	begin=$EPOCHREALTIME
	xl a restore "$D/all"
	echo "   restore of 256 laggs whose ports are absent: $(since $begin) s (load $(load))"
	begin=$EPOCHREALTIME
	xl a flush
	echo "   their flush: $(since $begin) s (load $(load))"
	start_over
}
agent_section() {
	agent_time
	absent_laggs
}

echo "xlagg benchmarks: $(uname -r), $(nproc) CPUs, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(git rev-parse --short HEAD 2>/dev/null || echo 'no commit')"
for section in throughput failover xdp ports capture agent; do
	case ${ONLY:-$section} in
	"$section") if [ $section = agent ]; then agent_section; else $section; fi ;;
	throughput | failover | xdp | ports | capture | agent) ;;
	*) echo "ONLY is throughput, failover, xdp, ports, capture or agent" >&2; exit 1 ;;
	esac
done
