/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The way back from the middle of a transaction, for the agent after one that died there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/change.h"
#include "lagg/journal.h"
#include "lagg/record.h"
#include "laggs.h"
#include "later.h"
#include "undo.h"

/* --- before the transaction --- */

/* What a transaction does to the laggs. */
struct deeds {
	uint32_t laggs; /* that it does something to */
	bool only_removes;
	bool anew; /* one is removed and made again */
};

static bool goes(const struct lagg *lagg, const struct xlagg_model *to)
{
	return !to || lagg_must_be_made_anew(lagg, to);
}

static bool comes(const struct agent *agent, const struct xlagg_model *to)
{
	const struct lagg *lagg = laggs_find(agent, to->name);
	const struct later *later = later_find(agent, to->name);
	if (lagg)
		return lagg_must_be_made_anew(lagg, to);
	return !later || later->now || !ctl_same_lagg(&later->model, to);
}

static struct deeds find_deeds(struct agent *agent, struct ctl_model *to)
{
	struct deeds ret = {.only_removes = true};
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		bool differs = model && !ctl_same_lagg(&agent->lagg[i]->model, model);
		ret.laggs += !model || differs;
		ret.only_removes &= !differs;
	}
	for (uint32_t i = 0; i < to->laggs; i++) {
		if (!comes(agent, &to->lagg[i]))
			continue;
		bool runs = laggs_find(agent, to->lagg[i].name);
		ret.laggs += !runs;
		ret.anew |= runs;
		ret.only_removes = false;
	}
	for (const struct later *at = agent->later; at; at = at->next)
		ret.laggs += !ctl_find(to, at->model.name);
	return ret;
}

static int add_lagg(struct journal *journal, struct lagg *lagg, bool leaves)
{
	const struct xlagg_saved *saved = &lagg->saved;
	struct xlagg_journal_entry head = {
	    .kind = leaves ? XLAGG_JOURNAL_LEAVES : XLAGG_JOURNAL_CHANGES,
	    .message_len = saved->message_len,
	    .ifindex = (uint32_t)lagg->ifindex,
	    .lower_ifindex = (uint32_t)lagg->lower_ifindex,
	    .mtu = saved->mtu,
	    .active = saved->active,
	    .adding = saved->adding,
	    .taken = saved->bond.taken != 0,
	};
	memcpy(head.name, lagg->model.name, sizeof(head.name));
	memcpy(head.mac, saved->bond.mac, sizeof(head.mac));
	return journal_add(journal, &head, saved->message);
}

static int add_coming(struct journal *journal, const struct xlagg_model *model)
{
	struct xlagg_journal_entry head = {.kind = XLAGG_JOURNAL_COMES};
	memcpy(head.name, model->name, sizeof(head.name));
	return journal_add(journal, &head, NULL);
}

static int add_waiting(struct journal *journal, const struct xlagg_model *model)
{
	struct xlagg_journal_entry head = {.kind = XLAGG_JOURNAL_WAITS, .taken = 1};
	memcpy(head.name, model->name, sizeof(head.name));
	uint8_t *message = malloc(XLAGG_SAVED_MAX);
	int r = message ? record_encode(model, message) : -ENOMEM;
	head.message_len = r < 0 ? 0 : (uint32_t)r;
	if (r >= 0)
		r = journal_add(journal, &head, message);
	free(message);
	return r;
}

/* The laggs that stay as they are have no entry. */
static int fill(struct agent *agent, struct ctl_model *to, struct journal *journal)
{
	int r = 0;
	for (uint32_t i = 0; i < agent->laggs && r == 0; i++) {
		struct lagg *lagg = agent->lagg[i];
		const struct xlagg_model *model = ctl_find(to, lagg->model.name);
		bool leaves = goes(lagg, model);
		if (leaves)
			r = record_note(lagg, &lagg->model);
		if (r == 0 && (leaves || !ctl_same_lagg(&lagg->model, model)))
			r = add_lagg(journal, lagg, leaves);
	}
	for (uint32_t i = 0; i < to->laggs && r == 0; i++)
		if (comes(agent, &to->lagg[i]))
			r = add_coming(journal, &to->lagg[i]);
	for (const struct later *at = agent->later; at && r == 0; at = at->next)
		r = add_waiting(journal, &at->model);
	return r;
}

