# shellcheck shell=bash
# Devices that are moved into another network namespace, which nobody asks xlagg about.

attribute() { nip "$1" -j -d link show "$2" | jq -c ".[0] | $3"; }
attribute_is() { [ "$(attribute "$1" "$2" "$3")" = "$4" ]; }

# What is put back where the device is now, and what happens when it returns.
test_leave_port_is_put_back_in_its_new_namespace() {
	two_hosts 2
	host c
	local mac
	mac=$(attribute a eth2 .address)
	agent a
	xl a lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24
	nip a link set eth2 netns "$P-c"
	wait_for 5 attribute_is c eth2 .address "$mac"
	wait_for 5 attribute_is c eth2 '[.mtu, (.ifalias // ""), .promiscuity, (.flags | index("ALLMULTI"))]' '[1500,"",0,null]'
	is "$(on c bpftool -j net show dev eth2 | jq -c '[.[0].xdp, .[0].tc]')" '[[],[]]' "programs on the device that left"
	is "$(on c cat /proc/sys/net/ipv6/conf/eth2/disable_ipv6)" 0 "IPv6 of the device that left"
	nip c link set eth2 up
	nip c address add 10.9.9.1/24 dev eth2
	nip b address add 10.9.9.2/24 dev eth2
	on c ping -c 1 -W 2 10.9.9.2 >/dev/null || fail "the device that left cannot be used"
	# It comes home and is a port again.
	nip c link set eth2 netns "$P-a"
	nip a link set eth2 up
	present() { [ "$(port_field a eth2 .present)" = true ]; }
	wait_for 5 present
	xl a port del lagg0 eth2
	is "$(attribute a eth2 '[.address, .mtu]')" "[$mac,1500]" "MAC and MTU after it left for good"
}

