/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the options of the kernel's bonding mean for a lagg: for `import`, which reads them from files, and for
 * `lagg take`, which reads them from a bond that runs.
 */
#ifndef CTL_BONDING_H
#define CTL_BONDING_H

#include <stdbool.h>
#include <stddef.h>

#include "xlagg/ctl.h"

/* One option with its value. */
struct bonding_meaning {
	const char *option; /* of ours; NULL: there is nothing to set */
	char value[64];	    /* of that option */
	char note[256];	    /* what has to be known of it, or empty */
};

/* Looks up an option of bonding by its own name, where _ and - are the same; its value is a word or the word's number.
 * Lists (slaves, targets) are not among them. Returns 0, -ENOENT: there is no such option, or -EINVAL and a sentence:
 * it does not take that value. */
int bonding_look_up(const char *name, const char *value, struct bonding_meaning *ret,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* Whether `name` is this option of bonding. */
bool bonding_is(const char *name, const char *option);
/* The names of the options that bonding_look_up() knows, one by one; NULL: there are no more. */
const char *bonding_option(size_t index);

#endif
