/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Identity: a lagg's MAC, hash seed and number are chosen once, so that neither a removed port nor a reboot changes
 * them. Also by what its ports' devices are recognised. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lagg/identity.h"
#include "lagg/ports.h"
#include "xlagg/mac.h"

#define RETRY_NS (2 * NS_PER_S) /* until the state folder is tried again */
#define RETRY_DOUBLED 5		/* how often that is doubled at most */

static const uint8_t no_mac[6];

static int random_bytes(void *ret, size_t size)
{
	return getrandom(ret, size, 0) == (ssize_t)size ? 0 : -EIO;
}

/* --- devices --- */

/* Returns a device's own MAC: the permanent one, else the one that it had before it became a port, else the present
 * one. */
static void own_mac(const struct lagg *lagg, const struct device *device, uint8_t mac[6])
{
	if (device->has_permaddr || !lagg->host->calls->own_mac(lagg->host, device->ifindex, mac))
		memcpy(mac, device->permaddr, 6);
}

static void set_id(struct lagg *lagg, const struct device *device, struct xlagg_device_id *ret)
{
	*ret = (struct xlagg_device_id){.ifindex = (uint32_t)device->ifindex, .permanent = device->has_permaddr};
	own_mac(lagg, device, ret->mac);
}

void identity_of_port(struct lagg *lagg, uint32_t slot, const struct device *device)
{
	struct xlagg_device_id *id = &lagg->saved.port[slot], before = *id;
	set_id(lagg, device, id);
	lagg->unstored |= memcmp(before.mac, id->mac, 6) != 0;
}

void identity_forget_port(struct lagg *lagg, uint32_t slot)
{
	lagg->saved.port[slot] = (struct xlagg_device_id){0};
	lagg->unstored = true;
}

/* Returns NAME of option mac "from NAME", or NULL. */
static const char *mac_from(const struct xlagg_lagg_conf *conf)
{
	return strncmp(conf->mac, "from ", 5) == 0 ? conf->mac + 5 : NULL;
}

void identity_find_mac_from(struct lagg *lagg)
{
	struct device device;
	const char *name = mac_from(&lagg->model.conf);
	if (name && lagg_ask_device(lagg, 0, name, &device) == 0)
		set_id(lagg, &device, &lagg->saved.mac_from);
	else
		lagg->saved.mac_from = (struct xlagg_device_id){0};
}

bool identity_is_mac_from(const struct lagg *lagg, const struct device *device)
{
	const struct xlagg_device_id *id = &lagg->saved.mac_from;
	uint8_t mac[6];
	if ((int)id->ifindex != device->ifindex)
		return false;
	own_mac(lagg, device, mac);
	return memcmp(id->mac, mac, 6) == 0;
}

/* --- what is kept --- */

static bool number_is_free(const struct lagg *lagg, uint32_t number)
{
	return !lagg->host->calls->number_in_use(lagg->host, number);
}

/* Returns N of a name laggN; false for other names and numbers that are too large. */
static bool number_in_name(const char *name, uint32_t *ret)
{
	char *end;
	if (strncmp(name, "lagg", 4) != 0 || !isdigit((unsigned char)name[4]))
		return false;
	unsigned long number = strtoul(name + 4, &end, 10);
	*ret = (uint32_t)number;
	return !*end && number <= STATE_NUMBER_MAX;
}

/* Laggs with other names get numbers from the top down, so that the number of a later laggN is not taken. */
static uint32_t choose_number(const struct lagg *lagg)
{
	uint32_t number;
	if (number_in_name(lagg->model.name, &number) && number_is_free(lagg, number))
		return number;
	for (number = STATE_NUMBER_MAX; number && !number_is_free(lagg, number);)
		number--;
	return number;
}

void identity_load(struct lagg *lagg)
{
	struct xlagg_kept *kept = &lagg->saved.kept;
	struct state state = {0};
	char life[STATE_LIFE_MAX];
	bool stored = state_read(lagg->host, lagg->model.name, &state) == 0;
	state_life(lagg->host, life);
	if (!kept->has) {
		*kept = state.kept;
		lagg->origin = state;
		/* A file with neither of these is from a version that did not record them. It is taken for this
		 * machine's. */
		lagg->unproven = state.machine[0] || state.ports;
	}
	if (!(kept->has & XLAGG_KEPT_NUMBER) || !number_is_free(lagg, kept->number)) {
		kept->number = choose_number(lagg);
		kept->has |= XLAGG_KEPT_NUMBER;
	}
	lagg->unstored = !stored || memcmp(kept, &state.kept, sizeof(*kept)) != 0 || strcmp(life, state.life) != 0;
}

void identity_keep_mac(struct lagg *lagg, const uint8_t mac[6])
{
	struct xlagg_kept *kept = &lagg->saved.kept;
	memcpy(kept->mac, mac, 6);
	kept->has |= XLAGG_KEPT_MAC;
	lagg->unproven = false;
	lagg->unstored = true;
}

