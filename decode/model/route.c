/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.c - one question as `ip route get` asks it.  What comes before the
 * policy rules is of ip_route_output_key_hash_rcu() and ip_route_input_slow()
 * in net/ipv4/route.c.
 */
#include "decode/model/model_int.h"

static bool
is_unset(const struct addr *a)
{
	struct bits b = bits_of(a);

	return b.hi == 0 && (b.lo == 0 || b.lo == UINT64_C(0xffff00000000));
}

/* Addresses whose meaning depends on the device (rt6_need_strict()). */
static bool
is_link_local6(const struct addr *a)
{
	return a->b[0] == 0xff || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

static uint32_t
dev_filter(const struct model *m, const struct route_query *q, bool v6)
{
	const char *name = q->oif;

	if (v6) {
		if (is_link_local6(&q->dst))
			name = q->oif != NULL ? q->oif : q->iif;
		else if (!is_unset(&q->src))
			name = NULL;
	}
	if (name == NULL)
		return NONE;
	/* One that no route has: no nexthop is by it. */
	return dev_index(m, name) != NONE ? dev_index(m, name) : NONE - 1;
}

void
model_route(const struct model *m, const struct route_query *q,
    struct route_answer *a)
{
	struct tuple t = { .src = q->src, .dst = q->dst, .sport = q->sport,
	    .dport = q->dport, .proto = q->proto };
	bool output = q->iif == NULL, unset = is_unset(&q->src);
	struct found f;
	struct key k;

	key_of(&k, &t, q->iif, q->mark);
	if (unset && !k.v6)
		k.src = (struct bits){ 0, UINT64_C(0xffff00000000) };
	k.oif = q->oif;
	k.dev = dev_filter(m, q, k.v6);
	if (output && !unset && !k.v6 && m->local[0] != NULL &&
	    addr_type(m, &q->src, NONE) != NF_A_LOCAL) {
		*a = (struct route_answer){ .end = ROUTE_NOWHERE,
		    .why = "the source is not an address of this node" };
		return;
	}
	fib_lookup(m, &k, &f);
	/* Bound to a device without a route by it: taken to be on its link. */
	if (output && !k.v6 && q->oif != NULL &&
	    (f.end == ROUTE_NOWHERE || f.end == ROUTE_REFUSED)) {
		*a = (struct route_answer){ .end = ROUTE_TO, .dev = q->oif };
		a->has_src = dev_index(m, q->oif) != NONE && dev_source(m,
		    dev_index(m, q->oif), NULL, false, &a->src) == 1;
		return;
	}
	found_answer(m, &f, a);
	if (f.end == ROUTE_HERE && !a->has_src) {
		a->has_src = true;
		a->src = q->dst;
	}
	if (addr_is_multicast(&q->dst) && f.end == ROUTE_TO)
		a->end = ROUTE_GROUP;
}
