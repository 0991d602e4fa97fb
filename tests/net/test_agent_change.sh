# shellcheck shell=bash
# A change is done completely or not at all. Also: what other programs do to a lagg's devices.

mtu_is() { [ "$(nip "$1" -j link show "$2" | jq -r '.[0].mtu')" = "$3" ]; }
mac_of() { nip "$1" -j link show "$2" | jq -r '.[0].address'; }
mac_is() { [ "$(mac_of "$1" "$2")" = "$3" ]; }
alias_of() { nip "$1" -j link show "$2" | jq -r '.[0].ifalias // ""'; }
promisc() { [ "$(nip "$1" -j link show "$2" | jq -r '.[0].flags | index("PROMISC") != null')" = true ]; }
not_promisc() { ! promisc "$@"; }
logged() { grep -qE -- "$2" "$D/agent-$1.log"; }
known() { [ "$(xl "$1" -j lagg show "$2" 2>/dev/null | jq -r '.[0].ifname')" = "$2" ]; }
port_known() { [ "$(port_field "$1" "$2" .present)" = true ]; }
order_is() { [ "$(field a '[.ports[].ifname] | join(" ")')" = "$1" ]; }

# Makes a wire whose end accepts no MTU above 1600: a device that refuses what the others accept.
narrow_wire() {
	nip a link add base0 type veth peer name base1
	nip a link set base0 mtu 1600
	nip a link set base0 up
	nip a link add link base0 name "$1" type macvlan mode private 2>/dev/null || skip "this kernel has no macvlan"
	nip a link set "$1" mtu 1500
}
picture() { nip a -j link show "$1" | jq -c '.[0] | {ifname, mtu, address, flags, ifalias, promiscuity}'; }

test_change_that_one_port_refuses_changes_nothing() {
	two_hosts 2
	narrow_wire eth3
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 port eth3 10.0.0.1/24
	local dev before after
	before=$(for dev in eth1 eth2 eth3 lagg0 lagg0-dp; do picture $dev; done)
	xl a save >"$D/before"
	refused 'eth3 .*MTU 9000' xl a lagg set lagg0 mtu 9000 proto loadbalance hash l2
	after=$(for dev in eth1 eth2 eth3 lagg0 lagg0-dp; do picture $dev; done)
	is "$after" "$before" "devices after the refusal"
	xl a save | diff "$D/before" - || fail "the configuration is not what it was"
	step "also when the MTU stands beside a port that comes"
	nip a link add eth4 type veth peer name eth4p
	refused 'eth3 .*MTU 9000' xl a restore <(sed 's/lagg0 /lagg0 mtu 9000 /; s/port eth1/port eth4 port eth1/' "$D/before")
	xl a save | diff "$D/before" - || fail "the configuration is not what it was"
	is "$(alias_of a eth4)" "" "ifalias of what did not become a port"
}
test_refused_port_leaves_the_others_as_they_were() {
	lagg_pair 2 proto loadbalance
	nip a link add eth3 type veth peer name eth3p
	nip a address add 10.9.9.9/24 dev eth3
	nip a link add eth4 type veth peer name eth4p
	xl a save >"$D/before"
	refused 'eth3 has the address 10.9.9.9/24' xl a restore <(sed 's/port eth1/port eth4 port eth3 port eth1/' "$D/before")
	xl a save | diff "$D/before" - || fail "the configuration is not what it was"
	on a ping -c 1 -W 1 10.0.0.2
}
# Where there is no bond of somebody else's, there is nothing to take: no lagg is removed to make room for one.
test_take_of_what_is_no_bond_changes_nothing() {
	two_hosts 2
	agent a
	xl a lagg add lagg9 proto failover port eth1 10.0.0.9/24
	local before dev
	local -r own='lagg9 is a lagg that xlagg made.*first .xlagg lagg del lagg9'
	before=$(for dev in lagg9 lagg9-dp eth1; do nip a -j link show $dev | jq -c '.[0] | {ifindex, ifalias, flags, master}'; done)
	xl a save >"$D/before"
	refused "$own" xl a lagg take lagg9
	refused "$own" xl a lagg take lagg9 check
	echo 'lagg take lagg9' >"$D/a.conf"
	refused "$own" xl a reload
	refused "$own" xl a restore "$D/a.conf"
	refused 'eth1 is not a bond, and belongs to lagg9' xl a lagg take eth1
	refused 'lagg9-dp is not a bond, and belongs to lagg9' xl a lagg take lagg9-dp
	refused 'eth2 is not a bond; .xlagg lagg add' xl a lagg take eth2
	refused 'no bond lagg8 ' xl a lagg take lagg8
	is "$(for dev in lagg9 lagg9-dp eth1; do nip a -j link show $dev | jq -c '.[0] | {ifindex, ifalias, flags, master}'; done)" \
		"$before" "devices after the refusals"
	xl a save | diff "$D/before" - || fail "the configuration is not what it was"
	step "the way out that it names"
	xl a lagg del lagg9
	xl a reload
	matches "$(xl a -j lagg show lagg9 | jq -r '.[0].reason')" 'no bond lagg9' "reason of the lagg that waits for its bond"
}

