/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balance_end.c - conclusions from all connections: whose addresses came, at what
 * pace each target was checked, and when it received.
 *
 * A target is said to have been silent when others of its group received so much
 * in the meantime that chance alone hardly explains it: with k targets and an even
 * hand, none of 4k connections is for it once in 55 times (e^-4).  The numbers are
 * told with it.
 */
#include <stdlib.h>

#include "decode/app/balance_int.h"

#define SILENCE		4	/* times the number of targets */
#define BEATS_MISSED	7	/* half periods without a check: it ceased */

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int64_t
apart(int64_t later, int64_t earlier)
{
	return nstime_diff_ns((struct nstime){ later }, (struct nstime){ earlier });
}

/* ---- a proxy's own connections: it names itself, and others at other times */

static void
end_self(struct balance *b, struct moment *m)
{
	struct balance_target *t = &b->targets[m->target];
	struct balance_source *s, *named;

	if (m->self == 0 || m->check || m->source >= b->n_sources)
		return;
	s = &b->sources[m->source];
	if (balance_source(b, BALANCE_ANY, &s->addr, false, false) == NULL)
		return;
	named = balance_source(b, m->target, &s->addr, true, false);
	if (named != NULL && named->conns > 0)
		named->conns--;
	m->check = s->balancer = true;
	s->conns--;
	s->checks++;
	t->conns--;
	t->checks++;
	t->clients[CLIENT_PROXY]--;
	t->proxy[m->self]--;
}

/* ---- targets in their order */

struct placed {
	struct balance_target t;
	uint32_t	was;
};

static int
by_place(const void *x, const void *y)
{
	const struct balance_target *a = &((const struct placed *)x)->t;
	const struct balance_target *b = &((const struct placed *)y)->t;
	int d = order(a->group, b->group);

	if (d == 0)
		d = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	if (d == 0)
		d = order(a->port, b->port);
	return d != 0 ? d : order(a->proto, b->proto);
}

static void
sort_targets(struct balance *b)
{
	struct placed *p = calloc(b->n_targets, sizeof(*p));
	uint32_t *now = calloc(b->n_targets, sizeof(*now));

	for (uint32_t i = 0; p != NULL && i < b->n_targets; i++)
		p[i] = (struct placed){ b->targets[i], i };
	if (p != NULL && now != NULL) {
		qsort(p, b->n_targets, sizeof(*p), by_place);
		for (uint32_t i = 0; i < b->n_targets; i++) {
			b->targets[i] = p[i].t;
			now[p[i].was] = i;
		}
		for (uint32_t i = 0; i < b->n_sources; i++)
			if (b->sources[i].target != BALANCE_ANY)
				b->sources[i].target = now[b->sources[i].target];
		for (uint32_t i = 0; i < b->n_moments; i++)
			b->moments[i].target = now[b->moments[i].target];
	}
	free(p);
	free(now);
}

/* ---- addresses */

static int
by_addr(const void *x, const void *y)
{
	const struct balance_source *a = x, *b = y;

	return memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
}

static int
by_target(const void *x, const void *y)
{
	const struct balance_source *a = x, *b = y;
	int d = order(a->target, b->target);

	if (d == 0)
		d = (a->named > b->named) - (a->named < b->named);
	if (d == 0)
		d = (a->conns < b->conns) - (a->conns > b->conns);
	return d != 0 ? d : by_addr(x, y);
}

/* What is a load balancer's for one target is so for all. */
static void
spread_balancers(struct balance *b)
{
	qsort(b->sources, b->n_sources, sizeof(*b->sources), by_addr);
	for (uint32_t i = 0, end; i < b->n_sources; i = end) {
		bool balancer = false;

		for (end = i; end < b->n_sources &&
		    by_addr(&b->sources[i], &b->sources[end]) == 0; end++)
			balancer |= b->sources[end].balancer && !b->sources[end].named;
		for (uint32_t k = i; k < end; k++)
			b->sources[k].balancer = balancer;
	}
}

/* `checked`: others were seen to check this target, more than once each. */
static uint8_t
client_of(const struct balance_source *s, bool checked)
{
	if (s->balancer)
		return CLIENT_HIDDEN;
	if (s->inside == 0)
		return CLIENT_PRESERVED;
	return s->inside == 1 && checked ? CLIENT_PRESERVED : CLIENT_UNKNOWN;
}

static void
conclude_sources(struct balance *b, struct balance_target *t)
{
	bool checked = false;

	for (uint32_t i = 0; i < t->n_sources; i++) {
		const struct balance_source *s = &b->sources[t->sources + i];

		t->n_checkers += s->checks > 0;
		t->n_named += s->named && s->conns > 0;
		checked |= s->checks > 1;
	}
	for (uint32_t i = 0; i < t->n_sources; i++) {
		struct balance_source *s = &b->sources[t->sources + i];

		s->client = s->named ? CLIENT_PROXY : client_of(s, checked);
		t->clients[s->client] += s->plain;
	}
}

