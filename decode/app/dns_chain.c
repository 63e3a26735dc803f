/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_chain.c - from the name asked for, through CNAMEs, to addresses (RFC 1034
 * section 3.6.2).
 *
 * Records may come in any order.  What does not hang together with the question
 * says nothing about the name.
 */
#include "decode/app/dns_int.h"

static const struct dns_record *
next_alias(const struct dns_message *m, const char *name, uint32_t *used)
{
	for (unsigned i = 0; i < m->n_records; i++) {
		const struct dns_record *x = &m->records[i];

		if (x->type != DNS_CNAME || *used >> i & 1 ||
		    !dns_name_eq(x->owner, name))
			continue;
		*used |= UINT32_C(1) << i;
		return x;
	}
	return NULL;
}

static void
note_ttl(struct dns_result *out, uint32_t ttl, bool first)
{
	if (first || ttl < out->ttl)
		out->ttl = ttl;
}

static void
collect(const struct dns_message *m, const char *name, struct dns_result *out)
{
	for (unsigned i = 0; i < m->n_records; i++) {
		const struct dns_record *x = &m->records[i];

		if (x->type == DNS_CNAME || (x->type != m->type && m->type != DNS_ANY) ||
		    !dns_name_eq(x->owner, name))
			continue;
		note_ttl(out, x->ttl, out->n_cnames == 0 && out->n_addrs == 0);
		out->addrs[out->n_addrs++] = &x->addr;
	}
}

static uint8_t
outcome_of(const struct dns_message *m, const struct dns_result *r)
{
	if (m->rcode != DNS_NOERROR)
		return DNS_FAILED;
	/* Without the question, or cut: as the header says. */
	if (r->n_addrs > 0 || m->n_of_type > 0 ||
	    ((m->cut || !m->has_question) && m->n_answers > 0))
		return DNS_ANSWERED;
	return DNS_EMPTY;
}

void
dns_follow(const struct dns_message *m, struct dns_result *out)
{
	const struct dns_record *x;
	const char *name = m->name;
	uint32_t used = 0;

	_Static_assert(DNS_MAX_RECORDS <= 32, "`used` has a bit for each");
	out->n_cnames = out->n_addrs = 0;
	out->ttl = 0;
	out->cname = NULL;
	if (m->has_question && (m->class == DNS_IN || m->class == DNS_ANY_CLASS)) {
		while ((x = next_alias(m, name, &used)) != NULL) {
			note_ttl(out, x->ttl, out->n_cnames == 0);
			out->n_cnames++;
			out->cname = name = x->target;
		}
		collect(m, name, out);
	}
	out->outcome = outcome_of(m, out);
}
