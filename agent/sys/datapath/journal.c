/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The journal of a transaction: a map that is pinned when all of it is written, and read back with its checksum. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/datapath/internal.h"

#define PIN "transaction-journal" /* no device, and so no lagg, can have a name that long */
#define VALUES_MAX 1024		  /* more than the longest records of all laggs need */

static void free_octets(uint8_t **octets)
{
	free(*octets);
}

/* Writes the octets into the map's values; the last one is filled up with zeros. */
static int write_values(int map, const uint8_t *octets, size_t len)
{
	uint8_t last[XLAGG_JOURNAL_VALUE] = {0};
	for (uint32_t i = 0; (size_t)i * sizeof(last) < len; i++) {
		const uint8_t *at = octets + (size_t)i * sizeof(last);
		size_t rest = len - (size_t)i * sizeof(last);
		if (rest < sizeof(last))
			at = memcpy(last, at, rest);
		if (bpf_map_update_elem(map, &i, at, BPF_ANY) != 0)
			return -errno;
	}
	return 0;
}

int datapath_journal_write(const char *pins, struct xlagg_journal *journal, size_t len)
{
	char path[DATAPATH_PATH_MAX];
	uint32_t values = (uint32_t)((len + XLAGG_JOURNAL_VALUE - 1) / XLAGG_JOURNAL_VALUE);
	if (values > VALUES_MAX)
		return -E2BIG;
	journal->abi_version = XLAGG_ABI_VERSION;
	journal->entry_size = sizeof(struct xlagg_journal_entry);
	journal->len = (uint32_t)(len - sizeof(*journal));
	journal->sum = datapath_sum(journal + 1, journal->len);
	__attribute__((cleanup(close_fd))) int map =
	    bpf_map_create(BPF_MAP_TYPE_ARRAY, "journal", sizeof(uint32_t), XLAGG_JOURNAL_VALUE, values, NULL);
	if (map < 0)
		return -errno;
	int r = write_values(map, (const uint8_t *)journal, len);
	/* One that could not be removed says nothing any more. */
	if (r == 0)
		r = datapath_journal_remove(pins);
	pin_path(path, pins, PIN);
	if (r == 0 && bpf_obj_pin(map, path) != 0)
		r = -errno;
	return r;
}

/* Reads all values of the map. */
static int read_values(int map, uint8_t **ret, size_t *len)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	if (bpf_obj_get_info_by_fd(map, &info, &size) != 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(uint32_t) ||
	    info.value_size != XLAGG_JOURNAL_VALUE || info.max_entries > VALUES_MAX)
		return -EPROTONOSUPPORT;
	*len = (size_t)info.max_entries * XLAGG_JOURNAL_VALUE;
	*ret = malloc(*len);
	if (!*ret)
		return -ENOMEM;
	for (uint32_t i = 0; i < info.max_entries; i++)
		if (bpf_map_lookup_elem(map, &i, *ret + (size_t)i * XLAGG_JOURNAL_VALUE) != 0)
			return -errno;
	return 0;
}

static int check(const struct xlagg_journal *journal, size_t size)
{
	if (journal->abi_version != XLAGG_ABI_VERSION || journal->entry_size != sizeof(struct xlagg_journal_entry))
		return -EPROTONOSUPPORT;
	if (journal->len > size - sizeof(*journal) || journal->sum != datapath_sum(journal + 1, journal->len))
		return -EPROTO;
	return 0;
}

int datapath_journal_read(const char *pins, struct xlagg_journal **ret)
{
	__attribute__((cleanup(free_octets))) uint8_t *octets = NULL;
	size_t size = 0;
	__attribute__((cleanup(close_fd))) int map = pin_get(pins, PIN, PIN_MAP);
	int r = map < 0 ? map : read_values(map, &octets, &size);
	if (r == 0)
		r = octets ? check((const struct xlagg_journal *)octets, size) : -EPROTO;
	if (r < 0)
		return r;
	*ret = (struct xlagg_journal *)octets;
	octets = NULL;
	return 0;
}

int datapath_journal_remove(const char *pins)
{
	return pin_drop(pins, PIN);
}
