# shellcheck shell=bash
# A flood of LACPDUs, as fast as the machine can send them.

all_distribute() { distributing "$1" eth1 && distributing "$1" eth2; }
port_left() { ! all_distribute "$1"; }
last_changes() {
	local h
	for h in a b; do field $h '.ports | map(.last_change) | tojson'; done
}
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# copy_of HOST DEV: writes the frame of the next LACPDU that comes there to $D/pdu
copy_of() {
	on "$1" timeout 10 tcpdump -i "$2" -Q in -c 1 -w "$D/pdu.pcap" ether proto 0x8809 2>/dev/null
	tail -c 124 "$D/pdu.pcap" >"$D/pdu"
	is "$(stat -c %s "$D/pdu")" 124 "octets of a LACPDU"
}
# flood_with FILE: sends the frame on eth1 to a for 5 s; PERCENT is then how much of a core the agent used
flood_with() {
	local before after sent
	before=$(ticks "${AGENT[a]}")
	sent=$(on b "$B/tests/net/frame" flood eth1 5 <"$1")
	after=$(ticks "${AGENT[a]}")
	at_least "$sent" 100000 "frames that were sent"
	step "$sent frames in 5 s"
	PERCENT=$(jq -n "($after - $before) / $(getconf CLK_TCK) / 5 * 100")
}
# The flood are copies of the partner's LACPDU: the kernel lets ten a second through.
flood() {
	two_hosts 2
	agent a
	agent b
	xl a lagg add lagg0 proto lacp lacp-rate fast "$@" port eth1 port eth2 10.0.0.1/24
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24
	wait_for 10 all_distribute a
	wait_for 10 all_distribute b
	copy_of a eth1
	local idle before changes
	changes=$(last_changes)
	before=$(ticks "${AGENT[a]}")
	never 5 port_left a
	idle=$(jq -n "($(ticks "${AGENT[a]}") - $before) / $(getconf CLK_TCK) / 5 * 100")
	flood_with "$D/pdu"
	step "agent: $idle % of a core before, $PERCENT % under the flood"
	at_most "$PERCENT - $idle" 1 "percent of a core that the flood costs the agent"
	at_least "$(port_field a eth1 .stats.lacpdu_limited)" 90000 "LACPDUs over the limit"
	is "$(last_changes)" "$changes" "when the ports of both ends changed last"
	is "$(port_field a eth1 '.lacp.rx')" CURRENT "receive machine of eth1"
	is "$(port_field a eth2 '.stats.lacpdu_limited')" 0 "LACPDUs over the limit on eth2"
}
test_flood_of_lacpdus() { flood; }
test_flood_of_lacpdus_xdp() { as_xdp_wires; flood datapath xdp; }
