#!/bin/bash
# run.sh RELEASE FOLDER LAYER...
# A fresh machine: clones the commit that is checked out here into a bare Debian and does there what a newcomer does
# (newcomer.sh). The results, as TAP, come to the folder. Fails when a test failed; skipped where no mirror is reached.
# Nothing stays mounted or running, also when it is interrupted.
set -eu
cd "$(dirname "$0")/../.."
. tests/fresh/lib.sh
release=$1 folder=$2 layers=("${@:3}")

skip() {
	echo "1..0 # SKIP $1" >"$folder/fresh.tap"
	tests/tally.sh "$folder/fresh.tap" || : # for want of a test that passed
	exit 0
}
# Whatever happened before: an earlier run may have been killed in the middle.
clean() {
	[ -z "${inside:-}" ] || { kill -KILL "$inside" && wait "$inside"; } 2>/dev/null || :
	rm -rf --one-file-system "$root"
}
committed() {
	[ -z "$(git status --porcelain)" ] || echo "test-fresh tests the last commit: changes that are not committed are not in it"
}

[ -e .git ] || { echo "test-fresh: clones a commit, and this is no clone of the repository" >&2; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"
date +%s >"$folder/began"
why=$(mktemp)
trap 'rm -f "$why"' EXIT
status=0
bare=$(tests/fresh/debian.sh "$release" 2>"$why") || status=$?
cat "$why" >&2
case $status in 0) ;; 77) skip "$(tail -n 1 "$why")" ;; *) exit 1 ;; esac

root=$cache/fresh/$release
mkdir -p "$cache/fresh"
exec {lock}>"$root.lock"
flock "$lock"
trap 'rm -f "$why"; clean' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
clean
cp -a --reflink=auto "$bare" "$root"
lend_packages "$root"
committed
git clone -q . "$root/root/xlagg"
echo "== $(git log -1 --format='%h %s') on a bare $release"
tests/fresh/enter.sh "$root" ${WERROR:+"WERROR=$WERROR"} /root/xlagg/tests/fresh/newcomer.sh "${layers[@]}" &
inside=$!
wait $inside || :
inside=
taps=()
for layer in demo "${layers[@]}"; do
	taps+=("$folder/fresh-$layer.tap")
	# none is a failure, which the tally tells
	cp "$root/root/xlagg/build/tap/$layer.tap" "${taps[-1]}" || :
done
keep_packages "$root"
clean
tests/took.sh test-fresh 8 "$folder/began"
tests/tally.sh "${taps[@]}"
