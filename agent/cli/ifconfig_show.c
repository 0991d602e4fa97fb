/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints a device in the layout of FreeBSD's ifconfig(8). */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "ifconfig.h"
#include "words.h"

/* lagg(4)'s option bits. */
enum { OPT_USE_FLOWID = 0x01, OPT_LACP_STRICT = 0x10, OPT_LACP_FAST_TIMO = 0x80 };

static const char *const opt_words[] = {"USE_FLOWID", "", "", "", "LACP_STRICT", "", "", "LACP_FAST_TIMO", NULL};

/* Words for the flags of FreeBSD's net/if.h, by bit number. */
static const char *const flag_words[] = {
    "UP",	"BROADCAST", "DEBUG",	"LOOPBACK", "POINTOPOINT", "",	    "RUNNING",	 "NOARP", "PROMISC",
    "ALLMULTI", "OACTIVE",   "SIMPLEX", "LINK0",    "LINK1",	   "LINK2", "MULTICAST", NULL,
};

/* Returns FreeBSD's flags for those of Linux. There, RUNNING does not depend on carrier, and SIMPLEX, which every
 * Ethernet device has, means that it does not receive its own frames. */
static uint32_t bsd_flags(const struct link *link)
{
	uint32_t same = IFF_UP | IFF_BROADCAST | IFF_DEBUG | IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP | IFF_PROMISC |
			IFF_ALLMULTI;
	uint32_t flags = link->flags & same;

	flags |= link->flags & IFF_UP ? 0x40 : 0;
	flags |= link->ether ? 0x800 : 0;
	flags |= link->flags & IFF_MULTICAST ? 0x8000 : 0;
	return flags;
}

struct address_show {
	FILE *out;
	const struct link *link;
};

static void show_address(const struct link_address *address, void *context)
{
	struct address_show *show = context;
	char text[INET6_ADDRSTRLEN], broadcast[INET_ADDRSTRLEN], name[CTL_QUOTED_MAX];

	inet_ntop(address->family, address->address, text, sizeof(text));
	if (address->family == AF_INET) {
		uint32_t mask = address->prefix ? ~0u << (32 - address->prefix) : 0;

		fprintf(show->out, "\tinet %s netmask 0x%08x", text, mask);
		inet_ntop(AF_INET, address->broadcast, broadcast, sizeof(broadcast));
		if (address->has_broadcast)
			fprintf(show->out, " broadcast %s", broadcast);
	} else if (address->link_local) {
		fprintf(show->out, "\tinet6 %s%%%s prefixlen %u scopeid 0x%x", text,
			ctl_quote(show->link->name, name, sizeof(name)), address->prefix, show->link->ifindex);
	} else {
		fprintf(show->out, "\tinet6 %s prefixlen %u", text, address->prefix);
	}
	fputc('\n', show->out);
}

static void lacp_ends(FILE *out, const struct xlagg_lacp_end *actor, const struct xlagg_lacp_end *partner,
		      int aggregate)
{
	char actor_id[WORDS_END_SIZE], partner_id[WORDS_END_SIZE];

	words_lacp_end(actor, aggregate, actor_id);
	words_lacp_end(partner, aggregate, partner_id);
	fprintf(out, "[%s,\n\t\t %s]\n", actor_id, partner_id);
}

static void lagg_options(FILE *out, const struct view_lagg *lagg)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	uint32_t opts = 0;
	char words[80];

	opts |= conf->flowid ? OPT_USE_FLOWID : 0;
	opts |= conf->lacp_strict ? OPT_LACP_STRICT : 0;
	opts |= conf->lacp_rate == XLAGG_RATE_FAST ? OPT_LACP_FAST_TIMO : 0;
	words_bits(opt_words, opts, words, sizeof(words));
	fprintf(out, "\tlagg options:\n\t\tflags=%x<%s>\n\t\tflowid_shift: %u\n", opts, words, conf->flowid_shift);
	if (conf->proto == XLAGG_PROTO_ROUNDROBIN)
		fprintf(out, "\t\trr_limit: %u\n", conf->rr_limit);
	fprintf(out, "\tlagg statistics:\n\t\tactive ports: %u\n\t\tflapping: %" PRIu64 "\n", lagg->status.active_ports,
		lagg->status.flaps);
	if (lagg->status.has_lag_id) {
		fputs("\tlag id: ", out);
		lacp_ends(out, &lagg->status.actor, &lagg->status.partner, true);
	}
}

static void lagg_port(FILE *out, const struct view_lagg *lagg, uint32_t index, bool verbose)
{
	const struct xlagg_port_status *status = &lagg->port[index];
	char flags[80], state[128], name[CTL_QUOTED_MAX];

	words_bits(words_flag, status->flags, flags, sizeof(flags));
	ctl_quote(lagg->model.port[index].name, name, sizeof(name));
	fprintf(out, "\tlaggport: %s flags=%x<%s>", name, status->flags, flags);
	if (!verbose || lagg->model.conf.proto != XLAGG_PROTO_LACP) {
		fputc('\n', out);
		return;
	}
	words_bits(words_lacp_bits, status->lacp.actor.state, state, sizeof(state));
	fprintf(out, " state=%x<%s>\n\t\t", status->lacp.actor.state, state);
	lacp_ends(out, &status->lacp.actor, &status->lacp.partner, false);
}

static void lagg_lines(FILE *out, const struct view_lagg *lagg, bool verbose)
{
	const char *proto = words_get(xlagg_words_proto, lagg->model.conf.proto);
	char hash[XLAGG_TEXT_MAX] = "";

	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++)
		if (xlagg_lagg_options[i].kind == XLAGG_KIND_HASH)
			ctl_print_value(&xlagg_lagg_options[i], &lagg->model.conf, hash, sizeof(hash));
	fprintf(out, "\tlaggproto %s lagghash %s\n", proto ? proto : "unknown", hash);
	if (verbose)
		lagg_options(out, lagg);
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		lagg_port(out, lagg, i, verbose);
	fputs("\tgroups: lagg\n", out);
}

void ifconfig_show(FILE *out, const struct link *link, const struct view_lagg *lagg, bool verbose)
{
	struct address_show show = {out, link};
	uint32_t flags = bsd_flags(link);
	char words[160], mac[XLAGG_MAC_TEXT], name[CTL_QUOTED_MAX];

	words_bits(flag_words, flags, words, sizeof(words));
	ctl_quote(link->name, name, sizeof(name));
	fprintf(out, "%s: flags=%x<%s> metric 0 mtu %u\n", name, flags, words, link->mtu);
	if (link->ether) {
		xlagg_print_mac(link->mac, mac);
		fprintf(out, "\tether %s\n", mac);
	}
	link_addresses(link, show_address, &show);
	if (lagg)
		lagg_lines(out, lagg, verbose);
	if (link->ether)
		fputs("\tmedia: Ethernet autoselect\n", out);
	fprintf(out, "\tstatus: %s\n", link->flags & IFF_RUNNING ? "active" : "no carrier");
}
