/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.c - when are two convs one conversation?
 *
 * A packet with one possible twin is a vote.  A wrong join is worse than none,
 * so how many votes it takes depends on how much could be chance:
 *
 *  - several possible twins are no evidence at all, and neither is one twin
 *    where others may have been pushed out of sight;
 *  - a random number (TCP's sequence numbers) needs one packet, unless it turns
 *    out not to be random (a scan);
 *  - payload alone needs two packets that agree, or to be the only evidence
 *    in either direction when the input ends;
 *  - a vote for one is a vote against another.
 *
 * A tuple is used again when its conntrack entry is gone, without a sign in the
 * packets themselves but this: a packet's twin belongs to a conv whose place is
 * taken.  Then the old conversation is over and the conv begins anew.
 */
#include "decode/trace/match_int.h"

/* `seen` sightings were found to be twins by this. */
static void
join(struct tracer *t, const struct quest *q, const struct twin *w, unsigned seen)
{
	struct flow_rec *f;

	if (w->earlier)
		flow_join(t, w->conv, w->from_b, q->conv, q->s->at.from_b);
	else
		flow_join(t, q->conv, q->s->at.from_b, w->conv, w->from_b);
	f = flow_at(t, conv_at(t, q->conv)->flow);
	f->matched += seen;
	if (w->transit_ns >= 0)
		sketch_add(&f->transit, w->transit_ns);
}

unsigned
evidence_mark(struct quest *q, uint32_t *recent, bool earlier)
{
	unsigned seen = (*recent & (RECENT_UP | RECENT_DOWN) ? 0u : 1u) +
	    (q->found ? 0u : 1u);

	*recent |= earlier ? RECENT_DOWN : RECENT_UP;
	q->found |= earlier ? RECENT_UP : RECENT_DOWN;
	return seen;
}

/* On which side of a conv its candidate is, in the order of its key. */
static bool
cand_side(uint8_t how)
{
	return !(how & CAND_EARLIER) != !(how & CAND_FROM_B);
}

/* The same seen from the candidate. */
static uint8_t
cand_turned(uint8_t how)
{
	return (uint8_t)((how & CAND_EARLIER ? 0 : CAND_EARLIER) |
	    (how & CAND_ITS_FROM_B ? CAND_FROM_B : 0));
}

static void
hear_against(struct conv *c)
{
	if (c->cand_against != UINT8_MAX)
		c->cand_against++;
}

/* The candidate of c (number ci) may have one itself, for the same side: then
   each speaks against the other. */
static void
hear_other(struct tracer *t, struct conv *c, uint32_t ci)
{
	struct conv *o = conv_at(t, c->cand);

	if (o->cand == 0 || o->cand == ci || o->cand_votes == 0 ||
	    cand_side(o->cand_how) != cand_side(cand_turned(c->cand_how)))
		return;
	hear_against(c);
	hear_against(o);
}

/* One packet says that the two convs are one conversation.  How many sightings
   that makes twins is returned when it is enough, else 0. */
static unsigned
vote(struct tracer *t, struct quest *q, const struct twin *w)
{
	bool mine = q->conv > w->conv;	/* the newer conv keeps the count */
	uint32_t other = mine ? w->conv : q->conv;
	struct conv *c = conv_at(t, mine ? q->conv : w->conv);
	unsigned seen = evidence_mark(q, w->recent, w->earlier);

	if (c->cand != other && c->cand != 0 && c->cand_votes > 0) {
		c->cand_votes--;
		hear_against(c);
		return 0;
	}
	if (c->cand != other)
		c->cand_votes = 0;
	c->cand = other;
	if (c->cand_votes != UINT8_MAX)
		c->cand_votes++;
	c->cand_how = (uint8_t)((w->earlier == mine ? CAND_EARLIER : 0) |
	    ((mine ? q->s->at.from_b : w->from_b) ? CAND_FROM_B : 0) |
	    ((mine ? w->from_b : q->s->at.from_b) ? CAND_ITS_FROM_B : 0) |
	    (w->single ? 0 : CAND_MORE));
	hear_other(t, c, mine ? q->conv : w->conv);
	return c->cand_votes >= w->votes_needed + 2 * c->cand_against ?
	    2u * (c->cand_votes - 1u) + seen : 0;
}

/* Several convs could be it.  What is joined already needs no doubt. */
static void
mark_ambiguous(struct tracer *t, const struct quest *q, const struct twin *twins,
    unsigned n)
{
	uint8_t joined = CONV_UP | CONV_DOWN;
	struct conv *c = conv_at(t, q->conv);

	if (!(c->flags & joined))
		c->flags |= CONV_AMBIGUOUS;
	for (unsigned i = 0; i < n; i++) {
		struct conv *o = conv_at(t, twins[i].conv);

		if (!(o->flags & joined))
			o->flags |= CONV_AMBIGUOUS;
	}
}

/* The conv of a leg begins anew with the leg's last sighting, which has its
   twin now: the older ones belong to the conversation before. */
static uint32_t
begin_anew(struct tracer *t, uint32_t li, uint32_t ip_len)
{
	struct leg_rec *old = leg_at(t, li), *l;
	uint32_t ci = conv_renew(t, old->conv);
	uint32_t new_li = ci ? pool_take(&t->legs) : 0;

	if (new_li == 0)
		return ci;
	l = leg_at(t, new_li);
	*l = *old;
	l->conv = ci;
	l->next = 0;
	l->first = old->last;
	l->packets = 1;
	l->bytes = ip_len;
	conv_at(t, ci)->legs = new_li;
	old->packets--;
	old->bytes -= old->bytes > ip_len ? ip_len : 0;
	return ci;
}

/* The two are one conversation, and what either was joined to before is over. */
static void
succeed(struct tracer *t, struct quest *q, const struct twin *w, unsigned seen)
{
	uint32_t other = w->conv, li = *w->recent & RECENT_LEG;
	struct nstime since = leg_at(t, li)->last;
	bool here = conv_at(t, q->conv)->flags & (CONV_UP | CONV_DOWN);
	bool there = conv_at(t, other)->flags & (CONV_UP | CONV_DOWN);

	if (t->convs.max - t->convs.live < 2 || t->legs.max - t->legs.live < 2)
		return;
	if (there) {
		other = begin_anew(t, li, q->s->l->ip_len);
		*w->recent ^= li ^ conv_at(t, other)->legs;
	}
	if (here) {
		q->conv = conv_renew(t, q->conv);
		q->leg = leg_of(t, q->conv, q->s);
	}
	if (conv_at(t, q->conv)->flow == 0 && conv_at(t, other)->flow == 0)
		flow_new(t, q->s, q->conv);
	if (w->earlier)
		flow_join(t, other, w->from_b, q->conv, q->s->at.from_b);
	else
		flow_join(t, q->conv, q->s->at.from_b, other, w->from_b);
	flow_touch(t, conv_at(t, q->conv)->flow, since);
	flow_at(t, conv_at(t, q->conv)->flow)->matched += seen;
}

static bool
lately(struct nstime then, struct nstime now, int64_t window_ns)
{
	return then.ns != 0 && nstime_diff_ns(now, then) < window_ns;
}

/* Could a rival have been there that is out of sight? */
static bool
blind(const struct tracer *t, const struct quest *q)
{
	const struct pushed_out *p = pushed_out_of(t, q->hash);
	struct nstime now = q->s->ts;

	return lately(p->alike, now, WINDOW_NS) ||
	    (q->strength == FP_WEAK && lately(p->any, now, WINDOW_WEAK_NS));
}

/* The best of the twins; NULL when there is none, or not one alone. */
static const struct twin *
best_twin(const struct twin *twins, unsigned n)
{
	const struct twin *best = NULL;
	bool alone = true;

	for (unsigned i = 0; i < n; i++) {
		const struct twin *w = &twins[i];

		if (w->rival)
			continue;
		if (best != NULL && w->score == best->score && w->conv != best->conv)
			alone = false;
		if (best == NULL || w->score > best->score) {
			best = w;
			alone = true;
		}
	}
	return alone ? best : NULL;
}

static bool
only_rivals(const struct twin *twins, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!twins[i].rival)
			return false;
	return true;
}

