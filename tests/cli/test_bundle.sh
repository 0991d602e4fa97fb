# shellcheck shell=bash
# debug bundle: one tar with what a report needs, and without the seed of the hash.

unpack() { mkdir -p "$D/$2" && tar -xf "$1" -C "$D/$2" --strip-components=1; }

test_debug_bundle() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto loadbalance hash-seed 1122334455 port eth1 port eth2 10.0.0.1/24
	on a "$B/xlagg" --socket "$D/a.sock" debug bundle "$D/b.tar"
	unpack "$D/b.tar" b
	is "$(jq -r '.[0].ifname, .[0].ports[1].ifname' "$D/b/laggs.json" | xargs)" "lagg0 eth2" "laggs.json"
	jq -e '.[0].version' "$D/b/agent.json" > /dev/null || fail "agent.json: $(cat "$D/b/agent.json")"
	matches "$(cat "$D/b/configuration.conf")" '^ *port eth1' "configuration.conf"
	matches "$(cat "$D/b/metrics.txt")" '^xlagg_port_tx_packets' "metrics.txt"
	matches "$(cat "$D/b/links.json")" 'lagg0' "links.json"
	matches "$(cat "$D/b/map-lagg0-ports.txt")" 'ifindex|value|key' "a map"
	! grep -rl 1122334455 "$D/b" || fail "the seed is in it"
	is "$(stat -c %a "$D/b.tar")" 600 "mode"
	# to standard output, and with a difference that names the seed
	echo 'lagg add lagg0 proto loadbalance hash-seed 99887766 port eth1 port eth2 10.0.0.1/24' > "$D/other.conf"
	agent_end a TERM
	agent a -f "$D/other.conf"
	xl a debug bundle - > "$D/c.tar"
	unpack "$D/c.tar" c
	matches "$(cat "$D/c/difference.conf")" 'hash-seed \*' "the difference"
	! grep -rlE '1122334455|99887766' "$D/c" || fail "a seed is in it"
	refused 'name another FILE' xl a debug bundle /nowhere/b.tar
	is "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'xlagg-debug-*' -newer "$D/b.tar" | wc -l)" 0 "folders left behind"
}
test_debug_bundle_without_an_agent() {
	two_hosts 1
	# so that there are programs on this machine
	agent b
	xl b lagg add lagg0 port eth1
	xl a debug bundle "$D/b.tar"
	unpack "$D/b.tar" b
	matches "$(cat "$D/b/no-agent.txt")" 'no agent answers' "no-agent.txt"
	[ -s "$D/b/programs.txt" ] || fail "no programs.txt"
}