/* A failure is reported once. Until a reboot the record has what could not be written. */
static void store_failed(struct lagg *lagg, int r)
{
	uint32_t failures = lagg->store_failures++;
	if (failures == 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "cannot keep its MAC, seed and number over a reboot in %s: %s", lagg->host->state,
			  strerror(-r));
	lagg->store_ns = clock_now() + clock_doubled(RETRY_NS, failures, RETRY_DOUBLED);
}

void identity_store(struct lagg *lagg)
{
	struct state state = {.kept = lagg->saved.kept};
	if (!lagg->unstored)
		return;
	state_machine(state.machine);
	state_life(lagg->host, state.life);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (memcmp(lagg->saved.port[slot].mac, no_mac, 6) != 0)
			memcpy(state.port[state.ports++], lagg->saved.port[slot].mac, 6);
	int r = state_write(lagg->host, lagg->model.name, &state);
	if (r < 0) /* a single call that fails is not worth a word */
		r = state_write(lagg->host, lagg->model.name, &state);
	lagg->unstored = r < 0;
	if (r < 0)
		store_failed(lagg, r);
	else
		lagg->store_failures = 0;
}

void identity_retry(struct lagg *lagg, uint64_t now)
{
	if (lagg->unstored && lagg->store_failures && now >= lagg->store_ns)
		identity_store(lagg);
}

void identity_moved(struct lagg *lagg)
{
	lagg->unstored = true;
	identity_store(lagg);
}

/* --- whether a kept MAC is this machine's --- */

static bool is_known(const struct state *origin, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < origin->ports; i++)
		if (memcmp(origin->port[i], mac, 6) == 0)
			return true;
	return memcmp(origin->kept.mac, mac, 6) == 0;
}

struct search {
	const struct lagg *lagg;
	bool found;
};

static void search_known(void *context, const struct device *device, bool gone)
{
	struct search *search = context;
	uint8_t mac[6];
	if (gone || search->found)
		return;
	own_mac(search->lagg, device, mac);
	search->found = is_known(&search->lagg->origin, mac);
}

/* Whether this machine has one of the ports that the state folder names, or a device with the kept MAC. */
static bool has_known_device(const struct lagg *lagg)
{
	struct search search = {.lagg = lagg};
	return netlink_list(lagg->host->nl, search_known, &search) < 0 || search.found;
}

/* Counts the ports whose devices exist (*present), and returns how many of these the state folder names. */
static uint32_t count_known(const struct lagg *lagg, const struct xlagg_model *model, uint32_t *present)
{
	struct device device;
	uint8_t mac[6];
	uint32_t known = 0;
	for (uint32_t i = 0; i < model->ports; i++) {
		if (lagg_port_device(lagg, &model->port[i], &device) < 0)
			continue;
		(*present)++;
		own_mac(lagg, &device, mac);
		known += is_known(&lagg->origin, mac);
	}
	return known;
}

static void drop_mac(struct lagg *lagg, const char *why)
{
	char text[XLAGG_MAC_TEXT];
	xlagg_print_mac(lagg->saved.kept.mac, text);
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
		  "the MAC %s that is kept for it in %s %s: another one is chosen", text, lagg->host->state, why);
	lagg->saved.kept.has &= ~(uint32_t)XLAGG_KEPT_MAC;
	memset(lagg->saved.kept.mac, 0, 6);
	lagg->unproven = false;
	lagg->unstored = true;
}

/* If a disk image was copied, the MAC in the state folder is another machine's. It is this machine's own if the machine
 * has one of the ports that were recorded with it. While no port exists yet, only the machine's ID can tell. */
static void prove_mac(struct lagg *lagg, const struct xlagg_model *model)
{
	char machine[STATE_MACHINE_MAX];
	uint32_t present = 0, known = count_known(lagg, model, &present);
	state_machine(machine);
	bool elsewhere = machine[0] && lagg->origin.machine[0] && strcmp(machine, lagg->origin.machine) != 0;
	if (known || ((present || elsewhere) && has_known_device(lagg)))
		lagg->unproven = false;
	else if (elsewhere)
		drop_mac(lagg, "was another machine's");
	else if (present)
		drop_mac(lagg, "belongs to no device of this machine (was the disk copied?)");
}

/* --- MAC --- */

static bool is_taken(const struct lagg *lagg, const uint8_t mac[6])
{
	return lagg->host->calls->mac_in_use(lagg->host, mac, lagg);
}

/* Returns a random MAC of the locally administered range. */
static int made_up_mac(uint8_t mac[6])
{
	int r = random_bytes(mac, 6);
	mac[0] = (uint8_t)((mac[0] | 0x02) & 0xfe);
	return r;
}

