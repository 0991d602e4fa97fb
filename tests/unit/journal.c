/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The entries of a transaction's journal, whose content anybody may have written. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/journal.h"

static struct xlagg_journal_entry head_of(const char *name, enum xlagg_journal_kind kind, uint32_t len)
{
	struct xlagg_journal_entry head = {.kind = kind, .message_len = len, .ifindex = 7, .lower_ifindex = 8};
	strncpy(head.name, name, sizeof(head.name) - 1);
	return head;
}

static struct journal written(void)
{
	static uint8_t message[XLAGG_SAVED_MAX];
	struct journal journal = {0};
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 3);
	struct xlagg_journal_entry head = head_of("lagg0", XLAGG_JOURNAL_LEAVES, 13);
	cr_assert(journal_add(&journal, &head, message) == 0);
	head = head_of("lagg1", XLAGG_JOURNAL_COMES, 0);
	cr_assert(journal_add(&journal, &head, NULL) == 0);
	head = head_of("lagg2", XLAGG_JOURNAL_CHANGES, sizeof(message));
	cr_assert(journal_add(&journal, &head, message) == 0);
	journal.octets->len = (uint32_t)(journal.len - sizeof(*journal.octets));
	return journal;
}

/* A copy of exactly as many octets, so that a step behind them is noticed. */
static struct xlagg_journal *copy_of(const struct journal *journal, size_t len)
{
	struct xlagg_journal *copy = malloc(len);
	memcpy(copy, journal->octets, len);
	copy->len = (uint32_t)(len - sizeof(*copy));
	return copy;
}

static struct xlagg_journal_entry *first_of(struct xlagg_journal *octets)
{
	return (struct xlagg_journal_entry *)(octets + 1);
}

static void expect_refused(struct xlagg_journal *octets, const char *what)
{
	struct journal *journal = NULL;
	cr_assert(journal_parse(octets, &journal) == -EPROTO, "%s", what);
	cr_assert(journal == NULL);
}

Test(journal, is_read_as_it_was_written)
{
	struct journal to = written(), *from = NULL;
	cr_assert(to.len % 8 == 0 && to.octets->entries == 3);
	cr_assert(journal_parse(copy_of(&to, to.len), &from) == 0 && from->entries == 3);
	cr_assert(strcmp(from->entry[0].head.name, "lagg0") == 0 && from->entry[0].head.message_len == 13);
	cr_assert(from->entry[0].message[12] == 36 && !from->entry[0].found);
	cr_assert(from->entry[1].head.kind == XLAGG_JOURNAL_COMES && from->entry[1].head.message_len == 0);
	cr_assert(strcmp(from->entry[2].head.name, "lagg2") == 0 && from->entry[2].head.lower_ifindex == 8);
	cr_assert(from->entry[2].message[XLAGG_SAVED_MAX - 1] == (uint8_t)((XLAGG_SAVED_MAX - 1) * 3));
	journal_free(from);
	journal_clear(&to);
	journal_free(NULL);
}

Test(journal, may_be_empty)
{
	struct xlagg_journal *none = calloc(1, sizeof(*none));
	struct journal *journal = NULL;
	cr_assert(journal_parse(none, &journal) == 0 && journal->entries == 0);
	journal_free(journal);
	none = calloc(1, sizeof(*none));
	none->entries = 1;
	expect_refused(none, "an entry that is not there");
	none = calloc(1, sizeof(*none));
	none->entries = UINT32_MAX;
	expect_refused(none, "four thousand million entries");
}

Test(journal, is_refused_where_it_ends_too_early_or_too_late)
{
	struct journal journal = written();
	for (size_t len = sizeof(struct xlagg_journal); len < journal.len; len += len < 200 ? 1 : 997)
		expect_refused(copy_of(&journal, len), "shorter");
	struct xlagg_journal *octets = copy_of(&journal, journal.len);
	octets->entries = 2;
	expect_refused(octets, "longer");
	octets = copy_of(&journal, journal.len);
	octets->entries = 4;
	expect_refused(octets, "an entry too many");
	journal_clear(&journal);
}

Test(journal, is_refused_where_an_entry_cannot_be_right)
{
	static const struct {
		size_t at, len;
		uint32_t value;
		const char *what;
	} lies[] = {
#define LIE(member, to)                                                                                                \
	{offsetof(struct xlagg_journal_entry, member), sizeof(first_of(NULL)->member), to, #member " " #to}
	    LIE(kind, 4),
	    LIE(kind, UINT32_MAX),
	    LIE(kind, XLAGG_JOURNAL_COMES),
	    LIE(message_len, 0),
	    LIE(message_len, 5),
	    LIE(message_len, 64),
	    LIE(message_len, UINT32_MAX),
	    LIE(message_len, 48 << 10),
	    LIE(ifindex, 1u << 31),
	    LIE(lower_ifindex, 1u << 31),
	    LIE(taken, 2),
#undef LIE
	    {0, 1, 0, "no name"},
	};
	struct journal journal = written();
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct xlagg_journal *octets = copy_of(&journal, journal.len);
		memcpy((uint8_t *)first_of(octets) + lies[i].at, &lies[i].value, lies[i].len);
		expect_refused(octets, lies[i].what);
	}
	struct xlagg_journal *octets = copy_of(&journal, journal.len);
	memset(first_of(octets)->name, 'x', sizeof(first_of(octets)->name));
	expect_refused(octets, "a name without an end");
	journal_clear(&journal);
}
