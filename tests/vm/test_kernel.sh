# shellcheck shell=bash disable=SC2154
# What differs between kernels: the datapath uses what this one offers, says so, and carries traffic. Also tracing, which the
# build machine's kernel may lack.

# at_least_kernel MAJOR MINOR
at_least_kernel() {
	local major minor
	IFS=. read -r major minor _ < <(uname -r)
	[ "$major" -gt "$1" ] || { [ "$major" = "$1" ] && [ "$minor" -ge "$2" ]; }
}

test_device_and_hooks_are_what_the_kernel_offers() {
	local want="veth clsact"
	! at_least_kernel 6 6 || want="veth tcx"
	! at_least_kernel 6 7 || want="netkit tcx"
	[ -z "${LAGG_DEVICE:-}" ] || want="$LAGG_DEVICE ${want#* }"
	lagg_pair 2
	is "$(field a '.datapath | "\(.device) \(.attach)"')" "$want" "device and hooks"
	is "$(xl a -j agent show | jq -r '.[0].kernel')" "$(uname -r)" "the kernel"
}

test_veth_where_there_is_netkit() {
	lagg_pair 2 device veth tx-path direct
	is "$(field a '.datapath | "\(.device) \(.tx_path)"')" "veth direct" "device and transmit path"
}

test_xdp_profile() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	is "$(field a .datapath.profile)" xdp "profile"
	on a ping -q -c 20 -i 0.02 -s 1400 10.0.0.2
}

