/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which programs are attached where: those of the lagg's own device and those of each port. */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/datapath/internal.h"
#include "sys/datapath/watch.h"
#include "sys/log.h"

int datapath_say(char sentence[XLAGG_SENTENCE_MAX], int r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(sentence, XLAGG_SENTENCE_MAX, format, args);
	va_end(args);
	return r;
}

const char *datapath_device_name(int ifindex, char buffer[32])
{
	if (!if_indextoname((unsigned)ifindex, buffer))
		snprintf(buffer, 32, "device %d", ifindex);
	return buffer;
}

static struct hook port_hook(enum hook_kind kind, const char *prefix, const char *program, uint32_t slot, int ifindex)
{
	struct hook hook = {.kind = kind, .ifindex = ifindex, .program = program, .slot = slot};
	snprintf(hook.name, sizeof(hook.name), "%s%u", prefix, slot);
	return hook;
}

static struct hook device_hook(enum hook_kind kind, const char *name, const char *program, uint32_t ifindex)
{
	struct hook hook = {.kind = kind, .ifindex = (int)ifindex, .program = program, .slot = XLAGG_NO_PORT};
	snprintf(hook.name, sizeof(hook.name), "%s", name);
	return hook;
}

static int ensure(struct datapath *dp, const struct programs *programs, struct hook hook,
		  char sentence[XLAGG_SENTENCE_MAX])
{
	return hook_ensure(dp, &hook, programs_fd(programs, hook.program), sentence);
}

int devmap_put(struct datapath *dp, const char *map, uint32_t index, uint32_t ifindex)
{
	return bpf_map_update_elem(datapath_map(dp, map), &index, &ifindex, BPF_ANY) == 0 ? 0 : -errno;
}

bool devmap_has(const struct datapath *dp, const char *map, uint32_t index, uint32_t ifindex)
{
	uint32_t found = 0;
	int r = bpf_map_lookup_elem(datapath_map(dp, map), &index, &found);
	/* That it cannot be read now does not say that it is gone. */
	return r == 0 ? found == ifindex : errno != ENOENT;
}

static void take_device(struct datapath *dp, const char *map, uint32_t index)
{
	bpf_map_delete_elem(datapath_map(dp, map), &index);
}

/* Puts a port into tx_devs only where its driver can send for XDP. Otherwise frames that XDP redirects to it are lost
 * without a report, so tc has to send them. */
static int offer_to_xdp(struct datapath *dp, uint32_t slot, int ifindex)
{
	int native = xdp_native(ifindex);
	if (native < 0)
		return native;
	dp->written.xdp_sends[slot] = native;
	if (native)
		return devmap_put(dp, "tx_devs", slot, (uint32_t)ifindex);
	take_device(dp, "tx_devs", slot);
	return 0;
}

/* Removes a port from the devmaps through which XDP sends. */
static void take_from_xdp(struct datapath *dp, uint32_t slot)
{
	dp->written.xdp_sends[slot] = false;
	take_device(dp, "tx_devs", slot);
	take_device(dp, "live_devs", slot);
}

/* Fills the devmaps before a program is attached that redirects through them. A missing entry makes a program pass the
 * frame to tc, except with broadcast, which would skip that port. */
static int fill_devmaps(struct datapath *dp)
{
	int r = devmap_put(dp, "lower_dev", 0, dp->setup.params.lower_ifindex);
	for (uint32_t slot = 0; !r && slot < XLAGG_MAX_PORTS; slot++) {
		const struct xlagg_port *port = &dp->written.port[slot];
		bool live = port->ifindex && dp->ports[slot].enabled == dp->ports[slot].lost;
		if (!live)
			take_device(dp, "live_devs",
				    slot); /* an entry left from an earlier time with proto broadcast */
		if (port->ifindex)
			r = offer_to_xdp(dp, slot, (int)port->ifindex);
		if (!r && live)
			r = devmap_put(dp, "live_devs", slot, port->ifindex);
		if (r == -EINVAL) /* the device is gone; that is handled where its hooks are checked */
			r = 0;
	}
	return r;
}

