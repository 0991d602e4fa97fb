# shellcheck shell=bash disable=SC2154
# The product installed in a Debian of its own (see ../boot.sh), on KERNEL.

# two_nics: QEMU's words for fxp0 and fxp1, two cables to one network on which 10.0.0.1 answers
two_nics() {
	local nic
	echo -netdev user,id=far,net=10.0.0.0/24,host=10.0.0.1,restrict=on -netdev hubport,id=hub,hubid=0,netdev=far
	for nic in 0 1; do
		echo -netdev "hubport,id=cable$nic,hubid=0" -device "virtio-net-pci,id=fxp$nic,netdev=cable$nic,addr=0x1$nic"
	done
}

install_tree() { make -s install DESTDIR="$D/tree" >"$D/make.out"; }

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
