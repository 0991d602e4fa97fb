# shellcheck shell=bash disable=SC2154
# For tests that install the product in a Debian of its own (boot.sh).

# two_nics: QEMU's words for fxp0 and fxp1, two cables to one network on which 10.0.0.1 answers
two_nics() {
	local nic
	echo -netdev user,id=far,net=10.0.0.0/24,host=10.0.0.1,restrict=on -netdev hubport,id=hub,hubid=0,netdev=far
	for nic in 0 1; do
		echo -netdev "hubport,id=cable$nic,hubid=0" -device "virtio-net-pci,id=fxp$nic,netdev=cable$nic,addr=0x1$nic"
	done
}

# nics_on_a_switch: fxp0 and fxp1, on cables whose other ends are the guest's as well: what it makes a switch of, with a NIC more,
# behind which 10.0.0.1 answers
nics_on_a_switch() {
	local nic
	echo -netdev user,id=far,net=10.0.0.0/24,host=10.0.0.1,restrict=on -device virtio-net-pci,netdev=far,addr=0x14
	for nic in 0 1; do
		echo -netdev "hubport,id=cable$nic,hubid=$nic" -device "virtio-net-pci,id=fxp$nic,netdev=cable$nic,addr=0x1$nic"
		echo -netdev "hubport,id=end$nic,hubid=$nic" -device "virtio-net-pci,netdev=end$nic,addr=0x1$((nic + 2))"
	done
}

install_tree() { make -s install DESTDIR="$D/tree" >"$D/make.out"; }

# package VERSION: builds it, unless it is newer than its sources, and prints its path. One after the other: suites that run side by
# side need the same, and a guest may be reading it.
package() {
	local package lock
	mkdir -p build/deb
	package=$(realpath -m "build/deb/$1/xlagg_$1_$(dpkg --print-architecture).deb")
	exec {lock}>build/deb/lock
	flock "$lock"
	[ -e "$package" ] && [ -z "$(find agent bpf include deploy Makefile -newer "$package" -print -quit)" ] ||
		make -s deb DEB_VERSION="$1" >"$D/make-$1.out" 2>&1 || fail "$(tail -n 20 "$D/make-$1.out")"
	exec {lock}>&-
	echo "$package"
}
