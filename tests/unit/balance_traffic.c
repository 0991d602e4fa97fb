/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Option balance adaptive with traffic as it was measured in data centres: few flows carry most octets. Its table, the
 * static one and Open vSwitch's rule see the same flows. What counts is how full the fullest of the ports is, compared
 * with the mean, and how many buckets move a minute.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

#define PORTS 4
#define PORT_RATE 1.25e9	   /* octets a second of a port: 10 Gb/s */
#define UTILISATION 0.4		   /* of all ports together, on average */
#define FLOW_RATE (PORT_RATE / 20) /* of one flow, while it lasts */
#define INTERVAL 10		   /* s */
#define SECONDS 1800
#define WARM_UP 120 /* s that do not count */
#define FLOWS_MAX 65536

/* The distribution of a flow's size: octets, and the part of all flows that are not larger. Between two points it is a
 * straight line over the logarithm of the size. */
struct point {
	double octets, part;
};
static const struct workload {
	const char *name;
	struct point point[8];
} workloads[] = {
    /* Alizadeh and others, Data Center TCP, SIGCOMM 2010 */
    {"web search",
     {{6e3, 0}, {13e3, 0.2}, {33e3, 0.4}, {133e3, 0.53}, {667e3, 0.6}, {2e6, 0.8}, {20e6, 0.97}, {30e6, 1}}},
    /* Greenberg and others, VL2, SIGCOMM 2009 */
    {"data mining",
     {{100, 0}, {1e3, 0.5}, {10e3, 0.7}, {100e3, 0.82}, {1e6, 0.9}, {10e6, 0.95}, {100e6, 0.98}, {1e9, 1}}},
    /* Roy and others, Inside the Social Network's (Datacenter) Network, SIGCOMM 2015: a cache follower */
    {"cache", {{100, 0}, {1e3, 0.1}, {10e3, 0.4}, {60e3, 0.5}, {500e3, 0.7}, {2e6, 0.85}, {10e6, 0.99}, {50e6, 1}}},
    /* Backups and copies, as a made-up example of flows that last longer than an interval. */
    {"transfers", {{1e9, 0}, {2e9, 0.3}, {4e9, 0.5}, {8e9, 0.7}, {16e9, 0.85}, {32e9, 0.95}, {64e9, 0.99}, {128e9, 1}}},
};

struct flow {
	uint32_t hash;
	double left; /* octets still to be sent */
};

static struct flow flow[FLOWS_MAX];
static uint32_t flows;
static unsigned int seed;

static double uniform(void)
{
	return ((double)rand_r(&seed) + 0.5) / ((double)RAND_MAX + 1);
}

static double size_at(const struct workload *w, double part)
{
	uint32_t i = 1;

	while (i < 7 && w->point[i].part < part)
		i++;
	double low = log(w->point[i - 1].octets), high = log(w->point[i].octets);
	double from = w->point[i - 1].part, to = w->point[i].part;

	return exp(low + (high - low) * (part - from) / (to - from));
}

static double mean_size(const struct workload *w)
{
	double sum = 0;

	for (int i = 0; i < 10000; i++)
		sum += size_at(w, (i + 0.5) / 10000);
	return sum / 10000;
}

/* New flows of one second, as many as keep the ports as busy as they are to be on average. */
static void arrive(const struct workload *w, double mean)
{
	double expected = UTILISATION * PORTS * PORT_RATE / mean;
	uint32_t count = (uint32_t)(expected + sqrt(expected) * (uniform() + uniform() + uniform() - 1.5) * 2);

	for (uint32_t i = 0; i < count && flows < FLOWS_MAX; i++)
		flow[flows++] = (struct flow){.hash = (uint32_t)rand_r(&seed) * 2654435761u ^ (uint32_t)rand_r(&seed),
					      .left = size_at(w, uniform())};
}

/* --- the rules --- */

struct table {
	uint32_t buckets;
	uint8_t port[XLAGG_BUCKETS];
	uint64_t sent[XLAGG_BUCKETS]; /* since the last look */
	uint64_t load[XLAGG_BUCKETS]; /* what the rule remembers */
	uint32_t moved_in[XLAGG_BUCKETS];
	double port_sent[PORTS]; /* in this second */
	uint32_t moves;
	double fullest; /* summed over the seconds that count */
};

static void keep(struct table *t, uint32_t interval)
{
	(void)t, (void)interval;
}

static void adapt(struct table *t, uint32_t interval)
{
	struct balance_problem problem = {
	    .ports = PORTS, .slot = {0, 1, 2, 3}, .weight = {1, 1, 1, 1}, .threshold = 10};

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		t->load[i] = (t->load[i] + t->sent[i]) / 2;
		problem.load[i] = t->load[i];
		problem.owner[i] = t->port[i];
		problem.fixed[i] = t->moved_in[i] && interval - t->moved_in[i] <= 3;
	}
	t->moves += balance_solve(&problem);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		if (t->port[i] != problem.owner[i])
			t->moved_in[i] = interval;
		t->port[i] = problem.owner[i];
	}
}

static double load_of(const struct table *t, uint32_t port)
{
	double load = 0;

	for (uint32_t i = 0; i < t->buckets; i++)
		if (t->port[i] == port)
			load += (double)t->load[i];
	return load;
}

