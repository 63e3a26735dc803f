/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * who_json.c - podpath who for a program: one object and line, schema
 * podpath.who/1; a key whose value is not known is absent.
 */
#include "ui/cli/options.h"
#include "ui/out/json.h"
#include "ui/out/present.h"
#include "ui/who/who_out.h"

#define put_text(j, name, value) do {					\
	json_key(j, name);						\
	json_text(j, value);						\
} while (0)
#define put_u64(j, name, value) do {					\
	json_key(j, name);						\
	json_u64(j, value);						\
} while (0)
#define put_addr(j, name, value) do {					\
	json_key(j, name);						\
	json_addr(j, value);						\
} while (0)

static void
put_proto(struct json *j, unsigned proto)
{
	char buf[PRESENT_PROTO_MAX];

	put_text(j, "proto", present_proto(proto, buf));
}

static void
put_tuple(struct json *j, const struct tuple *t)
{
	bool icmp = t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6;

	json_open(j, '{');
	put_addr(j, "src", &t->src);
	if (!icmp)
		put_u64(j, "sport", t->sport);
	put_addr(j, "dst", &t->dst);
	if (icmp)
		put_u64(j, "icmp_id", t->sport);
	else
		put_u64(j, "dport", t->dport);
	json_close(j, '}');
}

/* The members that name who had it. */
static void
put_holder(struct json *j, const struct who_claim *c)
{
	if (c->one_sided)
		return;
	if (c->pod != NULL) {
		json_key(j, "pod");
		json_open(j, '{');
		if (c->ns != NULL)
			put_text(j, "namespace", c->ns);
		put_text(j, "name", c->pod);
		put_addr(j, "ip", who_holder(c));
		json_close(j, '}');
	} else {
		put_addr(j, "ip", who_holder(c));
	}
	if (c->node) {
		json_key(j, "node");
		json_bool(j, true);
	}
}

static void
put_dst_name(struct json *j, const struct who_claim *c)
{
	if (c->service != NULL) {
		json_key(j, "service");
		json_open(j, '{');
		if (c->service_ns != NULL)
			put_text(j, "namespace", c->service_ns);
		put_text(j, "name", c->service);
		json_close(j, '}');
	}
	if (c->dns_name != NULL)
		put_text(j, "dns_name", c->dns_name);
}

static void
put_claim(struct json *j, const struct who_claim *c, bool has_time)
{
	json_open(j, '{');
	put_text(j, "side", who_side_name(c->side));
	put_holder(j, c);
	put_proto(j, c->original.proto);
	if (!c->one_sided) {
		json_key(j, "original");
		put_tuple(j, &c->original);
	}
	json_key(j, "translated");
	put_tuple(j, &c->translated);
	if (c->has_time) {
		if (c->old)
			json_key(j, "first_told");
		else
			json_key(j, "first");
		json_time(j, c->first);
		json_key(j, "last");
		json_time(j, c->last);
	}
	if (has_time)
		put_text(j, "at", who_at_name(c->at));
	if (c->evidence != 0)
		put_text(j, "evidence", who_evidence_name(c->evidence));
	if (c->flow != 0)
		put_u64(j, "flow", c->flow);
	put_dst_name(j, c);
	json_close(j, '}');
}

static void
put_claims(struct json *j, const struct who *w)
{
	json_key(j, "claims");
	json_open(j, '[');
	for (uint32_t i = 0; i < w->n; i++)
		if (w->v[i].at != WHO_NOT)
			put_claim(j, &w->v[i], w->target.has_time);
	json_close(j, ']');
}

/* ---- the pool */

