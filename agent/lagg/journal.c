/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The entries of a transaction's journal: written one after the other, and read back. They are untrusted input. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/journal.h"

#define GROWS (32u << 10)
#define SIZE_MAX_HERE (1u << 30)

/* --- writing --- */

static size_t padded(size_t len)
{
	return (len + 7) / 8 * 8;
}

static int make_room(struct journal *journal, size_t len)
{
	if (journal->len + len > SIZE_MAX_HERE)
		return -E2BIG;
	if (journal->len + len <= journal->size)
		return 0;
	size_t size = 2 * journal->size + len + GROWS;
	void *more = realloc(journal->octets, size);
	if (!more)
		return -ENOMEM;
	journal->octets = more;
	journal->size = size;
	return 0;
}

/* There is room. */
static void append(struct journal *journal, const void *octets, size_t len)
{
	uint8_t *end = (uint8_t *)journal->octets + journal->len;
	memset(end, 0, padded(len));
	if (len)
		memcpy(end, octets, len);
	journal->len += padded(len);
}

int journal_add(struct journal *journal, const struct xlagg_journal_entry *head, const uint8_t *message)
{
	static const struct xlagg_journal header;
	int r = make_room(journal, sizeof(header) + sizeof(*head) + padded(head->message_len));
	if (r < 0)
		return r;
	if (!journal->len)
		append(journal, &header, sizeof(header));
	append(journal, head, sizeof(*head));
	append(journal, message, head->message_len);
	journal->octets->entries++;
	return 0;
}

/* --- reading --- */

static bool is_valid(const struct xlagg_journal_entry *head)
{
	return head->name[0] && memchr(head->name, 0, sizeof(head->name)) && head->kind <= XLAGG_JOURNAL_COMES &&
	       head->message_len <= XLAGG_SAVED_MAX && head->ifindex <= INT_MAX && head->lower_ifindex <= INT_MAX &&
	       head->taken <= 1 && (head->message_len != 0) == (head->kind != XLAGG_JOURNAL_COMES);
}

/* Reads the entry at *at and moves *at behind it. */
static int read_entry(const struct journal *journal, size_t *at, struct journal_entry *ret)
{
	const uint8_t *octets = (const uint8_t *)journal->octets;
	if (journal->len - *at < sizeof(ret->head))
		return -EPROTO;
	memcpy(&ret->head, octets + *at, sizeof(ret->head));
	*at += sizeof(ret->head);
	if (!is_valid(&ret->head) || journal->len - *at < padded(ret->head.message_len))
		return -EPROTO;
	ret->message = octets + *at;
	*at += padded(ret->head.message_len);
	return 0;
}

static int read_entries(struct journal *journal)
{
	size_t at = sizeof(*journal->octets);
	uint32_t entries = journal->octets->entries;
	if (entries > (journal->len - at) / sizeof(struct xlagg_journal_entry))
		return -EPROTO;
	journal->entry = calloc(entries + 1, sizeof(*journal->entry));
	if (!journal->entry)
		return -ENOMEM;
	journal->entries = entries;
	int r = 0;
	for (uint32_t i = 0; i < entries && r == 0; i++)
		r = read_entry(journal, &at, &journal->entry[i]);
	return r == 0 && at != journal->len ? -EPROTO : r;
}

int journal_parse(struct xlagg_journal *octets, struct journal **ret)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	if (!journal) {
		free(octets);
		return -ENOMEM;
	}
	journal->octets = octets;
	journal->len = sizeof(*octets) + octets->len;
	int r = read_entries(journal);
	if (r < 0)
		journal_free(journal);
	else
		*ret = journal;
	return r;
}

void journal_clear(struct journal *journal)
{
	free(journal->octets);
	free(journal->entry);
	*journal = (struct journal){0};
}

void journal_free(struct journal *journal)
{
	if (journal)
		journal_clear(journal);
	free(journal);
}
