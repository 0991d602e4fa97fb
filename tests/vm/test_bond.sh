# shellcheck shell=bash disable=SC2154
# device bond: lagg0 is a kernel bond, of which only the shell is used: our programs say who sends and who receives.

# bond_pair LINKS OPTIONS...: lagg_pair over bonds. A bond has LOWER_UP also while it is dormant, so operstate counts.
bond_pair() {
	local links=$1 i
	local -a ports=()
	shift
	modprobe -a bonding dummy
	for ((i = 1; i <= links; i++)); do ports+=(port "eth$i"); done
	two_hosts "$links"
	agent a
	agent b
	xl a lagg add lagg0 device bond "$@" "${ports[@]}" 10.0.0.1/24 fd00::1/64
	xl b lagg add lagg0 device bond "$@" "${ports[@]}" 10.0.0.2/24 fd00::2/64
	wait_for 10 operstate_is a lagg0 UP
	wait_for 10 operstate_is b lagg0 UP
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	wait_for 5 on a ping -c 1 -W 1 fd00::2
}
operstate_is() { [ "$(nip "$1" -j link show "$2" | jq -r '.[0].operstate')" = "$3" ]; }
bond_mode() { nip "$1" -d -j link show lagg0 | jq -r '.[0].linkinfo.info_data.mode'; }
# slaves_are HOST DEVICES: the slaves of lagg0, sorted
slaves_are() { [ "$(nip "$1" -j link show master lagg0 | jq -r '[.[].ifname] | sort | join(" ")')" = "$2" ]; }

# both_ways LABEL: numbered datagrams each way, of which none is lost
both_ways() {
	stream "$1-out" a b 10.0.0.2 5001 -r 500 -n 1000
	stream "$1-in" b a 10.0.0.1 5002 -r 500 -n 1000
	await_stream "$1-out"
	await_stream "$1-in"
	no_loss "$1-out"
	no_loss "$1-in"
}

# proto_in_mode PROTO MODE TX-PATH: traffic with a proto, on both transmit paths; TX-PATH: that of tx-path auto
proto_in_mode() {
	bond_pair 2 proto "$1"
	is "$(field a '.datapath | [.profile, .device, .tx_path] | join(" ")')" "tc bond $3" "datapath"
	is "$(bond_mode a)" "$2" "mode of the bond"
	slaves_are a "eth1 eth2" || fail "the ports are not the bond's slaves"
	both_ways auto
	xl a lagg set lagg0 tx-path direct
	is "$(field a .datapath.tx_path)" direct "transmit path"
	both_ways direct
}
test_bond_failover() { proto_in_mode failover active-backup stack; no_reordering auto-out; }
test_bond_roundrobin() { proto_in_mode roundrobin balance-rr stack; }
test_bond_loadbalance() { proto_in_mode loadbalance balance-xor direct; no_reordering auto-out; }
test_bond_lacp() { proto_in_mode lacp balance-xor direct; no_reordering auto-out; }
test_bond_broadcast() { proto_in_mode broadcast broadcast direct; }