test_order_of_ports_is_what_restore_says() {
	lagg_pair 2 proto failover
	active_port_is a eth1 || fail "eth1 was added first and is not used"
	xl a save | sed 's/port eth1/port X/; s/port eth2/port eth1/; s/port X/port eth2/' >"$D/wanted"
	xl a restore "$D/wanted"
	is "$(xl a diff "$D/wanted")" "" "difference after restore"
	order_is "eth2 eth1" || fail "order of the ports"
	wait_for 3 active_port_is a eth2
}

test_renamed_lagg() {
	lagg_pair 2 proto failover
	spawn monitor "$B/xlagg" --socket "$D/a.sock" -j monitor lagg0
	wait_for 3 monitoring
	rename_device a lagg0 uplink
	wait_for 3 known a uplink
	is "$(xl a save | grep -c lagg0)" 0 "lines of save with the old name"
	matches "$(xl a save)" '^lagg add uplink .*' "save"
	is "$(alias_of a eth1)" "port of uplink (xlagg)" "ifalias of a port"
	is "$(alias_of a uplink-dp)" "xlagg: lower end of uplink" "ifalias of the lower end"
	[ -d "$BPFFS/$P-a/uplink" ] || fail "the folder of pins has not its name"
	[ ! -e "$BPFFS/$P-a/lagg0" ] || fail "the old folder of pins is there"
	[ -e "$D/state-a/uplink.state" ] || fail "its state has not its name"
	wait_for 3 grep -q 'renamed from lagg0' "$D/monitor.out"
	on a ping -c 2 -i 0.2 -W 1 10.0.0.2
	step "it can still be changed, and lives on"
	xl a lagg set uplink hash l3
	agent_end a KILL
	agent a
	known a uplink || fail "not adopted under its new name"
	wait_for 3 on a ping -c 1 -W 1 10.0.0.2
	xl a lagg del uplink
	[ -z "$(find "$BPFFS/$P-a" -path '*uplink*')" ] || fail "something is pinned still"
	is "$(alias_of a eth1)" "" "ifalias of a port that was let go"
}
# Makes changes until the monitor prints one: from then on it has subscribed.
monitoring() {
	xl a lagg set lagg0 peer-notify 2
	xl a lagg set lagg0 peer-notify 3
	grep -q lagg-change "$D/monitor.out"
}

