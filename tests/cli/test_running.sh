# shellcheck shell=bash
# With an agent: the output of show and the commands that run for long.

one_lagg() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
}
test_output_options() {
	one_lagg
	is "$(xl a -o lagg show | wc -l)" 1 "lines of -o"
	matches "$(xl a -o lagg show)" '^lagg0: <UP> .*\\ +laggproto failover .*\\ +laggport: eth1 ' "-o"
	is "$(xl a -j lagg show | wc -l)" 1 "lines of -j"
	is "$(xl a -j -p lagg show | jq -c .[0].ports[0].flags)" '["MASTER","ACTIVE"]' "-j -p"
	at_least "$(xl a -j -p lagg show | wc -l)" 20 "lines of -j -p"
	xl a lagg show >"$D/plain"
	! grep -q $'\033' "$D/plain" || fail "colours in a file"
	is "$(xl a -br lagg show)" 'lagg0           UP         failover    eth1 (eth2)' "-br"
	is "$(xl a -br port show lagg0 eth2 | xargs)" 'lagg0 eth2 - standby: eth1 is the active port' "-br of a port"
	TERM=xterm script -qec "$B/xlagg --socket $D/a.sock lagg show" /dev/null >"$D/colours"
	grep -q $'\033' "$D/colours" || fail "no colours on a terminal"
	NO_COLOR=1 TERM=xterm script -qec "$B/xlagg --socket $D/a.sock lagg show" /dev/null >"$D/colours"
	! grep -q $'\033' "$D/colours" || fail "colours with NO_COLOR"
	xl a port show lagg0 eth2 >"$D/port"
	matches "$(head -n 1 "$D/port")" '^lagg0: eth2 flags=0<> \(standby' "port show"
	refused 'eth9 is not a port of lagg0' xl a port show lagg0 eth9
	# shellcheck disable=SC2016
	refused 'cannot write' bash -c '"$0" --socket "$1" lagg show >/dev/full' "$B/xlagg" "$D/a.sock"
}
# A port is named although nothing passes: the lagg lacks a link, the flow would know its way.
test_explain_without_carrier() {
	one_lagg
	xl a lagg set lagg0 proto loadbalance min-links 2
	local port
	port=$(xl a -j explain lagg0 sport 7 | jq -r .[0].port)
	matches "$port" '^eth[12]$' "port of the flow"
	nip b link set "eth$((3 - ${port#eth}))" down
	wait_for 5 no_carrier a lagg0
	is "$(xl a -j explain lagg0 sport 7 | jq -r '.[0] | [.port, .choice] | join(" ")')" "$port no-carrier" "without carrier"
	matches "$(xl a explain lagg0 sport 7)" "port $port: the lagg has no carrier \\(1 usable port, min-links 2\\): .*would take this port" "text"
	nip b link set "$port" down
	wait_for 5 no_port
	matches "$(xl a explain lagg0 sport 7)" 'port none: the lagg has no carrier \(no usable port\): the frame is dropped'$'\n' "no port at all"
}
no_port() { xl a explain lagg0 sport 7 >"$D/now" && grep -q 'no usable port' "$D/now"; }

