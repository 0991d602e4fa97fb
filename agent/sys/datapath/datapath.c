/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The life of a datapath: it is created or adopted, changed, closed, removed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sys/datapath/internal.h"
#include "sys/datapath/watch.h"

/* Refuses a setup that the lagg's own device cannot run. */
static int check_setup(const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX])
{
	if (setup->device != XLAGG_DEVICE_VETH && setup->profile == XLAGG_DATAPATH_XDP)
		return datapath_say(sentence, -EOPNOTSUPP, "a %s cannot run XDP: choose device veth or datapath tc",
				    setup->device == XLAGG_DEVICE_BOND ? "bond" : "netkit device");
	return 0;
}

/* A datapath without maps yet; NULL: out of memory. */
static struct datapath *new_datapath(const char *folder, const struct datapath_features *features,
				     const struct datapath_setup *setup)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	if (!dp)
		return NULL;
	snprintf(dp->folder, sizeof(dp->folder), "%s", folder);
	dp->features = *features;
	dp->setup = *setup;
	dp->capture = (struct datapath_capture){.ring = -1, .state = -1};
	dp->capture_own = -1;
	return dp;
}

void datapath_close(struct datapath **dp)
{
	if (!*dp)
		return;
	hooks_close(*dp);
	maps_close(*dp);
	capture_close(*dp);
	free(*dp);
	*dp = NULL;
}

typedef int (*ports_fn)(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);

static int ports_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = 0;
	for (uint32_t slot = 0; !r && slot < XLAGG_MAX_PORTS; slot++)
		if (dp->written.port[slot].ifindex)
			r = port_apply(dp, slot, (int)dp->written.port[slot].ifindex, sentence);
	return r;
}

/* Makes the programs and hooks of the device and, by `ports`, of every port as `dp->setup` says. What is right is left
 * as it is. A frame with which bonding is told a port has to find a program at that port's egress. */
static int apply(struct datapath *dp, ports_fn ports, char sentence[XLAGG_SENTENCE_MAX])
{
	bool ports_first = datapath_steers(dp) && !dp->setup.idle;
	int r = ports_first ? ports(dp, sentence) : 0;
	if (!r)
		r = device_apply(dp, sentence);
	if (!r && !ports_first)
		r = ports(dp, sentence);
	return r ? r : lacp_take(dp, sentence);
}

int datapath_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	return apply(dp, ports_apply, sentence);
}

static int make_maps(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&dp->setup, PROGRAMS_TC, XLAGG_NO_PORT, &programs);
	if (r)
		return datapath_say(sentence, r, "cannot open the BPF programs: %s", strerror(-r));
	r = programs_load(dp, programs, (const char *const[]){NULL}, sentence);
	if (!r && (r = maps_map(dp)))
		datapath_say(sentence, r, "cannot map the tables of %s: %s", dp->folder, strerror(-r));
	return r;
}

static int create(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = make_maps(dp, sentence);
	if (r)
		return r;
	publish_nothing(dp);
	return datapath_apply(dp, sentence);
}

int datapath_create(struct datapath **ret, const char *folder, const struct datapath_features *features,
		    const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = check_setup(setup, sentence);
	if (r)
		return r;
	if (strlen(folder) + DATAPATH_NAME_MAX >= DATAPATH_PATH_MAX)
		return datapath_say(sentence, -ENAMETOOLONG, "the folder's name %.80s... is too long", folder);
	if (mkdir(folder, 0700) != 0)
		return datapath_say(sentence, -errno, "cannot make the folder of pins %s: %s", folder, strerror(errno));
	struct datapath *dp = new_datapath(folder, features, setup);
	r = dp ? create(dp, sentence) : datapath_say(sentence, -ENOMEM, "out of memory");
	if (r) {
		datapath_close(&dp);
		datapath_remove(folder);
		return r;
	}
	*ret = dp;
	return 0;
}

