# shellcheck shell=bash
# For test_agentx.sh: agentx.sh PACKAGE PACKAGE_AGENTX, in a guest with Debian's snmpd as it is after installation.

AGGREGATORS=.1.2.840.10006.300.43.1.1.1.1
macs() { snmpwalk -v2c -c public -m '' -Onq 127.0.0.1 $AGGREGATORS.2; }
has_rows() { macs | holds "^$AGGREGATORS\.2\.$(cat /sys/class/net/lagg0/ifindex) "; }

boot_1() {
	dpkg -i "$1" "$2"
	is "$(systemctl is-active xlagg-agentx) $(systemctl is-enabled xlagg-agentx)" "inactive disabled" "the unit after installation"
	# as deploy/doc/snmp.md says
	sed -n '/^agentXPerms/p; /^view systemonly/p' deploy/doc/snmp.md >>/etc/snmp/snmpd.conf
	is "$(grep -c '^agentXPerms\|^view systemonly.*300.43$' /etc/snmp/snmpd.conf)" 2 "lines from the document"
	grep '^chmod\|^systemctl' deploy/doc/snmp.md >"$D/commands"
	is "$(wc -l <"$D/commands")" 3 "commands from the document"
	# shellcheck source=/dev/null
	. "$D/commands"
	ip link add eth1 type veth peer name far1
	xlagg lagg add lagg0 proto lacp port eth1
	wait_for 60 has_rows
	at_least "$(ps -o uid= -p "$(systemctl show --value -p MainPID xlagg-agentx)")" 61184 "its user, of those that systemd makes"
	echo "lagg add lagg0 proto failover port eth1" >/etc/xlagg/xlagg.conf
}
boot_2() {
	wait_for 60 has_rows
	is "$(snmpwalk -v2c -c public -m '' -Oqv 127.0.0.1 .1.3.6.1.2.1.31.1.1.1.1 | grep -c lagg0)" 2 "lagg0 and its lower end in ifXTable"
	systemctl restart snmpd
	wait_for 60 has_rows
	systemctl stop xlagg-agentx
	is "$(systemctl show --value -p Result xlagg-agentx)" success "how it ended"
	dpkg --purge xlagg-agentx
	[ ! -e /lib/systemd/system/xlagg-agentx.service ] || fail "the unit is left"
}
