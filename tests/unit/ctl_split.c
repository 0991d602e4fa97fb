/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A file's text as words: comments, quotes, continued lines, and the lines that commands begin on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_kit.h"

/* Splits all of the text; writes each command as "LINE:word|word;" or "LINE!;" where it is refused. */
static void split(const char *source, char *ret, size_t size)
{
	size_t len = strlen(source) + 1, used = 0;
	char *text = malloc(len), *at = text, *words[8], sentence[XLAGG_SENTENCE_MAX] = "";
	int line = 0, count;

	memcpy(text, source, len);
	*ret = '\0';
	while ((count = ctl_split(&at, words, 8, &line, sentence)) != 0) {
		cr_assert(at > text && at < text + len, "the position is in the text");
		used += snprintf(ret + used, size - used, "%d%s", line, count < 0 ? "!" : ":");
		for (int i = 0; i < count; i++)
			used += snprintf(ret + used, size - used, "%s%s", i ? "|" : "", words[i]);
		used += snprintf(ret + used, size - used, ";");
	}
	cr_assert_eq(ctl_split(&at, words, 8, &line, sentence), 0, "the end stays the end");
	free(text);
}

static void expect(const char *source, const char *expected)
{
	char commands[512];

	split(source, commands, sizeof(commands));
	cr_expect_str_eq(commands, expected);
}

Test(ctl_split, words_and_lines)
{
	expect("", "");
	expect("\n\n \t\n", "");
	expect("a", "1:a;");
	expect("a b\n", "1:a|b;");
	expect("\n  a\tb  \n\nc\n", "2:a|b;4:c;");
	expect("a b\r\nc\r\n", "1:a|b;2:c;");
	kit_no_leak();
}

Test(ctl_split, comments)
{
	expect("# a\nb # c d\n#\ne#f\n", "2:b;4:e;");
	expect("a # b \\\nc\n", "1:a;2:c;");
	expect("'#a' \\#b \"#\"\n", "1:#a|#b|#;");
}

Test(ctl_split, continued_lines)
{
	expect("a \\\n    b\nc\n", "1:a|b;3:c;");
	expect("a\\\nb\\\nc\nd\n", "1:a|b|c;4:d;");
	expect("a \\\r\n b\r\nc\r\n", "1:a|b;3:c;");
	expect("\\\n\\\na\nb\n", "3:a;4:b;");
	expect("a\\\n\\\n\\\n\nb\n", "1:a;5:b;");
	expect("a\\\nb", "1:a|b;");
	expect("a \\\n# b\nc", "1:a;3:c;");
	expect("a \\", "1:a|\\;");
	expect("a\\\nb\\\n\nc\\\nd\n\ne\n", "1:a|b;4:c|d;7:e;");
}

Test(ctl_split, quotes)
{
	expect("'a b' \"c d\" e'f'g\n", "1:a b|c d|efg;");
	expect("a '' b\n", "1:a||b;");
	expect("'a\\b' \"c\\\"d\\\\e\\f\" g\\ h \\'\n", "1:a\\b|c\"d\\e\\f|g h|';");
	expect("'it'\\''s'\n", "1:it's;");
	expect("'a\"b' \"c'd\"\n", "1:a\"b|c'd;");
}

Test(ctl_split, escapes)
{
	expect("$'a b' x$'c'y$ $z '$' \"$'\"\n", "1:a b|xcy$|$z|$|$';");
	expect("$'\\x1b[31m' $'\\x1\\x1bb' $'\\33\\0333' $'\\\\\\'\\\"'\n", "1:\x1b[31m|\x01\x1b"
									    "b|\x1b\x1b"
									    "3|\\'\";");
	expect("$'\\a\\b\\e\\E\\f\\n\\r\\t\\v'\n", "1:\a\b\033\033\f\n\r\t\v;");
	expect("$'\\xff\\xC3\\xbc'\n", "1:\xff\xc3\xbc;");
	expect("$'\\q' a\nb\n", "1!;2:b;");
	expect("$'\\x' a\nb\n", "1!;2:b;");
	expect("$'\\x00'\n$'\\0'\n$'\\400'\nb\n", "1!;2!;3!;4:b;");
	expect("$'a\nb\n", "1!;2:b;");
	expect("$'a\\\nb\n", "1!;2:b;");
	expect("$'", "1!;");
	expect("$'\\", "1!;");
	expect("$'a\\'", "1!;");
	expect("$", "1:$;");
}

Test(ctl_split, an_escape_that_is_none)
{
	char text[] = "a $'\\q'\n", *at = text, *words[8], sentence[XLAGG_SENTENCE_MAX];
	int line = 0;

	cr_assert_eq(ctl_split(&at, words, 8, &line, sentence), -EINVAL);
	cr_assert_str_eq(sentence,
			 "a backslash in $'...' is followed by no escape of a shell's; write two for a backslash");
}

Test(ctl_split, quote_that_is_not_closed)
{
	char text[] = "a 'b\nc\n", *at = text, *words[8], sentence[XLAGG_SENTENCE_MAX];
	int line = 0;

	cr_assert_eq(ctl_split(&at, words, 8, &line, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "a quote is not closed; close it on the line it begins on");
	expect("a 'b\nc\n", "1!;2:c;");
	expect("a \\\n b \"c\nd\n'", "1!;3:d;4!;");
	expect("\"a\\\"", "1!;");
}

Test(ctl_split, too_many_words)
{
	char text[] = "1 2 3 4 5 6 7 8 9\n", *at = text, *words[8], sentence[XLAGG_SENTENCE_MAX];
	int line = 0;

	cr_assert_eq(ctl_split(&at, words, 8, &line, sentence), -E2BIG);
	cr_assert_str_eq(sentence, "the command has more than 8 words; split it");
	expect("1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7 8 9\\\n10\nb\n", "1:1|2|3|4|5|6|7|8;2!;4:b;");
}

/* Whatever the text, lines are counted right: a marker stands on its own line behind it. */
Test(ctl_split, any_text)
{
	static const char alphabet[] = "ab \\\\\n\n'\"#\r$$x";
	uint64_t state = 7;

	for (int round = 0; round < 20000; round++) {
		char text[32] = "", *copy, *at, *words[8];
		int line = 0, newlines = 0, count, len = kit_random(&state) % 16;
		bool found = false;

		for (int i = 0; i < len; i++)
			text[i] = alphabet[kit_random(&state) % (sizeof(alphabet) - 1)];
		strcat(text, "\n\nend");
		for (const char *c = text; *c; c++)
			newlines += *c == '\n';
		at = copy = strdup(text);
		while ((count = ctl_split(&at, words, 8, &line, NULL)) != 0)
			found = count == 1 && strcmp(words[0], "end") == 0;
		cr_assert(found, "%s", text);
		free(copy);
		at = copy = strdup(text);
		for (line = 0; (count = ctl_split(&at, words, 8, &line, NULL)) != 1 || strcmp(words[0], "end");)
			cr_assert_neq(count, 0);
		cr_assert_eq(line, newlines + 1, "%d instead of %d: %s", line, newlines + 1, text);
		free(copy);
	}
	kit_no_leak();
}
