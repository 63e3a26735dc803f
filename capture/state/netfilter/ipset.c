/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipset.c - `ipset list` and `ipset save`, ipset(8), and the sets as rules see
 * them.
 *
 * A set has dimensions (address, port, second address); only the rule says
 * whether a dimension is compared with the packet's source or destination.  So
 * the dump's set NAME is kept as if all were "src" (a second address as the
 * destination), and each use has a set of its own, named "NAME dst,src".  Set
 * and use may come in either order.
 */
#include "capture/state/netfilter/nf_build.h"

#define DIMENSIONS_MAX	3	/* as in the kernel, IPSET_DIM_MAX */
#define VIEW_NAME_MAX	64	/* a name has 31 bytes at most */

/* Types whose elements can be told from a packet; the others ("hash:mac",
   "list:set") are known by name alone. */
static const struct type {
	const char	*name;
	uint32_t	 keys;
} types[] = {
	{ "hash:ip", NF_K_SADDR },
	{ "hash:net", NF_K_SADDR },
	{ "bitmap:ip", NF_K_SADDR },
	{ "bitmap:port", NF_K_SPORT },
	{ "hash:ip,port", NF_K_SADDR | NF_K_PROTO | NF_K_SPORT },
	{ "hash:net,port", NF_K_SADDR | NF_K_PROTO | NF_K_SPORT },
	{ "hash:ip,port,ip", NF_K_SADDR | NF_K_PROTO | NF_K_SPORT | NF_K_DADDR },
	{ "hash:ip,port,net", NF_K_SADDR | NF_K_PROTO | NF_K_SPORT | NF_K_DADDR },
	{ "hash:net,port,net", NF_K_SADDR | NF_K_PROTO | NF_K_SPORT | NF_K_DADDR },
	{ "hash:net,net", NF_K_SADDR | NF_K_DADDR },
	{ "hash:ip,mark", NF_K_SADDR | NF_K_MARK },
	{ "hash:net,iface", NF_K_SADDR | NF_K_IIF },
};

struct ipset {
	struct reader	*r;
	struct state	*s;
	uint32_t	 set;		/* being read; STATE_NONE: none, or told already */
	const char	*name;		/* of the set that elements belong to; NULL none */
	uint8_t		 netmask;	/* of addresses, bits of the 128 */
	bool		 members;	/* behind "Members:" */
};

/* ---- sets and their uses */

static uint32_t
set_find(const struct state *s, const char *name)
{
	for (uint32_t i = 0; i < s->nf_sets.n; i++)
		if (s->nf_sets.v[i].table == STATE_NONE &&
		    strcmp(s->nf_sets.v[i].name, name) == 0)
			return i;
	return STATE_NONE;
}

/* The fields of the dump's set in order of its dimensions: a port brings its
   protocol. */
static unsigned
dimensions(uint32_t keys, uint32_t out[DIMENSIONS_MAX])
{
	static const uint32_t order[] = {
		NF_K_SADDR, NF_K_SPORT, NF_K_MARK, NF_K_IIF, NF_K_DADDR,
	};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if ((keys & order[i]) && n < DIMENSIONS_MAX)
			out[n++] = order[i];
	return n;
}

/* What the dimension is compared with, in that direction. */
static uint32_t
field_of(uint32_t dimension, bool dst)
{
	switch (dimension) {
	case NF_K_SADDR:
	case NF_K_DADDR:
		return dst ? NF_K_DADDR : NF_K_SADDR;
	case NF_K_SPORT:
		return dst ? NF_K_DPORT : NF_K_SPORT;
	case NF_K_IIF:
		return dst ? NF_K_OIF : NF_K_IIF;
	default:
		return dimension;
	}
}

static void
elem_put(struct nf_elem *to, uint32_t field, const struct nf_elem *from,
    uint32_t dimension)
{
	switch (field) {
	case NF_K_SADDR:
		to->saddr = dimension == NF_K_DADDR ? from->daddr : from->saddr;
		break;
	case NF_K_DADDR:
		to->daddr = dimension == NF_K_DADDR ? from->daddr : from->saddr;
		break;
	case NF_K_SPORT:
		to->sport = from->sport;
		break;
	case NF_K_DPORT:
		to->dport = from->sport;
		break;
	case NF_K_MARK:
		to->mark = from->mark;
		break;
	default:
		to->iface = from->iface;
		break;
	}
}

/* Make a use's keys and elements from the dump's set.  The same field twice
   ("src,src" of two addresses) is not followed. */
