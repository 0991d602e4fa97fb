# shellcheck shell=bash disable=SC2154
# Kernel bonds under traffic, for the tests of lagg take and lagg give.

# kernel_bond HOST LINKS OPTIONS...: bond0 over eth1 to eth$LINKS, made as a person would make it
kernel_bond() {
	local host=$1 links=$2 i
	shift 2
	nip "$host" link add bond0 type bond "$@"
	for ((i = 1; i <= links; i++)); do
		nip "$host" link set "eth$i" down
		nip "$host" link set "eth$i" master bond0
	done
	nip "$host" link set bond0 up
}
# bonds LINKS MODE OPTIONS...: two hosts with a kernel bond each, and an agent on a
bonds() {
	two_hosts "$1"
	bonds_of "$@"
}
# bonds_of LINKS MODE OPTIONS...: the same on hosts that are there
bonds_of() {
	local links=$1 mode=$2
	shift 2
	modprobe -a bonding dummy
	# Otherwise each host may choose another link.
	[[ $mode != active-backup || $* = *primary* ]] || set -- "$@" primary eth1
	kernel_bond a "$links" mode "$mode" miimon 100 "$@"
	kernel_bond b "$links" mode "$mode" miimon 100 "$@"
	nip a addr add 10.0.0.1/24 dev bond0
	nip b addr add 10.0.0.2/24 dev bond0
	agent a
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}
# bond HOST FILTER: prints what the filter selects of bond0's settings; slave HOST DEV FILTER: of a slave's
bond() { nip "$1" -d -j link show bond0 | jq -c ".[0] | $2"; }
slave() { nip "$1" -d -j link show "$2" | jq -c ".[0] | $3"; }
# shape HOST: all that must be the same after take and give
shape() {
	local dev
	bond "$1" '[.address, .mtu, .operstate, .ifalias, (.linkinfo.info_data | del(.active_slave))]'
	for dev in $(nip "$1" -j link show master bond0 | jq -r '.[].ifname'); do
		slave "$1" "$dev" '[.ifname, .address, .mtu, .master, .ifalias, .inet6_addr_gen_mode, .linkinfo.info_slave_data.queue_id, .promiscuity, .allmulti]'
	done
	nip "$1" -4 -j addr show dev bond0 | jq -c '.[0].addr_info | map(.local)'
}
# received: the frames that have come to b
received() { nip b -j -s link | jq '[.[] | select(.ifname | test("^eth")) | .stats64.rx.packets] | add'; }
received_more() { [ "$(received)" -gt "$1" ]; }
# pass FRAMES: waits until b has received so many more
pass() { wait_for 30 received_more $(($(received) + $1)); }

# Taken and given back so many times; a long run does it twenty times, with more traffic (VM_RATE: datagrams a second, for a
# machine that is busy). A run of which less was sent than 95 % does not count.
TIMES=1 RATE=500 FLOWS=(-f 8)
[ -z "${XLAGG_STRESS_S:-}" ] || [ "$XLAGG_STRESS_S" -lt 600 ] || TIMES=20 RATE=${VM_RATE:-2000}

