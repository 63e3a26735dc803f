/* SPDX-License-Identifier: GPL-2.0-or-later */
/* who_text.c - podpath who for a person. */
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "ui/cli/options.h"
#include "ui/out/format.h"
#include "ui/out/present.h"
#include "ui/out/text.h"
#include "ui/who/who_out.h"

#define TOP_CLAIMS	100	/* all with -v */
#define TOP_DESTS	20
#define TOP_USERS	3
#define TOP_CLASHES	5

enum { INDENT = 2, DEEPER = 4, COL_PORTS = 38 };

/* "192.168.3.243:21015", "[2001:db8::1]:443" */
static void
put_end(struct text *t, const struct addr *a, uint16_t port)
{
	bool brackets = !addr_is_v4(a);

	text_put(t, brackets ? "[" : "");
	text_addr(t, a);
	text_put(t, brackets ? "]:" : ":");
	text_u64(t, port);
}

static void
put_proto(struct text *t, unsigned proto)
{
	char buf[PRESENT_PROTO_MAX];

	text_put(t, present_proto(proto, buf));
}

static bool
is_icmp(const struct tuple *t)
{
	return t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6;
}

static void
put_tuple(struct text *t, const struct tuple *x)
{
	if (is_icmp(x)) {
		text_addr(t, &x->src);
		text_put(t, " id ");
		text_u64(t, x->sport);
	} else {
		put_end(t, &x->src, x->sport);
	}
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	if (is_icmp(x))
		text_addr(t, &x->dst);
	else
		put_end(t, &x->dst, x->dport);
}

static void
put_time(struct text *t, struct nstime ts)
{
	char buf[FORMAT_TIME_MAX + 1];

	buf[format_time(buf, ts)] = '\0';
	text_put(t, buf);
}

static void
put_holder(struct text *t, const struct who_report *r, const struct who_claim *c)
{
	text_role(t, ROLE_HEAD);
	if (c->one_sided) {
		text_put(t, "not known here");
	} else if (c->pod != NULL && !r->options->numeric) {
		text_foreign(t, c->ns != NULL ? c->ns : "");
		text_put(t, c->ns != NULL ? "/" : "");
		text_foreign(t, c->pod);
	} else {
		text_addr(t, who_holder(c));
	}
	text_role(t, ROLE_PLAIN);
	if (c->node)
		text_put(t, " (the node itself)");
	else if (c->pod == NULL && !c->one_sided)
		text_put(t, " (no pod that is known here)");
}

static void
put_dst_name(struct text *t, const struct who_report *r, const struct who_claim *c)
{
	if (c == NULL || r->options->numeric)
		return;
	if (c->service != NULL) {
		text_put(t, c->side == WHO_SOURCE || c->side == WHO_BEFORE ?
		    ", to Service " : ", of Service ");
		text_foreign(t, c->service_ns != NULL ? c->service_ns : "");
		text_put(t, c->service_ns != NULL ? "/" : "");
		text_foreign(t, c->service);
	}
	if (c->dns_name != NULL) {
		text_put(t, ", asked for as ");
		text_foreign(t, c->dns_name);
	}
}

/* ---- claims */

static void
put_times(struct text *t, const struct who_claim *c)
{
	if (!c->has_time) {
		text_put(t, "its time is not told");
		return;
	}
	text_put(t, c->old ? "before " : "");
	put_time(t, c->first);
	text_put(t, " to ");
	put_time(t, c->last);
}

static void
put_evidence(struct text *t, const struct who_claim *c)
{
	static const char *const words[] = {
		[WHO_PACKETS] = "; packets", [WHO_CONNTRACK] = "; conntrack",
		[WHO_PACKETS | WHO_CONNTRACK] = "; packets and conntrack",
	};

	text_put(t, words[c->evidence & (WHO_PACKETS | WHO_CONNTRACK)]);
	if (c->flow != 0) {
		text_put(t, "; flow ");
		text_u64(t, c->flow);
	}
}

