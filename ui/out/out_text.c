/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_text.c - one aligned line for each flow, then a summary.
 *
 * Flows are written as they come, so columns have fixed least widths and a
 * longer value pushes the rest of its line to the right.  What one wants first
 * at three in the morning stands first: when, is it right, who to whom (these
 * fit into 80 columns); then translated to what, over which interfaces.
 */
#include "decode/app/dns.h"
#include "ui/out/out_shares.h"
#include "ui/out/out_text.h"

enum column {
	COL_VERDICT = 13, COL_PROTO = 21,
	COL_SRC = 26,		/* 22 wide: 192.168.1.40 id 10290 */
	COL_TO = 48, COL_DST = 50,
	COL_BECOMES = 72, COL_XLAT = 74,
	COL_PATH = 97, COL_PACKETS = 120, COL_RTT = 129, COL_STATE = 137,
	COL_FINDINGS = 149,
};

enum role
out_text_verdict_role(unsigned verdict)
{
	static const enum role roles[N_VERDICTS] = {
		[VERDICT_UNKNOWN] = ROLE_DOUBT, [VERDICT_OK] = ROLE_OK,
		[VERDICT_WRONG] = ROLE_BAD, [VERDICT_DROPPED] = ROLE_BAD,
	};

	return verdict < N_VERDICTS ? roles[verdict] : ROLE_PLAIN;
}

enum role
out_text_level_role(unsigned level)
{
	static const enum role roles[N_LEVELS] = {
		[LEVEL_OK] = ROLE_OK, [LEVEL_WRONG] = ROLE_BAD,
		[LEVEL_DROPPED] = ROLE_BAD, [LEVEL_NOTE] = ROLE_NOTE,
	};

	return level < N_LEVELS ? roles[level] : ROLE_PLAIN;
}

static struct text
text_begin(const struct output_run *r)
{
	return (struct text){
		.out = r->out, .color = r->color, .utf8 = r->utf8,
	};
}

/* What node state says first, then what the capture does, then by which name it
   was asked for; NULL: nothing. */
static const char *
end_name(const struct output_run *r, const struct addr *a,
    char buf[static PRESENT_NAME_MAX])
{
	const char *name;

	if (r->numeric)
		return NULL;
	if (r->flow != NULL && (present_pod(present_pod_of(r->flow, a), buf) ||
	    present_service(r->flow, a, buf)))
		return buf;
	name = r->names->name != NULL ? r->names->name(r->names->arg, a) : NULL;
	if (name == NULL && r->flow != NULL && addr_eq(a, &r->flow->original.dst))
		name = r->flow->app.dns_name;
	return name;
}

void
out_text_end(struct text *t, const struct output_run *r, const struct addr *a,
    uint16_t port, enum present_ids ids)
{
	char buf[ADDR_TEXT_MAX], known[PRESENT_NAME_MAX];
	const char *name = end_name(r, a, known);
	bool bracket;

	bracket = ids == IDS_PORTS && name == NULL && !addr_is_v4(a);
	if (bracket)
		text_put(t, "[");
	if (name != NULL) {
		text_foreign(t, name);
	} else {
		buf[format_addr(buf, a)] = '\0';
		text_put(t, buf);
	}
	if (bracket)
		text_put(t, "]");
	if (ids == IDS_PORTS) {
		text_put(t, ":");
		text_u64(t, port);
	}
}

/* The end that an ICMP id belongs to shows it. */
static void
put_src(struct text *t, const struct output_run *r, const struct tuple *u,
    enum present_ids ids)
{
	out_text_end(t, r, &u->src, u->sport, ids);
	if (ids == IDS_ICMP) {
		text_put(t, " id ");
		text_u64(t, present_icmp_id(u));
	}
}

void
out_text_tuple(struct text *t, const struct output_run *r,
    const struct tuple *u, enum present_ids ids)
{
	put_src(t, r, u, ids);
	text_put(t, " ");
	text_glyph(t, GLYPH_TO);
	text_put(t, " ");
	out_text_end(t, r, &u->dst, u->dport, ids);
}

void
out_text_iface(struct text *t, const struct output_run *r, const struct leg *l)
{
	const char *tunnel = tunnel_name(l->tunnel.type);

	text_role(t, ROLE_IFACE);
	text_foreign(t, naming_iface(r->names, l->iface).name);
	text_role(t, ROLE_PLAIN);
	if (l->tunnel.type == TUN_NONE || tunnel == NULL)
		return;
	text_put(t, "[");
	text_put(t, tunnel);
	if (l->tunnel.id != 0) {
		text_put(t, ":");
		text_u64(t, l->tunnel.id);
	}
	text_put(t, "]");
}

/* Before the columns, so that these are counted after it. */
static void
put_mark(const struct output_run *r, const char *mark)
{
	if (r->changes)
		outbuf_str(r->out, mark);
}

