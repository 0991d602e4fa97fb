/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The kernel's half of one lagg: its programs, maps and links, and their pins in <pins>/<lagg>/. What is pinned
 * outlives the agent, and datapath_adopt() takes it over. Where nothing else is said, functions return 0 or -errno, and
 * after a failure `sentence` says what failed and why.
 */
#ifndef SYS_DATAPATH_H
#define SYS_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/netlink/netlink.h"
#include "xlagg/capture.h"
#include "xlagg/ctl.h"

/* What this kernel offers; found by trying. */
struct datapath_features {
	bool tcx;	 /* tcx links (6.6) */
	bool netkit;	 /* netkit devices (6.7) */
	bool fentry;	 /* tracing of netif_carrier_off */
	bool dispatcher; /* libxdp's dispatcher (freplace) */
	/* Chosen, not found: the programs of a datapath that is created now are attached by filters in clsact, which
	 * takes a tenth of a millisecond each. Attaching to tcx waits for a grace period, 10 ms and more, during which
	 * nobody can change any device of the machine. And the transmit program is loaded with the first port. */
	bool in_a_hurry;
};
/* Also sends the libraries' messages to the log at its lowest level, and raises the limit of open files as far as
 * allowed. */
int datapath_find_features(struct datapath_features *ret);
/* Whether this process can load the programs at all: 0 or -errno. libbpf tries once what the kernel knows, and takes a
 * failure at that, such as one for want of memory, for an answer as long as the process lives. */
int datapath_try_to_load(void);

/* Makes the folder of pins. Where it is below /sys/fs/bpf, bpffs is mounted there if it is not yet. -EINVAL: the folder
 * is not on a bpffs. */
int datapath_mount(const char *folder);

struct datapath;

/* Where the lagg's own device is a bond: how the transmit program has a frame leave by the port that it chose. */
enum datapath_shell {
	SHELL_NONE,   /* it is no bond: the frame is redirected */
	SHELL_DIRECT, /* redirected to the port, past bonding and past what sits on the bond */
	SHELL_QUEUE,  /* bonding sends it: the port's queue_id (slot + 1) is written into the frame */
	SHELL_HASH,   /* bonding sends it: a hash is written into the frame, for the port's place among the slaves */
	SHELL_COPIES, /* bonding sends a copy on every slave, and ports that may not send drop theirs */
};

/* What the programs of a lagg are made from. */
struct datapath_setup {
	struct xlagg_params params; /* slot is ignored: each receive program gets its port's */
	enum xlagg_profile profile; /* option datapath */
	enum xlagg_device device;   /* netkit, veth or bond */
	bool direct;		    /* tx-path direct */
	enum datapath_shell shell;
	/* A bond that somebody else's traffic goes through: its transmit program and the receive programs of its slaves
	 * are not attached yet, or no longer. */
	bool idle;
	/* A clsact qdisc that was made stays when it is empty: with it would go what the device sends meanwhile. */
	bool keep_qdisc;
};

/* Creates the maps, loads the programs and attaches those of the lagg's own device. Everything is pinned in `folder`,
 * which must not exist. */
