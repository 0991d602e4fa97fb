/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP while the agent's heartbeat is stale. As long as a port's partner is the one last recorded and sees us as in the
 * last LACPDU that the agent sent, that LACPDU is still right and is sent again: in answer to each LACPDU of the
 * partner, and by the clock at the rate that the partner asks for, since the partner's agent may be away as well. Both
 * together send at most one a second. An agent that takes over is alive before it has sent anything, and may be killed
 * in between, as may the next: until it has sent its first LACPDU on a port, those that are overdue go on being sent.
 *
 * When that partner says something else, or has been silent for too long, the port is taken out: it carries no traffic,
 * and what is sent says so. When the partner agrees again, the port is taken back, for nothing that was negotiated has
 * changed. What comes of another key or another port only an agent can negotiate.
 *
 * A LACPDU of another system is counted and otherwise ignored. If the cable now leads there, the recorded partner falls
 * silent, and that takes the port out. If the partner goes on speaking, the LACPDU came from somebody beside it, who
 * must not be able to stop traffic with a single frame while nobody is there to start it again.
 */
#ifndef BPF_HEADLESS_H
#define BPF_HEADLESS_H

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <stddef.h>

#include "count.h"
#include "xlagg/hash.h"
#include "xlagg/wire.h"

/* Offsets of the actor's and the partner's fields in a LACPDU's frame, and of members within these fields. */
#define LACPDU_ACTOR (ETH_HLEN + offsetof(struct xlagg_wire_lacpdu, actor))
#define LACPDU_PARTNER (ETH_HLEN + offsetof(struct xlagg_wire_lacpdu, partner))
#define LACPDU_END_LEN sizeof(struct xlagg_wire_end)
#define LACPDU_STATE offsetof(struct xlagg_wire_end, state)
#define LACPDU_SYSTEM offsetof(struct xlagg_wire_end, system)

#define FAST_PERIODIC_NS 1000000000ull /* IEEE 802.1AX 6.4.4 */
#define SLOW_PERIODIC_NS 30000000000ull
/* The partner's state bits without which a port carries no traffic. */
#define STATE_CARRIES (XLAGG_STATE_AGGREGATION | XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING)

#define ARP_TARGET (ETH_HLEN + 24) /* offset of the target's IPv4 address in an ARP frame */

/* Whether `len` octets are the same: an even number, and a constant. Each branch would be another way for the verifier,
 * so there is only one. On a program's stack the octets begin at an even address, or the verifier refuses it. */
static __always_inline bool same_octets(const __u8 *a, const __u8 *b, __u32 len)
{
	__u16 differ = 0;

	for (__u32 i = 0; i < len; i += sizeof(differ))
		differ |= xlagg_load16(a + i) ^ xlagg_load16(b + i);
	return !differ;
}

/* Whether both are the same port of the same system with the same key. Their states may differ. */
static __always_inline bool same_end(const __u8 *a, const __u8 *b)
{
	return same_octets(a, b, LACPDU_STATE);
}

static __always_inline bool same_system(const __u8 *a, const __u8 *b)
{
	return same_octets(a + LACPDU_SYSTEM, b + LACPDU_SYSTEM, ETH_ALEN);
}

/* Whether the agent's heartbeat is stale. The difference is signed, because a heartbeat may be newer than `now`. */
static __always_inline bool agent_away(__u64 now)
{
	return (__s64)(now - control.heartbeat_ns) > (__s64)XLAGG_HEARTBEAT_STALE_NS;
}

/* Whether the agent has taken over, has sent nothing on this port yet, and is to send on it: where both ends are
 * passive, nobody sends by the clock (6.4.13). */
static __always_inline bool is_handed_over(const struct xlagg_lacp *known)
{
	__u8 either = known->pdu[LACPDU_ACTOR + LACPDU_STATE] | known->partner[LACPDU_STATE];

	return control.life != *(const volatile __u32 *)&known->life && either & XLAGG_STATE_ACTIVITY;
}

/* Whether the kernel has taken the port out, has not taken it back, and no agent has noted it yet. */
static __always_inline bool is_out(const struct xlagg_lacp *known, const struct xlagg_headless *h)
{
	__u32 outs = *(const volatile __u32 *)&h->outs;

	return outs != known->outs && outs != *(const volatile __u32 *)&h->back;
}

/* Makes this CPU the only one that takes the port out or back, until release(). When another one is at it, the next
 * LACPDU or tick tries again. */
static __always_inline bool seize(struct xlagg_headless *h)
{
	return __sync_bool_compare_and_swap(&h->busy, 0, 1);
}

static __always_inline void release(struct xlagg_headless *h)
{
	__sync_bool_compare_and_swap(&h->busy, 1, 0);
}

/* Takes the port out: the next frame takes another one. The loss is counted first. An agent that returns between the
 * two steps then sees a lost link and recovers from it; the other order would show it no loss, and the port would stay
 * out. */