/* The lower end in the xdp profile: the ports' programs redirect to it, and its own program sends what lagg0 sends. */
static int device_xdp(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	if (dp->setup.profile != XLAGG_DATAPATH_XDP)
		return hook_release(dp, "xdptx");
	uint32_t lower = dp->setup.params.lower_ifindex;
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&dp->setup, PROGRAMS_XDP, XLAGG_NO_PORT, &programs);
	if (!r)
		r = fill_devmaps(dp);
	if (r)
		return datapath_say(sentence, r, "cannot set up the xdp datapath: %s", strerror(-r));
	const char *program = program_in_use(dp, "xdp_tx");
	r = programs_load(dp, programs, (const char *const[]){program, NULL}, sentence);
	return r ? r : ensure(dp, programs, device_hook(HOOK_XDP, "xdptx", program, lower), sentence);
}

/* The guard of a netkit device is at the lower end's transmit function, so that no frame has to pass tc there. A guard
 * that an earlier version attached to tc stays there, because that version's receive programs do not mark what they
 * received. */
static struct hook guard_hook(struct datapath *dp)
{
	struct hook guard =
	    device_hook(HOOK_TC_EGRESS, "guard", program_in_use(dp, "lower_guard"), dp->setup.params.lower_ifindex);
	if (dp->setup.device == XLAGG_DEVICE_NETKIT && !hook_attached(dp, &guard))
		guard.kind = HOOK_NETKIT_PEER;
	return guard;
}

uint32_t device_alive(const struct datapath *dp)
{
	const struct xlagg_params *params = &dp->setup.params;
	return dp->setup.device == XLAGG_DEVICE_BOND ? params->lagg_ifindex : params->lower_ifindex;
}

/* Whether there is nothing to send on yet: then the transmit program, which takes the verifier longer than all others
 * together, can wait. */
static bool tx_can_wait(const struct datapath *dp)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (dp->written.port[slot].ifindex)
			return false;
	return dp->features.in_a_hurry;
}

bool datapath_steers(const struct datapath *dp)
{
	return dp->setup.shell > SHELL_DIRECT;
}

static const char *tx_program(const struct datapath *dp)
{
	static const char *const of_shell[] = {
	    [SHELL_QUEUE] = "tx_queue", [SHELL_HASH] = "tx_hash", [SHELL_COPIES] = "tx_copies"};
	return program_in_use(dp, datapath_steers(dp) ? of_shell[dp->setup.shell] : "tx");
}

static const char *rx_program(const struct datapath *dp)
{
	return program_in_use(dp, dp->setup.device == XLAGG_DEVICE_BOND ? "rx_slave" : "rx");
}

/* Attaches the transmit program wherever this kind of device needs it. */
static int attach_tx(struct datapath *dp, const struct programs *programs, char sentence[XLAGG_SENTENCE_MAX])
{
	uint32_t lagg = dp->setup.params.lagg_ifindex, lower = dp->setup.params.lower_ifindex;
	bool direct = dp->setup.direct && dp->setup.device == XLAGG_DEVICE_VETH;
	const char *program = tx_program(dp);
	/* What passes it goes on into bonding. */
	if (dp->setup.idle)
		return hook_release(dp, "txlagg");
	if (dp->setup.device == XLAGG_DEVICE_BOND)
		return ensure(dp, programs, device_hook(HOOK_TC_EGRESS, "txlagg", program, lagg), sentence);
	int r = ensure(dp, programs, device_hook(HOOK_TC_INGRESS, "tx", program, lower), sentence);
	if (!r && dp->setup.device == XLAGG_DEVICE_NETKIT)
		r = ensure(dp, programs, device_hook(HOOK_NETKIT, "txnetkit", program, lagg), sentence);
	if (r)
		return r;
	return direct ? ensure(dp, programs, device_hook(HOOK_TC_EGRESS, "txlagg", program, lagg), sentence)
		      : hook_release(dp, "txlagg");
}

int lower_alive_put(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	uint32_t alive = device_alive(dp);
	char buffer[32];
	const char *name = datapath_device_name((int)alive, buffer);
	int r = devmap_put(dp, "lower_alive", 0, alive);
	if (r == -EINVAL)
		return datapath_say(sentence, -ENODEV, "%s, %s of the lagg, is not there", name,
				    dp->setup.device == XLAGG_DEVICE_BOND ? "the bond" : "the lower end");
	return r ? datapath_say(sentence, r, "%s cannot be marked as the lagg's: %s", name, strerror(-r)) : 0;
}

