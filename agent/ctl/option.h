/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the grammar and the codec need to know about the option tables beyond ctl.h. */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

#include <stdbool.h>

#include "ctl/word.h"
#include "xlagg/options.h"

#define OPTION_WORDS_MAX 96 /* words of one table: names and lagg(4)'s words */

/* Writes every word of a table, with the option's index as its code. Returns how many there are. */
size_t option_words(bool port, struct ctl_word ret[OPTION_WORDS_MAX]);
/* Whether the value is a NUL-terminated text. All others are a uint32_t. */
bool option_is_text(const struct xlagg_option *option);

#endif