static int write_journal(struct agent *agent, struct ctl_model *to)
{
	__attribute__((cleanup(journal_clear))) struct journal journal = {0};
	int r = fill(agent, to, &journal);
	if (r < 0 || !journal.len)
		return r;
	journal.octets->netns = agent->host.netns;
	return datapath_journal_write(agent->host.pins, journal.octets, journal.len);
}

/* Removing is not refused for want of a way back: who removes may be short of memory. */
static int begin_journal(struct agent *agent, struct ctl_model *to, const struct deeds *deeds,
			 char sentence[XLAGG_SENTENCE_MAX])
{
	int r = write_journal(agent, to);
	agent->journal |= r == 0;
	if (r == 0)
		return 0;
	if (!deeds->only_removes)
		return ctl_refuse(sentence, r,
				  "what the laggs are now cannot be recorded in %.60s for the next agent: %s",
				  agent->host.pins, strerror(-r));
	log_warning("what the laggs were cannot be recorded in %s (%s): if the agent ends now, some are removed and "
		    "others not",
		    agent->host.pins, strerror(-r));
	return 0;
}

static int note_changes(struct agent *agent, struct ctl_model *to, const char **failed,
			char sentence[XLAGG_SENTENCE_MAX])
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		const struct xlagg_model *model = ctl_find(to, lagg->model.name);
		if (goes(lagg, model) || ctl_same_lagg(&lagg->model, model))
			continue;
		int r = record_note_change(lagg, model);
		if (r == 0)
			continue;
		*failed = model->name;
		return ctl_refuse(sentence, r, "%s: what is to change cannot be recorded for the next agent: %s",
				  model->name, strerror(-r));
	}
	return 0;
}

/* One lagg that is only changed, made or removed needs no journal: the note is in its record, an unfinished one has no
 * configuration there, and of one that is half removed the record says what is missing. */
int undo_begin(struct agent *agent, struct ctl_model *to, const char **failed, char sentence[XLAGG_SENTENCE_MAX])
{
	struct deeds deeds = find_deeds(agent, to);
	int r = note_changes(agent, to, failed, sentence);
	return r == 0 && (deeds.laggs > 1 || deeds.anew) ? begin_journal(agent, to, &deeds, sentence) : r;
}

static int remove_journal(struct agent *agent)
{
	int r = datapath_journal_remove(agent->host.pins);
	if (r < 0)
		r = datapath_journal_remove(agent->host.pins);
	agent->journal = r < 0;
	return r;
}

static void end_journal(struct agent *agent)
{
	int r = remove_journal(agent);
	if (r < 0)
		log_error(
		    "the journal of the change cannot be removed from %s, which is tried again; until then an agent "
		    "that starts goes back: %s",
		    agent->host.pins, strerror(-r));
}

/* While the record of one lagg says what it was, the next agent would change that one back: it has to change all. */
static bool may_end(const struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->unsaved)
			return false;
	return agent->journal;
}

void undo_end(struct agent *agent)
{
	if (may_end(agent))
		end_journal(agent);
}

void undo_retry(struct agent *agent)
{
	if (may_end(agent) && remove_journal(agent) == 0)
		log_info("the journal of the change is now removed");
}

/* --- the next agent --- */

static int read_journal(struct agent *agent, struct journal **ret)
{
	struct xlagg_journal *octets = NULL;
	int r = datapath_journal_read(agent->host.pins, &octets);
	return r < 0 ? r : journal_parse(octets, ret);
}

static void drop(struct agent *agent, const char *why)
{
	log_warning("the journal of a change in whose middle the agent ended is not used: %s", why);
	remove_journal(agent);
}

int undo_read(struct agent *agent)
{
	struct journal *journal = NULL;
	int r = read_journal(agent, &journal);
	if (r == -EPROTO || r == -EPROTONOSUPPORT) {
		drop(agent, r == -EPROTO ? "it is damaged" : "it is of another version");
		return 0;
	}
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	uint64_t netns = journal->octets->netns;
	if (netns && agent->host.netns && netns != agent->host.netns) {
		drop(agent, "it belongs to a network namespace that is gone");
		journal_free(journal);
		return 0;
	}
	log_info("the agent ended in the middle of a change of %u laggs, which is undone", journal->entries);
	agent->undo = journal;
	return 0;
}

