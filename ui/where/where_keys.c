/* SPDX-License-Identifier: GPL-2.0-or-later */
/* where_keys.c - the keys of --where; a new one is a function and a row. */
#include "ui/where/where_int.h"

#include <stdio.h>

#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "decode/app/role.h"
#include "decode/contract.h"
#include "decode/state.h"
#include "ui/out/present.h"

static bool
key_verdict(const struct where_probe *p, const struct flow *f)
{
	return where_probe_word(p, verdict_name(f->verdict));
}

static const char *
word_verdict(unsigned i)
{
	return i < N_VERDICTS ? verdict_name(i) : NULL;
}

static bool
key_finding(const struct where_probe *p, const struct flow *f)
{
	unsigned i;

	for (i = 0; i < f->n_findings; i++)
		if (where_probe_word(p, f->findings[i].code))
			return true;
	return false;
}

static const char *
word_finding(unsigned i)
{
	return finding_code_name(i);
}

static bool
key_proto(const struct where_probe *p, const struct flow *f)
{
	const char *name = proto_name(f->proto);
	char number[4];

	snprintf(number, sizeof(number), "%u", f->proto);
	return (name != NULL && where_probe_word(p, name)) ||
	    where_probe_word(p, number);
}

static bool
key_src(const struct where_probe *p, const struct flow *f)
{
	return where_probe_addr(p, &f->original.src);
}

static bool
key_dst(const struct where_probe *p, const struct flow *f)
{
	return where_probe_addr(p, &f->original.dst);
}

static bool
tuple_addr(const struct where_probe *p, const struct tuple *t)
{
	return where_probe_addr(p, &t->src) || where_probe_addr(p, &t->dst);
}

static bool
key_addr(const struct where_probe *p, const struct flow *f)
{
	unsigned i;

	if (tuple_addr(p, &f->original) ||
	    ((f->has & FLOW_TRANSLATED) && tuple_addr(p, &f->translated)))
		return true;
	/* a translation in two steps has addresses in the middle */
	for (i = 0; i < f->n_legs; i++)
		if (tuple_addr(p, &f->legs[i].t))
			return true;
	return false;
}

/* Ports of a flow that has an ICMP id in their place, or nothing, are unknown. */
static bool
key_sport(const struct where_probe *p, const struct flow *f)
{
	return present_ids(f) == IDS_PORTS &&
	    where_probe_number(p, f->original.sport);
}

static bool
key_dport(const struct where_probe *p, const struct flow *f)
{
	return present_ids(f) == IDS_PORTS &&
	    where_probe_number(p, f->original.dport);
}

static bool
tuple_port(const struct where_probe *p, const struct tuple *t)
{
	return where_probe_number(p, t->sport) ||
	    where_probe_number(p, t->dport);
}

static bool
key_port(const struct where_probe *p, const struct flow *f)
{
	unsigned i;

	if (present_ids(f) != IDS_PORTS)
		return false;
	if (tuple_port(p, &f->original) ||
	    ((f->has & FLOW_TRANSLATED) && tuple_port(p, &f->translated)))
		return true;
	for (i = 0; i < f->n_legs; i++)
		if (tuple_port(p, &f->legs[i].t))
			return true;
	return false;
}

static bool
leg_iface(const struct where_probe *p, const struct leg *l)
{
	return where_probe_word(p, naming_iface(p->names, l->iface).name);
}

static bool
key_if(const struct where_probe *p, const struct flow *f)
{
	unsigned i;

	for (i = 0; i < f->n_legs; i++)
		if (leg_iface(p, &f->legs[i]))
			return true;
	return false;
}

/* Where the request came in: its first leg, unless that is known to go out. */
static bool
key_in(const struct where_probe *p, const struct flow *f)
{
	return f->n_legs > 0 && !f->legs[0].reply &&
	    f->legs[0].dir != DIR_OUT && leg_iface(p, &f->legs[0]);
}

/* Where the request left: its last leg, unless that is known to come in, and
   not the first one when only that was seen and nothing tells its direction. */
static bool
key_out(const struct where_probe *p, const struct flow *f)
{
	unsigned n = 0;

	while (n < f->n_legs && !f->legs[n].reply)
		n++;
	return n > 0 && f->legs[n - 1].dir != DIR_IN &&
	    (n > 1 || f->legs[0].dir == DIR_OUT) &&
	    leg_iface(p, &f->legs[n - 1]);
}

static bool
key_nat(const struct where_probe *p, const struct flow *f)
{
	if (!(f->has & FLOW_TRANSLATED))
		return where_probe_word(p, "unknown");
	if (f->nat == 0)
		return where_probe_word(p, "none");
	return ((f->nat & NAT_SNAT) && where_probe_word(p, "snat")) ||
	    ((f->nat & NAT_DNAT) && where_probe_word(p, "dnat"));
}

