# shellcheck shell=bash disable=SC2154
# In the guest: systemd-networkd does DHCP on lagg0, although a file of its own speaks of all that is called en*; then netplan.
. tests/vm/managers/kit.sh

managed() { networkctl list --no-legend "$1" | awk '{ print $5 }'; }

boot_1() {
	set_up "$1" systemd-networkd
	systemctl enable --quiet systemd-networkd-wait-online
	echo "lagg add lagg0 proto failover port ${PORTS[0]} port ${PORTS[1]}" >/etc/xlagg/xlagg.conf
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
	systemctl restart xlaggd systemd-networkd
	wait_for 30 ping -c 1 -W 1 10.0.0.1
	is "$(address_of lagg0)" "$address" "address after both were restarted"
	ports_have_no_address
	no_warnings

	step "a port that leaves is networkd's again"
	xlagg port del lagg0 "${PORTS[1]}"
	networkctl reconfigure "${PORTS[1]}"
	wait_for 60 has_address "${PORTS[1]}"

	step "netplan"
	rm /etc/systemd/network/*
	cp deploy/examples/netplan.yaml /etc/netplan/lagg0.yaml
	chmod 600 /etc/netplan/lagg0.yaml
	netplan apply
	wait_for 60 address_is 10.0.0.15
	ports_have_no_address
	wait_for 30 ping -c 1 -W 1 10.0.0.1
}
address_is() { [[ " $(address_of lagg0) " == *" $1 "* ]]; }
