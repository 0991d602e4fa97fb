# shellcheck shell=bash disable=SC2154
# lagg take and lagg give: a bond that somebody else made, and that carries traffic, becomes a lagg and a bond again.

. tests/vm/take.sh

# taken_mode MODE PROTO [OPTIONS...]: streams both ways through a control run, take, and give. Where each device gets a clsact,
# it gets that the first time, and keeps it.
taken_mode() {
	local mode=$1 proto=$2 before way
	shift 2
	bonds 2 "$mode" "$@"
	before=$(shape a)
	begin_run control
	pass 500
	end_run control
	counts_or_skip
	if ! has_tcx; then
		begin_run first
		cycles 1 "$proto"
		end_run first
		for way in out in; do lost_nothing first-$way; done
	fi
	begin_run taken
	cycles "$TIMES" "$proto"
	end_run taken
	is "$(shape a)" "$before" "the bond after give"
	counts_or_skip
	for way in out in; do
		no_loss control-$way
		no_loss taken-$way
		case $mode in balance-rr | broadcast) ;; *) no_reordering taken-$way ;; esac
	done
}
test_take_active_backup() { taken_mode active-backup failover; }
test_take_balance_xor() { taken_mode balance-xor loadbalance xmit_hash_policy layer3+4; }
test_take_balance_rr() { taken_mode balance-rr roundrobin; }
test_take_broadcast() { taken_mode broadcast broadcast; }

# Where every device has its clsact, nothing is lost the first time either.
test_take_finds_clsact() {
	local dev
	! has_tcx || skip "this kernel has tcx"
	bonds 2 balance-xor xmit_hash_policy layer3+4
	for dev in bond0 eth1 eth2; do on a tc qdisc add dev $dev clsact; done
	begin_run taken
	cycles 1 loadbalance
	end_run taken
	no_loss taken-out
	no_loss taken-in
}

test_take_refusals() {
	local before
	bonds 2 active-backup
	nip a link add bond1 type bond mode balance-tlb
	nip a link add bond2 type bond mode balance-alb
	nip a link add dummy0 type dummy
	before=$(shape a)
	refused 'no bond nobody' xl a lagg take nobody
	refused 'no bond nobody' xl a lagg take nobody check
	refused 'dummy0 is not a bond' xl a lagg take dummy0
	refused 'balance-tlb.*learning' xl a lagg take bond1
	refused 'balance-alb.*learning' xl a lagg take bond2 check
	refused 'not every port' xl a lagg take bond0 port dummy0
	refused 'sends with tx-path direct; say tx-path auto' xl a lagg take bond0 tx-path stack
	# what is not ours to take, and who may not
	nip b link add bond3 type bond
	refused 'no bond bond3' xl a lagg take bond3
	nip a link set eth2 alias 'xlagg: slave of lagg7'
	refused 'eth2, a slave of bond0, is a port of lagg7 of another agent' xl a lagg take bond0
	nip a link set eth2 alias ''
	chmod 755 "$RUN" "$D"
	chmod 666 "$D/a.sock"
	install -m 755 "$B/xlagg" "$D/xlagg"
	refused 'only root' as_nobody "$D/xlagg" --socket "$D/a.sock" lagg take bond0
	xl a lagg add lagg1
	refused 'lagg1 was not taken' xl a lagg give lagg1
	xl a lagg del lagg1
	# of the second slave, when the first one is a port already
	nip a link add link eth2 name eth2.5 type vlan id 5
	! xl a lagg take bond0 2>"$D/refusal" || fail "bond0 is taken"
	matches "$(cat "$D/refusal")" 'eth2 has the vlan eth2.5 above it' "the refusal"
	nip a link del eth2.5
	is "$(shape a)" "$before" "the bond after refusals"
	# nor a lagg of xlagg's own, nor a port of one
	nip a link add bond3 type bond
	xl a lagg add lagg1 device bond port bond3
	refused 'lagg1 is a lagg that xlagg made' xl a lagg take lagg1
	refused 'bond3 is a port of lagg1; first .xlagg port del lagg1 bond3' xl a lagg take bond3
	xl a lagg del lagg1
	nip a link del bond3
	is "$(shape a)" "$before" "the bond after further refusals"
	xl a lagg take bond0
	refused 'bond0 was taken already; .xlagg lagg set bond0' xl a lagg take bond0
	# A file that has a lagg of that name cannot have it: the bond would be there still.
	refused 'a bond of that name exists' xl a restore <(echo 'lagg add bond0 port eth1')
	xl a lagg show bond0
	refused 'sends with tx-path direct; say tx-path auto' xl a lagg set bond0 tx-path stack
	xl a lagg set bond0 tx-path direct
	xl a lagg del bond0
	is "$(shape a)" "$before" "the bond after lagg del"
}

