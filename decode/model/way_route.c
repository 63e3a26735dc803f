/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * way_route.c - routing of a packet under way: ip_route_input_slow() and
 * ip_route_output_key_hash_rcu() in net/ipv4/route.c, ip_route_me_harder() in
 * net/ipv4/netfilter.c.
 */
#include "decode/model/walk_int.h"

static bool
no_route(struct run *r, struct way *y, const struct found *f, const char *note)
{
	const struct model *m = r->m;

	way_step(r, y, STEP_ROUTE, f != NULL && f->rule != NONE ?
	    m->rule_where[f->rule] : "routing",
	    f != NULL && f->rt != NULL ? f->rt->r->text :
	    f != NULL && f->rule != NONE ? m->s->rules.v[f->rule].text : NULL,
	    "%s", note);
	way_end(r, y, WALK_DROPPED, DROP_NO_ROUTE, NULL);
	return false;
}

/* Take the answer of a lookup; false when the way ended. */
static bool
follow(struct run *r, struct way *y, const struct found *f)
{
	const struct model *m = r->m;

	found_answer(m, f, &y->route);
	y->local_in = f->end == ROUTE_HERE;
	y->leaves = NULL;
	y->leaves_dev = NONE;
	if (f->rule != NONE) {
		way_step(r, y, STEP_RULE, m->rule_where[f->rule],
		    m->s->rules.v[f->rule].text, "priority %u",
		    m->s->rules.v[f->rule].priority);
		if (f->rt != NULL && m->rule_table[f->rule] != NULL &&
		    f->end != ROUTE_REFUSED)
			way_step(r, y, STEP_ROUTE, m->rule_table[f->rule]->where,
			    f->rt->r->text, "%s", f->end == ROUTE_HERE ?
			    "an address of this node" : "");
	}
	switch (f->end) {
	case ROUTE_TO:
		y->leaves = y->route.dev;
		y->leaves_dev = f->rt->dev;
		if (!f->several)
			return true;
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN,
		    "a multipath route: by one of several devices");
		return false;
	case ROUTE_HERE:
	case ROUTE_GROUP:
		return true;
	case ROUTE_REFUSED:
		return no_route(r, y, f, "refused");
	case ROUTE_NOWHERE:
		return no_route(r, y, f, "no route: network is unreachable");
	default:
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, f->why);
		return false;
	}
}

static bool
martian(struct run *r, struct way *y, const char *note)
{
	way_step(r, y, STEP_REVERSE, "reverse path check", NULL, "%s", note);
	way_end(r, y, WALK_DROPPED, DROP_RP_FILTER, NULL);
	return false;
}

static bool
check_reverse(struct run *r, struct way *y)
{
	const struct dev *d = dev_find(r->m, y->iif);
	struct route_answer back = { 0 };

	if (r->v6)
		return true;
	switch (rpf_check(r->m, &y->t, y->iif, y->mark, y->leaves, &back)) {
	case REVERSE_OK:
		if (d == NULL || d->rp_filter < 0)
			way_step(r, y, STEP_REVERSE, "reverse path check", NULL,
			    "rp_filter of %s is not in the state: taken to pass",
			    y->iif);
		return true;
	case REVERSE_MARTIAN:
		y->reverse = back;
		return martian(r, y, "martian source: an address of this node, or of "
		    "a group, from outside");
	case REVERSE_FAILS:
		y->reverse = back;
		way_step(r, y, STEP_REVERSE, "reverse path check", back.route != NULL ?
		    back.route->text : NULL, "dropped: answers would leave by %s, not %s"
		    " (rp_filter %d)", back.dev != NULL ? back.dev : "no device", y->iif,
		    d != NULL ? d->rp_filter : -1);
		way_end(r, y, WALK_DROPPED, DROP_RP_FILTER, NULL);
		return false;
	default:
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, back.why != NULL ? back.why :
		    "the reverse path is not known");
		return false;
	}
}

static bool
is_loopback4(const struct addr *a)
{
	return addr_is_v4(a) && a->b[12] == 127;
}

