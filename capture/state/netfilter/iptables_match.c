/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables_match.c - the matches of a rule that modules make,
 * iptables-extensions(8).
 *
 * A module with an option that is not known here is kept whole as words: half
 * of its options may mean something else without the other half.
 */
#include "capture/state/netfilter/iptables_int.h"

#include <stdlib.h>

#include "decode/packet.h"

#define TCP_SYN_MASK	(TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)
#define MULTIPORT_MAX	64	/* the kernel has 15 */

/* ---- options of the modules: t->at is behind the option's name */

static enum ipt_taken
port_read(struct ipt *t, enum nf_match_kind kind, bool invert)
{
	struct nf_ports ports;
	struct span v;

	if (!ipt_arg(t, &v) || !scan_ports(v, ':', &ports))
		return ipt_wrong(t, v, "a port or a range of ports");
	nf_match_ports(t->s, kind, invert, &ports, 1);
	return IPT_TAKEN;
}

/* udp, udplite, sctp, dccp; and tcp's too. */
static enum ipt_taken
ports_option(struct ipt *t, struct span o, bool invert)
{
	if (span_is(o, "--sport") || span_is(o, "--source-port"))
		return port_read(t, NF_M_SPORT, invert);
	if (span_is(o, "--dport") || span_is(o, "--destination-port"))
		return port_read(t, NF_M_DPORT, invert);
	return IPT_UNKNOWN;
}

struct bit {
	const char	*name;
	uint32_t	 bit;
};

static const struct bit tcp_flag_names[] = {
	{ "FIN", TCP_FIN }, { "SYN", TCP_SYN }, { "RST", TCP_RST },
	{ "PSH", TCP_PSH }, { "ACK", TCP_ACK }, { "URG", TCP_URG },
	{ "ALL", 0x3f }, { "NONE", 0 }, { NULL, 0 },
};

static const struct bit addrtypes[] = {
	{ "UNSPEC", NF_A_UNSPEC }, { "UNICAST", NF_A_UNICAST },
	{ "LOCAL", NF_A_LOCAL }, { "BROADCAST", NF_A_BROADCAST },
	{ "ANYCAST", NF_A_ANYCAST }, { "MULTICAST", NF_A_MULTICAST },
	{ "BLACKHOLE", NF_A_BLACKHOLE }, { "UNREACHABLE", NF_A_UNREACHABLE },
	{ "PROHIBIT", NF_A_PROHIBIT }, { NULL, 0 },
};

static const struct bit ctstates[] = {
	{ "NEW", NF_CT_NEW }, { "ESTABLISHED", NF_CT_ESTABLISHED },
	{ "RELATED", NF_CT_RELATED }, { "INVALID", NF_CT_INVALID },
	{ "UNTRACKED", NF_CT_UNTRACKED }, { "SNAT", NF_CT_SNAT },
	{ "DNAT", NF_CT_DNAT }, { NULL, 0 },
};

/* Names with commas; false when one is not in the table. */
static bool
bits_read(struct span list, const struct bit *names, uint32_t *out)
{
	*out = 0;
	do {
		struct span one = span_cut(&list, ',');
		const struct bit *b = names;

		while (b->name != NULL && !span_is(one, b->name))
			b++;
		if (b->name == NULL)
			return false;
		*out |= b->bit;
	} while (list.p != NULL);
	return true;
}

static enum ipt_taken
tcp_flags_add(struct ipt *t, uint32_t mask, uint32_t value, bool invert)
{
	struct nf_match *m = nf_match_add(t->s, NF_M_TCP_FLAGS, invert);

	if (m != NULL) {
		m->flags.mask = (uint8_t)mask;
		m->flags.value = (uint8_t)value;
	}
	return IPT_TAKEN;
}

