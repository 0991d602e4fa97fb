# shellcheck shell=bash
# What run.sh and boot.sh stand on: a kernel, the first file system, this machine's files, QEMU. Sourced (set -eu).
# After `machine KERNEL`: kernel (the folder where it is unpacked), version, modules, work (scratch, removed at the end).

# shellcheck disable=SC2034
machine() {
	kernel=$("${BASH_SOURCE[0]%/*}/fetch-kernel.sh" "$1")
	version=$(basename "$kernel"/boot/vmlinuz-*)
	version=${version#vmlinuz-}
	modules=$kernel/lib/modules/$version
	work=$(mktemp -d "${TMPDIR:-/tmp}/xlagg-vm.XXXXXX")
	trap machine_end EXIT
	trap 'exit 143' TERM INT
	mkfifo "$work/out"
}
machine_end() {
	local pid
	for pid in $(jobs -p); do kill "$pid" 2>/dev/null || :; done
	wait
	rm -rf "$work"
}

# out_folder: makes VM_OUT, if there is one, and prints its real path
out_folder() {
	[ -z "${VM_OUT:-}" ] || { mkdir -p "$VM_OUT" && realpath "$VM_OUT"; }
}

# settings NAME...: assignments of those of these variables that are set, and of all VM_*, as the guest's shell reads them
settings() {
	local name
	for name in ${!VM_*} "$@"; do
		[ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
	done
}

# make_initramfs MODULE...: $work/initramfs.gz, from busybox, those modules and what they need. Its /init loads the modules,
# reads the variables of the file "env" of the shared folder, and goes on with what stands on stdin.
make_initramfs() {
	local root=$work/initramfs count=10 kind file name module
	mkdir -p "$root"/{bin,modules,proc,dev,sys,lower,rw,new}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for module; do
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
	cat - >"$root/init.rest"
	cat >"$root/init" <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
		for module in /modules/*.ko; do insmod "$module" || echo "insmod $module failed"; done
		mount -t virtiofs host /lower || { echo "no shared files"; poweroff -f; }
		. "/lower$(sed 's/.*xlagg_vm=\([^ ]*\).*/\1/' /proc/cmdline)/env"
		. /init.rest
	INIT
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"
}

# share_files: this machine's files, as the guest's virtiofs "host"
share_files() {
	local deadline=$((SECONDS + 10)) virtiofsd nobody
	virtiofsd=$(command -v /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd | head -1)
	rm -f "$work/fs.sock"
	"$virtiofsd" --socket-path="$work/fs.sock" -o source=/ -o cache=always -o sandbox=chroot >"$work/virtiofsd.log" 2>&1 &
	exec {nobody}<> <(:) # nobody writes there: reading from it waits without a process
	until [ -S "$work/fs.sock" ]; do
		[ $SECONDS -lt $deadline ] || { echo "virtiofsd does not start:" >&2; cat "$work/virtiofsd.log" >&2; exit 125; }
		read -rt 0.05 <&"$nobody" || :
	done
	exec {nobody}>&-
}

# run_machine SECONDS APPEND [QEMU-ARGUMENT...]: QEMU, until the guest goes down or the time is up; prints what the guest writes
# to /dev/virtio-ports/out. Gives QEMU's exit status, or 124. APPEND: more of the kernel's command line. The console is
# added to $work/console. -cx16: QEMU 7.2 leaves wrong flags after cmpxchg16b, on which the slab allocator of Linux 6.5
# and later trips. maxcpus: for a machine that can have only one CPU, QEMU 7.2 leaves out memory barriers, although virtiofsd runs
# beside it: an interrupt gets lost, and the guest waits for a file for good. no_timer_check: on a busy machine the kernel finds
# its timer broken.
run_machine() {
	local seconds=$1 append=$2 cpus=${VM_SMP:-2} reader qemu status=0
	shift 2
	[ "$cpus,${VM_TCG:-multi}" != 1,multi ] || cpus=1,maxcpus=2
	cat "$work/out" & # a reader of its own on the guest's output
	reader=$!
	# shellcheck disable=SC2086
	timeout -k 10 --foreground "$seconds" qemu-system-x86_64 -no-reboot \
		-machine q35,sata=off,memory-backend=mem -accel tcg,thread=${VM_TCG:-multi} -cpu max,-cx16 \
		-smp "$cpus" -m "${VM_MEM:-1024}" \
		-object memory-backend-memfd,id=mem,size="${VM_MEM:-1024}M",share=on \
		-nodefaults -no-user-config -display none -nic none \
		-chardev socket,id=fs,path="$work/fs.sock" -device vhost-user-fs-pci,chardev=fs,tag=host \
		-chardev file,id=console,path="$work/console",append=on -serial chardev:console \
		-device virtio-serial-pci -chardev file,id=out,path="$work/out" -device virtserialport,chardev=out,name=out \
		-chardev socket,id=monitor,path="$work/monitor.sock",server=on,wait=off -mon chardev=monitor,mode=readline \
		-chardev socket,id=commands,path="$work/monitor.sock" -device virtserialport,chardev=commands,name=monitor \
		-kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/initramfs.gz" "$@" ${VM_QEMU:-} \
		-append "console=ttyS0 panic=-1 quiet no_timer_check xlagg_vm=$work $append ${VM_APPEND:-}" </dev/null &
	qemu=$!
	wait $qemu || status=$?
	exec 3<>"$work/out" 3>&- # the reader sees the end even if QEMU never opened the pipe
	wait $reader
	return $status
}
