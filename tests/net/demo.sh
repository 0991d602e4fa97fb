#!/bin/bash
# Two hosts (network namespaces), two cables, a lagg at each end: traffic, a cable cut under load, and what that cost.
# Needs root and a built tree; `make demo` sees to both. Takes about 35 s and leaves nothing behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
make --no-print-directory -s net-tools
export B=$PWD/build NAME=demo P=demo$$
. tests/net/scratch.sh
scratch_begin
trap scratch_end EXIT
. tests/net/lib.sh
trap 'status=$?; trap "" INT TERM; if [ $status != 0 ]; then report; fi; tear_down || status=1; scratch_end; exit $status' EXIT

RATE=20000 # packets a second
SAMPLE=0.5 # s between two lines of a table
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; else bold='' dim='' red='' green='' plain=''; fi

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# shown HOST COMMAND...: prints a command as a user would type it, runs it, and prints its output
shown() {
	local h=$1
	shift
	printf '  %s%s#%s xlagg %s\n' "$dim" "$h" "$plain" "$*"
	xl "$h" "$@" | sed 's/^/    /'
}

# ---- the table: one line every half second, with packets a second on each port as the devices count them ----

port_counts() { nip left -s -j link show | jq -r '[.[] | select(.ifname | test("^eth[12]$"))] | sort_by(.ifname) | map(.stats64.tx.packets) | @tsv'; }

# bar PACKETS-A-SECOND: prints a bar of 20 columns, which is full at RATE
bar() {
	local n=$((($1 * 20 + RATE / 2) / RATE)) full='####################' none='....................'
	[ $n -le 20 ] || n=20
	printf '%s%s' "${full:0:n}" "${none:0:20-n}"
}
begin_table() {
	read -r LAST1 LAST2 < <(port_counts)
	LAST_NS=$(date +%s%N)
	BEGIN_NS=$LAST_NS
	printf '  %s%6s  %-30s %-30s%s\n' "$dim" "s" "eth1, packets/s" "eth2, packets/s" "$plain"
}
# rows COUNT [REMARK]: prints so many lines; the remark stands behind the first of them
rows() {
	local remark=${2:-} n1 n2 now r1 r2
	for ((i = 0; i < $1; i++)); do
		pause $SAMPLE
		read -r n1 n2 < <(port_counts)
		now=$(date +%s%N)
		r1=$(((n1 - LAST1) * 1000000000 / (now - LAST_NS)))
		r2=$(((n2 - LAST2) * 1000000000 / (now - LAST_NS)))
		printf '  %6.1f  %s %6d   %s %6d   %s\n' "$(((now - BEGIN_NS) / 100000000))e-1" "$(bar $r1)" $r1 "$(bar $r2)" $r2 "$remark"
		LAST1=$n1 LAST2=$n2 LAST_NS=$now remark=
	done
}

# ---- the account: what the receiver missed ----

# lost_between LABEL FROM-NS TO-NS: prints how many packets were lost in that time, and the ms from the last packet before
# the first hole to the first packet after the last hole
lost_between() {
	account "$1" "[.outages[] | select(.at_ns >= $2 and .at_ns < $3)] |
		if length == 0 then \"0 0\"
		else \"\(map(.packets) | add) \((.[-1].at_ns - .[0].at_ns) / 1e6 + .[-1].us / 1e3)\" end"
}
# tell WHAT LABEL FROM-NS TO-NS: prints the loss in that time as a sentence
tell() {
	local packets ms
	read -r packets ms < <(lost_between "$2" "$3" "$4")
	if [ "$packets" = 0 ]; then
		printf '  %-32s %sno packet lost%s\n' "$1" "$green" "$plain"
	else
		printf '  %-32s %s%d packets lost%s, within a gap of %.2f ms\n' "$1" "$red" "$packets" "$plain" "$ms"
	fi
}
total() {
	account "$1" '"  in all: \(.sent) packets sent, \(.sent - .lost) arrived, \(.lost) lost, \(.duplicates) twice, \(.reordered) out of order"'
}
now_ns() { date +%s%N; }

failover() {
	heading "1. proto failover: one port carries everything, the other stands by"
	xl left lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	xl right lagg add lagg0 proto failover port eth1 port eth2 10.0.0.2/24
	wait_for 5 on left ping -c 1 -W 1 10.0.0.2
	printf '  %sright#%s xlagg lagg add lagg0 proto failover port eth1 port eth2 10.0.0.2/24\n' "$dim" "$plain"
	printf '  %sleft#%s  xlagg lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24\n' "$dim" "$plain"
	shown left lagg show
	printf '  %d UDP packets a second from left to right, as left sends them:\n' $RATE
	local cut back end
	stream failover left right 10.0.0.2 5001 -r $RATE
	begin_table
	rows 3
	cut=$(now_ns)
	nip right link set eth1 down
	rows 4 "${red}cable 1 cut$plain"
	shown left lagg show
	back=$(now_ns)
	nip right link set eth1 up
	rows 4 "${green}cable 1 back$plain"
	end=$(now_ns)
	end_stream failover >/dev/null
	tell "cable 1 cut, eth2 takes over:" failover "$cut" "$back"
	tell "cable 1 back, eth1 takes back:" failover "$back" "$end"
	total failover
}
loadbalance() {
	heading "2. proto loadbalance: every flow keeps to one port, the flows share the ports"
	shown right lagg set lagg0 proto loadbalance
	shown left lagg set lagg0 proto loadbalance
	printf '  The same rate, now 64 flows:\n'
	local cut back end
	stream balance left right 10.0.0.2 5001 -r $RATE -f 64
	begin_table
	rows 3
	cut=$(now_ns)
	nip right link set eth2 down
	rows 4 "${red}cable 2 cut$plain"
	back=$(now_ns)
	nip right link set eth2 up
	rows 4 "${green}cable 2 back$plain"
	end=$(now_ns)
	end_stream balance >/dev/null
	tell "cable 2 cut, its flows move:" balance "$cut" "$back"
	tell "cable 2 back, they return:" balance "$back" "$end"
	total balance
}
without_agent() {
	heading "3. The agent does not matter: kill -9 under load"
	stream headless left right 10.0.0.2 5001 -r $RATE -f 64
	begin_table
	rows 2
	agent_end left KILL
	rows 4 "${red}xlaggd killed$plain"
	agent left
	rows 3 "${green}xlaggd started again$plain"
	end_stream headless >/dev/null
	shown left agent show
	total headless
}

printf '%sxlagg: two hosts, two cables, a lagg at each end%s\n' "$bold" "$plain"
cat <<'PICTURE'

        left                                          right
   lagg0 10.0.0.1                                 lagg0 10.0.0.2
      |-- eth1 ------------ cable 1 ------------ eth1 --|
      `-- eth2 ------------ cable 2 ------------ eth2 --'
PICTURE
host left right
wire left eth1 right eth1
wire left eth2 right eth2
agent left
agent right
failover
loadbalance
without_agent
shown left flush
heading "Done; hosts, cables and laggs are removed again. README.md goes on from here."
