/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The record by which the next agent recognises a lagg: written with checksums, which are verified when it is read. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sys/datapath/internal.h"

#define STATE_AT offsetof(struct xlagg_saved, device) /* from here on the layout may differ between versions */

static void free_value(void *value)
{
	free(*(void **)value);
}

uint32_t datapath_sum(const void *data, size_t len)
{
	const uint8_t *octet = data;
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ octet[i]) * 16777619u;
	return sum;
}

static int write_value(int map, struct xlagg_saved *saved)
{
	uint32_t first = 0;
	if (saved->message_len > sizeof(saved->message))
		return -EINVAL;
	saved->abi_version = XLAGG_ABI_VERSION;
	saved->message_sum = datapath_sum(saved->message, saved->message_len);
	saved->state_len = sizeof(*saved) - STATE_AT;
	saved->state_sum = datapath_sum((const char *)saved + STATE_AT, saved->state_len);
	return bpf_map_update_elem(map, &first, saved, BPF_ANY) == 0 ? 0 : -errno;
}

int datapath_save(struct datapath *dp, struct xlagg_saved *saved)
{
	int map = datapath_map(dp, "saved");
	return map < 0 ? map : write_value(map, saved);
}

int datapath_save_in(const char *folder, struct xlagg_saved *saved)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	__attribute__((cleanup(close_fd))) int map = pin_get(folder, "saved", PIN_MAP);
	if (map < 0)
		return map;
	if (bpf_obj_get_info_by_fd(map, &info, &len) != 0)
		return -errno;
	/* Of another version's map a part would be written, which its checksums contradict. */
	return info.value_size == sizeof(*saved) ? write_value(map, saved) : -EPROTO;
}

/* Reads the map's only value and its size. -EPROTO: it is smaller than the part that is the same in all versions. */
static int read_value(int map, struct xlagg_saved **ret, size_t *size)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), first = 0;
	if (bpf_obj_get_info_by_fd(map, &info, &len) != 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(first) || info.value_size < STATE_AT)
		return -EPROTO;
	*size = info.value_size;
	*ret = malloc(info.value_size);
	if (!*ret)
		return -ENOMEM;
	return bpf_map_lookup_elem(map, &first, *ret) == 0 ? 0 : -errno;
}

static bool state_intact(const struct xlagg_saved *saved, size_t size)
{
	return saved->state_len <= size - STATE_AT &&
	       saved->state_sum == datapath_sum((const char *)saved + STATE_AT, saved->state_len);
}

int datapath_read_saved(const char *folder, struct xlagg_saved *ret)
{
	__attribute__((cleanup(free_value))) struct xlagg_saved *saved = NULL;
	size_t size = 0;
	__attribute__((cleanup(close_fd))) int fd = pin_get(folder, "saved", PIN_MAP);
	int r = fd < 0 ? fd : read_value(fd, &saved, &size);
	if (r)
		return r;
	if (!saved || saved->message_len > sizeof(saved->message) ||
	    saved->message_sum != datapath_sum(saved->message, saved->message_len))
		return -EPROTO;
	size_t known = STATE_AT;
	if (saved->abi_version == XLAGG_ABI_VERSION && state_intact(saved, size))
		known = size < sizeof(*ret) ? size : sizeof(*ret);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, saved, known);
	return 0;
}