test_failover_and_return() {
	lagg_pair 2
	nip b link set eth1 down
	wait_for 5 active_port_is a eth2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set eth1 up
	wait_for 5 active_port_is a eth1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_agent_killed_and_adopted() {
	lagg_pair 2 proto loadbalance
	agent_end a KILL
	on a ping -q -c 5 -i 0.1 10.0.0.2
	agent a
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	on a ping -q -c 5 -i 0.1 10.0.0.2
}

test_the_kernel_fails_over_while_the_agent_is_stopped() {
	lagg_pair 2
	is "$(field a .datapath.carrier_watch)" fentry "who watches carrier"
	kill -STOP "${AGENT[a]}"
	nip b link set eth1 down
	wait_for 5 no_carrier a eth1
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
	kill -CONT "${AGENT[a]}"
	wait_for 5 active_port_is a eth2
	on a ping -q -c 5 -i 0.1 -W 1 10.0.0.2
}

# answers_ping: whether a ping over lagg0 is answered
answers_ping() { on a ping -q -c 1 -W 1 10.0.0.2; }
# put_back_times N: whether the agent of host a has put back so many programs
put_back_times() { [ "$(grep -c 'detached by someone else, and put back' "$D/agent-a.log")" -ge "$1" ]; }

test_programs_that_others_detach_are_attached_again() {
	local hook dev pin times=0
	local -a hooks=("eth1 ingress" "lagg0-dp ingress")
	lagg_pair 2
	[ "$(field a .datapath.device)" != bond ] || hooks[1]="lagg0 egress"
	if [ "$(field a .datapath.attach)" = clsact ]; then
		for hook in "${hooks[@]}"; do
			dev=${hook% *}
			step "$hook: filter"
			# shellcheck disable=SC2086
			on a tc filter del dev $hook
			times=$((times + 1))
			wait_for 10 put_back_times $times
			wait_for 5 answers_ping
			step "$dev: qdisc"
			on a tc qdisc del dev "$dev" clsact
			times=$((times + 1))
			wait_for 10 put_back_times $times
			wait_for 5 answers_ping
		done
	else
		for pin in "$BPFFS/$P-a/lagg0"/link_*; do
			step "$pin"
			bpftool link detach pinned "$pin"
			times=$((times + 1))
			wait_for 10 put_back_times $times
			wait_for 5 answers_ping
		done
	fi
}

test_pins_that_others_remove_are_made_again() {
	lagg_pair 2
	rm -r "$BPFFS/$P-a/lagg0"
	answers_ping
	wait_for 10 test -e "$BPFFS/$P-a/lagg0/ports"
	rm -r "$BPFFS/$P-a"
	answers_ping
	wait_for 10 test -e "$BPFFS/$P-a/lagg0/ports"
	agent_end a KILL
	nip b link set eth1 down
	wait_for 5 answers_ping
}

# all_flows_pass: whether b answers to each of its addresses over lagg0
all_flows_pass() {
	local i
	for i in {101..112}; do on a ping -q -c 1 -W 1 10.0.0.$i || return 1; done
}
usable_elsewhere() { on c ping -q -c 1 -W 1 10.9.9.2; }

# The kernel alone stops sending on it and leaves alone what it receives elsewhere.
a_port_leaves_while_the_agent_is_away() {
	local i
	lagg_pair 2 proto loadbalance "$@"
	host c
	for i in {101..112}; do nip b address add 10.0.0.$i/24 dev lagg0; done
	all_flows_pass
	agent_end a KILL
	nip a link set eth1 netns "$P-c"
	all_flows_pass
	xl b port del lagg0 eth1
	nip b link set eth1 up
	nip b address add 10.9.9.2/24 dev eth1
	nip c address add 10.9.9.1/24 dev eth1
	nip c link set eth1 up
	wait_for 5 usable_elsewhere
	all_flows_pass
}
test_a_port_leaves_while_the_agent_is_away() { a_port_leaves_while_the_agent_is_away; }
test_a_port_with_xdp_leaves_while_the_agent_is_away() { as_xdp_wires; a_port_leaves_while_the_agent_is_away datapath xdp; }

test_without_tracing_carrier_is_polled() {
	two_hosts 2
	agent a --no-tracing
	xl a lagg add lagg0 port eth1 port eth2 10.0.0.1/24
	is "$(field a .datapath.carrier_watch)" netlink+poll "who watches carrier"
	nip b link set eth1 down
	wait_for 5 active_port_is a eth2
}

# received_of_200 HOST: sends 200 datagrams to UDP port 9 and prints how many frames lagg0 of that host received
received_of_200() {
	local before
	before=$(field "$1" .stats.rx_packets)
	on a "$B/tests/bench/udpsend" -r 1000 -n 200 10.0.0.2 9 >/dev/null
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	echo $(($(field "$1" .stats.rx_packets) - before))
}

# libxdp's dispatcher: somebody else's filter runs on the NIC before our program, and is removed while frames pass.
test_xdp_shares_a_nic_with_another_program() {
	as_xdp_wires
	lagg_pair 2 proto failover datapath xdp
	local -x LIBXDP_BPFFS=$BPFFS/$P-b/libxdp-dispatchers
	at_least "$(received_of_200 b)" 200 "frames without the filter"
	on b xdp-loader load -m native -P 10 -n user_filter eth1 "$B/tests/net/user.bpf.o"
	matches "$(on b xdp-loader status eth1)" user_filter "programs on eth1"
	matches "$(on b xdp-loader status eth1)" xdp_rx "programs on eth1"
	at_most "$(received_of_200 b)" 100 "frames behind the filter"
	is "$(field b .datapath.profile)" xdp "profile"
	on b xdp-loader unload eth1 --id "$(on b xdp-loader status eth1 | awk '/user_filter/ { print $4 }')"
	matches "$(on b xdp-loader status eth1)" xdp_rx "programs on eth1"
	at_least "$(received_of_200 b)" 200 "frames after the filter"
	[ -e "$LIBXDP_BPFFS" ] || fail "$LIBXDP_BPFFS, the folder of libxdp's pins, is not there"
	xl b flush
	[ ! -e "$LIBXDP_BPFFS" ] || fail "still there after flush: $(find "$LIBXDP_BPFFS")"
}
