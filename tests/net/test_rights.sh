# shellcheck shell=bash disable=SC2154
# What the agent may still do once it runs, and what it says of those who changed something.

status_of() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/${AGENT[a]}/status"; }

test_rights_given_up() {
	lagg_pair 2 proto lacp lacp-rate fast
	# NET_ADMIN 12, NET_RAW 13, SYS_PTRACE 19, SYS_ADMIN 21, PERFMON 38, BPF 39
	is "$((16#$(status_of CapPrm)))" $((1 << 12 | 1 << 13 | 1 << 19 | 1 << 21 | 1 << 38 | 1 << 39)) "capabilities"
	is "$((16#$(status_of CapEff)))" "$((16#$(status_of CapPrm)))" "effective capabilities"
	is "$(status_of NoNewPrivs)" 1 "no new privileges"
	is "$(status_of Seccomp)" 2 "filter for system calls"
	is "$(stat -c %a "$D/a.sock")" 660 "mode of the socket"
	step "with these rights ports come and go, programs change, and the lagg is taken down"
	xl a port del lagg0 eth2
	xl a port add lagg0 eth2
	xl a lagg set lagg0 hash l3
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	xl a flush
	agent_end a TERM
	is "$END_STATUS" 0 "exit status"
}

test_who_changed_what() {
	two_hosts 1
	agent a
	xl a lagg add lagg0 port eth1 hash l2
	grep -qE '^xlaggd: uid 0, pid [0-9]+ \(xlagg\): lagg add lagg0 hash .*port eth1$' "$D/agent-a.log" ||
		fail "the log does not say who added lagg0: $(cat "$D/agent-a.log")"
	refused 'no device' xl a port add lagg0 eth7
	grep -qE 'uid 0, pid [0-9]+ \(xlagg\): port add lagg0 eth7: refused: ' "$D/agent-a.log" || fail "no word of a refused command"
	step "who only reads, or tries a file, is not named"
	local lines
	lines=$(grep -c 'uid 0' "$D/agent-a.log")
	xl a lagg show >/dev/null
	echo "lagg add lagg1" >"$D/file"
	xl a check "$D/file"
	is "$(grep -c 'uid 0' "$D/agent-a.log")" "$lines" "lines about who changed something"
	step "a large transaction is a few lines"
	for ((i = 0; i < 50; i++)); do echo "lagg add many$i port q$i absent ok"; done >"$D/file"
	xl a -b "$D/file"
	xl a save >"$D/all"
	xl a flush
	lines=$(grep -c 'uid 0' "$D/agent-a.log")
	xl a restore "$D/all"
	is "$(grep -c 'uid 0' "$D/agent-a.log")" $((lines + 17)) "lines of a transaction of 51 commands"
	grep -q 'and 35 more commands' "$D/agent-a.log" || fail "the rest is not counted"
}
