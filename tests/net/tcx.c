/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * tcx PROGRAM DEV LINK   attaches a pinned program to the device's tcx ingress, behind those that are there, as anybody
 * does who asks for no other order, and pins the link
 */
#include <bpf/bpf.h>
#include <err.h>
#include <net/if.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS */

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: tcx PROGRAM DEV LINK");
	int program = bpf_obj_get(argv[1]);
	if (program < 0)
		err(1, "%s", argv[1]);
	int link = bpf_link_create(program, (int)if_nametoindex(argv[2]), (enum bpf_attach_type)TCX_INGRESS, NULL);
	if (link < 0 || bpf_obj_pin(link, argv[3]) != 0)
		err(1, "%s", argv[2]);
	return 0;
}
