/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.c - the same facts out of several files.
 *
 * `ip route show table all` prints both families, so that a bundle has its IPv6
 * routes in iproute.txt and again in ip6route.txt; links stand in `ip addr`,
 * `ip link` and ifconfig.  Rules count by family and routes by table: the first
 * file that has any of them has all of them, since ones of another moment
 * beside them would be a set that the kernel never had.
 */
#include <stdlib.h>

#include "capture/state/text/iproute2.h"

/* ---- order */

typedef int compare_fn(const void *, const void *);

struct sorting {
	const char	*base;
	size_t		 size;
	compare_fn	*compare;
};

static int
compare_at(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int rc = s->compare(s->base + x * s->size, s->base + y * s->size);

	return rc ? rc : (x > y) - (x < y);
}

/* The numbers of the first n records in order, equal ones as they came; the
   caller frees.  NULL when there is no memory. */
static uint32_t *
sort_records(struct state *s, const void *base, size_t size, uint32_t n,
    compare_fn *compare)
{
	struct sorting how = { base, size, compare };
	uint32_t *order = malloc((n + 1) * sizeof(*order));

	if (order == NULL) {
		s->no_memory = true;
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_at, &how);
	return order;
}

#define BY(x, y)	do { if ((x) != (y)) return (x) < (y) ? -1 : 1; } while (0)

