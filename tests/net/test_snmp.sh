# shellcheck shell=bash
# xlagg-agentx beside a real snmpd, read by Net-SNMP's own tools, all in the test's own namespaces.

LAG=.1.2.840.10006.300.43.1
AGG=$LAG.1.1.1 LIST=$LAG.1.2.1.1 PORT=$LAG.2.1.1 STATS=$LAG.2.2.1 CHANGED=$LAG.3.0
STACK=.1.3.6.1.2.1.31.1.2.1.3 UPTIME=.1.3.6.1.2.1.1.3.0

# snmp_host LINKS [LINE]: hosts a and b, and on a an snmpd, with that line in its configuration, without xlagg-agentx
snmp_host() {
	local tool
	for tool in snmpd snmpwalk; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
	[ -x "$B/xlagg-agentx" ] || skip "xlagg-agentx was not built, since libsnmp-dev is not installed"
	export MIBS=
	two_hosts "$1"
	mkdir "$D/persistent"
	cat >"$D/snmpd.conf" <<-CONF
		rwcommunity public 127.0.0.1
		master agentx
		agentXSocket $D/agentx
		${2:-}
	CONF
	snmpd_start
}
# snmpd_start: starts one that knows nothing of this machine's, and waits until it answers
snmpd_start() {
	SNMP_PERSISTENT_DIR=$D/persistent spawn_on snmpd a snmpd -f -r -Lo -C -c "$D/snmpd.conf" udp:127.0.0.1:161
	wait_for 20 get $UPTIME
}
child_end() {
	kill "${CHILD[$1]}"
	reap "$1" || :
}
agentx_start() { spawn_on agentx a "$B/xlagg-agentx" --socket "$D/a.sock" -x "$D/agentx"; }
# snmp VERB [OPTION...] OID...: runs one of Net-SNMP's tools; options begin with a dash
snmp() {
	local verb=$1
	local -a options=()
	while [[ ${2:-} == -* ]]; do
		options+=("$2")
		shift
	done
	on a "snmp$verb" -v2c -c public -t 3 -r 2 -Onq "${options[@]}" 127.0.0.1 "${@:2}"
}
# walk OID: prints "OID VALUE" for each below it, octets as hexadecimal digits
walk() { snmp walk -Ox "$1" | sed '/No Such/d; s/"//g; s/ *$//'; }
# get OID: prints the value; fails if there is none
get() {
	local out
	out=$(snmp get -Ox -Ot "$1") || return
	[[ $out != *"No Such"* ]] || return
	sed 's/^[^ ]* //; s/"//g; s/ *$//' <<<"$out"
}
value_is() { [ "$(get "$1")" = "$2" ]; }
grew() { [ "$(get "$1")" -gt "$2" ]; }
ifindex() { nip a -j link show "$1" | jq -r '.[0].ifindex'; }
octets() { tr a-f: 'A-F ' <<<"$1"; }

