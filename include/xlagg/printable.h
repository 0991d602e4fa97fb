/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a terminal or a log can show of a text that may hold any octet: names of devices, for one. */
#ifndef XLAGG_PRINTABLE_H
#define XLAGG_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a terminal shows a character, and shows others as before. Not so: controls, breaks of line, marks of
 * direction, and what Unicode calls format characters. */
static inline bool xlagg_is_visible(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} invisible[] = {
	    {0, 0x1f},	      {0x7f, 0x9f},	{0xad, 0xad},	  {0x600, 0x605},
	    {0x61c, 0x61c},   {0x6dd, 0x6dd},	{0x70f, 0x70f},	  {0x180e, 0x180e},
	    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xd800, 0xdfff},
	    {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
		if (character >= invisible[i].first && character <= invisible[i].last)
			return false;
	return character <= 0x10ffff;
}

/* Returns how many octets the visible character at `at` has in UTF-8 (RFC 3629), 0 if there is none. */
static inline size_t xlagg_printable(const char *at)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: those below have a shorter form */
	const uint8_t *octet = (const uint8_t *)at;
	size_t len = *octet < 0x80   ? 1
		     : *octet < 0xc0 ? 0
		     : *octet < 0xe0 ? 2
		     : *octet < 0xf0 ? 3
		     : *octet < 0xf8 ? 4
				     : 0;
	uint32_t character = len == 1 ? *octet : len == 0 ? 0 : *octet & (0x7fu >> len);

	for (size_t i = 1; i < len; i++) {
		if ((octet[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (octet[i] & 0x3f);
	}
	return len && character >= least[len] && xlagg_is_visible(character) ? len : 0;
}

#endif
