/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Puts a port's device back as it was, step by step. A step that is not confirmed stays in the undo record. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "sys/mark.h"
#include "sys/port.h"

/* Slow protocols' group address, IEEE 802.3 annex 57A. */
const uint8_t port_slow_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

struct restoration {
	struct netlink *nl;
	struct device device;	 /* as it is now */
	struct xlagg_undo *undo; /* what remains to be put back */
	int r;			 /* the first error, or 0 */
};

static bool remains(const struct restoration *back, uint32_t bits)
{
	return back->undo->changed & bits;
}

/* Takes note of the result of a step. */
static void done(struct restoration *back, enum xlagg_undo_bit bit, int r)
{
	if (r == 0)
		back->undo->changed &= ~(uint32_t)bit;
	else if (back->r == 0)
		back->r = r;
}

static void restore_features(struct restoration *back)
{
	if (!remains(back, XLAGG_UNDO_FEATURES))
		return;
	int r = ethtool_set_features(back->device.name, back->undo->features_off, true);
	if (r == 0)
		back->undo->features_off = 0;
	done(back, XLAGG_UNDO_FEATURES, r);
}

static void leave_slow_group(struct restoration *back)
{
	if (!remains(back, XLAGG_UNDO_SLOW_ADDRESS))
		return;
	int r = netlink_has_group(back->nl, back->device.ifindex, port_slow_group, 0);
	if (r > 0)
		r = netlink_group(back->nl, back->device.ifindex, port_slow_group, false);
	done(back, XLAGG_UNDO_SLOW_ADDRESS, r);
}

static void restore_filters(struct restoration *back)
{
	int ifindex = back->device.ifindex;
	restore_features(back);
	leave_slow_group(back);
	if (remains(back, XLAGG_UNDO_PROMISC))
		done(back, XLAGG_UNDO_PROMISC, netlink_set_promisc(back->nl, ifindex, false));
	if (remains(back, XLAGG_UNDO_ALLMULTI))
		done(back, XLAGG_UNDO_ALLMULTI, netlink_set_allmulti(back->nl, ifindex, false));
}

/* A device that accepts a MAC only while it is down is set down and up. If the latter fails, that step remains. */
static void restore_mac(struct restoration *back)
{
	struct xlagg_undo *undo = back->undo;
	if (!remains(back, XLAGG_UNDO_MAC))
		return;
	if (memcmp(back->device.mac, undo->mac, 6) == 0) {
		done(back, XLAGG_UNDO_MAC, 0);
		return;
	}
	bool stays_up = (back->device.flags & IFF_UP) && !remains(back, XLAGG_UNDO_UP);
	int r = netlink_set_mac(back->nl, back->device.ifindex, undo->mac);
	if (r < 0 && stays_up) {
		undo->changed |= XLAGG_UNDO_UP;
		undo->was_up = 1;
	}
	done(back, XLAGG_UNDO_MAC, r);
}

static void restore_mtu(struct restoration *back)
{
	if (!remains(back, XLAGG_UNDO_MTU))
		return;
	bool differs = back->device.mtu != back->undo->mtu;
	done(back, XLAGG_UNDO_MTU, differs ? netlink_set_mtu(back->nl, back->device.ifindex, back->undo->mtu) : 0);
}

/* After the MAC, from which addresses are made. If others have chosen a different mode meanwhile, it stays. */
static void restore_addr_gen(struct restoration *back)
{
	const struct device *device = &back->device;
	if (!remains(back, XLAGG_UNDO_ADDR_GEN) || remains(back, XLAGG_UNDO_MAC))
		return;
	bool ours = device->has_ipv6 && device->addr_gen_mode == IN6_ADDR_GEN_MODE_NONE;
	int r = ours ? netlink_set_addr_gen_mode(back->nl, device->ifindex, back->undo->addr_gen_mode) : 0;
	/* With the MTU that it has again there is no IPv6 whose mode could differ. */
	done(back, XLAGG_UNDO_ADDR_GEN, r == -EAFNOSUPPORT ? 0 : r);
}

/* After MTU, MAC and mode: with less than 1280 octets there is no IPv6 (RFC 8200 5), and when it comes back an address
 * is made at once. */
static void restore_ipv6(struct restoration *back)
{
	const char *name = back->device.name;
	bool disabled;
	if (!remains(back, XLAGG_UNDO_IPV6) || remains(back, XLAGG_UNDO_MTU | XLAGG_UNDO_MAC | XLAGG_UNDO_ADDR_GEN))
		return;
	int r = netlink_ipv6_disabled(name, &disabled);
	if (r == 0 && disabled != (back->undo->ipv6_disabled != 0))
		r = netlink_disable_ipv6(name, !disabled);
	done(back, XLAGG_UNDO_IPV6, r == -ENOENT ? 0 : r);
}

