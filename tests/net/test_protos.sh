# shellcheck shell=bash
# The five static protos, each judged by its traffic. Frames are counted where they arrive, at the far ends of the wires, and
# not by xlagg.

# wire_rx HOST DEV: prints how many frames arrived on a device, as the kernel counts them
wire_rx() { nip "$1" -s -j link show "$2" | jq '.[0].stats64.rx.packets'; }

# losing_and_regaining_the_primary FROM TO ADDRESS: does so while a stream runs; of the two ports eth1 is the primary
losing_and_regaining_the_primary() {
	wait_for 5 active_port_is a eth1
	stream s a b 10.0.0.2 5001 -r 10000
	let_pass a 3000
	local before
	before=$(tx_packets a eth2)
	step "eth1 loses its link"
	nip b link set eth1 down
	wait_for 3 active_port_is a eth2
	let_pass a 3000
	at_least "$(tx_packets a eth2)" $((before + 2900)) "frames on the standby after the loss"
	step "eth1 is back"
	nip b link set eth1 up
	wait_for 3 active_port_is a eth1
	before=$(tx_packets a eth1)
	let_pass a 3000
	at_least "$(tx_packets a eth1)" $((before + 2900)) "frames on the primary after its return"
	end_stream s
	at_least "$(account s .received)" 8000 "datagrams received in all"
	at_most "$(account s .longest_us)" 1000000 "longest interruption, us"
	at_most "$(account s .duplicates)" 0 "duplicates"
}
test_failover() {
	lagg_pair 2 proto failover
	is "$(port_field a eth1 '.flags | tojson')" '["MASTER","ACTIVE"]' "flags of the primary"
	is "$(port_field a eth2 '.flags | tojson')" '[]' "flags of the standby"
	is "$(port_field a eth2 .standby)" true "standby"
	matches "$(port_field a eth2 .reason)" . "reason of the standby"
	losing_and_regaining_the_primary
}
test_failover_xdp() {
	as_xdp_wires
	lagg_pair 2 proto failover datapath xdp
	losing_and_regaining_the_primary
}
test_failover_last_port_takes_the_carrier() {
	lagg_pair 2 proto failover
	nip b link set eth1 down
	nip b link set eth2 down
	wait_for 3 no_carrier a lagg0
	matches "$(field a .reason)" . "reason of a lagg without carrier"
	nip b link set eth2 up
	wait_for 3 has_carrier a lagg0
	is "$(field a .reason)" "" "reason of a lagg with carrier"
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
}
test_failover_priority_and_activate() {
	lagg_pair 3 proto failover
	wait_for 3 active_port_is a eth1
	xl a port set lagg0 eth3 prio 1
	wait_for 3 active_port_is a eth3
	xl a port activate lagg0 eth2
	wait_for 3 active_port_is a eth2
	xl a lagg set lagg0 reselect failure primary eth1
	never 1 active_port_is a eth1
	nip b link set eth2 down
	wait_for 3 active_port_is a eth1
}
test_failover_standby_accepts_nothing_but_with_rx_all() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
	listener standby a lagg0 88b5 2
	on b "$B/tests/net/frame" send eth2 ff:ff:ff:ff:ff:ff 88b5 5
	if reap standby; then fail "a frame came in through the standby port"; fi
	at_least "$(port_field a eth2 '.stats.rx_dropped | add')" 5 "frames refused on the standby, counted"
	xl a lagg set lagg0 rx-all on
	listener all a lagg0 88b5 5
	on b "$B/tests/net/frame" send eth2 ff:ff:ff:ff:ff:ff 88b5 5
	reap all || fail "with rx-all on, no frame came in through the standby port"
}
test_failover_tells_the_neighbours() {
	switched 2
	agent a
	xl a lagg add lagg0 proto failover peer-notify 2 port eth1 port eth2 10.0.0.1/24
	nip b address add 10.0.0.2/24 dev eth0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	spawn_on garp b tcpdump -lnei eth0 -c 1 'arp and arp[14:4] = 0x0a000001 and arp[24:4] = 0x0a000001'
	wait_for 5 grep -q listening "$D/garp.err"
	nip sw link set a1 down
	wait_for 3 active_port_is a eth2
	wait_for 5 grep -q 10.0.0.1 "$D/garp.out"
	wait_for 5 on b ping -c 1 -W 1 10.0.0.1
}

loadbalance_spreads_and_keeps_order() {
	stream s a b 10.0.0.2 5001 -r 10000 -n 20000 -f 512
	await_stream s
	no_loss s
	no_reordering s
	local dev
	for dev in eth1 eth2 eth3 eth4; do
		at_least "$(wire_rx b $dev)" 3000 "frames of 20000 on $dev"
		at_most "$(wire_rx b $dev)" 7500 "frames of 20000 on $dev"
	done
}
test_loadbalance() {
	lagg_pair 4 proto loadbalance
	is "$(field a .active_ports)" 4 "active ports"
	is "$(field a '[.ports[].buckets] | tojson')" '[256,256,256,256]' "buckets"
	loadbalance_spreads_and_keeps_order
}
test_loadbalance_xdp() {
	one_cpu
	as_xdp_wires
	lagg_pair 4 proto loadbalance datapath xdp
	loadbalance_spreads_and_keeps_order
}

