/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_why.c - what node state says about a flow (-v): the answer in one line
 * above its ladder, and what decided below it.
 */
#include "ui/out/out_text.h"

#include <stdio.h>
#include <string.h>

#define INDENT		2

void
out_text_eni(struct text *t, const struct eni *e, const struct addr *owns)
{
	const char *before = " (";
	char buf[64];

	if (e->id != NULL) {
		text_put(t, before);
		text_foreign(t, e->id);
		before = ", ";
	}
	if (e->primary || e->branch || e->trunk) {
		text_put(t, before);
		text_put(t, e->primary ? "primary" : e->branch ? "branch" : "trunk");
		before = ", ";
	} else if (e->device >= 0) {
		if (e->card > 0)
			snprintf(buf, sizeof(buf), "%scard %d, device %d", before,
			    e->card, e->device);
		else
			snprintf(buf, sizeof(buf), "%sdevice %d", before, e->device);
		text_put(t, buf);
		before = ", ";
	}
	if (owns != NULL) {
		buf[format_addr(buf, owns)] = '\0';
		text_put(t, before[0] == ',' ? "; owns " : " (owns ");
		text_put(t, buf);
		before = ", ";
	}
	if (before[0] == ',')
		text_put(t, ")");
}

/* Is this the interface's row, on this node? */
static bool
is_eni_leg(const struct output_run *r, const struct flow *f, const struct leg *l)
{
	const char *dev = f->node.eni != NULL ? f->node.eni->dev : NULL;

	return dev != NULL && strcmp(naming_iface(r->names, l->iface).name, dev) == 0;
}

/* That an ENI owns the pod's address is what makes these two findings. */
static const struct addr *
owned(const struct flow *f)
{
	return f->node.pod != NULL && (present_has_finding(f, "no-nat") ||
	    present_has_finding(f, "direct-delivery")) ? &f->node.pod_ip : NULL;
}

static void
put_interfaces(struct text *t, const struct output_run *r, const struct flow *f)
{
	unsigned path[FLOW_MAX_LEGS];
	unsigned i, n = present_path(f, false, path);

	if (n == 0) {
		n = present_path(f, true, path);
		text_put(t, n ? "reply " : "-");
	}
	for (i = 0; i < n; i++) {
		const struct leg *l = &f->legs[path[i]];

		if (i > 0) {
			text_put(t, " ");
			text_glyph(t, GLYPH_TO);
			text_put(t, " ");
		}
		out_text_iface(t, r, l);
		if (is_eni_leg(r, f, l))
			out_text_eni(t, f->node.eni, owned(f));
	}
}

static void
put_translation(struct text *t, const struct output_run *r, const struct flow *f,
    enum present_ids ids)
{
	bool dst = present_dst_changed(f), src = present_src_changed(f);

	if (!dst && !src) {
		if (f->has & FLOW_TRANSLATED)
			text_put(t, "no-nat");
		return;
	}
	text_role(t, ROLE_TRANSLATED);
	text_glyph(t, GLYPH_BECOMES);
	text_put(t, " ");
	if (dst) {
		out_text_tuple(t, r, &f->translated, ids);
	} else {
		out_text_end(t, r, &f->translated.src, f->translated.sport, ids);
		if (ids == IDS_ICMP) {
			text_put(t, " id ");
			text_u64(t, present_icmp_id(&f->translated));
		}
	}
	text_role(t, ROLE_PLAIN);
}

void
out_answer(struct text *t, const struct output_run *r, const struct flow *f)
{
	enum present_ids ids = present_ids(f);
	const char *kind = flow_kind_name(f->node.kind);
	char proto[PRESENT_PROTO_MAX];

	if (f->node.kind == KIND_UNKNOWN)
		return;
	text_pad(t, INDENT);
	text_role(t, ROLE_HEAD);
	/* the source's port or id tells one nothing here */
	out_text_end(t, r, &f->original.src, 0, IDS_NONE);
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	out_text_end(t, r, &f->original.dst, f->original.dport, ids);
	text_role(t, ROLE_PLAIN);
	text_put(t, " ");
	text_put(t, present_proto(f->proto, proto));
	text_put(t, "  ");
	put_interfaces(t, r, f);
	text_put(t, "  ");
	put_translation(t, r, f, ids);
	if (kind != NULL) {
		text_put(t, "  ");
		text_put(t, kind);
	}
	text_newline(t);
}

/* A line of its own: "  rule        1024: from all fwmark ..." */
void
out_text_word(struct text *t, const char *word)
{
	text_pad(t, INDENT);
	text_put(t, word);
	text_pad(t, OUT_COL_WORDS);
}

static void
put_rule(struct text *t, const char *word, const char *rule)
{
	out_text_word(t, word);
	text_foreign(t, rule);
	text_newline(t);
}

static void
put_routing(struct text *t, const struct flow_node *n)
{
	char table[PRESENT_TABLE_MAX];

	if (n->rule != NULL) {
		out_text_word(t, "rule");
		text_u64(t, n->rule->priority);
		text_put(t, ": ");
		text_foreign(t, n->rule->text != NULL ? n->rule->text : "?");
		text_newline(t);
	}
	if (n->route != NULL) {
		out_text_word(t, "route");
		text_foreign(t, n->route->text != NULL ? n->route->text : "?");
		text_put(t, "  (table ");
		text_put(t, present_table(n->route->table, table));
		text_put(t, ")");
		text_newline(t);
	}
}

static void
put_conntrack(struct text *t, const struct output_run *r,
    const struct ct_entry *c, enum present_ids ids)
{
	char mark[32];

	out_text_word(t, "conntrack");
	if (c->state != NULL) {
		text_foreign(t, c->state);
		text_put(t, " ");
	}
	out_text_tuple(t, r, &c->orig, ids);
	text_put(t, ", answered as ");
	out_text_tuple(t, r, &c->reply, ids);
	snprintf(mark, sizeof(mark), ", mark 0x%x", c->mark);
	text_put(t, mark);
	if (c->status & CT_ASSURED)
		text_put(t, ", ASSURED");
	if (c->status & CT_UNREPLIED)
		text_put(t, ", UNREPLIED");
	text_newline(t);
}

void
out_why(struct text *t, const struct output_run *r, const struct flow *f)
{
	const struct flow_node *n = &f->node;

	put_routing(t, n);
	if (n->dnat_rule != NULL && n->dnat_rule != n->nat_rule &&
	    n->dnat_rule->text != NULL)
		put_rule(t, "DNAT rule", n->dnat_rule->text);
	if (n->nat_rule != NULL && n->nat_rule->text != NULL)
		put_rule(t, "NAT rule", n->nat_rule->text);
	if (n->ct != NULL)
		put_conntrack(t, r, n->ct, present_ids(f));
}