test_snmp_shows_lacp() {
	snmp_host 2
	agent a
	agent b
	is "$(walk $LAG)$(walk ${STACK%.1.3})" "" "what snmpd has by itself" # so nothing is registered over it
	agentx_start
	xl a lagg add lagg0 proto lacp lacp-rate fast system-prio 100 system-mac 02:00:00:00:00:aa key 77 \
		port eth1 prio 10 number 9 port eth2 number 3 key 77
	xl b lagg add lagg0 proto lacp system-prio 200 system-mac 02:00:00:00:00:bb key 88 port eth1 prio 20 port eth2
	wait_for 20 distributing_are a 2
	wait_for 20 distributing_are b 2
	local lagg eth1 eth2 column
	lagg=$(ifindex lagg0) eth1=$(ifindex eth1) eth2=$(ifindex eth2)
	wait_for 20 value_is "$PORT.23.$eth2" "BC" # what b reports: Activity, Aggregation, Sync, Collecting, Distributing
	wait_for 20 value_is "$PORT.23.$eth1" "BC"
	step "dot3adAggTable"
	is "$(walk $AGG | cut -d' ' -f2- | paste -sd,)" \
		"$(octets "$(field a .mac)"),100,02 00 00 00 00 AA,1,77,77,02 00 00 00 00 BB,200,88,0" "the aggregator"
	is "$(get "$AGG.2.$lagg")" "$(octets "$(nip a -j link show lagg0 | jq -r '.[0].address')")" "its MAC, by its ifIndex"
	is "$(get "$LIST.$lagg")" "20 80" "PortList: numbers 3 and 9"
	step "dot3adAggPortTable"
	for column in 2:100 3:"02 00 00 00 00 AA" 4:77 5:77 6:0 7:200 8:"00 00 00 00 00 00" 9:"02 00 00 00 00 BB" 10:0 11:88 \
		12:"$lagg" 13:"$lagg" 14:9 15:10 16:0 17:1 18:0 19:20 20:E0 21:FC 22:40 23:BC 24:1; do
		is "$(get "$PORT.${column%%:*}.$eth1")" "${column#*:}" "column ${column%%:*} of eth1"
	done
	is "$(get "$PORT.14.$eth2") $(get "$PORT.17.$eth2")" "3 2" "port numbers of eth2"
	step "dot3adAggPortStatsTable"
	wait_for 20 grew "$STATS.1.$eth1" "$(get "$STATS.1.$eth1")"
	at_least "$(get "$STATS.6.$eth1")" 3 "LACPDUs sent"
	at_most "$(get "$STATS.1.$eth1")" "$(port_field a eth1 .stats.lacpdu_rx)" "LACPDUs received"
	on b "$B/tests/net/frame" send eth1 01:80:c2:00:00:02 8809 3
	on b "$B/tests/net/frame" send eth1 01:80:c2:00:00:02 88b5 2
	wait_for 10 value_is "$STATS.5.$eth1" 3 # illegal
	wait_for 10 value_is "$STATS.4.$eth1" 2 # unknown
	step "ifStackTable, and snmpd's own ifTable beside it"
	is "$(walk ${STACK%.1.3} | paste -sd,)" "$STACK.$lagg.$eth1 1,$STACK.$lagg.$eth2 1" "ifStackTable"
	is "$(get ".1.3.6.1.2.1.2.2.1.2.$lagg") $(get ".1.3.6.1.2.1.2.2.1.3.$lagg") $(get ".1.3.6.1.2.1.2.2.1.8.$lagg")" \
		"6C 61 67 67 30 6 1" "ifDescr (lagg0), ifType (ethernetCsmacd), and ifOperStatus of lagg0"
	step "read only"
	if snmp set "$AGG.3.$lagg" i 1 2>"$D/set"; then fail "a value was set"; fi
	grep -q notWritable "$D/set" || fail "not refused as notWritable: $(cat "$D/set")"
	is "$(get "$AGG.3.$lagg")" 100 "after an attempt to set it"
}

# in_order FILE: whether the OIDs in it rise
in_order() { cut -d' ' -f1 "$1" | sort -V -u -c; }
# rows OID: prints the indexes of a table's rows, by one of its columns
rows() { walk "$1" | sed "s/^$1\\.//; s/ .*//" | paste -sd' '; }
rows_are() { [ "$(rows "$1")" = "$2" ]; }