active_slave_is() { [ "$(nip a -d -j link show lagg0 | jq -r '.[0].linkinfo.info_data.active_slave')" = "$1" ]; }
test_bond_shows_the_port_in_use() {
	bond_pair 2 proto failover
	wait_for 5 active_slave_is eth1
	nip b link set eth1 down
	wait_for 5 active_port_is a eth2
	wait_for 10 active_slave_is eth2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth1 up
	wait_for 5 active_port_is a eth1
	wait_for 10 active_slave_is eth1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

# Where the lagg lacks links although a port has carrier, the bond is dormant, and no frame passes. Without any port it is
# down.
test_bond_carrier() {
	bond_pair 2 proto loadbalance min-links 2
	nip b link set eth1 down
	wait_for 5 operstate_is a lagg0 DORMANT
	never 1 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth2 down
	wait_for 5 operstate_is a lagg0 DOWN
	nip b link set eth1 up
	wait_for 5 operstate_is a lagg0 DORMANT
	nip b link set eth2 up
	wait_for 5 operstate_is a lagg0 UP
	wait_for 5 operstate_is b lagg0 UP
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

# settings HOST DEV: what a port gets back
settings() {
	nip "$1" -d -j link show "$2" |
		jq -c '.[0] | [.address, .mtu, .master, .ifalias, .inet6_addr_gen_mode, ([.flags[] | select(. == "UP" or . == "ALLMULTI")])]'
}
has_settings() { [ "$(settings a "$1")" = "$2" ]; }
gone() { ! nip "$1" link show "$2" >/dev/null 2>&1; }
test_bond_ports_get_back_what_they_had() {
	local before=()
	two_hosts 2
	modprobe -a bonding dummy
	nip a link set eth1 mtu 1400
	nip a link set eth2 down
	before=("$(settings a eth1)" "$(settings a eth2)")
	agent a
	xl a lagg add lagg0 device bond proto lacp port eth1 port eth2
	slaves_are a "eth1 eth2" || fail "the ports are not slaves"
	is "$(nip a -j link show eth2 | jq -r '.[0].mtu')" 1400 "MTU of the second port"
	is "$(nip a -j link show eth2 | jq -r '.[0].address')" "$(nip a -j link show lagg0 | jq -r '.[0].address')" "MAC of a port"
	xl a port del lagg0 eth2
	is "$(settings a eth2)" "${before[1]}" "settings of eth2 after it left"
	slaves_are a eth1 || fail "slaves after eth2 left"
	xl a port add lagg0 eth2
	slaves_are a "eth1 eth2" || fail "slaves after eth2 came back"
	xl a lagg del lagg0
	is "$(settings a eth1)" "${before[0]}" "settings of eth1 after the lagg"
	is "$(settings a eth2)" "${before[1]}" "settings of eth2 after the lagg"
	gone a lagg0 || fail "lagg0 is still there"
	gone a lagg0-dp || fail "its lower end is still there"
}

# arrive FRAMES: waits until lagg0 of host b has received so many more frames, whether or not a has an agent
received_more_than() { [ "$(field b .stats.rx_packets)" -gt "$1" ]; }
arrive() { wait_for 20 received_more_than $(($(field b .stats.rx_packets) + $1)); }
test_bond_is_adopted() {
	local ifindex
	bond_pair 2 proto loadbalance
	ifindex=$(nip a -j link show lagg0 | jq '.[0].ifindex')
	stream s a b 10.0.0.2 5001 -r 500
	arrive 200
	agent_end a KILL
	arrive 200
	agent a
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	arrive 200
	end_stream s
	no_loss s
	no_reordering s
	is "$(nip a -j link show lagg0 | jq '.[0].ifindex')" "$ifindex" "ifindex of lagg0"
	slaves_are a "eth1 eth2" || fail "slaves after adoption"
	! grep -q 'put back' "$D/agent-a.log" || fail "adoption found something to put back"
	xl a lagg del lagg0
	gone a lagg0 || fail "lagg0 is still there"
	gone a lagg0-dp || fail "its lower end is still there"
}

test_bond_the_kernel_fails_over_without_an_agent() {
	bond_pair 2 proto failover
	agent_end a KILL
	nip b link set eth1 down
	wait_for 5 no_carrier a eth1
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
	agent a
	[ -e "$BPFFS/$P-a/lagg0/prog_out0" ] || fail "the program at the port's egress was not adopted"
	wait_for 5 active_port_is a eth2
	wait_for 10 active_slave_is eth2
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
}

test_bond_others_take_ports_out_or_delete_it() {
	local before
	two_hosts 2
	modprobe -a bonding dummy
	before=$(settings a eth1)
	agent a
	agent b
	xl a lagg add lagg0 device bond proto failover port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 device bond proto failover port eth1 port eth2 10.0.0.2/24
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip a link set eth1 nomaster
	wait_for 10 slaves_are a "eth1 eth2"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	wait_for 10 active_slave_is eth1
	nip a link del lagg0
	wait_for 5 gone a lagg0-dp
	wait_for 5 has_settings eth1 "$before"
	is "$(xl a -j lagg show | jq -c .)" "[]" "laggs after ip link del"
}

# The clock in the kernel is on the bond's lower end.
left_out() { ! distributing_are b 2; }
test_bond_lacp_without_an_agent() {
	bond_pair 2 proto lacp lacp-rate fast
	wait_for 10 distributing_are b 2
	agent_end a KILL
	never 8 left_out
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
	agent a
	wait_for 10 distributing_are a 2
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
}
