# shellcheck shell=bash
# lagg(4)'s own words, as its handbook prints them. fxp0 and fxp1 are its names for two Ethernet ports.

two_fxp() {
	host a b
	wire a fxp0 b fxp0
	wire a fxp1 b fxp1
	agent a
	agent b
}
# words TEXT: prints its words with one blank between them
words() { xargs <<<"$1"; }
shows() { words "$(xl a ifconfig lagg0)" | holds -E -- "$1"; }

test_handbook_failover() {
	two_fxp
	xl a ifconfig fxp0 up
	xl a ifconfig fxp1 up
	xl a ifconfig lagg0 create
	xl a ifconfig lagg0 up laggproto failover laggport fxp0 laggport fxp1 10.0.0.15/24
	xl b ifconfig lagg0 up laggproto failover laggport fxp0 laggport fxp1 10.0.0.2/24
	wait_for 5 shows 'status: active'
	xl a ifconfig lagg0
	shows '^lagg0: flags=[0-9a-f]+<UP,[A-Z,]*> metric 0 mtu 1500 ' || fail "first line"
	shows "ether $(nip a -j link show lagg0 | jq -r '.[0].address') " || fail "ether"
	shows 'inet 10.0.0.15 netmask 0xffffff00 broadcast 10.0.0.255 ' || fail "inet"
	shows 'laggproto failover' || fail "laggproto"
	shows 'laggport: fxp0 flags=5<MASTER,ACTIVE>' || fail "fxp0"
	shows 'laggport: fxp1 flags=0<>' || fail "fxp1"
	shows 'media: Ethernet autoselect' || fail "media"
	shows 'groups: lagg' || fail "groups"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set fxp0 down
	wait_for 3 shows 'laggport: fxp1 flags=4<ACTIVE>'
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	nip b link set fxp0 up
	wait_for 3 shows 'laggport: fxp0 flags=5<MASTER,ACTIVE>'
}
test_handbook_lacp() {
	two_fxp
	xl a ifconfig fxp0 up
	xl a ifconfig fxp1 up
	xl a ifconfig lagg0 create
	xl a ifconfig lagg0 up laggproto lacp laggport fxp0 laggport fxp1 10.0.0.3/24
	xl b ifconfig lagg0 up laggproto lacp laggport fxp0 laggport fxp1 10.0.0.4/24
	wait_for 10 shows 'laggport: fxp0 flags=1c<ACTIVE,COLLECTING,DISTRIBUTING>'
	wait_for 10 shows 'laggport: fxp1 flags=1c<ACTIVE,COLLECTING,DISTRIBUTING>'
	shows 'laggproto lacp' || fail "laggproto"
	shows 'status: active' || fail "status"
	wait_for 5 on a ping -c 1 -W 1 10.0.0.4
	words "$(xl a ifconfig -v lagg0)" | holds -E 'lag id: \[\(8000,' || fail "-v shows no lag id"
}
test_handbook_wireless_mac() {
	two_fxp
	xl a ifconfig fxp0 ether b8:ee:65:5b:32:59
	is "$(nip a -j link show fxp0 | jq -r '.[0].address')" b8:ee:65:5b:32:59 "MAC of fxp0"
	xl a ifconfig lagg0 create
	xl a ifconfig lagg0 up laggproto failover laggport fxp0 laggport fxp1
	shows 'ether b8:ee:65:5b:32:59' || fail "ether"
}
test_ifconfig_words() {
	two_fxp
	is "$(xl a ifconfig lagg create)" lagg0 "name of a lagg that was created without one"
	xl a ifconfig lagg0 laggproto loadbalance lagghash l3,l4 laggport fxp0 laggport fxp1
	is "$(field a '.hash | join(",")')" l3,l4 "hash"
	xl a ifconfig lagg0 -laggport fxp1
	is "$(field a '.ports | length')" 1 "ports"
	# lagg(4): a port that fails is a warning, and the rest is done.
	refused fxp9 xl a ifconfig lagg0 laggport fxp9 laggport fxp1 laggproto failover
	is "$(field a '[.proto, (.ports | length)] | join(" ")')" "failover 2" "what was done all the same"
	xl a ifconfig lagg0 laggport fxp1
	xl a ifconfig lagg0 down
	is "$(field a .admin)" down admin
	xl a ifconfig lagg0 up mtu 1400
	is "$(nip a -j link show fxp1 | jq '.[0].mtu')" 1400 "MTU of fxp1"
	xl a ifconfig lagg0 destroy
	is "$(xl a -j lagg show)" "[]" "laggs"
}

# ---- rc.conf of the same examples ----

# restores HOST FILE PORT: imports the rc.conf, runs what comes of it, and waits until the port carries traffic
restores() {
	"$B/xlagg" import rc.conf "$2" >"$D/$1.conf"
	xl "$1" restore "$D/$1.conf"
	wait_for 10 carries "$1" "$3"
}
carries() { xl "$1" -j port show lagg0 "$2" | jq -e '.[0].reason == ""' >/dev/null; }
test_handbook_rc_conf() {
	two_fxp
	cat >"$D/lacp-a" <<-'RC'
		ifconfig_fxp0="up"
		ifconfig_fxp1="up"
		cloned_interfaces="lagg0"
		ifconfig_lagg0="laggproto lacp laggport fxp0 laggport fxp1 10.0.0.3/24"
	RC
	sed 's/10\.0\.0\.3/10.0.0.2/' "$D/lacp-a" >"$D/lacp-b"
	local h
	for h in a b; do
		"$B/xlagg" import rc.conf "$D/lacp-$h" >"$D/$h.conf"
		xl $h restore "$D/$h.conf"
	done
	wait_for 10 carries a fxp0
	wait_for 10 carries a fxp1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	sed 's/lacp/failover/; s/10\.0\.0\.3/10.0.0.15/' "$D/lacp-a" >"$D/failover"
	sed 's/lacp/failover/' "$D/lacp-b" >"$D/failover-b"
	restores b "$D/failover-b" fxp0
	restores a "$D/failover" fxp0
	shows 'laggport: fxp0 flags=5<MASTER,ACTIVE>' || fail "fxp0"
	wait_for 5 on a ping -c 1 -W 1 -I 10.0.0.15 10.0.0.2
}
test_handbook_rc_conf_wireless() {
	host a b
	wire a re0 b eth0
	agent a
	cat >"$D/wireless" <<-'RC'
		ifconfig_re0="ether b8:ee:65:5b:32:59"
		wlans_ath0="wlan0"
		ifconfig_wlan0="WPA"
		create_args_wlan0="country FR"
		cloned_interfaces="lagg0"
		ifconfig_lagg0="up laggproto failover laggport re0 laggport wlan0 DHCP"
	RC
	restores a "$D/wireless" re0
	is "$(nip a -j link show lagg0 | jq -r '.[0].address')" b8:ee:65:5b:32:59 "the MAC of the lagg"
	is "$(xl a -j port show lagg0 wlan0 | jq '.[0].present')" false "wlan0 before it is there"
	wire a wlan0 b eth1
	present() { xl a -j port show lagg0 wlan0 | jq -e '.[0].present' >/dev/null; }
	wait_for 5 present
	nip b link set eth0 down
	wait_for 5 carries a wlan0
}
