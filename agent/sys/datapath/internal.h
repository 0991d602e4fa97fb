/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the files of the datapath share. A lagg's folder in bpffs holds:
 *
 *   NAME                          a map, under its own name
 *   prog_HOOK                     the program of a hook
 *   prog_probe                    the program behind `explain`, from its first use on
 *   link_HOOK                     the bpf_link that keeps it attached (tcx, netkit, XDP)
 *   filter_HOOK_IFINDEX_DIR_OWN   a clsact filter: its program, and how to find and delete the filter
 *   dispatch_HOOK_IFINDEX         a program under libxdp's dispatcher, and where to find it
 *   dispatching_HOOK_IFINDEX      the map `ports`: the mark that programs which use it may be under the dispatcher
 *                                 and have no pin
 *
 * A hook is one place where one program is attached. An open datapath holds a descriptor of what keeps each program
 * attached, and of each map: when pins are removed by others, everything goes on, and they are pinned again. Adopting
 * reads these descriptors from the pins; after that creating, adopting and changing use the same code.
 */
#ifndef SYS_DATAPATH_INTERNAL_H
#define SYS_DATAPATH_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <limits.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/datapath/datapath.h"
#include "sys/fd.h"

#define DATAPATH_MAPS 32			 /* largest number of maps of one lagg */
#define DATAPATH_HOOKS (5 + 3 * XLAGG_MAX_PORTS) /* largest number of hooks of one lagg */
#define TCX_PROGRAMS 64				 /* largest number of programs at one tcx hook */
#define DATAPATH_NAME_MAX 64			 /* a pin's name and its NUL */
#define DATAPATH_HOOK_MAX 16			 /* a hook's name and its NUL */
#define DATAPATH_PATH_MAX 512			 /* a pin's path and its NUL */

/* Attach types that the build's kernel headers do not know yet. */
enum {
	DATAPATH_TCX_INGRESS = 46,    /* BPF_TCX_INGRESS, Linux 6.6 */
	DATAPATH_TCX_EGRESS = 47,     /* BPF_TCX_EGRESS, Linux 6.6 */
	DATAPATH_NETKIT_PRIMARY = 54, /* BPF_NETKIT_PRIMARY, Linux 6.7 */
	DATAPATH_NETKIT_PEER = 55,    /* BPF_NETKIT_PEER, Linux 6.7 */
};

/* A map of the lagg. */
struct datapath_map {
	char name[BPF_OBJ_NAME_LEN]; /* in the object, and of its pin */
	int fd;			     /* open */
};

/* What a folder looks like from outside. It changes with every pin that is made or removed. */
struct folder_mark {
	dev_t device;		/* of the bpffs */
	ino_t inode;		/* of the folder */
	struct timespec change; /* time of the last change, as fine as the kernel's clock for files */
};

/* What kind of place a hook is. */
enum hook_kind {
	HOOK_TC_INGRESS,  /* tcx or clsact */
	HOOK_TC_EGRESS,	  /* tcx or clsact */
	HOOK_NETKIT,	  /* the transmit function of a netkit device */
	HOOK_NETKIT_PEER, /* the transmit function of its peer */
	HOOK_XDP,
};

struct hook {
	enum hook_kind kind;
	char name[DATAPATH_HOOK_MAX]; /* unique in the lagg: lower-case letters and digits */
	int ifindex;		      /* the device */
	const char *program;	      /* the program's name in the object */
	uint32_t slot;		      /* receive programs: the port's slot; else XLAGG_NO_PORT */
};

/* What keeps a program attached: a bpf_link, a filter in clsact, libxdp's dispatcher. */
enum keeper { KEEPER_LINK, KEEPER_FILTER, KEEPER_DISPATCHER };

/* What the name of a hook's pin says. */
struct hook_pin {
	enum keeper keeper;	      /* what the pin belongs to */
	char hook[DATAPATH_HOOK_MAX]; /* name of the hook */
	char name[DATAPATH_NAME_MAX]; /* of the pin */
	int ifindex;		      /* filter, dispatcher: the device */
	bool egress;		      /* filter: at egress, not ingress */
	bool own;		      /* filter: the qdisc was made for our filters */
	bool unfinished;	      /* dispatcher: it is the mark of an attachment that may not be whole */
};

/* A hook of the lagg, and what keeps its program attached. */
struct attachment {
	struct hook hook;    /* after adoption only its name, until hook_ensure() */
	struct hook_pin pin; /* what keeps the program attached */
	int fd;		     /* the link, or the program (filter, dispatcher); -1: it could not be attached */
	uint32_t program;    /* id of the program */
	uint32_t dispatcher; /* dispatcher: id of the program that the device runs */
};