static enum ipt_taken
tcp_option(struct ipt *t, struct span o, bool invert)
{
	struct span mask, value;
	uint32_t m, v;

	if (span_is(o, "--syn"))
		return tcp_flags_add(t, TCP_SYN_MASK, TCP_SYN, invert);
	if (!span_is(o, "--tcp-flags"))
		return ports_option(t, o, invert);
	if (!ipt_arg(t, &mask) || !ipt_arg(t, &value))
		return ipt_wrong(t, mask, "two lists of TCP flags");
	if (!bits_read(mask, tcp_flag_names, &m) ||
	    !bits_read(value, tcp_flag_names, &v))
		return IPT_UNKNOWN;
	return tcp_flags_add(t, m, v, invert);
}

static enum ipt_taken
multiport_option(struct ipt *t, struct span o, bool invert)
{
	struct nf_ports ports[MULTIPORT_MAX];
	enum nf_match_kind kind;
	unsigned n = 0;
	struct span v;

	if (span_is(o, "--ports"))
		kind = NF_M_PORT;
	else if (span_is(o, "--sports") || span_is(o, "--source-ports"))
		kind = NF_M_SPORT;
	else if (span_is(o, "--dports") || span_is(o, "--destination-ports"))
		kind = NF_M_DPORT;
	else
		return IPT_UNKNOWN;
	ipt_arg(t, &v);
	do {
		struct span one = span_cut(&v, ',');

		if (n == MULTIPORT_MAX || !scan_ports(one, ':', &ports[n++]))
			return ipt_wrong(t, one, "ports with commas, at most 64");
	} while (v.p != NULL);
	nf_match_ports(t->s, kind, invert, ports, n);
	return IPT_TAKEN;
}

static enum ipt_taken
mark_read(struct ipt *t, struct span o, enum nf_match_kind kind, bool invert)
{
	struct nf_match *m;
	uint32_t value, mask;
	struct span v;

	if (!span_is(o, "--mark"))
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &v) || !scan_mark(v, &value, &mask))
		return ipt_wrong(t, v, "a mark");
	m = nf_match_add(t->s, kind, invert);
	if (m != NULL) {
		m->mark.value = value;
		m->mark.mask = mask;
	}
	return IPT_TAKEN;
}

static enum ipt_taken
mark_option(struct ipt *t, struct span o, bool invert)
{
	return mark_read(t, o, NF_M_MARK, invert);
}

static enum ipt_taken
connmark_option(struct ipt *t, struct span o, bool invert)
{
	return mark_read(t, o, NF_M_CTMARK, invert);
}

static enum ipt_taken
comment_option(struct ipt *t, struct span o, bool invert)
{
	struct span v;

	(void)invert;
	if (!span_is(o, "--comment"))
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &v))
		return ipt_wrong(t, v, "a comment");
	t->comment = nf_text(t->s, v);
	return IPT_TAKEN;
}

/* --limit-iface-in stands behind the types that it is for. */
static enum ipt_taken
addrtype_option(struct ipt *t, struct span o, bool invert)
{
	enum nf_match_kind kind = NF_M_SRC_TYPE;
	struct nf_match *m;
	struct span v;
	uint32_t types;

	if (span_is(o, "--limit-iface-in") || span_is(o, "--limit-iface-out")) {
		t->addrtype_limit = span_is(o, "--limit-iface-in") ?
		    NF_A_LIMIT_IN : NF_A_LIMIT_OUT;
		for (uint32_t i = t->module_match; i < t->s->nf_matches.n; i++)
			t->s->nf_matches.v[i].types |= t->addrtype_limit;
		return IPT_TAKEN;
	}
	if (span_is(o, "--dst-type"))
		kind = NF_M_DST_TYPE;
	else if (!span_is(o, "--src-type"))
		return IPT_UNKNOWN;
	ipt_arg(t, &v);
	if (!bits_read(v, addrtypes, &types))
		return IPT_UNKNOWN;
	m = nf_match_add(t->s, kind, invert);
	if (m != NULL)
		m->types = types | t->addrtype_limit;
	return IPT_TAKEN;
}

