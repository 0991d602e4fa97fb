#!/bin/bash
# insn.sh
# Measures, in a guest whose clock counts instructions (QEMU's -icount; see layer.mk), what a packet costs over a bare link, over
# the kernel's bonding and team, and over lagg0. Each end has two links, and both ends are of the same kind.
#   ONLY='bare bonding bond-direct'   only these rows; ratios and differences need the row that they are relative to
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B=$(realpath "${B:-build}")
export B NAME=insn P=insn
. tests/net/scratch.sh
scratch_begin
. tests/net/lib.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT
modprobe -a veth bonding dummy team sch_fq_codel

links() {
	nip a address add 10.0.0.1/24 dev "$1"
	nip b address add 10.0.0.2/24 dev "$1"
}
bare() { links eth1; }
bare_xdp_wires() { bare; }
bonding() {
	local h i
	for h in a b; do
		nip $h link add bond0 type bond mode balance-xor xmit_hash_policy layer3+4 miimon 100
		for i in 1 2; do
			nip $h link set eth$i down
			nip $h link set eth$i master bond0
		done
		nip $h link set bond0 up
	done
	links bond0
}
team() {
	local h
	mkdir -p /run/teamd
	for h in a b; do
		nip $h link set eth1 down
		nip $h link set eth2 down
		echo "{\"device\": \"team$h\", \"runner\": {\"name\": \"loadbalance\", \"tx_hash\": [\"ipv4\", \"udp\", \"tcp\"]},
			\"link_watch\": {\"name\": \"ethtool\"}, \"ports\": {\"eth1\": {}, \"eth2\": {}}}" >"$D/team$h.conf"
		spawn_on teamd-$h $h teamd -f "$D/team$h.conf"
		wait_for 20 nip $h link set team$h up
		nip $h address add "10.0.0.$([ $h = a ] && echo 1 || echo 2)/24" dev team$h
	done
	# teamd uses all that is left of the only CPU, and has done its work by now.
	wait_for 20 on a ping -c 1 -W 1 10.0.0.2
	kill -STOP "${CHILD[teamd-a]}" "${CHILD[teamd-b]}"
}
xlagg() {
	local h
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 proto "${PROTO:-loadbalance}" "$@" port eth1 port eth2
	done
	links lagg0
}

# measure ROW TITLE BASE KIND...: prints a row of the table. Its first ratio and its differences are relative to the row titled
# BASE. ROW is what ONLY calls it.
declare -A UDP RAW TCP
measure() {
	local title=$2 base=$3
	[[ -z ${ONLY:-} || " $ONLY " == *" $1 "* ]] || return 0
	shift 3
	two_hosts 2
	"$@"
	wait_for 20 on a ping -c 1 -W 1 10.0.0.2
	UDP[$title]=$("$B/tests/bench/insn" udp $P-a $P-b 10.0.0.2)
	RAW[$title]=$("$B/tests/bench/insn" raw $P-b $P-a 10.0.0.1 eth1)
	TCP[$title]=$("$B/tests/bench/insn" tcp $P-a $P-b 10.0.0.2)
	row "$title" "$base"
	tear_down 2>/dev/null
	CHILD=() AGENT=() HOSTS=()
	mkdir -p "$D"
}
row() {
	awk -v title="$1" -v udp="${UDP[$1]}" -v raw="${RAW[$1]}" -v tcp="${TCP[$1]}" -v udp0="${UDP[$2]:-}" -v raw0="${RAW[$2]:-}" \
		-v tcp0="${TCP[$2]:-}" -v udp1="${UDP[$BONDING]:-}" -v tcp1="${TCP[$BONDING]:-}" '
		function ratio(a, b) { return b == "" ? "-" : sprintf("%.3f", a / b) }
		function more(n) { return udp0 == "" ? "-" : sprintf("%.0f", n) }
		BEGIN { printf "%-38s %9.0f %7s %8s %9s %9s %11.0f %7s %8s\n", title, udp, ratio(udp, udp0), ratio(udp, udp1),
			more((udp - udp0) - (raw - raw0)), more(raw - raw0), tcp, ratio(tcp, tcp0), ratio(tcp, tcp1) }'
}

BARE="bare link" BONDING="bonding balance-xor layer3+4" XDP="bare link, wires for XDP"
echo "instructions on $(uname -r), from the sender's system call to the receiver's, both ends of the same kind"
printf '%-38s %26s %19s %28s\n' "" "64-byte UDP, a datagram" "of that, more than" "TCP, 64 KiB"
printf '%-38s %9s %7s %8s %9s %9s %11s %7s %8s\n' "" count "/ bare" "/ bond." "transmit" "receive" count "/ bare" "/ bond."
measure bare "$BARE" "$BARE" bare
measure bonding "$BONDING" "$BARE" bonding
measure team "team loadbalance" "$BARE" team
measure veth-direct "xlagg tc, veth, tx-path direct" "$BARE" xlagg device veth tx-path direct
measure veth-stack "xlagg tc, veth, tx-path stack" "$BARE" xlagg device veth tx-path stack
measure netkit "xlagg tc, netkit" "$BARE" xlagg device netkit
measure bond-direct "xlagg tc, bond, tx-path direct" "$BARE" xlagg device bond tx-path direct
measure bond-stack "xlagg tc, bond, tx-path stack" "$BARE" xlagg device bond tx-path stack
PROTO=roundrobin measure rr-direct "xlagg tc, bond, roundrobin, direct" "$BARE" xlagg device bond tx-path direct
PROTO=roundrobin measure rr-stack "xlagg tc, bond, roundrobin, stack" "$BARE" xlagg device bond tx-path stack
as_xdp_wires
measure xdp-bare "$XDP" "$XDP" bare_xdp_wires
measure xdp "xlagg xdp" "$XDP" xlagg datapath xdp
