# shellcheck shell=bash disable=SC2154
# In the guest: systemd-networkd does DHCP on lagg0, although a file of its own speaks of all that is called en*; then the same
# from the beginning with netplan.
. tests/vm/managers/kit.sh

managed() { networkctl list --no-legend "$1" | awk '{ print $5 }'; }

# What networkd makes of a lagg0 that has no usable port although one has carrier, beside one without carrier; the table in
# xlagg(8), A BOND AS THE LAGG'S DEVICE, says it.
operational() { networkctl list --no-legend "$1" | awk '{ print $4 }'; }
operational_is() { [ "$(operational "$1") $(address_of "$1")" = "$2 $3" ]; }
await_operational() { within 30 operational_is "$@" || is "$(operational "$1") $(address_of "$1")" "$2 $3" "networkd's word for $1"; }
dormant_bond() {
	local link
	step "a bond without a usable port"
	printf '[Match]\nName=lagg9\n[Network]\nAddress=10.9.0.1/24\nLinkLocalAddressing=no\n' >/etc/systemd/network/60-lagg9.network
	networkctl reload
	for link in 1 2; do
		ip link add cable$link type veth peer name end$link
		ip link set cable$link up
		ip link set end$link up
	done
	xlagg lagg add lagg9 device bond proto loadbalance min-links 2 port cable1 port cable2
	await_operational lagg9 routable 10.9.0.1
	ip link set end1 down
	await_operational lagg9 dormant ""
	ip link set end2 down
	await_operational lagg9 no-carrier ""
	ip link set end1 up
	ip link set end2 up
	await_operational lagg9 routable 10.9.0.1
	xlagg lagg del lagg9
	for link in 1 2; do ip link del cable$link; done
	rm /etc/systemd/network/60-lagg9.network
	networkctl reload
}

boot_1() {
	set_up "$1" systemd-networkd systemd-networkd-wait-online
	systemctl --root=/ --quiet enable systemd-networkd systemd-networkd-wait-online
	echo "lagg add lagg0 $LAGG" >/etc/xlagg/xlagg.conf
	printf '[Match]\nName=lagg0\n[Network]\nDHCP=ipv4\n' >/etc/systemd/network/50-lagg0.network
	printf '[Match]\nName=en*\n[Network]\nDHCP=ipv4\n' >/etc/systemd/network/80-wired.network
}
boot_2() {
	local address device
	online_with '10\.0\.0\.[0-9]+'
	address=$(address_of lagg0)
	ports_have_no_address
	for device in "${PORTS[@]}" lagg0-dp; do is "$(managed "$device")" unmanaged "networkd's word for $device"; done
	is "$(managed lagg0)" configured "networkd's word for lagg0"
	works
	no_warnings
	upgraded "$2" "$3"
	systemctl restart xlaggd systemd-networkd
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	is "$(address_of lagg0)" "$address" "address after both were restarted"
	ports_have_no_address
	dormant_bond
	purged

	step "the ports are networkd's again"
	wait_for 60 has_address "${PORTS[0]}"
	no_failed_helpers

	dpkg -i "$1"
	echo "lagg add lagg0 $LAGG" >/etc/xlagg/xlagg.conf
	rm /etc/systemd/network/*
	cp deploy/examples/netplan.yaml /etc/netplan/lagg0.yaml
	chmod 600 /etc/netplan/lagg0.yaml
}
boot_3() {
	online_with '10\.0\.0\.15'
	ports_have_no_address
	works
	no_warnings
	no_failed_helpers

	step "a port that leaves, and one that comes while networkd runs"
	xlagg port del lagg0 "${PORTS[1]}"
	wait_for 30 distributing_are "${PORTS[0]}"
	xlagg port add lagg0 "${PORTS[1]}"
	netplan apply
	upgraded "$2" "$3"
	is "$(address_of lagg0)" 10.0.0.15 "address"
	ports_have_no_address
	purged
}
