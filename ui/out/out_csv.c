/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_csv.c - one row for each flow, RFC 4180.
 *
 * A column is one row of the table; the header line comes from it.  An empty
 * field means "not known".
 */
#include "decode/app/proxy.h"
#include "decode/contract.h"
#include "ui/out/output.h"
#include "ui/out/present.h"
#include "ui/out/utf8.h"

static void
put_u64(struct outbuf *o, uint64_t v)
{
	outbuf_room(o, FORMAT_U64_MAX);
	o->p += format_u64(o->p, v);
}

static void
put_addr(struct outbuf *o, const struct addr *a)
{
	outbuf_room(o, ADDR_TEXT_MAX);
	o->p += format_addr(o->p, a);
}

static void
put_time(struct outbuf *o, struct nstime t)
{
	outbuf_room(o, FORMAT_TIME_MAX);
	o->p += format_time(o->p, t);
}

/*
 * Inside quotes a quote is doubled (RFC 4180 section 2, rule 7).  What is no
 * text (controls, invalid UTF-8) becomes U+FFFD: the row may meet a terminal.
 */
static void
put_quoted(struct outbuf *o, const char *s)
{
	while (*s != '\0') {
		uint32_t code;
		unsigned n = utf8_take(s, &code);

		if (n == 0 || utf8_is_unsafe(code)) {
			outbuf_lit(o, "\xef\xbf\xbd");
			s += n != 0 ? n : 1;
			continue;
		}
		if (*s == '"')
			outbuf_char(o, '"');
		outbuf_put(o, s, n);
		s += n;
	}
}

static void
col_id(struct output_run *r, const struct flow *f)
{
	put_u64(r->out, f->id);
}

static void
col_first(struct output_run *r, const struct flow *f)
{
	put_time(r->out, f->first);
}

static void
col_last(struct output_run *r, const struct flow *f)
{
	put_time(r->out, f->last);
}

static void
col_proto(struct output_run *r, const struct flow *f)
{
	char buf[PRESENT_PROTO_MAX];

	outbuf_str(r->out, present_proto(f->proto, buf));
}

static void
col_src(struct output_run *r, const struct flow *f)
{
	put_addr(r->out, &f->original.src);
}

static void
col_sport(struct output_run *r, const struct flow *f)
{
	if (present_ids(f) == IDS_PORTS)
		put_u64(r->out, f->original.sport);
}

static void
col_dst(struct output_run *r, const struct flow *f)
{
	put_addr(r->out, &f->original.dst);
}

static void
col_dport(struct output_run *r, const struct flow *f)
{
	if (present_ids(f) == IDS_PORTS)
		put_u64(r->out, f->original.dport);
}

static void
col_xlat_src(struct output_run *r, const struct flow *f)
{
	if (f->has & FLOW_TRANSLATED)
		put_addr(r->out, &f->translated.src);
}

static void
col_xlat_sport(struct output_run *r, const struct flow *f)
{
	if ((f->has & FLOW_TRANSLATED) && present_ids(f) == IDS_PORTS)
		put_u64(r->out, f->translated.sport);
}

static void
col_xlat_dst(struct output_run *r, const struct flow *f)
{
	if (f->has & FLOW_TRANSLATED)
		put_addr(r->out, &f->translated.dst);
}

static void
col_xlat_dport(struct output_run *r, const struct flow *f)
{
	if ((f->has & FLOW_TRANSLATED) && present_ids(f) == IDS_PORTS)
		put_u64(r->out, f->translated.dport);
}

static void
col_icmp_id(struct output_run *r, const struct flow *f)
{
	if (present_ids(f) == IDS_ICMP)
		put_u64(r->out, present_icmp_id(&f->original));
}

static void
col_xlat_icmp_id(struct output_run *r, const struct flow *f)
{
	if ((f->has & FLOW_TRANSLATED) && present_ids(f) == IDS_ICMP)
		put_u64(r->out, present_icmp_id(&f->translated));
}

/* "none" is a finding, an empty field is not knowing. */
static void
col_nat(struct output_run *r, const struct flow *f)
{
	static const char *const words[] = {
		[0] = "none", [NAT_SNAT] = "snat", [NAT_DNAT] = "dnat",
		[NAT_SNAT | NAT_DNAT] = "snat+dnat",
	};

	if (f->has & FLOW_TRANSLATED)
		outbuf_str(r->out, words[f->nat & (NAT_SNAT | NAT_DNAT)]);
}

static void
col_path(struct output_run *r, const struct flow *f)
{
	unsigned path[FLOW_MAX_LEGS];
	unsigned i, n = present_path(f, false, path);

	outbuf_char(r->out, '"');
	for (i = 0; i < n; i++) {
		if (i > 0)
			outbuf_char(r->out, '>');
		put_quoted(r->out,
		    naming_iface(r->names, f->legs[path[i]].iface).name);
	}
	outbuf_char(r->out, '"');
}

static void
col_packets(struct output_run *r, const struct flow *f)
{
	put_u64(r->out, f->packets);
}

static void
col_bytes(struct output_run *r, const struct flow *f)
{
	put_u64(r->out, f->bytes);
}

static void
put_p50(struct outbuf *o, const struct quantiles *q)
{
	if (q->p50_ns < 0)
		outbuf_char(o, '-');
	put_u64(o, q->p50_ns < 0 ? -(uint64_t)q->p50_ns : (uint64_t)q->p50_ns);
}

static void
col_rtt(struct output_run *r, const struct flow *f)
{
	if (f->has & FLOW_RTT)
		put_p50(r->out, &f->rtt);
}