static bool
number_arg(struct ipt *t, struct span *v, uint32_t *out)
{
	return ipt_arg(t, v) && scan_u32(*v, out);
}

static bool
probability_arg(struct ipt *t, struct span *v, double *out)
{
	char text[32], *end;

	if (!ipt_arg(t, v) || v->len == 0 || v->len >= sizeof(text))
		return false;
	for (size_t i = 0; i < v->len; i++)
		if ((v->p[i] < '0' || v->p[i] > '9') && v->p[i] != '.')
			return false;
	memcpy(text, v->p, v->len);
	text[v->len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && *out >= 0 && *out <= 1;
}

static enum ipt_taken
statistic_option(struct ipt *t, struct span o, bool invert)
{
	struct nf_match *m = NULL;
	double probability;
	struct span v;
	uint32_t n;

	if (span_is(o, "--mode")) {
		ipt_arg(t, &v);
		t->random = span_is(v, "random");
		t->nth = span_is(v, "nth");
		return t->random || t->nth ? IPT_TAKEN : IPT_UNKNOWN;
	}
	if (t->random && span_is(o, "--probability")) {
		if (!probability_arg(t, &v, &probability))
			return ipt_wrong(t, v, "a probability from 0 to 1");
		m = nf_match_add(t->s, NF_M_RANDOM, invert);
		if (m != NULL)
			m->probability = probability;
	} else if (t->nth && span_is(o, "--every")) {
		if (!number_arg(t, &v, &n) || n == 0)
			return ipt_wrong(t, v, "a number from 1 on");
		m = nf_match_add(t->s, NF_M_NTH, invert);
		if (m != NULL)
			m->nth.every = n;
	} else if (t->nth && span_is(o, "--packet") &&
	    t->s->nf_matches.n > t->module_match) {
		m = &t->s->nf_matches.v[t->s->nf_matches.n - 1];
		if (!number_arg(t, &v, &n) || n >= m->nth.every)
			return ipt_wrong(t, v, "a number below that of --every");
		m->nth.packet = n;
	} else {
		return IPT_UNKNOWN;
	}
	return IPT_TAKEN;
}

static enum ipt_taken
states_read(struct ipt *t, bool invert)
{
	struct nf_match *m;
	uint32_t states;
	struct span v;

	ipt_arg(t, &v);
	if (!bits_read(v, ctstates, &states))
		return IPT_UNKNOWN;
	m = nf_match_add(t->s, NF_M_CTSTATE, invert);
	if (m != NULL)
		m->states = states;
	return IPT_TAKEN;
}

static enum ipt_taken
conntrack_option(struct ipt *t, struct span o, bool invert)
{
	return span_is(o, "--ctstate") ? states_read(t, invert) : IPT_UNKNOWN;
}

static enum ipt_taken
state_option(struct ipt *t, struct span o, bool invert)
{
	return span_is(o, "--state") ? states_read(t, invert) : IPT_UNKNOWN;
}

static enum ipt_taken
iprange_option(struct ipt *t, struct span o, bool invert)
{
	struct addr range[2];
	struct span v;
	bool dst = span_is(o, "--dst-range");

	if (!dst && !span_is(o, "--src-range"))
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &v) || !scan_range(v, range))
		return ipt_wrong(t, v, "a range of addresses");
	nf_match_range(t->s, dst, invert, range);
	return IPT_TAKEN;
}

static enum ipt_taken
set_option(struct ipt *t, struct span o, bool invert)
{
	struct span name, dirs;
	struct nf_match *m;
	uint32_t i;

	if (!span_is(o, "--match-set") && !span_is(o, "--set"))
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &name) || !ipt_arg(t, &dirs))
		return ipt_wrong(t, name, "a set and directions");
	i = ipset_view(t->s, name, dirs);
	if (i == STATE_NONE)
		return ipt_wrong(t, dirs, "src or dst for each dimension");
	m = nf_match_add(t->s, NF_M_SET, invert);
	if (m != NULL)
		m->set = i;
	return IPT_TAKEN;
}

