/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_model.c - the model over any records.
 * A dump may be hostile or cut: rules that lead nowhere, chains in circles,
 * sets without elements.  Nothing may crash or run on, and a result that is not
 * known must say why.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/model.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	const uint8_t	*p;
	size_t		 left;
};

static unsigned
take(struct input *in, unsigned n)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++ % n;
}

static const char *const names[] = { "eth0", "eth1", "eni1", "eni+", "lo", "+", "" };

static const char *
name(struct input *in)
{
	return names[take(in, 7)];
}

/* Few addresses, so that records meet. */
static struct addr
address(struct input *in)
{
	unsigned n = take(in, 64);
	uint8_t v4[4] = { 10, 0, 0, (uint8_t)n }, v6[16] = { 0x20, 1, [15] = (uint8_t)n };

	if (n == 60)
		memset(v4, 255, 4);
	if (n == 61)
		memset(v4, 0, 4);
	if (n == 62)
		v4[0] = 127;
	return n % 5 == 4 ? addr_from_v6(v6) : addr_from_v4(v4);
}

static struct prefix
range(struct input *in)
{
	struct addr a = address(in);

	return prefix_of(&a, (uint8_t)(take(in, 2) ? 128 : take(in, 129)));
}

static struct nf_ports
ports(struct input *in)
{
	uint16_t lo = (uint16_t)take(in, 8);

	return (struct nf_ports){ lo, (uint16_t)(lo + take(in, 3)) };
}

static void
add_rule(struct state *s, struct input *in)
{
	struct iprule *r = state_push(s, rules);

	if (r == NULL)
		return;
	r->v6 = take(in, 4) == 0;
	r->action = (uint8_t)take(in, RULE_NOP + 1);
	r->has = take(in, 256) | (take(in, 8) == 0 ? RULE_ODD : 0) |
	    (take(in, 8) == 0 ? RULE_IIF_LOCAL : 0);
	r->priority = take(in, 32);
	r->from = range(in);
	r->to = range(in);
	r->iif = take(in, 4) ? NULL : name(in);
	r->oif = take(in, 6) ? NULL : name(in);
	r->mark = take(in, 4);
	r->mask = take(in, 4);
	r->proto = (uint8_t)take(in, 18);
	r->sport = ports(in);
	r->dport = ports(in);
	r->table = take(in, 2) ? 252 + take(in, 4) : take(in, 4);
	r->to_priority = take(in, 32);
	r->suppress_len = (int32_t)take(in, 33);
	r->text = take(in, 8) ? "rule" : NULL;
}

static void
add_route(struct state *s, struct input *in)
{
	struct iproute *r = state_push(s, routes);

	if (r == NULL)
		return;
	r->type = (uint8_t)(take(in, 2) ? ROUTE_UNICAST : take(in, N_ROUTE_TYPES));
	r->dst = range(in);
	r->v6 = !addr_is_v4(&r->dst.addr) || r->dst.len < 96;
	r->dead = take(in, 16) == 0;
	r->has_via = take(in, 2);
	r->has_src = take(in, 4) == 0;
	r->multipath = take(in, 8) == 0;
	r->via = address(in);
	r->src = address(in);
	r->dev = take(in, 8) ? name(in) : NULL;
	r->table = take(in, 2) ? 252 + take(in, 4) : take(in, 4);
	r->metric = take(in, 3);
	r->text = take(in, 4) ? "route linkdown" : NULL;
}

static void
add_other(struct state *s, struct input *in)
{
	struct ifaddr *a = state_push(s, addrs);
	struct link *l = state_push(s, links);
	struct sysctl *x = state_push(s, sysctls);

	if (a == NULL || l == NULL || x == NULL)
		return;
	*a = (struct ifaddr){ .dev = name(in), .addr = address(in),
	    .len = (uint8_t)take(in, 129), .secondary = take(in, 4) == 0,
	    .host_scope = take(in, 4) == 0 };
	*l = (struct link){ .name = name(in), .ifindex = take(in, 8) };
	*x = (struct sysctl){ "net.ipv4.conf.all.rp_filter",
	    take(in, 2) ? "1" : "x" };
	if (take(in, 2))
		x->name = "net.ipv4.conf.eth0.rp_filter";
	else if (take(in, 2))
		x->name = "net.ipv4.ip_forward";
}

