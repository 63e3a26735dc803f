/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness.c - node state beside the tracer's tables: conntrack entries join
 * what packets alone could not, and the judge gets to see what it asks for.
 */
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

static uint32_t
hash_destination(const struct addr *dst, uint16_t dport, uint8_t proto)
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

/* The leg of the initiator's direction that was seen first. */
static const struct leg_rec *
first_request(const struct tracer *t, const struct flow_rec *f, const struct conv **conv)
{
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
note_departure(struct tracer *t, const struct flow_rec *f)
{
	const struct conv *c = NULL;
	const struct leg_rec *l = first_request(t, f, &c);
	const struct key *k;

	if (l == NULL)
		return;
	k = &c->key;
	t->departures->v[t->departures->n++] = (struct departure){
		.hash = hash_destination(l->place.from_b ? &k->a : &k->b,
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
			note_departure(t, flow_at(t, fi));
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
	uint32_t h = hash_destination(&f->original.dst, f->original.dport, f->proto);
	uint32_t lo = 0, hi;

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

bool
witness_init(struct tracer *t, const struct state *s)
{
	judge_free(t->judge);
	t->judge = s != NULL ? judge_new(s) : NULL;
	t->judge_view = (struct judge_view){ .arg = t, .dev = ask_dev,
	    .covers = ask_covers, .maybe_left = ask_maybe_left,
	    .is_latest = ask_is_latest, .stats = &t->stats };
	iface_forget_devs(t);
	return t->judge != NULL;
}

void
witness_judge(struct tracer *t, struct flow *f)
{
	judge_flow(t->judge, &t->judge_view, f);
}

void
witness_fini(struct tracer *t)
{
	judge_free(t->judge);
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

/* A conv that is a flow alone, and not at more than one interface: is it the
   original side of an entry? */
static void
join_lone(struct tracer *t, const struct state *s, uint32_t ci)
{
	const struct conv *c = conv_at(t, ci);
	const struct key *k = &c->key;
	struct tuple forth = { .src = k->a, .dst = k->b, .sport = k->pa, .dport = k->pb,
	    .proto = k->proto };
	struct tuple back = { .src = k->b, .dst = k->a, .sport = k->pb, .dport = k->pa,
	    .proto = k->proto };
	const struct ct_entry *ct;

	if (c->flags & (CONV_SPREAD | CONV_RETIRED) || k->tunnel_type != TUN_NONE)
		return;
	ct = state_ct_orig(s, &forth);
	if (ct != NULL) {
		join_entry(t, ct, ci, 0);
		return;
	}
	ct = state_ct_orig(s, &back);
	if (ct != NULL)
		join_entry(t, ct, ci, 1);
}

void
witness_finish(struct tracer *t)
{
	const struct state *s = tracer_state(t);

	if (s == NULL || s->conntrack.n == 0)
		return;
	for (uint32_t fi = 1; fi < t->flows.used; fi++)
		if (flow_at(t, fi)->convs != 0 && flow_at(t, fi)->n_convs == 1)
			join_lone(t, s, flow_at(t, fi)->convs);
}

void
witness_settle(struct tracer *t)
{
	if (t->judge == NULL)
		return;
	iface_vote_devs(t);
	note_departures(t);
}

const struct state *
tracer_state(const struct tracer *t)
{
	return t->judge != NULL ? judge_state(t->judge) : NULL;
}

const struct contract *
tracer_contract(const struct tracer *t)
{
	return t->judge != NULL ? judge_contract(t->judge) : NULL;
}
