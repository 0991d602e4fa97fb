#!/bin/sh
# corpus.sh TAP FUZZER...
# Runs each fuzzer once on every input of its corpus. A fuzzer without a corpus fails: it would test nothing.
set -eu
tap=$1
shift
here=$(dirname "$0")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0 failed=0
echo "1..$#" > "$tap"
for fuzzer; do
	n=$((n + 1))
	name=$(basename "$fuzzer")
	inputs=$(find "$here/corpus/$name" -type f 2>/dev/null | wc -l)
	if [ "$inputs" -gt 0 ] && find "$here/corpus/$name" -type f -exec "$fuzzer" -verbosity=0 {} + > "$log" 2>&1; then
		echo "ok $n - $name: $inputs inputs" | tee -a "$tap"
	else
		failed=1
		echo "not ok $n - $name: $inputs inputs" | tee -a "$tap"
		tail -n 40 "$log"
	fi
done
exit $failed
