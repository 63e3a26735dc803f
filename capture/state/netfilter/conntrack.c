/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack.c - the connection tracking table as text: `conntrack -L` with any
 * -o but xml, /proc/net/nf_conntrack, `conntrack -S`, and a support bundle's
 * file with all of them.
 *
 * A line is protocol, number, timeout and state, then NAME=VALUE twice over (the
 * second src= begins the reply), flags in brackets between: snprintf_default.c
 * of libnetfilter_conntrack, net/netfilter/nf_conntrack_standalone.c.  Written
 * for tables of hundreds of thousands of lines: one pass, no copies.
 */
#include "capture/state/netfilter/conntrack_int.h"

#include "decode/packet.h"

#define STATE_NAME_MAX	32
#define JOINED_MAX	2048	/* the two halves of a line that was torn */

struct conntrack {
	struct reader	*r;
	struct state	*s;
	uint64_t	 n_told;	/* entries that conntrack says it has shown */
	uint64_t	 n_lines;	/* lines of entries */
	bool		 told;
	bool		 had[2];	/* IPv4, IPv6: in a table before this one */
	bool		 has[2];	/* in this one */
	bool		 second_told;
	bool		 events;	/* said already */
	size_t		 n_torn;
	char		 torn[JOINED_MAX];
};

/* ---- fields */

void
ct_fields_init(struct ct_fields *f)
{
	f->e = (struct ct_entry){ .age_s = -1 };
	f->seen[0] = f->seen[1] = 0;
	f->id_is_known = false;
}

static struct tuple *
tuple_of(struct ct_fields *f, unsigned reply)
{
	return reply ? &f->e.reply : &f->e.orig;
}

static bool
put_addr(struct ct_fields *f, unsigned reply, struct span v, bool dst)
{
	struct tuple *t = tuple_of(f, reply);

	if (!scan_addr(v, dst ? &t->dst : &t->src))
		return false;
	f->seen[reply] |= dst ? CT_SEEN_DST : CT_SEEN_SRC;
	return true;
}

static bool
put_port(struct ct_fields *f, unsigned reply, struct span v, bool dst)
{
	struct tuple *t = tuple_of(f, reply);
	uint64_t n;

	if (!scan_number(v, UINT16_MAX, &n))
		return false;
	*(dst ? &t->dport : &t->sport) = (uint16_t)n;
	return true;
}