test_create_without_a_name() {
	one_lagg
	is "$(xl a lagg create proto none)" lagg1 "first free name"
	nip a link add lagg2 type veth peer name other
	is "$(xl a ifconfig lagg create)" lagg3 "first name that is no device either"
	is "$(xl a -j lagg show lagg1 | jq -r .[0].proto)" none "what lagg create was told"
}
test_ifconfig_on_other_devices() {
	one_lagg
	nip a link add dev0 type veth peer name dev1
	xl a ifconfig dev0 up ether 02:00:00:00:00:77 mtu 1400
	is "$(nip a -j link show dev0 | jq -r '.[0] | [.address, (.mtu | tostring), (.flags | index("UP") != null | tostring)] | join(" ")')" \
		"02:00:00:00:00:77 1400 true" "dev0"
	matches "$(xl a ifconfig dev0 | xargs)" '^dev0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1400 ether 02:00:00:00:00:77 ' "dev0"
	xl a ifconfig dev0 down
	refused 'dev0 is not a lagg' xl a ifconfig dev0 laggproto lacp
	refused 'nosuch: no such interface' xl a ifconfig nosuch up
	refused 'lagg0 exists already' xl a ifconfig lagg0 create
	# without an agent, in the caller's namespace
	on a "$B/xlagg" --socket "$D/none.sock" ifconfig dev0 up
	is "$(nip a -j link show dev0 | jq '.[0].flags | index("UP") != null')" true "dev0 is up"
	"$B/xlagg" --socket "$D/none.sock" -n "$P-a" ifconfig dev0 mtu 1300
	is "$(nip a -j link show dev0 | jq '.[0].mtu')" 1300 "MTU of dev0"
}
test_ifconfig_addresses() {
	one_lagg
	xl a ifconfig lagg0 inet 10.7.0.1 netmask 0xffff0000 inet6 2001:db8::7 prefixlen 64
	matches "$(xl a ifconfig lagg0 | xargs)" 'inet 10.7.0.1 netmask 0xffff0000 broadcast 10.7.255.255 ' "IPv4"
	matches "$(xl a ifconfig lagg0 | xargs)" 'inet6 2001:db8::7 prefixlen 64 ' "IPv6"
	xl a ifconfig lagg0 10.7.0.1/16 # again: no error
	xl a ifconfig lagg0 10.7.0.1/16 delete
	! xl a ifconfig lagg0 | holds 10.7.0.1 || fail "10.7.0.1 is still there"
	matches "$(xl a save)" '2001:db8::7/64' "save"
}
test_batch() {
	one_lagg
	printf '# first\nlagg set lagg0 \\\n  min-links 2\nlagg set lagg9 proto none\nlagg set lagg0 max-links 2\n' >"$D/batch"
	refused 'batch:4: .*lagg9' xl a -b "$D/batch"
	is "$(field a .min_links)/$(field a .max_links)" 2/0 "what a batch did before its first error"
	refused 'batch:4: .*lagg9' xl a -force -b "$D/batch"
	is "$(field a .max_links)" 2 "what it did after it, with -force"
	is "$(printf 'lagg show\n' | xl a -o -b - | cut -d: -f1)" lagg0 "from stdin"
}
# 0: no difference, 1: some, 2: it cannot be told
test_diff_has_an_exit_status() {
	one_lagg
	local out status=0
	xl a save >"$D/conf"
	is "$(xl a diff "$D/conf")" "" "no difference"
	is "$(xl a -j diff "$D/conf")" "[]" "no difference, as JSON"
	sed -i 's/proto failover/proto loadbalance/; s/^lagg add lagg0 /lagg add lagg0 min-links 2 /' "$D/conf"
	out=$(xl a diff "$D/conf") || status=$?
	is "$status $out" '1 lagg set lagg0 min-links 2' "a difference"
	status=0
	xl a -j diff "$D/conf" >"$D/out" || status=$?
	is "$status $(jq -r .[0].command "$D/out")" '1 lagg set lagg0 min-links 2' "a difference, as JSON"
	printf 'diff %s\nlagg show lagg0\n' "$D/conf" >"$D/batch"
	matches "$(xl a -b "$D/batch")" '^lagg0: ' "a difference does not end a batch"
	echo 'lagg ad lagg0 prto' >"$D/wrong"
	refused_with 2 'wrong:1: prto' xl a diff "$D/wrong"
	refused_with 2 'missing' xl a diff "$D/missing"
	agent_end a KILL
	refused_with 2 'no agent' xl a diff "$D/conf"
	refused_with 2 'no agent' xl a diff
}
test_restore_accepts_absent_devices() {
	one_lagg
	xl a save >"$D/conf"
	sed -i 's/port eth2/port eth2 \\\n    port later0/' "$D/conf"
	xl a check "$D/conf"
	xl a restore "$D/conf"
	is "$(port_field a later0 '[(.present | tostring), (.ifindex | tostring), (.reason != "" | tostring)] | join(" ")')" \
		"false null true" "a port whose device is absent"
	nip a link add later0 type veth peer name later1
	wait_for 5 later0_is_present
}
later0_is_present() { [ "$(port_field a later0 .present)" = true ]; }

