# shellcheck shell=bash disable=SC2154
# The drivers of real NICs as ports: QEMU's models, two for each host, connected one to one (see qemu.sh).
. tests/vm/nic/nics.sh

# monitor COMMAND...: gives a command to QEMU's monitor
monitor() { echo "$*" >/dev/virtio-ports/monitor; }
# device_of NIC: prints the kernel's name for it, while it is in the machine's own namespace
device_of() {
	local number folder
	number=$(device_number "$1")
	folder=/sys/bus/pci/devices/0000:00:$(printf '%02x' "$number").0
	[ "$1" != "$PLUGGABLE" ] || folder=$(echo /sys/bus/pci/devices/0000:00:"$(printf '%02x' $SLOT)".0/0000:??:??.?)
	find "$folder/" -maxdepth 3 -path '*/net/*' ! -path '*/net/*/*' -printf '%f\n' | grep .
}
# lend NIC: moves it to its host, as eth1 or eth2
lend() {
	local host=${1: -2:1} link=${1: -1} device
	wait_for 20 device_of "$1"
	device=$(device_of "$1")
	ip link set "$device" down
	ip link set "$device" netns "$P-$host" name "eth$link"
	nip "$host" link set "eth$link" up
}
# pull NIC...; plug NIC...: pulls or plugs the cable at that NIC's end
pull() { local nic; for nic; do monitor set_link "$nic" off; done; }
plug() { local nic; for nic; do monitor set_link "$nic" on; done; }

# two_hosts_with MODEL: makes hosts a and b; eth1 and eth2 of each are NICs of that model
two_hosts_with() {
	local h i
	# MSI-X has an interrupt of its own for a change of the link, which QEMU's e1000e does not raise.
	modprobe e1000e IntMode=1,1,1,1
	modprobe -a e1000 e100 vmxnet3 virtio_net
	host a b
	for h in a b; do
		for i in 1 2; do
			plug "$1-$h$i"
			lend "$1-$h$i"
		done
	done
	for h in a b; do for i in 1 2; do wait_for 15 has_carrier $h eth$i; done; done
}
lagg_on() {
	local h
	two_hosts_with "$1"
	shift
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 "$@" port eth1 port eth2 "10.0.0.$([ $h = a ] && echo 1 || echo 2)/24"
	done
	for h in a b; do wait_for 15 has_carrier $h lagg0; done
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
}
mac_is() { [[ $(nip "$1" link show "$2") == *"link/ether $3"* ]]; }
clean_ping() {
	local out
	out=$(on a ping -q -c 20 -i 0.05 -W 2 10.0.0.2) || fail "ping: $out"
	matches "$out" ' 0% packet loss' "ping"
}

# life MODEL [silent]: all that happens to a NIC while it is a port. silent: QEMU's model does not tell its driver that the cable
# was pulled, so the ports are set down instead.
life() {
	local model=$1 silent=${2:-} h before
	lagg_on "$model" proto failover
	echo "   $(field a '.ports[] | "\(.ifname) \(.speed) \(.duplex)"' | tr '\n' ' ')"
	is "$(port_field a eth1 .permaddr)" "$(on a ethtool -P eth1 | awk '{ print $3 }')" "permanent MAC"
	clean_ping
	# The cable is pulled: both ends see it.
	if [ "$silent" ]; then
		for h in a b; do nip $h link set eth1 down; done
	else
		pull "$model-a1" "$model-b1"
	fi
	for h in a b; do wait_for 10 active_port_is $h eth2; done
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	clean_ping
	if [ "$silent" ]; then
		for h in a b; do nip $h link set eth1 up; done
	else
		plug "$model-a1" "$model-b1"
	fi
	for h in a b; do wait_for 10 active_port_is $h eth1; done
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	# The same NICs with LACP: its group address passes their filters, and pulling one end of a cable is enough.
	for h in a b; do xl $h lagg set lagg0 proto lacp lacp-rate fast; done
	for h in a b; do wait_for 20 distributing_are $h 2; done
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	pull "$model-a2"
	for h in a b; do wait_for 15 distributing_are $h 1; done
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	plug "$model-a2"
	for h in a b; do wait_for 20 distributing_are $h 2; done
	# lagg0 gets a MAC of its own while frames pass.
	nip a link set lagg0 address 02:42:ac:11:00:99
	for h in eth1 eth2; do wait_for 10 mac_is a $h 02:42:ac:11:00:99; done
	for h in a b; do wait_for 20 distributing_are $h 2; done
	wait_for 10 on a ping -c 1 -W 1 10.0.0.2
	before=$(on a ethtool -P eth1 | awk '{ print $3 }')
	xl a lagg del lagg0
	mac_is a eth1 "$before" || fail "eth1 has not its own MAC back: $(nip a link show eth1)"
	is "$(nip a -j -d link show eth1 | jq '.[0] | [.promiscuity, .allmulti]' -c)" '[0,0]' "promiscuity and allmulti left behind"
}

test_e1000e() { life e1000e; }
test_e1000() { life e1000; }
test_i82559er() { life i82559er silent; }
test_vmxnet3() { life vmxnet3; }
test_virtio_net() { life virtio-net-pci; }

# LACP needs full duplex; an unknown duplex does not count as half.
test_virtio_net_of_unknown_speed() {
	local h
	lagg_on virtio-net-pci-non-transitional proto lacp lacp-rate fast
	for h in a b; do wait_for 20 distributing_are $h 2; done
	is "$(field a '[.ports[] | .speed, .duplex, .reason]' | jq -c)" '[null,null,"",null,null,""]' "speed, duplex, reason"
	is "$(field a .speed)" null "speed of lagg0"
	matches "$(xl a port show lagg0 eth1)" 'carrier up speed unknown' "text"
	clean_ping
}

# A port is configuration: its NIC may leave the machine and come back.
is_present() { [ "$(port_field a eth1 .present)" = "$1" ]; }
test_unplug_and_replug() {
	lagg_on virtio-net-pci proto failover
	monitor device_del "$PLUGGABLE"
	wait_for 20 is_present false
	wait_for 10 active_port_is a eth2
	pull virtio-net-pci-b1
	wait_for 10 active_port_is b eth2
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	monitor device_add "$(device_words "$PLUGGABLE")"
	lend "$PLUGGABLE"
	wait_for 20 is_present true
	plug virtio-net-pci-b1
	wait_for 10 active_port_is a eth1
	wait_for 10 active_port_is b eth1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_native_xdp_on_virtio_net() {
	lagg_on virtio-net-pci proto loadbalance datapath xdp
	is "$(field a .datapath.profile)" xdp "profile"
	matches "$(xl a -d lagg show lagg0)" ' native' "mode of XDP"
	clean_ping
}

# copies: prints how many more frames a's ports have sent than lagg0
copies() { field a '([.ports[].stats.tx_packets] | add) - .stats.tx_packets'; }

# Where the driver has no XDP, tc receives and sends on the ports, whatever the proto.
test_xdp_profile_on_e1000e() {
	local proto h before
	lagg_on e1000e proto loadbalance datapath xdp
	matches "$(xl a -d lagg show lagg0)" ' datapath xdp .* mixed' "mode of XDP"
	clean_ping
	for proto in broadcast roundrobin lacp; do
		for h in a b; do xl $h lagg set lagg0 proto $proto lacp-rate fast; done
		[ $proto != lacp ] || for h in a b; do wait_for 20 distributing_are $h 2; done
		wait_for 5 on a ping -c 1 -W 1 10.0.0.2
	done
	before=$(copies)
	clean_ping
	is "$(copies)" "$before" "frames that were counted twice, or not"
}
