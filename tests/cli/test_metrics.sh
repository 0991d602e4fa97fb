# shellcheck shell=bash
# Metrics: the text that is printed and served, and its readers.

# http PATH [HEADER]: prints head and body of the response
http() {
	exec {tcp}<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET %s HTTP/1.0\r\n%s\r\n' "$1" "${2:+$2$'\r\n'}" >&$tcp
	cat <&$tcp
	exec {tcp}>&-
}
# exporter: serves the metrics of a at 127.0.0.1:$port
exporter() {
	spawn exporter "$B/xlagg" --socket "$D/a.sock" exporter --listen 127.0.0.1:0
	wait_for 5 grep -q '^http://127.0.0.1:[0-9]*/metrics$' "$D/exporter.out"
	port=$(sed 's/.*:\([0-9]*\)\/.*/\1/' "$D/exporter.out")
}
one_lagg() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto failover port eth1 port eth2 10.0.0.1/24
	wait_for 5 has_carrier a lagg0
}
test_exporter() {
	local port
	one_lagg
	exporter
	http /metrics >"$D/answer"
	matches "$(cat "$D/answer")" '^Content-Type: text/plain; version=0.0.4' "type"
	matches "$(cat "$D/answer")" '^xlagg_up 1$' "up"
	matches "$(cat "$D/answer")" '^xlagg_port_buckets\{lagg="lagg0",port="eth1"\} 1024$' "buckets"
	is "$(tail -n 1 "$D/answer")" "# EOF" "last line"
	sed '1,/^\r$/d' "$D/answer" >"$D/text"
	http /metrics 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' >"$D/answer"
	matches "$(cat "$D/answer")" '^Content-Type: application/openmetrics-text; version=1.0.0' "type, if asked for"
	matches "$(cat "$D/answer")" '^# TYPE xlagg_port_flag stateset$' "a type of OpenMetrics"
	xl a metrics >"$D/printed"
	# all of them have the same series; counters go on meanwhile
	series() { grep '^xlagg_' "$1" | sed 's/\(_total{.*}\) .*/\1/'; }
	series "$D/answer" >"$D/served"
	series "$D/text" | diff "$D/served" -
	series "$D/printed" | diff "$D/served" -
	is "$(tail -n 1 "$D/printed")" "# EOF" "last line of what is printed"
	matches "$(http /nothing | head -n 1)" ' 404 ' "another path"
	kill -STOP "${AGENT[a]}"
	http /metrics >"$D/answer"
	matches "$(cat "$D/answer")" 'HTTP/1.[01] 503 ' "an agent that is stopped"
	matches "$(cat "$D/answer")" '^the agent has not answered for 0.5 s: it is busy or stopped, see its log$' "its sentence"
	kill -CONT "${AGENT[a]}"
	matches "$(http /metrics)" '^xlagg_up 1$' "up, when it goes on"
	agent_end a KILL
	http /metrics >"$D/answer"
	matches "$(cat "$D/answer")" 'HTTP/1.[01] 503 ' "without an agent"
	matches "$(cat "$D/answer")" 'no agent answers at ' "sentence without an agent"
	agent a
	matches "$(http /metrics)" '^xlagg_up 1$' "up, with the next agent"
	kill -TERM "${CHILD[exporter]}"
	reap exporter || fail "exit status of the exporter"
}
test_promtool() {
	local port
	[ -x "$(command -v promtool)" ] || skip "promtool is not installed (Debian's package prometheus has it)"
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto lacp port eth1 port eth2
	xl a lagg add lagg1 port eth9 absent ok
	xl a metrics | promtool check metrics >"$D/findings" 2>&1 || fail "what is printed: $(cat "$D/findings")"
	exporter
	http /metrics | sed '1,/^\r$/d' | promtool check metrics >"$D/findings" 2>&1 || fail "what is served: $(cat "$D/findings")"
}
# A thousand clients that say nothing, or do not end what they say, keep nobody else out.
test_exporter_with_idle_clients() {
	one_lagg
	ulimit -n "$(ulimit -H -n)"
	[ "$(ulimit -n)" -ge 1200 ] || skip "only $(ulimit -n) descriptors are allowed here"
	local port i idle NOW began
	exporter
	for ((i = 0; i < 1000; i++)); do
		exec {idle}<>"/dev/tcp/127.0.0.1/$port"
		[ $((i % 2)) = 0 ] || printf 'GET /met' >&"$idle"
	done
	now_us
	began=$NOW
	matches "$(http /metrics)" '^xlagg_up 1$' "a scrape beside them"
	now_us
	at_most $(((NOW - began) / 1000)) 1000 "ms of the scrape"
}
# metric NAME{LABELS}: prints the value
metric() { xl a metrics | grep -F "$1 " | cut -d ' ' -f 2; }
test_metrics_of_a_failover() {
	lagg_pair 2 proto failover
	is "$(metric 'xlagg_lagg_failover_gap_seconds_count{lagg="lagg0"}')" 0 "gaps before"
	spawn_on ping a ping -q -i 0.01 10.0.0.2
	let_pass a 20
	nip a link set eth1 down
	wait_for 5 active_port_is a eth2
	let_pass a 100
	kill -INT "${CHILD[ping]}"
	reap ping || :
	is "$(xl a metrics | grep -c '^xlagg_lagg_failovers_total.* 1$')" 1 "failovers, by who noticed"
	is "$(metric 'xlagg_lagg_failover_gap_seconds_count{lagg="lagg0"}')" 1 "gaps after"
	is "$(metric 'xlagg_lagg_failover_gap_seconds_bucket{lagg="lagg0",le="+Inf"}')" 1 "in the last bucket"
	at_least "$(metric 'xlagg_lagg_failover_gap_seconds_sum{lagg="lagg0"}')" 0.000001 "the gap"
	at_most "$(metric 'xlagg_lagg_failover_gap_seconds_sum{lagg="lagg0"}')" 1 "the gap"
	is "$(metric 'xlagg_lagg_agent_away_seconds{lagg="lagg0"}')" 0.000000000 "time without an agent"
}
test_metrics_of_an_absence() {
	one_lagg
	agent_end a KILL
	pause 2
	agent a
	at_least "$(metric 'xlagg_lagg_agent_away_seconds{lagg="lagg0"}')" 2 "time without an agent"
	at_most "$(metric 'xlagg_lagg_agent_away_seconds{lagg="lagg0"}')" 60 "time without an agent"
}
test_metrics_of_probes() {
	switched 2
	nip b address add 10.0.0.2/24 dev eth0
	agent a
	xl a lagg add lagg0 proto failover probe 10.0.0.2 probe-interval 100 port eth1 port eth2 10.0.0.1/24
	# probes WORD: how many of eth1's; state_is WORD: what they have found
	probes() { metric "xlagg_port_probes_$1_total{lagg=\"lagg0\",port=\"eth1\"}"; }
	at_least_3() { [ "$(probes "$1")" -ge 3 ]; }
	state_is() {
		[ "$(metric "xlagg_port_probe_state{lagg=\"lagg0\",port=\"eth1\",xlagg_port_probe_state=\"$1\"}")" = 1 ]
	}
	wait_for 10 at_least_3 answered
	wait_for 5 state_is answered
	nip sw link set a1 nomaster # eth1 keeps its carrier
	wait_for 10 state_is silent
	at_least "$(probes lost)" 3 "lost"
	at_least "$(probes sent)" "$(probes answered) + $(probes lost)" "sent"
	is "$(metric 'xlagg_lagg_failovers_total{lagg="lagg0",detected="probe"}')" 1 "failovers by probes"
}

# ---- deploy/grafana ----

tree() { realpath "$(dirname "${BASH_SOURCE[0]}")/../.."; }
# all_metrics: prints the names of all metrics, of laggs that have every kind. Not in a pipe, where nobody would know its hosts.
all_metrics() {
	two_hosts 2
	agent a
	xl a lagg add lagg0 proto lacp port eth1
	xl a lagg add lagg1 proto failover port eth2
	xl a metrics | sed -n 's/^\(xlagg_[a-z_]*\)[{ ].*/\1/p' | sort -u
}
# named_in FILE...: prints the names of all metrics that these name
named_in() { grep -ohE 'xlagg_[a-z_]+' "$@" | sort -u; }
test_alert_rules() {
	command -v promtool >/dev/null || skip "promtool is not installed (Debian's package prometheus has it)"
	local rules tests alert
	rules=$(tree)/deploy/grafana/alerts.yml tests=$(tree)/tests/cli/alerts.yml
	promtool check rules "$rules" >"$D/findings" 2>&1 || fail "$(cat "$D/findings")"
	promtool test rules "$tests" >"$D/findings" 2>&1 || fail "$(cat "$D/findings")"
	for alert in $(sed -n 's/.*- alert: //p' "$rules"); do
		grep -A 1 "alertname: $alert\$" "$tests" | holds exp_alerts || fail "no test expects $alert"
		grep -q "alertname: $alert}" "$tests" || fail "no test expects that $alert is silent"
	done
}
test_dashboard_and_alerts_name_what_exists() {
	all_metrics >"$D/exist"
	at_least "$(wc -l <"$D/exist")" 60 "metrics"
	jq -r '.. | .expr? // empty' "$(tree)/deploy/grafana/dashboard.json" >"$D/queries"
	at_least "$(wc -l <"$D/queries")" 20 "queries of the dashboard"
	named_in "$D/queries" "$(tree)/deploy/grafana/alerts.yml" >"$D/named"
	at_least "$(wc -l <"$D/named")" 25 "metrics that dashboard and alerts name"
	is "$(comm -13 "$D/exist" "$D/named" | xargs)" "" "metrics that do not exist"
}
# deploy/doc/metrics.md has each metric, and none that there is not. A histogram is one metric there.
test_every_metric_is_documented() {
	all_metrics >"$D/all"
	sed -E 's/_seconds_(bucket|sum|count)$/_seconds/' "$D/all" | sort -u >"$D/exist"
	sed -n 's/^| `\(xlagg_[a-z_]*\)`.*/\1/p' "$(tree)/deploy/doc/metrics.md" | sort >"$D/documented"
	diff "$D/exist" "$D/documented" || fail "metrics.md has not the metrics that there are"
}
test_every_alert_is_documented() {
	sed -n 's/^| `\(Xlagg[A-Za-z]*\)` | \([a-z]*\) .*/\1 \2/p' "$(tree)/deploy/doc/metrics.md" | sort >"$D/documented"
	sed -n 's/^ *- alert: //p; s/^ *severity: //p' "$(tree)/deploy/grafana/alerts.yml" | paste -d ' ' - - | sort >"$D/exist"
	diff "$D/exist" "$D/documented" || fail "metrics.md has not the alerts that there are"
}

# ---- with a real Prometheus, on host a ----

# prometheus_on_a [ARGUMENT...]: it reads the exporter of a every second, and judges by the alerts that are installed
prometheus_on_a() {
	[ -x "$(command -v prometheus)" ] && [ -x "$(command -v promtool)" ] ||
		skip "prometheus is not installed (Debian's package prometheus)"
	spawn_on exporter a "$B/xlagg" --socket "$D/a.sock" exporter --listen 127.0.0.1:9477
	cat >"$D/prometheus.yml" <<-YAML
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: [$(tree)/deploy/grafana/alerts.yml]
		scrape_configs:
		  - job_name: xlagg
		    static_configs: [{targets: ['127.0.0.1:9477']}]
	YAML
	spawn_on prometheus a prometheus --config.file="$D/prometheus.yml" --storage.tsdb.path="$D/tsdb" \
		--web.listen-address=127.0.0.1:9090
	wait_for 30 gives_values 'xlagg_up == 1'
}
# query EXPRESSION: prints what it gives now, a line for each series; fails if Prometheus cannot read it
query() { on a promtool query instant http://127.0.0.1:9090 "$1"; }
gives_values() { query "$1" | holds .; }
# panels: prints the dashboard's queries, with its variables as they are for all hosts
panels() {
	# shellcheck disable=SC2016
	jq -r '.. | .expr? // empty' "$(tree)/deploy/grafana/dashboard.json" |
		sed 's/\$__rate_interval\|\$__interval/1m/g; s/\$job\|\$instance\|\$lagg/.*/g'
}
# One that is cut off from its partner, and one that speaks LACP, so that every panel has something to show, except for what
# only an attack or an absent agent would.
test_prometheus_sees_a_failover() {
	local h panel count=0
	two_hosts 4
	for h in a b; do
		agent $h
		xl $h lagg add lagg0 proto failover probe 10.0.0.2 probe-interval 100 port eth1 port eth2
		xl $h lagg add lagg1 proto lacp lacp-rate fast port eth3 port eth4
	done
	nip a address add 10.0.0.1/24 dev lagg0
	nip b address add 10.0.0.2/24 dev lagg0
	prometheus_on_a
	spawn_on ping a ping -q -i 0.01 10.0.0.2
	wait_for 20 gives_values 'increase(xlagg_port_tx_packets_total{port="eth1"}[1m]) > 20'
	! gives_values 'ALERTS{alertname="XlaggFailover"}' || fail "the alert fires before"
	nip b link set eth1 down
	wait_for 20 gives_values 'ALERTS{alertname="XlaggFailover", alertstate="firing", lagg="lagg0"}'
	wait_for 20 gives_values 'increase(xlagg_lagg_failover_gap_seconds_count{lagg="lagg0"}[1m]) > 0'
	panels >"$D/panels"
	while read -r panel; do
		count=$((count + 1))
		case $panel in
		*_dropped_total* | *_headless_total* | *_foreign_total*) query "$panel" >/dev/null || fail "not understood: $panel" ;;
		*) wait_for 20 gives_values "$panel" ;;
		esac
	done <"$D/panels"
	at_least $count 20 "queries"
	is "$(query 'count by (lagg) (xlagg_port_lacp_info{partner_system!="00:00:00:00:00:00"})' | grep -c 'lagg1.*=> 2 ')" 1 "partners"
	# without an agent there is no word of it
	agent_end a KILL
	wait_for 20 gives_values 'up{job="xlagg"} == 0'
	wait_for 20 gives_values 'ALERTS{alertname="XlaggDown", alertstate="pending"}'
}