test_take_check_says_all_and_changes_nothing() {
	local before
	bonds 2 active-backup primary eth2 updelay 200 num_grat_arp 2 min_links 2
	before=$(shape a)
	xl a lagg take bond0 check >"$D/check"
	cat "$D/check"
	is "$(grep -v '^#' "$D/check")" 'lagg take bond0 primary eth2 up-delay 200 peer-notify 2 \
    port eth1 \
    port eth2' "the command"
	grep -q '^# .*miimon 100: not needed' "$D/check" || fail "miimon is not named"
	is "$(shape a)" "$before" "the bond after check"
	is "$(xl a -j lagg show | jq -c .)" "[]" "laggs after check"
}

# The other way to move over: what import prints is checked while the bond runs, and restored when it is gone.
test_take_or_import() {
	bonds 2 active-backup
	ip netns exec "$P-a" "$B/xlagg" import bonding bond0 >"$D/conf" # it reads sysfs
	xl a check "$D/conf" 2>"$D/warning" || fail "check: $(cat "$D/warning")"
	matches "$(cat "$D/warning")" 'a bond of that name exists.*ip link del.*lagg take' "what check says"
	refused 'a bond of that name exists.*ip link del.*lagg take' xl a restore "$D/conf"
	echo "lagg add bond1 port eth1" >"$D/other"
	refused 'eth1 belongs to the bond bond0' xl a check "$D/other"
	nip a link del bond0
	xl a restore "$D/conf"
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}

# What is saved of a taken bond makes it again, and nothing differs.
test_take_save_and_restore() {
	bonds 2 active-backup
	xl a lagg take bond0
	xl a save "$D/saved"
	cat "$D/saved"
	xl a diff "$D/saved"
	xl a lagg give bond0
	xl a restore "$D/saved"
	xl a diff "$D/saved"
	on a ping -c 2 -W 1 10.0.0.2
}

test_take_is_adopted() {
	local before
	bonds 2 active-backup
	before=$(shape a)
	xl a lagg take bond0
	stream s a b 10.0.0.2 5001 -r 500
	pass 300
	agent_end a KILL
	pass 300
	agent a
	is "$(xl a -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	pass 300
	xl a lagg give bond0
	pass 300
	end_stream s
	lost_nothing s
	is "$(shape a)" "$before" "the bond after give"
}

slaves_are() { [ "$(xl a -j lagg show bond0 | jq -r '[.[0].ports[].ifname] | sort | join(" ")')" = "$1" ]; }
# Whoever made the bond goes on managing it.
test_take_follows_slaves() {
	local before
	bonds 3 active-backup
	nip a link set eth3 nomaster
	before=$(slave a eth3 '[.mtu, .master, .ifalias, .inet6_addr_gen_mode, .promiscuity, .allmulti]')
	xl a lagg take bond0
	slaves_are "eth1 eth2" || fail "ports at first"
	nip a link set eth3 down
	nip a link set eth3 master bond0
	wait_for 10 slaves_are "eth1 eth2 eth3"
	nip a link set eth3 nomaster
	wait_for 10 slaves_are "eth1 eth2"
	is "$(slave a eth3 '[.mtu, .master, .ifalias, .inet6_addr_gen_mode, .promiscuity, .allmulti]')" "$before" "eth3 outside"
	xl a port del bond0 eth2
	is "$(slave a eth2 .master)" null "master of eth2"
	xl a port add bond0 eth2
	is "$(slave a eth2 .master)" '"bond0"' "master of eth2"
	on a ping -c 2 -W 1 10.0.0.2
	xl a lagg give bond0
	is "$(slave a eth2 '[.master, .ifalias]')" '["bond0",null]' "eth2 after give"
	on a ping -c 2 -W 1 10.0.0.2
}

