/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The agent's log: lines on stderr, or entries of the journal where stderr is that. */
#include "sys/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "xlagg/printable.h"

#define LINE_OCTETS 512	  /* a message and its NUL; a longer one is cut */
#define FIELD_OCTETS 2048 /* NAME=text, where each octet of a message may become four */
#define FIELDS 6

/* What a message is about; NULL: of none. */
struct about {
	const char *lagg, *port, *event;
};

static enum log_level limit = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	limit = level;
}

enum log_level log_level(void)
{
	return limit;
}

bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;
	/* A child of a service inherits the variable, and may have another stderr. */
	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

/* Writes "NAME=text", where octets that are not printable are escaped. */
static struct iovec field(const char *name, const char *text, char ret[FIELD_OCTETS])
{
	size_t used = (size_t)snprintf(ret, FIELD_OCTETS, "%s=", name);
	while (*text && used + sizeof("\\xNN") < FIELD_OCTETS) {
		size_t len = xlagg_printable(text);
		if (!len)
			used += (size_t)snprintf(ret + used, sizeof("\\xNN"), "\\x%02x", (uint8_t)*text);
		for (size_t i = 0; i < len; i++)
			ret[used++] = text[i];
		text += len ? len : 1;
	}
	ret[used] = '\0';
	return (struct iovec){ret, used};
}

/* Sends an entry to the journal. Returns 0 or -errno. */
static int send_entry(int priority, const struct about *about, const char *line)
{
	const char number[] = {(char)('0' + priority), '\0'};
	const struct {
		const char *name, *text;
	} fields[] = {{"MESSAGE", line},     {"PRIORITY", number},  {"SYSLOG_IDENTIFIER", "xlaggd"},
		      {"LAGG", about->lagg}, {"PORT", about->port}, {"EVENT", about->event}};
	char text[FIELDS][FIELD_OCTETS];
	struct iovec entry[FIELDS];
	int count = 0;
	_Static_assert(sizeof(fields) / sizeof(fields[0]) == FIELDS, "room for each");
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].text && fields[i].text[0]) {
			entry[count] = field(fields[i].name, fields[i].text, text[count]);
			count++;
		}
	return sd_journal_sendv(entry, count);
}

/* Writes "LAGG: ", and "PORT: " unless the message begins with the port's name. Returns the number of octets. */
static size_t put_names(char *ret, size_t size, const struct about *about, const char *message)
{
	size_t len = about->port ? strlen(about->port) : 0;
	bool named = len && strncmp(message, about->port, len) == 0 && message[len] == ' ';
	const char *lagg = about->lagg ? about->lagg : "", *port = len && !named ? about->port : "";
	int used = snprintf(ret, size, "%.64s%s%.64s%s", lagg, lagg[0] ? ": " : "", port, port[0] ? ": " : "");
	return (size_t)used;
}

/* Writes "[LAGG: ][PORT: ]message". */
static void log_message(enum log_level level, const struct about *about, const char *format, va_list args)
{
	/* syslog knows no level below debug. */
	int priority = level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (int)level;
	char line[LINE_OCTETS], message[LINE_OCTETS], printable[FIELD_OCTETS];
	if (level > limit)
		return;
	vsnprintf(message, sizeof(message), format, args);
	size_t used = put_names(line, sizeof(line), about, message);
	snprintf(line + used, sizeof(line) - used, "%.*s", (int)(sizeof(line) - used - 1), message);
	if (log_is_journal() && send_entry(priority, about, line) >= 0)
		return;
	field("", line, printable);
	fprintf(stderr, "xlaggd: %s\n", printable + 1);
}

void log_write(enum log_level level, const char *format, ...)
{
	const struct about nothing = {0};
	va_list args;
	va_start(args, format);
	log_message(level, &nothing, format, args);
	va_end(args);
}

void log_about(enum log_level level, const char *lagg, const char *port, const char *format, ...)
{
	const struct about about = {.lagg = lagg, .port = port};
	va_list args;
	va_start(args, format);
	log_message(level, &about, format, args);
	va_end(args);
}

void log_event(enum log_level level, const char *lagg, const char *port, const char *event, const char *format, ...)
{
	const struct about about = {.lagg = lagg, .port = port, .event = event};
	va_list args;
	va_start(args, format);
	log_message(level, &about, format, args);
	va_end(args);
}
