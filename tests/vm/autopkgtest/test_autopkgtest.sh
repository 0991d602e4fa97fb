# shellcheck shell=bash disable=SC2154
# What the archive of Debian would run on the package, in a Debian that boots (see ../boot.sh), on KERNEL.
. tests/vm/installed.sh

test_autopkgtest() {
	local package status=0
	package=$(package "$(sed -n 's/^VERSION := //p' Makefile)")
	VM_OUT=$D VM_PACKAGES=autopkgtest tests/vm/boot.sh "$KERNEL" tests/vm/autopkgtest/guest.sh \
		"$package" "${package%/*}/xlagg" || status=$?
	return $status
}
