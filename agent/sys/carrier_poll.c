/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Polls carrier where no program may trace netif_carrier_off(). There an event may come up to a second late, because
 * the kernel's linkwatch holds it back. Therefore a thread looks at each port every carrier-poll milliseconds. It reads
 * the kernel's counters of losses and returns, which takes no lock. It makes a port that lost carrier not live at once,
 * whatever the agent is doing, and then wakes the agent, which looks at the port itself. Without sysfs the thread asks
 * the driver for carrier, and that request waits for RTNL.
 *
 * Linkwatch holds back events that follow another one within a second. So the thread looks more often for a second
 * after the carrier of a port has changed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sys/carrier.h"
#include "sys/carrier_poll.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/netlink/netlink.h"
#include "sys/sysfs.h"

/* Asking for one port costs 1 us, and more than 2 us where there are hundreds, whose files no longer fit into the
 * processor's cache. So that all of it costs about 1 % of a CPU, fifty ports are polled every 10 ms at most, and more
 * of them less often. */
#define PORT_BUDGET_NS (NS_PER_MS / 5)

/* The same while the thread looks more often, which lasts for a second. */
#define HURRY_NS NS_PER_MS
#define HURRY_PORT_BUDGET_NS (NS_PER_MS / 10)
#define HURRY_FOR_NS (NS_PER_S + NS_PER_S / 4)

struct watched {
	struct polled_port port;
	struct carrier counters;  /* none without sysfs */
	uint32_t losses, returns; /* the counters as they were last read */
	bool lost;		  /* carrier was lost since the agent was told last */
	bool changed;		  /* the agent has to be told */
};

struct carrier_poll {
	carrier_poll_fn fn;
	void *context;
	sd_event_source *source; /* of `wake` */
	pthread_t thread;
	bool running;	      /* the thread was started */
	pthread_mutex_t lock; /* of everything below */
	struct watched *port;
	uint32_t ports;
	uint32_t generation;	 /* of `port` */
	uint64_t interval_ns;	 /* 0: off */
	uint64_t hurry_until_ns; /* monotonic time until which it looks more often, or 0; only the agent uses it */
	bool stop;
	int wake;  /* eventfd: the thread wakes the event loop */
	int sysfs; /* the folder of the counters, or -1 */
	int ask;   /* the thread's socket for ethtool_carrier_on() */
	int timer; /* timerfd that wakes the thread; set by the agent */
};

static void set_timer(const struct carrier_poll *poll, uint64_t interval_ns)
{
	struct itimerspec spec = {0};
	spec.it_value.tv_sec = spec.it_interval.tv_sec = (time_t)(interval_ns / NS_PER_S);
	spec.it_value.tv_nsec = spec.it_interval.tv_nsec = (long)(interval_ns % NS_PER_S);
	if (timerfd_settime(poll->timer, 0, &spec, NULL) < 0)
		log_error("carrier poll: cannot set its timer: %s", strerror(errno));
}

static uint64_t pace(const struct carrier_poll *poll)
{
	uint64_t budget = poll->ports * HURRY_PORT_BUDGET_NS, fastest = budget > HURRY_NS ? budget : HURRY_NS;
	return poll->hurry_until_ns && poll->interval_ns > fastest ? fastest : poll->interval_ns;
}

void carrier_poll_hurry(struct carrier_poll *poll, uint64_t now)
{
	bool already = poll->hurry_until_ns;
	poll->hurry_until_ns = now + HURRY_FOR_NS;
	if (!already)
		set_timer(poll, pace(poll));
}

void carrier_poll_calm(struct carrier_poll *poll, uint64_t now)
{
	if (!poll->hurry_until_ns || now < poll->hurry_until_ns)
		return;
	poll->hurry_until_ns = 0;
	set_timer(poll, pace(poll));
}

static void wake_agent(const struct carrier_poll *poll)
{
	if (eventfd_write(poll->wake, 1) < 0)
		log_error("carrier poll: cannot wake the agent: %s", strerror(errno));
}

/* Reads the counters and compares them with their last values. Counts a loss in the datapath. */
static void compare_counters(struct watched *watched, bool *lost, bool *back)
{
	uint32_t losses, returns;
	*lost = *back = false;
	if (!carrier_changed(&watched->counters, watched->losses, watched->returns) ||
	    carrier_count(&watched->counters, &losses, &returns) < 0)
		return; /* if the device is gone, an event says so */
	*lost = losses != watched->losses;
	*back = returns != watched->returns;
	watched->losses = losses;
	watched->returns = returns;
	if (*lost)
		datapath_lose(watched->port.dp, watched->port.slot, watched->port.ifindex);
}

/* Asks for carrier without holding the lock, because the answer may take milliseconds. Ignores the answer if `port` has
 * become another list meanwhile. */
