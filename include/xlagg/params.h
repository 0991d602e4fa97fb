/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The constants of a program that follow from others. Whoever loads one sets them. */
#ifndef XLAGG_PARAMS_H
#define XLAGG_PARAMS_H

#include "hash_sum.h"

/* Whether option port-ethertypes lists it. */
static inline bool xlagg_is_of_ports(const struct xlagg_params *params, __u16 ethertype)
{
	for (__u32 i = 0; i < params->ethertypes && i < XLAGG_PORT_ETHERTYPES; i++)
		if (params->ethertype[i] == ethertype)
			return true;
	return false;
}

/* See xlagg_params.plain. */
static inline bool xlagg_is_plain(const struct xlagg_params *params)
{
	return (params->proto == XLAGG_PROTO_LOADBALANCE || params->proto == XLAGG_PROTO_LACP) &&
	       (params->hash & ~XLAGG_HASH_SYMMETRIC) == XLAGG_HASH_USUAL && !params->flowid && !params->balance &&
	       !params->repath && !params->grey && !xlagg_is_of_ports(params, ETH_P_IP) &&
	       !xlagg_is_of_ports(params, ETH_P_IPV6);
}

static inline void xlagg_params_complete(struct xlagg_params *params)
{
	params->keys = xlagg_hash_keys(params->hash, params->seed);
	params->plain = xlagg_is_plain(params);
}

#endif
