# shellcheck shell=bash
# capture: what a lagg sends and receives, read back by tshark and compared with the counters.

needs_tshark() { command -v tshark >/dev/null || skip "there is no tshark, which reads the captures"; }

# start_capture LABEL HOST ARGUMENT...: captures lagg0 of that host into $D/LABEL.pcapng in the background
start_capture() {
	local label=$1 h=$2
	shift 2
	spawn "$label" "$B/xlagg" --socket "$D/$h.sock" capture lagg0 -w "$D/$label.pcapng" "$@"
	wait_for 20 test -s "$D/$label.pcapng"
}
# end_capture LABEL: interrupts it, as Ctrl-C does, and wants exit status 0
end_capture() {
	kill -INT "${CHILD[$1]}"
	reap "$1" || fail "$1: $(cat "$D/$1.err")"
	echo "   $(cat "$D/$1.err")"
}
# packets LABEL FILTER: how many packets of the file tshark's filter selects
packets() { tshark -r "$D/$1.pcapng" -Y "$2" 2>"$D/tshark.err" | wc -l; }
# said LABEL WORD: the number before that word of what the capture said at its end
said() { sed -nE "s/.* ([0-9]+) $2.*/\1/p" "$D/$1.err"; }
# programs: the ids of the programs of lagg0
programs() {
	local pin
	for pin in "$BPFFS/$P-a/lagg0"/prog_*; do bpftool -j prog show pinned "$pin" | jq .id; done
}
capturing() { bpftool -j prog show pinned "$BPFFS/$P-a/lagg0/prog_rx0" | holds '"capture_'; }
not_capturing() { ! capturing; }

# counters HOST: each counter of lagg0 that a verdict belongs to, one a line
counters() {
	# shellcheck disable=SC2016
	field "$1" '(.stats.tx_dropped | to_entries[] | "drop \(.key) \(.value)"),
		(.ports[] | .ifname as $port | "tx \($port) \(.stats.tx_packets)", "rx \($port) \(.stats.rx_packets)",
		(.stats.rx_dropped | to_entries[] | "drop on \($port), \(.key) \(.value)"))' | sort
}
# comments LABEL: those of its packets, one a line
comments() { tshark -r "$D/$1.pcapng" -T fields -e frame.comment 2>"$D/tshark.err"; }
# tally: the same lines from those verdicts
tally() {
	awk '
		{ frames = /; [0-9]+ frames on the wire$/ ? $(NF - 4) : 1 }
		/^sent on / { sub(":", "", $3); count["tx " $3] += frames }
		/^received on .* for lagg0/ { count["rx " $3] += frames }
		/^dropped on / { sub(",", "", $3); sub(":", "", $4); count["drop on " $3 ", " $4] += frames }
		/^dropped, / { sub(":", "", $2); count["drop " $2] += frames }
		END { for (name in count) print name, count[name] }' | sort
}
# growth BEFORE AFTER: how much each counter grew, those that did not left out
growth() { join -t '|' <(sed 's/ \([0-9]*\)$/|\1/' "$1") <(sed 's/ \([0-9]*\)$/|\1/' "$2") | awk -F '|' '$3 > $2 { print $1, $3 - $2 }' | sort; }

