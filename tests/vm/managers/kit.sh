# shellcheck shell=bash disable=SC2154
# For the scripts that run in the guest. The ports are the NICs at 00:10.0 and 00:11.0 as udev calls them; behind both answers
# 10.0.0.1, also to DHCP.
PORTS=(enp0s16 enp0s17)

# set_up TREE MANAGER: what was installed, and of the managers on this disk only one
set_up() {
	cp -a "$1/." /
	systemd-sysusers
	systemd-tmpfiles --create xlagg.conf
	systemctl disable --quiet NetworkManager NetworkManager-wait-online networking systemd-networkd systemd-networkd-wait-online
	systemctl enable --quiet xlaggd "$2"
	# What is there at network-online.target is what services meet that need the network.
	cat >/etc/systemd/system/online.service <<-'UNIT'
		[Unit]
		Wants=network-online.target
		After=network-online.target
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'ip -4 -o address show dev lagg0 >/etc/online'
		[Install]
		WantedBy=multi-user.target
	UNIT
	systemctl enable --quiet online
}

# lagg NAME FILTER: of that lagg's JSON
lagg() { xlagg -j -d -s lagg show "$1" | jq -r ".[0] | $2"; }
active_is() { [ "$(lagg lagg0 .active_port)" = "$1" ]; }
address_of() { ip -j -4 address show dev "$1" | jq -r '[.[].addr_info[]?.local] | join(" ")'; }
has_address() { [ "$(address_of "$1")" != "" ]; }
has_no_address() { ! has_address "$1"; }
ports_have_no_address() {
	local port
	for port in "${PORTS[@]}"; do is "$(address_of "$port")" "" "addresses of $port"; done
}
online_with() { matches "$(cat /etc/online)" "inet $1/" "lagg0's addresses when network-online.target was reached"; }
no_warnings() { is "$(journalctl -b -u xlaggd -p warning -q -o cat)" "" "warnings in xlaggd's journal"; }

# works: failover from one port to the other and back
works() {
	wait_for 30 active_is "${PORTS[0]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	monitor set_link fxp0 off
	wait_for 30 active_is "${PORTS[1]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	monitor set_link fxp0 on
	wait_for 30 active_is "${PORTS[0]}"
}
