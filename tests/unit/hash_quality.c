/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How good the flow hash is: evenness, chi squared, avalanche and two tiers, over a fixed list of seeds. A random seed
 * is measured beside them and printed; it fails nothing. Then what the loss of a port moves, beside other products. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bpf/frame.h"
#include "core/internal.h"
#include "xlagg/hash.h"

#define L3L4 (XLAGG_HASH_L3 | XLAGG_HASH_L4)
#define ALL (XLAGG_HASH_L2 | L3L4)
#define FLOWS 1000000
#define SEQUENTIAL 1000
#define FLIPS 1000 /* flows in which each input bit is flipped */
#define MOST_PORTS 16

static const uint32_t seeds[20] = {
    0x00000000, 0x00000001, 0x00005eed, 0x9e3779b9, 0xffffffff, 0x80000000, 0x12345678,
    0xdeadbeef, 0x61c88646, 0x7fffffff, 0x0badcafe, 0xa5a5a5a5, 0x31415926, 0x27182818,
    0x16180339, 0x00010000, 0xc0ffee00, 0x5bd1e995, 0x85ebca6b, 0x1b873593,
};
#define SEEDS (sizeof(seeds) / sizeof(seeds[0]))

/* What was measured with one seed; every figure is the worst of its kind. */
struct quality {
	double fullest;	    /* random flows: load of the fullest port over the mean */
	double sequential;  /* of 1,000 flows in a row: excess of the fullest port, in square roots of the mean */
	double chi;	    /* chi squared of random flows over the buckets */
	double least, most; /* part of the output bits that one input bit flips */
	double tiers;	    /* second tier of another seed: excess of the fullest port, in square roots of the mean */
	double tiers_the_same; /* second tier of the same seed: load of the fullest port over the mean */
};

static uint32_t hash_of(const struct frame *f, uint32_t fields, uint32_t seed)
{
	struct xlagg_hash_keys keys = xlagg_hash_keys(fields, seed);

	return xlagg_flow_hash(f->data, f->data + f->len, 0, &keys).hash;
}

static struct frame random_frame(uint64_t *state)
{
	struct frame f = {0};

	frame_macs(&f, frame_random(state), frame_random(state));
	frame_put16(&f, 0x0800);
	frame_ipv4(&f, frame_random(state), frame_random(state), 6, 0x4000, 0);
	frame_ports(&f, (uint16_t)frame_random(state), (uint16_t)frame_random(state), 0);
	return f;
}

/* Overwrites addresses and ports at random: faster than another frame. */
static void randomize(struct frame *f, uint64_t *state)
{
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t value = frame_random(state);
		memcpy(f->data + 14 + 12 + 4 * i, &value, sizeof(value));
	}
}

static void deal(struct xlagg_table *table, uint32_t ports)
{
	struct table_plan plan = {.members = ports};

	for (uint32_t i = 0; i < ports; i++)
		plan.member[i] = (struct table_member){.slot = i, .live = 1, .weight = 1};
	table_init(table);
	table_fill(table, &plan, NULL);
}

static uint32_t port_of(const struct xlagg_table *table, uint32_t hash)
{
	return table->bucket[hash % XLAGG_BUCKETS] & 0xff;
}

/* Returns the load of the fullest of the ports. */
static uint32_t fullest(const struct xlagg_table *table, const uint32_t bucket[XLAGG_BUCKETS])
{
	uint32_t load[XLAGG_MAX_PORTS] = {0}, most = 0;

	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		load[port_of(table, b)] += bucket[b];
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		most = load[i] > most ? load[i] : most;
	return most;
}

static void worst(double *ret, double value)
{
	if (value > *ret)
		*ret = value;
}

static void random_flows(struct quality *q, uint32_t seed)
{
	uint64_t state = 20260315;
	struct frame f = random_frame(&state);
	uint32_t bucket[XLAGG_BUCKETS] = {0};
	double even = (double)FLOWS / XLAGG_BUCKETS;

	for (uint32_t i = 0; i < FLOWS; i++) {
		randomize(&f, &state);
		bucket[hash_of(&f, ALL, seed) % XLAGG_BUCKETS]++;
	}
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		q->chi += (bucket[b] - even) * (bucket[b] - even) / even;
	for (uint32_t ports = 2; ports <= MOST_PORTS; ports++) {
		struct xlagg_table table;

		deal(&table, ports);
		worst(&q->fullest, fullest(&table, bucket) * (double)ports / FLOWS);
	}
}

