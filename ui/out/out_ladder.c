/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_ladder.c - the path of one flow, leg by leg (-v).
 *
 * Request legs in order, then reply legs; between two of them what the node did
 * with the packet there: translated it, took it into or out of a tunnel, and
 * how much later it was seen.
 */
#include "ui/out/out_text.h"

#define INDENT	4

/* The four ways of an end: what a translation changed. */
static void
put_change(struct text *t, const struct output_run *r, const char *what,
    const struct addr *from, uint16_t from_port, const struct addr *to,
    uint16_t to_port, enum present_ids ids)
{
	bool icmp = ids == IDS_ICMP;

	text_role(t, ROLE_TRANSLATED);
	text_put(t, what);
	text_put(t, " ");
	out_text_end(t, r, from, from_port, ids);
	if (icmp) {
		text_put(t, " id ");
		text_u64(t, from_port);
	}
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	out_text_end(t, r, to, to_port, ids);
	if (icmp) {
		text_put(t, " id ");
		text_u64(t, to_port);
	}
	text_role(t, ROLE_PLAIN);
}

static void
separate(struct text *t, bool *any)
{
	if (*any)
		text_put(t, ", ");
	*any = true;
}

/*
 * On the way back conntrack undoes the translation by changing the other end:
 * SNAT shows as a new destination, DNAT as a new source.
 */
static void
put_translations(struct text *t, const struct output_run *r,
    const struct leg *a, const struct leg *b, enum present_ids ids, bool *any)
{
	if (!addr_eq(&a->t.src, &b->t.src) || a->t.sport != b->t.sport) {
		separate(t, any);
		put_change(t, r, a->reply ? "DNAT undone" : "SNAT",
		    &a->t.src, a->t.sport, &b->t.src, b->t.sport,
		    ids == IDS_ICMP && a->t.sport == b->t.sport ? IDS_NONE : ids);
	}
	if (!addr_eq(&a->t.dst, &b->t.dst) || a->t.dport != b->t.dport) {
		separate(t, any);
		put_change(t, r, a->reply ? "SNAT undone" : "DNAT",
		    &a->t.dst, a->t.dport, &b->t.dst, b->t.dport,
		    ids == IDS_ICMP && a->t.dport == b->t.dport ? IDS_NONE : ids);
	}
}

static void
put_tunnel(struct text *t, const struct tunnel *u)
{
	const char *name = tunnel_name(u->type);

	text_put(t, name != NULL ? name : "tunnel");
	if (u->id != 0) {
		text_put(t, " ");
		text_u64(t, u->id);
	}
}

static void
put_tunnels(struct text *t, const struct leg *a, const struct leg *b, bool *any)
{
	if (a->tunnel.type == b->tunnel.type && a->tunnel.id == b->tunnel.id)
		return;
	if (a->tunnel.type != TUN_NONE) {
		separate(t, any);
		text_put(t, "leaves ");
		put_tunnel(t, &a->tunnel);
	}
	if (b->tunnel.type != TUN_NONE) {
		separate(t, any);
		text_put(t, "enters ");
		put_tunnel(t, &b->tunnel);
	}
}

static void
put_ttl(struct text *t, const struct leg *a, const struct leg *b, bool *any)
{
	if (a->ttl == b->ttl)
		return;
	separate(t, any);
	text_put(t, "TTL ");
	text_u64(t, a->ttl);
	text_glyph(t, GLYPH_HOP);
	text_u64(t, b->ttl);
}

/*
 * What happened between two legs.  The delay is that of the first packet; it is
 * left out where the legs cannot have seen the same first packet.
 */
static void
put_between(struct text *t, const struct output_run *r, const struct leg *a,
    const struct leg *b, enum present_ids ids)
{
	int64_t delay_ns = nstime_diff_ns(b->first, a->first);
	bool any = false;

	text_pad(t, 2 * INDENT);
	text_glyph(t, GLYPH_THEN);
	text_put(t, " ");
	put_translations(t, r, a, b, ids, &any);
	put_tunnels(t, a, b, &any);
	put_ttl(t, a, b, &any);
	if (a->packets == b->packets && delay_ns >= 0) {
		separate(t, &any);
		text_span(t, delay_ns);
	}
	if (!any)
		text_put(t, "unchanged");
	text_newline(t);
}

static void
put_leg(struct text *t, const struct output_run *r, const struct leg *l,
    enum present_ids ids)
{
	static const char *const dirs[] = {
		[DIR_UNKNOWN] = "at", [DIR_IN] = "in", [DIR_OUT] = "out",
	};
	struct iface ifc = naming_iface(r->names, l->iface);

