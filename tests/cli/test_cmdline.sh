# shellcheck shell=bash
# What needs no agent: usage, messages, help, and documents that must agree with the program's tables.

tree() { realpath "$(dirname "${BASH_SOURCE[0]}")/../.."; }
# alone ARGUMENT...: runs the CLI where no agent answers
alone() { "$B/xlagg" --socket "$D/none.sock" "$@"; }

test_usage() {
	local status=0
	"$B/xlagg" >"$D/out" 2>"$D/err" || status=$?
	is $status 2 "exit status without words"
	is "$(cat "$D/out")" "" "stdout without words"
	matches "$(cat "$D/err")" '^usage: xlagg ' "stderr without words"
	refused_with 2 'lgg.*lagg' alone lgg show
	refused_with 2 'ambiguous.*restore.*reload|ambiguous.*reload.*restore' alone re
	refused_with 2 'laggg|one word too many|too many' alone lagg show lagg0 laggg
	refused_with 2 '-q' alone -q lagg show
	refused_with 2 '-n' alone -n
	refused_with 2 'a/b' alone -n a/b lagg show
	refused_with 2 'needs.*NAME' alone explain
	refused_with 2 'srx' alone explain lagg0 srx 10.0.0.1
	refused_with 2 'lagport.*laggport' alone ifconfig lagg0 lagport eth0
	refused_with 2 'ADDR:PORT' alone exporter --listen nowhere
	refused_with 2 'ADDR:PORT' alone exporter --listen 127.0.0.1:65536
	refused_with 2 'takes its commands from the file' alone -b "$D/x" lagg show
	is "$("$B/xlagg" -V)" "$("$B/xlagg" --version)" "version"
	matches "$("$B/xlagg" -V)" '^xlagg [0-9]+\.[0-9]+' "version"
}
# Each option has a short word and a long one, and an abbreviation of that does as well.
test_long_options() {
	local option
	for option in -j -json -p -pretty -s -stats -statistics -d -details -o -oneline -br -brief -f -force --json --stat; do
		refused 'no agent answers' alone "$option" lagg show
	done
	for option in -n -netns --netns; do
		refused "no agent answers at /run/xlagg/$P-x/" "$B/xlagg" "$option" "$P-x" lagg show
	done
}
test_no_agent() {
	refused 'no agent answers at .*none.sock.*xlaggd' alone lagg show
	refused 'no agent answers' alone -j lagg show
	refused 'no agent answers at /run/xlagg/'"$P"'-x/xlaggd.sock.*xlaggd -n '"$P-x" "$B/xlagg" -n "$P-x" lagg show
}
# Where systemd runs, the unit is what starts it; another namespace's agent has none.
test_no_agent_names_the_unit() {
	cat >"$D/inside" <<-'SHELL'
		set -eu
		mount -t tmpfs tmpfs /run
		mkdir -p "$1"
		exec "${@:2}"
	SHELL
	refused 'start it with .systemctl start xlaggd.' unshare -m bash "$D/inside" /run/systemd/system "$B/xlagg" lagg show
	refused 'start it with .xlaggd.' unshare -m bash "$D/inside" /run/other "$B/xlagg" lagg show
	refused 'start it with .xlaggd -n blue.' unshare -m bash "$D/inside" /run/systemd/system "$B/xlagg" -n blue lagg show
}
# The CLI looks for pins where an agent with default paths has them; this test has a file system of its own there.
test_no_agent_names_the_laggs_that_keep_forwarding() {
	[ -d /sys/fs/bpf ] || skip "this kernel has no /sys/fs/bpf"
	cat >"$D/inside" <<-'SHELL'
		set -eu
		mount -t tmpfs tmpfs /sys/fs/bpf
		for lagg in lagg0 lagg10 lagg2 blue/lagg7; do
			mkdir -p /sys/fs/bpf/xlagg/$lagg
			: >/sys/fs/bpf/xlagg/$lagg/control
		done
		mount -t tmpfs tmpfs /run
		exec "$@"
	SHELL
	refused 'lagg0, lagg2 and lagg10 keep forwarding' unshare -m bash "$D/inside" "$B/xlagg" lagg show
	refused 'lagg7 keeps forwarding' unshare -m bash "$D/inside" "$B/xlagg" -n blue lagg show
}
test_help_has_every_command() {
	local object
	for object in lagg port agent monitor top explain capture metrics exporter save check diff restore reload import flush ifconfig help; do
		"$B/xlagg" help $object >"$D/out"
		grep -q "^xlagg $object" "$D/out" || fail "help $object says nothing of it"
		"$B/xlagg" $object help | diff "$D/out" - || fail "$object help says something else"
	done
	refused_with 2 nonsense "$B/xlagg" help nonsense
	"$B/xlagg" help >"$D/out"
	"$B/xlagg" --help | diff "$D/out" -
}
# Words of those who come from elsewhere
test_foreign_words() {
	refused_with 2 'miimon is not a lagg option: leave it out' alone lagg add bond0 miimon 100
	refused_with 2 'mode is not a lagg option: use proto, with lacp for 802.3ad' alone lagg add bond0 mode 802.3ad
	refused_with 2 '802.3ad is not a value of proto: use lacp' alone lagg add bond0 proto 802.3ad
	refused_with 2 'LACP is not a value of proto; did you mean lacp' alone lagg add bond0 proto LACP
	refused_with 2 'layer3.4 is not a field of hash: use l3,l4' alone lagg add bond0 hash layer3+4
	refused_with 2 'xmit_hash_policy .*: use hash' alone lagg set bond0 xmit_hash_policy layer3+4
	refused_with 2 'fail_over_mac .*: use mac active' alone lagg add bond0 port eth0 fail_over_mac active
	refused_with 2 'bond-lacp-rate .*lacp-rate' alone lagg add bond0 bond-lacp-rate fast
	refused_with 2 'runner .*: use proto' alone lagg add team0 runner lacp
	refused_with 2 'channel-group .*: use proto lacp for mode active' alone lagg add po1 channel-group 1
	refused_with 2 'bond is not a command: use lagg' alone bond add bond0
	refused_with 2 'miimon.*: leave it out' alone ifconfig lagg0 miimon 100
	printf 'lagg add bond0 \\\n\tmiimon 100\n' >"$D/file"
	refused 'file:1: miimon .*: leave it out' alone check "$D/file"
}
test_check_without_an_agent() {
	printf 'lagg add lagg0 proto lacp \\\n\tport eth0 port eth1\n' >"$D/good"
	alone check "$D/good" 2>"$D/err"
	matches "$(cat "$D/err")" 'words are right; the devices were not checked' "what check says"
	printf '# comment\n\nlagg add lagg0 proto \\\n\tlacq\n' >"$D/bad"
	refused 'bad:3: .*lacp' alone check "$D/bad"
	printf 'lagg add lagg0 port eth0\nlagg add lagg1 port eth0\n' >"$D/twice"
	refused 'twice:2: .*eth0' alone check "$D/twice"
	refused 'missing: No such file' alone check "$D/missing"
	printf 'lagg add lagg0 \0 port eth0\n' >"$D/nul"
	refused 'nul: ' alone check "$D/nul"
	alone check "$(tree)/deploy/examples/xlagg.conf" 2>/dev/null
	# also the examples that are commented out
	sed 's/^#lagg/lagg/; s/^#\t/\t/' "$(tree)/deploy/examples/xlagg.conf" >"$D/all"
	alone check "$D/all" 2>/dev/null
	is "$(grep -c '^lagg add' "$D/all")" 4 "examples"
}
test_manual_pages() {
	# The pages refer to each other, and need not be installed here.
	mandoc -Tlint "$(tree)"/deploy/man/*.[1-9] 2>/dev/null | grep -v 'referenced manual not found' >"$D/findings" || :
	is "$(cat "$D/findings")" "" "what mandoc finds"
	mandoc -Tascii "$(tree)/deploy/man/xlagg.8" | sed 's|.\x08||g' >"$D/page"
	local option
	for option in $("$B/xlagg" help lagg | awk '/^  [a-z]/ { print $1 }'); do
		grep -qE "(^|[^a-z-])$option([^a-z-]|$)" "$D/page" || fail "xlagg(8) has no option $option"
	done
	"$B/xlagg" help | awk '/^xlagg [a-z]/ { print $2, $3 ~ /^[a-z]+$/ ? $3 : "" }' | while read -r option; do
		grep -qE "^ {5}$option" "$D/page" || fail "xlagg(8) has no command $option"
	done
}
test_completion() {
	cat >"$D/complete" <<-'SHELL'
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_xlagg 2>/dev/null
		echo "${COMPREPLY[*]}"
	SHELL
	completes() { bash "$D/complete" "$(tree)/deploy/completion/xlagg" "$B/xlagg" "$@"; }
	is "$(completes la)" lagg "la"
	is "$(completes -j -d lagg '')" "add balance del give set show take" "lagg"
	is "$(completes lagg add lagg0 proto l)" "loadbalance lacp" "proto l"
	is "$(completes lagg add lagg0 min-l)" min-links "min-l"
	is "$(completes lagg add lagg0 up-delay '')" "" "a number"
	is "$(completes port set lagg0 eth0 admin '')" "down up" "admin"
	is "$(completes ifconfig lagg0 laggproto r)" roundrobin "laggproto r"
	is "$(completes import n)" networkd "import n"
	is "$(completes explain lagg0 mo)" moves "explain lagg0 mo"
	matches "$(completes port add lagg0 '')" '(^| )lo( |$)' "devices"
}
# The other shells get their words from the completion for bash.
test_completion_of_zsh_and_fish() {
	local script
	script=$(tree)/deploy/completion
	mkdir -p "$D/bin"
	ln -sf "$(realpath "$B/xlagg")" "$D/bin/xlagg"
	export PATH=$D/bin:$PATH XLAGG_COMPLETION=$script/xlagg
	zsh -n "$script/_xlagg" || fail "zsh does not read it"
	cat >"$D/complete.zsh" <<-'SHELL'
		compadd() { shift 2; print -r -- "$@"; }
		_files() { print -r -- files; }
		file=$1
		shift
		words=("$@") CURRENT=$#
		. "$file"
	SHELL
	is "$(zsh -f "$D/complete.zsh" "$script/_xlagg" xlagg lagg add lagg0 proto l)" "loadbalance lacp" "zsh: proto l"
	is "$(zsh -f "$D/complete.zsh" "$script/_xlagg" xlagg sa)" save "zsh: sa"
	is "$(zsh -f "$D/complete.zsh" "$script/_xlagg" xlagg restore /etc/host)" files "zsh: a file"
	fish --no-execute "$script/xlagg.fish" || fail "fish does not read it"
	completes() { HOME=$D fish --no-config -c "source $script/xlagg.fish; complete -C '$1'" | cut -f 1 | xargs; }
	is "$(completes 'xlagg lagg add lagg0 proto l')" "lacp loadbalance" "fish: proto l"
	is "$(completes 'xlagg -j sa')" save "fish: sa"
	: >"$D/some-file"
	is "$(completes "xlagg restore $D/some-f")" "$D/some-file" "fish: a file"
}
test_unit() {
	[ -x "$(command -v systemd-analyze)" ] || skip "systemd-analyze is not installed"
	mkdir "$D/sbin"
	cp "$B/xlagg" "$B/xlaggd" "$D/sbin"
	sed "s|@SBINDIR@|$D/sbin|; /^Documentation=/d" "$(tree)/deploy/systemd/xlaggd.service" >"$D/xlaggd.service"
	systemd-analyze verify --man=no "$D/xlaggd.service" >"$D/out" 2>&1 || fail "$(cat "$D/out")"
	! grep -q 'xlaggd.service' "$D/out" || fail "$(cat "$D/out")"
	! grep -q '^ProtectKernelTunables=yes' "$D/xlaggd.service" || fail "IPv6 could not be switched off on ports, and nothing pinned"
	systemd-analyze security --offline=yes --threshold=29 "$D/xlaggd.service" >"$D/out" 2>&1 ||
		fail "exposure not below 3: $(tail -n 1 "$D/out")"
}
# unit_of_a_reader NAME PROGRAM: checks a unit of those that only read from the agent
unit_of_a_reader() {
	[ -x "$(command -v systemd-analyze)" ] || skip "systemd-analyze is not installed"
	mkdir "$D/sbin"
	cp "$B/$2" "$D/sbin"
	sed "s|@SBINDIR@|$D/sbin|; /^Documentation=/d" "$(tree)/deploy/systemd/$1.service" >"$D/$1.service"
	systemd-analyze verify --man=no "$D/$1.service" >"$D/out" 2>&1 || fail "$(cat "$D/out")"
	! grep -q "$1.service" "$D/out" || fail "$(cat "$D/out")"
	systemd-analyze security --offline=yes --threshold=20 "$D/$1.service" >"$D/out" 2>&1 ||
		fail "exposure above 2.0: $(tail -n 1 "$D/out")"
}
test_unit_of_the_exporter() { unit_of_a_reader xlagg-exporter xlagg; }
test_unit_of_agentx() {
	[ -x "$B/xlagg-agentx" ] || skip "xlagg-agentx was not built, since libsnmp-dev is not installed"
	unit_of_a_reader xlagg-agentx xlagg-agentx
}
test_groups() {
	[ -x "$(command -v systemd-sysusers)" ] || skip "systemd-sysusers is not installed"
	mkdir -p "$D/root/etc"
	systemd-sysusers --root="$D/root" "$(tree)/deploy/systemd/xlagg.sysusers" >"$D/out" 2>&1 || fail "$(cat "$D/out")"
	is "$(cut -d: -f1 "$D/root/etc/group" | sort | xargs)" "xlagg xlagg-admin" "groups"
}