static void
add_chain(struct state *s, struct input *in)
{
	struct nf_table *t = state_push(s, nf_tables);
	struct nf_chain *c;

	if (t == NULL)
		return;
	*t = (struct nf_table){ "nat", (uint8_t)take(in, 4), take(in, 2) };
	c = state_push(s, nf_chains);
	if (c == NULL)
		return;
	*c = (struct nf_chain){ .name = "chain", .table = take(in, s->nf_tables.n),
	    .hook = (uint8_t)take(in, N_NF_HOOKS + 1), .type = (uint8_t)take(in, 3),
	    .policy_drop = take(in, 16) == 0, .priority = (int32_t)take(in, 5) * 100 - 200 };
}

static void
target(struct state *s, struct input *in, struct nf_target *t, unsigned kinds)
{
	struct nf_nat *nat;

	t->kind = (uint8_t)take(in, kinds);
	switch (t->kind) {
	case NF_T_JUMP:
	case NF_T_GOTO:
		t->chain = take(in, 16) ? take(in, 12) : NF_CHAIN_MISSING;
		break;
	case NF_T_SNAT:
	case NF_T_DNAT:
	case NF_T_MASQUERADE:
	case NF_T_REDIRECT:
		nat = take(in, 8) ? state_alloc(s, sizeof(*nat)) : NULL;
		if (nat != NULL)
			*nat = (struct nf_nat){ address(in), address(in), ports(in),
			    take(in, 32) };
		if (nat != NULL && take(in, 2))
			nat->hi = nat->lo;
		t->nat = nat;
		break;
	case NF_T_VMAP:
		t->set = take(in, 5);
		break;
	case NF_T_UNKNOWN:
		t->name = "-j ODD";
		break;
	default:
		t->mark.value = take(in, 4);
		t->mark.mask = take(in, 4);
	}
}

static void
add_match(struct state *s, struct input *in)
{
	struct nf_match *x = state_push(s, nf_matches);
	struct nf_ports *p = state_alloc(s, sizeof(*p));
	struct addr *r = state_alloc(s, 2 * sizeof(*r));

	if (x == NULL || p == NULL || r == NULL)
		return;
	x->kind = (uint8_t)take(in, N_NF_MATCHES);
	x->invert = take(in, 4) == 0;
	switch (x->kind) {
	case NF_M_SADDR:
	case NF_M_DADDR:
		x->prefix = range(in);
		break;
	case NF_M_SRANGE:
	case NF_M_DRANGE:
		r[0] = address(in);
		r[1] = address(in);
		x->range = take(in, 8) ? r : NULL;
		break;
	case NF_M_SPORT:
	case NF_M_DPORT:
	case NF_M_PORT:
		*p = ports(in);
		x->ports = p;
		x->n_ports = 1;
		break;
	case NF_M_IIF:
	case NF_M_OIF:
	case NF_M_UNKNOWN:
		x->name = name(in);
		break;
	case NF_M_RANDOM:
		x->probability = take(in, 5) / 4.0;
		break;
	case NF_M_SET:
		x->set = take(in, 5);
		break;
	default:
		x->mark.value = take(in, 255);
		x->mark.mask = take(in, 255);
	}
}

static void
add_nf_rule(struct state *s, struct input *in)
{
	struct nf_rule *r;
	uint32_t first = s->nf_matches.n;
	unsigned n = take(in, 4);

	if (s->nf_chains.n == 0)
		return;
	for (unsigned i = 0; i < n; i++)
		add_match(s, in);
	r = state_push(s, nf_rules);
	if (r == NULL)
		return;
	r->chain = take(in, s->nf_chains.n);
	r->first_match = first;
	r->n_matches = (uint16_t)(s->nf_matches.n - first);
	r->goes_on = take(in, 8) == 0;
	target(s, in, &r->target, N_NF_TARGETS);
	r->text = take(in, 8) ? "-A rule" : NULL;
}

