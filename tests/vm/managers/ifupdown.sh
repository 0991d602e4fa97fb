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
			lagg-proto lacp
			lagg-lacp-rate fast
			lagg-up-delay 10
		iface ${PORTS[1]} inet manual
			lagg-master lagg0
		iface bond0 inet dhcp
			bond-slaves ${PORTS[0]} ${PORTS[1]}
			bond-mode 802.3ad
			bond-miimon 100
			bond-lacp-rate fast
	CONF
}
boot_2() {
	online_with 10.0.0.15
	works
	is "$(lagg lagg0 '.options["up-delay"]')" 10 "an option of the stanza"
	no_warnings
	no_failed_helpers
	upgraded "$2" "$3"
	is "$(address_of lagg0)" 10.0.0.15 "address after that"

	step "a port on its own"
	ifdown --force "${PORTS[1]}"
	is "$(lagg lagg0 '[.ports[].ifname] | join(" ")')" "${PORTS[0]}" "ports after ifdown"
	ifup --force "${PORTS[1]}"
	is "$(lagg lagg0 '[.ports[].ifname] | join(" ")')" "${PORTS[*]}" "ports after ifup"

	step "down, and the words of ifenslave"
	ifdown lagg0
	is "$(xlagg -j lagg show)" "[]" "laggs after ifdown"
	ifup bond0
	is "$(lagg bond0 '"\(.proto) \(.options["lacp-rate"]) \([.ports[].ifname] | join(" "))"')" \
		"lacp fast ${PORTS[*]}" "protocol, rate, ports"
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	ifdown bond0
	is "$(xlagg -j lagg show)" "[]" "laggs after ifdown"

	step "without an agent"
	systemctl stop xlaggd
	! ifup lagg0 2>"$D/refused" || fail "ifup without an agent"
	matches "$(cat "$D/refused")" "xlaggd" "what ifup says without an agent"

	step "and with the lagg there"
	systemctl start xlaggd
	ifup lagg0
	wait_for 60 distributing_are "${PORTS[@]}"
	purged
}
