# shellcheck shell=bash disable=SC2154
# The package for SNMP beside Debian's own snmpd, with systemd and with the rights that its unit leaves it, on KERNEL.

. tests/vm/installed.sh

test_agentx_beside_debians_snmpd() {
	local xlagg agentx status=0
	xlagg=$(package "$(sed -n "s/^VERSION := //p" Makefile)")
	agentx=${xlagg/xlagg_/xlagg-agentx_}
	VM_OUT=$D VM_PACKAGES="snmpd snmp" tests/vm/boot.sh "$KERNEL" tests/vm/boot/agentx.sh "$xlagg" "$agentx" || status=$?
	return $status
}
