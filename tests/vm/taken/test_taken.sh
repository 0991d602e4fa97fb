# shellcheck shell=bash disable=SC2154
# A bond that a manager of networks made is taken, in a Debian that boots with it (see ../boot.sh), on KERNEL: under traffic,
# after a restart of the manager, and after a reboot.
. tests/vm/installed.sh

taken_from() {
	install_tree
	VM_OUT=$D VM_QEMU=$(two_nics) VM_TIMEOUT=900 VM_PACKAGES="ifupdown ifenslave network-manager" \
		tests/vm/boot.sh "$KERNEL" "tests/vm/taken/$1.sh" "$D/tree"
}
test_taken_from_networkd() { taken_from networkd; }
test_taken_from_ifupdown() { taken_from ifupdown; }
test_taken_from_networkmanager() { taken_from networkmanager; }