# Names that others give to the devices, and what becomes of them in every place where a name is written.
# shellcheck disable=SC2016
ODD=('büro' $'\e[31m' "it's" '#x' 'a\b' '$(x)' $'\xff\xfe' '"q"' -v)
test_odd_names() {
	local name quoted i=0
	local -a arguments=(lagg add lagg0 proto loadbalance)
	host a
	agent a
	for name in "${ODD[@]}"; do
		i=$((i + 1))
		nip a link add v$i type veth peer name w$i
		nip a link set dev v$i name "$name"
		arguments+=(port "$name")
	done
	xl a "${arguments[@]}"
	xl a lagg set lagg0 primary 'büro' mac from "it's"
	is "$(xl a -j lagg show | jq '[.[0].ports[] | select(.present)] | length')" ${#ODD[@]} "ports that are present"
	is "$(xl a -j lagg show | jq -r '.[0].ports[1].ifname')" $'\e[31m' "a name with an escape, in JSON"
	is "$(xl a -j lagg show | jq -r '.[0].ports[6].ifname')" '\xff\xfe' "a name that is not UTF-8, in JSON"
	xl a save >"$D/saved"
	diff - "$D/saved" <<-'FILE'
		lagg add lagg0 proto loadbalance primary büro mac from 'it'\''s' \
		    port büro \
		    port $'\x1b[31m' \
		    port 'it'\''s' \
		    port '#x' \
		    port 'a\b' \
		    port '$(x)' \
		    port $'\xff\xfe' \
		    port '"q"' \
		    port -v
	FILE
	{ xl a lagg show && xl a -d -s lagg show && xl a port show && xl a metrics && xl a ifconfig; } >"$D/shown"
	! grep -q $'\e' "$D/saved" "$D/shown" || fail "an escape reaches the terminal"
	iconv -f UTF-8 -t UTF-8 "$D/shown" >"$D/utf8" || fail "something that is printed is not UTF-8"
	# What is printed for people can be pasted into a shell.
	while read -r quoted; do
		eval "xl a port set lagg0 $quoted weight 2"
	done < <(xl a lagg show | sed -n 's/^    laggport: \(.*\) flags=.*/\1/p')
	is "$(xl a -j lagg show | jq '[.[0].ports[] | select(.weight == 2)] | length')" ${#ODD[@]} "ports that were set"
	# Names are completed, never expanded.
	cat >"$D/complete" <<-'SHELL'
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_xlagg 2>/dev/null
		printf '%s\n' "${COMPREPLY[@]}"
	SHELL
	local -a completes=(bash "$D/complete" "$(dirname "${BASH_SOURCE[0]}")/../../deploy/completion/xlagg" "$B/xlagg" --socket "$D/a.sock")
	# shellcheck disable=SC2016
	is "$("${completes[@]}" port set lagg0 '$(')" '\$\(x\)' "completion of a port called \$(x)"
	is "$("${completes[@]}" port set lagg0 b)" 'büro' "completion of a port called büro"
	is "$("${completes[@]}" lagg show '')" lagg0 "completion of a lagg"
	# What save prints, check, diff, restore and -b accept.
	xl a save "$D/conf"
	xl a check "$D/conf"
	is "$(xl a diff "$D/conf")" "" "diff with what was saved"
	xl a flush
	xl a restore "$D/conf"
	is "$(xl a diff "$D/conf")" "" "diff with what was restored"
	xl a flush
	xl a -b "$D/conf"
	is "$(xl a diff "$D/conf")" "" "diff with what the batch made"
	refused 'lagg9' xl a port del lagg9 $'\e[31m'
	! grep -q $'\e' "$D/stderr" || fail "an escape reaches the terminal in an error"
}
# Named so by others while the agent runs, and while it is away.
test_odd_names_given_later() {
	one_lagg
	nip a link set dev eth1 name 'büro'
	nip a link set dev eth2 name $'\x01\x7f'
	nip a link set dev lagg0 name "lagg0#'"
	wait_for 5 named_in_json "lagg0#'"
	wait_for 5 saves 'port büro'
	wait_for 5 saves "port \$'\\x01\\x7f'"
	xl a save "$D/conf"
	agent_end a KILL
	agent a
	is "$(xl a diff "$D/conf")" "" "diff of what was adopted"
	is "$(xl a -j lagg show | jq -r '.[0].ports | map(.present) | all')" true "adopted ports are present"
	has_carrier a "lagg0#'" || fail "no carrier after the agent's restart"
	xl a lagg del "lagg0#'"
	nip a link show dev 'büro' >/dev/null
}
saves() { xl a save >"$D/now" && grep -qF -- "$1" "$D/now"; }
named_in_json() { [ "$(xl a -j lagg show | jq -r '.[0].ifname')" = "$1" ]; }

# Where stderr is the journal's, each message is an entry with fields; otherwise it is a line on stderr.
test_log_in_the_journal() {
	two_hosts 2
	: >"$D/a.conf"
	cat >"$D/inside" <<-'SHELL'
		set -eu
		journal=$1 entries=$2 pins=$3
		shift 3
		mkdir "$entries.pins"
		mount --bind "$pins" "$entries.pins"
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/journal "$pins"
		mount --bind "$entries.pins" "$pins"
		"$journal" /run/systemd/journal/socket "$entries" &
		until [ -S /run/systemd/journal/socket ]; do read -rt 0.05 <"$0" || :; done
		exec "$@"
	SHELL
	: >"$D/stderr.log"
	JOURNAL_STREAM=$(stat -c %d:%i "$D/stderr.log")
	export JOURNAL_STREAM
	# Each execs the next, so that the child is the agent.
	nsenter --net="/run/netns/$P-a" -- unshare -m bash "$D/inside" \
		"$(realpath "$(dirname "${BASH_SOURCE[0]}")/journal.py")" "$D/journal" "$BPFFS" "$B/xlaggd" \
		-f "$D/a.conf" --socket "$D/a.sock" --bpffs "$BPFFS/$P-a" --state "$D/state-a" 2>"$D/stderr.log" &
	# shellcheck disable=SC2034,SC2154
	AGENT[a]=$!
	wait_for 10 answers a
	wait_for 10 answers a
	nip a link set dev eth2 name $'e\e2'
	xl a lagg add lagg0 proto failover port eth1 port $'e\e2'
	wait_for 5 has_carrier a lagg0
	nip b link set eth1 down
	wait_for 5 noted 'LAGG=lagg0.*EVENT=failover'
	wait_for 5 noted '^MESSAGE=ready: 0 laggs adopted.*PRIORITY=6.*SYSLOG_IDENTIFIER=xlaggd$'
	wait_for 5 noted '^MESSAGE=lagg0: .*failover from eth1 to e\\x1b2: .*PRIORITY=6'
	wait_for 5 noted 'LAGG=lagg0\tPORT=eth1\tEVENT=port-state$'
	step "what is no event has its lagg and port, too"
	nip a link set eth1 mtu 1400
	wait_for 10 noted '^MESSAGE=lagg0: eth1: its MTU was changed by someone else.*PRIORITY=4.*LAGG=lagg0\tPORT=eth1$'
	xl a port del lagg0 eth1
	wait_for 5 noted '^MESSAGE=lagg0: eth1 leaves with the MAC.*PRIORITY=4.*LAGG=lagg0\tPORT=eth1$'
	if grep '^MESSAGE=lagg0' "$D/journal" | grep -v 'LAGG=lagg0'; then fail "an entry about lagg0 does not say so"; fi
	is "$(cat "$D/stderr.log")" "" "stderr, which is the journal's"
	# The same variable with another stderr, as a child of a service has it.
	agent_end a KILL
	JOURNAL_STREAM=1:1 agent a
	wait_for 5 grep -q '^xlaggd: ready: 1 laggs adopted' "$D/agent-a.log"
}
noted() { grep -qP -- "$1" "$D/journal"; }

test_save_is_atomic() {
	one_lagg
	echo "what was there" >"$D/file"
	chmod 600 "$D/file"
	# The new file cannot be completed: a limit on the size of files stands for a full disk.
	local out status=0
	# shellcheck disable=SC2016
	out=$(bash -c 'trap "" XFSZ; ulimit -f 0; "$0" --socket "$1" save "$2"' "$B/xlagg" "$D/a.sock" "$D/file" 2>&1) || status=$?
	is $status 1 "exit status of a save that cannot be completed"
	matches "$out" 'file: File too large: nothing was changed' "what it says"
	is "$(cat "$D/file")" "what was there" "the old file"
	is "$(find "$D" -name 'file*' | wc -l)" 1 "files"
	xl a save "$D/file"
	matches "$(cat "$D/file")" '^lagg add lagg0 ' "the new file"
	is "$(stat -c %a "$D/file")" 600 "its mode"
}
test_monitor_in_text() {
	one_lagg
	spawn monitor "$B/xlagg" --socket "$D/a.sock" monitor
	wait_for 5 subscribed_or_told
	nip b link set eth1 down
	wait_for 3 grep -qE '^20[0-9T:.-]+Z failover lagg0 eth2 from eth1 to eth2.*: .' "$D/monitor.out"
	grep -qE '^20[0-9T:.-]+Z port-state lagg0 eth1 flags=1<MASTER> was 5<MASTER,ACTIVE>: ' "$D/monitor.out"
	agent_end a KILL
	wait_for 3 grep -q 'went away' "$D/monitor.err"
	agent a
	wait_for 5 grep -qE 'Z agent-start: adopted$' "$D/monitor.out"
	xl a lagg set lagg0 max-links 2
	wait_for 5 grep -qE 'Z lagg-change lagg0' "$D/monitor.out"
	is "$(grep -c agent-start "$D/monitor.out")" 1 "agent-start is told once"
}
# Makes changes until the monitor prints one: from then on it has subscribed.
subscribed_or_told() {
	xl a lagg set lagg0 up-delay $((RANDOM % 2 + 1))
	xl a lagg set lagg0 up-delay 0
	grep -q lagg-change "$D/monitor.out"
}

# begin_top ROWS: runs top in a terminal of 80 columns; what it draws goes to $D/screen, and it reads keys from $keys
begin_top() {
	mkfifo "$D/keys"
	exec {keys}<>"$D/keys"
	# The command opens its stdin itself, since bash gives a command in the background none.
	# shellcheck disable=SC2016
	TERM=xterm spawn top bash -c 'exec script -qfec "stty cols 80 rows $2; $0 --socket $1/a.sock top" "$1/screen" <"$1/keys"' \
		"$B/xlagg" "$D" "$1"
}
end_top() {
	printf q >&$keys
	reap top || fail "exit status of top"
	exec {keys}>&-
}
test_top() {
	one_lagg
	refused 'needs a terminal' xl a top
	begin_top 24
	wait_for 5 grep -qa 'lagg0  failover  active' "$D/screen"
	wait_for 5 grep -qa '100.0 %' "$D/screen"
	wait_for 5 grep -qa 'standby: eth1 is the active port' "$D/screen"
	printf s >&$keys
	wait_for 5 grep -qa 'sort by order\|order  arrows' "$D/screen"
	nip b link set eth1 down
	wait_for 5 grep -qa 'last failover [0-9]* s ago from eth1 to eth2' "$D/screen"
	agent_end a KILL
	wait_for 5 grep -qa 'no agent answers' "$D/screen"
	! grep -qa '[0-9]-[0-9]*/[0-9]' "$D/screen" || fail "a position where all is shown"
	end_top
}
test_top_in_a_low_terminal_says_what_it_shows() {
	one_lagg
	begin_top 6
	wait_for 5 grep -qa '1-4/7' "$D/screen"
	printf jjj >&$keys
	wait_for 5 grep -qa '4-7' "$D/screen"
	end_top
}
many_laggs() { for ((i = 0; i < $1; i++)); do echo "lagg add lagg$i proto loadbalance"; done; }
test_progress_of_many_laggs() {
	local began
	host a
	agent a
	many_laggs 250 >"$D/many.conf"
	on_terminal restore "$D/many.conf"
	matches "$(cat "$D/screen")" '[0-9]+ of 250 laggs: making lagg[0-9]+' "progress of restore"
	# the line is deleted in the end
	matches "$(grep -a 'laggs: ' "$D/screen" | tail -n 1)" $'\r\033\\[K\r?$' "the last of it"
	is "$(xl a -j lagg show | jq length)" 250 "laggs"
	now_us
	began=$NOW
	on_terminal flush
	now_us
	# on a fast machine it is over before there is a line
	[ $((NOW - began)) -lt 500000 ] ||
		matches "$(cat "$D/screen")" '[0-9]+ of 250 laggs: (putting back the ports of|waiting for the kernel|removing)' "progress of flush"
	is "$(xl a -j lagg show | jq length)" 0 "laggs"
	# the agent reads the file itself
	cp "$D/many.conf" "$D/a.conf"
	on_terminal reload
	matches "$(cat "$D/screen")" '[0-9]+ of 250 laggs: making lagg[0-9]+' "progress of reload"
	# not without a terminal, and not on one that cannot delete a line
	xl a flush >"$D/out" 2>&1
	is "$(cat "$D/out")" "" "what is printed without a terminal"
	TERM=dumb script -qfec "$B/xlagg --socket $D/a.sock reload" "$D/screen" >/dev/null
	! grep -qa 'of 250 laggs' "$D/screen" || fail "progress on a dumb terminal"
	is "$(xl a -j lagg show | jq length)" 250 "laggs"
}
test_no_progress_of_what_is_done_at_once() {
	one_lagg
	on_terminal lagg set lagg0 up-delay 7
	! grep -qa 'of 1 lagg' "$D/screen" || fail "progress of one change"
	matches "$(xl a save)" 'up-delay 7' "the change"
}
