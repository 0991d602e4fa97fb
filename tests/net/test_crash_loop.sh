# shellcheck shell=bash
# Agents that die while they start, one after the other, as when a manager starts them again and again. The kernel speaks LACP
# all the time, and nothing that an agent does before its death takes that away.

LIVES=20
# The calls of a start of which one is the agent's end
CALLS=accept4,bpf,dup,epoll_create1,epoll_ctl,faccessat2,fcntl,getdents64,ioctl,mkdir,mmap,newfstatat,openat,read,readlink,recvfrom,recvmsg,rename,sendmsg,sendto,socket,statfs,unlink,write
# count_calls: sets COUNTED to how many of them an agent makes until it has taken over and answers
count_calls() {
	agent_under_orders
	order report
	COUNTED=$(jq --arg calls $CALLS '[.calls | to_entries[] | select(.key | IN($calls / "," | .[])).value] | add' <<<"$REPLY")
	kill_agent_under_orders
}
# dies_at N: runs an agent on host a that is killed instead of the Nth call
dies_at() {
	agent_held
	order kill $CALLS "$1"
	wait_for 30 has_ended "$INJECTOR"
	unset "AGENT[a]"
}
# call_of LIFE: prints the call that ends it. Programs are checked first, which is most of the calls and touches no lagg.
call_of() {
	local early=$((LIVES / 5))
	if [ "$1" -le $early ]; then
		echo $((COUNTED * 3 / 4 * $1 / early))
	else
		echo $((COUNTED * 3 / 4 + COUNTED / 4 * ($1 - early) / (LIVES - early)))
	fi
}
# watch_partner: records from now on what b's agent tells; partner_saw_nothing: the test fails if a change is among it
watch_partner() {
	spawn partner "$B/xlagg" --socket "$D/b.sock" -j monitor lagg0
	wait_for 5 partner_tells
}
partner_saw_nothing() {
	is "$(jq -c 'select(.event != "lagg-change")' "$D/partner.out")" "" "what the partner's agent told"
}
partner_tells() {
	xl b lagg set lagg0 peer-notify $((RANDOM % 250))
	[ -s "$D/partner.out" ]
}

# With LACP at the fast rate, a partner gives up after 3 s. No frame is lost, and the partner sees no change.
test_headless_crash_loop() {
	local life h
	lagg_pair 2 proto lacp lacp-rate fast
	for h in a b; do wait_for 10 distributing_are $h 2; done
	agent_end a KILL
	count_calls
	watch_partner
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	stream back b a 10.0.0.1 5002 -r 1000 -f 64
	for ((life = 1; life <= LIVES; life++)); do
		step "agent $life dies at call $(call_of $life) of $COUNTED"
		dies_at "$(call_of $life)"
		pause "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
	done
	agent a
	never 3 not_distributing b eth1
	for h in a b; do distributing_are $h 2 || fail "$h does not distribute on both ports"; done
	end_stream there
	end_stream back
	no_loss there
	no_loss back
	partner_saw_nothing
	! grep "starts anew" "$D/agent-a.log" || fail "LACP of a port started anew"
}

# An agent that is held up while it reads what the kernel did: the LACPDUs that come meanwhile are no damage. Which of its calls
# of bpf reads that is seen by strace, which then holds this one up: of each thread the same calls are counted.
agent_by_strace() {
	: >"$D/a.conf"
	spawn strace strace -qq -e trace=bpf -e signal=none "$@" -o "$D/bpf" "$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" \
		--bpffs "$BPFFS/$P-a" --state "$D/state-a"
	wait_for 5 find_agent_by_strace
	wait_for 30 answers a
}
# shellcheck disable=SC2154 # the key of an array
find_agent_by_strace() { AGENT[a]=$(pgrep -P "${CHILD[strace]}" xlaggd); }
end_by_strace() {
	kill -KILL "${AGENT[a]}"
	! reap strace || fail "the agent ended by itself"
	unset "AGENT[a]"
}
test_headless_held_up_while_reading() {
	local nth h
	lagg_pair 2 proto lacp lacp-rate fast
	for h in a b; do wait_for 10 distributing_are $h 2; done
	watch_partner
	agent_end a KILL
	agent_by_strace
	end_by_strace
	nth=$(awk '/OBJ_GET, .*lagg0\/headless"/ && !map { map = "map_fd=" $NF "," } map && /MAP_LOOKUP/ && index($0, map) { print NR; exit }' "$D/bpf")
	[ "$nth" ] || fail "the agent does not look at what the kernel did"
	agent_by_strace -e "inject=bpf:delay_enter=2000000:when=$nth"
	matches "$(sed -n "${nth}p" "$D/bpf")" 'MAP_LOOKUP.*DELAYED' "the call that was held up"
	never 3 not_distributing b eth1
	partner_saw_nothing
	! grep -E "damaged|anew" "$D/strace.err" || fail "LACPDUs that came meanwhile were taken for damage"
	end_by_strace
}
