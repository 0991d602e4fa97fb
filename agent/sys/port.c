/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Makes a device a port, and keeps it as a port has to be. */
#include "sys/port.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/mark.h"
#include "xlagg/mac.h"

/* So long a list of groups is used again: for many ports that are looked at one after the other it is read once. */
#define GROUPS_FRESH_NS (100 * NS_PER_MS)
/* Features that would hide a frame, or a part of it, from XDP. */
#define XDP_OFF ((uint64_t)(XLAGG_FEATURE_RX_VLAN | XLAGG_FEATURE_LRO))

/* A device that becomes a port or is kept as one. */
struct work {
	struct netlink *nl;
	struct device device; /* as it was when the work began */
	const struct port_setup *setup;
	struct xlagg_undo *undo;
	port_record_fn record;
	void *context;
	char *sentence; /* XLAGG_SENTENCE_MAX */
};

/* Returns the kernel's reason, or else the text of the error. */
static const char *why(const struct work *work, int r)
{
	const char *text = netlink_why(work->nl);
	return *text ? text : strerror(-r);
}

/* To be called when a property is not as wanted. Returns whether it is to be changed. */
static bool differs(const struct work *work, uint32_t property)
{
	if (work->setup->leave & property)
		return false;
	if (work->setup->differed)
		*work->setup->differed |= property;
	return true;
}

/* Records that what `bits` (enum xlagg_undo_bit) stand for is about to be changed. */
static int note(struct work *work, uint32_t bits)
{
	uint32_t before = work->undo->changed;
	if ((before & bits) == bits)
		return 0;
	work->undo->changed |= bits;
	int r = work->record(work->context, work->undo);
	if (r == 0)
		return 0;
	work->undo->changed = before;
	snprintf(work->sentence, XLAGG_SENTENCE_MAX,
		 "the settings of %s could not be recorded (%s), so it is left as it is", work->device.name,
		 strerror(-r));
	return r;
}

static int set_alias(struct work *work)
{
	char alias[MARK_MAX];
	mark_write(mark_of_port(work->setup->taken), work->setup->lagg, alias);
	/* Also if an agent that died has left the mark: in the end it has to be removed. */
	int r = note(work, XLAGG_UNDO_ALIAS);
	if (r < 0 || strcmp(work->device.alias, alias) == 0 || !differs(work, XLAGG_UNDO_ALIAS))
		return r;
	r = netlink_set_alias(work->nl, work->device.ifindex, alias);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s cannot be marked as a port by its ifalias: %s",
			 work->device.name, why(work, r));
	return r;
}

static int disable_ipv6(struct work *work)
{
	const char *name = work->device.name;
	bool disabled;
	int r = netlink_ipv6_disabled(name, &disabled);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "net.ipv6.conf.%s.disable_ipv6 cannot be read: %s", name,
			 strerror(-r));
		return r;
	}
	/* Also if it is off already: an MTU below 1280 makes the kernel forget that. */
	if (!(work->undo->changed & XLAGG_UNDO_IPV6)) {
		work->undo->ipv6_disabled = disabled;
		r = note(work, XLAGG_UNDO_IPV6);
	}
	if (r < 0 || disabled || !differs(work, XLAGG_UNDO_IPV6))
		return r;
	r = netlink_disable_ipv6(name, true);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "IPv6 on %s cannot be switched off: %s; net.ipv6.conf.%s.disable_ipv6 must be writable", name,
			 strerror(-r), name);
	return r;
}

/* If others switch IPv6 on, no address appears on the port in the moment before it is switched off again. */
static int stop_addresses(struct work *work)
{
	const struct device *device = &work->device;
	if (!device->has_ipv6 || device->addr_gen_mode == IN6_ADDR_GEN_MODE_NONE || !differs(work, XLAGG_UNDO_ADDR_GEN))
		return 0;
	if (!(work->undo->changed & XLAGG_UNDO_ADDR_GEN))
		work->undo->addr_gen_mode = device->addr_gen_mode;
	int r = note(work, XLAGG_UNDO_ADDR_GEN);
	if (r < 0)
		return r;
	r = netlink_set_addr_gen_mode(work->nl, device->ifindex, IN6_ADDR_GEN_MODE_NONE);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "the kernel cannot be told to make no IPv6 addresses on %s: %s", device->name, why(work, r));
	return r;
}

