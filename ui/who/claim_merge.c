/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_merge.c - what packets and conntrack tell of one connection becomes one
 * claim.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/conntrack.h"
#include "ui/who/who.h"

static int
by_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
by_tuple(const struct tuple *a, const struct tuple *b)
{
	int d = (int)a->proto - b->proto;

	if (d == 0)
		d = memcmp(&a->dst, &b->dst, sizeof(a->dst));
	if (d == 0)
		d = (int)a->dport - b->dport;
	if (d == 0)
		d = memcmp(&a->src, &b->src, sizeof(a->src));
	return d != 0 ? d : (int)a->sport - b->sport;
}

/* Those of one translated tuple together, the packets' first. */
static int
by_translated(const void *x, const void *y)
{
	const struct who_claim *a = x, *b = y;
	int d = by_tuple(&a->translated, &b->translated);

	if (d == 0)
		d = (int)(a->flow == 0) - (int)(b->flow == 0);
	if (d == 0)
		d = by_number(a->first.ns, b->first.ns);
	return d != 0 ? d : by_number((int64_t)a->flow, (int64_t)b->flow);
}

/* In order of time; what has none comes first. */
static int
by_time(const void *x, const void *y)
{
	const struct who_claim *a = x, *b = y;
	int d = (int)a->has_time - (int)b->has_time;

	if (d == 0 && a->has_time)
		d = by_number(a->first.ns, b->first.ns);
	if (d == 0)
		d = by_number((int64_t)a->flow, (int64_t)b->flow);
	if (d == 0)
		d = by_tuple(&a->translated, &b->translated);
	return d != 0 ? d : by_tuple(&a->original, &b->original);
}

/* Events come later than packets. */
static bool
near(const struct who_claim *flow, const struct who_claim *entry)
{
	if (!entry->has_time)
		return true;
	return flow->first.ns <= entry->last.ns + CT_LOOKUP_GRACE_NS &&
	    (entry->old || entry->first.ns - CT_LOOKUP_GRACE_NS <= flow->last.ns);
}

/* Are they of the same connection?  Of what was seen on one side alone conntrack
   tells the other. */
static bool
agree(const struct who_claim *flow, const struct who_claim *entry)
{
	return (flow->one_sided || tuple_eq(&flow->original, &entry->original)) &&
	    near(flow, entry);
}

static void
absorb(struct who_claim *f, const struct who_claim *e)
{
	if (f->one_sided) {
		f->original = e->original;
		f->one_sided = false;
		f->evidence = 0;	/* packets prove no translation here */
		f->ns = e->ns;
		f->pod = e->pod;
		f->node = e->node;
	}
	f->evidence |= e->evidence;
	if (f->service == NULL) {
		f->service_ns = e->service_ns;
		f->service = e->service;
	}
}

/* The entry begins with the first of its flows and ends with the last. */
static void
stretch(struct who_claim *first, struct who_claim *last, const struct who_claim *e)
{
	if (!e->has_time)
		return;
	if (e->first.ns < first->first.ns) {
		first->first = e->first;
		first->old = e->old;
	}
	if (e->last.ns > last->last.ns)
		last->last = e->last;
	last->ended = e->ended;
	if (e->timeout_ns > 0)
		last->timeout_ns = e->timeout_ns;
}

/* v[0..n): one translated tuple. */
static void
merge_group(struct who_claim *v, uint32_t n)
{
	uint32_t n_flows = 0;

	while (n_flows < n && v[n_flows].flow != 0)
		n_flows++;
	for (uint32_t k = n_flows; k < n; k++) {
		struct who_claim *first = NULL, *last = NULL;

		for (uint32_t i = 0; i < n_flows; i++) {
			if (!agree(&v[i], &v[k]))
				continue;
			absorb(&v[i], &v[k]);
			last = &v[i];
			first = first != NULL ? first : last;
		}
		if (first == NULL)
			continue;
		stretch(first, last, &v[k]);
		v[k].dropped = true;
	}
}

/* Two dumps may tell of one entry. */
static bool
same_entry(const struct who_claim *a, const struct who_claim *b)
{
	return a->flow == 0 && b->flow == 0 && tuple_eq(&a->original, &b->original) &&
	    tuple_eq(&a->translated, &b->translated) && who_overlap(a, b);
}

static void
merge_entries(struct who_claim *a, struct who_claim *b)
{
	if (!b->has_time) {
		b->dropped = true;
		return;
	}
	if (!a->has_time || b->last.ns > a->last.ns) {
		a->last = b->last;
		a->ended = b->ended;
		a->timeout_ns = b->timeout_ns;
	}
	if (!a->has_time || (a->old && !b->old && b->first.ns <= a->first.ns)) {
		a->first = b->first;
		a->old = b->old;
	}
	a->has_time = true;
	b->dropped = true;
}

static void
join_entries(struct who *w)
{
	struct who_claim *kept = NULL;

	for (uint32_t i = 0; i < w->n; i++) {
		if (kept != NULL && same_entry(kept, &w->v[i]))
			merge_entries(kept, &w->v[i]);
		else
			kept = &w->v[i];
	}
}

static void
drop_merged(struct who *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++)
		if (!w->v[i].dropped)
			w->v[n++] = w->v[i];
	w->n = n;
}

void
who_merge(struct who *w)
{
	uint32_t i, n;

	if (w->n == 0)
		return;
	qsort(w->v, w->n, sizeof(*w->v), by_translated);
	join_entries(w);
	drop_merged(w);
	for (i = 0; i < w->n; i += n) {
		for (n = 1; i + n < w->n &&
		    by_tuple(&w->v[i].translated, &w->v[i + n].translated) == 0; n++)
			;
		merge_group(&w->v[i], n);
	}
	drop_merged(w);
	/* the index is of places that are no more */
	free(w->buckets);
	w->buckets = NULL;
	w->n_buckets = 0;
}

void
who_sort(struct who *w)
{
	if (w->n > 0)
		qsort(w->v, w->n, sizeof(*w->v), by_time);
}
