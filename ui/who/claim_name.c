/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_name.c - what node state tells of a claim: the pod, the Service, and how
 * long conntrack keeps an entry (Documentation/networking/nf_conntrack-sysctl.rst;
 * net/netfilter/nf_conntrack_proto_*.c for what it does unless told).
 */
#include <stdlib.h>
#include <string.h>

#include "ui/who/who.h"

bool
who_is_node_addr(const struct state *s, const struct addr *a)
{
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, a))
			return true;
	return false;
}

static void
name_holder(struct who *w, struct who_claim *c, const struct state *s)
{
	const struct pod *p = state_pod_addr(s, who_holder(c));

	if (p != NULL && p->name != NULL && !p->host_network) {
		c->ns = who_text(w, p->ns);
		c->pod = who_text(w, p->name);
	} else if (p == NULL) {
		c->node = who_is_node_addr(s, who_holder(c));
	}
}

static void
name_service(struct who *w, struct who_claim *c, const struct state *s)
{
	const struct svc_port *p = state_service(s, &c->original.dst,
	    c->original.dport, c->original.proto);

	if (p == NULL && who_is_node_addr(s, &c->original.dst) &&
	    !addr_eq(&c->original.dst, &c->translated.dst))
		p = state_node_port(s, c->original.dport, c->original.proto);
	if (p == NULL || p->service >= s->services.n)
		return;
	c->service_ns = who_text(w, s->services.v[p->service].ns);
	c->service = who_text(w, s->services.v[p->service].name);
}

/* What is known already was told of its own time, and stays. */
void
who_name(struct who *w, struct who_claim *c, const struct state *s)
{
	if (s == NULL)
		return;
	if (c->pod == NULL && !c->node && !c->one_sided)
		name_holder(w, c, s);
	if (c->service == NULL)
		name_service(w, c, s);
}

/* ---- which ports a rule may take */

static bool
may_give(const struct nf_target *t, const struct addr *a)
{
	return t->kind == NF_T_SNAT && t->nat != NULL &&
	    (t->nat->flags & NF_NAT_ADDR) &&
	    memcmp(t->nat->lo.b, a->b, sizeof(a->b)) <= 0 &&
	    memcmp(a->b, t->nat->hi.b, sizeof(a->b)) <= 0;
}

static struct nf_ports
ports_of(const struct nf_target *t)
{
	if (t->nat != NULL && (t->nat->flags & NF_NAT_PORTS))
		return t->nat->ports;
	return (struct nf_ports){ WHO_PORT_LO, UINT16_MAX };
}

void
who_rule_ports(struct who_claim *c, const struct nf_rule *r)
{
	struct nf_ports p;

	if (r == NULL || (r->target.kind != NF_T_SNAT &&
	    r->target.kind != NF_T_MASQUERADE))
		return;
	p = ports_of(&r->target);
	c->lo = p.lo;
	c->hi = p.hi;
}

/* Rules that name the address; MASQUERADE is for anything, and asked only for want
   of such.  When they are not of one mind nothing is known. */
void
who_ports(struct who *w, const struct state *s)
{
	struct nf_ports p = { WHO_PORT_LO, UINT16_MAX };
	unsigned n = 0;

	for (unsigned named = 1; s != NULL && n == 0 && named < 2; named--)
		for (uint32_t i = 0; i < s->nf_rules.n; i++) {
			const struct nf_target *t = &s->nf_rules.v[i].target;
			struct nf_ports q;

			if (named ? !may_give(t, &w->target.addr) :
			    t->kind != NF_T_MASQUERADE)
				continue;
			q = ports_of(t);
			if (n++ > 0 && (q.lo != p.lo || q.hi != p.hi))
				q.lo = q.hi = 0;
			p = q;
		}
	w->lo = p.lo;
	w->hi = p.hi;
	w->ports_by_rule = n > 0;
}

/* ---- how long an entry is kept */

static const struct timeout {
	const char	*sysctl;	/* after net.netfilter.nf_conntrack_ */
	int64_t		 seconds;
} tcp_timeouts[N_TCP_STATES] = {
	/* what is picked up in the middle counts as established */
	[TCPS_NONE]		= { "tcp_timeout_established", 432000 },
	[TCPS_SYN_SENT]		= { "tcp_timeout_syn_sent", 120 },
	[TCPS_SYN_RECV]		= { "tcp_timeout_syn_recv", 60 },
	[TCPS_ESTABLISHED]	= { "tcp_timeout_established", 432000 },
	[TCPS_FIN_WAIT]		= { "tcp_timeout_fin_wait", 120 },
	[TCPS_CLOSED]		= { "tcp_timeout_time_wait", 120 },
	[TCPS_RESET]		= { "tcp_timeout_close", 10 },
};
/* The longer of UDP's two: whether it became a stream is conntrack's to know. */
static const struct timeout udp_timeout = { "udp_timeout_stream", 120 };
static const struct timeout icmp_timeout = { "icmp_timeout", 30 };
static const struct timeout icmpv6_timeout = { "icmpv6_timeout", 30 };
static const struct timeout sctp_timeout = { "sctp_timeout_established", 210 };
static const struct timeout generic_timeout = { "generic_timeout", 600 };

int64_t
who_timeout_ns(const struct state *s, uint8_t proto, uint8_t tcp_state)
{
	const struct timeout *t = &generic_timeout;
	char name[96] = "net.netfilter.nf_conntrack_";
	const char *value;
	int64_t seconds;

	switch (proto) {
	case PROTO_TCP:		t = &tcp_timeouts[tcp_state % N_TCP_STATES]; break;
	case PROTO_UDP:		t = &udp_timeout; break;
	case PROTO_ICMP:	t = &icmp_timeout; break;
	case PROTO_ICMPV6:	t = &icmpv6_timeout; break;
	case PROTO_SCTP:	t = &sctp_timeout; break;
	}
	seconds = t->seconds;
	strcat(name, t->sysctl);
	value = s != NULL ? state_sysctl(s, name) : NULL;
	if (value != NULL && strspn(value, "0123456789") == strlen(value) &&
	    strlen(value) > 0 && strlen(value) < 10)
		seconds = strtol(value, NULL, 10);
	return seconds * NS_PER_SEC;
}
