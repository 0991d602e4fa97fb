/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#include "sys/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level limit = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	limit = level;
}

enum log_level log_level(void)
{
	return limit;
}

void log_write(enum log_level level, const char *format, ...)
{
	if (level > limit)
		return;
	/* The journal sets JOURNAL_STREAM; syslog knows no level below debug. */
	int priority = level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (int)level;
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", priority, line);
	else
		fprintf(stderr, "xlaggd: %s\n", line);
}
