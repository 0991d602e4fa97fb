# shellcheck shell=bash
# Option repath: connections whose path loses frames in silence leave it. Between the hosts eth1 is a bridge that loses a part of what
# comes from a; both ends keep their carrier.

port_of_connection() { xl a -j explain lagg0 src 10.0.0.1 dst 10.0.0.2 proto tcp sport "$1" dport 5201 | jq -r '.[0].port'; }
# lose PER-CENT: from now on so many of a's frames are lost on the way over eth1
lose() {
	on sw nft -f - <<-NFT
		table netdev f {
			chain c {
				type filter hook ingress device x1 priority 0
				numgen random mod 1000 < $(($1 * 10 - 1)) drop
			}
		}
	NFT
}
bridged_pair() {
	command -v nft >/dev/null || skip "there is no nft"
	two_hosts_bridged
	agent a
	agent b
	xl a lagg add lagg0 device veth tx-path direct proto loadbalance hash l3,l4 "$@" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 device veth tx-path direct proto loadbalance hash l3,l4 port eth1 port eth2 10.0.0.2/24
	wait_for 5 has_carrier a lagg0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	iperf_server b
}
# streams LABEL: runs 12 connections for 6 s, and prints what each got from the fourth second on, in Mb/s, with the port that the
# headers alone lead to
streams() {
	local sport rate
	iperf "$1" a -c 10.0.0.2 -P 12 -t 6 -i 1 --fq-rate 4M -l 16K
	reap "$1" || fail "iperf3: $(cat "$D/$1.out" "$D/$1.err")"
	jq -r '.start.connected as $c | [.intervals[3:][].streams] as $s | range($c | length) as $i |
		"\($c[$i].local_port) \([$s[][$i].bits_per_second] | add / length / 1e6)"' "$D/$1.out" |
		while read -r sport rate; do echo "$(port_of_connection "$sport") $rate"; done
}
# median PORT: of the lines of streams that have that port
median() { grep "^$1 " | awk '{ print $2 }' | sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "none" }'; }

# ratio LABEL: sets RATIO to what the connections over eth1 got, compared with the others
ratio() {
	local rates hit others
	rates=$(streams "$1")
	hit=$(median eth1 <<<"$rates") others=$(median eth2 <<<"$rates")
	[ "$hit" != none ] && [ "$others" != none ] || skip "all 12 connections had the same port"
	RATIO=$(jq -n "$hit / $others")
	echo "   $1: connections over eth1 $hit Mb/s, over eth2 $others Mb/s"
}

test_repath_leaves_a_path_that_loses_frames() {
	local control
	bridged_pair repath on
	lose 30
	xl a lagg set lagg0 repath off
	ratio off
	control=$RATIO
	at_most "$control" 0.5 "goodput over the bad path, compared with the others, repath off"
	xl a lagg set lagg0 repath on
	ratio on
	at_least "$RATIO" 0.9 "goodput over the bad path, compared with the others, repath on (off: $control)"
}

test_repath_leaves_a_path_that_loses_everything() {
	bridged_pair repath on
	lose 100
	ratio on
	at_least "$RATIO" 0.9 "goodput over the dead path, compared with the others, repath on"
}

test_repath_without_effect_is_said() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 device veth tx-path stack proto loadbalance repath on port eth1 port eth2
	matches "$(field a .notice)" "repath has no effect.*say tx-path direct" "notice"
	xl a lagg set lagg0 tx-path direct
	is "$(field a .notice)" "" "notice"
	xl a lagg set lagg0 proto failover
	matches "$(field a .notice)" "repath has no effect in proto failover" "notice"
}

test_repath_explain_takes_moves() {
	local n ports=
	two_hosts 2
	agent a
	xl a lagg add lagg0 device veth tx-path direct proto loadbalance hash l3,l4 repath on port eth1 port eth2
	nip b link set eth1 up
	wait_for 5 has_carrier a lagg0
	for n in 0 1 2 3 4 5 6 7; do
		ports+=" $(xl a -j explain lagg0 src 10.0.0.1 dst 10.0.0.2 proto tcp sport 7 dport 9 moves $n | jq -r '.[0].port')"
	done
	matches "$ports" "eth1" "ports of eight moves"
	matches "$ports" "eth2" "ports of eight moves"
	refused_with 2 "only sockets of TCP move" xl a explain lagg0 proto udp moves 1
}
