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
/* Write the line of the lagg, and that of its port `index`. `before` is the lagg as it was `seconds` ago, NULL if
 * unknown. */
void top_lagg_line(const struct view_lagg *lagg, const struct view_lagg *before, double seconds, char *ret,
		   size_t size);
void top_port_line(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds,
		   char *ret, size_t size);
/* Writes the heading above the lines of ports. */
void top_port_heading(char *ret, size_t size);

#endif
