# shellcheck shell=bash disable=SC2154,SC2034
# In the guest, with the arguments of boot.sh: what was installed, and all that xlaggd does under its unit's restrictions.
# The other ends are in the namespace far: lagg0 of an agent there (LACP), and a bridge behind lagg1 (failover by probes).

# lagg NAME FILTER: of that lagg's JSON
lagg() { xlagg -j -d -s lagg show "$1" | jq -r ".[0] | $2"; }
distributing_are() { [ "$(lagg lagg0 '[.ports[] | select(.flags | index("DISTRIBUTING")) | .ifname] | join(" ")')" = "$*" ]; }
active_is() { [ "$(lagg lagg1 .active_port)" = "$1" ]; }
reached() { wait_for 30 ping -c 1 -W 1 "$1"; }
ipv6_is_off() { [ "$(cat "/proc/sys/net/ipv6/conf/$1/disable_ipv6")" = "$2" ]; }

far_ends() {
	local i
	ip netns add far
	ip netns exec far sysctl -qw net.ipv4.conf.all.arp_ignore=1 # a port outside the bridge answers for nobody
	for i in 1 2 3 4; do
		ip link add eth$i type veth peer name eth$i netns far
		ethtool -K eth$i tx off gro on >/dev/null
		ip netns exec far ethtool -K eth$i tx off gro on >/dev/null
		ip -n far link set eth$i up
	done
	ip -n far link add br0 type bridge
	ip -n far link set eth3 master br0
	ip -n far link set eth4 master br0
	ip -n far address add 10.0.1.2/24 dev br0
	ip -n far link set br0 up
	echo "lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24" >/etc/xlagg/far.conf
	spawn far xlaggd -n far
}

metrics() {
	local web
	exec {web}<>/dev/tcp/127.0.0.1/9477
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&"$web"
	cat <&"$web"
	exec {web}>&-
}
has_metrics() { metrics | holds '^xlagg_.*lagg0'; }

in_other_namespace() { [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]; }
# put_back_in PID DEV: the device in that process's namespace is no longer said to be a port
put_back_in() { [[ $(nsenter -t "$1" -n ip -j link show "$2" | jq -r '.[0].ifalias // "none"') = none ]]; }

boot_1() {
	cp -a "$1/." /
	step "without groups, and without the sockets' folder"
	[ ! -e /run/xlagg ] || fail "/run/xlagg is there already"
	systemctl start xlaggd
	systemctl stop xlaggd

	systemd-sysusers
	systemd-tmpfiles --create xlagg.conf
	systemctl daemon-reload
	mkdir -p /etc/xlagg
	far_ends
	cat >/etc/xlagg/xlagg.conf <<-'CONF'
		lagg add lagg0 proto lacp lacp-rate fast device veth port eth1 port eth2 10.0.0.1/24
		lagg add lagg1 proto failover probe 10.0.1.2 port eth3 port eth4 10.0.1.1/24
	CONF
	systemctl start xlaggd
	is "$(stat -c '%U:%G %a' /run/xlagg/xlaggd.sock)" "root:xlagg 660" "the socket"

	step "LACP, and a link lost and back"
	wait_for 60 distributing_are eth1 eth2
	reached 10.0.0.2
	ip -n far link set eth1 down
	wait_for 30 distributing_are eth2
	reached 10.0.0.2
	ip -n far link set eth1 up
	wait_for 60 distributing_are eth1 eth2
	is "$(xlagg -j -d lagg show lagg0 | jq -r '.[0].datapath.carrier_watch')" fentry "carrier watch"

	step "restarted, as by an upgrade"
	begin_ping 10.0.0.2
	systemctl restart xlaggd
	is "$(xlagg -j agent show | jq -r '.[0].adopted')" 2 "laggs adopted"
	wait_for 30 distributing_are eth1 eth2
	end_ping

	step "datapath xdp, and back"
	xlagg lagg set lagg0 datapath xdp
	is "$(lagg lagg0 .datapath.profile)" xdp "profile"
	reached 10.0.0.2
	xlagg lagg set lagg0 datapath tc
	reached 10.0.0.2

	step "a probe that is not answered"
	wait_for 30 active_is eth3
	ip -n far link set eth3 nomaster
	wait_for 30 active_is eth4
	reached 10.0.1.2
	ip -n far link set eth3 master br0
	wait_for 30 active_is eth3

	step "restore: one more port, one less"
	ipv6_is_off eth4 1 || fail "IPv6 is on on a port"
	sed 's/ port eth4//' /etc/xlagg/xlagg.conf >"$D/less.conf"
	xlagg restore "$D/less.conf"
	ipv6_is_off eth4 0 || fail "IPv6 was not switched on again on the port that left"
	systemctl reload xlaggd
	wait_for 30 active_is eth3
	is "$(lagg lagg1 '.ports | length')" 2 "ports after the reload"

	step "a port is moved into a container without a name"
	spawn container unshare -n sleep infinity
	wait_for 10 in_other_namespace "${CHILD[container]}"
	ip link set eth4 netns "${CHILD[container]}"
	wait_for 30 put_back_in "${CHILD[container]}" eth4

	step "metrics"
	systemctl start xlagg-exporter
	wait_for 30 has_metrics

	step "flush"
	xlagg flush
	ipv6_is_off eth1 0 || fail "IPv6 was not switched on again"
	journalctl -b -u xlaggd -q -o cat >"$D/journal"
	! grep -iE 'not permitted|permission|read-only' "$D/journal" || fail "the unit denied what the agent needs"
}
