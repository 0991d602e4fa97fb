/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the grammar and the codec need of the option tables beyond ctl.h. */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

#include <stdbool.h>

#include "ctl/word.h"
#include "xlagg/options.h"

#define OPTION_WORDS_MAX 88 /* words of one table: names and lagg(4)'s words */

/* Writes every word of a table; the code of each is the option's index. Gives their number. */
size_t option_words(bool port, struct ctl_word ret[OPTION_WORDS_MAX]);
/* The value is a NUL-terminated text, otherwise a uint32_t. */
bool option_is_text(const struct xlagg_option *option);

#endif
