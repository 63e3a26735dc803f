/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - the ports of one address in use: by destination, by pod, and where two
 * had one at once.
 *
 * A translated port must differ from others' only where protocol and destination
 * are the same, so that each destination has a pool of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "ui/who/who.h"

static int
dst_order(const struct who_claim *a, const struct who_claim *b)
{
	int d = (int)a->translated.proto - b->translated.proto;

	if (d == 0)
		d = (int)a->translated.dport - b->translated.dport;
	return d != 0 ? d : memcmp(&a->translated.dst, &b->translated.dst,
	    sizeof(a->translated.dst));
}

static int
text_order(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* Who is not known is one user. */
static int
user_order(const struct who_claim *a, const struct who_claim *b)
{
	int d = (int)a->one_sided - (int)b->one_sided;

	if (d != 0 || a->one_sided)
		return d;
	d = memcmp(who_holder(a), who_holder(b), sizeof(struct addr));
	if (d == 0)
		d = text_order(a->pod, b->pod);
	return d != 0 ? d : text_order(a->ns, b->ns);
}

static int
by_port(const void *x, const void *y)
{
	const struct who_claim *a = *(const struct who_claim *const *)x;
	const struct who_claim *b = *(const struct who_claim *const *)y;
	int d = dst_order(a, b);

	if (d == 0)
		d = (int)a->translated.sport - b->translated.sport;
	if (d == 0)
		d = (a->first.ns > b->first.ns) - (a->first.ns < b->first.ns);
	return d != 0 ? d : (a > b) - (a < b);
}

static int
by_user(const void *x, const void *y)
{
	int d = user_order(*(const struct who_claim *const *)x,
	    *(const struct who_claim *const *)y);

	return d != 0 ? d : by_port(x, y);
}

static int
by_dst_then_user(const void *x, const void *y)
{
	int d = dst_order(*(const struct who_claim *const *)x,
	    *(const struct who_claim *const *)y);

	return d != 0 ? d : by_user(x, y);
}

static int
by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static int
most_ports(const void *x, const void *y)
{
	const struct who_user *a = x, *b = y;
	int d = (a->ports < b->ports) - (a->ports > b->ports);

	return d != 0 ? d : user_order(a->claim, b->claim);
}

static int
most_used(const void *x, const void *y)
{
	const struct who_dest *a = x, *b = y;
	int d = (a->ports < b->ports) - (a->ports > b->ports);

	if (d == 0)
		d = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	if (d == 0)
		d = (int)a->port - b->port;
	return d != 0 ? d : (int)a->proto - b->proto;
}

/* ---- one destination: claims v[0..n) in order of ports */

static int64_t
begin_of(const struct who_claim *c)
{
	return c->has_time && !c->old ? c->first.ns : INT64_MIN;
}

/* Conntrack keeps the port after the last packet, for as long as its timeout. */
static int64_t
end_of(const struct who_claim *c)
{
	if (!c->has_time)
		return INT64_MAX;
	return c->ended ? c->last.ns : nstime_add_ns(c->last, c->timeout_ns).ns;
}

/* The most that were taken at once. */
static uint32_t
peak_of(const struct who_claim **v, uint32_t n, int64_t *times)
{
	int64_t *begins = times, *ends = times + n;
	uint32_t peak = 0, done = 0;

	for (uint32_t i = 0; i < n; i++) {
		begins[i] = begin_of(v[i]);
		ends[i] = end_of(v[i]);
	}
	qsort(begins, n, sizeof(*begins), by_number);
	qsort(ends, n, sizeof(*ends), by_number);
	for (uint32_t i = 0; i < n; i++) {
		while (ends[done] < begins[i])
			done++;
		if (i + 1 - done > peak)
			peak = i + 1 - done;
	}
	return peak;
}

/* Two holders of one port at once.  Where a time is not known they may as well
   have had it one after the other. */
static void
find_clashes(struct who_pool *p, const struct who_claim **v, uint32_t n)
{
	const struct who_claim *longest = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct who_claim *c = v[i];

		if (!c->has_time || c->one_sided)
			continue;
		if (longest != NULL && longest->translated.sport != c->translated.sport)
			longest = NULL;
		if (longest != NULL && !who_same_holder(longest, c) &&
		    who_overlap(longest, c)) {
			if (p->n_clashes < WHO_CLASHES)
				p->clashes[p->n_clashes] =
				    (struct who_clash){ longest, c };
			p->n_clashes++;
		}
		if (longest == NULL || c->last.ns > longest->last.ns)
			longest = c;
	}
}

