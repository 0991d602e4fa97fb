/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The note that a lagg's device is being made. The kernel makes a pair and its mark in two requests, and an agent may
 * be killed in between: by the note the next one knows the pair all the same, whatever it is called by then. */
#ifndef LAGG_MAKING_H
#define LAGG_MAKING_H

#include <stdint.h>

/* Notes in a lagg's folder of pins that devices with this MAC, which was drawn for them, are about to be made. The note
 * goes with the folder. */
int making_note(const char *folder, const uint8_t mac[6]);
/* Reads that note. -ENOENT: there is none; -EPROTO: it is no MAC. */
int making_read(const char *folder, uint8_t ret[6]);

#endif
