/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_ends.c - the two words of podpath explain: who, and where to.
 *
 * SOURCE is a pod, an address, "node" or "internet"; DESTINATION an address, a
 * pod, a Service or "node", with a port and a protocol where they matter.
 */
#include "ui/explain/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/cli/complain.h"
#include "ui/explain/explain_target.h"
#include "ui/cli/options.h"
#include "ui/cli/suggest.h"

/* A port and an id that stand for any: it is the rules that decide. */
#define ANY_PORT	40000
#define ANY_ICMP_ID	1

/* RFC 5737 and RFC 3849: addresses for examples, nobody's. */
#define INTERNET_V4	"203.0.113.1"
#define INTERNET_V6	"2001:db8::1"

/* ---- names */

static bool
name_is(const char *word, const char *ns, const char *name)
{
	size_t n = ns != NULL ? strlen(ns) : 0;

	if (name == NULL)
		return false;
	if (strchr(word, '/') == NULL)
		return strcmp(word, name) == 0;
	return strncmp(word, ns != NULL ? ns : "", n) == 0 && word[n] == '/' &&
	    strcmp(word + n + 1, name) == 0;
}

/* The only one of that name; *n how many there are. */
static const struct pod *
find_pod(const struct state *s, const char *word, unsigned *n)
{
	const struct pod *found = NULL;
	uint32_t i;

	*n = 0;
	for (i = 0; i < s->pods.n; i++) {
		const struct pod *p = &s->pods.v[i];

		if (!name_is(word, p->ns, p->name))
			continue;
		found = p;
		++*n;
	}
	return found;
}

static const struct service *
find_service(const struct state *s, const char *word, unsigned *n)
{
	const struct service *found = NULL;
	uint32_t i;

	*n = 0;
	for (i = 0; i < s->services.n; i++) {
		const struct service *v = &s->services.v[i];

		if (!name_is(word, v->ns, v->name))
			continue;
		found = v;
		++*n;
	}
	return found;
}

/* The name that is most like what was written, with its namespace; a pod of the
   Deployment or DaemonSet that was named is one. */
struct guess {
	struct suggest	near;
	const char	*stem;		/* the word without its namespace */
	const char	*ns, *name;	/* NULL none yet */
	bool		 of_stem;
};

static void
guess_try(struct guess *g, const char *ns, const char *name)
{
	size_t n = strlen(g->stem);
	bool of_stem;

	if (name == NULL)
		return;
	of_stem = n > 0 && strncmp(name, g->stem, n) == 0 && name[n] == '-';
	suggest_try(&g->near, name);
	if (g->of_stem || (!of_stem && suggest_best(&g->near) != name))
		return;
	g->ns = ns;
	g->name = name;
	g->of_stem = of_stem;
}

static void
complain_unknown_name(const struct state *s, const char *word)
{
	const char *slash = strchr(word, '/');
	struct guess g = { .stem = slash != NULL ? slash + 1 : word };
	uint32_t i;

	g.near.word = g.stem;
	for (i = 0; i < s->pods.n; i++)
		guess_try(&g, s->pods.v[i].ns, s->pods.v[i].name);
	for (i = 0; i < s->services.n; i++)
		guess_try(&g, s->services.v[i].ns, s->services.v[i].name);
	if (g.name != NULL)
		complain("'%s': no such pod or Service in the state (did you mean "
		    "'%s%s%s'?)", word, slash != NULL && g.ns != NULL ? g.ns : "",
		    slash != NULL && g.ns != NULL ? "/" : "", g.name);
	else if (s->pods.n == 0)
		complain("'%s': not an address, and the state names no pods (ipam.json, "
		    "enis.json or kubectl's pods do); give an address", word);
	else
		complain("'%s': neither an address nor a pod or Service that the "
		    "state knows; podpath node shows the pods", word);
}

static bool
complain_ambiguous(const char *word, unsigned n, const char *what)
{
	complain("'%s': %u %ss have this name; give NAMESPACE/NAME", word, n, what);
	return false;
}

/* ---- what an address is */

/* The device of the default route; NULL not known. */
static const char *
default_dev(const struct node_state *n, bool v4)
{
	struct route_query q = { 0 };
	struct route_answer r;

	if (!addr_parse(v4 ? INTERNET_V4 : INTERNET_V6, &q.dst))
		return NULL;
	model_route(n->model, &q, &r);
	return r.end == ROUTE_TO ? r.dev : NULL;
}

/* Where a pod hangs: a route to its address alone, without a gateway; on a node
   without a contract also a connected range of another device than the default
   route's (the bridge of an overlay). */