static bool
is_icmp(unsigned proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/* ICMP's id while the tuples are told, the entry's own behind them.  ICMP's
   stands on the requester's side: decode/packet.h. */
static bool
put_id(struct ct_fields *f, unsigned reply, struct span v)
{
	struct tuple *t = tuple_of(f, reply);
	uint32_t n;

	if (!scan_u32(v, &n))
		return false;
	if (is_icmp(t->proto) && !f->id_is_known) {
		if (n > UINT16_MAX)
			return false;
		*(reply ? &t->dport : &t->sport) = (uint16_t)n;
	} else {
		f->e.id = n;
	}
	return true;
}

static bool
put_zone(struct ct_fields *f, struct span v)
{
	uint64_t n;

	if (!scan_number(v, UINT16_MAX, &n))
		return false;
	f->e.zone = (uint16_t)n;
	return true;
}

static bool
put_age(struct ct_fields *f, struct span v)
{
	uint64_t n;

	if (!scan_number(v, INT64_MAX, &n))
		return false;
	f->e.age_s = (int64_t)n;
	return true;
}

bool
ct_field(struct ct_fields *f, unsigned reply, struct span name, struct span v)
{
	/* Most frequent first, told apart by length before they are compared. */
	switch (name.len) {
	case 3:
		if (memcmp(name.p, "src", 3) == 0)
			return put_addr(f, reply, v, false);
		return memcmp(name.p, "dst", 3) != 0 || put_addr(f, reply, v, true);
	case 5:
		if (memcmp(name.p, "sport", 5) == 0)
			return put_port(f, reply, v, false);
		if (memcmp(name.p, "dport", 5) == 0)
			return put_port(f, reply, v, true);
		return memcmp(name.p, "bytes", 5) != 0 ||
		    scan_number(v, UINT64_MAX, &f->e.bytes[reply]);
	case 4:
		if (memcmp(name.p, "mark", 4) == 0)
			return scan_u32(v, &f->e.mark);
		return memcmp(name.p, "zone", 4) != 0 || put_zone(f, v);
	case 7:
		return memcmp(name.p, "packets", 7) != 0 ||
		    scan_number(v, UINT64_MAX, &f->e.packets[reply]);
	case 2:
		return memcmp(name.p, "id", 2) != 0 || put_id(f, reply, v);
	case 9:
		if (memcmp(name.p, "zone-orig", 9) == 0)
			return put_zone(f, v);
		return memcmp(name.p, "deltatime", 9) != 0 || put_age(f, v);
	case 10:
		return memcmp(name.p, "delta-time", 10) != 0 || put_age(f, v);
	default:
		return true;
	}
}

void
ct_state(struct state *s, struct ct_fields *f, struct span v)
{
	static const char *const names[] = {
		"ESTABLISHED", "TIME_WAIT", "SYN_SENT", "SYN_RECV", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "CLOSE", "SYN_SENT2", "NONE", "CLOSED",
		"COOKIE_WAIT", "COOKIE_ECHOED", "SHUTDOWN_SENT", "SHUTDOWN_RECD",
		"SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED",
		"REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING",
		"TIMEWAIT", "LISTEN", "IGNORE", "INVALID",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(v, names[i])) {
			f->e.state = names[i];
			return;
		}
	/* One that came to the kernel since. */
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] != '_' && (v.p[i] < 'A' || v.p[i] > 'Z') &&
		    (v.p[i] < '0' || v.p[i] > '9'))
			return;
	if (v.len > 0 && v.len <= STATE_NAME_MAX)
		f->e.state = state_text(s, v.p, v.len);
}

bool
ct_add(struct state *s, const struct ct_fields *f, unsigned long line)
{
	struct ct_entry *e;

	if (f->seen[0] != CT_SEEN_BOTH || f->seen[1] != CT_SEEN_BOTH)
		return false;
	e = state_push(s, conntrack);
	if (e != NULL) {
		*e = f->e;
		e->line = (uint32_t)line;
	}
	state_mark(s, PART_CONNTRACK);
	return true;
}

void
ct_events(struct reader *r, unsigned long line)
{
	reader_bad(r, line, "found events (conntrack -E), expected the table "
	    "(conntrack -L); they are skipped");
}

