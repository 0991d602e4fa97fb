# shellcheck shell=bash disable=SC2154,SC2034
# For the scripts that run in the guest: a package and the next one, beside one manager. The ports are the NICs at 00:10.0 and
# 00:11.0 as udev calls them, with LACP. Their cables end in a switch, the namespace switch, whose agent's programs are not the
# package's; behind it 10.0.0.1 answers, also to DHCP.
. tests/vm/one-manager.sh
PORTS=(enp0s16 enp0s17)
LAGG="proto lacp lacp-rate fast port ${PORTS[0]} port ${PORTS[1]}"

# set_up PACKAGE UNIT...: the package, and only the manager with these units
set_up() {
	systemctl stop NetworkManager
	only_managers "${@:2}"
	make_switch
	for port in "${PORTS[@]}"; do looks "$port"; done >/etc/looks-before
	dpkg -i "$1"
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
	systemctl --root=/ --quiet enable switch online
}

# A switch was there before the machine was switched on, so it is made before any manager could see its NICs. Without LACP at the
# other end it takes one port for a single cable.
make_switch() {
	cat >/etc/switch <<-'SCRIPT'
		#!/bin/bash
		set -eu
		nics=(enp0s18 enp0s19 enp0s20)
		udevadm wait --timeout=120 "${nics[@]/#//sys/class/net/}"
		ip netns add switch
		for nic in "${nics[@]}"; do ip link set "$nic" netns switch; done
		ip -n switch link add br0 type bridge
		ip -n switch link set enp0s20 master br0 up
		ip -n switch link set br0 up
	SCRIPT
	chmod +x /etc/switch
	echo "lagg add lagg0 device veth proto lacp lacp-rate fast lacp-strict off port enp0s18 port enp0s19" >/etc/switch.conf
	cat >/etc/systemd/system/switch.service <<-UNIT
		[Unit]
		DefaultDependencies=no
		Wants=network-pre.target
		Before=network-pre.target
		After=local-fs.target systemd-udevd.service
		[Service]
		Type=notify
		TimeoutStartSec=300
		ExecStartPre=/etc/switch
		ExecStart=$B/xlaggd -n switch -f /etc/switch.conf --bpffs /sys/fs/bpf/switch --state /var/lib/switch --socket /run/switch/sock
		ExecStartPost=ip -n switch link set lagg0 master br0 up
		[Install]
		WantedBy=multi-user.target
	UNIT
}
switch_saw() { "$B/xlagg" --socket /run/switch/sock -j -s lagg show lagg0 | jq -c '.[0] | [.flaps, .ports[].stats.link_failures]'; }

# looks DEV: what of it a lagg changes and a manager does not
looks() {
	ip -j -d link show "$1" | jq -c '.[0] | {address, mtu, promiscuity, allmulti, ifalias, master, xdp}'
	tc qdisc show dev "$1" | grep -c clsact || :
	cat "/proc/sys/net/ipv6/conf/$1/disable_ipv6"
}
# lagg NAME FILTER: of that lagg's JSON
lagg() { xlagg -j -d -s lagg show "$1" | jq -r ".[0] | $2"; }
distributing_are() { [ "$(lagg lagg0 '[.ports[] | select(.flags | index("DISTRIBUTING")) | .ifname] | join(" ")')" = "$*" ]; }
address_of() { ip -j -4 address show dev "$1" | jq -r '[.[].addr_info[]?.local] | join(" ")'; }
has_address() { [ "$(address_of "$1")" != "" ]; }
has_no_address() { ! has_address "$1"; }
ports_have_no_address() {
	local port
	for port in "${PORTS[@]}"; do is "$(address_of "$port")" "" "addresses of $port"; done
}
online_with() { matches "$(cat /etc/online)" "inet $1/" "lagg0's addresses when network-online.target was reached"; }
no_failed_helpers() { is "$(journalctl -b -q -o cat | grep 'lib/xlagg/.* failed')" "" "what udev says of xlagg's helper"; }
no_warnings() { is "$(journalctl -b -u xlaggd -p warning -q -o cat)" "" "warnings in xlaggd's journal"; }

# works: without one port, and with it again
works() {
	wait_for 60 distributing_are "${PORTS[@]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	monitor set_link fxp0 off
	wait_for 30 distributing_are "${PORTS[1]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	monitor set_link fxp0 on
	wait_for 60 distributing_are "${PORTS[@]}"
}

# upgraded PACKAGE VERSION: the agent is restarted, and the package upgraded, and neither traffic nor the switch notices
upgraded() {
	local seen agent
	step "restarted, and upgraded to $2"
	wait_for 60 distributing_are "${PORTS[@]}"
	begin_ping 10.0.0.1
	seen=$(switch_saw)
	systemctl restart xlaggd
	is "$(xlagg -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	agent=$(systemctl show --value -p MainPID xlaggd)
	dpkg -i "$1"
	is "$(xlagg -j agent show | jq -r '"\(.[0].version) \(.[0].adopted)"')" "$2 1" "version, laggs adopted"
	[ "$(systemctl show --value -p MainPID xlaggd)" != "$agent" ] || fail "the agent was not restarted"
	wait_for 30 distributing_are "${PORTS[@]}"
	end_ping
	is "$(switch_saw)" "$seen" "what the switch saw"
}

# purged: nothing is left but the ports, as they were
purged() {
	local path port
	step "purged"
	dpkg --purge xlagg
	for port in "${PORTS[@]}"; do looks "$port"; done >"$D/after"
	diff /etc/looks-before "$D/after" || fail "the ports are not as they were"
	! ip link show lagg0 2>/dev/null || fail "lagg0 is still there"
	for path in /sys/fs/bpf/xlagg /run/xlagg /var/lib/xlagg /etc/xlagg /etc/network/if-pre-up.d/xlagg /lib/udev/rules.d/90-xlagg.rules; do
		[ ! -e "$path" ] || fail "$path is still there"
	done
	is "$(pgrep -f /usr/sbin/xlagg)" "" "processes"
}
