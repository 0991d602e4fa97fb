# shellcheck shell=bash
# import: configurations of others as commands. It needs no agent.

import() { "$B/xlagg" import "$@"; }
# gives COMMAND KIND FILE: import prints this lagg, white space aside, and check takes all that it prints
gives() {
	import "$2" "$3" >"$D/out"
	is "$(sed 's/\\$//; /^#/d' "$D/out" | xargs)" "$1" "import $2 $3"
	"$B/xlagg" --socket "$D/none.sock" check "$D/out" 2>"$D/err"
	matches "$(cat "$D/err")" 'words are right' "check of import $2 $3"
}
# notes PATTERN: what was printed last has such a comment
notes() { grep -qE -- "^# .*$1" "$D/out" || fail "no comment '$1' in: $(cat "$D/out")"; }
# conf TEXT: writes the file $D/conf
conf() { printf '%b' "$1" >"$D/conf"; }

test_import_usage() {
	refused_with 2 'bonding, teamd, networkd or rc.conf' import
	refused_with 2 'bonding, teamd, networkd or rc.conf' import bonding
	refused_with 2 'nonsense.*it takes bonding' import nonsense x
	refused_with 2 'did you mean "teamd"' import tead x
	refused_with 2 'ip netns exec x' "$B/xlagg" -n x import bonding bond0
	refused 'nowhere/x: No such file' import bonding "$D/nowhere/x"
	refused 'nowhere/x: No such file' import networkd "$D/nowhere/x"
	refused 'lo: this device is not a bond' import bonding lo
	refused 'no-such-one: neither a device nor a file' import bonding no-such-one
	refused 'no-such-one: .*teamdctl no-such-one config dump' import teamd no-such-one
	refused 'no-such-one: neither a file nor a bond' import networkd no-such-one
	refused 'lagg0: rc.conf is read from a file' import rc.conf lagg0
	printf 'iface \0' >"$D/conf"
	refused 'conf: it contains a NUL' import bonding "$D/conf"
}

# ---- bonding ----

