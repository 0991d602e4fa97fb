# shellcheck shell=bash
# The agent does not matter: killed, restarted, flushed.

# Prints every pinned map, program and link with its kernel id, which changes when it is replaced or attached anew.
pinned_ids() {
	local f kind id
	find "$BPFFS/$P-$1" -type f | sort | while read -r f; do
		for kind in link map prog; do
			if id=$(bpftool -j $kind show pinned "$f" 2>/dev/null | jq -e .id); then
				echo "${f#"$BPFFS"} $kind $id"
				break
			fi
		done
	done
}
links_of() { pinned_ids "$1" | grep ' link ' || :; }
# Prints what show says, without what changes by itself. Times are cut to the second: each agent computes the time of day for
# itself, and the clock may have been adjusted in between.
picture() {
	xl "$1" -j -d lagg show | jq 'del(.. | .stats?, .heartbeat?)
		| walk(if type == "object" and has("last_change") then .last_change |= .[:19] else . end)'
}

killed_and_restarted() {
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 5 -P 2
	stream s a b 10.0.0.2 5001 -r 5000 -f 16
	let_pass a 1000
	pinned_ids a >"$D/ids-before"
	[ -s "$D/ids-before" ] || fail "nothing is pinned below $BPFFS/$P-a"
	picture a >"$D/show-before"
	xl a lagg show >"$D/text-before"
	step "kill -9"
	agent_end a KILL
	local rx
	rx=$(field b .stats.rx_packets)
	wait_for 5 b_received_more_than $((rx + 5000))
	refused 'no agent' xl a lagg show
	step "agent back"
	agent a
	pinned_ids a >"$D/ids-after"
	picture a >"$D/show-after"
	xl a lagg show >"$D/text-after"
	let_pass a 1000
	end_stream s
	reap tcp || fail "TCP: $(jq -r .error "$D/tcp.out")"
	no_loss s
	no_reordering s
	at_least "$(mbits tcp)" 20 "TCP meanwhile, Mbit/s"
	diff "$D/ids-before" "$D/ids-after" || fail "something was attached or made anew"
	diff "$D/text-before" "$D/text-after" || fail "show is not the same as before"
	diff "$D/show-before" "$D/show-after" || fail "show -j -d is not the same as before"
	matches "$(xl a -j agent show)" adopted "agent show"
	step "and it still reacts"
	nip b link set eth1 down
	wait_for 3 active_ports_are a 1
	on a ping -c 2 -i 0.2 -W 1 10.0.0.2
}
b_received_more_than() { [ "$(field b .stats.rx_packets)" -gt "$1" ]; }
test_agent_killed_under_load_tc_stack() { lagg_pair 2 proto loadbalance tx-path stack; killed_and_restarted; }
test_agent_killed_under_load_tc_direct() { lagg_pair 2 proto loadbalance tx-path direct; killed_and_restarted; }
test_agent_killed_under_load_xdp() {
	one_cpu
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	killed_and_restarted
}

test_agent_stopped_leaves_the_datapath_forwarding() {
	lagg_pair 2 proto failover
	agent_end a TERM
	is "$END_STATUS" 0 "exit status after SIGTERM"
	on a ping -q -c 20 -i 0.02 -W 1 10.0.0.2
	agent a
	is "$(field a .active_port)" eth1 "active port"
}
# The next agent notices what changed while there was no agent.
test_agent_restart_sees_a_link_that_went_meanwhile() {
	lagg_pair 2 proto failover
	agent_end a KILL
	nip b link set eth1 down
	agent a
	wait_for 3 active_port_is a eth2
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
}
test_agent_restart_changes_nothing_but_reload_does() {
	two_hosts 2
	echo "lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	agent a
	is "$(field a .proto)" failover "proto from the file"
	xl a lagg set lagg0 proto loadbalance
	agent_end a TERM
	agent a
	is "$(field a .proto)" loadbalance "proto after a restart"
	grep -q 'xlagg diff' "$D/agent-a.log" || fail "no log line names xlagg diff"
	matches "$(xl a diff || [ $? = 1 ])" 'proto failover' "diff"
	kill -HUP "${AGENT[a]}"
	wait_for 3 proto_is failover
}
proto_is() { [ "$(field a .proto)" = "$1" ]; }

