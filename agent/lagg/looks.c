/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Looks: MAC and MTU, which the lagg's device and its ports have in common. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/device.h"
#include "lagg/fight.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/probes.h"

static int set_mtu(struct lagg *lagg, int ifindex)
{
	struct device device;
	int r = netlink_get(lagg->host->nl, ifindex, &device);
	return r < 0 || device.mtu == lagg->looks.mtu ? r : netlink_set_mtu(lagg->host->nl, ifindex, lagg->looks.mtu);
}

static int set_own_mtu(struct lagg *lagg, bool changes)
{
	int r = set_mtu(lagg, lagg->lower_ifindex);
	return r < 0 || !changes ? r : set_mtu(lagg, lagg->ifindex);
}

int looks_set_mac(struct lagg *lagg, const uint8_t mac[6])
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = netlink_set_mac(lagg->host->nl, lagg->ifindex, mac);
	/* What fails of that is done again by upkeep, which looks at each slave that was changed. */
	if (r == 0 && lagg->device == XLAGG_DEVICE_BOND && lagg->looks.own_macs &&
	    lagg_adjust_ports(lagg, sentence) < 0)
		log_about(LOG_LEVEL_DEBUG, lagg->model.name, NULL, "its ports' own MACs: %s", sentence);
	return r;
}

static int set_own_mac(struct lagg *lagg)
{
	struct device device;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &device);
	if (r == 0 && memcmp(device.mac, lagg->looks.mac, 6) != 0)
		r = looks_set_mac(lagg, lagg->looks.mac);
	return r;
}

/* The MTU of the lagg's device is never larger than that of a port, so that what it sends fits into every port. What is
 * to stay as it was is not written to the lagg's device: the user may have changed it a moment ago, which is followed.
 */
static int set_looks(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX])
{
	bool smaller = looks->mtu < lagg->looks.mtu, mtu_changes = looks->mtu != lagg->looks.mtu;
	bool mac_changes = memcmp(looks->mac, lagg->looks.mac, sizeof(looks->mac)) != 0;
	lagg->looks = *looks;
	int r = smaller ? set_own_mtu(lagg, true) : 0;
	if (r == 0)
		r = lagg_adjust_ports(lagg, sentence);
	if (r == 0 && !smaller)
		r = set_own_mtu(lagg, mtu_changes);
	return r < 0 || !mac_changes ? r : set_own_mac(lagg);
}

int looks_apply(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX])
{
	struct looks before = lagg->looks;
	probes_yield(lagg, looks->mac);
	int r = set_looks(lagg, looks, sentence);
	if (r < 0) {
		char again[XLAGG_SENTENCE_MAX] = "";
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot take this MAC and MTU: %s", lagg->model.name,
				 strerror(-r));
		if (set_looks(lagg, &before, again) < 0) {
			log_about(LOG_LEVEL_ERROR, lagg->model.name, NULL,
				  "its MAC and MTU could not be put back yet: %s", again);
			fight_excuse(lagg, clock_now());
			lagg->astray = true;
		}
		return r;
	}
	if (memcmp(before.mac, looks->mac, 6) != 0)
		input_mac(lagg, looks->mac);
	return 0;
}

int looks_return(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX])
{
	bool mac_changes = memcmp(lagg->looks.mac, looks->mac, 6) != 0;
	probes_yield(lagg, looks->mac);
	int r = set_looks(lagg, looks, sentence);
	if (mac_changes)
		input_mac(lagg, looks->mac);
	return r;
}

int looks_settle(struct lagg *lagg)
{
	int r = set_own_mtu(lagg, true);
	return r < 0 ? r : set_own_mac(lagg);
}

int looks_choose(struct lagg *lagg, const struct xlagg_model *model, struct looks *looks, uint32_t *seed,
		 char sentence[XLAGG_SENTENCE_MAX])
{
	struct looks wanted = lagg->looks;
	wanted.mtu = device_mtu(lagg, model);
	wanted.own_macs = looks_want_own_macs(&model->conf);
	/* With mac active the core determines the MAC. */
	uint8_t mac[6];
	memcpy(mac, wanted.mac, 6);
	int r = identity_choose(lagg, model, mac, seed, sentence);
	if (r < 0)
		return r;
	if (!wanted.own_macs)
		memcpy(wanted.mac, mac, 6);
	*looks = wanted;
	return 0;
}

bool looks_want_own_macs(const struct xlagg_lagg_conf *conf)
{
	return conf->proto == XLAGG_PROTO_FAILOVER && strcmp(conf->mac, "active") == 0;
}