static const char *
word_nat(unsigned i)
{
	static const char *const words[] = { "snat", "dnat", "none", "unknown" };

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

static bool
key_state(const struct where_probe *p, const struct flow *f)
{
	const char *name = tcp_state_name(f->tcp_state);

	return name != NULL && where_probe_word(p, name);
}

static const char *
word_state(unsigned i)
{
	/* the first state, TCPS_NONE, has no name */
	return i + 1 < N_TCP_STATES ? tcp_state_name(i + 1) : NULL;
}

static bool
key_packets(const struct where_probe *p, const struct flow *f)
{
	return where_probe_number(p, f->packets);
}

static bool
key_bytes(const struct where_probe *p, const struct flow *f)
{
	return where_probe_number(p, f->bytes);
}

static bool
span(const struct where_probe *p, const struct quantiles *q)
{
	return where_probe_number(p, q->p50_ns < 0 ? 0 : (uint64_t)q->p50_ns);
}

static bool
key_rtt(const struct where_probe *p, const struct flow *f)
{
	return (f->has & FLOW_RTT) && span(p, &f->rtt);
}

static bool
key_transit(const struct where_probe *p, const struct flow *f)
{
	return (f->has & FLOW_TRANSIT) && span(p, &f->transit);
}

static bool
key_retrans(const struct where_probe *p, const struct flow *f)
{
	return where_probe_number(p, f->retransmissions);
}

static bool
key_tunnel(const struct where_probe *p, const struct flow *f)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < f->n_legs; i++) {
		const struct tunnel *u = &f->legs[i].tunnel;
		const char *name = tunnel_name(u->type);
		char full[64];

		if (u->type == TUN_NONE || name == NULL)
			continue;
		any = true;
		snprintf(full, sizeof(full), "%s:%lu", name, (unsigned long)u->id);
		if (where_probe_word(p, name) || where_probe_word(p, full))
			return true;
	}
	return !any && where_probe_word(p, "none");
}

/* ---- what node state says */

static bool
key_kind(const struct where_probe *p, const struct flow *f)
{
	const char *name = flow_kind_name(f->node.kind);

	return name != NULL && where_probe_word(p, name);
}

static const char *
word_kind(unsigned i)
{
	/* the first kind, KIND_UNKNOWN, has no name */
	return i + 1 < N_FLOW_KINDS ? flow_kind_name(i + 1) : NULL;
}

/* "namespace/name", or the name alone. */
static bool
full_or_bare(const struct where_probe *p, const char *ns, const char *name)
{
	char full[PRESENT_NAME_MAX];

	if (name == NULL)
		return false;
	snprintf(full, sizeof(full), "%s/%s", ns != NULL ? ns : "", name);
	return where_probe_word(p, full) || where_probe_word(p, name);
}

static bool
key_pod(const struct where_probe *p, const struct flow *f)
{
	const struct pod *pod = f->node.pod;

	return pod != NULL && full_or_bare(p, pod->ns, pod->name);
}

static bool
key_peer(const struct where_probe *p, const struct flow *f)
{
	const struct pod *peer = f->node.peer;

	return peer != NULL && full_or_bare(p, peer->ns, peer->name);
}

static bool
key_service(const struct where_probe *p, const struct flow *f)
{
	return full_or_bare(p, f->node.service_ns, f->node.service);
}

static bool
key_eni(const struct where_probe *p, const struct flow *f)
{
	const struct eni *e = f->node.eni;

	return e != NULL && ((e->dev != NULL && where_probe_word(p, e->dev)) ||
	    (e->id != NULL && where_probe_word(p, e->id)));
}

/* ---- what payloads and ends say */

/* Who the PROXY protocol says; else the source, unless that is a load
   balancer's. */
static bool
key_client(const struct where_probe *p, const struct flow *f)
{
	const struct proxy_header *h = f->app.proxy;

	if (h != NULL && h->why == NULL && h->has & PROXY_HAS_ADDRS)
		return where_probe_addr(p, &h->src);
	return !f->app.client_hidden && !f->app.health_check &&
	    where_probe_addr(p, &f->original.src);
}

static bool
key_name(const struct where_probe *p, const struct flow *f)
{
	const struct flow_app *a = &f->app;

	if (a->dns_name != NULL && where_probe_word(p, a->dns_name))
		return true;
	for (unsigned i = 0; i < a->n_queries; i++)
		if (where_probe_word(p, a->queries[i].name))
			return true;
	return false;
}

