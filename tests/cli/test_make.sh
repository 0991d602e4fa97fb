# shellcheck shell=bash
# What a developer meets: the targets of make, and the sum under a run of tests.

tree() { realpath "$(dirname "${BASH_SOURCE[0]}")/../.."; }
in_tree() { env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -C "$(tree)" "$@"; }

test_every_folder_of_tests_has_a_target() {
	local folder
	in_tree help >"$D/help"
	for folder in unit $(cd "$(tree)/tests" && ls -- */layer.mk); do
		folder=${folder%/layer.mk}
		[ "$folder" != bench ] || continue # measures, tests nothing
		grep -qE "^  make test-$folder +[^ ]" "$D/help" || fail "make help does not list test-$folder"
	done
}
test_a_name_that_only_builds_says_so() {
	local part
	for part in bpf core ctl sys cli; do
		matches "$(in_tree -n $part | tail -n 1)" "$part: built, nothing tested: make test-[a-z]+" "make $part"
	done
}

test_uninstall_undoes_install() {
	mkdir -p "$D/root/usr/share/man/man8"
	echo theirs >"$D/root/usr/share/man/man8/other.8"
	(cd "$D/root" && find . -type f) >"$D/before"
	in_tree install DESTDIR="$D/root" PREFIX=/usr >/dev/null
	[ -x "$D/root/usr/sbin/xlaggd" ] || fail "no xlaggd was installed"
	[ -s "$D/root/usr/share/doc/xlagg/troubleshooting.md" ] || fail "no documents were installed"
	[ -s "$D/root/usr/share/xlagg/grafana/alerts.yml" ] || fail "no alerts were installed"
	[ -s "$D/root/usr/share/ansible/roles/xlagg/library/xlagg_config.py" ] || fail "no Ansible role was installed"
	grep -q '^ExecStart=/usr/sbin/xlaggd' "$D/root/usr/lib/systemd/system/xlaggd.service" || fail "the unit's path"
	grep -q '^ExecStart=/usr/sbin/xlagg exporter' "$D/root/usr/lib/systemd/system/xlagg-exporter.service" || fail "the exporter's"
	[ ! -x "$B/xlagg-agentx" ] || grep -q '^ExecStart=/usr/sbin/xlagg-agentx' "$D/root/usr/lib/systemd/system/xlagg-agentx.service" ||
		fail "the unit for SNMP"
	in_tree uninstall DESTDIR="$D/root" PREFIX=/usr >/dev/null
	(cd "$D/root" && find . -type f) | diff "$D/before" - || fail "files are left, or gone"
}

# tap NAME LINE...: writes it; tally NAME...: prints the sum of these, OUT and STATUS
tap() { printf '%s\n' "${@:2}" >"$D/$1.tap"; }
tally() {
	STATUS=0
	OUT=$("$(tree)/tests/tally.sh" "${@/#/$D/}") || STATUS=$?
}
test_tally_adds_up() {
	tap good 'ok 1 - a' 'ok 2 - b # SKIP no such kernel' 1..2
	tally good.tap
	is "$STATUS" 0 "status"
	is "$OUT" $'good: ok 2 - b # SKIP no such kernel\n0 second tries\n1 passed, 0 failed, 1 skipped' "sum"
	tap absent '1..0 # SKIP no mirror'
	tally good.tap absent.tap
	is "$STATUS" 0 "status with a layer that is skipped"
	is "$OUT" $'good: ok 2 - b # SKIP no such kernel\nabsent: SKIP no mirror\n0 second tries\n1 passed, 0 failed, 2 skipped' "sum"
	tap bad 'ok 1 - a' 'not ok 2 - b' 1..2
	tally good.tap bad.tap
	is "$STATUS" 1 "status with a failed test"
	is "$(tail -n 1 <<<"$OUT")" "2 passed, 1 failed, 1 skipped" "closing line"
	tap short 'ok 1 - a' 1..2
	tally short.tap
	is "$STATUS" 1 "status where a test is missing"
	tap skipped 'ok 1 - a # SKIP no' 1..1
	tally good.tap skipped.tap
	is "$STATUS" 1 "status where all of a layer was skipped"
	tally good.tap none.tap
	is "$STATUS" 1 "status where a layer wrote nothing"
}
test_tally_counts_second_tries() {
	local -a second=('# a: try 1 failed (status 1): FAILED: x' 'ok 1 - a (3 s, try 2)')
	local -a third=('# b: try 1 failed (status 1): FAILED: y' '# b: try 2 failed (status 1): FAILED: y' 'ok 2 - b (3 s, try 3)')
	tap two "${second[@]}" "${third[@]}" 1..2
	tally two.tap
	is "$STATUS" 0 "status with two second tries"
	matches "$OUT" '^two: a: try 1 failed .*x' "name of the first"
	matches "$OUT" '^two: b: try 2 failed .*y' "name of the second"
	is "$(tail -n 2 <<<"$OUT")" $'2 second tries\n2 passed, 0 failed, 0 skipped' "sum"
	tap more "${second[@]}" "${third[@]}" 1..2
	tally two.tap more.tap
	is "$STATUS" 1 "status with four second tries"
	is "$(tail -n 2 <<<"$OUT")" $'4 second tries: more than 3, which fails the run\n4 passed, 0 failed, 0 skipped' "sum"
}