bool bonding_speaks(const struct datapath *dp)
{
	return dp->setup.params.bonding_lacp && dp->setup.idle;
}

int lacp_take(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	if (!dp->setup.params.bonding_lacp || dp->setup.idle)
		return 0;
	/* Until now bonding heard the partners, and the programs did not. */
	if (!devmap_has(dp, "lower_alive", 0, device_alive(dp)))
		datapath_note_heard(dp);
	return lower_alive_put(dp, sentence);
}

/* Says that the lagg's device is there. On a bond of mode 802.3ad that says more, and lacp_take() says it last. */
static int alive_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	if (!dp->setup.params.bonding_lacp)
		return lower_alive_put(dp, sentence);
	if (dp->setup.idle)
		take_device(dp, "lower_alive", 0);
	return 0;
}

int device_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	bool without_tx = tx_can_wait(dp);
	const char *const names[] = {program_in_use(dp, "lower_guard"),
				     without_tx || dp->setup.idle ? NULL : tx_program(dp), NULL};
	uint32_t lagg = dp->setup.params.lagg_ifindex;
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	char buffer[32];

	int r = programs_open(&dp->setup, PROGRAMS_TC, XLAGG_NO_PORT, &programs);
	if (r)
		return datapath_say(sentence, r, "cannot open the BPF programs: %s", strerror(-r));
	r = programs_load(dp, programs, names, sentence);
	if (r)
		return r;
	/* It was made for the setup before; the next `explain` loads a new one. */
	r = pin_drop(dp->folder, "prog_probe");
	if (!r && !datapath_takes_tcx(dp))
		r = clsact_prepare((int)lagg);
	if (r)
		return datapath_say(sentence, r, "cannot prepare %s: %s", datapath_device_name((int)lagg, buffer),
				    strerror(-r));
	/* The kernel removes the entry when the device is unregistered: then the receive programs pass everything on to
	 * the ports' own stack. */
	r = alive_apply(dp, sentence);
	if (r)
		return r;
	r = ensure(dp, programs, guard_hook(dp), sentence);
	if (!r && !without_tx)
		r = attach_tx(dp, programs, sentence);
	return r ? r : device_xdp(dp, sentence);
}

/*
 * For a port whose driver has no XDP, tc receives and sends. Generic XDP would be slower than tc. Besides, since
 * Linux 6.9 it passes frames to tc without the MAC header (it copies the frame and leaves skb->mac_len 0), so that
 * LACPDUs would be lost.
 */
static int port_without_xdp(struct datapath *dp, const struct hook *hook)
{
	char buffer[32];
	dp->written.xdp_sends[hook->slot] = false;
	take_device(dp, "tx_devs", hook->slot);
	log_info("%s: its driver has no native XDP: tc receives and sends here",
		 datapath_device_name(hook->ifindex, buffer));
	return hook_release(dp, hook->name);
}

static int port_xdp(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	struct hook hook = port_hook(HOOK_XDP, "xdprx", program_in_use(dp, "xdp_rx"), slot, ifindex);
	char buffer[32];
	if (dp->setup.profile != XLAGG_DATAPATH_XDP) {
		int cleared = hook_release(dp, hook.name);
		take_from_xdp(dp, slot);
		return cleared;
	}
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&dp->setup, PROGRAMS_XDP, slot, &programs);
	if (r)
		return datapath_say(sentence, r, "cannot set up the xdp datapath: %s", strerror(-r));
	r = programs_load(dp, programs, (const char *const[]){hook.program, NULL}, sentence);
	if (!r)
		r = ensure(dp, programs, hook, sentence);
	int native = r ? 0 : xdp_native(ifindex);
	if (r == -EOPNOTSUPP || (!r && !native)) {
		sentence[0] = '\0';
		return port_without_xdp(dp, &hook);
	}
	if (native < 0)
		return datapath_say(sentence, native, "cannot find out how %s runs XDP: %s",
				    datapath_device_name(ifindex, buffer), strerror(-native));
	if (r)
		return r;
	/* Now that the port has a program: many drivers send frames for XDP only while they run a program themselves.
	 */
	r = offer_to_xdp(dp, slot, ifindex);
	return r ? datapath_say(sentence, r, "cannot have XDP send through %s: %s",
				datapath_device_name(ifindex, buffer), strerror(-r))
		 : 0;
}

