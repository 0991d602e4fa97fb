/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The watcher: it runs where the driver reports that carrier is lost, and makes the port not live before user space is
 * told. There is one for all laggs of an agent, loaded where the kernel allows tracing.
 *
 * Whoever lets a port in reads `lost` first and the device's state second. So `lost` must grow after the state has
 * changed, which is why this is fexit and not fentry. It is also why NETDEV_DOWN is counted beside NETDEV_GOING_DOWN:
 * the latter comes while the device still looks up, but early enough to save the frames that would be sent while the
 * driver stops. A loss that is counted twice does no harm.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "vmlinux.h"
#include "xlagg/abi.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XLAGG_MAX_LAGGS *XLAGG_MAX_PORTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct xlagg_watch_key);
	__type(value, struct xlagg_watched);
} watch SEC(".maps");

/*
 * Templates of a lagg's maps `ports` and `control` (maps.h). No program uses them. Clang writes BTF for a value only
 * where a map has it, and without that BTF a 6.1 kernel does not accept a map into an array of maps.
 */
struct ports_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlagg_port);
} ports_template SEC(".maps");
struct control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlagg_control);
} control_template SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XLAGG_MAX_LAGGS);
	__type(key, __u32); /* xlagg_watched.lagg */
	__array(values, struct ports_map);
} watched_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XLAGG_MAX_LAGGS);
	__type(key, __u32); /* xlagg_watched.lagg */
	__array(values, struct control_map);
} watched_controls SEC(".maps");

static __always_inline const struct xlagg_watched *watch_of(const struct net_device *dev)
{
	struct xlagg_watch_key key = {.netns = dev->nd_net.net->net_cookie, .ifindex = (__u32)dev->ifindex};

	return bpf_map_lookup_elem(&watch, &key);
}

static __always_inline struct xlagg_port *port_of(const struct xlagg_watched *w, const struct net_device *dev)
{
	void *ports = bpf_map_lookup_elem(&watched_ports, &w->lagg);
	struct xlagg_port *port;

	if (!ports)
		return NULL;
	port = bpf_map_lookup_elem(ports, &w->slot);
	return port && port->ifindex == (__u32)dev->ifindex ? port : NULL;
}

static __always_inline void count_loss(const struct net_device *dev)
{
	const struct xlagg_watched *w = watch_of(dev);
	struct xlagg_port *port = w ? port_of(w, dev) : NULL;

	if (port)
		__sync_fetch_and_add(&port->lost, 1);
}

/* Whether the agent that would let the port in is away. */
static __always_inline bool agent_gone(const struct xlagg_watched *w)
{
	void *controls = bpf_map_lookup_elem(&watched_controls, &w->lagg);
	const volatile struct xlagg_control *control;
	__u32 zero = 0;

	if (!controls)
		return false;
	control = bpf_map_lookup_elem(controls, &zero);
	/* signed, because a heartbeat may be newer than the time that was read */
	return control && (__s64)(bpf_ktime_get_ns() - control->heartbeat_ns) > (__s64)XLAGG_HEARTBEAT_STALE_NS;
}

/* Carrier returned. Normally the agent decides whether the port is used again. Where it has left that to the kernel
 * (XLAGG_PORT_KERNEL_RETURN) and is away, the port is let in here. */
static __always_inline void let_in(const struct net_device *dev)
{
	const struct xlagg_watched *w = watch_of(dev);
	volatile struct xlagg_port *port = w ? port_of(w, dev) : NULL;
	__u32 lost;

	if (!port || !(port->flags & XLAGG_PORT_KERNEL_RETURN) || !agent_gone(w))
		return;
	lost = port->lost;
	if ((dev->flags & IFF_UP) &&
	    !(dev->state & 1ul << bpf_core_enum_value(enum netdev_state_t, __LINK_STATE_NOCARRIER)))
		port->enabled = lost;
}

/* A tracing program's context is the array of the traced function's arguments. */
SEC("fexit/netif_carrier_off")
int carrier_off(const __u64 *args)
{
	count_loss((const struct net_device *)args[0]);
	return 0;
}

SEC("fexit/netif_carrier_on")
int carrier_on(const __u64 *args)
{
	let_in((const struct net_device *)args[0]);
	return 0;
}

/* A device goes administratively down or up, is removed, or moves to another namespace. */
SEC("fentry/call_netdevice_notifiers_info")
int device_event(const __u64 *args)
{
	const struct netdev_notifier_info *info = (const struct netdev_notifier_info *)args[1];
	__u64 event = args[0];

	if (event == bpf_core_enum_value(enum netdev_cmd, NETDEV_GOING_DOWN) ||
	    event == bpf_core_enum_value(enum netdev_cmd, NETDEV_DOWN) ||
	    event == bpf_core_enum_value(enum netdev_cmd, NETDEV_UNREGISTER))
		count_loss(info->dev);
	else if (event == bpf_core_enum_value(enum netdev_cmd, NETDEV_UP))
		let_in(info->dev);
	return 0;
}
