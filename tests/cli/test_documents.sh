# shellcheck shell=bash
# The documents in deploy/doc say something about everything that xlagg prints.

tree() { realpath "$(dirname "${BASH_SOURCE[0]}")/../.."; }

# literals FILE...: the sentences that these sources write, with ... for each value
literals() {
	grep -hv '#include' "$@" | grep -o '"[^"]*"' | sed 's/^"//; s/"$//' |
		sed 's/%\.\*s/.../g; s/%[us]/.../g' | grep '[a-z] [a-z(]\|^no \|^,\|, \|: ' | sort -u
}
test_every_reason_is_explained() {
	local doc sentence count=0
	doc=$(tree)/deploy/doc/troubleshooting.md
	literals "$(tree)"/agent/core/reason.c "$(tree)"/agent/core/lacp/{reason,guard}.c >"$D/reasons"
	# the sentences of link probes
	sed -n '/^void probe_reason/,/^}/p' "$(tree)/agent/core/probe.c" >"$D/probe.c"
	literals "$D/probe.c" >>"$D/reasons"
	# what a port may lose
	sed -n 's/.*\[GREY_[A-Z]*\] = {.*"\(its .*\)"}.*/\1/p' "$(tree)/agent/core/grey.c" >"$D/grey"
	is "$(wc -l <"$D/grey")" 4 "kinds of losses"
	sed 's/^/loses more than the other ports: ... % of /; s/$/, elsewhere ... %/' "$D/grey" >>"$D/reasons"
	while read -r sentence; do
		[ "$sentence" != "the others" ] || continue
		count=$((count + 1))
		# a value at the end may be nothing, and one beside another too
		sentence=$(sed 's/\.\.\.\.\.\./.../g; s/\.\.\.$//' <<<"$sentence")
		grep -qF -e "\`$sentence" -e "\`... $sentence" "$doc" || fail "troubleshooting.md does not explain: $sentence"
	done <"$D/reasons"
	at_least $count 35 "reasons in the sources"
}
test_every_drop_reason_is_explained() {
	local doc word count=0
	doc=$(tree)/deploy/doc/troubleshooting.md
	for word in $(sed -n '/words_[rt]x_dropped\[\] = {/,/^};/{ s/^ *\([RT]X_DROP(\|{\)"\([a-z_]*\)".*/\2/p }' "$(tree)/agent/cli/words.c"); do
		count=$((count + 1))
		# proto_none and no_carrier are in both tables
		grep -q "^| \`$word\` |" "$doc" || fail "troubleshooting.md does not explain $word"
	done
	is $count 12 "drop reasons"
}
# What import knows of bonding is what the page says of it.
test_every_option_of_bonding_is_in_the_table() {
	local doc option count=0
	doc=$(tree)/deploy/doc/moving.md
	sed -n '/^## From bonding/,/^## From teamd/p' "$doc" >"$D/table"
	for option in $(sed -n '/choices\[\] = {/,/^};/p; /plain\[\] = {/,/^};/p' "$(tree)/agent/ctl/bonding.c" |
		sed -n 's/^ *{"\([a-z0-9_]*\)".*/\1/p' | sort -u); do
		count=$((count + 1))
		grep -qw "$option" "$D/table" || fail "moving.md has no $option"
	done
	at_least $count 30 "options of bonding"
}
# Each option that a table names on our side exists.
test_options_in_the_tables_exist() {
	local word
	"$B/xlagg" help lagg | awk '/^  [a-z]/ { print $1 }' >"$D/options"
	for word in lacp-strict lacp-rate lacp-mode lacp-mux select system-prio system-mac key min-links up-delay down-delay \
		probe probe-interval probe-targets probe-missed primary reselect mac peer-notify peer-notify-delay mcast-rejoin \
		rr-limit rx-all flowid flowid-shift hash proto mtu prio; do
		grep -qx -- "$word" "$D/options" || fail "there is no option $word"
		grep -qw -- "$word" "$(tree)/deploy/doc/moving.md" || fail "moving.md does not name $word"
	done
}
test_every_map_is_in_the_manual() {
	local map count=0
	mandoc -Tascii "$(tree)/deploy/man/xlagg-bpf.7" | sed 's|.\x08||g' >"$D/page"
	while read -r map; do
		count=$((count + 1))
		grep -qE "^ {5}(.*, )?$map(,|  |$)" "$D/page" || fail "xlagg-bpf(7) has no map $map"
	done < <(sed -n 's/^} \([a-z_]*\) SEC("\.maps");/\1/p' "$(tree)/bpf/maps.h")
	at_least $count 15 "maps"
}
