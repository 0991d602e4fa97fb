/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Walks over messages and attributes whose lengths are anything. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xlagg/walk.h"

/* A message with one attribute of 5 octets, in memory of exactly that size: 16 + 9 octets, without padding. */
static struct walk message(uint32_t nlmsg_len, uint16_t nla_len)
{
	struct nlmsghdr head = {.nlmsg_len = nlmsg_len, .nlmsg_type = 16};
	struct nlattr attr = {.nla_len = nla_len, .nla_type = 3};
	char *octets = malloc(25);
	memcpy(octets, &head, sizeof(head));
	memcpy(octets + 16, &attr, sizeof(attr));
	memcpy(octets + 20, "eth0", 5);
	return (struct walk){octets, 25};
}

Test(walk, takes_what_is_whole)
{
	struct walk walk = message(25, 9);
	char *octets = (char *)walk.at;
	const struct nlmsghdr *nlh = walk_next_message(&walk);
	cr_assert_eq((const char *)nlh, octets);
	cr_assert(!walk_next_message(&walk) && walk.len == 0 && walk.at == octets + 25);
	struct walk attrs = walk_attrs(nlh, 0);
	const struct nlattr *attr = walk_next_attr(&attrs);
	cr_assert_eq((const char *)attr, octets + 16);
	cr_assert(!walk_next_attr(&attrs) && attrs.len == 0);
	struct walk nest = walk_nest(attr);
	cr_assert(nest.at == octets + 20 && nest.len == 5);
	free(octets);
}

Test(walk, takes_no_message_of_a_length_that_cannot_be)
{
	/* 0xffffffff is -1 as an int, 0x8000001c ends behind 2 GiB. */
	static const uint32_t lengths[] = {0, 15, 26, 28, 0x7fffffff, 0x8000001c, 0xfffffff0, 0xffffffff};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct walk walk = message(lengths[i], 9), before = walk;
		cr_assert_null(walk_next_message(&walk), "%#x", lengths[i]);
		cr_assert(walk.at == before.at && walk.len == before.len, "what is left is told");
		free((char *)before.at);
	}
}

Test(walk, takes_no_attribute_of_a_length_that_cannot_be)
{
	static const uint16_t lengths[] = {0, 3, 10, 12, 0x7fff, 0xffff};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct walk walk = message(25, lengths[i]);
		char *octets = (char *)walk.at;
		struct walk attrs = walk_attrs(walk_next_message(&walk), 0);
		cr_assert_null(walk_next_attr(&attrs), "%#x", lengths[i]);
		cr_assert_eq(attrs.len, 9);
		free(octets);
	}
}

/* The family's header does not fit into the message: there are no attributes. */
Test(walk, does_not_leave_a_message_that_is_too_short)
{
	static const size_t headers[] = {9, 10, 4096, SIZE_MAX - 3, SIZE_MAX};
	struct walk walk = message(25, 9);
	char *octets = (char *)walk.at;
	const struct nlmsghdr *nlh = walk_next_message(&walk);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct walk attrs = walk_attrs(nlh, headers[i]);
		cr_assert(!walk_next_attr(&attrs) && attrs.len == 0 && attrs.at == octets + 25, "%zu", headers[i]);
	}
	free(octets);
}
