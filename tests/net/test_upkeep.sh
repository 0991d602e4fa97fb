# shellcheck shell=bash
# What others change at a lagg's devices is put back, followed or reported; and a step that failed is done again.

ping_b() { on a ping -c 1 -W 1 -s 1400 10.0.0.2 >/dev/null; }
link_is() { [ "$(nip "$1" -j -d link show "$2" | jq -r ".[0] | $3")" = "$4" ]; }
setting_is() { [ "$(on "$1" cat "/proc/sys/net/ipv6/conf/$2/$3")" = "$4" ]; }
# logged HOST PATTERN
logged() { grep -qE -- "$2" "$D/agent-$1.log"; }

test_upkeep_port_properties() {
	lagg_pair 2 proto failover
	local mac
	mac=$(field a .mac)
	nip a link set eth2 mtu 1400
	wait_for 3 link_is a eth2 .mtu 1500
	nip a link set eth2 address 02:00:00:00:00:77
	wait_for 3 link_is a eth2 .address "$mac"
	nip a link set eth2 allmulticast off
	wait_for 3 link_is a eth2 '.flags | index("ALLMULTI") != null' true
	nip a link set eth2 alias mine
	wait_for 3 link_is a eth2 .ifalias "port of lagg0 (xlagg)"
	on a ip maddress delete 01:80:c2:00:00:02 dev eth2
	in_filter() { on a ip maddress show dev eth2 | holds '01:80:c2:00:00:02.*static'; }
	wait_for 8 in_filter
	wait_for 3 logged a 'eth2: its MTU was changed by someone else and is put back'
	wait_for 3 logged a 'eth2: its MAC was changed'
	is "$(port_field a eth2 .reason)" "standby: eth1 is the active port" "reason of a port that is as it should be again"
	ping_b || fail "no answer over lagg0"
}

test_upkeep_ipv6_stays_off_on_ports() {
	lagg_pair 2 proto failover
	wait_for 3 setting_is a eth2 addr_gen_mode 1
	on a sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	wait_for 3 setting_is a eth1 disable_ipv6 1
	wait_for 3 setting_is a eth2 disable_ipv6 1
	wait_for 3 setting_is a lagg0-dp disable_ipv6 1
	is "$(nip a -6 -br address show dev eth2)" "" "IPv6 addresses of a port"
	xl a port del lagg0 eth2
	is "$(on a cat /proc/sys/net/ipv6/conf/eth2/addr_gen_mode)" 0 "addr_gen_mode after the port left"
}

test_upkeep_port_put_into_a_bridge() {
	lagg_pair 2 proto failover
	nip a link add br0 type bridge
	nip a link set eth1 master br0
	wait_for 3 link_is a eth1 .master null
	wait_for 3 logged a 'eth1: someone else made it part of a bridge, and it is taken out again: xlagg port del'
	ping_b || fail "no answer over lagg0"
}

test_upkeep_address_on_a_port_is_reported() {
	lagg_pair 2 proto failover
	nip a address add 10.7.0.1/24 dev eth2
	noticed() { [[ $(port_field a eth2 .notice) =~ $1 ]]; }
	wait_for 8 noticed 'eth2 has the address 10.7.0.1/24.*give it to lagg0'
	matches "$(xl a lagg show lagg0)" 'eth2 .*notice: eth2 has the address' "the notice in show"
	nip a address del 10.7.0.1/24 dev eth2
	wait_for 8 noticed '^$'
	nip a address add 10.7.0.1/24 dev eth2
	wait_for 8 noticed 'eth2 has the address'
	nip a link del eth2
	wait_for 3 noticed '^$'
}