/* Returns the own MAC of the first existing port whose MAC no other lagg has. -ENODEV: no port exists yet. -EADDRINUSE:
 * other laggs have the MACs of all of them. Another error: it cannot be told which ports exist. */
static int first_port_mac(const struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6])
{
	struct device device;
	int r = -ENODEV;
	for (uint32_t i = 0; i < model->ports; i++) {
		uint8_t own[6];
		int found = lagg_port_device(lagg, &model->port[i], &device);
		if (found == -ENODEV)
			continue;
		if (found < 0)
			return found;
		own_mac(lagg, &device, own);
		if (!is_taken(lagg, own)) {
			memcpy(mac, own, 6);
			return 0;
		}
		r = -EADDRINUSE;
	}
	return r;
}

/* Chooses the MAC for mac auto. While no port exists it is a random one, which is not kept. */
static int choose_mac(struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6])
{
	uint8_t chosen[6];
	int r = first_port_mac(lagg, model, chosen);
	if (r == -ENODEV)
		return memcmp(mac, no_mac, 6) == 0 ? made_up_mac(mac) : 0;
	if (r == -EADDRINUSE) {
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL,
			  "other laggs have the MACs of its ports: it gets a random one");
		r = made_up_mac(chosen);
	}
	if (r < 0)
		return r;
	identity_keep_mac(lagg, chosen);
	memcpy(mac, chosen, 6);
	return 0;
}

static int auto_mac(struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6])
{
	const struct xlagg_kept *kept = &lagg->saved.kept;
	if (kept->has & XLAGG_KEPT_MAC && lagg->unproven)
		prove_mac(lagg, model);
	if (kept->has & XLAGG_KEPT_MAC && is_taken(lagg, kept->mac))
		drop_mac(lagg, "is another lagg's");
	if (!(kept->has & XLAGG_KEPT_MAC))
		return choose_mac(lagg, model, mac);
	memcpy(mac, kept->mac, 6);
	return 0;
}

/* Returns 1 and the MAC if option mac names one, by itself or "from" a device; 0 for "auto" and "active", and while
 * there is no such device; or -errno with a sentence. */
static int named_mac(const struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6],
		     char sentence[XLAGG_SENTENCE_MAX])
{
	const char *option = model->conf.mac, *name = mac_from(&model->conf);
	struct device device;
	if (strcmp(option, "auto") == 0 || strcmp(option, "active") == 0)
		return 0;
	if (!name) {
		if (xlagg_parse_mac(option, mac) == 0)
			return 1;
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: '%s' is no MAC: write it as 02:00:00:00:00:01", model->name,
			 option);
		return -EINVAL;
	}
	/* The option still means the same device, even if another one has that name by now. */
	if (lagg->saved.mac_from.ifindex && strcmp(option, lagg->model.conf.mac) == 0) {
		memcpy(mac, lagg->saved.mac_from.mac, 6);
		return 1;
	}
	int r = lagg_ask_device(lagg, 0, name, &device);
	if (r == -ENODEV) {
		log_about(LOG_LEVEL_INFO, model->name, NULL,
			  "mac %s: there is no such device yet, so the MAC is chosen as with mac auto", option);
		return 0;
	}
	if (r < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot ask %s for its MAC: %s", model->name, name,
			 strerror(-r));
		return r;
	}
	own_mac(lagg, &device, mac);
	return 1;
}

/* A MAC that the user named is used although another lagg has it, with a warning. */
static void warn_of_twice(const struct lagg *lagg, const uint8_t mac[6])
{
	if (memcmp(lagg->looks.mac, mac, 6) != 0 && is_taken(lagg, mac))
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "its MAC is another lagg's too: in one network give one of them another (mac auto)");
}

static int choose_seed(struct lagg *lagg)
{
	struct xlagg_kept *kept = &lagg->saved.kept;
	int r = random_bytes(&kept->seed, sizeof(kept->seed));
	if (r < 0)
		return r;
	kept->seed %= XLAGG_AUTO;
	kept->has |= XLAGG_KEPT_SEED;
	lagg->unstored = true;
	return 0;
}

int identity_choose(struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX])
{
	const struct xlagg_kept *kept = &lagg->saved.kept;
	uint8_t chosen[6];
	memcpy(chosen, mac, 6);
	int r = named_mac(lagg, model, chosen, sentence);
	if (r == 1)
		warn_of_twice(lagg, chosen);
	else if (r == 0)
		r = auto_mac(lagg, model, chosen);
	if (r >= 0 && model->conf.hash_seed == XLAGG_AUTO && !(kept->has & XLAGG_KEPT_SEED))
		r = choose_seed(lagg);
	if (r < 0)
		return r;
	memcpy(mac, chosen, 6);
	*seed = model->conf.hash_seed == XLAGG_AUTO ? kept->seed : model->conf.hash_seed;
	return 0;
}
