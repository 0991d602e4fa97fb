# shellcheck shell=bash disable=SC2154
# Many laggs in one transaction: they are made without a wait for each program, and nobody waits for the agent meanwhile.

# notify_listener: stands for systemd: writes what agents started from now on tell it to $D/notify.out
notify_listener() {
	export NOTIFY_SOCKET=$D/notify
	spawn notify python3 -uc '
import socket, sys
systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
systemd.bind(sys.argv[1])
while True: print(systemd.recv(4096).decode().replace("\n", " "))' "$NOTIFY_SOCKET"
	wait_for 5 test -S "$NOTIFY_SOCKET"
}
# absent_laggs COUNT: prints commands for so many laggs whose ports are absent
absent_laggs() {
	local i
	for ((i = 0; i < $1; i++)); do echo "lagg add many$i port q$i absent ok"; done
}
signs_of_life() { grep -c WATCHDOG=1 "$D/notify.out" || :; }
headless_frames() { field "$1" '[.ports[].stats.lacpdu_headless] | add'; }
has_clsact() { on a tc qdisc show dev "$1" | holds clsact; }

test_many_laggs_keep_nobody_waiting() {
	notify_listener
	lagg_pair 2 proto lacp lacp-rate fast
	wait_for 10 distributing_are a 2
	xl a save >"$D/all"
	absent_laggs 200 >>"$D/all"
	local headless signs
	headless=$(headless_frames a) signs=$(signs_of_life)
	xl a restore "$D/all"
	is "$(xl a -j lagg show | jq length)" 201 "laggs"
	at_least "$(signs_of_life)" $((signs + 2)) "signs of life for systemd while they were made"
	is "$(headless_frames a)" "$headless" "LACPDUs that the kernel sent because the agent was late"
	distributing_are a 2 || fail "lagg0 is no longer DISTRIBUTING"
}

test_many_laggs_are_whole() {
	two_hosts 2
	agent a
	agent b
	xl b lagg add lagg0 proto loadbalance port eth1 port eth2 10.0.0.2/24
	absent_laggs 40 >"$D/all"
	echo "lagg add lagg0 proto loadbalance tx-path direct port eth1 port eth2 10.0.0.1/24" >>"$D/all"
	xl a restore "$D/all"
	is "$(field a .datapath.attach)" clsact "how the programs are attached"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	step "the next agent adopts them as they are, and a change replaces their programs in place"
	agent_end a KILL
	agent a
	xl a lagg set lagg0 hash l3 tx-path stack
	xl a port add many3 eth9 absent ok
	on a ping -c 3 -i 0.1 -W 1 10.0.0.2 || fail "nothing passes"
	step "a port of a lagg that waited with its transmit program"
	nip a link add eth9 type veth peer name peer9
	nip a link set peer9 up
	wait_for 10 has_carrier a many3
	on a tc filter show dev many3-dp ingress | holds . || bpftool -j net | holds . || fail "many3 has no transmit program"
	step "nothing stays behind"
	xl a flush
	local dev
	for dev in eth1 eth2 eth9; do
		! has_clsact $dev || fail "$dev keeps a qdisc"
	done
}
