# shellcheck shell=bash disable=SC2154
# Others detach the lagg's programs, remove its pins and write to its maps: put back, and told once.

# ping both ways, which needs every program at both ends
passes() { on a ping -q -c 1 -W 1 10.0.0.2; }
# told HOST PATTERN: how many lines of the agent's log match
told() { grep -cE -- "$2" "$D/agent-$1.log" || :; }
pin() { echo "$BPFFS/$P-a/lagg0/$1"; }
told_times() { [ "$(told a 'detached by someone else, and put back')" = "$1" ]; }

test_detached_programs_are_attached_again() {
	local hook lines=0
	lagg_pair 2
	[ "$(field a .datapath.attach)" = tcx ] || skip "this kernel has no tcx"
	spawn events "$B/xlagg" --socket "$D/a.sock" -j monitor
	for hook in tx rx0 guard; do
		[ -e "$(pin link_$hook)" ] || continue
		step "$hook"
		bpftool link detach pinned "$(pin link_$hook)"
		lines=$((lines + 1))
		wait_for 5 told_times $lines
		wait_for 5 passes
	done
	is "$(told a 'eth1: its receive program was detached by someone else, and put back')" 1 "lines about the receive program"
	wait_for 5 grep -q 'its receive program was detached by someone else' "$D/events.out"
	is "$(field a .reason)" "" "the lagg's reason"
	is "$(field a '.ports[0].stats.link_failures')" 0 "link failures of a port whose program was detached"
}

# The agent may pin again while they are being removed: then the folder is not empty at the end.
remove_pins() { wait_for 5 rm -rf "$BPFFS/$P-a/lagg0"; }

told_of_removal() { [ "$(told a 'its pins were removed by someone else, and put back')" -ge 1 ]; }

test_removed_pins_cost_nothing() {
	lagg_pair 2
	spawn_on ping a ping -q -i 0.01 -c 300 10.0.0.2
	remove_pins
	wait_for 5 told_of_removal
	reap ping || fail "$(cat "$D/ping.out")"
	matches "$(cat "$D/ping.out")" ' 0% packet loss' "pings while pins were removed"
	step "and what was made again is adopted"
	agent_end a KILL
	passes
	agent a
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	passes
}

test_changes_work_without_pins() {
	lagg_pair 2
	remove_pins
	xl a lagg set lagg0 proto loadbalance
	remove_pins
	xl a port del lagg0 eth2
	remove_pins
	xl a port add lagg0 eth2
	wait_for 5 passes
	remove_pins
	xl a lagg del lagg0
	is "$(on a bpftool -j net show | jq '.[0] | [.tc[], .xdp[]] | length')" 0 "programs that are left"
	[ ! -e "$BPFFS/$P-a/lagg0" ] || fail "its folder is there again"
}

# Where the administrator mounted it, only the administrator mounts it again.
test_unmounted_bpffs() {
	two_hosts 2
	mkdir "$D/bpf"
	mount -t bpf bpf "$D/bpf"
	agent a --bpffs "$D/bpf"
	agent b
	xl a lagg add lagg0 port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 port eth1 port eth2 10.0.0.2/24
	wait_for 5 passes
	umount "$D/bpf"
	passes
	wait_for 5 told_of_pins
	passes
	is "$(field a .active_port)" eth1 "the active port"
	mount -t bpf bpf "$D/bpf"
	wait_for 20 test -e "$D/bpf/lagg0/ports"
	wait_for 20 no_notice
	passes
	agent_end a TERM
	passes
	agent a --bpffs "$D/bpf"
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	xl a flush
	agent_end a TERM
	umount "$D/bpf"
}
told_of_pins() { field a .notice | holds "its pins are missing"; }
no_notice() { [ "$(field a .notice)" = "" ]; }

test_overwritten_ports_are_written_again() {
	lagg_pair 2
	step "all zero"
	bpftool map update pinned "$(pin ports)" key 0 0 0 0 value hex 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
	wait_for 5 passes
	wait_for 5 active_port_is a eth1
	step "losses that nobody saw"
	bpftool map update pinned "$(pin ports)" key 0 0 0 0 value hex \
		"$(printf %02x "$(field a '.ports[0].ifindex')")" 00 00 00 01 00 00 00 00 10 00 00 00 00 00 00
	wait_for 5 passes
	wait_for 5 active_port_is a eth1
	at_least "$(told a 'values in its maps were overwritten by someone else, and put back')" 1 "lines about values"
	step "the carrier bit and the table"
	bpftool map update pinned "$(pin control)" key 0 0 0 0 value hex \
		00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
	wait_for 5 passes
}

detach_for_ever() {
	while sleep 0.05; do bpftool link detach pinned "$1" || :; done
}
names_the_fight() { port_field a eth1 .notice | holds "again and again"; }
is_without_programs() { port_field a eth1 .reason | holds "programs are not attached"; }

# A port whose program somebody takes away every time is out, at both ends, says so, and is in again soon after that ends.
test_fight_over_a_program() {
	lagg_pair 2 proto lacp lacp-rate fast
	[ "$(field a .datapath.attach)" = tcx ] || skip "this kernel has no tcx"
	spawn fight bash -c "$(declare -f detach_for_ever); detach_for_ever $(pin link_rx0)"
	wait_for 20 is_without_programs
	wait_for 5 names_the_fight
	wait_for 5 not_distributing b eth1
	wait_for 5 passes
	never 6 distributing a eth1
	passes
	at_most "$(told a 'its receive program was detached')" 6 "lines in the log"
	kill "${CHILD[fight]}"
	reap fight || :
	wait_for 15 distributing_are a 2
	wait_for 5 passes
}

# shows HOST TEXT: the program is back for moments between two detachings, so that one look at carrier and reason is not enough.
shows() { xl "$1" lagg show lagg0 | holds -F "$2"; }
# The same with the program that all of the lagg sends through.
test_fight_over_the_transmit_program() {
	local hook=tx
	lagg_pair 2
	[ "$(field a .datapath.attach)" = tcx ] || skip "this kernel has no tcx"
	[ -e "$(pin link_tx)" ] || hook=txnetkit
	spawn fight bash -c "$(declare -f detach_for_ever); detach_for_ever $(pin link_$hook)"
	wait_for 20 shows a "status: no carrier (no usable port"
	kill "${CHILD[fight]}"
	reap fight || :
	wait_for 10 has_carrier a lagg0
	wait_for 5 passes
}
