/* SPDX-License-Identifier: GPL-2.0-or-later */
/* present.c - what every output says in the same way about a flow. */
#include "ui/present.h"

#include "ui/format.h"

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
