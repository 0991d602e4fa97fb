/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A network of a test's own: lagg0 with its lower end lagg0-dp, and ports eth0, eth1, ... whose cables end at wire0,
 * wire1, ... in the same namespace. Network and mount namespace end with the test's process, and everything in them.
 */
#ifndef TESTS_DATAPATH_FIXTURE_H
#define TESTS_DATAPATH_FIXTURE_H

#include <criterion/criterion.h>
#include <net/if.h>
#include <pthread.h>

#include "sys/datapath/datapath.h"

/* Where bpffs is mounted, and the lagg's folder there. */
extern char pins[64], folder[128];

/* Enters new namespaces, mounts a bpffs, makes lagg0 and `ports` ports, all up. */
void network(uint32_t ports);
/* Makes lagg0 a netkit instead of a veth. */
void netkit_instead(void);
/* To be called at the end of every test: with SAN=1 it fails the test where memory was leaked. */
void no_leaks(void);
/* Runs a command; the test fails if the command does. */
void sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns the features of this kernel, with or without tcx as wanted. */
struct datapath_features features_of(bool tcx);
/* Returns the setup of a failover lagg over lagg0. */
struct datapath_setup setup_of(uint32_t proto);

/* Makes the datapath with ports 0 to ports-1. */
struct datapath *make(const struct datapath_features *features, const struct datapath_setup *setup, uint32_t ports);
/* Publishes carrier and a table that prefers the slots in the order of `order`; all buckets lead to the first. */
void publish(struct datapath *dp, uint32_t count, const uint32_t *order);
/* Waits until the last published table is in use. */
void await_table(struct datapath *dp);
#define PUBLISH(dp, ...) publish(dp, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

/* Returns what is pinned in the folder, one line each, sorted: name, kind, id, and a link's program. Free it. */
char *snapshot(void);
/* Returns whether nothing that the snapshot lists exists any longer. Waits up to ten seconds, since the kernel frees
 * things some time after they were released. */
bool all_gone(const char *text);

/* Opens a packet socket that sees what a device receives, and with `out` also what it sends. */
int listen_on(const char *device);
/* Sends a broadcast IPv4 UDP frame with `mark` in it. */
void send_frame(int fd, uint32_t mark);
/* Returns whether the frame with `mark` comes within two seconds. */
bool hears(int fd, uint32_t mark);
/* Returns how many frames of ours wait on the socket, whatever their mark. */
uint32_t drain(int fd);
/* The frame that send_frame() sends. */
uint32_t frame_of(uint32_t mark, uint8_t frame[64]);

/* A thread that sends on `fd` with pauses of at most 0.1 ms, with marks from 0 on, and reads what comes out meanwhile:
 * on a busy machine the sockets' buffers would not last until the end. */
struct sender {
	int fd;
	int hear[2]; /* where it comes out */
	uint32_t sent;
	uint32_t heard;
	volatile bool stop;
	pthread_t thread;
};
void sender_start(struct sender *sender);
/* Stops it, and waits up to two seconds for the last frames. Returns how many came in all. */
uint32_t sender_stop(struct sender *sender);

#endif
