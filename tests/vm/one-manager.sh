# shellcheck shell=bash
# For scripts that run in a guest whose disk has several managers of networks.

# only_managers UNIT...: of them, only those with these units, from the next boot on. With --root, systemctl does not have systemd
# read all its files anew each time.
only_managers() {
	local unit
	for unit in NetworkManager NetworkManager-wait-online networking systemd-networkd systemd-networkd-wait-online; do
		[[ " $* " == *" $unit "* ]] || systemctl --root=/ --quiet mask $unit
	done
}
