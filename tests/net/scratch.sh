# shellcheck shell=bash
# Scratch of one run: the folder $RUN, and $BPFFS, a bpffs of its own, so that the pins go with the run whatever happens.
# Sourced by what runs the tests, the demo and the benchmarks.

scratch_begin() {
	[ "$(id -u)" = 0 ] || { echo "network namespaces and BPF need root" >&2; exit 1; }
	RUN=$(mktemp -d "${TMPDIR:-/tmp}/xlagg-net-XXXXXX")
	# libbpf turns every dot of a pin path into an underscore, so not below TMPDIR, which may have some.
	BPFFS=$(mktemp -d /run/xlagg-net-XXXXXX)
	export RUN BPFFS
	mount -t bpf xlagg-tests "$BPFFS"
}
scratch_end() {
	if mountpoint -q "$BPFFS"; then umount "$BPFFS"; fi
	rmdir "$BPFFS"
	rm -rf "$RUN"
}
