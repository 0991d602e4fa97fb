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

install_tree() { make -s install DESTDIR="$D/tree" >"$D/make.out"; }

# package VERSION: builds it and prints its path
package() {
	make -s deb DEB_VERSION="$1" >"$D/make-$1.out" 2>&1 || fail "$(tail -n 20 "$D/make-$1.out")"
	realpath "build/deb/$1/xlagg_$1_$(dpkg --print-architecture).deb"
}