# with_the_counters ARGUMENT...: captures while the command runs, which makes traffic, and compares verdicts and counters.
# Frames that come by themselves between the reading of the counters and the capture would spoil that: there are none without
# IPv6.
with_the_counters() {
	counters a >"$D/before"
	"$@"
	wait_for 5 quiet
	end_capture c
	growth "$D/before" "$D/after" >"$D/want"
	comments c >"$D/comments"
	tally <"$D/comments" >"$D/got"
	diff "$D/want" "$D/got" || fail "the verdicts are not what was counted"
	is "$(said c lost)" 0 "frames lost"
	is "$(grep -c '^$' "$D/comments")" 0 "packets without a comment"
	sed 's/^/   /' "$D/got"
}
# quiet: whether nothing was counted for a moment
quiet() {
	counters a >"$D/after"
	pause 0.3
	counters a | cmp -s - "$D/after"
}
no_ipv6() { on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }
# pair OPTIONS...: hosts a and b with lagg0 over two ports, without IPv6
pair() {
	needs_tshark
	two_hosts 2
	no_ipv6 a
	no_ipv6 b
	agent a
	agent b
	xl a lagg add lagg0 "$@" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 "$@" port eth1 port eth2 10.0.0.2/24
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	know_for_good a 10.0.0.2 b
	know_for_good b 10.0.0.1 a
	wait_for 5 quiet
}
# know_for_good HOST ADDRESS OTHER-HOST: no ARP asks again
know_for_good() { nip "$1" neigh replace "$2" lladdr "$(field "$3" .mac)" dev lagg0 nud permanent; }
# So many flows that each port gets some.
datagrams() {
	local port
	for port in 5001 5002 5003 5004; do
		stream s$port a b 10.0.0.2 $port -n 300 -r 20000 -f 8
		await_stream s$port
	done
	on a ping -q -c 20 -i 0.01 -s 1400 10.0.0.2 >/dev/null
}
# every_verdict OPTIONS...: in loadbalance lagg0 sends on its ports and on a backup, receives, refuses, and drops
every_verdict() {
	pair proto loadbalance hash l4 "$@"
	start_capture c a
	with_the_counters sends_receives_and_drops
	is "$(packets c 'frame.interface_name == "eth1" and not frame.comment contains " on eth1"')" 0 "packets of eth1 that do not say so"
	is "$(packets c 'frame.comment contains "sent on"')" "$(packets c 'frame.comment matches "sent on eth[12] .bucket [0-9]+.: the bucket.s own port"')" \
		"packets that took the port of their bucket"
	is "$(packets c 'frame.interface_name == "lagg0" and frame.comment contains "dropped, port_type: "')" 1 \
		"packets that belong to ports"
	is "$(packets c 'eth.type == 0x88b5 and frame.comment contains "dropped on eth2, no_carrier: "')" 7 \
		"packets that a lagg without carrier refused"
	is "$(packets c 'eth.type == 0x88cc and frame.comment == "received on eth2 and left to its own stack"')" 3 \
		"packets for a port's own stack"
	is "$(packets c 'frame.packet_flags_direction != 2 and frame.comment contains "sent on"')" 0 "sent packets that look received"
	is "$(packets c 'frame.packet_flags_direction != 1 and frame.comment contains "received on"')" 0 "received packets that look sent"
	is "$(packets c '(udp.checksum.status == "Bad" or _ws.malformed) and eth.type != 0x88cc')" 0 "packets that are damaged"
	wait_for 5 not_capturing
}
# not_up HOST: without carrier, which is operstate DORMANT where lagg0 is a bond
not_up() { [ "$(field "$1" .operstate)" != up ]; }
sends_receives_and_drops() {
	datagrams
	nip b link set eth1 down
	wait_for 3 active_ports_are a 1
	datagrams
	# With tx-path direct a program that drops a frame is an error of its sender.
	on a "$B/tests/net/frame" send lagg0 02:00:00:00:00:77 88cc 2>"$D/sender.err" || matches "$(cat "$D/sender.err")" buffer "send"
	on b "$B/tests/net/frame" send eth2 02:00:00:00:00:77 88cc 3
	xl a lagg set lagg0 min-links 2
	wait_for 3 not_up a
	on b "$B/tests/net/frame" send eth2 02:00:00:00:00:77 88b5 7
}
test_capture_veth() { every_verdict device veth; }
test_capture_direct() { every_verdict device veth tx-path direct; }
test_capture_netkit() {
	host probe
	if ! nip probe link add probe type netkit 2>/dev/null; then skip "this kernel has no netkit"; fi
	every_verdict device netkit
}
test_capture_bond() {
	modprobe -a bonding dummy 2>/dev/null || skip "this kernel has no bonding"
	every_verdict device bond
}
test_capture_bond_direct() {
	modprobe -a bonding dummy 2>/dev/null || skip "this kernel has no bonding"
	every_verdict device bond tx-path direct
}
test_capture_xdp() {
	as_xdp_wires
	every_verdict datapath xdp
}

