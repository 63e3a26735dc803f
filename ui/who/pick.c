/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pick.c - which claims answer the question, and how sure that is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/who/who.h"

static const char *
name_of(const char *const *names, unsigned n, unsigned i)
{
	return i < n ? names[i] : NULL;
}

const char *
who_at_name(unsigned i)
{
	static const char *const names[N_WHO_ATS] = {
		[WHO_NOT] = "not", [WHO_DURING] = "during", [WHO_AFTER] = "after",
		[WHO_MAYBE] = "maybe",
	};

	return name_of(names, N_WHO_ATS, i);
}

const char *
who_side_name(unsigned i)
{
	static const char *const names[N_WHO_SIDES] = {
		[WHO_SOURCE] = "source", [WHO_TARGET] = "target",
		[WHO_SERVICE] = "service", [WHO_BEFORE] = "before",
	};

	return name_of(names, N_WHO_SIDES, i);
}

const char *
who_result_name(unsigned i)
{
	static const char *const names[N_WHO_RESULTS] = {
		[WHO_FOUND] = "found", [WHO_NOBODY] = "nobody",
		[WHO_UNSURE] = "inconclusive",
	};

	return name_of(names, N_WHO_RESULTS, i);
}

const char *
who_evidence_name(unsigned i)
{
	static const char *const names[] = {
		[WHO_PACKETS] = "packets", [WHO_CONNTRACK] = "conntrack",
		[WHO_PACKETS | WHO_CONNTRACK] = "both",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), i);
}

/* ---- at a time */

static enum who_at
claim_at(const struct who_claim *c, const struct who_target *t)
{
	int64_t from = t->at.ns, to = t->at.ns + (t->span_ns - 1);

	if (!c->has_time)
		return WHO_MAYBE;
	if (from > c->last.ns)
		return !c->ended && from - c->last.ns <= c->timeout_ns ? WHO_AFTER :
		    WHO_NOT;
	if (to < c->first.ns)
		return c->old ? WHO_MAYBE : WHO_NOT;
	return WHO_DURING;
}

static bool
same_dst(const struct who_claim *a, const struct who_claim *b)
{
	return a->translated.proto == b->translated.proto &&
	    a->translated.dport == b->translated.dport &&
	    addr_eq(&a->translated.dst, &b->translated.dst);
}

/* Groups of one side, port and destination; in each the last first. */
static int
by_dst(const void *x, const void *y)
{
	const struct who_claim *a = *(struct who_claim *const *)x;
	const struct who_claim *b = *(struct who_claim *const *)y;
	int d = (int)a->side - b->side;

	if (d == 0)
		d = (int)a->translated.proto - b->translated.proto;
	if (d == 0)
		d = (int)a->translated.sport - b->translated.sport;
	if (d == 0)
		d = (int)a->translated.dport - b->translated.dport;
	if (d == 0)
		d = memcmp(&a->translated.dst, &b->translated.dst,
		    sizeof(a->translated.dst));
	if (d == 0)
		d = (a->last.ns < b->last.ns) - (a->last.ns > b->last.ns);
	return d != 0 ? d : (a > b) - (a < b);
}

/* To one destination a port is one connection's at a time: the nearest before is
   the one that may have had it still. */
static void
keep_nearest(struct who *w, uint32_t n)
{
	struct who_claim **after = malloc(n * sizeof(struct who_claim *));
	uint32_t k = 0;

	if (after == NULL) {
		w->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < w->n; i++)
		if (w->v[i].at == WHO_AFTER)
			after[k++] = &w->v[i];
	qsort(after, k, sizeof(struct who_claim *), by_dst);
	for (uint32_t i = k; i-- > 1;)
		if (after[i]->side == after[i - 1]->side &&
		    after[i]->translated.sport == after[i - 1]->translated.sport &&
		    same_dst(after[i], after[i - 1]))
			after[i]->at = WHO_NOT;
	free(after);
}

/* What was surely there makes what only may have been superfluous. */
static void
pick_time(struct who *w)
{
	uint32_t n[N_WHO_ATS] = { 0 };

	for (uint32_t i = 0; i < w->n; i++) {
		w->v[i].at = (uint8_t)claim_at(&w->v[i], &w->target);
		n[w->v[i].at]++;
	}
	for (uint32_t i = 0; i < w->n; i++)
		if (n[WHO_DURING] > 0 && w->v[i].at == WHO_AFTER)
			w->v[i].at = WHO_NOT;
	if (n[WHO_DURING] == 0 && n[WHO_AFTER] > 0)
		keep_nearest(w, n[WHO_AFTER]);
}

/* ---- how sure */

bool
who_same_holder(const struct who_claim *a, const struct who_claim *b)
{
	if (!addr_eq(who_holder(a), who_holder(b)))
		return false;
	if (a->pod == NULL || b->pod == NULL)
		return true;
	return strcmp(a->pod, b->pod) == 0 && (a->ns == NULL || b->ns == NULL ||
	    strcmp(a->ns, b->ns) == 0);
}

bool
who_overlap(const struct who_claim *a, const struct who_claim *b)
{
	if (!a->has_time || !b->has_time)
		return true;
	return a->first.ns <= b->last.ns && b->first.ns <= a->last.ns;
}

/* The side that the answer stands on: sources, when there are any. */
static enum who_side
side_of(const struct who *w)
{
	unsigned n[N_WHO_SIDES] = { 0 }, s;

	for (uint32_t i = 0; i < w->n; i++)
		n[w->v[i].side] += w->v[i].at != WHO_NOT;
	for (s = 0; s < WHO_BEFORE && n[s] == 0; s++)
		;
	return (enum who_side)s;
}

