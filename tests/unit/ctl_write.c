/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What save prints: readable, in full words, and read again as what it was. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_kit.h"

static char *print_model(const struct ctl_model *model)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	ctl_print_model(out, model);
	cr_assert_eq(ctl_end_text(out, &text), 0);
	return text;
}

Test(ctl_write, text_for_which_there_was_no_memory)
{
	char room[2], *text = NULL;
	FILE *out = fmemopen(room, sizeof(room), "w");

	cr_assert_eq(ctl_end_text(out, &text), -ENOMEM, "closed without an error, but there is no text");
	text = strdup("the beginning");
	out = fmemopen(room, sizeof(room), "w");
	setbuf(out, NULL);
	fputs("more than there is room for", out);
	cr_assert_eq(ctl_end_text(out, &text), -ENOMEM);
	cr_assert_null(text);
}

Test(ctl_write, layout)
{
	struct ctl_model *model = kit_model();
	char *text;

	kit_run(model, "lagg add lagg0 laggproto lacp laggport eth1 pri 100 laggport eth2 10.0.0.1/24 2001:DB8::1/64 "
		       "lagghash l4,l3\n"
		       "lagg add lagg1 mtu auto proto failover port eth3 weight 1\n"
		       "lagg add lagg2 down\n");
	text = print_model(model);
	cr_assert_str_eq(text, "lagg add lagg0 proto lacp hash l3,l4 \\\n"
			       "    port eth1 prio 100 \\\n"
			       "    port eth2 \\\n"
			       "    10.0.0.1/24 \\\n"
			       "    2001:db8::1/64\n"
			       "lagg add lagg1 \\\n"
			       "    port eth3\n"
			       "lagg add lagg2 down\n");
	free(text);
	free(model);
	kit_no_leak();
}

Test(ctl_write, names_are_quoted_where_needed)
{
	struct ctl_model *model = kit_model(), *again = kit_model();
	char *text;

	kit_run(model,
		"lagg add 'a;b' mac from '#x' primary \"it's\" port \"it's\" port 'a\\b' port '$(x)' port eth0.5\n");
	text = print_model(model);
	cr_assert_str_eq(text, "lagg add 'a;b' primary 'it'\\''s' mac from '#x' \\\n"
			       "    port 'it'\\''s' \\\n"
			       "    port 'a\\b' \\\n"
			       "    port '$(x)' \\\n"
			       "    port eth0.5\n");
	kit_run(again, text);
	cr_assert(kit_same(model, again));
	free(text);
	free(model);
	free(again);
	kit_no_leak();
}

Test(ctl_write, any_configuration_is_read_again)
{
	struct ctl_model *model = kit_model(), *again = kit_model();
	uint32_t laggs = 0;

	for (uint64_t state = 21, round = 0; round < 300; round++) {
		char *text;

		kit_random_model(&state, model);
		text = print_model(model);
		again->laggs = 0;
		kit_run(again, text);
		cr_assert(kit_same(model, again), "%s", text);
		free(text);
		laggs += model->laggs;
	}
	cr_assert_gt(laggs, 300, "the random configurations are too small to show anything");
	free(model);
	free(again);
	kit_no_leak();
}

Test(ctl_write, commands_without_words_print_nothing)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_COMMIT};
	char text[16] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	ctl_print_command(out, &command);
	command.cmd = 0;
	ctl_print_command(out, &command);
	fclose(out);
	cr_assert_str_eq(text, "");
}