bool
evidence_choose(struct tracer *t, struct quest *q, const struct finds *f)
{
	unsigned n = f->n_twins, seen;
	const struct twin *twins = f->twins;
	const struct twin *best = best_twin(twins, n);
	struct twin w;
	/* Not random after all, such as the sequence number of a scan. */
	bool unseen = lately(pushed_out_of(t, q->hash)->crowd, q->s->ts, WINDOW_NS);
	bool crowd = unseen || f->n_alike > 1;

	if (best == NULL && q->strength != FP_WEAK && only_rivals(twins, n))
		return false;		/* a copy of what went on already */
	if (best == NULL || blind(t, q) ||
	    (crowd && (best->no_end_kept || best->blocked))) {
		mark_ambiguous(t, q, twins, n);
		return false;
	}
	w = *best;
	if (crowd && w.votes_needed < VOTES_MORE)
		w.votes_needed = VOTES_MORE;
	/* A scan has one source, and each of its packets another destination. */
	if (unseen && !(q->strength == FP_STRONG && w.dst_kept))
		w.single = false;
	seen = vote(t, q, &w);
	if (seen > 0 && w.blocked)
		succeed(t, q, &w, seen);
	else if (seen > 0)
		join(t, q, &w, seen);
	return true;
}

/* Were the two seen at the same time?  The candidate's place may have been
   given to another conversation since. */
