# shellcheck shell=bash
# capture on this kernel: the verdicts against the counters. Each kind of device has its own in tests/net.
. tests/net/test_capture.sh

# In a guest it takes half a minute until tshark has started.
needs_tshark() { :; }
comments() {
	python3 -c 'import struct, sys
data, at = open(sys.argv[1], "rb").read(), 0
while at < len(data):
    kind, size = struct.unpack_from("=II", data, at)
    if kind == 6:
        option, comment = at + 28 + (struct.unpack_from("=I", data, at + 20)[0] + 3 & ~3), ""
        while option < at + size - 4:
            code, length = struct.unpack_from("=HH", data, option)
            if code == 1: comment = data[option + 4:option + 4 + length].decode()
            option += 4 + (length + 3 & ~3)
        print(comment)
    at += size' "$D/$1.pcapng"
}

test_capture_on_this_kernel() {
	pair proto loadbalance hash l4
	start_capture c a
	with_the_counters sends_receives_and_drops
	matches "$(cat "$D/got")" '^rx eth2 ' "what was received"
	wait_for 10 not_capturing
}
