# shellcheck shell=bash disable=SC2154
# In the guest: ifupdown makes lagg0 by its own words, and bond0 by ifenslave's.
. tests/vm/managers/kit.sh

boot_1() {
	set_up "$1" networking
	cat >/etc/network/interfaces <<-CONF
		auto lagg0
		iface lagg0 inet static
			address 10.0.0.15/24
			lagg-ports ${PORTS[0]} ${PORTS[1]}
			lagg-proto failover
			lagg-up-delay 10
		iface ${PORTS[1]} inet manual
			lagg-master lagg0
		iface bond0 inet dhcp
			bond-slaves ${PORTS[0]} ${PORTS[1]}
			bond-mode active-backup
			bond-miimon 100
			bond-primary ${PORTS[1]}
	CONF
}
boot_2() {
	online_with 10.0.0.15
	works
	is "$(lagg lagg0 '.options["up-delay"]')" 10 "an option of the stanza"
	no_warnings

	step "a port on its own"
	ifdown --force "${PORTS[1]}"
	is "$(lagg lagg0 '[.ports[].ifname] | join(" ")')" "${PORTS[0]}" "ports after ifdown"
	ifup --force "${PORTS[1]}"
	is "$(lagg lagg0 '[.ports[].ifname] | join(" ")')" "${PORTS[*]}" "ports after ifup"

	step "down, and the words of ifenslave"
	ifdown lagg0
	is "$(xlagg -j lagg show)" "[]" "laggs after ifdown"
	ifup bond0
	is "$(lagg bond0 '"\(.proto) \(.options.primary) \([.ports[].ifname] | join(" "))"')" \
		"failover ${PORTS[1]} ${PORTS[*]}" "protocol, primary, ports"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	ifdown bond0
	is "$(xlagg -j lagg show)" "[]" "laggs after ifdown"

	step "without an agent"
	systemctl stop xlaggd
	! ifup lagg0 2>"$D/refused" || fail "ifup without an agent"
	matches "$(cat "$D/refused")" "xlaggd" "what ifup says without an agent"
}
