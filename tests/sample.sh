#!/bin/sh
# sample.sh COUNT SEED WORD...
# Prints COUNT of the words, or all where there are no more, one a line: the same ones for the same seed, in the order in
# which they were given.
set -eu
count=$1 seed=$2
shift 2
printf '%s\n' "$@" | awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand(), NR, $0 }' | sort -n | head -n "$count" |
	sort -n -k 2 | cut -d ' ' -f 3-
