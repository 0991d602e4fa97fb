#!/bin/sh
# install-deps.sh [test] [vm] [deb]
# Installs the Debian packages that building and testing need, when one is missing; with `test` also those without which
# some tests are skipped, with `vm` those that boot other kernels, with `deb` those that make and check a package. As root.
set -eu
packages="gcc make clang llvm clang-format clang-tidy libclang-rt-dev libc6-dev linux-libc-dev pkg-config binutils
	libbpf-dev libxdp-dev libmnl-dev libsystemd-dev libjansson-dev libcap-dev libpcap-dev libmicrohttpd-dev libncurses-dev
	libcriterion-dev bpftool iproute2 ethtool iputils-ping iperf3 tcpdump jq gojq udhcpc udhcpd procps kmod util-linux
	mandoc zsh fish nftables openvswitch-switch tshark python3-scapy python3 libseccomp-dev"
for more; do
	case $more in
	test) packages="$packages ansible-core ansible-lint prometheus libsnmp-dev snmpd snmp shellcheck" ;;
	vm) packages="$packages qemu-system-x86 qemu-system-common qemu-utils busybox-static cpio xz-utils libteam-utils
		xdp-tools ipxe-qemu hostapd wpasupplicant iw prometheus-node-exporter keepalived frr" ;;
	deb) packages="$packages debhelper dpkg-dev lintian libsnmp-dev" ;;
	*) echo "usage: install-deps.sh [test] [vm] [deb]" >&2; exit 2 ;;
	esac
done
missing=
for package in $packages; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "missing packages:$missing: install them, or run this as root" >&2; exit 1; }
echo "installing:$missing"
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
