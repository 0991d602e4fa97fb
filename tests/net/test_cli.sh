# shellcheck shell=bash
# The command line against a running agent: what is refused, what is kept, what is printed.

one_lagg() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
	xl a save >"$D/before"
}
unchanged() {
	xl a save >"$D/after"
	diff "$D/before" "$D/after" || fail "a refused command changed the configuration"
}
# wrong PATTERN COMMAND...: the command must print one sentence that matches, exit with status 1 or 2, and change nothing
wrong() {
	local pattern=$1 status=0
	shift
	"$@" >"$D/stdout" 2>"$D/stderr" || status=$?
	matches $status '^[12]$' "exit status of: $*"
	is "$(wc -l <"$D/stderr")" 1 "lines on stderr of: $* ($(cat "$D/stderr"))"
	grep -qiE -- "$pattern" "$D/stderr" || fail "$*: '$(cat "$D/stderr")' does not match '$pattern'"
	echo "   $(cat "$D/stderr")"
	unchanged
}
test_wrong_input() {
	one_lagg
	nip a link add other type veth peer name otherend
	nip a address add 10.9.0.1/24 dev other
	wrong 'failovr.*failover' xl a lagg set lagg0 proto failovr
	wrong 'prot0' xl a lagg set lagg0 prot0 failover
	wrong 'absent ok' xl a port add lagg0 eth77
	wrong 'eth1' xl a port add lagg0 eth1
	wrong 'eth2' xl a lagg add lagg1 port eth2 port eth2
	wrong 'lagg0' xl a port add lagg0 lagg0
	wrong 'lagg0' xl a lagg add lagg1 port lagg0
	wrong 'lagg0' xl a lagg add lagg1 port eth1
	wrong 'address' xl a port add lagg0 other
	wrong 'lo' xl a port add lagg0 lo
	wrong 'lagg0' xl a lagg add lagg0 port eth2
	wrong 'lagg9' xl a lagg del lagg9
	wrong 'lagg9' xl a lagg show lagg9
	wrong 'eth2' xl a port del lagg0 eth2
	wrong '15' xl a lagg add averyverylongname port eth2
	wrong 'min-links' xl a lagg set lagg0 min-links 33
	wrong 'min-links' xl a lagg set lagg0 min-links 4 max-links 2
	wrong 'prio' xl a port set lagg0 eth1 prio 70000
	wrong 'netkit' xl a lagg add lagg1 device netkit datapath xdp port eth2
	wrong . xl a frobnicate
}
test_wrong_33_ports() {
	one_lagg
	local i
	local -a ports=()
	for ((i = 1; i <= 17; i++)); do
		nip a link add p$i type veth peer name q$i
		ports+=(port "p$i" port "q$i")
	done
	wrong '32' xl a lagg add lagg1 "${ports[@]:0:66}"
	xl a lagg add lagg1 proto loadbalance "${ports[@]:0:64}"
	is "$(xl a -j lagg show lagg1 | jq '.[0].ports | length')" 32 "ports"
	xl a save >"$D/before"
	wrong '32' xl a port add lagg1 p17
}
test_wrong_message() {
	one_lagg
	local octets
	for octets in "" "10" "ffffffff" "0400000010000000" "100000001000000001000000000000ff" "$(printf 'ff%.0s' {1..200})"; do
		/usr/bin/python3 - "$D/a.sock" "$octets" <<-'PYTHON'
			import socket, sys
			s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
			s.settimeout(2)
			s.connect(sys.argv[1])
			s.send(bytes.fromhex(sys.argv[2]))
			try:
			    s.recv(65536)
			except (TimeoutError, ConnectionError):
			    pass
		PYTHON
		xl a agent show >/dev/null || fail "the agent does not answer after the message $octets"
	done
	unchanged
}
test_wrong_user() {
	one_lagg
	chmod 755 "$RUN" "$D"
	refused 'permi|right|root|group' as_nobody "$B/xlagg" --socket "$D/a.sock" lagg set lagg0 proto roundrobin
	unchanged
}
test_wrong_abi_version_in_bpffs() {
	lagg_pair 2 proto failover
	local control
	control=$(find "$BPFFS/$P-a" -name control)
	[ "$control" ] || fail "no pinned map control"
	agent_end a KILL
	bpftool -j map lookup pinned "$control" key 0 0 0 0 | jq -r '.value | map(ltrimstr("0x")) | join(" ")' >"$D/control"
	# abi_version is its first word
	# shellcheck disable=SC2046
	bpftool map update pinned "$control" key hex 0 0 0 0 value hex ee ee 0 0 $(cut -d' ' -f5- "$D/control")
	agent_start a
	wait_for 10 grep -qiE 'version' "$D/agent-a.log"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
test_agent_away() {
	one_lagg
	agent_end a TERM
	refused 'agent' xl a lagg set lagg0 proto none
}

test_save_restore_and_diff() {
	one_lagg
	xl a lagg set lagg0 proto loadbalance hash l3,l4 up-delay 100
	xl a port add lagg0 eth2 prio 7 weight 3
	xl a save "$D/saved"
	xl a save >"$D/printed"
	diff "$D/saved" "$D/printed"
	is "$(xl a diff "$D/saved")" "" "diff of what was saved"
	xl a check "$D/saved"
	xl a lagg set lagg0 proto roundrobin rr-limit 5
	xl a port del lagg0 eth2
	matches "$(xl a diff "$D/saved" || [ $? = 1 ])" 'port add lagg0 eth2' "diff"
	xl a restore "$D/saved"
	xl a save >"$D/again"
	diff "$D/saved" "$D/again"
	xl a flush
	is "$(xl a -j lagg show)" "[]" "laggs after flush"
	xl a restore "$D/saved"
	xl a save >"$D/again"
	diff "$D/saved" "$D/again"
}
test_restore_is_all_or_nothing() {
	one_lagg
	{ sed 's/failover/loadbalance/' "$D/before"; echo "lagg add lagg1 proto nonsense"; } >"$D/bad"
	wrong ':2|line 2|bad' xl a restore "$D/bad"
	{ sed 's/failover/loadbalance/' "$D/before"; echo "lagg add lagg1 port eth1"; } >"$D/bad"
	wrong 'eth1' xl a restore "$D/bad"
	# -b is a list of transactions: what came before the refused one stays.
	printf 'lagg set lagg0 proto loadbalance\nlagg set lagg9 proto failover\n' >"$D/batch"
	refused '2.*lagg9' xl a -b "$D/batch"
	is "$(field a .proto)" loadbalance "what the batch's first line set"
}
test_a_transaction_of_many_options() {
	one_lagg
	xl a lagg set lagg0 min-links 1 proto loadbalance hash l2 peer-notify 0
	is "$(field a '[.proto, .min_links, (.hash | join(","))] | join(" ")')" "loadbalance 1 l2" "options"
	is "$(xl a -j port show lagg0 | jq -r '.[0] | [.lagg, .ifname] | join(" ")')" "lagg0 eth1" "port show"
}

test_monitor_tells_a_failover() {
	lagg_pair 2 proto failover
	spawn monitor "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 5 change_is_told
	nip b link set eth1 down
	wait_for 3 event '.event == "failover" and .lagg == "lagg0" and .from == "eth1" and .to == "eth2" and .cause != ""'
	wait_for 3 event '.event == "port-state" and .port == "eth1"'
	agent_end a KILL
	agent a
	wait_for 10 event '.event == "agent-start"'
}
# The gap as the datapath measured it: from the last frame on the lost port to the first on the other.
test_monitor_tells_the_gap_of_a_failover() {
	lagg_pair 2 proto failover
	spawn monitor "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 5 change_is_told
	stream there a b 10.0.0.2 5001 -r 5000 -f 8
	let_pass a 1000
	nip b link set eth1 down
	wait_for 3 event '.event == "failover" and .to == "eth2" and (.gap | type) == "number" and .gap > 0 and .gap < 100000'
	wait_for 3 event '.event == "failover" and .to == "eth2" and (.detected | IN("fentry", "poll", "netlink")) and .dropped == 0'
	let_pass a 1000
	nip b link set eth1 up
	wait_for 3 event '.event == "failover" and .to == "eth1" and (.gap | type) == "number" and .gap > 0 and .gap < 100000'
	end_stream there
	xl a port activate lagg0 eth1
	# Nothing is to be sent.
	on a sysctl -q -w net.ipv6.conf.lagg0.disable_ipv6=1
	nip a address flush dev lagg0
	xl a lagg set lagg0 peer-notify 0 mcast-rejoin 0
	nip b link set eth1 down
	wait_for 3 event '.event == "failover" and .to == "eth2" and .gap == null and .dropped == null'
}
# event FILTER: returns whether the monitor has printed such an event
event() { jq -se "any(.[]; $1)" "$D/monitor.out"; }
# Makes changes until the monitor prints one: from then on it has subscribed.
change_is_told() {
	xl a lagg set lagg0 peer-notify $((RANDOM % 250))
	event '.event == "lagg-change"'
}

test_maps_are_readable() {
	lagg_pair 2 proto failover
	local map dump
	local -A member=([control]=heartbeat_ns [ports]=ifindex [tables]=generation [port_stats]=tx_packets [lagg_stats]=tx_packets)
	for map in "${!member[@]}"; do
		dump=$(bpftool -j map dump pinned "$BPFFS/$P-a/lagg0/$map")
		jq -e ".[0].formatted | (.value // .values[0].value) | has(\"${member[$map]}\")" <<<"$dump" >/dev/null ||
			fail "map $map by bpftool: ${dump:0:300}"
	done
	dump=$(bpftool -j map dump pinned "$(find "$BPFFS/$P-a" -name ports)")
	is "$(jq '[.. | objects | select(has("ifindex")) | .ifindex][0]' <<<"$dump")" "$(port_field a eth1 .ifindex)" \
		"ifindex of the first port in the map"
}