static void
take_range(const struct who *w, struct who_dest *d, const struct who_claim **v,
    uint32_t n)
{
	d->lo = w->lo;
	d->hi = w->hi;
	for (uint32_t i = 0; i < n; i++)
		if (v[i]->hi != 0) {
			d->lo = v[i]->lo;
			d->hi = v[i]->hi;
			break;
		}
	if ((d->proto == PROTO_ICMP || d->proto == PROTO_ICMPV6) &&
	    d->lo == WHO_PORT_LO && d->hi == UINT16_MAX)
		d->lo = 0;
}

static void
add_dest(const struct who *w, struct who_pool *p, const struct who_claim **v,
    uint32_t n)
{
	struct who_dest *d = &p->dests[p->n_dests++];

	*d = (struct who_dest){ .addr = v[0]->translated.dst,
	    .port = v[0]->translated.dport, .proto = v[0]->translated.proto };
	for (uint32_t i = 0; i < n; i++) {
		d->ports += i == 0 ||
		    v[i]->translated.sport != v[i - 1]->translated.sport;
		if (d->named == NULL && (v[i]->dns_name != NULL ||
		    v[i]->service != NULL))
			d->named = v[i];
	}
	take_range(w, d, v, n);
	/* A port that was taken again within its timeout counts twice there. */
	d->peak = peak_of(v, n, p->times);
	if (d->peak > d->ports)
		d->peak = d->ports;
	find_clashes(p, v, n);
}

/* ---- users */

/* Those of v[0..n), which is in order of them, to out; how many they are. */
static uint32_t
count_users(const struct who_claim **v, uint32_t n, struct who_user *out)
{
	uint32_t users = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool same = i > 0 && user_order(v[i], v[i - 1]) == 0;

		if (!same)
			out[users++] = (struct who_user){ .claim = v[i] };
		out[users - 1].ports += !same || dst_order(v[i], v[i - 1]) != 0 ||
		    v[i]->translated.sport != v[i - 1]->translated.sport;
	}
	qsort(out, users, sizeof(*out), most_ports);
	return users;
}

static uint32_t
run_length(const struct who_claim **v, uint32_t n)
{
	uint32_t i = 1;

	while (i < n && dst_order(v[i], v[0]) == 0)
		i++;
	return i;
}

/* The destinations are in the order of the claims still. */
static void
add_users(struct who_pool *p, uint32_t n)
{
	qsort(p->order, n, sizeof(const struct who_claim *), by_dst_then_user);
	for (uint32_t i = 0, d = 0, len; i < n; i += len, d++) {
		len = run_length(p->order + i, n - i);
		p->dests[d].users = p->dest_users + i;
		p->dests[d].n_users = count_users(p->order + i, len,
		    p->dest_users + i);
	}
	qsort(p->order, n, sizeof(const struct who_claim *), by_user);
	p->n_users = count_users(p->order, n, p->users);
}

bool
who_pool(const struct who *w, struct who_pool *p)
{
	size_t room = w->n > 0 ? w->n : 1;
	uint32_t n = 0;

	*p = (struct who_pool){
		.dests = calloc(room, sizeof(*p->dests)),
		.users = calloc(room, sizeof(*p->users)),
		.dest_users = calloc(room, sizeof(*p->dest_users)),
		.order = calloc(room, sizeof(const struct who_claim *)),
		.times = calloc(2 * room, sizeof(*p->times)),
	};
	if (p->dests == NULL || p->users == NULL || p->dest_users == NULL ||
	    p->order == NULL || p->times == NULL)
		return false;
	for (uint32_t i = 0; i < w->n; i++)
		if (w->v[i].at != WHO_NOT && w->v[i].side == WHO_SOURCE)
			p->order[n++] = &w->v[i];
	if (n == 0)
		return true;
	qsort(p->order, n, sizeof(const struct who_claim *), by_port);
	for (uint32_t i = 0, len; i < n; i += len) {
		len = run_length(p->order + i, n - i);
		add_dest(w, p, p->order + i, len);
	}
	add_users(p, n);
	qsort(p->dests, p->n_dests, sizeof(*p->dests), most_used);
	return true;
}

void
who_pool_free(struct who_pool *p)
{
	free(p->dests);
	free(p->users);
	free(p->dest_users);
	free(p->order);
	free(p->times);
	*p = (struct who_pool){ 0 };
}
