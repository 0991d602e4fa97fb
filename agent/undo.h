/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What an agent that dies in the middle of a transaction leaves to the next one, and how that goes back: the notes in
 * the records of the laggs that change and, where that is more than one lagg, the journal of the transaction. */
#ifndef AGENT_UNDO_H
#define AGENT_UNDO_H

#include "agent.h"

/* Before the first step of a transaction: notes what the laggs are that are not as in `to`. Returns 0, or -errno with a
 * sentence and in *failed the lagg that cannot be changed. */
int undo_begin(struct agent *agent, struct ctl_model *to, const char **failed, char sentence[XLAGG_SENTENCE_MAX]);
/* After the last step: where all records are as the laggs are, from here on there is no way back. */
void undo_end(struct agent *agent);
/* Tries again to remove a journal that undo_end() could not or must not remove. */
void undo_retry(struct agent *agent);

/* The next agent. Finds the journal of a transaction that was not over, agent->undo: NULL where there is none. One that
 * cannot be read is dropped with a line in the log. Returns 0, or -errno where it cannot be seen whether there is one.
 */
int undo_read(struct agent *agent);
/* Makes a record that was found what it was before the transaction: `name` is that of its folder. Returns whether the
 * lagg was about to be removed: then it is made again if it cannot be adopted. */
bool undo_record(struct agent *agent, const char *name, struct xlagg_saved *saved);
/* Returns the configuration of the next lagg that the transaction removed and that undo_record() has not found, from
 * number *at on; false where there is no more. */
bool undo_missing(struct agent *agent, uint32_t *at, struct xlagg_model *ret);
/* When all laggs are as they were: the waiting ones are as well, and the journal goes. */
void undo_over(struct agent *agent);

#endif
