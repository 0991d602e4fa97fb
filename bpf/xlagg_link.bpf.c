/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The watcher: in the context of the driver that loses carrier it makes the port not live, before anybody is told. One
 * for all laggs of the machine, loaded where the kernel allows tracing.
 *
 * Who lets a port in reads `lost` first and the device's state second. So `lost` must grow after the state has changed:
 * hence fexit, and NETDEV_DOWN beside NETDEV_GOING_DOWN, which comes while the device still looks up, but early enough
 * to save the frames of the time that the driver takes to stop. A loss that is counted twice harms nobody.
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
 * Templates of what a lagg's maps `ports` and `control` look like (maps.h). They are not used: clang describes a value
 * in BTF only where there is a map of it, and without that description 6.1 takes no map into an array of maps.
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

/* Whether nobody is there who would let the port in. */
static __always_inline bool agent_gone(const struct xlagg_watched *w)
{
	void *controls = bpf_map_lookup_elem(&watched_controls, &w->lagg);
	const volatile struct xlagg_control *control;
	__u32 zero = 0;

	if (!controls)
		return false;
	control = bpf_map_lookup_elem(controls, &zero);
	/* signed: it may have beaten since the time was read */
	return control && (__s64)(bpf_ktime_get_ns() - control->heartbeat_ns) > (__s64)XLAGG_HEARTBEAT_STALE_NS;
}

/* Carrier returned: the agent decides what that means, but where it left the port to us and is gone. */
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

/* The programs' context is the array of the function's arguments. */
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

/* Admin down and up, and removal, also to another namespace. */
SEC("fentry/call_netdevice_notifiers_info")
int device_event(const __u64 *args)
{
	const struct netdev_notifier_info *info = (const struct netdev_notifier_info *)args[1];
	__u64 event = args[0];

	if (event == NETDEV_GOING_DOWN || event == NETDEV_DOWN || event == NETDEV_UNREGISTER)
		count_loss(info->dev);
	else if (event == NETDEV_UP)
		let_in(info->dev);
	return 0;
}