static void
add_set(struct state *s, struct input *in)
{
	struct nf_set *set = state_push(s, nf_sets);
	unsigned n = take(in, 20);

	if (set == NULL)
		return;
	*set = (struct nf_set){ .name = "set", .keys = take(in, 256) |
	    (take(in, 4) == 0 ? NF_K_RANDOM : 0) | (take(in, 8) == 0 ? NF_K_UNKNOWN : 0),
	    .mod = take(in, 6), .first = s->nf_elems.n };
	if (take(in, 2))
		set->keys &= NF_K_DADDR | NF_K_DPORT | NF_K_RANDOM;
	for (unsigned i = 0; i < n; i++) {
		struct nf_elem *e = state_push(s, nf_elems);

		if (e == NULL)
			return;
		*e = (struct nf_elem){ .saddr = range(in), .daddr = range(in),
		    .sport = ports(in), .dport = ports(in), .random = ports(in),
		    .mark = take(in, 4), .proto = (uint8_t)take(in, 18),
		    .iface = take(in, 4) ? name(in) : NULL };
		target(s, in, &e->verdict, N_NF_TARGETS);
	}
	set->n = n;
}

static struct state *
random_state(struct input *in)
{
	static void (*const add[])(struct state *, struct input *) = {
		add_rule, add_route, add_other, add_chain, add_nf_rule, add_nf_rule,
		add_nf_rule, add_set,
	};
	struct state *s = state_new();

	if (s == NULL)
		return NULL;
	s->parts = take(in, 4) ? ~0u : take(in, 256) | take(in, 256) << 8;
	s->flags = take(in, 16) ? 0 : take(in, 8);
	for (unsigned i = 0; i < 200 && in->left > 40; i++)
		add[take(in, 8)](s, in);
	/* Readers may not leave a set behind an index; the model takes any. */
	state_ready(s);
	return s;
}

struct sum {
	double		 p;
	unsigned	 n;
};

static bool
check(void *arg, const struct walk *w)
{
	struct sum *sum = arg;

	if (w->end >= N_WALK_ENDS || w->cause >= N_DROP_CAUSES ||
	    (w->end == WALK_UNKNOWN && w->why == NULL) ||
	    (w->end == WALK_SENT && w->oif == NULL) || w->n_steps > WALK_MAX_STEPS ||
	    w->probability < -1e-9 || w->probability > 1 + 1e-9)
		abort();
	sum->p += w->probability;
	return ++sum->n < 200;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct state *s = random_state(&in);
	struct model *m = s != NULL ? model_new(s) : NULL;

	for (unsigned i = 0; m != NULL && i < 4; i++) {
		struct walk_query q = { .t = { .src = address(&in), .dst = address(&in),
		    .sport = (uint16_t)take(&in, 8), .dport = (uint16_t)take(&in, 8),
		    .proto = take(&in, 2) ? PROTO_TCP : (uint8_t)take(&in, 60) },
		    .iif = take(&in, 2) ? name(&in) : NULL, .mark = take(&in, 4),
		    .steps = take(&in, 2) };
		struct route_query rq = { .src = q.t.src, .dst = q.t.dst, .iif = q.iif,
		    .oif = take(&in, 4) ? NULL : name(&in), .mark = q.mark };
		struct addr want = address(&in);
		struct route_answer a;
		struct sum sum = { 0 };
		struct walk w, back;

		model_route(m, &rq, &a);
		if (a.end >= N_ROUTE_ENDS || (a.end == ROUTE_UNKNOWN && a.why == NULL) ||
		    (a.end == ROUTE_TO && a.dev == NULL))
			abort();
		model_walk(m, &q, &w);
		check(&sum, &w);
		if (w.end == WALK_SENT) {
			model_reply(m, &q, &w, w.oif, q.steps, &back);
			check(&sum, &back);
		}
		sum = (struct sum){ 0 };
		model_each(m, &q, check, &sum);
		if (sum.n == 0 || sum.p > 1.000001)
			abort();
		q.want_dst = &want;
		model_walk(m, &q, &w);
		check(&sum, &w);
	}
	model_free(m);
	state_free(s);
	return 0;
}