static int
by_name(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* ---- records that are one when they are equal */

static int
compare_addr(const void *a, const void *b)
{
	const struct ifaddr *x = a, *y = b;
	int rc = by_name(x->dev, y->dev);

	return rc ? rc : memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

static int
compare_neigh(const void *a, const void *b)
{
	const struct neigh *x = a, *y = b;
	int rc = by_name(x->dev, y->dev);

	return rc ? rc : memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

/* What a repeated record says and the first one does not. */
typedef void fill_fn(struct reader *, void *first, const void *repeated);

static void
fill_addr(struct reader *r, void *first, const void *repeated)
{
	struct ifaddr *to = first;
	const struct ifaddr *from = repeated;

	(void)r;
	to->secondary |= from->secondary;
	to->host_scope |= from->host_scope;
}

static void
fill_neigh(struct reader *r, void *first, const void *repeated)
{
	struct neigh *to = first;
	const struct neigh *from = repeated;

	(void)r;
	to->permanent |= from->permanent;
}

/* Leave out each record that equals one before it. */
static void
drop_repeats(struct reader *r, void *base, size_t size, uint32_t *n,
    compare_fn *compare, fill_fn *fill)
{
	struct state *s = r->state;
	uint32_t *order, kept = 0, first = 0;
	char *v = base, *repeated;

	if (*n == 0)
		return;
	order = sort_records(s, base, size, *n, compare);
	repeated = calloc(*n + 1, 1);
	if (order == NULL || repeated == NULL) {
		s->no_memory = true;
		free(order);
		free(repeated);
		return;
	}
	for (uint32_t i = 1; i < *n; i++) {
		if (compare(v + order[first] * size, v + order[i] * size) != 0) {
			first = i;
			continue;
		}
		fill(r, v + order[first] * size, v + order[i] * size);
		repeated[order[i]] = 1;
	}
	for (uint32_t i = 0; i < *n; i++) {
		if (repeated[i])
			continue;
		memmove(v + kept * size, v + i * size, size);
		kept++;
	}
	*n = kept;
	free(order);
	free(repeated);
}

void
merge_addrs(struct reader *r)
{
	struct state *s = r->state;

	if (s->addrs.n > 0)
		state_mark(s, PART_ADDRESSES);
	drop_repeats(r, s->addrs.v, sizeof(*s->addrs.v), &s->addrs.n,
	    compare_addr, fill_addr);
}

void
merge_neighs(struct reader *r)
{
	struct state *s = r->state;

	drop_repeats(r, s->neighs.v, sizeof(*s->neighs.v), &s->neighs.n,
	    compare_neigh, fill_neigh);
}

/* The sockets of one process that share an address (SO_REUSEPORT) are one. */
static int
compare_sock(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;
	int rc;

	BY(x->proto, y->proto);
	BY(x->lport, y->lport);
	BY(x->pport, y->pport);
	BY(x->pid, y->pid);
	BY(x->listens, y->listens);
	rc = memcmp(&x->local, &y->local, sizeof(x->local));
	return rc ? rc : memcmp(&x->peer, &y->peer, sizeof(x->peer));
}

static void
fill_sock(struct reader *r, void *first, const void *repeated)
{
	struct sock *to = first;
	const struct sock *from = repeated;

	(void)r;
	if (to->process == NULL)
		to->process = from->process;
}

void
merge_socks(struct reader *r)
{
	struct state *s = r->state;

	drop_repeats(r, s->socks.v, sizeof(*s->socks.v), &s->socks.n,
	    compare_sock, fill_sock);
}

/* ---- links: what one file does not say of a link, another may */

static int
compare_link(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return by_name(x->name, y->name);
}

static void
fill_link(struct reader *r, void *first, const void *repeated)
{
	struct link *to = first;
	const struct link *from = repeated;

	if (to->ifindex != 0 && from->ifindex != 0 && to->ifindex != from->ifindex)
		reader_bad(r, 0, "interface %s has index %u here and %u before; the "
		    "first is kept", to->name, from->ifindex, to->ifindex);
	if (to->ifindex == 0)
		to->ifindex = from->ifindex;
	if (to->mtu == 0)
		to->mtu = from->mtu;
	if (to->kind == NULL)
		to->kind = from->kind;
	if (to->parent == NULL)
		to->parent = from->parent;
	if (to->vlan == 0)
		to->vlan = from->vlan;
	if (!to->has_mac && from->has_mac) {
		memcpy(to->mac, from->mac, sizeof(to->mac));
		to->has_mac = true;
	}
	to->down |= from->down;
}

void
merge_links(struct reader *r)
{
	struct state *s = r->state;

	if (s->links.n > 0)
		state_mark(s, PART_LINKS);
	drop_repeats(r, s->links.v, sizeof(*s->links.v), &s->links.n,
	    compare_link, fill_link);
}

/* ---- rules and routes: the first file that has some has all */

static int
compare_rule_group(const void *a, const void *b)
{
	const struct iprule *x = a, *y = b;

	BY(x->v6, y->v6);
	return 0;
}

static int
compare_rule(const void *a, const void *b)
{
	const struct iprule *x = a, *y = b;

	BY(x->v6, y->v6);
	BY(x->priority, y->priority);
	return strcmp(x->text, y->text);
}

static int
compare_route_group(const void *a, const void *b)
{
	const struct iproute *x = a, *y = b;

	BY(x->v6, y->v6);
	BY(x->table, y->table);
	return 0;
}

/* Not by their text: it tells how long a route has yet to live. */
static int
compare_route(const void *a, const void *b)
{
	const struct iproute *x = a, *y = b;
	int rc = compare_route_group(a, b);

	if (rc != 0)
		return rc;
	BY(x->type, y->type);
	BY(x->dst.len, y->dst.len);
	BY(x->metric, y->metric);
	BY(x->has_via, y->has_via);
	rc = memcmp(&x->dst.addr, &y->dst.addr, sizeof(x->dst.addr));
	if (rc == 0)
		rc = by_name(x->dev, y->dev);
	if (rc == 0 && x->has_via)
		rc = memcmp(&x->via, &y->via, sizeof(x->via));
	return rc;
}

/* Is there one like it among the first n?  order is sorted by compare. */
static bool
have_like(const void *base, size_t size, const uint32_t *order, uint32_t n,
    const void *record, compare_fn *compare)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int rc = compare((const char *)base + order[mid] * size, record);

		if (rc == 0)
			return true;
		if (rc < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Leave out the records of groups that were there before; returned is how many
   of these were not known. */
static uint32_t
drop_known_groups(struct state *s, void *base, size_t size, uint32_t *n,
    uint32_t before, compare_fn *group, compare_fn *whole)
{
	uint32_t bad = 0;
	char *v = base;
	uint32_t kept = before;
	uint32_t *order;

	if (before == 0 || *n == before)
		return bad;
	/* in order by the whole record is in order by its group, too */
	order = sort_records(s, base, size, before, whole);
	if (order == NULL)
		return bad;
	for (uint32_t i = before; i < *n; i++) {
		char *record = v + i * size;

		if (!have_like(v, size, order, before, record, group)) {
			memmove(v + kept++ * size, record, size);
			continue;
		}
		bad += !have_like(v, size, order, before, record, whole);
	}
	*n = kept;
	free(order);
	return bad;
}

void
merge_rules(struct reader *r, uint32_t before)
{
	struct state *s = r->state;
	uint32_t bad;

	for (uint32_t i = before; i < s->rules.n; i++)
		state_mark(s, s->rules.v[i].v6 ? PART_RULES6 : PART_RULES);
	bad = drop_known_groups(s, s->rules.v, sizeof(*s->rules.v), &s->rules.n,
	    before, compare_rule_group, compare_rule);
	if (bad > 0)
		reader_bad(r, 0, "%u of its policy rules are not in the file that "
		    "was read before; that one counts", bad);
}

void
merge_routes(struct reader *r, uint32_t before)
{
	struct state *s = r->state;
	uint32_t bad;

	for (uint32_t i = before; i < s->routes.n; i++)
		state_mark(s, s->routes.v[i].v6 ? PART_ROUTES6 : PART_ROUTES);
	bad = drop_known_groups(s, s->routes.v, sizeof(*s->routes.v),
	    &s->routes.n, before, compare_route_group, compare_route);
	if (bad > 0)
		reader_bad(r, 0, "%u of its routes are not in the file that gave "
		    "the same table before; that one counts", bad);
}
