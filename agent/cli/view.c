/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the agent's messages into views. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "xlagg/walk.h"

/* Copies a struct. An older agent sends a shorter one, of which the rest becomes zero, a newer agent a longer one. */
static void take_struct(const struct nlattr *attr, void *ret, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memset(ret, 0, size);
	memcpy(ret, mnl_attr_get_payload(attr), len < size ? len : size);
}

/* Copies a text, which must fit with its NUL. */
static int take_text(const struct nlattr *attr, char *ret, size_t size)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t len = strnlen(text, mnl_attr_get_payload_len(attr));

	if (len >= size)
		return -EBADMSG;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return 0;
}

static int take_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*ret))
		return -EBADMSG;
	*ret = mnl_attr_get_u32(attr);
	return 0;
}

static bool is_text(enum xlagg_kind kind)
{
	return kind != XLAGG_KIND_NUMBER && kind != XLAGG_KIND_WORD && kind != XLAGG_KIND_HASH;
}

static int take_options(const struct nlattr *nest, const struct xlagg_option *table, size_t options, void *conf)
{
	struct walk walk = walk_nest(nest);
	const struct nlattr *attr;

	while ((attr = walk_next_attr(&walk))) {
		size_t index = (size_t)mnl_attr_get_type(attr) - 1;
		char *value;

		if (index >= options)
			continue;
		value = (char *)conf + table[index].offset;
		if (is_text(table[index].kind)) {
			if (take_text(attr, value, table[index].size) < 0)
				return -EBADMSG;
		} else {
			if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
				return -EBADMSG;
			memcpy(value, mnl_attr_get_payload(attr), sizeof(uint32_t));
		}
	}
	return 0;
}

static int take_port(const struct nlattr *nest, struct view_lagg *lagg)
{
	struct xlagg_port_model *port = &lagg->model.port[lagg->model.ports];
	struct xlagg_port_status *status = &lagg->port[lagg->model.ports];
	struct walk walk = walk_nest(nest);
	const struct nlattr *attr;
	int r = 0;

	if (lagg->model.ports == XLAGG_MAX_PORTS)
		return -EBADMSG;
	ctl_port_defaults(&port->conf);
	while ((attr = walk_next_attr(&walk))) {
		switch (mnl_attr_get_type(attr)) {
		case XLAGG_A_PORT_NAME:
			r = take_text(attr, port->name, sizeof(port->name));
			break;
		case XLAGG_A_PORT_OPTIONS:
			r = take_options(attr, xlagg_port_options, XLAGG_PORT_OPTIONS, &port->conf);
			break;
		case XLAGG_A_PORT_STATUS:
			take_struct(attr, status, sizeof(*status));
			status->reason[sizeof(status->reason) - 1] = '\0';
			status->notice[sizeof(status->notice) - 1] = '\0';
			break;
		default:
			break;
		}
		if (r < 0)
			return r;
	}
	lagg->model.ports += port->name[0] != '\0';
	return port->name[0] ? 0 : -EBADMSG;
}

static int take_lagg_attr(const struct nlattr *attr, struct view_lagg *lagg)
{
	struct xlagg_model *model = &lagg->model;

	switch (mnl_attr_get_type(attr)) {
	case XLAGG_A_NAME:
		return take_text(attr, model->name, sizeof(model->name));
	case XLAGG_A_OPTIONS:
		return take_options(attr, xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &model->conf);
	case XLAGG_A_ADMIN:
		return take_u32(attr, &model->conf.admin);
	case XLAGG_A_TAKEN:
		model->conf.taken = 1;
		return 0;
	case XLAGG_A_ADDRESS:
		if (model->addresses == XLAGG_MAX_ADDRESSES)
			return -EBADMSG;
		return take_text(attr, model->address[model->addresses++], XLAGG_ADDRESS_MAX);
	case XLAGG_A_STATUS:
		take_struct(attr, &lagg->status, sizeof(lagg->status));
		lagg->status.active_port[XLAGG_NAME_MAX - 1] = '\0';
		lagg->status.reason[XLAGG_SENTENCE_MAX - 1] = '\0';
		lagg->status.notice[XLAGG_SENTENCE_MAX - 1] = '\0';
		return 0;
	case XLAGG_A_PORT:
		return take_port(attr, lagg);
	default:
		return 0;
	}
}

