# shellcheck shell=bash
# What the next agent does with what it finds: devices that changed, changes that were not finished, damaged pins.

alias_of() { nip "$1" -j link show "$2" | jq -r '.[0].ifalias // ""'; }
mac_of() { nip "$1" -j link show "$2" | jq -r '.[0].address'; }
mtu_of() { nip "$1" -j link show "$2" | jq -r '.[0].mtu'; }
logged() { grep -qE -- "$2" "$D/agent-$1.log"; }
exists() { nip "$1" link show "$2" >/dev/null 2>&1; }
pins() { find "$BPFFS/$P-$1" -path "*/$2*" -type f; }
port_present() { [ "$(port_field "$1" "$2" .present)" = true ]; }
ping_b() { on a ping -c 1 -W 1 10.0.0.2; }

test_adopt_devices_that_were_renamed_meanwhile() {
	lagg_pair 2 proto failover
	agent_end a KILL
	rename_device a lagg0 uplink
	rename_device a eth2 spare
	agent a
	is "$(xl a -j lagg show | jq -r '.[0] | .ifname, (.ports[].ifname)' | xargs)" "uplink eth1 spare" "names"
	[ -d "$BPFFS/$P-a/uplink" ] || fail "the folder of pins has not its name"
	is "$(alias_of a spare)" "port of uplink (xlagg)" "ifalias of a port"
	wait_for 3 ping_b
	matches "$(xl a save)" 'lagg add uplink .*' "save"
}
# bpffs allows no dot in a name.
test_adopt_lagg_with_a_dot_in_its_name() {
	two_hosts 1
	agent a
	xl a lagg add up.link proto failover port eth1
	rename_device a up.link .up.1
	wait_for 3 xl a lagg show .up.1
	agent_end a KILL
	agent a
	is "$(xl a -j lagg show | jq -r '.[0] | .ifname, .operstate' | xargs)" ".up.1 up" "the lagg"
	is "$(xl a -j agent show | jq '.[0].adopted')" 1 "laggs adopted"
	xl a lagg del .up.1
	agent_end a TERM # until then the watcher of carrier stays
	is "$(find "$BPFFS" -path "*/$P-a/*" -type f)" "" "pins"
}
test_adopt_ports_that_went_and_came_meanwhile() {
	lagg_pair 3 proto failover
	agent_end a KILL
	nip a link del eth2
	nip a link del eth3
	wire a eth3 b eth3
	agent a
	port_present a eth3 || fail "eth3, which was made anew, is not a port"
	is "$(port_field a eth2 .present)" false "eth2, which is gone"
	is "$(alias_of a eth3)" "port of lagg0 (xlagg)" "ifalias of the new eth3"
	wire a eth2 b eth2
	wait_for 3 port_present a eth2
	xl a port activate lagg0 eth2
	is "$(xl a -j -d lagg show | jq -r '.[0].ports | length')" 3 "ports"
}
test_adopt_mtu_and_mac_that_were_set_meanwhile() {
	lagg_pair 2 proto loadbalance mtu 1400
	agent_end a KILL
	nip a link set lagg0 mtu 1300
	nip a link set lagg0 address 02:00:00:00:99:01
	nip a link set eth2 mtu 1450
	agent a
	is "$(mtu_of a lagg0) $(mtu_of a eth1) $(mtu_of a eth2)" "1300 1300 1300" "MTUs"
	is "$(mac_of a lagg0) $(mac_of a eth1)" "02:00:00:00:99:01 02:00:00:00:99:01" "MACs"
	matches "$(xl a save)" 'mac 02:00:00:00:99:01' "save"
}

# The agent is killed after it has worked on a command for some milliseconds, more each time. The next agent ends up with a
# lagg that works, with the port or without it.
test_adopt_after_death_in_a_change() {
	lagg_pair 2 proto failover
	nip a link add eth5 type veth peer name eth5p
	nip a link set eth5p up
	local mac ms
	mac=$(mac_of a eth5)
	for ms in 0 1 2 4 6 8 12 16 24 32; do
		xl a port add lagg0 eth5 >/dev/null 2>&1 &
		pause "0.0$(printf %02d $ms)"
		agent_end a KILL
		wait $! || :
		agent a
		if xl a port show lagg0 eth5 >/dev/null 2>&1; then
			step "$ms ms: it is a port"
			port_present a eth5 || fail "eth5 is configured and no port: $(port_field a eth5 .reason)"
			xl a port del lagg0 eth5
		else
			step "$ms ms: it is none"
		fi
		is "$(mac_of a eth5) $(alias_of a eth5)" "$mac " "eth5 afterwards"
		ping_b
	done
}
# The same with options and an address: all of them are as before, or all are as after.
all_as_before() {
	matches "$(xl a save | tr -d '\\\n')" "^$before_saved\$" "save"
	is "$(mtu_of a lagg0) $(mtu_of a eth1) $(mtu_of a eth2) $(mtu_of a lagg0-dp)" "1500 1500 1500 1500" "MTUs"
	is "$(addresses_of_lagg0)" "10.0.0.1" "addresses"
	on a ethtool -k lagg0 | holds '^tx-checksumming: on' || fail "an offload is still off"
}
all_as_after() {
	matches "$(xl a save | tr -d '\\\n')" "^$after_saved\$" "save"
	is "$(mtu_of a lagg0) $(mtu_of a eth1) $(mtu_of a eth2) $(mtu_of a lagg0-dp)" "1400 1400 1400 1400" "MTUs"
	is "$(addresses_of_lagg0)" "10.0.0.1 10.0.0.3" "addresses"
	on a ethtool -k lagg0 | holds '^tx-checksumming: off' || fail "an offload is on"
}
addresses_of_lagg0() { nip a -j address show lagg0 | jq -r '[.[0].addr_info[] | select(.family == "inet") | .local] | join(" ")'; }
test_adopt_after_death_in_a_change_of_options() {
	two_hosts 2
	agent a
	local ms before_saved after_saved
	echo "lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24" >"$D/before"
	echo "lagg add lagg0 proto failover datapath xdp mtu 1400 min-links 2 port eth1 port eth2 10.0.0.1/24 10.0.0.3/24" >"$D/after"
	xl a restore "$D/after"
	after_saved=$(xl a save | tr -d '\\\n')
	xl a restore "$D/before"
	before_saved=$(xl a save | tr -d '\\\n')
	for ms in 10 30 60 100 150 250; do
		xl a restore "$D/after" >/dev/null 2>&1 &
		pause "0.$(printf %03d $ms)"
		agent_end a KILL
		wait $! || :
		agent a
		step "$ms ms: $(xl a save | tr -d '\\\n')"
		if xl a save | holds 'mtu 1400'; then all_as_after; else all_as_before; fi
		! grep -E 'changed (by someone else|while no agent ran)|someone else removed' "$D/agent-a.log" || fail "others are blamed"
		xl a restore "$D/before"
		all_as_before
	done
}
# After a take-over, and after many changes, a new table waits until no program reads its buffer any more.
test_adopt_a_table_that_waited() {
	lagg_pair 2 proto failover
	local prio
	for _ in 1 2 3; do
		for prio in 1 40000 1 40000 1; do xl a port set lagg0 eth2 prio $prio; done
		agent_end a KILL
		agent a
		is "$(field a .active_port)" eth2 "active port"
		xl a port set lagg0 eth2 prio 40000
		agent_end a KILL
		agent a
		is "$(field a .active_port)" eth1 "active port after a take-over"
	done
	# What was noted of a table that waited ends with its waiting.
	pause 0.5
	xl a port activate lagg0 eth2
	agent_end a KILL
	agent a
	is "$(field a .active_port)" eth2 "active port that was activated"
}
test_adopt_after_death_in_the_making_of_a_lagg() {
	two_hosts 2
	echo "lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	local ms
	# The agent makes the laggs of its file before it answers on its socket, so it is killed by time.
	for ms in 15 20 30 40 60 80 110 150 200; do
		agent_start a
		pause "0.$(printf %03d $ms)"
		agent_end a KILL
	done
	agent a
	wait_for 5 has_carrier a lagg0
	is "$(field a '.ports | map(select(.present)) | length')" 2 "ports"
	xl a flush
	! exists a lagg0 || fail "lagg0 is there after flush"
	is "$(alias_of a eth1)$(alias_of a eth2)" "" "ifaliases of the ports"
}
# The kernel makes a pair and its mark in two requests: of a pair without a mark the note tells whose it is, under any name.
test_adopt_after_death_between_making_and_marking() {
	two_hosts 1
	agent a
	agent_end a KILL
	local mac=02:00:00:00:77:01
	nip a link add agg1 type veth peer name agg1-dp address $mac
	nip a link add user type veth peer name user-dp address 02:00:00:00:77:02
	nip a link add br7 address $mac type bridge
	mkdir "$BPFFS/$P-a/lagg1" "$BPFFS/$P-a/lagg2"
	ln -s $mac "$BPFFS/$P-a/lagg1/making"
	ln -s no:mac "$BPFFS/$P-a/lagg2/making"
	agent a
	! exists a agg1 || fail "the pair is still there"
	exists a user || fail "another pair is gone"
	exists a br7 || fail "a device that is no pair is gone"
	logged a 'lagg1.*it was being made when its agent died' || fail "the log does not say so"
	is "$(find "$BPFFS/$P-a" -mindepth 1 -path '*/lagg*')" "" "pins"
	xl a lagg add lagg1 proto failover port eth1
	is "$(find "$BPFFS/$P-a" -name making)" "" "notes of what is made"
}

