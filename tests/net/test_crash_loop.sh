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
	spawn partner "$B/xlagg" --socket "$D/b.sock" -j monitor lagg0
	wait_for 5 partner_tells
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
	is "$(jq -c 'select(.event != "lagg-change")' "$D/partner.out")" "" "what the partner's agent told"
	! grep "starts anew" "$D/agent-a.log" || fail "LACP of a port started anew"
}
