# shellcheck shell=bash disable=SC2154
# device bond and its neighbourhood: what looks at a bond finds one, and what a user hangs on lagg0 and on its ports works as
# with the kernel's own bonding.
. tests/vm/test_bond.sh
. tests/vm/frr.sh

# ---- who looks at it ----

kind() { nip a -d -j link show "$1" | jq -r ".[0].linkinfo | $2"; }
proc_bonding() { on a sed -n "s/^$1: //p" /proc/net/bonding/lagg0; }
proc_active_is() { [ "$(proc_bonding 'Currently Active Slave')" = "$1" ]; }
speed() { on a ethtool lagg0 | sed -n 's/^\tSpeed: //p'; }
speed_is() { [ "$(speed)" = "$1" ]; }
# node_exporter sees the sysfs of host a.
start_node_exporter() {
	command -v prometheus-node-exporter >/dev/null || skip "there is no node_exporter"
	spawn exporter ip netns exec "$P-a" prometheus-node-exporter --collector.disable-defaults --collector.bonding \
		--web.listen-address=127.0.0.1:9100
	wait_for 60 tcp_bound a 9100
}
# metric NAME: of lagg0
metric() {
	# shellcheck disable=SC2016
	on a bash -c 'exec 3<>/dev/tcp/127.0.0.1/9100 && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3' |
		sed -n "s/^$1{master=\"lagg0\"} //p"
}
metric_is() { [ "$(metric "$1")" = "$2" ]; }

test_neighbours_see_a_bond_in_failover() {
	bond_pair 2 proto failover
	is "$(kind lagg0 '"\(.info_kind) \(.info_data.mode)"')" "bond active-backup" "ip -d link: lagg0"
	is "$(kind eth1 '"\(.info_slave_kind) \(.info_slave_data.state)"')" "bond ACTIVE" "ip -d link: eth1"
	is "$(kind eth2 '"\(.info_slave_kind) \(.info_slave_data.state)"')" "bond BACKUP" "ip -d link: eth2"
	wait_for 10 speed_is 10000Mb/s
	wait_for 10 proc_active_is eth1
	is "$(proc_bonding 'Bonding Mode')" "fault-tolerance (active-backup)" "/proc/net/bonding: mode"
	is "$(proc_bonding 'Slave Interface' | tr '\n' ' ')" "eth1 eth2 " "/proc/net/bonding: slaves"
	nip b link set eth1 down
	wait_for 10 active_port_is a eth2
	wait_for 10 proc_active_is eth2
	is "$(proc_bonding 'MII Status' | tr '\n' ' ')" "up down up " "/proc/net/bonding: lagg0, eth1, eth2"
	is "$(kind eth2 .info_slave_data.state)" ACTIVE "ip -d link: eth2 after failover"
	nip b link set eth1 up
	wait_for 10 proc_active_is eth1
}
test_neighbours_see_a_bond_with_all_its_ports() {
	bond_pair 2 proto loadbalance
	start_node_exporter
	is "$(kind lagg0 '"\(.info_kind) \(.info_data.mode)"')" "bond balance-xor" "ip -d link"
	is "$(proc_bonding 'Bonding Mode')" "load balancing (xor)" "/proc/net/bonding: mode"
	wait_for 10 speed_is 20000Mb/s
	is "$(on a ethtool lagg0 | sed -n 's/^\tDuplex: //p')" Full "ethtool: duplex"
	wait_for 10 metric_is node_bonding_slaves 2
	wait_for 10 metric_is node_bonding_active 2
	nip b link set eth1 down
	wait_for 10 metric_is node_bonding_active 1
	wait_for 10 speed_is 10000Mb/s
	is "$(metric node_bonding_slaves)" 2 "node_exporter: slaves"
	nip b link set eth1 up
	wait_for 10 metric_is node_bonding_active 2
}

# EVPN multihoming is for bonds: FRR refuses any other device as a segment that two machines share.
segment_is_lagg0() { [ "$(zebra "show evpn es json" | jq -r '.[].accessPort')" = lagg0 ]; }
test_neighbours_frr_takes_lagg0_as_an_ethernet_segment() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 device bond proto lacp port eth1 port eth2
	start_zebra a
	zebra "configure terminal" "interface lagg0" "evpn mh es-id 7" "evpn mh es-sys-mac 02:00:00:00:00:07"
	wait_for 5 segment_is_lagg0
}

