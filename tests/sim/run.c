/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * run [-n SCENARIOS] [-s FIRST-SEED] [-j JOBS] [-t FILE]   runs them, result as TAP
 * run -f FAMILY ...                                        only scenarios of that family, by its number in the TAP
 * run --soak [-s FIRST-SEED] [-j JOBS]                     runs until stopped or until an invariant is broken
 * run SEED                                                 replays one, with everything that happens
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/sim.h"

#define JOBS_MAX 64

/* What the workers found, in shared memory. */
struct results {
	struct family {
		uint64_t scenarios, steps, broken; /* broken: one of the invariants was */
		uint64_t repeated, unlike;	   /* scenarios that ran a second time; those that differed then */
		uint64_t bad_seed;		   /* seed of the first that was broken or unlike */
		char what[512];
	} family[SIM_FAMILIES];
} __attribute__((aligned(64)));

static uint32_t only; /* the number of the only family that runs, from 1 on; 0: all do */

static bool runs(uint32_t family)
{
	return !only || family == only - 1;
}

static void run_one(struct sim *sim, uint64_t seed, struct family *family)
{
	uint64_t fingerprint;

	sim_scenario(sim, seed, false);
	family->scenarios++;
	family->steps += sim->steps;
	if (sim->broken && !family->broken++) {
		family->bad_seed = seed;
		snprintf(family->what, sizeof(family->what), "%s", sim->what);
	}
	if (seed / SIM_FAMILIES % 100)
		return;
	fingerprint = sim->fingerprint; /* one in a hundred runs twice */
	sim_scenario(sim, seed, false);
	family->repeated++;
	if (sim->fingerprint != fingerprint && !family->unlike++ && !family->broken) {
		family->bad_seed = seed;
		snprintf(family->what, sizeof(family->what), "a second run of the same seed differs");
	}
}

static void work(struct results *results, uint64_t first, uint64_t count, uint32_t jobs, bool soak)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		exit(2);
	for (uint64_t i = 0; soak || i < count; i += jobs) {
		struct family *family = &results->family[sim_family(first + i)];

		if (!runs(sim_family(first + i)))
			continue;
		run_one(sim, first + i, family);
		if (soak && (family->broken || family->unlike)) {
			printf("seed %" PRIu64 ": %s\n", first + i, family->what);
			exit(1);
		}
		if (soak && i / jobs % 10000 == 0)
			printf("%" PRIu64 " scenarios\n", i);
	}
	sim_free(sim);
	free(sim);
}

/* Adds up what all workers found in a family. */
static struct family sum_of(const struct results *results, uint32_t jobs, uint32_t f)
{
	struct family sum = {0};

	for (uint32_t j = 0; j < jobs; j++) {
		const struct family *one = &results[j].family[f];

		sum.scenarios += one->scenarios;
		sum.steps += one->steps;
		sum.broken += one->broken;
		sum.repeated += one->repeated;
		sum.unlike += one->unlike;
		if ((one->broken || one->unlike) && (!sum.what[0] || one->bad_seed < sum.bad_seed)) {
			sum.bad_seed = one->bad_seed;
			memcpy(sum.what, one->what, sizeof(sum.what));
		}
	}
	return sum;
}

/* Reports the results as TAP and returns whether all is well. A family of which no scenario ran has failed. */
static bool report(FILE *out, const struct results *results, uint32_t jobs, const char *self)
{
	uint64_t repeated = 0, unlike = 0;
	bool good = true;

	fprintf(out, "1..%u\n", only ? 2 : SIM_FAMILIES + 1);
	for (uint32_t f = 0; f < SIM_FAMILIES; f++) {
		if (!runs(f))
			continue;
		struct family sum = sum_of(results, jobs, f);
		bool ok = sum.scenarios && !sum.broken;

		good &= ok;
		repeated += sum.repeated;
		unlike += sum.unlike;
		fprintf(out, "%sok %u - %s: %" PRIu64 " scenarios, %" PRIu64 " steps\n", ok ? "" : "not ", f + 1,
			sim_family_name[f], sum.scenarios, sum.steps);
		if (sum.what[0])
			fprintf(out, "# %" PRIu64 " broken; seed %" PRIu64 ": %s; replay: %s %" PRIu64 "\n", sum.broken,
				sum.bad_seed, sum.what, self, sum.bad_seed);
	}
	good &= repeated && !unlike;
	fprintf(out, "%sok %u - the same seed gives the same run: %" PRIu64 " seeds twice\n",
		repeated && !unlike ? "" : "not ", SIM_FAMILIES + 1, repeated);
	return good;
}

static int run_many(uint64_t first, uint64_t count, uint32_t jobs, bool soak, const char *tap, const char *self)
{
	struct results *results =
	    mmap(NULL, jobs * sizeof(*results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool died = false, good;
	FILE *out;

	if (results == MAP_FAILED)
		return 2;
	for (uint32_t j = 0; j < jobs; j++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid)
			continue;
		work(&results[j], first + j, count > j ? count - j : 0, jobs, soak);
		exit(0);
	}
	for (int status; wait(&status) > 0;)
		died |= status != 0;
	good = report(stdout, results, jobs, self);
	out = tap ? fopen(tap, "w") : NULL;
	if (tap && !out) {
		fprintf(stderr, "%s: %s\n", tap, strerror(errno));
		return 2;
	}
	if (out) {
		report(out, results, jobs, self);
		if (died)
			fprintf(out, "not ok %u - a worker died\n", SIM_FAMILIES + 2);
		fclose(out);
	}
	if (died)
		printf("a worker died\n");
	return !good || died;
}

static int replay(uint64_t seed)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	bool broken;

	if (!sim)
		return 2;
	sim_scenario(sim, seed, true);
	broken = sim->broken;
	printf("%s, fingerprint %016" PRIx64 "\n", broken ? sim->what : "every invariant held", sim->fingerprint);
	sim_free(sim);
	free(sim);
	return broken;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, count = 100000;
	uint32_t jobs = 2;
	bool soak = argc > 1 && strcmp(argv[1], "--soak") == 0;
	const char *tap = NULL;
	int option;

	if (soak) {
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	while ((option = getopt(argc, argv, "n:s:j:t:f:")) != -1) {
		switch (option) {
		case 'n':
			count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			first = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			jobs = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 't':
			tap = optarg;
			break;
		case 'f':
			only = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (optind < argc)
		return replay(strtoull(argv[optind], NULL, 0));
	if (!jobs || jobs > JOBS_MAX || only > SIM_FAMILIES)
		return 2;
	count *= only ? SIM_FAMILIES : 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run_many(first, count, jobs, soak, tap, argv[0]);
}
