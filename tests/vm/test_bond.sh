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

# tap_sees_sent HOST: whether tcpdump on lagg0 sees an echo request that the host sends
tap_sees_sent() {
	spawn_on tap "$1" tcpdump -lni lagg0 -c 1 'icmp[icmptype] == icmp-echo'
	wait_for 10 grep -q listening "$D/tap.err"
	on "$1" ping -q -c 3 -i 0.2 -W 1 10.0.0.2 >/dev/null
	wait_for 5 grep -q 'echo request' "$D/tap.out"
}

# proto_in_mode PROTO MODE: traffic with a proto, on both transmit paths. Taps on lagg0 see what is sent unless it is sent
# directly.
proto_in_mode() {
	bond_pair 2 proto "$1"
	is "$(field a '.datapath | [.profile, .device, .tx_path] | join(" ")')" "tc bond stack" "datapath"
	is "$(bond_mode a)" "$2" "mode of the bond"
	is "$(field a .datapath.bond_mode)" "$2" "mode of the bond in show"
	slaves_are a "eth1 eth2" || fail "the ports are not the bond's slaves"
	tap_sees_sent a
	both_ways auto
	xl a lagg set lagg0 tx-path direct
	is "$(field a .datapath.tx_path)" direct "transmit path"
	both_ways direct
}
test_bond_failover() { proto_in_mode failover active-backup; no_reordering auto-out; }
test_bond_roundrobin() { proto_in_mode roundrobin balance-rr; }
test_bond_loadbalance() { proto_in_mode loadbalance balance-xor; no_reordering auto-out; }
test_bond_lacp() { proto_in_mode lacp balance-xor; no_reordering auto-out; }
test_bond_broadcast() { proto_in_mode broadcast broadcast; }

# The kernel forgets a device's neighbours where carrier is lost, which a dormant bond does not show: behind its ports there may be
# another machine next time.
neighbours() { nip a -j neigh show nud all | jq -r '[.[] | select(.lladdr and .dev != "lo" and (.state | index("NOARP") | not)) | "\(.dev) \(.dst)"] | sort | join(", ")'; }
neighbours_are() { [ "$(neighbours)" = "$1" ]; }
test_bond_forgets_its_neighbours_with_its_carrier() {
	bond_pair 2 proto loadbalance min-links 2
	nip a link add link lagg0 name lagg0.7 type vlan id 7
	nip a link set lagg0.7 up
	nip a neigh add 10.7.0.2 lladdr 02:00:00:00:00:07 nud reachable dev lagg0.7
	nip a neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 nud permanent dev lagg0
	matches "$(neighbours)" "lagg0 10.0.0.2, .*lagg0 fd00::2, lagg0.7 10.7.0.2" "neighbours"
	nip b link set eth2 down
	wait_for 10 operstate_is a lagg0 DORMANT
	wait_for 10 neighbours_are "lagg0 10.0.0.3"
	nip b link set eth2 up
	wait_for 10 operstate_is a lagg0 UP
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}

