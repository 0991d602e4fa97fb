# shellcheck shell=bash disable=SC2154
# What the neighbourhood does with a lagg0 that has no usable port although a port has carrier: a veth has no carrier then, and
# a bond is dormant. The table in xlagg(8), A BOND AS THE LAGG'S DEVICE, says what is measured here.
. tests/vm/test_bond.sh
. tests/vm/frr.sh

# two_ways DEVICE: lagg0 of two links between a and b, and needs both; eth3 is another way. Host a looks at lagg0 in every way.
two_ways() {
	modprobe -a bonding dummy
	two_hosts 3
	agent a
	xl a lagg add lagg0 device "$1" proto loadbalance min-links 2 port eth1 port eth2 10.0.0.1/24 fd00::1/64
	wait_for 10 operstate_is a lagg0 UP
	nip a address add 10.3.0.1/24 dev eth3
	nip a address add fd03::1/64 dev eth3
	nip a link add link lagg0 name lagg0.7 type vlan id 7
	nip a link set lagg0.7 up
	on a sysctl -qw net.ipv4.conf.{all,lagg0}.ignore_routes_with_linkdown=1 net.ipv6.conf.{all,lagg0}.ignore_routes_with_linkdown=1
	nip a route add 10.9.0.0/24 nexthop via 10.0.0.2 dev lagg0 nexthop via 10.3.0.2 dev eth3
	nip a -6 route add fd09::/64 via fd00::2 dev lagg0 metric 10
	nip a -6 route add fd09::/64 via fd03::2 dev eth3 metric 20
	start_keepalived
	start_zebra a
}
start_keepalived() {
	command -v keepalived >/dev/null || skip "there is no keepalived"
	cat >"$D/keepalived.conf" <<-'CONF'
		vrrp_instance one {
			state BACKUP
			interface lagg0
			virtual_router_id 51
			priority 100
			advert_int 1
			virtual_ipaddress { 10.0.0.100/24 }
		}
	CONF
	spawn_on keepalived a keepalived --vrrp --dont-fork --log-console --use-file="$D/keepalived.conf" \
		--pid="$D/keepalived.pid" --vrrp_pid="$D/vrrp.pid"
}

# Which devices are taken: of the equal ways to thirty addresses, and to an address whose better way is lagg0.
ipv4_multipath() {
	local i
	for i in {1..30}; do nip a -j route get 10.9.0."$i" | jq -r '.[0].dev'; done | sort -u | xargs
}
ipv6_route() { nip a -j route get fd09::1 | jq -r '.[0].dev'; }
operstate() { nip a -j link show "$1" | jq -r '.[0].operstate'; }
bridge_port() { on a bridge -j link show dev lagg0 | jq -r '.[0].state'; }
vrrp() { sed -n 's/.*(one) Entering \([A-Z]*\) STATE.*/\1/p' "$D/keepalived.out" "$D/keepalived.err" | tail -n 1; }
# seen: lagg0, and what each makes of it
seen() { echo "$(operstate lagg0): multipath $(ipv4_multipath), IPv6 $(ipv6_route), VLAN $(operstate lagg0.7), VRRP $(vrrp), FRR $(zebra_interface lagg0)"; }
sees() { [ "$(seen)" = "$1" ]; }
# await WHAT: what must be seen within ten seconds
await() {
	within 20 sees "$1" || is "$(seen)" "$1" "what is seen"
	echo "table: $1"
}
bridge_port_is() { [ "$(bridge_port)" = "$1" ]; }

# without_a_port DEVICE LINKS-LOST WHAT: and it all comes back
without_a_port() {
	local usable='UP: multipath eth3 lagg0, IPv6 lagg0, VLAN UP, VRRP MASTER, FRR up' link
	two_ways "$1"
	await "$usable"
	for link in $2; do nip b link set "$link" down; done
	await "$3"
	for link in $2; do nip b link set "$link" up; done
	await "$usable"
	nip a link add br0 type bridge stp_state 0
	nip a link set br0 up
	nip a link set lagg0 master br0
	wait_for 10 bridge_port_is forwarding
	for link in $2; do nip b link set "$link" down; done
	wait_for 10 bridge_port_is disabled
	for link in $2; do nip b link set "$link" up; done
	wait_for 10 bridge_port_is forwarding
}
down='DOWN: multipath eth3, IPv6 eth3, VLAN LOWERLAYERDOWN, VRRP FAULT, FRR down'
test_without_port_veth() { without_a_port veth eth1 "LOWERLAYER$down"; }
test_without_port_bond() { without_a_port bond eth1 'DORMANT: multipath eth3 lagg0, IPv6 eth3, VLAN DORMANT, VRRP FAULT, FRR down'; }
test_without_port_bond_and_without_carrier() { without_a_port bond "eth1 eth2" "$down"; }