static bool
key_rcode(const struct where_probe *p, const struct flow *f)
{
	for (unsigned i = 0; i < f->app.n_queries; i++) {
		const struct dns_query *q = &f->app.queries[i];
		const char *name = q->outcome == DNS_WAITING ? "none" :
		    dns_rcode_name(q->rcode);

		if (name != NULL && where_probe_word(p, name))
			return true;
	}
	return false;
}

static const char *
word_rcode(unsigned i)
{
	return i == 0 ? "none" : dns_rcode_name(i - 1);
}

static bool
key_role(const struct where_probe *p, const struct flow *f)
{
	return f->app.role != NULL && where_probe_word(p, f->app.role);
}

static bool
key_process(const struct where_probe *p, const struct flow *f)
{
	const struct sock *s = f->app.process;

	return s != NULL && s->process != NULL && where_probe_word(p, s->process);
}

static const struct where_key_row keys[] = {
	{ "verdict", "ok, wrong, dropped or unknown",
	    WHERE_WORD, key_verdict, word_verdict },
	{ "finding", "code of a finding, such as no-reply",
	    WHERE_WORD, key_finding, word_finding },
	{ "proto", "IP protocol: tcp, udp, icmp, ... or its number",
	    WHERE_WORD, key_proto, NULL },
	{ "src", "original source: address, or prefix such as 10.0.0.0/8",
	    WHERE_ADDR, key_src, NULL },
	{ "dst", "original destination: address or prefix",
	    WHERE_ADDR, key_dst, NULL },
	{ "addr", "address or prefix on any side of any translation",
	    WHERE_ADDR, key_addr, NULL },
	{ "sport", "original source port",
	    WHERE_NUMBER, key_sport, NULL },
	{ "dport", "original destination port",
	    WHERE_NUMBER, key_dport, NULL },
	{ "port", "port on any side of any translation",
	    WHERE_NUMBER, key_port, NULL },
	{ "if", "name of any interface on the path",
	    WHERE_WORD, key_if, NULL },
	{ "in", "interface where the request came in",
	    WHERE_WORD, key_in, NULL },
	{ "out", "interface where the request left",
	    WHERE_WORD, key_out, NULL },
	{ "nat", "snat, dnat, none, or unknown (seen on one interface only)",
	    WHERE_WORD, key_nat, word_nat },
	{ "state", "TCP state in conntrack's words, such as SYN_SENT",
	    WHERE_WORD, key_state, word_state },
	{ "packets", "packets, each counted once",
	    WHERE_NUMBER, key_packets, NULL },
	{ "bytes", "bytes of IP, each packet counted once",
	    WHERE_NUMBER, key_bytes, NULL },
	{ "rtt", "median round trip, with its unit: ns, us, ms or s",
	    WHERE_SPAN, key_rtt, NULL },
	{ "transit", "median time through the node, with its unit",
	    WHERE_SPAN, key_transit, NULL },
	{ "retrans", "retransmissions",
	    WHERE_NUMBER, key_retrans, NULL },
	{ "tunnel", "vxlan, vxlan:7 (with its id), ... or none",
	    WHERE_WORD, key_tunnel, NULL },
	{ "client", "client: as the PROXY protocol says, else the source that no load "
	    "balancer stands for", WHERE_ADDR, key_client, NULL },
	{ "name", "DNS name: asked in the flow, or by which its destination was asked for",
	    WHERE_WORD, key_name, NULL },
	{ "rcode", "answer of DNS: NOERROR, NXDOMAIN, SERVFAIL, ... or none",
	    WHERE_WORD, key_rcode, word_rcode },
	{ "kind", "pod-to-external, nodeport, host, ... (with --state, as all below)",
	    WHERE_WORD, key_kind, word_kind },
	{ "pod", "pod of this node: namespace/name, or its name",
	    WHERE_WORD, key_pod, NULL },
	{ "peer", "pod at the other end",
	    WHERE_WORD, key_peer, NULL },
	{ "service", "Service: namespace/name, or its name",
	    WHERE_WORD, key_service, NULL },
	{ "role", "what it is for: kubelet, api-server, imds, ...",
	    WHERE_WORD, key_role, role_name },
	{ "process", "process of this node at its end (with ss -tnp in the state)",
	    WHERE_WORD, key_process, NULL },
	{ "eni", "ENI that it left or came in by: its device or its id",
	    WHERE_WORD, key_eni, NULL },
};

const struct where_key_row *
where_key_get(unsigned i)
{
	return i < sizeof(keys) / sizeof(keys[0]) ? &keys[i] : NULL;
}
