#!/bin/bash
# failover_nic.sh [MODEL]
# Measures what a lost cable costs with the driver of a NIC that QEMU emulates, where the kernel watches carrier and where it has
# to be polled (xlaggd --no-tracing). The cable of host a is pulled at both ends; what counts is the hole in a numbered stream
# from host a, and the part of it that comes after the driver told the kernel.
#   ROUNDS=50   cables pulled      RATE=1000   datagrams a second
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
model=${1:-e1000e}
B=$(realpath "${B:-build}")
export B NAME=failover P=fn
. tests/net/scratch.sh
scratch_begin
. tests/net/lib.sh
. tests/vm/nic/test_nic.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT
ROUNDS=${ROUNDS:-50} RATE=${RATE:-1000}

# xlagg cannot shorten the time until the driver reports the loss, so the moment of netif_carrier_off is recorded, by the clock
# of the stream.
TRACING=/sys/kernel/tracing
trace_losses() {
	echo tai >$TRACING/trace_clock
	echo 'p:xlagg_loss netif_carrier_off ifindex=dev->ifindex:s32' >$TRACING/kprobe_events
	echo 1 >$TRACING/events/kprobes/xlagg_loss/enable
}
# losses IFINDEX: prints when that device lost carrier, in us since 1970
losses() { sed -nE "s/.* ([0-9]+)\.([0-9]{6}): xlagg_loss: .* ifindex=$1\$/\1\2/p" $TRACING/trace; }

lose_cables() {
	local n NOW from marks=()
	: >$TRACING/trace
	stream sent a b 10.0.0.2 5001 -r "$RATE"
	pause 1
	for ((n = 0; n < ROUNDS; n++)); do
		now_us
		from=$NOW
		pull "$model-a1" "$model-b1"
		pause 0.5
		wait_for 10 active_port_is a eth2
		now_us
		marks+=("$from $NOW")
		plug "$model-a1" "$model-b1"
		wait_for 10 active_port_is a eth1
		pause 0.5
	done
	end_stream sent >/dev/null
	losses "$(nip a -j link show eth1 | jq '.[0].ifindex')" >"$D/losses"
	for mark in "${marks[@]}"; do
		read -r from to <<<"$mark"
		account sent "[.outages[] | select(.at_ns >= $from * 1000 and .at_ns < $to * 1000)]
			| {us: (map(.us) | max // 0), end: (map(.at_ns / 1000 + .us) | max // 0), packets: (map(.packets) | add // 0),
				lost: (\"$(awk -v from="$from" -v to="$to" '$1 >= from && $1 < to { print; exit }' "$D/losses")\" | tonumber)}"
	done | jq -L tests/bench -rs --arg watch "$(field a .datapath.carrier_watch)" '
		include "figures";
		"   \($watch): gap \(map(.us) | gaps); from the driver\u0027s word \(map([.end - .lost, 0] | max) | gaps); \(map(.packets) | lost)"'
}

echo "== cable lost on $model: $(uname -r), $(nproc) CPUs; $ROUNDS times, $RATE datagrams/s"
trace_losses
two_hosts_with "$model"
for tracing in "" --no-tracing; do
	for h in a b; do
		# shellcheck disable=SC2086
		agent $h $tracing
		xl $h lagg add lagg0 proto failover rx-all on port eth1 port eth2 "10.0.0.$([ $h = a ] && echo 1 || echo 2)/24"
	done
	for h in a b; do wait_for 15 has_carrier $h lagg0; done
	wait_for 15 active_port_is a eth1
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	lose_cables
	for h in a b; do
		xl $h flush
		agent_end $h TERM
	done
done
