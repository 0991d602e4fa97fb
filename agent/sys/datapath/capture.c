/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Captures: while there is one, programs that put each frame and its verdict into a ring take the places of those that
 * do not. Neither they nor their maps belong to the lagg for good: an agent that adopts it puts its own programs back.
 */
#include <errno.h>
#include <string.h>

#include "sys/datapath/internal.h"
#include "sys/log.h"

static const struct {
	const char *program, *captured;
} programs[] = {
    {"tx", "capture_tx"},
    {"tx_queue", "capture_tx_queue"},
    {"tx_hash", "capture_tx_hash"},
    {"tx_copies", "capture_tx_copies"},
    {"rx", "capture_rx"},
    {"rx_slave", "capture_rx_slave"},
    {"lower_guard", "capture_lower_guard"},
    {"xdp_tx", "capture_xdp_tx"},
    {"xdp_rx", "capture_xdp_rx"},
};

const char *program_in_use(const struct datapath *dp, const char *program)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (datapath_captured(dp) && strcmp(programs[i].program, program) == 0)
			return programs[i].captured;
	return program;
}

bool datapath_captured(const struct datapath *dp)
{
	return dp->capture.ring >= 0;
}

void capture_close(struct datapath *dp)
{
	close_fd(&dp->capture.ring);
	close_fd(&dp->capture.state);
	close_fd(&dp->capture_own);
}

bool capture_owns(const struct bpf_map *map)
{
	return strncmp(bpf_map__name(map), "capture_", 8) == 0;
}

/* `dp` may be NULL: no lagg, so no capture. */
int capture_bind(const struct datapath *dp, struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		bool captured = dp && datapath_captured(dp);
		if (!capture_owns(map))
			continue;
		int r = bpf_map__set_autocreate(map, captured);
		if (!r && captured)
			r = bpf_map__reuse_fd(map, bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? dp->capture.ring
											      : dp->capture.state);
		if (r)
			return r;
	}
	return 0;
}

/* Makes the maps as the object defines them. */
static int make_map(const struct bpf_map *map)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	int fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
				bpf_map__value_size(map), bpf_map__max_entries(map), &opts);
	return fd < 0 ? -errno : fd;
}

static int make_maps(struct datapath *dp, struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		if (!capture_owns(map))
			continue;
		int fd = make_map(map);
		if (fd < 0)
			return fd;
		*(bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? &dp->capture.ring : &dp->capture.state) = fd;
	}
	return 0;
}

/* Makes the maps, and loads the program for what the agent sends. */
static int prepare(struct datapath *dp, const struct xlagg_capture *what, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(programs_close))) struct programs *object = NULL;
	uint32_t first = 0;
	int r = programs_open(&dp->setup, PROGRAMS_TC, XLAGG_NO_PORT, &object);
	if (!r)
		r = make_maps(dp, programs_object(object));
	if (!r && bpf_map_update_elem(dp->capture.state, &first, what, BPF_ANY) != 0)
		r = -errno;
	if (r)
		return datapath_say(sentence, r, "the ring of the capture cannot be made: %s", strerror(-r));
	r = programs_load(dp, object, (const char *const[]){"capture_own", NULL}, sentence);
	if (r)
		return r;
	dp->capture_own = dup(programs_fd(object, "capture_own"));
	return dp->capture_own < 0 ? datapath_say(sentence, -errno, "%s", strerror(errno)) : 0;
}

int datapath_capture(struct datapath *dp, const struct xlagg_capture *what, struct datapath_capture *ret,
		     char sentence[XLAGG_SENTENCE_MAX])
{
	char ignored[XLAGG_SENTENCE_MAX];
	if (datapath_captured(dp))
		return datapath_say(sentence, -EBUSY, "it is captured already: end that capture first");
	int r = pins_ensure(dp, sentence);
	if (!r)
		r = prepare(dp, what, sentence);
	if (!r)
		r = datapath_apply(dp, sentence);
	if (!r) {
		*ret = dp->capture;
		return 0;
	}
	datapath_capture_end(dp, ignored);
	return r;
}

int datapath_capture_end(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	capture_close(dp);
	int r = datapath_apply(dp, sentence);
	dp->unsettled |= r != 0;
	return r;
}

void datapath_capture_own(const struct datapath *dp, uint32_t slot, const void *frame, uint32_t len)
{
	if (!datapath_captured(dp) || slot >= XLAGG_MAX_PORTS)
		return;
	struct __sk_buff about = {.cb = {slot, dp->written.port[slot].ifindex}};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &about,
		    .ctx_size_in = sizeof(about), .repeat = 1);
	int r = bpf_prog_test_run_opts(dp->capture_own, &opts);
	if (r)
		log_debug("a frame of the agent's own is missing in a capture: %s", strerror(-r));
}