static void
view_fill(struct state *s, uint32_t view, uint32_t set, const char *dirs)
{
	uint32_t dims[DIMENSIONS_MAX], fields[DIMENSIONS_MAX], keys = 0;
	uint32_t all = s->nf_sets.v[set].keys, n = s->nf_sets.v[set].n;
	uint32_t first = s->nf_sets.v[set].first;
	unsigned n_dims = dimensions(all, dims);
	bool same = true;

	for (unsigned i = 0; i < n_dims; i++) {
		fields[i] = field_of(dims[i], strncmp(dirs, "dst", 3) == 0);
		if (keys & fields[i])
			keys |= NF_K_UNKNOWN;
		keys |= fields[i];
		same &= fields[i] == dims[i];
		dirs += strlen(dirs) > 4 ? 4 : strlen(dirs);
		if (*dirs == '\0' && i + 1 < n_dims)
			keys |= NF_K_UNKNOWN;	/* too few directions: no match */
	}
	if ((all & NF_K_UNKNOWN) || (keys & NF_K_UNKNOWN)) {
		s->nf_sets.v[view].keys = NF_K_UNKNOWN;
		return;
	}
	keys |= all & NF_K_PROTO;
	s->nf_sets.v[view].keys = keys;
	if (same) {
		s->nf_sets.v[view].first = first;
		s->nf_sets.v[view].n = n;
		return;
	}
	s->nf_sets.v[view].first = s->nf_elems.n;
	for (uint32_t k = 0; k < n; k++) {
		struct nf_elem *e = state_push(s, nf_elems);
		const struct nf_elem *from;

		if (e == NULL)
			return;
		from = &s->nf_elems.v[first + k];
		e->proto = from->proto;
		for (unsigned i = 0; i < n_dims; i++)
			elem_put(e, fields[i], from, dims[i]);
		s->nf_sets.v[view].n++;
	}
}

static bool
dirs_ok(struct span dirs)
{
	do {
		struct span one = span_cut(&dirs, ',');

		if (!span_is(one, "src") && !span_is(one, "dst"))
			return false;
	} while (dirs.p != NULL);
	return true;
}

uint32_t
ipset_view(struct state *s, struct span name, struct span dirs)
{
	char text[VIEW_NAME_MAX];
	uint32_t set, view;

	if (name.len == 0 || name.len > 31 || dirs.len > 24 || !dirs_ok(dirs))
		return STATE_NONE;
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	set = set_find(s, text);
	text[name.len] = ' ';
	memcpy(text + name.len + 1, dirs.p, dirs.len);
	text[name.len + 1 + dirs.len] = '\0';
	view = set_find(s, text);
	if (view != STATE_NONE)
		return view;
	view = nf_set_add(s, state_text(s, text, strlen(text)), STATE_NONE, 0);
	if (view != STATE_NONE && set != STATE_NONE)
		view_fill(s, view, set, text + name.len + 1);
	return view;
}

/* ---- the dump */

/* Nothing is known of the elements of a set with something unusual in it. */
static void
set_is_unknown(struct ipset *t)
{
	if (t->set != STATE_NONE)
		t->s->nf_sets.v[t->set].keys = NF_K_UNKNOWN;
}

static void
set_type(struct ipset *t, struct span type)
{
	uint32_t keys = NF_K_UNKNOWN;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_is(type, types[i].name))
			keys = types[i].keys;
	/* Behind elements it would be another one's. */
	if (t->set != STATE_NONE)
		t->s->nf_sets.v[t->set].keys =
		    t->s->nf_sets.v[t->set].n > 0 ? NF_K_UNKNOWN : keys;
}

static void
set_begin(struct ipset *t, struct span name)
{
	t->name = nf_text(t->s, name);
	t->members = false;
	t->netmask = 128;
	t->set = STATE_NONE;
	state_mark(t->s, PART_IPSETS);
	/* A bundle has `ipset list` and `ipset save` in one file. */
	if (set_find(t->s, t->name) == STATE_NONE)
		t->set = nf_set_add(t->s, t->name, STATE_NONE, NF_K_UNKNOWN);
}

/* "family inet hashsize 1024 maxelem 65536 netmask 24" */
static void
set_header(struct ipset *t, struct span words)
{
	struct span w;
	uint64_t n;

	while ((w = span_word(&words)).len > 0) {
		if (span_is(w, "bitmask"))
			set_is_unknown(t);
		if (!span_is(w, "netmask"))
			continue;
		w = span_word(&words);
		if (scan_number(w, 32, &n))
			t->netmask = PREFIX_V4(n);
		else
			set_is_unknown(t);
	}
}

static bool
elem_address(struct ipset *t, struct span v, struct prefix *out)
{
	if (!scan_prefix(v, out))
		return false;
	if (t->netmask < 128 && out->len == 128 && addr_is_v4(&out->addr))
		*out = prefix_of(&out->addr, t->netmask);
	return true;
}

/* "tcp:80", "udp:53-55", "80"; without a protocol it is TCP, but in a set of
   ports alone. */
static bool
elem_port(struct span v, struct nf_elem *e)
{
	struct span rest = v, head = span_cut(&rest, ':');

	e->proto = 6;
	if (rest.p == NULL)
		rest = head;
	else if (!scan_proto(head, &e->proto))
		return false;
	return scan_ports(rest, '-', &e->sport);
}

