/* SPDX-License-Identifier: GPL-2.0-or-later */
/* present.c - what every output says in the same way about a flow. */
#include "ui/out/present.h"

#include <stdio.h>

#include "ui/out/format.h"

static bool
has_ids(const struct tuple *t)
{
	return t->sport != 0 || t->dport != 0;
}

enum present_ids
present_ids(const struct flow *f)
{
	bool any = has_ids(&f->original);
	unsigned i;

	for (i = 0; i < f->n_legs && !any; i++)
		any = has_ids(&f->legs[i].t);
	if (!any)
		return IDS_NONE;
	return f->proto == PROTO_ICMP || f->proto == PROTO_ICMPV6 ?
	    IDS_ICMP : IDS_PORTS;
}

uint16_t
present_icmp_id(const struct tuple *t)
{
	return t->sport != 0 ? t->sport : t->dport;
}

bool
present_src_changed(const struct flow *f)
{
	return (f->has & FLOW_TRANSLATED) &&
	    (!addr_eq(&f->original.src, &f->translated.src) ||
	    f->original.sport != f->translated.sport);
}

bool
present_dst_changed(const struct flow *f)
{
	return (f->has & FLOW_TRANSLATED) &&
	    (!addr_eq(&f->original.dst, &f->translated.dst) ||
	    f->original.dport != f->translated.dport);
}

const char *
present_proto(unsigned proto, char buf[static PRESENT_PROTO_MAX])
{
	const char *name = proto_name(proto);
	char digits[FORMAT_U64_MAX];
	size_t n;

	if (name != NULL)
		return name;
	n = format_u64(digits, proto & 0xff);
	memcpy(buf, digits, n);
	buf[n] = '\0';
	return buf;
}

unsigned
present_path(const struct flow *f, bool reply,
    unsigned path[static FLOW_MAX_LEGS])
{
	unsigned i, n = 0;

	for (i = 0; i < f->n_legs; i++)
		if (f->legs[i].reply == reply)
			path[n++] = i;
	return n;
}

bool
present_pod(const struct pod *p, char out[static PRESENT_NAME_MAX])
{
	if (p == NULL || p->name == NULL || p->host_network)
		return false;
	snprintf(out, PRESENT_NAME_MAX, "%s%s%s", p->ns != NULL ? p->ns : "",
	    p->ns != NULL ? "/" : "", p->name);
	return true;
}

static bool
has_addr(const struct pod *p, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < p->n_addrs; i++)
		if (addr_eq(&p->addrs[i], a))
			return true;
	return false;
}

const struct pod *
present_pod_of(const struct flow *f, const struct addr *a)
{
	const struct flow_node *n = &f->node;

	if (n->pod != NULL && (addr_eq(&n->pod_ip, a) || has_addr(n->pod, a)))
		return n->pod;
	return n->peer != NULL && has_addr(n->peer, a) ? n->peer : NULL;
}

bool
present_service(const struct flow *f, const struct addr *a,
    char out[static PRESENT_NAME_MAX])
{
	const struct flow_node *n = &f->node;

	/* a NodePort's address is the node's, and is better shown as that */
	if (n->service == NULL || n->kind == KIND_NODEPORT ||
	    !addr_eq(a, &f->original.dst))
		return false;
	snprintf(out, PRESENT_NAME_MAX, "%s.%s.svc", n->service,
	    n->service_ns != NULL ? n->service_ns : "default");
	return true;
}

bool
present_has_finding(const struct flow *f, const char *code)
{
	unsigned i;

	for (i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return true;
	return false;
}

const char *
present_table(uint32_t table, char buf[static PRESENT_TABLE_MAX])
{
	switch (table) {
	case TABLE_DEFAULT:
		return "default";
	case TABLE_MAIN:
		return "main";
	case TABLE_LOCAL:
		return "local";
	}
	snprintf(buf, PRESENT_TABLE_MAX, "%u", table);
	return buf;
}
