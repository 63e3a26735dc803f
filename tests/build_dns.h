/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build_dns.h - DNS messages for tests, put together section by section.
 *
 *	struct dns_built b;
 *
 *	dns_begin(&b, 0x1234, DNS_QR);
 *	dns_question(&b, "www.example.com", DNS_A);
 *	dns_address(&b, "@12", 60, "192.0.2.1");
 *
 * A name is dotted text; a last label "@N" is a pointer to byte N.  The header's
 * counts follow what is put.
 */
#ifndef TESTS_BUILD_DNS_H
#define TESTS_BUILD_DNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/dns.h"

#define DNS_QR		0x8180	/* an answer, recursion desired and available */
#define DNS_ASK		0x0100	/* a question, recursion desired */
#define DNS_TC		0x0200
#define DNS_ROOM	65536

enum dns_section { DNS_S_QUESTION, DNS_S_ANSWER, DNS_S_AUTHORITY, DNS_S_ADDITIONAL };

struct dns_built {
	uint8_t	b[DNS_ROOM];
	size_t	n;
};

static inline void
dns_put(struct dns_built *d, const void *p, size_t n)
{
	assert_true(d->n + n <= sizeof(d->b));
	memcpy(d->b + d->n, p, n);
	d->n += n;
}

static inline void
dns_put16(struct dns_built *d, unsigned v)
{
	dns_put(d, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static inline void
dns_begin(struct dns_built *d, unsigned id, unsigned flags)
{
	d->n = 0;
	dns_put16(d, id);
	dns_put16(d, flags);
	dns_put(d, (uint8_t[8]){ 0 }, 8);
}

static inline void
dns_count(struct dns_built *d, enum dns_section s, int by)
{
	size_t at = 4 + 2 * (size_t)s;
	unsigned v = (unsigned)(d->b[at] << 8 | d->b[at + 1]) + (unsigned)by;

	d->b[at] = (uint8_t)(v >> 8);
	d->b[at + 1] = (uint8_t)v;
}

static inline void
dns_put_name(struct dns_built *d, const char *name)
{
	while (*name != '\0' && *name != '@') {
		size_t n = strcspn(name, ".");

		assert_true(n > 0 && n < 256);
		dns_put(d, &(uint8_t){ (uint8_t)n }, 1);
		dns_put(d, name, n);
		name += n + (name[n] == '.');
	}
	if (*name == '@')
		dns_put16(d, 0xc000u | (unsigned)atoi(name + 1));
	else
		dns_put(d, "", 1);
}

static inline void
dns_question_class(struct dns_built *d, const char *name, unsigned type, unsigned class)
{
	dns_count(d, DNS_S_QUESTION, 1);
	dns_put_name(d, name);
	dns_put16(d, type);
	dns_put16(d, class);
}

static inline void
dns_question(struct dns_built *d, const char *name, unsigned type)
{
	dns_question_class(d, name, type, DNS_IN);
}

/* Up to its data, whose length is not known yet; where that begins. */
static inline size_t
dns_record_begin(struct dns_built *d, enum dns_section s, const char *owner,
    unsigned type, unsigned class, uint32_t ttl)
{
	dns_count(d, s, 1);
	dns_put_name(d, owner);
	dns_put16(d, type);
	dns_put16(d, class);
	dns_put16(d, ttl >> 16);
	dns_put16(d, ttl & 0xffff);
	dns_put16(d, 0);
	return d->n;
}

static inline void
dns_record_end(struct dns_built *d, size_t begin)
{
	d->b[begin - 2] = (uint8_t)((d->n - begin) >> 8);
	d->b[begin - 1] = (uint8_t)(d->n - begin);
}

static inline void
dns_record(struct dns_built *d, enum dns_section s, const char *owner, unsigned type,
    unsigned class, uint32_t ttl, const void *data, size_t n)
{
	size_t begin = dns_record_begin(d, s, owner, type, class, ttl);

	dns_put(d, data, n);
	dns_record_end(d, begin);
}

static inline void
dns_address(struct dns_built *d, const char *owner, uint32_t ttl, const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	if (addr_is_v4(&a))
		dns_record(d, DNS_S_ANSWER, owner, DNS_A, DNS_IN, ttl, a.b + 12, 4);
	else
		dns_record(d, DNS_S_ANSWER, owner, DNS_AAAA, DNS_IN, ttl, a.b, 16);
}

static inline void
dns_alias(struct dns_built *d, const char *owner, uint32_t ttl, const char *target)
{
	size_t begin = dns_record_begin(d, DNS_S_ANSWER, owner, DNS_CNAME, DNS_IN, ttl);

	dns_put_name(d, target);
	dns_record_end(d, begin);
}

/* An EDNS record: `upper` bits of the return code, options as they are. */
static inline void
dns_edns(struct dns_built *d, unsigned upper, const void *options, size_t n)
{
	dns_record(d, DNS_S_ADDITIONAL, "", 41, 1232, (uint32_t)upper << 24, options, n);
}

/* In a buffer of exactly that size, so that a sanitizer sees a read past its end. */
static inline bool
dns_parse_n(const struct dns_built *d, size_t n, size_t len, struct dns_message *m,
    const char **why)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool good;

	assert_non_null(copy);
	memcpy(copy, d->b, n);
	good = dns_parse(copy, n, len, m, why);
	free(copy);
	return good;
}

/* It must be right. */
static inline void
dns_read(const struct dns_built *d, struct dns_message *m)
{
	const char *why;

	if (!dns_parse_n(d, d->n, d->n, m, &why))
		fail_msg("%s", why);
	assert_false(m->cut);
}

#endif
