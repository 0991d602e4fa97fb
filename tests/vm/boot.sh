#!/bin/bash
# boot.sh KERNEL SCRIPT [ARG...]
#
# Boots a Debian with systemd as PID 1 under QEMU, on one of Debian's kernels (see fetch-kernel.sh), as often as SCRIPT has
# something to do in it, prints what that prints and exits with its status.
#
# SCRIPT is a bash file with a function for each boot: boot_1, boot_2 ... boot_1 is called, as root, once the guest has
# reached multi-user.target; when it returns, the guest reboots, as by `systemctl reboot`; then boot_2 is called, and so on.
# After the last one, or the first that fails, the guest is switched off. Each is called in the current folder, in a shell
# of its own (set -euo pipefail), with the ARGs, with all of tests/net/lib.sh (is, matches, wait_for, fail, skip ...), and
# with two functions more:
#   monitor COMMAND...   does it in QEMU's monitor (set_link ID off, device_del ID ...)
#   cut_power            reboots the guest as a power cut does: nothing is stopped, nothing more is written to its disk
# A guest that goes down in any other way has failed. For example:
#   boot_1() {
#           cp -a "$1/." /
#           systemctl enable --quiet xlaggd
#   }
#   boot_2() { wait_for 10 systemctl is-active xlaggd; }
#
# The guest has a disk with a minimal Debian, which keeps what is written to it until boot.sh ends; the current folder of
# this machine in its place, read only; VM_OUT in its place; and no network but lo and what VM_QEMU adds. Between two boots
# QEMU is started anew.
#
#   VM_PACKAGES="NAME ..."    Debian packages on that disk, besides BASE below
#   VM_RELEASE=bookworm       Debian's release
#   VM_OUT=DIR                folder in which the guest may write for good
#   VM_MEM=1024 MiB   VM_SMP=2 CPUs   VM_TIMEOUT=600 seconds, for all boots together
#   VM_APPEND=   VM_QEMU=     more of the kernel's, of QEMU's command line
#
# Exit status 125: the guest did not come to an end. Unless the status is 0 or 77 (skipped; also when there is no mirror of
# Debian), the journal of all boots and the console follow on stderr.
set -eu
[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/!s/^# \?//p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/machine.sh
. "$here/machine.sh"
machine "$1"
script=$2
shift 2

# systemd, what tests/net/lib.sh takes, and what xlaggd and xlagg are linked to
BASE=(systemd-sysv udev dbus kmod iproute2 iputils-ping ethtool procps gojq
	libbpf1 libxdp1 libmnl0 libsystemd0 libjansson4 libncursesw6 libmicrohttpd12 libpcap0.8)

# make_disk: $work/disk, over an image with these packages that is made once and then only read
make_disk() {
	local root image lock cache=${XLAGG_VM_CACHE:-/var/cache/xlagg-vm} status=0
	# shellcheck disable=SC2086
	root=$("$here/../fresh/debian.sh" "${VM_RELEASE:-bookworm}" "$(echo "${BASE[@]}" ${VM_PACKAGES:-} | tr ' ' ,)") || status=$?
	[ $status != 77 ] || echo "skipped: debian.sh reaches no mirror"
	[ $status = 0 ] || exit $status
	image=$cache/disk-$(basename "$root").ext4
	exec {lock}>"$image.lock"
	flock "$lock"
	[ "$image" -nt "$root" ] || make_image "$root" "$image"
	exec {lock}>&-
	qemu-img create -q -f qcow2 -b "$image" -F raw "$work/disk"
}

# make_image ROOT IMAGE: with a gigabyte to write in, which takes no room before it is written
make_image() {
	truncate -s "$(($(du -sxm "$1" | cut -f 1) + 1024))M" "$2.new"
	mke2fs -q -F -t ext4 -m 0 -d "$1" "$2.new"
	mv "$2.new" "$2"
}

# make_guest ARG...: $work/guest, which the guest sees as /run/boot, and $work/run, with which its /run begins: nothing of
# boot.sh is on the disk.
make_guest() {
	local out
	out=$(out_folder)
	mkdir -p "$work/guest" "$work/run"/systemd/{system/multi-user.target.wants,journald.conf.d}
	cp "$here/boot-guest.sh" "$work/guest/run"
	cp "$script" "$work/guest/script"
	{
		settings ONLY
		printf 'export B=%q\n' "$(realpath "${B:-build}")"
		printf 'LIB=%q\n' "$here/../net/lib.sh"
		printf 'cd %q\n' "$PWD"
		printf 'set --'
		printf ' %q' "$@"
	} >"$work/guest/settings"
	printf '%s=%q\n' modules "$modules" version "$version" work "$work" here "$PWD" out "$out" >"$work/env"
	cat >"$work/run/systemd/system/boot-guest.service" <<-'UNIT'
		[Unit]
		Description=What boot.sh was asked to do
		After=multi-user.target
		FailureAction=poweroff-force
		[Service]
		ExecStart=/bin/bash /run/boot/run
		Environment=HOME=/root
	UNIT
	ln -s ../boot-guest.service "$work/run/systemd/system/multi-user.target.wants/"
	printf '[Journal]\nForwardToConsole=yes\nTTYPath=/dev/hvc0\n' >"$work/run/systemd/journald.conf.d/boot.conf"
}

# boot: once. hvc0 is for the journal. On a busy machine the guest's kernel is wrong about the rate of the TSC, by any factor.
boot() {
	local left=$((deadline - SECONDS))
	[ $left -gt 0 ] || return 124
	share_files
	run_machine $left "systemd.getty_auto=no systemd.mask=getty@tty1.service systemd.mask=e2scrub_reap.service \
modprobe.blacklist=kvm_amd,kvm_intel tsc=unstable clocksource=hpet" \
		-drive "file=$work/disk,if=virtio,format=qcow2,cache=unsafe" \
		-chardev "file,id=journal,path=$work/journal,append=on" -device virtconsole,chardev=journal
}

# boots: as often as the guest asks for it. Gives how QEMU ended.
boots() {
	local number=0 ended=0
	: >"$work/guest/again"
	while [ $ended = 0 ] && [ -e "$work/guest/again" ]; do
		rm "$work/guest/again"
		number=$((number + 1))
		echo $number >"$work/guest/number"
		boot || ended=$?
	done
	return $ended
}

# why ENDED: the guest has no status
why() {
	echo -n "boot.sh: in boot $(cat "$work/guest/number") "
	case $1 in
	0) echo "the guest went down, unasked" ;;
	124) echo "the ${VM_TIMEOUT:-600} s were over" ;;
	*) echo "QEMU ended with $1" ;;
	esac
}
logs() {
	local log
	for log in journal console virtiofsd.log; do
		echo "== $log"
		[ ! -e "$work/$log" ] || cat "$work/$log"
	done
}

make_initramfs virtio_pci virtio_blk virtiofs virtio_console ext4 <<'INIT'
# at FOLDER [PLACE]: of the shared files, in the guest's
at() { mkdir -p "/new${2:-$1}" && mount -o bind "/lower$1" "/new${2:-$1}"; }
mount -t ext4 /dev/vda /new || { echo "no disk"; poweroff -f; }
at "$modules" "/lib/modules/$version"
at "$here" && mount -o remount,bind,ro "/new$here"
[ -z "$out" ] || at "$out"
mount -t tmpfs -o mode=755 run /new/run
cp -a "/lower$work/run/." /new/run/
at "$work/guest" /run/boot
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
exec switch_root /new /sbin/init
INIT
make_guest "$@"
make_disk
deadline=$((SECONDS + ${VM_TIMEOUT:-600}))
ended=0
boots || ended=$?
[ -s "$work/guest/status" ] || { why $ended >&2; echo 125 >"$work/guest/status"; }
status=$(cat "$work/guest/status")
[ "$status" = 0 ] || [ "$status" = 77 ] || logs >&2
exit "$status"
