# shellcheck shell=bash
# A lagg and a port are devices, whatever they are called: names that are exchanged, taken over, given twice; devices that got
# the number of another.

ifindex_of() { nip a -j link show "$1" | jq '.[0].ifindex'; }
mac_of() { nip "$1" -j link show "$2" | jq -r '.[0].address'; }
alias_of() { nip a -j link show "$1" | jq -r '.[0].ifalias // ""'; }
names_of_pins() { find "$BPFFS/$P-a" -mindepth 1 -maxdepth 1 -type d ! -name 'libxdp-*' ! -name 'netif-*' -printf '%f\n' | sort | xargs; }
names_of_states() { find "$D/state-a" -name '*.state*' -printf '%f\n' | sort | xargs; }
port_present() { [ "$(port_field a "$1" .present)" = true ]; }
port_absent() { [ "$(port_field a "$1" .present)" = false ]; }
logged() { grep -qE -- "$1" "$D/agent-a.log"; }

# meanwhile HOW COMMAND...: with the agent of host a running, stopped for a while (slow), or away
meanwhile() {
	local how=$1
	shift
	case $how in
	slow) kill -STOP "${AGENT[a]}" ;;
	away) agent_end a KILL ;;
	esac
	"$@"
	case $how in
	slow) kill -CONT "${AGENT[a]}" ;;
	away) agent a ;;
	esac
}

