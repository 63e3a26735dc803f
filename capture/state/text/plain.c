/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.c - small dumps: sysctl(8), ipamd's metrics in Prometheus' text format,
 * ipvsadm(8), the node's name.
 */
#include "capture/state/reader.h"
#include "capture/state/text/words.h"

/* ---- sysctl --all */

/* The names that decide about the way of a packet or what conntrack keeps: the
   first and the last part; between them may stand an interface. */
static const struct { const char *head, *tail; } kept[] = {
	{ "net.ipv4.conf.",	".rp_filter" },
	{ "net.ipv4.conf.",	".forwarding" },
	{ "net.ipv4.conf.",	".src_valid_mark" },
	{ "net.ipv4.conf.",	".accept_local" },
	{ "net.ipv4.conf.",	".route_localnet" },
	{ "net.ipv4.conf.",	".proxy_arp" },
	{ "net.ipv4.conf.",	".ignore_routes_with_linkdown" },
	{ "net.ipv6.conf.",	".forwarding" },
	{ "net.ipv6.conf.",	".disable_ipv6" },
	{ "net.ipv6.conf.",	".accept_ra" },
	{ "net.ipv6.conf.",	".proxy_ndp" },
	{ "net.ipv6.conf.",	".ignore_routes_with_linkdown" },
	{ "net.ipv4.ip_forward",		"" },
	{ "net.ipv4.tcp_early_demux",		"" },
	{ "net.ipv4.udp_early_demux",		"" },
	{ "net.ipv4.ip_early_demux",		"" },
	{ "net.ipv4.ip_local_port_range",	"" },
	{ "net.ipv4.ip_local_reserved_ports",	"" },
	{ "net.ipv4.ip_nonlocal_bind",		"" },
	{ "net.ipv4.fwmark_reflect",		"" },
	{ "net.ipv4.tcp_fwmark_accept",		"" },
	{ "net.ipv4.fib_multipath_",		"" },
	{ "net.ipv4.vs.",			"" },
	{ "net.netfilter.nf_conntrack_",	"" },
	{ "net.nf_conntrack_max",		"" },
	{ "net.bridge.bridge-nf-",		"" },
};

static bool
is_kept(const struct word *name)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		size_t head = strlen(kept[i].head), tail = strlen(kept[i].tail);

		if (word_starts(name, kept[i].head) && name->len >= head + tail &&
		    memcmp(name->p + name->len - tail, kept[i].tail, tail) == 0)
			return true;
	}
	return false;
}

static struct word
trim(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return (struct word){ p, (size_t)(end - p) };
}

/* "net.ipv4.ip_forward = 1" */
static void
take_sysctl(struct reader *r, const struct line *l)
{
	const char *end = l->p + l->len, *eq = memchr(l->p, '=', l->len);
	struct word name = trim(l->p, eq ? eq : end), value;
	struct sysctl *out;

	if (!word_starts(&name, "net."))
		return;
	if (eq == NULL) {
		reader_bad(r, l->number, "found '%.*s'; expected a setting such as "
		    "'net.ipv4.ip_forward = 1'", QUOTED(&name));
		return;
	}
	state_mark(r->state, PART_SYSCTLS);
	if (!is_kept(&name))
		return;
	value = trim(eq + 1, end);
	out = state_push(r->state, sysctls);
	if (out == NULL)
		return;
	out->name = state_text(r->state, name.p, name.len);
	out->value = state_text(r->state, value.p, value.len);
}

void
read_sysctl(struct reader *r)
{
	struct line l = { 0 };

	while (reader_line(r, &l))
		take_sysctl(r, &l);
	if (!state_has(r->state, PART_SYSCTLS) && r->n_bad == 0)
		reader_bad(r, 0, "no setting of the network in it; expected the "
		    "output of 'sysctl --all'");
}

/* ---- metrics of ipamd */

static bool
holds(const struct line *l, const char *text)
{
	return memmem(l->p, l->len, text, strlen(text)) != NULL;
}

/* awscni_connmark_backend{backend="nftables"} 1 */
void
read_metrics(struct reader *r)
{
	struct line l = { 0 };

	while (reader_line(r, &l)) {
		struct words ws = words_of(l.p, l.len);
		struct word name, value, w;

		if (!word_next(&ws, &name) ||
		    !word_starts(&name, "awscni_connmark_backend"))
			continue;
		value = name;
		while (word_next(&ws, &w))
			value = w;
		if (!word_is(&value, "1"))
			continue;
		if (holds(&l, "backend=\"nftables\""))
			r->state->cni.connmark_nft = 1;
		else if (holds(&l, "backend=\"iptables\""))
			r->state->cni.connmark_nft = 0;
		else
			reader_bad(r, l.number, "the backend in '%.*s' is not known; "
			    "expected nftables or iptables", QUOTED(&name));
	}
}

/* ---- ipvsadm --save, or its table */

static bool
is_virtual_server(const struct line *l)
{
	static const char *const firsts[] = { "-A", "TCP", "UDP", "SCTP", "FWM" };
	struct words ws = words_of(l->p, l->len);
	struct word w;

	if (l->len == 0 || is_blank(l->p[0]) || !word_next(&ws, &w))
		return false;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		if (word_is(&w, firsts[i]))
			return word_next(&ws, &w);
	return false;
}

void
read_ipvsadm(struct reader *r)
{
	struct line l = { 0 };
	unsigned long first = 0;

	while (reader_line(r, &l))
		if (first == 0 && is_virtual_server(&l))
			first = l.number;
	if (first == 0)
		return;
	r->state->flags |= STATE_IPVS;
	state_mark(r->state, PART_IPVS);
	reader_bad(r, first, "kube-proxy runs in IPVS mode, which is not "
	    "supported: what it does to Services is not known");
}

/* ---- hostname */

void
read_hostname(struct reader *r)
{
	struct line l = { 0 };
	struct word w, more;

	while (reader_line(r, &l)) {
		struct words ws = words_of(l.p, l.len);

		if (!word_next(&ws, &w))
			continue;
		if (!word_next(&ws, &more) && words_plain(w.p, w.len) &&
		    w.len <= 253) {
			r->state->hostname = state_text(r->state, w.p, w.len);
			return;
		}
		reader_bad(r, l.number, "found '%.*s'; expected the node's name "
		    "alone", QUOTED(&w));
		return;
	}
}
