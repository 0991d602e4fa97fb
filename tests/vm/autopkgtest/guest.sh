# shellcheck shell=bash disable=SC2154
# In the guest: autopkgtest on the package and its source tree, which are the arguments.
boot_1() {
	local status=0
	dpkg -i "$1"
	autopkgtest --no-built-binaries --output-dir "$D/autopkgtest" "$2" -- null || status=$?
	# 2: a test was skipped, which it may not be here
	is $status 0 "autopkgtest's exit status"
	matches "$(cat "$D/autopkgtest/summary")" '^lacp +PASS' "summary"
}