static void
put_users(struct json *j, const struct who_user *v, uint32_t n)
{
	json_key(j, "pods");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, '{');
		put_holder(j, v[i].claim);
		put_u64(j, "ports", v[i].ports);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_dest(struct json *j, const struct who_dest *d)
{
	json_open(j, '{');
	put_addr(j, "dst", &d->addr);
	if (d->proto != PROTO_ICMP && d->proto != PROTO_ICMPV6)
		put_u64(j, "dport", d->port);
	put_proto(j, d->proto);
	put_u64(j, "ports", d->ports);
	put_u64(j, "ports_at_once", d->peak);
	if (d->hi != 0)
		put_u64(j, "ports_of", (uint64_t)d->hi - d->lo + 1);
	put_users(j, d->users, d->n_users);
	if (d->named != NULL)
		put_dst_name(j, d->named);
	json_close(j, '}');
}

static void
put_clash(struct json *j, const struct who_clash *x)
{
	json_open(j, '{');
	put_u64(j, "port", x->a->translated.sport);
	put_proto(j, x->a->translated.proto);
	put_addr(j, "dst", &x->a->translated.dst);
	put_u64(j, "dport", x->a->translated.dport);
	json_key(j, "from");
	json_time(j, x->b->first);
	json_key(j, "between");
	json_open(j, '[');
	put_claim(j, x->a, false);
	put_claim(j, x->b, false);
	json_close(j, ']');
	json_close(j, '}');
}

static void
put_counters(struct json *j, const struct who *w)
{
	if (w->insert_failed >= 0)
		put_u64(j, "insert_failed", (uint64_t)w->insert_failed);
	if (w->insert_failed > w->insert_failed_first)
		put_u64(j, "insert_failed_meanwhile",
		    (uint64_t)(w->insert_failed - w->insert_failed_first));
	if (w->drop >= 0)
		put_u64(j, "drop", (uint64_t)w->drop);
	if (w->early_drop >= 0)
		put_u64(j, "early_drop", (uint64_t)w->early_drop);
	put_u64(j, "lost_as_by_a_clash", w->port_clashes);
}

static void
put_pool(struct json *j, const struct who_report *r)
{
	const struct who_pool *p = r->pool;
	uint32_t top = r->options->verbose ? UINT32_MAX : 20, i;

	if (r->who->hi != 0) {
		json_key(j, "range");
		json_open(j, '{');
		put_u64(j, "first", r->who->lo);
		put_u64(j, "last", r->who->hi);
		put_text(j, "from", r->who->ports_by_rule ? "rules" : "kernel");
		json_close(j, '}');
	}
	put_users(j, p->users, p->n_users);
	json_key(j, "destinations");
	json_open(j, '[');
	for (i = 0; i < p->n_dests && i < top; i++)
		put_dest(j, &p->dests[i]);
	json_close(j, ']');
	put_u64(j, "destinations_left_out", p->n_dests - i);
	json_key(j, "clashes");
	json_open(j, '[');
	for (i = 0; i < p->n_clashes && i < WHO_CLASHES; i++)
		put_clash(j, &p->clashes[i]);
	json_close(j, ']');
	put_u64(j, "clashes_left_out", p->n_clashes - i);
	put_counters(j, r->who);
}

static void
put_question(struct json *j, const struct who_target *t)
{
	put_addr(j, "address", &t->addr);
	if (t->has_port)
		put_u64(j, "port", t->port);
	if (t->proto != 0)
		put_proto(j, t->proto);
	if (t->has_time) {
		json_key(j, "time");
		json_time(j, t->at);
		put_u64(j, "time_span_ns", (uint64_t)t->span_ns);
	}
}

void
who_write_json(const struct who_report *r, struct outbuf *out)
{
	struct json j = { .out = out };

	json_open(&j, '{');
	put_text(&j, "schema", "podpath.who/1");
	put_question(&j, &r->who->target);
	put_text(&j, "result", who_result_name(r->answer->result));
	if (r->answer->why[0] != '\0')
		put_text(&j, "why", r->answer->why);
	if (r->pool != NULL)
		put_pool(&j, r);
	if (r->pool == NULL || r->options->verbose)
		put_claims(&j, r->who);
	if (r->who->left_out > 0)
		put_u64(&j, "left_out", r->who->left_out);
	json_close(&j, '}');
	json_newline(&j);
}
