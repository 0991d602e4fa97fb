# shellcheck shell=bash disable=SC2154
# In the guest: ifupdown makes bond0 by ifenslave, and makes it anew after it was taken.
. tests/vm/taken/kit.sh

# What was said of a port that left while the bond was taken apart is known when it is there again.
goes_on_as_it_was() {
	goes_on 10.0.0.15
	is "$(lagg .options.primary)" "${PORTS[0]}" "primary"
}

boot_1() {
	set_up "$1" networking
	cat >/etc/network/interfaces <<-CONF
		auto bond0
		iface bond0 inet static
			address 10.0.0.15/24
			bond-slaves ${PORTS[0]} ${PORTS[1]}
			bond-mode active-backup
			bond-miimon 100
			bond-primary ${PORTS[0]}
	CONF
}
boot_2() {
	taken_over
	step "the bond is made anew"
	systemctl restart networking
	goes_on_as_it_was
	step "and by hand"
	ifdown bond0
	! ip link show bond0 2>/dev/null || fail "bond0 is still there"
	wait_for 30 waits
	ifup bond0
	goes_on_as_it_was
}
boot_3() {
	step "after a reboot"
	goes_on_as_it_was
	step "both are restarted"
	systemctl restart xlaggd networking
	goes_on_as_it_was
	given_back
	systemctl restart networking
	reaches
	slaves_are "${PORTS[@]}" || fail "the bond's slaves at the end"
}
