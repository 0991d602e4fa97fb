# shellcheck shell=bash
# Everything that xlagg changes on a port is put back.

# Prints all there is to know of a port except counters: link, addresses, groups, features, IPv6
portrait() {
	local dev
	for dev in eth1 eth2 eth3; do
		nip a -d -j link show $dev | jq '.[0] | del(.operstate)'
		nip a -j address show $dev | jq '.[0].addr_info | map(del(.valid_life_time, .preferred_life_time))'
		nip a -j maddress show dev $dev | jq '.[0].maddr // [] | sort_by(.address // .link)'
		on a ethtool -k $dev
		on a sysctl "net.ipv6.conf.$dev.disable_ipv6" "net.ipv6.conf.$dev.accept_ra"
	done
	# the programs attached to its hooks
	on a bpftool net show
	nip a -br link
}
as_before() {
	portrait >"$D/after"
	diff "$D/before" "$D/after"
}
three_ports_of_different_kinds() {
	two_hosts 3
	nip a link set eth2 mtu 1400 alias "the cable to the left"
	nip a link set eth3 down
	nip a link set eth3 address 02:11:22:33:44:55
	nip a link set eth1 allmulticast on
	wait_for 5 has_carrier a eth1
	wait_for 5 link_local eth1
	wait_for 5 link_local eth2
	portrait >"$D/before"
}
link_local() { nip a -br -6 address show "$1" | grep -q fe80; }
used() {
	agent a
	xl a lagg add lagg0 "$@" mtu 1450 port eth1 port eth2 port eth3 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
	matches "$(nip a link show eth2)" 'alias port of lagg0 \(xlagg\)' "ifalias of a port"
	is "$(nip a -j link show eth3 | jq -r '.[0].mtu')" 1450 "MTU of a port"
	is "$(nip a -j link show eth3 | jq -r '.[0].address')" "$(field a .mac)" "MAC of a port"
}
put_back() {
	within 5 as_before || as_before || fail "not as before"
}
test_put_back_on_lagg_del() { three_ports_of_different_kinds; used proto failover; xl a lagg del lagg0; put_back; }
test_put_back_on_flush_xdp() {
	as_xdp_wires
	three_ports_of_different_kinds
	used proto loadbalance datapath xdp
	xl a flush
	put_back
}
test_put_back_on_port_del() {
	three_ports_of_different_kinds
	used proto loadbalance
	local dev
	for dev in eth1 eth2 eth3; do xl a port del lagg0 $dev; done
	xl a lagg del lagg0
	put_back
}
test_put_back_after_the_agent_was_killed() {
	three_ports_of_different_kinds
	used proto failover
	agent_end a KILL
	agent a
	xl a lagg del lagg0
	put_back
}
test_put_back_by_the_flush_of_no_agent() {
	three_ports_of_different_kinds
	used proto failover
	agent_end a KILL
	"$B/xlaggd" --flush -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a"
	put_back
}
test_put_back_on_ip_link_del() {
	three_ports_of_different_kinds
	used proto failover
	nip a link del lagg0
	put_back
}