address_of() { nip a -j link show "$1" | jq -r '.[0].address'; }
# permaddrs: of the ports that xlagg shows, in their order
permaddrs() { xl a -j lagg show bond0 | jq -r '[.[0].ports | sort_by(.ifname)[].permaddr] | join(" ")'; }
# A veth has no permanent MAC, and as a slave it has the bond's. Its own is the one that bonding gives back to it.
test_take_knows_the_slaves_own_macs() {
	local first second third
	two_hosts 3
	first=$(address_of eth1) second=$(address_of eth2) third=$(address_of eth3)
	bonds_of 2 active-backup
	xl a lagg take bond0
	is "$(permaddrs)" "$first $second" "own MACs"
	is "$(address_of eth2)" "$first" "MAC of a slave, which is the bond's"
	nip a link set eth3 down
	nip a link set eth3 master bond0
	wait_for 10 slaves_are "eth1 eth2 eth3"
	is "$(permaddrs)" "$first $second $third" "own MACs, with a slave that came later"
	# The next agent has it from the record.
	agent_end a KILL
	agent a
	is "$(permaddrs)" "$first $second $third" "own MACs, for the next agent"
	# A port warns when it leaves with the lagg's MAC, and only then.
	xl a port del bond0 eth2
	is "$(address_of eth2)" "$second" "MAC of eth2 outside"
	! grep -q "eth2 leaves with the MAC" "$D/agent-a.log" || fail "a warning about eth2, which has its own MAC"
	xl a port del bond0 eth1
	is "$(address_of eth1)" "$first" "MAC of eth1 outside"
	grep -q "eth1 leaves with the MAC that bond0 keeps" "$D/agent-a.log" || fail "no warning about eth1"
}

# Traffic goes on whenever the agent dies, and in the end the bond is as it was.
test_take_agent_killed_in_between() {
	bonds 2 active-backup
	killed_in_between 5 40 80 160 320 640
}

# What its maker changes on the bond is put back where the lagg needs it, and said otherwise.
test_take_says_what_was_changed() {
	bonds 2 balance-xor xmit_hash_policy layer2
	xl a lagg take bond0
	nip a link set bond0 type bond all_slaves_active 0
	wait_for 15 all_active
	nip a link set bond0 type bond xmit_hash_policy layer2+3
	wait_for 15 grep -q "set bonding's xmit_hash_policy to 2, which changes nothing here: xlagg lagg set does, with hash l2,l3" "$D/agent-a.log"
	xl a lagg give bond0
	is "$(bond a '.linkinfo.info_data | [.all_slaves_active, .xmit_hash_policy]')" '[0,"layer2+3"]' "options after give"
}
all_active() { [ "$(bond a .linkinfo.info_data.all_slaves_active)" = 1 ]; }

own_macs() { nip a -j link show | jq -c '[.[] | select(.ifname | test("^eth")) | .address]'; }
# waits_because PATTERN: the lagg is part of the configuration and waits for its bond, for this reason
waits_because() { xl a -j lagg show bond0 | jq -e --arg why "$1" '.[0] | (.ifindex // 0) == 0 and (.reason | test($why))'; }
# At a start before the network's, and when the bond's maker makes it anew, the bond is taken when it is there. Meanwhile its
# lagg is part of the configuration.
test_take_waits_for_the_bond() {
	local before
	two_hosts 2
	before=$(own_macs)
	bonds_of 2 active-backup
	xl a lagg take bond0
	xl a save "$D/a.conf"
	nip a link del bond0
	wait_for 10 waits_because 'no bond bond0 yet'
	is "$(own_macs)" "$before" "MACs of those that were slaves"
	xl a diff "$D/a.conf"
	xl a restore "$D/a.conf"
	refused 'waits for its bond' xl a port activate bond0 eth1
	kernel_bond a 2 mode active-backup miimon 100 primary eth1
	nip a addr add 10.0.0.1/24 dev bond0
	wait_for 15 is_taken
	wait_for 15 slaves_are "eth1 eth2"
	wait_for 15 on a ping -c 1 -W 1 10.0.0.2
	xl a lagg give bond0
	agent_end a TERM
	nip a link del bond0
	agent a
	waits_because 'no bond bond0 yet'
	kernel_bond a 2 mode active-backup miimon 100 primary eth1
	nip a addr add 10.0.0.1/24 dev bond0
	wait_for 15 is_taken
	wait_for 15 on a ping -c 1 -W 1 10.0.0.2
	xl a diff "$D/a.conf"
}
# A bond that is there and cannot be taken is tried again until it can be.
test_take_waits_until_the_bond_fits() {
	bonds 2 active-backup
	xl a lagg take bond0
	xl a save "$D/saved"
	nip a link del bond0
	wait_for 10 waits_because 'no bond bond0 yet'
	kernel_bond a 2 mode balance-alb miimon 100
	wait_for 15 waits_because 'balance-alb'
	xl a diff "$D/saved"
	refused 'balance-alb' xl a lagg take bond0
	waits_because 'balance-alb'
	# Other commands do not mind it, and its options can be changed meanwhile.
	xl a lagg add lagg1
	xl a lagg set bond0 up-delay 300
	waits_because 'balance-alb'
	# The next agent goes on with it, although no file names it.
	agent_end a KILL
	agent a
	wait_for 10 waits_because 'balance-alb'
	xl a save - | holds '^lagg take bond0 .*up-delay 300' || fail "the change was not saved: $(xl a save -)"
	xl a lagg del lagg1
	nip a link del bond0
	kernel_bond a 2 mode active-backup miimon 100 primary eth1
	nip a addr add 10.0.0.1/24 dev bond0
	wait_for 20 is_taken
	is "$(xl a -j -d lagg show bond0 | jq '.[0].options.up_delay // .[0].options."up-delay"')" 300 "up-delay"
	wait_for 15 on a ping -c 1 -W 1 10.0.0.2
	# A restore that does not name it ends the waiting.
	nip a link del bond0
	wait_for 10 waits_because 'no bond bond0 yet'
	: >"$D/empty"
	xl a restore "$D/empty"
	gone_all || fail "it still waits"
	# One that names it begins it.
	xl a restore "$D/saved"
	waits_because 'no bond bond0 yet'
	xl a lagg del bond0
	gone_all || fail "it still waits"
}
gone_all() { [ "$(xl a -j lagg show | jq -c .)" = "[]" ]; }

