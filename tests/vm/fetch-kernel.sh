#!/bin/bash
# fetch-kernel.sh KERNEL
# Fetches one of Debian's kernels and prints the folder in which it is unpacked. KERNEL is 6.1 or 6.12 (the cloud
# flavour: small, virtio and veth) or 6.1-generic or 6.12-generic (with the drivers of real NICs).
# The packages stay in a cache (XLAGG_VM_CACHE, default /var/cache/xlagg-vm); apt is run with a configuration of its own,
# so that the machine's sources and lists are not touched: only the address of its mirror is read from them.
set -eu
cache=${XLAGG_VM_CACHE:-/var/cache/xlagg-vm}
case $1 in
6.1) suite=bookworm meta=linux-image-cloud-amd64 ;;
6.12) suite=bookworm-backports meta=linux-image-cloud-amd64 ;;
6.1-generic) suite=bookworm meta=linux-image-amd64 ;;
6.12-generic) suite=bookworm-backports meta=linux-image-amd64 ;;
*) echo "fetch-kernel: no kernel $1: 6.1, 6.12, 6.1-generic or 6.12-generic" >&2; exit 2 ;;
esac
dir=$cache/$1
if compgen -G "$dir/boot/vmlinuz-*" >/dev/null; then
	echo "$dir"
	exit 0
fi

apt=$cache/apt
mkdir -p "$apt"/{lists/partial,archives/partial}
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
	awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || { echo "fetch-kernel: apt knows no mirror of Debian 12 (bookworm main)" >&2; exit 1; }
for s in bookworm bookworm-backports; do
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $s main"
done >"$apt/sources.list"
own=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists"
	-o Dir::Cache="$apt" -o APT::Sandbox::User=root)
apt-get "${own[@]}" -o APT::Update::Error-Mode=any update >&2 ||
	{ echo "fetch-kernel: no kernel $1: the package lists of $mirror cannot be fetched (above is why)" >&2; exit 1; }
package=$(apt-cache "${own[@]}" show "$meta/$suite" | awk -F'[ ,(]+' '/^Depends:/ { print $2; exit }')
[ -n "$package" ] || { echo "fetch-kernel: $suite has no $meta" >&2; exit 1; }
work=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get "${own[@]}" download "$package/$suite" >&2) ||
	{ echo "fetch-kernel: no kernel $1: $package cannot be fetched from $mirror (above is why)" >&2; exit 1; }
mkdir "$work/root"
dpkg -x "$work"/*.deb "$work/root"
depmod -b "$work/root" "$(basename "$work"/root/lib/modules/*)"
mv -T "$work/root" "$dir"
echo "$dir"
