#!/bin/bash
# next-version.sh FOLDER
# Builds FOLDER/build/xlaggd from this tree as a later version might be: every structure that is pinned has one more member at
# its end, so that the maps differ and the programs with them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$1
structures=(xlagg_port xlagg_table xlagg_control xlagg_port_stats xlagg_lagg_stats xlagg_lacp xlagg_headless xlagg_saved)
rm -rf "$folder"
mkdir -p "$folder"
cp -r Makefile agent bpf include deploy tests "$folder"
abi=$folder/include/xlagg/abi.h
for name in "${structures[@]}"; do
	sed -i "/^struct $name {/,/^}/s/^};/	__u64 of_the_next_version;\n};/" "$abi"
done
[ "$(grep -c of_the_next_version "$abi")" = ${#structures[@]} ] || { echo "$abi: not all structures were found" >&2; exit 1; }
MAKEFLAGS='' make -s -j2 -C "$folder" B=build build/xlaggd