# box_alias DEV: prints the ifalias of a device in the container, whose namespace has no name
box_alias() { nsenter --net="/proc/${CHILD[box]}/ns/net" ip -j link show "$1" | jq -r '.[0].ifalias // ""'; }
in_a_box() { [ "$(readlink "/proc/${CHILD[box]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
no_alias() { [ -z "$(box_alias "$1")" ]; }
# A container's namespace is found by its processes, which may have capabilities that the agent gave up.
test_leave_port_is_put_back_in_a_container() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	spawn box unshare --net sleep 60
	wait_for 5 in_a_box
	nip a link set eth2 netns "${CHILD[box]}"
	wait_for 5 no_alias eth2
}

# usable_elsewhere: whether a plain eth2 of host c reaches the plain eth2 of host b
usable_elsewhere() { on c ping -q -c 1 -W 1 10.9.9.2; }
# leaves_without_an_agent OPTION...: a lagg of a with these options loses its port eth2 to host c while no agent runs. Sets OWN_MAC
# to the MAC that the device had before.
leaves_without_an_agent() {
	two_hosts 2
	host c
	OWN_MAC=$(attribute a eth2 .address)
	agent a
	xl a lagg add lagg0 "$@" port eth1 port eth2 10.0.0.1/24
	nip b address add 10.9.9.2/24 dev eth2
	agent_end a KILL
	nip a link set eth2 netns "$P-c"
	nip c address add 10.9.9.1/24 dev eth2
	nip c link set eth2 up
}

# Its programs went along, and nobody can detach them there: they must leave its frames alone, whether the port received for
# the lagg or not.
test_leave_without_an_agent_the_device_is_usable() {
	leaves_without_an_agent proto loadbalance
	wait_for 5 usable_elsewhere
}
test_leave_without_an_agent_a_standby_is_usable() {
	leaves_without_an_agent proto failover
	wait_for 5 usable_elsewhere
}
test_leave_without_an_agent_a_device_with_xdp_is_usable() {
	leaves_without_an_agent proto lacp datapath xdp
	wait_for 5 usable_elsewhere
}

# An agent that is stopped sees it later.
test_leave_while_the_agent_is_stopped() {
	two_hosts 2
	host c
	OWN_MAC=$(attribute a eth2 .address)
	agent a
	xl a lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24
	nip b address add 10.9.9.2/24 dev eth2
	kill -STOP "${AGENT[a]}"
	nip a link set eth2 netns "$P-c"
	nip c address add 10.9.9.1/24 dev eth2
	nip c link set eth2 up
	wait_for 5 usable_elsewhere
	kill -CONT "${AGENT[a]}"
	has_nothing_of_the_lagg c eth2
	wait_for 5 is_absent
}

# More happened meanwhile than the kernel keeps for the agent, so that it never hears of the move.
test_leave_when_events_are_lost() {
	two_hosts 2
	host c
	OWN_MAC=$(attribute a eth2 .address)
	agent a
	xl a lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24
	nip a link add other up type veth peer name other-peer
	kill -STOP "${AGENT[a]}"
	for i in {1..10000}; do echo "link set other alias $i"; done | ip -n "$P-a" -batch -
	nip a link set eth2 netns "$P-c"
	kill -CONT "${AGENT[a]}"
	has_nothing_of_the_lagg c eth2
	wait_for 5 is_absent
	grep -q 'device events were lost' "$D/agent-a.log" || fail "no events were lost"
}

is_port_again() { [ "$(port_field a eth2 .present)" = true ]; }
is_absent() { [ "$(port_field a eth2 .present)" = false ]; }
# has_nothing_of_the_lagg HOST DEV: the test fails unless the device is as it was before it was a port
has_nothing_of_the_lagg() { has_nothing_within 5 "$@"; }
# has_nothing_within SECONDS HOST DEV
has_nothing_within() {
	local seconds=$1
	shift
	wait_for "$seconds" attribute_is "$1" "$2" '[.address, .mtu, (.ifalias // ""), (.flags | index("ALLMULTI"))]' "[$OWN_MAC,1500,\"\",null]"
	is "$(on "$1" bpftool -j net show dev "$2" | jq -c '[.[0].xdp, .[0].tc]')" '[[],[]]' "programs of $2"
	is "$(on "$1" cat "/proc/sys/net/ipv6/conf/$2/disable_ipv6")" 0 "IPv6 of $2"
}

test_leave_without_an_agent_is_put_back_by_the_next() {
	leaves_without_an_agent mtu 2000
	agent a
	has_nothing_of_the_lagg c eth2
	is_absent
	wait_for 5 usable_elsewhere
	nip c link set eth2 netns "$P-a"
	nip a link set eth2 up
	wait_for 10 is_port_again
	xl a port del lagg0 eth2
	has_nothing_of_the_lagg a eth2
}

test_leave_without_an_agent_is_put_back_by_flush() {
	leaves_without_an_agent mtu 2000
	"$B/xlaggd" -n "$P-a" --flush --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" 2>>"$D/agent-a.log"
	has_nothing_of_the_lagg c eth2
	usable_elsewhere
}

test_leave_without_an_agent_and_return() {
	leaves_without_an_agent mtu 2000
	nip c link set eth2 netns "$P-a"
	agent a
	nip a link set eth2 up
	wait_for 10 is_port_again
	xl a port del lagg0 eth2
	has_nothing_of_the_lagg a eth2
}

has_a_port_that_leaves() {
	two_hosts 2
	host c
	OWN_MAC=$(attribute a eth2 .address)
	agent a
	xl a lagg add lagg0 proto failover primary eth2 mtu 1400 port eth1 port eth2 10.0.0.1/24
}

# leaves_with_another_alias: somebody changes what says that eth2 is a port, and moves it before the agent looks
leaves_with_another_alias() {
	nip a link set eth2 alias mine
	nip a link set eth2 netns "$P-c"
}
# is_put_back_but_for_its_alias: the test fails unless eth2 is in host c as it was before it was a port
is_put_back_but_for_its_alias() {
	wait_for 5 attribute_is c eth2 '[.address, .mtu, .ifalias, (.flags | index("ALLMULTI"))]' "[$OWN_MAC,1500,\"mine\",null]"
	is "$(on c cat /proc/sys/net/ipv6/conf/eth2/disable_ipv6)" 0 "IPv6 of eth2"
}
test_leave_with_another_alias_while_the_agent_is_stopped() {
	has_a_port_that_leaves
	kill -STOP "${AGENT[a]}"
	leaves_with_another_alias
	kill -CONT "${AGENT[a]}"
	is_put_back_but_for_its_alias
}
test_leave_with_another_alias_without_an_agent() {
	has_a_port_that_leaves
	agent_end a KILL
	leaves_with_another_alias
	agent a
	is_put_back_but_for_its_alias
}

# leaves_under_another_name: eth2 is renamed, and is in another namespace before the agent looks
leaves_under_another_name() {
	nip a link set eth2 down
	nip a link set eth2 name wan0
	nip a link set wan0 netns "$P-c"
}
# is_called_wan0 PRESENT: the port has followed its new name, and whether its device is here
is_called_wan0() { [ "$(port_field a wan0 .present)" = "$1" ]; }
# comes_back_under_another_name: the test fails unless the port has that name, and its device is the port again
comes_back_under_another_name() {
	wait_for 5 is_called_wan0 false
	is "$(field a .options.primary)" wan0 "primary port"
	nip c link set wan0 netns "$P-a"
	nip a link set wan0 up
	wait_for 10 is_called_wan0 true
	wait_for 5 active_port_is a wan0
}
test_leave_under_another_name_while_the_agent_is_stopped() {
	has_a_port_that_leaves
	kill -STOP "${AGENT[a]}"
	leaves_under_another_name
	kill -CONT "${AGENT[a]}"
	comes_back_under_another_name
}
test_leave_under_another_name_without_an_agent() {
	has_a_port_that_leaves
	agent_end a KILL
	leaves_under_another_name
	agent a
	comes_back_under_another_name
}
test_leave_under_another_name_when_events_are_lost() {
	has_a_port_that_leaves
	nip a link add other up type veth peer name other-peer
	kill -STOP "${AGENT[a]}"
	for i in {1..10000}; do echo "link set other alias $i"; done | ip -n "$P-a" -batch -
	leaves_under_another_name
	kill -CONT "${AGENT[a]}"
	comes_back_under_another_name
	grep -q 'device events were lost' "$D/agent-a.log" || fail "no events were lost"
}

# While the agent is stopped it goes and comes back: what it learns of the one and of the other is of the past.
test_leave_and_return_while_the_agent_is_stopped() {
	has_a_port_that_leaves
	kill -STOP "${AGENT[a]}"
	nip a link set eth2 netns "$P-c"
	nip c link set eth2 netns "$P-a"
	nip a link set eth2 up
	kill -CONT "${AGENT[a]}"
	wait_for 10 is_port_again
	wait_for 5 active_port_is a eth2
	xl a port del lagg0 eth2
	has_nothing_of_the_lagg a eth2
}
# It carries traffic again, and what the lagg made of it goes with it.
wan0_is_the_port() {
	wait_for 20 is_called_wan0 true
	wait_for 5 active_port_is a wan0
	xl a port del lagg0 wan0
	has_nothing_of_the_lagg a wan0
}
test_leave_and_return_under_another_name_while_the_agent_is_stopped() {
	has_a_port_that_leaves
	kill -STOP "${AGENT[a]}"
	leaves_under_another_name
	nip c link set wan0 netns "$P-a"
	nip a link set wan0 up
	kill -CONT "${AGENT[a]}"
	wan0_is_the_port
}
test_leave_renamed_elsewhere_and_return_while_the_agent_is_stopped() {
	has_a_port_that_leaves
	kill -STOP "${AGENT[a]}"
	nip a link set eth2 netns "$P-c"
	nip c link set eth2 name wan0
	nip c link set wan0 netns "$P-a"
	nip a link set wan0 up
	kill -CONT "${AGENT[a]}"
	wan0_is_the_port
}

# leaves_unseen INJECTION: wan0, a port that was called eth2, left without the agent's hearing of it, and strace does to each of the
# agent's searches of other namespaces what the words say
leaves_unseen() {
	has_a_port_that_leaves
	nip a link add other up type veth peer name other-peer
	kill -STOP "${AGENT[a]}"
	for i in {1..10000}; do echo "link set other alias $i"; done | ip -n "$P-a" -batch -
	leaves_under_another_name
	strace -qq -p "${AGENT[a]}" -o "$D/strace" -e trace=clone,clone3,fork -e inject=clone,clone3,fork:"$1" &
	TRACER=$!
	within 5 is_traced || skip "no process can be traced here"
	kill -CONT "${AGENT[a]}"
	wait_for 5 test -s "$D/strace"
}
wan0_comes_back() {
	nip c link set wan0 netns "$P-a"
	nip a link set wan0 up
	wan0_is_the_port
}
# It comes back, under another name, while the agent searches the other namespaces for it, since it never heard of the move.
test_leave_and_return_while_it_is_searched_for() {
	leaves_unseen delay_enter=2000000:when=1
	wan0_comes_back
}
# The other namespaces cannot be searched: what the lagg made of it is not forgotten.
test_leave_and_return_while_it_cannot_be_searched_for() {
	leaves_unseen error=EAGAIN
	wait_for 5 grep -q 'eth2 was moved .* cannot be put back there: Resource temporarily unavailable' "$D/agent-a.log"
	wan0_comes_back
}
test_leave_is_searched_for_again() {
	leaves_unseen error=EAGAIN:when=1
	wait_for 5 grep -q 'cannot be put back there: Resource temporarily unavailable' "$D/agent-a.log"
	wait_for 10 grep -q 'eth2 was moved into another network namespace when no agent saw it, and is put back' "$D/agent-a.log"
	has_nothing_of_the_lagg c wan0
	wan0_comes_back
}
# cannot_search: wan0 left unseen, and the lagg is removed before the other namespaces could be searched
cannot_search() {
	leaves_unseen error=EAGAIN
	wait_for 5 grep -q 'cannot be put back there: Resource temporarily unavailable' "$D/agent-a.log"
	refused 'eth2 was moved .* cannot be put back there' xl a lagg del lagg0
	is "$(attribute c wan0 .mtu)" 1400 "MTU of what left"
}
test_leave_is_searched_for_when_the_lagg_is_gone() {
	cannot_search
	kill "$TRACER"
	has_nothing_within 20 c wan0
	wait_for 5 grep -q 'lagg0: everything is now put back as it was' "$D/agent-a.log"
	is "$(pins_of_lagg0)" "" "pins"
}
test_leave_is_searched_for_by_the_next_agent_when_the_lagg_is_gone() {
	cannot_search
	kill "$TRACER"
	agent_end a KILL
	agent a
	has_nothing_within 20 c wan0
	is "$(pins_of_lagg0)" "" "pins"
}
# Nobody waits for a search who needs the lagg.
test_leave_search_ends_when_the_lagg_is_made_anew() {
	cannot_search
	xl a lagg add lagg0 port eth1
	grep -q 'eth2 is no longer searched for' "$D/agent-a.log" || fail "nothing in the log"
	is_there() { [ "$(field a .ifname)" = lagg0 ]; }
	wait_for 5 is_there
}
pins_of_lagg0() { find "$BPFFS/$P-a" -path '*/lagg0*'; }

# in_the_hidden COMMAND...: runs it in a namespace that has no name and no process
in_the_hidden() { nsenter --net="$D/hidden" -- "$@"; }
hidden_eth2_is() { [ "$(in_the_hidden ip -j -d link show eth2 | jq -c '.[0] | [.mtu, (.ifalias // "")]')" = "$1" ]; }
in_hidden() { [ "$(readlink "/proc/${CHILD[box]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
# A namespace that nobody can enter now may be entered later. Until then what is in it is not gone.
test_leave_into_a_namespace_that_is_not_found() {
	has_a_port_that_leaves
	touch "$D/hidden"
	unshare --net="$D/hidden" true
	nip a link set eth2 netns "$D/hidden"
	wait_for 5 grep -q 'eth2 was moved .* cannot be put back there: it has no name and no process' "$D/agent-a.log"
	hidden_eth2_is '[1400,"port of lagg0 (xlagg)"]' || fail "it is not as it was when it left"
	# A container starts there.
	spawn box nsenter --net="$D/hidden" -- sleep 60
	wait_for 5 in_hidden
	wait_for 40 hidden_eth2_is '[1500,""]'
	wait_for 5 is_absent
	umount "$D/hidden"
}
is_traced() { ! grep -q '^TracerPid:.0$' "/proc/${AGENT[a]}/status"; }

# Meanwhile another device got its number, and is left alone.
test_leave_without_an_agent_and_return_with_another_number() {
	local number other
	two_hosts 2
	host c
	OWN_MAC=$(attribute a eth2 .address)
	number=$(attribute a eth2 .ifindex)
	agent a
	xl a lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24
	agent_end a KILL
	nip a link set eth2 netns "$P-c"
	nip a link add index "$number" name taken type veth peer name taken-peer
	other=$(attribute a taken '[.address, .mtu, .flags]')
	nip c link set eth2 netns "$P-a"
	[ "$(attribute a eth2 .ifindex)" != "$number" ] || fail "it has its number again"
	agent a
	nip a link set eth2 up
	wait_for 10 is_port_again
	is "$(attribute a taken '[.address, .mtu, .flags]')" "$other" "the other device"
	xl a port del lagg0 eth2
	has_nothing_of_the_lagg a eth2
}

# twin HOST: a lagg whose port p1 has the same MAC as that of every other such host, and most likely the same number
twin() {
	nip "$1" link add p1 address 02:00:00:00:22:01 type veth peer name p1-peer
	nip "$1" link set p1 mtu 1450
	agent "$1"
	xl "$1" lagg add lagg0 proto failover port p1
}
# Containers of one image are made alike. The port of the one is gone, which is not there in the other.
test_leave_unseen_is_not_found_in_a_lagg_that_is_alike() {
	local before
	host a
	host b
	twin a
	twin b
	before=$(attribute b p1 '[.ifindex, .address, .mtu, .ifalias, .inet6_addr_gen_mode, .flags]')
	matches "$before" 'port of lagg0' "what b made of its port"
	agent_end b KILL # which would put it back
	agent_end a KILL
	nip a link del p1
	agent a
	is "$(port_field a p1 .present)" false "presence of the port that is gone"
	is "$(attribute b p1 '[.ifindex, .address, .mtu, .ifalias, .inet6_addr_gen_mode, .flags]')" "$before" "the port of the other lagg"
	step "and the next agent there has nothing to put back"
	agent b
	! grep -E 'changed (by someone else|while no agent ran)' "$D/agent-b.log" || fail "others are blamed"
}

# The lagg's own device: the lagg ends as with ip link del, and nothing of it stays anywhere.
test_leave_lagg_moved_away_is_removed() {
	two_hosts 2
	host c
	local mac
	mac=$(attribute a eth1 .address)
	agent a
	xl a lagg add lagg0 port eth1 port eth2 10.0.0.1/24
	nip a link set lagg0 netns "$P-c"
	no_laggs() { [ "$(xl a -j lagg show)" = "[]" ]; }
	wait_for 5 no_laggs
	gone() { ! nip "$1" link show "$2" 2>/dev/null; }
	wait_for 5 gone c lagg0
	wait_for 5 gone a lagg0-dp
	wait_for 5 attribute_is a eth1 .address "$mac"
	grep -q 'was moved into another network namespace' "$D/agent-a.log" || fail "nothing in the log"
	xl a lagg add lagg0 port eth1 port eth2 10.0.0.1/24
}

# A container's macvlan: only its MAC in the filter of lagg0 tells that it is there.
test_leave_macvlan_in_a_container_follows_a_failover() {
	switched 2
	host c
	agent a
	xl a lagg add lagg0 port eth1 port eth2 10.0.0.1/24
	nip a link add link lagg0 name mv0 type macvlan mode bridge 2>/dev/null || skip "no macvlan here"
	nip a link set mv0 netns "$P-c"
	nip c link set mv0 up
	nip c address add 10.0.0.50/24 dev mv0
	nip b address replace 10.0.0.2/24 dev eth0
	wait_for 10 on c ping -c 1 -W 1 10.0.0.2
	local mac
	mac=$(attribute c mv0 .address | tr -d '"')
	learned_at() { on sw bridge fdb show br br0 | grep -i "^$mac" | holds -w "dev $1"; }
	wait_for 3 learned_at a1
	xl a port activate lagg0 eth2
	wait_for 3 learned_at a2
}
