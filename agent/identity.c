/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A lagg's MAC and hash seed. They are chosen once and kept in <state>/<lagg>, so that neither a port that leaves nor a
 * reboot changes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

struct identity {
	bool has_mac;
	uint8_t mac[6];
	bool has_seed;
	uint32_t seed;
};

int mac_parse(const char *text, uint8_t ret[6])
{
	unsigned int part[6];
	char end;
	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &part[0], &part[1], &part[2], &part[3],
					 &part[4], &part[5], &end) != 6)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)part[i];
	return 0;
}

static void state_path(const struct agent *agent, const char *lagg, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s.state", agent->state, lagg);
}

static void identity_read(const struct agent *agent, const char *lagg, struct identity *ret)
{
	char path[512], line[128], text[32];
	*ret = (struct identity){0};
	state_path(agent, lagg, path, sizeof(path));
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "mac %31s", text) == 1)
			ret->has_mac = !mac_parse(text, ret->mac);
		else if (sscanf(line, "seed %31s", text) == 1) {
			char *end;
			unsigned long seed = strtoul(text, &end, 10);
			ret->has_seed = !*end && seed < XLAGG_AUTO;
			ret->seed = (uint32_t)seed;
		}
	}
	fclose(file);
}

/* Whoever reads it sees the old file or the new one. */
static int identity_write(const struct agent *agent, const char *lagg, const struct identity *id)
{
	char path[512], temporary[520];
	state_path(agent, lagg, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *file = fopen(temporary, "we");
	if (!file)
		return -errno;
	if (id->has_mac)
		fprintf(file, "mac %02x:%02x:%02x:%02x:%02x:%02x\n", id->mac[0], id->mac[1], id->mac[2], id->mac[3],
			id->mac[4], id->mac[5]);
	if (id->has_seed)
		fprintf(file, "seed %u\n", id->seed);
	int failed = ferror(file);
	if (fclose(file) || failed || rename(temporary, path)) {
		int r = -errno;
		unlink(temporary);
		return r ? r : -EIO;
	}
	return 0;
}

void identity_forget(struct agent *agent, const char *lagg)
{
	char path[512];
	state_path(agent, lagg, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		log_warning("cannot remove %s: %s", path, strerror(errno));
}

static int random_bytes(void *ret, size_t size)
{
	return getrandom(ret, size, 0) == (ssize_t)size ? 0 : -EIO;
}

/* Option mac "auto": the first present port's permanent MAC; -ENODEV while there is none. */
static int first_port_mac(struct agent *agent, const struct xlagg_model *model, uint8_t mac[6])
{
	struct device device;
	for (uint32_t i = 0; i < model->ports; i++) {
		if (netlink_get_by_name(agent->nl, model->port[i].name, &device) < 0)
			continue;
		memcpy(mac, device.permaddr, 6);
		return 0;
	}
	return -ENODEV;
}

/* Until there is a port: a random one of the locally administered range, which is not kept. */
static int made_up_mac(uint8_t mac[6])
{
	int r = random_bytes(mac, 6);
	mac[0] = (uint8_t)((mac[0] | 0x02) & 0xfe);
	return r;
}

/* The MAC that the option names outright: 1 and *mac, 0 for "auto" and "active", -errno. */
static int named_mac(struct agent *agent, const struct xlagg_model *model, uint8_t mac[6],
		     char sentence[XLAGG_SENTENCE_MAX])
{
	const char *option = model->conf.mac;
	struct device device;
	if (!strcmp(option, "auto") || !strcmp(option, "active"))
		return 0;
	if (strncmp(option, "from ", 5)) {
		if (!mac_parse(option, mac))
			return 1;
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: '%s' is no MAC: write it as 02:00:00:00:00:01", model->name,
			 option);
		return -EINVAL;
	}
	if (netlink_get_by_name(agent->nl, option + 5, &device) < 0) {
		log_info("%s: mac %s: there is no such device yet, the MAC is chosen as with auto", model->name,
			 option);
		return 0;
	}
	memcpy(mac, device.permaddr, 6);
	return 1;
}

int identity_choose(struct agent *agent, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX])
{
	static const uint8_t none[6];
	struct identity id;
	uint8_t named[6];
	identity_read(agent, model->name, &id);
	int r = named_mac(agent, model, named, sentence);
	if (r < 0)
		return r;
	bool from_option = r == 1, changed = false;
	if (!from_option && !id.has_mac)
		id.has_mac = changed = first_port_mac(agent, model, id.mac) == 0;
	if (!from_option && !id.has_mac && !memcmp(mac, none, 6) && made_up_mac(mac) < 0)
		return -EIO;
	if (model->conf.hash_seed == XLAGG_AUTO && !id.has_seed) {
		r = random_bytes(&id.seed, sizeof(id.seed));
		if (r < 0)
			return r;
		id.seed %= XLAGG_AUTO;
		id.has_seed = changed = true;
	}
	if (changed) {
		r = identity_write(agent, model->name, &id);
		if (r < 0)
			log_warning("%s: cannot keep MAC and seed in %s: %s", model->name, agent->state, strerror(-r));
	}
	if (from_option)
		memcpy(mac, named, 6);
	else if (id.has_mac)
		memcpy(mac, id.mac, 6);
	*seed = model->conf.hash_seed == XLAGG_AUTO ? id.seed : model->conf.hash_seed;
	return 0;
}
