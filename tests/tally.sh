#!/bin/sh
# tally.sh TAP...
# Names what failed, what was skipped and what needed a second try, then prints "N second tries" and, as the last line,
# "N passed, N failed, N skipped". Fails when a test failed, when more than three needed a second try, or when a layer wrote
# no result, fewer than it planned, or skipped every test. A layer that planned none and says why ("1..0 # SKIP ...") is one
# that is skipped.
set -eu
SECOND_TRIES_MAX=3
passed=0 failed=0 skipped=0 retried=0 bad=0
for tap; do
	layer=$(basename "$tap" .tap)
	[ -s "$tap" ] || { echo "$layer: no result at all"; failed=$((failed + 1)); continue; }
	if grep -qiE '^1\.\.0 # skip' "$tap"; then
		sed -n "s/^1\.\.0 # /$layer: /p" "$tap"
		skipped=$((skipped + 1))
		continue
	fi
	s=$(grep -ciE '^ok.* # skip' "$tap") || s=0
	p=$(grep -cE '^ok' "$tap") || p=0
	f=$(grep -cE '^not ok' "$tap") || f=0
	t=$(grep -cE '^# .*: try 1 failed' "$tap") || t=0
	planned=$(sed -n 's/^1\.\.//p' "$tap" | head -n 1)
	[ "$planned" = $((p + f)) ] || {
		echo "$layer: ended after $((p + f)) of ${planned:-an unknown number of} tests"
		f=$((f + 1))
	}
	grep -E '^# .*: try [0-9] failed' "$tap" | sed "s|^# |$layer: |" || :
	# with what Criterion says below the line
	sed -n '/^not ok/,/^  \.\.\./{/^not ok/p;/^  /p}' "$tap" | sed "s|^|$layer: |"
	grep -iE '^ok.* # skip' "$tap" | sed "s|^|$layer: |" || :
	[ $((p - s + f)) -gt 0 ] || { echo "$layer: every test was skipped"; bad=1; }
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s)) retried=$((retried + t))
done
if [ $retried -gt $SECOND_TRIES_MAX ]; then
	echo "$retried second tries: more than $SECOND_TRIES_MAX, which fails the run"
	bad=1
else
	echo "$retried second tries"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $bad = 0 ] && [ $passed -gt 0 ]
