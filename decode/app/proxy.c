/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy.c - which version a PROXY header has, and version 1, a line of text.
 *
 * Source: "The PROXY protocol, Versions 1 & 2", section 2.1.
 */
#include "decode/app/proxy.h"

#include <string.h>

#include "decode/app/proxy_int.h"
#include "decode/packet.h"

#define V1_MAX		107	/* CR LF included */
#define V1_SIGN_LEN	6	/* "PROXY " */
#define V2_SIGN_LEN	12

/* ---- version 1 */

struct line {
	const char	*p, *end;	/* without CR LF */
};

/* Bytes up to and with CR LF.  0: it is not there yet, or never (*why). */
static size_t
line_length(const uint8_t *p, size_t n, const char **why)
{
	size_t max = n < V1_MAX ? n : V1_MAX;

	for (size_t i = 0; i < max; i++) {
		if (p[i] == '\n') {
			*why = "a LF without CR in its line";
			return 0;
		}
		if (p[i] != '\r' || i + 1 == max)
			continue;
		if (p[i + 1] == '\n')
			return i + 2;
		*why = "a CR without LF in its line";
		return 0;
	}
	if (max == V1_MAX)
		*why = "its line is overlong";
	return 0;
}

/* The next word, with one space or the end of the line behind it; false when
   there is none, or none that fits. */
static bool
line_word(struct line *l, char *out, size_t room)
{
	size_t n = 0;

	while (l->p < l->end && *l->p != ' ' && n + 1 < room)
		out[n++] = *l->p++;
	out[n] = '\0';
	if (l->p < l->end && *l->p != ' ')
		return false;
	l->p += l->p < l->end;
	return n > 0 && strlen(out) == n;
}

static bool
line_addr(struct line *l, bool v6, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	/* An IPv6 address with a dotted end is not in the specification's grammar,
	   but is what inet_ntop(3) makes of a mapped one; it cannot be mistaken. */
	return line_word(l, text, sizeof(text)) &&
	    (strchr(text, ':') != NULL) == v6 && addr_parse(text, out);
}

static bool
line_port(struct line *l, uint16_t *out)
{
	char text[sizeof("65535")];
	uint32_t v = 0;

	if (!line_word(l, text, sizeof(text)) || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (const char *s = text; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (uint32_t)(*s - '0');
	}
	*out = (uint16_t)v;
	return v <= UINT16_MAX;
}

static const char *
v1_ends(struct line l, struct proxy_header *h)
{
	bool v6 = h->family == PROXY_INET6;

	if (!line_addr(&l, v6, &h->src))
		return "its source address is malformed";
	if (!line_addr(&l, v6, &h->dst))
		return "its destination address is malformed";
	if (!line_port(&l, &h->sport))
		return "its source port is malformed";
	/* A word at the end takes no space with it. */
	if (l.end[-1] == ' ' || !line_port(&l, &h->dport) || l.p != l.end)
		return "its destination port is malformed";
	h->has |= PROXY_HAS_ADDRS;
	h->transport = PROTO_TCP;
	return NULL;
}

/* Does the text after "PROXY " begin one of the three protocols, as far as it
   goes? */
static bool
v1_may_be(const uint8_t *p, size_t n)
{
	static const char *const words[] = { "TCP4 ", "TCP6 ", "UNKNOWN" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (memcmp(p, words[i], n < len ? n : len) == 0)
			return true;
	}
	return false;
}

const char *
proxy_v1(const uint8_t *p, size_t n, struct proxy_header *h, bool *whole)
{
	static const char unknown[] = "UNKNOWN";
	const char *why = NULL;
	size_t len = line_length(p, n, &why);
	struct line l;

	h->version = 1;
	h->len = (uint32_t)len;
	*whole = len > 0;
	if (!v1_may_be(p + V1_SIGN_LEN, n - V1_SIGN_LEN))
		return "its protocol is none of TCP4, TCP6, UNKNOWN";
	if (len == 0)
		return why;
	l = (struct line){ (const char *)p + V1_SIGN_LEN, (const char *)p + len - 2 };
	if (*l.p == 'U') {
		/* What comes after it is to be ignored. */
		l.p += sizeof(unknown) - 1;
		if (l.p > l.end || (l.p < l.end && *l.p != ' '))
			return "its protocol is none of TCP4, TCP6, UNKNOWN";
		h->unknown = true;
		return NULL;
	}
	if (l.end - l.p <= 5)
		return "its line ends early";
	h->family = l.p[3] == '4' ? PROXY_INET : PROXY_INET6;
	l.p += 5;
	return v1_ends(l, h);
}

/* ---- both */

/* Of a bad one nothing is told that could be believed. */
static struct proxy_header
bad(const struct proxy_header *h, const char *why)
{
	return (struct proxy_header){ .version = h->version, .local = h->local,
	    .len = h->len, .why = why };
}

enum proxy_result
proxy_parse(const uint8_t *p, size_t n, bool ended, struct proxy_header *out)
{
	struct proxy_header h = { 0 };
	const char *why = NULL;
	bool whole = false, v1;

	if (!proxy_may_begin(p, n))
		return PROXY_NONE;
	v1 = p[0] == 'P';
	h.version = v1 ? 1 : 2;
	if (n >= (v1 ? V1_SIGN_LEN : V2_SIGN_LEN))
		why = v1 ? proxy_v1(p, n, &h, &whole) : proxy_v2(p, n, &h, &whole);
	if (why == NULL && !whole) {
		if (!ended)
			return PROXY_MORE;
		if (n < PROXY_SIGN)
			return PROXY_NONE;
		why = "truncated";
	}
	*out = why != NULL ? bad(&h, why) : h;
	return why != NULL ? PROXY_BAD : PROXY_GOOD;
}
