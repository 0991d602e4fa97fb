/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the values that are texts, each of which has one canonical form. Used by option.c only. */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "ctl/ctl.h"

#define TEXT_ITEM_MAX 64 /* octets of one item of a list, with its NUL */

/* Takes the next item off a list with commas. Returns false at its end. Items that are too long are cut. */
bool text_item(const char **list, char item[TEXT_ITEM_MAX]);
/* Each reads `word`, the value of an option of its kind, and writes its canonical form into `ret`, which has the
 * option's size. Returns 0 or -errno with a sentence. */
int text_mac(const struct xlagg_option *option, const char *word, char *ret, char *sentence);
int text_lagg_mac(const struct xlagg_option *option, const char *word, char *ret, char *sentence);
int text_port(const struct xlagg_option *option, const char *word, char *ret, char *sentence);
int text_addresses(const struct xlagg_option *option, const char *word, char *ret, char *sentence);
int text_ethertypes(const struct xlagg_option *option, const char *word, char *ret, char *sentence);

#endif
