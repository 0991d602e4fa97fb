# shellcheck shell=bash
# datapath xdp: XDP programs of a user, on lagg0 and in front of it.

test_user_program_on_lagg0_filters() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	user_program b lagg0 user_filter
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	stream passed a b 10.0.0.2 5001 -r 5000 -n 2000 -f 16
	await_stream passed
	no_loss passed
	stream filtered a b 10.0.0.2 9 -r 5000 -n 2000 -f 16
	reap filtered-tx
	wait_for 5 count_reached b lagg0 1 2000
	kill "${CHILD[filtered-rx]}"
	step "frames seen by the program: $(user_count b lagg0 0)"
	on b bpftool net detach xdp dev lagg0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
count_reached() { [ "$(user_count "$1" "$2" "$3")" -ge "$4" ]; }

test_xdp_tx_on_lagg0() {
	one_cpu
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	user_program b lagg0 user_filter
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	# b's program sends the datagrams back, to a's port 777.
	spawn_on echo-rx a "$B/tests/bench/udprecv" 777
	wait_for 5 udp_bound a 777
	spawn_on echo-tx a "$B/tests/bench/udpsend" -r 5000 -n 2000 -f 16 10.0.0.2 777
	await_stream echo
	no_loss echo
	no_reordering echo
	at_least "$(user_count b lagg0 2)" 2000 "frames reflected with XDP_TX"
}

# Host c is wired to b's eth9, where a program redirects everything to lagg0 and so to a.
test_xdp_redirect_to_lagg0() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	host c
	wire b eth9 c eth0
	user_program b eth9 user_forward
	local index
	index=$(nip b -j link show lagg0 | jq '.[0].ifindex')
	bpftool map update pinned "$BPFFS/$P-user-b-eth9/maps/user_target" key 0 0 0 0 value \
		$((index & 255)) $((index >> 8 & 255)) 0 0
	nip c address add 10.0.0.3/24 dev eth0
	nip c neigh replace 10.0.0.1 lladdr "$(field a .mac)" dev eth0 nud permanent
	stream s c a 10.0.0.1 5001 -r 5000 -n 2000 -f 64
	await_stream s
	no_loss s
	local dev
	for dev in eth1 eth2; do at_least "$(rx_packets a $dev)" 300 "frames of 2000 that came in through $dev"; done
}

test_xdp_host_features_are_what_they_must_be() {
	as_xdp_wires
	lagg_pair 2 proto failover datapath xdp
	on a ethtool -K lagg0 gro off >/dev/null 2>&1 || :
	wait_for 3 feature a lagg0 generic-receive-offload on
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
}
feature() { on "$1" ethtool -k "$2" | holds -E "^$3: $4"; }

notice_tells_of_xdp() { [[ "$(field b .notice)" == *"XDP program in generic (skb) mode on it sees nothing"* ]]; }
no_lagg_notice() { [ "$(field b .notice)" = "" ]; }
test_generic_xdp_on_lagg0_with_datapath_tc() {
	lagg_pair 1
	local pins=$BPFFS/$P-user-b-lagg0
	mkdir -p "$pins"
	on b bpftool prog loadall "$B/tests/net/user.bpf.o" "$pins" pinmaps "$pins/maps"
	on b bpftool net attach xdpgeneric pinned "$pins/user_filter" dev lagg0
	wait_for 10 notice_tells_of_xdp
	on a ping -q -c 3 -i 0.1 10.0.0.2
	is "$(user_count b lagg0 0)" 0 "frames that it saw"
	on b bpftool net detach xdpgeneric dev lagg0
	wait_for 10 no_lagg_notice
}
