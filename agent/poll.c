/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Carrier where the kernel does not say at once: linkwatch may hold an event back for up to a second, so each port's
 * carrier is asked for directly, every carrier-poll milliseconds, in a thread of its own since the question waits for
 * RTNL. The thread only compares and wakes the agent, which looks for itself. Not needed where a program traces
 * netif_carrier_off.
 *
 * Linkwatch holds back what comes within a second of what it handed on before. So for as long after a port's carrier
 * changed the questions come faster.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent.h"

/* A question costs about 1 us and RTNL: a hundred ports are asked every 10 ms, more of them less often. */
#define PORT_BUDGET_NS (NS_PER_MS / 10)

#define HURRY_NS NS_PER_MS
#define HURRY_FOR_NS (NS_PER_S + NS_PER_S / 4)

struct watched {
	char name[XLAGG_NAME_MAX];
	uint32_t lagg, slot; /* the agent's, to find the port again */
	int ifindex;
	bool carrier; /* as last seen */
	bool changed; /* the agent has to look */
};

struct poll {
	pthread_t thread;
	bool running;	      /* the thread was started */
	pthread_mutex_t lock; /* of everything below */
	struct watched *port;
	uint32_t ports;
	uint32_t generation;	 /* of `port` */
	uint64_t interval_ns;	 /* 0: off */
	uint64_t hurry_until_ns; /* monotonic time until which it is in a hurry, 0: it is not; the agent's alone */
	bool stop;
	int wake;  /* eventfd: thread to agent */
	int ask;   /* the thread's socket for its questions */
	int timer; /* timerfd: paces the thread; set by the agent */
};

static void set_timer(const struct poll *poll, uint64_t interval_ns)
{
	struct itimerspec spec = {0};
	spec.it_value.tv_sec = spec.it_interval.tv_sec = (time_t)(interval_ns / NS_PER_S);
	spec.it_value.tv_nsec = spec.it_interval.tv_nsec = (long)(interval_ns % NS_PER_S);
	if (timerfd_settime(poll->timer, 0, &spec, NULL) < 0)
		log_error("carrier poll: cannot set its timer: %s", strerror(errno));
}

static uint64_t pace(const struct poll *poll)
{
	uint64_t fastest = poll->ports * PORT_BUDGET_NS > HURRY_NS ? poll->ports * PORT_BUDGET_NS : HURRY_NS;
	return poll->hurry_until_ns && poll->interval_ns > fastest ? fastest : poll->interval_ns;
}

void poll_hurry(struct agent *agent)
{
	struct poll *poll = agent->poll;
	if (!poll)
		return;
	bool already = poll->hurry_until_ns;
	poll->hurry_until_ns = agent_now() + HURRY_FOR_NS;
	if (!already)
		set_timer(poll, pace(poll));
}

void poll_calm(struct agent *agent)
{
	struct poll *poll = agent->poll;
	if (!poll || !poll->hurry_until_ns || agent_now() < poll->hurry_until_ns)
		return;
	poll->hurry_until_ns = 0;
	set_timer(poll, pace(poll));
}

/* Looks at one port without holding the lock, for the question may take milliseconds. */
static void look(struct poll *poll, uint32_t index, uint32_t generation)
{
	char name[XLAGG_NAME_MAX];
	bool carrier;
	memcpy(name, poll->port[index].name, sizeof(name));
	pthread_mutex_unlock(&poll->lock);
	int r = ethtool_carrier_on(poll->ask, name, &carrier);
	pthread_mutex_lock(&poll->lock);
	if (r < 0 || generation != poll->generation || poll->port[index].carrier == carrier)
		return;
	poll->port[index].carrier = carrier;
	poll->port[index].changed = true;
	if (eventfd_write(poll->wake, 1) < 0)
		log_error("carrier poll: cannot wake the agent: %s", strerror(errno));
}

