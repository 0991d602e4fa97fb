/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Carrier where no program may trace netif_carrier_off: linkwatch may hold an event back for up to a second, so a
 * thread of its own looks at each port every carrier-poll milliseconds. It reads the kernel's counters of losses and
 * returns, which takes no lock, and makes a port that lost carrier not live at once, whatever the agent is doing. Then
 * it wakes the agent, which looks for itself. Where sysfs cannot be had it asks for carrier, and that question waits
 * for RTNL.
 *
 * Linkwatch holds back what comes within a second of what it handed on before. So for as long after a port's carrier
 * changed the thread looks more often.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent.h"
#include "sys/carrier.h"

/* A look costs about 1 us: a hundred ports are looked at every 10 ms, more of them less often. */
#define PORT_BUDGET_NS (NS_PER_MS / 10)

#define HURRY_NS NS_PER_MS
#define HURRY_FOR_NS (NS_PER_S + NS_PER_S / 4)

struct watched {
	struct datapath *dp;
	char name[XLAGG_NAME_MAX];
	uint32_t lagg, slot; /* the agent's, to find the port again */
	int ifindex;
	struct carrier counters;  /* none where there is no sysfs */
	uint32_t losses, returns; /* the counters as last seen */
	bool carrier;		  /* as last seen, where there are none */
	bool lost;		  /* carrier was lost since the agent looked */
	bool changed;		  /* the agent has to look */
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
	int sysfs; /* where the counters are, or -1 */
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
	poll->hurry_until_ns = clock_now() + HURRY_FOR_NS;
	if (!already)
		set_timer(poll, pace(poll));
}

void poll_calm(struct agent *agent)
{
	struct poll *poll = agent->poll;
	if (!poll || !poll->hurry_until_ns || clock_now() < poll->hurry_until_ns)
		return;
	poll->hurry_until_ns = 0;
	set_timer(poll, pace(poll));
}

static void wake_agent(const struct poll *poll)
{
	if (eventfd_write(poll->wake, 1) < 0)
		log_error("carrier poll: cannot wake the agent: %s", strerror(errno));
}

/* Compares the counters with what they were, and counts a loss in the datapath. */
static void look_at_counters(struct watched *port, bool *lost, bool *back)
{
	uint32_t losses, returns;
	*lost = *back = false;
	if (carrier_count(&port->counters, &losses, &returns) < 0)
		return; /* the device is gone, which is told by an event of its own */
	*lost = losses != port->losses;
	*back = returns != port->returns;
	port->losses = losses;
	port->returns = returns;
	if (*lost)
		datapath_lose(port->dp, port->slot, port->ifindex);
}

/* Asks without holding the lock, for the answer may take milliseconds. Where `port` became another list meanwhile
 * nothing is said. */
static void ask(struct poll *poll, uint32_t index, uint32_t generation, bool *lost, bool *back)
{
	char name[XLAGG_NAME_MAX];
	bool carrier;
	memcpy(name, poll->port[index].name, sizeof(name));
	pthread_mutex_unlock(&poll->lock);
	int r = ethtool_carrier_on(poll->ask, name, &carrier);
	pthread_mutex_lock(&poll->lock);
	struct watched *port = &poll->port[index];
	if (r < 0 || generation != poll->generation || port->carrier == carrier)
		return;
	port->carrier = carrier;
	*lost = !carrier;
	*back = carrier;
	if (*lost)
		datapath_lose(port->dp, port->slot, port->ifindex);
}

static void look(struct poll *poll, uint32_t index, uint32_t generation)
{
	bool lost = false, back = false;
	if (poll->port[index].counters.down >= 0)
		look_at_counters(&poll->port[index], &lost, &back);
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
			port = poll->port[i];
			poll->port[i].changed = poll->port[i].lost = false;
		}
		pthread_mutex_unlock(&poll->lock);
		if (!found)
			return 0;
		struct lagg *lagg = port.lagg < agent->laggs ? agent->lagg[port.lagg] : NULL;
		if (!lagg || !lagg->port[port.slot].used || lagg->port[port.slot].ifindex != port.ifindex)
			continue;
		if (port.lost)
			lagg_port_lost(lagg, port.slot, XLAGG_DETECTED_POLL);
		lagg_port_refresh(lagg, port.slot, XLAGG_DETECTED_POLL);
	}
}