/* The mark is removed when nothing else remains. If others have set another alias meanwhile, it stays. */
static void restore_alias(struct restoration *back)
{
	if (!remains(back, XLAGG_UNDO_ALIAS) || back->r < 0)
		return;
	bool marked = mark_is_of_port(back->device.alias, NULL);
	done(back, XLAGG_UNDO_ALIAS, marked ? netlink_set_alias(back->nl, back->device.ifindex, back->undo->alias) : 0);
}

/* Takes the device out of the lagg's bond, which sets it down and gives it its MAC and MTU back. It may have gone into
 * a bond of somebody else's meanwhile; then it no longer has our mark. */
static void leave_bond(struct restoration *back)
{
	if (!remains(back, XLAGG_UNDO_MASTER))
		return;
	bool there = strcmp(back->device.master_kind, "bond") == 0 && mark_is_of_port(back->device.alias, NULL);
	int r = there ? netlink_free_of_master(back->nl, back->device.ifindex) : 0;
	if (there && r == 0)
		r = netlink_get(back->nl, back->device.ifindex, &back->device);
	done(back, XLAGG_UNDO_MASTER, r);
}

static void restore_device(struct restoration *back)
{
	struct xlagg_undo *undo = back->undo;
	leave_bond(back);
	/* First of all down: some devices have to be down for their MAC, and it sends nothing of its own meanwhile. */
	if (remains(back, XLAGG_UNDO_UP) && !undo->was_up) {
		done(back, XLAGG_UNDO_UP, netlink_set_up(back->nl, back->device.ifindex, false));
		if (!remains(back, XLAGG_UNDO_UP))
			back->device.flags &= ~(uint32_t)IFF_UP;
	}
	restore_filters(back);
	/* The MAC before the MTU: when that reaches 1280 octets, an IPv6 address is made from the MAC at once. */
	restore_mac(back);
	restore_mtu(back);
	restore_addr_gen(back);
	restore_ipv6(back);
	if (remains(back, XLAGG_UNDO_UP) && undo->was_up)
		done(back, XLAGG_UNDO_UP, netlink_set_up(back->nl, back->device.ifindex, true));
	restore_alias(back);
}

void port_list_undo(const struct xlagg_undo *undo, char *ret, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *what;
	} properties[] = {
	    {XLAGG_UNDO_MAC, "MAC"},	       {XLAGG_UNDO_MTU, "MTU"},
	    {XLAGG_UNDO_UP, "up or down"},     {XLAGG_UNDO_PROMISC, "promisc"},
	    {XLAGG_UNDO_ALLMULTI, "allmulti"}, {XLAGG_UNDO_SLOW_ADDRESS, "slow protocols' group"},
	    {XLAGG_UNDO_FEATURES, "offloads"}, {XLAGG_UNDO_ADDR_GEN, "addr_gen_mode"},
	    {XLAGG_UNDO_IPV6, "IPv6"},	       {XLAGG_UNDO_ALIAS, "ifalias"},
	    {XLAGG_UNDO_MASTER, "bond"},
	};
	size_t len = 0;
	*ret = '\0';
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]) && len < size; i++)
		if (undo->changed & properties[i].bit)
			len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "", properties[i].what);
}

static void explain(const struct xlagg_undo *undo, int r, char sentence[XLAGG_SENTENCE_MAX])
{
	char what[96];
	port_list_undo(undo, what, sizeof(what));
	snprintf(sentence, XLAGG_SENTENCE_MAX, "%s is not yet as it was before: %s could not be put back (%s)",
		 undo->name, what, strerror(-r));
}

/* Finds the device that the record describes. -ENODEV: it is gone. */
static int find_device(struct netlink *nl, const struct xlagg_undo *undo, const struct xlagg_device_id *id,
		       struct device *ret)
{
	struct device found;
	int r = undo->ifindex ? netlink_get(nl, (int)undo->ifindex, &found) : -ENODEV;
	if (r < 0)
		return r;
	if (id && id->ifindex == undo->ifindex && !device_may_be(&found, id))
		return -ENODEV;
	*ret = found;
	return 0;
}

int port_restore(struct netlink *nl, struct xlagg_undo *undo, const struct xlagg_device_id *id,
		 char sentence[XLAGG_SENTENCE_MAX])
{
	struct restoration back = {.nl = nl, .undo = undo};
	int r = find_device(nl, undo, id, &back.device);
	if (r == 0) {
		restore_device(&back);
		r = back.r;
		/* The device was removed or renamed meanwhile. */
		if (r == -ENODEV && find_device(nl, undo, id, &back.device) != -ENODEV)
			r = -EAGAIN;
	}
	if (r < 0 && r != -ENODEV) {
		explain(undo, r, sentence);
		return r;
	}
	*undo = (struct xlagg_undo){};
	return 0;
}
