/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lookup.c - which entry had a tuple at a time, and whether all were seen.
 */
#include "decode/conntrack/ct_int.h"

/* Differences of times within this fit: the years 1824 to 2116. */
#define TIME_MIN	(INT64_MIN / 2)
#define TIME_MAX	(INT64_MAX / 2)

static int64_t
clamp(int64_t ns)
{
	return ns < TIME_MIN ? TIME_MIN : ns > TIME_MAX ? TIME_MAX : ns;
}

/* How much two spans have in common; less than 0: how far apart they are. */
static int64_t
common_ns(int64_t lo, int64_t hi, int64_t first, int64_t last)
{
	int64_t from = clamp(lo > first ? lo : first);
	int64_t to = clamp(hi < last ? hi : last);

	return to - from;
}

int64_t
rec_expiry(const struct rec *r)
{
	int64_t at;

	if ((r->life.own_flags & (OWN_ALIVE | OWN_EVENT | OWN_TIMEOUT)) !=
	    (OWN_ALIVE | OWN_TIMEOUT))
		return INT64_MAX;
	at = clamp(r->told.ns) + ((int64_t)r->life.entry.timeout + CT_EXPIRED_GRACE_S) *
	    NS_PER_SEC;
	return at < TIME_MAX ? at : INT64_MAX;
}

/* How well a life fits: how much of the time it may have been there, and surely
   was, where its beginning or end was missed. */
struct fit {
	int64_t	maybe, sure, began;
};

/* The first time at which it may have been there.  What no event told of began
   when events were lost, unless it is older than what is known. */
static int64_t
earliest(const struct ct_table *t, const struct ct_life *l)
{
	int64_t at = l->began.ns;

	if (!l->lost_begin)
		return at;
	if (l->own_flags & OWN_OLD)
		return TIME_MIN;
	for (unsigned i = 0; i < t->n_losses; i++)
		if (t->losses[i].since.ns <= l->began.ns)
			at = t->losses[i].since.ns;
	return at;
}

static bool
fit_of(const struct ct_table *t, const struct rec *r, int64_t first, int64_t last,
    struct fit *f)
{
	const struct ct_life *l = &r->life;
	int64_t lo = earliest(t, l);
	int64_t hi = is_alive(r) ? rec_expiry(r) : l->ended.ns;

	f->maybe = common_ns(lo, hi, first, last);
	f->sure = common_ns(l->began.ns, l->lost_end ? r->told.ns : hi, first, last);
	f->began = l->began.ns;
	/* Events come late; what is told by their absence does not. */
	if (l->lost_begin && last < lo)
		return false;
	if (l->lost_end && first > hi)
		return false;
	return f->maybe >= -CT_LOOKUP_GRACE_NS;
}

static bool
is_better(const struct fit *a, const struct fit *b)
{
	if (a->maybe != b->maybe)
		return a->maybe > b->maybe;
	return a->sure != b->sure ? a->sure > b->sure : a->began > b->began;
}

static const struct ct_life *
look(const struct ct_table *t, enum side s, const struct tuple *tuple,
    struct nstime first, struct nstime last)
{
	int64_t from = clamp(first.ns), to = clamp(last.ns);
	const struct rec *best = NULL;
	struct fit its = { 0 }, f;

	if (to < from)
		to = from;
	for (uint32_t i = chain_of(t, s, tuple); i != 0; i = rec_at(t, i)->next[s]) {
		const struct rec *r = rec_at(t, i);

		if (!tuple_eq(tuple_on(&r->life.entry, s), tuple) ||
		    !fit_of(t, r, from, to, &f))
			continue;
		if (best == NULL || is_better(&f, &its)) {
			best = r;
			its = f;
		}
	}
	return best != NULL ? &best->life : NULL;
}

const struct ct_life *
ct_table_orig(const struct ct_table *t, const struct tuple *tuple, struct nstime first,
    struct nstime last)
{
	return look(t, SIDE_ORIG, tuple, first, last);
}

const struct ct_life *
ct_table_reply(const struct ct_table *t, const struct tuple *tuple, struct nstime first,
    struct nstime last)
{
	return look(t, SIDE_REPLY, tuple, first, last);
}

/* ---- losses */

/* The two with the smallest gap between them become one. */
static void
merge_nearest(struct ct_table *t)
{
	struct span_of_time *v = t->losses;
	unsigned at = 1;

	for (unsigned i = 2; i < t->n_losses; i++)
		if (common_ns(v[i].since.ns, INT64_MAX, INT64_MIN, v[i - 1].until.ns) >
		    common_ns(v[at].since.ns, INT64_MAX, INT64_MIN, v[at - 1].until.ns))
			at = i;
	v[at - 1].until = v[at].until;
	t->n_losses--;
	memmove(v + at, v + at + 1, (t->n_losses - at) * sizeof(*v));
}

void
ct_table_lost(struct ct_table *t, struct nstime since, struct nstime until)
{
	struct span_of_time *v = t->losses, s = { since, until };
	unsigned at = 0, n;

	t->lost = true;
	if (since.ns == 0)
		s.since.ns = INT64_MIN;
	if (s.until.ns < s.since.ns)
		s.until = s.since;
	while (at < t->n_losses && v[at].until.ns < s.since.ns)
		at++;
	for (n = at; n < t->n_losses && v[n].since.ns <= s.until.ns; n++) {
		if (v[n].since.ns < s.since.ns)
			s.since = v[n].since;
		if (v[n].until.ns > s.until.ns)
			s.until = v[n].until;
	}
	if (n == at && t->n_losses == MAX_LOSSES) {
		merge_nearest(t);
		ct_table_lost(t, s.since, s.until);
		return;
	}
	memmove(v + at + 1, v + n, (t->n_losses - n) * sizeof(*v));
	v[at] = s;
	t->n_losses = t->n_losses - (n - at) + 1;
}

bool
ct_table_complete(const struct ct_table *t, struct nstime first, struct nstime last)
{
	if (!t->known || t->overflow || first.ns < t->known_since.ns)
		return false;
	/* What ended a little before could be meant, too: see ct_table_orig(). */
	if (t->forgotten.ns != INT64_MIN &&
	    clamp(first.ns) - CT_LOOKUP_GRACE_NS <= t->forgotten.ns)
		return false;
	/* A new dump began since something was missed. */
	if (t->in_dump && last.ns >= t->unsure_since.ns)
		return false;
	for (unsigned i = 0; i < t->n_losses; i++)
		if (t->losses[i].since.ns <= last.ns && t->losses[i].until.ns >= first.ns)
			return false;
	return true;
}

bool
ct_table_known(const struct ct_table *t)
{
	return t->known;
}
