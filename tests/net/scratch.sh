# shellcheck shell=bash
# Scratch space of one run: the folder $RUN, and $BPFFS, a bpffs of its own, so that pins disappear with the run whatever
# happens. The tests, the demo and the benchmarks source it.

scratch_begin() {
	[ "$(id -u)" = 0 ] || { echo "network namespaces and BPF need root" >&2; exit 1; }
	RUN=$(mktemp -d "${TMPDIR:-/tmp}/xlagg-net-XXXXXX")
	# Not below TMPDIR, whose path may have dots: libbpf turns each dot of a pin's path into an underscore.
	BPFFS=$(mktemp -d /run/xlagg-net-XXXXXX)
	export RUN BPFFS
	mount -t bpf xlagg-tests "$BPFFS"
}
scratch_end() {
	if mountpoint -q "$BPFFS"; then umount "$BPFFS"; fi
	rmdir "$BPFFS"
	rm -rf "$RUN"
}
