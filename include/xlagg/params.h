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

/* Whether it lists one of a packet that the shortcut of the hash is for. */
static inline bool xlagg_is_packet_of_ports(const struct xlagg_params *params)
{
	return xlagg_is_of_ports(params, ETH_P_IP) || xlagg_is_of_ports(params, ETH_P_IPV6) ||
	       ((params->hash & XLAGG_HASH_INNER) &&
		(xlagg_is_of_ports(params, ETH_P_MPLS_UC) || xlagg_is_of_ports(params, ETH_P_MPLS_MC) ||
		 xlagg_is_of_ports(params, ETH_P_PPP_SES)));
}

/* See xlagg_params.plain. */
static inline __u32 xlagg_plain_fields(const struct xlagg_params *params)
{
	__u32 fields = params->hash & ~XLAGG_HASH_SYMMETRIC;

	if (params->proto != XLAGG_PROTO_LOADBALANCE && params->proto != XLAGG_PROTO_LACP)
		return 0;
	if ((fields & ~XLAGG_HASH_INNER) != XLAGG_HASH_USUAL || params->flowid || params->balance || params->repath ||
	    params->grey || xlagg_is_packet_of_ports(params))
		return 0;
	return fields;
}

/* See xlagg_params.passes. In proto failover without rx_all another port may be the one that receives. */
static inline __u32 xlagg_params_passes(const struct xlagg_params *params)
{
	if (params->proto == XLAGG_PROTO_NONE || (params->proto == XLAGG_PROTO_FAILOVER && !params->rx_all))
		return 0;
	return xlagg_passes(params->slot);
}

static inline void xlagg_params_complete(struct xlagg_params *params)
{
	params->passes = xlagg_params_passes(params);
	params->keys = xlagg_hash_keys(params->hash, params->seed);
	params->plain = xlagg_plain_fields(params);
}

#endif
