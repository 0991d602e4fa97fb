# shellcheck shell=bash disable=SC2154
# Failover from Ethernet to wireless (lagg(4)'s third handbook example): host a has a cable and a radio; host b has a bridge with
# the other end of the cable and an access point.

# radio HOST: gives that host a radio of mac80211_hwsim as wlan0
radio() {
	local dev
	for dev in /sys/class/net/wlan*; do
		[ -e "$dev/phy80211" ] || continue
		iw phy "$(cat "$dev/phy80211/name")" set netns name "$P-$1"
		nip "$1" link set "${dev##*/}" name wlan0
		return
	done
	fail "no radio is left"
}
# air: makes host b, with br0 over eth1 and an access point, and host a, with eth1 and a radio
air() {
	modprobe -r mac80211_hwsim 2>/dev/null || :
	modprobe mac80211_hwsim radios=2 || skip "this kernel has no mac80211_hwsim"
	two_hosts 1
	radio a
	radio b
	nip b link add br0 type bridge stp_state 0 mcast_snooping 0
	nip b link set br0 up
	nip b link set eth1 master br0
	nip b address add 10.0.0.2/24 dev br0
	cat >"$D/hostapd.conf" <<-CONF
		interface=wlan0
		bridge=br0
		driver=nl80211
		ssid=xlagg
		hw_mode=g
		channel=1
		wpa=2
		wpa_key_mgmt=WPA-PSK
		rsn_pairwise=CCMP
		wpa_passphrase=link-aggregation
		wpa_group_rekey=5
	CONF
	spawn_on hostapd b hostapd "$D/hostapd.conf"
	wait_for 20 grep -q AP-ENABLED "$D/hostapd.out"
	cat >"$D/wpa.conf" <<-CONF
		network={
			ssid="xlagg"
			psk="link-aggregation"
			scan_freq=2412
		}
	CONF
}
associate() {
	spawn_on wpa a wpa_supplicant -i wlan0 -D nl80211 -c "$D/wpa.conf"
	wait_for 40 has_carrier a wlan0
}
# lease: returns whether lagg0 of a has got an address from b by DHCP
lease() {
	write_dhcp_files br0
	spawn_on udhcpd b udhcpd -f "$D/udhcpd.conf"
	wait_for 10 udp_bound b 67
	on a udhcpc -i lagg0 -f -n -q -t 10 -T 1 -s "$D/bound" >"$D/udhcpc" 2>&1 || fail "no lease: $(cat "$D/udhcpc")"
	address_kept
}
address_kept() { matches "$(nip a -br address show lagg0)" '10\.0\.0\.100/24' "address from DHCP"; }
mac_of() { nip "$1" -j link show "$2" | jq -r '.[0].address'; }
rekeyed() { [ "$(grep -c 'Group rekeying completed' "$D/wpa.out")" -ge "$1" ]; }
# at_most_lost PERCENT ARGUMENT...: pings b from a; no more may be lost
at_most_lost() {
	local limit=$1 out
	shift
	out=$(on a ping -q -W 2 "$@" 10.0.0.2) || fail "ping $*: $out"
	at_most "$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' <<<"$out")" "$limit" "percent lost of ping $*"
}
cable_out() {
	nip b link set eth1 down
	wait_for 5 active_port_is a wlan0
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}
cable_in() {
	nip b link set eth1 up
	wait_for 5 active_port_is a eth1
	wait_for 5 on a ping -c 1 -W 1 10.0.0.2
}

test_ethernet_and_wireless() {
	local before
	air
	associate
	agent a
	xl a lagg add lagg0 proto failover mac from wlan0 port eth1 port wlan0
	is "$(mac_of a lagg0)" "$(mac_of a wlan0)" "MAC of lagg0"
	wait_for 10 active_port_is a eth1
	lease
	at_most_lost 0 -c 10 -i 0.1
	cable_out
	address_kept
	cable_in
	cable_out
	before=$(grep -c 'Group rekeying completed' "$D/wpa.out") || :
	spawn_on pings a ping -q -i 0.5 -W 2 -c 110 10.0.0.2
	wait_for 90 rekeyed $((before + 10))
	reap pings || fail "pings during rekeys: $(cat "$D/pings.out")"
	at_most "$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' "$D/pings.out")" 2 "percent of pings lost over ten rekeys"
	cable_in
	address_kept
	at_most_lost 0 -c 10 -i 0.1
}

# A radio of hwsim accepts any MAC while it is down, and none while it is up: with `mac auto` wlan0 gets the Ethernet port's MAC
# and has to associate anew. (tests/net has a device that never accepts another MAC, an ipvlan.)
has_mac() { [ "$(mac_of "$1" "$2")" = "$3" ]; }
test_associated_radio_takes_the_ethernet_mac() {
	local mac before
	air
	associate
	mac=$(mac_of a eth1)
	! nip a link set wlan0 address "$mac" 2>/dev/null || fail "an associated wlan0 took another MAC: this test shows nothing"
	agent a
	xl a lagg add lagg0 proto failover port eth1 port wlan0
	is "$(mac_of a lagg0)" "$mac" "MAC of lagg0"
	has_mac a wlan0 "$mac" || fail "wlan0 has another MAC: $(mac_of a wlan0)"
	wait_for 40 has_carrier a wlan0
	wait_for 10 active_port_is a eth1
	lease
	cable_out
	address_kept
	cable_in
	before=$(nip a -j link show wlan0 | jq -r '.[0].permaddr // .[0].address')
	xl a lagg del lagg0
	has_mac a wlan0 "$before" || fail "wlan0 has not its own MAC back: $(mac_of a wlan0)"
}

# wlan0 appears long after the lagg: the port joins, and with `mac from` lagg0 then has its MAC.
wlan_present() { [ "$(port_field a wlan0 .present)" = true ]; }
test_wireless_that_comes_later() {
	local dev
	air
	nip a link set wlan0 name radio0
	agent a
	xl a lagg add lagg0 proto failover port eth1 port wlan0 absent ok
	wait_for 10 active_port_is a eth1
	lease
	nip a link set radio0 name wlan0
	wait_for 10 wlan_present
	associate
	at_most_lost 10 -c 10 -i 0.1
	cable_out
	address_kept
	cable_in
	address_kept
}
