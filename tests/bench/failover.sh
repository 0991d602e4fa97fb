#!/bin/bash
# failover.sh SVG
# What a failover costs: xlagg, the kernel's bonding and teamd as host a at a switch, or, with LACP, as host a towards an
# xlagg that stays the same. In each row the same is done to each of them, while numbered UDP datagrams go both ways. Meant
# for a guest that has all of them (see layer.mk); what this kernel lacks is left out and named.
#   ROUNDS=20   failures of each kind      RATE=5000   datagrams a second each way      ONLY='carrier stop'   some rows
#   STOPPED=20  seconds for which an agent stands still; of these failures, and of silent partners, there are fewer
#   NEXT=DIR    an xlaggd of another version (next-version.sh), for the row of the upgrade
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
svg=$1
B=$(realpath "${B:-build}")
export B NAME=failover P=fo
. tests/net/scratch.sh
scratch_begin
. tests/net/lib.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT

ROUNDS=${ROUNDS:-20} RATE=${RATE:-5000} STOPPED=${STOPPED:-20}
STREAM_SILENCE=$((STOPPED + 20))
RESULTS=$RUN/results
: >"$RESULTS"

# ---- who is compared: PEER makes lagg0 of host a over eth1 and eth2, eth1 preferred ----

peer_xlagg() { agent a; xl a lagg add lagg0 proto "$1" lacp-rate fast port eth1 port eth2; }
peer_bonding100() { bonding 100 "$@"; }
peer_bonding10() { bonding 10 "$@"; }
bonding() {
	local mode=(active-backup) dev
	[ "$2" != lacp ] || mode=(802.3ad lacp_rate fast)
	nip a link add lagg0 type bond mode "${mode[@]}" miimon "$1"
	for dev in eth1 eth2; do enslave $dev; done
	[ "$2" = lacp ] || nip a link set lagg0 type bond primary eth1
}
enslave() { nip a link set "$1" down; nip a link set "$1" master lagg0; }
peer_teamd() {
	local runner='"name": "activebackup"'
	[ "$1" != lacp ] || runner='"name": "lacp", "active": true, "fast_rate": true'
	mkdir -p /run/teamd
	nip a link set eth1 down
	nip a link set eth2 down
	echo "{\"device\": \"lagg0\", \"runner\": {$runner}, \"link_watch\": {\"name\": \"ethtool\"},
		\"ports\": {\"eth1\": {\"prio\": 100}, \"eth2\": {\"prio\": 1}}}" >"$D/teamd.conf"
	teamd_start
	wait_for 10 is_there
}
is_there() { nip a link show lagg0; }
teamd_start() { spawn_on teamd a teamd -o -f "$D/teamd.conf"; }
title() {
	case $1 in
	xlagg) echo "xlagg" ;;
	bonding100) echo "bonding, miimon 100" ;;
	bonding10) echo "bonding, miimon 10" ;;
	teamd) echo "teamd" ;;
	esac
}
offered() {
	case $1 in
	xlagg) ;;
	bonding*) modprobe bonding 2>/dev/null ;;
	teamd) command -v teamd >/dev/null && modprobe -a team team_mode_activebackup team_mode_loadbalance 2>/dev/null ;;
	esac
}

active() {
	case $1 in
	xlagg) field a .active_port ;;
	bonding*) nip a -j -d link show lagg0 | jq -r '.[0].linkinfo.info_data.active_slave' ;;
	teamd) on a teamdctl lagg0 state item get runner.active_port ;;
	esac
}
active_is() { [ "$(active "$1")" = "$2" ]; }

# ---- what is done to them: fail_KIND PEER, and mend_KIND, after which eth1 is in use again ----

fail_carrier() { nip sw link set a1 down; wait_for 10 active_is "$1" eth2; }
mend_carrier() { nip sw link set a1 up; }
fail_admin() { nip a link set eth1 down; wait_for 10 active_is "$1" eth2; }
mend_admin() { nip a link set eth1 up; }
fail_removal() { nip a link del eth1; wait_for 10 active_is "$1" eth2; }
mend_removal() {
	wire a eth1 sw a1
	nip sw link set a1 master br0
	case $1 in
	bonding*) enslave eth1; nip a link set lagg0 type bond primary eth1 ;;
	teamd) nip a link set eth1 down; on a teamdctl lagg0 port add eth1; on a teamdctl lagg0 port config update eth1 '{"prio": 100}' ;;
	esac
}
# Killed and started anew, with all links as they are
fail_kill() {
	if [ "$1" = xlagg ]; then
		agent_end a KILL
		agent a
	else
		kill -KILL "${CHILD[teamd]}"
		reap teamd || :
		teamd_start
		wait_for 10 active_is teamd eth1
	fi
}
mend_kill() { :; }
# Another version takes over, and the next time the first one again. A teamd hands over only when it is killed.
fail_upgrade() {
	agent_end a TERM
	RUNNING=$([ "$RUNNING" = "$B" ] && echo "$NEXT" || echo "$B")
	B=$RUNNING agent_start a
	wait_for 10 answers a
	is "$(xl a -j agent show | jq '.[0].adopted')" 1 "laggs adopted by another version"
}
mend_upgrade() { :; }
# The link goes while the agent stands still
pid_of() { [ "$1" = xlagg ] && echo "${AGENT[a]}" || echo "${CHILD[teamd]}"; }
fail_stop() {
	kill -STOP "$(pid_of "$1")"
	sleep 1.5 # the agent's absence is noticed after one
	nip sw link set a1 down
	sleep "$STOPPED"
	kill -CONT "$(pid_of "$1")"
	wait_for 10 active_is "$1" eth2
}
mend_stop() { nip sw link set a1 up; }

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
# Nothing of bonding can be killed, stopped or exchanged.
has_it() {
	case $1-$2 in
	kill-bonding* | stop-bonding* | upgrade-bonding*) return 1 ;;
	upgrade-teamd) return 1 ;;
	esac
}