int view_read_lagg(const struct nlmsghdr *nlh, struct view_lagg *ret)
{
	struct walk walk = walk_attrs(nlh, 0);
	struct view_lagg lagg = {0};
	const struct nlattr *attr;

	if (nlh->nlmsg_type != XLAGG_MSG_LAGG)
		return -EBADMSG;
	ctl_defaults(&lagg.model.conf);
	while ((attr = walk_next_attr(&walk))) {
		int r = take_lagg_attr(attr, &lagg);

		if (r < 0)
			return r;
	}
	if (!lagg.model.name[0])
		return -EBADMSG;
	*ret = lagg;
	return 0;
}

/* Copies the struct that attribute `type` holds. The message must be of type `message`. */
static int read_struct(const struct nlmsghdr *nlh, uint16_t message, uint16_t type, void *ret, size_t size)
{
	struct walk walk = walk_attrs(nlh, 0);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != message)
		return -EBADMSG;
	while ((attr = walk_next_attr(&walk))) {
		if (mnl_attr_get_type(attr) == type) {
			take_struct(attr, ret, size);
			return 0;
		}
	}
	return -EBADMSG;
}

int view_read_agent(const struct nlmsghdr *nlh, struct xlagg_agent_status *ret)
{
	struct xlagg_agent_status agent;

	if (read_struct(nlh, XLAGG_MSG_AGENT, XLAGG_A_AGENT_STATUS, &agent, sizeof(agent)) < 0)
		return -EBADMSG;
	agent.version[sizeof(agent.version) - 1] = '\0';
	agent.file[sizeof(agent.file) - 1] = '\0';
	agent.pins[sizeof(agent.pins) - 1] = '\0';
	agent.kernel[sizeof(agent.kernel) - 1] = '\0';
	agent.notice[sizeof(agent.notice) - 1] = '\0';
	*ret = agent;
	return 0;
}

int view_read_progress(const struct nlmsghdr *nlh, struct xlagg_progress *ret)
{
	struct xlagg_progress progress;

	if (read_struct(nlh, XLAGG_MSG_PROGRESS, XLAGG_A_PROGRESS, &progress, sizeof(progress)) < 0)
		return -EBADMSG;
	progress.lagg[sizeof(progress.lagg) - 1] = '\0';
	*ret = progress;
	return 0;
}

int view_read_event(const struct nlmsghdr *nlh, struct xlagg_event *ret)
{
	struct xlagg_event event;

	if (read_struct(nlh, XLAGG_MSG_EVENT, XLAGG_A_EVENT, &event, sizeof(event)) < 0)
		return -EBADMSG;
	event.lagg[sizeof(event.lagg) - 1] = '\0';
	event.port[sizeof(event.port) - 1] = '\0';
	event.from[sizeof(event.from) - 1] = '\0';
	event.to[sizeof(event.to) - 1] = '\0';
	event.text[sizeof(event.text) - 1] = '\0';
	*ret = event;
	return 0;
}

int view_read_explain(const struct nlmsghdr *nlh, struct view_explain *ret)
{
	struct walk walk = walk_attrs(nlh, 0);
	struct view_explain explain = {0};
	const struct nlattr *attr;
	int r = read_struct(nlh, XLAGG_MSG_EXPLAIN, XLAGG_A_EXPLANATION, &explain.found, sizeof(explain.found));

	if (r < 0)
		return r;
	while ((attr = walk_next_attr(&walk))) {
		if (mnl_attr_get_type(attr) == XLAGG_A_PORT_NAME)
			r = take_text(attr, explain.port, sizeof(explain.port));
		if (mnl_attr_get_type(attr) == XLAGG_A_BUCKET_PORT)
			r = take_text(attr, explain.bucket_port, sizeof(explain.bucket_port));
		if (mnl_attr_get_type(attr) == XLAGG_A_BUCKET_BACKUP)
			r = take_text(attr, explain.backup, sizeof(explain.backup));
		if (mnl_attr_get_type(attr) == XLAGG_A_BUCKET_MOVES)
			r = take_u32(attr, &explain.moves);
		if (r < 0)
			return r;
	}
	*ret = explain;
	return 0;
}

