/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_text.c - podpath explain for a person: the answer in the first line,
 * then step by step, what is required, the answer's way, the verdict.
 */
#include "ui/explain/explain.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "ui/out/format.h"
#include "ui/cli/options.h"
#include "ui/out/out_text.h"
#include "ui/out/text.h"

enum column { COL_NUMBER = 4, COL_WHERE = 8, COL_TEXT = 28 };

struct page {
	const struct explain *x;
	struct text	 t;
	unsigned	 way;		/* from 1 */
};

/* "[2001:db8::1]:443", "10.0.0.1:443", "default/web:80", "node". */
static void
put_end(struct text *t, const char *name, uint16_t port)
{
	bool bracket = port != 0 && strchr(name, ':') != NULL;

	text_put(t, bracket ? "[" : "");
	text_foreign(t, name);
	text_put(t, bracket ? "]" : "");
	if (port == 0)
		return;
	text_put(t, ":");
	text_u64(t, port);
}

static const char *
label_of(const struct explain *x, const struct end *e, char buf[static PRESENT_NAME_MAX])
{
	if (!x->options->numeric)
		return e->label;
	snprintf(buf, PRESENT_NAME_MAX, "%s", "");
	addr_format(&e->addr, buf);
	return buf;
}

static void
put_ends(struct page *g)
{
	const struct explain *x = g->x;
	struct text *t = &g->t;
	char buf[PRESENT_NAME_MAX], proto[PRESENT_PROTO_MAX];

	text_role(t, ROLE_HEAD);
	put_end(t, label_of(x, &x->src, buf), 0);
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	put_end(t, label_of(x, &x->dst, buf), x->query.t.dport);
	text_put(t, "/");
	text_put(t, present_proto(x->query.t.proto, proto));
	text_role(t, ROLE_PLAIN);
}

static void
put_device(struct text *t, const char *dev)
{
	text_role(t, ROLE_IFACE);
	text_foreign(t, dev);
	text_role(t, ROLE_PLAIN);
}

/* Of the ENI it leaves by: does it own the source as it leaves? */
static void
put_out(struct page *g, const struct prediction *p)
{
	const struct node_state *n = &g->x->node;
	const struct eni *e = predict_eni(n, p->walk.oif);
	const struct addr *src = &p->walk.after.src;
	struct owner o;

	put_device(&g->t, p->walk.oif);
	if (e == NULL)
		return;
	contract_owner(n->contract, src, &o);
	out_text_eni(&g->t, e, o.eni == e && o.kind == OWNER_POD ? src : NULL);
}

static void
put_in(struct page *g, const struct prediction *p)
{
	const struct node_state *n = &g->x->node;
	const struct addr *dst = &g->x->query.t.dst;
	const struct eni *e = predict_eni(n, p->query.iif);
	struct owner o;

	put_device(&g->t, p->query.iif);
	if (e == NULL)
		return;
	contract_owner(n->contract, dst, &o);
	out_text_eni(&g->t, e, o.eni == e && o.kind == OWNER_POD ? dst : NULL);
}

static void
put_interfaces(struct page *g, const struct prediction *p)
{
	struct text *t = &g->t;

	if (p->query.iif != NULL)
		put_in(g, p);
	else
		text_put(t, "this node");
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	switch (p->walk.end) {
	case WALK_SENT:
		put_out(g, p);
		break;
	case WALK_LOCAL:
		text_put(t, "this node");
		break;
	case WALK_DROPPED:
		text_put(t, "dropped");
		break;
	default:
		text_put(t, "?");
	}
}

static void
put_translation(struct page *g, const struct prediction *p)
{
	const struct tuple *was = &p->query.t, *is = &p->walk.after;
	struct text *t = &g->t;
	char name[PRESENT_NAME_MAX];
	bool src = !addr_eq(&was->src, &is->src);
	bool dst = !addr_eq(&was->dst, &is->dst) || was->dport != is->dport;

	if (p->walk.end == WALK_DROPPED || p->walk.end == WALK_UNKNOWN)
		return;
	text_put(t, "  ");
	if (!src && !dst) {
		text_put(t, p->walk.snat ? "source port changed (SNAT)" : "no-nat");
		return;
	}
	text_role(t, ROLE_TRANSLATED);
	text_glyph(t, GLYPH_BECOMES);
	text_put(t, " ");
	if (src)
		text_addr(t, &is->src);
	if (dst) {
		text_put(t, src ? " " : "");
		text_glyph(t, GLYPH_TO);
		text_put(t, " ");
		explain_name(g->x, &is->dst, name);
		put_end(t, name, is->dport);
	}
	text_put(t, src && dst ? " (SNAT, DNAT)" : src ? " (SNAT)" : " (DNAT)");
	text_role(t, ROLE_PLAIN);
}

