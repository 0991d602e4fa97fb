#!/bin/bash
# run.sh KERNEL COMMAND [ARG...]
#
# Boots one of Debian's kernels (see fetch-kernel.sh: 6.1, 6.12, 6.1-generic, 6.12-generic) under QEMU, runs COMMAND in it
# as root in the current folder, prints what it prints and exits with its status; 125: the guest did not finish.
# The guest has this machine's files below a layer that is thrown away: it reads everything and keeps nothing, except
# in VM_OUT. It needs no root file system image, no KVM and no network.
#
#   VM_OUT=DIR       folder in which the guest may write for good
#   VM_MEM=1024      MiB      VM_SMP=2   CPUs      VM_TIMEOUT=300   seconds
#   VM_APPEND=       more of the kernel's command line
#   VM_QEMU=         more of QEMU's command line (devices, -icount ...)
# A line that the guest writes to /dev/virtio-ports/monitor is a command of QEMU's monitor (set_link, device_del ...).
set -eu
[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/!s/^# \?//p}' "$0" >&2; exit 2; }
# shellcheck source=tests/vm/machine.sh
. "$(dirname "$0")/machine.sh"
machine "$1"
shift

# What the guest runs once it has its root.
make_guest() {
	local out
	out=$(out_folder)
	cat >"$work/guest" <<-'GUEST'
		. "${0%/*}/env"
		mkdir -p /dev/pts /dev/shm
		mount -t devpts -o ptmxmode=666 pts /dev/pts
		mount -t tmpfs shm /dev/shm
		mount -t bpf bpf /sys/fs/bpf
		mount -t tracefs trace /sys/kernel/tracing
		mount -t cgroup2 cgroup /sys/fs/cgroup
		ln -sf /proc/self/fd /dev/fd
		mkdir -p /dev/virtio-ports
		for port in /sys/class/virtio-ports/*; do
			ln -sf "/dev/${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
		done
		busybox hostname vm
		busybox ifconfig lo 127.0.0.1 up
		bash "$work/command" </dev/null >/dev/virtio-ports/out 2>&1
		echo $? >"$work/status"
		busybox poweroff -f
	GUEST
	{
		printf 'export PATH=%q HOME=/root\n' "$PATH"
		settings ONLY TMPDIR
		printf 'cd %q || exit 125\n' "$PWD"
		printf '%q ' "$@"
		echo
	} >"$work/command"
	printf '%s=%q\n' version "$version" modules "$modules" work "$work" out "$out" >"$work/env"
}

make_initramfs virtio_pci virtiofs overlay virtio_console <<'INIT'
mount -t tmpfs rw /rw && mkdir /rw/upper /rw/work &&
	mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work root /new ||
	{ echo "no root file system"; poweroff -f; }
mkdir -p "/new/lib/modules/$version"
mount -o bind "/lower$modules" "/new/lib/modules/$version"
mount -o bind "/lower$work" "/new$work"
[ -z "$out" ] || mount -o bind "/lower$out" "/new$out"
mount -t tmpfs run /new/run
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
exec switch_root /new /bin/bash "$work/guest"
INIT
make_guest "$@"
share_files
run_machine "${VM_TIMEOUT:-300}" "" || echo "run.sh: QEMU ended with $?" >&2

[ -s "$work/status" ] && exit "$(cat "$work/status")"
cat "$work/console" "$work/virtiofsd.log" >&2
exit 125
