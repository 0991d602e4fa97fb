/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds words, and the nearest right one for a wrong one; writes sentences. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/word.h"

#define WORD_LEN 40 /* longer words are not compared */

int ctl_refuse(char sentence[XLAGG_SENTENCE_MAX], int r, const char *format, ...)
{
	char text[XLAGG_SENTENCE_MAX];
	va_list args;

	if (!sentence)
		return r;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The sentence may contain what was typed, and goes to terminals and logs. */
	ctl_printable(text, sentence, XLAGG_SENTENCE_MAX);
	return r;
}

static int fold(char c)
{
	return c == '_' ? '-' : c;
}

/* In a mistake capitals do not count. */
static int loose(char c)
{
	return fold(c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
}

/* Returns how many leading characters the two words have in common. */
static size_t agreeing(const char *word, const char *full)
{
	size_t n = 0;

	while (word[n] && fold(word[n]) == fold(full[n]))
		n++;
	return n;
}

int ctl_match_full(const char *word, const struct ctl_word *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = agreeing(word, words[i].word);

		if (n && !word[n] && !words[i].word[n])
			return words[i].code;
	}
	return -ENOENT;
}

static bool abbreviates(const char *word, const char *full)
{
	return *word && !word[agreeing(word, full)];
}

int ctl_match_part(const char *word, const struct ctl_word *words, size_t count)
{
	int code = ctl_match_full(word, words, count);

	if (code >= 0)
		return code;
	for (size_t i = 0; i < count; i++) {
		if (!abbreviates(word, words[i].word))
			continue;
		if (code >= 0 && code != words[i].code)
			return -EINVAL;
		code = words[i].code;
	}
	return code;
}

/* Returns the optimal string alignment distance: how many changes, insertions, deletions and swaps of neighbours turn a
 * into b. */
static size_t distance(const char *a, const char *b)
{
	size_t alen = strlen(a), blen = strlen(b);
	size_t cost[3][WORD_LEN + 1]; /* rows i - 2, i - 1 and i, in turn */

	if (alen > WORD_LEN || blen > WORD_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= blen; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t *row = cost[i % 3], *above = cost[(i - 1) % 3], *above2 = cost[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t best = above[j - 1] + (loose(a[i - 1]) != loose(b[j - 1]));

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && above2[j - 2] + 1 < best)
				best = above2[j - 2] + 1;
			row[j] = best;
		}
	}
	return cost[alen % 3][blen];
}

/* With more mistakes than this, or with no letter right, it is a different word. */
static bool near(size_t mistakes, const char *word, const char *right)
{
	return mistakes <= 1 + strlen(word) / 4 && mistakes < strlen(right);
}

const char *ctl_nearest(const char *word, const char *const *words)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (; *words; words++) {
		size_t mistakes = distance(word, *words);

		if (mistakes < least && near(mistakes, word, *words)) {
			least = mistakes;
			nearest = *words;
		}
	}
	return nearest;
}

static const char *nearest_of(const char *word, const struct ctl_word *words, size_t count)
{
	const char *list[128]; /* more words than any vocabulary has */
	size_t n = 0;

	for (; n < count && n < 127; n++)
		list[n] = words[n].word;
	list[n] = NULL;
	return ctl_nearest(word, list);
}

/* Appends a word to a list. A list that gets too long for a sentence ends in dots. */
static void append(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (used && list[used - 1] == '.')
		return;
	if (used + strlen(word) + sizeof(", , ...") > size)
		word = "...";
	snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
}

static int refuse_ambiguous(const char *word, const struct ctl_word *words, size_t count, const char *what,
			    char *sentence)
{
	char list[96] = "";

	for (size_t i = 0; i < count; i++)
		if (abbreviates(word, words[i].word))
			append(list, sizeof(list), words[i].word);
	return ctl_refuse(sentence, -EINVAL, "%.*s is ambiguous as a %s: %s", WORD_LEN, word, what, list);
}

/* Returns the right word for one that is wrong: ifenslave's words are bonding's, and ours, with a prefix. */
static const char *right_word(const char *word, const struct ctl_word *words, size_t count)
{
	bool prefixed = strncasecmp(word, "bond-", 5) == 0 || strncasecmp(word, "bond_", 5) == 0;

	return nearest_of(word + (prefixed ? 5 : 0), words, count);
}

static int refuse_unknown(const char *word, const struct ctl_word *words, size_t count, const char *what,
			  char *sentence)
{
	const char *hint = ctl_foreign(word, what), *right = right_word(word, words, count);
	char list[96] = "";

	if (!*word)
		return ctl_refuse(sentence, -ENOENT, "an empty word is not a %s; leave it out", what);
	if (hint)
		return ctl_refuse(sentence, -ENOENT, "%.*s is not a %s: %s", WORD_LEN, word, what, hint);
	if (right)
		return ctl_refuse(sentence, -ENOENT, "%.*s is not a %s; did you mean %s?", WORD_LEN, word, what, right);
	for (size_t i = 0; i < count; i++)
		append(list, sizeof(list), words[i].word);
	if (list[strlen(list) - 1] == '.')
		return ctl_refuse(sentence, -ENOENT, "%.*s is not a %s; `xlagg help` lists them", WORD_LEN, word, what);
	return ctl_refuse(sentence, -ENOENT, "%.*s is not a %s; there are %s", WORD_LEN, word, what, list);
}

int ctl_match(const char *word, const struct ctl_word *words, size_t count, const char *what, char *sentence)
{
	int code = ctl_match_part(word, words, count);

	if (code >= 0)
		return code;
	return code == -EINVAL ? refuse_ambiguous(word, words, count, what, sentence)
			       : refuse_unknown(word, words, count, what, sentence);
}
