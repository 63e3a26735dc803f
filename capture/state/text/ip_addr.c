/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_addr.c - links, addresses and neighbours as `ip addr`, `ip -d link` and
 * `ip neigh` print them, with -o and -br too: iproute2's ip/ipaddress.c and
 * ip/ipneigh.c.
 */
#include "capture/state/text/iproute2.h"

struct addr_text {
	struct reader	*reader;
	unsigned long	 line;
	const char	*dev;		/* whose lines these are; NULL none yet */
	uint32_t	 link;		/* index in state.links; STATE_NONE none */
	struct word	 below;		/* "eth0" of "vlan.eth.1@eth0" */
};

static const struct { const char *kind; bool has_parent; } kinds[] = {
	{ "veth", false }, { "vlan", true }, { "bridge", false },
	{ "dummy", false }, { "vxlan", false }, { "geneve", false },
	{ "macvlan", true }, { "macvtap", true }, { "ipvlan", true },
	{ "ipvtap", true }, { "bond", false }, { "team", false },
	{ "tun", false }, { "gre", false }, { "gretap", false },
	{ "erspan", false }, { "ipip", false }, { "sit", false },
	{ "ip6tnl", false }, { "ip6gre", false }, { "ip6gretap", false },
	{ "vti", false }, { "vti6", false }, { "xfrm", false },
	{ "wireguard", false }, { "ifb", false }, { "vrf", false },
	{ "netkit", false }, { "nlmon", false }, { "netdevsim", false },
};

bool
link_kind_has_parent(const char *kind)
{
	struct word w = { kind, strlen(kind) };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (word_is(&w, kinds[i].kind))
			return kinds[i].has_parent;
	return false;
}

static const char *
keep(struct addr_text *t, const struct word *w)
{
	return state_text(t->reader->state, w->p, w->len);
}

static struct link *
this_link(struct addr_text *t)
{
	return t->link == STATE_NONE ? NULL : &t->reader->state->links.v[t->link];
}

/* ---- the line of a link */

/* "eth0", "eth0@if3" or "vlan.eth.1@eth0", with a colon behind or without. */
static bool
take_name(struct addr_text *t, const struct word *w)
{
	struct word name = *w;
	const char *at;

	if (name.len > 0 && name.p[name.len - 1] == ':')
		name.len--;
	at = memchr(name.p, '@', name.len);
	t->below = (struct word){ 0 };
	if (at != NULL) {
		t->below.p = at + 1;
		t->below.len = name.len - (size_t)(at + 1 - name.p);
		name.len = (size_t)(at - name.p);
	}
	if (!word_is_dev(&name))
		return false;
	t->dev = keep(t, &name);
	return true;
}

static bool
flags_have(const struct word *flags, const char *flag)
{
	const char *p = flags->p + 1, *end = flags->p + flags->len - 1;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		struct word w = { p, (size_t)((comma ? comma : end) - p) };

		if (word_is(&w, flag))
			return true;
		p = comma ? comma + 1 : end;
	}
	return false;
}

static bool
is_flags(const struct word *w)
{
	return w->len >= 2 && w->p[0] == '<' && w->p[w->len - 1] == '>';
}

static bool
operstate_down(const struct word *w)
{
	return word_is(w, "DOWN") || word_is(w, "LOWERLAYERDOWN") ||
	    word_is(w, "NOTPRESENT");
}

static struct link *
new_link(struct addr_text *t, uint32_t ifindex)
{
	struct link *l = state_push(t->reader->state, links);

	t->link = STATE_NONE;
	if (l == NULL)
		return NULL;
	t->link = t->reader->state->links.n - 1;
	l->name = t->dev;
	l->ifindex = ifindex;
	return l;
}

static void
take_kind(struct addr_text *t, const struct word *w, struct words *ws)
{
	struct link *l = this_link(t);
	struct word arg;
	uint32_t id;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (l == NULL || !word_is(w, kinds[i].kind))
			continue;
		l->kind = kinds[i].kind;
		if (kinds[i].has_parent && word_is_dev(&t->below))
			l->parent = keep(t, &t->below);
	}
	if (l == NULL || l->kind == NULL || !word_is(w, "vlan"))
		return;
	/* "vlan protocol 802.1Q id 10" */
	while (word_next(ws, &arg))
		if (word_is(&arg, "id") && word_next(ws, &arg)) {
			if (word_number(&arg, 4095, &id))
				l->vlan = (uint16_t)id;
			else
				reader_bad(t->reader, t->line, "'%.*s' is no number "
				    "of a VLAN", QUOTED(&arg));
			return;
		}
}

