/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * path.c - a flow as the outputs see it: its legs in the order the packets
 * took them, and the tuples before and after translation.
 */
#include <string.h>

#include "decode/trace/tracer_int.h"
#include "decode/verdict/finding.h"

/* A leg on its way to being described. */
struct stop {
	const struct leg_rec *leg;
	const struct conv *conv;
	uint32_t	number;		/* legs are numbered as they were first seen */
	uint8_t		source;		/* whose clock */
	bool		reply;
};

static struct tuple
tuple_of(const struct key *k, bool from_b)
{
	return (struct tuple){ .src = from_b ? k->b : k->a, .dst = from_b ? k->a : k->b,
	    .sport = from_b ? k->pb : k->pa, .dport = from_b ? k->pa : k->pb,
	    .proto = k->proto };
}

static struct tuple
stop_tuple(const struct stop *s)
{
	return tuple_of(&s->conv->key, s->leg->place.from_b);
}

static struct tuple
turned_tuple(const struct stop *s)
{
	return tuple_of(&s->conv->key, !s->leg->place.from_b);
}

/* Requests before replies; then by the TTL, which falls on the way; then by
   time, where one clock stamped both, or else in before out. */
static bool
comes_before(const struct stop *x, const struct stop *y)
{
	if (x->reply != y->reply)
		return y->reply;
	if (x->leg->ttl != y->leg->ttl)
		return x->leg->ttl > y->leg->ttl;
	if (x->source == y->source && x->leg->first.ns != y->leg->first.ns)
		return x->leg->first.ns < y->leg->first.ns;
	if (x->source != y->source && x->leg->place.dir != y->leg->place.dir)
		return x->leg->place.dir == DIR_IN;
	/* A bridge hands a packet on with the time stamp it came with. */
	if (x->leg->first.ns == y->leg->first.ns)
		return x->number < y->number;
	return x->leg->first.ns < y->leg->first.ns;
}

/* Legs of the flow, in order; those beyond `room` are only counted. */
static unsigned
collect(const struct tracer *t, const struct flow_rec *f, struct stop *stops,
    unsigned room, unsigned *left_out, uint64_t *sightings)
{
	bool initiator = f->flags & FLW_INITIATOR_1;
	unsigned n = 0;

	*left_out = 0;
	*sightings = 0;
	for (uint32_t ci = f->convs; ci != 0; ci = conv_at(t, ci)->next) {
		const struct conv *c = conv_at(t, ci);

		for (uint32_t li = c->legs; li != 0; li = leg_at(t, li)->next) {
			const struct leg_rec *l = leg_at(t, li);
			unsigned dir = conv_direction(c, l->place.from_b);
			struct stop s = { l, c, li, leg_source(t, l),
			    dir != initiator };
			unsigned at;

			if (l->packets == 0)
				continue;	/* its packets began another flow */
			*sightings += l->packets;
			if (n == room) {
				(*left_out)++;
				continue;
			}
			for (at = n++; at > 0 && comes_before(&s, &stops[at - 1]); at--)
				stops[at] = stops[at - 1];
			stops[at] = s;
		}
	}
	return n;
}

static bool
any_conv(const struct stop *stops, unsigned n, const struct conv *c)
{
	for (unsigned i = 0; i < n; i++)
		if (stops[i].conv == c)
			return true;
	return false;
}

/* The request legs show both tuples, unless one side of the node saw replies
   only: then those, turned round, do. */
static void
name_tuples(struct flow *out, const struct stop *stops, unsigned n, unsigned n_req)
{
	const struct stop *first_reply = &stops[n_req], *last_reply = &stops[n - 1];
	bool replies = n > n_req;

	if (n_req > 0) {
		out->original = stop_tuple(&stops[0]);
		out->translated = stop_tuple(&stops[n_req - 1]);
	}
	if (replies && (n_req == 0 || !any_conv(stops, n_req, last_reply->conv)))
		out->original = turned_tuple(last_reply);
	if (replies && (n_req == 0 || !any_conv(stops, n_req, first_reply->conv)))
		out->translated = turned_tuple(first_reply);
}

static unsigned
nat_of(const struct tuple *o, const struct tuple *x)
{
	unsigned nat = 0;

	if (!addr_eq(&o->src, &x->src) || o->sport != x->sport)
		nat |= NAT_SNAT;
	if (!addr_eq(&o->dst, &x->dst) || o->dport != x->dport)
		nat |= NAT_DNAT;
	return nat;
}

static void
fill_leg(struct leg *out, const struct stop *s)
{
	const struct leg_rec *l = s->leg;

	out->reply = s->reply;
	out->dir = l->place.dir;
	out->ttl = l->ttl;
	out->has_vlan = l->flags & LEG_VLAN;
	out->other_host = l->flags & LEG_OTHER_HOST;
	out->vlan = l->vlan;
	out->iface = l->place.iface;
	out->t = stop_tuple(s);
	out->tunnel.type = s->conv->key.tunnel_type;
	out->tunnel.id = s->conv->key.tunnel_id;
	out->packets = l->packets;
	out->bytes = l->bytes;
	out->first = l->first;
	out->last = l->last;
}

/* Where the capture does not tell directions, the order does: packets come in
   at the first place and go out at the last. */
