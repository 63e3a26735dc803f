/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify_setup.c - the set-up of the node judged without packets: what deviates
 * from the contract, and for each pod what the rules would do with a new
 * connection to the outside, into the VPC and into each excluded range, and
 * with one to it from a pod of each ENI of this node.
 */
#include "ui/verify/verify_int.h"

#include <stdio.h>
#include <string.h>

#include "ui/out/format.h"

#define MAX_PLACES	64	/* destinations that are tried for each pod */

/* RFC 5737, RFC 3849: nobody's addresses, so they stand for any outside. */
#define OUTSIDE_V4	"198.51.100.1"
#define OUTSIDE_V6	"2001:db8::1"

struct place {
	struct addr	 addr;
	bool		 outside;
	const char	*what;
};

/* A pod of this node and where it hangs. */
struct neighbour {
	const struct pod *pod;
	struct addr	 addr;
	const char	*veth;
};

#define MAX_NEIGHBOURS	16

struct places {
	struct place	 v[MAX_PLACES];
	unsigned	 n;
	struct neighbour near[MAX_NEIGHBOURS];	/* one of each ENI */
	unsigned	 n_near;
};

static void
add_place(struct places *p, const struct addr *a, bool outside, const char *what)
{
	if (p->n < MAX_PLACES)
		p->v[p->n++] = (struct place){ *a, outside, what };
}

/* The address with this number in the range. */
static struct addr
nth_of(const struct prefix *p, unsigned n)
{
	struct addr a = p->addr;

	a.b[15] = (uint8_t)(a.b[15] + (n & 0xff));
	a.b[14] = (uint8_t)(a.b[14] + (n >> 8 & 0xff));
	return a;
}

/* An address of the range that is not of this node. */
static void
add_range(struct places *list, const struct contract *c, const struct prefix *p,
    const char *what)
{
	struct owner o;
	struct addr a;
	unsigned i;

	/* 253 steps through both of the last bytes */
	for (i = 1; i < 64; i++) {
		a = nth_of(p, i * 253);
		if (!prefix_contains(p, &a))
			a = p->len < 128 ? nth_of(p, i) : p->addr;
		if (!prefix_contains(p, &a))
			return;
		contract_owner(c, &a, &o);
		if (o.kind != OWNER_NODE && o.kind != OWNER_POD &&
		    o.kind != OWNER_FREE) {
			add_place(list, &a, false, what);
			return;
		}
	}
}

/* The first pod of an ENI. */
static bool
find_neighbour(const struct node_state *n, const struct eni *e,
    struct neighbour *out)
{
	struct owner o;
	uint32_t i;

	for (i = 0; i < n->state->pods.n; i++) {
		const struct pod *p = &n->state->pods.v[i];

		if (p->host_network || p->n_addrs == 0)
			continue;
		contract_owner(n->contract, &p->addrs[0], &o);
		if (o.kind != OWNER_POD || o.eni != e || o.veth == NULL)
			continue;
		*out = (struct neighbour){ p, p->addrs[0], o.veth };
		return true;
	}
	return false;
}

static void
find_neighbours(const struct node_state *n, struct places *list)
{
	unsigned n_enis, i;
	const struct eni *enis = contract_enis(n->contract, &n_enis);

	list->n_near = 0;
	for (i = 0; i < n_enis && list->n_near < MAX_NEIGHBOURS; i++)
		if (find_neighbour(n, &enis[i], &list->near[list->n_near]))
			list->n_near++;
}

static void
find_places(const struct contract *c, struct places *list)
{
	struct settings s;
	struct addr a;
	unsigned i;

	contract_settings(c, &s);
	list->n = 0;
	if (addr_parse(OUTSIDE_V4, &a) && contract_inside(c, &a) != 1)
		add_place(list, &a, true, "outside the VPC");
	if (addr_parse(OUTSIDE_V6, &a) && contract_inside(c, &a) != 1)
		add_place(list, &a, true, "outside the VPC");
	for (i = 0; i < s.n_vpc; i++)
		add_range(list, c, &s.vpc[i], "inside the VPC");
	for (i = 0; i < s.n_excluded; i++)
		add_range(list, c, &s.excluded[i], "excluded from SNAT");
}

/* ---- predictions */

static void
describe(const struct verify *v, const struct pod *p, const struct place *to,
    const struct prediction *q, struct item_text *text)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], name[PRESENT_NAME_MAX];
	const struct walk *w = &q->walk;
	bool named = !v->config.numeric && present_pod(p, name);

	*text = (struct item_text){ .flow_id = 0 };
	addr_format(&q->query.t.src, src);
	addr_format(&q->query.t.dst, dst);
	snprintf(text->who, sizeof(text->who), "%s%s%s -> %s (%s)",
	    named ? name : "", named ? " " : "", src, dst, to->what);
	addr_format(&w->after.src, src);
	addr_format(&w->after.dst, dst);
	if (w->end == WALK_SENT) {
		if (w->snat || w->dnat)
			snprintf(text->after, sizeof(text->after), "%s -> %s", src,
			    dst);
		else
			snprintf(text->after, sizeof(text->after), "no-nat");
	}
	snprintf(text->path, sizeof(text->path), "%s > %s",
	    q->query.iif != NULL ? q->query.iif : "this node",
	    w->end == WALK_SENT ? w->oif : w->end == WALK_LOCAL ? "this node" :
	    w->end == WALK_DROPPED ? "dropped" : "?");
}