# scribble HOST OFFSET BYTE...: overwrites a part of lagg0's saved state
scribble() {
	local offset=$2 file=$BPFFS/$P-$1/lagg0/saved
	shift 2
	bpftool -j map dump pinned "$file" >"$D/map.json"
	mapfile -t bytes < <(jq -r '.[0].value[]' "$D/map.json")
	local b
	for b; do bytes[offset++]=$b; done
	bpftool map update pinned "$file" key 0 0 0 0 value "${bytes[@]}"
}
# What remains when nothing can be read: the devices are free, and as they were as far as that is known.
freed() {
	! exists a lagg0 || fail "lagg0 is still there"
	! exists a lagg0-dp || fail "its lower end is still there"
	is "$(alias_of a eth1)$(alias_of a eth2)" "" "ifaliases of the ports"
	is "$(on a cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6)" 0 "IPv6 switched off on eth1"
	is "$(nip a -j link show eth1 | jq -r '.[0].flags | index("ALLMULTI")')" null "allmulti of eth1"
	is "$(pins a lagg0)" "" "pins"
	nip a address add 10.1.0.1/24 dev eth1
	listener plain a eth1 88b5 5
	on b "$B/tests/net/frame" send eth1 ff:ff:ff:ff:ff:ff 88b5 3
	reap plain || fail "eth1 does not hand its frames to its own stack"
}
test_adopt_state_of_another_version() {
	lagg_pair 2 proto failover
	agent_end a KILL
	scribble a 0 0x63 0 0 0
	agent a
	logged a 'lagg0: what is pinned .* cannot be adopted .*version 99.* removed and made anew' || fail "the log does not say so"
	wait_for 5 has_carrier a lagg0
	is "$(field a '.ports | map(select(.present)) | length')" 2 "ports"
	wait_for 5 ping_b
	xl a lagg del lagg0
	freed
}
test_flush_what_another_version_pinned() {
	lagg_pair 2 proto failover datapath xdp
	agent_end a KILL
	scribble a 0 0x63 0 0 0
	"$B/xlaggd" --flush -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a"
	freed
}
test_adopt_damaged_configuration() {
	lagg_pair 2 proto failover
	agent_end a KILL
	# message_len becomes far too long
	scribble a 4 255 255 255 127
	agent a
	logged a 'lagg0: what is pinned .* cannot be adopted' || fail "the log does not say so"
	freed
}
# A record that cannot be read for want of memory is not a damaged one.
test_adopt_record_that_cannot_be_read() {
	lagg_pair 2 proto failover
	agent_end a KILL
	agent_held
	order fail readlink 1 12 1000000 # ENOMEM; whatever is pinned is looked at so
	wait_for 30 has_ended "$INJECTOR"
	unset "AGENT[a]"
	logged a 'cannot see which laggs are pinned' || fail "the log does not say so"
	agent a
	is "$(xl a -j agent show | jq -c '.[0] | [.adopted, .fresh]')" "[1,0]" "laggs adopted and made"
	is "$(field a '.ports | map(select(.present)) | length')" 2 "ports"
	wait_for 5 ping_b
}
test_adopt_damaged_numbers_of_devices() {
	lagg_pair 2 proto failover
	agent_end a KILL
	# ifindex and lower_ifindex, which follow the message, become those of lo and of no device
	scribble a $((24 + 49152 + 4)) 1 0 0 0 255 255 255 255
	agent a
	exists a lo || fail "lo is gone"
	logged a 'lagg0: .*cannot be adopted .*made anew' || fail "the log does not say so"
	wait_for 5 ping_b
	xl a lagg del lagg0
	freed
}
damaged_table() {
	lagg_pair 2 proto failover
	agent_end a KILL
	local file=$BPFFS/$P-a/lagg0/ports
	bpftool map update pinned "$file" key 0 0 0 0 value 1 0 0 0 255 0 0 0 0 0 0 0 0 0 0 0
}
test_adopt_damaged_table() {
	damaged_table
	agent a
	logged a 'lagg0: .*cannot be adopted .*made anew' || fail "the log does not say so"
	wait_for 5 has_carrier a lagg0
	wait_for 5 ping_b
	is "$(field a '.ports | map(select(.present)) | length')" 2 "ports"
}
# It is to be made anew when its ports are put back, and somebody makes another one of that name at that moment.
test_adopt_damaged_table_and_a_lagg_in_its_place() {
	damaged_table
	agent_held
	order "fail ioctl 1 5 1000000" # so that a port cannot leave a group
	wait_for 30 answers a
	wait_for 5 logged a 'lagg0: eth1 is not yet as it was before'
	made_already() { [ "$(xl a -j lagg show)" != "[]" ]; }
	never 4 made_already # by then it is tried less often
	order count
	xl a lagg add lagg0 proto loadbalance
	in_its_place() { [ "$(field a '[.proto, (.ports | length)] | join(" ")')" = "loadbalance 0" ]; }
	in_its_place || fail "it is not the one that was asked for"
	not_in_its_place() { ! in_its_place; }
	never 2 not_in_its_place
}
test_adopt_nothing_on_request() {
	lagg_pair 2 proto failover
	echo "lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	agent_end a KILL
	agent a --no-adopt
	is "$(field a .proto)" loadbalance "proto"
	is "$(xl a -j agent show | jq -c '.[0] | [.adopted, .fresh]')" "[0,1]" "laggs adopted and made"
	! logged a "no agent knows" || fail "a device that the record names was taken for a stray"
}