/* Where the last octets of the fields are that count up in a row of flows: each alone, then two at a time. */
static const struct {
	const char *what;
	uint32_t at[2];
} rows[] = {
    {"source MAC", {11}},	  {"destination MAC", {5}},
    {"source address", {29}},	  {"destination address", {33}},
    {"source port", {35}},	  {"destination port", {37}},
    {"both addresses", {29, 33}}, {"source address and port", {29, 35}},
};

/* Adds i to the number of two octets that ends there. */
static void count_up(struct frame *f, uint32_t at, uint32_t i)
{
	uint32_t value = (uint32_t)(f->data[at - 1] << 8 | f->data[at]) + i;

	f->data[at - 1] = (uint8_t)(value >> 8);
	f->data[at] = (uint8_t)value;
}

static void sequential_flows(struct quality *q, uint32_t seed)
{
	for (uint32_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		uint32_t bucket[XLAGG_BUCKETS] = {0};

		for (uint32_t i = 0; i < SEQUENTIAL; i++) {
			struct frame f = frame_udp(0x0a000001, 0x0a000102, 1024, 443);
			for (uint32_t k = 0; k < 2 && rows[row].at[k]; k++)
				count_up(&f, rows[row].at[k], i);
			bucket[hash_of(&f, ALL, seed) % XLAGG_BUCKETS]++;
		}
		for (uint32_t ports = 2; ports <= MOST_PORTS; ports++) {
			double mean = (double)SEQUENTIAL / ports;
			struct xlagg_table table;

			deal(&table, ports);
			worst(&q->sequential, (fullest(&table, bucket) - mean) / sqrt(mean));
		}
	}
}

/* Octets of the frame of which every bit is an input: the MACs, the addresses and the ports, and the VLAN's id. */
static bool is_input(uint32_t bit)
{
	uint32_t octet = bit / 8;

	return octet < 12 || (octet == 14 && bit % 8 < 4) || octet == 15 || (octet >= 18 + 12 && octet < 18 + 24);
}

