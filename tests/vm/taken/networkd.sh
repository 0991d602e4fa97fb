# shellcheck shell=bash disable=SC2154
# In the guest: systemd-networkd makes bond0, and goes on managing it after it was taken.
. tests/vm/taken/kit.sh

managed() { networkctl list --no-legend "$1" | awk '{ print $5 }'; }
managed_is() { [ "$(managed "$1")" = "$2" ]; }
all_configured() {
	local device
	for device in "${PORTS[@]}" bond0; do wait_for 60 managed_is "$device" configured; done
}

restart() {
	systemctl restart systemd-networkd
	all_configured
}
operational() { networkctl list --no-legend bond0 | awk '{ print $4 }'; }
is_routable() { [ "$(operational)" = routable ]; }
is_not_routable() { ! is_routable; }

boot_1() {
	set_up "$1" systemd-networkd systemd-networkd-wait-online
	cd /etc/systemd/network || return
	printf '[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n' >10-bond0.netdev
	printf '[Match]\nName=%s\n[Network]\nBond=bond0\nPrimarySlave=yes\n' "${PORTS[0]}" >20-first.network
	printf '[Match]\nName=%s\n[Network]\nBond=bond0\n' "${PORTS[1]}" >20-second.network
	printf '[Match]\nName=bond0\n[Network]\nDHCP=ipv4\n' >50-bond0.network
}
boot_2() {
	local address
	all_configured
	reaches
	# When it starts, networkd sets slaves down to put them into their bond, also if they are in it.
	restarted "before" restart
	taken_over
	address=$(address)
	all_configured
	step "networkd is restarted"
	restarted "taken" restart
	goes_on "$address"
	step "and reads its files again"
	networkctl reload
	networkctl reconfigure bond0
	all_configured
	goes_on "$address"
}
boot_3() {
	local address
	step "after a reboot"
	wait_for 120 ports_are "${PORTS[@]}"
	reaches
	address=$(address)
	all_configured
	goes_on "$address"
	step "what networkd makes of a bond that is dormant"
	dormant
	wait_for 60 is_not_routable
	echo "   networkd, bond0 DORMANT: $(operational)"
	usable
	wait_for 60 is_routable
	step "both are restarted"
	systemctl restart xlaggd systemd-networkd
	goes_on "$address"
	given_back
	systemctl restart systemd-networkd
	reaches
	slaves_are "${PORTS[@]}" || fail "the bond's slaves at the end"
}