static __always_inline void take_out(__u32 slot, const struct xlagg_lacp *known, struct xlagg_headless *h)
{
	struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);

	if (!port || !seize(h))
		return;
	if (!is_out(known, h)) {
		h->lost = __sync_fetch_and_add(&port->lost, 1) + 1;
		__sync_fetch_and_add(&h->outs, 1);
	}
	release(h);
}

/* Takes the port back: it is what it was before it was taken out. One that was not live then does not become live now,
 * nor does one whose link was lost in the meantime. */
static __always_inline void take_back(__u32 slot, const struct xlagg_lacp *known, struct xlagg_headless *h)
{
	struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);

	if (!port || !seize(h))
		return;
	if (is_out(known, h)) {
		__sync_bool_compare_and_swap(&port->enabled, h->lost - 1, h->lost);
		*(volatile __u32 *)&h->back = h->outs;
	}
	release(h);
}

/* Whether `interval` ns have passed since the last LACPDU was sent. When several CPUs ask at the same time, only one of
 * them gets true. */
static __always_inline bool claim(const struct xlagg_lacp *known, struct xlagg_headless *h, __u64 now, __u64 interval)
{
	__u64 ours = *(volatile __u64 *)&h->tx_ns, last = known->pdu_tx_ns > ours ? known->pdu_tx_ns : ours;

	return (__s64)(now - last) >= (__s64)interval && __sync_bool_compare_and_swap(&h->tx_ns, ours, now);
}

/* Changes our LACPDU into that of a port which is out: it does not distribute, and the partner is what it said last. It
 * still collects. */
static __always_inline bool say_out(struct __sk_buff *skb, const struct xlagg_lacp *known, struct xlagg_headless *h)
{
	__u8 actor = known->pdu[LACPDU_ACTOR + LACPDU_STATE] & ~XLAGG_STATE_DISTRIBUTING, partner = h->partner_state;

	return !bpf_skb_store_bytes(skb, LACPDU_ACTOR + LACPDU_STATE, &actor, sizeof(actor), 0) &&
	       !bpf_skb_store_bytes(skb, LACPDU_PARTNER + LACPDU_STATE, &partner, sizeof(partner), 0);
}

/* Overwrites a frame, whatever it is, with the port's LACPDU. */
static __always_inline bool become_lacpdu(struct __sk_buff *skb, const struct xlagg_lacp *known,
					  struct xlagg_headless *h)
{
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return false;
	skb->priority = TC_PRIO_CONTROL;
	return !bpf_skb_change_tail(skb, sizeof(known->pdu), 0) &&
	       !bpf_skb_store_bytes(skb, 0, known->pdu, sizeof(known->pdu), 0) &&
	       (!is_out(known, h) || say_out(skb, known, h));
}

/* Whether the partner sees us as we are. One that is Individual need not know who we are (6.4.9 recordPDU).
 * `ends`: the octets of its LACPDU from the Actor's fields to Partner_State. */
static __always_inline bool sees_us(const struct xlagg_lacp *known, const __u8 *ends)
{
	return !(ends[LACPDU_STATE] & XLAGG_STATE_AGGREGATION) ||
	       same_end(ends + (LACPDU_PARTNER - LACPDU_ACTOR), known->pdu + LACPDU_ACTOR);
}

/* Whether the partner is still the one recorded, still ready for traffic, and still sees us as we are. */
static __always_inline bool agrees(const struct xlagg_lacp *known, const __u8 *ends)
{
	__u8 given_up = known->partner[LACPDU_STATE] & ~ends[LACPDU_STATE];

	return same_end(ends, known->partner) && !(given_up & STATE_CARRIES) && sees_us(known, ends);
}

/* Counts a LACPDU of another system than the recorded partner's. */
static __always_inline void ignore(struct xlagg_headless *h, const __u8 *ends)
{
	__builtin_memcpy(h->foreign_system, ends + LACPDU_SYSTEM, sizeof(h->foreign_system));
	__sync_fetch_and_add(&h->foreign, 1);
}

/* Takes the port out or back, as the recorded system's LACPDU says. */
static __always_inline void judge(__u32 slot, const struct xlagg_lacp *known, struct xlagg_headless *h,
				  const __u8 *ends)
{
	/* As recordPDU does: a partner that does not see us is out of Sync. We say so, and it corrects us at once. */
	if (same_end(ends, known->partner))
		h->partner_state = sees_us(known, ends) ? ends[LACPDU_STATE] : ends[LACPDU_STATE] & ~XLAGG_STATE_SYNC;
	if (!agrees(known, ends))
		take_out(slot, known, h);
	else if (is_out(known, h))
		take_back(slot, known, h);
}

/* Handles a LACPDU that port params.slot received and that is already in the agent's ring. Returns the verdict on its
 * frame: dropped, or sent back as our own LACPDU. */
