/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * For kernels without tcx links (before 6.6): filters in the clsact qdisc. They have a handle of our own, so that they
 * can be found and replaced in place, and the last preference, so that the filters of others see each frame first. A
 * filter stays attached without any process or pin.
 */
#include <errno.h>
#include <string.h>

#include "sys/datapath/internal.h"

#define CLSACT_HANDLE 0x1a66
#define CLSACT_LAST 0xffff    /* the preference */
#define CLSACT_EARLIER 0x1a66 /* the one that earlier versions used */

static enum bpf_tc_attach_point point(bool egress)
{
	return egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

/* Makes clsact on a device. -EEXIST: it is there already. */
static int make_qdisc(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, qdisc, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	return bpf_tc_hook_create(&qdisc);
}

static int delete_qdisc(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, qdisc, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	return bpf_tc_hook_destroy(&qdisc);
}

int clsact_prepare(int ifindex)
{
	int r = make_qdisc(ifindex);
	return r == -EEXIST ? 0 : r;
}

/* Id of the program of the filter with our handle and this preference. -ENOENT: there is none. */
static int query(int ifindex, bool egress, uint32_t preference, uint32_t *program_id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = preference);
	int r = bpf_tc_query(&hook, &opts);
	if (r)
		return r == -EINVAL || r == -ENODEV ? -ENOENT : r;
	*program_id = opts.prog_id;
	return 0;
}

static int detach(int ifindex, bool egress, uint32_t preference)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = preference);
	return bpf_tc_detach(&hook, &opts);
}

int clsact_attach(int ifindex, bool egress, int program, bool *made_qdisc)
{
	int made = make_qdisc(ifindex);
	if (made && made != -EEXIST)
		return made;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_LAST, .prog_fd = program,
		    .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_attach(&hook, &opts);
	if (r) {
		if (!made)
			delete_qdisc(ifindex);
		return r;
	}
	*made_qdisc = !made;
	return 0;
}

int clsact_query(int ifindex, bool egress, uint32_t *program_id)
{
	int r = query(ifindex, egress, CLSACT_LAST, program_id);
	return r == -ENOENT ? query(ifindex, egress, CLSACT_EARLIER, program_id) : r;
}

bool clsact_is_earlier(int ifindex, bool egress)
{
	uint32_t attached;
	return query(ifindex, egress, CLSACT_EARLIER, &attached) == 0;
}

int clsact_detach_earlier(int ifindex, bool egress)
{
	return clsact_is_earlier(ifindex, egress) ? detach(ifindex, egress, CLSACT_EARLIER) : 0;
}

static void count(void *context, const struct netlink_filter *filter)
{
	(void)filter;
	++*(int *)context;
}

/* How many preferences have filters on one side of the clsact qdisc, or -errno. */
static int count_filters(int ifindex, bool egress)
{
	__attribute__((cleanup(netlink_close))) struct netlink *nl = NULL;
	int filters = 0, r = netlink_open(&nl);
	if (r == 0)
		r = netlink_list_filters(nl, ifindex, egress, count, &filters);
	return r < 0 ? r : filters;
}

bool clsact_is_own(const struct netlink_filter *filter)
{
	return strcmp(filter->kind, "bpf") == 0 &&
	       (filter->preference == CLSACT_LAST || filter->preference == CLSACT_EARLIER);
}

int clsact_detach(int ifindex, bool egress, uint32_t program_id, bool own)
{
	uint32_t attached;
	int r = clsact_query(ifindex, egress, &attached);
	if (r == -ENOENT)
		return 0;
	if (r)
		return r;
	/* This may be another device that has got the same index since then: its filter is not ours. */
	if (attached != program_id)
		return 0;
	bool earlier = query(ifindex, egress, CLSACT_LAST, &attached) == -ENOENT;
	r = detach(ifindex, egress, earlier ? CLSACT_EARLIER : CLSACT_LAST);
	if (r || !own || count_filters(ifindex, false) != 0 || count_filters(ifindex, true) != 0)
		return r;
	return delete_qdisc(ifindex);
}