static int leave_master(struct work *work)
{
	if (!work->device.master)
		return 0;
	int r = netlink_free_of_master(work->nl, work->device.ifindex);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s was made part of a %s and cannot be taken out of it: %s", work->device.name,
			 work->device.master_kind[0] ? work->device.master_kind : "device", why(work, r));
	return r;
}

static int set_mac(struct work *work, const uint8_t mac[6])
{
	const char *name = work->device.name;
	char text[XLAGG_MAC_TEXT];
	if (memcmp(work->device.mac, mac, 6) == 0 || !differs(work, XLAGG_UNDO_MAC))
		return 0;
	int r = note(work, XLAGG_UNDO_MAC);
	if (r < 0)
		return r;
	/* Some devices have to be down for it. If the agent dies meanwhile, the next one has to set it up again. */
	bool up = (work->device.flags & IFF_UP) && !(work->undo->changed & XLAGG_UNDO_UP);
	if (up)
		r = note(work, XLAGG_UNDO_UP);
	if (r < 0)
		return r;
	r = netlink_set_mac(work->nl, work->device.ifindex, mac);
	if (work->setup->mac_refused && netlink_is_refusal(r))
		*work->setup->mac_refused = true;
	if (up && r == 0) {
		work->undo->changed &= ~(uint32_t)XLAGG_UNDO_UP;
		r = work->record(work->context, work->undo);
	}
	xlagg_print_mac(mac, text);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s refuses the MAC %s: %s; give the lagg %s's own (mac from %s)", name, text, why(work, r),
			 name, name);
	return r;
}

/* Reads the device again: what is recorded of it must be true. */
static int begin(struct work *work)
{
	int r = netlink_get(work->nl, work->device.ifindex, &work->device);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s cannot be read: %s", work->device.name, why(work, r));
	return r;
}

/* Says why the bond does not take the device. Most often that is the MAC, and then its own sentence is given. */
static int explain_bond(struct work *work, int r)
{
	char text[XLAGG_SENTENCE_MAX];
	/* Bonding sets it even where it is the same. */
	if (r == -EOPNOTSUPP && !*netlink_why(work->nl)) {
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s cannot change its MAC, and the bond %s takes no such device: use a lagg with device veth",
			 work->device.name, work->setup->lagg);
		return r;
	}
	snprintf(text, sizeof(text), "%s cannot become a slave of the bond %s: %s", work->device.name,
		 work->setup->lagg, why(work, r));
	int r_mac = work->setup->set_mac ? set_mac(work, work->setup->mac) : 0;
	if (r_mac < 0)
		return r_mac;
	memcpy(work->sentence, text, sizeof(text));
	return r;
}

/* Puts the device into the lagg's bond, which wants it down, gives it the bond's MAC and MTU, and sets it up. What it
 * has now is what bonding gives back when it leaves, also if there is no agent then. */
static int join_bond(struct work *work)
{
	bool up = work->device.flags & IFF_UP;
	int r = note(work, XLAGG_UNDO_MASTER | XLAGG_UNDO_MAC | XLAGG_UNDO_MTU | XLAGG_UNDO_UP);
	if (r < 0)
		return r;
	r = up ? netlink_set_up(work->nl, work->device.ifindex, false) : 0;
	if (r == 0)
		r = netlink_enslave(work->nl, work->device.ifindex, work->setup->bond);
	if (r == 0)
		return begin(work);
	r = explain_bond(work, r);
	if (up)
		netlink_set_up(work->nl, work->device.ifindex, true);
	return r;
}

/* The port belongs to the lagg's bond or, with another kind of device, to nothing. */
static int set_master(struct work *work)
{
	int bond = work->setup->bond;
	if (work->device.master == bond || !differs(work, PORT_MASTER))
		return 0;
	int r = leave_master(work);
	return r < 0 || !bond ? r : join_bond(work);
}

/* Bonding sends what bears this number on this port. */
static int set_queue(struct work *work)
{
	const struct port_setup *setup = work->setup;
	if (!setup->bond || work->device.master != setup->bond || work->device.bond_queue == setup->queue)
		return 0;
	int r = netlink_set_bond_queue(work->nl, work->device.ifindex, setup->queue);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "the bond %s does not give %s a queue_id: %s", setup->lagg,
			 work->device.name, why(work, r));
	return r;
}