static int append_lagg(const struct nlmsghdr *nlh, void *context)
{
	struct view *view = context;
	struct view_lagg *grown = reallocarray(view->lagg, view->laggs + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	view->lagg = grown;
	int r = view_read_lagg(nlh, &grown[view->laggs]);

	view->laggs += r == 0;
	return r;
}

int view_get(struct cli *cli, const char *name, struct view *ret)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct view view = {0};
	int r;

	nlh->nlmsg_type = XLAGG_CMD_LAGG_GET;
	if (name && strlen(name) >= XLAGG_NAME_MAX) {
		snprintf(cli->sentence, sizeof(cli->sentence), "%.64s: a lagg's name has at most %d characters", name,
			 XLAGG_NAME_MAX - 1);
		return -ENODEV;
	}
	if (name)
		mnl_attr_put_strz(nlh, XLAGG_A_NAME, name);
	r = cli_ask(cli, nlh, append_lagg, &view);
	if (r == 0 && name && view.laggs == 0) {
		snprintf(cli->sentence, sizeof(cli->sentence),
			 "%s: no such lagg: `xlagg lagg show` lists those there are, `xlagg lagg add %s` makes it",
			 name, name);
		r = -ENODEV;
	}
	if (r < 0) {
		view_free(&view);
		return r;
	}
	*ret = view;
	return 0;
}

static int take_agent(const struct nlmsghdr *nlh, void *context)
{
	return view_read_agent(nlh, context);
}

int view_get_agent(struct cli *cli, struct xlagg_agent_status *ret)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[NLMSG_HDRLEN];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct xlagg_agent_status agent = {0};
	int r;

	nlh->nlmsg_type = XLAGG_CMD_AGENT_GET;
	r = cli_ask(cli, nlh, take_agent, &agent);
	if (r == 0)
		*ret = agent;
	return r;
}

static int take_name(const struct nlmsghdr *nlh, void *context)
{
	struct walk walk = walk_attrs(nlh, 0);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != XLAGG_MSG_NAME)
		return -EBADMSG;
	while ((attr = walk_next_attr(&walk)))
		if (mnl_attr_get_type(attr) == XLAGG_A_PORT_NAME)
			return take_text(attr, context, XLAGG_NAME_MAX);
	return -EBADMSG;
}

int view_get_name(struct cli *cli, const char *word, char ret[XLAGG_NAME_MAX])
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[128];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	char name[XLAGG_NAME_MAX] = "";
	int r;

	if (strlen(word) >= XLAGG_NAME_MAX)
		return -EINVAL;
	nlh->nlmsg_type = XLAGG_CMD_NAME_GET;
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, word);
	r = cli_ask(cli, nlh, take_name, name);
	if (r == 0)
		memcpy(ret, name, sizeof(name));
	return r;
}

static int find_by_mac(const struct view_lagg *lagg, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		if (lagg->port[i].has_permaddr && memcmp(lagg->port[i].permaddr, mac, 6) == 0)
			return (int)i;
	return -1;
}

int view_find_port(struct cli *cli, const struct view_lagg *lagg, const char *word)
{
	char name[XLAGG_NAME_MAX], sentence[XLAGG_SENTENCE_MAX];
	uint8_t mac[6];
	int index;

	if (ctl_read_device(word, "a port", name, sentence) < 0)
		return -1;
	index = ctl_find_port(&lagg->model, name);
	if (index < 0 && xlagg_name_to_mac(name, mac) == 0)
		index = find_by_mac(lagg, mac);
	if (index < 0 && view_get_name(cli, name, name) == 0)
		index = ctl_find_port(&lagg->model, name);
	return index;
}

void view_free(struct view *view)
{
	free(view->lagg);
	*view = (struct view){0};
}
