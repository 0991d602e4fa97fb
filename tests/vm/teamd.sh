# shellcheck shell=bash disable=SC2154
# teamd as a LACP partner: team0 on host b, over eth1 and eth2.

# teamd_start [KEY [MAC]]: as a child "teamd", with 10.0.0.2. Skips the test where the kernel has no team driver.
teamd_start() {
	modprobe team 2>/dev/null || skip "this kernel has no team driver"
	cat >"$D/team0.conf" <<-JSON
		{"device": "team0", "hwaddr": "${2:-02:00:00:00:00:55}", "runner": {"name": "lacp", "active": true,
		 "fast_rate": true, "tx_hash": ["eth", "ipv4", "ipv6", "tcp", "udp"]}, "link_watch": {"name": "ethtool"},
		 "ports": {"eth1": {"lacp_key": ${1:-5}}, "eth2": {"lacp_key": ${1:-5}}}}
	JSON
	nip b link set eth1 down
	nip b link set eth2 down
	mkdir -p /run/teamd
	spawn_on teamd b teamd -f "$D/team0.conf"
	wait_for 10 nip b link set team0 up
	nip b addr add 10.0.0.2/24 dev team0
}