# A wrong command in the file is left out; the others are carried out.
test_start_with_a_file_that_is_wrong_in_places() {
	two_hosts 2
	cat >"$D/a.conf" <<-'FILE'
		lagg add lagg0 proto loadbalance port eth1
		lagg add lagg1 proto nonsense port eth2
		lagg add lagg2 proto failover primary eth9 port eth2
		lagg add lagg3 proto failover port eth2
	FILE
	agent a
	is "$(xl a -j lagg show | jq -r '.[].ifname' | xargs)" "lagg0 lagg3" "laggs"
	logged a 'conf:2: .*nonsense' || fail "line 2 is not named"
	logged a 'conf:3: .*eth9' || fail "line 3 is not named"
	step "but a reload is all or nothing"
	refused ':2: .*nonsense' xl a reload
	step "and a file that is gone changes nothing"
	rm "$D/a.conf"
	refused 'No such file' xl a reload
	is "$(xl a -j lagg show | jq -r '.[].ifname' | xargs)" "lagg0 lagg3" "laggs"
}
test_start_without_the_file_that_was_named() {
	host a
	local status=0
	"$B/xlaggd" -n "$P-a" -f "$D/none.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" 2>"$D/err" ||
		status=$?
	is $status 1 "exit status"
	is "$(wc -l <"$D/err")" 1 "lines on stderr"
	matches "$(cat "$D/err")" 'cannot read .*none.conf: No such file or directory: .*another -f' "its sentence"
}