static void ask(struct carrier_poll *poll, uint32_t index, uint32_t generation, bool *lost, bool *back)
{
	char name[XLAGG_NAME_MAX];
	bool carrier;
	memcpy(name, poll->port[index].port.name, sizeof(name));
	pthread_mutex_unlock(&poll->lock);
	int r = ethtool_carrier_on(poll->ask, name, &carrier);
	pthread_mutex_lock(&poll->lock);
	struct polled_port *port = &poll->port[index].port;
	if (r < 0 || generation != poll->generation || port->carrier == carrier)
		return;
	port->carrier = carrier;
	*lost = !carrier;
	*back = carrier;
	if (*lost)
		datapath_lose(port->dp, port->slot, port->ifindex);
}

static void poll_port(struct carrier_poll *poll, uint32_t index, uint32_t generation)
{
	bool lost = false, back = false;
	if (poll->port[index].counters.down >= 0)
		compare_counters(&poll->port[index], &lost, &back);
	else
		ask(poll, index, generation, &lost, &back);
	if (!lost && !back)
		return;
	poll->port[index].lost |= lost;
	poll->port[index].changed = true;
	wake_agent(poll);
}

static void *run(void *context)
{
	struct carrier_poll *poll = context;
	uint64_t expirations;
	for (;;) {
		if (read(poll->timer, &expirations, sizeof(expirations)) < 0 && errno != EINTR)
			return NULL;
		pthread_mutex_lock(&poll->lock);
		uint32_t generation = poll->generation;
		for (uint32_t i = 0; i < poll->ports && generation == poll->generation && !poll->stop; i++)
			poll_port(poll, i, generation);
		bool stop = poll->stop;
		pthread_mutex_unlock(&poll->lock);
		if (stop)
			return NULL;
	}
}

/* Finds the next port that changed, from index *at on, and clears its marks. Returns false if there is none. */
static bool next_changed(struct carrier_poll *poll, uint32_t *at, int *ifindex, bool *lost)
{
	pthread_mutex_lock(&poll->lock);
	while (*at < poll->ports && !poll->port[*at].changed)
		++*at;
	bool found = *at < poll->ports;
	if (found) {
		struct watched *watched = &poll->port[*at];
		*ifindex = watched->port.ifindex;
		*lost = watched->lost;
		watched->changed = watched->lost = false;
	}
	pthread_mutex_unlock(&poll->lock);
	return found;
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)revents;
	struct carrier_poll *poll = context;
	eventfd_t count;
	uint32_t at = 0;
	int ifindex;
	bool lost;
	if (eventfd_read(fd, &count) < 0)
		return 0;
	/* fn may change the list of ports. In a new list all ports that were not in the old one are marked. */
	while (next_changed(poll, &at, &ifindex, &lost))
		poll->fn(poll->context, ifindex, lost);
	return 0;
}

static struct watched *find(const struct carrier_poll *poll, const struct datapath *dp, uint32_t slot, int ifindex)
{
	for (uint32_t i = 0; i < poll->ports; i++) {
		const struct polled_port *port = &poll->port[i].port;
		if (port->ifindex == ifindex && port->dp == dp && port->slot == slot)
			return &poll->port[i];
	}
	return NULL;
}

/* Opens the counters of a new port. The caller has to notice itself what happened before they were first read. */
static void open_counters(const struct carrier_poll *poll, struct watched *port)
{
	if (poll->sysfs < 0 || carrier_open(poll->sysfs, port->port.name, port->port.ifindex, &port->counters) < 0)
		return;
	if (carrier_count(&port->counters, &port->losses, &port->returns) < 0)
		carrier_close(&port->counters);
	port->changed = true;
}

void carrier_poll_again(struct carrier_poll *poll)
{
	if (poll->sysfs < 0)
		poll->sysfs = sysfs_open(false);
	/* Only the agent's thread, which calls this, changes the list and opens counters. */
	for (uint32_t i = 0; i < poll->ports; i++) {
		if (poll->port[i].counters.down >= 0)
			continue;
		struct watched fresh = {.port = poll->port[i].port, .counters = CARRIER_NONE};
		open_counters(poll, &fresh);
		if (fresh.counters.down < 0)
			continue;
		pthread_mutex_lock(&poll->lock);
		poll->port[i].counters = fresh.counters;
		poll->port[i].losses = fresh.losses;
		poll->port[i].returns = fresh.returns;
		poll->port[i].changed = true;
		pthread_mutex_unlock(&poll->lock);
		wake_agent(poll);
	}
}

/* A port that stays keeps its counters, and its marks until the agent has looked. */
static void keep(struct watched *before, struct watched *port)
{
	port->counters = before->counters;
	port->losses = before->losses;
	port->returns = before->returns;
	port->lost = before->lost;
	port->changed = before->changed;
	before->counters = CARRIER_NONE;
}

static void free_ports(struct watched *port, uint32_t ports)
{
	for (uint32_t i = 0; i < ports; i++)
		carrier_close(&port[i].counters);
	free(port);
}

