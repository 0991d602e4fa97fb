# shellcheck shell=bash disable=SC2034
# What the administrator knows of host a: devices by number, and what he made of them where xlagg follows.
#   port K: PORT (ifindex), NAME, UP, DYNAMIC, PROMISC, QLEN, AWAY (in another namespace),
#     RETURNED (from there, and perhaps no port yet), CAME_DOWN (it joined again while it was down),
#     MINE (the ifalias that it got last), KEPT (those which it had when it left, and which may have stayed, each with a |)
#   lagg L: LAGG (ifindex), LOWER (ifindex), CALLED, LAGG_MTU and LAGG_MAC (empty: not touched)
PORTS="1 2 3 4" LAGGS="0 1"
declare -A PORT NAME UP DYNAMIC PROMISC QLEN AWAY RETURNED CAME_DOWN MINE KEPT LAGG LOWER CALLED LAGG_MTU LAGG_MAC
PORTS_OF=("1 2" "3 4")
PEER=(10.0.0.2 10.1.0.2 fd00::2 fd01::2)

remember_ports() {
	local k
	for k in $PORTS; do
		NAME[$k]=eth$k UP[$k]=up DYNAMIC[$k]=off PROMISC[$k]=off QLEN[$k]=1000 AWAY[$k]='' RETURNED[$k]='' CAME_DOWN[$k]='' MINE[$k]='' KEPT[$k]=''
		PORT[$k]=$(index_of "eth$k")
	done
}
remember_laggs() {
	local l
	for l in $LAGGS; do
		CALLED[$l]=lagg$l LAGG_MTU[$l]='' LAGG_MAC[$l]=''
		LAGG[$l]=$(index_of "lagg$l") LOWER[$l]=$(index_of "lagg$l-dp")
	done
}
index_of() { nip a -j link show "$1" | jq '.[0].ifindex'; }
# find_name IFINDEX: sets FOUND to what the device is called now
find_name() {
	FOUND=$(nip a -o link show | sed -nE "s/^$1: ([^@ ]+)(@[^ ]*)?: .*/\1/p")
	[ "$FOUND" ]
}

# wanted_conf: prints the configuration that has to be running: the first one, with what xlagg follows
wanted_conf() {
	lagg_conf 0 proto lacp lacp-rate fast port "${NAME[1]}" port "${NAME[2]}" 10.0.0.1/24 fd00::1/64
	lagg_conf 1 proto failover primary "${NAME[3]}" port "${NAME[3]}" port "${NAME[4]}" 10.1.0.1/24 fd01::1/64
}
lagg_conf() {
	local l=$1
	shift
	echo "lagg add ${CALLED[$l]}${LAGG_MTU[$l]:+ mtu ${LAGG_MTU[$l]}}${LAGG_MAC[$l]:+ mac ${LAGG_MAC[$l]}} $*"
}

# --- while the laggs are there ---

# wrong TEXT: notes why everything is not yet as it should be
wrong() { echo "$*" >"$D/wrong"; return 1; }
same() { [ "$1" = "$2" ] || wrong "$3: '$1' instead of '$2'"; }

as_configured() {
	local k l
	wanted_conf >"$D/wanted.conf"
	xl a diff "$D/wanted.conf" >"$D/diff" || wrong "xlagg diff: $(cat "$D/diff")" || return 1
	for l in $LAGGS; do lagg_is_right "$l" || return 1; done
	for k in $PORTS; do port_is_right "$k" || return 1; done
}
lagg_is_right() {
	local l=$1 name=${CALLED[$1]} mtu=${LAGG_MTU[$1]:-1500} lower link
	link=$(nip a -d -j link show "$name") || wrong "there is no $name" || return 1
	same "$(jq -r '.[0] | "\(.ifindex) \(.mtu) \(.flags | index("UP") != null)"' <<<"$link")" "${LAGG[$l]} $mtu true" "$name" || return 1
	MAC_NOW=$(jq -r '.[0].address' <<<"$link")
	same "${LAGG_MAC[$l]:-$MAC_NOW}" "$MAC_NOW" "MAC of $name" || return 1
	same "$(xl a -j lagg show "$name" | jq -r '.[0] | "\(.operstate) \(.notice)"')" "up " "state and notice of $name" || return 1
	find_name "${LOWER[$l]}" || wrong "the lower end of $name is gone" || return 1
	lower=$(nip a -d -j link show "$FOUND")
	same "$(jq -r '.[0] | "\(.mtu) \(.master) \(.ifalias)"' <<<"$lower")" "$mtu null xlagg: lower end of $name" "$FOUND" || return 1
	same "$(nip a -j address show "$FOUND" | jq -c '.[0].addr_info')" '[]' "addresses of $FOUND" || return 1
	ipv6_is_off "$FOUND" disable_ipv6 "$mtu" || return 1
	on a ping -c 1 -W 1 -I "$name" "${PEER[$l]}" >/dev/null || wrong "$name: no answer from ${PEER[$l]}" || return 1
	[ "$mtu" -lt 1280 ] || on a ping -6 -c 1 -W 1 "${PEER[$((l + 2))]}" >/dev/null || wrong "$name: no answer from ${PEER[$((l + 2))]}"
}
# With less than 1280 octets there is no IPv6 that could be on.
ipv6_is_off() {
	[ "$3" -lt 1280 ] || same "$(on a cat "/proc/sys/net/ipv6/conf/$1/$2")" 1 "$2 of $1"
}
port_is_right() {
	local k=$1 name=${NAME[$1]} l=$((($1 - 1) / 2)) mtu mac
	mtu=${LAGG_MTU[$l]:-1500}
	mac=$(nip a -j link show "${CALLED[$l]}" | jq -r '.[0].address')
	same "$(nip a -d -j link show "$name" | jq -r '.[0] | "\(.address) \(.mtu) \(.master) \(.ifalias) \(.flags | index("ALLMULTI") != null)"')" \
		"$mac $mtu null port of ${CALLED[$l]} (xlagg) true" "$name" || return 1
	same "$(xl a -j port show | jq -r ".[] | select(.ifname == \"$name\") | \"\(.present) \(.carrier) \(.notice)\"")" "true true " \
		"presence, carrier and notice of $name" || return 1
	ipv6_is_off "$name" disable_ipv6 "$mtu" && ipv6_is_off "$name" addr_gen_mode "$mtu" || return 1
	on a ip maddress show dev "$name" | holds '01:80:c2:00:00:02.*static' || wrong "$name has left the slow protocols' group"
}

