/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_change.c - what a round found, as one change of state
 * (decode/timeline.h).
 *
 * Records one by one where their identity says which is meant.  Where it does
 * not - two IPv4 routes that differ in no more than the nexthop (ip route
 * append), or a place in an order - and where much changed, the whole part.
 */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/route_int.h"
#include "decode/timeline.h"

#define MANY		256	/* records; more are told as a whole part */

static const enum state_part parts[N_KINDS] = {
	[KIND_LINK] = PART_LINKS, [KIND_ADDR] = PART_ADDRESSES,
	[KIND_NEIGH] = PART_NEIGHS, [KIND_RULE] = PART_RULES,
	[KIND_RULE6] = PART_RULES6, [KIND_ROUTE] = PART_ROUTES,
	[KIND_ROUTE6] = PART_ROUTES6,
};

#define RULES		(1u << KIND_RULE | 1u << KIND_RULE6)
#define ROUTES		(1u << KIND_ROUTE | 1u << KIND_ROUTE6)

/* ---- whole parts */

/* As ip(8) lists them: with their links. */
static void
put_addrs(const struct route_source *s, struct state *out)
{
	const struct table *links = &s->now[KIND_LINK], *t = &s->now[KIND_ADDR];

	for (uint32_t i = 0; i < links->n; i++)
		for (uint32_t j = 0; j < t->n; j++)
			if (t->v[j]->ifindex == links->v[i]->ifindex)
				record_put(s, KIND_ADDR, t->v[j], false, out);
}

static void
put_whole(const struct route_source *s, enum route_kind k, struct state *out)
{
	if (!(s->known >> k & 1))
		return;
	state_mark(out, parts[k]);
	if (k == KIND_ADDR) {
		put_addrs(s, out);
		return;
	}
	for (uint32_t i = 0; i < s->now[k].n; i++)
		record_put(s, k, s->now[k].v[i], false, out);
}

void
round_state(const struct route_source *s, struct state *out)
{
	for (unsigned k = 0; k < N_KINDS; k++)
		put_whole(s, (enum route_kind)k, out);
}

/* ---- devices that were renamed, came or went */

static bool
note_renamed(struct route_source *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->n_was; i++) {
		const struct record *l = link_find(s, s->was[i].ifindex);

		s->was[i].changed = l == NULL ||
		    strcmp(record_link(l)->name, s->was[i].name) != 0;
		any |= s->was[i].changed;
	}
	return any;
}

static bool
uses_renamed(const struct route_source *s, enum route_kind k,
    const struct record *r)
{
	for (uint32_t i = 0; i < s->n_was; i++)
		if (s->was[i].changed && record_uses(k, r, s->was[i].ifindex))
			return true;
	return false;
}

static void
touch(struct route_source *s)
{
	if (!note_renamed(s))
		return;
	for (unsigned k = 0; k < N_KINDS; k++)
		for (uint32_t i = 0; i < s->now[k].n; i++) {
			struct record *r = s->now[k].v[i];

			r->touched = !r->fresh &&
			    uses_renamed(s, (enum route_kind)k, r);
		}
}

static bool
is_changed(const struct record *r)
{
	return r->fresh || r->touched;
}

static uint32_t
count_changed(const struct route_source *s, enum route_kind k)
{
	uint32_t n = s->gone[k].n;

	for (uint32_t i = 0; i < s->now[k].n; i++)
		n += is_changed(s->now[k].v[i]);
	return n;
}

/* ---- for packets.h */

void
round_tell_link(const struct route_source *s, uint32_t ifindex,
    const struct route_sink *sink)
{
	const struct table *t = &s->now[KIND_ADDR];
	const struct record *r = link_find(s, ifindex);
	const struct link_rec *l;
	struct link_fact f = { .ifindex = ifindex };

	if (r == NULL || sink->link == NULL)
		return;
	l = record_link(r);
	f.name = l->name;
	f.up = l->up;
	f.has_mac = l->has_mac;
	memcpy(f.mac, l->mac, sizeof(f.mac));
	for (uint32_t i = 0; i < t->n && f.n_addrs < OBS_IFACE_ADDRS; i++)
		if (t->v[i]->ifindex == ifindex)
			f.addrs[f.n_addrs++] =
			    ((const struct addr_rec *)(const void *)
			    t->v[i]->bytes)->addr;
	sink->link(sink->arg, &f);
}

