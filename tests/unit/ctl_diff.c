/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The commands that lead from one configuration to another. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_kit.h"

#define STEPS 512

/* Follows a difference: applies each command, and writes it as words. */
struct steps {
	struct ctl_model *model;
	int count;
	int stop_at; /* refuse this one; 0: none */
	char text[STEPS][4096];
};

static int follow(void *context, const struct ctl_command *command)
{
	struct steps *steps = context;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	FILE *out;

	if (steps->stop_at && steps->count + 1 == steps->stop_at)
		return -ECANCELED;
	cr_assert_lt(steps->count, STEPS);
	out = fmemopen(steps->text[steps->count], sizeof(steps->text[0]), "w");
	ctl_print_command(out, command);
	fclose(out);
	cr_assert_eq(ctl_apply(steps->model, command, sentence), 0, "%s: %s", steps->text[steps->count], sentence);
	steps->count++;
	return 0;
}

/* The steps from one text to another; they must lead there. */
static struct steps *steps_between(const char *from, const char *to)
{
	struct ctl_model *a = kit_model(), *b = kit_model();
	struct steps *steps = calloc(1, sizeof(*steps));

	kit_run(a, from);
	kit_run(b, to);
	steps->model = kit_model();
	*steps->model = *a;
	cr_assert_eq(ctl_diff(a, b, follow, steps), 0);
	cr_assert(kit_same(steps->model, b));
	free(a);
	free(b);
	return steps;
}

static void steps_free(struct steps *steps)
{
	free(steps->model);
	free(steps);
	kit_no_leak();
}

static void expect_steps(const char *from, const char *to, int count, const char *const *expected)
{
	struct steps *steps = steps_between(from, to);

	for (int i = 0; i < count && i < steps->count; i++)
		cr_expect_str_eq(steps->text[i], expected[i]);
	cr_assert_eq(steps->count, count, "%d steps instead of %d", steps->count, count);
	steps_free(steps);
}

#define EXPECT_STEPS(from, to, ...)                                                                                    \
	do {                                                                                                           \
		static const char *const expected[] = {__VA_ARGS__};                                                   \
		expect_steps(from, to, sizeof(expected) / sizeof(expected[0]), expected);                              \
	} while (0)

#define TWO_PORTS "lagg add lagg0 min-links 1 port eth1 prio 5 port eth2 10.0.0.1/24\n"

Test(ctl_diff, nothing_to_do)
{
	expect_steps(TWO_PORTS, TWO_PORTS, 0, NULL);
	expect_steps("", "", 0, NULL);
}

Test(ctl_diff, laggs_and_addresses_are_sets)
{
	expect_steps("lagg add a\nlagg add b 10.0.0.1/24 10.0.0.2/24\n",
		     "lagg add b 10.0.0.2/24 10.0.0.1/24\nlagg add a\n", 0, NULL);
}

Test(ctl_diff, one_difference_is_one_command)
{
	EXPECT_STEPS("lagg add lagg0 mtu 1500\n", "lagg add lagg0 mtu 9000 hash l3\n",
		     "lagg set lagg0 hash l3 mtu 9000");
	EXPECT_STEPS("lagg add lagg0 mtu 1500\n", "lagg add lagg0\n", "lagg set lagg0 mtu auto");
	EXPECT_STEPS("lagg add lagg0\n", "lagg add lagg0 down\n", "lagg set lagg0 down");
	EXPECT_STEPS(TWO_PORTS, TWO_PORTS "port set lagg0 eth1 prio 32768 weight 3\n",
		     "port set lagg0 eth1 prio 32768 weight 3");
	EXPECT_STEPS(TWO_PORTS, TWO_PORTS "port add lagg0 eth3 weight 2\n", "port add lagg0 eth3 weight 2");
	EXPECT_STEPS(TWO_PORTS, TWO_PORTS "port del lagg0 eth1\n", "port del lagg0 eth1");
	EXPECT_STEPS(TWO_PORTS, TWO_PORTS "address add lagg0 10.0.0.2/24\n", "address add lagg0 10.0.0.2/24");
	EXPECT_STEPS(TWO_PORTS, TWO_PORTS "address del lagg0 10.0.0.1/24\n", "address del lagg0 10.0.0.1/24");
	EXPECT_STEPS(TWO_PORTS, "", "lagg del lagg0");
	EXPECT_STEPS("", TWO_PORTS, "lagg add lagg0 port eth1 prio 5 port eth2 10.0.0.1/24");
}

Test(ctl_diff, old_address_goes_first)
{
	EXPECT_STEPS("lagg add lagg0 10.0.0.1/24\n", "lagg add lagg0 10.0.0.2/24\n", "address del lagg0 10.0.0.1/24",
		     "address add lagg0 10.0.0.2/24");
}

Test(ctl_diff, port_moves_to_another_lagg)
{
	EXPECT_STEPS("lagg add a\nlagg add b port eth1\n", "lagg add a port eth1\nlagg add b\n", "port del b eth1",
		     "port add a eth1");
	EXPECT_STEPS("lagg add a port eth1 port eth2\n", "lagg add a port eth2\nlagg add b port eth1\n",
		     "port del a eth1", "lagg add b port eth1");
	EXPECT_STEPS("lagg add a port eth1\n", "lagg add b port eth1\n", "lagg del a", "lagg add b port eth1");
}

Test(ctl_diff, lagg_and_port_change_names)
{
	EXPECT_STEPS("lagg add x\nlagg add a\n", "lagg add a port x\n", "lagg del x", "port add a x");
	EXPECT_STEPS("lagg add a port x\n", "lagg add x\nlagg add a\n", "port del a x", "lagg add x");
}

