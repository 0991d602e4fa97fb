/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reading attributes of a message that may hold anything. Each gives 0 or -errno and a sentence, except where said. */
#ifndef CTL_ATTR_H
#define CTL_ATTR_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define ATTR_BIT(attr) (1u << (attr))

/* The octets of a message or nest that are still to be read. */
struct attr_rest {
	const char *at;
	size_t len;
};

/* What is inside a nest. */
struct attr_rest attr_inside(const struct nlattr *nest);
/* Takes the next attribute: 1, 0 at the end, or -EBADMSG when the octets there are none. */
int attr_next(struct attr_rest *rest, const struct nlattr **ret, char *sentence);
/* The name of an attribute of enum xlagg_attr, or "unknown". */
const char *attr_name(uint32_t type);
/* Reads a text that ends in one NUL and fits. `what` is its name in the sentence. */
int attr_text(const struct nlattr *attr, const char *what, char *ret, size_t size, char *sentence);
int attr_u32(const struct nlattr *attr, const char *what, uint32_t *ret, char *sentence);
/* Reads an attribute that has no value. */
int attr_flag(const struct nlattr *attr, bool *ret, char *sentence);

#endif
