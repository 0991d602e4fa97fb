/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A network of a test's own, and the frames and datapaths in it. */
#include "datapath/fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/netlink/netlink.h"

char pins[64], folder[128];

void sh(const char *format, ...)
{
	char command[512];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	int status = system(command);
	cr_assert(status == 0, "`%s` gave status %d", command, status);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
void no_leaks(void)
{
	cr_assert(!__lsan_do_recoverable_leak_check(), "memory was lost");
}
#else
void no_leaks(void)
{
}
#endif

static void check(int ret, const char *what)
{
	cr_assert(ret == 0, "%s: %s", what, strerror(errno));
}

void network(uint32_t ports)
{
	if (getenv("XLAGG_TRACE"))
		log_set_level(LOG_LEVEL_TRACE);
	check(unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare: run the tests as root");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	/* Only this process sees this tmpfs, so nothing is left anywhere. */
	check(mount("tmp", "/mnt", "tmpfs", 0, NULL), "mount tmpfs");
	strcpy(pins, "/mnt/pins");
	check(mkdir(pins, 0700), "mkdir");
	check(mount("bpf", pins, "bpf", 0, NULL), "mount bpffs");
	check(datapath_mount(pins), "datapath_mount"); /* libxdp's pins go there as well */
	snprintf(folder, sizeof(folder), "%s/lagg0", pins);
	sh("for f in /proc/sys/net/ipv6/conf/default/disable_ipv6; do [ ! -e $f ] || echo 1 >$f; done");
	sh("ip link set lo up && ip link add lagg0 type veth peer name lagg0-dp && ip link set lagg0-dp up && "
	   "ip link set lagg0 up");
	for (uint32_t i = 0; i < ports; i++)
		sh("ip link add eth%u type veth peer name wire%u && ip link set eth%u up && ip link set wire%u up", i,
		   i, i, i);
}

void netkit_instead(void)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, lower[6] = {2, 0, 0, 0, 0, 2};
	struct netlink_pair pair;
	struct netlink *nl = NULL;
	sh("ip link del lagg0");
	cr_assert(netlink_open(&nl) == 0 && netlink_add_netkit(nl, "lagg0", "lagg0-dp", mac, lower, 1500, &pair) == 0);
	netlink_close(&nl);
	sh("ip link set lagg0 up && ip link set lagg0-dp up");
}

struct datapath_features features_of(bool tcx)
{
	struct datapath_features features;
	int r = datapath_find_features(&features);
	cr_assert(r == 0, "datapath_find_features: %s", strerror(-r));
	features.tcx = features.tcx && tcx;
	return features;
}

struct datapath_setup setup_of(uint32_t proto)
{
	return (struct datapath_setup){
	    .params = {.proto = proto,
		       .hash = XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4,
		       .seed = 7,
		       .lagg_ifindex = if_nametoindex("lagg0"),
		       .lower_ifindex = if_nametoindex("lagg0-dp"),
		       .rr_limit = 1,
		       .ethertypes = 1,
		       .ethertype = {0x88cc}},
	    .device = XLAGG_DEVICE_VETH,
	};
}

struct datapath *make(const struct datapath_features *features, const struct datapath_setup *setup, uint32_t ports)
{
	char sentence[XLAGG_SENTENCE_MAX] = "", name[16];
	struct datapath *dp = NULL;
	int r = datapath_create(&dp, folder, features, setup, sentence);
	cr_assert(r == 0, "datapath_create: %s", sentence);
	for (uint32_t i = 0; i < ports; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		r = datapath_port_add(dp, i, (int)if_nametoindex(name), sentence);
		cr_assert(r == 0, "datapath_port_add: %s", sentence);
	}
	return dp;
}

void await_table(struct datapath *dp)
{
	for (uint64_t due = datapath_publish_due(dp); due != UINT64_MAX; due = datapath_publish_due(dp)) {
		const struct timespec until = {(time_t)(due / 1000000000), (long)(due % 1000000000)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		datapath_publish_rest(dp);
	}
}

void publish(struct datapath *dp, uint32_t count, const uint32_t *order)
{
	struct xlagg_table table = {.generation = datapath_table(dp)->generation + 1, .count = count};
	bool live[XLAGG_MAX_PORTS] = {0};
	uint32_t flags[XLAGG_MAX_PORTS] = {0}, lost[XLAGG_MAX_PORTS];
	for (uint32_t i = 0; i < count; i++) {
		table.order[i] = (uint8_t)order[i];
		live[order[i]] = true;
		flags[order[i]] = XLAGG_PORT_COLLECTING;
	}
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table.bucket[i] = (uint16_t)(XLAGG_NO_PORT << 8 | (count ? order[0] : XLAGG_NO_PORT));
	datapath_lost(dp, lost);
	int r = datapath_publish(dp, &table, live, flags, lost);
	cr_assert(r == 0, "datapath_publish: %s", strerror(-r));
	await_table(dp);
	datapath_carrier(dp, count > 0);
}

/* Reads kind and id of what is pinned, whatever its name says. */
static void describe_pin(const char *name, char *line, size_t size)
{
	char path[400], self[32], inode[64] = "";
	uint32_t id = 0, program = 0, len;
	struct bpf_link_info link = {0};
	struct bpf_prog_info prog = {0};
	struct bpf_map_info map = {0};
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = bpf_obj_get(path);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	cr_assert(readlink(self, inode, sizeof(inode) - 1) > 0, "%s cannot be read", path);
	const char *kind = strstr(inode, "link") ? "link" : strstr(inode, "prog") ? "prog" : "map";
	if (kind[0] == 'l') {
		len = sizeof(link);
		bpf_obj_get_info_by_fd(fd, &link, &len);
		id = link.id, program = link.prog_id;
	} else if (kind[0] == 'p') {
		len = sizeof(prog);
		bpf_obj_get_info_by_fd(fd, &prog, &len);
		id = prog.id;
	} else {
		len = sizeof(map);
		bpf_obj_get_info_by_fd(fd, &map, &len);
		id = map.id;
	}
	cr_assert(id, "%s has no id", path);
	close(fd);
	snprintf(line, size, "%s %s %u %u\n", name, kind, id, program);
}

char *snapshot(void)
{
	struct dirent **list;
	int entries = scandir(folder, &list, NULL, alphasort);
	cr_assert(entries >= 0, "%s: %s", folder, strerror(errno));
	char *text = calloc((size_t)entries + 1, 300);
	for (int i = 0; i < entries; i++) {
		if (list[i]->d_name[0] != '.')
			describe_pin(list[i]->d_name, text + strlen(text), 300);
		free(list[i]);
	}
	free(list);
	return text;
}

static bool id_exists(const char *kind, uint32_t id)
{
	int fd = kind[0] == 'l'	  ? bpf_link_get_fd_by_id(id)
		 : kind[0] == 'p' ? bpf_prog_get_fd_by_id(id)
				  : bpf_map_get_fd_by_id(id);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Prints a line of the snapshot whose object still exists. */
static bool alive(const char *line, bool print)
{
	char name[64], kind[16];
	uint32_t id, program;
	if (sscanf(line, "%63s %15s %u %u", name, kind, &id, &program) != 4)
		return false;
	bool exists = id_exists(kind, id) || (program && id_exists("prog", program));
	if (exists && print)
		cr_log_warn("%s is left: %s %u, program %u", name, kind, id, program);
	return exists;
}

static bool any_alive(const char *text, bool print)
{
	bool any = false;
	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		any |= alive(line, print);
	return any;
}

bool all_gone(const char *text)
{
	struct timespec pause = {.tv_nsec = 10000000};
	for (int attempt = 0; attempt < 1000; attempt++, nanosleep(&pause, NULL))
		if (!any_alive(text, false))
			return true;
	return !any_alive(text, true);
}

int listen_on(const char *device)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	cr_assert(fd >= 0, "packet socket: %s", strerror(errno));
	struct sockaddr_ll address = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(device)};
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)), device);
	int on = 1, room = 8 << 20;
	check(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)), "PACKET_IGNORE_OUTGOING");
	check(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), "SO_RCVBUFFORCE");
	return fd;
}

