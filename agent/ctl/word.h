/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Vocabularies: what the grammar and the values have in common. A word is found in full or by an unambiguous
 * abbreviation, `_` and `-` being the same; a wrong word is answered with the nearest right one.
 */
#ifndef CTL_WORD_H
#define CTL_WORD_H

#include <stddef.h>

/* Several words may have one code (synonyms); they are then never ambiguous among themselves. */
struct ctl_word {
	const char *word;
	int code; /* not negative */
};

/* Gives the code of `word`, -ENOENT or -EINVAL (ambiguous) with a sentence, in which `what` says what was looked for
 * ("lagg option"). */
int ctl_match(const char *word, const struct ctl_word *words, size_t count, const char *what, char *sentence);
/* Gives the code of `word` if it is written in full, or -ENOENT. */
int ctl_match_full(const char *word, const struct ctl_word *words, size_t count);
/* Gives the code of `word` if it is written in full or is an unambiguous abbreviation, -ENOENT or -EINVAL. */
int ctl_match_part(const char *word, const struct ctl_word *words, size_t count);

#endif
