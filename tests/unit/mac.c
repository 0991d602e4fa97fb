/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* MAC addresses as texts (include/xlagg/mac.h). */
#include <criterion/criterion.h>
#include <string.h>

#include "xlagg/mac.h"

Test(mac, what_is_read)
{
	static const uint8_t expected[6] = {0x02, 0xab, 0xcd, 0xef, 0x00, 0xff};
	static const char *const right[] = {"02:AB:cd:ef:00:fF", "02-ab-cd-ef-00-ff", "02:ab-cd:ef-00:ff"};
	static const char *const wrong[] = {"",
					    "0",
					    "02",
					    "02:ab:cd:ef:00",
					    "02:ab:cd:ef:00:",
					    "02:ab:cd:ef:00:f",
					    "02:ab:cd:ef:00:ff ",
					    "02:ab:cd:ef:00:ff:",
					    "2:ab:cd:ef:00:ff",
					    " 2:ab:cd:ef:00:ff",
					    "02.ab.cd.ef.00.ff",
					    "0g:ab:cd:ef:00:ff",
					    "+2:ab:cd:ef:00:ff"};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		uint8_t mac[6] = {0};

		cr_assert_eq(xlagg_parse_mac(right[i], mac), 0, "%s", right[i]);
		cr_assert_arr_eq(mac, expected, sizeof(mac), "%s", right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t mac[6];

		memcpy(mac, expected, sizeof(mac));
		cr_assert_eq(xlagg_parse_mac(wrong[i], mac), -EINVAL, "%s", wrong[i]);
		cr_assert_arr_eq(mac, expected, sizeof(mac), "%s", wrong[i]);
	}
}

Test(mac, every_octet_is_read_as_it_was_written)
{
	for (unsigned int value = 0; value < 256; value++) {
		uint8_t mac[6] = {(uint8_t)value, 1, 2, 3, 4, (uint8_t)~value}, again[6];
		char text[XLAGG_MAC_TEXT];

		xlagg_print_mac(mac, text);
		cr_assert_eq(strlen(text), XLAGG_MAC_TEXT - 1);
		cr_assert_eq(xlagg_parse_mac(text, again), 0, "%s", text);
		cr_assert_arr_eq(mac, again, sizeof(mac), "%s", text);
	}
}