test_import_ifupdown() {
	conf 'auto bond0\niface bond0 inet static\n\taddress 192.0.2.5\n\tnetmask 255.255.255.0\n\tgateway 192.0.2.1
\tbond-slaves eth0 eth1\n\tbond-mode 802.3ad\n\tbond-miimon 100\n\tbond-lacp-rate fast\n\tbond-xmit-hash-policy layer3+4
\tmtu 9000\n\thwaddress ether 02:00:00:00:00:05\niface bond0 inet6 static\n\taddress 2001:db8::5/64\n'
	gives 'lagg add bond0 proto lacp hash l3,l4 lacp-rate fast lacp-strict off select stable mac 02:00:00:00:00:05 mtu 9000 port eth0 port eth1 192.0.2.5/24 2001:db8::5/64' bonding "$D/conf"
	notes 'miimon 100: not needed'
	notes 'gateway 192.0.2.1'
	notes 'lacp-strict off'
	# ports may name their bond instead, before or after it
	conf 'iface eth1 inet manual\n\tbond-master bond1\niface bond1 inet dhcp\n\tbond-slaves none\n\tbond-mode 1
\tbond_primary eth1\n\tbond-arp-ip-target 192.0.2.1,192.0.2.2\n\tbond-arp-interval 250\n\tbond-fail-over-mac active
iface eth2 inet manual\n\tbond-master bond1\niface eth3 inet static\n\taddress 198.51.100.1/24\n'
	gives 'lagg add bond1 primary eth1 probe 192.0.2.1,192.0.2.2 probe-interval 250 mac active port eth1 port eth2' bonding "$D/conf"
	notes 'inet dhcp'
	import bonding - <"$D/conf" | diff - "$D/out" || fail "standard input"
}
test_import_ifupdown_refuses() {
	conf 'iface bond0 inet manual\n\tbond-slaves eth0\n\tbond-mode 802.3ax\n'
	refused 'conf:3: 802.3ax is not a value of mode; it takes balance-rr, .*802.3ad' import bonding "$D/conf"
	conf 'iface bond0 inet manual\n\tbond-slaves eth0\n\tbond-mimon 100\n'
	refused 'conf:3: mimon is not an option of bonding; did you mean miimon' import bonding "$D/conf"
	conf 'iface bond0 inet manual\n\tbond-slaves eth0 \\\n\t eth1\n\tbond-updelay soon\n'
	refused 'conf:4: soon is not a value of up-delay' import bonding "$D/conf"
	conf 'iface bond0 inet static\n\tbond-slaves eth0\n\taddress 192.0.2.1\nauto eth9\n'
	refused 'conf:4: address 192.0.2.1 of bond0 has no netmask; write it as 192.0.2.1/24' import bonding "$D/conf"
	conf 'iface bond0 inet manual\n\tbond-slaves a.name.that.is.too.long\n'
	refused 'conf:2: .*15' import bonding "$D/conf"
	conf 'iface bond0 inet manual\n\tbond-slaves eth0\niface bond1 inet manual\n\tbond-slaves eth0\n'
	refused 'conf:4: .*eth0' import bonding "$D/conf"
	conf 'iface eth0 inet dhcp\n'
	refused 'conf: no bond in it' import bonding "$D/conf"
}
test_import_module_options() {
	conf '# bonding\nalias bond0 bonding\noptions bonding mode=4 miimon=80 xmit_hash_policy=1 \\\n\tlacp_rate=1 min_links=2\noptions dummy numdummies=2\n'
	gives 'lagg add bond0 proto lacp hash l3,l4 lacp-rate fast lacp-strict off select stable min-links 2' bonding "$D/conf"
	notes 'add .port DEV. for each'
	conf 'options bonding -o bond7\noptions bonding -o bond7 mode=active-backup\n'
	gives 'lagg add bond7' bonding "$D/conf"
	conf 'options bonding mode\n'
	refused 'conf:1: mode has no value; write it as mode=VALUE' import bonding "$D/conf"
}
# What sysfs shows of a bond, in a folder of our own: not every kernel has bonding.
test_import_bond_that_runs() {
	local bond=$D/net/bond0 name value
	mkdir -p "$bond/bonding"
	while read -r name value; do echo "$value" >"$bond/bonding/$name"; done <<-'SYSFS'
		slaves eth0 eth1
		mode active-backup 1
		xmit_hash_policy layer2 0
		lacp_rate slow 0
		ad_select stable 0
		fail_over_mac none 0
		primary_reselect better 1
		arp_all_targets any 0
		arp_validate none 0
		arp_interval 0
		arp_missed_max 2
		arp_ip_target
		all_slaves_active 0
		primary eth1
		active_slave eth0
		min_links 0
		miimon 100
		updelay 200
		downdelay 0
		num_grat_arp 1
		num_unsol_na 1
		resend_igmp 1
		packets_per_slave 1
		lp_interval 1
		tlb_dynamic_lb 1
		use_carrier 1
		ad_actor_system
	SYSFS
	echo 9000 >"$bond/mtu"
	echo 3 >"$bond/addr_assign_type"
	echo 02:00:00:00:00:07 >"$bond/address"
	gives 'lagg add bond0 hash l2 select stable primary eth1 reselect better up-delay 200 peer-notify 1 mac 02:00:00:00:00:07 mtu 9000 port eth0 port eth1' bonding "$bond/bonding"
	notes 'has to be gone before'
	if ip link add "b$$" type bond 2>/dev/null; then
		import bonding "b$$" >"$D/out"
		ip link del "b$$"
		matches "$(cat "$D/out")" "lagg add b$$ proto roundrobin" "a bond of the kernel"
	fi
}
# Every option of the kernel's bonding is taken, with each of its words and numbers.
test_import_every_option_of_bonding() {
	local option value count=0
	while read -r option value; do
		for value in $value; do
			conf "iface bond0 inet manual\n\tbond-slaves eth0\n\tbond-mode 1\n\tbond-$option $value\n"
			[ "$option" != mode ] || conf "options bonding mode=$value\n"
			import bonding "$D/conf" >"$D/out" || fail "bond-$option $value"
			count=$((count + 1))
		done
	done <<-'OPTIONS'
		mode 0 1 2 3 4 5 6 balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb
		xmit_hash_policy 0 1 2 3 4 5 layer2 layer2+3 layer3+4 encap2+3 encap3+4 vlan+srcmac
		lacp_rate 0 1 slow fast
		lacp_active 0 1 on off
		lacp_strict on off
		coupled_control on off
		ad_select 0 1 2 3 stable bandwidth count actor_port_prio
		fail_over_mac 0 1 2 none active follow
		primary_reselect 0 1 2 always better failure
		arp_all_targets 0 1 any all
		arp_validate none active backup all filter filter_active filter_backup
		all_slaves_active 0 1
		updelay 0 100
		downdelay 0 100
		primary eth0
		min_links 0 1
		ad_actor_sys_prio 1 65535
		ad_actor_system 00:00:00:00:00:00 02:00:00:00:00:01
		ad_user_port_key 0 1023
		arp_interval 0 100
		arp_ip_target 192.0.2.1
		ns_ip6_target 2001:db8::1
		arp_missed_max 1 255
		num_grat_arp 0 255
		num_unsol_na 1
		peer_notif_delay 0 100
		resend_igmp 0 255
		packets_per_slave 0 1 65535
		miimon 0 100
		use_carrier 0 1
		tlb_dynamic_lb 0 1
		lp_interval 1 100
	OPTIONS
	is $count 108 "values"
}

