/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The agent's log: one line a message on stderr, or, where stderr is the journal's, an entry of the journal with the
 * fields LAGG=, PORT= and EVENT=. What cannot be printed, as in odd names of devices, is escaped.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
	LOG_LEVEL_TRACE = 8
};

/* Messages above this level are dropped. Default LOG_LEVEL_INFO; -v raises it by one each. */
void log_set_level(enum log_level level);
enum log_level log_level(void);
/* Whether stderr is the journal's: systemd then says in $JOURNAL_STREAM which device and inode it is. */
bool log_is_journal(void);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes a message about a lagg, and about one of its ports unless `port` is NULL: "LAGG: PORT: message". A
 * message that begins with the port's name does not get it twice. */
void log_about(enum log_level level, const char *lagg, const char *port, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for an event. Both names may be NULL. */
void log_event(enum log_level level, const char *lagg, const char *port, const char *event, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
