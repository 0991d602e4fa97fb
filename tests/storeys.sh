#!/bin/sh
# storeys.sh BUILD
# Each storey of the agent needs nothing from above, and what stands side by side needs nothing of the other: the
# objects' symbols tell. Names the storey, the object and the symbol where that is not so.
set -eu
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Of the sources there are: an object may be left of one that was moved.
objects() { for folder; do for source in "agent/$folder"/*.c; do echo "$build/${source%.c}.o"; done; done; }
core=$(objects core core/lacp) ctl=$(objects ctl)
sys=$(objects sys sys/datapath sys/netlink sys/frames)
lagg=$(objects lagg)
agent=$(objects .)
for object in $core $ctl $sys $lagg $agent; do
	[ -e "$object" ] || { echo "storeys: there is no $object" >&2; exit 1; }
done

# needs_nothing WHO "ITS OBJECTS" WHOM "THEIR OBJECTS"
needs_nothing() {
	# shellcheck disable=SC2086
	nm --defined-only --extern-only $4 | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/defined"
	# shellcheck disable=SC2086
	found=$(nm -A -u $2 | awk '{ print $NF, $1 }' | sort -u | awk 'NR == FNR { theirs[$1]; next } $1 in theirs' "$tmp/defined" -)
	[ -z "$found" ] || { echo "$1 needs something of $3:" >&2; echo "$found" >&2; failed=1; }
}

failed=0
needs_nothing lagg/ "$lagg" "agent/*.c" "$agent"
needs_nothing sys/ "$sys" "agent/*.c and lagg/" "$agent $lagg"
needs_nothing core/ "$core" "agent/*.c, lagg/, sys/ and ctl/" "$agent $lagg $sys $ctl"
needs_nothing sys/ "$sys" core/ "$core"
needs_nothing ctl/ "$ctl" "agent/*.c, lagg/ and sys/" "$agent $lagg $sys"
exit $failed
