/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * For kernels without tcx links (before 6.6): filters in the clsact qdisc. They have a handle and a preference of our
 * own, so that they can be found and replaced in place. A filter stays attached without any process or pin.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "sys/datapath/internal.h"

#define CLSACT_HANDLE 0x1a66
#define CLSACT_PRIORITY 0x1a66

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

int clsact_attach(int ifindex, bool egress, int program, bool *made_qdisc)
{
	int made = make_qdisc(ifindex);
	if (made && made != -EEXIST)
		return made;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY, .prog_fd = program,
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
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);
	int r = bpf_tc_query(&hook, &opts);
	if (r)
		return r == -EINVAL || r == -ENODEV ? -ENOENT : r;
	*program_id = opts.prog_id;
	return 0;
}

static void socket_close(struct mnl_socket **nl)
{
	if (*nl)
		mnl_socket_close(*nl);
}

static int count_filter(const struct nlmsghdr *message, void *context)
{
	int *filters = context;
	if (message->nlmsg_type == RTM_NEWTFILTER)
		(*filters)++;
	return MNL_CB_OK;
}

/* The number of filters on one side of the clsact qdisc, or -errno. */
static int count_filters(int ifindex, bool egress)
{
	__attribute__((cleanup(socket_close))) struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) != 0)
		return -errno;
	char buffer[16384];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	int filters = 0;
	for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
		ssize_t len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (len < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)len, 1, mnl_socket_get_portid(nl), count_filter, &filters);
		if (more < 0)
			return -errno;
	}
	return filters;
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
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point(egress));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);
	r = bpf_tc_detach(&hook, &opts);
	if (r || !own || count_filters(ifindex, false) != 0 || count_filters(ifindex, true) != 0)
		return r;
	return delete_qdisc(ifindex);
}
