#!/bin/bash
# enter.sh ROOT COMMAND...
# Runs the command in that Debian, with a mount and a process namespace of its own: its mounts, its pins in bpffs, its named
# network namespaces and whatever it leaves running end with it. The network is the machine's, the environment is a new
# one. Ends as the command did; kill -KILL ends it early, with all that it began.
set -eu
keep=()
for name in TERM http_proxy https_proxy no_proxy; do
	[ -z "${!name:-}" ] || keep+=("$name=${!name}")
done
# The root is bound onto itself: `ip netns` needs a mount point that it can make shared.
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child -- bash -euc '
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
