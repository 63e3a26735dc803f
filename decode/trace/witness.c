/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness.c - node state beside the tracer's tables: conntrack entries join
 * what packets alone could not, and the judge gets to see what it asks for.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "decode/trace/tracer_int.h"

/*
 * Conversations that first went out here, nothing having come in for them: what
 * a flow that came in and seems to have ended here may have become, where no
 * packet showed that the two are one.  Sorted by what NAT of the source leaves.
 */
struct departure {
	uint32_t	hash;		/* of destination address and port, protocol */
	uint32_t	isn;
	struct nstime	first;
	bool		has_isn;
};

struct departures {
	uint32_t	n;
	struct departure v[];
};

#define DEPARTS_WITHIN_NS	(50 * 1000 * 1000)

uint32_t
witness_hash(const struct addr *dst, uint16_t dport, uint8_t proto)
{
	struct words w = words_of(dst);
	uint64_t port = proto == PROTO_ICMP || proto == PROTO_ICMPV6 ? 0 : dport;
	uint64_t h = fp_mix(w.lo ^ proto, w.hi ^ port << 16);

	return (uint32_t)(h ^ h >> 32);
}

static int
by_destination(const void *x, const void *y)
{
	const struct departure *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->first.ns > b->first.ns) - (a->first.ns < b->first.ns);
}

const struct leg_rec *
witness_departure(const struct tracer *t, uint32_t fi, const struct conv **conv)
{
	const struct flow_rec *f = flow_at(t, fi);
	bool initiator = f->flags & FLW_INITIATOR_1;
	const struct leg_rec *first = NULL;

	for (uint32_t ci = f->convs; ci != 0; ci = conv_at(t, ci)->next) {
		const struct conv *c = conv_at(t, ci);

		for (uint32_t li = c->legs; li != 0; li = leg_at(t, li)->next) {
			const struct leg_rec *l = leg_at(t, li);

			if (conv_direction(c, l->place.from_b) != initiator ||
			    l->packets == 0)
				continue;
			if (l->place.dir != DIR_OUT)
				return NULL;	/* it came in */
			if (first == NULL || l->first.ns < first->first.ns) {
				first = l;
				*conv = c;
			}
		}
	}
	return first;
}

static void
note_departure(struct tracer *t, uint32_t fi)
{
	const struct flow_rec *f = flow_at(t, fi);
	const struct conv *c = NULL;
	const struct leg_rec *l = witness_departure(t, fi, &c);
	const struct key *k;

	if (l == NULL)
		return;
	k = &c->key;
	t->departures->v[t->departures->n++] = (struct departure){
		.hash = witness_hash(l->place.from_b ? &k->a : &k->b,
		    l->place.from_b ? k->pa : k->pb, k->proto),
		.isn = f->isn, .has_isn = f->flags & FLW_ISN, .first = l->first };
}

static void
note_departures(struct tracer *t)
{
	uint32_t n = 0;

	for (uint32_t fi = 1; fi < t->flows.used; fi++)
		n += flow_at(t, fi)->convs != 0;
	t->departures = malloc(sizeof(*t->departures) +
	    n * sizeof(t->departures->v[0]));
	if (t->departures == NULL)
		return;
	t->departures->n = 0;
	for (uint32_t fi = 1; fi < t->flows.used; fi++)
		if (flow_at(t, fi)->convs != 0)
			note_departure(t, fi);
	qsort(t->departures->v, t->departures->n, sizeof(t->departures->v[0]),
	    by_destination);
}

/* ---- what the judge asks */

static const char *
ask_dev(const void *arg, unsigned iface)
{
	return iface_dev(arg, (uint16_t)iface);
}

static bool
ask_covers(const void *arg, const char *dev)
{
	return iface_covers(arg, dev);
}

static bool
ask_maybe_left(const void *arg, const struct flow *f)
{
	const struct tracer *t = arg;
	const struct flow_rec *r = flow_at(t, t->judged);
	const struct departures *d = t->departures;
	uint32_t h = witness_hash(&f->original.dst, f->original.dport, f->proto);
	uint32_t lo = 0, hi;

	if (t->looks != NULL)
		return look_maybe_left(t, t->judged, h);
	if (d == NULL)
		return true;	/* evicted early: not known */
	for (hi = d->n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (d->v[mid].hash < h || (d->v[mid].hash == h &&
		    d->v[mid].first.ns < r->first.ns - DEPARTS_WITHIN_NS))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < d->n && d->v[lo].hash == h &&
	    d->v[lo].first.ns <= r->first.ns + DEPARTS_WITHIN_NS; lo++)
		if (!(r->flags & FLW_ISN) || !d->v[lo].has_isn ||
		    d->v[lo].isn == r->isn)
			return true;
	return false;
}