# A file may leave the ports out.
test_take_from_a_file_without_ports() {
	bonds 2 balance-xor
	echo 'lagg take bond0 proto loadbalance' >"$D/short"
	stream out a b 10.0.0.2 5001 -r 200
	stream in b a 10.0.0.1 5002 -r 200
	pass 100
	xl a restore "$D/short"
	slaves_are "eth1 eth2" || fail "ports"
	pass 100
	end_stream out
	end_stream in
	lost_nothing out
	lost_nothing in
	xl a lagg give bond0
}

# A person who takes many sees which is taken.
test_take_of_many_says_how_far_it_is() {
	has_tcx || [ -n "${VM_LONG:-}" ] || skip "16 bonds that get their clsact take a minute: only with VM_LONG=1, and in make test-long"
	local i many=16
	modprobe -a bonding dummy
	host a
	for ((i = 0; i < many; i++)); do
		printf '%s\n' "link add bond$i type bond mode active-backup miimon 100" "link add p$i type veth peer name q$i" \
			"link set p$i master bond$i" "link set q$i up" "link set bond$i up"
	done >"$D/batch"
	nip a -batch "$D/batch"
	agent a
	for ((i = 0; i < many; i++)); do echo "lagg take bond$i"; done >"$D/many.conf"
	on_terminal restore "$D/many.conf"
	matches "$(cat "$D/screen")" "[0-9]+ of $many laggs: making bond[0-9]+" "progress of take"
	is "$(xl a -j lagg show | jq length)" $many "laggs"
	on_terminal flush
	matches "$(cat "$D/screen")" "[0-9]+ of $many laggs: (putting back the ports of|removing) bond[0-9]+" "progress of giving them back"
	is "$(xl a -j lagg show | jq length) $(nip a -j link show type bond | jq length)" "0 $many" "laggs and bonds"
}

# As ifenslave does: down, the slaves out one by one, and gone. What was said of ports is still known when it is made anew.
test_take_again_after_it_was_dismantled() {
	local dev
	bonds 2 active-backup
	xl a lagg take bond0
	is "$(xl a -j -d lagg show bond0 | jq -r '.[0].options.primary')" eth1 "primary"
	nip a link set bond0 down
	for dev in eth1 eth2; do
		nip a link set $dev nomaster
		wait_for 10 no_port $dev
	done
	nip a link del bond0
	wait_for 10 waits_because 'no bond bond0 yet'
	kernel_bond a 2 mode active-backup miimon 100 primary eth1
	nip a addr add 10.0.0.1/24 dev bond0
	wait_for 15 is_taken
	wait_for 15 slaves_are "eth1 eth2"
	is "$(xl a -j -d lagg show bond0 | jq -r '.[0].options.primary')" eth1 "primary of the new one"
	wait_for 15 on a ping -c 1 -W 1 10.0.0.2
	! grep -q 'not detached' "$D/agent-a.log" || fail "$(grep 'not detached' "$D/agent-a.log")"
}
no_port() { ! xl a -j lagg show bond0 | jq -e --arg dev "$1" '.[0].ports[] | select(.ifname == $dev)'; }