static void explain_mtu(const struct work *work, uint32_t mtu, int r)
{
	const struct device *device = &work->device;
	if (device->max_mtu && mtu > device->max_mtu)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s refuses MTU %u (its maximum is %u): choose a smaller mtu", device->name, mtu,
			 device->max_mtu);
	else if (mtu < device->min_mtu)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s refuses MTU %u (its minimum is %u): choose a greater mtu", device->name, mtu,
			 device->min_mtu);
	else
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s refuses MTU %u (%s): choose another mtu", device->name,
			 mtu, why(work, r));
}

static int set_mtu(struct work *work, uint32_t mtu)
{
	if (work->device.mtu == mtu || !differs(work, XLAGG_UNDO_MTU))
		return 0;
	int r = note(work, XLAGG_UNDO_MTU);
	if (r < 0)
		return r;
	r = netlink_set_mtu(work->nl, work->device.ifindex, mtu);
	if (r < 0)
		explain_mtu(work, mtu, r);
	return r;
}

static int set_allmulti(struct work *work)
{
	if (work->device.flags & IFF_ALLMULTI || !differs(work, XLAGG_UNDO_ALLMULTI))
		return 0;
	int r = note(work, XLAGG_UNDO_ALLMULTI);
	if (r < 0)
		return r;
	r = netlink_set_allmulti(work->nl, work->device.ifindex, true);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s cannot be set to receive all groups (allmulti): %s",
			 work->device.name, why(work, r));
	return r;
}

static int set_promisc(struct work *work, bool on)
{
	if (!(work->device.flags & IFF_PROMISC) == !on)
		return 0;
	/* If somebody else switched it on, it stays on. */
	if (!on && !(work->undo->changed & XLAGG_UNDO_PROMISC))
		return 0;
	if (!differs(work, XLAGG_UNDO_PROMISC))
		return 0;
	int r = note(work, XLAGG_UNDO_PROMISC);
	if (r < 0)
		return r;
	r = netlink_set_promisc(work->nl, work->device.ifindex, on);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s refuses promiscuous mode: %s", work->device.name,
			 why(work, r));
	return r;
}

static int join_slow_group(struct work *work, uint64_t max_age)
{
	int r = netlink_has_group(work->nl, work->device.ifindex, port_slow_group, max_age);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "the groups of %s cannot be read: %s", work->device.name,
			 strerror(-r));
	if (r != 0 || !differs(work, XLAGG_UNDO_SLOW_ADDRESS))
		return r < 0 ? r : 0;
	r = note(work, XLAGG_UNDO_SLOW_ADDRESS);
	if (r < 0)
		return r;
	r = netlink_group(work->nl, work->device.ifindex, port_slow_group, true);
	/* A device without such a filter receives all groups. */
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s refuses the group 01:80:c2:00:00:02: %s",
			 work->device.name, strerror(-r));
	return r;
}

/* Switches off what would hide a frame, or a part of it, from XDP. */
static int features_off(struct work *work)
{
	struct xlagg_undo *undo = work->undo;
	uint64_t on = 0;
	int r = ethtool_features(work->device.name, XDP_OFF, &on);
	if (r < 0 || !on)
		/* A driver without such requests has nothing to switch off. */
		return r == -EOPNOTSUPP ? 0 : r;
	struct xlagg_undo before = *undo;
	undo->features_off |= on;
	undo->changed &= ~(uint32_t)XLAGG_UNDO_FEATURES;
	r = note(work, XLAGG_UNDO_FEATURES);
	if (r < 0)
		*undo = before;
	return r < 0 ? r : ethtool_set_features(work->device.name, on, false);
}

static int features_back(struct work *work)
{
	struct xlagg_undo *undo = work->undo;
	int r = undo->features_off ? ethtool_set_features(work->device.name, undo->features_off, true) : 0;
	if (r == 0)
		undo->features_off = 0;
	return r;
}

