# shellcheck shell=bash disable=SC2004,SC2034,SC2153
# What the administrator does. Each step draws the same count of numbers, whatever comes of it, so that a seed is one sequence.

draw() {
	local i
	for i in 0 1 2 3 4 5; do R[i]=$RANDOM; done
}
# pick I WORD...: sets PICKED to the word that the Ith number chooses
pick() {
	local n=${R[$1]}
	shift
	n=$((n % $# + 1))
	PICKED=${!n}
}
note() { echo "$(date +%T.%3N) $STEP: $*" >>"$D/actions"; }
# try COMMAND...: does it as somebody who reads the error and goes on
try() {
	note "${@}"
	"$@" 2>>"$D/actions" || ! note "... refused"
}
two_digits() { printf '%02x' $((R[$1] % 256)); }
# write FILE VALUE: a setting of host a
# shellcheck disable=SC2016
write() { on a sh -c 'echo "$2" >"$1"' sh "$1" "$2"; }

# --- ports ---

PORT_ACTIONS=(name swap mtu small mac allmulti group ipv6 addr_gen alias bridge address down up dynamic qlen promisc move detach)

on_port() {
	local k=$1
	if [ "${AWAY[$k]}" ]; then
		port_return "$k"
	elif is_port "$k"; then
		pick 1 "${PORT_ACTIONS[@]}"
		"port_$PICKED" "$k" "${NAME[$k]}"
	fi
}
# What is changed on a device that came back and is not yet a port again is its own, and no change to a port.
is_port() {
	[ "${RETURNED[$1]}" ] || return 0
	[ $AGENT_IS = running ] || return 1
	[ "$(xl a -j port show | jq ".[] | select(.ifname == \"${NAME[$1]}\") | .present")" = true ] || return 1
	RETURNED[$1]=
}
# rename FROM TO: a device that is up refuses a new name on older kernels
rename() {
	try nip a link set "$1" name "$2" || { try nip a link set "$1" down && try nip a link set "$1" name "$2" && try nip a link set "$2" up; }
}
port_name() {
	pick 2 p wan. büro if-
	if rename "$2" "$PICKED$STEP"; then NAME[$1]=$PICKED$STEP; fi
}
port_swap() {
	local other=$((R[2] % 4 + 1)) theirs
	theirs=${NAME[$other]}
	if [ "$other" = "$1" ] || [ "${AWAY[$other]}${RETURNED[$other]}" ]; then return; fi
	rename "$2" "aside$STEP"
	rename "$theirs" "$2"
	rename "aside$STEP" "$theirs"
	NAME[$1]=$theirs NAME[$other]=$2
}
port_mtu() { try nip a link set "$2" mtu $((1300 + R[2] % 400)) || :; }
port_small() { try nip a link set "$2" mtu $((1000 + R[2] % 200)) || :; }
port_mac() { try nip a link set "$2" address "02:00:00:00:$(two_digits 2):$(two_digits 3)" || :; }
port_allmulti() { try nip a link set "$2" allmulticast off || :; }
port_group() { try on a ip maddress delete 01:80:c2:00:00:02 dev "$2" || :; }
port_ipv6() {
	pick 2 "$2" all
	try write "/proc/sys/net/ipv6/conf/$PICKED/disable_ipv6" 0 || :
}
port_addr_gen() { try nip a link set "$2" addrgenmode eui64 || :; }
port_alias() {
	if try nip a link set "$2" alias "mine $STEP"; then MINE[$1]="mine $STEP"; fi
}
port_bridge() { try nip a link set "$2" master br0 || :; }
port_address() { try nip a address replace "10.9.$((R[2] % 200)).1/24" dev "$2" || :; }
port_down() { if try nip a link set "$2" down; then UP[$1]=down; fi; }
port_up() { if try nip a link set "$2" up; then UP[$1]=up; fi; }
port_dynamic() {
	pick 2 on off
	if try nip a link set "$2" dynamic "$PICKED"; then DYNAMIC[$1]=$PICKED; fi
}
port_qlen() { if try nip a link set "$2" txqueuelen $((100 + R[2] % 100)); then QLEN[$1]=$((100 + R[2] % 100)); fi; }
# Who sets a flag that is set already cannot be told from who did not: either the port's or the lagg's, in one run.
port_promisc() {
	pick 2 on off
	if [ "$PROMISCUOUS" = port ] && try nip a link set "$2" promisc "$PICKED"; then PROMISC[$1]=$PICKED; fi
}
# What somebody made of it that no agent has seen yet leaves with it: xlagg has changed nothing there that it could put back.
port_move() {
	if ! has_looks "$1" "$2"; then return; fi
	if try nip a link set "$2" netns "$P-c"; then AWAY[$1]=yes UP[$1]=down KEPT[$1]+="${MINE[$1]}|"; fi
}
# has_looks K NAME: whether the port has its lagg's MAC and MTU
has_looks() {
	[ "$(looks "$2")" = "$(looks "${CALLED[$((($1 - 1) / 2))]}")" ]
}
looks() { nip a -j link show "$1" | jq -r '.[0] | "\(.address) \(.mtu)"'; }
port_return() {
	try nip c link set "${NAME[$1]}" netns "$P-a"
	AWAY[$1]='' RETURNED[$1]=yes CAME_DOWN[$1]=yes
	PORT[$1]=$(index_of "${NAME[$1]}")
	port_up "$1" "${NAME[$1]}"
}
port_detach() { detach "$2"; }
detach() {
	local id
	for id in $(on a bpftool -j net show dev "$1" | jq -r '.[].tc[]?.link_id // empty'); do try on a bpftool link detach id "$id" || :; done
	try on a tc qdisc del dev "$1" clsact || :
}

# --- the laggs' devices ---

LAGG_ACTIONS=(name swap mtu mac down up unaddress address qdisc bridge unbridge promisc detach)

on_lagg() {
	pick 1 "${LAGG_ACTIONS[@]}"
	"lagg_$PICKED" "$1" "${CALLED[$1]}"
}
lagg_name() {
	pick 2 lagg bond. vereinigt. büro
	if rename "$2" "$PICKED$STEP"; then CALLED[$1]=$PICKED$STEP; fi
}
lagg_swap() {
	local other=$((1 - $1)) theirs
	theirs=${CALLED[$other]}
	rename "$2" "aside$STEP"
	rename "$theirs" "$2"
	rename "aside$STEP" "$theirs"
	CALLED[$1]=$theirs CALLED[$other]=$2
}
lagg_mtu() {
	local mtu=$((1400 + R[2] % 99))
	[ $((R[3] % 3)) != 0 ] || mtu=$((1000 + R[2] % 99))
	if try nip a link set "$2" mtu $mtu; then LAGG_MTU[$1]=$mtu; fi
}
lagg_mac() {
	local mac
	mac="02:00:00:01:$(two_digits 2):0$1"
	if try nip a link set "$2" address "$mac"; then LAGG_MAC[$1]=$mac; fi
}
lagg_down() { try nip a link set "$2" down || :; }
lagg_up() { try nip a link set "$2" up || :; }
lagg_unaddress() { try nip a address del "10.$1.0.1/24" dev "$2" || :; }
lagg_address() { try nip a address replace "10.7.$((R[2] % 200)).1/24" dev "$2" || :; }
lagg_qdisc() {
	pick 2 pfifo_fast noqueue
	try on a tc qdisc replace dev "$2" root "$PICKED" || :
}
lagg_bridge() { [ "$PROMISCUOUS" = port ] || try nip a link set "$2" master br0 || :; }
lagg_unbridge() { try nip a link set "$2" nomaster || :; }
lagg_promisc() {
	pick 2 on off
	[ "$PROMISCUOUS" = port ] || try nip a link set "$2" promisc "$PICKED" || :
}
lagg_detach() { detach "$2"; }

LOWER_ACTIONS=(down up mtu mac name alias ipv6 bridge address promisc detach)

on_lower() {
	find_name "${LOWER[$1]}" || fail "the lower end of ${CALLED[$1]} is gone"
	pick 1 "${LOWER_ACTIONS[@]}"
	"lower_$PICKED" "$FOUND"
}
lower_down() { try nip a link set "$1" down || :; }
lower_up() { try nip a link set "$1" up || :; }
lower_mtu() { try nip a link set "$1" mtu $((1200 + R[2] % 200)) || :; }
lower_mac() { try nip a link set "$1" address "02:00:00:02:$(two_digits 2):$(two_digits 3)" || :; }
lower_name() { rename "$1" "low$STEP" || :; }
lower_alias() { try nip a link set "$1" alias "mine $STEP" || :; }
lower_ipv6() { try write "/proc/sys/net/ipv6/conf/$1/disable_ipv6" 0 || :; }
lower_bridge() { try nip a link set "$1" master br0 || :; }
lower_address() { try nip a address replace 10.8.0.1/24 dev "$1" || :; }
lower_promisc() {
	pick 2 on off
	try nip a link set "$1" promisc "$PICKED" || :
}
lower_detach() { detach "$1"; }

# --- the agent and its pins ---

AGENT_IS=running

on_agent() {
	case $AGENT_IS in
	running)
		pick 1 stop kill terminate
		"agent_$PICKED"
		;;
	stopped) agent_cont ;;
	gone) agent_begin ;;
	esac
}
agent_stop() { note agent stop; kill -STOP "${AGENT[a]}"; AGENT_IS=stopped; }
agent_cont() { note agent cont; kill -CONT "${AGENT[a]}"; AGENT_IS=running; }
agent_kill() { note agent kill; agent_end a KILL; AGENT_IS=gone; }
agent_terminate() { note agent terminate; agent_end a TERM; AGENT_IS=gone; }
agent_begin() { note agent start; agent a; AGENT_IS=running; }