test_capture_failover_and_broadcast() {
	pair proto failover
	start_capture c a
	with_the_counters failover_traffic
	is "$(packets c 'frame.comment contains "dropped on eth2, standby: "')" 4 "packets that the standby refused"
	xl a lagg set lagg0 proto broadcast
	xl b lagg set lagg0 proto broadcast
	wait_for 5 quiet
	mv "$D/c.pcapng" "$D/failover.pcapng"
	start_capture c a
	with_the_counters datagrams
	is "$(packets c 'frame.comment contains "sent on eth1: broadcast"')" "$(packets c 'frame.comment contains "sent on eth2: broadcast"')" \
		"copies on both ports"
}
failover_traffic() {
	datagrams
	on b "$B/tests/net/frame" send eth2 02:00:00:00:00:77 88b5 4
}

test_capture_has_link_probes_and_their_answers() {
	needs_tshark
	lagg_pair 2 proto failover
	xl a lagg set lagg0 probe 10.0.0.2,fd00::2 probe-interval 200
	start_capture c a
	for port in eth1 eth2; do
		wait_for 20 sees c "arp.opcode == 1 and frame.comment == \"sent on $port by the agent\""
	done
	wait_for 20 sees c 'arp.opcode == 2 and frame.comment matches "^received on eth1 for (lagg0|the agent)"'
	wait_for 20 sees c 'icmpv6.type == 135 and frame.comment == "sent on eth1 by the agent"'
	end_capture c
}

# What LACP receives is there, and a proto that changes, and a port that comes, while the capture runs.
test_capture_goes_on_when_the_lagg_changes() {
	needs_tshark
	lagg_pair 2 proto lacp lacp-rate fast
	wire a eth3 b eth3
	start_capture c a
	wait_for 20 sees c 'lacp and frame.comment == "received on eth1 for the agent"'
	wait_for 20 sees c 'lacp and frame.comment == "sent on eth1 by the agent"'
	xl a lagg set lagg0 proto loadbalance
	xl b lagg set lagg0 proto loadbalance
	xl b port add lagg0 eth3
	xl a port add lagg0 eth3
	wait_for 5 active_ports_are a 3
	capturing || fail "it is no longer captured"
	# which of the three a ping would take is the hash's business
	xl a port set lagg0 eth1 admin down
	xl a port set lagg0 eth2 admin down
	wait_for 20 sees c 'frame.interface_name == "eth3" and icmp'
	end_capture c
	wait_for 5 not_capturing
}
sees() { on a ping -q -c 20 -i 0.01 10.0.0.2 >/dev/null && [ "$(packets "$1" "$2")" -gt 0 ]; }

test_capture_options() {
	pair proto loadbalance hash l4
	step "a filter, and a count after which it ends"
	start_capture f a -c 40 udp port 5002
	datagrams
	reap f || fail "capture -c: $(cat "$D/f.err")"
	is "$(packets f udp.dstport==5002)/$(packets f frame)" 40/40 "packets"
	is "$(said f 'frames captured')" 40 "frames captured"
	at_least "$(said f 'did not match')" 300 "frames that did not match"
	wait_for 5 not_capturing
	step "one port, and the beginning of each packet"
	start_capture p a -s 60 port eth2 udp or icmp
	datagrams
	end_capture p
	at_least "$(packets p 'frame.interface_name == "eth2"')" 100 "packets of eth2"
	is "$(packets p 'frame.interface_name != "eth2"')" 0 "packets of others"
	is "$(packets p 'frame.cap_len > 60')" 0 "packets longer than the snaplen"
	at_least "$(packets p 'frame.len > 60 and frame.cap_len == 60')" 100 "packets that were cut"
	step "to a pipe, by default"
	spawn pipe bash -c "'$B/xlagg' --socket '$D/a.sock' capture lagg0 -c 5 icmp | tshark -r - >'$D/piped' 2>/dev/null"
	wait_for 10 capturing
	on a ping -q -c 20 -i 0.05 10.0.0.2 >/dev/null
	reap pipe
	is "$(wc -l <"$D/piped")" 5 "packets from the pipe"
}

