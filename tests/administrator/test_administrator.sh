# shellcheck shell=bash
# Another administrator, who knows nothing of xlagg: for a while somebody renames, moves, enslaves and reconfigures ports,
# laggs and their lower ends, detaches programs and removes pins, with the agent running, stopped and away. When that ends,
# everything is soon as configured; and when the laggs go, every device is what it was before, or what the administrator
# made of it last where xlagg follows (model.sh). The last actions before a
# failure are printed with it.
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/administrator/model.sh
. "$here/model.sh"
# shellcheck source=tests/administrator/actions.sh
. "$here/actions.sh"

ADMIN_SEED=${ADMIN_SEED:-$(date +%s)} ADMIN_SECONDS=${ADMIN_SECONDS:-60} ADMIN_STEPS=${ADMIN_STEPS:-1000000}

administrate() {
	local end=$((SECONDS + ADMIN_SECONDS))
	RANDOM=$((ADMIN_SEED % 32749)) STEP=0
	draw
	pick 0 port lagg
	PROMISCUOUS=$PICKED
	while [ $SECONDS -lt $end ] && [ $STEP -lt "$ADMIN_STEPS" ]; do
		STEP=$((STEP + 1))
		draw
		act
		pick 4 0.05 0.05 0.1 0.1 0.2 0.3 0.5 1
		pause "$PICKED"
	done
	go
}

# keep_in FOLDER: all actions and the whole log of the agent are found there after the test
keep_in() {
	local file
	[ "$1" ] || return 0
	for file in actions agent-a.log; do ln -sf "$(realpath "$1")/$file" "$D/$file"; done
}

test_administrator() {
	step "ADMIN_SEED=$ADMIN_SEED"
	keep_in "${ADMIN_KEEP:-}"
	host a b c
	local k
	for k in $PORTS; do wire a "eth$k" b "eth$k"; done
	nip a link add br0 type bridge
	nip a link set br0 up
	agent a
	agent b
	remember_ports
	for k in $PORTS; do wait_for 5 link_local "eth$k"; done
	portraits_before
	xl b lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.2/24 fd00::2/64
	xl b lagg add lagg1 proto failover primary eth3 port eth3 port eth4 10.1.0.2/24 fd01::2/64
	xl a lagg add lagg0 proto lacp lacp-rate fast port eth1 port eth2 10.0.0.1/24 fd00::1/64
	xl a lagg add lagg1 proto failover primary eth3 port eth3 port eth4 10.1.0.1/24 fd01::1/64
	remember_laggs
	within 10 as_configured || fail "before anything was done: $(cat "$D/wrong")"
	administrate
	step "$STEP actions"
	within 10 as_configured || fail "10 s later: $(cat "$D/wrong")"
	every_port_carries
	within 10 as_configured || fail "after each port was alone: $(cat "$D/wrong")"
	xl a flush
	set_up_what_may_be_down
	within 10 as_before || fail "after flush: $(cat "$D/wrong")"
}
link_local() { nip a -br -6 address show "$1" | holds fe80; }
