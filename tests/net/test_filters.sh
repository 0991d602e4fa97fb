# shellcheck shell=bash disable=SC2154
# Filters that a user has on a port: ours come after them where the kernel lets them, and where it does not, that is said.

v4() { on a ping -q -c 1 -W 1 10.0.0.2; }
v6() { on a ping -q -c 1 -W 1 fd00::2; }
# The user's filters drop IPv4 and nothing else.
v4_is_dropped() { v6 && ! v4; }
both_pass() { v6 && v4; }
attach_is() { [ "$(field b .datapath.attach)" = "$1" ]; }
notice_is() { [[ "$(port_field b eth1 .notice)" =~ $1 ]]; }
no_notice() { [ "$(port_field b eth1 .notice)" = "" ]; }
bypassed='without effect, since lagg0 takes the frames before: filter on lagg0'

with_clsact() { on b tc qdisc show dev eth1 | holds clsact || on b tc qdisc add dev eth1 clsact; }
add_clsact() {
	with_clsact
	on b tc filter add dev eth1 "${1:-ingress}" bpf da obj "$B/tests/net/user_tc.bpf.o" sec tc
}
del_clsact() { on b tc filter del dev eth1 "${1:-ingress}" pref 49152; }
add_nft() {
	command -v nft >/dev/null || skip "there is no nft"
	on b nft add table netdev f && on b nft "add chain netdev f c { type filter hook ${1:-ingress} device eth1 priority 0; }" ||
		skip "this kernel has no nftables at the $1 of a device"
	on b nft add rule netdev f c meta protocol ip drop
}
add_tcx() {
	bpftool prog load "$B/tests/net/user_tc.bpf.o" "$BPFFS/$P-user" type tc
	on b "$B/tests/net/tcx" "$BPFFS/$P-user" eth1 "$BPFFS/$P-user-link" 2>"$D/tcx.err" || skip "this kernel has no tcx"
}

# two lagg0 over one link, and that of b gets its port in a test
one_link() {
	lagg_pair 1 "$@"
	xl b port del lagg0 eth1
}
join() { xl b port add lagg0 eth1 2>"$D/warning"; }
warned() { matches "$(cat "$D/warning")" "^xlagg: warning: eth1: .*$1.*$bypassed" "the warning"; }
not_warned() { is "$(cat "$D/warning")" "" "warnings"; }

test_clsact_before_joining() {
	one_link
	add_clsact
	join
	if attach_is tcx; then
		warned 'clsact filter pref 49152 bpf'
		wait_for 5 both_pass
		notice_is "clsact filter pref 49152 bpf: $bypassed" || fail "notice: $(port_field b eth1 .notice)"
		del_clsact
		wait_for 10 no_notice
	else
		not_warned
		wait_for 5 v4_is_dropped
		no_notice || fail "notice: $(port_field b eth1 .notice)"
		del_clsact
	fi
	wait_for 5 both_pass
}

test_clsact_after_joining() {
	lagg_pair 1
	add_clsact
	if attach_is tcx; then
		wait_for 10 notice_is "clsact filter pref 49152 bpf: $bypassed"
		both_pass
		del_clsact
	else
		# The kernel gives it the preference before ours, the last one.
		wait_for 5 v4_is_dropped
		no_notice || fail "notice: $(port_field b eth1 .notice)"
		del_clsact ingress || on b tc filter del dev eth1 ingress pref 65534
	fi
	wait_for 10 no_notice
	wait_for 5 both_pass
}

test_nft_before_joining() {
	one_link
	add_nft ingress
	join
	warned 'nftables chain netdev f c'
	wait_for 5 both_pass
	notice_is "nftables chain netdev f c: $bypassed" || fail "notice: $(port_field b eth1 .notice)"
	step "where the warning says, it has effect"
	on b nft delete table netdev f
	wait_for 10 no_notice
	on b nft add table netdev f
	on b nft 'add chain netdev f c { type filter hook ingress device lagg0 priority 0; }'
	on b nft add rule netdev f c meta protocol ip drop
	wait_for 5 v4_is_dropped
}

test_nft_after_joining() {
	lagg_pair 1
	add_nft ingress
	wait_for 10 notice_is "nftables chain netdev f c: $bypassed"
	both_pass
	on b nft delete table netdev f
	wait_for 10 no_notice
}

test_nft_of_family_inet() {
	one_link
	command -v nft >/dev/null || skip "there is no nft"
	on b nft add table inet f && on b nft 'add chain inet f c { type filter hook ingress device eth1 priority 0; }' ||
		skip "this kernel has no nftables of family inet at ingress"
	join
	warned 'nftables chain inet f c'
}

test_tcx_before_joining() {
	one_link
	add_tcx
	join
	not_warned
	wait_for 5 v4_is_dropped
	rm "$BPFFS/$P-user-link"
	wait_for 5 both_pass
}

test_tcx_after_joining() {
	lagg_pair 1
	spawn_on ping a ping -q -i 0.01 -c 1000 fd00::2
	add_tcx
	wait_for 10 v4_is_dropped
	reap ping || fail "$(cat "$D/ping.out")"
	matches "$(cat "$D/ping.out")" ' 0% packet loss' "pings while our program was moved"
	no_notice || fail "notice: $(port_field b eth1 .notice)"
	rm "$BPFFS/$P-user-link"
	wait_for 5 both_pass
	step "and the next agent adopts what was moved"
	agent_end b KILL
	agent b
	is "$(xl b -j agent show | jq -r '.[0].adopted')" 1 "laggs adopted"
	both_pass
}

test_clsact_at_egress_of_a_port_holds() {
	lagg_pair 1
	add_clsact egress
	wait_for 5 v4_is_dropped
	no_notice || fail "notice: $(port_field b eth1 .notice)"
	del_clsact egress
	wait_for 5 both_pass
}

test_nft_at_egress_of_a_port() {
	lagg_pair 1
	add_nft egress
	wait_for 10 notice_is "nftables chain netdev f c: $bypassed"
	both_pass
}

test_xdp_passes_by_filters_at_egress() {
	as_xdp_wires
	one_link datapath xdp
	add_clsact egress
	join
	[ "$(field b .datapath.xdp_mode)" = native ] || skip "XDP is not native here"
	warned 'clsact filter pref 49152 bpf'
}
