/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nat.c - targets that translate, and their reversal in answers.
 * net/netfilter/nf_nat_core.c, nf_nat_masquerade.c, nf_nat_redirect.c.
 */
#include <stdio.h>

#include "decode/model/walk_int.h"

static const char range[] = "a translation to one of several addresses";
static const char port_range[] = "a translation to one of several ports";
static const char no_source[] =
    "the state does not tell which address masquerading takes";
static const char wrong_hook[] = "a translation in a chain that is not of type nat";

#define END_MAX	(ADDR_TEXT_MAX + 8)

static const char *
end_text(const struct tuple *t, bool dst, char out[static END_MAX])
{
	const struct addr *a = dst ? &t->dst : &t->src;
	uint16_t port = dst ? t->dport : t->sport;
	size_t n = addr_format(a, out);

	if (proto_has_ports(t->proto))
		snprintf(out + n, END_MAX - n, addr_is_v4(a) ? ":%u" : " port %u", port);
	return out;
}

static bool
not_known(struct run *r, struct way *y, const char *why)
{
	way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, why);
	return false;
}

static bool
change_dest(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct addr *to, const struct nf_ports *ports)
{
	struct tuple old = y->t;
	char text[END_MAX];

	if (to != NULL)
		y->t.dst = *to;
	if (ports != NULL && proto_has_ports(y->t.proto)) {
		if (ports->lo != ports->hi)
			return not_known(r, y, port_range);
		y->t.dport = ports->lo;
	}
	y->dest_done = true;
	/* The one that is asked for? */
	if (r->want != NULL && (!addr_eq(&y->t.dst, r->want) ||
	    (r->want_port != 0 && y->t.dport != r->want_port)))
		return false;
	y->dnat = !addr_eq(&old.dst, &y->t.dst) || old.dport != y->t.dport;
	if (y->dnat)
		y->dnat_rule = rule;
	way_step(r, y, STEP_NF, way_where(r, y), rule->text, "destination %s",
	    end_text(&y->t, true, text));
	return true;
}

static bool
change_source(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct addr *to, const struct nf_nat *nat)
{
	uint32_t flags = nat != NULL ? nat->flags : 0;
	bool any_port = flags & (NF_NAT_RANDOM | NF_NAT_FULLY_RANDOM);
	struct tuple old = y->t;
	char text[ADDR_TEXT_MAX];

	if (to != NULL)
		y->t.src = *to;
	/* The port stays when nobody else has it, which the state cannot tell. */
	y->port_known = !proto_has_ports(y->t.proto) && y->t.proto != PROTO_ICMP &&
	    y->t.proto != PROTO_ICMPV6;
	if (flags & NF_NAT_PORTS && proto_has_ports(y->t.proto) &&
	    nat->ports.lo == nat->ports.hi) {
		y->t.sport = nat->ports.lo;
		y->port_known = true;
	}
	y->source_done = true;
	y->snat = any_port || flags & NF_NAT_PORTS ||
	    !addr_eq(&old.src, &y->t.src) || old.sport != y->t.sport;
	if (y->snat)
		y->snat_rule = rule;
	else
		y->port_known = true;
	addr_format(&y->t.src, text);
	way_step(r, y, STEP_NF, way_where(r, y), rule->text, "source %s%s", text,
	    any_port ? ", any port" : "");
	return true;
}

static bool
masquerade(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_nat *nat)
{
	const struct addr *next = y->route.has_via &&
	    addr_is_v4(&y->route.via) == !r->v6 ? &y->route.via : &y->t.dst;
	struct addr source;

	y->masquerade = true;
	switch (dev_source(r->m, y->leaves_dev, next, r->v6, &source)) {
	case 1:
		return change_source(r, y, rule, &source, nat);
	case 0:
		way_step(r, y, STEP_NF, way_where(r, y), rule->text,
		    "no address to translate to");
		way_drop(r, y, rule, &r->m->s->nf_chains.v[rule->chain]);
		return false;
	default:
		return not_known(r, y, no_source);
	}
}

/* To this node itself: the device's first address, of a process's packet the
   loopback's.  False: not known. */
static bool
redirect_address(const struct run *r, const struct way *y, struct addr *to)
{
	static const struct addr lo4 = { .b = { [10] = 0xff, [11] = 0xff,
	    [12] = 127, [15] = 1 } };
	static const struct addr lo6 = { .b = { [15] = 1 } };
	const struct dev *d = dev_find(r->m, y->iif);

	if (y->hook == NF_OUTPUT) {
		*to = r->v6 ? lo6 : lo4;
		return true;
	}
	if (d == NULL)
		return false;
	for (uint32_t i = 0; i < d->n_addrs && !r->v6; i++) {
		const struct ifaddr *a = r->m->addrs[d->first_addr + i];

		if (addr_is_v4(&a->addr)) {
			*to = a->addr;
			return true;
		}
	}
	return dev_source(r->m, (uint32_t)(d - r->m->devs), NULL, r->v6, to) == 1;
}

static bool
redirect(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_nat *nat)
{
	const struct nf_ports *ports = nat != NULL && nat->flags & NF_NAT_PORTS ?
	    &nat->ports : NULL;
	const struct dev *d = dev_find(r->m, y->iif);
	struct addr to;

	if (!r->v6 && y->hook != NF_OUTPUT && d != NULL && d->has_v4 == 0) {
		way_drop(r, y, rule, &r->m->s->nf_chains.v[rule->chain]);
		return false;
	}
	if (!redirect_address(r, y, &to))
		return not_known(r, y, no_source);
	return change_dest(r, y, rule, &to, ports);
}

bool
nat_target(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t)
{
	const struct nf_nat *nat = t->nat;
	const struct addr *to = NULL;
	bool source = t->kind == NF_T_SNAT || t->kind == NF_T_MASQUERADE;

	if (!r->m->hooks[r->v6][y->hook].bases[y->base].nat ||
	    source != (y->hook == NF_POSTROUTING || y->hook == NF_INPUT))
		return not_known(r, y, wrong_hook);
	if (t->kind == NF_T_MASQUERADE)
		return masquerade(r, y, rule, nat);
	if (t->kind == NF_T_REDIRECT)
		return redirect(r, y, rule, nat);
	if (nat == NULL)
		return not_known(r, y, rule->text != NULL ? rule->text : range);
	if (nat->flags & NF_NAT_ADDR) {
		if (!addr_eq(&nat->lo, &nat->hi))
			return not_known(r, y, range);
		if (addr_is_v4(&nat->lo) == r->v6)
			return not_known(r, y, rule->text != NULL ? rule->text : range);
		to = &nat->lo;
	}
	if (source)
		return change_source(r, y, rule, to, nat);
	return change_dest(r, y, rule, to, nat->flags & NF_NAT_PORTS ?
	    &nat->ports : NULL);
}

void
nat_reply(struct run *r, struct way *y)
{
	char text[END_MAX];

	if (y->untracked)
		return;
	if (y->hook == NF_PREROUTING || y->hook == NF_OUTPUT) {
		if (!r->was_snat || y->dest_done)
			return;
		y->dest_done = true;
		y->t.dst = r->orig.src;
		y->t.dport = r->orig.sport;
		way_step(r, y, STEP_CONNTRACK, "conntrack", NULL,
		    "destination back to %s", end_text(&y->t, true, text));
	} else {
		if (!r->was_dnat || y->source_done)
			return;
		y->source_done = true;
		y->t.src = r->orig.dst;
		y->t.sport = r->orig.dport;
		way_step(r, y, STEP_CONNTRACK, "conntrack", NULL,
		    "source back to %s", end_text(&y->t, false, text));
	}
}