static void
put_claim(struct text *t, const struct who_report *r, const struct who_claim *c)
{
	static const char *const sides[N_WHO_SIDES] = {
		[WHO_SOURCE] = "", [WHO_TARGET] = ", answered there",
		[WHO_SERVICE] = ", behind it",
		[WHO_BEFORE] = ", before its translation",
	};

	put_holder(t, r, c);
	text_put(t, sides[c->side % N_WHO_SIDES]);
	if (c->at == WHO_AFTER)
		text_put(t, ", last before that time");
	if (c->at == WHO_MAYBE)
		text_put(t, ", may be");
	text_newline(t);
	text_pad(t, INDENT);
	put_proto(t, c->original.proto);
	text_put(t, " ");
	put_tuple(t, &c->original);
	if (!c->one_sided && !tuple_eq(&c->original, &c->translated)) {
		text_role(t, ROLE_TRANSLATED);
		text_put(t, " ");
		text_glyph(t, GLYPH_BECOMES);
		text_put(t, " ");
		put_tuple(t, &c->translated);
		text_role(t, ROLE_PLAIN);
	}
	put_dst_name(t, r, c);
	text_newline(t);
	text_pad(t, INDENT);
	put_times(t, c);
	put_evidence(t, c);
	text_newline(t);
}

static void
put_more(struct text *t, uint64_t n, const char *noun, bool verbose_tells)
{
	if (n == 0)
		return;
	text_put(t, "and ");
	text_u64(t, n);
	text_put(t, " more ");
	text_put(t, noun);
	text_put(t, verbose_tells ? " (-v tells all)" : "");
	text_newline(t);
}

static void
put_claims(struct text *t, const struct who_report *r)
{
	const struct who *w = r->who;
	uint64_t told = 0, n = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		if (w->v[i].at == WHO_NOT)
			continue;
		n++;
		if (told >= TOP_CLAIMS && !r->options->verbose)
			continue;
		told++;
		put_claim(t, r, &w->v[i]);
	}
	put_more(t, n - told, "of them", true);
}

static void
put_why(struct text *t, const struct who_report *r)
{
	const struct who_answer *a = r->answer;

	if (a->why[0] == '\0')
		return;
	text_foreign(t, r->asked);
	text_put(t, ": ");
	text_role(t, ROLE_DOUBT);
	if (a->result == WHO_UNSURE)
		text_put(t, "inconclusive: ");
	text_foreign(t, a->why);
	text_role(t, ROLE_PLAIN);
	text_newline(t);
}

/* ---- the pool */

static void
put_users(struct text *t, const struct who_report *r, const struct who_user *v,
    uint32_t n, uint32_t top)
{
	for (uint32_t i = 0; i < n && i < top; i++) {
		text_put(t, i > 0 ? ", " : "");
		put_holder(t, r, v[i].claim);
		text_put(t, " ");
		text_u64(t, v[i].ports);
	}
	if (n > top) {
		text_put(t, ", and ");
		text_u64(t, n - top);
		text_put(t, " more");
	}
}

static void
put_dest(struct text *t, const struct who_report *r, const struct who_dest *d)
{
	text_pad(t, INDENT);
	if (d->proto == PROTO_ICMP || d->proto == PROTO_ICMPV6)
		text_addr(t, &d->addr);
	else
		put_end(t, &d->addr, d->port);
	text_put(t, " ");
	put_proto(t, d->proto);
	text_pad(t, COL_PORTS);
	text_u64(t, d->ports);
	if (d->hi != 0) {
		text_put(t, " of ");
		text_u64(t, (uint64_t)d->hi - d->lo + 1);
	}
	text_put(t, d->hi == 0 && d->ports == 1 ? " port" : " ports");
	if (d->peak != d->ports) {
		text_put(t, ", at once ");
		text_u64(t, d->peak);
	}
	text_put(t, ": ");
	put_users(t, r, d->users, d->n_users, r->options->verbose ? UINT32_MAX :
	    TOP_USERS);
	put_dst_name(t, r, d->named);
	text_newline(t);
}

