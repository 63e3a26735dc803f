/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets_links.c - interfaces by ifindex, and the numbers that observations
 * carry in their place.  An ifindex is not used again for long (dev_new_index(),
 * net/core/dev.c, counts on), a name may be at once: so a re-created interface
 * has a number of its own, and so has a renamed one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/packets_int.h"

/* Packets of a vanished interface wait in the ring until a reader that is
   behind comes to them. */
#define LINK_LINGER_NS	(30 * NS_PER_SEC)
/* So many before those are looked for that went without anyone telling. */
#define LINK_SWEEP	1024u

void
links_forget_cache(struct links *ls)
{
	memset(ls->cache, 0, sizeof(ls->cache));
}

/* Where it is, or would be. */
static unsigned
links_at(const struct links *ls, uint32_t ifindex)
{
	unsigned lo = 0, hi = ls->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (ls->v[mid].ifindex < ifindex)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct link *
links_find(struct links *ls, uint32_t ifindex)
{
	unsigned at = links_at(ls, ifindex);

	return at < ls->n && ls->v[at].ifindex == ifindex ? &ls->v[at] : NULL;
}

void
links_purge(struct links *ls, struct nstime now)
{
	unsigned kept = 0;

	if (ls->n_gone == 0)
		return;
	for (unsigned i = 0; i < ls->n; i++) {
		const struct link *l = &ls->v[i];

		if (l->gone && nstime_diff_ns(now, l->gone_at) > LINK_LINGER_NS)
			ls->n_gone--;
		else
			ls->v[kept++] = *l;
	}
	if (kept != ls->n)
		links_forget_cache(ls);
	ls->n = kept;
}

/* Where nobody tells of links, packets alone make them known: those that are
   not there any more go. */
static void
links_sweep(struct links *ls, struct nstime now)
{
	char name[IF_NAMESIZE];

	for (unsigned i = 0; i < ls->n; i++) {
		struct link *l = &ls->v[i];

		if (l->by_fact || l->gone || (if_indextoname(l->ifindex, name) &&
		    strcmp(name, l->name) == 0))
			continue;
		l->gone = true;
		l->gone_at = now;
		ls->n_gone++;
	}
	links_purge(ls, now);
	ls->sweep_at = ls->n * 2 > LINK_SWEEP ? ls->n * 2 : LINK_SWEEP;
}

static bool
links_room(struct links *ls)
{
	unsigned room = ls->room ? ls->room * 2 : 64;
	struct link *v;

	if (ls->n < ls->room)
		return true;
	v = realloc(ls->v, room * sizeof(*v));
	if (v == NULL)
		return false;
	ls->v = v;
	ls->room = room;
	return true;
}

struct link *
links_get(struct links *ls, uint32_t ifindex, struct nstime now)
{
	struct link *l = links_find(ls, ifindex);
	unsigned at;

	if (l != NULL)
		return l;
	if (ls->n >= (ls->sweep_at ? ls->sweep_at : LINK_SWEEP))
		links_sweep(ls, now);
	if (!links_room(ls))
		return NULL;
	at = links_at(ls, ifindex);
	l = &ls->v[at];
	memmove(l + 1, l, (ls->n - at) * sizeof(*l));
	*l = (struct link){ .ifindex = ifindex, .number = NO_NUMBER,
	    .was_number = NO_NUMBER };
	ls->n++;
	return l;
}

void
link_tell(struct packets *p, struct link *l, struct nstime now, live_sink *sink,
    void *arg)
{
	struct obs o = { .type = OBS_IFACE, .ts = now };
	struct obs_iface *i = &o.iface;

	l->number = p->links.next_number++;
	i->number = l->number;
	i->linktype = p->linktype;
	i->name = l->name[0] != '\0' ? l->name : NULL;
	i->given = i->name != NULL;
	i->ifindex = l->ifindex;
	i->has_mac = l->has_mac;
	memcpy(i->mac, l->mac, sizeof(i->mac));
	i->n_addrs = l->n_addrs;
	memcpy(i->addrs, l->addrs, sizeof(i->addrs));
	sink(arg, &o);
}

uint32_t
links_number_slow(struct packets *p, uint32_t ifindex, struct nstime ts,
    live_sink *sink, void *arg)
{
	unsigned at = ifindex & (LINK_CACHE - 1);
	struct link *l = links_find(&p->links, ifindex);

	if (l == NULL) {
		l = links_get(&p->links, ifindex, ts);
		if (l == NULL) {
			snprintf(p->error, sizeof(p->error), "out of memory");
			return NO_NUMBER;
		}
		if (if_indextoname(ifindex, l->name) == NULL)
			l->name[0] = '\0';
		l->wanted = names_fit(&p->names, l->name);
	}
	if (l->was_number != NO_NUMBER && nstime_diff_ns(ts, l->was_until) < 0)
		return l->was_number;
	if (l->wanted && l->number == NO_NUMBER)
		link_tell(p, l, ts, sink, arg);
	p->links.cache[at].ifindex = ifindex;
	p->links.cache[at].number = l->wanted ? l->number : NO_NUMBER;
	return p->links.cache[at].number;
}
