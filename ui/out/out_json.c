/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_json.c - one JSON object for each flow and line, then a summary.
 *
 * Schemas podpath.flow/1 and podpath.summary/1: keys keep their names and
 * meaning, new ones may come, and a key whose value is not known is absent.
 */
#include "decode/contract.h"
#include "ui/out/out_json.h"
#include "ui/out/out_shares.h"
#include "ui/out/present.h"

static void
json_head(struct output_run *r)
{
	(void)r;
}

/* The names come from our own tables: no escaping is needed. */
static void
put_name(struct json *j, const char *name)
{
	json_comma(j);
	outbuf_char(j->out, '"');
	outbuf_str(j->out, name);
	outbuf_char(j->out, '"');
}

/* The longest text of a tuple, and of a leg without its interface's name. */
#define TUPLE_MAX	(2 * ADDR_TEXT_MAX + 2 * FORMAT_U64_MAX + 64)
#define LEG_MAX		(TUPLE_MAX + 4 * FORMAT_U64_MAX + 128)

/* The members of a tuple, without a comma before them. */
static char *
raw_tuple(char *p, const struct tuple *t, enum present_ids ids)
{
	json_raw_lit(p, "\"src\":\"");
	p += format_addr(p, &t->src);
	*p++ = '"';
	if (ids == IDS_PORTS)
		json_raw_u64(p, "sport", t->sport);
	json_raw_lit(p, ",\"dst\":\"");
	p += format_addr(p, &t->dst);
	*p++ = '"';
	if (ids == IDS_PORTS)
		json_raw_u64(p, "dport", t->dport);
	else if (ids == IDS_ICMP)
		json_raw_u64(p, "icmp_id", present_icmp_id(t));
	return p;
}

static void
put_tuple(struct json *j, const struct tuple *t, enum present_ids ids)
{
	char *p;

	json_open(j, '{');
	p = outbuf_room(j->out, TUPLE_MAX);
	j->out->p = raw_tuple(p, t, ids);
	json_close(j, '}');
}

static void
put_nat(struct json *j, const struct flow *f, enum present_ids ids)
{
	json_key(j, "translated");
	put_tuple(j, &f->translated, ids);
	json_key(j, "nat");
	json_open(j, '[');
	if (f->nat & NAT_SNAT)
		put_name(j, "snat");
	if (f->nat & NAT_DNAT)
		put_name(j, "dnat");
	json_close(j, ']');
}

static void
put_tunnel(struct json *j, const struct tunnel *t)
{
	const char *name = tunnel_name(t->type);

	json_key(j, "tunnel");
	json_open(j, '{');
	if (name != NULL) {
		json_key(j, "type");
		put_name(j, name);
	}
	json_key(j, "id");
	json_u64(j, t->id);
	json_close(j, '}');
}

/* From the interface's index to its name, which is foreign text. */
static void
put_leg_iface(struct json *j, const struct naming *names, const struct leg *l)
{
	struct iface ifc = naming_iface(names, l->iface);
	char *p;

	json_open(j, '{');
	p = outbuf_room(j->out, LEG_MAX);
	if (l->reply)
		json_raw_lit(p, "\"side\":\"reply\"");
	else
		json_raw_lit(p, "\"side\":\"request\"");
	if (ifc.has_ifindex)
		json_raw_u64(p, "ifindex", ifc.ifindex);
	j->out->p = p;
	j->comma = true;
	json_key(j, "ifname");
	json_text(j, ifc.name);
}

static void
put_leg(struct json *j, const struct naming *names, const struct leg *l,
    enum present_ids ids)
{
	char *p;

	put_leg_iface(j, names, l);
	if (l->dir != DIR_UNKNOWN) {
		json_key(j, "dir");
		put_name(j, l->dir == DIR_IN ? "in" : "out");
	}
	if (l->tunnel.type != TUN_NONE)
		put_tunnel(j, &l->tunnel);
	p = outbuf_room(j->out, LEG_MAX);
	if (l->has_vlan)
		json_raw_u64(p, "vlan", l->vlan);
	*p++ = ',';
	p = raw_tuple(p, &l->t, ids);
	json_raw_u64(p, "ttl", l->ttl);
	json_raw_u64(p, "packets", l->packets);
	json_raw_u64(p, "bytes", l->bytes);
	j->out->p = p;
	json_close(j, '}');
}

static void
put_legs(struct output_run *r, struct json *j, const struct flow *f,
    enum present_ids ids)
{
	unsigned i;

	json_key(j, "legs");
	json_open(j, '[');
	for (i = 0; i < f->n_legs; i++)
		put_leg(j, r->names, &f->legs[i], ids);
	json_close(j, ']');
	if (f->legs_left_out != 0) {
		json_key(j, "legs_left_out");
		json_u64(j, f->legs_left_out);
	}
}