# flows LABEL HOST TO ADDRESS: numbered datagrams of eight flows, of which none is lost
flows() {
	local i
	for i in 1 2 3 4 5 6 7 8; do stream "$1-$i" "$2" "$3" "$4" $((5000 + i)) -r 100 -n 100; done
	for i in 1 2 3 4 5 6 7 8; do
		await_stream "$1-$i"
		no_loss "$1-$i"
	done
}
# frames_of HOST DIRECTION: frames that the host's ports sent (tx) or received (rx), port by port
frames_of() { field "$1" "[.ports | sort_by(.ifname)[].stats.${2}_packets] | join(\" \")"; }
# from_now_on: all_on_their_ports counts from here; no port may be out of use at either end
from_now_on() { read -ra SENT < <(frames_of a tx) && read -ra RECEIVED < <(frames_of b rx); }
# Every frame that a gave to a port arrived at b on the other end of that port's cable, except a few that were on their way
# while the counters were read one after the other.
all_on_their_ports() {
	local i sent received off
	read -ra sent < <(frames_of a tx) && read -ra received < <(frames_of b rx)
	for i in 0 1 2; do
		off=$((sent[i] - SENT[i] - received[i] + RECEIVED[i]))
		at_most ${off#-} 5 "frames on another port than eth$((i + 1))"
	done
}
count_egress() {
	local dev
	modprobe nf_tables
	for dev in "$@"; do
		printf 'table netdev %s { chain out { type filter hook egress device "%s" priority 0; counter; }; }\n' "$dev" "$dev"
	done >"$D/egress.nft"
	on a nft -f "$D/egress.nft"
}
# at_egress DEVICES: frames that came to the devices' egress. One that bonding sent on the wrong port comes to two.
at_egress() {
	local dev
	for dev in "$@"; do on a nft -j list table netdev "$dev"; done | jq '.nftables[] | .rule.expr[]?.counter.packets | values' |
		jq -s add
}
sent_by_all() { field a '[.ports[].stats.tx_packets] | add'; }
# almost_none_on_the_wrong_port LABEL PORTS: that bonding sends where it is told, so that nothing has to be passed on
almost_none_on_the_wrong_port() {
	local before sent
	wait_for 5 active_ports_are a "$2"
	wait_for 5 active_ports_are b "$2"
	from_now_on
	before=$(at_egress eth1 eth2 eth3) sent=$(sent_by_all)
	flows "$1" a b 10.0.0.2
	all_on_their_ports
	# the rest: what the agent sends on ports itself
	at_most $(($(at_egress eth1 eth2 eth3) - before - $(sent_by_all) + sent)) 10 "$1: frames on a wrong port"
}
test_bond_takes_the_hash_it_is_given() {
	bond_pair 3 proto loadbalance
	count_egress eth1 eth2 eth3
	almost_none_on_the_wrong_port first 3
	nip b link set eth2 down
	almost_none_on_the_wrong_port one-less 2
	nip b link set eth2 up
	almost_none_on_the_wrong_port back 3
	nip a link set eth1 nomaster # and so it goes last in bonding's order
	wait_for 10 slaves_are a "eth1 eth2 eth3"
	almost_none_on_the_wrong_port reordered 3
}

# Nobody tells the programs that bonding sends on fewer ports than before: what it sends on a wrong one is passed on.
test_bond_frames_on_a_wrong_port_are_passed_on() {
	bond_pair 3 proto loadbalance
	wait_for 5 active_ports_are b 3
	from_now_on
	agent_end a KILL
	nip b link set eth1 down
	wait_for 5 no_carrier a eth1
	flows without a b 10.0.0.2
	agent a
	wait_for 5 active_ports_are a 2
	all_on_their_ports
	flows with a b 10.0.0.2
	all_on_their_ports
}

# The bond keeps its mode when proto is changed.
test_bond_keeps_its_mode() {
	local proto
	bond_pair 2 proto loadbalance
	for proto in failover roundrobin broadcast lacp; do
		xl a lagg set lagg0 proto $proto
		xl b lagg set lagg0 proto $proto
		is "$(bond_mode a)" balance-xor "mode with proto $proto"
		matches "$(xl a -d lagg show lagg0)" 'device bond balance-xor tx-path' "what show says with proto $proto"
		is "$(field a .datapath.tx_path)" "$([ $proto = broadcast ] && echo direct || echo stack)" "path of proto $proto"
		[ $proto != lacp ] || wait_for 10 distributing_are a 2
		[ $proto != lacp ] || wait_for 10 distributing_are b 2
		flows "$proto" a b 10.0.0.2
	done
}

active_slave_is() { [ "$(nip a -d -j link show lagg0 | jq -r '.[0].linkinfo.info_data.active_slave')" = "$1" ]; }
bond_mac_is() { [ "$(nip a -j link show lagg0 | jq -r '.[0].address')" = "$1" ]; }
mac_in_show_is() { [ "$(field a .mac)" = "$1" ]; }
# The kernel makes up a MAC for a bond that loses its last slave.
test_bond_keeps_its_mac_without_ports() {
	local mac other=02:00:00:00:77:01
	bond_pair 2 proto failover
	mac=$(field a .mac)
	xl a port del lagg0 eth1
	xl a port del lagg0 eth2
	wait_for 5 bond_mac_is "$mac"
	mac_in_show_is "$mac" || fail "the MAC in show is $(field a .mac)"
	xl a port add lagg0 eth1
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	agent_end a KILL
	nip a link set eth1 nomaster
	! bond_mac_is "$mac" || fail "the kernel keeps the MAC of a bond without slaves"
	agent a
	wait_for 10 bond_mac_is "$mac"
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	xl a port del lagg0 eth1
	wait_for 5 bond_mac_is "$mac"
	nip a link set lagg0 address "$other"
	wait_for 5 mac_in_show_is "$other"
}

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

# What a kernel without bonding makes of it. Nothing may load the module while it is tried, so what else is needed comes first.
no_bonding() {
	modprobe -a veth sch_ingress cls_bpf
	wait_for 10 modprobe -r bonding
	LOADER=$(cat /proc/sys/kernel/modprobe)
	# shellcheck disable=SC2034
	AT_END=bonding_again
	echo /bin/false >/proc/sys/kernel/modprobe
}
bonding_again() { echo "$LOADER" >/proc/sys/kernel/modprobe && modprobe bonding; }
test_bond_where_the_kernel_has_no_bonding() {
	local why='lagg0: this kernel makes no bond \(modules bonding and dummy\): use device veth'
	two_hosts 1
	no_bonding
	echo "lagg add lagg0 device bond port eth1" >"$D/a.conf"
	agent a
	matches "$(cat "$D/agent-a.log")" "$why" "what is said of a file that asks for a bond"
	is "$(xl a -j lagg show)" "[]" "laggs of that file"
	refused "$why" xl a lagg add lagg0 device bond port eth1
	is "$(nip a -j link show | jq -r '[.[].ifname] | sort | join(" ")')" "eth1 lo" "devices after a refusal"
	xl a lagg add lagg0 device veth port eth1 10.0.0.1/24
	nip b address add 10.0.0.2/24 dev eth1
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}
