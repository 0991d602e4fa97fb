# shellcheck shell=bash disable=SC2154
# Beside the managers of networks that people have, each in a Debian that boots with it (see ../boot.sh), on KERNEL.
. tests/vm/installed.sh

# beside MANAGER
beside() {
	local status=0
	install_tree
	VM_OUT=$D VM_QEMU=$(two_nics) VM_PACKAGES="ifupdown isc-dhcp-client network-manager netplan.io" \
		tests/vm/boot.sh "$KERNEL" "tests/vm/managers/$1.sh" "$D/tree" || status=$?
	return $status
}
test_beside_networkd_and_netplan() { beside networkd; }
test_beside_ifupdown() { beside ifupdown; }
test_beside_networkmanager() { beside networkmanager; }
