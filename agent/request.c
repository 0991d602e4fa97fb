/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One message of a client: read, checked, carried out and answered. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "audit.h"
#include "capture.h"
#include "file.h"
#include "laggs.h"
#include "progress.h"
#include "request.h"
#include "status.h"
#include "take.h"
#include "transaction.h"

#define MAX_TRANSACTION 4096  /* commands */
#define MAX_UNREAD (64 << 10) /* octets: whoever has more unread answers gets no list of all laggs beside them */

/* Answers with NLMSG_ERROR and the request's header; r 0 means done, perhaps with a warning. Returns false if the
 * client is gone or does not read. */
static bool answer(struct client *client, const struct nlmsghdr *request, uint32_t seq, int r, const char *sentence)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = request->nlmsg_seq;
	struct nlmsgerr *body = mnl_nlmsg_put_extra_header(nlh, sizeof(*body));
	body->error = r;
	body->msg = *request;
	body->msg.nlmsg_seq = seq;
	if (sentence[0])
		mnl_attr_put_strz(nlh, r ? XLAGG_A_ERROR : XLAGG_A_WARNING, sentence);
	return client_send(client, buffer, nlh->nlmsg_len);
}

static bool send_done(struct client *client, const struct nlmsghdr *request)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return client_send(client, buffer, nlh->nlmsg_len);
}

static struct nlmsghdr *start_reply(struct client *client, const struct nlmsghdr *request, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(client->agent->server->reply);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return nlh;
}

static bool no_such_lagg(struct client *client, const struct nlmsghdr *request, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX];
	if (later_find(client->agent, name))
		snprintf(sentence, sizeof(sentence), "%s waits for its bond: see xlagg lagg show", name);
	else
		snprintf(sentence, sizeof(sentence), "there is no lagg %s: see xlagg lagg show", name);
	return answer(client, request, request->nlmsg_seq, -ENODEV, sentence);
}

/* --- queries, which ctl_decode_query() has checked --- */

static bool send_waiting(struct client *client, const struct nlmsghdr *request, const char *name)
{
	for (const struct later *later = client->agent->later; later; later = later->next) {
		if (name[0] && strcmp(name, later->model.name) != 0)
			continue;
		struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_LAGG);
		status_waiting(later, nlh);
		if (!client_send(client, nlh, nlh->nlmsg_len))
			return false;
	}
	return true;
}

/* Those that wait for their bonds come last. */
static bool get_laggs(struct client *client, const struct nlmsghdr *request, const char *name)
{
	struct agent *agent = client->agent;
	if (name[0] && !laggs_find(agent, name) && !later_find(agent, name))
		return no_such_lagg(client, request, name);
	if (client_unread(client) > MAX_UNREAD)
		return false;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		if (name[0] && strcmp(name, lagg->model.name) != 0)
			continue;
		struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_LAGG);
		status_lagg(lagg, capture_by(client->agent, lagg), nlh);
		if (!client_send(client, nlh, nlh->nlmsg_len))
			return false;
	}
	return send_waiting(client, request, name) && send_done(client, request);
}

