/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The rules that hold between the parts of a configuration. */
#include "ctl/check.h"

#include <errno.h>
#include <string.h>

static int check_values(const struct xlagg_model *lagg, char *sentence)
{
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		int r = ctl_check_value(&xlagg_lagg_options[i], &lagg->conf, sentence);

		if (r)
			return r;
	}
	for (uint32_t p = 0; p < lagg->ports; p++)
		for (size_t i = 0; i < XLAGG_PORT_OPTIONS; i++) {
			int r = ctl_check_value(&xlagg_port_options[i], &lagg->port[p].conf, sentence);

			if (r)
				return r;
		}
	return 0;
}

static int check_links(const struct xlagg_model *lagg, char *sentence)
{
	const struct xlagg_lagg_conf *conf = &lagg->conf;

	if (!conf->max_links || conf->min_links <= conf->max_links)
		return 0;
	return ctl_refuse(
	    sentence, -EINVAL,
	    "min-links %u of %s is above max-links %u, so it could never have carrier; lower min-links or raise "
	    "max-links",
	    conf->min_links, lagg->name, conf->max_links);
}

static int check_datapath(const struct xlagg_model *lagg, char *sentence)
{
	const struct xlagg_lagg_conf *conf = &lagg->conf;

	if (conf->datapath == XLAGG_DATAPATH_XDP && conf->device == XLAGG_DEVICE_NETKIT)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s cannot have datapath xdp with device netkit, which takes no XDP program; add it with "
		    "device veth",
		    lagg->name);
	if (conf->datapath == XLAGG_DATAPATH_XDP && conf->device == XLAGG_DEVICE_BOND)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s cannot have datapath xdp with device bond, whose ports hand frames up as the kernel's "
		    "bonding does; add it with device veth",
		    lagg->name);
	if (conf->datapath == XLAGG_DATAPATH_XDP && conf->tx_path == XLAGG_TX_DIRECT)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s cannot have tx-path direct with datapath xdp, which has a path of its own; say tx-path "
		    "auto",
		    lagg->name);
	if (conf->device == XLAGG_DEVICE_NETKIT && conf->tx_path == XLAGG_TX_DIRECT)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s cannot have tx-path direct with device netkit, which always sends directly; say tx-path "
		    "auto",
		    lagg->name);
	return 0;
}

static int check_taken(const struct xlagg_model *lagg, char *sentence)
{
	const struct xlagg_lagg_conf *conf = &lagg->conf;

	if (!conf->taken)
		return 0;
	if (conf->device != XLAGG_DEVICE_BOND)
		return ctl_refuse(sentence, -EINVAL,
				  "%s is a bond that was taken, so its device is bond; leave device %s out", lagg->name,
				  xlagg_words_device[conf->device]);
	if (conf->tx_path == XLAGG_TX_STACK)
		return ctl_refuse(sentence, -EINVAL,
				  "%s is a bond that was taken, which sends with tx-path direct; say tx-path auto",
				  lagg->name);
	return 0;
}

static int check_primary(const struct xlagg_model *lagg, char *sentence)
{
	const char *primary = lagg->conf.primary;

	if (strcmp(primary, "auto") == 0 || ctl_find_port(lagg, primary) >= 0)
		return 0;
	return ctl_refuse(sentence, -ENOENT,
			  "primary %s is not a port of %s; first `xlagg port add %s %s`, or name one of its ports",
			  primary, lagg->name, lagg->name, primary);
}

static int check_mac(const struct xlagg_model *lagg, char *sentence)
{
	const char *mac = lagg->conf.mac;

	if (strncmp(mac, "from ", 5) != 0 || strcmp(mac + 5, lagg->name) != 0)
		return 0;
	return ctl_refuse(sentence, -ELOOP, "%s cannot take its MAC from itself; name another device, or say mac auto",
			  lagg->name);
}

static int check_numbers(const struct xlagg_model *lagg, char *sentence)
{
	for (uint32_t a = 0; a < lagg->ports; a++)
		for (uint32_t b = 0; b < a; b++)
			if (lagg->port[a].conf.number != XLAGG_AUTO &&
			    lagg->port[a].conf.number == lagg->port[b].conf.number)
				return ctl_refuse(
				    sentence, -EEXIST,
				    "%s and %s of %s cannot both have number %u; give another, or number auto",
				    lagg->port[b].name, lagg->port[a].name, lagg->name, lagg->port[a].conf.number);
	return 0;
}

/* A device is a port of at most one lagg, and no lagg is a port. */
static int check_against(const struct xlagg_model *other, const struct xlagg_model *lagg, char *sentence)
{
	if (ctl_find_port(other, lagg->name) >= 0)
		return ctl_refuse(
		    sentence, -EBUSY,
		    "%s is a port of %s and cannot be a lagg; choose another name, or `xlagg port del %s %s`",
		    lagg->name, other->name, other->name, lagg->name);
	for (uint32_t i = 0; i < lagg->ports; i++) {
		const char *port = lagg->port[i].name;

		if (strcmp(port, other->name) == 0)
			return ctl_refuse(sentence, -ELOOP,
					  "%s is a lagg and cannot be a port of %s; add its ports to %s instead", port,
					  lagg->name, lagg->name);
		if (ctl_find_port(other, port) >= 0)
			return ctl_refuse(
			    sentence, -EBUSY,
			    "%s is a port of %s already and can be in one lagg only; first `xlagg port del %s %s`",
			    port, other->name, other->name, port);
	}
	return 0;
}

static int check_ports(const struct ctl_model *model, const struct xlagg_model *lagg, char *sentence)
{
	if (ctl_find_port(lagg, lagg->name) >= 0)
		return ctl_refuse(sentence, -ELOOP, "%s cannot be its own port; name another device", lagg->name);
	for (uint32_t i = 0; i < model->laggs; i++) {
		const struct xlagg_model *other = &model->lagg[i];
		int r = strcmp(other->name, lagg->name) != 0 ? check_against(other, lagg, sentence) : 0;

		if (r)
			return r;
	}
	return check_numbers(lagg, sentence);
}

int check_lagg(const struct ctl_model *model, const struct xlagg_model *lagg, char *sentence)
{
	int r = check_values(lagg, sentence);

	if (!r)
		r = check_links(lagg, sentence);
	if (!r)
		r = check_datapath(lagg, sentence);
	if (!r)
		r = check_taken(lagg, sentence);
	if (!r)
		r = check_primary(lagg, sentence);
	if (!r)
		r = check_mac(lagg, sentence);
	return r ? r : check_ports(model, lagg, sentence);
}