int datapath_create(struct datapath **ret, const char *folder, const struct datapath_features *features,
		    const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Takes over what is pinned in `folder`. Everything read there is checked. -EPROTO: it is of another ABI version or
 * damaged; then the caller removes it with datapath_remove() and creates a new datapath. A hook whose program was made
 * from the same code and `setup` is left as it is; else its program is replaced in place, atomically for each hook. */
int datapath_adopt(struct datapath **ret, const char *folder, const struct datapath_features *features,
		   const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Another proto, hash, seed, profile or tx path: loads new programs over the same maps and replaces the old ones. On
 * failure all is changed back; what could not be, datapath_settle() goes on with. */
int datapath_change(struct datapath *dp, const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Tells the datapath that its folder of pins was renamed to `folder`. */
void datapath_moved(struct datapath *dp, const char *folder);
/* Attaches the receive programs to a port. With the xdp profile it is also put into the transmit devmap. The port's
 * entry in `ports` then names the device, but the port is not live until datapath_publish() says so. */
int datapath_port_add(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
/* Detaches the programs of a port, also when its device is gone already. */
int datapath_port_del(struct datapath *dp, uint32_t slot);
/* Which filters of others on a port see nothing of the lagg's frames, because the lagg's program takes them before. */
struct datapath_bypass {
	bool ingress; /* nftables and tcx programs behind the receive program; with a bond these see what it lets in */
	bool chains;  /* nftables at the egress: what lagg0's egress redirects passes them by */
	bool clsact;  /* filters at the ingress of clsact: tcx and XDP come first */
	bool egress;  /* filters at the egress of clsact: XDP sends */
};
typedef void (*datapath_name_fn)(void *context, const char *name);
/* Puts a port's receive program behind the tcx programs of others, without a gap. Returns 1 if some had come behind it,
 * 0 if none had, or -errno. */
int datapath_port_last(struct datapath *dp, uint32_t slot);
/* Calls `fn` with a name for each tcx program of others that comes behind a port's receive program. */
int datapath_port_behind(struct datapath *dp, uint32_t slot, datapath_name_fn fn, void *context);
struct datapath_bypass datapath_bypass(struct datapath *dp, uint32_t slot);
/* Whether this may be one of the lagg's own filters in clsact. */
bool datapath_is_own_filter(const struct netlink_filter *filter);
/* Reads the loss counters. The caller does so before it reads carrier, never after. */
void datapath_lost(const struct datapath *dp, uint32_t lost[XLAGG_MAX_PORTS]);
/* The caller saw the device of a slot lose carrier: from now on the port is not live. May be called from any thread
 * while the datapath is open. Nothing happens when the slot belongs to another device. */
void datapath_lose(struct datapath *dp, uint32_t slot, int ifindex);
/* Publishes a table, flags and stamps: port i gets enabled = live[i] ? lost[i] : XLAGG_PORT_OUT. Ports that leave are
 * taken out before the new table is used, and new ports are let in after that. It never blocks: after many tables in
 * a short time this one may have to wait, and is used by datapath_publish_rest(). */
int datapath_publish(struct datapath *dp, const struct xlagg_table *table, const bool live[XLAGG_MAX_PORTS],
		     const uint32_t flags[XLAGG_MAX_PORTS], const uint32_t lost[XLAGG_MAX_PORTS]);
/* Begins those of these moves that are new, and renews the others (xlagg/abi.h says which members may change). Marks
 * their buckets in `table`, which is to be published next. */
void datapath_set_moves(struct datapath *dp, const struct xlagg_move move[XLAGG_BUCKETS], struct xlagg_table *table);
/* Map `moves` as it is now. Others can write to it, so the reader checks it. */
void datapath_get_moves(const struct datapath *dp, struct xlagg_move ret[XLAGG_BUCKETS]);
/* Uses the last published table if it waits and its time has come. */
void datapath_publish_rest(struct datapath *dp);
/* That time (CLOCK_MONOTONIC, ns); UINT64_MAX: no table waits. */
uint64_t datapath_publish_due(const struct datapath *dp);
/* The carrier bit: with 0 every program drops all frames and counts them. */
void datapath_carrier(struct datapath *dp, bool carrier);
/* SHELL_HASH: where the port in each slot stands among the slaves that bonding sends on (xlagg_place()); 0: nowhere. */
void datapath_place(struct datapath *dp, const uint32_t place[XLAGG_MAX_PORTS]);
/* Sets the agent's heartbeat. `now_ns`: CLOCK_MONOTONIC. */
void datapath_heartbeat(struct datapath *dp, uint64_t now_ns);
/* As datapath_heartbeat(), of an agent that takes the lagg over from an earlier one. */
void datapath_take_over(struct datapath *dp, uint64_t now_ns);
/* Returns how often agents have taken the lagg over: what an agent notes of a port on which it sends LACPDUs. */
uint32_t datapath_life(const struct datapath *dp);
/* Returns for how long there has been no heartbeat, ns; 0 if the last one is not known. `now_ns`: CLOCK_MONOTONIC. */
uint64_t datapath_unattended(const struct datapath *dp, uint64_t now_ns);
/* The table in use. It is mapped memory, which others can write, so the reader checks it. Valid until the next
 * publication. */
const struct xlagg_table *datapath_table(const struct datapath *dp);
/* The same without marks: a bucket on its way leads to the port that its frames take now. */
void datapath_unmarked_table(const struct datapath *dp, struct xlagg_table *ret);
/* The device attached in a slot, 0: none. After datapath_adopt() a slot whose device has gone has none. */
int datapath_port_ifindex(const struct datapath *dp, uint32_t slot);
/* Whether the programs that are pinned in `folder` run on that device: the receive program of a slot, or the transmit
 * program on the lower end. A device that got the ifindex of one that is gone does not have them. */
bool datapath_is_attached(const char *folder, uint32_t slot, int ifindex);
bool datapath_is_attached_lower(const char *folder, int ifindex);
/* The same for the transmit program on a bond. */
bool datapath_is_attached_bond(const char *folder, int ifindex);
/* Whether the programs pinned in `folder` send for a bond that was taken, and LACP is the lagg's. */
bool datapath_has_bond(const char *folder, int ifindex);
/* Gives LACP back to bonding, before the programs of a bond that was taken are detached one by one. */
void datapath_let_bond_go(const char *folder);
/* Clears a slot's counters and its entries of `lacp` and `headless`, for a new port in that slot. */
int datapath_port_reset(struct datapath *dp, uint32_t slot);
/* The counters of a port and of the lagg, summed over all CPUs. */
int datapath_port_stats(const struct datapath *dp, uint32_t slot, struct xlagg_port_stats *ret);
int datapath_lagg_stats(const struct datapath *dp, struct xlagg_lagg_stats *ret);
/* What local TCP sockets sent on a port, and how much of it was sent again, summed over all CPUs; all 0 where the
 * programs do not count it (params.grey). */
int datapath_port_quality(const struct datapath *dp, uint32_t slot, struct xlagg_port_quality *ret);
/* What each bucket has sent, octets, summed over all CPUs; -EPROTO: the programs do not count it (params.balance). */
int datapath_bucket_loads(const struct datapath *dp, uint64_t ret[XLAGG_BUCKETS]);
/* The gap between the last frame on one port and the first on the next, in proto failover. */
struct datapath_gap {
	uint64_t ns;	  /* its length */
	uint64_t refused; /* frames during it for which there was no port */
};
/* The gap of the change from the port in slot `from` to the one in slot `to` after `since_ns` (CLOCK_MONOTONIC).
 * -EAGAIN: since then no frame has been sent on `to` after one on `from`. */
int datapath_gap(const struct datapath *dp, uint32_t from, uint32_t to, uint64_t since_ns, struct datapath_gap *ret);
/* Runs the program `explain` over a frame, which it does not send. moves: how often the socket that would send it has
 * moved (option repath). */
int datapath_explain(struct datapath *dp, const void *frame, uint32_t len, uint32_t moves,
		     struct xlagg_explanation *ret);
/* A capture's maps (xlagg/capture.h). The descriptors stay the datapath's. */
struct datapath_capture {
	int ring, state;
};
/* Begins a capture: replaces the programs by those that put what becomes of each frame into a ring. `what`: its first
 * three members say what is captured. -EBUSY: the lagg is captured already. */
int datapath_capture(struct datapath *dp, const struct xlagg_capture *what, struct datapath_capture *ret,
		     char sentence[XLAGG_SENTENCE_MAX]);
/* Ends it: puts the programs back; what could not be, datapath_settle() goes on with. */
int datapath_capture_end(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
bool datapath_captured(const struct datapath *dp);
/* Captures a frame that the agent sent on a port itself. Does nothing when the lagg is not captured. */
void datapath_capture_own(const struct datapath *dp, uint32_t slot, const void *frame, uint32_t len);
/* Frames for the agent: slow protocols and answers to link probes. The descriptor is readable when there are any;
 * datapath_read_frames() calls `fn` for each, or discards them where `fn` is NULL. */
typedef void (*datapath_frame_fn)(void *context, const struct xlagg_agent_frame *event);
int datapath_frames_fd(const struct datapath *dp);
int datapath_read_frames(struct datapath *dp, datapath_frame_fn fn, void *context);
/* A port's entry of map `lacp`. */
int datapath_set_lacp(struct datapath *dp, uint32_t slot, const struct xlagg_lacp *lacp);
int datapath_get_lacp(const struct datapath *dp, uint32_t slot, struct xlagg_lacp *ret);
/* A port's entry of map `headless`: what the kernel did for LACP while the heartbeat was stale. */
int datapath_get_headless(const struct datapath *dp, uint32_t slot, struct xlagg_headless *ret);
/* The programs took a port back that they had taken out: its entry of map `ports` is as it is with their doing. */
void datapath_note_return(struct datapath *dp, uint32_t slot);
/* Clears that entry of `headless`, for a new port, and where its content is invalid. */
int datapath_reset_headless(struct datapath *dp, uint32_t slot);
/* Makes `macs` the content of map `probe_macs`: macs[i] is the MAC from which slot i sends link probes, zero: none. */
int datapath_set_probe_macs(struct datapath *dp, const uint8_t macs[XLAGG_MAX_PORTS][6]);
/* Writes the record by which the next agent recognises the lagg, after adding version and checksums to it. */
int datapath_save(struct datapath *dp, struct xlagg_saved *saved);
/* Does the same in a folder, of a lagg that does not run. -EPROTO: the record there is of another version. */
int datapath_save_in(const char *folder, struct xlagg_saved *saved);
/* Reads the record in that folder. -EPROTO: it is damaged. Where another version wrote it, or only the message is
 * intact, everything behind the message is 0. */
int datapath_read_saved(const char *folder, struct xlagg_saved *ret);
/*
 * The journal of a transaction (struct xlagg_journal) in the folder of all laggs. Writing it gives it its version and
 * checksum; it is there as a whole or not at all. `len`: octets with the header.
 */
int datapath_journal_write(const char *pins, struct xlagg_journal *journal, size_t len);
/* Returns the journal, to be freed by the caller, after a check of version, length and checksum, not of the entries.
 * -ENOENT: there is none; -EPROTO: it is damaged; -EPROTONOSUPPORT: another version wrote it. */
int datapath_journal_read(const char *pins, struct xlagg_journal **ret);
/* Returns 0 also where there is none. */
int datapath_journal_remove(const char *pins);
/*
 * Others can detach programs, remove pins and write to maps. datapath_check() compares what is there with what the
 * datapath has attached, pinned and written; datapath_repair() puts it back.
 */
enum datapath_fault {
	DATAPATH_TC = 1 << 0,	  /* device: the transmit program, port: the receive program was detached (tcx, clsact,
				   * netkit) */
	DATAPATH_XDP = 1 << 1,	  /* the XDP program was detached */
	DATAPATH_GUARD = 1 << 2,  /* device: the program at the lower end that drops what its own stack sends */
	DATAPATH_VALUES = 1 << 3, /* values in maps are not those that were written */
	DATAPATH_PINS = 1 << 4,	  /* device: pins are missing, perhaps all */
	/* Port: it was let in, but is not live now. It lost carrier a moment ago, or somebody wrote to its counter: the
	 * agent reads carrier and publishes again. */
	DATAPATH_STALE = 1 << 5,
};
struct datapath_faults {
	uint32_t device;		/* of the lagg's own device and of the lagg: enum datapath_fault */
	uint32_t port[XLAGG_MAX_PORTS]; /* of each slot */
};
/* Finds what is not as it was left. Cheap enough for every second, without `deep`: then filters in clsact, programs
 * under libxdp's dispatcher and the watcher's map are checked as well. True: all is right. */
bool datapath_check(struct datapath *dp, bool deep, struct datapath_faults *ret);
/* Puts back what `faults` names, except DATAPATH_STALE. After DATAPATH_VALUES of a port the caller reads its carrier
 * and publishes again. Goes on after an error and returns the first one; -ENODEV: a device no longer exists. */
int datapath_repair(struct datapath *dp, const struct datapath_faults *faults, char sentence[XLAGG_SENTENCE_MAX]);
/* The same to the setup that it had before, where other parts of a change failed: goes on after an error, which it
 * returns, and datapath_settle() goes on with the rest. */
int datapath_return(struct datapath *dp, const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether all programs are as the setup says. False: a change was refused, and what it had changed by then could not
 * all be changed back. */
bool datapath_settled(const struct datapath *dp);
/* Changes back what such a change has left. Goes on after an error and returns the first one; to be called again until
 * it returns 0. */
int datapath_settle(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX]);
/* What a fault (one bit) of the lagg's device or of a port means, as a part of a sentence: "its transmit program was
 * detached". */
const char *datapath_fault_text(enum datapath_fault fault, bool of_port);
/* Fills in what was chosen for this datapath, for show. */
void datapath_describe(const struct datapath *dp, struct xlagg_lagg_status *status);
/* Frees the datapath. What is pinned goes on running. */
void datapath_close(struct datapath **dp);
/* Detaches and unpins everything in `folder`, also of another version. Returns 0 or the first error. */
int datapath_remove(const char *folder);
/* The same, but leaves the record there. */
int datapath_strip(const char *folder);

#endif