static void
judge(struct verify *v, const struct pod *p, const struct place *to,
    const struct prediction *q)
{
	struct item_text text;
	struct opinion o;
	unsigned c;

	describe(v, p, to, q, &text);
	for (c = 0; c < N_CHECKS; c++) {
		if (!verify_wants(v, (enum check)c))
			continue;
		check_prediction((enum check)c, to->outside, q, &o);
		if (o.applies)
			verify_add(v, (enum check)c, &o, &text);
	}
}

static void
try_place(struct verify *v, const struct node_state *n, const struct pod *p,
    const struct addr *from, const char *veth, const struct place *to)
{
	struct walk_query q = {
		.t = { .src = *from, .dst = to->addr, .sport = 40000,
		    .dport = 443, .proto = PROTO_TCP },
		.iif = veth,
	};
	struct prediction judged;
	struct walk w;

	if (addr_is_v4(from) != addr_is_v4(&to->addr) ||
	    addr_eq(from, &to->addr))
		return;
	v->judged++;
	model_walk(n->model, &q, &w);
	predict_judge(n, &q, &w, &judged);
	judge(v, p, to, &judged);
}

/* Where a pod's packets come in is not known: nothing can be said of it. */
static void
add_lost_pod(struct verify *v, const struct pod *p, const struct addr *a)
{
	struct opinion o = { .applies = true, .result = CHECK_UNSURE,
		.text = "which interface is the pod's is not known" };
	struct item_text text = { .flow_id = 0 };
	char addr[ADDR_TEXT_MAX], name[PRESENT_NAME_MAX];
	bool named = present_pod(p, name);
	unsigned c;

	addr_format(a, addr);
	snprintf(text.who, sizeof(text.who), "%s%s%s", named ? name : "",
	    named ? " " : "", addr);
	for (c = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			verify_add(v, (enum check)c, &o, &text);
}

static void
predict_pod(struct verify *v, const struct node_state *n, const struct pod *p,
    const struct places *places)
{
	struct owner o;
	unsigned i, k;

	for (i = 0; i < p->n_addrs; i++) {
		contract_owner(n->contract, &p->addrs[i], &o);
		/* an address that went on to another pod is that one's */
		if (o.kind != OWNER_POD ||
		    state_pod_addr(n->state, &p->addrs[i]) != p)
			continue;
		if (o.veth == NULL) {
			add_lost_pod(v, p, &p->addrs[i]);
			continue;
		}
		for (k = 0; k < places->n; k++)
			try_place(v, n, p, &p->addrs[i], o.veth, &places->v[k]);
		for (k = 0; k < places->n_near; k++)
			try_place(v, n, places->near[k].pod,
			    &places->near[k].addr, places->near[k].veth,
			    &(struct place){ p->addrs[i], false,
			    "a pod of this node" });
	}
}

/* The egress plugin's address of a pod of an IPv6 cluster: no document of the
   pod names it. */
struct egress {
	struct verify	*v;
	const struct node_state *n;
	const struct places *places;
};

static bool
on_egress(void *arg, const struct addr *a, const struct owner *o)
{
	const struct egress *e = arg;

	if (!o->egress || o->pod == NULL || o->veth == NULL)
		return true;
	for (unsigned k = 0; k < e->places->n; k++)
		try_place(e->v, e->n, o->pod, a, o->veth, &e->places->v[k]);
	return true;
}

/* ---- deviations */

static bool
on_drift(void *arg, const struct drift *d)
{
	struct verify *v = arg;
	struct opinion o = { .applies = true, .result = CHECK_FAILED,
		.code = d->code, .text = d->text, .fix = d->fix };
	struct item_text text = { .flow_id = 0 };
	char name[PRESENT_NAME_MAX];
	size_t at;
	unsigned i;

	if (!d->wrong)
		return true;
	at = (size_t)snprintf(text.who, sizeof(text.who), "set-up");
	for (i = 0; i < d->n_pods && i < 3 && d->pods[i] != NULL; i++)
		if (present_pod(d->pods[i], name) &&
		    at + strlen(name) + 40 < sizeof(text.who))
			at += (size_t)snprintf(text.who + at,
			    sizeof(text.who) - at, "%s%s", i == 0 ?
			    " of the node, for " : ", ", name);
	if (d->n_pods > i)
		snprintf(text.who + at, sizeof(text.who) - at, " and %u more",
		    d->n_pods - i);
	verify_add(v, CHECK_PATH, &o, &text);
	return true;
}

/* Not this node's CNI, or nothing known of it: every check is open. */
static void
give_up(struct verify *v)
{
	struct opinion o = { .applies = true, .result = CHECK_UNSURE,
		.text = "no contract of a CNI applies to this node, or its state "
		    "does not show it: there is nothing to compare with" };
	struct item_text text = { .who = "set-up" };
	unsigned c;

	for (c = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			verify_add(v, (enum check)c, &o, &text);
}

void
verify_setup(struct verify *v, const struct node_state *n)
{
	struct places places;
	uint32_t i;

	v->setup = true;
	if (n->contract == NULL) {
		give_up(v);
		return;
	}
	/* a deviation explains many a prediction, so it comes first */
	if (verify_wants(v, CHECK_PATH))
		contract_drift(n->contract, on_drift, v);
	find_places(n->contract, &places);
	find_neighbours(n, &places);
	for (i = 0; i < n->state->pods.n; i++)
		if (!n->state->pods.v[i].host_network)
			predict_pod(v, n, &n->state->pods.v[i], &places);
	contract_pods(n->contract, on_egress,
	    &(struct egress){ v, n, &places });
}