# ---- filters ----

v4() { on a ping -q -c 1 -W 1 10.0.0.2; }
v6() { on a ping -q -c 1 -W 1 fd00::2; }
# The user's filters drop IPv4 and nothing else.
v4_is_dropped() { v6 && ! v4; }
both_pass() { v6 && v4; }
no_notice() { [ "$(port_field b "$1" .notice)" = "" ]; }
# takes_effect DEV COMMAND...: the command adds a filter on that device of b, on whose port eth1 the traffic is
takes_effect() {
	local dev=$1
	shift
	"$@" "$dev"
	wait_for 10 v4_is_dropped
	no_notice eth1 || fail "notice: $(port_field b eth1 .notice)"
}
clsact() {
	on b tc qdisc show dev "$2" | holds clsact || on b tc qdisc add dev "$2" clsact
	on b tc filter add dev "$2" "$1" pref 7 protocol all bpf da obj "$B/tests/net/user_tc.bpf.o" sec tc
}
nft_chain() {
	on b nft add table netdev f
	on b nft "add chain netdev f c { type filter hook $1 device $2 priority 0; }"
	on b nft add rule netdev f c meta protocol ip drop
}
tcx() {
	bpftool prog load "$B/tests/net/user_tc.bpf.o" "$BPFFS/$P-user" type tc
	on b "$B/tests/net/tcx" "$BPFFS/$P-user" "$1" "$BPFFS/$P-user-link"
}
has_tcx() { [[ $(uname -r) =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 606)); }

# filters_on DEV PATH: each kind of filter on that device, at ingress and, if the path leads there, at egress
filters_on() {
	local where
	for where in ingress egress; do
		[ "$where $2" != "egress direct" ] || continue
		step "clsact, $where of $1"
		takes_effect "$1" clsact "$where"
		on b tc filter del dev "$1" "$where" pref 7
		wait_for 10 both_pass
		[ "$where" = ingress ] || has_nft_egress || continue
		step "nftables, $where of $1"
		takes_effect "$1" nft_chain "$where"
		on b nft delete table netdev f
		wait_for 10 both_pass
	done
	has_tcx || return 0
	step "tcx, ingress of $1"
	takes_effect "$1" tcx
	rm "$BPFFS/$P-user-link" "$BPFFS/$P-user"
	wait_for 10 both_pass
}
has_nft_egress() { on b nft 'add table netdev e; add chain netdev e c { type filter hook egress device lo priority 0; }; delete table netdev e'; }

test_neighbours_filters_on_a_port() {
	bond_pair 1 proto failover
	filters_on eth1 stack
}
test_neighbours_filters_on_lagg0() {
	bond_pair 1 proto failover
	filters_on lagg0 stack
}
# Directly, what leaves goes past the egress of lagg0 behind our program, and nothing else changes.
test_neighbours_filters_beside_the_direct_path() {
	bond_pair 1 proto failover tx-path direct
	filters_on eth1 direct
	filters_on lagg0 direct
}

# ---- qdiscs and priority ----

# in_class DEV CLASS: frames that a class of that device's root qdisc, with handle 1:, has sent
in_class() { on a tc -s class show dev "$1" | sed -n "/ $2 /,/Sent/s/.*Sent [0-9]* bytes \([0-9]*\) pkt.*/\1/p"; }
in_class_at_least() { [ "$(in_class "$1" "$2")" -ge "$3" ]; }

# nft gives the class of an echo request as its priority, which only goes down to a port's qdisc in skb->priority.
priorities() {
	on a nft add table ip p
	on a nft 'add chain ip p c { type filter hook output priority 0; }'
	on a nft 'add rule ip p c icmp type echo-request meta priority set 1:3'
	is "$(in_class "$1" 1:3)" 0 "frames of that priority on $1 before"
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
	at_least "$(in_class "$1" 1:3)" 5 "frames of that priority on $1"
	on a nft delete table ip p
}
test_neighbours_keeps_priority() {
	local path dev
	bond_pair 1 proto failover
	for dev in lagg0 eth1; do on a tc qdisc add dev $dev root handle 1: prio; done
	priorities lagg0
	at_least "$(in_class eth1 1:3)" 5 "frames of that priority on eth1"
	for path in stack direct; do
		xl a lagg set lagg0 proto loadbalance tx-path $path
		on a tc qdisc replace dev eth1 root handle 2: pfifo
		on a tc qdisc replace dev eth1 root handle 1: prio
		priorities eth1
	done
}