/* What the agent last wrote to maps to which others can write as well: what is found there must not be taken for it. */
struct written {
	struct xlagg_port port[XLAGG_MAX_PORTS]; /* `lost` is the highest value that was seen */
	struct xlagg_control control;		 /* except the heartbeat */
	struct xlagg_table table;		 /* the table in use */
	bool xdp_sends[XLAGG_MAX_PORTS];	 /* the slot has an entry in tx_devs */
};

struct datapath {
	char folder[DATAPATH_PATH_MAX];		      /* of the pins */
	struct datapath_features features;	      /* what the kernel offers */
	struct datapath_setup setup;		      /* what the programs are made from */
	struct datapath_map map[DATAPATH_MAPS];	      /* the lagg's maps */
	uint32_t maps;				      /* entries of `map` */
	struct attachment attachment[DATAPATH_HOOKS]; /* the lagg's hooks */
	uint32_t attachments;			      /* entries of `attachment` */
	struct xlagg_port *ports;		      /* map `ports`, mapped: XLAGG_MAX_PORTS entries */
	struct xlagg_table *tables;		      /* map `tables`, mapped */
	struct xlagg_control *control;		      /* map `control`, mapped */
	struct xlagg_move *moves;		      /* map `moves`, mapped: XLAGG_BUCKETS entries */
	uint32_t move_number[XLAGG_BUCKETS];	      /* of the last move that was written there, 0: none */
	bool knows_alive;			      /* map `port_alive` was pinned before this agent */
	bool unsettled;				      /* after a refused change not all programs are as `setup` says */
	struct written written;			      /* to `ports`, `tables`, `control` and the devmaps */
	struct ring_buffer *frames;		      /* map `slow_rx` */
	datapath_frame_fn frame_fn;		      /* valid during datapath_read_frames() */
	void *frame_context;			      /* the argument for frame_fn */
	struct folder_mark mark;		      /* of the folder, when all pins were there */
	struct xlagg_table next;		      /* the table that waits for its buffer, if `waits` */
	bool waits;				      /* the last published table is not yet in use */
	uint64_t retired_ns[XLAGG_TABLES];	      /* CLOCK_MONOTONIC when each was last in use, 0: never */
	struct watch *watch;			      /* the watcher; NULL: there is none */
	uint32_t watched;			      /* the lagg's index in the watcher's maps */
	struct datapath_capture capture;	      /* maps of the capture; -1: the lagg is not captured */
	int capture_own;			      /* program for frames that the agent sends; -1 likewise */
};

/* The program that does what `program` does, as long as the lagg is captured or is not: its name in the object. */
const char *program_in_use(const struct datapath *dp, const char *program);
/* Makes the programs and hooks of the device and of every port as `dp` says. What is right is left as it is. */
int datapath_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);

/* Whether bonding sends what the transmit program lets pass, so that the ports need a program at their egress. */
bool datapath_steers(const struct datapath *dp);
/* Whether programs are attached to tcx from now on, and not by filters in clsact. */
bool datapath_takes_tcx(const struct datapath *dp);
/* Makes the watcher release the lagg's maps, to which it holds references. */
void datapath_unwatch(const char *folder);
/* Sets or reads an entry of a devmap. */
int devmap_put(struct datapath *dp, const char *map, uint32_t index, uint32_t ifindex);
/* Makes the programs of a port take its frames as long as the device stays in this namespace. -ENODEV: it is not here.
 */
