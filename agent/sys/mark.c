/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes and reads the ifaliases that mark a lagg's devices. */
#include "sys/mark.h"

#include <stdio.h>
#include <string.h>

/* What stands before and behind the name of the lagg, index: enum mark. */
static const struct {
	const char *before, *behind;
} marks[] = {
    [MARK_PORT] = {"port of ", " (xlagg)"},
    [MARK_LOWER] = {"xlagg: lower end of ", ""},
    [MARK_BOND] = {"xlagg: bond of ", ""},
    [MARK_SLAVE] = {"xlagg: slave of ", ""},
};

void mark_write(enum mark mark, const char *lagg, char ret[MARK_MAX])
{
	snprintf(ret, MARK_MAX, "%s%s%s", marks[mark].before, lagg, marks[mark].behind);
}

static bool read_one(const char *alias, enum mark mark, char lagg[XLAGG_NAME_MAX])
{
	size_t before = strlen(marks[mark].before), behind = strlen(marks[mark].behind), len = strlen(alias);
	if (len <= before + behind || strncmp(alias, marks[mark].before, before) != 0 ||
	    strcmp(alias + len - behind, marks[mark].behind) != 0)
		return false;
	len -= before + behind;
	if (len >= XLAGG_NAME_MAX)
		return false;
	if (lagg) {
		memcpy(lagg, alias + before, len);
		lagg[len] = '\0';
	}
	return true;
}

enum mark mark_read(const char *alias, char lagg[XLAGG_NAME_MAX])
{
	for (enum mark mark = MARK_PORT; mark <= MARK_SLAVE; mark++)
		if (read_one(alias, mark, lagg))
			return mark;
	return MARK_NONE;
}

enum mark mark_of_port(bool taken)
{
	return taken ? MARK_SLAVE : MARK_PORT;
}

bool mark_is_of_port(const char *alias, char lagg[XLAGG_NAME_MAX])
{
	return read_one(alias, MARK_PORT, lagg) || read_one(alias, MARK_SLAVE, lagg);
}

bool mark_is(const char *alias, enum mark mark, const char *lagg)
{
	char wanted[MARK_MAX];
	mark_write(mark, lagg, wanted);
	return strcmp(alias, wanted) == 0;
}