/* The date stands in the head line, which returns when the day changes. */
static void
put_head(struct text *t, struct nstime first)
{
	static const struct { enum column column; const char *title; } titles[] = {
		{ COL_VERDICT, "VERDICT" }, { COL_PROTO, "PROT" },
		{ COL_SRC, "SOURCE" }, { COL_DST, "DESTINATION" },
		{ COL_XLAT, "TRANSLATED TO" }, { COL_PATH, "PATH" },
		{ COL_PACKETS, "PACKETS" }, { COL_RTT, "RTT" },
		{ COL_STATE, "STATE" }, { COL_FINDINGS, "FINDINGS" },
	};
	char date[FORMAT_DATE_MAX + 1] = "";
	size_t i;

	date[format_date(date, first)] = '\0';
	text_role(t, ROLE_HEAD);
	text_put(t, date);
	text_put(t, "Z");
	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		text_pad(t, titles[i].column);
		text_put(t, titles[i].title);
	}
	text_role(t, ROLE_PLAIN);
	text_newline(t);
}

static void
put_translation(struct text *t, const struct output_run *r,
    const struct flow *f, enum present_ids ids)
{
	bool dst = present_dst_changed(f);

	if (!dst && !present_src_changed(f)) {
		text_put(t, f->has & FLOW_TRANSLATED ? "  no-nat" : "  -");
		return;
	}
	text_role(t, ROLE_TRANSLATED);
	text_glyph(t, GLYPH_BECOMES);
	text_put(t, " ");
	if (dst)
		out_text_tuple(t, r, &f->translated, ids);
	else
		put_src(t, r, &f->translated, ids);
	text_role(t, ROLE_PLAIN);
}

/* The request's way; where no request was seen, the reply's, and it says so. */
static void
put_path(struct text *t, const struct output_run *r, const struct flow *f)
{
	unsigned path[FLOW_MAX_LEGS];
	unsigned i, n = present_path(f, false, path);

	if (n == 0) {
		n = present_path(f, true, path);
		text_put(t, n ? "reply " : "-");
	}
	for (i = 0; i < n; i++) {
		if (i > 0)
			text_glyph(t, GLYPH_HOP);
		out_text_iface(t, r, &f->legs[path[i]]);
	}
}

static bool
is_bad(const struct finding *f)
{
	return f->level == LEVEL_WRONG || f->level == LEVEL_DROPPED;
}

/* The reason of the verdict first, and by what it was dropped. */
static void
put_findings(struct text *t, const struct flow *f)
{
	const char *before = "";
	unsigned pass, i;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < f->n_findings; i++) {
			const struct finding *g = &f->findings[i];

			if (is_bad(g) != (pass == 0))
				continue;
			text_put(t, before);
			text_role(t, out_text_level_role(g->level));
			text_put(t, g->code);
			if (g->cause != NULL && g->level == LEVEL_DROPPED) {
				text_put(t, ":");
				text_put(t, g->cause);
			}
			text_role(t, ROLE_PLAIN);
			before = " ";
		}
	}
}

/* What a flow of DNS asks: the first name, and its types. */
static void
put_asked(struct text *t, const struct flow_app *a)
{
	const char *before = "";

	text_role(t, ROLE_DIM);
	for (unsigned i = 0; i < a->n_queries; i++) {
		const struct dns_query *q = &a->queries[i];

		if (strcmp(q->name, a->queries[0].name) != 0) {
			text_put(t, " ...");
			break;
		}
		if (dns_type_name(q->type) == NULL)
			continue;
		text_put(t, before);
		text_put(t, dns_type_name(q->type));
		before = ",";
	}
	text_put(t, " ");
	text_foreign(t, a->queries[0].name);
	text_role(t, ROLE_PLAIN);
}

static void
put_facts(struct text *t, const struct flow *f)
{
	const char *state = tcp_state_name(f->tcp_state);

	text_u64(t, f->request_packets);
	text_put(t, "+");
	text_u64(t, f->reply_packets);
	text_pad(t, COL_RTT);
	if (f->has & FLOW_RTT)
		text_span(t, f->rtt.p50_ns);
	else
		text_put(t, "-");
	text_pad(t, COL_STATE);
	text_put(t, state != NULL ? state : "-");
	if (f->n_findings > 0) {
		text_pad(t, COL_FINDINGS);
		put_findings(t, f);
	}
	if (f->app.role != NULL) {
		text_pad(t, COL_FINDINGS);
		text_role(t, ROLE_DIM);
		text_put(t, "(");
		text_put(t, f->app.role);
		text_put(t, ")");
		text_role(t, ROLE_PLAIN);
	}
	if (f->app.n_queries > 0) {
		text_pad(t, COL_FINDINGS);
		put_asked(t, &f->app);
	}
}

