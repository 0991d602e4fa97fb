# shellcheck shell=bash
# What an agent starts with: ports that cannot join yet, files that are damaged, what is kept over reboots.

logged() { grep -qE -- "$1" "$D/agent-a.log"; }
mac_of() { nip "$1" -j link show "$2" | jq -r '.[0].address'; }
port_present() { [ "$(port_field a "$1" .present)" = true ]; }
has_address() { nip a -br address show dev "$1" | holds "$2"; }
kept() { sed -n "s/^$1 //p" "$D/state-a/lagg0.state"; }

# ---- ports that cannot join ----

# One port that cannot join costs nothing but itself, and joins when the reason is gone.
test_start_with_a_port_that_has_an_address() {
	two_hosts 2
	nip a address add 10.9.0.1/24 dev eth1
	echo "lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	agent a
	logged 'lagg0: eth1 has the address 10.9.0.1/24' || fail "the log does not say why"
	matches "$(port_field a eth1 .reason)" 'eth1 has the address 10.9.0.1/24: remove it' "reason"
	is "$(field a .active_port)" eth2 "active port"
	nip a address del 10.9.0.1/24 dev eth1
	wait_for 10 port_present eth1
	wait_for 5 active_port_is a eth1
}
test_start_with_a_port_of_a_bridge() {
	two_hosts 2
	nip a link add br0 type bridge
	nip a link set eth1 master br0
	echo "lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24" >"$D/a.conf"
	agent a
	matches "$(port_field a eth1 .reason)" 'eth1 belongs to the bridge br0' "reason"
	is "$(field a .active_port)" eth2 "active port"
	nip a link set eth1 nomaster
	wait_for 10 port_present eth1
}
# Addresses that the kernel made of what a router advertised go when the port joins; the lagg gets its own.
test_automatic_addresses_do_not_count() {
	two_hosts 2
	local dev
	for dev in eth1 eth2; do
		wait_for 5 on b "$B/tests/net/frame" advertise $dev 2001:db8:1::
		wait_for 5 has_address $dev 2001:db8:1:
	done
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	port_present eth1 || fail "eth1 is no port"
	! has_address eth1 : || fail "eth1 has its addresses still: $(nip a -br address show dev eth1)"
	xl a flush
	step "one that somebody gave it counts"
	nip a address replace 2001:db8:2::5/64 dev eth2 nodad
	refused 'eth2 has the address 2001:db8:2::5/64' xl a lagg add lagg0 port eth1 port eth2
}

# ---- files ----

# Where laggs run, a configuration file that cannot be read keeps no agent from starting.
test_start_with_a_damaged_file() {
	lagg_pair 2 proto failover
	local damage
	for damage in gone a_folder a_nul; do
		step "$damage"
		agent_end a KILL
		rm -rf "$D/a.conf"
		case $damage in
		a_folder) mkdir "$D/a.conf" ;;
		a_nul) printf 'lagg add lagg0 \0 port eth1\n' >"$D/a.conf" ;;
		esac
		: >"$D/agent-a.log"
		"$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" \
			>>"$D/agent-a.log" 2>&1 &
		# shellcheck disable=SC2154 # a name, no variable
		AGENT[a]=$!
		wait_for 10 answers a
		is "$(xl a -j agent show | jq '.[0].adopted')" 1 "laggs adopted"
		logged 'a.conf.*: the adopted laggs go on' || fail "nothing is said: $(cat "$D/agent-a.log")"
	done
	on a ping -c 1 -W 1 10.0.0.2
	step "where nothing runs it ends"
	xl a flush
	agent_end a TERM
	refused_to_start() { ! "$B/xlaggd" -n "$P-a" -f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" 2>"$D/err"; }
	refused_to_start || fail "it started"
	is "$(wc -l <"$D/err")" 1 "lines on stderr ($(cat "$D/err"))"
}

# ---- what is kept ----

