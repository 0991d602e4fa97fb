# shellcheck shell=bash
# An agent of another version takes over: its programs and structures differ, and no frame is lost.

# sizes: prints the sizes of the values of host a's maps
sizes() {
	local map
	for map in ports tables control port_stats lagg_stats lacp headless saved; do
		echo "$map $(bpftool -j map show pinned "$BPFFS/$P-a/lagg0/$map" | jq .bytes_value)"
	done
}
# replace_agent BUILD: replaces host a's agent by the one of another build folder
replace_agent() {
	agent_end a TERM
	B=$1 agent_start a
	wait_for 30 answers a # as agent() does
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
}
monitored() { grep -q "$1" "$D/monitor.out"; }
# Makes changes until the monitor prints one: from then on it has subscribed.
monitoring() {
	xl b lagg set lagg0 peer-notify $((++notify % 3))
	monitored lagg-change
}

# NEXT_VERSION: the folder of the next version, where that was built before, as for guests, in which it would take minutes
test_upgrade_to_larger_structures_and_back() {
	local before counted next notify=0
	next=${NEXT_VERSION:-$D/next}
	[ -n "${NEXT_VERSION:-}" ] || tests/net/next-version.sh "$next" >"$D/next.log" 2>&1 || fail "the next version: $(tail -5 "$D/next.log")"
	lagg_pair 2 proto lacp lacp-rate fast
	wait_for 15 distributing_are a 2
	wait_for 15 distributing_are b 2
	spawn monitor "$B/xlagg" --socket "$D/b.sock" -j monitor
	wait_for 5 monitoring
	before=$(sizes)
	stream there a b 10.0.0.2 5001 -r 5000 -f 8
	stream back b a 10.0.0.1 5002 -r 5000 -f 8
	let_pass a 2000
	counted=$(field a .stats.tx_packets)
	replace_agent "$next/build"
	is "$(diff <(echo "$before") <(sizes) | grep -c '^>')" 8 "maps that are larger"
	at_least "$(field a .stats.tx_packets)" "$counted" "frames counted by both"
	let_pass a 2000
	step "and back"
	replace_agent "$B"
	is "$(sizes)" "$before" "sizes of the maps"
	let_pass a 2000
	end_stream there
	end_stream back
	no_loss there
	no_loss back
	! monitored port-state || fail "the partner saw a change: $(grep port-state "$D/monitor.out")"
	step "what was taken over works"
	nip b link set eth1 down
	wait_for 5 distributing_are a 1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	! grep -i "cannot\|refuse\|damaged" "$D/agent-a.log" || fail "the log complains"
}
