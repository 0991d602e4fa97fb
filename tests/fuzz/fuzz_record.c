/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The pinned record that an agent reads when it adopts a lagg, written by anyone. The first octet of the input says
 * what of the record is made right, the second what devices there are, the next two how long the message is; the rest
 * is the record. What is taken over must be safe to use.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lagg/device.h"
#include "lagg/identity.h"
#include "lagg/record.h"
#include "lagg/shell.h"
#include "sys/datapath/internal.h"

#define VALUE_MAX (sizeof(struct xlagg_saved) + 64) /* a later version's record is longer */
#define STATE_AT offsetof(struct xlagg_saved, device)

/* The first octet of the input. */
enum { SUMS = 1, LENGTHS = 2, SHORT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t value[VALUE_MAX];
static uint32_t value_size;
static uint8_t devices; /* bits: what the kernel and the pins say of any device */

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the kernel --- */

int pin_get(const char *folder, const char *name, enum pin_kind kind)
{
	(void)folder, (void)kind;
	must(strcmp(name, "saved") == 0);
	return dup(0);
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *len)
{
	(void)fd;
	*(struct bpf_map_info *)info =
	    (struct bpf_map_info){.type = BPF_MAP_TYPE_ARRAY, .key_size = sizeof(uint32_t), .value_size = value_size};
	must(*len >= sizeof(struct bpf_map_info));
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *ret)
{
	(void)fd, (void)key;
	memcpy(ret, value, value_size);
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *from, __u64 flags)
{
	(void)fd, (void)key, (void)from, (void)flags;
	abort();
}

int netlink_get(struct netlink *nl, int ifindex, struct device *ret)
{
	(void)nl;
	must(ifindex >= 0);
	if (devices & 1)
		return -ENODEV;
	if (devices & 2)
		return -EBUSY;
	*ret = (struct device){.ifindex = ifindex, .name = "eth0", .link = ifindex};
	return 0;
}

int netlink_get_patiently(struct netlink *nl, int ifindex, struct device *ret)
{
	return netlink_get(nl, ifindex, ret);
}

bool device_may_be(const struct device *device, const struct xlagg_device_id *id)
{
	(void)device, (void)id;
	return devices & 4;
}

bool device_is(const struct device *device, const struct xlagg_device_id *id)
{
	(void)device, (void)id;
	return devices & 8;
}

bool device_is_lower(const struct device *device, const struct xlagg_device_id *id, const char *folder)
{
	(void)device, (void)id, (void)folder;
	return devices & 16;
}

bool shell_is(const struct device *device, const char *folder, const struct xlagg_saved *saved)
{
	(void)device, (void)folder, (void)saved;
	return devices & 64;
}

bool datapath_is_attached(const char *folder, uint32_t slot, int ifindex)
{
	(void)folder;
	must(slot < XLAGG_MAX_PORTS && ifindex > 0);
	return devices & 32;
}

/* --- what writing would need, and reading must not --- */

int datapath_map(const struct datapath *dp, const char *name)
{
	(void)dp, (void)name;
	abort();
}

void datapath_moved(struct datapath *dp, const char *folder)
{
	(void)dp, (void)folder;
	abort();
}

uint64_t datapath_publish_due(const struct datapath *dp)
{
	(void)dp;
	abort();
}

int datapath_remove(const char *folder)
{
	(void)folder;
	abort();
}

void identity_store(struct lagg *lagg)
{
	(void)lagg;
	abort();
}

void log_write(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

void log_about(enum log_level level, const char *lagg, const char *port, const char *format, ...)
{
	(void)level, (void)lagg, (void)port, (void)format;
}

/* --- the record --- */

static uint32_t fnv1a(const uint8_t *octet, size_t len)
{
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ octet[i]) * 16777619u;
	return sum;
}

static void make_sums(void)
{
	struct xlagg_saved *saved = (struct xlagg_saved *)value;
	if (saved->message_len <= sizeof(saved->message))
		saved->message_sum = fnv1a(saved->message, saved->message_len);
	if (value_size >= STATE_AT && saved->state_len <= value_size - STATE_AT)
		saved->state_sum = fnv1a(value + STATE_AT, saved->state_len);
}

static void read_record(void)
{
	static const struct lagg_host host = {.netns = 1};
	struct xlagg_saved *saved = NULL;
	struct device device, lower;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	static struct xlagg_model model;

	int r = record_read(&host, "folder", &saved);
	must(r <= 0 && (r < 0 || saved));
	if (r < 0)
		return;
	must(saved->message_len <= sizeof(saved->message));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct xlagg_undo *undo = &saved->undo[slot];
		must(undo->ifindex <= INT_MAX);
		must(memchr(undo->name, 0, sizeof(undo->name)) && memchr(undo->alias, 0, sizeof(undo->alias)));
	}
	if (record_decode(saved, &model, sentence) == 0) {
		must(model.ports <= XLAGG_MAX_PORTS && memchr(model.name, 0, sizeof(model.name)) && model.name[0]);
		for (uint32_t i = 0; i < model.ports; i++)
			must(memchr(model.port[i].name, 0, sizeof(model.port[i].name)) != NULL);
	}
	if (record_check(saved) == 0)
		record_find_devices(&host, "folder", saved, &device, &lower);
	free(saved);
}

/* Takes up to `len` octets of the input. */
static size_t take(const uint8_t **data, size_t *size, void *to, size_t len)
{
	size_t taken = len < *size ? len : *size;
	memcpy(to, *data, taken);
	*data += taken;
	*size -= taken;
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xlagg_saved *saved = (struct xlagg_saved *)value;
	uint8_t how = 0;
	uint16_t message = 0;

	memset(value, 0, sizeof(value));
	take(&data, &size, &how, 1);
	take(&data, &size, &devices, 1);
	take(&data, &size, &message, sizeof(message));
	if (!(how & LENGTHS))
		take(&data, &size, value, offsetof(struct xlagg_saved, message));
	message = (uint16_t)take(&data, &size, saved->message, message % sizeof(saved->message));
	size_t state = take(&data, &size, value + STATE_AT, sizeof(value) - STATE_AT);
	/* The records of older versions are shorter, down to the part that is the same in all, and below it. */
	value_size = how & SHORT ? (uint32_t)(STATE_AT - 4 + state) : sizeof(*saved);
	if (how & LENGTHS) {
		saved->abi_version = XLAGG_ABI_VERSION;
		saved->message_len = message;
		saved->state_len = value_size > STATE_AT ? value_size - (uint32_t)STATE_AT : 0;
	}
	if (how & SUMS)
		make_sums();
	read_record();
	return 0;
}
