/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the files of the datapath share. A lagg's folder in bpffs holds
 *
 *   NAME                          a map, under its own name
 *   prog_HOOK                     the program of a hook
 *   prog_probe                    answers `explain`, once it was asked
 *   link_HOOK                     the bpf_link that keeps it attached (tcx, netkit, XDP)
 *   filter_HOOK_IFINDEX_DIR_OWN   a clsact filter: its program, and how to find and delete the filter
 *   dispatch_HOOK_IFINDEX         a program under libxdp's dispatcher, and where to find it
 *
 * A hook is one place where one program is attached. There is no state of it in the agent: what is attached is read
 * back from the pins, so that creating, adopting, changing and removing are the same code.
 */
#ifndef SYS_DATAPATH_INTERNAL_H
#define SYS_DATAPATH_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <limits.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "sys/datapath/datapath.h"
#include "sys/fd.h"

#define DATAPATH_MAPS 24      /* maps of one lagg, at most */
#define DATAPATH_NAME_MAX 64  /* a pin's name and its NUL */
#define DATAPATH_HOOK_MAX 16  /* a hook's name and its NUL */
#define DATAPATH_PATH_MAX 512 /* a pin's path and its NUL */

/* Attach types that the build's kernel headers do not know yet. */
enum {
	DATAPATH_TCX_INGRESS = 46,    /* BPF_TCX_INGRESS, Linux 6.6 */
	DATAPATH_TCX_EGRESS = 47,     /* BPF_TCX_EGRESS, Linux 6.6 */
	DATAPATH_NETKIT_PRIMARY = 54, /* BPF_NETKIT_PRIMARY, Linux 6.7 */
	DATAPATH_NETKIT_PEER = 55,    /* BPF_NETKIT_PEER, Linux 6.7 */
};

/* A map of the lagg, open. */
struct datapath_map {
	char name[BPF_OBJ_NAME_LEN];
	int fd;
};

struct datapath {
	char folder[DATAPATH_PATH_MAX];
	struct datapath_features features;
	struct datapath_setup setup;
	struct datapath_map map[DATAPATH_MAPS];
	uint32_t maps;		       /* entries of `map` */
	struct xlagg_port *ports;      /* map `ports`, mapped: XLAGG_MAX_PORTS entries */
	struct xlagg_table *tables;    /* map `tables`, mapped */
	struct xlagg_control *control; /* map `control`, mapped */
	struct ring_buffer *slow;      /* map `slow_rx` */
	datapath_slow_fn slow_fn;      /* valid during datapath_slow_read() */
	void *slow_context;
	uint64_t retired_ns[XLAGG_TABLES]; /* CLOCK_MONOTONIC when each was last in use, 0: never */
	struct watch *watch;		   /* the watcher, or NULL */
	uint32_t watched;		   /* the lagg's number there */
};

/* What kind of place a hook is. */
enum hook_kind {
	HOOK_TC_INGRESS,
	HOOK_TC_EGRESS,
	HOOK_NETKIT,	  /* the transmit function of a netkit device */
	HOOK_NETKIT_PEER, /* that of its peer */
	HOOK_XDP,
};

struct hook {
	enum hook_kind kind;
	char name[DATAPATH_HOOK_MAX]; /* unique in the lagg: lower-case letters and digits */
	int ifindex;		      /* the device */
	const char *program;	      /* its name in the object */
	uint32_t slot;		      /* receive programs: the port's slot */
};