/* Whether the conv that the original tuple is kept under is one of its own. */
static bool
ask_is_latest(const void *arg, const struct flow *f)
{
	const struct tracer *t = arg;
	struct tunnel none = { TUN_NONE, 0 };
	struct key k;
	uint8_t from_b;
	uint32_t h = key_make(&k, &f->original, &none, &from_b);
	uint32_t ci = index_find(t, &k, h);

	return ci == 0 || conv_at(t, ci)->flow == t->judged;
}

/* ---- conntrack: a dump beside the capture, or a table that follows it */

static const struct ct_entry *
entry_of(const struct ct_life *l)
{
	return l != NULL ? &l->entry : NULL;
}

static const struct ct_entry *
ask_ct_orig(const void *arg, const struct flow *f, const struct tuple *tuple)
{
	const struct tracer *t = arg;

	return t->ct != NULL ? entry_of(ct_table_orig(t->ct, tuple, f->first, f->last)) :
	    state_ct_orig(t->dump, tuple);
}

static const struct ct_entry *
ask_ct_reply(const void *arg, const struct flow *f, const struct tuple *tuple)
{
	const struct tracer *t = arg;

	return t->ct != NULL ? entry_of(ct_table_reply(t->ct, tuple, f->first, f->last)) :
	    state_ct_reply(t->dump, tuple);
}

/* An age in a dump is that of when it was taken, in whole seconds. */
static struct nstime
ask_ct_began(const void *arg, const struct ct_entry *ct)
{
	const struct tracer *t = arg;
	int64_t taken;

	if (t->ct != NULL)
		return ((const struct ct_life *)(const void *)((const char *)ct -
		    offsetof(struct ct_life, entry)))->began;
	taken = t->dump->taken.ns;
	return (struct nstime){ taken == 0 || ct->age_s < 0 ||
	    ct->age_s >= taken / NS_PER_SEC ? 0 : taken - ct->age_s * NS_PER_SEC };
}

static bool
ask_ct_complete(const void *arg, const struct flow *f)
{
	const struct tracer *t = arg;

	return t->ct != NULL ? ct_table_complete(t->ct, f->first, f->last) :
	    state_has(t->dump, PART_CONNTRACK);
}

static bool
ask_lost(const void *arg, const struct flow *f)
{
	return loss_between(arg, f->first,
	    (struct nstime){ f->last.ns + DEPARTS_WITHIN_NS }) > 0;
}

void
witness_init(struct tracer *t)
{
	t->judge_view = (struct judge_view){ .arg = t, .dev = ask_dev,
	    .covers = ask_covers, .maybe_left = ask_maybe_left,
	    .is_latest = ask_is_latest, .ct_orig = ask_ct_orig,
	    .ct_reply = ask_ct_reply, .ct_began = ask_ct_began,
	    .ct_complete = ask_ct_complete, .lost = ask_lost };
	iface_forget_devs(t);
}

void
witness_now(struct tracer *t)
{
	struct judge_view *v = &t->judge_view;

	v->now = t->now.ns > t->stats.last.ns ? t->now : t->stats.last;
	v->has_ct = t->ct != NULL ? ct_table_size(t->ct) > 0 :
	    t->dump != NULL && t->dump->conntrack.n > 0;
}

void
witness_fini(struct tracer *t)
{
	ct_table_free(t->ct);
	free(t->departures);
}

/* ---- entries that join */

static uint32_t
find_conv(const struct tracer *t, const struct tuple *tuple, uint8_t *from_b)
{
	struct tunnel none = { TUN_NONE, 0 };
	struct key k;
	uint32_t h = key_make(&k, tuple, &none, from_b);

	return index_find(t, &k, h);
}

/* Both sides were seen, at one time, and packets did not say that they are one:
   `up` is a conv whose flow has no other, `ct` its entry. */
static void
join_entry(struct tracer *t, const struct ct_entry *ct, uint32_t up, uint8_t up_from_b)
{
	struct tuple after = tuple_turned(&ct->reply);
	const struct flow_rec *f, *g;
	uint8_t down_from_b;
	uint32_t down;

	if (tuple_eq(&after, &ct->orig))
		return;
	down = find_conv(t, &after, &down_from_b);
	if (down == 0 || conv_at(t, up)->flow == conv_at(t, down)->flow ||
	    conv_at(t, down)->flow == 0)
		return;
	f = flow_at(t, conv_at(t, up)->flow);
	g = flow_at(t, conv_at(t, down)->flow);
	/* Of one conversation both sides begin at once, whichever came first. */
	if (f->first.ns - g->first.ns > DEPARTS_WITHIN_NS ||
	    g->first.ns - f->first.ns > DEPARTS_WITHIN_NS)
		return;
	/* Each must be free: a side that packets have joined elsewhere is so. */
	if (g->n_convs > 1)
		return;
	flow_join(t, up, up_from_b, down, down_from_b);
	flow_at(t, conv_at(t, up)->flow)->flags |= FLW_DECLARED;
}

