/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The filters that others have on a port. */
#ifndef LAGG_FILTERS_H
#define LAGG_FILTERS_H

#include "lagg/lagg.h"

/* Finds the filters on a port that see none of the frames that it receives or sends for the lagg, and writes a sentence
 * about them to its member `bypassed`, which is empty if there are none. */
void filters_check(struct lagg *lagg, uint32_t slot);
/* The same for a port that joins: then the sentence is also its notice, and a warning to whoever added it. */
void filters_warn(struct lagg *lagg, uint32_t slot);

#endif
