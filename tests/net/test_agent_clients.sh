# shellcheck shell=bash
# The control socket: many clients, bad clients, clients without rights; and one agent for each namespace.

client() { spawn "$1" "$B/tests/net/client" "$D/a.sock" "${@:2}"; }
ready() { grep -q ready "$D/$1.out"; }
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

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