/* Of those that came before, in order of time: who had it longest, and who of the
   others did.  A claim overlaps one of another holder if it overlaps one of these. */
struct before {
	const struct who_claim *longest, *other;
};

static bool
ends_later(const struct who_claim *a, const struct who_claim *b)
{
	return b == NULL || (b->has_time && (!a->has_time || a->last.ns > b->last.ns));
}

static void
remember(struct before *b, const struct who_claim *c)
{
	if (b->longest == NULL || who_same_holder(b->longest, c)) {
		if (ends_later(c, b->longest))
			b->longest = c;
	} else if (ends_later(c, b->longest)) {
		b->other = b->longest;
		b->longest = c;
	} else if (ends_later(c, b->other)) {
		b->other = c;
	}
}

/* Somebody else who had it at once; one holder may have it twice. */
static const struct who_claim *
rival_of(const struct who *w, const struct before *b, const struct who_claim *c)
{
	const struct who_claim *const both[] = { b->longest, b->other };

	for (unsigned i = 0; i < 2; i++)
		if (both[i] != NULL && !who_same_holder(both[i], c) &&
		    (w->target.has_time || who_overlap(both[i], c)))
			return both[i];
	return NULL;
}

static void
unsure(struct who_answer *a, const char *why)
{
	a->result = WHO_UNSURE;
	snprintf(a->why, sizeof(a->why), "%s", why);
}

static void
several(const struct who *w, struct who_answer *a, const struct who_claim *c,
    const struct who_claim *d)
{
	a->result = WHO_UNSURE;
	snprintf(a->why, sizeof(a->why), "several had it %s, %s",
	    w->target.has_time ? "at that time" : "at once",
	    c->translated.proto != d->translated.proto ?
	    "each by another protocol: name it (/tcp, /udp, /icmp)" : same_dst(c, d) ?
	    "to the same destination" : "each to another destination");
}

static void
weigh(const struct who *w, struct who_answer *a)
{
	enum who_side side = side_of(w);
	struct before before = { NULL, NULL };

	for (uint32_t i = 0; i < w->n; i++) {
		const struct who_claim *c = &w->v[i], *d;

		if (c->at == WHO_NOT || c->side != side)
			continue;
		if ((d = rival_of(w, &before, c)) != NULL) {
			several(w, a, c, d);
			return;
		}
		remember(&before, c);
		if (a->result == WHO_UNSURE)
			continue;
		if (c->one_sided)
			unsure(a, "what it was before its translation was not seen");
		else if (c->at == WHO_MAYBE && w->target.has_time)
			unsure(a, c->has_time ? "it was there before it was first told "
			    "of, since when is not known" :
			    "the time of conntrack's dump is not known");
		else if (c->at == WHO_AFTER && w->lost > 0)
			unsure(a, "nobody was seen to have it then, but packets or "
			    "events were lost");
	}
}

/* An IPv6 address whose last group is its port is an address too. */
static void
say_own(const struct who *w, char *out, size_t size)
{
	char addr[ADDR_TEXT_MAX];

	addr_format(&w->target.addr, addr);
	if (w->own_pod != NULL)
		snprintf(out, size, "; it is the own address of %.60s%s%.80s (podpath "
		    "read --where src=%s)", w->own_ns != NULL ? w->own_ns : "",
		    w->own_ns != NULL ? "/" : "", w->own_pod, addr);
	else if (!addr_is_v4(&w->target.addr) && !w->target.has_port)
		snprintf(out, size, "; an IPv6 address with a port is written "
		    "[ADDRESS]:PORT");
}

static void
nobody(const struct who *w, struct who_answer *a)
{
	const struct who_target *t = &w->target;
	int n;

	a->result = WHO_NOBODY;
	n = snprintf(a->why, sizeof(a->why), "nobody had it%s, in %" PRIu64 " flow%s "
	    "and %" PRIu64 " entr%s of conntrack",
	    t->has_port ? "" : " after translation",
	    w->flows, w->flows == 1 ? "" : "s", w->entries,
	    w->entries == 1 ? "y" : "ies");
	say_own(w, a->why + n, sizeof(a->why) - (size_t)n);
	if (w->flows == 0 && w->entries == 0 && !w->has_dump)
		unsure(a, "nothing was seen that could tell");
	else if (w->lost > 0)
		unsure(a, "nobody was seen to have it, but not all was seen: packets "
		    "or events were lost");
	else if (w->left_out > 0)
		unsure(a, "nobody was seen to have it, but there were too many to keep");
	else if (w->unfollowed > 0) {
		a->result = WHO_UNSURE;
		snprintf(a->why, sizeof(a->why), "nobody was seen to have it, but of %"
		    PRIu64 " flow%s of pods it was not seen what %s translated to: "
		    "capture on all interfaces, or give conntrack's entries",
		    w->unfollowed, w->unfollowed == 1 ? "" : "s",
		    w->unfollowed == 1 ? "it was" : "they were");
	} else if (t->has_time && (!w->has_seen || t->at.ns > w->seen_last.ns ||
	    t->at.ns + (t->span_ns - 1) < w->seen_first.ns))
		unsure(a, "nothing was seen at that time");
}

void
who_pick(struct who *w, struct who_answer *a)
{
	*a = (struct who_answer){ .result = WHO_FOUND };
	for (uint32_t i = 0; i < w->n; i++)
		w->v[i].at = WHO_DURING;
	if (w->target.has_time)
		pick_time(w);
	for (uint32_t i = 0; i < w->n; i++)
		a->n += w->v[i].at != WHO_NOT;
	if (a->n == 0)
		nobody(w, a);
	else if (w->target.has_port)
		weigh(w, a);
}