static void
take_mac(struct addr_text *t, struct words *ws)
{
	struct link *l = this_link(t);
	struct word w;

	/* a tunnel has an IP address there */
	if (l != NULL && word_next(ws, &w) && word_mac(&w, l->mac))
		l->has_mac = true;
}

/* ---- addresses */

static void
keep_addr(struct addr_text *t, const struct addr *a, uint8_t len, bool host_scope,
    bool secondary)
{
	struct ifaddr *out = state_push(t->reader->state, addrs);

	if (out == NULL)
		return;
	out->dev = t->dev;
	out->addr = *a;
	out->len = len;
	out->host_scope = host_scope;
	out->secondary = secondary;
}

/* "10.0.0.1/24", or the length alone comes with the peer. */
static bool
addr_and_len(const struct word *w, struct addr *a, uint8_t *len)
{
	const char *slash = memchr(w->p, '/', w->len);
	struct word host = *w;
	struct prefix net;

	if (slash != NULL)
		host.len = (size_t)(slash - w->p);
	if (!word_prefix(w, &net) || !word_addr(&host, a))
		return false;
	*len = net.len;
	return true;
}

static void
take_inet(struct addr_text *t, struct words *ws)
{
	bool host_scope = false, secondary = false;
	struct word w = { 0 };
	struct addr a, peer;
	uint8_t len;

	if (!word_next(ws, &w) || !addr_and_len(&w, &a, &len)) {
		reader_bad(t->reader, t->line, "found 'inet %.*s'; expected an "
		    "address such as 10.0.0.1/24", QUOTED(&w));
		return;
	}
	while (word_next(ws, &w)) {
		if (word_is(&w, "peer") && word_next(ws, &w)) {
			addr_and_len(&w, &peer, &len);
		} else if (word_is(&w, "scope") && word_next(ws, &w)) {
			host_scope = word_is(&w, "host") || word_is(&w, "link");
		} else if (word_is(&w, "secondary")) {
			secondary = true;
		}
	}
	keep_addr(t, &a, len, host_scope, secondary);
}

/* ---- lines */

/* What may follow the line of a link, behind blanks; details that say nothing
   about the way of a packet are passed over. */
static void
take_below(struct addr_text *t, struct words ws)
{
	struct word w;

	if (t->dev == NULL || !word_next(&ws, &w))
		return;
	if (word_is(&w, "inet") || word_is(&w, "inet6"))
		take_inet(t, &ws);
	else if (word_starts(&w, "link/"))
		take_mac(t, &ws);
	else
		take_kind(t, &w, &ws);
}

/* "2: eth0@if3: <UP,LOWER_UP> mtu 9001 ... state UP ..." */
static void
take_link(struct addr_text *t, uint32_t ifindex, const struct word *flags,
    struct words ws)
{
	struct link *l = new_link(t, ifindex);
	struct word w;

	if (l == NULL)
		return;
	l->down = !flags_have(flags, "UP");
	while (word_next(&ws, &w)) {
		if (word_is(&w, "mtu") && word_next(&ws, &w))
			word_number(&w, UINT32_MAX, &l->mtu);
		else if (word_is(&w, "state") && word_next(&ws, &w))
			l->down |= operstate_down(&w);
	}
}

static void
bad_line(struct addr_text *t, const struct line *l)
{
	struct word w = { l->p, l->len };

	reader_bad(t->reader, t->line, "found '%.*s'; expected a link such as "
	    "'2: eth0: <UP> mtu 9001'", QUOTED(&w));
	t->dev = NULL;
	t->link = STATE_NONE;
}

/* A line that begins with a number and a colon.  With -o its addresses and
   details follow on it, one line for each address. */
static void
take_numbered(struct addr_text *t, const struct line *line, struct words ws,
    uint32_t ifindex)
{
	struct word w;
	struct words rest;

	if (!word_next(&ws, &w) || !take_name(t, &w)) {
		bad_line(t, line);
		return;
	}
	rest = ws;
	if (!word_next(&rest, &w)) {
		bad_line(t, line);
		return;
	}
	if (is_flags(&w)) {
		take_link(t, ifindex, &w, rest);
		return;
	}
	if (!word_is(&w, "inet") && !word_is(&w, "inet6")) {
		bad_line(t, line);
		return;
	}
	new_link(t, ifindex);
	take_below(t, ws);
}

