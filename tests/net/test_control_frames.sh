# shellcheck shell=bash
# Frames that belong to a port reach listeners on that port, whether the port is in use or not; all others go to lagg0.

LLDP=01:80:c2:00:00:0e EAPOL=01:80:c2:00:00:03 STP=01:80:c2:00:00:00

# arrives HOST DEV ETHERTYPE FROM-DEV DESTINATION [ETHERTYPE ON THE WIRE]: b sends a frame on FROM-DEV; returns whether it
# reaches a listener on DEV of HOST
arrives() {
	listener l a "$1" "$2" 5
	on b "$B/tests/net/frame" send "$3" "$4" "${5:-$2}" 3
	reap l || fail "a frame of EtherType $2, sent by b on $3 to $4, did not reach a listener on $1"
}
arrives_not() {
	listener l a "$1" "$2" 1
	on b "$B/tests/net/frame" send "$3" "$4" "${5:-$2}" 3
	if reap l; then fail "a frame of EtherType $2, sent by b on $3 to $4, reached a listener on $1"; fi
}
a_lagg_facing_plain_ports() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 "$@" port eth1 port eth2
	wait_for 5 has_carrier a lagg0
}
control_frames() {
	a_lagg_facing_plain_ports "$@"
	local dev
	for dev in eth1 eth2; do
		arrives $dev 88cc $dev $LLDP
		arrives $dev 888e $dev $EAPOL
		arrives_not lagg0 88cc $dev $LLDP
	done
	# 0004 is ETH_P_802_2: frames that have a length instead of an EtherType, such as BPDUs
	arrives lagg0 0004 eth1 $STP 0026
	arrives lagg0 88b5 eth1 ff:ff:ff:ff:ff:ff
	arrives_not eth1 88b5 eth1 ff:ff:ff:ff:ff:ff
}
test_lldp_and_8021x_reach_a_port_also_on_standby() { control_frames proto failover; }
test_lldp_and_8021x_reach_a_port_also_on_standby_xdp() { as_xdp_wires; control_frames proto failover datapath xdp; }
test_lldp_and_8021x_reach_a_port_loadbalance() { control_frames proto loadbalance; }
test_lldp_and_8021x_reach_a_port_none() {
	a_lagg_facing_plain_ports proto none
	arrives eth1 88cc eth1 $LLDP
	arrives eth2 888e eth2 $EAPOL
	arrives_not lagg0 88b5 eth1 ff:ff:ff:ff:ff:ff
}
test_port_ethertypes_can_be_changed() {
	a_lagg_facing_plain_ports proto failover
	xl a lagg set lagg0 port-ethertypes 88b5
	arrives eth2 88b5 eth2 ff:ff:ff:ff:ff:ff
	arrives lagg0 88cc eth1 $LLDP
}
test_a_daemon_on_a_port_can_send() {
	a_lagg_facing_plain_ports proto failover
	spawn_on l b "$B/tests/net/frame" listen eth2 88cc 5
	wait_for 5 grep -q ready "$D/l.out"
	on a "$B/tests/net/frame" send eth2 $LLDP 88cc 1
	reap l || fail "a frame that was sent on a standby port did not leave it"
}

port_type_drops_are() { [ "$(field a .stats.tx_dropped.port_type)" = "$1" ]; }
send_lldp() { on a "$B/tests/net/frame" send lagg0 $LLDP 88cc 3; }
# The program runs within the sender's call, which fails.
fail_to_send_lldp() {
	for _ in 1 2 3; do
		refused 'No buffer space available' on a "$B/tests/net/frame" send lagg0 $LLDP 88cc 1
	done
}
# not_sent_on_the_lagg SENDER OPTION...
not_sent_on_the_lagg() {
	lagg_pair 2 proto failover "${@:2}"
	listener l b eth1 88cc 1
	$1
	if reap l; then fail "LLDP that was sent on lagg0 left on a port"; fi
	wait_for 5 port_type_drops_are 3
	step "the agent's own control frames are not concerned"
	xl a lagg set lagg0 proto lacp
	xl b lagg set lagg0 proto lacp
	wait_for 20 distributing_are a 2
	port_type_drops_are 3 || fail "drops: $(field a .stats.tx_dropped)"
}
test_what_belongs_to_ports_is_not_sent_on_lagg0() { not_sent_on_the_lagg send_lldp; }
test_what_belongs_to_ports_is_not_sent_on_lagg0_direct() {
	not_sent_on_the_lagg fail_to_send_lldp device veth tx-path direct
}
test_what_belongs_to_ports_is_not_sent_on_lagg0_xdp() { as_xdp_wires; not_sent_on_the_lagg send_lldp datapath xdp; }

bridge_of() { nip "$1" -d -j link show br0 | jq -r ".[0].linkinfo.info_data.$2"; }
b_finds_the_root() { [ "$(bridge_of b root_port)" = 1 ]; }
test_spanning_tree_above_lagg0() {
	local h
	two_hosts 2
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 proto loadbalance port eth1 port eth2
		nip $h link add br0 type bridge stp_state 1 hello_time 100 forward_delay 200
		nip $h link set lagg0 master br0
	done
	nip a link set br0 type bridge priority 1
	nip a link set br0 up
	nip b link set br0 up
	wait_for 10 b_finds_the_root
	is "$(bridge_of a root_port)" 0 "the root's own root port"
	nip a address add 10.0.0.1/24 dev br0
	nip b address add 10.0.0.2/24 dev br0
	wait_for 15 on a ping -c 1 -W 1 10.0.0.2
	is "$(field a .stats.tx_dropped.port_type)" 0 "frames dropped because of their type"
}
