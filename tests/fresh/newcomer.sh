#!/bin/bash
# newcomer.sh LAYER...
# What somebody does who has just cloned this onto a new machine: the README's first command, then some layers of tests.
# Runs in a bare Debian (run.sh); results are in build/tap.
set -u
cd "$(dirname "$0")/../.." || exit
tap=$PWD/build/tap/demo.tap

# ok NUMBER NAME COMMAND...
ok() {
	local not=
	"${@:3}" || not='not '
	echo "${not}ok $1 - $2" | tee -a "$tap"
}
demo() { apt-get -qq update && apt-get -qq -y --no-install-recommends install make >/dev/null && make demo; }
# Processes, mounts, pins and files at run time, one a line. Packages that were installed leave files there, too.
traces() {
	local file name point
	for file in /proc/[0-9]*/comm; do read -r name <"$file" && echo "process $name"; done
	while read -r _ _ _ _ point _; do echo "mount $point"; done </proc/self/mountinfo
	find /sys/fs/bpf
	find /run /tmp -path '*xlagg?*' -o -path '/run/netns/*'
}
# The last: that there were named network namespaces at all.
nothing_left() { ! grep -vxF -e "$before" -e 'mount /run/netns' <<<"$(traces)"; }

mkdir -p "$(dirname "$tap")"
echo 1..2 >"$tap"
before=$(traces)
ok 1 "make demo" demo
ok 2 "the demo leaves nothing behind" nothing_left
for layer; do
	echo "== $layer"
	make "-j$(nproc)" "test-$layer" || echo "== $layer failed"
done