static enum ipt_taken
icmp_option(struct ipt *t, struct span o, bool invert)
{
	uint8_t type, lo, hi;
	struct nf_match *m;
	struct span v;

	if (!span_is(o, "--icmp-type") && !span_is(o, "--icmpv6-type"))
		return IPT_UNKNOWN;
	ipt_arg(t, &v);
	if (span_is(v, "any") || (!t->v6 && span_is(v, "255")))
		return invert ? IPT_UNKNOWN : IPT_TAKEN;
	if (!scan_icmp(v, t->v6, &type, &lo, &hi))
		return IPT_UNKNOWN;
	m = nf_match_add(t->s, NF_M_ICMP, invert);
	if (m != NULL) {
		m->icmp.type = type;
		m->icmp.code_lo = lo;
		m->icmp.code_hi = hi;
	}
	return IPT_TAKEN;
}

typedef enum ipt_taken option_fn(struct ipt *, struct span name, bool invert);

static const struct module {
	const char	*name;
	option_fn	*option;
} modules[] = {
	{ "comment", comment_option },
	{ "tcp", tcp_option },
	{ "udp", ports_option },
	{ "udplite", ports_option },
	{ "sctp", ports_option },
	{ "dccp", ports_option },
	{ "statistic", statistic_option },
	{ "mark", mark_option },
	{ "connmark", connmark_option },
	{ "addrtype", addrtype_option },
	{ "conntrack", conntrack_option },
	{ "state", state_option },
	{ "multiport", multiport_option },
	{ "set", set_option },
	{ "iprange", iprange_option },
	{ "icmp", icmp_option },
	{ "icmp6", icmp_option },
	{ "icmpv6", icmp_option },
};

/* Where the module's own options end. */
static unsigned
module_end(const struct ipt *t)
{
	static const char *const next[] = {
		"-m", "--match", "-j", "--jump", "-g", "--goto",
	};
	unsigned i;

	for (i = t->at; i < t->n; i++) {
		unsigned at = i + ipt_word_is(t, i, "!");

		if (ipt_is_general(t, at))
			return i;
		for (size_t k = 0; k < sizeof(next) / sizeof(next[0]); k++)
			if (ipt_word_is(t, at, next[k]))
				return i;
	}
	return i;
}

static enum ipt_taken
module_options(struct ipt *t, const struct module *m)
{
	enum ipt_taken taken = IPT_TAKEN;

	while (t->at < t->end && taken == IPT_TAKEN) {
		bool invert = ipt_word_is(t, t->at, "!");
		struct span o;

		t->at += invert;
		if (!ipt_arg(t, &o))
			return IPT_UNKNOWN;
		if (t->at < t->end && ipt_word_is(t, t->at, "!")) {
			t->at++;	/* before iptables 1.4.3 */
			invert = true;
		}
		taken = m->option(t, o, invert);
	}
	return taken;
}

void
ipt_module(struct ipt *t)
{
	unsigned first = t->at - 1;
	enum ipt_taken taken = IPT_UNKNOWN;
	struct span name;

	if (!ipt_arg(t, &name)) {
		ipt_wrong(t, ipt_raw(t, first, t->n), "the name of a match");
		return;
	}
	t->end = module_end(t);
	t->module_match = t->s->nf_matches.n;
	t->addrtype_limit = 0;
	t->random = t->nth = false;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (span_is(name, modules[i].name)) {
			taken = module_options(t, &modules[i]);
			break;
		}
	if (taken == IPT_UNKNOWN) {
		t->s->nf_matches.n = t->module_match;
		nf_match_unknown(t->s, ipt_raw(t, first, t->end));
	}
	t->at = t->end;
}