static void
put_evidence(struct json *j, const struct flow *f)
{
	json_key(j, "evidence");
	json_open(j, '{');
	json_key(j, "packets");
	json_u64(j, f->sightings);
	json_key(j, "matched");
	json_u64(j, f->matched);
	json_key(j, "conntrack");
	json_bool(j, f->confidence == CONF_DECLARED ||
	    f->confidence == CONF_CONFIRMED);
	json_key(j, "model");
	json_bool(j, f->has & FLOW_MODEL);
	json_key(j, "confidence");
	put_name(j, confidence_name(f->confidence));
	json_close(j, '}');
}

/* ---- what node state says */

static void
put_pod(struct json *j, const struct pod *p, const struct addr *ip,
    const char *veth)
{
	json_open(j, '{');
	if (p->ns != NULL) {
		json_key(j, "namespace");
		json_text(j, p->ns);
	}
	if (p->name != NULL) {
		json_key(j, "name");
		json_text(j, p->name);
	}
	if (ip != NULL) {
		json_key(j, "ip");
		json_addr(j, ip);
	}
	if (veth != NULL) {
		json_key(j, "veth");
		json_text(j, veth);
	}
	json_close(j, '}');
}

/* The peer's address is the one of the flow that is not the pod's own. */
static const struct addr *
peer_addr(const struct flow *f)
{
	const struct addr *ends[] = { &f->original.src, &f->original.dst,
		&f->translated.src, &f->translated.dst };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (present_pod_of(f, ends[i]) == f->node.peer &&
		    f->node.peer != f->node.pod)
			return ends[i];
	return f->node.peer->n_addrs > 0 ? &f->node.peer->addrs[0] : NULL;
}

static void
put_who(struct json *j, const struct flow *f)
{
	const struct flow_node *n = &f->node;

	if (flow_kind_name(n->kind) != NULL) {
		json_key(j, "kind");
		put_name(j, flow_kind_name(n->kind));
	}
	if (n->pod != NULL) {
		json_key(j, "pod");
		put_pod(j, n->pod, &n->pod_ip, n->veth);
	}
	if (n->peer != NULL) {
		json_key(j, "peer");
		put_pod(j, n->peer, peer_addr(f), NULL);
	}
}

static void
put_eni(struct json *j, const struct eni *e)
{
	json_key(j, "eni");
	json_open(j, '{');
	if (e->dev != NULL) {
		json_key(j, "ifname");
		json_text(j, e->dev);
	}
	if (e->id != NULL) {
		json_key(j, "id");
		json_text(j, e->id);
	}
	if (e->device >= 0) {
		json_key(j, "device");
		json_i64(j, e->device);
	}
	if (e->has_ip) {
		json_key(j, "primary_ip");
		json_addr(j, &e->ip);
	}
	json_close(j, '}');
}

static void
put_route(struct json *j, const struct flow_node *n)
{
	char table[PRESENT_TABLE_MAX];

	json_key(j, "route");
	json_open(j, '{');
	if (n->rule != NULL) {
		json_key(j, "priority");
		json_u64(j, n->rule->priority);
		if (n->rule->text != NULL) {
			json_key(j, "rule");
			json_text(j, n->rule->text);
		}
	}
	if (n->route != NULL) {
		json_key(j, "table");
		put_name(j, present_table(n->route->table, table));
		if (n->route->text != NULL) {
			json_key(j, "route");
			json_text(j, n->route->text);
		}
	}
	json_close(j, '}');
}

static void
put_conntrack(struct json *j, const struct ct_entry *c)
{
	static const struct { uint8_t bit; const char *name; } bits[] = {
		{ CT_ASSURED, "ASSURED" }, { CT_UNREPLIED, "UNREPLIED" },
		{ CT_OFFLOAD, "OFFLOAD" }, { CT_HW_OFFLOAD, "HW_OFFLOAD" },
		{ CT_DYING, "DYING" },
	};
	size_t i;

	json_key(j, "conntrack");
	json_open(j, '{');
	if (c->state != NULL) {
		json_key(j, "state");
		json_text(j, c->state);
	}
	json_key(j, "mark");
	json_u64(j, c->mark);
	json_key(j, "status");
	json_open(j, '[');
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (c->status & bits[i].bit)
			put_name(j, bits[i].name);
	json_close(j, ']');
	json_close(j, '}');
}

static void
put_service(struct json *j, const struct flow_node *n)
{
	json_key(j, "service");
	json_open(j, '{');
	if (n->service_ns != NULL) {
		json_key(j, "namespace");
		json_text(j, n->service_ns);
	}
	json_key(j, "name");
	json_text(j, n->service);
	if (n->service_port != NULL && n->service_port[0] != '\0') {
		json_key(j, "port");
		json_text(j, n->service_port);
	}
	json_close(j, '}');
}