# ---- teamd ----

test_import_teamd() {
	cat >"$D/conf" <<-'JSON'
		{
		  "device": "team0", "hwaddr": "02:00:00:00:00:09",
		  "runner": { "name": "lacp", "active": false, "fast_rate": true, "sys_prio": 100, "min_ports": 2,
		    "agg_select_policy": "bandwidth", "tx_hash": ["eth", "ipv4", "ipv6"], "tx_balancer": { "name": "basic", "balancing_interval": 55 } },
		  "link_watch": [ { "name": "ethtool", "delay_up": 2500, "delay_down": 1000 },
		    { "name": "arp_ping", "interval": 100, "missed_max": 30, "target_host": "192.0.2.1" } ],
		  "link_watch_policy": "all", "notify_peers": { "count": 2, "interval": 50 }, "mcast_rejoin": { "count": 4 },
		  "ports": { "eth1": { "lacp_prio": 10, "lacp_key": 7 }, "eth2": { "queue_id": 3 } }, "new": "a\nb"
		}
	JSON
	gives 'lagg add team0 proto lacp hash l2,l3 lacp-mode passive lacp-rate fast system-prio 100 min-links 2 up-delay 2500 down-delay 1000 probe 192.0.2.1 probe-interval 100 probe-missed 30 probe-targets all peer-notify 2 peer-notify-delay 50 mcast-rejoin 4 mac 02:00:00:00:00:09 balance adaptive balance-interval 6 port eth1 prio 10 key 7 port eth2' teamd "$D/conf"
	notes 'runner.tx_balancer.name basic: every interval'
	notes 'ports.eth2.queue_id 3: no equivalent'
	notes 'new "a\\nb": no equivalent'
	conf '{"ports": {"eth1": {"prio": 100, "sticky": true}, "eth2": {"prio": -10}}, "device": "team1",
		"runner": {"name": "activebackup", "hwaddr_policy": "by_active"}, "link_watch": {"name": "ethtool"}}'
	gives 'lagg add team1 reselect failure mac active port eth1 prio 32668 port eth2 prio 32778' teamd "$D/conf"
	conf '{"device": "team2"}'
	gives 'lagg add team2 proto roundrobin' teamd "$D/conf"
}
test_import_teamd_refuses() {
	conf '{\n"device": "team0",\n"runner": }\n'
	refused 'conf:3: no JSON: ' import teamd "$D/conf"
	conf '[]'
	refused 'conf: the text is not an object' import teamd "$D/conf"
	conf '{}'
	refused 'conf: the key device is missing' import teamd "$D/conf"
	conf '{"device": "a/b"}'
	refused 'conf: a/b cannot be the name' import teamd "$D/conf"
	conf '{"device": "t", "runner": {"name": "lcap"}}'
	refused 'conf: runner.name is not one of these words: activebackup .*lacp' import teamd "$D/conf"
	conf '{"device": "t", "runner": {"fast_rate": 1}}'
	refused 'conf: runner.fast_rate is not true or false' import teamd "$D/conf"
	conf '{"device": "t", "runner": {"min_ports": 99}}'
	refused 'conf: 99 is out of range for min-links' import teamd "$D/conf"
	conf '{"device": "t", "ports": {"eth0": {"prio": 100000}}}'
	refused 'conf: ports.eth0.prio is not a number from' import teamd "$D/conf"
	conf '{"device": "t", "ports": []}'
	refused 'conf: ports is not an object' import teamd "$D/conf"
	printf '[%.0s' {1..5000} >"$D/conf"
	refused 'conf:1: no JSON: ' import teamd "$D/conf"
}

# ---- networkd ----

