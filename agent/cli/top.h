/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lines of `top`, without the terminal. */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include "view.h"

#define TOP_LINE_MAX 256

/* Counts per second between two readings; 0 when the counter began anew. */
double top_rate(uint64_t before, uint64_t after, double seconds);
/* "1.25 G": three digits and a thousands' prefix. */
void top_human(double value, char *ret, size_t size);
/* One line for the lagg, and one for its port `index`. `before` is the lagg as it was `seconds` ago, NULL: not known.
 */
void top_lagg_line(const struct view_lagg *lagg, const struct view_lagg *before, double seconds, char *ret,
		   size_t size);
void top_port_line(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds,
		   char *ret, size_t size);
/* The heading above the ports' lines. */
void top_port_heading(char *ret, size_t size);

#endif
