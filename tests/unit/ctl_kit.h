/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the tests of the control language share: commands from text, and random configurations. */
#ifndef UNIT_CTL_KIT_H
#define UNIT_CTL_KIT_H

#include <criterion/criterion.h>

#include "ctl/ctl.h"

/* Parses one line of words; gives what ctl_parse gave. */
int kit_parse(const char *line, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Parses and applies one line; gives 0 or the error of whoever refused it. */
int kit_apply(struct ctl_model *model, const char *line, char sentence[XLAGG_SENTENCE_MAX]);
/* Parses and applies a text of many lines, each of which must be accepted. */
void kit_run(struct ctl_model *model, const char *text);
/* An empty configuration, and its end. */
struct ctl_model *kit_model(void);
/* Both say the same; laggs and addresses in any order. */
bool kit_same(const struct ctl_model *a, const struct ctl_model *b);

/* Pseudo-random numbers, the same on every run. */
uint32_t kit_random(uint64_t *state);
/* A valid configuration of a few laggs, whose names, ports and values come from small sets, so that two of them have
 * much in common. */
void kit_random_model(uint64_t *state, struct ctl_model *ret);
/* Changes it a little: random commands, of which those that are refused change nothing. */
void kit_change_model(uint64_t *state, struct ctl_model *model, int commands);
/* Any value that the option takes. */
void kit_random_value(uint64_t *state, const struct xlagg_option *option, void *conf);

/* To be the last words of a test that allocates: Criterion does not fail a test for a leak. */
void kit_no_leak(void);

#endif