static bool get_agent(struct client *client, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_AGENT);
	status_agent(client->agent, nlh);
	return client_send(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

static const char *name_of_slot(const struct lagg *lagg, uint32_t slot)
{
	return slot < XLAGG_MAX_PORTS && lagg->port[slot].used ? lagg->port[slot].name : "";
}

static bool explain(struct client *client, const struct nlmsghdr *request, const struct ctl_query *query)
{
	struct lagg *lagg = laggs_find(client->agent, query->name);
	struct xlagg_explanation found;
	if (!lagg)
		return no_such_lagg(client, request, query->name);
	int r = datapath_explain(lagg->dp, query->frame, query->frame_len, query->moves, &found);
	if (r < 0)
		return answer(client, request, request->nlmsg_seq, r,
			      "the kernel does not run the program that explains");
	uint16_t entry = core_output(lagg->core)->table.bucket[found.bucket % XLAGG_BUCKETS];
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_EXPLAIN);
	mnl_attr_put(nlh, XLAGG_A_EXPLANATION, sizeof(found), &found);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, name_of_slot(lagg, found.slot));
	mnl_attr_put_strz(nlh, XLAGG_A_BUCKET_PORT, name_of_slot(lagg, entry & 0xff));
	mnl_attr_put_strz(nlh, XLAGG_A_BUCKET_BACKUP, name_of_slot(lagg, entry >> 8));
	mnl_attr_put_u32(nlh, XLAGG_A_BUCKET_MOVES, core_bucket_moves(lagg->core, found.bucket));
	return client_send(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

static bool get_name(struct client *client, const struct nlmsghdr *request, const char *word)
{
	char name[XLAGG_NAME_MAX];
	transaction_find_name(client->agent, word, name);
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_NAME);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, name);
	return client_send(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

/* It changes no configuration, but it shows what others send and receive. */
static bool capture(struct client *client, const struct nlmsghdr *request, const struct ctl_query *query)
{
	struct datapath_capture maps;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (!client->may_change)
		return answer(client, request, request->nlmsg_seq, -EPERM,
			      "only root and the group xlagg-admin may capture");
	int r = capture_start(client, query, &maps, sentence);
	if (r < 0)
		return answer(client, request, request->nlmsg_seq, r, sentence);
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_CAPTURE);
	mnl_attr_put_u32(nlh, XLAGG_A_RING, XLAGG_CAPTURE_RING);
	return client_pass(client, nlh, nlh->nlmsg_len, (const int[]){maps.ring, maps.state}, 2) &&
	       send_done(client, request);
}

void request_end(struct client *client, int r, const char *sentence)
{
	static const struct nlmsghdr nothing;
	answer(client, &nothing, 0, r, sentence);
}

/* --- changing commands --- */

/* Adds a command to the client's transaction. Returns 0, -E2BIG or -ENOMEM. */
static int queue(struct client *client, const struct ctl_command *command, uint32_t seq)
{
	if (client->pendings == MAX_TRANSACTION)
		return -E2BIG;
	if (!(client->pendings & (client->pendings - 1)) || !client->pending) {
		uint32_t size = client->pendings ? client->pendings * 2 : 1;
		void *bigger = realloc(client->pending, size * sizeof(*client->pending));
		if (!bigger)
			return -ENOMEM;
		client->pending = bigger;
		bigger = realloc(client->pending_seq, size * sizeof(*client->pending_seq));
		if (!bigger)
			return -ENOMEM;
		client->pending_seq = bigger;
	}
	client->pending[client->pendings] = *command;
	client->pending_seq[client->pendings++] = seq;
	return 0;
}

static bool commit(struct client *client, const struct nlmsghdr *request, bool check)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed = 0, seq = request->nlmsg_seq;
	int r = client->refusal;
	if (r < 0) {
		snprintf(sentence, sizeof(sentence), "%s", client->refused);
		seq = client->refused_seq;
	} else {
		r = transaction_run(client->agent, client->pending, client->pendings, check, &failed, sentence);
		if (r < 0 && failed < client->pendings)
			seq = client->pending_seq[failed];
		if (!check)
			audit(client, client->pending, client->pendings, r);
	}
	client->pendings = 0;
	client->refusal = 0;
	return answer(client, request, seq, r, r < 0 ? sentence : client->agent->host.warning);
}

/* Within a transaction only the commit is answered, so the refusal is kept until then. */
bool request_refuse(struct client *client, const struct nlmsghdr *request, int r, const char *sentence)
{
	if (!(request->nlmsg_flags & NLM_F_MULTI))
		return answer(client, request, request->nlmsg_seq, r, sentence);
	if (!client->refusal) {
		client->refusal = r;
		client->refused_seq = request->nlmsg_seq;
		snprintf(client->refused, sizeof(client->refused), "%s", sentence);
	}
	return true;
}

/* --- take ... check --- */

/* The command that says everything, as `save` prints it; NULL: no memory. To be freed by the caller. */
static char *words_of(const struct ctl_command *command)
{
	struct ctl_model *one = calloc(1, sizeof(*one));
	char *text = NULL;
	size_t size;
	FILE *out = one && ctl_apply(one, command, NULL) == 0 ? open_memstream(&text, &size) : NULL;
	if (out) {
		ctl_print_lagg(out, &one->lagg[0]);
		ctl_end_text(out, &text);
	}
	free(one);
	return text;
}

