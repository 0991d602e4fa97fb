# shellcheck shell=bash disable=SC2154
# A link that keeps its carrier and loses a part of what is sent on it, one of four: what options repath and grey-detect do, beside
# bonding, which does not notice. eth1 leads over a bridge, br0 of host sw, on which netem loses frames of host a. Host b has the same
# lagg whatever a has. The streams are paced, so that each needs the same.

CONNECTIONS=40

# The ways to use four links: each makes lagg0 of a.
use_bonding() {
	local i
	nip a link add lagg0 type bond mode balance-xor xmit_hash_policy layer3+4 miimon 100
	for i in 1 2 3 4; do
		nip a link set "eth$i" down
		nip a link set "eth$i" master lagg0
	done
	nip a link set lagg0 up
	nip a address add 10.0.0.1/24 dev lagg0
}
use_xlagg() {
	xl a lagg add lagg0 tx-path direct proto loadbalance hash l3,l4 "$@" port eth1 port eth2 port eth3 port eth4 10.0.0.1/24
}
use_repath() { use_xlagg repath on; }
use_grey_detect() { use_xlagg grey-detect out; }
end_use() { case $1 in bonding) nip a link del lagg0 ;; *) xl a lagg del lagg0 ;; esac }

four_links() {
	command -v nft >/dev/null || skip "there is no nft"
	two_hosts_bridged
	wire a eth3 b eth3
	wire a eth4 b eth4
	# On paths as short as these TCP would send what is paced in bursts, each a second's worth.
	on a sysctl -qw net.ipv4.tcp_tso_rtt_log=0
	agent a
	agent b
	xl b lagg add lagg0 proto loadbalance hash l3,l4 port eth1 port eth2 port eth3 port eth4 10.0.0.2/24
}
# lose PER-CENT: from now on so many of a's frames are lost on the way over eth1
lose() { on sw tc qdisc replace dev y1 root netem loss "$1%"; }

# acked: prints, for each connection, its port at a and how many octets of it b has acknowledged
acked() {
	on a ss -tniH state established dst 10.0.0.2:5201 | awk '
		/^[0-9]/ { n = split($3, part, ":"); port = part[n] }
		match($0, /bytes_acked:[0-9]+/) { print port, substr($0, RSTART + 12, RLENGTH - 12) }'
}
# streams: prints the ports of the connections, except that over which iperf3 talks of them, which has sent little
streams() { acked | awk '$2 > 5000 { print $1 }' | sort; }
streams_are() { [ "$(streams | wc -l)" = "$1" ]; }
# watch_eth1: from now on the set "seen" gets the ports of a whose connections use eth1
watch_eth1() {
	on sw nft -f - <<-'NFT'
		table netdev f
		delete table netdev f
		table netdev f {
			set seen {
				type inet_service
				size 1024
				flags dynamic
			}
			chain c {
				type filter hook ingress device x1 priority 0
				tcp dport 5201 update @seen { tcp sport }
			}
		}
	NFT
}
# connect: begins the streams while nothing is lost. HIT becomes the ports of those that use eth1, OTHERS those of the others.
connect() {
	local seen all
	lose 0
	wait_for 20 on a ping -c 1 -W 1 10.0.0.2
	watch_eth1
	iperf_server b
	iperf load a -c 10.0.0.2 -P "$CONNECTIONS" -t 250 -i 0 --fq-rate 400K -l 4K
	wait_for 60 streams_are "$CONNECTIONS"
	seen=$(on sw nft -j list set netdev f seen | jq -r '.nftables[].set.elem // empty | .[]' | sort)
	all=$(streams)
	HIT=$(comm -12 <(echo "$all") <(echo "$seen")) OTHERS=$(comm -23 <(echo "$all") <(echo "$seen"))
	if [ -z "$HIT" ] || [ -z "$OTHERS" ]; then fail "of the streams all or none use eth1"; fi
}
# disconnect: ends the streams, and the server, which may still wait for those of which it has not heard that they ended
disconnect() {
	local label
	for label in load iperf-server-b; do
		kill "${CHILD[$label]}"
		reap $label || :
	done
}

