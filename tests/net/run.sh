#!/bin/bash
# run.sh FOLDER TAP
# Runs every function test_* of FOLDER/test_*.sh, each in a shell and in namespaces of its own, and writes TAP. The output of a
# failed test and the logs of its agents follow its line.
#   ONLY          a pattern that a test's name has to match
#   TEST_SAMPLE   "COUNT SEED": so many of these tests, chosen by the seed
set -euo pipefail
folder=$1 tap=$2 only=${ONLY:-*}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export B=${B:-build} LIB=$here/lib.sh
B=$(realpath "$B")
# shellcheck source=tests/net/scratch.sh
. "$here/scratch.sh"
scratch_begin
trap scratch_end EXIT
trap 'exit 130' INT TERM

number=0 failed=0
: >"$tap"
say() { echo "$*" | tee -a "$tap"; }

# try FILE FUNCTION: runs a test once and returns its exit status; its output is in $log
try() {
	local status=0
	# shellcheck disable=SC2016
	NAME=$2 timeout -k 15 "${TEST_SECONDS:-150}" \
		bash -c 'set -euo pipefail; . "$LIB"; . "$1"; "$2"' "$2" "$1" "$2" >"$log" 2>&1 </dev/null || status=$?
	return $status
}

# run_test FILE FUNCTION: runs a test and prints its line. What is measured depends on when the machine runs which process, and
# the partner's processes are among them. So a test that fails is tried again, up to three times in all, and every failure is
# printed; tally.sh counts them.
TRIES=${TRIES:-3}
run_test() {
	local name=$2 log=$RUN/$2.log status start=$SECONDS note= tried
	number=$((number + 1))
	for ((tried = 1; tried <= TRIES; tried++)); do
		status=0
		try "$1" "$name" || status=$?
		[ $status != 0 ] && [ $status != 77 ] && [ $tried -lt $TRIES ] || break
		say "# $name: try $tried failed (status $status): $(grep -m 1 FAILED "$log" || tail -n 1 "$log")"
		note=", try $((tried + 1))"
	done
	case $status in
	0)
		say "ok $number - $name ($((SECONDS - start)) s$note)"
		sed -n 's/^table: /# /p' "$log" | tee -a "$tap" # what a test measured
		;;
	77) say "ok $number - $name # SKIP $(sed -n 's/^skipped: //p' "$log")" ;;
	*)
		failed=$((failed + 1))
		say "not ok $number - $name (status $status, $((SECONDS - start)) s$note)"
		sed 's/^/# /' "$log" | tee -a "$tap"
		;;
	esac
}

tests=() # FILE:FUNCTION
for file in "$folder"/test_*.sh; do
	for name in $(sed -n 's/^\(test_[a-z0-9_]*\)() {.*/\1/p' "$file"); do
		# shellcheck disable=SC2053
		if [[ $name == $only ]]; then tests+=("$file:$name"); fi
	done
done
if [ "${TEST_SAMPLE:-}" ] && [ ${#tests[@]} -gt 0 ]; then
	# shellcheck disable=SC2086
	mapfile -t tests < <("$here/../sample.sh" $TEST_SAMPLE "${tests[@]}")
fi
for test in "${tests[@]}"; do run_test "${test%:*}" "${test##*:}"; done
say "1..$number"
[ $number -gt 0 ] || { echo "no test matches $only" >&2; exit 1; }
[ $failed = 0 ]
