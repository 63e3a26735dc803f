/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_owner.c - whose is an address, is it inside the VPC, and would EC2 let
 * an ENI send from it.
 *
 * The VPC's ranges are those that the CNI's rules leave untranslated.  Without
 * them (external SNAT, IPv6, no dump) only what is known by name is inside, and
 * public unicast is outside; other private addresses are not known.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

static bool
in_any(const struct prefix *p, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (prefix_contains(&p[i], a))
			return true;
	return false;
}

static bool
is_loopback(const struct addr *a)
{
	static const struct addr one = { .b = { [15] = 1 } };

	return addr_is_v4(a) ? a->b[12] == 127 : addr_eq(a, &one);
}

static bool
is_link_local6(const struct addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* Link-local, RFC 3927: the instance metadata service and its kin. */
bool
is_link_local4(const struct addr *a)
{
	return addr_is_v4(a) && a->b[12] == 169 && a->b[13] == 254;
}

/*
 * IPv4 that the internet routes: none of RFC 1918, 6598, 1122, 2544, 5736 or
 * 1112.  The documentation ranges of RFC 5737 count as public: in no VPC either.
 */
static bool
is_public4(const struct addr *a)
{
	const uint8_t *b = a->b + 12;

	if (b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224)
		return false;
	if (b[0] == 172 && (b[1] & 0xf0) == 16)
		return false;
	if ((b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254))
		return false;
	if (b[0] == 192 && b[1] == 0 && b[2] == 0)
		return false;
	if (b[0] == 198 && (b[1] & 0xfe) == 18)
		return false;
	return b[0] != 100 || (b[1] & 0xc0) != 64;
}

/* Its address is named by somebody who lives in the VPC. */
static bool
is_known_inside(const struct contract *c, const struct addr *a)
{
	const struct place *p = place_find(c, a);

	if (p != NULL && !p->egress && !is_loopback(a) && !is_link_local4(a) &&
	    (p->is_pod || p->listed || p->elsewhere || (p->is_node && p->eni >= 0)))
		return true;
	return state_node_addr(c->state, a) != NULL ||
	    (state_pod_addr(c->state, a) != NULL && !is_egress_addr(a)) ||
	    in_any(c->subnets.v, c->subnets.n, a);
}

int
contract_inside(const struct contract *c, const struct addr *a)
{
	const struct settings *st = &c->settings;

	if (addr_is_multicast(a) || is_loopback(a))
		return -1;
	if (in_any(st->vpc, st->n_vpc, a) || in_any(st->excluded, st->n_excluded, a))
		return 1;
	if (!addr_is_v4(a))
		return is_link_local6(a) || is_known_inside(c, a) ? 1 : -1;
	if (c->rules.all_return)
		return 1;
	if (st->n_vpc > 0)
		return 0;
	if (is_known_inside(c, a))
		return 1;
	return is_public4(a) || is_link_local4(a) ? 0 : -1;
}

static bool
in_vpc(const struct contract *c, const struct addr *a)
{
	const struct settings *st = &c->settings;

	return in_any(st->vpc, st->n_vpc, a) ||
	    (st->n_vpc == 0 && is_known_inside(c, a));
}

static uint8_t
owner_far(const struct contract *c, const struct place *p, const struct addr *a)
{
	int in;

	if ((p != NULL && p->elsewhere != NULL) || in_vpc(c, a) ||
	    is_known_inside(c, a))
		return OWNER_ELSEWHERE;
	in = contract_inside(c, a);
	/* Left untranslated, and of no range of the VPC: an exclusion. */
	if (in == 0 || (in == 1 && addr_is_v4(a)))
		return OWNER_OUTSIDE;
	return in == 1 ? OWNER_ELSEWHERE : OWNER_UNKNOWN;
}

void
contract_owner(const struct contract *c, const struct addr *a, struct owner *o)
{
	const struct place *p = place_find(c, a);
	int32_t given = eni_by_prefix(c, a);

	*o = (struct owner){ .kind = OWNER_UNKNOWN };
	if (p != NULL && p->eni >= 0)
		o->eni = &c->enis[p->eni];
	if (p != NULL && p->is_pod) {
		o->kind = OWNER_POD;
		o->pod = p->pod;
		o->veth = p->veth;
		o->egress = p->egress;
	} else if ((p != NULL && p->is_node) || is_loopback(a)) {
		o->kind = OWNER_NODE;
	} else if ((p != NULL && p->listed) || given >= 0) {
		o->kind = OWNER_FREE;
		if (o->eni == NULL && given >= 0)
			o->eni = &c->enis[given];
	} else {
		o->eni = NULL;
		o->kind = owner_far(c, p, a);
	}
}

/* ---- EC2's source/destination check */

/* Of this ENI, as ipamd's list, the addresses of its device and the annotation
   of its pod have it. */
static bool
eni_has(const struct contract *c, unsigned at, const struct addr *a)
{
	const struct eni *e = &c->enis[at];
	const struct place *p = place_find(c, a);
	static const struct addr none;

	if ((e->has_ip && addr_eq(&e->ip, a)) ||
	    (!addr_eq(&e->ip6, &none) && addr_eq(&e->ip6, a)))
		return true;
	if (p != NULL && p->listed_eni == (int32_t)at)
		return true;
	if (p != NULL && p->is_pod && p->eni == (int32_t)at && !p->egress)
		return true;
	if (p != NULL && p->is_node && text_eq(p->dev, e->dev))
		return true;
	for (uint32_t i = 0; i < c->delegated.n; i++)
		if (c->delegated.v[i].eni == at &&
		    prefix_contains(&c->delegated.v[i].prefix, a))
			return true;
	return false;
}

/* A trunk's device carries the frames of its branches, with a VLAN tag. */
static bool
trunk_carries(const struct contract *c, unsigned at, const struct addr *a)
{
	for (unsigned i = 0; i < c->n_enis && c->enis[at].trunk; i++)
		if (c->enis[i].branch && eni_has(c, i, a))
			return true;
	return false;
}

int
contract_may_send(const struct contract *c, const char *dev, const struct addr *src)
{
	const struct place *p = place_find(c, src);
	int32_t at = eni_by_dev(c, dev);
	static const struct addr none;

	if (at < 0 || addr_eq(src, &none))
		return -1;
	if (is_link_local6(src) || eni_has(c, (unsigned)at, src) ||
	    trunk_carries(c, (unsigned)at, src))
		return 1;
	for (unsigned i = 0; i < c->n_enis; i++)
		if (i != (unsigned)at && eni_has(c, i, src))
			return 0;
	if (p != NULL && p->egress)
		return 0;
	/* ipamd lists all that an ENI has, except of those that it leaves alone. */
	if (c->more[at].fact != STATE_NONE && c->enis[at].has_ip && addr_is_v4(src) &&
	    !(p != NULL && p->is_pod))
		return 0;
	return -1;
}
