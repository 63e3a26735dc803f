/* SPDX-License-Identifier: GPL-2.0-or-later */
/* annotate.c - what the comment of a recorded packet says of its flow. */
#include "ui/live/annotate.h"

#include <stdio.h>
#include <string.h>

#include "ui/out/format.h"
#include "ui/out/present.h"

/* A text of bounded length that is cut rather than overrun. */
struct note {
	char	*p;
	size_t	 len;
};

static void
put(struct note *n, const char *s)
{
	size_t left = ANNOTATE_MAX - 1 - n->len, len = strlen(s);

	if (len > left)
		len = left;
	memcpy(n->p + n->len, s, len);
	n->len += len;
	n->p[n->len] = '\0';
}

static void
put_end(struct note *n, const struct addr *a, uint16_t port,
    enum present_ids ids)
{
	char addr[ADDR_TEXT_MAX + 1] = "", tail[16];
	bool bracket = ids == IDS_PORTS && !addr_is_v4(a);

	addr[format_addr(addr, a)] = '\0';
	if (bracket)
		put(n, "[");
	put(n, addr);
	if (bracket)
		put(n, "]");
	if (ids == IDS_PORTS) {
		snprintf(tail, sizeof(tail), ":%u", port);
		put(n, tail);
	}
}

static void
put_tuple(struct note *n, const struct tuple *t, enum present_ids ids)
{
	char id[16];

	put_end(n, &t->src, t->sport, ids);
	put(n, " > ");
	put_end(n, &t->dst, t->dport, ids);
	if (ids == IDS_ICMP) {
		snprintf(id, sizeof(id), " id %u", present_icmp_id(t));
		put(n, id);
	}
}

static void
put_translation(struct note *n, const struct flow *f, enum present_ids ids)
{
	if (!(f->has & FLOW_TRANSLATED))
		return;
	if (f->nat == 0) {
		put(n, ", no nat");
		return;
	}
	put(n, " as ");
	put_tuple(n, &f->translated, ids);
	put(n, f->nat == NAT_SNAT ? " (snat)" : f->nat == NAT_DNAT ? " (dnat)" :
	    " (snat, dnat)");
}

static void
put_pod(struct note *n, const struct pod *pod)
{
	char name[PRESENT_NAME_MAX];

	if (!present_pod(pod, name))
		return;
	put(n, ", pod ");
	put(n, name);
}

void
annotate(char out[static ANNOTATE_MAX], const struct flow *f)
{
	struct note n = { out, 0 };
	enum present_ids ids = present_ids(f);
	char head[48], proto[PRESENT_PROTO_MAX];

	snprintf(head, sizeof(head), "flow %llu: ", (unsigned long long)f->id);
	put(&n, head);
	put(&n, present_proto(f->proto, proto));
	put(&n, " ");
	put_tuple(&n, &f->original, ids);
	put_translation(&n, f, ids);
	put_pod(&n, f->node.pod);
	put(&n, "; ");
	put(&n, verdict_name(f->verdict));
	for (unsigned i = 0; i < f->n_findings; i++) {
		put(&n, i == 0 ? ": " : " ");
		put(&n, f->findings[i].code);
	}
}
