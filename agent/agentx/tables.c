/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The tables as net-snmp has them: their columns, their rows in order, and what a request is answered with. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "agentx/tables.h"

#define LAG_MIB 1, 2, 840, 10006, 300, 43, 1
#define TABLE_OID_MAX 12

/* What a column's member of the row is, and how SNMP has it. */
enum kind {
	INTEGER, /* uint32_t: Integer32, TruthValue, InterfaceIndex */
	COUNTER, /* uint32_t: Counter32 */
	MAC,	 /* six octets */
	STATE,	 /* one octet: BITS */
	PORTS,	 /* struct mib_ports */
};

struct column {
	unsigned int number; /* in the MIB */
	enum kind kind;	     /* of the member */
	size_t offset;	     /* of the member in the row */
};

/* A row, in a form that net-snmp keeps sorted. */
struct row {
	netsnmp_index index; /* the first member, by which the container finds it */
	oid part[2];	     /* of the index */
	const void *values;  /* struct mib_agg or struct mib_port */
};

struct table {
	const char *name;
	oid id[TABLE_OID_MAX];
	size_t id_len;
	const struct column *column;
	size_t columns;
	size_t indexes;		     /* parts of the index: 1 or 2 */
	bool of_ports;		     /* rows are struct mib_port, otherwise struct mib_agg */
	netsnmp_container *in_order; /* the rows */
	struct row *row;	     /* their memory */
};

#define OF_AGG(member) offsetof(struct mib_agg, member)
static const struct column agg_columns[] = {
    {2, MAC, OF_AGG(mac)},
    {3, INTEGER, OF_AGG(system_prio)},
    {4, MAC, OF_AGG(system)},
    {5, INTEGER, OF_AGG(aggregate)},
    {6, INTEGER, OF_AGG(admin_key)},
    {7, INTEGER, OF_AGG(oper_key)},
    {8, MAC, OF_AGG(partner_system)},
    {9, INTEGER, OF_AGG(partner_prio)},
    {10, INTEGER, OF_AGG(partner_key)},
    {11, INTEGER, OF_AGG(max_delay)},
};
static const struct column list_columns[] = {{1, PORTS, OF_AGG(ports)}};

#define OF_PORT(member) offsetof(struct mib_port, member)
static const struct column port_columns[] = {
    {2, INTEGER, OF_PORT(actor.system_prio)},
    {3, MAC, OF_PORT(actor.system)},
    {4, INTEGER, OF_PORT(admin_key)},
    {5, INTEGER, OF_PORT(actor.key)},
    {6, INTEGER, OF_PORT(no_partner.system_prio)},
    {7, INTEGER, OF_PORT(partner.system_prio)},
    {8, MAC, OF_PORT(no_partner.system)},
    {9, MAC, OF_PORT(partner.system)},
    {10, INTEGER, OF_PORT(no_partner.key)},
    {11, INTEGER, OF_PORT(partner.key)},
    {12, INTEGER, OF_PORT(selected)},
    {13, INTEGER, OF_PORT(attached)},
    {14, INTEGER, OF_PORT(actor.port)},
    {15, INTEGER, OF_PORT(actor.port_prio)},
    {16, INTEGER, OF_PORT(no_partner.port)},
    {17, INTEGER, OF_PORT(partner.port)},
    {18, INTEGER, OF_PORT(no_partner.port_prio)},
    {19, INTEGER, OF_PORT(partner.port_prio)},
    {20, STATE, OF_PORT(admin_state)},
    {21, STATE, OF_PORT(actor.state)},
    {22, STATE, OF_PORT(no_partner.state)},
    {23, STATE, OF_PORT(partner.state)},
    {24, INTEGER, OF_PORT(aggregate)},
};
static const struct column stats_columns[] = {
    {1, COUNTER, OF_PORT(lacpdu_rx)},	       {2, COUNTER, OF_PORT(marker_rx)},
    {3, COUNTER, OF_PORT(marker_response_rx)}, {4, COUNTER, OF_PORT(unknown_rx)},
    {5, COUNTER, OF_PORT(illegal_rx)},	       {6, COUNTER, OF_PORT(lacpdu_tx)},
    {7, COUNTER, OF_PORT(marker_tx)},	       {8, COUNTER, OF_PORT(marker_response_tx)},
};
static const struct column stack_columns[] = {{3, INTEGER, OF_PORT(stacked)}};

#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])
static struct table tables[] = {
    {"dot3adAggTable", {LAG_MIB, 1, 1}, 9, COLUMNS(agg_columns), 1, false, NULL, NULL},
    {"dot3adAggPortListTable", {LAG_MIB, 1, 2}, 9, COLUMNS(list_columns), 1, false, NULL, NULL},
    {"dot3adAggPortTable", {LAG_MIB, 2, 1}, 9, COLUMNS(port_columns), 1, true, NULL, NULL},
    {"dot3adAggPortStatsTable", {LAG_MIB, 2, 2}, 9, COLUMNS(stats_columns), 1, true, NULL, NULL},
    {"ifStackTable", {1, 3, 6, 1, 2, 1, 31, 1, 2}, 9, COLUMNS(stack_columns), 2, true, NULL, NULL},
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))
static const oid last_changed_oid[] = {LAG_MIB, 3};

static tables_freshen_fn freshen_rows;
static tables_changed_fn last_changed;

static int freshen(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		   netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	freshen_rows();
	return netsnmp_call_next_handler(handler, registration, info, requests);
}

static void put_number(netsnmp_variable_list *ret, u_char type, const void *value)
{
	snmp_set_var_typed_integer(ret, type, *(const uint32_t *)value);
}

