/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_dns.c - DNS messages come from any host, and what is kept of them must hold
 * whatever they say and in whatever order flows begin, join and go.
 *
 * Input: records of a head of 8 bytes and a message.  The head: what to do (0 to
 * 3 join or let go, else a message), flow, client, step of time in units of 50 ms
 * (two bytes), how many bytes the capture cut, length of the message (two bytes).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/app/dns.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define HEAD	8

static void
demand(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool
is_text(const char *s)
{
	size_t n = strnlen(s, DNS_NAME_MAX);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n < DNS_NAME_MAX;
}

static void
check_message(const struct dns_message *m, size_t n, size_t len)
{
	demand(is_text(m->name), "a name with odd bytes");
	demand(m->has_question == (m->name[0] != '\0') || !m->has_question, "no name");
	demand(m->n_records <= DNS_MAX_RECORDS, "more records than there is room for");
	demand(m->n_records <= m->n_answers, "more records than there are");
	demand(n < len || !m->cut, "cut, but all is there");
	for (unsigned i = 0; i < m->n_records; i++) {
		const struct dns_record *x = &m->records[i];

		demand(x->type == DNS_A || x->type == DNS_AAAA || x->type == DNS_CNAME,
		    "another type of record");
		demand(is_text(x->owner) && x->owner[0] != '\0', "an owner");
		demand(is_text(x->target) && (x->type == DNS_CNAME) ==
		    (x->target[0] != '\0'), "a target");
		demand(x->ttl <= INT32_MAX, "a TTL of more than 31 bits");
	}
}

static void
check_flow(struct dns_log *g, uint64_t flow)
{
	unsigned n, more;
	const struct dns_query *q = dns_log_queries(g, flow, &n, &more);

	demand(n <= DNS_FLOW_QUERIES && (q != NULL) == (n > 0), "how many queries");
	for (unsigned i = 0; i < n; i++) {
		demand(is_text(q[i].name) && q[i].name[0] != '\0', "a query's name");
		demand(q[i].outcome <= DNS_FAILED, "an outcome");
		demand((q[i].answers > 0) == (q[i].outcome != DNS_WAITING), "answers");
		demand(q[i].sent > 0 || q[i].answers > 0, "neither asked nor answered");
		demand((q[i].cname != NULL) == (q[i].n_cnames > 0), "a chain");
		demand(q[i].cname == NULL || is_text(q[i].cname), "the chain's end");
	}
}

/* What was just answered is known by that name, or, where another client's answer
   came too, by none. */
static void
check_names(struct dns_log *g, const struct dns_at *at, const struct dns_message *m)
{
	for (unsigned i = 0; i < m->n_records; i++) {
		const char *name = dns_log_name(g, &at->client, &m->records[i].addr, at->ts, 0);
		unsigned outcome;

		demand(name == NULL || is_text(name), "an address's name");
		if (dns_log_asked(g, &at->client, m->name, (struct nstime){ 0 }, at->ts,
		    &outcome))
			demand(outcome <= DNS_FAILED, "an outcome of what was asked");
	}
	dns_log_rate(g, &at->server, at->ts);
}

static void
take(struct dns_log *g, struct dns_at *at, const uint8_t *p, size_t n, size_t len)
{
	static const char *why;
	static struct dns_message m;
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		return;
	memcpy(copy, p, n);
	why = NULL;
	if (dns_parse(copy, n, len, &m, &why)) {
		demand(why == NULL, "a reason for what is right");
		check_message(&m, n, len);
		dns_log_message(g, at, &m);
		check_flow(g, at->flow);
		check_names(g, at, &m);
	} else {
		demand(why != NULL && why[0] != '\0', "no reason");
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_log *g = dns_log_new();
	struct nstime now = { INT64_C(1700000000) * NS_PER_SEC };

	while (g != NULL && size >= HEAD) {
		size_t len = (size_t)data[6] << 8 | data[7], n;
		struct dns_at at = { .flow = data[1] & 7, .client = { .b = { [10] = 0xff,
		    [11] = 0xff, [12] = 10, [15] = data[2] & 3 } },
		    .server = { .b = { [10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254,
		    [15] = data[2] >> 7 } } };
		uint8_t what = data[0], cut = data[5];

		now = nstime_add_ns(now, (int16_t)(data[3] << 8 | data[4]) * 50 *
		    NS_PER_MSEC);
		at.ts = now;
		data += HEAD;
		size -= HEAD;
		if (what < 3) {
			dns_log_joined(g, at.flow, what);
			check_flow(g, what);
			continue;
		}
		if (what == 3) {
			dns_log_gone(g, at.flow);
			check_flow(g, at.flow);
			continue;
		}
		n = len < size ? len : size;
		take(g, &at, data, n > cut ? n - cut : n, len > n ? n : len);
		data += n;
		size -= n;
	}
	dns_log_free(g);
	return 0;
}
