#!/bin/bash
# failover_lane.sh KIND PEER RESULTS
# One lane of failover.sh: host a with PEER at a switch or, with LACP, connected to an xlagg that is always the same. There are
# ROUNDS failures of that KIND while numbered UDP datagrams go both ways, RATE a second. What each failure cost is appended to
# RESULTS as a line of JSON. NAME and P keep apart lanes that run at once; each has mounts of its own.
set -euo pipefail
KIND=$1 PEER=$2 RESULTS=$3
. tests/net/scratch.sh
scratch_begin
. tests/net/lib.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT

STREAM_SILENCE=$((STOPPED + 20))
RUNNING=$B # the build folder whose agent runs

# ---- what is compared: peer_PEER PROTO makes lagg0 on host a over eth1 and eth2, with eth1 preferred ----

peer_xlagg() { agent a; xl a lagg add lagg0 proto "$1" lacp-rate fast "${@:2}" port eth1 port eth2; }
peer_xlaggbond() { peer_xlagg "$1" device bond; }
# xlagg with a link probe. The far end probes too, since each end has to find out by itself.
peer_xlaggprobe() {
	peer_xlagg "$1"
	xl a lagg set lagg0 probe 10.0.0.2
	xl b lagg set lagg0 probe 10.0.0.1
}
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
	# teamd names its sockets by their devices.
	mkdir -p /run/teamd
	mount -t tmpfs teamd /run/teamd
	nip a link set eth1 down
	nip a link set eth2 down
	echo "{\"device\": \"lagg0\", \"runner\": {$runner}, \"link_watch\": {\"name\": \"ethtool\"},
		\"ports\": {\"eth1\": {\"prio\": 100}, \"eth2\": {\"prio\": 1}}}" >"$D/teamd.conf"
	teamd_start
	wait_for 10 is_there
}
is_there() { nip a link show lagg0; }
teamd_start() { spawn_on teamd a teamd -o -f "$D/teamd.conf"; }

active() {
	case $PEER in
	xlagg*) field a .active_port ;;
	bonding*) nip a -j -d link show lagg0 | jq -r '.[0].linkinfo.info_data.active_slave' ;;
	teamd) on a teamdctl lagg0 state item get runner.active_port ;;
	esac
}
active_is() { [ "$(active)" = "$1" ]; }

# All losses happen within the pause, so one question is usually enough, and does not disturb.
gone() { pause 0.3; wait_for 10 active_is eth2; }

# ---- what is done to them: fail_KIND breaks something, and after mend_KIND eth1 is in use again ----

fail_carrier() { nip sw link set a1 down; gone; }
mend_carrier() { nip sw link set a1 up; }
fail_admin() { nip a link set eth1 down; gone; }
mend_admin() { nip a link set eth1 up; }
fail_removal() { nip a link del eth1; gone; }
mend_removal() {
	wire a eth1 sw a1
	nip sw link set a1 master br0
	case $PEER in
	bonding*) enslave eth1; nip a link set lagg0 type bond primary eth1 ;;
	teamd) nip a link set eth1 down; on a teamdctl lagg0 port add eth1; on a teamdctl lagg0 port config update eth1 '{"prio": 100}' ;;
	esac
}
# The agent is killed and started anew; the links stay as they are.
fail_kill() {
	if [[ $PEER = xlagg* ]]; then
		agent_end a KILL
		agent a
	else
		kill -KILL "${CHILD[teamd]}"
		reap teamd || :
		teamd_start
		wait_for 10 active_is eth1
	fi
	pause 0.3
}
mend_kill() { :; }
# Another version takes over, and the next time the first one again. A teamd can be replaced only by killing it.
fail_upgrade() {
	agent_end a TERM
	RUNNING=$([ "$RUNNING" = "$B" ] && echo "$NEXT" || echo "$B")
	B=$RUNNING agent_start a
	wait_for 10 answers a
	is "$(xl a -j agent show | jq '.[0].adopted')" 1 "laggs adopted by another version"
	pause 0.3
}
mend_upgrade() { :; }
# The link is lost while the agent is stopped.
pid_of_agent() { [[ $PEER = xlagg* ]] && echo "${AGENT[a]}" || echo "${CHILD[teamd]}"; }
fail_stop() {
	kill -STOP "$(pid_of_agent)"
	pause 1.5 # the agent's absence is noticed after one second
	nip sw link set a1 down
	pause "$STOPPED"
	kill -CONT "$(pid_of_agent)"
	gone
}
mend_stop() { nip sw link set a1 up; }
# The path behind eth1 breaks without a loss of carrier.
fail_silent() { nip sw link set br0 down; wait_for 10 distributing_are b 1; pause 1.5; }
mend_silent() { nip sw link set br0 up; }

# ---- measuring ----

# in_use: returns whether all is as it was before the failure
in_use() {
	case $KIND in
	silent) distributing_are b 2 ;;
	*) active_is eth1 ;;
	esac
}
begin_streams() {
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	stream sent a b 10.0.0.2 5001 -r "$RATE" "$@"
	stream received b a 10.0.0.1 5002 -r "$RATE" "$@"
	pause 1
}
end_streams() {
	local label
	for label in sent received; do
		end_stream $label >/dev/null
		is "$(account $label .ended)" true "$label: the receiver was there to the end"
	done
}
# Failover, active-backup
at_a_switch() {
	switched 2
	nip b address add 10.0.0.2/24 dev eth0
	"peer_$PEER" failover
	nip a link set lagg0 up
	nip a address add 10.0.0.1/24 dev lagg0
	wait_for 10 in_use
	begin_streams
}
# At the fast rate; the flows are many, so that some of them take eth1.
with_lacp() {
	two_hosts_bridged
	agent b
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24
	"peer_$PEER" lacp
	nip a link set lagg0 up
	nip a address add 10.0.0.1/24 dev lagg0
	wait_for 30 in_use
	begin_streams -f 16
}
# judge EXTENT: prints what the holes cost that began between one mark and the next. EXTENT says how their length is taken; where
# only some of the flows have holes, all holes together count as one.
LONGEST='map(.us) | max // 0'
WHOLE='if . == [] then 0 else (last | .at_ns / 1000 + .us) - (first | .at_ns / 1000) end'
judge() {
	local from to direction us packets
	while read -r from to; do
		for direction in sent received; do
			read -r us packets < <(account $direction "[.outages[] | select(.at_ns >= $from - 2000000 and .at_ns < $to)]
				| \"\($1) \(map(.packets) | add // 0)\"")
			jq -nc "{kind: \"$KIND\", peer: \"$PEER\", direction: \"$direction\", us: $us, packets: $packets}" >>"$RESULTS"
		done
	done <"$D/marks"
}

if [ "$KIND" = silent ]; then with_lacp; else at_a_switch; fi
for ((n = 0; n < ROUNDS; n++)); do
	now_us
	from=$NOW
	"fail_$KIND"
	now_us
	echo "${from}000 ${NOW}000" >>"$D/marks"
	"mend_$KIND"
	wait_for 30 in_use
	pause 0.3
done
end_streams
if [ "$KIND" = silent ]; then judge "$WHOLE"; else judge "$LONGEST"; fi
