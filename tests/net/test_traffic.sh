# shellcheck shell=bash
# A host's ordinary traffic over a lagg at each end: every datapath, IPv4 and IPv6, TCP and UDP, both directions.

# iperf_run LABEL ARGUMENT...: runs a client on host a and waits for its end
iperf_run() {
	local label=$1
	shift
	iperf "$label" a "$@"
	reap "$label" || fail "iperf3 $*: $(jq -r .error "$D/$label.out")"
	echo "   iperf3 $*: $(mbits "$label") Mbit/s"
}
# Prints how many datagrams a host dropped because a socket was full
full_sockets() { on "$1" nstat -asz UdpRcvbufErrors | awk '/UdpRcvbufErrors/ { print $2 }'; }
all_kinds_of_traffic() {
	local to full=0
	iperf_server b
	for to in 10.0.0.2 fd00::2; do
		on a ping -q -c 50 -i 0.01 -W 1 $to >"$D/ping" || fail "ping $to: $(cat "$D/ping")"
		grep -q ' 0% packet loss' "$D/ping" || fail "ping $to: $(cat "$D/ping")"
		iperf_run tcp-$to -c $to -t 1 -P 4
		at_least "$(mbits tcp-$to)" 20 "TCP to $to, Mbit/s"
		iperf_run tcp-back-$to -c $to -t 1 -P 4 -R
		at_least "$(mbits tcp-back-$to)" 20 "TCP from $to, Mbit/s"
		iperf_run udp-$to -c $to -u -b 5M -t 1 -P 2
		at_most "$(($(jq .end.sum.lost_packets "$D/udp-$to.out") - $(full_sockets b) + full))" 0 \
			"UDP to $to: lost, without what found the receiver's socket full"
		full=$(full_sockets b)
		at_least "$(mbits udp-$to)" 5 "UDP to $to, Mbit/s"
	done
}
test_traffic_tc_stack() {
	lagg_pair 2 proto loadbalance tx-path stack
	is "$(field a '.datapath | [.profile, .device, .tx_path] | join(" ")')" "tc ${LAGG_DEVICE:-veth} stack" "datapath"
	all_kinds_of_traffic
}
test_traffic_tc_direct() {
	lagg_pair 2 proto loadbalance tx-path direct
	is "$(field a '.datapath | [.profile, .device, .tx_path] | join(" ")')" "tc ${LAGG_DEVICE:-veth} direct" "datapath"
	all_kinds_of_traffic
}
test_traffic_xdp() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	is "$(field a '.datapath | [.profile, .device] | join(" ")')" "xdp veth" "datapath"
	all_kinds_of_traffic
}
test_traffic_netkit() {
	two_hosts 2
	if ! nip a link add probe type netkit 2>/dev/null; then skip "this kernel has no netkit"; fi
	nip a link del probe
	agent a
	agent b
	xl a lagg add lagg0 proto loadbalance device netkit port eth1 port eth2 10.0.0.1/24 fd00::1/64
	xl b lagg add lagg0 proto loadbalance device netkit port eth1 port eth2 10.0.0.2/24 fd00::2/64
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	all_kinds_of_traffic
}
# One end is tc, the other xdp: they have only the wire in common.
test_traffic_tc_to_xdp() {
	as_xdp_wires
	two_hosts 2
	agent a
	agent b
	xl a lagg add lagg0 proto loadbalance datapath tc port eth1 port eth2 10.0.0.1/24 fd00::1/64
	xl b lagg add lagg0 proto loadbalance datapath xdp port eth1 port eth2 10.0.0.2/24 fd00::2/64
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	all_kinds_of_traffic
}

# lagg0's own counters and taps see both directions, except where the direct path bypasses them.
test_tx_path_stack_shows_in_the_devices_own_counters() {
	lagg_pair 2 proto failover tx-path stack
	spawn_on tap a tcpdump -lni lagg0 -c 4 icmp
	wait_for 5 grep -q listening "$D/tap.err"
	local before
	before=$(nip a -s -j link show lagg0 | jq '.[0].stats64 | .tx.packets, .rx.packets' | xargs)
	on a ping -q -c 10 -i 0.05 10.0.0.2
	reap tap
	is "$(grep -c 'echo request' "$D/tap.out")" 2 "requests that tcpdump saw on lagg0"
	is "$(grep -c 'echo reply' "$D/tap.out")" 2 "replies that tcpdump saw on lagg0"
	read -r tx rx <<<"$before"
	at_least "$(nip a -s -j link show lagg0 | jq '.[0].stats64.tx.packets')" $((tx + 10)) "TX packets of lagg0"
	at_least "$(nip a -s -j link show lagg0 | jq '.[0].stats64.rx.packets')" $((rx + 10)) "RX packets of lagg0"
}
counters_are_right() {
	local tx rx
	tx=$(field b .stats.rx_packets)
	rx=$(field a .stats.tx_packets)
	stream s a b 10.0.0.2 5001 -r 10000 -n 10000
	await_stream s
	no_loss s
	# The end marks, ARP and IPv6 housekeeping come on top.
	at_least $(($(field a .stats.tx_packets) - rx)) 10000 "tx_packets of lagg0 at a"
	at_most $(($(field a .stats.tx_packets) - rx)) 10100 "tx_packets of lagg0 at a"
	at_least $(($(field b .stats.rx_packets) - tx)) 10000 "rx_packets of lagg0 at b"
	at_most $(($(field b .stats.rx_packets) - tx)) 10100 "rx_packets of lagg0 at b"
	is "$(field a '.stats.tx_packets == ([.ports[].stats.tx_packets] | add)')" true "lagg0's TX is the sum of its ports'"
	is "$(field b '.stats.rx_packets == ([.ports[].stats.rx_packets] | add)')" true "lagg0's RX is the sum of its ports'"
}
test_counters_tc_stack() { lagg_pair 2 proto loadbalance tx-path stack; counters_are_right; }
test_counters_tc_direct() { lagg_pair 2 proto loadbalance tx-path direct; counters_are_right; }
test_counters_xdp() { as_xdp_wires; lagg_pair 2 proto loadbalance datapath xdp; counters_are_right; }

test_datapath_changes_keep_the_addresses() {
	as_xdp_wires
	lagg_pair 2 proto failover
	local addresses change
	local -a changes=("tx-path direct" "tx-path stack")
	[ "${LAGG_DEVICE:-}" = bond ] || changes=("datapath xdp" "datapath tc" "${changes[@]}") # a bond has no datapath xdp
	addresses=$(nip a -j address show lagg0 | jq -c '[.[0].addr_info[] | select(.scope == "global") | .local]')
	for change in "${changes[@]}"; do
		step "$change"
		# shellcheck disable=SC2086
		xl a lagg set lagg0 $change
		wait_for 5 on a ping -c 1 -W 1 10.0.0.2
		wait_for 5 on a ping -c 1 -W 1 fd00::2
		is "$(nip a -j address show lagg0 | jq -c '[.[0].addr_info[] | select(.scope == "global") | .local]')" "$addresses" \
			"addresses after $change"
	done
}