/* The entry whose original tuple is this, while the flow ran. */
static const struct ct_entry *
entry_for(const struct tracer *t, const struct flow_rec *f, const struct tuple *tuple)
{
	return t->ct != NULL ? entry_of(ct_table_orig(t->ct, tuple, f->first, f->last)) :
	    state_ct_orig(t->dump, tuple);
}

/* A conv that is a flow alone, and not at more than one interface: is it the
   original side of an entry? */
static void
join_lone(struct tracer *t, const struct flow_rec *f)
{
	uint32_t ci = f->convs;
	const struct conv *c = conv_at(t, ci);
	const struct key *k = &c->key;
	struct tuple forth = { .src = k->a, .dst = k->b, .sport = k->pa, .dport = k->pb,
	    .proto = k->proto };
	struct tuple back = { .src = k->b, .dst = k->a, .sport = k->pb, .dport = k->pa,
	    .proto = k->proto };
	const struct ct_entry *ct;

	if (c->flags & (CONV_SPREAD | CONV_RETIRED) || k->tunnel_type != TUN_NONE)
		return;
	ct = entry_for(t, f, &forth);
	if (ct != NULL) {
		join_entry(t, ct, ci, 0);
		return;
	}
	ct = entry_for(t, f, &back);
	if (ct != NULL)
		join_entry(t, ct, ci, 1);
}

void
witness_join(struct tracer *t, uint32_t fi)
{
	const struct flow_rec *f = flow_at(t, fi);

	if ((t->ct != NULL || (t->dump != NULL && t->dump->conntrack.n > 0)) &&
	    f->convs != 0 && f->n_convs == 1)
		join_lone(t, f);
}

void
witness_finish(struct tracer *t)
{
	if (t->ct == NULL && (t->dump == NULL || t->dump->conntrack.n == 0))
		return;
	for (uint32_t fi = 1; fi < t->flows.used; fi++)
		witness_join(t, fi);
}

/* What changed in conntrack concerns the flows that it is about. */
static void
mark_flow_of(struct tracer *t, const struct tuple *tuple)
{
	uint8_t from_b;
	uint32_t ci = find_conv(t, tuple, &from_b);

	if (ci != 0 && conv_at(t, ci)->flow != 0)
		look_mark(t, conv_at(t, ci)->flow);
}

void
witness_ct(struct tracer *t, const struct obs *o)
{
	if (t->ct == NULL)
		t->ct = ct_table_new(0);
	if (t->ct == NULL)
		return;
	ct_table_observe(t->ct, &o->ct, o->ts);
	if (o->ct.entry == NULL || o->ct.event == CT_EV_DESTROY || t->looks == NULL)
		return;
	mark_flow_of(t, &o->ct.entry->orig);
	mark_flow_of(t, &o->ct.entry->reply);
}

struct telling {
	void		(*cb)(void *, const struct obs *);
	void		*arg;
	struct nstime	now;
};

static bool
tell_entry(void *arg, const struct ct_life *l)
{
	const struct telling *tell = arg;
	struct obs o = { .type = OBS_CT, .ts = tell->now, .ct = {
	    .event = CT_EV_DUMPED, .entry = &l->entry,
	    .began = l->lost_begin ? (struct nstime){ 0 } : l->began } };

	tell->cb(tell->arg, &o);
	return true;
}

void
tracer_entries(const struct tracer *t, void (*cb)(void *, const struct obs *), void *arg)
{
	struct telling tell = { cb, arg, t->now };
	struct obs o = { .type = OBS_CT, .ts = t->now };

	if (t->ct == NULL || !ct_table_known(t->ct))
		return;
	o.ct.event = CT_EV_DUMP_BEGIN;
	cb(arg, &o);
	ct_table_each(t->ct, tell_entry, &tell);
	o.ct.event = CT_EV_DUMP_END;
	cb(arg, &o);
}

void
witness_settle(struct tracer *t)
{
	if (t->judge == NULL)
		return;
	iface_vote_devs(t);
	if (t->looks == NULL)
		note_departures(t);
}

