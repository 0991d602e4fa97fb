/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Splits a file's text into commands and words, as a shell does. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "xlagg/mac.h"

/* A command being split. Words are written into the text itself, never beyond the part that has been read. */
struct splitter {
	char *in;	   /* next character to read */
	char *out;	   /* where the next character of a word goes */
	int continued;	   /* lines that ended in a backslash */
	const char *wrong; /* sentence for -EINVAL */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Returns the length of the line end at `at`, 0 if there is none. */
static size_t line_end(const char *at)
{
	return *at == '\n' ? 1 : at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

/* Skips blanks, comments and the ends of continued lines, up to the next word or the end of the command. */
static void skip(struct splitter *s)
{
	for (;;) {
		if (is_blank(*s->in)) {
			s->in++;
		} else if (*s->in == '\\' && line_end(s->in + 1)) {
			s->in += 1 + line_end(s->in + 1);
			s->continued++;
		} else if (*s->in == '#') {
			s->in += strcspn(s->in, "\n");
		} else {
			return;
		}
	}
}

/* Copies a quoted part of a word as a shell would. Returns false if the line ends before the quote. */
static bool copy_quoted(struct splitter *s)
{
	char quote = *s->in++;

	while (*s->in != quote) {
		if (quote == '"' && *s->in == '\\' && (s->in[1] == '"' || s->in[1] == '\\'))
			s->in++;
		if (!*s->in || *s->in == '\n')
			return false;
		*s->out++ = *s->in++;
	}
	s->in++;
	return true;
}

/* Returns the octet that an escape in $'...' stands for; *at is behind its backslash and moves behind the escape. -1: a
 * shell has no such escape, or it is a NUL, which would end the word. */
static int unescape(char **at)
{
	static const char letters[] = "abeEfnrtv\\'\"", octets[] = "\a\b\033\033\f\n\r\t\v\\'\"";
	const char *letter = **at ? strchr(letters, **at) : NULL;
	int octet = 0;

	if (letter) {
		++*at;
		return octets[letter - letters];
	}
	if (**at == 'x') {
		++*at;
		for (int i = 0; i < 2 && xlagg_hex_digit(**at) >= 0; i++)
			octet = octet << 4 | xlagg_hex_digit(*(*at)++);
	} else {
		for (int i = 0; i < 3 && **at >= '0' && **at <= '7'; i++)
			octet = octet << 3 | (*(*at)++ - '0');
	}
	return octet & 0xff ? octet & 0xff : -1;
}

/* Copies the part of a word that is in $'...'. Returns false if the line ends before the quote, or an escape is wrong.
 */
static bool copy_escaped(struct splitter *s)
{
	s->in += 2;
	while (*s->in != '\'') {
		int octet = (unsigned char)*s->in;

		if (!octet || octet == '\n')
			return false;
		s->in++;
		if (octet == '\\')
			octet = unescape(&s->in);
		if (octet < 0) {
			s->wrong =
			    "a backslash in $'...' is followed by no escape of a shell's; write two for a backslash";
			return false;
		}
		*s->out++ = (char)octet;
	}
	s->in++;
	return true;
}

static bool ends_word(const struct splitter *s)
{
	return !*s->in || *s->in == '\n' || *s->in == '#' || is_blank(*s->in) ||
	       (*s->in == '\\' && line_end(s->in + 1));
}

static bool copy_word(struct splitter *s)
{
	while (!ends_word(s)) {
		if (*s->in == '\'' || *s->in == '"') {
			if (!copy_quoted(s))
				return false;
			continue;
		}
		if (s->in[0] == '$' && s->in[1] == '\'') {
			if (!copy_escaped(s))
				return false;
			continue;
		}
		if (*s->in == '\\' && s->in[1])
			s->in++;
		*s->out++ = *s->in++;
	}
	return true;
}

/* Splits the command that begins at s->in. Words beyond `max` are only counted. Returns their number, or -EINVAL: see
 * s->wrong. */
static int split_command(struct splitter *s, char *words[], int max, bool *newline)
{
	int count = 0;
	bool ended;

	do {
		char *end;

		if (count < max)
			words[count] = s->out;
		count++;
		if (!copy_word(s))
			return -EINVAL;
		end = s->out++;
		skip(s);
		*newline = *s->in == '\n';
		ended = *newline || !*s->in;
		s->in += *newline;
		/* Only now: this may overwrite the character that ended the word. */
		*end = '\0';
	} while (!ended);
	return count;
}

int ctl_split(char **text, char *words[], int max, int *line, char sentence[XLAGG_SENTENCE_MAX])
{
	struct splitter s = {.in = *text, .wrong = "a quote is not closed; close it on the line it begins on"};
	bool newline = true;
	int count = 0;

	++*line;
	for (skip(&s); *s.in == '\n'; skip(&s)) {
		s.in++;
		++*line;
	}
	*line += s.continued;
	s.continued = 0;
	s.out = s.in;
	if (*s.in)
		count = split_command(&s, words, max, &newline);
	if (count < 0) {
		s.in += strcspn(s.in, "\n");
		newline = *s.in;
		s.in += newline;
	}
	/* The next call goes on counting from the line on which this command began. So put the newlines of its
	 * continued lines in front of what that call reads, in place of characters that have been read. */
	while (newline && s.continued--)
		*--s.in = '\n';
	*text = s.in;
	if (count < 0)
		return ctl_refuse(sentence, count, "%s", s.wrong);
	if (count > max)
		return ctl_refuse(sentence, -E2BIG, "the command has more than %d words; split it", max);
	return count;
}
