# shellcheck shell=bash
# Loss of carrier where the kernel allows no tracing: the agent's poll finds it.

# losses HOST SLOT: prints how many losses the datapath has counted
losses() { bpftool -j map lookup pinned "$BPFFS/$P-$1/lagg0/ports" key "$2" 0 0 0 | jq .formatted.value.lost; }
losses_are() { [ "$(losses "$1" "$2")" = "$3" ]; }
# Linkwatch's event may be as fast, but only the poll makes the datapath count a loss.
told() { jq -es 'map(select(.event == "failover")) | last | .to == "eth2" and (.detected | IN("poll", "netlink"))' "$D/events.out"; }
polled() { xl a -j agent show | jq -c ".[0].carrier_poll$1"; }

# polls WITHOUT_RTNL: eth1, one of a's two ports, loses carrier, is reported, and comes back
polls() {
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	is "$(field a .datapath.carrier_watch)" netlink+poll "who watches carrier"
	is "$(polled '| "\(.ports) \(.without_rtnl)"')" "\"2 $1\"" "ports that are polled, and without RTNL"
	spawn events "$B/xlagg" --socket "$D/a.sock" -j monitor # by itself: a function's shell would be killed in its place
	wait_for 5 active_port_is a eth1
	nip b link set eth1 down
	wait_for 3 active_port_is a eth2
	wait_for 3 told
	wait_for 3 losses_are a 0 1
	is "$(port_field a eth1 .stats.link_failures)" 1 "losses that were told"
	nip b link set eth1 up
	wait_for 3 active_port_is a eth1
	at_least "$(polled .cpu_us)" 1 "us that the poll has cost"
}
test_carrier_is_polled_by_the_kernels_counters() {
	two_hosts 2
	agent a --no-tracing
	polls 2
	# Both losses are too short to be seen by reading the carrier itself.
	nip b -batch - <<-'IP'
		link set eth1 down
		link set eth1 up
		link set eth2 down
		link set eth2 up
	IP
	wait_for 3 losses_are a 0 2
	wait_for 3 losses_are a 1 1
	wait_for 3 active_port_is a eth1
	is "$(field a '[.ports[].stats.link_failures] | tojson')" '[2,1]' "losses that were told"
	# A port that is added later, and removed.
	wire a eth3 b eth3
	xl a port add lagg0 eth3
	wait_for 3 losses_are a 2 0
	is "$(polled .without_rtnl)" 3 "ports without RTNL"
	nip b link set eth3 down
	wait_for 3 losses_are a 2 1
	xl a port del lagg0 eth3
	is "$(polled .ports)" 2 "ports that are polled"
	xl a flush
	is "$(polled "")" null "the poll without ports"
}
test_carrier_is_asked_for_where_sysfs_cannot_be_had() {
	two_hosts 2
	mkdir "$D/narrow"
	printf '#!/bin/sh\nexec %q mount %q "$@"\n' "$B/tests/net/refuse" "$B/xlaggd" >"$D/narrow/xlaggd"
	chmod +x "$D/narrow/xlaggd"
	B=$D/narrow agent_start a --no-tracing
	wait_for 10 answers a
	matches "$(cat "$D/agent-a.log")" 'no sysfs \(Operation not permitted\), so each look waits for RTNL' "the log"
	polls 0
}