/* Addresses that may not come in (ip_route_input_slow()); false: dropped. */
static bool
check_addresses(struct run *r, struct way *y)
{
	const struct dev *d = dev_find(r->m, y->iif);

	if (r->v6)
		return true;
	if (addr_is_multicast(&y->t.src) || y->t.src.b[12] == 0)
		return martian(r, y, "martian source");
	if (y->t.dst.b[12] == 0)
		return martian(r, y, "martian destination");
	if ((is_loopback4(&y->t.dst) || is_loopback4(&y->t.src)) &&
	    (d == NULL || d->route_localnet <= 0) && strcmp(y->iif, "lo") != 0)
		return martian(r, y, "a loopback address from outside");
	return true;
}

static int
forwards(const struct run *r, const struct way *y)
{
	const struct dev *d = dev_find(r->m, y->iif);

	if (r->v6 || d == NULL)
		return r->m->forwarding[r->v6];
	return d->forwarding;
}

bool
way_route_in(struct run *r, struct way *y)
{
	struct found f;
	struct key k;

	if (addr_is_multicast(&y->t.dst)) {
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN,
		    "the way of packets to a group is not modelled");
		return false;
	}
	if (!check_addresses(r, y))
		return false;
	key_of(&k, &y->t, y->iif, y->mark);
	if (r->v6 && y->t.dst.b[0] == 0xfe && (y->t.dst.b[1] & 0xc0) == 0x80)
		k.dev = dev_index(r->m, y->iif);
	fib_lookup(r->m, &k, &f);
	if (!follow(r, y, &f))
		return false;
	if (f.end == ROUTE_TO && forwards(r, y) == 0)
		return no_route(r, y, NULL, "forwarding is off: host is unreachable");
	if (f.end == ROUTE_GROUP)
		y->local_in = true;
	if (y->local_in)
		y->leaves = NULL;
	return check_reverse(r, y);
}

static bool
is_unset(const struct addr *a)
{
	struct bits b = bits_of(a);

	return b.hi == 0 && (b.lo == 0 || b.lo == UINT64_C(0xffff00000000));
}

/* Routing of a packet of this node: by lo when it stays here. */
static bool
route_own(struct run *r, struct way *y)
{
	struct found f;
	struct key k;

	key_of(&k, &y->t, NULL, y->mark);
	if (is_unset(&y->t.src) && !r->v6)
		k.src = (struct bits){ 0, UINT64_C(0xffff00000000) };
	k.oif = r->bound_oif;
	if (r->bound_oif != NULL) {
		uint32_t dev = dev_index(r->m, r->bound_oif);

		k.dev = dev != NONE ? dev : NONE - 1;
	}
	fib_lookup(r->m, &k, &f);
	if (!follow(r, y, &f))
		return false;
	if (f.end == ROUTE_GROUP) {
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN,
		    "the way of packets to a group is not modelled");
		return false;
	}
	if (y->local_in) {
		y->leaves = "lo";
		y->leaves_dev = dev_index(r->m, "lo");
	}
	return true;
}

bool
way_route_out(struct run *r, struct way *y)
{
	unsigned steps = y->n_steps;

	if (!is_unset(&y->t.src)) {
		if (!r->v6 && r->m->local[0] != NULL &&
		    addr_type(r->m, &y->t.src, NONE) != NF_A_LOCAL)
			return no_route(r, y, NULL,
			    "the source is not an address of this node");
		return route_own(r, y);
	}
	if (!route_own(r, y))
		return false;
	if (y->local_in && !y->route.has_src) {
		y->t.src = y->t.dst;
	} else if (y->route.has_src) {
		y->t.src = y->route.src;
	} else {
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN,
		    "the state does not tell which source address this node takes");
		return false;
	}
	/* A TCP socket asks again, now with its source (ip_route_connect()). */
	if (y->t.proto != PROTO_TCP)
		return true;
	y->n_steps = steps;
	return route_own(r, y);
}

bool
way_reroute(struct run *r, struct way *y)
{
	return route_own(r, y);
}