# renamed FROM TO [FROM TO]...: in host a, as udev does it: the devices are down meanwhile
renamed() {
	while [ $# -gt 0 ]; do
		nip a link set "$1" down
		nip a link set "$1" name "$2"
		nip a link set "$2" up
		shift 2
	done
}
# swapped ONE OTHER
swapped() { renamed "$1" between "$2" "$1" between "$2"; }

# What laggs and ports are, without their names: by the numbers of their devices (absent ones by their options).
facts() {
	xl a -j -d lagg show | jq -c 'def number($ports; $name): [$ports[] | select(.ifname == $name) | .ifindex // "absent"];
		map({ifindex, mtu, mac, proto, primary: number(.ports; .options.primary), "mac-from": (.options.mac | startswith("from")),
			ports: (.ports | map({ifindex, present, prio, weight}) | sort_by(tojson))}) | sort_by(.ifindex) | .[]'
}
# Each lagg and port that is there is called as its device is, and all names are different.
called_as_they_are() {
	local called
	called=$(xl a -j lagg show | jq -r '.[] | "\(.ifindex) \(.ifname)", (.ports[] | select(.present) | "\(.ifindex) \(.ifname)")') || return 1
	[ -z "$(xl a -j lagg show | jq -r '.[] | .ifname, .ports[].ifname' | sort | uniq -d)" ] || return 1
	[ -z "$(comm -23 <(sort <<<"$called") <(nip a -j link show | jq -r '.[] | "\(.ifindex) \(.ifname)"' | sort))" ]
}
as_before() { diff <(facts) "$D/facts" && called_as_they_are; }
# All is as before but for the names, and so it is for the next agent, for a file, and when it is put back.
all_is_as_before() {
	local names
	within 5 as_before || { as_before; fail "laggs and ports are not what they were"; }
	names=$(xl a -j lagg show | jq -r '.[].ifname' | sort)
	if [ "${PINS_AS_NAMED-yes}" ]; then # bpffs does not take every name
		is "$(names_of_pins)" "$(xargs <<<"$names")" "folders of pins"
		is "$(names_of_states)" "$(xargs <<<"${names//$'\n'/.state }.state")" "files of state"
	fi
	xl a save >"$D/saved"
	xl a check "$D/saved"
	is "$(xl a diff "$D/saved")" "" "difference from what was saved"
	agent_end a KILL
	agent a
	is "$(xl a -j agent show | jq '.[0].adopted')" "$(wc -l <<<"$names")" "laggs adopted"
	as_before || fail "not so for the next agent"
	is "$(xl a diff "$D/saved")" "" "difference from what was saved, for the next agent"
}
# The devices as they were before they were ports, by their numbers.
portrait() {
	nip a -d -j link show | jq 'map(select(.linkinfo.info_kind == "veth") | del(.ifname, .altnames, .operstate, .flags, .qdisc, .link)) | sort_by(.ifindex) | .[]'
}
put_back() { diff <(portrait) "$D/portrait"; }
flush_puts_back() {
	xl a flush
	within 5 put_back || { put_back; fail "the devices are not put back as they were"; }
	is "$(names_of_pins)" "" "folders of pins"
	is "$(names_of_states)" "" "files of state"
}

# four_ports: eth1 to eth4, no two alike; what they are before
four_ports() {
	local i
	two_hosts 4
	for i in 1 2 3 4; do nip a link set eth$i mtu $((1500 + i)); done
	portrait >"$D/portrait"
	agent a
}
one_lagg() {
	four_ports
	xl a lagg add lagg0 primary eth1 mtu 1450 port eth1 prio 10 weight 3 port eth2 prio 20 port eth3 prio 30 10.0.0.1/24
	facts >"$D/facts"
}
two_laggs() {
	four_ports
	xl a lagg add lagg0 mtu 1400 port eth1 prio 10 port eth2 prio 20 10.0.0.1/24
	xl a lagg add lagg1 proto loadbalance mtu 1300 port eth3 prio 30 port eth4 prio 40 10.1.0.1/24
	facts >"$D/facts"
}

ports_exchange_their_names() {
	one_lagg
	local first
	first=$(ifindex_of eth1)
	meanwhile "$1" swapped eth1 eth2
	all_is_as_before
	is "$(field a .options.primary)" eth2 "primary"
	is "$(port_field a eth2 .ifindex)" "$first" "the device that is the primary"
	step "it is the primary for the policy, too"
	nip b link set eth1 down
	wait_for 3 active_port_is a eth1
	nip b link set eth1 up
	wait_for 3 active_port_is a eth2
	flush_puts_back
}
test_ports_exchange_their_names() { ports_exchange_their_names running; }
test_ports_exchange_their_names_slow() { ports_exchange_their_names slow; }
test_ports_exchange_their_names_away() { ports_exchange_their_names away; }

ports_of_two_laggs_exchange_their_names() {
	two_laggs
	meanwhile "$1" swapped eth1 eth3
	all_is_as_before
	flush_puts_back
}
test_ports_of_two_laggs_exchange_their_names() { ports_of_two_laggs_exchange_their_names running; }
test_ports_of_two_laggs_exchange_their_names_slow() { ports_of_two_laggs_exchange_their_names slow; }
test_ports_of_two_laggs_exchange_their_names_away() { ports_of_two_laggs_exchange_their_names away; }

# Round and round: eth1 is called as eth2 was, that as eth3 was, that as eth1 was.
ports_pass_their_names_on() {
	two_laggs
	meanwhile "$1" renamed eth1 between eth3 eth1 eth2 eth3 between eth2
	all_is_as_before
	flush_puts_back
}
test_ports_pass_their_names_on() { ports_pass_their_names_on running; }
test_ports_pass_their_names_on_slow() { ports_pass_their_names_on slow; }
test_ports_pass_their_names_on_away() { ports_pass_their_names_on away; }

laggs_exchange_their_names() {
	two_laggs
	local first
	first=$(ifindex_of lagg0)
	meanwhile "$1" swapped lagg0 lagg1
	all_is_as_before
	is "$(ifindex_of lagg1)" "$first" "the device of the first"
	is "$(alias_of eth1)" "port of lagg1 (xlagg)" "ifalias of a port"
	is "$(alias_of lagg1-dp)" "xlagg: lower end of lagg1" "ifalias of a lower end"
	flush_puts_back
}
test_laggs_exchange_their_names() { laggs_exchange_their_names running; }
test_laggs_exchange_their_names_slow() { laggs_exchange_their_names slow; }
test_laggs_exchange_their_names_away() { laggs_exchange_their_names away; }

# A lagg and a port exchange their names, which nobody should.
lagg_and_port_exchange_their_names() {
	two_laggs
	meanwhile "$1" swapped lagg0 eth3
	all_is_as_before
	flush_puts_back
}
test_lagg_and_port_exchange_their_names() { lagg_and_port_exchange_their_names running; }
test_lagg_and_port_exchange_their_names_away() { lagg_and_port_exchange_their_names away; }

lagg_takes_the_name_of_one_that_is_gone() {
	two_laggs
	remove_and_rename() {
		nip a link del lagg1
		renamed lagg0 lagg1
	}
	meanwhile "$1" remove_and_rename
	jq -c 'select(.ports[0].prio == 10)' <"$D/facts" >"$D/facts.new"
	mv "$D/facts.new" "$D/facts"
	all_is_as_before
	is "$(xl a -j lagg show | jq -r '.[].ifname')" lagg1 "the lagg that is left"
	flush_puts_back
}
test_lagg_takes_the_name_of_one_that_is_gone() { lagg_takes_the_name_of_one_that_is_gone running; }
test_lagg_takes_the_name_of_one_that_is_gone_slow() { lagg_takes_the_name_of_one_that_is_gone slow; }
test_lagg_takes_the_name_of_one_that_is_gone_away() { lagg_takes_the_name_of_one_that_is_gone away; }

# The port that is gone keeps its options, under the name that nobody else has; and joins when a device of that name comes.
port_takes_the_name_of_one_that_is_gone() {
	one_lagg
	remove_and_rename() {
		nip a link del eth2
		renamed eth1 eth2
	}
	local first
	first=$(ifindex_of eth1)
	meanwhile "$1" remove_and_rename
	wait_for 5 called_as_they_are
	wait_for 3 port_absent eth1
	is "$(field a '[.ports[] | "\(.ifname) \(.prio)"] | join(", ")')" "eth2 10, eth1 20, eth3 30" "ports"
	is "$(port_field a eth2 .ifindex)" "$first" "the device that was the first port"
	is "$(field a .options.primary)" eth2 "primary"
	facts >"$D/facts"
	all_is_as_before
	wire a eth1 b eth5
	wait_for 5 port_present eth1
	is "$(port_field a eth1 .prio)" 20 "its prio"
	all_ports_are_there() { [ "$(field a '[.ports[] | select(.present)] | length')" = 3 ]; }
	all_ports_are_there || fail "not three ports"
}
test_port_takes_the_name_of_one_that_is_gone() { port_takes_the_name_of_one_that_is_gone running; }
test_port_takes_the_name_of_one_that_is_gone_slow() { port_takes_the_name_of_one_that_is_gone slow; }
test_port_takes_the_name_of_one_that_is_gone_away() { port_takes_the_name_of_one_that_is_gone away; }

# One that another lagg waits for.
takes_the_name_of_one_that_is_awaited() {
	two_laggs
	xl a port add lagg1 wan9 prio 90 absent ok
	facts >"$D/facts"
	meanwhile "$1" renamed "$2" wan9
	all_is_as_before
	is "$(xl a -j lagg show | jq -r '.[].ports[] | select(.present | not) | "\(.ifname) \(.prio)"')" "$2 90" "the port that is awaited"
	flush_puts_back
}
test_port_takes_the_name_of_one_that_is_awaited() { takes_the_name_of_one_that_is_awaited running eth1; }
test_port_takes_the_name_of_one_that_is_awaited_slow() { takes_the_name_of_one_that_is_awaited slow eth1; }
test_port_takes_the_name_of_one_that_is_awaited_away() { takes_the_name_of_one_that_is_awaited away eth1; }
test_lagg_takes_the_name_of_a_port_that_is_awaited() { takes_the_name_of_one_that_is_awaited running lagg0; }
test_lagg_takes_the_name_of_a_port_that_is_awaited_away() { takes_the_name_of_one_that_is_awaited away lagg0; }

# The agent dies at any moment while names change all the time.
test_names_exchanged_in_a_storm() {
	two_laggs
	local i pair
	for i in {1..12}; do
		for pair in "eth1 eth2" "lagg0 lagg1" "eth2 eth3" "eth4 lagg0" "eth4 lagg1"; do
			# shellcheck disable=SC2086
			swapped $pair
			[ $((RANDOM % 4)) != 0 ] || break
		done
		if [ $((RANDOM % 2)) = 0 ]; then
			pause 0.0$((RANDOM % 10))
			agent_end a KILL
			agent a
		fi
	done
	all_is_as_before
	flush_puts_back
}

# Names that Linux takes and nobody types.
odd_names() {
	two_laggs
	meanwhile "$1" renamed lagg0 'lähg.0' eth1 büro eth2 "q'\"\\" lagg1 '-l$(1)'
	called_oddly() { [ "$(xl a -j lagg show | jq -r '.[] | .ifname, .ports[].ifname' | sort | xargs -d '\n')" = "-l\$(1) büro eth3 eth4 lähg.0 q'\"\\" ]; }
	wait_for 5 called_oddly
	PINS_AS_NAMED='' all_is_as_before
	step "a file that was saved makes it again"
	xl a flush
	xl a restore "$D/saved"
	called_oddly || fail "other names after restore"
	flush_puts_back
}
test_odd_names() { odd_names running; }
test_odd_names_slow() { odd_names slow; }
test_odd_names_away() { odd_names away; }
# What a terminal would obey.
test_name_with_an_escape() {
	two_laggs
	local odd=$'x\e[31m'
	renamed lagg0 "$odd" eth1 $'\e[0m'
	renamed_oddly() { [ "$(xl a -j lagg show | jq -r --arg name "$odd" '[.[] | select(.ifname == $name)] | length')" = 1 ]; }
	wait_for 5 renamed_oddly
	agent_end a KILL
	agent a
	renamed_oddly || fail "not so for the next agent"
	is "$(xl a -j agent show | jq '.[0].adopted')" 2 "laggs adopted"
	xl a save >"$D/saved"
	is "$(LC_ALL=C grep -c $'\e' "$D/saved")" 0 "lines that were saved with an escape"
	xl a check "$D/saved"
	xl a flush
	renamed $'\e[0m' eth1
	within 5 put_back || { put_back; fail "the devices are not put back as they were"; }
}

# ---- other names of one device ----

also_called() { nip a link property add dev "$1" altname "$2"; }

test_one_device_is_one_port() {
	four_ports
	also_called eth1 enp1s0
	step "typed under both names it is refused, and nothing is left"
	refused 'eth1.*already' xl a lagg add lagg0 port eth1 port enp1s0
	is "$(xl a -j lagg show)" "[]" "laggs"
	xl a lagg add lagg0 port enp1s0
	is "$(field a '.ports[].ifname')" eth1 "the port is called as its device is"
	refused 'eth1.*already' xl a port add lagg0 enp1s0
	refused 'eth1' xl a lagg add lagg1 port enp1s0
	step "both names are good where a port is meant"
	xl a port set lagg0 enp1s0 prio 7
	is "$(port_field a eth1 .prio)" 7 "prio"
	xl a port del lagg0 enp1s0
	is "$(field a '.ports | length')" 0 "ports"
	flush_puts_back
}

# An alternative name of a port is given that another port waits for.
altname_that_is_awaited() {
	two_laggs
	xl a port add lagg1 enp1s0 prio 90 absent ok
	facts >"$D/facts"
	meanwhile "$1" also_called eth1 enp1s0
	all_is_as_before
	is "$(xl a -j lagg show lagg1 | jq -c '[.[0].ports[] | [.ifname, .present]]')" '[["eth3",true],["eth4",true],["enp1s0",false]]' "ports"
	step "commands mean the port of that name"
	xl a port set lagg1 enp1s0 prio 91
	is "$(xl a -j lagg show lagg1 | jq -c '[.[0].ports[] | .prio]')" '[30,40,91]' "prios"
	step "a file that says so is right, and the device is one port"
	cp "$D/saved" "$D/a.conf"
	xl a flush
	agent_end a TERM
	agent a
	is "$(xl a -j lagg show | jq '[.[].ports[] | select(.present)] | length')" 4 "ports that are there"
	matches "$(xl a -j lagg show lagg1 | jq -r '.[0].ports[2].reason')" 'enp1s0 is another name of eth1, which belongs to lagg0' "reason"
	step "when the device is free it is that port"
	xl a port del lagg0 eth1
	wait_for 5 has_port lagg1 eth1
	is "$(xl a -j lagg show lagg1 | jq -r '.[0].ports[] | select(.ifname == "eth1") | .prio')" 90 "its prio"
}
has_port() { [ "$(xl a -j lagg show "$1" | jq --arg dev "$2" '[.[0].ports[] | select(.ifname == $dev and .present)] | length')" = 1 ]; }
test_altname_that_is_awaited() { altname_that_is_awaited running; }
test_altname_that_is_awaited_away() { altname_that_is_awaited away; }

# ---- options that name a device ----

mac_from_follows() {
	four_ports
	local mac
	mac=$(mac_of a eth2)
	xl a lagg add lagg0 mac "from eth2" port eth1 port eth2
	is "$(mac_of a lagg0)" "$mac" "MAC of lagg0"
	facts >"$D/facts"
	meanwhile "$1" swapped eth1 eth2
	all_is_as_before
	is "$(field a .options.mac)" "from eth1" "option mac"
	step "a device that is no port is followed as well"
	mac=$(mac_of a eth4)
	xl a lagg set lagg0 mac "from eth4"
	is "$(mac_of a lagg0)" "$mac" "MAC of lagg0"
	facts >"$D/facts"
	meanwhile "$1" renamed eth4 wan4 eth3 eth4
	all_is_as_before
	is "$(field a .options.mac)" "from wan4" "option mac"
	flush_puts_back
}
test_mac_from_follows() { mac_from_follows running; }
test_mac_from_follows_slow() { mac_from_follows slow; }
test_mac_from_follows_away() { mac_from_follows away; }

# ---- numbers of devices that are used again ----

# The namespace ends and another one gets its name; its devices get the numbers of those that were ports.
test_record_of_a_namespace_that_is_gone() {
	local i number
	two_hosts 2
	agent a
	xl a lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24
	cp "$D/agent-a.log" "$D/agent-before.log"
	declare -a numbers=("$(ifindex_of eth1)" "$(ifindex_of eth2)")
	agent_end a KILL
	ip netns del "$P-a"
	ip netns add "$P-a"
	for i in 1 2; do
		number=${numbers[i - 1]}
		ip link add eth$i index "$number" address 02:11:22:33:44:0$i mtu 1400 netns "$P-a" type veth peer name new$i netns "$P-b"
	done
	echo "lagg add lagg0 mtu 2000 port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	agent a
	logged 'network namespace that is gone' || fail "nothing is said"
	is "$(xl a -j agent show | jq -c '.[0] | [.adopted, .fresh]')" "[0,1]" "laggs adopted and made"
	is "$(mac_of a lagg0)" 02:11:22:33:44:01 "MAC of lagg0"
	xl a flush
	for i in 1 2; do
		is "$(nip a -j link show eth$i | jq -r '.[0] | "\(.address) \(.mtu)"')" "02:11:22:33:44:0$i 1400" "eth$i"
	done
}

# The lagg's device goes, and another pair gets its numbers.
test_record_of_a_lagg_whose_number_is_used_again() {
	two_laggs
	local number lower
	number=$(ifindex_of lagg1)
	lower=$(ifindex_of lagg1-dp)
	agent_end a KILL
	nip a link del lagg1
	nip a link add mine index "$number" type veth peer name mine-too index "$lower"
	nip a link set mine address 02:11:22:33:44:09
	agent a
	is "$(xl a -j lagg show | jq -r '.[].ifname')" lagg0 "laggs"
	is "$(mac_of a mine)" 02:11:22:33:44:09 "MAC of the device that is not ours"
	ip -n "$P-a" link del mine
	put_back_ports() { [ "$(alias_of eth3)" = "" ] && [ "$(nip a -j link show eth3 | jq '.[0].mtu')" = 1503 ]; }
	wait_for 3 put_back_ports
}

# A device could not be the port that is awaited, and goes; another one gets its number.
number_of_a_refused_device_is_used_again() {
	one_lagg
	xl a port add lagg0 wan9 prio 90 absent ok
	nip a link add wan0 index 900 type veth peer name other-end
	nip a address add 10.7.7.1/24 dev wan0
	nip a link set wan0 name wan9
	refused_for_its_address() { [[ $(port_field a wan9 .reason) == *10.7.7.1* ]]; }
	wait_for 5 refused_for_its_address
	no_longer_refused() { [[ $(port_field a wan9 .reason) != *10.7.7.1* ]]; }
	[ "$1" = running ] || agent_end a KILL
	nip a link del wan9
	[ "$1" = away ] || wait_for 5 no_longer_refused # it has seen that the device is gone
	nip a link add mine index 900 type veth peer name other-end
	[ "$1" = running ] || agent a
	wait_for 5 no_longer_refused
	is "$(field a '.ports | map(select(.present | not) | .ifname) | join(" ")')" wan9 "the port that is awaited"
}
test_number_of_a_refused_device_is_used_again() { number_of_a_refused_device_is_used_again running; }
test_number_of_a_refused_device_is_used_again_away() { number_of_a_refused_device_is_used_again away; }

# The device that option mac names goes, and another one gets its number.
number_of_the_device_of_option_mac_is_used_again() {
	two_hosts 1
	agent a
	nip a link add wan9 index 900 address 02:11:22:33:44:09 type veth peer name other-end
	xl a lagg add lagg0 mac "from wan9" port eth1
	replace() {
		nip a link del wan9
		nip a link add mine index 900 address 02:11:22:33:44:0a type veth peer name other-end
	}
	meanwhile "$1" replace
	is "$(field a .options.mac)" "from wan9" "option mac"
	is "$(mac_of a lagg0)" 02:11:22:33:44:09 "MAC of lagg0"
}
test_number_of_the_device_of_option_mac_is_used_again() { number_of_the_device_of_option_mac_is_used_again running; }
test_number_of_the_device_of_option_mac_is_used_again_away() { number_of_the_device_of_option_mac_is_used_again away; }

# An ifalias makes no device ours.
test_a_device_with_our_mark_that_is_not_ours() {
	four_ports
	nip a link add br0 type bridge
	nip a link set br0 alias "xlagg: lower end of lagg0"
	agent_end a TERM
	agent a
	ifindex_of br0 >/dev/null || fail "the bridge is gone"
	nip a link set br0 alias ""
}

# A port's device is replaced by one of the same name and number, which the agent, slow or not, sees as one change.
device_is_replaced() {
	one_lagg
	replace() {
		local number
		number=$(ifindex_of eth2)
		nip a link del eth2
		ip link add eth2 index "$number" address 02:11:22:33:44:02 mtu 1402 netns "$P-a" type veth peer name new2 netns "$P-b"
		nip a link set eth2 up
		nip b link set new2 up
	}
	meanwhile "$1" replace
	as_a_port() { port_present eth2 && [ "$(alias_of eth2)" = "port of lagg0 (xlagg)" ]; }
	wait_for 8 as_a_port
	is "$(port_field a eth2 .prio)" 20 "its prio"
	is "$(port_field a eth2 .permaddr)" 02:11:22:33:44:02 "its own MAC"
	xl a flush
	is "$(nip a -j link show eth2 | jq -r '.[0] | "\(.address) \(.mtu) \(.ifalias // "")"')" "02:11:22:33:44:02 1402 " "the new device"
}
test_device_is_replaced() { device_is_replaced running; }
test_device_is_replaced_slow() { device_is_replaced slow; }
test_device_is_replaced_away() { device_is_replaced away; }

# Nor is a lagg's.
test_lagg_is_replaced_while_the_agent_is_slow() {
	two_laggs
	replace() {
		local number lower
		number=$(ifindex_of lagg1)
		lower=$(ifindex_of lagg1-dp)
		nip a link del lagg1
		nip a link add lagg1 index "$number" type veth peer name mine index "$lower"
		nip a link set lagg1 address 02:11:22:33:44:09
	}
	meanwhile slow replace
	only_lagg0() { [ "$(xl a -j lagg show | jq -r '.[].ifname')" = lagg0 ]; }
	wait_for 8 only_lagg0
	is "$(mac_of a lagg1)" 02:11:22:33:44:09 "MAC of the device that is not ours"
	is "$(nip a -j link show eth3 | jq '.[0].mtu')" 1503 "MTU of a port that was let go"
	nip a link del lagg1
}

# A device that has left the namespace and come back has none of the lagg's programs any more. It is still the port's.
test_identity_of_a_port_that_was_away_and_renamed_while_the_agent_was_away() {
	lagg_pair 2 proto failover
	host c
	local mac
	mac=$(port_field a eth2 .permaddr)
	agent_end a KILL
	nip a link set eth2 down
	nip a link set eth2 name left
	nip a link set left netns "$P-c"
	nip c link set left netns "$P-a"
	agent a
	joined() { [ "$(port_field a left .present)" = true ]; }
	wait_for 8 joined
	is "$(field a '[.ports[].ifname] | join(" ")')" "eth1 left" "ports"
	xl a port del lagg0 left
	is "$(nip a -j link show left | jq -r '.[0].address')" "$mac" "MAC of the device"
}

# The option's word for none cannot be told from the name.
test_primary_that_is_renamed_to_auto() {
	lagg_pair 2 proto failover primary eth2
	wait_for 5 active_port_is a eth2
	rename_device a eth2 auto
	wait_for 5 grep -q 'lagg0: auto: its primary is now called auto, which option primary takes for none' "$D/agent-a.log"
	is "$(field a .options.primary)" auto "option primary"
	rename_device a auto eth2
	wait_for 5 port_is_there eth2
	xl a lagg set lagg0 primary eth2
	wait_for 5 active_port_is a eth2
}
port_is_there() { [ "$(port_field a "$1" .present)" = true ]; }