static __always_inline int headless_receive(struct __sk_buff *skb, struct xlagg_port_stats *stats, __u64 now)
{
	__u32 slot = params.slot;
	const struct xlagg_lacp *known = bpf_map_lookup_elem(&lacp, &slot);
	struct xlagg_headless *h = bpf_map_lookup_elem(&headless, &slot);
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);
	_Alignas(2) __u8 ends[LACPDU_PARTNER + LACPDU_END_LEN - LACPDU_ACTOR];

	if (!known || !h || !port || !known->partner_known || bpf_skb_load_bytes(skb, LACPDU_ACTOR, ends, sizeof(ends)))
		return TC_ACT_SHOT;
	if (same_end(ends, known->partner))
		h->rx_ns = now;
	if (!agent_away(now) || known->pdu_len != sizeof(known->pdu))
		return TC_ACT_SHOT;
	if (same_system(ends, known->pdu + LACPDU_ACTOR))
		return TC_ACT_SHOT; /* our own LACPDU looped back: it says nothing about the partner */
	if (!same_system(ends, known->partner)) {
		ignore(h, ends);
		return TC_ACT_SHOT;
	}
	judge(slot, known, h, ends);
	if (params.bonding_lacp)
		return TC_ACT_SHOT; /* bonding gets the frame, and the clock's ticks answer */
	if (!port->ifindex || !claim(known, h, now, FAST_PERIODIC_NS) || !become_lacpdu(skb, known, h))
		return TC_ACT_SHOT;
	stats->headless_tx++;
	return bpf_redirect(port->ifindex, 0);
}

/* Whether the partner has been silent for too long. */
static __always_inline bool is_silent(const struct xlagg_lacp *known, const struct xlagg_headless *h, __u64 now)
{
	__u64 deadline = h->rx_ns + known->timeout_ns;

	if (deadline < known->deadline_ns)
		deadline = known->deadline_ns;
	return (__s64)(now - deadline) > 0;
}

/* Takes the port of a silent partner out. It is asked for LACPDUs as in EXPIRED: by saying that it is out of Sync. */
static __always_inline void miss_partner(__u32 slot, const struct xlagg_lacp *known, struct xlagg_headless *h)
{
	h->partner_state = known->partner[LACPDU_STATE] & ~XLAGG_STATE_SYNC;
	take_out(slot, known, h);
}

/* The time between two LACPDUs, ns: what the partner asks for, and the short one while we wait for it to agree. */
static __always_inline __u64 interval_of(const struct xlagg_lacp *known, const struct xlagg_headless *h)
{
	return is_out(known, h) || known->partner[LACPDU_STATE] & XLAGG_STATE_TIMEOUT ? FAST_PERIODIC_NS
										      : SLOW_PERIODIC_NS;
}

/* The time after the last LACPDU when the kernel sends the next one, ns. An agent that has just taken over comes first:
 * its own is due after the interval. */
static __always_inline __u64 patience(const struct xlagg_lacp *known, const struct xlagg_headless *h, bool away)
{
	return interval_of(known, h) + (away ? 0 : XLAGG_CLOCK_MS * 1000000ull);
}

/* One tick of the clock for one port: takes it out if the agent is away and the partner has been silent for too long,
 * or sends a LACPDU if one is due and the agent does not send it. Not inlined, so that the verifier checks it once
 * instead of once for each port. */
__noinline int headless_tick_port(struct __sk_buff *skb, __u32 slot)
{
	const struct xlagg_lacp *known = bpf_map_lookup_elem(&lacp, &slot);
	struct xlagg_headless *h = bpf_map_lookup_elem(&headless, &slot);
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);
	struct xlagg_port_stats *stats = stats_of(slot);
	__u64 now = bpf_ktime_get_ns();
	bool away = agent_away(now);

	if (!known || !h || !port || !stats || !port->ifindex || !known->partner_known)
		return 0;
	if (!away && !is_handed_over(known))
		return 0;
	if (away && is_silent(known, h, now))
		miss_partner(slot, known, h);
	if (known->pdu_len != sizeof(known->pdu) || !claim(known, h, now, patience(known, h, away)) ||
	    !become_lacpdu(skb, known, h))
		return 0;
	if (!bpf_clone_redirect(skb, port->ifindex, 0))
		stats->headless_tx++;
	return 0;
}

/* Whether a frame of the lower end's own stack is the clock's tick (XLAGG_CLOCK_ADDRESS). */
static __always_inline bool is_tick(struct __sk_buff *skb)
{
	__be32 target = 0;

	return skb->protocol == xlagg_be16(ETH_P_ARP) &&
	       !bpf_skb_load_bytes(skb, ARP_TARGET, &target, sizeof(target)) &&
	       target == __builtin_bswap32(XLAGG_CLOCK_ADDRESS);
}

/* One tick of the clock for all ports. Its frame is the one that is overwritten and sent wherever a LACPDU is due. */
static __always_inline void headless_tick(struct __sk_buff *skb)
{
	if (params.proto != XLAGG_PROTO_LACP)
		return;
	for (__u32 slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		headless_tick_port(skb, slot);
}

#endif
