/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * who_target.c - ADDRESS[:PORT[/PROTO]][@TIME] as people write it: an IPv6 address
 * before a port stands in brackets (RFC 3986), times are RFC 3339, a time of day,
 * or seconds since the epoch, all in UTC where no zone is told.
 */
#include <stdio.h>
#include <string.h>

#include "capture/state/documents/rfc3339.h"
#include "ui/out/format.h"
#include "ui/who/who.h"

#define DAY_NS		(86400 * NS_PER_SEC)
#define MAX_SECONDS	(INT64_MAX / NS_PER_SEC)

#define SAY(error, ...)	(snprintf((error), WHO_ERROR_MAX, __VA_ARGS__), false)

/* Digits after the point of a second, if there is one; the span that they leave. */
static bool
parse_fraction(const char **s, int64_t *ns, int64_t *span)
{
	*ns = 0;
	*span = NS_PER_SEC;
	if (**s != '.')
		return true;
	if (*++*s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; ++*s) {
		if (*span == 1)
			continue;
		*span /= 10;
		*ns += *span * (**s - '0');
	}
	return true;
}

/* Up to `max_digits` digits, one at least. */
static bool
parse_digits(const char **s, unsigned max_digits, int64_t *v)
{
	unsigned n;

	*v = 0;
	for (n = 0; n < max_digits && **s >= '0' && **s <= '9'; n++, ++*s)
		*v = *v * 10 + (**s - '0');
	return n > 0;
}

static bool
parse_clock(const char *s, struct who_target *t)
{
	int64_t h, m, sec, ns;

	if (!parse_digits(&s, 2, &h) || *s++ != ':' || !parse_digits(&s, 2, &m) ||
	    *s++ != ':' || !parse_digits(&s, 2, &sec) ||
	    !parse_fraction(&s, &ns, &t->span_ns))
		return false;
	if (*s == 'Z')
		s++;
	if (*s != '\0')
		return false;
	t->at.ns = ((h * 60 + m) * 60 + sec) * NS_PER_SEC + ns;
	return h < 24 && m < 60 && sec < 60;
}

static bool
parse_epoch(const char *s, struct who_target *t)
{
	int64_t sec, ns;

	if (!parse_digits(&s, 10, &sec) || !parse_fraction(&s, &ns, &t->span_ns) ||
	    *s != '\0' || sec >= MAX_SECONDS)
		return false;
	t->at.ns = sec * NS_PER_SEC + ns;
	t->has_day = true;
	return true;
}

static bool
parse_rfc3339(const char *s, struct who_target *t)
{
	const char *point = strchr(s, '.');
	int64_t ns;

	if (!rfc3339_parse(s, &t->at))
		return false;
	t->span_ns = NS_PER_SEC;
	if (point != NULL)
		parse_fraction(&point, &ns, &t->span_ns);
	t->has_day = true;
	return true;
}

static bool
parse_time(const char *s, struct who_target *t, char error[static WHO_ERROR_MAX])
{
	t->has_time = true;
	if (parse_clock(s, t) || parse_epoch(s, t) || parse_rfc3339(s, t))
		return true;
	return SAY(error, "'%s' is no time: expected RFC 3339 (2026-11-20T17:33:23Z, or "
	    "with +09:00 for Z), HH:MM:SS[.fraction] in UTC, or seconds since 1970", s);
}

static bool
parse_proto(const char *s, struct who_target *t, char error[static WHO_ERROR_MAX])
{
	static const struct { const char *name; uint8_t proto; } known[] = {
		{ "tcp", PROTO_TCP }, { "udp", PROTO_UDP }, { "icmp", PROTO_ICMP },
		{ "icmpv6", PROTO_ICMPV6 }, { "ipv6-icmp", PROTO_ICMPV6 },
		{ "sctp", PROTO_SCTP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(s, known[i].name) != 0)
			continue;
		t->proto = known[i].proto;
		if (t->proto == PROTO_ICMP && !addr_is_v4(&t->addr))
			t->proto = PROTO_ICMPV6;
		return true;
	}
	return SAY(error, "'%s' is no protocol with ports: expected tcp, udp, icmp or "
	    "sctp", s);
}

/* ":PORT[/PROTO]", or nothing. */
static bool
parse_port(char *s, struct who_target *t, char error[static WHO_ERROR_MAX])
{
	char *slash = strchr(s, '/');
	const char *p = s + 1;
	int64_t port;

	if (*s == '\0')
		return true;
	if (slash != NULL)
		*slash = '\0';
	if (*s == '\0')
		return SAY(error, "'' is no port: the protocol comes after one, as in "
		    "ADDRESS:PORT/%s", slash != NULL ? slash + 1 : "tcp");
	if (*s != ':' || !parse_digits(&p, 6, &port) || *p != '\0' ||
	    port > UINT16_MAX)
		return SAY(error, "'%s' is no port: expected a number up to 65535",
		    *s == ':' ? s + 1 : s);
	t->has_port = true;
	t->port = (uint16_t)port;
	return slash == NULL || parse_proto(slash + 1, t, error);
}

/* The end of the address in `s`, which is cut there; the rest begins with ':', '/'
   or is empty. */
static bool
parse_addr(char *s, char **rest, struct who_target *t)
{
	char *end, cut;
	bool fine;

	if (*s == '[') {
		end = strchr(++s, ']');
		if (end == NULL)
			return false;
		*end = '\0';
		*rest = end + 1;
		return strchr(s, ':') != NULL && addr_parse(s, &t->addr);
	}
	/* One colon is that of a port, more are those of an IPv6 address. */
	end = strchr(s, ':');
	if (end == NULL || strchr(end + 1, ':') != NULL)
		end = s + strcspn(s, "/");
	cut = *end;
	*end = '\0';
	fine = addr_parse(s, &t->addr);
	*end = cut;
	*rest = end;
	return fine;
}

bool
who_target_parse(const char *text, struct who_target *t,
    char error[static WHO_ERROR_MAX])
{
	char copy[256], *rest, *at;

	*t = (struct who_target){ 0 };
	if (strlen(text) >= sizeof(copy))
		return SAY(error, "'%.40s...' is too long for an address", text);
	strcpy(copy, text);
	at = strchr(copy, '@');
	if (at != NULL)
		*at++ = '\0';
	if (!parse_addr(copy, &rest, t))
		return SAY(error, "'%s' is no address: expected ADDRESS:PORT[/PROTO]"
		    "[@TIME], such as 192.168.3.243:21015 or [2001:db8::1]:443", text);
	return parse_port(rest, t, error) && (at == NULL || parse_time(at, t, error));
}

bool
who_target_day(struct who_target *t, struct nstime first, struct nstime last)
{
	int64_t lo = format_day(first), hi = format_day(last), fits = 0, at = t->at.ns;

	if (!t->has_time || t->has_day)
		return true;
	t->has_day = true;
	t->at.ns = lo * DAY_NS + at;
	/* More days than one: it may fit on the first, on the last, and surely does
	   on those between. */
	if (hi - lo > 2)
		return false;
	for (int64_t day = lo; day <= hi; day++) {
		int64_t from = day * DAY_NS + at;

		if (from + t->span_ns <= first.ns || from > last.ns)
			continue;
		if (fits++ == 0)
			t->at.ns = from;
	}
	return fits < 2;
}