static void avalanche(struct quality *q, uint32_t seed)
{
	uint64_t state = 20260316;
	double flipped[(18 + 24) * 8] = {0};

	for (uint32_t i = 0; i < FLIPS; i++) {
		struct frame f = random_frame(&state);
		memmove(f.data + 16, f.data + 12, f.len - 12);
		memcpy(f.data + 12, (uint8_t[]){0x81, 0x00, (uint8_t)i, (uint8_t)(i * 7)}, 4);
		f.len += 4;
		uint32_t hash = hash_of(&f, ALL, seed);
		for (uint32_t bit = 0; bit < (18 + 24) * 8; bit++) {
			f.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			flipped[bit] += __builtin_popcount(hash ^ hash_of(&f, ALL, seed)) / 32.0 / FLIPS;
			f.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	q->least = 1;
	for (uint32_t bit = 0; bit < (18 + 24) * 8; bit++) {
		if (!is_input(bit))
			continue;
		worst(&q->most, flipped[bit]);
		q->least = flipped[bit] < q->least ? flipped[bit] : q->least;
	}
}

/* The load of the second tier's ports, by the port of the first tier that the flows came by. */
static void tier_loads(uint32_t ports, uint32_t first, uint32_t second, uint32_t load[MOST_PORTS][MOST_PORTS])
{
	uint64_t state = 20260317;
	struct frame f = random_frame(&state);
	struct xlagg_table table;

	deal(&table, ports);
	for (uint32_t i = 0; i < FLOWS / 10; i++) {
		randomize(&f, &state);
		load[port_of(&table, hash_of(&f, L3L4, first))][port_of(&table, hash_of(&f, L3L4, second))]++;
	}
}

static void two_tiers(struct quality *q, uint32_t seed)
{
	for (uint32_t ports = 2; ports <= MOST_PORTS; ports *= 2) {
		uint32_t other[MOST_PORTS][MOST_PORTS] = {0}, equal[MOST_PORTS][MOST_PORTS] = {0};

		tier_loads(ports, seed, seed + 1, other);
		tier_loads(ports, seed, seed, equal);
		for (uint32_t one = 0; one < ports; one++) {
			uint32_t sum = 0;

			for (uint32_t two = 0; two < ports; two++)
				sum += other[one][two];
			for (uint32_t two = 0; two < ports; two++) {
				double mean = (double)sum / ports;
				worst(&q->tiers, (other[one][two] - mean) / sqrt(mean));
				worst(&q->tiers_the_same, equal[one][two] / mean);
			}
		}
	}
}

/* The value that chi squared over the buckets exceeds in one of 1,000 runs of a perfect hash (Wilson and Hilferty). */
static double chi_limit(void)
{
	double degrees = XLAGG_BUCKETS - 1, part = 2 / (9 * degrees);

	return degrees * pow(1 - part + 3.0902 * sqrt(part), 3);
}

static struct quality measure(const char *what, uint32_t seed)
{
	struct quality q = {0};

	random_flows(&q, seed);
	sequential_flows(&q, seed);
	avalanche(&q, seed);
	two_tiers(&q, seed);
	printf(
	    "# hash: %s 0x%08x: fullest port %.4f, in a row +%.2f, chi squared %.0f, avalanche %.3f..%.3f, second tier "
	    "+%.2f (with the same seed %.1f times the mean)\n",
	    what, seed, q.fullest, q.sequential, q.chi, q.least, q.most, q.tiers, q.tiers_the_same);
	return q;
}

Test(hash_quality, of_every_seed)
{
	uint32_t beyond = 0, random;

	for (uint32_t i = 0; i < SEEDS; i++) {
		struct quality q = measure("seed", seeds[i]);

		cr_assert_leq(q.fullest, 1.03, "seed %#x", seeds[i]);
		cr_assert_leq(q.sequential, 5, "seed %#x", seeds[i]);
		cr_assert(q.least >= 0.45 && q.most <= 0.55, "seed %#x", seeds[i]);
		cr_assert_leq(q.tiers, 5, "seed %#x", seeds[i]);
		cr_assert_eq(q.tiers_the_same, MOST_PORTS, "equal seeds leave one port: what polarisation looks like");
		beyond += q.chi > chi_limit();
	}
	cr_assert_leq(beyond, 1, "chi squared is beyond %.0f in %u of %zu", chi_limit(), beyond, SEEDS);
	if (getrandom(&random, sizeof(random), 0) == sizeof(random))
		measure("a random seed", random);
	fflush(stdout);
}

/* How products choose a port for a flow: ports are 0 to 7, and `up` says which may be used. */
struct product {
	const char *name;
	/* Called once for each state of the ports, in order: all, one lost, all again. */
	void (*change)(uint32_t up);
	uint32_t (*choose)(const struct frame *f);
};

#define PORTS 8

static uint32_t usable[PORTS], usables; /* the ports that are up, in order */

static void list_usable(uint32_t up)
{
	usables = 0;
	for (uint32_t i = 0; i < PORTS; i++)
		if (up >> i & 1)
			usable[usables++] = i;
}

static uint32_t addresses_and_ports(const struct frame *f)
{
	uint32_t word[3];

	memcpy(word, f->data + 14 + 12, sizeof(word));
	return word[2] ^ word[0] ^ word[1];
}

/* bonding, layer3+4: ports and addresses folded by XOR, modulo the ports that are up. */
static uint32_t bonding(const struct frame *f)
{
	uint32_t hash = addresses_and_ports(f);

	hash ^= hash >> 16;
	hash ^= hash >> 8;
	return usable[(hash >> 1) % usables];
}

/* team's loadbalance: eight bits, the XOR of all octets, modulo the ports that are up. */
static uint32_t team(const struct frame *f)
{
	uint32_t hash = addresses_and_ports(f);

	hash ^= hash >> 16;
	hash ^= hash >> 8;
	return usable[(hash & 0xff) % usables];
}

/* Open vSwitch's balance-tcp: 256 buckets; one whose port is lost takes another, and keeps it until it is rebalanced.
 */
static uint32_t ovs_bucket[256];

static void ovs_change(uint32_t up)
{
	static bool begun;
	uint32_t next = 0;

	list_usable(up);
	for (uint32_t i = 0; i < 256; i++)
		if (!begun || !(up >> ovs_bucket[i] & 1))
			ovs_bucket[i] = usable[next++ % usables];
	begun = true;
}

static uint32_t ovs(const struct frame *f)
{
	return ovs_bucket[hash_of(f, L3L4, 0) % 256];
}

static struct xlagg_table our_table;

static void our_change(uint32_t up)
{
	static uint8_t home[XLAGG_BUCKETS];
	struct table_plan plan = {0};

	list_usable(up);
	if (!our_table.count) {
		table_init(&our_table);
		memset(home, XLAGG_NO_PORT, sizeof(home));
	}
	for (uint32_t i = 0; i < usables; i++)
		plan.member[plan.members++] = (struct table_member){.slot = usable[i], .live = 1, .weight = 1};
	table_fill(&our_table, &plan, home);
}

static uint32_t ours(const struct frame *f)
{
	return port_of(&our_table, hash_of(f, ALL, 0x5eed));
}

/* What the loss of a port did to the flows, each figure a part of all. */
struct loss {
	double moved;  /* flows of the lost port that moved: all of them, one in PORTS */
	double others; /* other flows that moved */
	double back;   /* of those that moved: which came back to the port they had */
	double astray; /* flows that are elsewhere than before when all ports are there again */
};

static struct loss lose_one(const struct product *product)
{
	static uint8_t at[3][FLOWS / 10];
	struct loss loss = {0};
	uint32_t lost = 3, total = FLOWS / 10, came = 0, left = 0;

	for (uint32_t step = 0; step < 3; step++) {
		uint64_t state = 20260318;
		struct frame f = random_frame(&state);

		product->change(step == 1 ? 0xff & ~(1u << lost) : 0xff);
		for (uint32_t i = 0; i < total; i++) {
			randomize(&f, &state);
			at[step][i] = (uint8_t)product->choose(&f);
		}
	}
	for (uint32_t i = 0; i < total; i++) {
		bool moved = at[0][i] != at[1][i];

		cr_assert_neq(at[1][i], lost);
		loss.moved += (moved && at[0][i] == lost) / (double)total;
		loss.others += (moved && at[0][i] != lost) / (double)total;
		loss.astray += (at[2][i] != at[0][i]) / (double)total;
		left += moved;
		came += moved && at[2][i] == at[0][i];
	}
	loss.back = left ? (double)came / left : 1;
	printf("# hash: %-28s %13.1f %% %11.1f %% %11.1f %% %11.1f %%\n", product->name, loss.moved * 100,
	       loss.others * 100, loss.back * 100, loss.astray * 100);
	return loss;
}

Test(hash_quality, loss_of_one_in_eight_ports)
{
	static const struct product products[] = {
	    {"xlagg", our_change, ours},
	    {"bonding layer3+4", list_usable, bonding},
	    {"team loadbalance", list_usable, team},
	    {"Open vSwitch balance-tcp", ovs_change, ovs},
	};
	struct loss loss[4];

	printf("# hash: %-28s %15s %13s %13s %13s\n", "one of 8 ports is lost", "its flows move", "others move",
	       "come back", "stay astray");
	for (int i = 0; i < 4; i++)
		loss[i] = lose_one(&products[i]);
	fflush(stdout);
	cr_assert(loss[0].moved > 0.12 && loss[0].moved < 0.13);
	cr_assert_eq(loss[0].others, 0);
	cr_assert_eq(loss[0].back, 1);
	cr_assert_eq(loss[0].astray, 0);
	/* the comparison compares: modulo moves most of the other flows, and a bucket that moved stays */
	cr_assert(loss[1].others > 0.7 && loss[2].others > 0.7);
	cr_assert(loss[3].others == 0 && loss[3].back < 0.5);
}
