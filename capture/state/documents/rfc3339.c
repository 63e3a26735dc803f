/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rfc3339.c - times as RFC 3339 writes them, section 5.6. */
#include "capture/state/documents/rfc3339.h"

#include <stdio.h>
#include <time.h>

static bool
digits(const char **s, unsigned n, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
character(const char **s, char c)
{
	return *(*s)++ == c;
}

static bool
fraction(const char **s, int64_t *ns)
{
	int64_t unit = NS_PER_SEC;

	*ns = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++) {
		unit /= 10;
		*ns += unit * (**s - '0');
	}
	return unit != NS_PER_SEC;
}

/* Seconds east of UTC. */
static bool
zone(const char **s, int64_t *east)
{
	char sign = *(*s)++;
	int h, m;

	*east = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !digits(s, 2, &h) ||
	    !character(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*east = (h * 60 + m) * (sign == '+' ? 60 : -60);
	return true;
}

bool
rfc3339_parse(const char *s, struct nstime *out)
{
	struct tm tm = { 0 };
	int64_t ns, east, seconds;

	if (!digits(&s, 4, &tm.tm_year) || !character(&s, '-') ||
	    !digits(&s, 2, &tm.tm_mon) || !character(&s, '-') ||
	    !digits(&s, 2, &tm.tm_mday) || (*s != 'T' && *s != 't' && *s != ' '))
		return false;
	s++;
	if (!digits(&s, 2, &tm.tm_hour) || !character(&s, ':') ||
	    !digits(&s, 2, &tm.tm_min) || !character(&s, ':') ||
	    !digits(&s, 2, &tm.tm_sec) || !fraction(&s, &ns) ||
	    !zone(&s, &east) || *s != '\0')
		return false;
	/* struct nstime covers 1678 to 2262; :60 is a leap second */
	if (tm.tm_year < 1678 || tm.tm_year > 2261 || tm.tm_mon < 1 ||
	    tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	seconds = (int64_t)timegm(&tm) - east;
	*out = (struct nstime){ seconds * NS_PER_SEC + ns };
	return true;
}

size_t
rfc3339_format(struct nstime t, char out[static RFC3339_MAX])
{
	int64_t ns = t.ns % NS_PER_SEC;
	time_t seconds = (time_t)(t.ns / NS_PER_SEC);
	struct tm tm;
	size_t n;

	if (ns < 0) {
		ns += NS_PER_SEC;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	n = strftime(out, RFC3339_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	if (ns != 0) {
		n += (size_t)snprintf(out + n, RFC3339_MAX - n, ".%09d", (int)ns);
		while (out[n - 1] == '0')
			n--;
	}
	out[n++] = 'Z';
	out[n] = '\0';
	return n;
}
