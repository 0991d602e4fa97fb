#!/bin/sh
# core-is-pure.sh OBJECT...
# The core does no I/O, reads no clock and allocates nothing: what its objects take from outside themselves is on a
# short list, or the build fails and names the function.
set -eu
[ $# -gt 0 ] || { echo "core-is-pure: no objects" >&2; exit 1; }
allowed='^(mem(cpy|set|cmp|move|chr)|str(len|nlen|cmp|ncmp|chr|spn|toul)|v?snprintf|qsort|abort|bsearch|inet_(pton|ntop))$'
allowed="$allowed|^__(asan|ubsan)_|^__(stack_chk_fail|snprintf_chk|vsnprintf_chk|memcpy_chk|memset_chk)|^_GLOBAL_OFFSET_TABLE_$|^__assert_fail$"
defined=$(nm --defined-only "$@" | awk 'NF == 3 { print $3 }' | sort -u)
used=$(nm -u "$@" | awk 'NF == 2 { print $2 }' | sort -u)
impure=$(printf '%s\n' "$used" | grep -vxF -e "$defined" | grep -vE "$allowed" || true)
[ -z "$impure" ] || { echo "the core is not pure, it uses:" $impure >&2; exit 1; }
