/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.c - several sources as one, by a binary heap of their next
 * observations.
 *
 * The heads borrow from their sources, which is why only the source whose
 * observation was handed out last is asked for its next one, and not before
 * the next call.
 */
#include <stdlib.h>

#include "capture/source.h"

struct head {
	struct source	*source;
	int64_t		 shift_ns;
	uint16_t	 clock;
	int64_t		 key_ns;	/* sorts; see head_load() */
	struct obs	 obs;
};

struct merge {
	struct head	*heads;		/* one per source, in their order */
	unsigned	*heap;		/* indexes of heads with an observation */
	unsigned	 n_sources, n;
	bool		 started;
	bool		 taken;		/* heap[0] was handed out */
};

static void
shift(struct nstime *t, int64_t ns)
{
	if (t->ns != 0)		/* 0: not known */
		*t = nstime_add_ns(*t, ns);
}

/* All its times are of the source's clock. */
static void
obs_shift(struct obs *o, int64_t ns)
{
	if (ns == 0)
		return;
	o->ts = nstime_add_ns(o->ts, ns);
	if (o->type == OBS_LOSS) {
		shift(&o->loss.since, ns);
	} else if (o->type == OBS_CHANGE) {
		shift(&o->change.since, ns);
	} else if (o->type == OBS_CT) {
		shift(&o->ct.began, ns);
		shift(&o->ct.ended, ns);
	}
}

/*
 * Get the next observation of a source; false at its end.  Only packets move
 * its time: what is told between them keeps the place of the packet before,
 * and at the beginning comes first of all.
 */
static bool
head_load(struct head *h)
{
	if (source_next(h->source, &h->obs) != 1)
		return false;
	obs_shift(&h->obs, h->shift_ns);
	if (h->obs.type == OBS_PACKET)
		h->key_ns = h->obs.ts.ns;
	else if (h->obs.type == OBS_IFACE)
		h->obs.iface.clock = h->clock;
	return true;
}

static bool
before(const struct merge *m, unsigned a, unsigned b)
{
	const struct head *x = &m->heads[a], *y = &m->heads[b];

	return x->key_ns != y->key_ns ? x->key_ns < y->key_ns : a < b;
}

static void
sift_down(struct merge *m, unsigned i)
{
	unsigned what = m->heap[i], child;

	while ((child = 2 * i + 1) < m->n) {
		if (child + 1 < m->n &&
		    before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (before(m, what, m->heap[child]))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = what;
}

static void
merge_start(struct merge *m)
{
	for (unsigned i = 0; i < m->n_sources; i++)
		if (head_load(&m->heads[i]))
			m->heap[m->n++] = i;
	for (unsigned i = m->n / 2; i-- > 0; )
		sift_down(m, i);
	m->started = true;
}

struct merge *
merge_new(struct source **sources, unsigned n, const int64_t *shift_ns)
{
	struct merge *m = calloc(1, sizeof(*m));

	if (m) {
		m->heads = calloc(n ? n : 1, sizeof(*m->heads));
		m->heap = calloc(n ? n : 1, sizeof(*m->heap));
	}
	if (!m || !m->heads || !m->heap) {
		for (unsigned i = 0; i < n; i++)
			source_close(sources[i]);
		merge_free(m);
		return NULL;
	}
	m->n_sources = n;
	for (unsigned i = 0; i < n; i++)
		m->heads[i] = (struct head){
			.source = sources[i],
			.shift_ns = shift_ns ? shift_ns[i] : 0,
			.clock = (uint16_t)i,
			.key_ns = INT64_MIN,
		};
	return m;
}

void
merge_set_clock(struct merge *m, unsigned i, uint16_t clock)
{
	m->heads[i].clock = clock;
}

void
merge_free(struct merge *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n_sources; i++)
		source_close(m->heads[i].source);
	free(m->heads);
	free(m->heap);
	free(m);
}

/* Nothing to be put in order: straight through. */
static int
merge_only(struct head *h, struct obs *o)
{
	if (source_next(h->source, o) != 1)
		return 0;
	obs_shift(o, h->shift_ns);
	if (o->type == OBS_IFACE)
		o->iface.clock = h->clock;
	return 1;
}

int
merge_next(struct merge *m, struct obs *o)
{
	if (m->n_sources == 1)
		return merge_only(&m->heads[0], o);
	if (!m->started)
		merge_start(m);
	if (m->taken) {
		m->taken = false;
		if (!head_load(&m->heads[m->heap[0]]))
			m->heap[0] = m->heap[--m->n];
		if (m->n > 1)
			sift_down(m, 0);
	}
	if (m->n == 0)
		return 0;
	*o = m->heads[m->heap[0]].obs;
	m->taken = true;
	return 1;
}