/* Makes the watcher let go of the lagg's maps, which it holds as well. */
void datapath_unwatch(const char *folder);
/* Writes one sentence and returns `r`. */
int datapath_say(char sentence[XLAGG_SENTENCE_MAX], int r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The name of a device for sentences; "device 7" when it is gone. */
const char *datapath_device_name(int ifindex, char buffer[32]);

/* pins.c */
void pin_path(char path[DATAPATH_PATH_MAX], const char *folder, const char *name);
/* Descriptor of what is pinned as `name`. -ENOENT: nothing; -EPROTO: something of another kind. */
enum pin_kind { PIN_MAP, PIN_PROGRAM, PIN_LINK };
int pin_get(const char *folder, const char *name, enum pin_kind kind);
/* Pins `fd` as `name`; what was pinned there before is replaced atomically. */
int pin_set(const char *folder, const char *name, int fd);
/* Removes the pin; no error if there is none. */
int pin_drop(const char *folder, const char *name);
/* Calls `fn` for every entry of the folder until it gives non-zero, which is returned. */
typedef int (*pin_fn)(void *context, const char *folder, const char *name);
int pin_each(const char *folder, pin_fn fn, void *context);
/* True when `folder` lies on a bpffs: nothing else is ever written to or deleted from. */
bool pin_is_bpffs(const char *folder);

/* maps.c */
/* Descriptor of a map of the lagg, or -ENOENT. */
int datapath_map(const struct datapath *dp, const char *name);
/* Makes `object` use the lagg's maps, but for devmaps where these are not wanted; those that the lagg does not have are
 * made when it is loaded. */
int maps_bind(const struct datapath *dp, struct bpf_object *object, bool devmaps);
/* True when a pinned map is of the type, sizes and flags that the object says. */
bool map_fits(const struct bpf_map *map, int fd);
/* After loading: takes over and pins the maps that the lagg did not have, or had with structures of another size. */
int maps_keep(struct datapath *dp, struct bpf_object *object);
/* Opens the pinned maps that `object` names and compares them with its definitions. -EPROTO: one of those that make
 * the lagg is missing or different. Others that are, and those that grew, wait for maps_keep(). */
int maps_open(struct datapath *dp, struct bpf_object *object, char sentence[XLAGG_SENTENCE_MAX]);
/* Maps `ports`, `tables` and `control` into memory and opens the ring buffer. */
int maps_map(struct datapath *dp);
void maps_close(struct datapath *dp);

/* load.c */
enum program_object { PROGRAMS_TC, PROGRAMS_XDP };
struct programs;
/* Opens one of our objects, not loaded, with the lagg's constants and, for receive programs, the port's slot. */
int programs_open(const struct datapath_setup *setup, enum program_object which, uint32_t slot, struct programs **ret);
struct bpf_object *programs_object(const struct programs *programs);
/* Loads the programs of `name` (ended by NULL) over the lagg's maps. */
int programs_load(struct datapath *dp, struct programs *programs, const char *const name[],
		  char sentence[XLAGG_SENTENCE_MAX]);
/* Descriptor of a loaded program; belongs to `programs`. */
int programs_fd(const struct programs *programs, const char *name);
void programs_close(struct programs **programs);
/* True when an attached program has the code (tag), constants and maps of a freshly loaded one. `dp`: whose devmaps may
 * stand for copies of them, or NULL. */
bool program_same(const struct datapath *dp, int attached, int fresh);

/* Loads nothing yet but selects the programs of `name` (ended by NULL). */
int programs_select(struct programs *programs, const char *const name[]);

/* ports.c: hooks and device maps as `dp->setup` says; what is right already is left alone. */
int device_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
/* -ENODEV: there is no such device any more. */
int port_apply(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);

/* publish.c */
/* Every slot that the table names exists. */
bool table_valid(const struct xlagg_table *table);
/* An adopted datapath: its last switch may have been a moment ago. */
void publish_adopted(struct datapath *dp);

/* attach.c */
/* Makes `program` the one that is attached to `hook`: leaves the hook alone when it runs the same program already,
 * replaces it in place when it runs another, attaches it when it runs none. */
int hook_ensure(const struct datapath *dp, const struct hook *hook, int program, char sentence[XLAGG_SENTENCE_MAX]);
/* Detaches and unpins whatever the folder holds for the hook called `name`. */
int hook_clear(const char *folder, const char *name);
/* Detaches what the pin `name` stands for, and removes the pin. Works on pins of any version. */
int hook_drop_pin(const char *folder, const char *name);
/* Whether the folder's pins keep a program attached to that very hook. */
bool hook_attached(const char *folder, const struct hook *hook);
/* The device to which the pins of the hook called `name` are attached; 0: to none. */
int hook_device(const char *folder, const char *name);
/* The hook that a pin belongs to: link_, filter_, dispatch_ and prog_ pins. False: it is no such pin. */
bool hook_of_pin(const char *name, char hook[DATAPATH_HOOK_MAX]);
/* Id of a program, 0 on failure. */
uint32_t program_id(int program);

/* clsact.c: filters of fixed handle and priority in the clsact qdisc. */
/* Makes the qdisc of a device of ours before it carries traffic: making or deleting one takes the device's queues out
 * of service for some milliseconds. It goes with the device. */
int clsact_prepare(int ifindex);
/* Attaches, or replaces what is attached. *made_qdisc: there was none before. */
int clsact_attach(int ifindex, bool egress, int program, bool *made_qdisc);
/* Id of the attached program. -ENOENT: none of ours. */
int clsact_query(int ifindex, bool egress, uint32_t *program_id);
/* Deletes the filter if it runs `program_id`, and with `own` the qdisc if it has no other filter. */
int clsact_detach(int ifindex, bool egress, uint32_t program_id, bool own);

/* xdp.c */
/* Attaches through a bpf_link, in native mode. Gives the link. -EOPNOTSUPP: the driver has no XDP. */
int xdp_link(int ifindex, int program);
/* Whether the device's driver runs an XDP program. */
bool xdp_native(int ifindex);

/* dispatch.c */
/* Gives what `fn` gives, called in a child process: what it leaves open is closed with that. */
int run_apart(int (*fn)(void *context), void *context);
/* Adds the hook's program to the device's dispatcher, loaded from `dp->setup`, and pins it as `pin`. -EOPNOTSUPP: the
 * driver has no XDP. */
int xdp_dispatch(const struct datapath *dp, const struct hook *hook, const char *pin);
/* True when the program of that id runs under the device's dispatcher. */
bool xdp_dispatched(int ifindex, uint32_t program_id);
/* Takes the program of that id out of the device's dispatcher. No error if it is not there. */
int xdp_undispatch(int ifindex, uint32_t program_id);

#endif
