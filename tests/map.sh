#!/bin/sh
# map.sh FILE
# The files and functions that a document names exist: each `path/to/file` that begins with a folder of ours, and each
# `function()` in `path/to/file`. A bare `function()` is defined somewhere. Names what is missing.
# shellcheck disable=SC2016 # these are no expansions but the marks of Markdown
set -eu
document=$1
# One space between words, as a pair may be broken over two lines.
text=$(tr -s ' \n' '  ' <"$document")
failed=0
missing() { echo "$document: $1" >&2; failed=1; }

# defines FUNCTION FILE...
defines() {
	function=$1
	shift
	grep -qE "^([A-Za-z_].*[ *])?$function\(" "$@"
}

paths=$(printf '%s' "$text" | grep -oE '`(agent|bpf|deploy|include|tests)/[^`]*`' | tr -d '`' | sort -u)
[ -n "$paths" ] || missing "names no file"
for path in $paths; do
	# shellcheck disable=SC2086
	set -- $path
	[ -e "$1" ] || missing "there is no $path"
done
pairs=$(printf '%s' "$text" | grep -oE '`[a-z_0-9]+\(\)` in `[^`]+`' | tr -d '`' | sed 's/() in /:/' | sort -u)
[ -n "$pairs" ] || missing "names no function in a file"
for pair in $pairs; do
	file=${pair#*:}
	[ -e "$file" ] || { missing "there is no $file"; continue; }
	[ -f "$file" ] || continue
	defines "${pair%%:*}" "$file" || missing "${pair%%:*}() is not in $file"
done
sources=$(find agent bpf include -name '*.[ch]')
for function in $(printf '%s' "$text" | grep -oE '`[a-z_0-9]+\(\)`' | tr -d '`()' | sort -u); do
	# shellcheck disable=SC2086
	defines "$function" $sources || missing "there is no function $function()"
done
exit $failed