test_mtu_and_mac_set_with_ip() {
	lagg_pair 2 proto failover
	nip a link set lagg0 address 02:00:00:00:77:01
	wait_for 3 mac_is a eth2 02:00:00:00:77:01
	matches "$(xl a save)" 'mac 02:00:00:00:77:01' "save"
	step "what a port does not take is put back on lagg0, too"
	nip a link set eth2 mtu 1300
	wait_for 3 mtu_is a eth2 1500
	nip a link set eth2 down
	nip a link set eth2 address 02:00:00:00:77:02
	wait_for 3 mac_is a eth2 02:00:00:00:77:01
	step "the lower end is the agent's"
	nip a link set lagg0-dp down
	wait_for 3 has_carrier a lagg0
}
test_lagg_without_ports_takes_the_looks_of_the_first() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto loadbalance
	nip a link set eth1 mtu 1400
	local mac
	mac=$(mac_of a eth1)
	no_carrier a lagg0 || fail "carrier without a port"
	xl a port add lagg0 eth1
	is "$(mac_of a lagg0)" "$mac" "MAC"
	mtu_is a lagg0 1400 || fail "MTU"
	xl a port add lagg0 eth2
	is "$(mac_of a eth2)" "$mac" "MAC of the second port"
	mtu_is a eth2 1400 || fail "MTU of the second port"
	wait_for 3 has_carrier a lagg0
	step "mtu N and back to auto"
	xl a lagg set lagg0 mtu 1450
	mtu_is a eth2 1450 || fail "MTU 1450"
	xl a lagg set lagg0 mtu auto
	mtu_is a lagg0 1400 || fail "MTU auto"
	step "a port that leaves with its MAC"
	xl a port del lagg0 eth1
	is "$(mac_of a lagg0)" "$mac" "MAC, whose port left"
	logged a 'eth1 leaves with the MAC that lagg0 keeps' || fail "no warning"
}
test_mac_active() {
	two_hosts 2
	agent a
	local one two
	one=$(mac_of a eth1) two=$(mac_of a eth2)
	xl a lagg add lagg0 proto failover mac active port eth1 port eth2 10.0.0.1/24
	wait_for 3 mac_is a lagg0 "$one"
	is "$(mac_of a eth1) $(mac_of a eth2)" "$one $two" "MACs of the ports"
	nip b link set eth1 down
	wait_for 3 mac_is a lagg0 "$two"
	is "$(field a .mac)" "$two" "MAC that show says"
	is "$(field a .options.mac)" active "option mac"
	xl a lagg set lagg0 mac auto
	is "$(mac_of a lagg0) $(mac_of a eth1) $(mac_of a eth2)" "$one $one $one" "MACs with auto"
	xl a lagg set lagg0 mac active
	wait_for 3 mac_is a lagg0 "$two"
	is "$(mac_of a eth1) $(mac_of a eth2)" "$one $two" "MACs of the ports"
	agent_end a KILL
	agent a
	mac_is a lagg0 "$two" || fail "MAC after a restart"
	is "$(mac_of a eth1) $(mac_of a eth2)" "$one $two" "MACs of the ports after a restart"
}
# An ipvlan has the MAC of the device below it and accepts no other.
fixed_mac() {
	nip a link add "$1-base" type veth peer name "$1-far"
	nip a link set "$1-base" up
	nip a link set "$1-far" up
	nip a link add link "$1-base" name "$1" type ipvlan mode l2 2>/dev/null || skip "this kernel has no ipvlan"
}
test_mac_of_a_port_that_cannot_change_it() {
	local before
	two_hosts 1
	fixed_mac eth8
	fixed_mac eth9
	agent a
	if [ "${LAGG_DEVICE:-}" = bond ]; then
		xl a lagg add lagg0 proto loadbalance port eth1
		before=$(mac_of a lagg0)
		refused 'eth8 cannot change its MAC, and the bond lagg0 takes no such device' xl a port add lagg0 eth8
		is "$(mac_of a lagg0) $(mac_of a eth1)" "$before $before" "MACs after the refusal"
		is "$(field a '[.ports[].ifname] | join(" ")')" eth1 "ports after the refusal"
		return
	fi
	xl a lagg add lagg0 proto loadbalance port eth1 port eth8
	is "$(mac_of a lagg0)" "$(mac_of a eth8)" "MAC of lagg0"
	is "$(mac_of a eth1)" "$(mac_of a eth8)" "MAC of eth1"
	refused 'eth9 cannot change its MAC' xl a port add lagg0 eth9
	is "$(mac_of a lagg0) $(mac_of a eth1)" "$(mac_of a eth8) $(mac_of a eth8)" "MACs after the refusal"
}
test_macvlan_makes_the_ports_promiscuous() {
	lagg_pair 2 proto failover
	nip a link add link lagg0 name mv0 type macvlan mode bridge 2>/dev/null || skip "this kernel has no macvlan"
	nip a link set mv0 up
	wait_for 3 promisc a eth1
	nip a link del mv0
	wait_for 3 not_promisc a eth1
	step "in a container, from where no event comes"
	host c
	nip a link add link lagg0 name mv0 netns "$P-c" type macvlan mode bridge
	nip c link set mv0 up
	wait_for 5 promisc a eth2
}
test_offloads_of_the_xdp_profile_are_kept() {
	as_xdp_wires
	lagg_pair 2 proto loadbalance datapath xdp
	on a ethtool -K lagg0 gro off >/dev/null
	wait_for 3 offload a lagg0 generic-receive-offload on
	on a ethtool -K lagg0 tx on >/dev/null
	wait_for 3 offload a lagg0 tx-checksumming off
	on a ping -c 1 -W 1 10.0.0.2
}
offload() { on "$1" ethtool -k "$2" | holds "^$3: $4"; }

