#!/bin/sh
# took.sh TARGET MINUTES FILE
# Prints how long a target took beside its budget. It began at the time in FILE (seconds since 1970). Machines differ, so
# nothing fails: what grows beyond its budget is made faster or moved to test-long.
set -eu
took=$(($(date +%s) - $(cat "$3")))
printf '%s took %d:%02d min; its budget on two cores is %d\n' "$1" $((took / 60)) $((took % 60)) "$2"
