# shellcheck shell=bash
# Option grey-detect: of four links eth1 loses a part of what comes from a, on a bridge between the hosts. Both ends keep their carrier,
# and LACPDUs come through.

# lose PER-CENT: from now on so many of a's frames are lost on the way over eth1
lose() {
	on sw nft -f - <<-NFT
		table netdev f
		delete table netdev f
		table netdev f {
			chain c {
				type filter hook ingress device x1 priority 0
				ether type 0x8809 accept
				numgen random mod 1000 < $(($1 * 10 - ($1 > 0))) drop
			}
		}
	NFT
}
# four_links WORDS...: makes the laggs, a's with these options, and 32 connections from a to b
four_links() {
	command -v nft >/dev/null || skip "there is no nft"
	two_hosts_bridged
	wire a eth3 b eth3
	wire a eth4 b eth4
	agent a
	agent b
	local ports="port eth1 port eth2 port eth3 port eth4"
	# shellcheck disable=SC2086
	xl a lagg add lagg0 device veth tx-path direct hash l3,l4 "$@" $ports 10.0.0.1/24
	# shellcheck disable=SC2086
	xl b lagg add lagg0 device veth tx-path direct hash l3,l4 proto "$2" $ports 10.0.0.2/24
	wait_for 20 active_ports_are a 4
	wait_for 20 active_ports_are b 4
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	iperf_server b
	iperf load a -c 10.0.0.2 -P 32 -t 120 --fq-rate 2M -l 8K
	wait_for 10 connections_are 32
}
connections() { on a ss -tniH state established dst 10.0.0.2:5201 | grep -o 'bytes_acked:[0-9]*' | cut -d : -f 2; }
connections_are() { [ "$(connections | awk '$1 > 10000' | wc -l)" = "$1" ]; }
state_is() { [ "$(port_field a eth1 .grey.state)" = "$1" ]; }
# whole: returns whether each of the connections gets on within half a second
whole() {
	local before after
	before=$(on a ss -tniH state established dst 10.0.0.2:5201)
	pause 0.5
	after=$(on a ss -tniH state established dst 10.0.0.2:5201)
	# the connection over which iperf3 talks of the others has sent little
	[ "$(printf '%s\n' "$before" - "$after" | awk '
		/^-$/ { second = 1 }
		/^[0-9]/ { who = $3 }
		match($0, /bytes_acked:[0-9]+/) {
			n = substr($0, RSTART + 12, RLENGTH - 12)
			if (!second) was[who] = n
			else if (who in was && was[who] > 10000) on += n > was[who]
		}
		END { print on + 0 }')" = 32 ]
}

test_grey_link_is_told() {
	local loss
	four_links proto loadbalance
	spawn events "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	for loss in 5 30 100; do
		lose $loss
		xl a lagg set lagg0 grey-detect tell
		wait_for 30 state_is told
		matches "$(port_field a eth1 .notice)" "loses more than the other ports: [0-9.]* % of its TCP segments had to be sent again, elsewhere [0-9.]* %" \
			"notice at a loss of $loss %"
		echo "   loss $loss %: $(port_field a eth1 .notice)"
		is "$(port_field a eth1 .reason)" "" "a port that is only told of stays in use"
		xl a lagg set lagg0 grey-detect off
		is "$(port_field a eth1 .grey)" null "without the option"
	done
	wait_for 5 grep -q '"event": *"grey"' "$D/events.out"
	is "$(jq -r 'select(.event == "grey") | .port' "$D/events.out" | sort -u)" eth1 "ports that were told of"
}

test_grey_link_leaves_and_comes_back() {
	four_links proto loadbalance grey-detect out
	lose 100
	wait_for 30 state_is out
	matches "$(port_field a eth1 .reason)" "loses more than the other ports" "reason"
	is "$(port_field a eth1 .buckets)" 0 "buckets"
	is "$(port_field a eth1 .carrier)" true "carrier"
	wait_for 60 whole
	lose 0
	wait_for 30 state_is good
	is "$(port_field a eth1 .reason)" "" "reason when it is back"
	at_least "$(port_field a eth1 .stats.grey_outs)" 1 "times out"
	at_least "$(port_field a eth1 .stats.tcp_retransmitted)" 5 "segments sent again"
	at_least "$(port_field a eth2 .stats.tcp_segments)" 100 "segments of another port"
}

test_grey_link_of_lacp_is_told_to_the_partner_and_never_the_last() {
	four_links proto lacp lacp-rate fast grey-detect out
	lose 100
	wait_for 30 state_is out
	wait_for 10 not_distributing b eth1
	wait_for 60 whole
	nip a link set eth2 down
	nip a link set eth3 down
	state_is out || fail "eth1 is needed while eth4 is there"
	nip a link set eth4 down
	wait_for 10 distributing a eth1
}

test_grey_detect_says_what_it_cannot_see() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 device veth tx-path stack proto loadbalance grey-detect tell port eth1 port eth2
	matches "$(field a .notice)" "goes by damaged frames, probes and LACPDUs alone.*say tx-path direct" "notice"
	xl a lagg set lagg0 tx-path direct
	is "$(field a .notice)" "" "notice"
	xl a lagg set lagg0 proto failover
	matches "$(field a .notice)" "damaged frames and probes alone in proto failover" "notice"
	xl a lagg set lagg0 proto none
	matches "$(field a .notice)" "grey-detect has no effect in proto none" "notice"
	refused_with 2 "off, tell" xl a lagg set lagg0 grey-detect on
}
