# shellcheck shell=bash disable=SC2154
# The package beside the managers of networks that people have, each in a Debian that boots with it (see ../boot.sh), on KERNEL:
# installed, there after a reboot, upgraded, purged.
. tests/vm/installed.sh

# beside MANAGER
beside() {
	local first second status=0
	first=$(package "$(sed -n "s/^VERSION := //p" Makefile)")
	second=$(package 9.9)
	VM_OUT=$D VM_QEMU=$(nics_on_a_switch) VM_PACKAGES="ifupdown isc-dhcp-client network-manager netplan.io" \
		tests/vm/boot.sh "$KERNEL" "tests/vm/managers/$1.sh" "$first" "$second" 9.9 || status=$?
	return $status
}
test_beside_networkd_and_netplan() { beside networkd; }
test_beside_ifupdown() { beside ifupdown; }
test_beside_networkmanager() { beside networkmanager; }