static void
put_why(struct json *j, const struct flow_node *n)
{
	const struct nf_rule *nat = n->nat_rule != NULL ? n->nat_rule :
	    n->dnat_rule;

	if (n->eni != NULL)
		put_eni(j, n->eni);
	if (n->rule != NULL || n->route != NULL)
		put_route(j, n);
	if (nat != NULL && nat->text != NULL) {
		json_key(j, "nat_rule");
		json_text(j, nat->text);
	}
	if (n->dnat_rule != NULL && n->dnat_rule != nat &&
	    n->dnat_rule->text != NULL) {
		json_key(j, "dnat_rule");
		json_text(j, n->dnat_rule->text);
	}
	if (n->ct != NULL)
		put_conntrack(j, n->ct);
	if (n->service != NULL)
		put_service(j, n);
}

static void
put_quantiles(struct json *j, const struct quantiles *q)
{
	json_open(j, '{');
	json_key(j, "p50");
	json_i64(j, q->p50_ns);
	json_key(j, "p99");
	json_i64(j, q->p99_ns);
	json_close(j, '}');
}

static void
put_findings(struct json *j, const struct flow *f)
{
	unsigned i;

	json_key(j, "findings");
	json_open(j, '[');
	for (i = 0; i < f->n_findings; i++) {
		const struct finding *g = &f->findings[i];

		json_open(j, '{');
		json_key(j, "code");
		put_name(j, g->code);
		json_key(j, "level");
		put_name(j, level_name(g->level));
		if (g->cause != NULL) {
			json_key(j, "cause");
			json_text(j, g->cause);
		}
		json_key(j, "text");
		json_text(j, g->text);
		if (g->fix[0] != '\0') {
			json_key(j, "fix");
			json_text(j, g->fix);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
json_flow(struct output_run *r, const struct flow *f)
{
	struct json j = { .out = r->out };
	enum present_ids ids = present_ids(f);
	char proto[PRESENT_PROTO_MAX];

	json_open(&j, '{');
	json_key(&j, "schema");
	put_name(&j, "podpath.flow/1");
	json_key(&j, "id");
	json_u64(&j, f->id);
	if (r->changes) {
		json_key(&j, "event");
		put_name(&j, flow_event_name(r->event));
	}
	json_key(&j, "first");
	json_time(&j, f->first);
	json_key(&j, "last");
	json_time(&j, f->last);
	json_key(&j, "proto");
	put_name(&j, present_proto(f->proto, proto));
	put_who(&j, f);
	json_key(&j, "original");
	put_tuple(&j, &f->original, ids);
	if (f->has & FLOW_TRANSLATED)
		put_nat(&j, f, ids);
	put_legs(r, &j, f, ids);
	put_why(&j, &f->node);
	out_json_app(&j, &f->app);
	put_evidence(&j, f);
	if (f->has & FLOW_RTT) {
		json_key(&j, "rtt_ns");
		put_quantiles(&j, &f->rtt);
	}
	if (f->has & FLOW_TRANSIT) {
		json_key(&j, "transit_ns");
		put_quantiles(&j, &f->transit);
	}
	json_key(&j, "verdict");
	put_name(&j, verdict_name(f->verdict));
	put_findings(&j, f);
	json_close(&j, '}');
	json_newline(&j);
}

static void
json_joined(struct output_run *r, uint64_t id, uint64_t into)
{
	struct json j = { .out = r->out };

	json_open(&j, '{');
	json_key(&j, "schema");
	put_name(&j, "podpath.flow/1");
	json_key(&j, "id");
	json_u64(&j, id);
	json_key(&j, "event");
	put_name(&j, "joined");
	json_key(&j, "into");
	json_u64(&j, into);
	json_close(&j, '}');
	json_newline(&j);
}

/* A key that is a name in struct summary or its stats. */
#define put_count(j, name, value) do {					\
	json_key(j, name);						\
	json_u64(j, value);						\
} while (0)

static void
json_tail(struct output_run *r, const struct summary *s)
{
	struct json j = { .out = r->out };
	const struct tracer_stats *t = &s->stats;

	json_open(&j, '{');
	json_key(&j, "schema");
	put_name(&j, "podpath.summary/1");
	put_count(&j, "packets", t->packets);
	put_count(&j, "bytes", t->bytes);
	put_count(&j, "flows", t->flows);
	put_count(&j, "truncated", t->outcome[DEC_TRUNCATED]);
	put_count(&j, "malformed", t->outcome[DEC_MALFORMED]);
	put_count(&j, "unknown", t->outcome[DEC_UNKNOWN]);
	put_count(&j, "dropped_kernel", t->lost_kernel);
	put_count(&j, "dropped_interface", t->lost_interface);
	put_count(&j, "dropped_netlink", t->lost_netlink);
	put_count(&j, "evicted", t->evicted);
	if (r->shares != NULL)
		out_shares_json(&j, r->shares);
	put_count(&j, "wall_ns", s->wall_ns);
	json_close(&j, '}');
	json_newline(&j);
}

const struct output output_json = {
	.name = "json",
	.help = "one object for each flow and line, then a summary",
	.head = json_head, .flow = json_flow, .tail = json_tail,
	.joined = json_joined,
};
