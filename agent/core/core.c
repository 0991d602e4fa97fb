/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The inputs of one lagg. Each input ends in one pass over everything that may follow from it. */
#include "core/core.h"

#include <errno.h>
#include <string.h>

#include "core/internal.h"

/* Returns the slots of the ports that hold a place now and held none in the pass before. */
static uint32_t returned_ports(struct core *core)
{
	uint32_t before = core->holding;

	core->holding = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (port_holds(&core->port[slot]))
			core->holding |= 1u << slot;
	return core->holding & ~before;
}

/* Draws every conclusion from what is known at `now`. */
static void pass(struct core *core, uint64_t now, struct core_effects *fx)
{
	uint32_t returned;
	bool round;

	if (core->held)
		return;
	round = probe_run(core, now, fx);
	grey_run(core, now);
	port_settle(core, now);
	grey_settle(core);
	negotiate_run(core, now, fx);
	probe_settle(core);
	returned = returned_ports(core);
	if (core->conf.proto == XLAGG_PROTO_FAILOVER)
		failover_select(core, now, returned);
	role_assign(core, now);
	core_publish(core, now, returned, fx);
	balance_run(core, now, fx);
	moves_run(core, now, fx);
	announce_run(core, now, fx);
	if (round)
		probe_ask(core, now, fx);
	grey_ask(core, now, fx);
}

/* The option names a port, and from then on means that port, whatever it is called. */
static void find_primary(struct core *core)
{
	core->primary = XLAGG_NO_PORT;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->port[slot].used && strcmp(core->port[slot].name, core->conf.primary) == 0)
			core->primary = slot;
}

void core_init(struct core *core, const struct xlagg_lagg_conf *conf, uint32_t number)
{
	memset(core, 0, sizeof(*core));
	core->conf = *conf;
	core->number = number;
	core->primary = XLAGG_NO_PORT;
	failover_init(&core->failover);
	table_init(&core->out.table);
	memset(core->home, XLAGG_NO_PORT, sizeof(core->home));
	probe_set(core);
	if (conf->proto == XLAGG_PROTO_LACP)
		lacp_start(&core->lacp, conf, number, core->mac);
}

uint32_t core_size(void)
{
	return sizeof(struct core);
}

void core_set_mac(struct core *core, uint64_t now, const uint8_t mac[6], struct core_effects *fx)
{
	memcpy(core->mac, mac, sizeof(core->mac));
	negotiate_set_mac(core);
	pass(core, now, fx);
}

void core_set(struct core *core, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx)
{
	struct xlagg_lagg_conf before = core->conf;

	core->conf = *conf;
	find_primary(core);
	if (before.proto != conf->proto)
		failover_init(&core->failover);
	if (before.reselect != conf->reselect || strcmp(before.primary, conf->primary) != 0)
		core->failover.activated = XLAGG_NO_PORT;
	if (strcmp(before.probe, conf->probe) != 0)
		probe_set(core);
	negotiate_set(core, now, fx);
	pass(core, now, fx);
	if (strcmp(before.mac, conf->mac) != 0)
		failover_claim_mac(core, fx);
}

void core_port_add(struct core *core, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx)
{
	struct port *port = &core->port[slot];

	memset(port, 0, sizeof(*port));
	port->used = true;
	memcpy(port->name, name, strnlen(name, sizeof(port->name) - 1));
	port->order = order;
	port->conf = *conf;
	port->last_change = now;
	if (strcmp(port->name, core->conf.primary) == 0)
		core->primary = slot;
	if (core->failover.told == slot)
		memcpy(core->failover.told_name, port->name, sizeof(core->failover.told_name));
	if (core->lacp.running)
		lacp_port_add(&core->lacp, now, slot, port->name, order, conf, fx);
	pass(core, now, fx);
}

void core_port_set(struct core *core, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx)
{
	struct port *port = &core->port[slot];

	if (port->conf.prio != conf->prio)
		core->failover.activated = XLAGG_NO_PORT;
	if (!port->conf.admin && conf->admin)
		grey_forget(port, now);
	port->conf = *conf;
	if (core->lacp.running)
		negotiate_port_set(core, now, slot, fx);
	pass(core, now, fx);
}

void core_port_order(struct core *core, uint32_t slot, uint32_t order)
{
	core->port[slot].order = order;
	if (core->lacp.running)
		lacp_port_order(&core->lacp, slot, order);
}

void core_port_rename(struct core *core, uint32_t slot, const char *name)
{
	struct port *port = &core->port[slot];

	memset(port->name, 0, sizeof(port->name));
	memcpy(port->name, name, strnlen(name, sizeof(port->name) - 1));
	if (core->primary == slot)
		memcpy(core->conf.primary, port->name, sizeof(core->conf.primary));
	if (core->failover.told == slot)
		memcpy(core->failover.told_name, port->name, sizeof(core->failover.told_name));
	if (core->lacp.running)
		lacp_port_rename(&core->lacp, slot, port->name);
	/*
	 * A reason that contains the port's name has the new name now. This is no change of state, so no event reports
	 * it.
	 */
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		if (core->port[i].used)
			reason_port(core, i, core->port[i].told_reason);
}