void carrier_poll_now(struct carrier_poll *poll, const struct datapath *dp, uint32_t slot, int ifindex)
{
	bool lost, back;
	pthread_mutex_lock(&poll->lock);
	struct watched *port = find(poll, dp, slot, ifindex);
	if (port && port->counters.down >= 0)
		compare_counters(port, &lost, &back);
	pthread_mutex_unlock(&poll->lock);
}

/* Makes the new list. Ports that were in the old one get their counters from keep(). Returns NULL without memory or
 * without ports. */
static struct watched *make_list(const struct carrier_poll *poll, const struct polled_port *ports, uint32_t count)
{
	struct watched *list = count ? calloc(count, sizeof(*list)) : NULL;
	for (uint32_t i = 0; list && i < count; i++) {
		list[i] = (struct watched){.port = ports[i], .counters = CARRIER_NONE};
		if (!find(poll, ports[i].dp, ports[i].slot, ports[i].ifindex))
			open_counters(poll, &list[i]);
	}
	return list;
}

int carrier_poll_set(struct carrier_poll *poll, struct polled_port *ports, uint32_t count, uint64_t interval_ns)
{
	/* Only this function changes the list, and so it may search it without the lock. */
	struct watched *list = make_list(poll, ports, count);
	free(ports);
	/* If there is no memory nothing is polled: ports of the old list may be about to disappear. */
	int r = count && !list ? -ENOMEM : 0;
	if (r < 0)
		count = 0;
	uint64_t interval = !count || !interval_ns		   ? 0
			    : interval_ns < count * PORT_BUDGET_NS ? count * PORT_BUDGET_NS
								   : interval_ns;
	pthread_mutex_lock(&poll->lock);
	for (uint32_t i = 0; i < count; i++) {
		struct watched *before = find(poll, list[i].port.dp, list[i].port.slot, list[i].port.ifindex);
		if (before)
			keep(before, &list[i]);
	}
	struct watched *old = poll->port;
	uint32_t old_count = poll->ports;
	poll->port = list;
	poll->ports = count;
	poll->generation++;
	bool other = interval != poll->interval_ns;
	poll->interval_ns = interval;
	pthread_mutex_unlock(&poll->lock);
	free_ports(old, old_count);
	wake_agent(poll);
	if (other)
		set_timer(poll, pace(poll));
	return r;
}

void carrier_poll_status(const struct carrier_poll *poll, struct xlagg_agent_status *status)
{
	struct timespec spent;
	clockid_t clock;
	if (pthread_getcpuclockid(poll->thread, &clock) == 0 && clock_gettime(clock, &spent) == 0)
		status->poll_cpu_ns = (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
	status->poll_ports = poll->ports;
	for (uint32_t i = 0; i < poll->ports; i++)
		status->poll_lockless += poll->port[i].counters.down >= 0;
	status->poll_interval_ns = pace(poll);
}

static int add_source(struct carrier_poll *poll, sd_event *event)
{
	sd_event_source *source = NULL;
	int r = sd_event_add_io(event, &source, poll->wake, EPOLLIN, on_wake, poll);
	/* A lost link has priority over everything else. */
	if (r >= 0)
		r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	poll->source = source;
	return r < 0 ? r : 0;
}

int carrier_poll_open(struct carrier_poll **ret, sd_event *event, carrier_poll_fn fn, void *context)
{
	__attribute__((cleanup(carrier_poll_close))) struct carrier_poll *poll = calloc(1, sizeof(*poll));
	if (!poll)
		return -ENOMEM;
	poll->fn = fn;
	poll->context = context;
	pthread_mutex_init(&poll->lock, NULL);
	poll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = poll->wake < 0 ? -errno : 0;
	poll->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (r == 0 && poll->timer < 0)
		r = -errno;
	poll->ask = ethtool_open();
	if (r == 0 && poll->ask < 0)
		r = poll->ask;
	poll->sysfs = sysfs_open(false);
	if (poll->sysfs < 0)
		log_info("carrier poll: no sysfs (%s), so each look waits for RTNL", strerror(-poll->sysfs));
	if (r == 0)
		r = add_source(poll, event);
	if (r == 0)
		r = -pthread_create(&poll->thread, NULL, run, poll);
	if (r < 0)
		return r;
	poll->running = true;
	*ret = poll;
	poll = NULL;
	return 0;
}

static void end_thread(struct carrier_poll *poll)
{
	pthread_mutex_lock(&poll->lock);
	poll->stop = true;
	pthread_mutex_unlock(&poll->lock);
	set_timer(poll, 1);
	pthread_join(poll->thread, NULL);
}

void carrier_poll_close(struct carrier_poll **close_this)
{
	struct carrier_poll *poll = *close_this;
	if (!poll)
		return;
	if (poll->running)
		end_thread(poll);
	sd_event_source_unref(poll->source);
	close_fd(&poll->wake);
	close_fd(&poll->timer);
	close_fd(&poll->ask);
	close_fd(&poll->sysfs);
	free_ports(poll->port, poll->ports);
	free(poll);
	*close_this = NULL;
}