int port_alive_put(struct datapath *dp, uint32_t slot, int ifindex)
{
	int r = devmap_put(dp, "port_alive", slot, (uint32_t)ifindex);
	return r == -EINVAL ? -ENODEV : r;
}

bool port_has_left(const struct datapath *dp, uint32_t slot)
{
	uint32_t ifindex;
	return dp->knows_alive && dp->written.port[slot].ifindex &&
	       bpf_map_lookup_elem(datapath_map(dp, "port_alive"), &slot, &ifindex) != 0 && errno == ENOENT;
}

/* The program at a port's egress, NULL: none. */
static const char *out_program(const struct datapath *dp)
{
	if (datapath_steers(dp))
		return "port_out";
	return dp->setup.params.bonding_lacp ? "port_silence" : NULL;
}

static int attach_out(struct datapath *dp, const struct programs *programs, uint32_t slot, int ifindex,
		      char sentence[XLAGG_SENTENCE_MAX])
{
	const char *program = out_program(dp);
	struct hook out = port_hook(HOOK_TC_EGRESS, "out", program ? program : "port_out", slot, ifindex);
	return program ? ensure(dp, programs, out, sentence) : hook_release(dp, out.name);
}

/* Detaches the tc programs of a port. */
static int release_port(struct datapath *dp, uint32_t slot)
{
	struct hook tc = port_hook(HOOK_TC_INGRESS, "rx", "rx", slot, 0);
	struct hook out = port_hook(HOOK_TC_EGRESS, "out", "port_out", slot, 0);
	int r = hook_release(dp, tc.name), r_out = hook_release(dp, out.name);
	return r ? r : r_out;
}

int port_apply(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	char buffer[32];
	/* The kernel removes the entry when the device leaves this namespace: then its program passes everything on to
	 * the device's own stack. */
	int r = port_alive_put(dp, slot, ifindex);
	if (r)
		return datapath_say(sentence, r, "%s cannot be marked as a port: %s",
				    datapath_device_name(ifindex, buffer), strerror(-r));
	if (dp->setup.idle)
		return release_port(dp, slot);
	r = programs_open(&dp->setup, PROGRAMS_TC, slot, &programs);
	if (r)
		return datapath_say(sentence, r, "cannot open the BPF programs: %s", strerror(-r));
	const char *const names[] = {rx_program(dp), out_program(dp), NULL};
	r = programs_load(dp, programs, names, sentence);
	if (r)
		return r;
	r = ensure(dp, programs, port_hook(HOOK_TC_INGRESS, "rx", rx_program(dp), slot, ifindex), sentence);
	if (!r)
		r = attach_out(dp, programs, slot, ifindex, sentence);
	return r ? r : port_xdp(dp, slot, ifindex, sentence);
}

/* Whether what is pinned in the folder runs there. Without a datapath: the folder may be any agent's. */
static bool runs(const char *folder, const struct hook *hook)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	if (!dp)
		return false;
	snprintf(dp->folder, sizeof(dp->folder), "%s", folder);
	bool attached = hooks_adopt(dp) == 0 && hook_attached(dp, hook);
	hooks_close(dp);
	free(dp);
	return attached;
}

bool datapath_is_attached(const char *folder, uint32_t slot, int ifindex)
{
	struct hook hook = port_hook(HOOK_TC_INGRESS, "rx", "rx", slot, ifindex);
	return runs(folder, &hook);
}

bool datapath_is_attached_lower(const char *folder, int ifindex)
{
	struct hook hook = device_hook(HOOK_TC_INGRESS, "tx", "tx", (uint32_t)ifindex);
	return runs(folder, &hook);
}

bool datapath_is_attached_bond(const char *folder, int ifindex)
{
	struct hook hook = device_hook(HOOK_TC_EGRESS, "txlagg", "tx", (uint32_t)ifindex);
	return runs(folder, &hook);
}

bool datapath_has_bond(const char *folder, int ifindex)
{
	__attribute__((cleanup(close_fd))) int alive = pin_get(folder, "lower_alive", PIN_MAP);
	uint32_t zero = 0, found;
	return alive >= 0 && bpf_map_lookup_elem(alive, &zero, &found) == 0 &&
	       datapath_is_attached_bond(folder, ifindex);
}