static void
col_transit(struct output_run *r, const struct flow *f)
{
	if (f->has & FLOW_TRANSIT)
		put_p50(r->out, &f->transit);
}

static void
col_tcp_state(struct output_run *r, const struct flow *f)
{
	const char *name = tcp_state_name(f->tcp_state);

	if (name != NULL)
		outbuf_str(r->out, name);
}

static void
col_verdict(struct output_run *r, const struct flow *f)
{
	outbuf_str(r->out, verdict_name(f->verdict));
}

static void
col_findings(struct output_run *r, const struct flow *f)
{
	unsigned i;

	for (i = 0; i < f->n_findings; i++) {
		if (i > 0)
			outbuf_char(r->out, ' ');
		outbuf_str(r->out, f->findings[i].code);
	}
}

/* ---- what node state says */

static void
col_kind(struct output_run *r, const struct flow *f)
{
	const char *name = flow_kind_name(f->node.kind);

	if (name != NULL)
		outbuf_str(r->out, name);
}

static void
put_pod(struct outbuf *o, const struct pod *p)
{
	char name[PRESENT_NAME_MAX];

	if (!present_pod(p, name))
		return;
	outbuf_char(o, '"');
	put_quoted(o, name);
	outbuf_char(o, '"');
}

static void
col_pod(struct output_run *r, const struct flow *f)
{
	put_pod(r->out, f->node.pod);
}

static void
col_peer(struct output_run *r, const struct flow *f)
{
	put_pod(r->out, f->node.peer);
}

static void
col_eni(struct output_run *r, const struct flow *f)
{
	if (f->node.eni == NULL || f->node.eni->id == NULL)
		return;
	outbuf_char(r->out, '"');
	put_quoted(r->out, f->node.eni->id);
	outbuf_char(r->out, '"');
}

static void
col_service(struct output_run *r, const struct flow *f)
{
	const struct flow_node *n = &f->node;

	if (n->service == NULL)
		return;
	outbuf_char(r->out, '"');
	if (n->service_ns != NULL) {
		put_quoted(r->out, n->service_ns);
		outbuf_char(r->out, '/');
	}
	put_quoted(r->out, n->service);
	if (n->service_port != NULL && n->service_port[0] != '\0') {
		outbuf_char(r->out, ':');
		put_quoted(r->out, n->service_port);
	}
	outbuf_char(r->out, '"');
}

/* ---- what payloads and ends say */

static void
put_text(struct outbuf *o, const char *text)
{
	if (text == NULL)
		return;
	outbuf_char(o, '"');
	put_quoted(o, text);
	outbuf_char(o, '"');
}

static void
col_dns_name(struct output_run *r, const struct flow *f)
{
	put_text(r->out, f->app.dns_name);
}

static void
col_role(struct output_run *r, const struct flow *f)
{
	put_text(r->out, f->app.role);
}

/* As the PROXY protocol tells it. */
static void
col_client(struct output_run *r, const struct flow *f)
{
	const struct proxy_header *h = f->app.proxy;

	if (h != NULL && h->why == NULL && h->has & PROXY_HAS_ADDRS)
		put_addr(r->out, &h->src);
}

static const struct {
	const char	*title;
	void		 (*put)(struct output_run *, const struct flow *);
} columns[] = {
	{ "id",			col_id },
	{ "first",		col_first },
	{ "last",		col_last },
	{ "proto",		col_proto },
	{ "src",		col_src },
	{ "sport",		col_sport },
	{ "dst",		col_dst },
	{ "dport",		col_dport },
	{ "xlat_src",		col_xlat_src },
	{ "xlat_sport",		col_xlat_sport },
	{ "xlat_dst",		col_xlat_dst },
	{ "xlat_dport",		col_xlat_dport },
	{ "icmp_id",		col_icmp_id },
	{ "xlat_icmp_id",	col_xlat_icmp_id },
	{ "nat",		col_nat },
	{ "path",		col_path },
	{ "packets",		col_packets },
	{ "bytes",		col_bytes },
	{ "rtt_p50_ns",		col_rtt },
	{ "transit_p50_ns",	col_transit },
	{ "tcp_state",		col_tcp_state },
	{ "verdict",		col_verdict },
	{ "findings",		col_findings },
	{ "kind",		col_kind },
	{ "pod",		col_pod },
	{ "peer",		col_peer },
	{ "eni_id",		col_eni },
	{ "service",		col_service },
	{ "dns_name",		col_dns_name },
	{ "role",		col_role },
	{ "client",		col_client },
};

#define N_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static void
csv_head(struct output_run *r)
{
	size_t i;

	for (i = 0; i < N_COLUMNS; i++) {
		if (i > 0)
			outbuf_char(r->out, ',');
		outbuf_str(r->out, columns[i].title);
	}
	if (r->changes)
		outbuf_lit(r->out, ",event");
	outbuf_lit(r->out, "\r\n");
}

static void
csv_flow(struct output_run *r, const struct flow *f)
{
	size_t i;

	for (i = 0; i < N_COLUMNS; i++) {
		if (i > 0)
			outbuf_char(r->out, ',');
		columns[i].put(r, f);
	}
	if (r->changes) {
		outbuf_char(r->out, ',');
		outbuf_str(r->out, flow_event_name(r->event));
	}
	outbuf_lit(r->out, "\r\n");
}

/* A table has no room for a summary; loss is told on stderr (ui/read/lines.c). */
static void
csv_tail(struct output_run *r, const struct summary *s)
{
	(void)r;
	(void)s;
}

const struct output output_csv = {
	.name = "csv",
	.help = "a header line, then one row for each flow (RFC 4180)",
	.head = csv_head, .flow = csv_flow, .tail = csv_tail,
};
