# shellcheck shell=bash
# The Ansible role, run by the real Ansible on the test's own host.

tree() { realpath "$(dirname "${BASH_SOURCE[0]}")/../.."; }
needs() {
	local tool
	for tool; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

# host_to_configure: a host with two ports and an agent, and an Ansible that knows nothing of this machine
host_to_configure() {
	needs ansible-playbook
	host a
	nip a link add eth1 type veth peer name far1
	nip a link add eth2 type veth peer name far2
	agent a
	cp "$D/a.conf" "$D/a.conf.before"
	mkdir "$D/home"
	export HOME=$D/home ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=false
	export ANSIBLE_STDOUT_CALLBACK=default ANSIBLE_LOCAL_TEMP=$D/home/local ANSIBLE_REMOTE_TEMP=$D/home/remote
	cat >"$D/play.yml" <<-YAML
		- hosts: localhost
		  connection: local
		  gather_facts: false
		  vars:
		    ansible_python_interpreter: /usr/bin/python3
		    xlagg_file: $D/a.conf
		    xlagg_socket: $D/a.sock
		  vars_files: [$D/vars.yml]
		  roles: [$(tree)/deploy/ansible/roles/xlagg]
	YAML
	cat >"$D/vars.yml"
}
# play ARGUMENT...: runs the role with what is in vars.yml
play() { PATH=$B:$PATH on a ansible-playbook "$@" "$D/play.yml" >"$D/out" 2>&1 || { cat "$D/out"; return 1; }; }
# changed N: how many tasks changed something, as Ansible sums up
changed() { matches "$(cat "$D/out")" "localhost .*ok=2 .*changed=$1 .*failed=0" "what changed"; }
# play_refused PATTERN: the role must fail with this sentence, on one line, and change nothing
play_refused() {
	xl a save >"$D/before"
	cp "$D/a.conf" "$D/conf.before"
	if play >"$D/refused"; then fail "not refused"; fi
	is "$(sed -n 's/^fatal: .* "msg": "\(.*\)".*/\1/p' "$D/out" | grep -c .)" 1 "sentences in: $(cat "$D/out")"
	sed -n 's/^fatal: .* "msg": "\(.*\)".*/\1/p' "$D/out" >"$D/sentence"
	matches "$(cat "$D/sentence")" "$1" "the sentence"
	! grep -qF '\n' "$D/sentence" || fail "more than one line: $(cat "$D/sentence")"
	xl a save | diff "$D/before" - || fail "the running configuration was changed"
	cmp "$D/conf.before" "$D/a.conf" || fail "the file was changed"
}

test_ansible_makes_what_is_wanted() {
	host_to_configure <<-'YAML'
		xlagg_laggs:
		  - name: lagg0
		    proto: loadbalance
		    hash: [l2, l3]
		    rx-all: on
		    mac: from eth2
		    ports:
		      - eth1
		      - {name: eth2, prio: 100}
		      - {name: it's#2, absent: ok}
		    addresses: [192.0.2.15/24, 2001:db8::15/64]
		  - {name: lagg1, proto: none}
	YAML
	step "check mode and diff mode say what would happen"
	play --check --diff
	changed 2
	grep -q '^lagg add lagg0 .*proto loadbalance' "$D/out" || fail "the command is not in: $(cat "$D/out")"
	is "$(xl a save)" "" "what check mode made"
	cmp "$D/a.conf.before" "$D/a.conf" || fail "check mode changed the file"
	step "the first run"
	play
	changed 2
	xl a save | diff - <(
		cat <<-'FILE'
			lagg add lagg0 proto loadbalance hash l2,l3 rx-all on mac from eth2 \
			    port eth1 \
			    port eth2 prio 100 \
			    port 'it'\''s#2' absent ok \
			    192.0.2.15/24 \
			    2001:db8::15/64
			lagg add lagg1 proto none
		FILE
	) || fail "the running configuration is another one"
	xl a diff "$D/a.conf"
	is "$(nip a -j addr show lagg0 | jq -r '[.[0].addr_info[].local | select(startswith("fe80") | not)] | sort | join(" ")')" \
		'192.0.2.15 2001:db8::15' "addresses"
	step "the second changes nothing"
	play
	changed 0
	step "only what differs is touched"
	sed -i 's/prio: 100/prio: 200/' "$D/vars.yml"
	play --diff
	changed 2
	grep -q '^port set lagg0 eth2 prio 200$' "$D/out" || fail "the command is not in: $(cat "$D/out")"
	is "$(grep -cE '^(lagg|port) ' "$D/out")" 1 "commands"
	is "$(port_field a eth2 .prio)" 200 "prio of eth2"
}
test_ansible_takes_a_text() {
	host_to_configure <<-'YAML'
		xlagg_config: |
		  # one lagg
		  lagg add lagg0 proto failover \
		      port eth1 port eth2
	YAML
	play
	changed 2
	is "$(field a .proto)" failover "proto"
	grep -qx '# one lagg' "$D/a.conf" || fail "the text was not kept as it is"
	play
	changed 0
	step "somebody changed it by hand"
	xl a lagg set lagg0 min-links 2
	play
	changed 1
	is "$(field a .min_links)" 1 "min-links"
	step "an empty list removes everything, a forgotten text does not"
	echo 'xlagg_config:' >"$D/vars.yml"
	play_refused 'xlagg_config is empty'
	echo 'xlagg_laggs: []' >"$D/vars.yml"
	play
	changed 2
	is "$(xl a save)" "" "what an empty list leaves"
}
test_ansible_refuses_wrong_variables() {
	host_to_configure <<-'YAML'
		xlagg_laggs: [{name: lagg0, proto: failover, ports: [eth1]}]
	YAML
	play
	while read -r pattern; do
		read -r wrong
		printf '%s\n' "$wrong" >"$D/vars.yml"
		step "$wrong"
		play_refused "$pattern"
	done <<-'CASES'
		either xlagg_config or xlagg_laggs
		{}
		either xlagg_config or xlagg_laggs
		{xlagg_config: lagg add lagg1, xlagg_laggs: []}
		line 1: prto is not a lagg option; did you mean proto\?
		xlagg_laggs: [{name: lagg0, prto: lacp}]
		line 2: prto is not
		xlagg_config: "# a comment\nlagg add lagg0 prto x"
		a lagg is a mapping with a name
		xlagg_laggs: [{proto: lacp}]
		lagg0: ports is a list, not .eth1
		xlagg_laggs: [{name: lagg0, ports: eth1}]
		lagg0: a port is a mapping with a name
		xlagg_laggs: [{name: lagg0, ports: [7]}]
		eth1: prio is a word, a number or a list
		xlagg_laggs: [{name: lagg0, ports: [{name: eth1, prio: {a: 1}}]}]
		xlagg_laggs is a list, not
		xlagg_laggs: lagg0
		xlagg_laggs is a list, not
		xlagg_laggs:
		lagg add lagg1.*lo
		xlagg_laggs: [{name: lagg1, proto: failover, ports: [lo]}]
	CASES
	step "no agent"
	agent_end a KILL
	if play >"$D/refused"; then fail "done without an agent"; fi
	matches "$(cat "$D/out")" '"msg": "xlagg: no agent answers' "the sentence"
}
test_ansible_lint() {
	needs ansible-lint
	cp -a "$(tree)/deploy/ansible" "$D/ansible"
	export HOME=$D/home
	mkdir "$HOME"
	(cd "$D/ansible" && ansible-lint --offline --nocolor --strict >"$D/lint" 2>&1) || fail "ansible-lint: $(cat "$D/lint")"
}
