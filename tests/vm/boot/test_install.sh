# shellcheck shell=bash disable=SC2154
# The product installed in a Debian of its own (see ../boot.sh), on KERNEL.

. tests/vm/installed.sh

test_unit_denies_nothing_that_is_needed() {
	local status=0
	install_tree
	VM_OUT=$D tests/vm/boot.sh "$KERNEL" tests/vm/boot/unit.sh "$D/tree" || status=$?
	return $status
}
test_installed_lagg_is_there_after_a_reboot() {
	local status=0
	install_tree
	VM_OUT=$D VM_QEMU=$(two_nics) tests/vm/boot.sh "$KERNEL" tests/vm/boot/over-reboot.sh "$D/tree" || status=$?
	return $status
}
