# shellcheck shell=bash
# The journal of a transaction: an agent that dies in the middle of a change of several laggs is undone, all of it.

aliases() { for port in eth1 eth2 eth3 eth4; do nip a -j link show $port | jq -r '.[0] | "\(.ifname) \(.ifalias // "free")"'; done; }
mac_of_lagg0() { nip a -j link show lagg0 | jq -r '.[0].address'; }
journal() { [ -e "$BPFFS/$P-a/transaction-journal" ]; }
pins() { find "$BPFFS/$P-a" -mindepth 1 -maxdepth 1 ! -name netif-carrier-watch -printf '%f\n' | sort | xargs; }
saved() { xl a save | sed -z 's/\\\n//g' | sort; } # laggs that are made again come last
logged() { grep -qE -- "$1" "$D/agent-a.log"; }

# three_laggs [BEFORE AFTER]: one lagg is removed, one is changed, and one is made, with a port of the first. BEFORE and AFTER:
# more lines of both configurations.
three_laggs() {
	two_hosts 4
	cat >"$D/before" <<-END
		${1:-}
		lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
		lagg add lagg1 proto loadbalance port eth3 10.0.1.1/24
	END
	cat >"$D/after" <<-END
		${2:-}
		lagg add lagg1 proto loadbalance hash l3 port eth3 10.0.1.1/24 10.0.1.3/24
		lagg add lagg3 proto failover port eth1 port eth4 10.0.0.1/24
	END
	agent_under_orders
	xl a restore "$D/after"
	saved >"$D/after.saved"
	xl a restore "$D/before"
	saved >"$D/before.saved"
	mac_of_lagg0 >"$D/mac"
}
all_as_before() {
	is "$(saved)" "$(cat "$D/before.saved")" "configuration"
	is "$(mac_of_lagg0)" "$(cat "$D/mac")" "MAC of lagg0"
	is "$(aliases | xargs)" "eth1 port of lagg0 (xlagg) eth2 port of lagg0 (xlagg) eth3 port of lagg1 (xlagg) eth4 free" "ports"
	is "$(pins)" "lagg0 lagg1" "pins"
	is "$(nip a -br address show lagg1 | grep -o '10\.0\.[0-9./]*' | xargs)" "10.0.1.1/24" "addresses"
	! nip a link show lagg3 >/dev/null 2>&1 || fail "lagg3 is there"
}
all_as_after() {
	is "$(saved)" "$(cat "$D/after.saved")" "configuration"
	is "$(aliases | xargs)" "eth1 port of lagg3 (xlagg) eth2 free eth3 port of lagg1 (xlagg) eth4 port of lagg3 (xlagg)" "ports"
	is "$(pins)" "lagg1 lagg3" "pins"
	! nip a link show lagg0 >/dev/null 2>&1 || fail "lagg0 is there"
}
# dies CALL N: the agent is killed in place of its Nth such call while it makes the change, or afterwards: then it returns 1.
dies() {
	local status=0
	order "kill $1 $2"
	! xl a restore "$D/after" >/dev/null 2>&1 || status=1
	eval "exec $ORDERS>&-" # without orders it is killed
	wait "$INJECTOR" 2>/dev/null || :
	unset "AGENT[a]"
	return $status
}
as_before_or_after() {
	if xl a save | holds 'lagg0'; then all_as_before; else all_as_after; fi
}
# killed_at CALL STEP: at every STEPth call until the change is done before it
killed_at() {
	local n back=0
	for ((n = 1; ; n += $2)); do
		dies "$1" "$n" || break
		agent_under_orders
		step "$1 $n: $(saved)"
		as_before_or_after
		! xl a save | holds lagg0 || back=$((back + 1))
		xl a restore "$D/before"
		all_as_before
	done
	agent a
	all_as_after
	[ "$back" -gt 3 ] || fail "it went back $back times only"
	logged 'the agent ended in the middle of a change of [0-9]+ laggs, which is undone' || fail "the log does not say so"
	! grep -E 'changed (by someone else|while no agent ran)|someone else removed' "$D/agent-a.log" || fail "others are blamed"
}
test_journal_death_at_a_call_of_bpf() { three_laggs; killed_at bpf 37; }
test_journal_death_at_a_request_of_netlink() { three_laggs; killed_at sendto 13; }
test_journal_death_at_a_pin() { three_laggs; killed_at unlink 11; }