static int set_features(struct work *work, bool xdp)
{
	*work->sentence = '\0';
	int r = xdp ? features_off(work) : features_back(work);
	if (r < 0 && !*work->sentence)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX,
			 "%s refuses to switch VLAN stripping and LRO, as datapath xdp needs: %s; datapath tc does not",
			 work->device.name, strerror(-r));
	return r;
}

static int set_up(struct work *work)
{
	if (work->device.flags & IFF_UP)
		return 0;
	int r = note(work, XLAGG_UNDO_UP);
	if (r < 0)
		return r;
	r = netlink_set_up(work->nl, work->device.ifindex, true);
	if (r < 0)
		snprintf(work->sentence, XLAGG_SENTENCE_MAX, "%s cannot be set up: %s", work->device.name,
			 why(work, r));
	return r;
}

/* Makes the device as the setup says. Changes only what differs. */
static int apply(struct work *work, bool first)
{
	const struct port_setup *setup = work->setup;
	int r = set_alias(work);
	if (r == 0)
		r = stop_addresses(work);
	/* Before a bond takes it: a slave with IPv6 leaves with one of IPv6's groups in its filter. */
	if (r == 0)
		r = disable_ipv6(work);
	if (r == 0 && (!first || setup->bond))
		r = set_master(work);
	if (r == 0)
		r = set_queue(work);
	if (r == 0)
		r = set_mac(work, setup->set_mac ? setup->mac : work->undo->mac);
	if (r == 0)
		r = set_mtu(work, setup->mtu);
	/* IPv6 comes back when the MTU rises from less than 1280 octets (RFC 8200 5). */
	if (r == 0)
		r = disable_ipv6(work);
	if (r == 0)
		r = set_allmulti(work);
	if (r == 0)
		r = set_promisc(work, setup->promisc);
	if (r == 0)
		r = join_slow_group(work, first ? 0 : GROUPS_FRESH_NS);
	if (r == 0)
		r = set_features(work, setup->xdp);
	/* A port that is down later was set down on purpose. */
	if (r == 0 && first)
		r = set_up(work);
	return r;
}

int port_prepare(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		 struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX])
{
	struct work work = {nl, *device, setup, undo, record, context, sentence};
	/* If the device was a port before and is not yet put back, its present settings are not its own. */
	int r = undo->ifindex ? port_restore(nl, undo, NULL, sentence) : 0;
	if (r == 0)
		r = begin(&work);
	if (r < 0)
		return r;
	device = &work.device;
	*undo = (struct xlagg_undo){
	    .ifindex = (uint32_t)device->ifindex, .mtu = device->mtu, .was_up = (device->flags & IFF_UP) != 0};
	memcpy(undo->mac, device->mac, sizeof(undo->mac));
	memcpy(undo->name, device->name, sizeof(undo->name));
	/* A mark that an agent left behind when it died is not put back. */
	if (!mark_is_of_port(device->alias, NULL))
		memcpy(undo->alias, device->alias, sizeof(undo->alias));
	r = apply(&work, true);
	char remains[XLAGG_SENTENCE_MAX];
	if (r < 0 && port_restore(nl, undo, NULL, remains) < 0)
		log_warning("%s", remains);
	return r;
}

int port_adjust(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX])
{
	struct work work = {nl, *device, setup, undo, record, context, sentence};
	int r = begin(&work);
	if (r < 0)
		return r;
	struct device before = work.device;
	bool xdp_before = undo->features_off != 0;
	r = apply(&work, false);
	if (r == 0)
		return 0;
	/* The device becomes again what it was a moment ago. The sentence stays that of the first failure. */
	char ignored[XLAGG_SENTENCE_MAX];
	struct port_setup back = {.lagg = setup->lagg,
				  .taken = setup->taken,
				  .leave = setup->leave,
				  .bond = setup->bond,
				  .queue = setup->queue,
				  .mtu = before.mtu,
				  .set_mac = true,
				  .promisc = (before.flags & IFF_PROMISC) != 0,
				  .xdp = xdp_before};
	memcpy(back.mac, before.mac, sizeof(back.mac));
	work.setup = &back;
	work.sentence = ignored;
	if (begin(&work) == 0 && apply(&work, false) < 0)
		log_warning("%s could not be put back after a refused change: %s", before.name, ignored);
	return r;
}
