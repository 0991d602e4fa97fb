# shellcheck shell=bash disable=SC2154
# For the scripts that run in the guest: bond0 is a manager's, which has it over the NICs at 00:10.0 and 00:11.0. Their cables
# end in one network, on which 10.0.0.1 answers, also to DHCP.
. tests/vm/one-manager.sh
PORTS=(enp0s16 enp0s17)

# set_up TREE UNIT...: what was installed, and only the manager with these units
set_up() {
	cp -a "$1/." /
	systemd-sysusers
	systemd-tmpfiles --create xlagg.conf
	only_managers "${@:2}"
	systemctl --root=/ --quiet enable xlaggd "${@:2}"
}

# lagg FILTER: of bond0's JSON
lagg() { xlagg -j -d -s lagg show bond0 | jq -r ".[0] | $1"; }
# device DEV FILTER: of what ip says of it
device() { ip -d -j address show dev "$1" | jq -rc ".[0] | $2"; }
address() { device bond0 '[.addr_info[]? | select(.family == "inet").local] | join(" ")'; }

# shape: what must be the same before and after: the bond as others see it, and who belongs to it
shape() {
	local port
	device bond0 '[.address, .mtu, .operstate, (.linkinfo.info_data | del(.active_slave))]'
	for port in "${PORTS[@]}"; do device "$port" '[.ifname, .address, .mtu, .master, .ifalias, .promiscuity, .allmulti]'; done
	address
}
slaves_are() { [ "$(ip -j link show master bond0 | jq -r '[.[].ifname] | sort | join(" ")')" = "$*" ]; }
ports_are() { [ "$(lagg '[.ports[]? | select(.present).ifname] | sort | join(" ")')" = "$*" ]; }
active_port_is() { [ "$(lagg .active_port)" = "$1" ]; }
operstate_is() { [ "$(device bond0 .operstate)" = "$1" ]; }
reaches() { wait_for 90 ping -c 1 -W 1 10.0.0.1; }
waits() { xlagg lagg show bond0 | holds 'there is no bond bond0 yet'; }

# fails_over: from the first port to the other and back
fails_over() {
	wait_for 60 active_port_is "${PORTS[0]}"
	monitor set_link fxp0 off
	wait_for 60 active_port_is "${PORTS[1]}"
	reaches
	monitor set_link fxp0 on
	wait_for 60 active_port_is "${PORTS[0]}"
	reaches
}

# taken_over: bond0 is taken, and no ping is lost. What runs is kept for the next boot.
taken_over() {
	local before
	step "bond0 is taken"
	reaches
	wait_for 60 slaves_are "${PORTS[@]}"
	shape >/etc/shape-before
	before=$(address)
	begin_ping 10.0.0.1
	xlagg lagg take bond0
	ports_are "${PORTS[@]}" || fail "the ports after take: $(xlagg lagg show)"
	end_ping
	is "$(address)" "$before" "address after take"
	xlagg save /etc/xlagg/xlagg.conf
	fails_over
}

# goes_on ADDRESS: bond0 is a lagg, still or again, with both ports and that address, and works
goes_on() {
	wait_for 120 ports_are "${PORTS[@]}"
	wait_for 60 slaves_are "${PORTS[@]}"
	reaches
	is "$(address)" "$1" "address of bond0"
	fails_over
	ports_are "${PORTS[@]}" || fail "the ports after failover: $(xlagg lagg show)"
}

# given_back: bond0 is bonding's as it was, and no ping is lost
given_back() {
	step "bond0 is given back"
	wait_for 60 active_port_is "${PORTS[0]}"
	begin_ping 10.0.0.1
	xlagg lagg give bond0
	end_ping
	is "$(xlagg -j lagg show)" "[]" "laggs after give"
	shape >"$D/after"
	diff /etc/shape-before "$D/after" || fail "bond0 is not as it was"
}

# restarted LABEL COMMAND...: what a restart of the manager costs
restarted() {
	begin_ping 10.0.0.1
	"${@:2}"
	wait_for 60 ping_is_at $(($(last_ping) + 40))
	kill -INT "${CHILD[ping]}"
	reap ping || :
	echo "   $1: $(grep transmitted "$D/ping.out")"
}

# dormant, usable: bond0 has carrier on one port and may use none; and it may use both
dormant() {
	xlagg lagg set bond0 min-links 2
	monitor set_link fxp1 off
	wait_for 60 operstate_is DORMANT
}
usable() {
	monitor set_link fxp1 on
	wait_for 60 operstate_is UP
	xlagg lagg set bond0 min-links 1
	reaches
}