static void
put_clashes(struct text *t, const struct who_report *r)
{
	const struct who_pool *p = r->pool;
	uint64_t top = r->options->verbose ? WHO_CLASHES : TOP_CLASHES, i;

	for (i = 0; i < p->n_clashes && i < top; i++) {
		const struct who_clash *x = &p->clashes[i];

		text_role(t, ROLE_BAD);
		text_put(t, "clash");
		text_role(t, ROLE_PLAIN);
		text_put(t, ": port ");
		text_u64(t, x->a->translated.sport);
		text_put(t, " to ");
		put_end(t, &x->a->translated.dst, x->a->translated.dport);
		text_put(t, " ");
		put_proto(t, x->a->translated.proto);
		text_put(t, ", at once of ");
		put_holder(t, r, x->a);
		text_put(t, " and ");
		put_holder(t, r, x->b);
		text_put(t, ", from ");
		put_time(t, x->b->first);
		text_newline(t);
	}
	put_more(t, p->n_clashes - i, "clashes", top < WHO_CLASHES);
}

static void
put_counter(struct text *t, const char *name, int64_t v)
{
	if (v < 0)
		return;
	text_put(t, t->column > 0 ? ", " : "conntrack: ");
	text_put(t, name);
	text_put(t, " ");
	text_u64(t, (uint64_t)v);
}

static void
put_counters(struct text *t, const struct who *w)
{
	put_counter(t, "insert_failed", w->insert_failed);
	if (w->insert_failed > w->insert_failed_first) {
		text_put(t, " (");
		text_u64(t, (uint64_t)(w->insert_failed - w->insert_failed_first));
		text_put(t, " of them meanwhile)");
	}
	put_counter(t, "drop", w->drop);
	put_counter(t, "early_drop", w->early_drop);
	if (t->column > 0)
		text_newline(t);
	if (w->port_clashes > 0) {
		text_count(t, w->port_clashes, "connection");
		text_put(t, " came from a pod and left nowhere, as if the port clashed "
		    "(finding port-clash)");
		text_newline(t);
	}
}

static void
put_range(struct text *t, const struct who *w)
{
	if (w->hi == 0) {
		text_put(t, "; the rules differ in which ports they take");
		return;
	}
	text_put(t, ", each with ports ");
	text_u64(t, w->lo);
	text_put(t, "-");
	text_u64(t, w->hi);
	text_put(t, w->ports_by_rule ? " by the rules" : " unless a rule says otherwise");
}

static void
put_pool(struct text *t, const struct who_report *r)
{
	const struct who_pool *p = r->pool;
	uint32_t top = r->options->verbose ? UINT32_MAX : TOP_DESTS, i;

	if (p->n_dests > 0) {
		text_role(t, ROLE_HEAD);
		text_addr(t, &r->who->target.addr);
		text_role(t, ROLE_PLAIN);
		text_put(t, ": ");
		text_count(t, p->n_dests, "destination");
		put_range(t, r->who);
		text_newline(t);
		text_pad(t, INDENT);
		text_put(t, "used by ");
		put_users(t, r, p->users, p->n_users, r->options->verbose ?
		    UINT32_MAX : 3 * TOP_USERS);
		text_newline(t);
	}
	for (i = 0; i < p->n_dests && i < top; i++)
		put_dest(t, r, &p->dests[i]);
	put_more(t, p->n_dests - i, "destinations", true);
	put_clashes(t, r);
	if (r->answer->result != WHO_NOBODY || r->who->insert_failed > 0)
		put_counters(t, r->who);
}

void
who_write_text(const struct who_report *r, struct outbuf *out)
{
	struct text t = { .out = out, .color = options_want_color(r->options),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };

	if (r->pool != NULL)
		put_pool(&t, r);
	if (r->pool == NULL || r->options->verbose)
		put_claims(&t, r);
	put_why(&t, r);
	if (r->who->left_out > 0)
		put_more(&t, r->who->left_out, "were not kept", false);
}
