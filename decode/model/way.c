/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * way.c - the order of hooks and of routing: net/ipv4/ip_input.c, ip_forward.c
 * and ip_output.c; nat once per connection and direction, as nf_nat_inet_fn()
 * of net/netfilter/nf_nat_core.c.
 */
#include <stdarg.h>
#include <stdio.h>

#include "decode/model/walk_int.h"

#define CONNTRACK_PRIORITY	(-200)

static const char rivals[] = "order of chains of equal priority "
    "(iptables and nft, or two nft tables) is not in the dump";

void
way_step(struct run *r, struct way *y, enum step_kind kind, const char *where,
    const char *text, const char *note, ...)
{
	struct step *s;
	va_list ap;

	if (!r->steps || r->probe || y->n_steps >= WALK_MAX_STEPS)
		return;
	s = &r->w->steps[y->n_steps++];
	s->kind = (uint8_t)kind;
	s->where = where;
	s->text = text;
	va_start(ap, note);
	vsnprintf(s->note, sizeof(s->note), note, ap);
	va_end(ap);
}

const char *
way_where(const struct run *r, const struct way *y)
{
	return r->m->hooks[r->v6][y->hook].bases[y->base].where;
}

/* A result: out of the way into the walk, and to the caller. */
void
way_end(struct run *r, struct way *y, enum walk_end end, enum drop_cause cause,
    const char *why)
{
	struct walk *w = r->w;

	if (r->probe) {
		r->probe_acts |= end == WALK_UNKNOWN;
		return;
	}
	w->end = (uint8_t)end;
	w->cause = (uint8_t)cause;
	w->why = why;
	if (end != WALK_UNKNOWN && r->doubt != NULL && r->doubt(r, y, &w->why))
		w->end = WALK_UNKNOWN;
	w->after = y->t;
	w->oif = y->leaves;
	w->mark = y->mark;
	w->ctmark = y->ctmark;
	w->dnat = y->dnat;
	w->snat = y->snat;
	w->masquerade = y->masquerade;
	w->port_known = y->port_known;
	w->untracked = y->untracked;
	w->probability = y->probability;
	w->route = y->route;
	w->reverse = y->reverse;
	w->dnat_rule = y->dnat_rule;
	w->snat_rule = y->snat_rule;
	w->drop_rule = y->drop_rule;
	w->drop_chain = y->drop_chain;
	w->connmark_rule = y->connmark_rule;
	w->found_wanted = r->want != NULL && addr_eq(&y->t.dst, r->want) &&
	    (r->want_port == 0 || y->t.dport == r->want_port);
	w->n_steps = y->n_steps;
	if (!r->cb(r->arg, w))
		r->stopped = true;
}

void
way_drop(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_chain *chain)
{
	y->drop_rule = rule;
	y->drop_chain = chain;
	way_step(r, y, STEP_OUT, way_where(r, y), rule != NULL ? rule->text : NULL,
	    "%s", rule == NULL ? "dropped by the chain's policy" :
	    rule->target.kind == NF_T_REJECT ? "rejected" : "dropped");
	way_end(r, y, WALK_DROPPED, DROP_FIREWALL, NULL);
}

static void
hook_start(struct way *y, enum stage stage, enum nf_hook hook)
{
	y->stage = (uint8_t)stage;
	y->hook = (uint8_t)hook;
	y->base = 0;
	y->translated_here = false;
	switch (hook) {
	case NF_OUTPUT:
	case NF_POSTROUTING:
	case NF_FORWARD:
		y->oif = y->leaves;
		break;
	default:
		y->oif = "";
	}
}

/* nat's place in a hook, after its chains: the first packet is decided upon,
   answers are turned back. */
static bool
translate_here(struct run *r, struct way *y)
{
	struct addr dst = y->t.dst;

	y->translated_here = true;
	if (y->hook == NF_FORWARD)
		return true;
	if (r->reply) {
		nat_reply(r, y);
		if (y->hook == NF_OUTPUT && !addr_eq(&dst, &y->t.dst))
			return way_reroute(r, y);
	} else if (y->hook == NF_POSTROUTING || y->hook == NF_INPUT) {
		y->source_done = true;
	} else {
		y->dest_done = true;
	}
	return true;
}

static bool
is_done(const struct way *y)
{
	return y->hook == NF_POSTROUTING || y->hook == NF_INPUT ? y->source_done :
	    y->dest_done;
}

static void
base_start(struct run *r, struct way *y, const struct base *b)
{
	y->frames[0] = (struct frame){ b->chain,
	    r->m->s->nf_chains.v[b->chain].first };
	y->depth = 1;
	y->held = y->maybe = false;
	y->in_base = true;
	y->before_src = bits_of(&y->t.src);
	y->before_dst = bits_of(&y->t.dst);
	y->before_mark = y->mark;
}

static bool
same_group(const struct base *a, const struct base *b)
{
	return a->at == b->at && a->nat == b->nat && a->priority == b->priority;
}