has_tcx() { [[ $(uname -r) =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 606)); }
# lost_nothing STREAM: or, on kernels without tcx, no more than a moment's datagrams: the kernel drops what a device sends while
# it gets its clsact
lost_nothing() {
	if has_tcx; then no_loss "$1"; else at_most "$(account "$1" .lost)" 100 "$1: datagrams lost"; fi
}
# begin_run LABEL: streams both ways
begin_run() {
	stream "$1-out" a b 10.0.0.2 5001 -r "$RATE" "${FLOWS[@]}"
	stream "$1-in" b a 10.0.0.1 5001 -r "$RATE" "${FLOWS[@]}"
	now_us
	BEGUN=$NOW
	pass 500
}
# end_run LABEL: ends them and prints what was sent and lost. Sets TOO_SLOW if that was too little.
TOO_SLOW=''
end_run() {
	local way wanted
	now_us
	wanted=$((RATE * (NOW - BEGUN) / 1000000))
	for way in out in; do end_stream "$1-$way"; done
	for way in out in; do
		echo "table: $NAME $1 $way: $(account "$1-$way" "\"\(.sent) sent, \(.sent * 100 / $wanted | floor) % of $RATE/s, \(.lost) lost, \(.reordered) reordered\"")"
		[ "$(account "$1-$way" .sent)" -ge $((wanted * 95 / 100)) ] || TOO_SLOW="$1: less than 95 % of $RATE datagrams a second were sent"
	done
}
# counts_or_skip: leaves a long run that does not count
counts_or_skip() { [ "$TIMES" = 1 ] || [ -z "$TOO_SLOW" ] || skip "$TOO_SLOW"; }
# cycles COUNT PROTO [FRAMES]: taken and given back so many times, with so many frames after each
cycles() {
	local i frames=${3:-500}
	for ((i = 0; i < $1; i++)); do
		xl a lagg take bond0
		is "$(xl a -j -d lagg show bond0 | jq -r '.[0] | [.datapath.device, .options.proto] | join(" ")')" "bond $2" "what was made"
		pass "$frames"
		xl a lagg give bond0
		is "$(xl a -j lagg show | jq -c .)" "[]" "laggs after give"
		pass "$frames"
	done
}

# is_taken: bond0 is a lagg that runs, and not one that waits for its bond
is_taken() { [ "$(xl a -j lagg show bond0 2>/dev/null | jq '.[0].ifindex > 0')" = true ]; }
# killed_during COMMAND AFTER: the agent dies so many ms after the command was sent, or as soon as a condition holds, and the next
# one finishes or undoes it
killed_during() {
	step "$1, and the agent dies after: $2"
	spawn command xl a lagg "$1" bond0
	case $2 in
	*[!0-9]*) wait_for 30 "$2" ;;
	*) pause "$(awk "BEGIN { print $2 / 1000 }")" ;;
	esac
	agent_end a KILL
	reap command || echo "   $1 was interrupted"
	pass 50
	step "the next agent"
	agent a
	pass 50
}
# given_back: bonding sends again, although the agent is not done yet
given_back() { [ "$(bond a .linkinfo.info_data.all_slaves_active)" = 0 ]; }
# killed_in_between MS...: that at these moments of take and give, in a long run at random ones, too, and once as soon as bonding
# has its bond again; traffic goes on, and in the end the bond is as it was
killed_in_between() {
	local before ms i
	local -a moments=("$@")
	[ "$TIMES" = 1 ] || for ((i = 0; i < TIMES; i++)); do moments+=($((RANDOM % 1000))); done
	before=$(shape a)
	stream out a b 10.0.0.2 5001 -r 200
	stream in b a 10.0.0.1 5002 -r 200
	for ms in "${moments[@]}" given_back; do
		[ "$ms" = given_back ] || killed_during take "$ms"
		is_taken || xl a lagg take bond0
		killed_during give "$ms"
		! is_taken || xl a lagg give bond0
		is "$(shape a)" "$before" "the bond after $ms"
	done
	end_stream out
	end_stream in
	echo "table: $NAME at ${moments[*]} ms: $(account out .lost) and $(account in .lost) lost of $(account out .sent) and" \
		"$(account in .sent), taken anew $(grep -c 'bonding sends on it again' "$D/agent-a.log" || :) times"
	! nip a link show bond0-dp >/dev/null 2>&1 || fail "the lower end is still there"
	lost_nothing out
	lost_nothing in
}
# killed_at COMMAND CALLS N: the agent dies instead of its Nth call of these, and the next one is not there before a partner would
# have missed LACPDUs. A number beyond the command's own kills it soon after.
killed_at() {
	step "$1, and the agent dies instead of call $3 of $2"
	agent_end a KILL
	agent_under_orders
	order kill "$2" "$3"
	spawn command xl a lagg "$1" bond0
	wait_for 60 has_ended "${AGENT[a]}"
	unset "AGENT[a]"
	wait_for 60 has_ended "$INJECTOR"
	reap command || echo "   $1 was interrupted"
	pass 1600
	agent a
	pass 50
}