static const char *
cable_to(const struct node_state *n, const struct addr *a)
{
	struct route_query q = { .dst = *a };
	const char *out = default_dev(n, addr_is_v4(a));
	struct route_answer r;

	model_route(n->model, &q, &r);
	if (r.end != ROUTE_TO || r.has_via || r.route == NULL || r.dev == NULL)
		return NULL;
	if (r.route->dst.len == 128)
		return r.dev;
	return n->contract == NULL && out != NULL && strcmp(out, r.dev) != 0 ?
	    r.dev : NULL;
}

static void
classify(const struct node_state *n, struct end *e)
{
	const struct pod *pod = state_pod_addr(n->state, &e->addr);
	struct owner o = { .kind = OWNER_UNKNOWN };

	if (model_is_local(n->model, &e->addr, NULL)) {
		e->kind = END_NODE;
		return;
	}
	if (n->contract != NULL)
		contract_owner(n->contract, &e->addr, &o);
	e->dev = o.kind == OWNER_POD && o.veth != NULL ? o.veth :
	    cable_to(n, &e->addr);
	if (o.kind == OWNER_NODE)
		e->kind = END_NODE;
	else if (o.kind == OWNER_POD || (o.kind == OWNER_UNKNOWN && e->dev != NULL))
		e->kind = END_POD;
	else
		e->kind = pod != NULL ? END_REMOTE_POD : END_ADDRESS;
	if (e->kind == END_POD || e->kind == END_REMOTE_POD)
		e->pod = o.pod != NULL ? o.pod : pod;
}

static void
set_label(struct end *e, const char *name)
{
	char buf[ADDR_TEXT_MAX];

	if (name != NULL) {
		snprintf(e->label, sizeof(e->label), "%s", name);
	} else if (e->pod == NULL || !present_pod(e->pod, e->label)) {
		addr_format(&e->addr, buf);
		snprintf(e->label, sizeof(e->label), "%s", buf);
	}
}

static bool
set_internet(struct end *e, bool v4)
{
	e->kind = END_ADDRESS;
	e->internet = true;
	set_label(e, "internet");
	return addr_parse(v4 ? INTERNET_V4 : INTERNET_V6, &e->addr);
}

/* An address of that family. */
static bool
pick_pod_addr(const struct pod *p, bool v4, struct addr *out)
{
	unsigned i;

	for (i = 0; i < p->n_addrs; i++) {
		if (addr_is_v4(&p->addrs[i]) != v4)
			continue;
		*out = p->addrs[i];
		return true;
	}
	return false;
}

/* The node's own address, as the primary ENI has it. */
static bool
node_addr(const struct node_state *n, bool v4, struct addr *out)
{
	const uint8_t v4_any[4] = { 0 };
	struct route_query q = { 0 };
	struct route_answer r;
	const struct eni *e;
	unsigned count = 0, i;

	e = n->contract != NULL ? contract_enis(n->contract, &count) : NULL;
	for (i = 0; i < count; i++) {
		static const struct addr none;

		if (!e[i].primary)
			continue;
		if (v4 && e[i].has_ip) {
			*out = e[i].ip;
			return true;
		}
		if (!v4 && !addr_eq(&e[i].ip6, &none)) {
			*out = e[i].ip6;
			return true;
		}
	}
	if (v4)
		q.src = addr_from_v4(v4_any);
	if (!addr_parse(v4 ? INTERNET_V4 : INTERNET_V6, &q.dst))
		return false;
	model_route(n->model, &q, &r);
	*out = r.src;
	return r.has_src;
}

/* ---- the destination */

static bool
pick_port(const struct state *s, const struct service *v,
    const struct explain_target *t, const struct svc_port **out)
{
	uint32_t index = (uint32_t)(v - s->services.v), i;
	char list[256] = "";
	uint16_t number = 0;
	unsigned n = 0;

	if (t->port[0] != '\0')
		explain_port(t->port, &number);
	*out = NULL;
	for (i = 0; i < s->svc_ports.n; i++) {
		const struct svc_port *p = &s->svc_ports.v[i];
		size_t len = strlen(list);

		if (p->service != index || (t->proto != 0 && p->proto != t->proto))
			continue;
		if (len + 32 < sizeof(list))
			snprintf(list + len, sizeof(list) - len, "%s%u",
			    len ? ", " : "", p->port);
		if (t->port[0] != '\0' && (number != 0 ? p->port != number :
		    p->name == NULL || strcmp(p->name, t->port) != 0))
			continue;
		n++;
		if (*out == NULL || p->proto == PROTO_TCP)
			*out = p;
	}
	if (n == 1 || (n > 1 && t->port[0] != '\0'))
		return true;
	if (t->port[0] != '\0')
		complain("%s has no port %s; its ports: %s", t->host, t->port,
		    list[0] ? list : "none");
	else
		complain("%s: say which port: %s", t->host,
		    list[0] ? list : "it has none");
	return false;
}

