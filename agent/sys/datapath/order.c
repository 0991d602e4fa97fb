/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The order of programs at a tcx hook: who comes behind ours sees nothing, because ours takes the frames. */
#include <errno.h>
#include <stdio.h>

#include "sys/datapath/internal.h"

int tcx_behind(int ifindex, uint32_t attach_type, uint32_t ours, uint32_t ret[TCX_PROGRAMS])
{
	uint32_t id[TCX_PROGRAMS], i = 0, count = 0;
	LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = id, .prog_cnt = TCX_PROGRAMS);
	int r = bpf_prog_query_opts(ifindex, (enum bpf_attach_type)attach_type, &query);
	if (r)
		return r;
	while (i < query.prog_cnt && id[i] != ours)
		i++;
	for (i++; i < query.prog_cnt; i++)
		ret[count++] = id[i];
	return (int)count;
}

static void report(uint32_t id, datapath_name_fn fn, void *context)
{
	char name[BPF_OBJ_NAME_LEN + 32];
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	__attribute__((cleanup(close_fd))) int program = bpf_prog_get_fd_by_id(id);
	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &len) != 0)
		return; /* it is gone already */
	snprintf(name, sizeof(name), "tcx program %.*s id %u", BPF_OBJ_NAME_LEN, info.name, id);
	fn(context, name);
}

int datapath_port_behind(struct datapath *dp, uint32_t slot, datapath_name_fn fn, void *context)
{
	uint32_t id[TCX_PROGRAMS];
	int count = hook_behind(dp, slot, id);
	for (int i = 0; i < count; i++)
		report(id[i], fn, context);
	return count < 0 ? count : 0;
}

int datapath_port_last(struct datapath *dp, uint32_t slot)
{
	char sentence[XLAGG_SENTENCE_MAX];
	uint32_t id[TCX_PROGRAMS];
	int count = hook_behind(dp, slot, id);
	if (count <= 0)
		return count;
	int r = port_apply(dp, slot, datapath_port_ifindex(dp, slot), sentence);
	return r ? r : 1;
}