/* The ports that are to be looked at, and how often at most; 0: never. -ENOMEM. */
static int list_ports(const struct agent *agent, struct watched **ret, uint32_t *ret_count, uint64_t *ret_interval)
{
	uint64_t interval = 0;
	uint32_t count = 0;
	struct watched *port = calloc((size_t)agent->laggs * XLAGG_MAX_PORTS + 1, sizeof(*port));
	if (!port)
		return -ENOMEM;
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
			port[count] = (struct watched){.dp = lagg->dp,
						       .lagg = i,
						       .slot = slot,
						       .ifindex = lagg->port[slot].ifindex,
						       .counters = CARRIER_NONE,
						       .carrier = lagg->port[slot].link.carrier};
			memcpy(port[count].name, lagg->port[slot].device.name, XLAGG_NAME_MAX);
			count++;
		}
	}
	*ret = port;
	*ret_count = count;
	*ret_interval = count ? interval : 0;
	return 0;
}

static struct watched *find(const struct poll *poll, const struct datapath *dp, uint32_t slot, int ifindex)
{
	for (uint32_t i = 0; i < poll->ports; i++)
		if (poll->port[i].ifindex == ifindex && poll->port[i].dp == dp && poll->port[i].slot == slot)
			return &poll->port[i];
	return NULL;
}

/* What was lost before the counters were read first, the agent has to find itself. */
static void open_counters(const struct poll *poll, struct watched *port)
{
	if (poll->sysfs < 0 || carrier_open(poll->sysfs, port->name, port->ifindex, &port->counters) < 0)
		return;
	if (carrier_count(&port->counters, &port->losses, &port->returns) < 0)
		carrier_close(&port->counters);
	port->changed = true;
}

/* A port that stays keeps its counters and what the agent has not yet heard of it. */
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

void poll_look(struct lagg *lagg, uint32_t slot)
{
	struct poll *poll = lagg->agent->poll;
	bool lost, back;
	if (!poll)
		return;
	pthread_mutex_lock(&poll->lock);
	struct watched *port = find(poll, lagg->dp, slot, lagg->port[slot].ifindex);
	if (port && port->counters.down >= 0)
		look_at_counters(port, &lost, &back);
	pthread_mutex_unlock(&poll->lock);
}

void poll_update(struct agent *agent)
{
	struct poll *poll = agent->poll;
	struct watched *port = NULL;
	uint32_t count = 0;
	uint64_t interval = 0;
	if (!poll)
		return;
	/* Without a list nothing is polled: the old one may name what goes now. */
	if (list_ports(agent, &port, &count, &interval) < 0)
		log_error("carrier poll: no memory for the list of ports");
	/* The list is changed here alone, so that it may be searched without the lock. */
	for (uint32_t i = 0; i < count; i++)
		if (!find(poll, port[i].dp, port[i].slot, port[i].ifindex))
			open_counters(poll, &port[i]);
	pthread_mutex_lock(&poll->lock);
	for (uint32_t i = 0; i < count; i++) {
		struct watched *before = find(poll, port[i].dp, port[i].slot, port[i].ifindex);
		if (before)
			keep(before, &port[i]);
	}
	struct watched *old = poll->port;
	uint32_t old_count = poll->ports;
	poll->port = port;
	poll->ports = count;
	poll->generation++;
	if (interval && interval < count * PORT_BUDGET_NS)
		interval = count * PORT_BUDGET_NS;
	bool other = interval != poll->interval_ns;
	poll->interval_ns = interval;
	pthread_mutex_unlock(&poll->lock);
	free_ports(old, old_count);
	wake_agent(poll);
	if (other)
		set_timer(poll, pace(poll));
}

void poll_status(const struct agent *agent, struct xlagg_agent_status *status)
{
	const struct poll *poll = agent->poll;
	struct timespec spent;
	clockid_t clock;
	if (!poll || !poll->running)
		return;
	if (pthread_getcpuclockid(poll->thread, &clock) == 0 && clock_gettime(clock, &spent) == 0)
		status->poll_cpu_ns = (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
	status->poll_ports = poll->ports;
	for (uint32_t i = 0; i < poll->ports; i++)
		status->poll_lockless += poll->port[i].counters.down >= 0;
	status->poll_interval_ns = pace(poll);
}

int poll_start(struct agent *agent)
{
	struct poll *poll = calloc(1, sizeof(*poll));
	if (!poll)
		return -ENOMEM;
	poll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	poll->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	poll->ask = ethtool_open();
	poll->sysfs = carrier_sysfs();
	if (poll->sysfs < 0)
		log_info("carrier poll: no sysfs (%s), so each look waits for RTNL", strerror(-poll->sysfs));
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
	if (poll->sysfs >= 0)
		close(poll->sysfs);
	free_ports(poll->port, poll->ports);
	free(poll);
	agent->poll = NULL;
}