static bool
set_service(struct explain *x, const struct service *v,
    struct explain_target *t, bool v4)
{
	struct end *e = &x->dst;
	char name[PRESENT_NAME_MAX];
	uint32_t i;

	if (v->n_addrs == 0) {
		complain("%s is headless: it has no address of its own; name one of "
		    "its pods", t->host);
		return false;
	}
	if (!pick_port(x->node.state, v, t, &e->port))
		return false;
	e->kind = END_SERVICE;
	e->addr = v->addrs[0];
	for (i = v->n_addrs; i-- > 0; )
		if (addr_is_v4(&v->addrs[i]) == v4)
			e->addr = v->addrs[i];
	t->proto = e->port->proto;
	snprintf(t->port, sizeof(t->port), "%u", e->port->port);
	snprintf(name, sizeof(name), "%s/%s", v->ns != NULL ? v->ns : "default",
	    v->name);
	set_label(e, name);
	return true;
}

static bool
set_named_target(struct explain *x, struct explain_target *t, bool v4)
{
	const struct state *s = x->node.state;
	unsigned n_pods, n_services;
	const struct service *v = find_service(s, t->host, &n_services);
	const struct pod *p = find_pod(s, t->host, &n_pods);
	struct end *e = &x->dst;

	if (n_services > 1)
		return complain_ambiguous(t->host, n_services, "Service");
	if (n_services == 1)
		return set_service(x, v, t, v4);
	if (n_pods > 1)
		return complain_ambiguous(t->host, n_pods, "pod");
	if (n_pods == 0) {
		complain_unknown_name(s, t->host);
		return false;
	}
	if (!pick_pod_addr(p, v4, &e->addr) && !pick_pod_addr(p, !v4, &e->addr)) {
		complain("%s has no address in the state", t->host);
		return false;
	}
	classify(&x->node, e);
	e->pod = p;
	set_label(e, NULL);
	return true;
}

/* v4: the family that the source would rather have. */
static bool
set_target(struct explain *x, struct explain_target *t, bool v4)
{
	struct end *e = &x->dst;

	if (addr_parse(t->host, &e->addr)) {
		classify(&x->node, e);
		set_label(e, NULL);
		return true;
	}
	if (strcmp(t->host, "internet") == 0)
		return set_internet(e, v4);
	if (strcmp(t->host, "node") != 0)
		return set_named_target(x, t, v4);
	e->kind = END_NODE;
	set_label(e, "node");
	if (node_addr(&x->node, v4, &e->addr))
		return true;
	complain("the node's own address is not in the state");
	return false;
}

/* ---- the source */

static bool
set_named_source(struct explain *x, const char *word)
{
	unsigned n;
	const struct pod *p = find_pod(x->node.state, word, &n);

	if (n > 1)
		return complain_ambiguous(word, n, "pod");
	if (n == 0 && find_service(x->node.state, word, &n) != NULL) {
		complain("'%s' is a Service, which sends nothing itself: name a pod, "
		    "an address, node or internet as SOURCE", word);
		return false;
	}
	if (n == 0) {
		complain_unknown_name(x->node.state, word);
		return false;
	}
	x->src.pod = p;
	x->src.kind = p->host_network ? END_NODE : END_POD;
	return true;
}

/* As far as it goes without the destination's family. */
static bool
set_source(struct explain *x, const char *word, bool *prefers_v4)
{
	struct end *e = &x->src;
	struct addr any;

	*prefers_v4 = true;
	if (addr_parse(word, &e->addr)) {
		*prefers_v4 = addr_is_v4(&e->addr);
		classify(&x->node, e);
		set_label(e, NULL);
		return true;
	}
	if (strcmp(word, "node") == 0) {
		e->kind = END_NODE;
		set_label(e, "node");
		return true;
	}
	if (strcmp(word, "internet") == 0) {
		e->internet = true;
		return true;
	}
	if (!set_named_source(x, word))
		return false;
	*prefers_v4 = pick_pod_addr(e->pod, true, &any);
	return true;
}

/* In a cluster of one family a pod may have an address of the other for egress
   alone, which only the node's own rules know. */
struct egress {
	const struct pod *pod;
	bool		 v4;
	struct addr	*out;
	bool		 found;
};

static bool
on_pod_addr(void *arg, const struct addr *a, const struct owner *o)
{
	struct egress *g = arg;

	if (o->pod != g->pod || !o->egress || addr_is_v4(a) != g->v4)
		return true;
	*g->out = *a;
	g->found = true;
	return false;
}

