# shellcheck shell=bash disable=SC2154,SC2034
# lagg take and lagg give of a bond that speaks LACP: bond0 on host a, and on host b the partner, that of bonding, teamd, or Open
# vSwitch. The partner must not see a change.
. tests/vm/take.sh
. tests/vm/teamd.sh
. tests/interop/ovs.sh

# ---- the two ends ----

OUR_BOND=(mode 802.3ad miimon 100 lacp_rate fast xmit_hash_policy layer3+4)
lacp_states() { nip "$1" -d -j link show master bond0 | jq -c '[.[].linkinfo.info_slave_data | [.ad_actor_oper_port_state, .ad_partner_oper_port_state]]'; }
in_step() { [ "$(lacp_states "$1")" = '[[63,63],[63,63]]' ]; }
# bond_with PARTNER: both ends, in step, and an agent on a. 63 is what each partner here says when all is well.
bond_with() {
	modprobe -a bonding dummy
	"partner_$1"
	kernel_bond a 2 "${OUR_BOND[@]}"
	nip a addr add 10.0.0.1/24 dev bond0
	agent a
	wait_for 30 in_step a
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}
partner_bonding() {
	two_hosts 2
	kernel_bond b 2 "${OUR_BOND[@]}"
	nip b addr add 10.0.0.2/24 dev bond0
}
partner_teamd() {
	two_hosts 2
	teamd_start
}
# Open vSwitch as users have it, with the kernel's datapath. It asks user space about the first frames of a flow, which those
# behind them overtake: before a run every flow goes both ways until none is new. It moves flows between its links by their load.
partner_ovs() {
	modprobe openvswitch 2>/dev/null || skip "this kernel has no Open vSwitch"
	OVS_DATAPATH=system FLOWS=(-f 8 -p 20000)
	two_hosts 2
	ovs_start b active fast eth1 eth2
	ovs_vsctl b set port bond0 other-config:bond-rebalance-interval=0
	nip b address add 10.0.0.2/24 dev br0
}
# asked_above: how often its datapath asked
asked_above() { ovs_appctl b dpctl/show | sed -n 's/.*lookups: hit:[0-9]* missed:\([0-9]*\).*/\1/p'; }
flows_are_known() {
	local asked
	asked=$(asked_above)
	on a "$B/tests/bench/udpsend" -r 200 -n 80 "${FLOWS[@]}" 10.0.0.2 5001
	on b "$B/tests/bench/udpsend" -r 200 -n 80 "${FLOWS[@]}" 10.0.0.1 5001
	[ -n "$asked" ] && [ "$(asked_above)" = "$asked" ]
}

# ---- what the partner sees ----

# A view puts into SEEN all that the partner says of the state of its links, and of what has happened to them. No churn: that
# nothing churns bonding says after a minute.
view_of_bonding() {
	local -a lines
	mapfile -t lines </proc/net/bonding/bond0
	SEEN="${lines[*]/*Churn State*/}"
}
view_of_teamd() { SEEN=$(teamdctl team0 state dump); }
view_of_ovs() {
	SEEN=$(ovs-appctl -T 5 -t "$1" lacp/show bond0
		ovs-appctl -T 5 -t "$1" lacp/show-stats bond0 | grep -E '^member|Expired|Defaulted|Carrier')
}
# look VIEW [ARGUMENT]: prints SEEN whenever it has changed, and a dot when it has not
look() {
	local SEEN seen='' nobody
	exec {nobody}<> <(:)
	while "$@"; do
		if [ "$SEEN" = "$seen" ]; then echo .; else echo "$EPOCHREALTIME: ${SEEN//$'\n'/ }"; fi
		seen=$SEEN
		read -rt 0.05 <&"$nobody"
	done
}
# Its LACPDUs are watched as well: a change of its state goes out at once, even if it is over before the next look.
watch_partner() {
	local dev
	spawn_on states b bash -c "$(declare -f look "view_of_$1"); look \"\$@\"" look "view_of_$1" "$D/ovs-b/vswitchd.ctl"
	for dev in eth1 eth2; do
		spawn_on "said-$dev" b tcpdump -lvnni $dev -Q out "ether proto 0x8809 and ether[14] = 1"
		wait_for 10 grep -q listening "$D/said-$dev.err"
	done
}
# said DEV: prints what the partner has sent there, a line for each LACPDU
said() { awk 'NR > 1 && /^[0-9]/ { print "" } { printf "%s", $0 } END { print "" }' "$D/said-$1.out"; }
# no_change_seen LABEL: ends that, and fails if the partner has seen a change
no_change_seen() {
	local looks changes dev status=0
	kill -TERM "${CHILD[states]}"
	reap states || status=$?
	[ $status = 143 ] || fail "the partner does not say what it sees: $(cat "$D/states.err")"
	for dev in eth1 eth2; do
		kill -TERM "${CHILD[said-$dev]}"
		reap "said-$dev" || fail "tcpdump: $(cat "$D/said-$dev.err")"
	done
	looks=$(wc -l <"$D/states.out")
	changes=$(($(grep -vcx '\.' "$D/states.out") - 1))
	echo "table: $NAME $1: $looks looks at the partner, $changes changes of its state;" \
		"its LACPDUs: $(said eth1 | wc -l) and $(said eth2 | wc -l)," \
		"$(($(said eth1 | uniq -f 1 | wc -l) - 1)) and $(($(said eth2 | uniq -f 1 | wc -l) - 1)) changes"
	at_least "$looks" 4 "looks at the partner"
	is $changes 0 "changes that the partner saw: $(grep -vx '\.' "$D/states.out")"
	for dev in eth1 eth2; do
		at_least "$(said $dev | wc -l)" 3 "LACPDUs of the partner on $dev"
		is "$(said $dev | uniq -f 1 | wc -l)" 1 "kinds of LACPDUs of the partner on $dev: $(said $dev | uniq -f 1)"
	done
}