static void *run(void *context)
{
	struct poll *poll = context;
	uint64_t expirations;
	for (;;) {
		if (read(poll->timer, &expirations, sizeof(expirations)) < 0 && errno != EINTR)
			return NULL;
		pthread_mutex_lock(&poll->lock);
		uint32_t generation = poll->generation;
		for (uint32_t i = 0; i < poll->ports && generation == poll->generation && !poll->stop; i++)
			look(poll, i, generation);
		bool stop = poll->stop;
		pthread_mutex_unlock(&poll->lock);
		if (stop)
			return NULL;
	}
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)revents;
	struct agent *agent = context;
	struct poll *poll = agent->poll;
	eventfd_t count;
	if (eventfd_read(fd, &count) < 0)
		return 0;
	for (uint32_t i = 0;;) {
		pthread_mutex_lock(&poll->lock);
		while (i < poll->ports && !poll->port[i].changed)
			i++;
		bool found = i < poll->ports;
		struct watched port = {0};
		if (found) {
			poll->port[i].changed = false;
			port = poll->port[i];
		}
		pthread_mutex_unlock(&poll->lock);
		if (!found)
			return 0;
		struct lagg *lagg = port.lagg < agent->laggs ? agent->lagg[port.lagg] : NULL;
		if (!lagg || !lagg->port[port.slot].used || lagg->port[port.slot].ifindex != port.ifindex)
			continue;
		if (!port.carrier)
			member_lost(lagg, port.slot, XLAGG_DETECTED_POLL);
		member_refresh(lagg, port.slot, XLAGG_DETECTED_POLL);
	}
}

void poll_update(struct agent *agent)
{
	struct poll *poll = agent->poll;
	uint64_t interval = 0;
	uint32_t count = 0;
	if (!poll)
		return;
	struct watched *port = calloc((size_t)agent->laggs * XLAGG_MAX_PORTS + 1, sizeof(*port));
	if (!port) {
		log_error("carrier poll: no memory for the list of ports");
		return;
	}
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		uint64_t wanted = lagg->model.conf.carrier_poll * NS_PER_MS;
		if (!wanted)
			continue;
		if (!interval || wanted < interval)
			interval = wanted;
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			if (!lagg->port[slot].used || !lagg->port[slot].ifindex)
				continue;
			port[count] = (struct watched){.lagg = i,
						       .slot = slot,
						       .ifindex = lagg->port[slot].ifindex,
						       .carrier = lagg->port[slot].link.carrier};
			memcpy(port[count].name, lagg->port[slot].device.name, XLAGG_NAME_MAX);
			count++;
		}
	}
	pthread_mutex_lock(&poll->lock);
	struct watched *before = poll->port;
	poll->port = port;
	poll->ports = count;
	poll->generation++;
	if (!count)
		interval = 0;
	else if (interval && interval < count * PORT_BUDGET_NS)
		interval = count * PORT_BUDGET_NS;
	bool other = interval != poll->interval_ns;
	poll->interval_ns = interval;
	pthread_mutex_unlock(&poll->lock);
	free(before);
	if (other)
		set_timer(poll, pace(poll));
}

int poll_start(struct agent *agent)
{
	struct poll *poll = calloc(1, sizeof(*poll));
	if (!poll)
		return -ENOMEM;
	poll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	poll->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	poll->ask = ethtool_open();
	pthread_mutex_init(&poll->lock, NULL);
	agent->poll = poll;
	int r = poll->wake < 0 || poll->timer < 0 ? -errno : poll->ask < 0 ? poll->ask : 0;
	sd_event_source *source = NULL;
	if (r == 0)
		r = sd_event_add_io(agent->event, &source, poll->wake, EPOLLIN, on_wake, agent);
	if (r >= 0)
		r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source); /* the loop has it now */
	if (r >= 0)
		r = -pthread_create(&poll->thread, NULL, run, poll);
	if (r < 0)
		return r;
	poll->running = true;
	poll_update(agent);
	return 0;
}

void poll_stop(struct agent *agent)
{
	struct poll *poll = agent->poll;
	if (!poll)
		return;
	pthread_mutex_lock(&poll->lock);
	poll->stop = true;
	pthread_mutex_unlock(&poll->lock);
	if (poll->running) {
		set_timer(poll, 1);
		pthread_join(poll->thread, NULL);
	}
	close(poll->wake);
	close(poll->timer);
	if (poll->ask >= 0)
		close(poll->ask);
	free(poll->port);
	free(poll);
	agent->poll = NULL;
}