/* Whether the lagg of that record is the one that the entry is about, and not one that was made anew. */
static bool is_of(const struct xlagg_journal_entry *head, const struct xlagg_saved *saved)
{
	bool ran = head->kind == XLAGG_JOURNAL_CHANGES || head->kind == XLAGG_JOURNAL_LEAVES;
	return ran && head->lower_ifindex && head->ifindex == saved->ifindex &&
	       head->lower_ifindex == saved->lower_ifindex;
}

/* Whether the lagg of that record is as it was: an agent that died as well while it went back has made it again. */
static bool is_again(const struct journal_entry *entry, const char *name, const struct xlagg_saved *saved)
{
	return entry->head.kind == XLAGG_JOURNAL_LEAVES && strcmp(entry->head.name, name) == 0 &&
	       saved->message_len == entry->head.message_len &&
	       memcmp(saved->message, entry->message, saved->message_len) == 0;
}

/* Finds what the lagg of that record was. */
static struct journal_entry *find_entry(struct journal *journal, const char *name, const struct xlagg_saved *saved)
{
	for (uint32_t i = 0; i < journal->entries; i++)
		if (is_of(&journal->entry[i].head, saved) || is_again(&journal->entry[i], name, saved))
			return &journal->entry[i];
	return NULL;
}

static bool came(const struct journal *journal, const char *name)
{
	for (uint32_t i = 0; i < journal->entries; i++)
		if (journal->entry[i].head.kind != XLAGG_JOURNAL_CHANGES &&
		    strcmp(journal->entry[i].head.name, name) == 0)
			return true;
	return false;
}

bool undo_record(struct agent *agent, const char *name, struct xlagg_saved *saved)
{
	if (!agent->undo)
		return false;
	struct journal_entry *entry = find_entry(agent->undo, name, saved);
	if (entry) {
		entry->found = true;
		record_go_back(saved, entry);
		return entry->head.kind == XLAGG_JOURNAL_LEAVES;
	}
	/* Without a configuration it is one that was being made. */
	if (came(agent->undo, name))
		saved->message_len = 0;
	return false;
}

static int decode(const struct journal_entry *entry, struct xlagg_model *ret)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	struct xlagg_saved *saved = calloc(1, sizeof(*saved));
	int r = saved ? 0 : -ENOMEM;
	if (r == 0) {
		record_go_back(saved, entry);
		r = record_decode(saved, ret, why);
	}
	if (r < 0)
		log_about(LOG_LEVEL_ERROR, entry->head.name, NULL, "what it was cannot be read from the journal: %s",
			  why[0] ? why : strerror(-r));
	free(saved);
	return r;
}

bool undo_missing(struct agent *agent, uint32_t *at, struct xlagg_model *ret)
{
	const struct journal *journal = agent->undo;
	for (; journal && *at < journal->entries; ++*at) {
		const struct journal_entry *entry = &journal->entry[*at];
		if (entry->head.kind != XLAGG_JOURNAL_LEAVES || entry->found || decode(entry, ret) < 0)
			continue;
		++*at;
		return true;
	}
	return false;
}

/* Those that came are gone, and those that were are back. */
static void settle_waiting(struct agent *agent, const struct journal *journal)
{
	struct xlagg_model model;
	later_load(agent);
	for (uint32_t i = 0; i < journal->entries; i++)
		if (journal->entry[i].head.kind == XLAGG_JOURNAL_COMES)
			later_drop(agent, journal->entry[i].head.name);
	for (uint32_t i = 0; i < journal->entries; i++)
		if (journal->entry[i].head.kind == XLAGG_JOURNAL_WAITS && decode(&journal->entry[i], &model) == 0 &&
		    !laggs_find(agent, model.name))
			later_add(agent, &model, "");
}

void undo_over(struct agent *agent)
{
	if (!agent->undo)
		return;
	settle_waiting(agent, agent->undo);
	agent->journal = true;
	undo_end(agent);
	journal_free(agent->undo);
	agent->undo = NULL;
}
