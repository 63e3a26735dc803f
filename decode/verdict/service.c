/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.c - a flow of a Service that was led to what is none of its endpoints:
 * the endpoint is gone, and conntrack may be why it is still used.
 */
#include <stdio.h>
#include <string.h>

#include "decode/app/stale.h"
#include "decode/packet.h"
#include "decode/verdict/judge_int.h"

#define END_TEXT	(ADDR_TEXT_MAX + 8)

static const char *
end_text(const struct addr *a, uint16_t port, char out[static END_TEXT])
{
	char text[ADDR_TEXT_MAX];
	bool v4 = addr_is_v4(a);

	addr_format(a, text);
	snprintf(out, END_TEXT, "%s%s%s:%u", v4 ? "" : "[", text, v4 ? "" : "]", port);
	return out;
}

static bool
is_said(const struct flow *f, const char *code)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return true;
	return false;
}

/* The entry decides for as long as it lives: rules are asked for the first packet
   of a connection alone. */
static void
note_entry(const struct trial *t, const struct service *v)
{
	const struct ct_entry *ct = t->f->node.ct;
	const struct tuple *x = &t->f->translated;
	const char *proto = proto_name(t->f->proto);
	char dst[ADDR_TEXT_MAX], end[END_TEXT];
	struct finding *g;

	if (ct == NULL || !addr_eq(&ct->reply.src, &x->dst) ||
	    ct->reply.sport != x->dport || (!(ct->status & CT_UNREPLIED) &&
	    !same_name(ct->state, "SYN_SENT")) ||
	    is_said(t->f, finding_code_name(F_STALE_CONNTRACK)))
		return;
	g = finding_add(t->f, F_STALE_CONNTRACK, "conntrack's entry, which is not "
	    "answered, still translates to %s, no endpoint of %s/%s any more",
	    end_text(&x->dst, x->dport, end), v->ns, v->name);
	addr_format(&ct->orig.dst, dst);
	addr_format(&x->dst, end);
	if (proto != NULL)
		snprintf(g->fix, sizeof(g->fix), "conntrack -D -p %s --orig-dst %s "
		    "--reply-src %s", proto, dst, end);
}

void
trial_service(struct trial *t)
{
	const struct state *s = t->j->state;
	const struct tuple *o = &t->f->original, *x = &t->f->translated;
	const struct service *v;
	const struct svc_port *p;
	char end[END_TEXT];

	if (t->f->node.service == NULL || !(t->f->has & FLOW_TRANSLATED) ||
	    !(t->f->nat & NAT_DNAT))
		return;
	/* It has the name of a Service: where the address is none of one's, the node
	   port is meant. */
	p = service_port_of(s, &o->dst, o->dport, o->proto, true);
	if (p == NULL || !service_lacks(s, p, &x->dst, x->dport))
		return;
	v = &s->services.v[p->service];
	finding_add(t->f, F_ENDPOINT_GONE, "translated to %s, which is no endpoint of "
	    "%s/%s", end_text(&x->dst, x->dport, end), v->ns, v->name);
	note_entry(t, v);
}
