/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * epochs.c - node state in time: which one a flow is judged by.
 *
 * A flow was routed and translated by what was in force when it ran.  Where the
 * state changed meanwhile, or so near to its beginning or end that the order
 * cannot be told (events come by another way than packets), each of the states
 * is a possible one: what is right by one of them is not wrong.
 */
#include <string.h>

#include "decode/trace/tracer_int.h"
#include "decode/verdict/finding.h"

/* Packets and events are stamped by different clocks of the kernel and read in
   rounds: so much earlier or later may one be. */
#define EPOCH_GRACE_NS	(250 * 1000 * 1000)
#define MAX_JUDGES	6	/* each has indexes of its own */
#define MAX_TRIES	6

static void
drop_judge(void *judge)
{
	judge_free(judge);
}

static struct epoch *
newest(const struct tracer *t)
{
	unsigned n = t->timeline != NULL ? timeline_n(t->timeline) : 0;

	return n > 0 ? timeline_epoch(t->timeline, n - 1) : NULL;
}

/* Make room for one more judge: the one of the oldest state goes. */
static void
limit_judges(struct tracer *t, unsigned keep)
{
	unsigned n = timeline_n(t->timeline), judges = 0, oldest = n;

	for (unsigned i = n; i-- > 0;)
		if (timeline_epoch(t->timeline, i)->judge != NULL && i != keep) {
			judges++;
			oldest = i;
		}
	if (judges < MAX_JUDGES)
		return;
	drop_judge(timeline_epoch(t->timeline, oldest)->judge);
	timeline_epoch(t->timeline, oldest)->judge = NULL;
}

static struct judge *
judge_of(struct tracer *t, unsigned i)
{
	struct epoch *e = timeline_epoch(t->timeline, i);

	if (e->judge == NULL) {
		/* The newest is in use all the time. */
		limit_judges(t, timeline_n(t->timeline) - 1);
		e->judge = judge_new(e->state);
	}
	return e->judge;
}

bool
epochs_begin(struct tracer *t, const struct state *s)
{
	if (t->timeline == NULL)
		t->timeline = timeline_new(drop_judge);
	if (t->timeline == NULL)
		return false;
	timeline_begin(t->timeline, s);
	t->dump = s;
	t->judge = s != NULL ? judge_of(t, 0) : NULL;
	return t->judge != NULL;
}

void
epochs_change(struct tracer *t, const struct obs *o)
{
	struct nstime since = o->change.since.ns != 0 ? o->change.since : o->ts;

	if (t->timeline != NULL)
		timeline_change(t->timeline, o->change.change, since, o->ts);
}

struct nstime
epochs_settle(struct tracer *t)
{
	struct nstime gone = { 0 };

	if (t->timeline == NULL || !timeline_settle(t->timeline, &gone))
		return gone;
	t->judge = judge_of(t, timeline_n(t->timeline) - 1);
	iface_forget_devs(t);
	return gone;
}

void
epochs_fini(struct tracer *t)
{
	timeline_free(t->timeline);
}

const struct state *
tracer_state(const struct tracer *t)
{
	const struct epoch *e = newest(t);

	return e != NULL && t->judge != NULL ? e->state : NULL;
}

const struct contract *
tracer_contract(const struct tracer *t)
{
	return t->judge != NULL ? judge_contract(t->judge) : NULL;
}

const struct state *
tracer_state_at(struct tracer *t, struct nstime ts)
{
	const struct state *s = NULL;

	epochs_settle(t);
	for (unsigned i = 0; t->timeline != NULL && i < timeline_n(t->timeline); i++) {
		const struct epoch *e = timeline_epoch(t->timeline, i);

		if (s == NULL || e->from.ns <= ts.ns)
			s = e->state;
	}
	return s;
}

/* ---- */

/* The epochs that a flow may have run in: from *lo to *hi; *at is the one that
   surely was in force when it began. */
static void
epochs_of(struct tracer *t, const struct flow *f, unsigned *lo, unsigned *hi, unsigned *at)
{
	unsigned n = timeline_n(t->timeline), i = n - 1;

	/* It began when most flows that are judged began: not long ago. */
	while (i > 0 && timeline_epoch(t->timeline, i)->from.ns > f->first.ns)
		i--;
	*at = *lo = *hi = i;
	while (*lo > 0 && timeline_epoch(t->timeline, *lo)->from.ns >
	    f->first.ns - EPOCH_GRACE_NS)
		(*lo)--;
	while (*hi + 1 < n && timeline_epoch(t->timeline, *hi + 1)->since.ns <
	    f->last.ns + EPOCH_GRACE_NS)
		(*hi)++;
}

static void
judge_by(struct tracer *t, struct flow *f, unsigned epoch)
{
	struct judge *j = judge_of(t, epoch);

	if (j != NULL)
		judge_flow(j, &t->judge_view, f);
}

/* How much a judgement says: that it is right, that it is not, whose it is. */
static unsigned
says(const struct flow *f)
{
	return (f->verdict == VERDICT_OK ? 4u : 0) +
	    (f->verdict != VERDICT_UNKNOWN ? 2u : 0) + (f->node.pod != NULL ? 1u : 0);
}

/* Right, but not what the state leads to expect. */
static bool
has_doubts(const struct flow *f)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, finding_code_name(F_STATE_DIFFERS)) == 0 ||
		    strcmp(f->findings[i].code, finding_code_name(F_ENDPOINT_GONE)) == 0)
			return true;
	return false;
}

/* What is right by one of the states is right, by one without doubts before others;
   else the state at its beginning counts, unless that did not know whose flow it is:
   then what says most. */
void
epochs_judge(struct tracer *t, uint32_t fi, struct flow *f)
{
	unsigned lo, hi, at, best, most, tries = 0;
	bool known, right;

	t->judged = fi;
	witness_now(t);
	epochs_of(t, f, &lo, &hi, &at);
	judge_by(t, f, at);
	right = f->verdict == VERDICT_OK;
	if (lo == hi || (right && !has_doubts(f)))
		return;
	best = at;
	most = says(f);
	known = f->node.pod != NULL;
	for (unsigned i = hi + 1; i-- > lo && tries < MAX_TRIES;) {
		if (i == at)
			continue;
		tries++;
		path_describe_seen(t, fi, f);
		judge_by(t, f, i);
		if (f->verdict == VERDICT_OK && !has_doubts(f))
			return;
		if (right)
			continue;
		right = f->verdict == VERDICT_OK;
		if (right || (!known && says(f) > most)) {
			most = says(f);
			best = i;
		}
	}
	path_describe_seen(t, fi, f);
	judge_by(t, f, best);
}
