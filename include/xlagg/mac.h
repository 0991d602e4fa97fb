/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* MAC addresses as texts: "02:00:00:00:00:01". */
#ifndef XLAGG_MAC_H
#define XLAGG_MAC_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define XLAGG_MAC_TEXT 18 /* octets of a MAC as a text, with its NUL */

/* Returns the value of a hexadecimal digit, -1 for any other character. */
static inline int xlagg_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads a text of six octets of two hexadecimal digits each, separated by colons or dashes. Returns 0, or -EINVAL and
 * leaves `ret` untouched. */
static inline int xlagg_parse_mac(const char *text, uint8_t ret[6])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++, text += 3) {
		int high = xlagg_hex_digit(text[0]);
		int low = high < 0 ? -1 : xlagg_hex_digit(text[1]);

		if (low < 0)
			return -EINVAL;
		if (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != '\0')
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	for (int i = 0; i < 6; i++)
		ret[i] = mac[i];
	return 0;
}

/* Writes a MAC in lower case with colons. */
static inline void xlagg_print_mac(const uint8_t mac[6], char ret[XLAGG_MAC_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 6; i++, ret += 3) {
		ret[0] = digits[mac[i] >> 4];
		ret[1] = digits[mac[i] & 15];
		ret[2] = i < 5 ? ':' : '\0';
	}
}

/*
 * Where a configuration names a device, a permanent MAC may stand for it. In place of a name it is written as ':' and
 * twelve digits in lower case: that fits where names fit, and no device's name has a colon.
 */
#define XLAGG_MAC_NAME 14 /* octets of that form, with its NUL */

static inline void xlagg_mac_to_name(const uint8_t mac[6], char ret[XLAGG_MAC_NAME])
{
	static const char digits[] = "0123456789abcdef";

	*ret++ = ':';
	for (int i = 0; i < 6; i++) {
		*ret++ = digits[mac[i] >> 4];
		*ret++ = digits[mac[i] & 15];
	}
	*ret = '\0';
}

/* Reads that form. Returns 0, or -EINVAL for any other name, and leaves `ret` untouched. */
static inline int xlagg_name_to_mac(const char *name, uint8_t ret[6])
{
	uint8_t mac[6];

	if (*name++ != ':')
		return -EINVAL;
	for (int i = 0; i < 6; i++, name += 2) {
		int high = xlagg_hex_digit(name[0]);
		int low = high < 0 ? -1 : xlagg_hex_digit(name[1]);

		if (low < 0)
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	if (*name)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		ret[i] = mac[i];
	return 0;
}

#endif
