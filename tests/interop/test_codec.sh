# shellcheck shell=bash
# LACPDUs and Marker PDUs that another implementation writes and reads: the partner is scapy, in Debian's own Python.

partner() { spawn_on "$1" b /usr/bin/python3 tests/interop/scapy_partner.py "${@:2}"; }
# The state bits of a LACPDU, from the lowest, by the names that xlagg prints
ends_of() {
	jq "$1"' | map_values(.state |= [. as $bits | ["ACTIVITY", "TIMEOUT", "AGGREGATION", "SYNC", "COLLECTING",
		"DISTRIBUTING", "DEFAULTED", "EXPIRED"] | to_entries[] | select(($bits / pow(2; .key) | floor) % 2 == 1) | .value])'
}
partner_gone() { ! kill -0 "${CHILD[$1]}" 2>/dev/null; }

test_codec_scapy_is_a_partner() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.1/24
	partner one eth1 12
	partner two eth2 12
	wait_for 10 distributing a eth1
	wait_for 10 distributing a eth2
	local shown dev
	shown=$(xl a -j -d lagg show lagg0)
	# Its last LACPDU repeats what it heard just before.
	wait_for 15 partner_gone one
	reap one || fail "scapy on eth1: $(cat "$D/one.err")"
	reap two || fail "scapy on eth2: $(cat "$D/two.err")"
	for dev in eth1:one eth2:two; do
		local out=$D/${dev#*:}.out
		is "$(jq .same_octets "$out")" true "scapy writes ${dev%:*}'s LACPDUs as xlagg does"
		is "$(jq .length "$out")" 124 "octets of a LACPDU without check sequence"
		at_least "$(jq .count "$out")" 5 "LACPDUs that scapy heard on ${dev%:*}"
		is "$(jq ".[0].ports[] | select(.ifname == \"${dev%:*}\") | .lacp | {actor, partner}" <<<"$shown")" \
			"$(ends_of .heard <"$out")" "${dev%:*}: what xlagg shows, what scapy heard"
		is "$(jq ".[0].ports[] | select(.ifname == \"${dev%:*}\") | .lacp.partner" <<<"$shown")" \
			"$(ends_of .said <"$out" | jq .actor)" "${dev%:*}: partner that xlagg shows, what scapy said"
	done
	is "$(jq -r '.[0].ports[0].lacp.partner | "\(.system) \(.key) \(.port_prio)"' <<<"$shown")" "02:00:00:00:5c:a1 77 300" \
		"the partner"
}
test_codec_marker_is_answered() {
	two_hosts 1
	agent a
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1
	partner p eth1 20
	wait_for 10 distributing a eth1
	is "$(on b /usr/bin/python3 tests/interop/scapy_partner.py marker eth1)" \
		'[{"port": 9, "system": "02:00:00:00:5c:a1", "id": 16909060}]' "Marker Response PDUs"
}