static void
end_sources(struct balance *b)
{
	uint32_t at = 0;

	spread_balancers(b);
	if (b->n_sources > 0)
		qsort(b->sources, b->n_sources, sizeof(*b->sources), by_target);
	for (uint32_t t = 0; t < b->n_targets; t++) {
		b->targets[t].sources = at;
		while (at < b->n_sources && b->sources[at].target == t)
			at++;
		b->targets[t].n_sources = at - b->targets[t].sources;
		conclude_sources(b, &b->targets[t]);
	}
}

/* ---- the pace of checks: before the addresses are sorted */

static int
by_source(const void *x, const void *y)
{
	const struct moment *a = x, *b = y;
	int d = order(a->target, b->target);

	if (d == 0)
		d = (a->check < b->check) - (a->check > b->check);
	if (d == 0)
		d = order(a->source, b->source);
	return d != 0 ? d : order(a->ns, b->ns);
}

static int
by_size(const void *x, const void *y)
{
	return order(*(const int64_t *)x, *(const int64_t *)y);
}

static void
end_periods(struct balance *b)
{
	int64_t *d = calloc(b->n_moments + 1, sizeof(*d));
	uint32_t i, n;

	if (b->n_moments > 0)
		qsort(b->moments, b->n_moments, sizeof(*b->moments), by_source);
	for (i = 0; d != NULL && i < b->n_moments;) {
		uint32_t target = b->moments[i].target;

		for (n = 0; i < b->n_moments && b->moments[i].target == target; i++) {
			const struct moment *m = &b->moments[i];

			if (i > 0 && m->check && m[-1].check && !m->spread && !m[-1].spread &&
			    m[-1].target == target &&
			    m[-1].source == m->source)
				d[n++] = apart(m->ns, m[-1].ns);
		}
		qsort(d, n, sizeof(*d), by_size);
		b->targets[target].period_ns = n > 0 ? d[n / 2] : 0;
	}
	free(d);
}

/* ---- when a target received */

static void
span_begin(struct balance_spans *s, int64_t ns)
{
	if (s->n < BALANCE_SPANS)
		s->v[s->n] = (struct balance_span){ .from = { ns } };
	s->n++;
}

static void
span_go_on(struct balance_spans *s, int64_t ns)
{
	struct balance_span *v = &s->v[(s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS) - 1];

	v->to.ns = ns;
	v->n++;
}

static int
by_time(const void *x, const void *y)
{
	const struct moment *a = x, *b = y;
	int d = order(a->ns, b->ns);

	return d != 0 ? d : order(a->target, b->target);
}

/* How many of the group received anything. */
static uint32_t
receivers(const struct balance *b, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t t = from; t < to; t++)
		n += b->targets[t].conns > 0;
	return n;
}

/* Targets from..to are a group; `seen` has for each how many connections the group
   had before the last one of this target. */
static void
end_group(struct balance *b, uint32_t from, uint32_t to, uint64_t *seen)
{
	uint64_t all = 0, silence = (uint64_t)SILENCE * receivers(b, from, to);

	for (uint32_t i = 0; i < b->n_moments; i++) {
		const struct moment *m = &b->moments[i];
		struct balance_spans *s;

		if (m->check || m->target < from || m->target >= to)
			continue;
		s = &b->targets[m->target].received;
		if (s->n == 0)
			s->before = all;
		if (s->n == 0 || all - seen[m->target] >= silence)
			span_begin(s, m->ns);
		span_go_on(s, m->ns);
		seen[m->target] = ++all;
	}
	for (uint32_t t = from; t < to; t++) {
		struct balance_spans *s = &b->targets[t].received;

		s->after = s->n > 0 ? all - seen[t] : 0;
		s->late = s->n > 0 && s->before >= silence;
		s->ceased = s->n > 0 && s->after >= silence;
	}
}

static void
end_checks(struct balance *b)
{
	for (uint32_t i = 0; i < b->n_moments; i++) {
		const struct moment *m = &b->moments[i];
		struct balance_target *t = &b->targets[m->target];
		struct balance_spans *s = &t->checked;
		unsigned at = s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS;

		if (!m->check)
			continue;
		if (s->n == 0 || (t->period_ns > 0 &&
		    apart(m->ns, s->v[at - 1].to.ns) / BEATS_MISSED > t->period_ns / 2))
			span_begin(s, m->ns);
		span_go_on(s, m->ns);
	}
}

static void
end_spans(struct balance *b)
{
	uint64_t *seen = calloc(b->n_targets + 1, sizeof(*seen));
	uint32_t from, to;

	if (b->n_moments > 0)
		qsort(b->moments, b->n_moments, sizeof(*b->moments), by_time);
	for (from = 0; seen != NULL && from < b->n_targets; from = to) {
		for (to = from; to < b->n_targets &&
		    b->targets[to].group == b->targets[from].group; to++)
			;
		end_group(b, from, to, seen);
	}
	end_checks(b);
	free(seen);
}

void
balance_end(struct balance *b)
{
	if (b->n_targets == 0)
		return;
	for (uint32_t i = 0; i < b->n_moments; i++)
		end_self(b, &b->moments[i]);
	sort_targets(b);
	end_periods(b);
	end_sources(b);
	end_spans(b);
}