Test(ctl_diff, device_needs_a_new_lagg)
{
	EXPECT_STEPS("lagg add lagg0 port eth1\n", "lagg add lagg0 device veth port eth1\n", "lagg del lagg0",
		     "lagg add lagg0 device veth port eth1");
}

Test(ctl_diff, order_of_ports)
{
	EXPECT_STEPS("lagg add a port p port q port r\n", "lagg add a port p port r port q\n", "port del a q",
		     "port add a q");
	/* One at a time, so that the others carry traffic meanwhile. */
	EXPECT_STEPS("lagg add a port q port r\n", "lagg add a port p prio 3 port q weight 2 port r\n",
		     "port add a p prio 3", "port del a q", "port add a q weight 2", "port del a r", "port add a r");
	EXPECT_STEPS("lagg add a port p port q\n", "lagg add a port x port q\n", "port del a p", "port add a x",
		     "port del a q", "port add a q");
}

Test(ctl_diff, numbers_change_hands)
{
	EXPECT_STEPS("lagg add a port p number 1 port q number 2\n", "lagg add a port p number 2 port q number 1\n",
		     "port set a p number auto", "port set a q number auto", "port set a p number 2",
		     "port set a q number 1");
	EXPECT_STEPS("lagg add a port p port q number 2\n", "lagg add a port p port n number 2 port q number 3\n",
		     "port set a q number auto", "port add a n number 2", "port del a q", "port add a q number 3");
}

Test(ctl_diff, min_links_waits_for_ports_when_raised)
{
	EXPECT_STEPS("lagg add a port p\n", "lagg add a min-links 2 mtu 9000 port p port q\n", "lagg set a mtu 9000",
		     "port add a q", "lagg set a min-links 2");
	EXPECT_STEPS("lagg add a min-links 2 port p port q\n", "lagg add a port p\n", "lagg set a min-links 1",
		     "port del a q");
	EXPECT_STEPS("lagg add a max-links 2 port p\n", "lagg add a min-links 3 max-links 3 port p\n",
		     "lagg set a max-links 3", "lagg set a min-links 3");
}

Test(ctl_diff, primary_waits_for_its_port)
{
	EXPECT_STEPS("lagg add a port p\n", "lagg add a primary q port p port q\n", "port add a q",
		     "lagg set a primary q");
	EXPECT_STEPS("lagg add a primary q port p port q\n", "lagg add a port p\n", "lagg set a primary auto",
		     "port del a q");
	EXPECT_STEPS("lagg add a primary p port p port q\n", "lagg add a primary q port p port q\n",
		     "lagg set a primary q");
	EXPECT_STEPS("lagg add a primary q port p port q port r\n", "lagg add a primary q port p port r port q\n",
		     "port del a q", "port add a q", "lagg set a primary q");
}

Test(ctl_diff, stops_where_the_receiver_says)
{
	struct ctl_model *from = kit_model(), *to = kit_model();
	struct steps *steps = calloc(1, sizeof(*steps));

	kit_run(to, "lagg add a\nlagg add b\nlagg add c\n");
	steps->model = kit_model();
	steps->stop_at = 2;
	cr_assert_eq(ctl_diff(from, to, follow, steps), -ECANCELED);
	cr_assert_eq(steps->count, 1);
	free(from);
	free(to);
	steps_free(steps);
}

/* What a step says in words or in a message is the step itself. */
static int check_step(void *context, const struct ctl_command *command)
{
	_Alignas(NLMSG_ALIGNTO) static uint8_t message[2][XLAGG_CTL_MAX];
	char text[8192], sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command parsed, decoded;
	FILE *out = fmemopen(text, sizeof(text), "w");
	int len = ctl_encode(command, 0, 0, message[0], sizeof(message[0]));

	ctl_print_command(out, command);
	fclose(out);
	cr_assert_eq(kit_parse(text, &parsed, sentence), 0, "%s: %s", text, sentence);
	cr_assert_eq(ctl_encode(&parsed, 0, 0, message[1], sizeof(message[1])), len, "%s", text);
	cr_assert_arr_eq(message[0], message[1], len, "%s", text);
	cr_assert_eq(ctl_decode(message[0], len, &decoded, sentence), 0, "%s: %s", text, sentence);
	cr_assert_eq(ctl_apply(context, &decoded, sentence), 0, "%s: %s", text, sentence);
	return 0;
}

static void check_between(const struct ctl_model *from, const struct ctl_model *to)
{
	struct ctl_model *model = kit_model();

	*model = *from;
	cr_assert_eq(ctl_diff(from, to, check_step, model), 0);
	cr_assert(kit_same(model, to));
	free(model);
}

Test(ctl_diff, leads_from_any_configuration_to_any_other)
{
	struct ctl_model *from = kit_model(), *to = kit_model();
	uint32_t ports = 0;

	for (uint64_t seed = 0; seed < 400; seed++) {
		uint64_t state = seed;

		kit_random_model(&state, from);
		kit_random_model(&state, to);
		check_between(from, to);
		*to = *from;
		kit_change_model(&state, to, 4);
		check_between(from, to);
		for (uint32_t i = 0; i < to->laggs; i++)
			ports += to->lagg[i].ports;
	}
	cr_assert_gt(ports, 1000, "the random configurations are too small to show anything");
	free(from);
	free(to);
	kit_no_leak();
}
