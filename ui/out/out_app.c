/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_app.c - what payloads and the ends of a flow say, for a person: its role,
 * the client behind a load balancer, the questions of DNS.
 */
#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "ui/out/out_text.h"

#include <stdio.h>

static void
put_bytes(struct text *t, const char *before, const struct proxy_bytes *b)
{
	char buf[256];
	size_t n = b->n < sizeof(buf) - 1 ? b->n : sizeof(buf) - 1;

	if (b->n == 0)
		return;
	memcpy(buf, b->p, n);
	buf[n] = '\0';
	text_put(t, before);
	text_foreign(t, buf);
}

static void
put_client(struct text *t, const struct proxy_header *h)
{
	char version[40];

	out_text_word(t, "client");
	snprintf(version, sizeof(version), "PROXY protocol v%u", h->version);
	if (h->why != NULL) {
		text_put(t, "not believed, ");
		text_put(t, version);
		text_put(t, ": ");
		text_put(t, h->why);
	} else if (h->has & PROXY_HAS_ADDRS) {
		text_addr(t, &h->src);
		text_put(t, " port ");
		text_u64(t, h->sport);
		text_put(t, ", asked for ");
		text_addr(t, &h->dst);
		text_put(t, " port ");
		text_u64(t, h->dport);
		text_put(t, " (");
		text_put(t, version);
		text_put(t, ")");
	} else {
		text_put(t, h->local ? "the proxy itself (" : "not told (");
		text_put(t, version);
		text_put(t, h->local ? ", LOCAL)" : ")");
	}
	put_bytes(t, ", VPC endpoint ", &h->vpce);
	put_bytes(t, ", authority ", &h->authority);
	put_bytes(t, ", ALPN ", &h->alpn);
	put_bytes(t, ", ", &h->ssl_version);
	put_bytes(t, ", client certificate of ", &h->ssl_cn);
	text_newline(t);
}

static void
put_outcome(struct text *t, const struct dns_query *q)
{
	static const char *const outcomes[] = {
		[DNS_WAITING] = "no answer", [DNS_ANSWERED] = "answered",
		[DNS_EMPTY] = "nothing of that type", [DNS_FAILED] = "failed",
	};
	const char *rcode = dns_rcode_name(q->rcode);

	text_role(t, q->outcome == DNS_ANSWERED ? ROLE_PLAIN : ROLE_DOUBT);
	if (q->outcome == DNS_FAILED && rcode != NULL)
		text_put(t, rcode);
	else if (q->n_addrs > 0)
		text_addr(t, &q->addrs[0]);
	else
		text_put(t, outcomes[q->outcome]);
	text_role(t, ROLE_PLAIN);
	if (q->n_addrs > 1) {
		text_put(t, " and ");
		text_u64(t, q->n_addrs - 1);
		text_put(t, " more");
	}
}

static void
put_query(struct text *t, const struct dns_query *q, bool first)
{
	const char *type = dns_type_name(q->type);

	if (first)
		out_text_word(t, "DNS");
	else
		text_pad(t, OUT_COL_WORDS);
	if (type != NULL) {
		text_put(t, type);
	} else {
		text_put(t, "type ");
		text_u64(t, q->type);
	}
	text_put(t, " ");
	text_foreign(t, q->name);
	text_put(t, ": ");
	put_outcome(t, q);
	if (q->cname != NULL) {
		text_put(t, " as ");
		text_foreign(t, q->cname);
	}
	if (q->answered.ns != 0 && q->asked.ns != 0) {
		text_put(t, ", after ");
		text_span(t, q->answered.ns - q->asked.ns);
	}
	if (q->sent > 1) {
		text_put(t, ", asked ");
		text_u64(t, q->sent);
		text_put(t, " times");
	}
	text_newline(t);
}

void
out_app(struct text *t, const struct output_run *r, const struct flow *f)
{
	const struct flow_app *a = &f->app;

	(void)r;
	if (a->role != NULL) {
		out_text_word(t, "role");
		text_put(t, a->role);
		if (a->role_text != NULL) {
			text_put(t, ": ");
			text_put(t, a->role_text);
		}
		text_newline(t);
	}
	if (a->process != NULL && a->process->process != NULL) {
		out_text_word(t, "process");
		text_foreign(t, a->process->process);
		if (a->process->pid != 0) {
			text_put(t, ", pid ");
			text_u64(t, a->process->pid);
		}
		text_newline(t);
	}
	if (a->dns_name != NULL) {
		out_text_word(t, "asked as");
		text_foreign(t, a->dns_name);
		text_newline(t);
	}
	if (a->proxy != NULL)
		put_client(t, a->proxy);
	for (unsigned i = 0; i < a->n_queries; i++)
		put_query(t, &a->queries[i], i == 0);
	if (a->queries_left_out > 0) {
		text_pad(t, OUT_COL_WORDS);
		text_u64(t, a->queries_left_out);
		text_put(t, " more questions");
		text_newline(t);
	}
}