# Where no paths are given, agent, CLI and pins find their places by the namespace's name.
test_default_paths() {
	local pins=/sys/fs/bpf/xlagg/$P-a agent
	two_hosts 2
	"$B/xlaggd" -n "$P-a" >"$D/agent-a.log" 2>&1 &
	agent=$!
	# shellcheck disable=SC2034,SC2154 # lib.sh ends what is in there
	CHILD[default]=$agent
	wait_for 10 "$B/xlagg" -n "$P-a" agent show
	"$B/xlagg" -n "$P-a" lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	kill -KILL $agent
	reap default || :
	[ -d "$pins/lagg0" ] || fail "no pins below $pins after the agent's end"
	refused 'no agent.*lagg0' "$B/xlagg" -n "$P-a" lagg show
	"$B/xlaggd" -n "$P-a" --flush
	[ ! -e "$pins/lagg0" ] || fail "pins are left below $pins"
	gone a lagg0 || fail "lagg0 is still there"
	rm -rf "/run/xlagg/$P-a" "/var/lib/xlagg/$P-a"
	[ -z "$(find "$pins" -type f 2>/dev/null)" ] || fail "still pinned: $(find "$pins")"
	rm -rf "$pins"
}

test_second_agent_is_refused() {
	lagg_pair 2 proto failover
	local status=0
	"$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" \
		>"$D/second" 2>&1 || status=$?
	is $status 1 "exit status of a second agent"
	matches "$(cat "$D/second")" . "its sentence"
	xl a agent show
	is "$(field a .active_port)" eth1 "the first agent goes on"
}

test_pins_in_a_folder_with_a_dot() {
	host a
	: >"$D/a.conf"
	refused 'takes no name with a dot: give a folder without one with --bpffs' "$B/xlaggd" -n "$P-a" -f "$D/a.conf" \
		--socket "$D/a.sock" --bpffs "$BPFFS/$P-a.b" --state "$D/state-a"
}

has_open() { readlink "/proc/$1/fd/"* | holds -xF "$2"; }
test_lock_of_a_namespace_goes_with_the_agent() {
	local lock held
	host a
	lock=/run/xlagg/.namespace-$(stat -L -c %i "/run/netns/$P-a").lock
	agent a
	[ -e "$lock" ] || fail "$lock: no such file beside an agent"
	agent_end a TERM
	[ ! -e "$lock" ] || fail "$lock is left after the agent's end"
	step "an agent that waits for one that ends makes the file anew"
	exec {held}>"$lock"
	flock "$held"
	agent_start a {held}>&- # or the agent itself would go on holding the lock
	wait_for 5 has_open "${AGENT[a]}" "$lock"
	rm "$lock"
	exec {held}>&-
	wait_for 10 answers a
	! flock -n "$lock" true || fail "$lock is not held by the agent"
}

gone() { ! nip "$1" link show "$2" >/dev/null 2>&1; }
nothing_pinned() { [ -z "$(find "$BPFFS/$P-$1" -type f 2>/dev/null)" ]; }
test_flush_without_an_agent() {
	lagg_pair 2 proto failover
	agent_end a KILL
	"$B/xlaggd" --flush -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a"
	gone a lagg0 || fail "lagg0 is still there"
	nothing_pinned a || fail "still pinned: $(find "$BPFFS/$P-a")"
	nip a address add 10.1.0.1/24 dev eth1
	nip b link set eth1 up
	listener plain a eth1 88b5 5
	on b "$B/tests/net/frame" send eth1 ff:ff:ff:ff:ff:ff 88b5 3
	reap plain || fail "eth1 does not hand its frames to its own stack"
}
test_ip_link_del_is_lagg_del() {
	lagg_pair 2 proto failover
	nip a link del lagg0
	wait_for 3 no_laggs a
	wait_for 3 nothing_pinned_but_the_agents_own
	is "$(xl a -j lagg show)" "[]" "laggs"
}
no_laggs() { [ "$(xl "$1" -j lagg show)" = "[]" ]; }
nothing_pinned_but_the_agents_own() { [ -z "$(find "$BPFFS/$P-a" -path '*lagg0*' -type f)" ]; }
test_ip_link_del_with_the_agent_down() {
	lagg_pair 2 proto failover
	agent_end a KILL
	nip a link del lagg0
	listener plain a eth1 88b5 5
	on b "$B/tests/net/frame" send eth1 ff:ff:ff:ff:ff:ff 88b5 3
	reap plain || fail "eth1 does not hand its frames to its own stack"
	agent a
	wait_for 3 no_laggs a
}