test_upkeep_lower_end() {
	lagg_pair 2 proto failover
	nip a link set lagg0-dp down
	wait_for 3 ping_b
	nip a link set lagg0-dp mtu 1280
	wait_for 3 link_is a lagg0-dp .mtu 1500
	on a sysctl -qw net.ipv6.conf.lagg0-dp.disable_ipv6=0
	wait_for 3 setting_is a lagg0-dp disable_ipv6 1
	rename_device a lagg0-dp mine0
	wait_for 3 link_is a lagg0-dp .ifalias "xlagg: lower end of lagg0"
	nip a link set lagg0-dp alias mine
	wait_for 3 link_is a lagg0-dp .ifalias "xlagg: lower end of lagg0"
	nip a link add br0 type bridge
	nip a link set lagg0-dp master br0
	wait_for 3 link_is a lagg0-dp .master null
	nip a address add 10.0.0.9/24 dev lagg0-dp
	no_address() { [ -z "$(nip a -4 -br address show dev lagg0-dp)" ] || [[ $(nip a -4 -br address show dev lagg0-dp) != *10.0.0.9* ]]; }
	wait_for 3 no_address
	ping_b || fail "no answer over lagg0"
	local what
	for what in name ifalias "master (none)" MTU "IPv6 (off)"; do
		grep -qF "lagg0: its lower end's $what was changed by someone else and is put back" "$D/agent-a.log" ||
			fail "nothing is logged about its $what"
	done
}
test_upkeep_fight_over_the_lower_end() {
	lagg_pair 2 proto failover
	fought() { nip a link set lagg0-dp mtu 1400; [[ $(field a .notice) == *"its lower end's MTU is changed by someone else again and again"* ]]; }
	wait_for 15 fought
	wait_for 10 link_is a lagg0-dp .mtu 1500
	at_most "$(grep -c "lower end's MTU was changed" "$D/agent-a.log")" 6 "lines in the log about a fight"
	# whoever changes lagg0 itself is followed, and that is no fight
	nip a link set lagg0 mtu 1450
	wait_for 3 link_is a lagg0-dp .mtu 1450
	xl a lagg set lagg0 mtu 1470
	is "$(nip a -j link show lagg0-dp | jq .[0].mtu)" 1470 "MTU of the lower end"
	at_most "$(grep -c "lower end's MTU was changed" "$D/agent-a.log")" 6 "lines in the log after that"
}

test_upkeep_address_of_the_lagg_comes_back() {
	lagg_pair 2 proto failover
	nip a address del 10.0.0.1/24 dev lagg0
	has_address() { [[ $(nip a -br address show lagg0) == *10.0.0.1/24* ]]; }
	wait_for 8 has_address
	xl a address del lagg0 10.0.0.1/24
	no_address() { [[ $(nip a -br address show lagg0) != *10.0.0.1/24* ]]; }
	is "$(no_address && echo gone)" gone "address after address del"
	never 6 has_address
}

# Somebody who does not give up is answered ever more seldom, and named.
test_upkeep_fight_is_backed_off() {
	lagg_pair 2 proto failover
	local i
	fought() { nip a link set eth2 mtu 1400; [[ $(port_field a eth2 .notice) == *"its MTU is changed by someone else again and again"* ]]; }
	wait_for 15 fought
	wait_for 10 link_is a eth2 .mtu 1500
	i=$(grep -c 'eth2: its MTU was changed' "$D/agent-a.log")
	at_most "$i" 6 "lines in the log about a fight"
	ping_b || fail "no answer over lagg0"
}

# While the agent was away: what is found is not taken for what was applied.
test_upkeep_changes_while_the_agent_was_away() {
	lagg_pair 2 proto failover
	local mac
	mac=$(field a .mac)
	agent_end a TERM
	nip a link set eth2 mtu 1400
	nip a link set eth1 allmulticast off
	on a sysctl -qw net.ipv6.conf.eth2.disable_ipv6=0
	nip a link set lagg0-dp alias mine 2>/dev/null
	nip a link set lagg0-dp alias "xlagg: lower end of lagg0"
	agent a
	wait_for 3 link_is a eth2 .mtu 1500
	wait_for 3 link_is a eth1 '.flags | index("ALLMULTI") != null' true
	wait_for 3 setting_is a eth2 disable_ipv6 1
	is "$(field a .mac)" "$mac" "MAC of lagg0"
	wait_for 3 ping_b
}

# What somebody makes of lagg0 while the agent is away is followed as while it runs: it is an option then, and a reboot
# keeps it.
test_upkeep_mtu_of_the_lagg_while_the_agent_was_away() {
	lagg_pair 2 proto failover
	agent_end a KILL
	nip a link set lagg0 mtu 1450
	agent a
	is "$(field a '"\(.mtu) \(.options.mtu)"')" "1450 1450" "MTU of lagg0 and its option"
	wait_for 3 link_is a eth1 .mtu 1450
	wait_for 3 link_is a lagg0-dp .mtu 1450
	matches "$(xl a save)" 'mtu 1450' "what save prints"
}