static void
infer_directions(struct leg *legs, unsigned n)
{
	if (n < 2)
		return;
	if (legs[0].dir == DIR_UNKNOWN)
		legs[0].dir = DIR_IN;
	if (legs[n - 1].dir == DIR_UNKNOWN)
		legs[n - 1].dir = DIR_OUT;
}

/* Packets of one direction, each once: what the leg that saw most of them saw. */
static void
count_once(const struct leg *legs, unsigned n, uint64_t *packets, uint64_t *bytes)
{
	const struct leg *most = NULL;

	for (unsigned i = 0; i < n; i++)
		if (most == NULL || legs[i].packets > most->packets)
			most = &legs[i];
	*packets = most ? most->packets : 0;
	*bytes = most ? most->bytes : 0;
}

static struct quantiles
quantiles_of(const struct sketch *s)
{
	struct sketch_pair p = sketch_pair(s);

	return (struct quantiles){ .n = s->n, .p50_ns = p.p50_ns,
	    .p99_ns = p.p99_ns };
}

static void
describe_error(const struct tracer *t, const struct flow_rec *f, struct flow *out)
{
	const struct flow_error *e;

	out->icmp_errors = f->icmp_errors;
	if (f->error == 0)
		return;
	e = pool_at(&t->errors, f->error);
	out->has |= FLOW_ICMP_ERROR;
	out->icmp_type = e->type;
	out->icmp_code = e->code;
	out->icmp_from = e->from;
	if (e->dir == DIR_OUT)
		out->has |= FLOW_ICMP_OURS;
	if (conv_direction(conv_at(t, e->conv), e->about_from_b) !=
	    (f->flags & FLW_INITIATOR_1 ? 1u : 0u))
		out->has |= FLOW_ICMP_REPLY;
}

/* What is joined, or went through the node untranslated, needs no other twin. */
static uint8_t
confidence_of(const struct flow_rec *f, bool crossed, bool ambiguous)
{
	if (f->flags & FLW_DECLARED)
		return CONF_DECLARED;
	if (f->n_convs > 1 || crossed)
		return CONF_OBSERVED;
	return ambiguous ? CONF_AMBIGUOUS : CONF_SINGLE;
}

static void
describe_legs(const struct tracer *t, const struct flow_rec *f, struct flow *out)
{
	struct stop stops[FLOW_MAX_LEGS];
	unsigned n = collect(t, f, stops, FLOW_MAX_LEGS, &out->legs_left_out,
	    &out->sightings);
	unsigned n_req = 0;
	uint64_t reply_bytes;

	out->n_legs = n;
	for (unsigned i = 0; i < n; i++) {
		fill_leg(&out->legs[i], &stops[i]);
		n_req += !stops[i].reply;
	}
	infer_directions(out->legs, n_req);
	infer_directions(out->legs + n_req, n - n_req);
	if (n > 0)
		name_tuples(out, stops, n, n_req);
	else
		out->original = out->translated =
		    tuple_of(&conv_at(t, f->convs)->key, false);
	count_once(out->legs, n_req, &out->request_packets, &out->bytes);
	count_once(out->legs + n_req, n - n_req, &out->reply_packets, &reply_bytes);
	out->packets = out->request_packets + out->reply_packets;
	out->bytes += reply_bytes;
}

void
path_describe_seen(struct tracer *t, uint32_t fi, struct flow *out)
{
	const struct flow_rec *f = flow_at(t, fi);
	bool ambiguous = false, crossed = false;

	out->id = f->id;
	out->has = f->flags & FLW_SURE ? FLOW_INITIATOR : 0;
	out->proto = conv_at(t, f->convs)->key.proto;
	out->selected = f->flags & FLW_SELECTED;
	out->first = f->first;
	out->last = f->last;
	out->tcp_state = f->tcp_state;
	out->verdict = VERDICT_UNKNOWN;
	out->retransmissions = f->retransmissions;
	out->resets = f->resets;
	for (uint32_t ci = f->convs; ci != 0; ci = conv_at(t, ci)->next) {
		ambiguous |= (conv_at(t, ci)->flags & CONV_AMBIGUOUS) != 0;
		crossed |= (conv_at(t, ci)->flags & CONV_SPREAD) != 0;
	}
	describe_legs(t, f, out);
	/* A vote that was not the last counts both its sightings, also one that
	   had been counted before. */
	out->matched = f->matched < out->sightings ? f->matched : out->sightings;
	out->confidence = confidence_of(f, crossed, ambiguous);
	out->nat = 0;
	if (f->n_convs > 1 || crossed) {
		out->has |= FLOW_TRANSLATED;
		out->nat = nat_of(&out->original, &out->translated);
	}
	out->rtt = quantiles_of(&f->rtt);
	out->transit = quantiles_of(&f->transit);
	out->has |= (f->rtt.n ? FLOW_RTT : 0) | (f->transit.n ? FLOW_TRANSIT : 0);
	describe_error(t, f, out);
	out->node = (struct flow_node){ 0 };
	out->app = (struct flow_app){ 0 };
	packets_judge(out, loss_between(t, out->first, out->last));
}

void
path_describe(struct tracer *t, uint32_t fi, struct flow *out)
{
	path_describe_seen(t, fi, out);
	if (t->judge != NULL)
		epochs_judge(t, fi, out);
	app_describe(t, fi, out);
}