# Each port alone carries its lagg's traffic: the far end of the other one is down.
every_port_carries() {
	local l k other
	for l in $LAGGS; do
		for k in ${PORTS_OF[$l]}; do
			for other in ${PORTS_OF[$l]}; do [ "$other" = "$k" ] || nip b link set "eth$other" down; done
			within 10 on a ping -c 1 -W 1 "${PEER[$l]}" || fail "${CALLED[$l]}: no answer over ${NAME[$k]} alone"
			for other in ${PORTS_OF[$l]}; do nip b link set "eth$other" up; done
		done
	done
}

# --- before and after them ---

# all that can be read in a folder of settings
# shellcheck disable=SC2016
SETTINGS='cd "$1" && for file in *; do [ "$file" = stable_secret ] || echo "$file $(cat "$file")"; done'
# portrait K: prints all there is to know of a port's device, but neither counters nor what the administrator may change for good
portrait() {
	local name=${NAME[$1]} family
	nip a -d -j link show "$name" | jq --arg kept "${KEPT[$1]}" '.[0] |
		if .ifalias as $alias | $kept | split("|") | index($alias) then del(.ifalias) else . end |
		del(.operstate, .ifname, .ifindex, .link_index, .promiscuity, .txqlen) |
		.flags |= (. - ["UP", "LOWER_UP", "NO-CARRIER", "M-DOWN", "DYNAMIC", "PROMISC"] | sort)'
	nip a -j address show "$name" | jq -c '.[0].addr_info | map(del(.valid_life_time, .preferred_life_time, .label))'
	nip a -j maddress show dev "$name" | jq -c '.[0].maddr // [] | sort_by(.address // .link)'
	for family in ipv4 ipv6; do on a sh -c "$SETTINGS" sh "/proc/sys/net/$family/conf/$name"; done
	on a ethtool -k "$name" | sed 1d
	on a tc qdisc show dev "$name"
	on a bpftool -j net show dev "$name" | jq -c '.[0] | [.xdp, .tc]'
}
# habits K: what the administrator may change for good
habits() {
	nip a -j link show "${NAME[$1]}" | jq -r '.[0] | "\(if .flags | index("UP") then "up" else "down" end) " +
		"dynamic \(if .flags | index("DYNAMIC") then "on" else "off" end) promisc \(if .flags | index("PROMISC") then "on" else "off" end) " +
		"qlen \(.txqlen)"'
}
wanted_habits() { echo "${UP[$1]} dynamic ${DYNAMIC[$1]} promisc ${PROMISC[$1]} qlen ${QLEN[$1]}"; }

# Everything that is neither a port nor an agent's own: prints devices, rules, pins, what is kept in files
surroundings() {
	nip a -o link show | sed -nE 's/^([0-9]+): .*/\1/p' | grep -vxF -f <(printf '%s\n' "${PORT[@]}") | sort -n
	nip a rule show
	nip a -6 rule show
	find "$BPFFS/$P-a" -mindepth 1 ! -name libxdp-dispatchers
}
# descriptors: what the agent of host a has open, without numbers
descriptors() { find "/proc/${AGENT[a]}/fd" -type l -printf '%l\n' | sed 's/:\[[0-9]*\]$//' | sort; }

portraits_before() {
	local k
	for k in $PORTS; do portrait "$k" >"$D/before-$k"; done
	surroundings >"$D/surroundings"
	descriptors >"$D/descriptors"
}
# A device that was down when it became a port again goes down in the end, unless somebody set it up before xlagg did. Who
# was first cannot be told.
set_up_what_may_be_down() {
	local k
	for k in $PORTS; do [ -z "${CAME_DOWN[$k]}" ] || nip a link set "${NAME[$k]}" up; done
}
as_before() {
	local k
	for k in $PORTS; do
		portrait "$k" >"$D/after"
		diff "$D/before-$k" "$D/after" >"$D/wrong" || return 1
		same "$(habits "$k")" "$(wanted_habits "$k")" "what the administrator made of ${NAME[$k]}" || return 1
	done
	diff "$D/surroundings" <(surroundings) >"$D/wrong" || return 1
	diff "$D/descriptors" <(descriptors) >"$D/wrong"
}
