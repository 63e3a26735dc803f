/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns.c - DNS messages, RFC 1035 section 4 (compression: 4.1.4), with the upper
 * bits of the return code from EDNS (RFC 6891 section 6.1.3).
 *
 * Every step goes forward in the message, and a pointer goes back before the
 * labels that led to it, so that no name takes more than DNS_NAME_HOPS of them.
 */
#include "decode/app/dns_int.h"

#include <string.h>

#include "decode/packet/bytes.h"

#define HEADER		12
#define NAME_WIRE_MAX	255	/* RFC 1035 section 2.3.4, the root's byte included */
#define DNS_NAME_HOPS	128	/* a name has no more labels */
#define TYPE_OPT	41

enum section { ANSWER, AUTHORITY, ADDITIONAL };

struct reader {
	const uint8_t	*p;
	size_t		 n, len;	/* captured, of the whole message; n <= len */
	size_t		 at;		/* <= n */
	bool		 cut;		/* what was asked for last was not captured */
	const char	*why;		/* the message is none; NULL */
};

static bool
fail(struct reader *r, const char *why)
{
	r->why = why;
	return false;
}

/* Are there k bytes at `at`? */
static bool
has(struct reader *r, size_t at, size_t k, const char *why)
{
	if (k > r->len - at)
		return fail(r, why);
	if (at > r->n || k > r->n - at) {
		r->cut = true;
		return false;
	}
	return true;
}

/* ---- names */

static const char ends_in_name[] = "it ends inside a name";

/* The message's own bytes as master files have them (RFC 1035 section 5.1). */
enum { PLAIN, QUOTED, DECIMAL };

static uint8_t
spelling(uint8_t c)
{
	switch (c) {
	case '"': case '$': case '(': case ')': case '.': case ';': case '@': case '\\':
		return QUOTED;
	default:
		return c > ' ' && c < 0x7f ? PLAIN : DECIMAL;
	}
}

struct text {
	char	*out;		/* of DNS_NAME_MAX bytes */
	size_t	 n;
	bool	 full;		/* it does not fit */
};

static void
put_label(struct text *t, const uint8_t *p, size_t n)
{
	/* Bytes that need room for an escape are rare. */
	if (t->full || t->n + 1 + 4 * n + 1 > DNS_NAME_MAX) {
		size_t need = t->n > 0;

		for (size_t i = 0; i < n; i++)
			need += spelling(p[i]) == PLAIN ? 1 :
			    spelling(p[i]) == QUOTED ? 2 : 4;
		if (t->full || t->n + need + 1 > DNS_NAME_MAX) {
			t->full = true;
			return;
		}
	}
	if (t->n > 0)
		t->out[t->n++] = '.';
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i], s = spelling(c);

		if (s != PLAIN)
			t->out[t->n++] = '\\';
		if (s == DECIMAL) {
			t->out[t->n++] = (char)('0' + c / 100);
			t->out[t->n++] = (char)('0' + c / 10 % 10);
			c = (uint8_t)('0' + c % 10);
		}
		t->out[t->n++] = (char)c;
	}
}

static bool
take_pointer(struct reader *r, size_t at, size_t before, size_t *to)
{
	if (!has(r, at, 2, ends_in_name))
		return false;
	*to = get_be16(r->p + at) & 0x3fff;
	if (*to < HEADER)
		return fail(r, "a compression pointer into the header");
	if (*to >= before)
		return fail(r, "a compression pointer that does not go back");
	return true;
}

/* The name at r->at, into `out` unless that is NULL (then pointers are not
   followed).  *fits: it could be written. */
static bool
take_name(struct reader *r, char *out, bool *fits)
{
	struct text t = { .out = out };
	size_t at = r->at, first = r->at, end = 0, wire = 1;
	unsigned hops = 0;

	for (;;) {
		uint8_t c;

		if (!has(r, at, 1, ends_in_name))
			return false;
		c = r->p[at];
		if (c == 0)
			break;
		if (c >> 6 == 3) {
			size_t to;

			if (!take_pointer(r, at, first, &to))
				return false;
			end = end != 0 ? end : at + 2;
			if (out == NULL)
				break;
			if (++hops > DNS_NAME_HOPS)
				return fail(r, "a chain of compression pointers "
				    "without end");
			at = first = to;
			continue;
		}
		if (c >> 6 != 0)
			return fail(r, "a label of an unknown kind");
		if (!has(r, at + 1, c, ends_in_name))
			return false;
		wire += 1u + c;
		if (wire > NAME_WIRE_MAX)
			return fail(r, "a name of more than 255 bytes");
		if (out != NULL)
			put_label(&t, r->p + at + 1, c);
		at += 1u + c;
	}
	r->at = end != 0 ? end : at + 1;
	if (out == NULL)
		return true;
	if (t.n == 0)
		out[t.n++] = '.';
	out[t.full ? 0 : t.n] = '\0';
	*fits = !t.full;
	return true;
}

