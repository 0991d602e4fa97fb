/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Another name for a running lagg. */
#ifndef LAGG_RENAME_H
#define LAGG_RENAME_H

#include "lagg/lagg.h"

/* The lagg's device has this name now: the lagg takes it too. Where it cannot, the device gets its old name back. */
void lagg_rename(struct lagg *lagg, const char *name);

#endif