static bool reply_take(struct client *client, const struct nlmsghdr *request, const struct ctl_command *command,
		       const struct take_notes *notes)
{
	char *words = words_of(command);
	if (!words)
		return answer(client, request, request->nlmsg_seq, -ENOMEM, "the agent has no memory for the answer");
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_TAKE);
	mnl_attr_put_strz(nlh, XLAGG_A_COMMAND, words);
	for (uint32_t i = 0; i < notes->count; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_NOTE, notes->text[i]);
	free(words);
	return client_send(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

static bool check_take(struct client *client, const struct nlmsghdr *request, struct ctl_command *command)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct take_notes notes = {0};
	uint32_t failed;
	int r = take_fill(client->agent, command, &notes, sentence);
	if (r == 0)
		r = transaction_run(client->agent, command, 1, true, &failed, sentence);
	return r < 0 ? answer(client, request, request->nlmsg_seq, r, sentence)
		     : reply_take(client, request, command, &notes);
}

static bool carry_out(struct client *client, const struct nlmsghdr *request, struct ctl_command *command)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed;
	int r = 0;
	if (command->cmd == XLAGG_CMD_COMMIT)
		return commit(client, request, command->check);
	if (command->cmd == XLAGG_CMD_LAGG_TAKE && command->check)
		return check_take(client, request, command);
	if (command->cmd != XLAGG_CMD_RELOAD && request->nlmsg_flags & NLM_F_MULTI) {
		r = queue(client, command, request->nlmsg_seq);
		return r < 0
			   ? request_refuse(client, request, r, "the transaction has more than 4096 commands: split it")
			   : true;
	}
	if (command->cmd == XLAGG_CMD_RELOAD)
		r = file_reload(client->agent, sentence);
	else
		r = transaction_run(client->agent, command, 1, false, &failed, sentence);
	audit(client, command, 1, r);
	return answer(client, request, request->nlmsg_seq, r, r < 0 ? sentence : client->agent->host.warning);
}

static bool change(struct client *client, const struct nlmsghdr *request, struct ctl_command *command)
{
	progress_begin(client, request);
	bool alive = carry_out(client, request, command);
	progress_end(client->agent);
	return alive;
}

bool request_handle(struct client *client, const void *message, size_t len)
{
	static const struct nlmsghdr nothing;
	const struct nlmsghdr *request = message;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_query query;
	struct ctl_command *command;
	if (len < sizeof(*request) || request->nlmsg_len != len)
		return answer(client, &nothing, 0, -EBADMSG, "this message is truncated");
	if (client->refused_all) {
		answer(client, request, request->nlmsg_seq, -EUSERS,
		       "the agent has as many clients as it can serve: end one of them, for example a monitor");
		return false;
	}
	int r = ctl_decode_query(message, len, &query, sentence);
	if (r == 0) {
		switch (request->nlmsg_type) {
		case XLAGG_CMD_LAGG_GET:
			return get_laggs(client, request, query.name);
		case XLAGG_CMD_AGENT_GET:
			return get_agent(client, request);
		case XLAGG_CMD_EXPLAIN:
			return explain(client, request, &query);
		case XLAGG_CMD_CAPTURE:
			return capture(client, request, &query);
		case XLAGG_CMD_NAME_GET:
			return get_name(client, request, query.port[0]);
		default: /* XLAGG_CMD_SUBSCRIBE */
			client_subscribed(client);
			memcpy(client->subscribed_to, query.name, sizeof(query.name));
			return answer(client, request, request->nlmsg_seq, 0, "");
		}
	}
	if (r != -ENOTSUP) /* a query that is not valid */
		return answer(client, request, request->nlmsg_seq, r, sentence);
	if (!client->may_change)
		return answer(client, request, request->nlmsg_seq, -EPERM,
			      "only root and the group xlagg-admin may change a lagg");
	command = malloc(sizeof(*command));
	if (!command)
		return false;
	sentence[0] = 0;
	r = ctl_decode(message, len, command, sentence);
	bool alive = r < 0 ? request_refuse(client, request, r, sentence) : change(client, request, command);
	free(command);
	return alive;
}
