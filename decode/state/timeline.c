/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.c - node state as it was at each time; see decode/timeline.h. */
#include "decode/timeline.h"

#include <stdlib.h>

#include "decode/state/state_int.h"

#define MAX_EPOCHS	512u
#define MAX_BYTES	((size_t)128 << 20)	/* of epochs and of what they share */

/* A state that epochs borrow large lists from. */
struct shared {
	struct state	*state;
	unsigned	 users;
	size_t		 bytes;
};

struct kept {
	struct epoch	 epoch;
	struct state	*own;		/* NULL: the first state */
	struct shared	*nf, *services;	/* NULL: the first state's */
	bool		 services_due;	/* what is read from rules is to be read anew */
	size_t		 bytes;
};

struct timeline {
	void		(*drop)(void *judge);
	const struct state *first;
	struct kept	 v[MAX_EPOCHS];
	unsigned	 n;
	size_t		 bytes;
	struct kept	 next;		/* own is NULL when nothing has changed */
};

struct timeline *
timeline_new(void (*drop)(void *judge))
{
	struct timeline *tl = calloc(1, sizeof(*tl));

	if (tl != NULL)
		tl->drop = drop;
	return tl;
}

static void
shared_release(struct timeline *tl, struct shared *s)
{
	if (s == NULL || --s->users > 0)
		return;
	tl->bytes -= s->bytes;
	state_free(s->state);
	free(s);
}

/* It is complete, and has one user. */
static void
shared_keep(struct timeline *tl, struct shared *s)
{
	s->users = 1;
	s->bytes = state_bytes(s->state);
	tl->bytes += s->bytes;
}

static void
kept_free(struct timeline *tl, struct kept *k)
{
	if (k->epoch.judge != NULL && tl->drop != NULL)
		tl->drop(k->epoch.judge);
	state_free(k->own);
	shared_release(tl, k->nf);
	shared_release(tl, k->services);
	*k = (struct kept){ 0 };
}

static void
forget_all(struct timeline *tl)
{
	for (unsigned i = 0; i < tl->n; i++)
		kept_free(tl, &tl->v[i]);
	kept_free(tl, &tl->next);
	tl->n = 0;
	tl->bytes = 0;
}

void
timeline_free(struct timeline *tl)
{
	if (tl == NULL)
		return;
	forget_all(tl);
	free(tl);
}

void
timeline_begin(struct timeline *tl, const struct state *s)
{
	forget_all(tl);
	tl->first = s;
	if (s == NULL)
		return;
	tl->v[0] = (struct kept){ .epoch = { .since = { INT64_MIN },
	    .from = { INT64_MIN }, .state = s } };
	tl->n = 1;
}

/* ---- records of the same identity (decode/timeline.h) */