int port_alive_put(struct datapath *dp, uint32_t slot, int ifindex);
/* Whether the device of a port left this namespace while no agent ran, even if one with its number is here now. */
bool port_has_left(const struct datapath *dp, uint32_t slot);
/* Writes the lower end into its devmap. -ENODEV: it is gone. */
int lower_alive_put(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
bool devmap_has(const struct datapath *dp, const char *map, uint32_t index, uint32_t ifindex);
/* Writes a sentence that says what failed, and returns `r`. */
int datapath_say(char sentence[XLAGG_SENTENCE_MAX], int r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The name of a device, for sentences; "device 7" when the device is gone. */
const char *datapath_device_name(int ifindex, char buffer[32]);

/* saved.c: FNV-1a */
uint32_t datapath_sum(const void *data, size_t len);

/* pins.c */
void pin_path(char path[DATAPATH_PATH_MAX], const char *folder, const char *name);
/* Opens what is pinned as `name` and returns a descriptor. -ENOENT: there is nothing; -EPROTO: it is of another kind.
 */
enum pin_kind { PIN_MAP, PIN_PROGRAM, PIN_LINK };
int pin_get(const char *folder, const char *name, enum pin_kind kind);
/* Pins `fd` as `name`. What was pinned there before is replaced atomically. */
int pin_set(const char *folder, const char *name, int fd);
/* Removes the pin. It is no error if there is none. */
int pin_drop(const char *folder, const char *name);
bool pin_exists(const char *folder, const char *name);
/* Calls `fn` for every entry of the folder until it returns non-zero, and returns that. */
typedef int (*pin_fn)(void *context, const char *folder, const char *name);
int pin_each(const char *folder, pin_fn fn, void *context);
/* True when `folder` is on a bpffs. Nothing is written or deleted anywhere else. */
bool pin_is_bpffs(const char *folder);
/* Id of an open map, program or link, 0: it cannot be read. */
uint32_t pin_id(enum pin_kind kind, int fd);
/* Make the folder for libxdp's pins, where it is one of ours, and remove it when it is empty. */
int pin_make_libxdp(void);
void pin_drop_libxdp(void);
/* Something that is held open and is to be pinned. */
struct pin {
	const char *name;
	enum pin_kind kind;
	int fd;
};
/* Whether nothing was pinned or unpinned in the folder since pins_there() set the mark. Costs one system call. */
bool pins_unchanged(const char *folder, const struct folder_mark *mark);
/* Whether all these pins are there; then *mark may be set. */
bool pins_there(const char *folder, const struct pin *pins, uint32_t count, struct folder_mark *mark);
/* Makes the pins that are missing, and the folder and the mount if these are gone. -EINVAL: it is not on a bpffs. */
int pins_restore(const char *folder, const struct pin *pins, uint32_t count);

/* capture.c */
/* Closes the maps of the capture, if there is one. */
void capture_close(struct datapath *dp);
/* Before loading: makes `object` use the maps of the capture, or, if there is none, not create any. */
int capture_bind(const struct datapath *dp, struct bpf_object *object);
/* Whether this is a map of captures, which is none of the lagg's. */
bool capture_owns(const struct bpf_map *map);

/* maps.c */
/* Descriptor of a map of the lagg, which stays the datapath's, or -ENOENT. */
int datapath_map(const struct datapath *dp, const char *name);
/* Lets go of maps that are larger or smaller than `object` has them now, so that they are made anew. Their content,
 * counters, is lost. */
void maps_resize(struct datapath *dp, const struct bpf_object *object);
/* Before loading: makes `object` use the lagg's maps; with `devmaps` false all except the devmaps. Maps that the lagg
 * does not have yet are created when the object is loaded. */
int maps_bind(const struct datapath *dp, struct bpf_object *object, bool devmaps);
/* True when a pinned map has the type, sizes and flags that the object defines. */
bool map_fits(const struct bpf_map *map, int fd);
/* After loading: keeps and pins the maps that the lagg did not have, or had with structures of another size. */
int maps_keep(struct datapath *dp, struct bpf_object *object);
/* Opens the pinned maps that `object` names and compares them with its definitions. -EPROTO: a map without which the
 * lagg cannot be adopted is missing or differs. Other maps that are missing or differ, and maps whose structures grew,
 * are left to maps_keep(). */
int maps_open(struct datapath *dp, struct bpf_object *object, char sentence[XLAGG_SENTENCE_MAX]);
/* Maps `ports`, `tables` and `control` into memory and opens the ring buffer. */
int maps_map(struct datapath *dp);
void maps_close(struct datapath *dp);

/* load.c */
enum program_object { PROGRAMS_TC, PROGRAMS_XDP };
struct programs;
/* Opens one of our objects, without loading it, and sets the lagg's constants. `slot`: the port's, for receive
 * programs; XLAGG_NO_PORT for those of the lagg's device, whose constants have 0 there. */
int programs_open(const struct datapath_setup *setup, enum program_object which, uint32_t slot, struct programs **ret);
struct bpf_object *programs_object(const struct programs *programs);
/* Loads the programs of `name` (ended by NULL) over the lagg's maps. */
int programs_load(struct datapath *dp, struct programs *programs, const char *const name[],
		  char sentence[XLAGG_SENTENCE_MAX]);
/* Descriptor of a loaded program, which stays that of `programs`. */
int programs_fd(const struct programs *programs, const char *name);
void programs_close(struct programs **programs);
/* True when an attached program has the same code (tag), constants and maps as a freshly loaded one. `dp`: the datapath
 * whose devmaps count as equal to copies of them (programs_load() says why there are copies), or NULL. */
bool program_same(const struct datapath *dp, int attached, int fresh);

/* Selects the programs of `name` (ended by NULL) for loading, without loading them. */
int programs_select(struct programs *programs, const char *const name[]);

/* ports.c: make hooks and device maps as `dp->setup` says. What is right already is left as it is. */
int device_apply(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
/* The device (ifindex) whose entry in `lower_alive` says that there is still a lagg: the bond or, where the lagg's own
 * device is one end of a pair, the lower end. */
uint32_t device_alive(const struct datapath *dp);
/* LACP on a bond of mode 802.3ad changes hands by that entry, at once on all ports: while it is there, the ports'
 * programs hold bonding's LACPDUs back, and the kernel speaks when no agent does. So it comes when all programs are
 * attached, by lacp_take(), and goes before the first is detached, by device_apply(): whenever an agent dies, one of
 * the two speaks, and hears what it has to. */
bool bonding_speaks(const struct datapath *dp);
/* Does nothing where bonding does not speak LACP, or is to. -ENODEV: the bond is gone. */
int lacp_take(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
/* -ENODEV: the device no longer exists. */
int port_apply(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);

/* stats.c: notes that the partners of all ports were heard now, as the programs do, while these do not run. */
void datapath_note_heard(struct datapath *dp);

/* publish.c */
/* True when every slot that the table names exists. */
bool table_valid(const struct xlagg_table *table);

/* --- moves.c --- */
/* Whether the low octet of a table's bucket makes sense. */
bool bucket_slot_valid(uint32_t octet);
/* A table with marks has just come into use: what went before it cannot be told from what came at `now`. */
void moves_start(struct datapath *dp, uint64_t now);
/* Takes over the state in the maps of an adopted datapath. False: a number in it is out of its range. */
bool publish_adopt(struct datapath *dp);
/* Makes all table buffers of a new datapath empty. */
void publish_nothing(struct datapath *dp);
/* Set the members of a port's entry. */
void port_set_ifindex(struct datapath *dp, uint32_t slot, uint32_t ifindex);
void port_set_flags(struct datapath *dp, uint32_t slot, uint32_t flags); /* enum xlagg_port_flag; the place stays */
void port_clear_flags(struct datapath *dp, uint32_t slot);
void port_set_enabled(struct datapath *dp, uint32_t slot, uint32_t enabled);
/* The faults of a port's entry (enum datapath_fault), 0: none. */
uint32_t port_check_entry(struct datapath *dp, uint32_t slot);
/* Writes a port's entry again. */
void port_repair_entry(struct datapath *dp, uint32_t slot);
/* Whether `control` and the table in use are as they were written. */
bool publish_right(const struct datapath *dp);
/* Writes them again. */
void publish_again(struct datapath *dp);

/* check.c */
/* Pins what the datapath holds and is not pinned, and makes its folder if that is gone. */
int pins_ensure(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);

/* hook_pins.c */
/* False: it is the name of no pin that keeps a program attached. */
bool hook_pin_parse(const char *name, struct hook_pin *ret);
/* Sets the pin's name from its other members. */
void hook_pin_name(struct hook_pin *pin);
/* The name of the hook to which a pin belongs. False: it is no pin of a hook (link_, filter_, dispatch_, dispatching_,
 * prog_). */
bool hook_of_pin(const char *name, char hook[DATAPATH_HOOK_MAX]);
/* Opens the link, program or map that is pinned, and returns a descriptor. */
int hook_pin_open(const char *folder, const struct hook_pin *pin);
/* Detaches the program that `fd`, a descriptor as hook_pin_open() returns it, keeps attached. */
int hook_detach(const struct hook_pin *pin, int fd);
/* Detaches the program that the pin `name` keeps attached, and removes the pin. Works on pins of any version. */
int hook_drop_pin(const char *folder, const char *name);
/* Detaches and unpins all that the folder, if it exists, holds for the hook called `name`. */
int hook_clear(const char *folder, const char *name);

/* attach.c */
/* Opens what the folder's pins keep attached. */
int hooks_adopt(struct datapath *dp);
/* Closes the descriptors of all hooks, and detaches nothing that is pinned. */
void hooks_close(struct datapath *dp);
/* Makes `program` the one that is attached to `hook`. A hook that runs the same program already is left as it is,
 * another program is replaced in place, and where none runs it is attached. */
int hook_ensure(struct datapath *dp, const struct hook *hook, int program, char sentence[XLAGG_SENTENCE_MAX]);
/* Detaches and unpins the program of the hook called `name`, if the lagg has it. */
int hook_release(struct datapath *dp, const char *name);
/* Whether a clsact filter keeps one of the lagg's programs attached. */
bool hooks_use_filters(const struct datapath *dp);
/* Whether a program of the lagg is attached to this hook on this device. */
bool hook_attached(struct datapath *dp, const struct hook *hook);
/* Pins the hook's program under its own name, only for people who look with bpftool. */
int hook_pin_program(const struct datapath *dp, const struct attachment *a);
/* Whether it is pinned so: 1, 0, or -errno where that cannot be read. */
int hook_program_pinned(const struct datapath *dp, const struct attachment *a);
/* Whether the program of a hook is attached as hook_ensure() left it. Without `deep` only where one quick system call
 * tells. */
bool hook_right(const struct attachment *a, bool deep);
/* Whether a bpf_link keeps the program of the hook called `name`: for tc that is tcx. */
bool hook_is_link(struct datapath *dp, const char *name);
/* The device to which the program of the hook called `name` is attached; 0: none. */
int hook_device(struct datapath *dp, const char *name);
/* Id of a program, 0 on failure. */
uint32_t program_id(int program);

/* The ids of the programs that a port's receive program comes before at its tcx hook: their number, or -errno. */
int hook_behind(struct datapath *dp, uint32_t slot, uint32_t ret[TCX_PROGRAMS]);

/* stats.c */
/* Loads the program behind `explain`, and pins it. Returns 0 or -errno. */
int explain_load(struct datapath *dp);

/* order.c */
/* The ids of the programs behind the program `ours` at a tcx hook: their number, or -errno. */
int tcx_behind(int ifindex, uint32_t attach_type, uint32_t ours, uint32_t ret[TCX_PROGRAMS]);

/* clsact.c: filters of fixed handle and preference, the last one, in the clsact qdisc. */
/* Makes the qdisc of a device of ours before it carries traffic, since making or deleting one takes the device's queues
 * out of service for some milliseconds. The qdisc is deleted with the device. */
int clsact_prepare(int ifindex);
/* Attaches the program, or replaces the one of ours that is attached. *made_qdisc: the device had no clsact before.
 * -EINVAL: a filter of another kind has the last preference. */
int clsact_attach(int ifindex, bool egress, int program, bool *made_qdisc);
/* Id of the attached program. -ENOENT: none of ours. */
int clsact_query(int ifindex, bool egress, uint32_t *program_id);
/* Whether a filter that a list has is one of ours, as far as that tells. */
bool clsact_is_own(const struct netlink_filter *filter);
/* Whether there is a filter of ours with the preference of earlier versions, before the filters of others. */
bool clsact_is_earlier(int ifindex, bool egress);
/* Deletes that filter, if there is one. */
int clsact_detach_earlier(int ifindex, bool egress);
/* Deletes our filter if it runs `program_id`. With `own` the qdisc is deleted too, unless it has other filters. */
int clsact_detach(int ifindex, bool egress, uint32_t program_id, bool own);

/* xdp.c */
/* Attaches through a bpf_link, in native mode, and returns the link. -EOPNOTSUPP: the driver has no XDP. */
int xdp_link(int ifindex, int program);
/* Returns 1 if the device's driver runs an XDP program, 0 if not or if the device is gone, or -errno. */
int xdp_native(int ifindex);
/* Id of the program that the device's driver runs, 0: none. */
uint32_t xdp_program(int ifindex);

/* dispatch.c */
/* Calls `fn` in a child process and returns its result. What it leaves open is closed when the child ends. */
int run_apart(int (*fn)(void *context), void *context);
/* Adds the hook's program to the device's dispatcher, loaded from `dp->setup`, pins it as `pin`, and removes all other
 * programs of the lagg from there. -EOPNOTSUPP: the driver has no XDP. After an error programs may be there that have
 * no pin: `mark` is pinned before, and goes when all is done. */
int xdp_dispatch(const struct datapath *dp, const struct hook *hook, const char *pin, const char *mark);
/* Whether the program of that id runs under the device's dispatcher: 1, 0, or -errno where that cannot be read. */
int xdp_dispatched(int ifindex, uint32_t program);
/* Removes the program of that id from the device's dispatcher. It is no error if it is not there. */
int xdp_undispatch(int ifindex, uint32_t program);
/* Removes all programs that use the map of that id from the device's dispatcher. */
int xdp_undispatch_all(int ifindex, uint32_t map);

#endif
