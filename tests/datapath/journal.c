/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The journal of a transaction: there as a whole or not at all, and never read from what cannot be right. */
#include "datapath/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *pin_of(void)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/transaction-journal", folder);
	return path;
}

static struct xlagg_journal *journal_of(size_t len)
{
	struct xlagg_journal *journal = calloc(1, len);
	journal->netns = 7;
	journal->entries = 3;
	for (size_t i = sizeof(*journal); i < len; i++)
		((uint8_t *)journal)[i] = (uint8_t)(i * 7);
	return journal;
}

/* Inverts one bit. */
static void damage(size_t octet)
{
	static uint8_t value[XLAGG_JOURNAL_VALUE];
	uint32_t index = (uint32_t)(octet / sizeof(value));
	int fd = bpf_obj_get(pin_of());
	cr_assert(bpf_map_lookup_elem(fd, &index, value) == 0);
	value[octet % sizeof(value)] ^= 1;
	cr_assert(bpf_map_update_elem(fd, &index, value, 0) == 0);
	close(fd);
}

static void pin_another(enum bpf_map_type type, uint32_t value, uint32_t entries)
{
	int fd = bpf_map_create(type, "journal", 4, value, entries, NULL);
	cr_assert(fd >= 0 && bpf_obj_pin(fd, pin_of()) == 0);
	close(fd);
}

static void expect_back(size_t len)
{
	struct xlagg_journal *journal = journal_of(len), *back = NULL;
	cr_assert(datapath_journal_write(folder, journal, len) == 0);
	cr_assert(datapath_journal_read(folder, &back) == 0);
	cr_assert(memcmp(journal, back, len) == 0, "%zu octets are not what was written", len);
	free(journal);
	free(back);
}

Test(journal, is_read_as_it_was_written)
{
	network(0);
	mkdir(folder, 0700);
	struct xlagg_journal *back = NULL;
	cr_assert(datapath_journal_read(folder, &back) == -ENOENT);
	cr_assert(datapath_journal_remove(folder) == 0);
	/* Each replaces the one before. */
	expect_back(sizeof(struct xlagg_journal));
	expect_back(XLAGG_JOURNAL_VALUE - 1);
	expect_back(XLAGG_JOURNAL_VALUE);
	expect_back(XLAGG_JOURNAL_VALUE + 1);
	expect_back(40 * XLAGG_JOURNAL_VALUE + 1000);
	cr_assert(datapath_journal_remove(folder) == 0 && access(pin_of(), F_OK) != 0);
	size_t most = (size_t)1024 * XLAGG_JOURNAL_VALUE;
	struct xlagg_journal *journal = journal_of(most + 1);
	cr_assert(datapath_journal_write(folder, journal, most + 1) == -E2BIG);
	cr_assert(access(pin_of(), F_OK) != 0, "a part is there");
	free(journal);
	rmdir(folder);
}

Test(journal, is_not_read_where_it_is_damaged_or_of_another_version)
{
	network(0);
	mkdir(folder, 0700);
	size_t len = 3 * XLAGG_JOURNAL_VALUE - 500;
	struct xlagg_journal *journal = journal_of(len), *back = NULL;
	const size_t octets[] = {8, 12, sizeof(*journal), XLAGG_JOURNAL_VALUE, len - 1};
	cr_assert(datapath_journal_write(folder, journal, len) == 0);
	for (size_t i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		damage(octets[i]);
		cr_assert(datapath_journal_read(folder, &back) == -EPROTO, "octet %zu", octets[i]);
		damage(octets[i]);
	}
	for (size_t i = 0; i < 8; i += 4) {
		damage(i);
		cr_assert(datapath_journal_read(folder, &back) == -EPROTONOSUPPORT, "octet %zu", i);
		damage(i);
	}
	damage(11); /* its length is beyond all octets */
	cr_assert(datapath_journal_read(folder, &back) == -EPROTO);
	damage(11);
	cr_assert(datapath_journal_read(folder, &back) == 0);
	free(back);
	back = NULL;
	datapath_journal_remove(folder);
	pin_another(BPF_MAP_TYPE_ARRAY, 4096, 4);
	cr_assert(datapath_journal_read(folder, &back) == -EPROTONOSUPPORT);
	datapath_journal_remove(folder);
	pin_another(BPF_MAP_TYPE_HASH, XLAGG_JOURNAL_VALUE, 4);
	cr_assert(datapath_journal_read(folder, &back) == -EPROTONOSUPPORT);
	datapath_journal_remove(folder);
	pin_another(BPF_MAP_TYPE_ARRAY, XLAGG_JOURNAL_VALUE, 1025);
	cr_assert(datapath_journal_read(folder, &back) == -EPROTONOSUPPORT);
	datapath_journal_remove(folder);
	cr_assert(back == NULL, "output was touched on failure");
	free(journal);
	rmdir(folder);
}