static bool
addrs_changed(const struct route_source *s, uint32_t ifindex)
{
	const struct table *now = &s->now[KIND_ADDR], *gone = &s->gone[KIND_ADDR];

	for (uint32_t i = 0; i < gone->n; i++)
		if (gone->v[i]->ifindex == ifindex)
			return true;
	for (uint32_t i = 0; i < now->n; i++)
		if (now->v[i]->fresh && now->v[i]->ifindex == ifindex)
			return true;
	return false;
}

static void
tell_links(const struct route_source *s, const struct route_sink *sink)
{
	const struct table *now = &s->now[KIND_LINK], *gone = &s->gone[KIND_LINK];
	bool addrs = count_changed(s, KIND_ADDR) > 0;

	for (uint32_t i = 0; i < gone->n && sink->unlink != NULL; i++)
		if (link_find(s, gone->v[i]->ifindex) == NULL)
			sink->unlink(sink->arg, gone->v[i]->ifindex);
	for (uint32_t i = 0; i < now->n && sink->link != NULL; i++)
		if (is_changed(now->v[i]) ||
		    (addrs && addrs_changed(s, now->v[i]->ifindex)))
			round_tell_link(s, now->v[i]->ifindex, sink);
}

/* ---- is it clear which record is meant? */

static uint32_t
rule_priority(const struct record *r)
{
	const struct nlattr *tb[FRA_MAX + 1];
	uint32_t priority = 0;

	attrs_parse(r->bytes + sizeof(struct fib_rule_hdr),
	    r->n - sizeof(struct fib_rule_hdr), tb, FRA_MAX);
	attr_u32(tb[FRA_PRIORITY], &priority);
	return priority;
}

/* One that comes is put behind those of its priority. */
static bool
rules_in_order(const struct table *t)
{
	for (uint32_t i = 0; i + 1 < t->n; i++)
		if (is_changed(t->v[i]) && !is_changed(t->v[i + 1]) &&
		    rule_priority(t->v[i]) == rule_priority(t->v[i + 1]))
			return false;
	return true;
}

/* Where a route stands in its table: those of one group are in an order that
   counts. */
struct place {
	struct group {
		uint32_t	table, metric, len;
		struct addr	dst;
	} group;
	/* of IPv6 */
	uint32_t	oif;
	struct addr	via;
};

static struct place
place_of(const struct record *r)
{
	const struct nlattr *tb[RTA_MAX + 1];
	struct place p;
	struct rtmsg m;

	memset(&p, 0, sizeof(p));
	memcpy(&m, r->bytes, sizeof(m));
	attrs_parse(r->bytes + sizeof(m), r->n - sizeof(m), tb, RTA_MAX);
	p.group.table = m.rtm_table;
	attr_u32(tb[RTA_TABLE], &p.group.table);
	attr_u32(tb[RTA_PRIORITY], &p.group.metric);
	attr_addr(tb[RTA_DST], &p.group.dst);
	p.group.len = m.rtm_dst_len;
	if (m.rtm_family == AF_INET6) {
		attr_u32(tb[RTA_OIF], &p.oif);
		attr_addr(tb[RTA_GATEWAY], &p.via);
	}
	return p;
}

/* No more than one route at the place of `r`, now and before. */
static bool
is_alone(const struct route_source *s, enum route_kind k, const struct record *r,
    const struct place *now, const struct place *gone)
{
	struct place at = place_of(r);
	unsigned n_now = 0, n_was = 0;

	for (uint32_t i = 0; i < s->now[k].n; i++)
		if (memcmp(&now[i], &at, sizeof(at)) == 0) {
			n_now++;
			n_was += !s->now[k].v[i]->fresh;
		}
	for (uint32_t i = 0; i < s->gone[k].n; i++)
		n_was += memcmp(&gone[i], &at, sizeof(at)) == 0;
	return n_now < 2 && n_was < 2;
}

/* The record comes at the end: is that where it stands? */
static bool
is_last(const struct table *t, uint32_t at, const struct place *now)
{
	for (uint32_t i = at + 1; i < t->n; i++)
		if (!is_changed(t->v[i]) && memcmp(&now[i].group, &now[at].group,
		    sizeof(now[i].group)) == 0)
			return false;
	return true;
}

static struct place *
places_of(const struct table *t)
{
	struct place *p = calloc(t->n + 1, sizeof(*p));

	for (uint32_t i = 0; p != NULL && i < t->n; i++)
		p[i] = place_of(t->v[i]);
	return p;
}