# sample: notes how far the streams are, and when that was known: in a guest asking takes its time
sample() {
	local NOW found
	found=$(acked)
	now_us
	echo "$NOW ${found//$'\n'/$'\n'$NOW }" >>"$D/samples"
}
# judge SINCE: sets WHOLE to the seconds until the streams were whole: in the next two seconds each of them had at least half of the median
# rate of those that were not hit; "never" if that was not seen. SHARE becomes the median rate of the hit ones, compared with that of the
# others, from SINCE on: seconds after begin_loss.
judge() {
	read -r WHOLE SHARE < <(awk -v hit="$HIT" -v others="$OTHERS" -v since="$1" -v began="$LOSS_BEGAN" '
		function sort_rates(port, n, from, to, ret,    i, j, x) {
			for (i = 1; i <= n; i++) {
				x = (at[to, port[i]] - at[from, port[i]]) / (when[to] - when[from])
				for (j = i - 1; j > 0 && ret[j] > x; j--) ret[j + 1] = ret[j]
				ret[j + 1] = x
			}
		}
		function measure(from, to) {
			sort_rates(h, hits, from, to, of_hit)
			sort_rates(o, rest, from, to, of_others)
			median = of_others[int((rest + 1) / 2)]
			share = median ? of_hit[int((hits + 1) / 2)] / median : 0
			least = of_hit[1] < of_others[1] ? of_hit[1] : of_others[1]
		}
		BEGIN { hits = split(hit, h); rest = split(others, o) }
		$1 != last { when[++count] = last = $1 }
		{ at[count, $2] = $3 }
		END {
			whole = "never"
			for (to = from = 1; to <= count && whole == "never"; to++) {
				while (from + 1 < to && when[to] - when[from + 1] >= 2e6) from++
				if (when[to] - when[from] < 2e6) continue
				measure(from, to)
				if (least >= median / 2) whole = sprintf("%.1f", (when[from] - began) / 1e6)
			}
			for (from = 1; from < count - 1 && when[from] < began + since * 1e6; from++);
			measure(from, count)
			printf "%s %.2f\n", whole, share
		}' "$D/samples")
}
# begin_loss PER-CENT: loses from now on, and begins to sample
begin_loss() {
	: >"$D/samples"
	now_us
	LOSS_BEGAN=$NOW
	lose "$1"
	sample
}
# go_on_until SECONDS: samples until so many have passed since begin_loss
go_on_until() {
	local NOW
	now_us
	while [ $((NOW - LOSS_BEGAN)) -lt $(($1 * 1000000)) ]; do
		pause 0.2
		sample
		now_us
	done
}
# is_back: whether the hit streams had as much as the others in two seconds that ended now, and began some time after the loss did
is_back() {
	local NOW since
	sample
	now_us
	since=$(jq -n "($NOW - $LOSS_BEGAN) / 1e6 - 2")
	jq -ne "$since > 0.2" || return 1
	judge "$since"
	jq -ne "$SHARE >= 0.9"
}
# say_result WAY PER-CENT
say_result() {
	echo "table: loss $2 % on one of four links, $1: $CONNECTIONS streams are whole after $WHOLE s," \
		"and from two seconds on the $(wc -w <<<"$HIT") that were hit have $SHARE of the others' goodput"
}

# What repath does, and bonding does not. How long it takes is measured in the next test.
test_loss_of_a_third_beside_bonding() {
	modprobe bonding 2>/dev/null || skip "there is no bonding"
	four_links
	use_bonding
	connect
	begin_loss 30
	go_on_until 4
	judge 2
	say_result bonding 30
	at_most "$SHARE" 0.85 "goodput of the hit streams, compared with the others', with bonding"
	disconnect
	end_use bonding
	use_repath
	connect
	begin_loss 30
	wait_for 30 is_back
}

test_loss_in_figures() {
	local loss way CONNECTIONS=100
	[ -n "${VM_LONG:-}" ] || skip "the table takes six minutes: only with VM_LONG=1, and in make test-long"
	modprobe bonding 2>/dev/null || skip "there is no bonding"
	four_links
	for loss in 1 5 30 100; do
		for way in bonding repath grey_detect; do
			use_$way
			connect
			begin_loss "$loss"
			go_on_until 10
			judge 2
			say_result "$way" "$loss"
			[ $way != repath ] || at_least "$SHARE" 0.9 "goodput with repath at a loss of $loss %"
			[ $way != repath ] || [ "$WHOLE" != never ] || fail "repath, $loss %: the streams are not whole after 10 s"
			disconnect
			end_use $way
		done
	done
}