# A shaper on lagg0 with a filter: the flow to port 9 has a class of its own, whose rate holds.
test_neighbours_shaper_on_lagg0() {
	local proto
	bond_pair 2 proto loadbalance
	on a tc qdisc add dev lagg0 root handle 1: htb default 20
	on a tc class add dev lagg0 parent 1: classid 1:10 htb rate 800kbit burst 2k
	on a tc class add dev lagg0 parent 1: classid 1:20 htb rate 1gbit
	on a tc filter add dev lagg0 parent 1: pref 7 protocol ip flower ip_proto udp dst_port 5001 classid 1:10
	for proto in loadbalance failover; do
		xl a lagg set lagg0 proto $proto
		xl b lagg set lagg0 proto $proto
		wait_for 10 on a ping -c 1 -W 1 10.0.0.2
		stream shaped a b 10.0.0.2 5001 -r 50 -n 50
		stream free a b 10.0.0.2 5002 -r 50 -n 50
		await_stream shaped
		await_stream free
		no_loss shaped
		no_loss free
	done
	at_least "$(in_class lagg0 1:10)" 100 "frames of the shaped flow"
	at_least "$(in_class lagg0 1:20)" 100 "the others"
	step "what is above the rate waits in lagg0, and nothing else does"
	on a tc class change dev lagg0 classid 1:10 htb rate 8kbit burst 2k
	on a "$B/tests/bench/udpsend" -r 200 -n 100 -s 1000 10.0.0.2 5001
	queued_in_lagg0 || fail "nothing waits in lagg0"
	stream free a b 10.0.0.2 5002 -r 200 -n 100
	await_stream free
	no_loss free
	queued_in_lagg0 || fail "nothing waits in lagg0 any longer"
}
queued_in_lagg0() { on a tc -s qdisc show dev lagg0 | holds -E 'backlog [0-9A-Za-z]+ [1-9]'; }

# ---- XDP ----

# xdp_on_lagg0 HOW PROTO: a user's program on lagg0 of b, which drops UDP to port 9 and sends that to port 777 back
xdp_on_lagg0() {
	local pins=$BPFFS/$P-user-b-lagg0
	as_xdp_wires
	bond_pair 2 proto "$2"
	mkdir -p "$pins"
	on b bpftool prog loadall "$B/tests/net/user.bpf.o" "$pins" pinmaps "$pins/maps"
	on b bpftool net attach "$1" pinned "$pins/user_filter" dev lagg0
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	at_least "$(user_count b lagg0 0)" 1 "frames that the program saw"
	stream through a b 10.0.0.2 5001 -r 100 -n 100
	await_stream through
	no_loss through
	on a "$B/tests/bench/udpsend" -r 100 -n 20 10.0.0.2 9
	wait_for 10 counted 1 20
	on a "$B/tests/bench/udpsend" -r 100 -n 20 10.0.0.2 777
	wait_for 10 counted 2 20
	step "a port leaves and comes back"
	xl b port del lagg0 eth2
	nip b link set eth2 down
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	xl b port add lagg0 eth2
	wait_for 10 active_ports_are b "$3"
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	on a "$B/tests/bench/udpsend" -r 100 -n 20 10.0.0.2 9
	wait_for 10 counted 1 40
	on b bpftool net detach "$1" dev lagg0
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}
counted() { [ "$(user_count b lagg0 "$1")" -ge "$2" ]; }
test_neighbours_generic_xdp_on_lagg0() { xdp_on_lagg0 xdpgeneric failover 1; }
test_neighbours_native_xdp_on_lagg0() { xdp_on_lagg0 xdpdrv failover 1; }
test_neighbours_native_xdp_on_lagg0_over_all_ports() { xdp_on_lagg0 xdpdrv loadbalance 2; }
