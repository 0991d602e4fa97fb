/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lines of `top`, which know nothing of the terminal. */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include "view.h"

#define TOP_LINE_MAX 256

/* Returns the counts per second between two readings, 0 if the counter was reset in between. */
double top_rate(uint64_t before, uint64_t after, double seconds);
/* Writes a number with three digits and a prefix: "1.25 G". */
void top_human(double value, char *ret, size_t size);
/* Returns the octets per second that a port sends and receives. `before` is the lagg as it was `seconds` ago, NULL if
 * unknown. */
double top_port_rate(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds);
/* Write lines of at most 80 columns, if names are short enough: what the lagg is, its rates, and its port `index`. */
void top_lagg_line(const struct view_lagg *lagg, char *ret, size_t size);
void top_rates_line(const struct view_lagg *lagg, const struct view_lagg *before, double seconds, char *ret,
		    size_t size);
void top_port_line(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds,
		   char *ret, size_t size);
/* Writes a reason, indented below the line that it belongs to; nothing without one. */
void top_reason_line(const char *reason, char *ret, size_t size);
/* Returns how many octets of the text fit into `width` columns: all of them, or those up to the end of a word.
 * Names and sentences are printable, and what is not ASCII in them may take fewer columns than octets. */
int top_fit(const char *text, size_t width);
/* Writes how long ago a time was, in its largest unit: "12 s". Both are CLOCK_REALTIME, ns. */
#define TOP_AGE_SIZE 24
void top_age(uint64_t then_ns, uint64_t now_ns, char ret[TOP_AGE_SIZE]);
/* Writes the heading above the lines of ports. */
void top_port_heading(char *ret, size_t size);

#endif
