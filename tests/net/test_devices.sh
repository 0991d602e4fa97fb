# shellcheck shell=bash
# lagg0 is an ordinary device: what people put on top of one works.

dhcp_over_it() {
	nip b address add 10.0.0.2/24 dev lagg0
	write_dhcp_files lagg0
	spawn_on udhcpd b udhcpd -f "$D/udhcpd.conf"
	wait_for 5 udp_bound b 67
	on a udhcpc -i lagg0 -f -n -q -t 5 -T 1 -s "$D/bound" >"$D/udhcpc" 2>&1 || fail "no lease: $(cat "$D/udhcpc")"
	matches "$(nip a -br address show lagg0)" '10\.0\.0\.100/24' "address from DHCP"
	on a ping -c 1 -W 2 10.0.0.2
}
lagg_pair_without_addresses() {
	two_hosts 2
	agent a
	agent b
	xl a lagg add lagg0 "$@" port eth1 port eth2
	xl b lagg add lagg0 "$@" port eth1 port eth2
	wait_for 5 has_carrier a lagg0
	wait_for 5 has_carrier b lagg0
}
test_dhcp_client_and_server() {
	lagg_pair_without_addresses proto failover
	dhcp_over_it
	# xlagg neither saves nor removes what DHCP has set.
	if xl a save | holds 10.0.0.100; then fail "save prints the address that DHCP set"; fi
	xl a save "$D/saved"
	xl a restore "$D/saved"
	matches "$(nip a -br address show lagg0)" '10\.0\.0\.100/24' "address from DHCP after a restore"
}
test_dhcp_xdp() { as_xdp_wires; lagg_pair_without_addresses proto loadbalance datapath xdp; dhcp_over_it; }

# Host c is wired to br0 of host a; lagg0, which leads to host b, is a port of that bridge.
bridged() {
	lagg_pair_without_addresses "$@"
	host c
	wire a vc c eth0
	nip a link add br0 type bridge stp_state 0
	nip a link set br0 up
	nip a link set lagg0 master br0
	nip a link set vc master br0
	nip c address add 10.0.0.3/24 dev eth0
	nip c address add fd00::3/64 dev eth0 nodad
	nip b address add 10.0.0.2/24 dev lagg0
	nip b address add fd00::2/64 dev lagg0 nodad
	wait_for 5 on c ping -c 1 -W 1 10.0.0.2
	wait_for 5 on c ping -c 1 -W 1 fd00::2
	iperf_server b
	iperf tcp c -c 10.0.0.2 -t 1
	reap tcp || fail "TCP through the bridge: $(jq -r .error "$D/tcp.out")"
	at_least "$(mbits tcp)" 20 "TCP through the bridge, Mbit/s"
}
test_bridge_port() {
	bridged proto failover
	nip b link set eth1 down
	wait_for 3 active_port_is a eth2
	wait_for 5 on c ping -c 1 -W 1 10.0.0.2
}
test_bridge_port_xdp() { as_xdp_wires; bridged proto failover datapath xdp; }

test_macvlan_on_it() {
	lagg_pair 2 proto loadbalance
	host c
	if ! nip a link add link lagg0 name mv0 type macvlan mode bridge 2>/dev/null; then skip "this kernel has no macvlan"; fi
	nip a link set mv0 netns "$P-c"
	nip c link set mv0 up
	nip c address add 10.0.0.3/24 dev mv0
	wait_for 5 on c ping -c 1 -W 1 10.0.0.2
}
test_vlan_on_it() {
	lagg_pair 2 proto loadbalance
	if ! nip a link add link lagg0 name lagg0.5 type vlan id 5 2>/dev/null; then skip "this kernel has no VLAN devices (8021q)"; fi
	nip b link add link lagg0 name lagg0.5 type vlan id 5
	nip a address add 10.5.0.1/24 dev lagg0.5
	nip b address add 10.5.0.2/24 dev lagg0.5
	nip a link set lagg0.5 up
	nip b link set lagg0.5 up
	wait_for 5 on a ping -c 1 -W 1 10.5.0.2
}

mtu_of() { nip "$1" -j link show "$2" | jq '.[0].mtu'; }
jumbo() {
	xl a lagg set lagg0 mtu 9000
	xl b lagg set lagg0 mtu 9000
	local dev
	for dev in lagg0 eth1 eth2; do is "$(mtu_of a $dev)" 9000 "MTU of $dev"; done
	is "$(field a .mtu)" 9000 "MTU in show"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	on a ping -q -c 20 -i 0.02 -W 1 -M "do" -s 8972 10.0.0.2 | tee "$D/ping4"
	grep -q ' 0% packet loss' "$D/ping4" || fail "frames of 9000 bytes, IPv4"
	on a ping -q -c 20 -i 0.02 -W 1 -M "do" -s 8952 fd00::2 | tee "$D/ping6"
	grep -q ' 0% packet loss' "$D/ping6" || fail "frames of 9000 bytes, IPv6"
	iperf_server b
	iperf tcp a -c 10.0.0.2 -t 1
	reap tcp || fail "TCP at MTU 9000: $(jq -r .error "$D/tcp.out")"
	at_least "$(mbits tcp)" 20 "TCP at MTU 9000, Mbit/s"
	xl a lagg del lagg0
	is "$(mtu_of a eth1)" 1500 "MTU of eth1 after the lagg has gone"
	is "$(mtu_of a eth2)" 1500 "MTU of eth2 after the lagg has gone"
}
test_mtu_9000_tc_stack() { lagg_pair 2 proto loadbalance tx-path stack; jumbo; }
test_mtu_9000_tc_direct() { lagg_pair 2 proto loadbalance tx-path direct; jumbo; }
test_mtu_9000_xdp() { as_xdp_wires; lagg_pair 2 proto loadbalance datapath xdp; jumbo; }
# What ip sets on lagg0 is taken over as if xlagg had set it.
test_mtu_and_name_set_with_ip_are_taken_over() {
	lagg_pair 2 proto failover
	nip a link set lagg0 mtu 1400
	wait_for 3 mtu_is a eth1 1400
	wait_for 3 mtu_is a eth2 1400
	matches "$(xl a save)" 'mtu 1400' "saved configuration"
	nip a link set eth2 down
	nip a link set eth2 name uplink
	wait_for 3 port_known uplink
	matches "$(xl a save)" 'port uplink' "saved configuration"
}
mtu_is() { [ "$(mtu_of "$1" "$2")" = "$3" ]; }
port_known() { [ "$(port_field a "$1" .ifname)" = "$1" ]; }

# A user's own multicast group: a listener on lagg0 hears it.
test_multicast_group_on_it() {
	lagg_pair 2 proto failover
	nip b address add 239.1.2.3/32 dev lagg0 autojoin
	nip a route add 239.0.0.0/8 dev lagg0
	on b sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0
	wait_for 5 on a ping -c 1 -W 1 239.1.2.3
}

test_a_bond_needs_a_kernel_that_makes_them() {
	two_hosts 1
	if nip a link add probe type bond 2>/dev/null; then skip "this kernel makes bonds: see tests/vm/test_bond.sh"; fi
	agent a
	refused 'lagg0: this kernel makes no bond \(modules bonding and dummy\): use device veth' \
		xl a lagg add lagg0 device bond port eth1
	refused 'cannot have datapath xdp with device bond' xl a lagg add lagg0 device bond datapath xdp
	is "$(xl a -j lagg show)" "[]" "laggs after a refusal"
	is "$(nip a -j link show | jq -r '[.[].ifname] | sort | join(" ")')" "eth1 lo" "devices after a refusal"
}