static void
text_head(struct output_run *r)
{
	r->begun = false;
}

static void
text_flow(struct output_run *r, const struct flow *f)
{
	struct text text = text_begin(r), *t = &text;
	enum present_ids ids = present_ids(f);
	char buf[FORMAT_CLOCK_MAX + 1] = "", proto[PRESENT_PROTO_MAX];

	/* its last line said it */
	if (r->changes && r->event == EVENT_END)
		return;
	if (!r->begun || format_day(f->first) != r->day) {
		put_mark(r, "  ");
		put_head(t, f->first);
		r->begun = true;
		r->day = format_day(f->first);
	}
	r->flow = f;
	put_mark(r, r->event == EVENT_NEW ? "+ " : "~ ");
	buf[format_clock(buf, f->first)] = '\0';
	text_put(t, buf);
	text_pad(t, COL_VERDICT);
	text_role(t, out_text_verdict_role(f->verdict));
	text_put(t, verdict_name(f->verdict));
	text_role(t, ROLE_PLAIN);
	text_pad(t, COL_PROTO);
	text_put(t, present_proto(f->proto, proto));
	text_pad(t, COL_SRC);
	put_src(t, r, &f->original, ids);
	text_pad(t, COL_TO);
	text_glyph(t, GLYPH_TO);
	text_pad(t, COL_DST);
	out_text_end(t, r, &f->original.dst, f->original.dport, ids);
	text_pad(t, COL_BECOMES);
	put_translation(t, r, f, ids);
	text_pad(t, COL_PATH);
	put_path(t, r, f);
	text_pad(t, COL_PACKETS);
	put_facts(t, f);
	text_newline(t);
	if (r->verbose)
		out_ladder(t, r, f);
	r->flow = NULL;
}

static void
put_trouble(struct text *t, const struct summary *s)
{
	const struct tracer_stats *st = &s->stats;
	unsigned i;

	if (st->outcome[DEC_TRUNCATED] + st->outcome[DEC_MALFORMED] +
	    st->outcome[DEC_UNKNOWN] == 0)
		return;
	text_put(t, "Not read to the end: ");
	text_u64(t, st->outcome[DEC_TRUNCATED]);
	text_put(t, " truncated by the capture, ");
	text_u64(t, st->outcome[DEC_MALFORMED]);
	text_put(t, " malformed, ");
	text_u64(t, st->outcome[DEC_UNKNOWN]);
	text_put(t, " unknown");
	for (i = 0; i < s->n_reasons; i++) {
		text_put(t, i == 0 ? " (" : "; ");
		text_put(t, s->reasons[i].why);
		text_put(t, ": ");
		text_u64(t, s->reasons[i].count);
	}
	text_put(t, s->n_reasons ? ")." : ".");
	text_newline(t);
}

static void
put_loss(struct text *t, const struct tracer_stats *st)
{
	if (st->lost_kernel + st->lost_interface + st->lost_netlink != 0) {
		text_role(t, ROLE_DOUBT);
		text_put(t, "The capture lost packets: ");
		text_u64(t, st->lost_kernel);
		text_put(t, " dropped by the kernel, ");
		text_u64(t, st->lost_interface);
		text_put(t, " by an interface, ");
		text_u64(t, st->lost_netlink);
		text_put(t, " by netlink.  \"Not seen\" is not \"not sent\" here.");
		text_role(t, ROLE_PLAIN);
		text_newline(t);
	}
	if (st->evicted != 0) {
		text_role(t, ROLE_DOUBT);
		text_count(t, st->evicted, "flow");
		text_put(t, " evicted early, the idlest first: see --max-flows.");
		text_role(t, ROLE_PLAIN);
		text_newline(t);
	}
}

static void
text_tail(struct output_run *r, const struct summary *s)
{
	struct text text = text_begin(r), *t = &text;

	if (r->begun)
		text_newline(t);
	if (r->shares != NULL)
		out_shares_text(t, r->shares, r->verbose);
	text_count(t, s->stats.packets, "packet");
	text_put(t, ", ");
	text_count(t, s->stats.bytes, "byte");
	text_put(t, ", ");
	text_count(t, s->stats.flows, "flow");
	text_put(t, "; ");
	text_u64(t, s->shown);
	text_put(t, " shown, ");
	text_u64(t, s->translated);
	text_put(t, " of them translated; ");
	text_put(t, s->live ? "watched for " : "read in ");
	text_span(t, (int64_t)s->wall_ns);
	text_put(t, ".");
	text_newline(t);
	put_trouble(t, s);
	put_loss(t, &s->stats);
}

const struct output output_text = {
	.name = "text",
	.help = "one aligned line for each flow, then a summary",
	.head = text_head, .flow = text_flow, .tail = text_tail,
};
