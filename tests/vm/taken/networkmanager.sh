# shellcheck shell=bash disable=SC2154
# In the guest: NetworkManager makes bond0, and goes on managing it after it was taken.
. tests/vm/taken/kit.sh

state() { nmcli -t -f GENERAL.STATE device show "$1" | sed 's/.*(\(.*\))/\1/'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
# NetworkManager's own connections, not some that it found.
all_connected() {
	local device
	for device in "${PORTS[@]}" bond0; do
		wait_for 60 state_is "$device" connected
		is "$(nmcli -t -f GENERAL.CONNECTION device show "$device")" "GENERAL.CONNECTION:$device" "connection of $device"
	done
}
restart() {
	systemctl restart NetworkManager
	all_connected
}
# connection NAME TYPE, with what follows on stdin
connection() {
	local file=/etc/NetworkManager/system-connections/$1.nmconnection
	{
		printf '[connection]\nid=%s\ntype=%s\ninterface-name=%s\n' "$1" "$2" "$1"
		cat -
	} >"$file"
	chmod 600 "$file"
}
goes_on_connected() {
	all_connected
	goes_on "$1"
}

# The bond has a MAC of its own: otherwise it is that of the port that joins first, which may be the other one when it is made anew,
# and with the MAC its address changes.
boot_1() {
	local port
	set_up "$1" NetworkManager NetworkManager-wait-online
	connection bond0 bond <<-CONF
		[bond]
		mode=active-backup
		miimon=100
		primary=${PORTS[0]}
		[ethernet]
		cloned-mac-address=02:00:00:00:00:15
		[ipv4]
		method=auto
		[ipv6]
		method=disabled
	CONF
	for port in "${PORTS[@]}"; do printf 'master=bond0\nslave-type=bond\n' | connection "$port" ethernet; done
}
boot_2() {
	local address
	all_connected
	reaches
	restarted "before" restart
	taken_over
	address=$(address)
	all_connected
	step "NetworkManager is restarted"
	restarted "taken" restart
	goes_on "$address"
	step "reads its files again, and applies them"
	nmcli connection reload
	nmcli device reapply bond0
	goes_on_connected "$address"
	step "a port is taken out and put back"
	nmcli device disconnect "${PORTS[1]}"
	wait_for 60 ports_are "${PORTS[0]}"
	reaches
	nmcli connection up "${PORTS[1]}"
	goes_on_connected "$address"
	step "the bond is made anew"
	nmcli connection down bond0
	wait_for 60 waits
	nmcli connection up bond0
	goes_on_connected "$address"
}
boot_3() {
	local address
	step "after a reboot"
	wait_for 120 ports_are "${PORTS[@]}"
	reaches
	address=$(address)
	goes_on_connected "$address"
	step "what NetworkManager makes of a bond that is dormant"
	dormant
	echo "   NetworkManager, bond0 DORMANT: $(state bond0), $(address)"
	usable
	goes_on_connected "$address"
	step "both are restarted"
	systemctl restart xlaggd NetworkManager
	goes_on_connected "$address"
	given_back
	restart
	reaches
	slaves_are "${PORTS[@]}" || fail "the bond's slaves at the end"
}