test_import_networkd() {
	mkdir "$D/network"
	cat >"$D/network/10.netdev" <<-'INI'
		[NetDev]
		Name=bond1
		Kind=bond
		MTUBytes=9000

		[Bond]
		Mode=802.3ad
		TransmitHashPolicy=layer3+4
		MIIMonitorSec=1s
		LACPTransmitRate=fast
		UpDelaySec=0.2
		DownDelaySec=1s 500ms
		NewKey=x
	INI
	printf '[NetDev]\nName=br0\nKind=bridge\n' >"$D/network/11.netdev"
	printf '[Match]\nName=eth0 eth1\n[Network]\nBond=bond1\n' >"$D/network/20.network"
	printf '[Match]\nName=enp*\n[Network]\nBond=bond1\n' >"$D/network/21.network"
	printf '[Match]\nName=bond1\n[Network]\nGateway=192.0.2.1\nAddress=192.0.2.5/24\n' >"$D/network/30.network"
	local want='lagg add bond1 proto lacp hash l3,l4 lacp-rate fast lacp-strict off select stable up-delay 200 down-delay 1500 mtu 9000 port eth0 port eth1 192.0.2.5/24'
	gives "$want" networkd "$D/network"
	notes 'Name=enp\* in .*21.network is a pattern'
	notes 'NewKey=x: no equivalent'
	notes 'Gateway=192.0.2.1'
	gives "$want" networkd "$D/network/10.netdev"
}
test_import_networkd_refuses() {
	mkdir "$D/network"
	refused 'network: no bond in it' import networkd "$D/network"
	printf '[NetDev]\nKind=bond\n' >"$D/network/x.netdev"
	refused 'x.netdev: .NetDev. has no Name=' import networkd "$D/network"
	printf '[NetDev]\nName=b\nKind=bond\n[Bond]\nMod=1\n' >"$D/network/x.netdev"
	refused 'x.netdev:5: Mod is not a key of .Bond.; did you mean Mode' import networkd "$D/network"
	printf '[NetDev]\nName=b\nKind=bond\n[Bond]\nUpDelaySec=soon\n' >"$D/network/x.netdev"
	refused 'x.netdev:5: soon is no time for UpDelaySec' import networkd "$D/network/x.netdev"
	printf '[NetDev]\nName=b\nKind=bond\nwhat\n' >"$D/network/x.netdev"
	refused 'x.netdev:4: "what" is neither' import networkd "$D/network"
}

# ---- rc.conf ----

# The handbook's own lines are run in the tests of ifconfig, with an agent.
test_import_rcconf() {
	cat >"$D/conf" <<-'RC'
		hostname="example"	# a comment
		sshd_enable=YES
		defaultrouter="192.0.2.1"
		cloned_interfaces="lo1 lagg0 lagg1"
		ifconfig_re0="ether b8:ee:65:5b:32:59"
		ifconfig_re1='up -tso'
		ifconfig_lagg0="laggproto lacp -lacp_strict lacp_fast_timeout laggport re0 \
			laggport re1 inet 192.0.2.3 netmask 255.255.255.0 description uplink"
		ifconfig_lagg0_ipv6="inet6 2001:db8::3 prefixlen 64"
		ifconfig_lagg0_alias0="inet 192.0.2.4/32"
		vlans_lagg0="10 20"
		ifconfig_lagg1="laggproto loadbalance lagghash l3,l4 laggport re2 SYNCDHCP"
		ifconfig_lagg1_ipv6="inet6 accept_rtadv"
		ifconfig_lagg1_name="uplink1"
	RC
	gives 'lagg add lagg0 proto lacp lacp-rate fast lacp-strict off mac b8:ee:65:5b:32:59 port re0 port re1 192.0.2.3/24 2001:db8::3/64 192.0.2.4/32 lagg add uplink1 proto loadbalance hash l3,l4 port re2' rc.conf "$D/conf"
	notes 'ip route add default via 192.0.2.1'
	notes 'description uplink: not'
	notes 'SYNCDHCP: start a DHCP client on'
	notes 'vlans_lagg0="10 20"'
	notes 'ifconfig_re1="up -tso"'
}
test_import_rcconf_refuses() {
	conf 'cloned_interfaces="lagg0"\n\nifconfig_lagg0="lagproto lacp"\n'
	refused 'conf:3: ifconfig_lagg0: unknown word "lagproto": did you mean "laggproto"' import rc.conf "$D/conf"
	conf 'ifconfig_lagg0="laggproto lacp\n'
	refused 'conf:1: the quote of ifconfig_lagg0 does not end' import rc.conf "$D/conf"
	# shellcheck disable=SC2016
	conf 'ifconfig_lagg0="laggproto $proto"\n'
	refused 'conf:1: ifconfig_lagg0 needs a shell' import rc.conf "$D/conf"
	conf 'ifconfig_lagg0="laggport a -laggport b"\n'
	refused 'conf:1: b is taken away' import rc.conf "$D/conf"
	conf 'ifconfig_re0="up"\n'
	refused 'conf: no lagg in it' import rc.conf "$D/conf"
	conf 'cloned_interfaces="lagg0 lagg1"\nifconfig_lagg0="laggport re0"\nifconfig_lagg1="laggport re0"\n'
	refused 'conf:2: .*re0|conf:1: .*re0' import rc.conf "$D/conf"
}
# A name in a file never gets out of the comment or the word that it is in.
test_import_hostile_names() {
	# shellcheck disable=SC2016
	conf 'ifconfig_lagg0="laggport $(reboot)"\n'
	refused 'needs a shell' import rc.conf "$D/conf"
	conf '{"device": "t", "x\\nlagg add evil": "\\u001b[2J\\nflush", "ports": {"a;b": {}}}'
	gives "lagg add t proto roundrobin port a;b" teamd "$D/conf"
	is "$(LC_ALL=C grep -c '[^ -~]' "$D/out")" 0 "control characters"
}
