# shellcheck shell=bash
# The control socket: many clients, bad clients, clients without rights; and one agent for each namespace.

client() { spawn "$1" "$B/tests/net/client" "$D/a.sock" "${@:2}"; }
ready() { grep -q ready "$D/$1.out"; }

test_many_clients() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2
	client many hold 64
	wait_for 5 ready many
	refused 'as many clients as it can serve' xl a lagg show
	kill "${CHILD[many]}"
	reap many || :
	wait_for 3 answers a
	step "readers do not lock out who may change"
	chmod 755 "$RUN" "$D"
	chmod 666 "$D/a.sock"
	spawn readers as_nobody "$(copy_of client)" "$D/a.sock" hold 50
	wait_for 5 ready readers
	refused 'as many clients as it can serve' as_nobody "$(copy_of ../../xlagg)" --socket "$D/a.sock" lagg show
	xl a lagg set lagg0 peer-notify 5
}
# copy_of TOOL: copies a program to where every user may run it, and prints that path
copy_of() {
	local name=${1##*/}
	[ -x "$D/$name" ] || install -m 755 "$B/tests/net/$1" "$D/$name"
	echo "$D/$name"
}
test_client_without_rights() {
	lagg_pair 2 proto failover
	chmod 755 "$RUN" "$D"
	local cli
	cli=$(copy_of ../../xlagg)
	refused 'permission denied' as_nobody "$cli" --socket "$D/a.sock" lagg show
	chmod 666 "$D/a.sock"
	matches "$(as_nobody "$cli" --socket "$D/a.sock" lagg show)" 'laggproto failover' "what a reader sees"
	xl a save >"$D/before"
	refused 'only root and the group xlagg-admin' as_nobody "$cli" --socket "$D/a.sock" lagg set lagg0 proto none
	refused 'only root and the group xlagg-admin' as_nobody "$cli" --socket "$D/a.sock" flush
	refused 'only root and the group xlagg-admin' as_nobody "$cli" --socket "$D/a.sock" reload
	xl a save | diff "$D/before" - || fail "the configuration changed"
}
test_client_that_does_not_read() {
	lagg_pair 2 proto failover
	client deaf deaf
	wait_for 5 ready deaf
	local i
	for ((i = 0; i < 40; i++)); do
		xl a lagg set lagg0 peer-notify $((i % 7)) || fail "command $i: the agent waits for someone who does not read"
	done
	on a ping -c 1 -W 1 10.0.0.2
}
test_client_with_wrong_messages() {
	lagg_pair 2 proto failover
	xl a save >"$D/before"
	"$B/tests/net/client" "$D/a.sock" noise 3000
	xl a save | diff "$D/before" - || fail "the configuration changed"
	on a ping -c 1 -W 1 10.0.0.2
}
test_second_agent_with_a_socket_of_its_own() {
	lagg_pair 2 proto failover
	local status=0 before
	before=$(stat -c %i "$D/a.sock")
	"$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/other.sock" --bpffs "$BPFFS/$P-other" --state "$D/state-other" \
		>"$D/second" 2>&1 || status=$?
	is $status 1 "exit status of a second agent"
	is "$(wc -l <"$D/second")" 1 "lines on stderr"
	matches "$(cat "$D/second")" 'another agent' "its sentence"
	is "$(stat -c %i "$D/a.sock")" "$before" "the first one's socket"
	status=0
	"$B/xlaggd" -n "$P-a" --flush --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" >"$D/second" 2>&1 ||
		status=$?
	is $status 1 "exit status of a flush beside an agent"
	xl a agent show
	on a ping -c 1 -W 1 10.0.0.2
}
ticks_of_agent() { awk '{ print $14 + $15 }' "/proc/${AGENT[a]}/stat"; }
test_client_without_a_descriptor() {
	two_hosts 1
	agent a
	xl a lagg add lagg0 port eth1
	local before
	prlimit --pid "${AGENT[a]}" --nofile=3: # what is open stays open
	client waits hold 1
	wait_for 5 grep -q 'no client can be served for now' "$D/agent-a.log"
	before=$(ticks_of_agent)
	pause 2
	at_most $(($(ticks_of_agent) - before)) 40 "ticks of the agent in 2 s while a client cannot be accepted"
	is "$(grep -c 'no client can be served' "$D/agent-a.log")" 1 "complaints"
	prlimit --pid "${AGENT[a]}" --nofile=4096:
	wait_for 5 answers a
}
# waiting_octets: prints how much memory of the kernel what the agent sent to clients and they have not read takes
waiting_octets() { ss -Hxa | awk -v path="$D/a.sock" '$5 == path { sum += $4 } END { print sum + 0 }'; }
test_clients_that_never_read_hold_little() {
	lagg_pair 2 proto failover
	local i
	for i in 1 2 3 4 5 6 7 8; do client deaf$i deaf; done
	for i in 1 2 3 4 5 6 7 8; do wait_for 5 ready deaf$i; done
	for ((i = 0; i < 150; i++)); do echo "lagg set lagg0 peer-notify $((i % 7))"; done >"$D/changes"
	local most=0 now
	for i in 1 2 3 4 5 6 7 8; do
		xl a -b "$D/changes"
		now=$(waiting_octets)
		[ "$now" -le "$most" ] || most=$now
	done
	at_least "$most" 100000 "octets that wait for eight clients which never read"
	at_most "$most" $((8 * 1100 * 1024)) "octets that wait for eight clients which never read"
	on a ping -c 1 -W 1 10.0.0.2
}
test_readers_keep_nobody_waiting() {
	two_hosts 2
	agent a
	for ((i = 0; i < 100; i++)); do echo "lagg add many$i proto lacp port q$i absent ok"; done >"$D/all"
	xl a restore "$D/all"
	chmod 755 "$RUN" "$D"
	chmod 666 "$D/a.sock"
	local cli NOW begin
	cli=$(copy_of ../../xlagg)
	for i in 1 2 3 4 5 6; do
		spawn reader$i as_nobody bash -c "while [ -e '$D/a.sock' ]; do '$cli' --socket '$D/a.sock' -j lagg show >/dev/null || :; done"
	done
	pause 1
	for ((i = 0; i < 10; i++)); do
		now_us
		begin=$NOW
		answers a || fail "no answer"
		now_us
		at_most $(((NOW - begin) / 1000)) 1000 "ms for an administrator's question beside six readers"
	done
}
