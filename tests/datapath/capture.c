/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A capture exchanges the programs and exchanges them back, and no frame is lost; also when nobody ends it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/fixture.h"
#include "sys/datapath/internal.h"

static const struct xlagg_capture everything = {
    .snaplen = XLAGG_CAPTURE_SNAPLEN - 1, .slots = UINT32_MAX, .without_port = 1};

static uint64_t records(struct datapath_capture maps, uint32_t slot)
{
	struct xlagg_capture state;
	uint32_t first = 0;
	cr_assert(bpf_map_lookup_elem(maps.state, &first, &state) == 0);
	return state.count[slot].records;
}

/* Waits up to ten seconds for the first record of slot 0. */
static void await_record(struct datapath_capture maps)
{
	for (int i = 0; i < 1000 && !records(maps, 0); i++)
		usleep(10000);
	cr_assert(records(maps, 0) > 0);
}

/* Whether the program that is pinned for that hook is this one. */
static bool runs_program(const char *hook, const char *name)
{
	char path[256];
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	snprintf(path, sizeof(path), "%s/prog_%s", folder, hook);
	__attribute__((cleanup(close_fd))) int program = bpf_obj_get(path);
	cr_assert(program >= 0 && bpf_obj_get_info_by_fd(program, &info, &len) == 0, "%s", path);
	return strcmp(info.name, name) == 0;
}

static void nothing_is_pinned_of_it(void)
{
	char *pinned = snapshot();
	cr_assert(!strstr(pinned, "capture"), "%s", pinned);
	free(pinned);
}

static void frames_pass(bool tcx)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	network(2);
	struct datapath_features features = features_of(tcx);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	struct datapath_capture maps, second;
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	struct sender sender = {.fd = listen_on("wire0"), .hear = {listen_on("lagg0"), listen_on("lo")}};
	sender_start(&sender);
	cr_assert(datapath_capture(dp, &everything, &maps, sentence) == 0, "%s", sentence);
	cr_assert(datapath_captured(dp) && runs_program("rx0", "capture_rx") && runs_program("tx", "capture_tx"));
	cr_assert(datapath_capture(dp, &everything, &second, sentence) == -EBUSY);
	await_record(maps);
	setup.params.seed++;
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	cr_assert(runs_program("rx0", "capture_rx"), "it goes on with other programs");
	nothing_is_pinned_of_it();
	cr_assert(datapath_capture_end(dp, sentence) == 0, "%s", sentence);
	cr_assert(!datapath_captured(dp) && runs_program("rx0", "rx") && runs_program("tx", "tx"));
	cr_assert(sender_stop(&sender) == sender.sent, "%u of %u frames came", sender.heard, sender.sent);
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	no_leaks();
}
Test(capture, tcx)
{
	frames_pass(true);
}
Test(capture, clsact)
{
	frames_pass(false);
}

Test(capture, the_next_agent_ends_it)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath_capture maps;
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	struct sender sender = {.fd = listen_on("wire0"), .hear = {listen_on("lagg0"), listen_on("lo")}};
	sender_start(&sender);
	cr_assert(datapath_capture(dp, &everything, &maps, sentence) == 0, "%s", sentence);
	await_record(maps);
	datapath_close(&dp);
	cr_assert(runs_program("rx0", "capture_rx"));
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	cr_assert(!datapath_captured(dp) && runs_program("rx0", "rx") && runs_program("tx", "tx"));
	cr_assert(sender_stop(&sender) == sender.sent, "%u of %u frames came", sender.heard, sender.sent);
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	no_leaks();
}

Test(capture, with_xdp)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath_capture maps;
	setup.profile = XLAGG_DATAPATH_XDP;
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	cr_assert(datapath_capture(dp, &everything, &maps, sentence) == 0, "%s", sentence);
	cr_assert(runs_program("xdprx0", "capture_xdp_rx") && runs_program("xdptx", "capture_xdp_tx"));
	cr_assert(datapath_capture_end(dp, sentence) == 0, "%s", sentence);
	cr_assert(runs_program("xdprx0", "xdp_rx") && runs_program("xdptx", "xdp_tx"));
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	no_leaks();
}
