/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the attributes of a message that nobody has checked yet. Unless stated otherwise, each function returns 0 or
 * -errno and writes a sentence. */
#ifndef CTL_ATTR_H
#define CTL_ATTR_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "xlagg/walk.h"

#define ATTR_BIT(attr) (1u << (attr))

/* Takes the next attribute. Returns 1, 0 at the end, or -EBADMSG if no valid attribute follows. */
int attr_next(struct walk *walk, const struct nlattr **ret, char *sentence);
/* Returns the name of an attribute of enum xlagg_attr, or "unknown". */
const char *attr_name(uint32_t type);
/* Reads a text, which must end in its only NUL and fit into `size` octets. `what` is its name in the sentence. */
int attr_text(const struct nlattr *attr, const char *what, char *ret, size_t size, char *sentence);
int attr_u32(const struct nlattr *attr, const char *what, uint32_t *ret, char *sentence);
/* Reads an attribute that must have no value. */
int attr_flag(const struct nlattr *attr, bool *ret, char *sentence);

#endif
