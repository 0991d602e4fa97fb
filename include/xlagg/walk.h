/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Walks over messages in netlink format, which come from the kernel or over the control socket, and over their
 * attributes. The lengths in them may be anything: what these functions return lies inside the octets that were
 * received. (libmnl compares lengths as int, so a length of 2^31 or more passes its checks.)
 */
#ifndef XLAGG_WALK_H
#define XLAGG_WALK_H

#include <linux/netlink.h>
#include <stddef.h>

/* Octets that are still to be read; the first is aligned to 4. When a walk has ended and `len` is not 0, what is left
 * is no message or attribute. */
struct walk {
	const char *at;
	size_t len;
};

/* Goes on behind `len` octets and their padding, which the last message or attribute may lack. */
static inline void walk_skip(struct walk *walk, size_t len)
{
	size_t step = (len + 3) & ~(size_t)3;
	if (len > walk->len || step > walk->len)
		step = walk->len;
	walk->at += step;
	walk->len -= step;
}

/* Takes the next message. NULL: there is none. */
static inline const struct nlmsghdr *walk_next_message(struct walk *walk)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)walk->at;
	if (walk->len < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > walk->len)
		return NULL;
	walk_skip(walk, nlh->nlmsg_len);
	return nlh;
}

/* Takes the next attribute. NULL: there is none. */
static inline const struct nlattr *walk_next_attr(struct walk *walk)
{
	const struct nlattr *attr = (const struct nlattr *)walk->at;
	if (walk->len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > walk->len)
		return NULL;
	walk_skip(walk, attr->nla_len);
	return attr;
}

/* The attributes of a message that walk_next_message() returned, behind the `header` octets of its family's header. */
static inline struct walk walk_attrs(const struct nlmsghdr *nlh, size_t header)
{
	struct walk walk = {(const char *)nlh, nlh->nlmsg_len};
	walk_skip(&walk, NLMSG_HDRLEN);
	walk_skip(&walk, header);
	return walk;
}

/* The attributes inside another attribute. */
static inline struct walk walk_nest(const struct nlattr *nest)
{
	struct walk walk = {(const char *)nest, nest->nla_len};
	walk_skip(&walk, NLA_HDRLEN);
	return walk;
}

#endif
