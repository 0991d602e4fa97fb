# shellcheck shell=bash
# Option balance adaptive with real traffic: flows that the hash put onto one port are spread, and then stay.

port_of_flow() { xl a -j explain lagg0 src 10.0.0.1 dst 10.0.0.2 proto udp sport "$1" dport 5001 | jq -r '.[0].port'; }
fullest_at_most() {
	local fullest
	fullest=$(field a .balance.fullest)
	[ "$fullest" != null ] && [ "$fullest" -le "$1" ]
}
moved() { field a .balance.moved; }
has_moved() { [ "$(moved)" -gt 0 ]; }
has_moved_on() { [ "$(moved)" != "$1" ]; }

# crowded_port FLOWS: sets FIRST to a source port so that of so many flows from it on one of four ports gets half
crowded_port() {
	local -a ports=()
	local sport count
	for ((sport = 20000; sport < 20400; sport++)); do
		ports+=("$(port_of_flow "$sport")")
		[ "${#ports[@]}" -ge "$1" ] || continue
		FIRST=$((sport - $1 + 1))
		count=$(printf '%s\n' "${ports[@]: -$1}" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')
		[ "$count" -lt $(($1 / 2)) ] || return 0
	done
	fail "no $1 flows in a row of which one port gets half"
}

crowded_flows_spread() {
	crowded_port 16
	step "16 flows from source port $FIRST on, 8 of them on one of four ports"
	stream s a b 10.0.0.2 5001 -r 1600 -s 1200 -f 16 -p "$FIRST"
	wait_for 5 has_moved
	wait_for 10 fullest_at_most 115
	local settled
	settled=$(moved)
	never 4 has_moved_on "$settled"
	end_stream s
	no_loss s
	at_most "$settled" 8 "buckets that were moved"
}

test_balance_spreads_crowded_flows() {
	lagg_pair 4 proto loadbalance hash sport balance adaptive balance-interval 1
	crowded_flows_spread
}

test_balance_spreads_crowded_flows_xdp() {
	as_xdp_wires
	lagg_pair 4 proto loadbalance datapath xdp hash sport balance adaptive balance-interval 1
	crowded_flows_spread
}

test_balance_step_by_command() {
	lagg_pair 4 proto loadbalance hash sport balance-interval 3600
	refused "balance static" xl a lagg balance lagg0
	xl a lagg set lagg0 balance adaptive
	refused "try again" xl a lagg balance lagg0
	crowded_port 16
	stream s a b 10.0.0.2 5001 -r 1600 -s 1200 -f 16 -p "$FIRST"
	let_pass a 3200
	xl a lagg balance lagg0
	wait_for 3 has_moved
	end_stream s
	no_loss s
}

test_balance_survives_the_agent() {
	lagg_pair 4 proto loadbalance hash sport balance adaptive balance-interval 1
	crowded_port 16
	stream s a b 10.0.0.2 5001 -r 1600 -s 1200 -f 16 -p "$FIRST"
	wait_for 5 has_moved
	wait_for 10 fullest_at_most 115
	local flow before
	before=$(for ((flow = FIRST; flow < FIRST + 16; flow++)); do port_of_flow "$flow"; done)
	agent_end a TERM
	agent_start a
	wait_for 5 answers a
	is "$(for ((flow = FIRST; flow < FIRST + 16; flow++)); do port_of_flow "$flow"; done)" "$before" "the flows' ports"
	end_stream s
	no_loss s
}

test_balance_without_effect_is_said() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover balance adaptive port eth1 port eth2
	is "$(field a .notice)" "balance adaptive has no effect in proto failover" "notice"
	is "$(field a .balance)" null "balance"
	xl a lagg set lagg0 proto loadbalance
	is "$(field a .notice)" "" "notice"
	wait_for 5 eval '[ "$(field a .balance.moved)" = 0 ]'
	refused_with 2 "1..100" xl a lagg set lagg0 balance-threshold 101
	refused_with 2 "1..3600" xl a lagg set lagg0 balance-interval 0
}
