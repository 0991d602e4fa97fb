# shellcheck shell=bash disable=SC2154
# FRR's zebra in a host's namespace, which knows a host's devices and routes for the routing daemons.

# start_zebra HOST
start_zebra() {
	[ -x /usr/lib/frr/zebra ] || skip "there is no FRR"
	ZEBRA=$D/zebra
	# It drops its rights, and its shell finds it by the socket in this folder.
	install -d -o frr -g frr "$ZEBRA"
	chmod a+x "$D" "$(dirname "$D")"
	spawn_on zebra "$1" /usr/lib/frr/zebra -f /dev/null -P 0 -z "$ZEBRA/zserv" -i "$ZEBRA/pid" --vty_socket "$ZEBRA"
	wait_for 60 zebra "show version"
}
# zebra COMMAND...: each argument is a command to its shell, in one session
zebra() {
	local command commands=()
	for command in "$@"; do commands+=(-c "$command"); done
	vtysh --vty_socket "$ZEBRA" -d zebra "${commands[@]}"
}
# zebra_interface DEV: up or down
zebra_interface() { zebra "show interface $1 json" | jq -r '.[].operationalStatus'; }
