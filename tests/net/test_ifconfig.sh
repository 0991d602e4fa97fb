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
shows() { words "$(xl a ifconfig lagg0)" | grep -qE -- "$1"; }

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
	words "$(xl a ifconfig -v lagg0)" | grep -qE 'lag id: \[\(8000,' || fail "-v shows no lag id"
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