/* A move from one port to another must bring the ratio of the two nearer to 1 by at least a tenth. */
static bool move_one(struct table *t, uint32_t from, uint32_t to)
{
	double a = load_of(t, from), b = load_of(t, to);

	for (uint32_t i = 0; i < t->buckets; i++) {
		double load = (double)t->load[i], before = a / b, after = (a - load) / (b + load);

		if (t->port[i] != from || load == 0)
			continue;
		if (b > 0 && (before - after <= 0.1 || fabs(after - 1) >= fabs(before - 1)))
			continue;
		t->port[i] = (uint8_t)to;
		t->moves++;
		return true;
	}
	return false;
}

/* Open vSwitch: 256 buckets; from the fullest port to the emptiest, while they differ by more than 3 %. */
static void as_open_vswitch(struct table *t, uint32_t interval)
{
	(void)interval;
	for (uint32_t i = 0; i < t->buckets; i++)
		t->load[i] = t->load[i] / 2 + t->sent[i];
	for (uint32_t n = 0; n < t->buckets; n++) {
		uint32_t from = 0, to = 0;

		for (uint32_t p = 1; p < PORTS; p++) {
			from = load_of(t, p) > load_of(t, from) ? p : from;
			to = load_of(t, p) < load_of(t, to) ? p : to;
		}
		double over = load_of(t, from) - load_of(t, to);

		if (over < load_of(t, to) / 32 || over < 1e6 || !move_one(t, from, to))
			return;
	}
}

static const struct rule {
	const char *name;
	uint32_t buckets;
	void (*look)(struct table *t, uint32_t interval);
} rules[] = {
    {"static", XLAGG_BUCKETS, keep},
    {"adaptive", XLAGG_BUCKETS, adapt},
    {"Open vSwitch", 256, as_open_vswitch},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void count(struct table *t, uint32_t hash, double octets)
{
	uint32_t bucket = hash % t->buckets;

	t->sent[bucket] += (uint64_t)octets;
	t->port_sent[t->port[bucket]] += octets;
}

static void end_second(struct table *t, bool counts)
{
	double sum = 0, max = 0;

	for (uint32_t p = 0; p < PORTS; p++) {
		sum += t->port_sent[p];
		max = t->port_sent[p] > max ? t->port_sent[p] : max;
	}
	if (counts && sum > 0)
		t->fullest += max * PORTS / sum;
	memset(t->port_sent, 0, sizeof(t->port_sent));
}

static void one_second(const struct workload *w, double mean, struct table table[RULES], bool counts)
{
	uint32_t kept = 0;

	arrive(w, mean);
	for (uint32_t i = 0; i < flows; i++) {
		double octets = flow[i].left < FLOW_RATE ? flow[i].left : FLOW_RATE;

		for (size_t r = 0; r < RULES; r++)
			count(&table[r], flow[i].hash, octets);
		flow[i].left -= octets;
		if (flow[i].left > 0)
			flow[kept++] = flow[i];
	}
	flows = kept;
	for (size_t r = 0; r < RULES; r++)
		end_second(&table[r], counts);
}

static void begin(struct table table[RULES])
{
	memset(table, 0, RULES * sizeof(*table));
	flows = 0;
	seed = 20261127;
	for (size_t r = 0; r < RULES; r++) {
		table[r].buckets = rules[r].buckets;
		for (uint32_t i = 0; i < table[r].buckets; i++)
			table[r].port[i] = (uint8_t)(i % PORTS);
	}
}

static void run(const struct workload *w, struct table table[RULES])
{
	double mean = mean_size(w);

	begin(table);
	for (uint32_t s = 1; s <= SECONDS; s++) {
		one_second(w, mean, table, s > WARM_UP);
		for (size_t r = 0; r < RULES && s % INTERVAL == 0; r++) {
			if (s == WARM_UP)
				table[r].moves = 0;
			rules[r].look(&table[r], s / INTERVAL);
			memset(table[r].sent, 0, sizeof(table[r].sent));
		}
	}
}

Test(balance_traffic, fuller_than_the_mean_and_moves)
{
	static struct table table[RULES];

	fprintf(stderr, "# balance: %-12s", "flow sizes");
	for (size_t r = 0; r < RULES; r++)
		fprintf(stderr, "  %12s: fullest/mean, moves a minute", rules[r].name);
	fputc('\n', stderr);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		double fullest[RULES];

		run(&workloads[i], table);
		fprintf(stderr, "# balance: %-12s", workloads[i].name);
		for (size_t r = 0; r < RULES; r++) {
			fullest[r] = table[r].fullest / (SECONDS - WARM_UP);
			fprintf(stderr, "  %27.3f %18.1f", fullest[r], table[r].moves * 60.0 / (SECONDS - WARM_UP));
		}
		fputc('\n', stderr);
		cr_expect_leq(fullest[1], fullest[0] * 1.01, "%s: adaptive is not worse than static",
			      workloads[i].name);
		if (strcmp(workloads[i].name, "transfers") == 0)
			cr_expect_leq(fullest[1], 1 + (fullest[0] - 1) / 2,
				      "what can be evened out is, by half at least");
	}
}
