# shellcheck shell=bash disable=SC2154
# The partner is iPXE, a network card's boot ROM, which answers each LACPDU and never sends first. It runs in QEMU at the other
# end of a tap, which is the port, on this machine's own kernel; nothing else boots in that QEMU.
ROM=/usr/lib/ipxe/qemu/pxe-e1000.rom
ROM_MAC=52:54:00:11:22:33

# rom_end: makes host a, whose eth1 leads to a machine that boots from its network card over and over
rom_end() {
	[ -e /dev/net/tun ] || skip "this machine has no taps"
	command -v qemu-system-x86_64 >/dev/null || skip "QEMU is not installed"
	[ -e $ROM ] || skip "iPXE's ROM is not installed"
	host a
	nip a tuntap add dev eth1 mode tap
	spawn_on rom a qemu-system-x86_64 -machine q35 -accel tcg -m 128 -display none -nodefaults -no-user-config \
		-boot order=n,reboot-timeout=100 -netdev tap,id=n0,ifname=eth1,script=no,downscript=no \
		-device "e1000,netdev=n0,mac=$ROM_MAC,bootindex=0,romfile=$ROM"
	agent a
}
rom_speaks() { on a timeout 5 tcpdump -lnpi eth1 -c 1 "ether src $ROM_MAC" >/dev/null 2>&1; }

test_ipxe_answers_an_active_end() {
	rom_end
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1
	wait_for 60 distributing a eth1
	is "$(port_field a eth1 '.lacp.partner | "\(.system) \(.key) \(.port)"')" "$ROM_MAC 1 1" "what iPXE says of itself"
	matches "$(port_field a eth1 '.lacp.partner.state | join(" ")')" '^TIMEOUT AGGREGATION SYNC COLLECTING DISTRIBUTING$' \
		"its state"
	is "$(field a .active_ports)" 1 "active ports"
	has_carrier a lagg0 || fail "lagg0 has no carrier"
}

# Both ends only answer.
test_ipxe_and_a_passive_end_keep_silent() {
	rom_end
	xl a lagg add lagg0 proto lacp lacp-rate fast lacp-mode passive port eth1
	wait_for 60 rom_speaks
	never 5 distributing a eth1
	is "$(port_field a eth1 '.stats.lacpdu_rx')" 0 "LACPDUs received"
	matches "$(port_field a eth1 .reason)" 'no LACPDU received for .* lacp-mode passive waits for the partner' "reason"
	no_carrier a lagg0 || fail "lagg0 has carrier"
	xl a lagg set lagg0 lacp-mode active
	wait_for 60 distributing a eth1
}