# A stream is in the file octet by octet, also where offload leaves packets whole, whose payload is in pages of its own.
test_capture_large_packets() {
	pair proto loadbalance hash l4
	head -c 1000000 /dev/urandom >"$D/sent"
	spawn_on server b python3 -c 'import socket
s = socket.create_server(("10.0.0.2", 5010))
c = s.accept()[0]
while c.recv(65536): pass'
	wait_for 5 tcp_bound b 5010
	start_capture c a
	with_the_counters send_file
	at_least "$(packets c 'tcp.len > 3000 and frame.comment matches "; [0-9]+ frames on the wire$"')" 10 "packets that offload left whole"
	tshark -r "$D/c.pcapng" -Y 'tcp.dstport == 5010 and not tcp.analysis.retransmission' -T fields -e tcp.payload \
		2>"$D/tshark.err" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$D/captured"
	cmp "$D/sent" "$D/captured" || fail "what was captured is not what was sent"
}
send_file() {
	on a bash -c "exec 3<>/dev/tcp/10.0.0.2/5010; cat '$D/sent' >&3"
	reap server
}
test_capture_tags() {
	pair proto loadbalance hash l4
	local h
	for h in a b; do
		if ! nip $h link add link lagg0 name lagg0.5 type vlan id 5 2>/dev/null; then skip "this kernel has no VLANs"; fi
		nip $h link set lagg0.5 up
	done
	nip a address add 10.5.0.1/24 dev lagg0.5
	nip b address add 10.5.0.2/24 dev lagg0.5
	wait_for 5 on a ping -c 1 -W 1 10.5.0.2
	wait_for 5 quiet
	start_capture c a
	with_the_counters tagged
	is "$(packets c 'vlan.id == 5 and icmp')" 40 "tagged packets"
	start_capture v a -c 10 vlan 5 and icmp
	on a ping -q -c 20 -i 0.01 10.0.0.2 >/dev/null
	tagged
	reap v || fail "capture -c: $(cat "$D/v.err")"
	is "$(packets v 'vlan.id == 5 and icmp')/$(packets v frame)" 10/10 "packets that the filter let pass"
}
tagged() { on a ping -q -c 20 -i 0.01 10.5.0.2 >/dev/null; }

test_capture_wrong_words() {
	needs_tshark
	two_hosts 2
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	programs >"$D/before"
	refused_with 2 'filter .*udp prot 5.* is not valid: .*syntax' xl a capture lagg0 udp prot 5
	refused_with 2 "filter .*eht1.* is not valid: .*eht1.*port show lagg0" xl a capture lagg0 port eht1
	refused_with 2 '-c takes a number from 1 on, not "0"' xl a capture lagg0 -c 0
	refused_with 2 '-s takes a number, not "all"' xl a capture lagg0 -s all
	refused_with 2 '-x is no option of capture' xl a capture lagg0 -x
	refused_with 2 '-w needs a value' xl a capture lagg0 -w
	refused_with 2 'needs the NAME' xl a capture
	refused 'lagg7' xl a capture lagg7
	refused 'cannot write .*/none/file: No such file' xl a capture lagg0 -w "$D/none/file"
	wait_for 5 not_capturing
	programs | diff "$D/before" - || fail "the programs were changed"
}

test_capture_needs_the_right_to_change() {
	needs_tshark
	two_hosts 1
	agent a
	xl a lagg add lagg0 port eth1
	chmod 711 "$D" "$RUN"
	chmod 666 "$D/a.sock"
	install -m 755 "$B/xlagg" "$D/xlagg"
	matches "$(as_nobody "$D/xlagg" --socket "$D/a.sock" lagg show)" lagg0 "what a reader sees"
	refused 'only root and the group xlagg-admin may capture' as_nobody "$D/xlagg" --socket "$D/a.sock" capture lagg0
	not_capturing || fail "it is captured"
}

