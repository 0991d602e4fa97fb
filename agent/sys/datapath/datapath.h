/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The kernel half of one lagg: its programs, maps and links, and their pins in <pins>/<lagg>/. What is pinned outlives
 * the agent; datapath_adopt() takes it over. All functions give 0 or -errno; `sentence` says what failed and why.
 */
#ifndef SYS_DATAPATH_H
#define SYS_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/ctl.h"

/* What this kernel offers; found by trying. */
struct datapath_features {
	bool tcx;	 /* tcx links (6.6) */
	bool netkit;	 /* netkit devices (6.7) */
	bool fentry;	 /* tracing of netif_carrier_off */
	bool dispatcher; /* libxdp's dispatcher (freplace) */
};
/* Also sends the libraries' messages to the log at its lowest level, and raises the limit of open files to what is
 * allowed. */
int datapath_probe(struct datapath_features *ret);

/* Makes the folder of pins and mounts bpffs on /sys/fs/bpf when `folder` lies there and it is not mounted. -EINVAL:
 * the folder is not on a bpffs. */
int datapath_mount(const char *folder);

struct datapath;

/* What the programs of a lagg are made from. */
struct datapath_setup {
	struct xlagg_params params; /* slot is ignored: each receive program gets its port's */
	enum xlagg_profile profile;
	enum xlagg_device device; /* netkit or veth */
	bool direct;		  /* tx-path direct */
};

/* Makes maps, loads programs and attaches those of the lagg's own device; pins everything under `folder`, which must
 * not exist. */
int datapath_create(struct datapath **ret, const char *folder, const struct datapath_features *features,
		    const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Takes over what is pinned under `folder`. Everything read is checked. -EPROTO: of another ABI version or damaged:
 * the caller removes it with datapath_remove() and makes a new one. Programs and links are left as they are when they
 * were made from the same code and `setup` (compared by program tag), else replaced in place, atomically per hook. */
int datapath_adopt(struct datapath **ret, const char *folder, const struct datapath_features *features,
		   const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* Other proto, hash, seed, profile, tx path: loads new programs over the same maps and swaps them in. */
int datapath_change(struct datapath *dp, const struct datapath_setup *setup, char sentence[XLAGG_SENTENCE_MAX]);
/* The folder of pins was renamed to `folder`. */
void datapath_moved(struct datapath *dp, const char *folder);
/* Attaches the receive programs to a port; with the xdp profile also puts it into the transmit devmap. The port's
 * entry in `ports` names the device but is not live until it is published. */
int datapath_port_add(struct datapath *dp, uint32_t slot, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
/* Detaches; also when the device is gone already. */
int datapath_port_del(struct datapath *dp, uint32_t slot);
/* Reads the loss counters: before carrier is read, never after. */
void datapath_lost(const struct datapath *dp, uint32_t lost[XLAGG_MAX_PORTS]);
/* The caller saw the device of a slot lose carrier: the port is not live from this moment. From any thread, as long as
 * the datapath is open; nothing happens where another device has the slot. */
void datapath_lose(struct datapath *dp, uint32_t slot, int ifindex);
/* Publishes a table, flags and stamps: port i gets enabled = live[i] ? lost[i] : XLAGG_PORT_OUT. Ports that leave are
 * out before the new table is in use and ports that come are let in after it. */
int datapath_publish(struct datapath *dp, const struct xlagg_table *table, const bool live[XLAGG_MAX_PORTS],
		     const uint32_t flags[XLAGG_MAX_PORTS], const uint32_t lost[XLAGG_MAX_PORTS]);
/* The carrier bit: 0 makes every program drop and count. */
void datapath_carrier(struct datapath *dp, bool carrier);
void datapath_heartbeat(struct datapath *dp, uint64_t now_ns);
/* The table in use, as it is mapped: the reader checks it. Valid until the next publication. */
const struct xlagg_table *datapath_table(const struct datapath *dp);
/* The device attached in a slot, 0: none. After datapath_adopt() a port whose device went away has none. */
int datapath_port_ifindex(const struct datapath *dp, uint32_t slot);
/* Starts a slot's counters and its entries of `lacp` and `headless` at zero, for a port that had no one's before. */
int datapath_port_reset(struct datapath *dp, uint32_t slot);
int datapath_port_stats(const struct datapath *dp, uint32_t slot, struct xlagg_port_stats *ret);
int datapath_lagg_stats(const struct datapath *dp, struct xlagg_lagg_stats *ret);
/* What lay between the last frame on the port in slot `from` and the first one on that in slot `to`, of a change after
 * `since_ns` (CLOCK_MONOTONIC). -EAGAIN: no frame has taken that way yet. In proto failover. */
struct datapath_gap {
	uint64_t ns;
	uint64_t refused; /* frames for which there was no port meanwhile */
};
int datapath_gap(const struct datapath *dp, uint32_t from, uint32_t to, uint64_t since_ns, struct datapath_gap *ret);
/* Runs the probe program over a frame. */
int datapath_explain(struct datapath *dp, const void *frame, uint32_t len, struct xlagg_probe *ret);
/* Slow-protocol frames. */
typedef void (*datapath_slow_fn)(void *context, const struct xlagg_slow_event *event);
int datapath_slow_fd(const struct datapath *dp);
int datapath_slow_read(struct datapath *dp, datapath_slow_fn fn, void *context);
/* Map `lacp`. */
int datapath_set_lacp(struct datapath *dp, uint32_t slot, const struct xlagg_lacp *lacp);
int datapath_get_lacp(const struct datapath *dp, uint32_t slot, struct xlagg_lacp *ret);
/* Map `headless`: what the kernel did for LACP while the heartbeat was stale. */
int datapath_get_headless(const struct datapath *dp, uint32_t slot, struct xlagg_headless *ret);
/* It did nothing yet: for a port that had no one's before, and where what is there makes no sense. */
int datapath_reset_headless(struct datapath *dp, uint32_t slot);
/* Makes map `probe_macs` this set: entry i is what slot i probes from, zero: it does not. */
int datapath_set_probe_macs(struct datapath *dp, const uint8_t macs[XLAGG_MAX_PORTS][6]);
/* Writes the record by which the next agent knows the lagg, with its version and sums. */
int datapath_save(struct datapath *dp, struct xlagg_saved *saved);
/* Reads what an agent saved in that folder. -EPROTO: it is damaged. Where another version wrote it, or only the message
 * is intact, everything behind that is 0. */
int datapath_read_saved(const char *folder, struct xlagg_saved *ret);
/* What was chosen, for show. */
void datapath_describe(const struct datapath *dp, struct xlagg_lagg_status *status);
/* Lets go of everything and leaves it running, pinned. */
void datapath_close(struct datapath **dp);
/* Detaches and unpins everything under `folder`, also of another version. */
int datapath_remove(const char *folder);

#endif
