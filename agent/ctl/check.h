/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What must hold between the parts of a configuration, whichever command made it. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl/ctl.h"

/* Checks a lagg that is to take its place (by its name) in the model. */
int check_lagg(const struct ctl_model *model, const struct xlagg_model *lagg, char *sentence);

#endif
