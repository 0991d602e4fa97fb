#!/bin/bash
# suite.sh LAYER TAP
# Runs, in the guest (see run.sh), a layer of tests that was built outside, and writes its TAP.
#   ONLY        some tests of it
#   VM_SAMPLE   "COUNT SEED": so many of its tests, chosen by the seed; only for layers of shell tests
#   VM_RATE     datagrams a second under which a long run takes bonds, if not 2,000
#   VM_LONG     not empty: what takes a length of time takes ten minutes, and of the layer bond all tests are run
set -u
B=${B:-build} layer=$1 tap=$2
for module in veth bridge 8021q macvlan bonding dummy team sch_netem tun; do
	modprobe $module 2>/dev/null || echo "# this kernel has no module $module"
done
# Criterion calls skipped what a filter leaves out.
drop_filtered() {
	local planned left_out
	planned=$(sed -n 's/^1\.\.//p' "$tap")
	left_out=$(grep -c '# SKIP test was skipped$' "$tap") || left_out=0
	sed -i -e '/# SKIP test was skipped$/d' -e "s/^1\.\..*/1..$((planned - left_out))/" "$tap"
}
# The stress test, for which one kernel is enough.
case $(uname -r) in 6.1.*) export XLAGG_STRESS_S=10 ;; *) export XLAGG_STRESS_S=30 ;; esac
[ -z "${VM_LONG:-}" ] || export XLAGG_STRESS_S=600
# 10,000 buckets move.
[ -z "${VM_LONG:-}" ] || export MOVES_ROUNDS=10
# A guest without KVM is slow: a tenth of the million frames.
[ -n "${VM_LONG:-}" ] || export HASH_FRAMES=100000
# ... a fifth of those that programs for captures do the same with,
[ -n "${VM_LONG:-}" ] || export CAPTURE_FRAMES=60
# ... and a third of the damaged pins, of which one takes up to 15 seconds.
[ -n "${VM_LONG:-}" ] || export SCRIBBLES="1 8"
seconds=$([ -n "${VM_LONG:-}" ] && echo 1200 || echo 300)
export TEST_SAMPLE=${VM_SAMPLE:-}
# What goes through, both ways and counted; failover; LACP without an agent; another agent; ports that come, go and are put back.
BOND_QUICK="test_traffic_tc_stack test_counters_tc_direct test_failover_and_return test_headless_link_lost_while_stopped"
BOND_QUICK+=" test_adopt_ports_that_went_and_came_meanwhile test_put_back_on_port_del test_bonding_lacp"
[ ! -x "$B/next-version/build/xlaggd" ] || NEXT_VERSION=$(realpath "$B/next-version")
export NEXT_VERSION
# Of the layer vm, what shows the same on both kernels runs on 6.12 alone. What is not named here runs on both: hooks,
# tracing, clsact, what the agent leaves to the kernel, and one test of each kind with bonding, which differs, too.
ONCE="test_bond_@(roundrobin|loadbalance|broadcast|keeps_its_mode|takes_the_hash_*|frames_on_a_wrong_port_*)"
ONCE+="|test_bond_@(carrier|forgets_its_neighbours_*|lacp_without_an_agent)"
ONCE+="|test_neighbours_@(see_*|frr_*|filters_on_lagg0|shaper_*|generic_xdp_*|native_xdp_on_lagg0_over_all_ports)"
ONCE+="|test_@(loss|moves)_*|test_vlans_*|test_bridge_*|test_lacp_on_links_*|test_failover_from_a_slow_link"
ONCE+="|test_bonding_@(lacp_*|ad_select|balance_*|active_backup|broadcast|sees_no_change_when_*)|test_teamd_*"
ONCE+="|test_take_@(balance_*|broadcast|check_*|or_import|save_and_restore|says_*|waits_until_*|from_a_file_*)"
ONCE+="|test_take_@(again_*|of_many_*)|test_take_lacp_@(teamd|ovs)|test_without_port_@(veth|bond_and_without_carrier)"
case "$layer ${VM_LONG:-}${VM_SAMPLE:-}${ONLY:-} $(uname -r)" in
"vm  6.1."*)
	echo "# the same on 6.12, and here only with VM_LONG=1 and in make test-long: ${ONCE//|test/ test}"
	export ONLY="!($ONCE)"
	;;
esac
case $layer in
bpf) exec "$B/tests/bpf/run" --jobs 1 --timeout 900 --filter "${ONLY:-*}" --tap="$tap" ;;
datapath) # only what depends on the kernel's hooks: the rest tests the loader and is the same on every kernel
	export XLAGG_PASS=$B/tests/datapath/pass.bpf.o
	status=0 left_out=none
	# These three make call after call of the agent fail, which is the same, too, and takes minutes here.
	if [ -z "${VM_LONG:-}${ONLY:-}" ]; then
		left_out="refused_change_is_changed_back_later|return_goes_on_after_an_error|pins_removed_again_and_again"
		echo "# the same on every kernel, and here only with VM_LONG=1: ${left_out//|/ }"
	fi
	"$B/tests/datapath/run" --jobs 1 --timeout 300 --filter "${ONLY:-@(forward|xdp|watch|repair)/!($left_out)}" --tap="$tap" ||
		status=$?
	drop_filtered
	exit $status
	;;
fault) # by a seed that it prints, on bonds, which not every machine has
	seed=$(date +%s)
	echo "SEED=$seed"
	exec env JOBS=1 SLOWNESS=5 ONLY="${ONLY:-bond-*}" tests/fault/run.sh points.py --sample "$seed" 300 "$tap"
	;;
nic | wireless) exec env TEST_SECONDS=300 tests/net/run.sh "tests/vm/$layer" "$tap" ;;
vm) exec env TEST_SECONDS="$seconds" tests/net/run.sh tests/vm "$tap" ;;
bond) # those of tests/net and tests/vm that the lagg's own device can change, except those that name another device or datapath
	# Most of them show the same with every device: `make test-vm` has one of each kind.
	[ -n "${VM_LONG:-}${VM_SAMPLE:-}" ] || ONLY=${ONLY:-@(${BOND_QUICK// /|})}
	export ONLY="!(!(${ONLY:-*})|*xdp*|*_netkit)"
	folder=$(mktemp -d)
	for file in net/test_{traffic,ports,agent_change,agent_adopt,agent_upgrade,headless,probe,devices,ifconfig,putback}.sh \
		vm/test_{kernel,partners}.sh; do
		ln -s "$PWD/tests/$file" "$folder/"
	done
	exec env TEST_SECONDS="$seconds" LAGG_DEVICE=bond tests/net/run.sh "$folder" "$tap"
	;;
net | interop) exec env TEST_SECONDS="$seconds" tests/net/run.sh "tests/$layer" "$tap" ;;
*) echo "suite: no layer $layer" >&2; exit 2 ;;
esac
