/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack_xml.c - `conntrack -L -o xml`.
 *
 * Only the form of libnetfilter_conntrack's snprintf_xml.c is read: tags one
 * behind the other, no entities, no comments, values without markup.  Two of
 * its faults count here: it leaves out ICMP's id, and prints states of other
 * protocols with TCP's names.
 */
#include "capture/state/netfilter/conntrack_int.h"

#include "decode/packet.h"

struct xml {
	struct reader	*r;
	const char	*p, *end;
	unsigned long	 line;
	/* the flow */
	struct ct_fields f;
	unsigned long	 flow_line;
	bool		 in_flow, bad, event, in_layer4, has_icmp_id;
	int		 meta;		/* 0 original, 1 reply, 2 both, -1 none */
	/* of the file */
	bool		 events;
	unsigned	 n_icmp;
};

struct tag {
	struct span	name;		/* with its / when it closes */
	struct span	attrs;
	struct span	text;		/* up to the next tag */
};

static void
lines_count(struct xml *x, const char *to)
{
	while (x->p < to) {
		const char *nl = memchr(x->p, '\n', (size_t)(to - x->p));

		if (nl == NULL)
			break;
		x->line++;
		x->p = nl + 1;
	}
	x->p = to;
}

/* False at the end, or where a tag is not closed. */
static bool
tag_next(struct xml *x, struct tag *t)
{
	const char *open = memchr(x->p, '<', (size_t)(x->end - x->p));
	const char *close, *next, *p;

	if (open == NULL)
		return false;
	lines_count(x, open);
	close = memchr(open, '>', (size_t)(x->end - open));
	if (close == NULL) {
		reader_bad(x->r, x->line, "found a tag without its end");
		return false;
	}
	for (p = open + 1; p < close && *p != ' '; p++)
		;
	t->name = (struct span){ open + 1, (size_t)(p - open - 1) };
	t->attrs = (struct span){ p, (size_t)(close - p) };
	next = memchr(close, '<', (size_t)(x->end - close));
	if (next == NULL)
		next = x->end;
	t->text = (struct span){ close + 1, (size_t)(next - close - 1) };
	lines_count(x, close + 1);
	return true;
}

/* The value of name="value"; empty when it is not there. */
static struct span
attr(const struct tag *t, const char *name)
{
	struct span rest = t->attrs, w;

	while ((w = span_word(&rest)).len > 0) {
		struct span value = w, key = span_cut(&value, '=');
		struct span quoted;

		if (!span_is(key, name) || value.len < 2 || value.p[0] != '"')
			continue;
		value.p++;
		value.len--;
		quoted = span_cut(&value, '"');
		return quoted;
	}
	return (struct span){ "", 0 };
}

static void
value_wrong(struct xml *x, const struct tag *t)
{
	if (!x->bad)
		reader_bad(x->r, x->line, "found \"%.*s\" in <%.*s>; the entry is "
		    "skipped", SPAN_ARG(t->text), SPAN_ARG(t->name));
	x->bad = true;
}

static bool
is_icmp(const struct xml *x)
{
	return x->f.e.orig.proto == PROTO_ICMP || x->f.e.orig.proto == PROTO_ICMPV6;
}

static void
flow_begin(struct xml *x, const struct tag *t)
{
	ct_fields_init(&x->f);
	x->flow_line = x->line;
	x->in_flow = true;
	x->bad = x->in_layer4 = x->has_icmp_id = false;
	x->meta = -1;
	x->event = attr(t, "type").len > 0;
	if (x->event && !x->events) {
		ct_events(x->r, x->line);
		x->events = true;
	}
}

static void
flow_end(struct xml *x)
{
	if (x->in_flow && !x->bad && !x->event) {
		if (is_icmp(x) && !x->has_icmp_id)
			x->n_icmp++;
		else if (!ct_add(x->r->state, &x->f, x->flow_line))
			reader_bad(x->r, x->flow_line, "found a <flow> without "
			    "<src> and <dst> of both directions; it is skipped");
	}
	x->in_flow = false;
}

static void
meta_begin(struct xml *x, const struct tag *t)
{
	struct span d = attr(t, "direction");

	x->meta = span_is(d, "original") ? 0 : span_is(d, "reply") ? 1 :
	    span_is(d, "independent") ? 2 : -1;
}

static void
layer4_begin(struct xml *x, const struct tag *t)
{
	uint64_t n;

	x->in_layer4 = true;
	if (!scan_number(attr(t, "protonum"), UINT8_MAX, &n)) {
		value_wrong(x, t);
		return;
	}
	x->f.e.orig.proto = x->f.e.reply.proto = (uint8_t)n;
}

/* What stands behind both tuples. */
static void
independent(struct xml *x, const struct tag *t)
{
	uint64_t n;

	x->f.id_is_known = true;
	if (span_is(t->name, "assured/")) {
		x->f.e.status |= CT_ASSURED;
	} else if (span_is(t->name, "unreplied/")) {
		x->f.e.status |= CT_UNREPLIED;
	} else if (span_is(t->name, "state")) {
		if (x->f.e.orig.proto == PROTO_TCP)
			ct_state(x->r->state, &x->f, t->text);
	} else if (span_is(t->name, "timeout")) {
		if (!scan_number(t->text, UINT32_MAX, &n))
			value_wrong(x, t);
		else
			x->f.e.timeout = (uint32_t)n;
	} else if (!ct_field(&x->f, 0, t->name, t->text)) {
		value_wrong(x, t);
	}
}

static void
tag_read(struct xml *x, const struct tag *t)
{
	if (span_is(t->name, "flow")) {
		flow_begin(x, t);
	} else if (span_is(t->name, "/flow")) {
		flow_end(x);
	} else if (!x->in_flow) {
		return;
	} else if (span_is(t->name, "meta")) {
		meta_begin(x, t);
	} else if (span_is(t->name, "/meta")) {
		x->meta = -1;
	} else if (span_is(t->name, "layer4")) {
		layer4_begin(x, t);
	} else if (span_is(t->name, "/layer4")) {
		x->in_layer4 = false;
	} else if (t->name.len == 0 || t->name.p[0] == '/' || x->meta < 0) {
		return;
	} else if (x->meta == 2) {
		independent(x, t);
	} else {
		if (x->in_layer4 && span_is(t->name, "id"))
			x->has_icmp_id = true;
		if (!ct_field(&x->f, (unsigned)x->meta, t->name, t->text))
			value_wrong(x, t);
	}
}

void
conntrack_read_xml(struct reader *r)
{
	struct xml x = { .r = r, .p = r->data, .end = r->data + r->len, .line = 1 };
	struct tag t;

	while (tag_next(&x, &t) && !r->state->no_memory) {
		if (span_is(t.name, "conntrack"))
			state_mark(r->state, PART_CONNTRACK);
		tag_read(&x, &t);
	}
	if (x.in_flow)
		reader_bad(r, x.flow_line, "found a <flow> without its end; it is "
		    "skipped");
	if (x.n_icmp > 0)
		reader_bad(r, 0, "%u ICMP entries are skipped: this form leaves out "
		    "their ids, expected conntrack -L without -o xml", x.n_icmp);
}
