# shellcheck shell=bash disable=SC2154
# The network around lagg0, with what the build machine's kernel may lack: VLAN devices, bridges that filter VLANs, macvlan,
# links that delay and lose, duplicate address detection.

# clean_ping HOST ARGUMENT...: sends ten pings, none of which may be lost
clean_ping() {
	local host=$1 out
	shift
	out=$(on "$host" ping -q -c 10 -i 0.05 -W 2 "$@") || fail "ping $*: $out"
	matches "$out" ' 0% packet loss' "ping $*"
}
# vlan HOST DEV ID ADDRESS...: makes a VLAN device with these addresses
vlan() {
	local host=$1 dev=$2 id=$3 address
	shift 3
	nip "$host" link add link "$dev" name "$dev.$id" type vlan id "$id"
	nip "$host" link set "$dev.$id" up
	for address; do nip "$host" address add "$address" dev "$dev.$id"; done
}
# hear_arp LABEL HOST DEV FILTER: starts a tcpdump that waits for one such frame; it runs when this returns
hear_arp() {
	spawn_on "$1" "$2" tcpdump -lnei "$3" -c 1 "$4"
	wait_for 15 grep -q listening "$D/$1.err"
}

test_vlans_on_lagg0() {
	local h
	lagg_pair 2 proto loadbalance
	for h in a b; do xl $h lagg set lagg0 mtu 9000; done
	vlan a lagg0 7 10.7.0.1/24 fd07::1/64
	vlan b lagg0 7 10.7.0.2/24 fd07::2/64
	wait_for 5 on a ping -c 1 -W 1 10.7.0.2
	wait_for 5 on a ping -c 1 -W 1 fd07::2
	clean_ping a -s 8972 -M "do" 10.7.0.2
	clean_ping a -s 8952 -M "do" fd07::2
	vlan a lagg0.7 9 10.79.0.1/24
	vlan b lagg0.7 9 10.79.0.2/24
	wait_for 5 on a ping -c 1 -W 1 10.79.0.2
	nip b link set eth1 down
	wait_for 5 on a ping -c 1 -W 1 10.7.0.2
	wait_for 5 on a ping -c 1 -W 1 10.79.0.2
}

# After a failover the addresses above lagg0 are announced to switch and neighbours, each with its own tag and MAC.
test_what_is_above_lagg0_is_announced() {
	local mac
	switched 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	nip b address add 10.0.0.2/24 dev eth0
	vlan a lagg0 7 10.7.0.1/24
	vlan b eth0 7 10.7.0.2/24
	nip a link add link lagg0 name mv0 type macvlan mode bridge
	nip a link set mv0 up
	nip a address add 10.3.0.1/24 dev mv0
	nip b address add 10.3.0.2/24 dev eth0
	mac=$(nip a -j link show mv0 | jq -r '.[0].address')
	wait_for 5 on b ping -c 1 -W 1 10.7.0.1
	wait_for 5 on b ping -c 1 -W 1 10.3.0.1
	hear_arp vlan b eth0 'vlan 7 and arp src host 10.7.0.1'
	hear_arp macvlan b eth0 "ether src $mac and arp src host 10.3.0.1"
	nip sw link set a1 down
	wait_for 5 active_port_is a eth2
	wait_for 5 grep -q 10.7.0.1 "$D/vlan.out"
	wait_for 5 grep -q 10.3.0.1 "$D/macvlan.out"
	clean_ping b 10.7.0.1
	clean_ping b 10.3.0.1
}

