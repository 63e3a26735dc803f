/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rpf.c - may a packet with this source come in by this device?
 * fib_validate_source() and __fib_validate_source() of
 * net/ipv4/fib_frontend.c; IPv6 has no such check.
 */
#include "decode/model/model_int.h"

/* Without custom rules and a filter the kernel asks only whether the source is
   its own. */
static enum reverse
short_check(const struct model *m, const struct tuple *t, struct route_answer *a)
{
	unsigned type = addr_type(m, &t->src, NONE);

	*a = (struct route_answer){ .end = type == NF_A_LOCAL ? ROUTE_HERE :
	    ROUTE_UNKNOWN };
	if (type == NF_A_LOCAL)
		return REVERSE_MARTIAN;
	return type == 0 ? REVERSE_UNKNOWN : REVERSE_OK;
}

enum reverse
rpf_check(const struct model *m, const struct tuple *t, const char *iif,
    uint32_t mark, const char *oif, struct route_answer *a)
{
	const struct dev *d = dev_find(m, iif);
	int rpf = d != NULL ? d->rp_filter : -1;
	struct tuple back = { .src = t->dst, .dst = t->src, .sport = t->dport,
	    .dport = t->sport, .proto = t->proto };
	struct found f;
	struct key k;

	/* Not known: only what holds without the filter. */
	if (rpf < 0)
		rpf = 0;
	if (rpf == 0 && d != NULL && d->accept_local > 0)
		return REVERSE_OK;
	if (rpf == 0 && !m->custom_rules && state_has(m->s, PART_RULES))
		return short_check(m, t, a);
	key_of(&k, &back, oif, d != NULL && d->src_valid_mark > 0 ? mark : 0);
	fib_lookup(m, &k, &f);
	found_answer(m, &f, a);
	switch (f.end) {
	case ROUTE_UNKNOWN:
		return REVERSE_UNKNOWN;
	case ROUTE_NOWHERE:
	case ROUTE_REFUSED:
		return rpf != 0 ? REVERSE_FAILS : REVERSE_OK;
	case ROUTE_HERE:
		if (d == NULL || d->accept_local <= 0)
			return REVERSE_MARTIAN;
		break;
	case ROUTE_GROUP:
		return REVERSE_MARTIAN;
	default:
		break;
	}
	if (d != NULL && (rt_uses(m, f.rt, (uint32_t)(d - m->devs)) ||
	    (f.end == ROUTE_HERE && strcmp(iif, "lo") == 0)))
		return REVERSE_OK;
	if (rpf == 0)
		return REVERSE_OK;
	/* Loose does not help a device without an address. */
	if (d->has_v4 == 0 || rpf == 1)
		return REVERSE_FAILS;
	return d->has_v4 < 0 ? REVERSE_UNKNOWN : REVERSE_OK;
}
