/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_server.c - which kind of DNS server a flow asks.
 *
 * Sources: Kubernetes, "Using NodeLocal DNSCache in Kubernetes Clusters" (link-
 * local 169.254.20.10, and the address of Service kube-dns on the node's own
 * device); Amazon VPC User Guide, "DNS attributes for your VPC" (169.254.169.253,
 * fd00:ec2::253, the base of the VPC's range and two).
 */
#include "decode/app/dns_int.h"

#include "decode/contract.h"
#include "decode/flow.h"

static const char coredns[] = "coredns", nodelocal[] = "nodelocal";
static const char vpc_resolver[] = "vpc-resolver", external[] = "external";

static bool
is_v4(const struct addr *a, uint8_t b0, uint8_t b1, uint8_t b2, uint8_t b3)
{
	const uint8_t v4[4] = { b0, b1, b2, b3 };
	struct addr x = addr_from_v4(v4);

	return addr_eq(a, &x);
}

static bool
is_resolver_link_local(const struct addr *a)
{
	static const uint8_t v6[16] = { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02,
		[15] = 0x53 };

	return is_v4(a, 169, 254, 169, 253) || memcmp(a->b, v6, sizeof(v6)) == 0;
}

/* The base of a range of the VPC, and two. */
static bool
is_resolver_of_vpc(const struct contract *c, const struct addr *a)
{
	struct settings s;

	if (c == NULL || !addr_is_v4(a))
		return false;
	contract_settings(c, &s);
	for (unsigned i = 0; i < s.n_vpc; i++) {
		struct addr base = s.vpc[i].addr;

		if (!addr_is_v4(&base) || s.vpc[i].len > PREFIX_V4(28))
			continue;
		base.b[15] = (uint8_t)(base.b[15] | 2);
		if (addr_eq(&base, a))
			return true;
	}
	return false;
}

static bool
is_local(const struct state *s, const struct addr *a)
{
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, a))
			return true;
	return false;
}

/* Its Service, also that by which NodeLocal DNSCache reaches it. */
static bool
is_dns_service(const char *ns, const char *name)
{
	return ns != NULL && name != NULL && strcmp(ns, "kube-system") == 0 &&
	    (strcmp(name, "kube-dns") == 0 || strcmp(name, "coredns") == 0 ||
	    strcmp(name, "kube-dns-upstream") == 0);
}

static bool
is_dns_pod(const struct pod *p, const char *prefix)
{
	return p != NULL && p->ns != NULL && p->name != NULL &&
	    strcmp(p->ns, "kube-system") == 0 &&
	    strncmp(p->name, prefix, strlen(prefix)) == 0;
}

static bool
is_dns_endpoint(const struct state *s, const struct addr *a, uint16_t port)
{
	for (uint32_t i = 0; i < s->endpoints.n; i++) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->port == port && addr_eq(&e->addr, a) &&
		    is_dns_service(e->ns, e->service_name))
			return true;
	}
	return false;
}

static const char *
kind_by_state(const struct state *s, const struct flow *f, const struct addr *dst,
    uint16_t dport)
{
	const struct addr *asked = &f->original.dst;
	const struct svc_port *p = state_service(s, asked, f->original.dport, f->proto);
	bool service = is_dns_service(f->node.service_ns, f->node.service) ||
	    (p != NULL && is_dns_service(s->services.v[p->service].ns,
	    s->services.v[p->service].name));

	/* The Service's own address is on the node: the cache took it over. */
	if (service && is_local(s, asked))
		return nodelocal;
	if (is_dns_pod(state_pod_addr(s, dst), "node-local-dns"))
		return nodelocal;
	if (service || is_dns_pod(state_pod_addr(s, dst), "coredns-") ||
	    is_dns_endpoint(s, dst, dport))
		return coredns;
	return NULL;
}

/* Of no private network, whatever the VPC's ranges are (RFC 6890). */
static bool
is_public(const struct addr *a)
{
	const uint8_t *b = a->b + 12;

	if (!addr_is_v4(a))
		return (a->b[0] & 0xe0) == 0x20;
	return !(b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
	    (b[0] == 169 && b[1] == 254) || (b[0] == 192 && b[1] == 168) ||
	    (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	    (b[0] == 100 && (b[1] & 0xc0) == 64));
}

const char *
dns_server_kind(const struct state *s, const struct contract *c, const struct flow *f)
{
	bool after = f->has & FLOW_TRANSLATED;
	const struct addr *dst = after ? &f->translated.dst : &f->original.dst;
	uint16_t dport = after ? f->translated.dport : f->original.dport;
	const char *kind;
	int inside;

	if (is_v4(&f->original.dst, 169, 254, 20, 10))
		return nodelocal;
	kind = s != NULL ? kind_by_state(s, f, dst, dport) : NULL;
	if (kind != NULL)
		return kind;
	if (is_resolver_link_local(dst) || is_resolver_of_vpc(c, dst))
		return vpc_resolver;
	/* IPv6 addresses of a VPC are public too: only the contract tells. */
	inside = c != NULL ? contract_inside(c, dst) : -1;
	if (inside == 0 && is_public(dst))
		return external;
	return inside < 0 && addr_is_v4(dst) && is_public(dst) ? external : NULL;
}
