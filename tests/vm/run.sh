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
kernel=$("$(dirname "$0")/fetch-kernel.sh" "$1")
shift
version=$(basename "$kernel"/boot/vmlinuz-*)
version=${version#vmlinuz-}
virtiofsd=$(command -v /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd | head -1)

work=$(mktemp -d "${TMPDIR:-/tmp}/xlagg-vm.XXXXXX")
cleanup() {
	for pid in $(jobs -p); do kill "$pid" 2>/dev/null || :; done
	rm -rf "$work"
}
trap cleanup EXIT

# The first file system: busybox and the modules with which the machine's own files can be reached.
make_initramfs() {
	local root=$work/initramfs count=10 kind file name module
	mkdir -p "$root"/{bin,modules,proc,dev,sys,lower,rw,new}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for module in virtio_pci virtiofs overlay virtio_console; do
		while read -r kind file _; do
			[ "$kind" = insmod ] || continue
			name=$(basename "$file")
			name=${name%%.ko*}
			compgen -G "$root/modules/*-$name.ko" >/dev/null && continue
			case $file in
			*.xz) xz -dc "$file" ;;
			*) cat "$file" ;;
			esac >"$root/modules/$count-$name.ko"
			count=$((count + 1))
		done < <(modprobe -d "$kernel" -S "$version" --show-depends "$module")
	done
	cat >"$root/init" <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
		for module in /modules/*.ko; do insmod "$module" || echo "insmod $module failed"; done
		mount -t virtiofs host /lower && mount -t tmpfs rw /rw && mkdir /rw/upper /rw/work &&
			mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work root /new ||
			{ echo "no root file system"; poweroff -f; }
		. "/lower$(sed 's/.*xlagg_vm=\([^ ]*\).*/\1/' /proc/cmdline)/env"
		mkdir -p "/new/lib/modules/$version"
		mount -o bind "/lower$modules" "/new/lib/modules/$version"
		mount -o bind "/lower$work" "/new$work"
		[ -z "$out" ] || mount -o bind "/lower$out" "/new$out"
		mount -t tmpfs run /new/run
		for folder in proc sys dev; do mount --move /$folder /new/$folder; done
		exec switch_root /new /bin/bash "$work/guest"
	INIT
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"
}

# What the guest runs once it has its root.
make_guest() {
	local name
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
		for name in ${!VM_*} ONLY TMPDIR; do
			[ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
		done
		printf 'cd %q || exit 125\n' "$PWD"
		printf '%q ' "$@"
		echo
	} >"$work/command"
	out=
	[ -z "${VM_OUT:-}" ] || { mkdir -p "$VM_OUT"; out=$(realpath "$VM_OUT"); }
	printf '%s=%q\n' version "$version" modules "$kernel/lib/modules/$version" work "$work" out "$out" >"$work/env"
}

wait_for_socket() {
	local deadline=$((SECONDS + 10)) nobody
	exec {nobody}<> <(:) # nobody writes there: reading from it waits without a process
	until [ -S "$work/fs.sock" ]; do
		[ $SECONDS -lt $deadline ] || { echo "virtiofsd does not start:" >&2; cat "$work/virtiofsd.log" >&2; exit 125; }
		read -rt 0.05 <&"$nobody" || :
	done
	exec {nobody}>&-
}

make_initramfs
make_guest "$@"
"$virtiofsd" --socket-path="$work/fs.sock" -o source=/ -o cache=always -o sandbox=chroot >"$work/virtiofsd.log" 2>&1 &
wait_for_socket

# A reader of its own on the guest's output. -cx16: QEMU 7.2 leaves wrong flags after cmpxchg16b, on which the slab
# allocator of Linux 6.5 and later trips.
mkfifo "$work/out"
cat "$work/out" &
reader=$!
# shellcheck disable=SC2086
timeout --foreground "${VM_TIMEOUT:-300}" qemu-system-x86_64 \
	-machine q35,memory-backend=mem -accel tcg,thread=${VM_TCG:-multi} -cpu max,-cx16 \
	-smp "${VM_SMP:-2}" -m "${VM_MEM:-1024}" \
	-object memory-backend-memfd,id=mem,size="${VM_MEM:-1024}M",share=on \
	-nodefaults -no-user-config -no-reboot -display none -nic none \
	-chardev socket,id=fs,path="$work/fs.sock" -device vhost-user-fs-pci,chardev=fs,tag=host \
	-serial file:"$work/console" \
	-device virtio-serial-pci -chardev file,id=out,path="$work/out" -device virtserialport,chardev=out,name=out \
	-chardev socket,id=monitor,path="$work/monitor.sock",server=on,wait=off -mon chardev=monitor,mode=readline \
	-chardev socket,id=commands,path="$work/monitor.sock" -device virtserialport,chardev=commands,name=monitor \
	-kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/initramfs.gz" ${VM_QEMU:-} \
	-append "console=ttyS0 panic=-1 quiet xlagg_vm=$work ${VM_APPEND:-}" </dev/null || echo "run.sh: QEMU ended with $?" >&2
exec 3<>"$work/out" 3>&- # the reader sees the end even if QEMU never opened the pipe
wait $reader

[ -s "$work/status" ] && exit "$(cat "$work/status")"
cat "$work/console" "$work/virtiofsd.log" >&2
exit 125