/* ---- a line of the table */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [UNREPLIED]; what is not known says nothing that matters here. */
static void
flag_read(struct ct_fields *f, struct span v)
{
	static const struct { const char *name; uint8_t bit; } flags[] = {
		{ "[ASSURED]", CT_ASSURED },	{ "[UNREPLIED]", CT_UNREPLIED },
		{ "[OFFLOAD]", CT_OFFLOAD },	{ "[HW_OFFLOAD]", CT_HW_OFFLOAD },
		{ "[DYING]", CT_DYING },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (span_is(v, flags[i].name))
			f->e.status |= flags[i].bit;
}

/* "ipv4     2 tcp      6 431999 ESTABLISHED": protocol and number, then a
   timeout and a state if there are.  False when this is not how it begins;
   *first is the word behind. */
static bool
head_read(struct conntrack *t, struct ct_fields *f, struct span *s,
    struct span *first)
{
	struct span name = span_word(s), w = span_word(s);
	uint64_t n;

	if (span_is(name, "ipv4") || span_is(name, "ipv6")) {
		name = span_word(s);
		w = span_word(s);
	}
	if (name.len == 0 || !scan_number(w, UINT8_MAX, &n))
		return false;
	f->e.orig.proto = f->e.reply.proto = (uint8_t)n;
	w = span_word(s);
	if (scan_number(w, UINT32_MAX, &n)) {
		f->e.timeout = (uint32_t)n;
		w = span_word(s);
	}
	if (w.len > 0 && w.p[0] >= 'A' && w.p[0] <= 'Z' &&
	    memchr(w.p, '=', w.len) == NULL) {
		ct_state(t->s, f, w);
		w = span_word(s);
	}
	*first = w;
	return true;
}

/* [start=Fri Nov 20 17:33:23 2026] has blanks in it. */
static void
skip_bracket(struct span *s, struct span w)
{
	while (w.len > 0 && w.p[w.len - 1] != ']')
		w = span_word(s);
}

/* `conntrack -L` has both families, and a bundle has `conntrack -L -f ipv6`
   behind it.  The same connection twice would be two. */
static bool
is_repeated(struct conntrack *t, const struct ct_fields *f, unsigned long number)
{
	bool v6 = !addr_is_v4(&f->e.orig.src);

	t->has[v6] = true;
	if (!t->had[v6])
		return false;
	if (!v6 && !t->second_told) {
		reader_bad(t->r, number, "found a second conntrack table, expected "
		    "one; only the first is kept");
		t->second_told = true;
	}
	return true;
}

static void
entry_read(struct conntrack *t, struct span line, unsigned long number)
{
	struct span s = line, w;
	struct ct_fields f;
	unsigned reply = 0;

	t->n_lines++;
	ct_fields_init(&f);
	if (!head_read(t, &f, &s, &w)) {
		reader_bad(t->r, number, "found \"%.*s\", expected a conntrack entry "
		    "such as \"tcp 6 119 TIME_WAIT src=...\"", SPAN_ARG(line));
		return;
	}
	for (; w.len > 0; w = span_word(&s)) {
		const char *eq = memchr(w.p, '=', w.len);
		struct span name = w, value;

		if (w.p[0] == '[') {
			flag_read(&f, w);
			skip_bracket(&s, w);
			continue;
		}
		if (eq == NULL)
			continue;
		name.len = (size_t)(eq - w.p);
		value = (struct span){ eq + 1, w.len - name.len - 1 };
		if (f.seen[0] == CT_SEEN_BOTH && name.len == 3 &&
		    memcmp(name.p, "src", 3) == 0)
			reply = 1;
		/* mark= and use= stand behind both tuples, id= behind them. */
		if (name.len <= 4 && reply && (span_is(name, "mark") ||
		    span_is(name, "use")))
			f.id_is_known = true;
		if (!ct_field(&f, reply, name, value)) {
			reader_bad(t->r, number, "found \"%.*s\" in a conntrack "
			    "entry; the entry is skipped", SPAN_ARG(w));
			return;
		}
	}
	if (is_repeated(t, &f, number))
		return;
	if (!ct_add(t->s, &f, number))
		reader_bad(t->r, number, "found \"%.*s\", expected src= and dst= of "
		    "both directions; the entry is skipped", SPAN_ARG(line));
}

/* ---- other lines */

/* conntrack -S: "cpu=0 found=0 ... insert_failed=0 drop=0 early_drop=0 ...";
   one line for each CPU. */
static void
stats_read(struct conntrack *t, struct span s)
{
	const struct { const char *name; int64_t *sum; } sums[] = {
		{ "insert_failed", &t->s->ct_insert_failed },
		{ "drop", &t->s->ct_drop },
		{ "early_drop", &t->s->ct_early_drop },
	};
	struct span w;

	while ((w = span_word(&s)).len > 0) {
		struct span value = w, name = span_cut(&value, '=');
		uint64_t n;

		for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
			if (span_is(name, sums[i].name) &&
			    scan_number(value, INT64_MAX / 2, &n)) {
				if (*sums[i].sum < 0)
					*sums[i].sum = 0;
				if (*sums[i].sum <= INT64_MAX / 2)
					*sums[i].sum += (int64_t)n;
			}
	}
}

/* "conntrack v1.4.7 (conntrack-tools): 10 flow entries have been shown." */
static void
shown_read(struct conntrack *t, struct span s)
{
	const char *at = memmem(s.p, s.len, "): ", 3);
	struct span rest;
	uint64_t n;

	if (at == NULL || memmem(s.p, s.len, "shown", 5) == NULL)
		return;
	rest.p = at + 3;
	rest.len = s.len - (size_t)(rest.p - s.p);
	if (!scan_number(span_word(&rest), UINT32_MAX, &n))
		return;
	t->n_told += n;
	t->told = true;
	state_mark(t->s, PART_CONNTRACK);
}

/* With both outputs in one file, conntrack's last words come in the middle of a
   line where its buffer was written out.  The line goes on in the next one. */
static struct span
torn_cut(struct conntrack *t, struct span line)
{
	const char *at = memmem(line.p, line.len, "conntrack v", 11);
	size_t head;

	if (at == NULL || at == line.p)
		return (struct span){ NULL, 0 };
	head = (size_t)(at - line.p);
	if (head >= sizeof(t->torn))
		return (struct span){ NULL, 0 };
	memcpy(t->torn, line.p, head);
	t->n_torn = head;
	return (struct span){ at, line.len - head };
}

static bool
is_event(struct span s)
{
	struct span w = span_word(&s);

	if (w.len > 2 && w.p[0] == '[' && (is_digit(w.p[1])))
		w = span_word(&s);
	return span_is(w, "[NEW]") || span_is(w, "[UPDATE]") ||
	    span_is(w, "[DESTROY]");
}

static void
line_read(struct conntrack *t, struct span s, unsigned long number)
{
	static const char complaint[] = "conntrack: ";

	if (s.p[0] == '*') {		/* the bundle's headings */
		t->had[0] |= t->has[0];
		t->had[1] |= t->has[1];
	} else if (span_begins(s, "conntrack v")) {
		shown_read(t, s);
	} else if (span_begins(s, "cpu=") || span_begins(s, "entries=")) {
		stats_read(t, s);
	} else if (span_begins(s, complaint) || memmem(s.p, s.len, "not found", 9)) {
		reader_bad(t->r, number, "\"%.*s\"", SPAN_ARG(s));
	} else if (is_event(s)) {
		if (!t->events)
			ct_events(t->r, number);
		t->events = true;
	} else {
		entry_read(t, s, number);
	}
}

static void
line_join(struct conntrack *t, struct span s, unsigned long number)
{
	size_t n = t->n_torn;

	t->n_torn = 0;
	if (s.len > sizeof(t->torn) - n) {
		line_read(t, s, number);
		return;
	}
	memcpy(t->torn + n, s.p, s.len);
	line_read(t, (struct span){ t->torn, n + s.len }, number);
}

/* The XML form may have conntrack's last words in front, from stderr. */
static bool
is_xml(const struct reader *r)
{
	size_t n = r->len < 4096 ? r->len : 4096;

	return n > 0 && (memmem(r->data, n, "<conntrack>", 11) ||
	    memmem(r->data, n, "<flow", 5));
}

static void
text_read(struct conntrack *t)
{
	struct line l = { 0 };

	while (reader_line(t->r, &l) && !t->s->no_memory) {
		struct span s = { l.p, l.len }, tail;

		while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
			s.p++;
			s.len--;
		}
		if (s.len == 0)
			continue;
		tail = torn_cut(t, s);
		if (tail.p != NULL)
			line_read(t, tail, l.number);
		else if (t->n_torn > 0)
			line_join(t, s, l.number);
		else
			line_read(t, s, l.number);
	}
	if (t->told && t->n_lines < t->n_told)
		reader_bad(t->r, 0, "conntrack says that it has shown %llu entries, "
		    "%llu are here", (unsigned long long)t->n_told,
		    (unsigned long long)t->n_lines);
}

void
read_conntrack(struct reader *r)
{
	struct conntrack t = { .r = r, .s = r->state };

	for (uint32_t i = 0; i < t.s->conntrack.n; i++)
		t.had[!addr_is_v4(&t.s->conntrack.v[i].orig.src)] = true;
	if (is_xml(r))
		conntrack_read_xml(r);
	else
		text_read(&t);
}
