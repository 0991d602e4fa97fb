/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The rules that hold between the parts of a configuration, whichever command made it. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl/ctl.h"

/* Checks a lagg that will replace the one of the same name in the model, or be added to it. */
int check_lagg(const struct ctl_model *model, const struct xlagg_model *lagg, char *sentence);

#endif
