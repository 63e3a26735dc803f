/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifconfig.c - links and addresses as ifconfig(8) of net-tools prints them, in
 * the style of version 2 ("eth0: flags=") and in the older one ("eth0  Link
 * encap:").  An alias "eth0:1" is an address more of eth0.
 */
#include "capture/state/text/iproute2.h"

struct ifconfig {
	struct reader	*reader;
	unsigned long	 line;
	const char	*dev;
	uint32_t	 link;		/* index in state.links; STATE_NONE: an alias */
};

static struct link *
this_link(struct ifconfig *t)
{
	return t->link == STATE_NONE ? NULL : &t->reader->state->links.v[t->link];
}

/* ---- an interface begins */

static bool
take_name(struct ifconfig *t, struct word name)
{
	const char *colon = memchr(name.p, ':', name.len);
	bool alias = colon != NULL;
	struct link *l;

	if (alias)
		name.len = (size_t)(colon - name.p);
	t->dev = NULL;
	t->link = STATE_NONE;
	if (!word_is_dev(&name))
		return false;
	t->dev = state_text(t->reader->state, name.p, name.len);
	if (alias)
		return true;
	l = state_push(t->reader->state, links);
	if (l == NULL)
		return true;
	t->link = t->reader->state->links.n - 1;
	l->name = t->dev;
	return true;
}

/* "flags=4163<UP,BROADCAST>" or the old style's line of flags. */
static bool
flags_up(const struct word *w)
{
	for (size_t i = 0; i + 2 <= w->len; i++)
		if (w->p[i] == 'U' && w->p[i + 1] == 'P' &&
		    (i == 0 || w->p[i - 1] == '<' || w->p[i - 1] == ',') &&
		    (i + 2 == w->len || w->p[i + 2] == ',' || w->p[i + 2] == '>'))
			return true;
	return false;
}

static void
take_mtu(struct ifconfig *t, const struct word *w)
{
	struct link *l = this_link(t);

	if (l != NULL && !word_number(w, UINT32_MAX, &l->mtu))
		reader_bad(t->reader, t->line, "'%.*s' is no MTU", QUOTED(w));
}

static void
take_mac(struct ifconfig *t, const struct word *w)
{
	struct link *l = this_link(t);

	if (l != NULL && word_mac(w, l->mac))
		l->has_mac = true;
}

/* ---- addresses */

static struct ifaddr *
keep_addr(struct ifconfig *t, const struct addr *a, uint8_t len)
{
	struct ifaddr *out = state_push(t->reader->state, addrs);

	if (out == NULL)
		return NULL;
	out->dev = t->dev;
	out->addr = *a;
	out->len = len;
	out->secondary = t->link == STATE_NONE;
	out->host_scope = strcmp(t->dev, "lo") == 0;
	return out;
}

/* 255.255.255.0 is 24: ones, then zeros. */
static bool
mask_len(const struct word *w, uint8_t *len)
{
	struct addr a;
	uint32_t m = 0;
	unsigned n = 0;

	if (!word_addr(w, &a) || !addr_is_v4(&a))
		return false;
	for (unsigned i = 12; i < 16; i++)
		m = m << 8 | a.b[i];
	while (n < 32 && m >> (31 - n) & 1)
		n++;
	if (n < 32 && m << n != 0)
		return false;
	*len = PREFIX_V4(n);
	return true;
}

static void
bad_address(struct ifconfig *t, const struct word *w)
{
	reader_bad(t->reader, t->line, "'%.*s' is no address of an interface",
	    QUOTED(w));
}

/* "inet 10.0.0.1  netmask 255.255.255.0" or
   "inet addr:10.0.0.1  Bcast:10.0.0.255  Mask:255.255.255.0" */
static void
take_inet(struct ifconfig *t, struct words ws)
{
	struct word host = { 0 }, w, mask = { 0 };
	uint8_t len = 128;
	struct addr a;

	if (!word_next(&ws, &host)) {
		bad_address(t, &host);
		return;
	}
	if (word_starts(&host, "addr:")) {
		host.p += strlen("addr:");
		host.len -= strlen("addr:");
	}
	while (word_next(&ws, &w)) {
		if (word_is(&w, "netmask") && word_next(&ws, &w))
			mask = w;
		else if (word_starts(&w, "Mask:"))
			mask = (struct word){ w.p + 5, w.len - 5 };
	}
	if (!word_addr(&host, &a) || (mask.len > 0 && !mask_len(&mask, &len))) {
		bad_address(t, &host);
		return;
	}
	keep_addr(t, &a, len);
}

/* "inet6 fe80::1  prefixlen 64  scopeid 0x20<link>" or
   "inet6 addr: fe80::1/64 Scope:Link" */
static void
take_inet6(struct ifconfig *t, struct words ws)
{
	struct word host = { 0 }, w;
	const char *slash;
	uint32_t len = 128;
	bool near = false, ok;
	struct ifaddr *out;
	struct addr a;

	if (word_next(&ws, &host) && word_is(&host, "addr:"))
		word_next(&ws, &host);
	slash = memchr(host.p, '/', host.len);
	w = host;
	if (slash != NULL) {
		w = (struct word){ slash + 1, (size_t)(host.p + host.len - slash - 1) };
		host.len = (size_t)(slash - host.p);
	}
	ok = slash == NULL || word_number(&w, 128, &len);
	while (word_next(&ws, &w)) {
		if (word_is(&w, "prefixlen") && word_next(&ws, &w))
			ok = word_number(&w, 128, &len);
		else if (word_is(&w, "Scope:Link") || word_is(&w, "Scope:Host") ||
		    word_is(&w, "0x20<link>") || word_is(&w, "0x10<host>"))
			near = true;
	}
	if (!ok || !word_addr(&host, &a)) {
		bad_address(t, &host);
		return;
	}
	out = keep_addr(t, &a, (uint8_t)len);
	if (out != NULL && near)
		out->host_scope = true;
}

/* ---- lines */

static void
take_below(struct ifconfig *t, struct words ws)
{
	struct word w;
	struct link *l = this_link(t);

	if (t->dev == NULL || !word_next(&ws, &w))
		return;
	if (word_is(&w, "inet")) {
		take_inet(t, ws);
	} else if (word_is(&w, "inet6")) {
		take_inet6(t, ws);
	} else if (word_is(&w, "ether")) {
		if (word_next(&ws, &w))
			take_mac(t, &w);
	} else {
		/* "UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1" */
		bool up = false;

		do {
			up |= word_is(&w, "UP");
			if (!word_starts(&w, "MTU:"))
				continue;
			w.p += 4;
			w.len -= 4;
			take_mtu(t, &w);
			if (l != NULL)
				l->down = !up;
		} while (word_next(&ws, &w));
	}
}

/* "eth0: flags=4163<UP,RUNNING>  mtu 9001" */
static void
take_new_style(struct ifconfig *t, struct words ws)
{
	struct link *l = this_link(t);
	struct word w;

	while (word_next(&ws, &w)) {
		if (word_starts(&w, "flags=") && l != NULL)
			l->down = !flags_up(&w);
		else if (word_is(&w, "mtu") && word_next(&ws, &w))
			take_mtu(t, &w);
	}
}

/* "eth0      Link encap:Ethernet  HWaddr 0A:18:37:9A:E0:9C" */
static void
take_old_style(struct ifconfig *t, struct words ws)
{
	struct word w;

	while (word_next(&ws, &w))
		if (word_is(&w, "HWaddr") && word_next(&ws, &w))
			take_mac(t, &w);
}

static void
take_first(struct ifconfig *t, const struct line *line)
{
	struct words ws = words_of(line->p, line->len), rest;
	struct word name, w;

	if (!word_next(&ws, &name) || word_starts(&name, "*") || name.p[0] == '#')
		return;
	rest = ws;
	if (word_next(&rest, &w)) {
		if (word_starts(&w, "flags=") && name.p[name.len - 1] == ':') {
			name.len--;
			if (take_name(t, name)) {
				take_new_style(t, ws);
				return;
			}
		} else if (word_is(&w, "Link") && take_name(t, name)) {
			take_old_style(t, ws);
			return;
		}
	}
	w = (struct word){ line->p, line->len };
	reader_bad(t->reader, t->line, "found '%.*s'; expected an interface such "
	    "as 'eth0: flags=4163<UP>  mtu 9001'", QUOTED(&w));
	t->dev = NULL;
	t->link = STATE_NONE;
}

void
read_ifconfig(struct reader *r)
{
	struct ifconfig t = { .reader = r, .link = STATE_NONE };
	struct line l = { 0 };

	while (reader_line(r, &l)) {
		t.line = l.number;
		if (l.len == 0)
			continue;
		if (is_blank(l.p[0]))
			take_below(&t, words_of(l.p, l.len));
		else
			take_first(&t, &l);
	}
	merge_links(r);
	merge_addrs(r);
}