# Whatever is written into the maps, and whatever has the name of a pin: the next agent says what it cannot use and ends up
# with a lagg that works. It learns the configuration from its record, or else from the file. SCRIBBLES="FIRST LAST" chooses
# other seeds.
test_adopt_pins_that_were_scribbled_over() {
	local seed adopted=0 anew=0 proto
	two_hosts 2
	agent b
	for seed in $(seq ${SCRIBBLES:-1 24}); do
		proto=$([ $((seed % 3)) = 0 ] && echo lacp || echo failover)
		[ "$(field b .proto)" = $proto ] || {
			! exists b lagg0 || xl b lagg del lagg0
			xl b lagg add lagg0 proto $proto lacp-rate fast port eth1 port eth2 10.0.0.2/24
		}
		echo "lagg add lagg0 proto $proto lacp-rate fast port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
		agent a
		wait_for 15 ping_b
		agent_end a KILL
		: >"$D/agent-a.log"
		"$B/tests/net/scribble" "$BPFFS/$P-a/lagg0" "$seed" >"$D/scribbled"
		step "seed $seed: $(paste -sd ';' "$D/scribbled")"
		agent a
		if [ "$(xl a -j agent show | jq -r '.[0].adopted')" = 1 ]; then
			adopted=$((adopted + 1))
		else
			anew=$((anew + 1))
			logged a 'lagg0: what is pinned .* cannot be adopted' || fail "it is not said"
		fi
		wait_for 10 ping_b
		is "$(field a '"\(.proto) \(.ports | map(select(.present)) | length)"')" "$proto 2" "the lagg"
		xl a flush
		freed_ports
		agent_end a TERM
	done
	echo "   $adopted adopted, $anew made anew"
	at_least $adopted 1 "adopted"
	at_least $anew 1 "made anew"
}
freed_ports() {
	! exists a lagg0 || fail "lagg0 is there after flush"
	is "$(alias_of a eth1)$(alias_of a eth2)" "" "ifaliases of the ports"
	is "$(pins a lagg0)" "" "pins"
}
