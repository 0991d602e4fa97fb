# shellcheck shell=bash disable=SC2154
# The Debian package: what lintian says, and installed, upgraded and purged in a booted guest, on KERNEL.

. tests/vm/installed.sh

test_package_is_installed_upgraded_and_purged() {
	local first second status=0
	first=$(package "$(sed -n "s/^VERSION := //p" Makefile)")
	lintian --allow-root --display-info --fail-on error,warning,info "${first%.deb}.changes"
	second=$(package 9.9)
	VM_OUT=$D tests/vm/boot.sh "$KERNEL" tests/vm/boot/package.sh "$first" "$second" 9.9 || status=$?
	return $status
}