static bool
routes_alone(const struct route_source *s, enum route_kind k)
{
	const struct table *t = &s->now[k], *old = &s->gone[k];
	struct place *now = places_of(t), *gone = places_of(old);
	bool alone = now != NULL && gone != NULL;

	for (uint32_t i = 0; alone && i < old->n; i++)
		alone = is_alone(s, k, old->v[i], now, gone);
	for (uint32_t i = 0; alone && i < t->n; i++)
		alone = !is_changed(t->v[i]) || (is_last(t, i, now) &&
		    is_alone(s, k, t->v[i], now, gone));
	free(now);
	free(gone);
	return alone;
}

/* Kinds that must be told whole, beside those in `whole`.  Both families are one
   list, and only when that is emptied equal records can be put there. */
static unsigned
find_whole(const struct route_source *s, unsigned whole)
{
	for (unsigned i = 0; i < N_KINDS; i++) {
		enum route_kind k = (enum route_kind)i;
		uint32_t n = count_changed(s, k);

		if (n > MANY || (1u << k & RULES && n > 0 &&
		    !rules_in_order(&s->now[k])) ||
		    (1u << k & ROUTES && n > 0 && n <= MANY &&
		    !routes_alone(s, k)))
			whole |= 1u << k;
	}
	if (whole & RULES)
		whole |= RULES & s->known;
	if (whole & ROUTES)
		whole |= ROUTES & s->known;
	return whole & s->known;
}

/* ---- the change */

/* True when there is something. */
static bool
put_changes(const struct route_source *s, enum route_kind k, struct state *come,
    struct state *gone)
{
	const struct table *t = &s->now[k], *old = &s->gone[k];
	bool any = old->n > 0;

	for (uint32_t i = 0; i < old->n; i++)
		record_put(s, k, old->v[i], true, gone);
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->v[i]->touched)
			record_put(s, k, t->v[i], true, gone);
		if (!is_changed(t->v[i]))
			continue;
		record_put(s, k, t->v[i], false, come);
		any = true;
	}
	return any;
}

static void
tell_change(struct route_source *s, unsigned whole, struct nstime since,
    struct nstime ts, const struct route_sink *sink)
{
	struct state *come = state_new(), *gone = state_new();
	struct state_change c = { .come = come, .gone = gone };
	struct obs o = { .type = OBS_CHANGE, .ts = ts };
	bool any = whole != 0;

	for (unsigned k = 0; come != NULL && gone != NULL && k < N_KINDS; k++) {
		if (whole >> k & 1) {
			c.parts |= 1u << parts[k];
			put_whole(s, (enum route_kind)k, come);
		} else {
			any |= put_changes(s, (enum route_kind)k, come, gone);
		}
	}
	if (come == NULL || gone == NULL || come->no_memory || gone->no_memory) {
		s->no_memory = true;
	} else if (any && sink->obs != NULL) {
		o.change.change = &c;
		o.change.since = since;
		s->changes++;
		sink->obs(sink->arg, &o);
	}
	state_free(come);
	state_free(gone);
}

/* More were deleted than are gone: one came again, behind its priority's others. */
static unsigned
rules_again(struct route_source *s)
{
	bool again = s->rules_deleted > s->gone[KIND_RULE].n + s->gone[KIND_RULE6].n;

	s->rules_deleted = 0;
	return again ? RULES & s->known : 0;
}

void
round_finish(struct route_source *s, unsigned whole, struct nstime since,
    struct nstime ts, const struct route_sink *sink)
{
	whole |= rules_again(s);
	if (!s->stirred && whole == 0) {
		s->n_was = 0;
		return;
	}
	if (s->gone[KIND_LINK].n > 0 && s->known >> KIND_LINK & 1) {
		table_purge(s, KIND_ADDR);
		table_purge(s, KIND_NEIGH);
	}
	for (unsigned k = 0; k < N_KINDS; k++)
		table_cancel(s, (enum route_kind)k);
	touch(s);
	tell_links(s, sink);
	tell_change(s, find_whole(s, whole), since, ts, sink);
	for (unsigned k = 0; k < N_KINDS; k++) {
		table_clear(&s->gone[k]);
		for (uint32_t i = 0; i < s->now[k].n; i++)
			s->now[k].v[i]->fresh = s->now[k].v[i]->touched = false;
	}
	s->n_was = 0;
	s->stirred = false;
}