/* True when the lagg, as it is set up now, has a hook of that name. */
static bool is_hook(const struct datapath *dp, const char *hook)
{
	static const char *const of_device[] = {"tx", "guard", "txlagg", "txnetkit", "xdptx"};
	uint32_t slot;
	for (uint32_t i = 0; i < sizeof(of_device) / sizeof(of_device[0]); i++)
		if (strcmp(hook, of_device[i]) == 0)
			return true;
	bool of_port = sscanf(hook, "rx%u", &slot) == 1 || sscanf(hook, "xdprx%u", &slot) == 1 ||
		       sscanf(hook, "out%u", &slot) == 1;
	return of_port && slot < XLAGG_MAX_PORTS && dp->written.port[slot].ifindex;
}

/* Removes a pin that an agent left half done when it was killed, that belongs to a slot without a port, or whose hook
 * only other versions have. */
static int drop_stale(void *context, const char *folder, const char *name)
{
	char hook[DATAPATH_HOOK_MAX];
	if (strncmp(name, "new_", 4) == 0)
		return pin_drop(folder, name);
	return hook_of_pin(name, hook) && !is_hook(context, hook) ? hook_release(context, hook) : 0;
}

/* Whether the programs of every port are attached to the device that its entry names, if they are to any. */
static bool hooks_valid(struct datapath *dp)
{
	char hook[DATAPATH_HOOK_MAX];
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		snprintf(hook, sizeof(hook), "rx%u", slot);
		int ifindex = datapath_port_ifindex(dp, slot), attached = ifindex ? hook_device(dp, hook) : 0;
		if (attached && attached != ifindex && !port_has_left(dp, slot))
			return false;
	}
	return true;
}

static int open_maps(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&dp->setup, PROGRAMS_TC, XLAGG_NO_PORT, &programs);
	if (r)
		return datapath_say(sentence, r, "cannot open the BPF programs: %s", strerror(-r));
	r = maps_open(dp, programs_object(programs), sentence);
	dp->knows_alive = datapath_map(dp, "port_alive") >= 0;
	if (!r)
		r = programs_load(dp, programs, (const char *const[]){NULL}, sentence);
	if (r)
		return r;
	r = maps_map(dp);
	if (r == -ENOMEM)
		return datapath_say(sentence, r, "out of memory");
	if (r)
		return datapath_say(sentence, r == -EMFILE || r == -ENFILE ? r : -EPROTO,
				    "the maps in %s cannot be mapped: %s", dp->folder, strerror(-r));
	if (!publish_adopt(dp) || !hooks_valid(dp))
		return datapath_say(sentence, -EPROTO, "the pinned state in %s is of another version or damaged",
				    dp->folder);
	return 0;
}

/* Checks and corrects the hooks of the ports. The slot of a port whose device is gone or has left becomes free. */
static int adopt_ports(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		int ifindex = datapath_port_ifindex(dp, slot);
		int r = !ifindex ? 0 : port_has_left(dp, slot) ? -ENODEV : port_apply(dp, slot, ifindex, sentence);
		if (r == -ENODEV)
			r = datapath_port_del(dp, slot);
		if (r)
			return r;
	}
	return 0;
}

static int adopt(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	bool explained = pin_exists(dp->folder, "prog_probe");
	int r = hooks_adopt(dp);
	r = r ? datapath_say(sentence, r, "cannot read %s: %s", dp->folder, strerror(-r)) : open_maps(dp, sentence);
	if (!r)
		r = apply(dp, adopt_ports, sentence);
	if (!r)
		r = pin_each(dp->folder, drop_stale, dp);
	/* It may be of another version. If it cannot be loaded now, that is done when it is needed. */
	if (!r && explained)
		explain_load(dp);
	/* Frames that waited in the ring for an agent are out of date: they are discarded. */
	return r ? r : datapath_read_frames(dp, NULL, NULL);
}

int datapath_adopt(struct datapath **ret, const char *folder, const struct datapath_features *features,
		   const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = check_setup(setup, sentence);
	if (r)
		return r;
	struct datapath *dp = new_datapath(folder, features, setup);
	r = dp ? adopt(dp, sentence) : datapath_say(sentence, -ENOMEM, "out of memory");
	if (r)
		datapath_close(&dp);
	else
		*ret = dp;
	return r;
}

int datapath_return(struct datapath *dp, const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX])
{
	dp->setup = *setup;
	dp->unsettled = true;
	return datapath_settle(dp, sentence);
}