test_capture_once_for_each_lagg() {
	needs_tshark
	two_hosts 2
	agent a
	xl a lagg add lagg0 port eth1
	xl a lagg add lagg1 port eth2
	is "$(field a .capture)" null "who captures it"
	start_capture c a
	is "$(field a '.capture | "\(.pid) \(.uid)"')" "${CHILD[c]} 0" "who captures it"
	matches "$(xl a -d lagg show lagg0)" "^    capture: by pid ${CHILD[c]} of uid 0$" "show -d"
	is "$(xl a -j -d lagg show lagg1 | jq -c '.[0].capture')" null "who captures the other"
	refused "captured already, by pid ${CHILD[c]} of uid 0.*end that" xl a capture lagg0
	spawn other "$B/xlagg" --socket "$D/a.sock" capture lagg1 -w "$D/other.pcapng"
	wait_for 5 test -s "$D/other.pcapng"
	step "lagg1 goes"
	xl a lagg del lagg1
	if reap other; then fail "the capture of a lagg that is gone ended with 0"; fi
	matches "$(cat "$D/other.err")" 'capture of lagg1 ended: the lagg was removed' "what it said"
	end_capture c
	wait_for 5 not_capturing
	is "$(field a .capture)" null "who captures it after that"
}

# However either process ends, the programs are those of before, and no frame is lost.
test_capture_ends_with_its_process() {
	pair proto loadbalance
	programs >"$D/before"
	stream s a b 10.0.0.2 5001 -r 2000
	step "the client is killed"
	start_capture c a
	let_pass a 500
	kill -KILL "${CHILD[c]}"
	reap c || :
	wait_for 5 not_capturing
	let_pass a 500
	at_least "$(packets c udp)" 100 "packets of a file that was never finished"
	step "a file that was cut off is readable up to there"
	truncate -s 20001 "$D/c.pcapng"
	at_least "$(packets c udp)" 50 "packets of a cut file"
	step "the agent is killed"
	start_capture d a
	let_pass a 500
	agent_end a KILL
	if reap d; then fail "the capture ended with 0"; fi
	matches "$(cat "$D/d.err")" 'capture of lagg0 ended: the connection to the agent broke' "what it said"
	agent a
	not_capturing || fail "the next agent left the programs of the capture"
	let_pass a 500
	step "the agent stops"
	start_capture e a
	let_pass a 500
	agent_end a TERM
	is "$END_STATUS" 0 "exit status"
	if reap e; then fail "the capture ended with 0"; fi
	not_capturing || fail "an agent that stopped left the programs of the capture"
	agent a
	end_stream s
	no_loss s
}

# lost_in_file LABEL: how many frames were lost, as the file's interface statistics have it (isb_ifdrop)
lost_in_file() {
	python3 -c 'import struct, sys
data, at, lost = open(sys.argv[1], "rb").read(), 0, 0
while at < len(data):
    kind, size = struct.unpack_from("=II", data, at)
    option = at + 20
    while kind == 5 and option < at + size - 4:
        code, length = struct.unpack_from("=HH", data, option)
        if code == 5: lost += struct.unpack_from("=Q", data, option + 4)[0]
        option += 4 + (length + 3 & ~3)
    at += size
print(lost)' "$D/$1.pcapng"
}
# A client that does not read loses frames, which are counted; the lagg loses none.
test_capture_counts_what_is_lost() {
	pair proto loadbalance hash l4
	start_capture c a
	counters a >"$D/before"
	kill -STOP "${CHILD[c]}"
	stream s a b 10.0.0.2 5001 -n 20000 -s 1400
	await_stream s
	kill -CONT "${CHILD[c]}"
	wait_for 5 quiet
	end_capture c
	growth "$D/before" "$D/after" >"$D/want"
	at_least "$(said c lost)" 1000 "frames lost"
	is $(($(said c lost) + $(said c 'frames captured'))) "$(awk '{ sum += $NF } END { print sum }' "$D/want")" "frames in all"
	is "$(packets c frame)" "$(said c 'frames captured')" "packets in the file"
	is "$(lost_in_file c)" "$(said c lost)" "frames lost, in the file"
	at_least "$(account s .received)" 19000 "datagrams that arrived"
}