uint32_t frame_of(uint32_t mark, uint8_t frame[64])
{
	/* Makes a broadcast frame from 02:00:00:00:00:aa, IPv4 10.9.9.1 to 10.9.9.2, UDP from port 5000 + mark to 9. */
	static const uint8_t head[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0,  0,  0, 0xaa, 8,	0,
					 0x45, 0,    0,	   50,	 0,    0,    0, 0, 64, 17, 0, 0,    10, 9,
					 9,    1,    10,   9,	 9,    2,    0, 0, 0,  9,  0, 30,   0,	0};
	memset(frame, 0, 64);
	memcpy(frame, head, sizeof(head));
	uint16_t port = htons((uint16_t)(5000 + mark));
	memcpy(frame + 34, &port, sizeof(port));
	memcpy(frame + 42, &mark, sizeof(mark));
	return 64;
}

void send_frame(int fd, uint32_t mark)
{
	uint8_t frame[64];
	uint32_t len = frame_of(mark, frame);
	/* ENOBUFS: the egress hook dropped it; the test decides whether that is right. */
	cr_assert(send(fd, frame, len, 0) == (ssize_t)len || errno == ENOBUFS, "send: %s", strerror(errno));
}

/* Reads a frame from the socket. Returns its mark, -1 for somebody else's frame, or -2 if none was waiting. */
static int64_t next_mark(int fd)
{
	uint8_t frame[2048];
	static const uint8_t source[6] = {2, 0, 0, 0, 0, 0xaa};
	uint32_t mark;
	ssize_t len = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
	if (len < 0)
		return -2;
	if (len < 46 || memcmp(frame + 6, source, 6) != 0)
		return -1;
	memcpy(&mark, frame + 42, sizeof(mark));
	return mark;
}

bool hears(int fd, uint32_t mark)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (int64_t got; (got = next_mark(fd)) != -2;)
			if (got == mark)
				return true;
		poll(&wait, 1, 100);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 3);
	return false;
}

uint32_t drain(int fd)
{
	uint32_t frames = 0;
	for (int64_t got; (got = next_mark(fd)) != -2;)
		frames += got >= 0;
	return frames;
}

static uint32_t hear_both(const struct sender *sender)
{
	return drain(sender->hear[0]) + drain(sender->hear[1]);
}

static void *send_on(void *context)
{
	struct sender *sender = context;
	struct timespec pause = {.tv_nsec = 100000};
	for (; !sender->stop; nanosleep(&pause, NULL)) {
		send_frame(sender->fd, sender->sent++);
		if (sender->sent % 64 == 0)
			sender->heard += hear_both(sender);
	}
	return NULL;
}

void sender_start(struct sender *sender)
{
	cr_assert(pthread_create(&sender->thread, NULL, send_on, sender) == 0);
}

uint32_t sender_stop(struct sender *sender)
{
	struct timespec pause = {.tv_nsec = 10000000};
	sender->stop = true;
	pthread_join(sender->thread, NULL);
	for (uint32_t i = 0; i < 200 && sender->heard < sender->sent; i++, nanosleep(&pause, NULL))
		sender->heard += hear_both(sender);
	return sender->heard;
}
