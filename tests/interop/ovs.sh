# shellcheck shell=bash
# Open vSwitch as a LACP partner, in a host's namespace. Each host has an instance of its own with its own database and sockets, so
# the system's Open vSwitch is not used. Its datapath is that of user space (netdev), which needs no kernel module, or the kernel's
# (system), of which each namespace has its own.
OVS_DATAPATH=netdev

# ovs_start HOST active|passive|off fast|slow PORT...: starts it with a bridge br0 and a bond of these ports
ovs_start() {
	local h=$1 lacp=$2 time=$3 dir=$D/ovs-$1
	shift 3
	mkdir -p "$dir"
	# In user space OVS reads its ports with packet sockets, so the kernel's stack sees the frames too and must not answer.
	on "$h" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv6.conf.all.disable_ipv6=1
	ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir OVS_SYSCONFDIR=$dir spawn_on "ovsdb-$h" "$h" ovsdb-server "$dir/conf.db" \
		--remote=punix:"$dir/db.sock" --unixctl="$dir/ovsdb.ctl" --log-file="$dir/ovsdb.log" -vconsole:off
	wait_for 10 ovs_vsctl "$h" --no-wait init
	ovs_daemon "$h"
	ovs_vsctl "$h" add-br br0 -- set bridge br0 "datapath_type=$OVS_DATAPATH" fail-mode=standalone
	ovs_vsctl "$h" add-bond br0 bond0 "$@" bond_mode=balance-tcp lacp="$lacp" \
		other-config:lacp-time="$time" other-config:bond-miimon-interval=100
	nip "$h" link set br0 up
}
ovs_daemon() {
	local dir=$D/ovs-$1
	local -a options=()
	[ "$OVS_DATAPATH" = system ] || options=(--disable-system)
	OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir OVS_SYSCONFDIR=$dir spawn_on "ovs-$1" "$1" ovs-vswitchd \
		"unix:$dir/db.sock" --unixctl="$dir/vswitchd.ctl" --log-file="$dir/vswitchd.log" -vconsole:off "${options[@]}"
	wait_for 10 ovs_appctl "$1" version
}
ovs_stop_daemon() {
	ovs_appctl "$1" exit
	reap "ovs-$1"
}
ovs_vsctl() {
	local h=$1
	shift
	ovs-vsctl --db="unix:$D/ovs-$h/db.sock" --timeout=10 "$@"
}
ovs_appctl() {
	local h=$1
	shift
	ovs-appctl -T 5 -t "$D/ovs-$h/vswitchd.ctl" "$@"
}

# ovs_lacp HOST: prints lacp/show of the bond as JSON, with xlagg's names for ends and states:
#   {"eth1":{"state":"current attached","actor":{"system":..,"state":["ACTIVITY",..]},"partner":{..}}, ..}
ovs_lacp() {
	ovs_appctl "$1" lacp/show bond0 | awk '
		BEGIN {
			name["sys_id"] = "system"; name["sys_priority"] = "system_prio"; name["port_id"] = "port"
			name["port_priority"] = "port_prio"; name["key"] = "key"
			printf "{\"\":{}"
		}
		function end_part() { if (part) printf "}"; part = "" }
		$1 == "member:" {
			end_part()
			sub(":", "", $2)
			printf "%s,\"%s\":{\"state\":\"%s %s\"", (member ? "}" : ""), $2, $3, $4
			member = $2
		}
		($1 == "actor" || $1 == "partner") && member {
			if ($1 != part) { end_part(); part = $1; printf ",\"%s\":{", part; comma = "" }
			sub(":", "", $2)
			if ($2 == "state") {
				printf "%s\"state\":[", comma
				for (i = 3; i <= NF; i++) printf "%s\"%s\"", (i > 3 ? "," : ""), ($i == "synchronized" ? "SYNC" : toupper($i))
				printf "]"
			} else {
				printf "%s\"%s\":%s", comma, name[$2], ($2 == "sys_id" ? "\"" $3 "\"" : $3)
			}
			comma = ","
		}
		END { end_part(); printf "%s}\n", (member ? "}" : "") }' | jq 'del(.[""])'
}