void datapath_let_bond_go(const char *folder)
{
	__attribute__((cleanup(close_fd))) int alive = pin_get(folder, "lower_alive", PIN_MAP);
	uint32_t zero = 0;
	if (alive >= 0)
		bpf_map_delete_elem(alive, &zero);
}

struct datapath_bypass datapath_bypass(struct datapath *dp, uint32_t slot)
{
	struct hook tc = port_hook(HOOK_TC_INGRESS, "rx", "rx", slot, 0);
	struct hook xdp = port_hook(HOOK_XDP, "xdprx", "xdp_rx", slot, 0);
	if (dp->setup.device == XLAGG_DEVICE_BOND)
		return (struct datapath_bypass){.chains = dp->setup.shell == SHELL_DIRECT};
	return (struct datapath_bypass){.ingress = true,
					.chains = true,
					.clsact = hook_is_link(dp, tc.name) || hook_device(dp, xdp.name),
					.egress = dp->written.xdp_sends[slot]};
}

bool datapath_is_own_filter(const struct netlink_filter *filter)
{
	return clsact_is_own(filter);
}

int datapath_port_ifindex(const struct datapath *dp, uint32_t slot)
{
	return slot < XLAGG_MAX_PORTS ? (int)dp->written.port[slot].ifindex : 0;
}

int datapath_port_add(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	char buffer[32];
	if (slot >= XLAGG_MAX_PORTS || ifindex <= 0)
		return datapath_say(sentence, -EINVAL, "a lagg has %u ports, numbered from 0: there is no %u",
				    XLAGG_MAX_PORTS, slot);
	int before = datapath_port_ifindex(dp, slot);
	if (before)
		return datapath_say(sentence, -EBUSY, "slot %u is in use by %s", slot,
				    datapath_device_name(before, buffer));
	/* Single pins that are missing are for the check to find. Without the folder the port could not be pinned. */
	int r = pin_is_bpffs(dp->folder) ? 0 : pins_ensure(dp, sentence);
	if (r)
		return r;
	/* The port is out before its entry names a device: with the zeros of a fresh entry it would be live. */
	port_clear_flags(dp, slot);
	port_set_enabled(dp, slot, XLAGG_PORT_OUT);
	bool first = tx_can_wait(dp);
	port_set_ifindex(dp, slot, (uint32_t)ifindex);
	if (first)
		r = device_apply(dp, sentence);
	if (!r)
		r = port_apply(dp, slot, ifindex, sentence);
	if (!r && dp->watch && (r = watch_port(dp->watch, dp->watched, slot, (uint32_t)ifindex)))
		datapath_say(sentence, r, "cannot watch the carrier of %s: %s", datapath_device_name(ifindex, buffer),
			     strerror(-r));
	if (r)
		datapath_port_del(dp, slot);
	return r;
}

int datapath_port_del(struct datapath *dp, uint32_t slot)
{
	if (slot >= XLAGG_MAX_PORTS)
		return -EINVAL;
	int ifindex = datapath_port_ifindex(dp, slot);
	port_clear_flags(dp, slot);
	port_set_enabled(dp, slot, XLAGG_PORT_OUT);
	take_from_xdp(dp, slot);
	take_device(dp, "port_alive", slot);
	struct hook xdp = port_hook(HOOK_XDP, "xdprx", "xdp_rx", slot, 0);
	if (dp->watch && ifindex)
		watch_port_gone(dp->watch, (uint32_t)ifindex);
	int r = hook_release(dp, xdp.name), r_tc = release_port(dp, slot);
	port_set_ifindex(dp, slot, 0);
	return r ? r : r_tc;
}

int datapath_watch(struct datapath *dp, struct watch *watch)
{
	dp->watch = NULL;
	if (!watch)
		return 0;
	int r = watch_lagg(watch, datapath_map(dp, "ports"), datapath_map(dp, "control"), &dp->watched);
	for (uint32_t slot = 0; !r && slot < XLAGG_MAX_PORTS; slot++)
		if (dp->written.port[slot].ifindex)
			r = watch_port(watch, dp->watched, slot, dp->written.port[slot].ifindex);
	if (!r)
		dp->watch = watch;
	return r;
}