static void
put_verdict(struct text *t, unsigned verdict)
{
	text_role(t, out_text_verdict_role(verdict));
	text_put(t, verdict_name(verdict));
	text_role(t, ROLE_PLAIN);
}

static void
put_share(struct text *t, double probability)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%5.1f %%", 100 * probability);
	text_put(t, buf);
}

/* ---- step by step */

static void
put_step(struct text *t, unsigned number, const struct step *s)
{
	text_pad(t, COL_NUMBER);
	text_put(t, number < 10 ? " " : "");
	text_u64(t, number);
	text_pad(t, COL_WHERE);
	text_foreign(t, s->where != NULL ? s->where : "");
	text_pad(t, COL_TEXT);
	if (s->text != NULL)
		text_foreign(t, s->text);
	if (s->note[0] != '\0') {
		if (s->text != NULL) {
			text_newline(t);
			text_pad(t, COL_TEXT);
			text_glyph(t, GLYPH_BECOMES);
			text_put(t, " ");
		}
		text_foreign(t, s->note);
	}
	text_newline(t);
}

static void
put_steps(struct text *t, const struct walk *w)
{
	unsigned i;

	for (i = 0; i < w->n_steps; i++)
		put_step(t, i + 1, &w->steps[i]);
	if (w->n_steps == WALK_MAX_STEPS) {
		text_pad(t, COL_WHERE);
		text_put(t, "... more steps than are kept");
		text_newline(t);
	}
}

static void
put_title(struct text *t, const char *title)
{
	text_pad(t, 2);
	text_role(t, ROLE_HEAD);
	text_put(t, title);
	text_role(t, ROLE_PLAIN);
}

static void
put_demand(struct page *g, const struct prediction *p)
{
	const struct demand *d = &p->demand;
	struct text *t = &g->t;

	put_title(t, "required");
	text_put(t, ": ");
	if (!p->has_demand) {
		text_put(t, "nothing is known to be (no CNI whose contract podpath "
		    "knows)");
		text_newline(t);
		return;
	}
	if (d->out == OUT_DEV) {
		text_put(t, "out by ");
		put_device(t, d->dev);
	} else {
		text_put(t, d->out == OUT_HERE ? "to this node itself" :
		    d->out == OUT_ANY ? "out by any" : "out by an ENI not known");
	}
	if (d->snat == SNAT_MUST && d->has_source) {
		text_put(t, ", as ");
		text_addr(t, &d->source);
	} else if (d->snat == SNAT_MUST) {
		text_put(t, ", source translated");
	} else if (d->snat == SNAT_MUST_NOT) {
		text_put(t, ", source kept");
	}
	if (d->why[0] != '\0') {
		text_put(t, ": ");
		text_foreign(t, d->why);
	}
	text_newline(t);
}

static void
put_reply(struct page *g, const struct prediction *p)
{
	struct text *t = &g->t;

	if (!p->has_reply)
		return;
	put_title(t, "reply");
	text_put(t, "  ");
	if (p->reply_iif != NULL)
		put_device(t, p->reply_iif);
	else
		text_put(t, "this node");
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	if (p->reply.end == WALK_SENT)
		put_device(t, p->reply.oif);
	else
		text_put(t, p->reply.end == WALK_LOCAL ? "this node" :
		    p->reply.end == WALK_DROPPED ? "dropped" : "?");
	text_newline(t);
	put_steps(t, &p->reply);
}

