/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The entries of a transaction's journal (struct xlagg_journal): written one after the other, and read back. */
#ifndef LAGG_JOURNAL_H
#define LAGG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xlagg/abi.h"

struct journal_entry {
	struct xlagg_journal_entry head;
	const uint8_t *message; /* head.message_len octets, in the journal */
	bool found;		/* for the caller: the lagg is still there */
};

struct journal {
	struct xlagg_journal *octets; /* header and entries */
	size_t len, size;	      /* octets in use, and allocated */
	struct journal_entry *entry;  /* of one that was read */
	uint32_t entries;
};

/* Adds an entry. Returns 0, -ENOMEM, or -E2BIG. The first one makes the header. */
int journal_add(struct journal *journal, const struct xlagg_journal_entry *head, const uint8_t *message);
/* Reads the entries of `octets`, whose version, length and checksum were checked and which then belong to *ret.
 * -EPROTO: an entry cannot be right; -ENOMEM. */
int journal_parse(struct xlagg_journal *octets, struct journal **ret);
/* Frees what the journal has, but not itself. */
void journal_clear(struct journal *journal);
/* Frees one that was read, or NULL. */
void journal_free(struct journal *journal);

#endif
