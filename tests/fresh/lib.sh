# shellcheck shell=bash disable=SC2034
# Sourced by the scripts that make and use a bare Debian. What they make and keep is in $cache; root only.
cache=${XLAGG_CACHE:-/var/cache/xlagg}

# enter ROOT COMMAND...: runs the command in that Debian, with a mount and a process namespace of its own: its mounts, its
# pins in bpffs, its named network namespaces and whatever it leaves running end with it. The network is the machine's,
# the environment is a new one. To end it early, kill -KILL the unshare. Returns the command's status.
enter() {
	local keep=() name
	for name in TERM http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || keep+=("$name=${!name}")
	done
	# The root is bound onto itself: `ip netns` needs a mount point that it can make shared.
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child -- bash -euc '
		root=$1
		shift
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount -t sysfs sysfs "$root/sys"
		mount -t bpf bpf "$root/sys/fs/bpf"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=755 tmpfs "$root/run"
		mkdir -m 1777 "$root/run/lock"
		[ -L "$root/etc/resolv.conf" ] || mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
		status=0
		chroot "$root" env -i "$@" || status=$?
		exit $status' enter "$1" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "${keep[@]}" "${@:2}"
}

# Packages are fetched once: apt finds them in the root's archive, as hard links, and new ones are taken over from there.
lend_packages() { find "$cache/packages" -name '*.deb' -exec ln -t "$1/var/cache/apt/archives" {} +; }
keep_packages() {
	find "$1/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec mv -n -t "$cache/packages" {} +
	rm -f "$1"/var/cache/apt/archives/*.deb
}
