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
# The stress test takes a minute; one kernel is enough for that.
case $(uname -r) in 6.1.*) export XLAGG_STRESS_S=10 ;; esac
[ -z "${VM_LONG:-}" ] || export XLAGG_STRESS_S=600
# 10,000 buckets move.
[ -z "${VM_LONG:-}" ] || export MOVES_ROUNDS=10
# A guest without KVM is slow: a tenth of the million frames.
[ -n "${VM_LONG:-}" ] || export HASH_FRAMES=100000
# ... and a third of the damaged pins, of which one takes up to 15 seconds.
[ -n "${VM_LONG:-}" ] || export SCRIBBLES="1 8"
seconds=$([ -n "${VM_LONG:-}" ] && echo 1200 || echo 300)
export TEST_SAMPLE=${VM_SAMPLE:-}
# What goes through, both ways and counted; failover; LACP without an agent; another agent; ports that come, go and are put back.
BOND_QUICK="test_traffic_tc_stack test_counters_tc_direct test_failover_and_return test_headless_link_lost_while_stopped"
BOND_QUICK+=" test_adopt_ports_that_went_and_came_meanwhile test_put_back_on_port_del test_bonding_lacp"
[ ! -x "$B/next-version/build/xlaggd" ] || NEXT_VERSION=$(realpath "$B/next-version")
export NEXT_VERSION
case $layer in
bpf) exec "$B/tests/bpf/run" --jobs 1 --timeout 900 --filter "${ONLY:-*}" --tap="$tap" ;;
datapath) # only what depends on the kernel's hooks: the rest tests the loader and is the same on every kernel
	export XLAGG_PASS=$B/tests/datapath/pass.bpf.o
	status=0
	"$B/tests/datapath/run" --jobs 1 --timeout 300 --filter "${ONLY:-@(forward|xdp|watch|repair)/*}" --tap="$tap" || status=$?
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
