#!/bin/bash
# failover.sh SVG
# Measures what a failover costs with xlagg, the kernel's bonding and teamd. Each is host a at a switch or, with LACP, host a
# with an xlagg as the partner, which is always the same. In each row the same is done to each of them while numbered UDP
# datagrams go both ways. It is meant for a guest that has all of them (see layer.mk); what this kernel lacks is left out and
# named.
#   ROUNDS=20   failures of each kind      RATE=2000   datagrams a second each way      ONLY='carrier stop'   some rows
#   PEERS='xlagg teamd'   only these are compared
#   STOPPED=20  seconds for which an agent stands still
#   LANES=5     laggs that share the failures, and the rate, of a row that mostly waits
#   NEXT=DIR    an xlaggd of another version (next-version.sh), for the row of the upgrade
# The results, a line for each failure and direction, are kept beside the plot, which shows all rows ever measured there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
svg=$(realpath "$1")
results=${svg%.svg}.results
B=$(realpath "${B:-build}")
ROUNDS=${ROUNDS:-20} RATE=${RATE:-2000} STOPPED=${STOPPED:-20} LANES=${LANES:-5}
export B STOPPED

row() {
	case $1 in
	carrier) echo "carrier lost" ;;
	admin) echo "port set down" ;;
	removal) echo "device removed" ;;
	kill) echo "agent killed, restarted" ;;
	upgrade) echo "agent upgraded" ;;
	stop) echo "carrier lost, agent stopped" ;;
	silent) echo "silent partner, LACP fast" ;;
	esac
}
title() {
	case $1 in
	xlagg) echo "xlagg" ;;
	xlaggprobe) echo "xlagg, option probe" ;;
	xlaggbond) echo "xlagg, device bond" ;;
	bonding100) echo "bonding, miimon 100" ;;
	bonding10) echo "bonding, miimon 10" ;;
	teamd) echo "teamd" ;;
	esac
}
offered() {
	case $1 in
	xlagg | xlaggprobe) ;;
	bonding* | xlaggbond) modprobe bonding 2>/dev/null ;;
	teamd) command -v teamd >/dev/null && modprobe -a team team_mode_activebackup team_mode_loadbalance 2>/dev/null ;;
	esac
}
# Bonding has no process that could be killed, stopped or exchanged. With LACP the partner's PDUs decide, not miimon, unless
# there is a probe.
has_it() {
	case $1-$2 in
	silent-xlaggprobe) ;;
	*-xlaggprobe) return 1 ;;
	kill-bonding* | stop-bonding* | upgrade-bonding* | silent-bonding10 | upgrade-teamd) return 1 ;;
	esac
}
# lanes KIND: prints how many lanes measure it at once. What is over in milliseconds gets one, since others would disturb it.
lanes() {
	case $1 in
	stop | silent) echo "$LANES" ;;
	upgrade) echo 2 ;;
	*) echo 1 ;;
	esac
}

# measure KIND PEER: measures in lanes, and adds up their results when all of them are there
measure() {
	local kind=$1 peer=$2 lanes lane failed=0
	local -a pids=()
	lanes=$(lanes "$kind")
	for ((lane = 1; lane <= lanes; lane++)); do
		NAME=lane$lane P=fo$lane ROUNDS=$(((ROUNDS + lanes - 1) / lanes)) RATE=$((RATE / lanes)) unshare --mount \
			tests/bench/failover_lane.sh "$kind" "$peer" "$scratch/$lane" >"$scratch/$lane.log" 2>&1 &
		pids+=($!)
	done
	for ((lane = 1; lane <= lanes; lane++)); do
		wait "${pids[lane - 1]}" || { failed=1; sed "s/^/$peer, lane $lane: /" "$scratch/$lane.log" >&2; }
	done
	[ $failed = 0 ] || exit 1
	cat "$scratch"/[0-9] >>"$scratch/row"
	rm "$scratch"/[0-9]*
	say "$kind" "$peer"
}
say() {
	gojq -L tests/bench -rs --arg peer "$2" --arg title "$(title "$2")" '
		include "figures";
		map(select(.peer == $peer)) | group_by(.direction)[]
		| "   \($title + "                    " | .[:20]) \(.[0].direction + "   " | .[:8]) gap \(map(.us) | gaps), \(map(.packets) | lost)"' "$scratch/row"
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/xlagg-failover-XXXXXX")
end_lanes() {
	local status=$? pid
	trap '' INT TERM
	for pid in $(jobs -p); do kill "$pid" 2>/dev/null || :; done
	wait
	rm -rf "$scratch"
	exit $status
}
trap end_lanes EXIT
trap 'exit 143' INT TERM
[ -e "$results" ] || : >"$results"
echo "== failover: $(uname -r), $(nproc) CPUs; $RATE datagrams/s each way"
for kind in ${ONLY:-carrier admin removal kill upgrade stop silent}; do
	echo "$(row "$kind"), $ROUNDS times:"
	: >"$scratch/row"
	for peer in ${PEERS:-xlagg xlaggbond xlaggprobe bonding100 bonding10 teamd}; do
		if ! offered $peer; then
			echo "   $(title $peer): not on this machine"
		elif has_it "$kind" $peer; then
			measure "$kind" $peer
		elif [ "$kind" = upgrade ] && [ $peer = teamd ]; then
			echo "   teamd: as killed and restarted, for it cannot hand over otherwise"
		elif [ $peer = bonding100 ]; then
			echo "   bonding: has no agent"
		fi
	done
	{
		gojq -c --arg kind "$kind" --slurpfile row "$scratch/row" \
			'. as $old | select(.kind != $kind or all($row[]; .peer != $old.peer))' "$results"
		cat "$scratch/row"
	} >"$scratch/all"
	cp "$scratch/all" "$results"
	tests/bench/plot.sh "$results" >"$svg"
done
echo "plot: $svg"