static bool
same_text(const char *x, const char *y)
{
	return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

static bool
same_link(const void *x, const void *y)
{
	const struct link *a = x, *b = y;

	if (a->ifindex != 0 && b->ifindex != 0)
		return a->ifindex == b->ifindex;
	return same_text(a->name, b->name);
}

static bool
same_addr(const void *x, const void *y)
{
	const struct ifaddr *a = x, *b = y;

	return a->len == b->len && addr_eq(&a->addr, &b->addr) &&
	    same_text(a->dev, b->dev);
}

static bool
same_neigh(const void *x, const void *y)
{
	const struct neigh *a = x, *b = y;

	return addr_eq(&a->addr, &b->addr) && same_text(a->dev, b->dev);
}

static bool
same_rule(const void *x, const void *y)
{
	const struct iprule *a = x, *b = y;

	return a->v6 == b->v6 && a->priority == b->priority &&
	    a->action == b->action && a->table == b->table && a->has == b->has &&
	    same_text(a->text, b->text);
}

static bool
same_route(const void *x, const void *y)
{
	const struct iproute *a = x, *b = y;

	if (a->v6 != b->v6 || a->table != b->table || a->metric != b->metric ||
	    a->type != b->type || a->dst.len != b->dst.len ||
	    !addr_eq(&a->dst.addr, &b->dst.addr))
		return false;
	if (!a->v6 && !a->multipath && !b->multipath)
		return true;
	return a->has_via == b->has_via && same_text(a->dev, b->dev) &&
	    (!a->has_via || addr_eq(&a->via, &b->via));
}

static bool
same_pod(const void *x, const void *y)
{
	const struct pod *a = x, *b = y;

	if (a->name == NULL || b->name == NULL)
		return a->name == b->name && a->n_addrs > 0 && b->n_addrs > 0 &&
		    addr_eq(&a->addrs[0], &b->addrs[0]);
	return same_text(a->ns, b->ns) && same_text(a->name, b->name);
}

static bool
same_sysctl(const void *x, const void *y)
{
	const struct sysctl *a = x, *b = y;

	return same_text(a->name, b->name);
}

/* Lists whose records change one by one, and what empties them. */
static const struct changing {
	uint16_t	list, size;
	bool		(*same)(const void *, const void *);
	uint32_t	part, part6;	/* bits; part6 is of IPv6 alone */
	int		v6_at;		/* of the flag in a record; -1: one family */
} changing[] = {
	{ offsetof(struct state, links), sizeof(struct link), same_link,
	    1u << PART_LINKS, 0, -1 },
	{ offsetof(struct state, addrs), sizeof(struct ifaddr), same_addr,
	    1u << PART_ADDRESSES, 0, -1 },
	{ offsetof(struct state, neighs), sizeof(struct neigh), same_neigh,
	    1u << PART_NEIGHS, 0, -1 },
	{ offsetof(struct state, rules), sizeof(struct iprule), same_rule,
	    1u << PART_RULES, 1u << PART_RULES6, offsetof(struct iprule, v6) },
	{ offsetof(struct state, routes), sizeof(struct iproute), same_route,
	    1u << PART_ROUTES, 1u << PART_ROUTES6, offsetof(struct iproute, v6) },
	{ offsetof(struct state, pods), sizeof(struct pod), same_pod,
	    1u << PART_PODS | 1u << PART_ENIS | 1u << PART_IPAM, 0, -1 },
	{ offsetof(struct state, enis), sizeof(struct eni_fact), NULL,
	    1u << PART_ENIS | 1u << PART_IPAM, 0, -1 },
	{ offsetof(struct state, eni_addrs), sizeof(struct eni_addr), NULL,
	    1u << PART_ENIS | 1u << PART_IPAM, 0, -1 },
	{ offsetof(struct state, nodes), sizeof(struct node), NULL,
	    1u << PART_NODES, 0, -1 },
	{ offsetof(struct state, socks), sizeof(struct sock), NULL,
	    1u << PART_SOCKETS, 0, -1 },
	{ offsetof(struct state, sysctls), sizeof(struct sysctl), same_sysctl,
	    1u << PART_SYSCTLS, 0, -1 },
};
#define N_CHANGING	(sizeof(changing) / sizeof(changing[0]))

#define PARTS_NF	(1u << PART_IPTABLES | 1u << PART_IP6TABLES | \
			1u << PART_NFT | 1u << PART_IPSETS)
#define PARTS_IPAM	(1u << PART_ENIS | 1u << PART_IPAM)
#define FLAGS_NF	(STATE_LEGACY_TABLES | STATE_LEGACY_DUMP)

struct raw_list {
	char		*v;
	uint32_t	 n, room;
};

static struct raw_list
list_of(const struct state *s, const struct changing *c)
{
	struct raw_list l;

	memcpy(&l, (const char *)s + c->list, sizeof(l));
	return l;
}

static void
set_n(struct state *s, const struct changing *c, uint32_t n)
{
	struct raw_list l = list_of(s, c);

	l.n = n;
	memcpy((char *)s + c->list, &l, sizeof(l));
}