/* "eth0@if3  UP  10.0.0.1/24 fe80::1/64" or "eth0  UP  0a:... <UP,LOWER_UP>" */
static void
take_brief(struct addr_text *t, const struct line *line, struct words ws,
    const struct word *first)
{
	struct word w;
	struct link *l;
	struct addr a;
	uint8_t len;

	if (!take_name(t, first) || !word_next(&ws, &w) ||
	    (!operstate_down(&w) && !word_is(&w, "UP") && !word_is(&w, "UNKNOWN") &&
	    !word_is(&w, "DORMANT") && !word_is(&w, "TESTING"))) {
		bad_line(t, line);
		return;
	}
	l = new_link(t, 0);
	if (l == NULL)
		return;
	l->down = operstate_down(&w);
	while (word_next(&ws, &w)) {
		if (word_mac(&w, l->mac))
			l->has_mac = true;
		else if (is_flags(&w))
			l->down |= !flags_have(&w, "UP");
		else if (addr_and_len(&w, &a, &len))
			keep_addr(t, &a, len, false, false);
	}
}

static void
take_line(struct addr_text *t, const struct line *line)
{
	struct words ws = words_of(line->p, line->len);
	struct word w, number;
	uint32_t ifindex;

	if (is_blank(line->p[0])) {
		take_below(t, ws);
		return;
	}
	if (!word_next(&ws, &w) || word_starts(&w, "*") || w.p[0] == '#')
		return;
	number = w;
	number.len--;
	if (w.p[w.len - 1] == ':' && word_number(&number, INT32_MAX, &ifindex))
		take_numbered(t, line, ws, ifindex);
	else
		take_brief(t, line, ws, &w);
}

void
read_ip_addr(struct reader *r)
{
	struct addr_text t = { .reader = r, .link = STATE_NONE };
	struct line l = { 0 };

	while (reader_line(r, &l)) {
		struct line part = l;
		const char *end = l.p + l.len;

		/* With -o a backslash stands for the end of a line. */
		while (part.p < end) {
			const char *stop = memchr(part.p, '\\',
			    (size_t)(end - part.p));

			part.len = (size_t)((stop ? stop : end) - part.p);
			t.line = l.number;
			if (part.len > 0)
				take_line(&t, &part);
			part.p += part.len + (stop != NULL);
		}
	}
	merge_links(r);
	merge_addrs(r);
}

/* ---- neighbours */

void
ip_neigh_state(struct neigh *n, const struct word *w)
{
	if (word_is(w, "PERMANENT"))
		n->permanent = true;
	else if (word_is(w, "FAILED") || word_is(w, "INCOMPLETE"))
		n->failed = true;
}

static void
take_neigh(struct reader *r, const struct line *l)
{
	struct words ws = words_of(l->p, l->len);
	struct neigh n = { 0 }, *out;
	struct word w;
	bool is_proxy = false;

	if (!word_next(&ws, &w) || word_starts(&w, "*") || w.p[0] == '#')
		return;
	if (!word_addr(&w, &n.addr)) {
		struct word whole = { l->p, l->len };

		reader_bad(r, l->number, "found '%.*s'; expected a neighbour such "
		    "as '10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE'",
		    QUOTED(&whole));
		return;
	}
	while (word_next(&ws, &w)) {
		if (word_is(&w, "dev") && word_next(&ws, &w)) {
			if (word_is_dev(&w))
				n.dev = state_text(r->state, w.p, w.len);
		} else if (word_is(&w, "lladdr") && word_next(&ws, &w)) {
			n.has_mac = word_mac(&w, n.mac);
		} else if (word_is(&w, "proxy")) {
			is_proxy = true;
		} else {
			ip_neigh_state(&n, &w);
		}
	}
	if (is_proxy)
		return;
	if (n.dev == NULL) {
		reader_bad(r, l->number, "the neighbour has no device");
		return;
	}
	out = state_push(r->state, neighs);
	if (out != NULL)
		*out = n;
}

void
read_ip_neigh(struct reader *r)
{
	uint32_t before = r->state->neighs.n;
	struct line l = { 0 };

	while (reader_line(r, &l))
		take_neigh(r, &l);
	/* a node may well know none at the moment */
	if (r->n_bad == 0 || r->state->neighs.n > before)
		state_mark(r->state, PART_NEIGHS);
	merge_neighs(r);
}