static void put(netsnmp_variable_list *ret, enum kind kind, const void *value)
{
	const struct mib_ports *ports = value;

	switch (kind) {
	case INTEGER:
		put_number(ret, ASN_INTEGER, value);
		break;
	case COUNTER:
		put_number(ret, ASN_COUNTER, value);
		break;
	case MAC:
		snmp_set_var_typed_value(ret, ASN_OCTET_STR, value, 6);
		break;
	case STATE:
		snmp_set_var_typed_value(ret, ASN_OCTET_STR, value, 1);
		break;
	case PORTS:
		snmp_set_var_typed_value(ret, ASN_OCTET_STR, ports->octets, ports->size);
		break;
	}
}

static const struct column *find_column(const struct table *table, unsigned int number)
{
	for (size_t i = 0; i < table->columns; i++)
		if (table->column[i].number == number)
			return &table->column[i];
	return NULL;
}

/* Answers requests for values whose rows net-snmp has found. */
static int answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct table *table = registration->my_reg_void;

	(void)handler;
	for (netsnmp_request_info *request = requests; request; request = request->next) {
		const netsnmp_table_request_info *asked = netsnmp_extract_table_info(request);
		const struct row *row = netsnmp_container_table_row_extract(request);
		const struct column *column = asked ? find_column(table, asked->colnum) : NULL;

		if (request->processed)
			continue;
		if (row && column)
			put(request->requestvb, column->kind, (const char *)row->values + column->offset);
		else
			netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
	}
	return SNMP_ERR_NOERROR;
}

static int answer_last_changed(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
			       netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler, (void)registration, (void)info;
	snmp_set_var_typed_integer(requests->requestvb, ASN_TIMETICKS, (long)last_changed());
	return SNMP_ERR_NOERROR;
}

static netsnmp_table_registration_info *describe(const struct table *table)
{
	netsnmp_table_registration_info *ret = SNMP_MALLOC_TYPEDEF(netsnmp_table_registration_info);

	if (!ret)
		return NULL;
	for (size_t i = 0; i < table->indexes; i++)
		netsnmp_table_helper_add_index(ret, ASN_INTEGER);
	ret->min_column = table->column[0].number;
	ret->max_column = table->column[table->columns - 1].number;
	return ret;
}

/* Has the rows looked at again before net-snmp searches among them. */
static int inject_freshen(netsnmp_handler_registration *registration)
{
	netsnmp_mib_handler *handler = netsnmp_create_handler("freshen", freshen);

	return handler && netsnmp_inject_handler(registration, handler) == SNMPERR_SUCCESS ? 0 : -ENOMEM;
}

/* What was made before a failure is left: the program ends then. */
static int register_table(struct table *table)
{
	netsnmp_handler_registration *registration =
	    netsnmp_create_handler_registration(table->name, answer, table->id, table->id_len, HANDLER_CAN_RONLY);
	netsnmp_table_registration_info *info;

	table->in_order = netsnmp_container_find("table_container");
	if (!registration || !table->in_order)
		return -ENOMEM;
	registration->my_reg_void = table;
	info = describe(table);
	if (!info || netsnmp_container_table_register(registration, info, table->in_order,
						      TABLE_CONTAINER_KEY_NETSNMP_INDEX) != MIB_REGISTERED_OK)
		return -ENOMEM;
	return inject_freshen(registration);
}

static int register_last_changed(void)
{
	netsnmp_handler_registration *registration =
	    netsnmp_create_handler_registration("dot3adTablesLastChanged", answer_last_changed, last_changed_oid,
						OID_LENGTH(last_changed_oid), HANDLER_CAN_RONLY);

	if (!registration || netsnmp_register_scalar(registration) != MIB_REGISTERED_OK)
		return -ENOMEM;
	return inject_freshen(registration);
}

int tables_register(tables_freshen_fn freshen_fn, tables_changed_fn changed_fn)
{
	int r = 0;

	freshen_rows = freshen_fn;
	last_changed = changed_fn;
	for (size_t i = 0; r == 0 && i < TABLES; i++)
		r = register_table(&tables[i]);
	return r == 0 ? register_last_changed() : r;
}

static void empty(struct table *table)
{
	CONTAINER_CLEAR(table->in_order, NULL, NULL);
	free(table->row);
	table->row = NULL;
}

static void set_index(struct row *row, size_t parts, uint32_t first, uint32_t second)
{
	row->part[0] = first;
	row->part[1] = second;
	row->index.oids = row->part;
	row->index.len = parts;
}

static int fill(struct table *table, const struct mib *mib)
{
	uint32_t rows = table->of_ports ? mib->ports : mib->aggs;

	table->row = calloc(rows + 1, sizeof(*table->row));
	if (!table->row)
		return -ENOMEM;
	for (uint32_t i = 0; i < rows; i++) {
		const struct mib_port *port = &mib->port[i];
		struct row *row = &table->row[i];

		row->values = table->of_ports ? (const void *)port : &mib->agg[i];
		if (table->indexes == 2)
			set_index(row, 2, port->lagg, port->index);
		else
			set_index(row, 1, table->of_ports ? port->index : mib->agg[i].index, 0);
		if (CONTAINER_INSERT(table->in_order, row) != 0)
			return -ENOMEM;
	}
	return 0;
}

int tables_show(const struct mib *mib)
{
	int r = 0;

	for (size_t i = 0; i < TABLES; i++)
		empty(&tables[i]);
	for (size_t i = 0; r == 0 && i < TABLES; i++)
		r = fill(&tables[i], mib);
	for (size_t i = 0; r < 0 && i < TABLES; i++)
		empty(&tables[i]);
	return r;
}
