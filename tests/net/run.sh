#!/bin/bash
# run.sh FOLDER TAP
# Runs every function test_* of FOLDER/test_*.sh, each in a shell and in namespaces of its own, and writes TAP. The output of a
# failed test and the logs of its agents follow its line.
#   ONLY          a pattern that a test's name has to match
#   BESIDE        patterns of tests that mostly wait: they run one after the other, beside the others
#   TEST_SAMPLE   "COUNT SEED": so many of these tests, chosen by the seed
set -euo pipefail
folder=$1 tap=$2 only=${ONLY:-*}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export B=${B:-build} LIB=$here/lib.sh
B=$(realpath "$B")
# shellcheck source=tests/net/scratch.sh
. "$here/scratch.sh"
scratch_begin
lane='' try=''
# When this ends before its tests do, they end with it.
stop() { [ -z "$1" ] || { kill "$1" && wait "$1"; } 2>/dev/null || :; }
trap 'stop "$lane"; stop "$try"; scratch_end' EXIT
trap 'exit 130' INT TERM

: >"$tap"
# say: prints what it reads, as a whole
say() { flock "$RUN/say" tee -a "$tap"; }

# try FILE FUNCTION: runs a test once and returns its exit status; its output is in $log
try() {
	local status=0
	# What a shell starts in the background does not get SIGINT.
	# shellcheck disable=SC2016
	NAME=$2 env --default-signal=INT,QUIT timeout -k 15 "${TEST_SECONDS:-150}" \
		bash -c 'set -euo pipefail; . "$LIB"; . "$1"; "$2"' "$2" "$1" "$2" >"$log" 2>&1 </dev/null &
	try=$!
	wait $try || status=$?
	try=''
	return $status
}

# tables: what a test measured, also where it does not count
tables() { sed -n 's/^table: /# /p' "$log"; }

# run_test NUMBER FILE FUNCTION: runs a test, prints its line, and returns whether it is well. What is measured depends on when
# the machine runs which process, and the partner's processes are among them. So a test that fails is tried again, up to three
# times in all, and every failure is printed; tally.sh counts them.
TRIES=${TRIES:-3}
run_test() {
	local number=$1 name=$3 log=$RUN/$3.log status start=$SECONDS note='' tried
	for ((tried = 1; tried <= TRIES; tried++)); do
		status=0
		try "$2" "$name" || status=$?
		[ $status != 0 ] && [ $status != 77 ] && [ $tried -lt $TRIES ] || break
		echo "# $name: try $tried failed (status $status): $(grep -m 1 FAILED "$log" || tail -n 1 "$log")" | say
		note=", try $((tried + 1))"
	done
	case $status in
	0)
		echo "ok $number - $name ($((SECONDS - start)) s$note)"
		tables
		;;
	77)
		echo "ok $number - $name # SKIP $(sed -n 's/^skipped: //p' "$log")"
		tables
		;;
	*)
		echo "not ok $number - $name (status $status, $((SECONDS - start)) s$note)"
		sed 's/^/# /' "$log"
		;;
	esac | say
	[ $status = 0 ] || [ $status = 77 ]
}

# run_tests TEST...: runs some, NUMBER:FILE:FUNCTION, one after the other, and returns whether all are well
run_tests() {
	local test number file name bad=0
	for test; do
		IFS=: read -r number file name <<<"$test"
		run_test "$number" "$file" "$name" || bad=1
	done
	return $bad
}
# waits FUNCTION: whether it is among those that mostly wait
waits() {
	local pattern patterns
	read -ra patterns <<<"${BESIDE:-}"
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053
		if [[ $1 == $pattern ]]; then return 0; fi
	done
	return 1
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
main=() beside=() # NUMBER:FILE:FUNCTION
for i in "${!tests[@]}"; do
	if waits "${tests[i]##*:}"; then beside+=("$((i + 1)):${tests[i]}"); else main+=("$((i + 1)):${tests[i]}"); fi
done
failed=0
(
	trap 'stop "$try"; exit 143' TERM
	run_tests "${beside[@]}"
) &
lane=$!
run_tests "${main[@]}" || failed=1
wait $lane || failed=1
lane=''
echo "1..${#tests[@]}" | say
[ ${#tests[@]} -gt 0 ] || { echo "no test matches $only" >&2; exit 1; }
[ $failed = 0 ]
