/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Names and texts where not every octet can be written as it is: in files, on terminals, as names of folders. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "xlagg/mac.h"
#include "xlagg/printable.h"

/* A text being written. It ends where something no longer fits, so it is never cut within a character. */
struct writer {
	char *ret;
	size_t size, used;
};

static void put(struct writer *out, const char *octets, size_t len)
{
	if (out->used + len >= out->size) {
		out->size = 0;
		return;
	}
	memcpy(out->ret + out->used, octets, len);
	out->used += len;
	out->ret[out->used] = '\0';
}

static void put_hex(struct writer *out, const char *mark, char octet)
{
	char text[8];

	put(out, text, (size_t)snprintf(text, sizeof(text), "%s%02x", mark, (uint8_t)octet));
}

static struct writer begin(char *ret, size_t size)
{
	*ret = '\0';
	return (struct writer){.ret = ret, .size = size};
}

const char *ctl_printable(const char *text, char *ret, size_t size)
{
	struct writer out = begin(ret, size);

	while (*text) {
		size_t len = xlagg_printable(text);

		if (len)
			put(&out, text, len);
		else
			put_hex(&out, "\\x", *text);
		text += len ? len : 1;
	}
	return ret;
}

/* How a word has to be written. */
enum style { PLAIN, QUOTED, ESCAPED };

static enum style style_of(const char *word)
{
	enum style style = *word ? PLAIN : QUOTED;

	while (*word) {
		size_t len = xlagg_printable(word);

		if (!len)
			return ESCAPED;
		if (len == 1 && !isalnum((unsigned char)*word) && !strchr("._,/:+=@-", *word))
			style = QUOTED;
		word += len;
	}
	return style;
}

const char *ctl_quote(const char *word, char *ret, size_t size)
{
	struct writer out = begin(ret, size);
	char device[XLAGG_MAC_TEXT];
	enum style style;

	word = ctl_device_word(word, device);
	style = style_of(word);
	if (style == ESCAPED)
		put(&out, "$", 1);
	if (style != PLAIN)
		put(&out, "'", 1);
	while (*word) {
		size_t len = xlagg_printable(word);

		if (!len)
			put_hex(&out, "\\x", *word);
		else if (*word == '\'' && style == QUOTED)
			put(&out, "'\\''", 4);
		else if ((*word == '\'' || *word == '\\') && style == ESCAPED)
			put(&out, *word == '\'' ? "\\'" : "\\\\", 2);
		else
			put(&out, word, len);
		word += len ? len : 1;
	}
	if (style != PLAIN)
		put(&out, "'", 1);
	return ret;
}

/* The octets of a name that its folder has as they are: visible ASCII except for what the encoding needs. */
static bool stays_in_folder(char octet)
{
	return octet > ' ' && octet <= '~' && !strchr("%/.", octet);
}

void ctl_folder_of(const char *name, char ret[CTL_FOLDER_MAX])
{
	struct writer out = begin(ret, CTL_FOLDER_MAX);

	for (; *name; name++) {
		if (stays_in_folder(*name))
			put(&out, name, 1);
		else if (*name == '.' && name[1] != '=')
			put(&out, "%", 1);
		else
			put_hex(&out, "%=", *name);
	}
}

/* Reads "%=NN" of an octet that is written so. Returns false for anything else. */
static bool take_escape(const char *at, char *ret)
{
	int high = at[0] == '%' && at[1] == '=' ? xlagg_hex_digit(at[2]) : -1;
	int low = high < 0 ? -1 : xlagg_hex_digit(at[3]);
	char octet;

	if (low < 0)
		return false;
	octet = (char)(high << 4 | low);
	if (!octet || stays_in_folder(octet) || (octet == '.' && at[4] != '='))
		return false;
	*ret = octet;
	return true;
}

int ctl_name_of(const char *folder, char ret[XLAGG_NAME_MAX])
{
	char name[XLAGG_NAME_MAX] = "";
	struct writer out = begin(name, sizeof(name));

	while (*folder) {
		char octet = *folder == '%' ? '.' : *folder;
		bool escaped = take_escape(folder, &octet);

		if (out.used + 1 == sizeof(name))
			return -ENAMETOOLONG;
		put(&out, &octet, 1);
		folder += escaped ? sizeof("%=NN") - 1 : 1;
	}
	memcpy(ret, name, sizeof(name));
	return 0;
}