/* Do two or more chains of this one's priority do something to this packet? */
static bool
rivals_act(struct run *r, const struct way *y)
{
	const struct hook *h = &r->m->hooks[r->v6][y->hook];
	struct run probe = *r;
	unsigned acting = 0;

	probe.probe = true;
	for (uint32_t i = y->base; i < h->n && same_group(&h->bases[i],
	    &h->bases[y->base]); i++) {
		struct way copy = *y;

		probe.probe_acts = false;
		copy.base = i;
		base_start(&probe, &copy, &h->bases[i]);
		chain_run(&probe, &copy);
		acting += probe.probe_acts;
	}
	r->work = probe.work;
	return acting > 1;
}

static bool
is_first_of_group(const struct hook *h, uint32_t i)
{
	return i == 0 || !same_group(&h->bases[i - 1], &h->bases[i]);
}

static bool
is_skipped(const struct run *r, const struct way *y, const struct base *b)
{
	if (b->nat && (r->reply || y->untracked || is_done(y)))
		return true;
	return !(r->m->chain_flags[b->chain] & CHAIN_MATTERS) &&
	    !r->m->s->nf_chains.v[b->chain].policy_drop;
}

/* Enter the next base chain of the hook; *more false: there is none left.
   False when the way ended. */
static bool
hook_next(struct run *r, struct way *y, bool *more)
{
	const struct hook *h = &r->m->hooks[r->v6][y->hook];
	int32_t nat = y->hook == NF_PREROUTING || y->hook == NF_OUTPUT ? -100 : 100;

	*more = true;
	for (; y->base < h->n; y->base++) {
		const struct base *b = &h->bases[y->base];

		if (b->at > CONNTRACK_PRIORITY)
			y->tracked = true;
		if (!y->translated_here && b->at > nat && !translate_here(r, y))
			return false;
		if (is_skipped(r, y, b))
			continue;
		if (b->rivals && is_first_of_group(h, y->base) && rivals_act(r, y)) {
			way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, rivals);
			return false;
		}
		base_start(r, y, b);
		return true;
	}
	y->tracked = true;
	*more = false;
	return y->translated_here || translate_here(r, y);
}

/* After a base chain that accepted. */
static bool
base_done(struct run *r, struct way *y)
{
	const struct base *b = &r->m->hooks[r->v6][y->hook].bases[y->base];
	bool dst = !bits_eq(y->before_dst, bits_of(&y->t.dst));
	bool src = !bits_eq(y->before_src, bits_of(&y->t.src));

	y->in_base = false;
	y->base++;
	if (y->hook == NF_OUTPUT && ((b->nat && dst) ||
	    (b->reroutes && (dst || src || y->before_mark != y->mark))))
		return way_reroute(r, y);
	return true;
}

static void
arrive(struct run *r, struct way *y)
{
	way_step(r, y, STEP_OUT, "this node", NULL, "delivered to a process");
	y->leaves = NULL;
	way_end(r, y, WALK_LOCAL, DROP_UNKNOWN, NULL);
}

static void
send(struct run *r, struct way *y)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	if (r->steps) {
		addr_format(&y->t.src, src);
		addr_format(&y->t.dst, dst);
		way_step(r, y, STEP_OUT, y->leaves, NULL, "%s > %s", src, dst);
	}
	way_end(r, y, WALK_SENT, DROP_UNKNOWN, NULL);
}

/* What follows a hook; false when the way ended. */
static bool
stage_next(struct run *r, struct way *y)
{
	switch (y->stage) {
	case AT_START:
		if (y->iif[0] != '\0') {
			hook_start(y, AT_PREROUTING, NF_PREROUTING);
			return true;
		}
		if (!way_route_out(r, y))
			return false;
		hook_start(y, AT_OUTPUT, NF_OUTPUT);
		return true;
	case AT_PREROUTING:
		if (!way_route_in(r, y))
			return false;
		if (y->local_in)
			hook_start(y, AT_INPUT, NF_INPUT);
		else
			hook_start(y, AT_FORWARD, NF_FORWARD);
		return true;
	case AT_FORWARD:
	case AT_OUTPUT:
		hook_start(y, AT_POSTROUTING, NF_POSTROUTING);
		return true;
	case AT_POSTROUTING:
		if (y->leaves_dev == NONE ||
		    strcmp(r->m->devs[y->leaves_dev].name, "lo") != 0) {
			send(r, y);
			return false;
		}
		y->iif = "lo";
		hook_start(y, AT_LOOP, NF_PREROUTING);
		return true;
	case AT_LOOP:
		/* It keeps the route that it had; conntrack and nat are done. */
		hook_start(y, AT_INPUT, NF_INPUT);
		return true;
	default:
		arrive(r, y);
		return false;
	}
}

void
way_run(struct run *r, struct way *y)
{
	bool more;

	for (;;) {
		if (y->in_base && (!chain_run(r, y) || !base_done(r, y)))
			return;
		more = false;
		if (y->hook != NF_NO_HOOK && !hook_next(r, y, &more))
			return;
		if (!more && !stage_next(r, y))
			return;
	}
}