static bool
pick_egress_addr(const struct explain *x, const struct pod *p, bool v4,
    struct addr *out)
{
	struct egress g = { .pod = p, .v4 = v4, .out = out };

	if (x->node.contract != NULL)
		contract_pods(x->node.contract, on_pod_addr, &g);
	return g.found;
}

/* Its address, now that the destination is known. */
static bool
settle_source(struct explain *x, const char *word)
{
	struct end *e = &x->src;
	bool v4 = addr_is_v4(&x->dst.addr);
	struct route_query q = { .dst = x->dst.addr };
	struct route_answer r;
	const uint8_t v4_any[4] = { 0 };
	struct addr given;

	if (addr_parse(word, &given)) {
		if (addr_is_v4(&given) == v4)
			return true;
		complain("%s and %s are not of one family", word, x->dst.label);
		return false;
	}
	if (e->internet)
		return set_internet(e, v4);
	if (e->kind == END_NODE) {
		if (e->pod != NULL)
			snprintf(e->label, sizeof(e->label), "%s/%s",
			    e->pod->ns != NULL ? e->pod->ns : "default",
			    e->pod->name);
		if (v4)
			q.src = addr_from_v4(v4_any);
		model_route(x->node.model, &q, &r);
		e->addr = r.src;
		if (r.has_src || node_addr(&x->node, v4, &e->addr))
			return true;
		complain("the node's own address is not in the state");
		return false;
	}
	if (!pick_pod_addr(e->pod, v4, &e->addr) &&
	    !pick_egress_addr(x, e->pod, v4, &e->addr)) {
		complain("%s has no %s address in the state; name it by its "
		    "address", word, v4 ? "IPv4" : "IPv6");
		return false;
	}
	classify(&x->node, e);
	set_label(e, NULL);
	return true;
}

/* ---- both */

static bool
set_tuple(struct explain *x, struct explain_target *t)
{
	struct walk_query *q = &x->query;
	uint16_t port = 0;

	if (t->port[0] != '\0' && !explain_port(t->port, &port)) {
		complain("'%s' is not a port: a number from 1 to 65535%s", t->port,
		    " is expected, or the name of a Service's port");
		return false;
	}
	if (t->proto == 0)
		t->proto = port != 0 ? PROTO_TCP : PROTO_ICMP;
	if ((t->proto == PROTO_ICMP) != (port == 0)) {
		complain(port != 0 ? "icmp has no port" :
		    "a port is missing: DESTINATION:PORT/PROTO");
		return false;
	}
	q->t = (struct tuple){ .src = x->src.addr, .dst = x->dst.addr,
		.sport = port != 0 ? ANY_PORT : ANY_ICMP_ID, .dport = port,
		.proto = t->proto };
	if (port == 0) {
		bool v4 = addr_is_v4(&x->dst.addr);

		q->t.proto = v4 ? PROTO_ICMP : PROTO_ICMPV6;
		q->icmp_type = v4 ? 8 : 128;	/* echo request */
	}
	if (x->dst.kind == END_NODE && port != 0)
		x->dst.port = state_node_port(x->node.state, port, t->proto);
	return true;
}

/* Where it comes in. */
static bool
set_entry(struct explain *x, int *code)
{
	const struct end *s = &x->src, *d = &x->dst;

	*code = EXIT_USAGE;
	if (s->kind == END_NODE)
		return true;
	if (s->kind == END_POD) {
		x->query.iif = s->dev;
		*code = EXIT_UNSURE;
		if (s->dev == NULL)
			complain("%s: which interface is its own is not known (no "
			    "route to it, no name)", s->label);
		return s->dev != NULL;
	}
	if (d->kind != END_NODE && d->kind != END_POD) {
		complain("traffic from %s to %s does not come by this node: traffic "
		    "from outside comes to node:PORT or to one of its pods",
		    s->label, d->label);
		return false;
	}
	x->query.iif = predict_entry(&x->node, &d->addr);
	*code = EXIT_UNSURE;
	if (x->query.iif == NULL)
		complain("which ENI owns %s is not known: enis.json or the "
		    "interfaces' addresses are missing", d->label);
	return x->query.iif != NULL;
}

bool
explain_ends(struct explain *x, const char *src, const char *dst, int *code)
{
	struct explain_target t;
	bool v4;

	*code = EXIT_USAGE;
	return explain_target(&t, dst) && set_source(x, src, &v4) &&
	    set_target(x, &t, v4) && settle_source(x, src) &&
	    set_tuple(x, &t) && set_entry(x, code);
}