static bool
elem_read(struct ipset *t, struct span v, struct nf_elem *e)
{
	uint32_t dims[DIMENSIONS_MAX], mask;
	unsigned n = dimensions(t->s->nf_sets.v[t->set].keys, dims);

	for (unsigned i = 0; i < n; i++) {
		struct span one = span_cut(&v, ',');
		bool ok;

		if (dims[i] == NF_K_SADDR)
			ok = elem_address(t, one, &e->saddr);
		else if (dims[i] == NF_K_DADDR)
			ok = elem_address(t, one, &e->daddr);
		else if (dims[i] == NF_K_SPORT)
			ok = elem_port(one, e);
		else if (dims[i] == NF_K_MARK)
			ok = scan_mark(one, &e->mark, &mask) && mask == UINT32_MAX;
		else
			ok = one.len > 0 && !span_begins(one, "physdev:");
		if (!ok)
			return false;
		if (dims[i] == NF_K_IIF)
			e->iface = nf_text(t->s, one);
	}
	return v.p == NULL;
}

static void
elem_add(struct ipset *t, struct span words, unsigned long line)
{
	struct span value = span_word(&words), w;
	struct nf_elem e = { .verdict = { .kind = NF_T_NONE } }, *to;

	if (t->set == STATE_NONE ||
	    (t->s->nf_sets.v[t->set].keys & NF_K_UNKNOWN))
		return;
	while ((w = span_word(&words)).len > 0 && w.p[0] != '"')
		if (span_is(w, "nomatch")) {
			set_is_unknown(t);
			return;
		}
	if (!elem_read(t, value, &e)) {
		reader_bad(t->r, line, "found \"%.*s\" in ipset %s, expected an "
		    "element of its type; the set is kept as not known",
		    SPAN_ARG(value), t->name);
		set_is_unknown(t);
		return;
	}
	to = state_push(t->s, nf_elems);
	if (to != NULL) {
		*to = e;
		t->s->nf_sets.v[t->set].n++;
	}
}

/* "Name: x"; the rest of the line when it begins so. */
static bool
field(struct span line, const char *name, struct span *rest)
{
	if (!span_begins(line, name))
		return false;
	rest->p = line.p + strlen(name);
	rest->len = line.len - strlen(name);
	return true;
}

static void
line_read(struct ipset *t, struct span line, unsigned long number)
{
	static const char *const silent[] = {
		"Revision:", "Size in memory:", "References:", "Number of entries:",
		"***", "flush ", "destroy ", "COMMIT",
	};
	struct span rest = line;

	if (field(line, "Name: ", &rest)) {
		set_begin(t, span_word(&rest));
	} else if (field(line, "create ", &rest)) {
		set_begin(t, span_word(&rest));
		set_type(t, span_word(&rest));
		set_header(t, rest);
	} else if (field(line, "add ", &rest)) {
		if (t->name == NULL || !span_is(span_word(&rest), t->name))
			reader_bad(t->r, number, "found \"%.*s\", expected an element "
			    "of ipset %s", SPAN_ARG(line), t->name ? t->name : "-");
		else
			elem_add(t, rest, number);
	} else if (t->name != NULL && field(line, "Type: ", &rest)) {
		set_type(t, span_word(&rest));
	} else if (t->name != NULL && field(line, "Header: ", &rest)) {
		set_header(t, rest);
	} else if (field(line, "Members:", &rest)) {
		t->members = true;
	} else if (t->members) {
		elem_add(t, line, number);
	} else {
		for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
			if (span_begins(line, silent[i]))
				return;
		reader_bad(t->r, number, "found \"%.*s\", expected what `ipset list` "
		    "or `ipset save` print", SPAN_ARG(line));
	}
}

/* Rules that were read before have uses of these sets without elements. */
static void
views_resolve(struct state *s)
{
	for (uint32_t i = 0; i < s->nf_sets.n; i++) {
		const struct nf_set *v = &s->nf_sets.v[i];
		const char *space = v->table == STATE_NONE && v->keys == 0 ?
		    strchr(v->name, ' ') : NULL;
		char name[VIEW_NAME_MAX];
		uint32_t set;

		if (space == NULL || (size_t)(space - v->name) >= sizeof(name))
			continue;
		memcpy(name, v->name, (size_t)(space - v->name));
		name[space - v->name] = '\0';
		set = set_find(s, name);
		if (set != STATE_NONE)
			view_fill(s, i, set, space + 1);
	}
}

void
read_ipset(struct reader *r)
{
	struct ipset t = { .r = r, .s = r->state, .set = STATE_NONE };
	struct line l = { 0 };

	while (reader_line(r, &l) && !t.s->no_memory) {
		if (l.len == 0)
			t.members = false;
		else
			line_read(&t, (struct span){ l.p, l.len }, l.number);
	}
	views_resolve(r->state);
}
