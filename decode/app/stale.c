/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stale.c - see stale.h. */
#include "decode/app/stale.h"

#include <string.h>

const struct svc_port *
service_port_of(const struct state *s, const struct addr *a, uint16_t port,
    uint8_t proto, bool here)
{
	const struct svc_port *p = state_service(s, a, port, proto);

	return p == NULL && here ? state_node_port(s, port, proto) : p;
}

bool
service_lacks(const struct state *s, const struct svc_port *p, const struct addr *a,
    uint16_t port)
{
	return s->services.v[p->service].endpoints_known &&
	    state_endpoint(s, p, a, port) == NULL;
}

static bool
is_translated(const struct ct_entry *ct)
{
	return !addr_eq(&ct->orig.dst, &ct->reply.src) ||
	    ct->orig.dport != ct->reply.sport;
}

static bool
is_here(const struct state *s, const struct addr *a)
{
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, a))
			return true;
	return false;
}

/* The kernel makes a new entry when a closed connection is opened again. */
static bool
is_closing(const struct ct_entry *ct)
{
	static const char *const states[] = { "TIME_WAIT", "CLOSE", "LAST_ACK",
		"CLOSE_WAIT", "FIN_WAIT" };

	if (ct->state == NULL)
		return false;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(ct->state, states[i]) == 0)
			return true;
	return false;
}

/* An address that this node's ENIs own for pods: ipamd knows the pod that has it. */
static bool
is_of_eni(const struct state *s, const struct addr *a)
{
	for (uint32_t i = 0; i < s->eni_addrs.n; i++)
		if (prefix_contains(&s->eni_addrs.v[i].prefix, a))
			return true;
	return false;
}

static bool
is_in_use(const struct state *s, const struct ct_entry *ct)
{
	const struct addr *a = &ct->reply.src;

	if (ct->orig.proto != PROTO_TCP || ct->status & CT_UNREPLIED ||
	    (ct->state != NULL && strcmp(ct->state, "SYN_SENT") == 0))
		return false;
	return state_pod_addr(s, a) != NULL || (!state_has(s, PART_PODS) &&
	    !(state_has(s, PART_IPAM) && is_of_eni(s, a)));
}

const struct svc_port *
service_stale_entry(const struct state *s, const struct ct_entry *ct)
{
	const struct tuple *o = &ct->orig;
	const struct svc_port *p;

	if (!is_translated(ct) || is_closing(ct) || o->proto == PROTO_ICMP ||
	    o->proto == PROTO_ICMPV6)
		return NULL;
	p = service_port_of(s, &o->dst, o->dport, o->proto, false);
	if (p == NULL && is_here(s, &o->dst))
		p = service_port_of(s, &o->dst, o->dport, o->proto, true);
	if (p == NULL || !service_lacks(s, p, &ct->reply.src, ct->reply.sport) ||
	    is_in_use(s, ct))
		return NULL;
	return p;
}

unsigned
service_stale_entries(const struct state *s, bool (*cb)(void *arg,
    const struct ct_entry *, const struct svc_port *), void *arg)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < s->conntrack.n; i++) {
		const struct ct_entry *ct = &s->conntrack.v[i];
		const struct svc_port *p = service_stale_entry(s, ct);

		if (p == NULL)
			continue;
		n++;
		if (cb != NULL && !cb(arg, ct, p))
			break;
	}
	return n;
}
