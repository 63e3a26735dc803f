/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shares.c - podpath verify shares: do a Service's endpoints get even shares of
 * its connections, or does each connection stay in its zone?
 */
#include "ui/verify/shares.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/app/stale.h"

bool
shares_wanted(const struct shares_check *c, const char *ns, const char *name)
{
	return c->name == NULL || (ns != NULL && name != NULL &&
	    strcmp(name, c->name) == 0 && strlen(ns) == c->ns_len &&
	    memcmp(ns, c->verify->config.service, c->ns_len) == 0);
}

/* ---- begin */

static void
check_free(void *arg)
{
	struct shares_check *c = arg;

	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n_stale; i++)
		free(c->stale[i].name);
	shares_free(c->shares);
	free(c);
}

static void *
check_new(struct verify *v, bool *usage)
{
	const char *wanted = v->config.service;
	const char *name = NULL;
	struct shares_check *c;

	if (wanted != NULL && !verify_service_form(wanted, &name)) {
		*usage = true;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->verify = v;
	if (name != NULL) {
		c->name = name;
		c->ns_len = (size_t)(name - 1 - wanted);
	}
	c->shares = shares_new();
	if (c->shares == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

static const struct state *
state_of(const struct naming *names)
{
	return names != NULL && names->state != NULL ? names->state(names->arg) : NULL;
}

/* Not where it still asked for the Service's address. */
static bool
seen_after_only(const struct flow *f)
{
	if (!(f->has & FLOW_TRANSLATED) || !(f->nat & NAT_DNAT) || f->n_legs == 0)
		return false;
	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct tuple *t = &f->legs[i].t;

		if (addr_eq(f->legs[i].reply ? &t->src : &t->dst, &f->original.dst))
			return false;
	}
	return true;
}

static void
check_flow_of(void *arg, const struct flow *f, const struct naming *names)
{
	struct shares_check *c = arg;

	if (!shares_wanted(c, f->node.service_ns, f->node.service))
		return;
	shares_flow(c->shares, state_of(names), f);
	c->after_only += f->node.service != NULL && seen_after_only(f);
}

/* ---- old entries in conntrack's table */

struct stale_look {
	struct shares_check *check;
	const struct state *state;
};

static struct stale_service *
stale_of(struct shares_check *c, const struct service *v)
{
	char name[PRESENT_NAME_MAX];
	struct stale_service *s;

	snprintf(name, sizeof(name), "%s/%s", v->ns, v->name);
	for (unsigned i = 0; i < c->n_stale; i++)
		if (strcmp(c->stale[i].name, name) == 0)
			return &c->stale[i];
	if (c->n_stale == SHARES_STALE_MAX)
		return NULL;
	s = &c->stale[c->n_stale];
	*s = (struct stale_service){ .name = strdup(name) };
	if (s->name == NULL)
		return NULL;
	c->n_stale++;
	return s;
}

static bool
on_stale(void *arg, const struct ct_entry *ct, const struct svc_port *p)
{
	struct stale_look *l = arg;
	const struct service *v = &l->state->services.v[p->service];
	struct stale_service *s;

	if (!shares_wanted(l->check, v->ns, v->name))
		return true;
	l->check->stale_entries++;
	s = stale_of(l->check, v);
	if (s == NULL)
		return true;
	if (s->entries++ == 0) {
		s->dst = ct->reply.src;
		s->dport = ct->reply.sport;
		s->proto = ct->orig.proto;
	}
	return true;
}

/* Of a table that events told of. */
static void
on_entry(void *arg, const struct obs *o)
{
	const struct stale_look *l = arg;
	const struct svc_port *p;

	if (o->ct.entry == NULL)
		return;
	p = service_stale_entry(l->state, o->ct.entry);
	if (p != NULL)
		on_stale(arg, o->ct.entry, p);
}

/* Of a Service that is asked for, they are a failure; else a note (shares_text()). */
static void
judge_stale(struct shares_check *c)
{
	struct opinion o = { .applies = true, .result = CHECK_FAILED,
		.code = "stale-conntrack" };
	char text[256], fix[128], end[OUT_SHARE_END_MAX], addr[ADDR_TEXT_MAX];
	char proto[PRESENT_PROTO_MAX];
	struct item_text who = { .flow_id = 0 };

	for (unsigned i = 0; c->name != NULL && i < c->n_stale; i++) {
		const struct stale_service *s = &c->stale[i];

		snprintf(who.who, sizeof(who.who), "%s", s->name);
		snprintf(text, sizeof(text), "%" PRIu64 " entr%s of conntrack's table "
		    "lead%s to what is no endpoint of it (any more), such as %s",
		    s->entries, s->entries == 1 ? "y" : "ies", s->entries == 1 ? "s" :
		    "", out_share_end(&s->dst, s->dport, end));
		addr_format(&s->dst, addr);
		snprintf(fix, sizeof(fix), "conntrack -D -p %s --reply-src %s",
		    present_proto(s->proto, proto), addr);
		o.text = text;
		o.fix = fix;
		verify_add(c->verify, CHECK_SHARES, &o, &who);
	}
}

/* ---- the end */

static bool
is_known(const struct shares_check *c, const struct state *s)
{
	for (uint32_t i = 0; i < s->services.n; i++)
		if (shares_wanted(c, s->services.v[i].ns, s->services.v[i].name))
			return true;
	return false;
}

static void
say_why(struct shares_check *c, const struct state *s)
{
	struct tally *t = &c->verify->checks[CHECK_SHARES];

	if (c->verify->judged == 0 && c->verify->config.with_state)
		snprintf(t->why, sizeof(t->why), VERIFY_NO_FLOW);
	else if (s == NULL)
		snprintf(t->why, sizeof(t->why), "which addresses are Services' is not "
		    "known without --state");
	else if (s->services.n == 0)
		snprintf(t->why, sizeof(t->why), "the state has no Services: neither "
		    "kubectl's documents nor kube-proxy's rules tell of any");
	else if (c->name != NULL && shares_n(c->shares) == 0)
		snprintf(t->why, sizeof(t->why), "no connection to %.100s was seen",
		    c->verify->config.service);
	else if (shares_n(c->shares) == 0)
		snprintf(t->why, sizeof(t->why), "no connection to a Service was seen");
	else if (shares_left_out(c->shares) > 0)
		snprintf(t->why, sizeof(t->why), "%" PRIu64 " connections are not in it, "
		    "as there are more endpoints than are counted",
		    shares_left_out(c->shares));
}

static void
check_end(void *arg, const struct naming *names, const struct summary *summary)
{
	struct shares_check *c = arg;
	const struct state *s = state_of(names);
	struct stale_look look = { c, s };

	(void)summary;
	if (c->name != NULL && s != NULL && s->services.n > 0 && !is_known(c, s) &&
	    shares_n(c->shares) == 0) {
		verify_service_unknown(c->verify->config.service, s);
		c->verify->usage = true;
		return;
	}
	shares_end(c->shares, s);
	for (unsigned i = 0; i < shares_n(c->shares); i++)
		shares_judge(c, shares_get(c->shares, i));
	if (s != NULL) {
		service_stale_entries(s, on_stale, &look);
		if (names->entries != NULL)
			names->entries(names->arg, on_entry, &look);
	}
	judge_stale(c);
	say_why(c, s);
}

static void
check_sentence(const void *arg, char *out, size_t size)
{
	const struct shares_check *c = arg;
	const struct tally *t = &c->verify->checks[CHECK_SHARES];
	uint64_t connections = 0;
	unsigned n = shares_n(c->shares);

	for (unsigned i = 0; i < n; i++)
		connections += shares_get(c->shares, i)->connections;
	snprintf(out, size, "%" PRIu64 " connection%s to %u port%s of Services: %" PRIu64
	    " ok, %" PRIu64 " failed, %" PRIu64 " inconclusive%s%s", connections,
	    connections == 1 ? "" : "s", n, n == 1 ? "" : "s", t->count[CHECK_OK],
	    t->count[CHECK_FAILED], t->count[CHECK_UNSURE], t->why[0] != '\0' ? "; " :
	    "", t->why);
}

const struct check_whole check_shares = {
	.new = check_new, .flow = check_flow_of, .end = check_end, .text = shares_text,
	.json = shares_json, .free = check_free, .sentence = check_sentence,
};
