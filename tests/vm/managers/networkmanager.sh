# shellcheck shell=bash disable=SC2154
# In the guest: NetworkManager does DHCP on lagg0 and leaves the ports alone, at boot and when both are restarted.
. tests/vm/managers/kit.sh

state() { nmcli -t -f GENERAL.STATE device show "$1" | sed 's/.*(\(.*\))/\1/'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
state_is_not() { ! state_is "$@"; }

boot_1() {
	set_up "$1" NetworkManager NetworkManager-wait-online
	echo "lagg add lagg0 device veth $LAGG" >/etc/xlagg/xlagg.conf
	cp deploy/examples/networkmanager.conf /etc/NetworkManager/conf.d/lagg0.conf
	install -m 600 deploy/examples/lagg0.nmconnection /etc/NetworkManager/system-connections/lagg0.nmconnection
}
boot_2() {
	local address device
	# A port that appears while NetworkManager runs may be its for a moment, until udev has seen the mark.
	for device in "${PORTS[@]}" lagg0-dp; do wait_for 60 state_is "$device" unmanaged; done
	for device in "${PORTS[@]}"; do wait_for 30 has_no_address "$device"; done
	wait_for 60 has_address lagg0
	wait_for 60 state_is lagg0 connected
	address=$(address_of lagg0)
	works
	upgraded "$2" "$3"
	systemctl restart xlaggd NetworkManager
	wait_for 60 state_is lagg0 connected
	is "$(address_of lagg0)" "$address" "address after both were restarted"
	for device in "${PORTS[@]}"; do is "$(state "$device")" unmanaged "NetworkManager's word for $device after that"; done
	# One that was a port already when NetworkManager started is taken back as well.
	xlagg port del lagg0 "${PORTS[1]}"
	wait_for 60 state_is_not "${PORTS[1]}" unmanaged
	nmcli device disconnect "${PORTS[1]}" || wait_for 60 state_is "${PORTS[1]}" disconnected
	wait_for 30 has_no_address "${PORTS[1]}"
	xlagg port add lagg0 "${PORTS[1]}"
	wait_for 60 state_is "${PORTS[1]}" unmanaged
	no_failed_helpers
	purged
	for device in "${PORTS[@]}"; do wait_for 60 state_is_not "$device" unmanaged; done
	[ ! -e /run/NetworkManager/conf.d/xlagg.conf ] || fail "NetworkManager's list of what it leaves alone is still there"
}