int datapath_change(struct datapath *dp, const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX])
{
	struct datapath_setup before = dp->setup;
	if (setup->device != before.device || setup->params.lagg_ifindex != before.params.lagg_ifindex ||
	    setup->params.lower_ifindex != before.params.lower_ifindex)
		return datapath_say(sentence, -EINVAL, "the lagg's own device cannot be changed while it exists");
	int r = check_setup(setup, sentence);
	if (!r)
		r = pins_ensure(dp, sentence);
	if (r)
		return r;
	dp->setup = *setup;
	r = datapath_apply(dp, sentence);
	dp->unsettled = r != 0;
	if (!r)
		return 0;
	char ignored[XLAGG_SENTENCE_MAX] = "";
	datapath_return(dp, &before, ignored);
	return r;
}

bool datapath_takes_tcx(const struct datapath *dp)
{
	return dp->features.tcx && !dp->features.in_a_hurry;
}

void datapath_moved(struct datapath *dp, const char *folder)
{
	snprintf(dp->folder, sizeof(dp->folder), "%s", folder);
}

static bool sends_directly(const struct datapath_setup *setup)
{
	if (setup->device == XLAGG_DEVICE_BOND)
		return setup->shell == SHELL_DIRECT;
	return setup->direct && setup->device == XLAGG_DEVICE_VETH;
}

void datapath_describe(const struct datapath *dp, struct xlagg_lagg_status *status)
{
	bool xdp = dp->setup.profile == XLAGG_DATAPATH_XDP;
	status->profile = dp->setup.profile;
	status->device = dp->setup.device;
	status->tx_path = sends_directly(&dp->setup) ? XLAGG_TX_DIRECT : XLAGG_TX_STACK;
	status->generation = datapath_table(dp)->generation;
	if (dp->watch)
		status->carrier_watch = XLAGG_WATCH_FENTRY;
	status->attach = hooks_use_filters(dp) ? XLAGG_ATTACH_CLSACT : XLAGG_ATTACH_TCX;
	status->xdp_mode = XLAGG_XDP_NONE;
	if (!xdp)
		return;
	status->attach = dp->features.dispatcher ? XLAGG_ATTACH_XDP_DISPATCHER : XLAGG_ATTACH_XDP_LINK;
	status->xdp_mode = XLAGG_XDP_NATIVE;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (dp->written.port[slot].ifindex && xdp_native((int)dp->written.port[slot].ifindex) == 0)
			status->xdp_mode = XLAGG_XDP_MIXED;
}

/* What is removed of a folder. */
struct removal {
	const char *except; /* a pin that stays, or NULL */
	int r;		    /* the first error, or 0 */
};

static int remove_one(void *context, const char *folder, const char *name)
{
	char path[DATAPATH_PATH_MAX];
	struct stat file;
	struct removal *removal = context;
	if (removal->except && strcmp(name, removal->except) == 0)
		return 0;
	pin_path(path, folder, name);
	int r = lstat(path, &file) == 0 && S_ISDIR(file.st_mode) ? datapath_remove(path) : hook_drop_pin(folder, name);
	if (r && !removal->r)
		removal->r = r;
	return 0;
}

void datapath_unwatch(const char *folder)
{
	char pins[DATAPATH_PATH_MAX];
	const char *slash = strrchr(folder, '/');
	__attribute__((cleanup(close_fd))) int ports = pin_get(folder, "ports", PIN_MAP);
	if (ports < 0 || !slash)
		return;
	snprintf(pins, sizeof(pins), "%.*s", (int)(slash - folder), folder);
	watch_forget(pins, ports);
}

int datapath_strip(const char *folder)
{
	struct removal removal = {.except = "saved"};
	if (!pin_is_bpffs(folder))
		return -EINVAL;
	datapath_unwatch(folder);
	int r = pin_each(folder, remove_one, &removal);
	return removal.r ? removal.r : r;
}

int datapath_remove(const char *folder)
{
	struct removal removal = {0};
	if (access(folder, F_OK) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (!pin_is_bpffs(folder))
		return -EINVAL;
	datapath_unwatch(folder);
	int r = pin_each(folder, remove_one, &removal);
	if (rmdir(folder) != 0 && !r)
		r = -errno;
	return removal.r ? removal.r : r;
}
