# shellcheck shell=bash
# LACP under attack: somebody on the link of a's eth1 sends forged LACPDUs while traffic runs over both ports.

ATTACKER=06:00:00:00:00:66

# lacp_pair_on_a_bridge: two laggs over eth1 and eth2, with a bridge between the two eth1, where an attacker can sit
lacp_pair_on_a_bridge() {
	local h
	two_hosts_bridged
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2
	done
	nip a address add 10.0.0.1/24 dev lagg0
	nip b address add 10.0.0.2/24 dev lagg0
	wait_for 10 distributing_are a 2
	wait_for 10 distributing_are b 2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

# end_of WHO STATE [SYSTEM]: prints one end of eth1's link as in a LACPDU, as a knows it, with that state and system
end_of() {
	port_field a eth1 ".lacp.$1 | [.system_prio, .system, .key, .port_prio, .port] | @tsv" | {
		local prio system key port_prio port
		read -r prio system key port_prio port
		printf '%04x%s%04x%04x%04x%02x' "$prio" "$(tr -d : <<<"${3:-$system}")" "$key" "$port_prio" "$port" "$2"
	}
}
# lacpdu ACTOR PARTNER: prints a LACPDU with these ends, in hexadecimal
lacpdu() {
	printf '0180c2000002%s88090101' "$(tr -d : <<<"$ATTACKER")"
	printf '0114%s000000' "$1"
	printf '0214%s000000' "$2"
	printf '0310%0132d' 0
}
# attack KIND: the attacker speaks for about 6 s
#   slow   another system that claims to agree with a, once a second
#   fast   the same, 20 times a second
#   flap   the same, and its Sync comes and goes
#   forge  in the name of b: its Sync comes and goes
attack() {
	local us in out
	us=$(end_of actor 63)
	case $1 in
	forge) in=$(end_of partner 63) out=$(end_of partner 7) ;;
	flap) in=$(end_of partner 63 $ATTACKER) out=$(end_of partner 7 $ATTACKER) ;;
	*) in=$(end_of partner 63 $ATTACKER) out=$in ;;
	esac
	{ lacpdu "$in" "$us"; lacpdu "$out" "$us"; } | xxd -r -p >"$D/forged"
	if [ "$1" = slow ]; then
		on sw "$B/tests/net/frame" play x1 1000 6 <"$D/forged"
	else
		on sw "$B/tests/net/frame" play x1 50 120 <"$D/forged"
	fi
}

# lost_under KIND OPTIONS...: sets the options at a and attacks it. LOST, SENT: datagrams both ways. TABLES: how many a made
# for it. AFTER: whether eth1 carries traffic when the attack has just ended.
lost_under() {
	local kind=$1 generation
	shift
	xl a lagg set lagg0 "$@"
	# what damping remembers of the attack before is gone within 20 s, and so is a false partner
	wait_for 40 distributing_are a 2
	wait_for 10 distributing_are b 2
	wait_for 40 forgotten
	# the end of a bucket's move makes a table as well
	wait_for 10 nothing_moves
	generation=$(field a .datapath.generation)
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	stream back b a 10.0.0.1 5002 -r 1000 -f 64
	attack "$kind"
	AFTER=out
	! distributing a eth1 || AFTER=in
	TABLES=$(($(field a .datapath.generation) - generation))
	end_stream there >"$D/there"
	end_stream back >"$D/back"
	LOST=$(($(account there .lost) + $(account back .lost)))
	SENT=$(($(account there .received) + $(account back .received) + LOST))
	printf 'table: %-6s %-32s %6d of %d datagrams lost, %d tables, eth1 %s\n' "$kind" "$*" $LOST $SENT $TABLES $AFTER
}
forgotten() { [ "$(port_field a eth1 .damping.penalty)" -lt 1000 ]; }

off="partner-guard off"
# foreign_attacks KINDS NOTICE OPTIONS...: attacks of another system, without and with these options; what the port's notice
# says then
foreign_attacks() {
	local kind kinds=$1 notice=$2
	shift 2
	for kind in $kinds; do
		# shellcheck disable=SC2086
		lost_under $kind $off
		is $AFTER out "eth1 without protection: the attack $kind reaches its victim"
		lost_under "$kind" "$@"
		is $LOST 0 "$kind with $*: datagrams lost"
		is $TABLES 0 "$kind with $*: tables"
		is $AFTER in "$kind with $*: eth1"
		is "$(port_field a eth1 .notice)" "LACPDUs of system $ATTACKER are ignored: $notice" "notice"
		# shellcheck disable=SC2086
		xl a lagg set lagg0 $off partner-system any
	done
	at_least "$(port_field a eth1 .stats.lacpdu_foreign)" 50 "LACPDUs that were ignored"
}
test_attack_by_another_system_guard() {
	lacp_pair_on_a_bridge
	foreign_attacks "slow fast flap" "partner-guard keeps partner $(port_field a eth1 .lacp.partner.system)" partner-guard on
}
test_attack_by_another_system_partner_system() {
	lacp_pair_on_a_bridge
	local partner
	partner=$(port_field a eth1 .lacp.partner.system)
	foreign_attacks flap "partner-system is $partner" partner-system "$partner"
}
test_attack_in_the_partners_name() {
	lacp_pair_on_a_bridge
	lost_under forge damping off
	at_least $TABLES 20 "tables that the attack makes without damping"
	lost_under forge damping on
	at_most $TABLES 8 "tables with damping"
	# until damping sets in, three losses of Sync are believed
	at_most $LOST 20 "datagrams lost with damping"
	is $AFTER out "eth1 with damping, which the attacker cannot bring back either"
}