static void
put_fault(struct text *t, const struct prediction_fault *f)
{
	text_pad(t, 2);
	text_role(t, ROLE_BAD);
	text_put(t, level_name(f->level));
	text_put(t, ": ");
	text_put(t, f->code);
	text_role(t, ROLE_PLAIN);
	if (f->cause != NULL) {
		text_put(t, " (");
		text_put(t, f->cause);
		text_put(t, ")");
	}
	text_put(t, ": ");
	text_foreign(t, f->text);
	text_newline(t);
	if (f->why[0] != '\0') {
		text_pad(t, COL_NUMBER);
		text_put(t, "cause: ");
		text_foreign(t, f->why);
		text_newline(t);
	}
	if (f->fix[0] != '\0') {
		text_pad(t, COL_NUMBER);
		text_put(t, "fix: ");
		text_foreign(t, f->fix);
		text_newline(t);
	}
}

static void
put_faults(struct page *g, const struct prediction *p)
{
	unsigned i;

	for (i = 0; i < p->n_faults; i++)
		put_fault(&g->t, &p->faults[i]);
	if (p->unknown[0] == '\0')
		return;
	text_pad(&g->t, 2);
	text_role(&g->t, ROLE_DOUBT);
	text_put(&g->t, "unknown: ");
	text_role(&g->t, ROLE_PLAIN);
	text_foreign(&g->t, p->unknown);
	text_newline(&g->t);
}

static void
put_details(struct page *g, const struct prediction *p)
{
	put_title(&g->t, "request");
	text_newline(&g->t);
	put_steps(&g->t, &p->walk);
	put_demand(g, p);
	put_reply(g, p);
	put_faults(g, p);
}

/* ---- pages */

static bool
put_way(void *arg, const struct prediction *p)
{
	struct page *g = arg;
	struct text *t = &g->t;

	g->way++;
	if (g->x->n_ways == 1) {
		put_ends(g);
		text_put(t, "  ");
	} else {
		put_share(t, p->walk.probability);
		text_put(t, "  ");
	}
	put_interfaces(g, p);
	put_translation(g, p);
	text_put(t, "  ");
	put_verdict(t, p->verdict);
	text_newline(t);
	/* the ways of a Service differ in little: one tells enough */
	if (g->way == 1 || g->x->options->verbose)
		put_details(g, p);
	else
		put_faults(g, p);
	return t->out->error == 0;
}

/* "default/web:80/tcp (10.100.1.2): 3 ways" */
static void
put_head(struct page *g)
{
	const struct explain *x = g->x;
	struct text *t = &g->t;

	put_ends(g);
	if (x->dst.kind == END_SERVICE && !x->options->numeric) {
		text_put(t, " (");
		text_addr(t, &x->dst.addr);
		text_put(t, ")");
	}
	text_put(t, "  ");
	text_count(t, x->n_ways, "way");
	text_put(t, "  ");
	put_verdict(t, x->verdict);
	text_newline(t);
}

static void
put_last(struct page *g)
{
	static const char *const words[N_VERDICTS] = {
		[VERDICT_OK] = "it goes as it must",
		[VERDICT_WRONG] = "it does not go as it must",
		[VERDICT_DROPPED] = "it does not arrive",
		[VERDICT_UNKNOWN] = "the state does not tell",
	};
	const struct explain *x = g->x;
	const char *contract = x->node.contract != NULL ?
	    contract_name(x->node.contract) : NULL;
	struct text *t = &g->t;

	text_put(t, "verdict: ");
	put_verdict(t, x->verdict);
	text_put(t, ": ");
	if (x->verdict == VERDICT_OK && contract == NULL)
		text_put(t, "it arrives; no contract of a CNI applies here");
	else
		text_put(t, words[x->verdict]);
	if (contract != NULL && x->verdict == VERDICT_OK) {
		text_put(t, " (");
		text_put(t, contract);
		text_put(t, ")");
	}
	if (x->n_ways > 1 && x->verdict != VERDICT_OK) {
		text_put(t, "; right in");
		put_share(t, x->share_ok);
		text_put(t, " of the cases");
	}
	text_newline(t);
}

void
explain_text(const struct explain *x, struct outbuf *out)
{
	struct page g = { .x = x, .t = {
		.out = out, .color = options_want_color(x->options),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	} };

	if (x->n_ways != 1)
		put_head(&g);
	explain_each(x, put_way, &g);
	put_last(&g);
}