static bool
overlap(const struct tracer *t, const struct conv *x, const struct conv *y)
{
	for (uint32_t i = x->legs; i != 0; i = leg_at(t, i)->next)
		for (uint32_t j = y->legs; j != 0; j = leg_at(t, j)->next) {
			const struct leg_rec *a = leg_at(t, i), *b = leg_at(t, j);

			if (a->first.ns - WINDOW_NS <= b->last.ns &&
			    b->first.ns - WINDOW_NS <= a->last.ns)
				return true;
		}
	return false;
}

static bool
claim_stands(const struct tracer *t, uint32_t ci)
{
	const struct conv *c = conv_at(t, ci), *o;

	if (c->flow == 0 || c->cand == 0 || c->cand_votes == 0)
		return false;
	o = conv_at(t, c->cand);
	return o->flow != 0 && o->flow != c->flow && overlap(t, c, o);
}

/*
 * No more packets: a single vote counts when nothing speaks against it.  Two
 * convs that claim the same third one speak against each other.
 */
void
match_finish(struct tracer *t)
{
	for (uint32_t i = 1; i < t->convs.used; i++) {
		struct conv *o;

		if (!claim_stands(t, i))
			continue;
		o = conv_at(t, conv_at(t, i)->cand);
		if (o->flags & CONV_CLAIMED)
			o->flags |= CONV_AMBIGUOUS;
		o->flags |= CONV_CLAIMED;
	}
	for (uint32_t i = 1; i < t->convs.used; i++) {
		struct conv *c = conv_at(t, i), *o;
		bool up, c_from_b, o_from_b;
		uint64_t votes;

		if (!claim_stands(t, i))
			continue;
		o = conv_at(t, c->cand);
		votes = c->cand_votes;
		up = c->cand_how & CAND_EARLIER;
			c_from_b = c->cand_how & CAND_FROM_B;
		o_from_b = c->cand_how & CAND_ITS_FROM_B;
		if (c->cand_how & CAND_MORE)
			continue;
		if (c->cand_against > 0 || (c->flags | o->flags) & CONV_AMBIGUOUS ||
		    !judge_links_free(c, c_from_b, o, o_from_b, up)) {
			c->flags |= CONV_AMBIGUOUS;
			continue;
		}
		if (up)
			flow_join(t, c->cand, o_from_b, i, c_from_b);
		else
			flow_join(t, i, c_from_b, c->cand, o_from_b);
		flow_at(t, c->flow)->matched += 2 * votes;
	}
}