# With a state folder that takes nothing, a restart keeps MAC, seed and number: they are in the record.
test_restart_with_a_full_state_folder() {
	two_hosts 3
	mkdir "$D/state-a"
	mount -t tmpfs -o size=4k,nr_inodes=2 none "$D/state-a"
	: >"$D/state-a/full" || :
	agent a
	xl a lagg add uplink proto loadbalance port eth1 port eth2 port eth3 10.0.0.1/24
	logged 'cannot keep its MAC, seed and number' || fail "nothing is said"
	buckets() {
		local i
		for i in {1..40}; do xl a -j explain uplink src 10.0.0.1 dst 10.0.0.2 proto udp sport $i dport 9 | jq -c '.[0] | [.bucket, .port]'; done
	}
	buckets >"$D/before"
	is "$(sort -u "$D/before" | wc -l | awk '{ print ($1 > 5) }')" 1 "flows are spread"
	local mac
	mac=$(mac_of a uplink)
	xl a port del uplink eth1
	buckets >"$D/before"
	agent_end a KILL
	agent a
	diff <(buckets) "$D/before" || fail "flows take other ports after a restart"
	is "$(mac_of a uplink)" "$mac" "MAC"
	agent_end a KILL
	umount "$D/state-a"
	step "with room for it, it is kept again"
	agent a
	diff <(buckets) "$D/before" || fail "flows take other ports after a restart"
	is "$(sed -n 's/^mac //p' "$D/state-a/uplink.state")" "$mac" "MAC that is kept"
}
# A link in place of the file, or of the one that is written first, is not followed.
test_state_is_not_written_through_a_link() {
	two_hosts 1
	mkdir "$D/state-a"
	echo precious >"$D/precious"
	ln -s ../precious "$D/state-a/lagg0.state"
	ln -s ../precious "$D/state-a/lagg0.state.new"
	agent a
	xl a lagg add lagg0 port eth1
	is "$(cat "$D/precious")" precious "what the link points to"
	[ -f "$D/state-a/lagg0.state" ] && [ ! -L "$D/state-a/lagg0.state" ] || fail "the state is no file of its own"
	is "$(kept mac)" "$(mac_of a lagg0)" "MAC that is kept"
	step "what was left half written goes"
	agent_end a KILL
	echo "mac 02" >"$D/state-a/lagg9.state.new"
	agent a
	is "$(ls "$D/state-a")" lagg0.state "files of state"
}
# An agent that dies while it removes a lagg, or before it has made it, leaves the lagg's file. The next one removes it,
# except where it may be from before a reboot: then somebody may still add the lagg.
test_state_of_a_lagg_that_is_gone() {
	two_hosts 3
	agent a
	local l
	for l in 0 1 2; do xl a lagg add lagg$l port eth$((l + 1)); done
	agent_end a KILL
	for l in 1 2; do
		rm -r "$BPFFS/$P-a/lagg$l"
		nip a link del lagg$l
	done
	sed -i 's/^life .*/life of-before/' "$D/state-a/lagg2.state"
	grep -v '^life' "$D/state-a/lagg1.state" >"$D/state-a/lagg3.state"
	cp "$D/state-a/lagg1.state" "$D/kept"
	agent a
	is "$(xargs <<<"$(ls "$D/state-a")")" "lagg0.state lagg2.state lagg3.state" "files of state"
	logged 'lagg1: it is no longer there' || fail "nothing is said"
	step "a lagg that could not be made at the start may be made later"
	agent_end a KILL
	cp "$D/kept" "$D/state-a/lagg1.state"
	nip a link add lagg1 type bridge
	echo "lagg add lagg1 port eth2" >"$D/a.conf"
	agent a
	is "$(xargs <<<"$(ls "$D/state-a")")" "lagg0.state lagg1.state lagg2.state lagg3.state" "files of state"
}
# A file that cannot be opened at one moment is not one that says nothing.
test_state_that_cannot_be_read_at_once() {
	two_hosts 1
	local n
	mkdir "$D/state-a"
	agent_under_orders
	for n in 1 2; do
		echo "seed 77" >"$D/state-a/lagg0.state"
		order fail openat $n 24 1 # EMFILE
		xl a lagg add lagg0 port eth1
		order count
		is "$(kept seed)" 77 "seed that is kept, where call $n failed"
		xl a lagg del lagg0
	done
}
test_laggs_that_wait_where_that_cannot_be_read() {
	host a
	agent a
	echo "lagg take bond7 proto failover" >"$D/wanted"
	xl a restore "$D/wanted"
	agent_end a TERM
	mv "$D/state-a/waiting" "$D/waiting"
	ln -s ../waiting "$D/state-a/waiting"
	agent a
	logged 'what waits for its bond cannot be read there' || fail "nothing is said"
	agent_end a TERM
	[ -L "$D/state-a/waiting" ] || fail "what could not be read is gone"
	mv "$D/waiting" "$D/state-a/waiting"
	agent a
	is "$(xl a -j lagg show | jq -r '.[].ifname')" bond7 "what waits"
}
# Whoever reads it after a crash finds it whole.
test_state_is_on_the_disk() {
	two_hosts 1
	agent a
	spawn strace strace -f -e trace=fsync,rename -p "${AGENT[a]}"
	wait_for 5 grep -q attached "$D/strace.err" || skip "no process can be traced here"
	xl a lagg add lagg0 port eth1
	wait_for 5 grep -q 'rename.*lagg0.state' "$D/strace.err"
	is "$(grep -cE 'fsync\(.* = 0' "$D/strace.err")" 2 "the file and its folder were synced"
}

