/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The ifaliases that mark a lagg's devices. */
#include <criterion/criterion.h>
#include <string.h>

#include "sys/mark.h"

Test(mark, what_is_written_is_read)
{
	static const char *const laggs[] = {"lagg0",	       "a",   "fifteen-letters", "port of (xlagg)",
					    "of lagg0 (xlagg", "büro"};
	for (size_t i = 0; i < sizeof(laggs) / sizeof(laggs[0]); i++)
		for (enum mark mark = MARK_PORT; mark <= MARK_SLAVE; mark++) {
			char alias[MARK_MAX], lagg[XLAGG_NAME_MAX] = "";
			mark_write(mark, laggs[i], alias);
			cr_assert_eq(mark_read(alias, lagg), mark, "%s", alias);
			cr_assert_str_eq(lagg, laggs[i]);
			cr_assert_eq(mark_read(alias, NULL), mark);
			cr_assert(mark_is(alias, mark, laggs[i]));
			cr_assert(!mark_is(alias, mark, "lagg1"));
			cr_assert(!mark_is(alias, mark == MARK_PORT ? MARK_LOWER : MARK_PORT, laggs[i]));
			cr_assert_eq(mark_is_of_port(alias, NULL), mark == MARK_PORT || mark == MARK_SLAVE);
		}
}

/* Other versions know them. */
Test(mark, is_a_format_between_versions)
{
	char alias[MARK_MAX];
	mark_write(MARK_PORT, "lagg0", alias);
	cr_assert_str_eq(alias, "port of lagg0 (xlagg)");
	mark_write(MARK_LOWER, "lagg0", alias);
	cr_assert_str_eq(alias, "xlagg: lower end of lagg0");
	mark_write(MARK_SLAVE, "bond0", alias);
	cr_assert_str_eq(alias, "xlagg: slave of bond0");
}

Test(mark, what_others_write_is_none)
{
	static const char *const aliases[] = {"",
					      "rack 7",
					      "port of  (xlagg)",
					      "port of (xlagg)",
					      "port of lagg0",
					      "lagg0 (xlagg)",
					      "Port of lagg0 (xlagg)",
					      "port of lagg0 (xlagg) ",
					      "port of a-name-too-long-for-a-device (xlagg)",
					      "xlagg: lower end of ",
					      "xlagg: lower end of a-name-too-long-for-a-device"};
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		char lagg[XLAGG_NAME_MAX] = "untouched";
		cr_assert_eq(mark_read(aliases[i], lagg), MARK_NONE, "%s", aliases[i]);
		cr_assert_str_eq(lagg, "untouched");
	}
}