test_snmp_follows_what_comes_and_goes() {
	snmp_host 5 'interface lagg1 161 2000000000'
	agent a
	agentx_start
	local eth1 eth2 eth3 eth4 lagg0 lagg1 changed
	eth1=$(ifindex eth1) eth2=$(ifindex eth2) eth3=$(ifindex eth3) eth4=$(ifindex eth4)
	step "several laggs, their ports added in another order than their indexes"
	xl a lagg add lagg1 proto failover port eth4 port eth1
	xl a lagg add lagg0 proto loadbalance port eth3 port eth2
	lagg0=$(ifindex lagg0) lagg1=$(ifindex lagg1)
	wait_for 5 rows_are $AGG.2 "$lagg1 $lagg0"
	wait_for 5 value_is "$PORT.13.$eth4" "$lagg1"
	wait_for 5 value_is "$PORT.13.$eth3" "$lagg0"
	is "$(rows $PORT.2)" "$eth1 $eth2 $eth3 $eth4" "ports"
	is "$(rows $STACK)" "$lagg1.$eth1 $lagg1.$eth4 $lagg0.$eth2 $lagg0.$eth3" "ifStackTable"
	walk $LAG >"$D/walk"
	in_order "$D/walk"
	is "$(grep -c . "$D/walk")" $((2 * 10 + 2 + 4 * 23 + 4 * 8 + 1)) "values"
	snmp bulkwalk -Ox -Cr37 $LAG | cut -d' ' -f1 | diff - <(cut -d' ' -f1 "$D/walk") || fail "bulkwalk differs"
	is "$(get "$LIST.$lagg1")" C0 "ports of a lagg without LACP: its first and second, one of them standby"
	is "$(get "$PORT.5.$eth1") $(get "$PORT.21.$eth1") $(get "$AGG.8.$lagg1")" "0 00 00 00 00 00 00 00" "what only LACP knows"
	wait_for 30 value_is ".1.3.6.1.2.1.2.2.1.3.$lagg1" 161 # snmpd looks for interfaces now and then
	is "$(get ".1.3.6.1.2.1.2.2.1.5.$lagg1")" 2000000000 "ifSpeed, as snmpd's own configuration says"
	step "nothing changes, except counters"
	wait_for 10 settled
	changed=$(get $CHANGED)
	never 3 changed_since "$changed"
	step "a port joins, and goes"
	xl a port add lagg0 eth5
	wait_for 3 rows_are $PORT.2 "$eth1 $eth2 $eth3 $eth4 $(ifindex eth5)"
	changed_since "$changed" || fail "dot3adTablesLastChanged did not change"
	at_most "$(($(get $UPTIME) - $(get $CHANGED)))" 1000 "hundredths of a second since the change"
	changed=$(get $CHANGED)
	xl a port del lagg0 eth5
	wait_for 3 rows_are $PORT.2 "$eth1 $eth2 $eth3 $eth4"
	changed_since "$changed" || fail "dot3adTablesLastChanged did not change"
	step "a device goes, a cable is lost"
	nip a link del eth2
	wait_for 3 rows_are $PORT.2 "$eth1 $eth3 $eth4"
	nip b link set eth3 down
	wait_for 5 value_is "$PORT.13.$eth3" 0
	is "$(get "$PORT.12.$eth3")" "$lagg0" "the aggregator that it would belong to"
	step "noticed while nobody asks"
	xl a lagg del lagg0
	changed=$(get $UPTIME)
	pause 3
	at_most "$(get $CHANGED)" $((changed + 200)) "dot3adTablesLastChanged"
	is "$(rows $AGG.2)" "$lagg1" "laggs"
	xl a flush
	wait_for 3 rows_are $AGG.2 ""
	is "$(walk $LAG | cut -d' ' -f1)" $CHANGED "what is left"
}
changed_since() { [ "$(get $CHANGED)" != "$1" ]; }
# Nothing has changed for two seconds.
settled() { [ $(($(get $UPTIME) - $(get $CHANGED))) -gt 200 ]; }

test_snmp_outlives_both_sides() {
	snmp_host 2
	child_end snmpd
	local lagg changed
	step "neither is there when it starts"
	agentx_start
	wait_for 5 grep -q 'no agent answers at .*a.sock.*: start it with' "$D/agentx.err"
	wait_for 15 grep -q 'Failed to connect to the agentx master agent' "$D/agentx.err"
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2
	lagg=$(ifindex lagg0)
	snmpd_start
	wait_for 20 rows_are $AGG.2 "$lagg"
	step "the agent goes and comes back"
	agent_end a KILL
	wait_for 5 rows_are $AGG.2 ""
	changed=$(get $CHANGED)
	agent a
	wait_for 5 rows_are $AGG.2 "$lagg"
	changed_since "$changed" || fail "dot3adTablesLastChanged did not change"
	step "the agent stands still: snmpd goes on, without its rows"
	kill -STOP "${AGENT[a]}"
	wait_for 10 rows_are $AGG.2 ""
	get .1.3.6.1.2.1.1.5.0
	kill -CONT "${AGENT[a]}"
	wait_for 10 rows_are $AGG.2 "$lagg"
	step "snmpd goes and comes back"
	child_end snmpd
	snmpd_start
	wait_for 30 rows_are $AGG.2 "$lagg"
	step "the end: snmpd has no rows left, and nothing is waited for"
	kill "${CHILD[agentx]}"
	reap agentx || fail "exit status $?"
	wait_for 5 rows_are $AGG.2 ""
	matches "$(cat "$D/agentx.err")" 'the agent answers' "its log"
	at_most "$(grep -c . "$D/agentx.err")" 20 "lines of its log"
}
test_snmp_usage() {
	[ -x "$B/xlagg-agentx" ] || skip "xlagg-agentx was not built, since libsnmp-dev is not installed"
	matches "$("$B/xlagg-agentx" -V)" '^xlagg-agentx [0-9]+\.[0-9]+' "version"
	local status=0
	"$B/xlagg-agentx" nonsense 2>"$D/err" || status=$?
	is "$status" 2 "exit status"
	matches "$(cat "$D/err")" '^usage: xlagg-agentx ' "usage"
}