# ---- MACs ----

# The first port of lagg0 moves to a new lagg.
test_two_laggs_have_two_macs() {
	two_hosts 4
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	xl a port del lagg0 eth1
	xl a lagg add lagg1 port eth1 port eth3
	is "$(mac_of a lagg1)" "$(port_permaddr lagg1 eth3)" "MAC of lagg1, which is its second port's"
	step "also where no port has another one"
	xl a port del lagg1 eth3
	xl a port del lagg0 eth2
	xl a port del lagg1 eth1
	xl a lagg add lagg2 port eth1
	[ "$(mac_of a lagg2)" != "$(mac_of a lagg0)" ] || fail "lagg2 has the MAC of lagg0"
	step "and after a restart and a boot"
	local before
	before=$(mac_of a lagg2)
	agent_end a KILL
	agent a
	is "$(mac_of a lagg2)" "$before" "MAC of lagg2 after a restart"
}
port_permaddr() { xl a -j lagg show "$1" | jq -r --arg dev "$2" '.[0].ports[] | select(.ifname == $dev) | .permaddr'; }
# Whoever names a MAC gets it, and is told.
test_two_laggs_with_one_mac_by_command() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 port eth1
	xl a lagg add lagg1 mac "$(mac_of a lagg0)" port eth2
	is "$(mac_of a lagg1)" "$(mac_of a lagg0)" "MAC of lagg1"
	logged "lagg1: its MAC is another lagg's too" || fail "nothing is said"
}

# boot HOW: all of the machine that a reboot ends, and what the state folder keeps
boot() {
	xl a save >"$D/a.conf"
	cp -r "$D/state-a" "$D/kept"
	xl a flush
	agent_end a TERM
	rm -rf "$D/state-a"
	mv "$D/kept" "$D/state-a"
	sed -i 's/^life .*/life of-before/' "$D/state-a"/*.state
	: >"$D/agent-a.log"
}
test_mac_is_kept_over_a_reboot() {
	two_hosts 3
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	local mac seed
	mac=$(mac_of a lagg0)
	seed=$(kept seed)
	xl a port del lagg0 eth1
	boot
	agent a
	is "$(mac_of a lagg0)" "$mac" "MAC after a reboot, without the port that had it"
	is "$(kept seed)" "$seed" "seed"
	step "also when none of its ports is the same, as long as the device is in the machine"
	xl a save >"$D/a.conf"
	sed -i 's/eth2/eth3/' "$D/a.conf"
	xl a restore "$D/a.conf"
	boot
	agent a
	is "$(mac_of a lagg0)" "$mac" "MAC with another port"
	! logged 'another one is chosen' || fail "the MAC was doubted"
}
# A disk that was copied: the state folder speaks of ports that are another machine's.
test_mac_of_another_machine() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 port eth1 port eth2
	local mac seed
	mac=$(mac_of a lagg0)
	seed=$(kept seed)
	boot
	nip a link set eth1 address 02:99:00:00:00:01
	nip a link set eth2 address 02:99:00:00:00:02
	agent a
	is "$(mac_of a lagg0)" 02:99:00:00:00:01 "MAC"
	logged "$mac.*belongs to no device of this machine" || fail "nothing is said"
	is "$(kept mac)" 02:99:00:00:00:01 "MAC that is kept"
	step "before any port is there, the machine's own name tells"
	boot
	sed -i 's/^machine .*/machine 0123456789abcdef0123456789abcdef/' "$D/state-a/lagg0.state"
	nip a link del eth1
	nip a link del eth2
	agent a
	logged "was another machine's" || fail "nothing is said"
	wire a eth1 b eth1
	wait_for 5 port_present eth1
	is "$(mac_of a lagg0)" "$(port_permaddr lagg0 eth1)" "MAC of the first port that came"
}