# ---- measuring ----

# outages DIRECTION FROM TO EXTENT: us and packets lost, of the holes that began in that time. EXTENT: what is taken for their
# length; where only some flows have them, all of them together are one.
LONGEST='map(.us) | max // 0'
WHOLE='if . == [] then 0 else (last | .at_ns / 1000 + .us) - (first | .at_ns / 1000) end'
outages() {
	account "$1" "[.outages[] | select(.at_ns >= $2 - 2000000 and .at_ns < $3)] | \"\($4) \(map(.packets) | add // 0)\""
}
judge() {
	local kind=$1 peer=$2 extent=$3 from to direction us packets
	while read -r from to; do
		for direction in sent received; do
			read -r us packets < <(outages $direction "$from" "$to" "$extent")
			jq -nc --arg kind "$kind" --arg peer "$peer" --arg direction $direction \
				"{kind: \$kind, peer: \$peer, direction: \$direction, us: $us, packets: $packets}" >>"$RESULTS"
		done
	done <"$D/marks"
}
begin_streams() {
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	stream sent a b 10.0.0.2 5001 -r "$RATE"
	stream received b a 10.0.0.1 5002 -r "$RATE"
	sleep 1
}
end_streams() {
	local label
	for label in sent received; do
		end_stream $label >/dev/null
		is "$(account $label .ended)" true "$label: the receiver was there to the end"
	done
}
start_over() {
	tear_down
	CHILD=() AGENT=() HOSTS=()
	mkdir -p "$D"
}
say_row() {
	jq -rs --arg kind "$1" --arg peer "$2" --arg title "$(title "$2")" '
		def at($p): sort | .[((length - 1) * $p) | round];
		def ms: . / 10 | round / 100;
		def figures: "gap p50 \(map(.us) | at(0.5) | ms) p99 \(map(.us) | at(0.99) | ms) max \(map(.us) | max | ms) ms, lost p50 \(map(.packets) | at(0.5)) max \(map(.packets) | max)";
		map(select(.kind == $kind and .peer == $peer)) | group_by(.direction)[]
		| "   \($title + "                    " | .[:20]) \(.[0].direction + "   " | .[:8]) \(figures)"' "$RESULTS"
}

# At a switch: failover, active-backup
measure() {
	local kind=$1 peer=$2 n from RUNNING=$B
	switched 2
	nip b address add 10.0.0.2/24 dev eth0
	"peer_$peer" failover
	nip a link set lagg0 up
	nip a address add 10.0.0.1/24 dev lagg0
	wait_for 10 active_is "$peer" eth1
	begin_streams
	for ((n = 0; n < $(rounds "$kind"); n++)); do
		from=$(date +%s%N)
		"fail_$kind" "$peer"
		sleep 0.3
		echo "$from $(date +%s%N)" >>"$D/marks"
		"mend_$kind" "$peer"
		wait_for 10 active_is "$peer" eth1
		sleep 0.3
	done
	end_streams
	judge "$kind" "$peer" "$LONGEST"
	start_over
	say_row "$kind" "$peer"
}

# LACP at the fast rate; the way of eth1 breaks without a loss of carrier.
both_ways() { distributing_are b 2; }
one_way() { distributing_are b 1; }
measure_silent() {
	local peer=$1 n from
	two_hosts_bridged
	agent b
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24
	"peer_$peer" lacp
	nip a link set lagg0 up
	nip a address add 10.0.0.1/24 dev lagg0
	wait_for 30 both_ways
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	stream sent a b 10.0.0.2 5001 -r "$RATE" -f 16
	stream received b a 10.0.0.1 5002 -r "$RATE" -f 16
	for ((n = 0; n < $(rounds silent); n++)); do
		from=$(date +%s%N)
		nip sw link set br0 down
		wait_for 10 one_way
		sleep 1.5
		echo "$from $(date +%s%N)" >>"$D/marks"
		nip sw link set br0 up
		wait_for 30 both_ways
		sleep 1
	done
	end_streams
	judge silent "$peer" "$WHOLE"
	start_over
	say_row silent "$peer"
}
# rounds KIND: those that take long are fewer
rounds() {
	case $1 in
	stop) echo $(((ROUNDS + 9) / 10)) ;;
	silent) echo $(((ROUNDS + 3) / 4)) ;;
	*) echo "$ROUNDS" ;;
	esac
}

echo "== failover: $(uname -r), $(nproc) CPUs; $RATE datagrams/s each way"
for kind in ${ONLY:-carrier admin removal kill upgrade stop silent}; do
	echo "$(row "$kind"), $(rounds "$kind") times:"
	for peer in xlagg bonding100 bonding10 teamd; do
		if ! offered $peer; then
			echo "   $(title $peer): not on this machine"
		elif ! has_it "$kind" $peer; then
			[ $peer != bonding100 ] || echo "   bonding: has no agent"
			[ $peer != teamd ] || echo "   teamd: as killed and restarted, for it cannot hand over otherwise"
		elif [ "$kind" = silent ]; then
			[ $peer = bonding10 ] || measure_silent $peer
		else
			measure "$kind" $peer
		fi
	done
done
tests/bench/plot.sh "$RESULTS" >"$svg"
echo "plot: $svg"
