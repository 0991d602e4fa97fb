# shellcheck shell=bash disable=SC2154,SC2034
# In the guest, with the arguments of boot.sh: a package and the next one. LACP with an agent in the namespace far, whose
# programs are not the package's.

# The other ends and the ports, as a machine's hardware: made at each boot, while xlaggd starts or after it.
make_far_end() {
	cat >/etc/far-end <<-SCRIPT
		#!/bin/bash
		set -eu
		ip netns add far
		for i in 1 2; do
			ip link add eth\$i address 02:00:00:00:00:0\$i type veth peer name eth\$i netns far
			ip link set eth\$i mtu 1400 up
		done
	SCRIPT
	chmod +x /etc/far-end
	echo "lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 mtu 1400 10.0.0.2/24" >/etc/far.conf
	cat >/etc/systemd/system/far.service <<-UNIT
		[Service]
		ExecStartPre=/etc/far-end
		ExecStart=$B/xlaggd -n far -f /etc/far.conf --bpffs /sys/fs/bpf/far --state /var/lib/far --socket /run/far/sock
		[Install]
		WantedBy=multi-user.target
	UNIT
	systemctl enable --quiet far
}
# looks DEV: all of it that a lagg changes
looks() {
	ip -j -d link show "$1" | jq -c '.[0] | {address, mtu, promiscuity, allmulti, ifalias, master, xdp, qdisc, up: (.flags | index("UP") != null)}'
	tc qdisc show dev "$1"
	cat "/proc/sys/net/ipv6/conf/$1/disable_ipv6"
}
distributing_are() {
	[ "$(xlagg -j lagg show lagg0 | jq -r '.[0].ports[] | select(.flags | index("DISTRIBUTING")) | .ifname' | xargs)" = "$*" ]
}
far_saw() { "$B/xlagg" --socket /run/far/sock -j -s lagg show lagg0 | jq -c '.[0] | [.flaps, .ports[].stats.link_failures]'; }

boot_1() {
	make_far_end
	/etc/far-end
	for i in 1 2; do looks eth$i; done >/etc/looks-before
	dpkg -i "$1"
	is "$(cat /etc/xlagg/xlagg.conf)" "$(cat deploy/xlagg.conf)" "the configuration of a new package"
	is "$(systemctl is-active xlaggd) $(systemctl is-enabled xlaggd)" "active enabled" "the agent's unit"
	is "$(systemctl is-active xlagg-exporter) $(systemctl is-enabled xlagg-exporter)" "inactive disabled" "the exporter's"
	is "$(stat -c '%U:%G %a' /run/xlagg/xlaggd.sock)" "root:xlagg 660" "the socket"
	is "$(xlagg -j lagg show)" "[]" "laggs of a new package"
	echo "lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.1/24" >/etc/xlagg/xlagg.conf
}

boot_2() {
	local seen agent
	wait_for 60 distributing_are eth1 eth2
	is "$(ip -j address show dev lagg0 | jq -r '.[0].addr_info[] | select(.family == "inet").local')" 10.0.0.1 "address"
	wait_for 30 ping -c 1 -W 1 10.0.0.2
	is "$(systemctl is-failed xlaggd)" active "the unit"

	step "restarted"
	begin_ping 10.0.0.2
	seen=$(far_saw)
	systemctl restart xlaggd
	wait_for 30 distributing_are eth1 eth2

	step "upgraded to $(basename "$2")"
	systemctl start xlagg-exporter
	agent=$(systemctl show --value -p MainPID xlaggd)
	dpkg -i "$2"
	is "$(xlagg -j agent show | jq -r '"\(.[0].version) \(.[0].adopted)"')" "$3 1" "version, laggs adopted"
	[ "$(systemctl show --value -p MainPID xlaggd)" != "$agent" ] || fail "the agent was not restarted"
	is "$(systemctl is-active xlagg-exporter)" active "the exporter"
	wait_for 30 distributing_are eth1 eth2
	end_ping
	is "$(far_saw)" "$seen" "what the partner saw"

	step "purged"
	dpkg --purge xlagg
	for i in 1 2; do looks eth$i; done >"$D/after"
	diff /etc/looks-before "$D/after" || fail "the ports are not as they were"
	! ip link show lagg0 2>/dev/null || fail "lagg0 is still there"
	local path
	for path in /sys/fs/bpf/xlagg /run/xlagg /var/lib/xlagg /etc/xlagg; do [ ! -e "$path" ] || fail "$path is still there"; done
	is "$(pgrep -f /usr/sbin/xlagg)" "" "processes"
}