# Without an agent a pin is all that holds a program or a record: whoever removes it then has removed the lagg.
on_pins() {
	local -a pins
	[ $AGENT_IS = running ] || return 0
	mapfile -t pins < <(find "$BPFFS/$P-a" -type f | sort)
	pick 1 "${pins[@]}"
	try rm "$PICKED"
	wait_for 20 test -e "$PICKED"
}

act() {
	pick 0 port port port port port port lagg lagg lower lower agent
	[ $((R[0] / 11 % 40)) != 0 ] || PICKED=pins
	case $PICKED in
	port) on_port $((R[5] % 4 + 1)) ;;
	lagg) on_lagg $((R[5] % 2)) ;;
	lower) on_lower $((R[5] % 2)) ;;
	agent) on_agent ;;
	pins) on_pins ;;
	esac
}

# The administrator goes, and takes along what is not xlagg's to remove.
go() {
	local k l
	note "end"
	[ $AGENT_IS = running ] || on_agent
	for k in $PORTS; do
		[ -z "${AWAY[$k]}" ] || port_return "$k"
		try nip a -4 address flush dev "${NAME[$k]}"
		port_up "$k" "${NAME[$k]}"
	done
	for l in $LAGGS; do
		lagg_unbridge "$l" "${CALLED[$l]}"
		lagg_up "$l" "${CALLED[$l]}"
		try nip a link set "${CALLED[$l]}" promisc off
	done
}