/* ---- sections */

static bool
take_question(struct reader *r, struct dns_message *m, bool first)
{
	bool fits = false;

	if (!take_name(r, first ? m->name : NULL, &fits) ||
	    !has(r, r->at, 4, "it ends inside a question")) {
		if (first)
			m->name[0] = '\0';
		return false;
	}
	if (first) {
		m->has_question = fits;
		m->type = get_be16(r->p + r->at);
		m->class = get_be16(r->p + r->at + 2);
	}
	r->at += 4;
	return true;
}

/* Keep what names lead to: its data is at r->at. */
static bool
keep(struct reader *r, struct dns_message *m, struct dns_record *x, size_t owner,
    size_t n)
{
	struct reader o = *r;
	bool fits = true, owner_fits = false;
	size_t end = r->at + n;

	if (x->type == DNS_A && n != 4)
		return fail(r, "an A record that is not 4 bytes long");
	if (x->type == DNS_AAAA && n != 16)
		return fail(r, "an AAAA record that is not 16 bytes long");
	x->target[0] = '\0';
	if (x->type == DNS_A)
		x->addr = addr_from_v4(r->p + r->at);
	else if (x->type == DNS_AAAA)
		x->addr = addr_from_v6(r->p + r->at);
	else if (!take_name(r, x->target, &fits))
		return false;
	else if (r->at != end)
		return fail(r, "a CNAME record that is not its name");
	o.at = owner;
	if (!take_name(&o, x->owner, &owner_fits)) {
		r->why = o.why;
		r->cut = o.cut;
		return false;
	}
	m->n_records += fits && owner_fits;
	return true;
}

static bool
is_of_type(const struct dns_message *m, uint16_t type)
{
	return m->has_question && (m->type == type || m->type == DNS_ANY ||
	    m->type == DNS_AXFR || m->type == DNS_IXFR);
}

static bool
take_record(struct reader *r, struct dns_message *m, enum section s)
{
	size_t owner = r->at, n;
	uint16_t type, class;
	uint32_t ttl;

	if (!take_name(r, NULL, NULL) || !has(r, r->at, 10, "it ends inside a record"))
		return false;
	type = get_be16(r->p + r->at);
	class = get_be16(r->p + r->at + 2);
	ttl = get_be32(r->p + r->at + 4);
	n = get_be16(r->p + r->at + 8);
	r->at += 10;
	if (s == ANSWER)
		m->n_of_type += is_of_type(m, type);
	if (s == ADDITIONAL && type == TYPE_OPT)
		m->rcode = (uint16_t)((m->rcode & 15) | ttl >> 24 << 4);
	if (!has(r, r->at, n, "a record that is longer than the message"))
		return false;
	if (s == ANSWER && class == DNS_IN && m->n_records < DNS_MAX_RECORDS &&
	    (type == DNS_A || type == DNS_AAAA || type == DNS_CNAME)) {
		struct dns_record *x = &m->records[m->n_records];
		size_t end = r->at + n;

		x->type = type;
		/* RFC 2181 section 8: 31 bits; with the upper one set it is 0. */
		x->ttl = ttl > INT32_MAX ? 0 : ttl;
		if (!keep(r, m, x, owner, n))
			return false;
		r->at = end;
		return true;
	}
	r->at += n;
	return true;
}

static bool
take_sections(struct reader *r, struct dns_message *m)
{
	const uint16_t questions = get_be16(r->p + 4);

	m->n_answers = get_be16(r->p + 6);
	r->at = HEADER;
	for (unsigned i = 0; i < questions; i++)
		if (!take_question(r, m, i == 0))
			return false;
	for (enum section s = ANSWER; s <= ADDITIONAL; s++) {
		uint16_t n = get_be16(r->p + 6 + 2 * s);

		for (unsigned i = 0; i < n; i++) {
			/* Some servers count what they left out. */
			if (m->truncated && r->at == r->len)
				return true;
			if (!take_record(r, m, s))
				return false;
		}
	}
	return true;
}

bool
dns_parse(const uint8_t *p, size_t n, size_t len, struct dns_message *m,
    const char **why)
{
	struct reader r = { .p = p, .n = n < len ? n : len, .len = len };

	m->id = m->type = m->class = m->rcode = 0;
	m->answer = m->truncated = m->cut = m->has_question = false;
	m->opcode = 0;
	m->name[0] = '\0';
	m->n_answers = m->n_of_type = m->n_records = 0;
	if (len < HEADER) {
		*why = "shorter than a DNS header";
		return false;
	}
	if (r.n >= 2)
		m->id = get_be16(p);
	if (r.n >= 4) {
		m->answer = p[2] >> 7;
		m->opcode = p[2] >> 3 & 15;
		m->truncated = p[2] >> 1 & 1;
		m->rcode = p[3] & 15;
	}
	m->cut = r.n < HEADER || (!take_sections(&r, m) && r.why == NULL);
	*why = r.why;
	return r.why == NULL;
}