	text_pad(t, INDENT);
	text_put(t, dirs[l->dir <= DIR_OUT ? l->dir : DIR_UNKNOWN]);
	text_pad(t, INDENT + 4);
	out_text_iface(t, r, l);
	if (ifc.has_ifindex && ifc.named) {
		text_put(t, " (");
		text_u64(t, ifc.ifindex);
		text_put(t, ")");
	}
	text_pad(t, INDENT + 4 + 21);
	out_text_tuple(t, r, &l->t, ids);
	text_put(t, "  ttl ");
	text_u64(t, l->ttl);
	if (l->has_vlan) {
		text_put(t, ", vlan ");
		text_u64(t, l->vlan);
	}
	text_put(t, ", ");
	text_count(t, l->packets, "packet");
	text_put(t, ", ");
	text_count(t, l->bytes, "byte");
	text_newline(t);
}

static void
put_side(struct text *t, const struct output_run *r, const struct flow *f,
    bool reply, enum present_ids ids)
{
	const struct leg *last = NULL;
	unsigned i;

	for (i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];

		if (l->reply != reply)
			continue;
		if (last == NULL) {
			text_pad(t, INDENT - 2);
			text_role(t, ROLE_HEAD);
			text_put(t, reply ? "reply" : "request");
			text_role(t, ROLE_PLAIN);
			text_newline(t);
		} else {
			put_between(t, r, last, l, ids);
		}
		put_leg(t, r, l, ids);
		last = l;
	}
}

static void
put_quantiles(struct text *t, const char *what, const struct quantiles *q)
{
	text_put(t, what);
	text_span(t, q->p50_ns);
	text_put(t, " (99 %: ");
	text_span(t, q->p99_ns);
	text_put(t, "), ");
}

/* Only what there is; a line of zeros says nothing. */
static void
put_tcp(struct text *t, const struct flow *f)
{
	const char *state = tcp_state_name(f->tcp_state);

	if (state != NULL) {
		text_put(t, state);
		text_put(t, ", ");
	}
	if (f->retransmissions != 0) {
		text_count(t, f->retransmissions, "retransmission");
		text_put(t, ", ");
	}
	if (f->resets != 0) {
		text_count(t, f->resets, "reset");
		text_put(t, ", ");
	}
}

static void
put_facts(struct text *t, const struct output_run *r, const struct flow *f)
{
	char time[FORMAT_TIME_MAX + 1] = "";

	text_pad(t, INDENT - 2);
	if (f->has & FLOW_RTT)
		put_quantiles(t, "rtt ", &f->rtt);
	if (f->has & FLOW_TRANSIT)
		put_quantiles(t, "through the node ", &f->transit);
	put_tcp(t, f);
	text_put(t, confidence_name(f->confidence));
	text_put(t, " (");
	text_u64(t, f->matched);
	text_put(t, " of ");
	text_count(t, f->sightings, "sighting");
	text_put(t, " matched), ");
	time[format_time(time, f->first)] = '\0';
	text_put(t, time);
	text_put(t, " + ");
	text_span(t, nstime_diff_ns(f->last, f->first));
	text_newline(t);
	if (f->has & FLOW_ICMP_ERROR) {
		text_pad(t, INDENT - 2);
		text_count(t, f->icmp_errors, "ICMP error");
		text_put(t, ", the last one type ");
		text_u64(t, f->icmp_type);
		text_put(t, " code ");
		text_u64(t, f->icmp_code);
		text_put(t, " from ");
		out_text_end(t, r, &f->icmp_from, 0, IDS_NONE);
		text_newline(t);
	}
	if (f->legs_left_out != 0) {
		text_pad(t, INDENT - 2);
		text_count(t, f->legs_left_out, "more leg");
		text_put(t, " not kept");
		text_newline(t);
	}
}

static void
put_finding(struct text *t, const struct finding *g)
{
	text_pad(t, INDENT - 2);
	text_role(t, out_text_level_role(g->level));
	text_put(t, level_name(g->level));
	text_put(t, ": ");
	text_put(t, g->code);
	text_role(t, ROLE_PLAIN);
	if (g->cause != NULL) {
		text_put(t, " (");
		text_foreign(t, g->cause);
		text_put(t, ")");
	}
	text_put(t, ": ");
	text_foreign(t, g->text);
	text_newline(t);
	if (g->fix[0] != '\0') {
		text_pad(t, INDENT);
		text_put(t, "fix: ");
		text_foreign(t, g->fix);
		text_newline(t);
	}
}

void
out_ladder(struct text *t, const struct output_run *r, const struct flow *f)
{
	enum present_ids ids = present_ids(f);
	unsigned i;

	out_answer(t, r, f);
	put_side(t, r, f, false, ids);
	put_side(t, r, f, true, ids);
	out_why(t, r, f);
	out_app(t, r, f);
	put_facts(t, r, f);
	for (i = 0; i < f->n_findings; i++)
		put_finding(t, &f->findings[i]);
}
