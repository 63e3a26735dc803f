/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prefix.c - ranges of addresses: containment, text (RFC 4632 section 3.1, RFC 4291
   section 2.3). */
#include "decode/prefix.h"

static bool
bits_eq(const uint8_t a[static 16], const uint8_t b[static 16], unsigned n)
{
	unsigned bytes = n / 8;
	uint8_t mask = (uint8_t)(0xff00 >> n % 8);

	return memcmp(a, b, bytes) == 0 &&
	    (n % 8 == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

bool
prefix_contains(const struct prefix *p, const struct addr *a)
{
	return bits_eq(p->addr.b, a->b, p->len);
}

bool
prefix_eq(const struct prefix *x, const struct prefix *y)
{
	return x->len == y->len && addr_eq(&x->addr, &y->addr);
}

struct prefix
prefix_of(const struct addr *a, uint8_t len)
{
	struct prefix p = { .len = len };

	memcpy(p.addr.b, a->b, len / 8);
	if (len % 8 != 0)
		p.addr.b[len / 8] = a->b[len / 8] & (uint8_t)(0xff00 >> len % 8);
	return p;
}

/* Up to three digits and nothing else. */
static bool
parse_len(const char *s, unsigned max, unsigned *out)
{
	unsigned n = 0;

	if (s[0] == '\0' || strlen(s) > 3)
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (unsigned)(*s - '0');
	}
	*out = n;
	return n <= max;
}

bool
prefix_parse(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_TEXT_MAX];
	struct addr a;
	unsigned whole, len;
	bool v4;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!addr_parse(host, &a))
		return false;
	v4 = strchr(host, ':') == NULL;
	whole = len = v4 ? 32 : 128;
	if (slash != NULL && !parse_len(slash + 1, whole, &len))
		return false;
	*out = prefix_of(&a, (uint8_t)(128 - whole + len));
	return true;
}

size_t
prefix_format(const struct prefix *p, char out[static PREFIX_TEXT_MAX])
{
	size_t n = addr_format(&p->addr, out);
	unsigned len = p->len >= 96 && addr_is_v4(&p->addr) ? p->len - 96u : p->len;

	if (p->len == 128)
		return n;
	out[n++] = '/';
	if (len >= 100)
		out[n++] = (char)('0' + len / 100);
	if (len >= 10)
		out[n++] = (char)('0' + len / 10 % 10);
	out[n++] = (char)('0' + len % 10);
	out[n] = '\0';
	return n;
}
