# shellcheck shell=bash disable=SC2154,SC2034
# In the guest, with the arguments of boot.sh: what was installed, and the handbook's example of failover, "over reboot".
# The ports are the NICs at 00:10.0 and 00:11.0 as udev calls them; 10.0.0.1 answers behind both.
PORTS=(enp0s16 enp0s17)

# lagg FILTER: of lagg0's JSON
lagg() { xlagg -j -d -s lagg show lagg0 | jq -r ".[0] | $1"; }
active_is() { [ "$(lagg .active_port)" = "$1" ]; }
property() { systemctl show --value -p "$1" "$2"; }

lagg_is_there() {
	local target
	is "$(systemctl is-active xlaggd)" active "the unit"
	is "$(property NRestarts xlaggd)" 0 "how often it was started again"
	is "$(journalctl -b -u xlaggd -p warning -q -o cat)" "" "warnings in its journal"
	for target in network-pre network multi-user; do
		at_most "$(property ActiveEnterTimestampMonotonic xlaggd)" \
			"$(property ActiveEnterTimestampMonotonic $target.target)" "the unit is up before $target.target, in us"
	done
	wait_for 30 active_is "${PORTS[0]}"
	is "$(lagg '"\(.proto) \([.ports[] | "\(.ifname) \(.flags | join(" "))"] | join(", "))"')" \
		"failover ${PORTS[0]} MASTER ACTIVE, ${PORTS[1]} " "protocol and ports"
	is "$(ip -j address show dev lagg0 | jq -r '.[0].addr_info[] | select(.family == "inet") | "\(.local)/\(.prefixlen)"')" \
		10.0.0.15/24 "address"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
}

boot_1() {
	cp -a "$1/." /
	mkdir -p /etc/xlagg
	echo "lagg add lagg0 laggproto failover laggport ${PORTS[0]} laggport ${PORTS[1]} 10.0.0.15/24" >/etc/xlagg/xlagg.conf
	xlagg check /etc/xlagg/xlagg.conf
	systemctl enable --quiet xlaggd
}

boot_2() {
	lagg_is_there
	begin_ping 10.0.0.1
	end_ping

	step "a cable is pulled and plugged in again"
	monitor set_link fxp0 off
	wait_for 30 active_is "${PORTS[1]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	monitor set_link fxp0 on
	wait_for 30 active_is "${PORTS[0]}"
	wait_for 30 ping -c 1 -W 1 10.0.0.1

	step "restart, reload, stop and start"
	begin_ping 10.0.0.1
	systemctl restart xlaggd
	is "$(xlagg -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	systemctl reload xlaggd
	systemctl stop xlaggd
	is "$(systemctl is-active xlaggd)" inactive "the unit"
	systemctl start xlaggd
	end_ping
	is "$(lagg .active_port)" "${PORTS[0]}" "active port"

	cut_power
}

boot_3() { lagg_is_there; }
