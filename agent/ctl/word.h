/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Vocabularies, which both the grammar and the values use. A word is found if it is written in full or is an
 * unambiguous abbreviation, where `_` and `-` are the same. For a wrong word the sentence names the nearest right one.
 */
#ifndef CTL_WORD_H
#define CTL_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* Synonyms have the same code, and are never ambiguous with each other. */
struct ctl_word {
	const char *word;
	int code; /* not negative */
};

/* Returns the code of `word`, or -ENOENT or -EINVAL (ambiguous) with a sentence, in which `what` says what the word
 * should be ("lagg option"). */
int ctl_match(const char *word, const struct ctl_word *words, size_t count, const char *what, char *sentence);
/* Returns the code of `word` if it is written in full, else -ENOENT. */
int ctl_match_full(const char *word, const struct ctl_word *words, size_t count);
/* Returns the code of `word` if it is written in full or is an unambiguous abbreviation, else -ENOENT or -EINVAL. */
int ctl_match_part(const char *word, const struct ctl_word *words, size_t count);

/* --- foreign.c --- */
/* Returns what to write instead of a word of bonding, teamd or a switch, NULL if it is none of these. `what` is that of
 * ctl_match. */
const char *ctl_foreign(const char *word, const char *what);

#endif
