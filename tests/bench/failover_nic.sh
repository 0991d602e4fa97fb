#!/bin/bash
# failover_nic.sh [MODEL]
# What the loss of a cable costs on a NIC's own driver, as QEMU emulates it, where carrier is watched in the kernel and where
# it has to be polled (xlaggd --no-tracing): the hole in a numbered stream from host a, whose cable is pulled at both ends.
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

lose_cables() {
	local n from marks=()
	stream sent a b 10.0.0.2 5001 -r "$RATE"
	sleep 1
	for ((n = 0; n < ROUNDS; n++)); do
		from=$(date +%s%N)
		pull "$model-a1" "$model-b1"
		wait_for 10 active_port_is a eth2
		sleep 0.3
		marks+=("$from $(date +%s%N)")
		plug "$model-a1" "$model-b1"
		wait_for 10 active_port_is a eth1
		sleep 0.5
	done
	end_stream sent >/dev/null
	for mark in "${marks[@]}"; do
		read -r from to <<<"$mark"
		account sent "[.outages[] | select(.at_ns >= $from and .at_ns < $to)] | {us: (map(.us) | max // 0), packets: (map(.packets) | add // 0)}"
	done | jq -rs --arg watch "$(field a .datapath.carrier_watch)" '
		def at($p): sort | .[((length - 1) * $p) | round];
		def ms: . / 10 | round / 100;
		"   \($watch): gap p50 \(map(.us) | at(0.5) | ms) p99 \(map(.us) | at(0.99) | ms) max \(map(.us) | max | ms) ms, lost p50 \(map(.packets) | at(0.5)) max \(map(.packets) | max)"'
}

echo "== cable lost on $model: $(uname -r), $(nproc) CPUs; $ROUNDS times, $RATE datagrams/s"
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