# The next agent is killed while it goes back, and the one after it as well.
test_journal_death_while_it_is_undone() {
	three_laggs
	local n
	dies unlink 10 || fail "the change makes no ten calls of unlink"
	journal || fail "there is no journal"
	for n in 20 100 200 300; do
		agent_start a
		pause "0.$(printf %03d $n)"
		agent_end a KILL
	done
	agent a
	all_as_before
}

# Neither a journal of another version nor a damaged one is used. What else is pinned then goes on.
test_journal_of_another_version_is_dropped() {
	two_hosts 1
	agent a
	xl a lagg add lagg0 port eth1
	agent_end a KILL
	bpftool map create "$BPFFS/$P-a/transaction-journal" type array key 4 value 4096 entries 2 name journal
	agent a
	logged 'journal of a change .* is not used: it is of another version' || fail "the log does not say so"
	! journal || fail "the journal is still there"
	xl a lagg show lagg0 >/dev/null
	agent_end a KILL
	bpftool map create "$BPFFS/$P-a/transaction-journal" type array key 4 value 16384 entries 1 name journal
	agent a
	! journal || fail "the journal is still there"
	xl a lagg show lagg0 >/dev/null
}
test_journal_that_is_damaged_is_dropped() {
	three_laggs
	dies unlink 10 || fail "the change makes no ten calls of unlink"
	local file=$BPFFS/$P-a/transaction-journal
	mapfile -t bytes < <(bpftool -j map dump pinned "$file" | jq -r '.[0].value[]')
	bytes[200]=$(printf '0x%02x' $((bytes[200] ^ 1)))
	printf '%s\n' "${bytes[@]}" | xargs -n 100000 -s 1000000 bpftool map update pinned "$file" key 0 0 0 0 value
	agent a
	logged 'journal of a change .* is not used: it is damaged' || fail "the log does not say so"
	! journal || fail "the journal is still there"
	xl a flush
	is "$(aliases | xargs)" "eth1 free eth2 free eth3 free eth4 free" "ports"
	is "$(pins)" "" "pins"
}
test_journal_goes_with_a_flush_of_no_agent() {
	three_laggs
	dies unlink 10 || fail "the change makes no ten calls of unlink"
	"$B/xlaggd" --flush -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a"
	is "$(pins)" "" "pins"
	is "$(aliases | xargs)" "eth1 free eth2 free eth3 free eth4 free" "ports"
}

# Where it cannot be kept, the change is refused before anything is done. Removing is not.
test_journal_that_cannot_be_kept() {
	three_laggs
	echo "lagg add lagg2 proto failover port eth4" >>"$D/before"
	xl a restore "$D/before"
	saved >"$D/before.saved"
	mkdir "$BPFFS/$P-a/transaction-journal" # in the way of the pin
	! xl a restore "$D/after" 2>"$D/err" || fail "it is not refused"
	matches "$(cat "$D/err")" '.*what the laggs are now cannot be recorded in .* for the next agent: .*' "what it says"
	is "$(saved)" "$(cat "$D/before.saved")" "configuration"
	! logged 'lagg0.*(removed|retired)' || fail "something was done"
	xl a lagg set lagg1 hash l3
	xl a flush
	logged 'what the laggs were cannot be recorded in .*: if the agent ends now' || fail "the log does not say so"
	is "$(aliases | xargs)" "eth1 free eth2 free eth3 free eth4 free" "ports"
	rmdir "$BPFFS/$P-a/transaction-journal"
	is "$(pins)" "" "pins"
}

# A bond that is waited for is a part of the configuration, too: whether it comes, goes or is another afterwards.
test_journal_of_laggs_that_wait_for_their_bonds() {
	three_laggs $'lagg take bond7 proto failover\nlagg take bond8 proto failover\n' \
		$'lagg take bond8 proto loadbalance\nlagg take bond9 proto failover\n'
	matches "$(xargs <"$D/before.saved")" '.*lagg take bond7.*lagg take bond8.*' "configuration"
	killed_at rename,renameat,renameat2,unlink 9
}
