#!/bin/bash
# run.sh points.py|schedules.py|kills.py ARGUMENT...
# Runs one of them with scratch of its own. B: the build folder; OOM empty: allocations do not fail.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
B=$(realpath "${B:-build}")
export B INJECT=$B/tests/fault/inject RESIDENT=$B/tests/fault/resident.so OOM=${OOM-$B/tests/fault/oom.so}
# In memory: a disk that is slow would hold up the agent wherever it writes its state.
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/net/scratch.sh
. "$here/../net/scratch.sh"
scratch_begin
trap scratch_end EXIT
trap 'exit 130' INT TERM
python3 -B "$here/$1" "${@:2}"