/* Only those that `keep` leaves, in their order. */
static void
empty_list(struct state *s, const struct changing *c, uint32_t parts)
{
	struct raw_list l = list_of(s, c);
	bool v4 = parts & c->part, v6 = c->v6_at >= 0 ? parts & c->part6 : v4;
	uint32_t n = 0;

	if (!v4 && !v6)
		return;
	for (uint32_t i = 0; i < l.n; i++) {
		const char *r = l.v + (size_t)i * c->size;
		bool of_v6 = c->v6_at >= 0 && r[c->v6_at];

		if (of_v6 ? v6 : v4)
			continue;
		memmove(l.v + (size_t)n++ * c->size, r, c->size);
	}
	set_n(s, c, n);
}

static uint32_t
find_same(const struct raw_list *l, const struct changing *c, const char *record)
{
	uint32_t i = l->n;

	/* What changes is most often what came last. */
	while (i-- > 0)
		if (c->same(l->v + (size_t)i * c->size, record))
			return i;
	return l->n;
}

static void
remove_records(struct state *s, const struct changing *c, const struct state *gone)
{
	struct raw_list out = list_of(gone, c);

	for (uint32_t i = 0; c->same != NULL && i < out.n; i++) {
		struct raw_list l = list_of(s, c);
		uint32_t at = find_same(&l, c, out.v + (size_t)i * c->size);

		if (at == l.n)
			continue;
		memmove(l.v + (size_t)at * c->size, l.v + ((size_t)at + 1) * c->size,
		    (size_t)(l.n - at - 1) * c->size);
		set_n(s, c, l.n - 1);
	}
}

static void
put_records(struct state *s, const struct changing *c, const struct state *come)
{
	struct raw_list in = list_of(come, c);
	bool was_empty = list_of(s, c).n == 0;

	for (uint32_t i = 0; i < in.n; i++) {
		const char *r = in.v + (size_t)i * c->size;
		struct raw_list l = list_of(s, c);

		/* In a whole part each is there once. */
		state_put(s, (char *)s + c->list, r, was_empty || c->same == NULL ?
		    l.n : find_same(&l, c, r));
	}
}

/* ---- lists that are shared */

static struct shared *
share(const struct state *come, unsigned group)
{
	struct shared *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->state = state_new();
	if (h->state == NULL || !state_copy(h->state, come, group)) {
		state_free(h->state);
		free(h);
		return NULL;
	}
	h->state->own->rules_alone = true;
	state_ready(h->state);
	return h;
}

static const struct state *
nf_of(const struct timeline *tl, const struct kept *k)
{
	return k->nf != NULL ? k->nf->state : tl->first;
}

static const struct state *
services_of(const struct timeline *tl, const struct kept *k)
{
	return k->services != NULL ? k->services->state : tl->first;
}

/* The state that is to be, begun as a copy of the last epoch's. */
static bool
next_begin(struct timeline *tl)
{
	const struct kept *last = &tl->v[tl->n - 1];
	struct kept *k = &tl->next;

	if (k->own != NULL)
		return true;
	k->own = state_derive(last->epoch.state, nf_of(tl, last),
	    services_of(tl, last));
	if (k->own == NULL)
		return false;
	k->nf = last->nf;
	k->services = last->services;
	if (k->nf != NULL)
		k->nf->users++;
	if (k->services != NULL)
		k->services->users++;
	return true;
}

/* Netfilter's or the Services' lists become those of `come` (NULL: none). */
static void
replace_shared(struct timeline *tl, struct shared **slot, const struct state *come,
    unsigned group)
{
	struct state *s = tl->next.own, *empty = come == NULL ? state_new() : NULL;
	struct shared *h = come != NULL || empty != NULL ?
	    share(come != NULL ? come : empty, group) : NULL;

	state_free(empty);
	if (h == NULL) {
		s->no_memory = true;
		return;
	}
	shared_release(tl, *slot);
	shared_keep(tl, h);
	*slot = h;
	state_borrow(s, h->state, group);
	tl->next.services_due = true;
}

/* Services that rules tell of belong to the rules that are in force: those that
   kubectl told of are copied, and the rest is read from the rules. */