# A device that cannot be a port is looked at again and again, and costs nothing in between.
test_refused_device_joins_when_it_is_fit() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth7 absent ok
	nip a link add eth7 type veth peer name eth7p
	wait_for 3 port_known a eth7
	nip a link del eth7
	nip a link add link0 type veth peer name eth7p
	nip a address add 10.7.7.7/24 dev link0
	nip a link set link0 name eth7
	wait_for 3 reason_is eth7 'has the address 10.7.7.7'
	nip a address flush dev eth7
	wait_for 6 port_known a eth7
}
reason_is() { port_field a "$1" .reason | holds "$2"; }
test_port_by_its_alternative_name() {
	two_hosts 2
	agent a
	nip a link property add dev eth1 altname uplink-one
	xl a lagg add lagg0 proto failover port uplink-one
	port_known a eth1 || fail "it is not called by its name"
	refused 'already a port' xl a port add lagg0 eth1
	refused 'already a port' xl a port add lagg0 uplink-one
	xl a port set lagg0 uplink-one prio 5
	is "$(port_field a eth1 .prio)" 5 "prio"
	is "$(xl a -j port show lagg0 uplink-one | jq -r '.[].ifname')" eth1 "the port with that name"
	xl a port add lagg0 later-one absent ok
	nip a link property add dev eth2 altname later-one
	wait_for 3 port_known a eth2
	xl a port del lagg0 later-one
	is "$(field a '.ports | length')" 1 "ports"
}
# Nothing differs where a file has another name of a device that the running configuration has, too.
test_file_with_alternative_names() {
	two_hosts 2
	nip a link property add dev eth1 altname uplink-one
	echo 'lagg add lagg0 primary uplink-one mac from uplink-one port eth2 port uplink-one' >"$D/a.conf"
	agent a
	is "$(field a '[.ports[].ifname] + [.options.primary, .options.mac] | join(" ")')" "eth2 eth1 eth1 from eth1" "names"
	is "$(xl a diff)" "" "difference from the file"
	xl a lagg set lagg0 mac auto
	is "$(xl a diff || true)" "lagg set lagg0 mac from eth1" "difference from the file"
	xl a restore "$D/a.conf"
	agent_end a KILL
	agent a
	! grep 'differs from' "$D/agent-a.log" || fail "a difference at start"
	# one device, named twice
	echo 'lagg add lagg1 port eth1' >>"$D/a.conf"
	refused 'eth1 is a port of lagg0 already' xl a reload
	refused 'eth1 is a port of lagg0 already' xl a check "$D/a.conf"
}
# The permanent MAC names a device wherever a name does: a port has the lagg's MAC meanwhile, and lagg0 that of a port.
test_port_by_its_permanent_mac() {
	two_hosts 3
	agent a
	local one two three
	one=$(mac_of a eth1) two=$(mac_of a eth2) three=$(mac_of a eth3)
	xl a lagg add lagg0 proto failover primary "${two^^}" port "$one" port "$two" prio 7
	port_known a eth1 || fail "the first is not called by its name"
	is "$(port_field a eth2 .prio)" 7 "prio of the second"
	wait_for 3 active_port_is a eth2
	refused 'already a port' xl a port add lagg0 "$one"
	xl a port set lagg0 "$two" prio 5
	is "$(port_field a eth2 .prio)" 5 "prio"
	is "$(xl a -j port show lagg0 "$two" | jq -r '.[].ifname')" eth2 "the port with that MAC"
	refused 'there is no device 02:00:00:00:00:99' xl a port add lagg0 02:00:00:00:00:99
	# one that comes later, under any name
	nip a link set eth3 down
	nip a link set eth3 address 02:00:00:00:00:33
	xl a port add lagg0 "$three" absent ok prio 3
	is "$(xl a -j port show lagg0 "$three" | jq -r '.[].ifname')" "$three" "the absent one's name"
	xl a save | holds -F " $three " || xl a save | holds " $three\$" || fail "save does not name it: $(xl a save)"
	xl a save > "$D/saved"
	is "$(xl a diff "$D/saved")" "" "difference from what was saved"
	nip a link set eth3 name late address "$three"
	wait_for 8 port_known a late
	is "$(port_field a late .prio)" 3 "prio of the late one"
	is "$(xl a diff "$D/saved")" "" "difference after it came"
	xl a port del lagg0 "$three"
	is "$(field a '.ports | length')" 2 "ports"
	# without its device, lagg0 is not taken for it
	xl a lagg set lagg0 mac from "$one"
	is "$(mac_of a lagg0)" "$one" "MAC of lagg0"
	xl a lagg del lagg0
	is "$(mac_of a eth2)" "$two" "MAC of eth2"
}
