/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A lagg's MAC, hash seed and number. They are chosen once and kept in <state>/<lagg>, so that neither a port that
 * leaves nor a reboot changes them.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lagg/identity.h"
#include "lagg/lagg.h"

#define NUMBER_MAX 0x7ff /* what an automatic LACP key has room for */

struct identity {
	bool has_mac;
	uint8_t mac[6];
	bool has_seed;
	uint32_t seed;
	bool has_number;
	uint32_t number;
};

static void state_path(const struct lagg_host *host, const char *lagg, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s.state", host->state, lagg);
}

static bool read_number(const char *text, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	if (end == text || *end || number > max)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static void identity_read(const struct lagg_host *host, const char *lagg, struct identity *ret)
{
	char path[512], line[128], text[32];
	*ret = (struct identity){0};
	state_path(host, lagg, path, sizeof(path));
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "mac %31s", text) == 1)
			ret->has_mac = !ctl_parse_mac(text, ret->mac);
		else if (sscanf(line, "seed %31s", text) == 1)
			ret->has_seed = read_number(text, XLAGG_AUTO - 1, &ret->seed);
		else if (sscanf(line, "number %31s", text) == 1)
			ret->has_number = read_number(text, NUMBER_MAX, &ret->number);
	}
	fclose(file);
}

/* Whoever reads it sees the old file or the new one. */
static int identity_write(const struct lagg_host *host, const char *lagg, const struct identity *id)
{
	char path[512], temporary[520];
	state_path(host, lagg, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *file = fopen(temporary, "we");
	if (!file)
		return -errno;
	if (id->has_mac)
		fprintf(file, "mac %02x:%02x:%02x:%02x:%02x:%02x\n", id->mac[0], id->mac[1], id->mac[2], id->mac[3],
			id->mac[4], id->mac[5]);
	if (id->has_seed)
		fprintf(file, "seed %u\n", id->seed);
	if (id->has_number)
		fprintf(file, "number %u\n", id->number);
	int failed = ferror(file);
	if (fclose(file) || failed || rename(temporary, path)) {
		int r = -errno;
		unlink(temporary);
		return r ? r : -EIO;
	}
	return 0;
}

static void identity_keep(const struct lagg_host *host, const char *lagg, const struct identity *id)
{
	int r = identity_write(host, lagg, id);
	if (r < 0)
		log_warning("%s: cannot keep its MAC, seed and number in %s: %s", lagg, host->state, strerror(-r));
}

bool identity_exists(const struct lagg_host *host, const char *lagg)
{
	char path[512];
	state_path(host, lagg, path, sizeof(path));
	return access(path, F_OK) == 0;
}

int identity_rename(struct lagg_host *host, const char *from, const char *to)
{
	char old_path[512], new_path[512];
	state_path(host, from, old_path, sizeof(old_path));
	state_path(host, to, new_path, sizeof(new_path));
	return rename(old_path, new_path) && errno != ENOENT ? -errno : 0;
}

void identity_keep_mac(struct lagg_host *host, const char *lagg, const uint8_t mac[6])
{
	struct identity id;
	identity_read(host, lagg, &id);
	id.has_mac = true;
	memcpy(id.mac, mac, 6);
	identity_keep(host, lagg, &id);
}

static bool number_is_free(const struct lagg_host *host, uint32_t number)
{
	return !host->calls->number_in_use(host, number);
}

/* N of laggN. */
static bool number_in_name(const char *lagg, uint32_t *ret)
{
	return strncmp(lagg, "lagg", 4) == 0 && isdigit((unsigned char)lagg[4]) &&
	       read_number(lagg + 4, NUMBER_MAX, ret);
}

uint32_t identity_number(struct lagg_host *host, const char *lagg)
{
	struct identity id;
	uint32_t number;
	identity_read(host, lagg, &id);
	if (id.has_number && number_is_free(host, id.number))
		return id.number;
	/* Other names begin at the far end, so as not to be in the way of a laggN that comes later. */
	if (!number_in_name(lagg, &number) || !number_is_free(host, number))
		for (number = NUMBER_MAX; number && !number_is_free(host, number);)
			number--;
	id.has_number = true;
	id.number = number;
	identity_keep(host, lagg, &id);
	return number;
}

void identity_forget(struct lagg_host *host, const char *lagg)
{
	char path[512];
	state_path(host, lagg, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		log_warning("cannot remove %s: %s", path, strerror(errno));
}

static int random_bytes(void *ret, size_t size)
{
	return getrandom(ret, size, 0) == (ssize_t)size ? 0 : -EIO;
}

/* Option mac "auto": the first present port's permanent MAC; -ENODEV while there is none. */
static int first_port_mac(struct lagg_host *host, const struct xlagg_model *model, uint8_t mac[6])
{
	struct device device;
	for (uint32_t i = 0; i < model->ports; i++) {
		if (netlink_get_by_name(host->nl, model->port[i].name, &device) < 0)
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
static int named_mac(struct lagg_host *host, const struct xlagg_model *model, uint8_t mac[6],
		     char sentence[XLAGG_SENTENCE_MAX])
{
	const char *option = model->conf.mac;
	struct device device;
	if (strcmp(option, "auto") == 0 || strcmp(option, "active") == 0)
		return 0;
	if (strncmp(option, "from ", 5) != 0) {
		if (!ctl_parse_mac(option, mac))
			return 1;
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: '%s' is no MAC: write it as 02:00:00:00:00:01", model->name,
			 option);
		return -EINVAL;
	}
	if (netlink_get_by_name(host->nl, option + 5, &device) < 0) {
		log_info("%s: mac %s: there is no such device yet, the MAC is chosen as with auto", model->name,
			 option);
		return 0;
	}
	memcpy(mac, device.permaddr, 6);
	return 1;
}

int identity_choose(struct lagg_host *host, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX])
{
	static const uint8_t none[6];
	struct identity id;
	uint8_t named[6];
	identity_read(host, model->name, &id);
	int r = named_mac(host, model, named, sentence);
	if (r < 0)
		return r;
	bool from_option = r == 1, changed = false;
	if (!from_option && !id.has_mac)
		id.has_mac = changed = first_port_mac(host, model, id.mac) == 0;
	if (!from_option && !id.has_mac && memcmp(mac, none, 6) == 0 && made_up_mac(mac) < 0)
		return -EIO;
	if (model->conf.hash_seed == XLAGG_AUTO && !id.has_seed) {
		r = random_bytes(&id.seed, sizeof(id.seed));
		if (r < 0)
			return r;
		id.seed %= XLAGG_AUTO;
		id.has_seed = changed = true;
	}
	if (changed)
		identity_keep(host, model->name, &id);
	if (from_option)
		memcpy(mac, named, 6);
	else if (id.has_mac)
		memcpy(mac, id.mac, 6);
	*seed = model->conf.hash_seed == XLAGG_AUTO ? id.seed : model->conf.hash_seed;
	return 0;
}
