# shellcheck shell=bash
# The NICs of the guest, for QEMU (qemu.sh) and for the tests.

# virtio-net twice: the second knows neither speed nor duplex
MODELS=(e1000e e1000 i82559er vmxnet3 virtio-net-pci virtio-net-pci-non-transitional)
PLUGGABLE=virtio-net-pci-a1 # is behind a PCI port of its own (at SLOT), so that it can be unplugged
# shellcheck disable=SC2034 # of those who read this file
SLOT=0x1d

# device_number NIC: prints its number on the first PCI bus
device_number() {
	local i host=${1: -2:1} link=${1: -1}
	for i in "${!MODELS[@]}"; do
		[ "${MODELS[i]}" = "${1%-*}" ] || continue
		echo $((5 + 4 * i + 2 * (link - 1) + ($(printf '%d' "'$host") - 97)))
		return
	done
	return 1
}
# device_words NIC: prints its description for -device and device_add
device_words() {
	local number
	number=$(device_number "$1")
	printf '%s,id=%s,netdev=net-%s,mac=52:54:00:00:01:%02x' "${1%-*}" "$1" "$1" "$number"
	[ "${1%-*}" != virtio-net-pci ] || printf ',speed=1000,duplex=full'
	if [ "$1" = "$PLUGGABLE" ]; then printf ',bus=plug'; else printf ',addr=0x%x' "$number"; fi
}
