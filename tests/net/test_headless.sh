# shellcheck shell=bash
# LACP while the agent is stopped (SIGSTOP) or dead: the kernel does its work.

freeze() { kill -STOP "${AGENT[$1]}"; }
thaw() { kill -CONT "${AGENT[$1]}"; }
all_distribute() { distributing_are "$1" 2; }
# lacp_pair OPTIONS...: makes two laggs that are connected by eth1 and eth2
lacp_pair() {
	lagg_pair 2 proto lacp "$@"
	wait_for 10 all_distribute a
	wait_for 10 all_distribute b
}
# lacp_pair_bridged OPTIONS...: the same with a bridge (host sw) between the two eth1, which forwards LACPDUs while it is up
lacp_pair_bridged() {
	local h
	two_hosts_bridged
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 proto lacp "$@" port eth1 port eth2
	done
	nip a address add 10.0.0.1/24 dev lagg0
	nip b address add 10.0.0.2/24 dev lagg0
	wait_for 10 all_distribute a
	wait_for 10 all_distribute b
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
# carries HOST DEV: returns whether frames of lagg0 leave by that port, whatever its flags say
carries() {
	within 5 sent_by_more_than "$1" "$2" $(($(tx_packets "$1" "$2") + 100)) ||
		fail "$2 carries nothing; ports: $(bpftool -j map dump pinned "$BPFFS/$P-$1/lagg0/ports" | jq -c '[.[:2][].formatted.value]')"
}
sent_by_more_than() { [ "$(tx_packets "$1" "$2")" -gt "$3" ]; }
# watch_changes HOST: records its agent's events from now on; saw_no_change HOST: the test fails if there were any
watch_changes() {
	spawn "monitor-$1" "$B/xlagg" --socket "$D/$1.sock" -j monitor lagg0
	wait_for 5 tells_of_changes "$1"
}
tells_of_changes() {
	xl "$1" lagg set lagg0 peer-notify $((RANDOM % 250))
	[ -s "$D/monitor-$1.out" ]
}
saw_no_change() { is "$(jq -c 'select(.event != "lagg-change")' "$D/monitor-$1.out")" "" "what the agent of $1 told"; }

# watch_pdus HOST: records the times of the LACPDUs that it sends on its ports, in $D/HOST-ethN.out
watch_pdus() {
	local dev
	for dev in eth1 eth2; do
		spawn_on "$1-$dev" "$1" tcpdump -lni $dev -Q out --time-stamp-precision=nano -tt ether proto 0x8809
		wait_for 5 grep -q listening "$D/$1-$dev.err"
	done
}
pdu_times() { grep -E "^[0-9]" "$D/$1-$2.out" | cut -d" " -f1; }
# pdus_of HOST DEV FROM TO: prints how many there were in that time
pdus_of() { pdu_times "$1" "$2" | jq -s "map(select(. >= $3 and . < $4)) | length"; }
# at_most_one_a_second HOST: the test fails if there were more. A frame is recorded a little after it was due.
at_most_one_a_second() {
	local dev least
	for dev in eth1 eth2; do
		least=$(pdu_times "$1" $dev | jq -s '[.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | min')
		at_least "$least" 0.9 "seconds between two LACPDUs of $1 on $dev ($(pdu_times "$1" $dev | xargs))"
	done
}
now() { date +%s.%N; }

test_headless_agent_stopped_for_20_s() {
	lacp_pair lacp-rate fast
	local start end dev
	watch_changes b
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	stream back b a 10.0.0.1 5002 -r 1000 -f 64
	watch_pdus a
	start=$(now)
	freeze a
	never 20 not_distributing b eth1
	end=$(now)
	thaw a
	wait_for 5 answers a
	never 3 not_distributing a eth1
	saw_no_change b
	at_most_one_a_second a
	for dev in eth1 eth2; do at_least "$(pdus_of a $dev "$start" "$end")" 12 "LACPDUs of a on $dev in these 20 s"; done
	at_least "$(port_field a eth1 .stats.lacpdu_headless)" 10 "LACPDUs sent by the kernel, as shown"
	end_stream there
	end_stream back
	no_loss there
	no_loss back
}
test_headless_both_agents_stopped() {
	lacp_pair lacp-rate fast
	both_agents_stopped 9000
}
# Partners that send every 30 s and are missed after 90 s
test_headless_both_agents_stopped_slow() {
	lacp_pair lacp-rate slow
	both_agents_stopped 120000
}
test_headless_both_agents_stopped_xdp() {
	as_xdp_wires
	lacp_pair lacp-rate fast datapath xdp
	both_agents_stopped 5000
}
# both_agents_stopped FRAMES: stops both agents until lagg0 has sent so many frames, one a millisecond
both_agents_stopped() {
	local start end dev h
	watch_changes a
	watch_changes b
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	watch_pdus a
	watch_pdus b
	start=$(now)
	freeze a
	freeze b
	sleep_until_sent a "$1"
	end=$(now)
	thaw a
	thaw b
	wait_for 5 answers a
	wait_for 5 answers b
	never 2 not_distributing a eth1
	saw_no_change a
	saw_no_change b
	for h in a b; do
		at_most_one_a_second $h
		for dev in eth1 eth2; do at_least "$(pdus_of $h $dev "$start" "$end")" 2 "LACPDUs of $h on $dev"; done
	done
	end_stream there
	no_loss there
}
# sleep_until_sent HOST FRAMES: waits until the host has sent so many, as its devices count: its agent is stopped
device_tx() { nip "$1" -s -j link show "$2" | jq '.[0].stats64.tx.packets'; }
sent_on_ports() { echo $(($(device_tx "$1" eth1) + $(device_tx "$1" eth2))); }
sent_on_ports_since() { [ $(($(sent_on_ports "$1") - $2)) -ge "$3" ]; }
sleep_until_sent() { wait_for $((20 + $2 / 1000)) sent_on_ports_since "$1" "$(sent_on_ports "$1")" "$2"; }

# Another partner appears while the agent is stopped: after its first LACPDU it is sent no data, and when the agent goes on
# that remains so.
test_headless_partner_with_another_key() {
	lacp_pair lacp-rate fast
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	let_pass a 100
	freeze a
	wait_for 5 stands_in a
	spawn_on heard b tcpdump -lnxi eth1 --time-stamp-precision=nano -tt "udp port 5001 or ether proto 0x8809"
	wait_for 5 grep -q listening "$D/heard.err"
	wait_for 5 grep -q "10.0.0.2.5001" "$D/heard.out"
	xl b port set lagg0 eth1 key 77
	sleep_until_sent a 3000
	local told last
	told=$(first_pdu_with_key 77)
	last=$(grep -E "10.0.0.2.5001" "$D/heard.out" | tail -n 1 | cut -d" " -f1)
	[ "$told" ] || fail "b said nothing of its new key on eth1"
	at_most "$(jq -n "$last - $told")" 0.005 "seconds from the new key to the last datagram on eth1"
	thaw a
	wait_for 5 not_distributing a eth1
	never 3 distributing a eth1
	matches "$(port_field a eth1 .reason)" 'key' "reason"
	xl b port set lagg0 eth1 key auto
	wait_for 15 all_distribute a
	carries a eth1
	end_stream there
	no_loss there
}
# kernel_did HOST MEMBER: prints a member of the map headless, for eth1
kernel_did() {
	bpftool -j map lookup pinned "$BPFFS/$P-$1/lagg0/headless" key 0 0 0 0 | jq ".formatted.value.$2"
}
# Whether the kernel has sent in the agent's place; whether it has taken the port out
stands_in() { [ "$(kernel_did "$1" tx_ns)" -gt 0 ]; }
took_out() { [ "$(kernel_did "$1" outs)" -gt 0 ]; }
# tcpdump -x begins behind the Ethernet header; the Actor's key is the seventh pair of octets from there.
first_pdu_with_key() {
	awk -v key="$(printf %04x "$1")" '/^[0-9]/ {time = $1; pdu = /LACPv1/}
		/0x0000:/ && pdu && $8 == key {print time; exit}' "$D/heard.out"
}

# The partner falls silent while the agent is stopped
test_headless_silent_partner() {
	lacp_pair_bridged lacp-rate fast
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	let_pass a 100
	freeze a
	wait_for 5 stands_in a
	spawn_on heard a tcpdump -lni eth1 -Q in -tt ether proto 0x8809
	spawn_on sent a tcpdump -lni eth1 -Q out -tt udp port 5001
	wait_for 5 grep -q LACP "$D/heard.out"
	wait_for 5 grep -q UDP "$D/sent.out"
	nip sw link set br0 down
	wait_for 6 took_out a
	nothing_leaves a eth1
	at_most "$(jq -n "$(last_time sent) - $(last_time heard)")" 3.75 "seconds from the last LACPDU to the last datagram"
	thaw a
	wait_for 5 not_distributing a eth1
	has_carrier a lagg0 || fail "lagg0 lost its carrier"
	matches "$(port_field a eth1 .reason)" 'LACPDU' "reason"
	is "$(port_field a eth1 .stats.link_failures)" 0 "link failures: the link was there"
	nip sw link set br0 up
	wait_for 10 all_distribute a
	carries a eth1
	end_stream there
}
last_time() { grep -E "^[0-9]" "$D/$1.out" | tail -n 1 | cut -d" " -f1; }
# nothing_leaves HOST DEV: the test fails if more leaves by that port than a LACPDU a second while lagg0 sends 500 frames
nothing_leaves() {
	local before start=$SECONDS
	before=$(device_tx "$1" "$2")
	sleep_until_sent "$1" 500
	at_most $(($(device_tx "$1" "$2") - before)) $((SECONDS - start + 2)) "frames sent by $2"
}
# The same, but another agent takes over than the one that was stopped
test_headless_silent_partner_and_another_agent() {
	lacp_pair_bridged lacp-rate fast
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	let_pass a 100
	agent_end a KILL
	wait_for 5 stands_in a
	nip sw link set br0 down
	wait_for 6 took_out a
	nothing_leaves a eth1
	agent a
	never 4 distributing a eth1
	distributing a eth2 || fail "eth2 does not distribute"
	is "$(field a .active_ports)" 1 "active ports"
	nip sw link set br0 up
	wait_for 10 all_distribute a
	carries a eth1
	end_stream there
}

# Where nothing in the kernel watches carrier, the partner's silence takes the port out. When the agent goes on, it sees that
# the carrier was lost.
test_headless_link_lost_while_stopped() {
	lacp_pair lacp-rate fast
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	let_pass a 100
	freeze a
	wait_for 5 stands_in a
	nip b link set eth1 down
	wait_for 6 took_out a
	thaw a
	wait_for 5 no_distribution_without_carrier
	is "$(port_field a eth1 .stats.link_failures)" 1 "link failures"
	is "$(field a .flaps)" 0 "flaps of lagg0"
	nip b link set eth1 up
	wait_for 10 all_distribute a
	carries a eth1
	end_stream there
}
no_distribution_without_carrier() { [ "$(port_field a eth1 '[.reason, (.flags | index("DISTRIBUTING"))] | tojson')" = '["no carrier",null]' ]; }

FOREIGN=02:00:00:00:66:01
# foreign HOST DEV: sends a LACPDU of a system that is nobody's partner
foreign() { on "$1" "$B/tests/net/frame" lacpdu "$2" $FOREIGN; }
# foreign_are HOST N: returns whether its kernel has ignored so many on each of its ports
foreign_are() {
	bpftool -j map dump pinned "$BPFFS/$P-$1/lagg0/headless" | jq -e "[.[:2][].formatted.value.foreign] == [$2, $2]" >/dev/null
}
# With the agent dead or stopped, one foreign LACPDU on each port changes nothing, neither then nor when an agent is back.
test_headless_foreign_lacpdu_while_dead() {
	begin_foreign
	agent_end a KILL
	foreign_on_every_port
	agent a
	end_foreign
}
test_headless_foreign_lacpdu_while_stopped() {
	begin_foreign
	freeze a
	foreign_on_every_port
	thaw a
	end_foreign
}
begin_foreign() {
	lacp_pair lacp-rate fast
	watch_changes b
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	stream back b a 10.0.0.1 5002 -r 1000 -f 64
	let_pass a 100
}
foreign_on_every_port() {
	wait_for 5 stands_in a
	foreign b eth1
	foreign b eth2
	wait_for 5 foreign_are a 1
	never 5 not_distributing b eth1
	is "$(kernel_did a outs)" 0 "times that eth1 was taken out"
}
end_foreign() {
	local dev
	wait_for 5 answers a
	never 5 not_distributing a eth1
	distributing_are a 2 || fail "a does not distribute on both ports"
	for dev in eth1 eth2; do
		is "$(port_field a $dev .stats.headless_foreign)" 1 "foreign LACPDUs on $dev"
		grep -q "$dev: LACPDUs of another system were ignored while the agent was away: 1, the last one of $FOREIGN" "$D/agent-a.log" ||
			fail "the log does not say whose LACPDU it was on $dev"
	done
	saw_no_change b
	carries a eth1
	carries a eth2
	end_stream there
	end_stream back
	no_loss there
	no_loss back
}
hears_foreign() { [ "$(kernel_did "$1" foreign)" -ge "$2" ]; }
# The cable leads elsewhere while no agent is there: the other system speaks, and the recorded partner has fallen silent.
test_headless_cable_moved_to_another_system() {
	lacp_pair_bridged lacp-rate fast
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	let_pass a 100
	agent_end a KILL
	wait_for 5 stands_in a
	nip sw link set br0 down
	spawn elsewhere sh -c "while nsenter --net=/run/netns/$P-sw $B/tests/net/frame lacpdu x1 $FOREIGN; do sleep 0.3; done"
	wait_for 6 took_out a
	wait_for 20 hears_foreign a 6
	nothing_leaves a eth1
	kill "${CHILD[elsewhere]}"
	agent a
	never 3 distributing a eth1
	end_stream there
}
# A gap on the way longer than the partner's timeout, at a time when neither end has an agent: the kernels take the port out,
# and back when they hear each other again. The agents find nothing changed.
test_headless_taken_back() {
	lacp_pair_bridged lacp-rate fast
	local h
	watch_changes b
	stream there a b 10.0.0.2 5001 -r 1000 -f 64
	stream back b a 10.0.0.1 5002 -r 1000 -f 64
	let_pass a 100
	agent_end a KILL
	freeze b
	for h in a b; do wait_for 5 stands_in $h; done
	nip sw link set br0 down
	for h in a b; do wait_for 6 took_out $h; done
	nothing_leaves a eth1
	nip sw link set br0 up
	for h in a b; do wait_for 8 took_back $h; done
	leaves a eth1
	agent a
	thaw b
	wait_for 5 answers b
	for h in a b; do
		never 3 not_distributing $h eth1
		is "$(port_field $h eth1 .stats.link_failures)" 0 "link failures of $h"
		carries $h eth1
	done
	saw_no_change b
	! grep -qE "starts anew|overwritten" "$D"/agent-?.log || fail "$(grep -hE "starts anew|overwritten" "$D"/agent-?.log)"
	end_stream there
	end_stream back
}
took_back() { [ "$(kernel_did "$1" back)" = "$(kernel_did "$1" outs)" ]; }
# leaves HOST DEV: the test fails if no frames leave by that port while lagg0 sends
leaves() { wait_for 10 device_sent_more_than "$1" "$2" $(($(device_tx "$1" "$2") + 100)); }
device_sent_more_than() { [ "$(device_tx "$1" "$2")" -gt "$3" ]; }

# A time in the future would keep the kernel from sending until then.
test_headless_damaged_record() {
	lacp_pair lacp-rate fast
	agent_end a KILL
	bpftool map update pinned "$BPFFS/$P-a/lagg0/headless" key 0 0 0 0 value \
		255 255 255 255 255 255 255 0 255 255 255 255 255 255 255 0 7 0 0 0 0 0 0 0 \
		0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
	agent a
	grep -q 'eth1: what the kernel did .* damaged' "$D/agent-a.log" || fail "the log does not say so"
	wait_for 10 all_distribute a
	is "$(kernel_did a outs)" 0 "outs"
	freeze a
	wait_for 5 stands_in a
}

# Agents that are killed before they have sent anything, each within the second that the kernel waits for an agent. They cannot
# write their log, and they have something to say before they send: that there were LACPDUs of others.
heartbeat() { bpftool -j map dump pinned "$BPFFS/$P-$1/lagg0/control" | jq '.[0].formatted.value.heartbeat_ns'; }
beats_after() { [ "$(heartbeat "$1")" -gt "$2" ]; }
# is_older HEARTBEAT MS: it was so long ago
is_older() { awk -v beat="$1" -v ms="$2" '{ exit !($1 * 1e9 - beat > ms * 1e6) }' /proc/uptime; }
note_foreign() {
	local pin=$BPFFS/$P-$1/lagg0/headless value
	value=$(bpftool -j map lookup pinned "$pin" key 0 0 0 0 | jq -r '.value[32] = "0x01" | .value | join(" ")')
	# shellcheck disable=SC2086
	bpftool map update pinned "$pin" key 0 0 0 0 value $value
}
agent_that_hangs() {
	local log=$D/log-$1
	[ -e "$log" ] || mkfifo "$log"
	exec {full}<>"$log"
	dd if=/dev/zero of="$log" bs=4096 oflag=nonblock status=none 2>/dev/null || :
	"$B/xlaggd" -n "$P-$1" -f "$D/$1.conf" --socket "$D/$1.sock" --bpffs "$BPFFS/$P-$1" --state "$D/state-$1" >&"$full" 2>&1 &
	AGENT[$1]=$!
	exec {full}<&-
}
test_headless_agents_killed_while_they_take_over() {
	lacp_pair lacp-rate fast
	local beat end=$((SECONDS + 6)) lives=0
	watch_changes b
	agent_end a KILL
	note_foreign a
	while [ $SECONDS -lt $end ]; do
		beat=$(heartbeat a)
		agent_that_hangs a
		wait_for 10 beats_after a "$beat"
		agent_end a KILL
		lives=$((lives + 1))
		wait_for 5 is_older "$(heartbeat a)" 500
		distributing b eth1 || fail "b has lost eth1"
	done
	at_least $lives 2 "agents that took over"
	agent a
	never 2 not_distributing b eth2
	saw_no_change b
}
