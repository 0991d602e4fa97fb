#!/bin/bash
# plot.sh RESULTS
# Draws what failover.sh measured, as SVG on standard output. For each row and peer it shows the longest hole of a failure in
# either direction, from the median (bar) to the 99th percentile (line), on a logarithmic scale.
set -euo pipefail
gojq -L "${BASH_SOURCE[0]%/*}" -rs '
	include "figures";
	def peers: ["xlagg", "xlaggbond", "xlaggprobe", "bonding100", "bonding10", "teamd"];
	def colour: {xlagg: "#1b7f5c", xlaggbond: "#3fa7a0", xlaggprobe: "#6fbf73", bonding100: "#c0504d", bonding10: "#e0a030", teamd: "#4f6fb0"};
	def name: {xlagg: "xlagg", xlaggbond: "xlagg, device bond", xlaggprobe: "xlagg, option probe", bonding100: "bonding, miimon 100", bonding10: "bonding, miimon 10", teamd: "teamd"};
	def row: {carrier: "carrier lost", admin: "port set down", removal: "device removed",
		kill: "agent killed, restarted", upgrade: "agent upgraded", stop: "carrier lost, agent stopped", silent: "silent partner, LACP fast"};
	def left: 210; def width: 620; def top: 64; def bar: 16; def space: 18;
	# 0.01 ms to 100 s
	def x($ms): left + width * (([[$ms, 0.01] | max, 100000] | min | log10) + 2) / 7;
	def show($ms): if $ms >= 1000 then "\($ms / 10 | round / 100) s" elif $ms >= 10 then "\($ms | round) ms"
		elif $ms > 0 then "\($ms * 100 | round / 100) ms" else "nothing lost" end;
	. as $all
	| reduce ("carrier", "admin", "removal", "kill", "upgrade", "stop", "silent") as $kind ({y: top, out: []};
		($all | map(select(.kind == $kind))) as $of
		| if ($of | length) == 0 then . else
			.out += ["<text x=\"\(left - 12)\" y=\"\(.y + bar)\" text-anchor=\"end\" font-weight=\"bold\">\(row[$kind])</text>"]
			| reduce peers[] as $peer (.; ($of | map(select(.peer == $peer) | .us / 1000)) as $ms
				| if ($ms | length) == 0 then . else
					($ms | at(0.5)) as $p50 | ($ms | at(0.99)) as $p99 | .y as $y
					| .out += ["<rect x=\"\(left)\" y=\"\($y + 3)\" width=\"\(x($p50) - left)\" height=\"\(bar - 4)\" fill=\"\(colour[$peer])\"/>",
						"<line x1=\"\(x($p50))\" x2=\"\(x($p99))\" y1=\"\($y + 1 + bar / 2)\" y2=\"\($y + 1 + bar / 2)\" stroke=\"\(colour[$peer])\" stroke-width=\"2\"/>",
						"<text x=\"\(x($p99) + 6)\" y=\"\($y + bar - 2)\" fill=\"#444\">\(if $p99 == 0 then show(0) else "\(show($p50)), p99 \(show($p99))" end)</text>"]
					| .y += bar end)
			| .y += space end)
	| .y as $bottom
	| "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1040\" height=\"\($bottom + 30)\" font-family=\"sans-serif\" font-size=\"12\">",
		"<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
		"<text x=\"12\" y=\"22\" font-size=\"16\" font-weight=\"bold\">Nothing arrives for so long: median (bar) and 99th percentile (line)</text>",
		([peers[] as $p | $p | select(any($all[]; .peer == $p))] | to_entries[] | "<rect x=\"\(left - 170 + .key * 165)\" y=\"36\" width=\"12\" height=\"12\" fill=\"\(colour[.value])\"/><text x=\"\(left - 152 + .key * 165)\" y=\"46\">\(name[.value])</text>"),
		((0.01, 0.1, 1, 10, 100, 1000, 10000, 100000) as $ms | "<line x1=\"\(x($ms))\" x2=\"\(x($ms))\" y1=\"\(top - 6)\" y2=\"\($bottom)\" stroke=\"#ddd\"/><text x=\"\(x($ms))\" y=\"\($bottom + 16)\" text-anchor=\"middle\" fill=\"#666\">\(if $ms >= 1000 then "\($ms / 1000) s" else "\($ms) ms" end)</text>"),
		.out[],
		"</svg>"' "$1"