# ---- the tests ----

# taken_with PARTNER: streams both ways through a control run, and through take and give, each of which lasts for longer than a
# partner waits for LACPDUs. Where each device gets a clsact, it gets that the first time, and keeps it.
taken_with() {
	local before way run frames asked
	local -a runs=(control first taken)
	! has_tcx || runs=(control taken)
	bond_with "$1"
	before=$(shape a)
	frames=$((RATE * 4))
	for run in "${runs[@]}"; do
		watch_partner "$1"
		[ "$1" != ovs ] || wait_for 60 flows_are_known
		asked=$([ "$1" != ovs ] || asked_above)
		begin_run "$run"
		case $run in
		control) pass "$frames" ;;
		first) cycles 1 lacp "$frames" ;;
		taken) cycles "$TIMES" lacp "$frames" ;;
		esac
		end_run "$run"
		[ -z "$asked" ] || echo "table: $NAME $run: $(($(asked_above) - asked)) frames were new to Open vSwitch"
		no_change_seen "$run"
		counts_or_skip
	done
	is "$(shape a)" "$before" "the bond after give"
	for run in "${runs[@]}"; do
		for way in out in; do
			if [ "$run" = first ]; then lost_nothing "$run-$way"; else no_loss "$run-$way"; fi
			no_reordering "$run-$way"
		done
	done
}
test_take_lacp_bonding() { taken_with bonding; }
test_take_lacp_teamd() { taken_with teamd; }
test_take_lacp_ovs() { taken_with ovs; }

distributing_both() { [ "$(xl a -j -d lagg show bond0 | jq '[.[0].ports[] | select(.flags | index("DISTRIBUTING"))] | length')" = 2 ]; }
# Nor does it see the death of the agent in between, for longer than it waits for LACPDUs.
test_take_lacp_agent_killed() {
	local before
	bond_with bonding
	before=$(shape a)
	watch_partner bonding
	stream out a b 10.0.0.2 5001 -r 500
	stream in b a 10.0.0.1 5002 -r 500
	pass 500
	xl a lagg take bond0
	xl a -d lagg show bond0
	pass 500
	wait_for 5 distributing_both
	agent_end a KILL
	pass 2500
	agent a
	pass 1000
	xl a lagg give bond0
	pass 3000
	end_stream out
	end_stream in
	no_change_seen taken
	in_step b || fail "the partner's states: $(lacp_states b)"
	lost_nothing out
	lost_nothing in
	no_reordering out
	no_reordering in
	is "$(shape a)" "$before" "the bond after give"
}
# ... nor in the middle of take and of give
test_take_lacp_killed_in_between() {
	bond_with bonding
	watch_partner bonding
	killed_in_between $((RANDOM % 1000))
	no_change_seen taken
	in_step a || fail "our states: $(lacp_states a)"
	in_step b || fail "the partner's states: $(lacp_states b)"
	no_reordering out
	no_reordering in
}
# ... nor at the calls by which programs come and go, even if nobody is there then for longer than a partner waits for LACPDUs
test_take_lacp_killed_at_calls() {
	local point before
	[ -n "${VM_LONG:-}" ] || skip "seven deaths take two minutes: only with VM_LONG=1, and in make test-long"
	bond_with bonding
	before=$(shape a)
	watch_partner bonding
	stream out a b 10.0.0.2 5001 -r 200
	stream in b a 10.0.0.1 5002 -r 200
	for point in "give unlink 2" "give unlink 5" "give unlink 8" "give sendto 3" "give bpf 40" "take bpf 350" "take sendto 12"; do
		# shellcheck disable=SC2086
		set -- $point
		if [ "$1" = give ]; then is_taken || xl a lagg take bond0; else ! is_taken || xl a lagg give bond0; fi
		killed_at "$@"
	done
	! is_taken || xl a lagg give bond0
	end_stream out
	end_stream in
	echo "table: $NAME: $(account out .lost) and $(account in .lost) lost of $(account out .sent) and $(account in .sent)"
	no_change_seen taken
	lost_nothing out
	lost_nothing in
	no_reordering out
	no_reordering in
	is "$(shape a)" "$before" "the bond after give"
}
