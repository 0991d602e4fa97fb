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
link_local() { nip a -br -6 address show "$1" | holds fe80; }
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
# With so small an MTU the kernel has no IPv6 on the device, before and after it was a port.
test_put_back_to_an_mtu_without_ipv6() {
	two_hosts 1
	nip a link set eth1 mtu 1000
	agent a
	xl a lagg add lagg0 mtu 1500 port eth1
	xl a lagg del lagg0
	is "$(nip a -j link show eth1 | jq -r '.[0] | "\(.mtu) \(.ifalias)"')" "1000 null" "MTU and ifalias"
	nip a link set eth1 mtu 1500
	is "$(on a cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6 /proc/sys/net/ipv6/conf/eth1/addr_gen_mode | tr '\n' ' ')" "0 0 " "IPv6"
}
# As a port it had none, and when IPv6 comes back, the address is made from the device's own MAC.
test_put_back_from_an_mtu_without_ipv6() {
	two_hosts 1
	wait_for 5 link_local eth1
	nip a -br -6 address show eth1 >"$D/before"
	agent a
	xl a lagg add lagg0 mtu 1000 mac 02:11:22:33:44:66 port eth1
	xl a lagg del lagg0
	wait_for 5 link_local eth1
	is "$(nip a -br -6 address show eth1)" "$(cat "$D/before")" "IPv6 addresses"
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

# --- while the kernel does not do what it is asked ---

# The device stays in the filter's group, so that it is not as it was before.
groups_cannot_be_left() { order "fail ioctl 1 5 1000000"; }
says_what_remains() { matches "$1" "$2 is not yet as it was before: slow protocols' group.* could not be put back" "what it says"; }
refused() {
	local status=0
	"$@" >"$D/out" 2>"$D/err" || status=$?
	is "$status" 1 "exit status"
}
used_under_orders() {
	agent_under_orders
	xl a lagg add lagg0 "$@" mtu 1450 port eth1 port eth2 port eth3 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
}
pins_of_lagg0() { [ -e "$BPFFS/$P-a/lagg0" ]; }

test_put_back_later_on_port_del() {
	three_ports_of_different_kinds
	used_under_orders proto failover
	groups_cannot_be_left
	refused xl a port del lagg0 eth2
	says_what_remains "$(cat "$D/err")" eth2
	is "$(field a '[.ports[].ifname] | join(" ")')" "eth1 eth3" "ports"
	says_what_remains "$(field a .notice)" eth2
	matches "$(nip a link show eth2)" 'alias port of lagg0 \(xlagg\)' "ifalias"
	step "what it is now is not what it was before"
	refused xl a port add lagg0 eth2
	says_what_remains "$(cat "$D/err")" eth2
	never 2 is_free eth2
	step "the kernel does it again"
	order count
	wait_for 10 is_free eth2
	is "$(field a .notice)" "" "notice"
	xl a lagg del lagg0
	put_back
}
is_free() { ! nip a link show "$1" | holds '(xlagg)'; }

test_put_back_later_on_lagg_del() {
	three_ports_of_different_kinds
	used_under_orders proto loadbalance
	groups_cannot_be_left
	refused xl a lagg del lagg0
	says_what_remains "$(cat "$D/err")" eth1
	is "$(xl a -j lagg show | jq length)" 0 "laggs"
	pins_of_lagg0 || fail "its record is not pinned"
	wait_for 5 agent_has_notice
	refused xl a lagg add lagg0 port eth1
	says_what_remains "$(cat "$D/err")" eth1
	order count
	put_back_later
	! pins_of_lagg0 || fail "its pins are still there"
}
agent_has_notice() { [[ $(xl a -j agent show | jq -r '.[0].notice') == "lagg0: eth1 is not yet as it was before"* ]]; }
put_back_later() {
	within 15 as_before || as_before || fail "not as before"
}

test_put_back_by_the_next_lagg() {
	three_ports_of_different_kinds
	used_under_orders proto loadbalance
	groups_cannot_be_left
	refused xl a lagg del lagg0
	order count
	xl a lagg add lagg0 port eth1 port eth2 port eth3 mtu 1300
	wait_for 5 has_carrier a lagg0
	xl a lagg del lagg0
	put_back
}

test_put_back_by_the_next_agent_what_was_a_port() {
	three_ports_of_different_kinds
	used_under_orders proto failover
	groups_cannot_be_left
	refused xl a port del lagg0 eth2
	kill_agent_under_orders
	agent a
	wait_for 5 is_free eth2
	xl a lagg del lagg0
	put_back
}

test_put_back_by_the_next_agent_what_was_a_lagg() {
	three_ports_of_different_kinds
	used_under_orders proto failover
	groups_cannot_be_left
	refused xl a flush
	kill_agent_under_orders
	pins_of_lagg0 || fail "its record is not pinned"
	agent a
	put_back_later
	is "$(xl a -j lagg show | jq length)" 0 "laggs"
	! pins_of_lagg0 || fail "its pins are still there"
}

# A device that did not become a port, and could not be put back, either.
test_put_back_what_was_no_port_yet() {
	three_ports_of_different_kinds
	agent_under_orders
	xl a lagg add lagg0 proto loadbalance port eth1
	order "fail ioctl 1 5 1000000"
	refused xl a port add lagg0 eth2
	order count
	wait_for 10 is_free eth2
	xl a lagg del lagg0
	put_back_later
}
