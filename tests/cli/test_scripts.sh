# shellcheck shell=bash
# What shellcheck says of every script of the tree.

test_scripts_have_no_finding() {
	local tree scripts
	command -v shellcheck >/dev/null || skip "shellcheck is not installed"
	tree=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
	cd "$tree" || fail "no $tree"
	mapfile -t scripts < <(find .ci bpf deploy tests -type f ! -path '*/corpus/*' -exec grep -lIE '^#!/bin/(ba)?sh|^# shellcheck shell=' {} +)
	at_least ${#scripts[@]} 60 "scripts"
	shellcheck --severity=warning "${scripts[@]}" >"$D/findings" 2>&1 || fail "$(cat "$D/findings")"
}