# Prints the counts of the four wires on host b, in one line
wires_of_b() {
	local dev
	for dev in eth1 eth2 eth3 eth4; do wire_rx b $dev; done | xargs
}
# Prints the device whose count grew most between two such lines
grown_most() {
	paste <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2") | awk '{ print $2 - $1, "eth" NR }' | sort -rn | head -n 1 | cut -d' ' -f2
}
# port_of SPORT: prints the port that `explain` names for that flow
port_of() {
	xl a -j explain lagg0 src-mac "$MAC_A" dst-mac "$MAC_B" src 10.0.0.1 dst 10.0.0.2 proto udp sport "$1" dport 5001 |
		jq -r 'if type == "array" then .[0] else . end | .port'
}
test_loadbalance_explain_tells_where_a_flow_goes() {
	lagg_pair 4 proto loadbalance
	MAC_A=$(field a .mac) MAC_B=$(field b .mac)
	local sport before after
	for sport in 20001 20002 20003 20004 20005 20006; do
		before=$(wires_of_b)
		stream s$sport a b 10.0.0.2 5001 -r 20000 -n 1000 -p $sport
		await_stream s$sport
		after=$(wires_of_b)
		is "$(grown_most "$before" "$after")" "$(port_of $sport)" "port of the flow from port $sport"
	done
}
# explain names a bucket's backup before it is needed: that is where the flow goes in the moment of a loss, and what it says then.
test_loadbalance_explain_names_the_backup() {
	lagg_pair 4 proto loadbalance
	MAC_A=$(field a .mac) MAC_B=$(field b .mac)
	local sport
	for sport in $(seq 200); do if [ "$(port_of "$sport")" = eth3 ]; then break; fi; done
	flow() { xl a -j explain lagg0 src-mac "$MAC_A" dst-mac "$MAC_B" src 10.0.0.1 dst 10.0.0.2 proto udp sport $sport dport 5001 | jq -c ".[0] | $1"; }
	is "$(flow '[.bucket_port, .choice, .weight, .buckets, .fields.sport, .fields["src-mac"]]')" \
		"[\"eth3\",\"bucket\",1,256,$sport,\"$MAC_A\"]" "every step"
	local backup
	backup=$(flow .backup)
	matches "$backup" '^"eth[124]"$' "backup"
	nip b link set eth3 down
	flow_moved() { [ "$(flow .port)" = "$backup" ]; }
	wait_for 5 flow_moved
}
test_loadbalance_loss_moves_only_the_flows_of_that_port() {
	lagg_pair 4 proto loadbalance
	MAC_A=$(field a .mac) MAC_B=$(field b .mac)
	local sport was is moved=0
	for sport in $(seq 30001 30100); do port_of "$sport"; done >"$D/before"
	nip b link set eth3 down
	wait_for 3 active_ports_are a 3
	for sport in $(seq 30001 30100); do port_of "$sport"; done >"$D/after"
	while read -r was is; do
		[ "$is" != eth3 ] || fail "a flow goes to the lost port"
		if [ "$was" = eth3 ]; then moved=$((moved + 1)); continue; fi
		is "$is" "$was" "port of a flow that was not on the lost one"
	done < <(paste "$D/before" "$D/after")
	at_least $moved 5 "flows of 100 that were on eth3"
}

roundrobin_halves() {
	local eth1 eth2
	eth1=$(wire_rx b eth1) eth2=$(wire_rx b eth2)
	stream s a b 10.0.0.2 5001 -r 40000 -n 100000
	await_stream s
	no_loss s
	eth1=$(($(wire_rx b eth1) - eth1)) eth2=$(($(wire_rx b eth2) - eth2))
	echo "   eth1 $eth1, eth2 $eth2"
	at_least $eth1 49000 "frames of 100000 on eth1"
	at_most $eth1 51000 "frames of 100000 on eth1"
	at_least $eth2 49000 "frames of 100000 on eth2"
	at_most $eth2 51000 "frames of 100000 on eth2"
}
test_roundrobin() {
	lagg_pair 2 proto roundrobin
	roundrobin_halves
}
test_roundrobin_xdp() {
	as_xdp_wires
	lagg_pair 2 proto roundrobin datapath xdp
	roundrobin_halves
}

every_wire_carries_everything() {
	local eth1 eth2
	eth1=$(wire_rx b eth1) eth2=$(wire_rx b eth2)
	stream s a b 10.0.0.2 5001 -r 10000 -n 10000
	await_stream s
	no_loss s
	is "$(account s .duplicates)" 10000 "duplicates: one for every datagram"
	at_least $(($(wire_rx b eth1) - eth1)) 10000 "frames on eth1"
	at_least $(($(wire_rx b eth2) - eth2)) 10000 "frames on eth2"
}
test_broadcast() {
	lagg_pair 2 proto broadcast
	every_wire_carries_everything
}
test_broadcast_xdp() {
	as_xdp_wires
	lagg_pair 2 proto broadcast datapath xdp
	every_wire_carries_everything
}

test_none_drops_and_counts() {
	lagg_pair 2 proto failover
	xl a lagg set lagg0 proto none
	wait_for 3 has_carrier a lagg0
	nip a neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev lagg0 nud permanent
	local eth1
	eth1=$(tx_packets a eth1)
	if on a ping -c 3 -i 0.1 -W 1 10.0.0.2; then fail "a ping came through proto none"; fi
	at_least "$(field a .stats.tx_dropped.proto_none)" 3 "frames dropped because of proto none"
	is "$(tx_packets a eth1)" "$eth1" "frames on eth1"
	nip a neigh del 10.0.0.2 dev lagg0
	xl a lagg set lagg0 proto failover
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_proto_changes_under_load() {
	lagg_pair 2 proto loadbalance
	local proto
	stream s a b 10.0.0.2 5001 -r 10000 -f 16
	for proto in failover roundrobin loadbalance failover; do
		let_pass a 2000
		xl a lagg set lagg0 proto $proto
		is "$(field a .proto)" $proto proto
	done
	let_pass a 2000
	end_stream s
	no_loss s
}