static void
reread_services(struct timeline *tl)
{
	struct kept *k = &tl->next;
	struct shared *h = calloc(1, sizeof(*h));

	k->services_due = false;
	if (h != NULL)
		h->state = state_new();
	if (h == NULL || h->state == NULL || !state_copy(h->state, services_of(tl, k),
	    GROUP_SERVICES)) {
		if (h != NULL)
			state_free(h->state);
		free(h);
		k->own->no_memory = true;
		return;
	}
	kube_rules_forget(h->state);
	state_borrow(h->state, nf_of(tl, k), GROUP_NF);
	state_ready(h->state);
	state_return(h->state, GROUP_NF);
	shared_release(tl, k->services);
	shared_keep(tl, h);
	k->services = h;
	state_borrow(k->own, h->state, GROUP_SERVICES);
}

/* ---- */

static uint32_t
whole_parts(uint32_t parts)
{
	if (parts & PARTS_NF)
		parts |= PARTS_NF;
	if (parts & PARTS_IPAM)
		parts |= PARTS_IPAM;
	return parts;
}

static void
take_head(struct state *s, const struct state *come, uint32_t parts)
{
	s->parts = (s->parts & ~parts) | come->parts;
	if (parts & PARTS_NF)
		s->flags = (s->flags & ~(uint32_t)FLAGS_NF) | (come->flags & FLAGS_NF);
	s->flags |= come->flags & STATE_IPVS;
	if (come->taken.ns != 0)
		s->taken = come->taken;
	if (come->hostname != NULL)
		s->hostname = state_text(s, come->hostname, strlen(come->hostname));
	if (come->ct_insert_failed >= 0)
		s->ct_insert_failed = come->ct_insert_failed;
	if (come->ct_drop >= 0)
		s->ct_drop = come->ct_drop;
	if (come->ct_early_drop >= 0)
		s->ct_early_drop = come->ct_early_drop;
	if (parts & 1u << PART_CNI_SETTINGS)
		state_copy_settings(s, come);
}

void
timeline_change(struct timeline *tl, const struct state_change *change,
    struct nstime since, struct nstime ts)
{
	uint32_t parts = whole_parts(change->parts);
	bool begun = tl->next.own != NULL;
	struct state *s;

	if (tl->n == 0 || !next_begin(tl))
		return;
	s = tl->next.own;
	/* Several changes are one epoch, which begins with the first of them. */
	if (!begun || since.ns < tl->next.epoch.since.ns)
		tl->next.epoch.since = since;
	tl->next.epoch.from = ts;
	for (size_t i = 0; i < N_CHANGING; i++) {
		empty_list(s, &changing[i], parts);
		if (change->gone != NULL)
			remove_records(s, &changing[i], change->gone);
		if (change->come != NULL)
			put_records(s, &changing[i], change->come);
	}
	if (parts & PARTS_NF)
		replace_shared(tl, &tl->next.nf, change->come, GROUP_NF);
	if (parts & 1u << PART_SERVICES)
		replace_shared(tl, &tl->next.services, change->come, GROUP_SERVICES);
	if (change->come != NULL)
		take_head(s, change->come, parts);
	else
		s->parts &= ~parts;
}

static void
drop_oldest(struct timeline *tl)
{
	tl->bytes -= tl->v[0].bytes;
	kept_free(tl, &tl->v[0]);
	memmove(&tl->v[0], &tl->v[1], (tl->n - 1) * sizeof(tl->v[0]));
	tl->n--;
}

bool
timeline_settle(struct timeline *tl, struct nstime *gone)
{
	struct kept *k = &tl->next;

	gone->ns = 0;
	if (k->own == NULL)
		return false;
	if (k->services_due)
		reread_services(tl);
	state_ready(k->own);
	k->epoch.state = k->own;
	k->bytes = state_bytes(k->own);
	while (tl->n > 1 && (tl->n == MAX_EPOCHS || tl->bytes + k->bytes > MAX_BYTES)) {
		drop_oldest(tl);
		*gone = tl->v[0].epoch.from;
	}
	tl->bytes += k->bytes;
	tl->v[tl->n++] = *k;
	*k = (struct kept){ 0 };
	return true;
}

unsigned
timeline_n(const struct timeline *tl)
{
	return tl->n;
}

struct epoch *
timeline_epoch(struct timeline *tl, unsigned i)
{
	return &tl->v[i].epoch;
}