void core_port_del(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	failover_forget(core, slot);
	if (core->primary == slot)
		core->primary = XLAGG_NO_PORT;
	if (core->lacp.running)
		lacp_port_del(&core->lacp, now, slot, fx);
	memset(&core->port[slot], 0, sizeof(core->port[slot]));
	pass(core, now, fx);
}

void core_link_changed(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link,
		       struct core_effects *fx)
{
	struct port *port = &core->port[slot];
	bool new_mac = memcmp(port->link.mac, link->mac, sizeof(link->mac)) != 0;

	port_link(core, now, slot, link);
	port->heard = true;
	pass(core, now, fx);
	if (new_mac && core->failover.told == slot)
		failover_claim_mac(core, fx);
}

int core_activate(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	if (core->conf.proto != XLAGG_PROTO_FAILOVER)
		return -EOPNOTSUPP;
	if (slot >= XLAGG_MAX_PORTS || !port_usable(&core->port[slot]))
		return -ENOLINK;
	failover_activate(core, slot);
	pass(core, now, fx);
	return 0;
}

void core_slow_frame(struct core *core, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		     struct core_effects *fx)
{
	if (slot < XLAGG_MAX_PORTS)
		lacp_receive(&core->lacp, now, slot, frame, len, fx);
	if (slot < XLAGG_MAX_PORTS && lacp_take_proof(&core->lacp, slot))
		moves_learn(core, now);
	pass(core, now, fx);
}

void core_lacp_stood_in(struct core *core, uint32_t slot, const struct xlagg_headless *did)
{
	lacp_stood_in(&core->lacp, slot, did);
}

void core_lacp_unsent(struct core *core, uint64_t now, uint32_t slot)
{
	lacp_unsent(&core->lacp, now, slot);
}

void core_lacp_restart(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	lacp_restart(&core->lacp, now, slot, fx);
	pass(core, now, fx);
}

void core_stop(struct core *core, uint64_t now, struct core_effects *fx)
{
	if (core->lacp.running)
		lacp_stop(&core->lacp, now, fx);
	core->held = true; /* no later input has an effect */
}

void core_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	pass(core, now, fx);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t core_deadline(const struct core *core)
{
	uint64_t deadline = CORE_NEVER;

	if (core->held)
		return CORE_NEVER;
	deadline = earlier(deadline, port_deadline(core));
	deadline = earlier(deadline, role_deadline(core));
	deadline = earlier(deadline, announce_deadline(core));
	deadline = earlier(deadline, balance_deadline(core));
	deadline = earlier(deadline, moves_deadline(core));
	deadline = earlier(deadline, probe_deadline(core));
	deadline = earlier(deadline, grey_deadline(core));
	return earlier(deadline, lacp_deadline(&core->lacp));
}

const struct core_output *core_output(const struct core *core)
{
	return &core->out;
}

void core_adopt(struct core *core, const struct xlagg_table *table)
{
	struct failover *failover = &core->failover;

	core->adopted = table_adopt(&core->out.table, table);
	core->holding = core->adopted;
	core->took_over = core->adopted != 0;
	if (core->conf.proto != XLAGG_PROTO_FAILOVER || core->adopted == 0)
		return;
	failover->active = failover->activated = failover->told = core->out.table.order[0];
}

void core_adopt_chosen(struct core *core)
{
	core->failover.activated = XLAGG_NO_PORT;
}

bool core_is_activated(const struct core *core)
{
	return core->failover.activated != XLAGG_NO_PORT && core->failover.activated == core->failover.active;
}

void core_adopt_lacp(struct core *core, uint32_t slot, const struct xlagg_lacp *left)
{
	core->lacp_left[slot] = *left;
	core->left |= 1u << slot;
	if (left->partner_known)
		core->adopted |= 1u << slot; /* the port had heard a partner, so its up-delay was already over */
}

bool core_save_lacp(const struct core *core, uint32_t slot, struct xlagg_lacp *ret)
{
	if (core->held && core->left & 1u << slot)
		return false;
	lacp_save(&core->lacp, slot, ret);
	return true;
}

void core_hold(struct core *core)
{
	core->held = true;
}

void core_release(struct core *core, uint64_t now, struct core_effects *fx)
{
	core->held = false;
	core->released = true;
	port_settle(core, now);
	negotiate_adopt(core, now, fx);
	pass(core, now, fx);
	core->released = false;
	core->took_over = false;
}