# c and d are behind a's bridge, in VLANs of their own; b has both VLANs on its lagg0.
test_bridge_that_filters_vlans() {
	local h
	lagg_pair 2 proto failover
	host c d
	nip a link add br0 type bridge stp_state 0 vlan_filtering 1 vlan_default_pvid 0
	nip a link set br0 up
	nip a link set lagg0 master br0
	for h in c d; do
		wire a v$h $h eth0
		nip a link set v$h master br0
	done
	on a bridge vlan add dev lagg0 vid 10
	on a bridge vlan add dev lagg0 vid 20
	on a bridge vlan add dev vc vid 10 pvid untagged
	on a bridge vlan add dev vd vid 20 pvid untagged
	vlan b lagg0 10 10.10.0.2/24
	vlan b lagg0 20 10.20.0.2/24
	nip c address add 10.10.0.3/24 dev eth0
	nip d address add 10.20.0.3/24 dev eth0
	nip d address add 10.10.0.4/24 dev eth0
	wait_for 5 on c ping -c 1 -W 1 10.10.0.2
	wait_for 5 on d ping -c 1 -W 1 10.20.0.2
	! on d ping -c 2 -W 1 -I 10.10.0.4 10.10.0.2 || fail "VLAN 20 reaches VLAN 10"
	nip b link set eth1 down
	wait_for 5 active_port_is a eth2
	wait_for 5 on c ping -c 1 -W 1 10.10.0.2
	wait_for 5 on d ping -c 1 -W 1 10.20.0.2
	clean_ping c 10.10.0.2
}

# netem HOST DEV WORD...: sets what netem does from now on to frames that leave by that device
netem() {
	local host=$1 dev=$2
	shift 2
	on "$host" tc qdisc replace dev "$dev" root netem "$@"
}
not_both_distribute() { ! distributing_are "$1" 2; }

test_lacp_on_links_that_delay_and_lose() {
	local h
	lagg_pair 2 proto lacp lacp-rate fast
	for h in a b; do wait_for 15 distributing_are $h 2; done
	for h in a b; do netem $h eth1 delay 30ms 10ms loss 2%; done
	never 6 not_both_distribute a
	# A link with carrier on which nothing arrives any longer, in one direction.
	netem b eth1 loss 100%
	for h in a b; do wait_for 8 distributing_are $h 1; done
	clean_ping a 10.0.0.2
	on b tc qdisc del dev eth1 root
	for h in a b; do wait_for 15 distributing_are $h 2; done
}

# With rx-all, frames still arrive that were on their way on the slow link when the other became the active one.
test_failover_from_a_slow_link() {
	local i
	lagg_pair 2 proto failover rx-all on
	for i in 1 2; do netem b eth$i delay 40ms; done
	stream slow b a 10.0.0.1 5001 -r 500
	let_pass b 200
	xl b port activate lagg0 eth2
	wait_for 5 active_port_is b eth2
	let_pass b 200
	end_stream slow
	no_loss slow
}

# dad HOST DEV ADDRESS: adds the address with duplicate address detection
dad() {
	on "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=1" "net.ipv6.conf.$2.dad_transmits=2"
	nip "$1" -6 address add "$3/64" dev "$2"
}
has_flag() { nip "$1" -6 address show dev "$2" "$4" | grep -F " ${3}/64 " -q; }
settled() { nip "$1" -6 address show dev "$2" -tentative -dadfailed | holds -F " $3/64 "; }

# Five minutes after its boot, when the low 32 bits of its jiffies wrap, 6.1 was seen to leave an address tentative for 20 s and more.
test_ipv6_duplicate_address_detection() {
	switched 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2
	wait_for 5 has_carrier a lagg0
	dad a lagg0 fd00::1
	has_flag a lagg0 fd00::1 tentative || fail "the address was not looked for"
	wait_for 90 settled a lagg0 fd00::1
	nip b address add fd00::2/64 dev eth0 nodad
	wait_for 5 on a ping -c 1 -W 1 fd00::2
	# Carrier is lost and comes back: detection runs again, and nobody has the address.
	nip sw link set a1 down
	nip sw link set a2 down
	wait_for 5 no_carrier a lagg0
	nip sw link set a2 up
	wait_for 90 settled a lagg0 fd00::1
	wait_for 5 on a ping -c 1 -W 1 fd00::2
	# Now somebody has it.
	nip b address add fd00::3/64 dev eth0 nodad
	dad a lagg0 fd00::3
	wait_for 10 has_flag a lagg0 fd00::3 dadfailed
}

# A test of tests/net, run here too because the build machine's kernel may have no ipvlan.
test_mac_of_a_port_that_cannot_change_it() {
	. tests/net/test_agent_change.sh
	test_mac_of_a_port_that_cannot_change_it
}
