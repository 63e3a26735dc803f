/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.c - values in dumps.  Names of protocols as IANA's registry and
 * /etc/protocols have them; names of ICMP types as in iptables-extensions(8)
 * and nft(8).
 */
#include "capture/state/netfilter/scan.h"

#include "decode/packet.h"

struct span
span_cut(struct span *s, char c)
{
	const char *at = s->len ? memchr(s->p, c, s->len) : NULL;
	struct span head = *s;

	if (at == NULL) {
		*s = (struct span){ NULL, 0 };
		return head;
	}
	head.len = (size_t)(at - s->p);
	s->p = at + 1;
	s->len -= head.len + 1;
	return head;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span
span_word(struct span *s)
{
	const char *p = s->p ? s->p : "", *end = p + s->len;
	struct span w;

	while (p < end && is_blank(*p))
		p++;
	w.p = p;
	while (p < end && !is_blank(*p))
		p++;
	w.len = (size_t)(p - w.p);
	s->len = (size_t)(end - p);
	s->p = p;
	return w;
}

bool
scan_number(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned)(unsigned char)s.p[i] - '0';

		if (d > 9 || d > max || v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
scan_u32(struct span s, uint32_t *out)
{
	uint64_t v = 0;

	if (s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x') {
		for (size_t i = 2; i < s.len; i++) {
			int d = hex_digit(s.p[i]);

			if (d < 0 || (v = v << 4 | (unsigned)d) > UINT32_MAX)
				return false;
		}
	} else if (!scan_number(s, UINT32_MAX, &v)) {
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

/* Dotted decimal without a copy: conntrack dumps have four for each line. */
static bool
scan_v4(struct span s, struct addr *out)
{
	const char *p = s.p, *end = p + s.len;
	uint8_t b[4];

	for (unsigned i = 0; i < 4; i++) {
		unsigned v = 0, n = 0;

		if (i > 0 && (p == end || *p++ != '.'))
			return false;
		for (; p < end && *p >= '0' && *p <= '9'; p++) {
			if (++n > 3 || (n == 2 && v == 0))
				return false;
			v = v * 10 + (unsigned)(*p - '0');
		}
		if (n == 0 || v > 255)
			return false;
		b[i] = (uint8_t)v;
	}
	if (p != end)
		return false;
	*out = addr_from_v4(b);
	return true;
}

bool
scan_addr(struct span s, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	if (s.len == 0)
		return false;
	if (scan_v4(s, out))
		return true;
	if (s.len >= sizeof(text) || memchr(s.p, ':', s.len) == NULL ||
	    memchr(s.p, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return addr_parse(text, out);
}

/* The length of a netmask, in bits of the 128; -1 when it has holes. */
static int
mask_length(const struct addr *mask, bool v4)
{
	unsigned len = v4 ? 96 : 0;
	unsigned i = len;

	while (len < 128 && mask->b[len / 8] >> (7 - len % 8) & 1)
		len++;
	for (i = len; i < 128; i++)
		if (mask->b[i / 8] >> (7 - i % 8) & 1)
			return -1;
	return (int)len;
}

bool
scan_prefix(struct span s, struct prefix *out)
{
	struct span rest = s, head = span_cut(&rest, '/');
	struct addr a, mask;
	uint64_t n;
	bool v4;
	int len = 128;

	if (!scan_addr(head, &a))
		return false;
	v4 = addr_is_v4(&a) && memchr(head.p, ':', head.len) == NULL;
	if (rest.p != NULL) {
		if (scan_number(rest, v4 ? 32 : 128, &n))
			len = (int)n + (v4 ? 96 : 0);
		else if (!scan_addr(rest, &mask) || addr_is_v4(&mask) != v4 ||
		    (len = mask_length(&mask, v4)) < 0)
			return false;
	}
	*out = prefix_of(&a, (uint8_t)len);
	return true;
}

bool
scan_range(struct span s, struct addr out[static 2])
{
	struct span rest = s, head = span_cut(&rest, '-');
	struct addr a, b;

	if (!scan_addr(head, &a))
		return false;
	b = a;
	if (rest.p != NULL && (!scan_addr(rest, &b) ||
	    addr_is_v4(&a) != addr_is_v4(&b) ||
	    memcmp(a.b, b.b, sizeof(a.b)) > 0))
		return false;
	out[0] = a;
	out[1] = b;
	return true;
}

bool
scan_ports(struct span s, char sep, struct nf_ports *out)
{
	struct span rest = s, head = span_cut(&rest, sep);
	uint64_t lo = 0, hi = UINT16_MAX;

	if (rest.p == NULL) {
		if (!scan_number(head, UINT16_MAX, &lo))
			return false;
		hi = lo;
	} else if ((head.len == 0 && rest.len == 0) ||
	    (head.len > 0 && !scan_number(head, UINT16_MAX, &lo)) ||
	    (rest.len > 0 && !scan_number(rest, UINT16_MAX, &hi)) || lo > hi) {
		return false;
	}
	*out = (struct nf_ports){ (uint16_t)lo, (uint16_t)hi };
	return true;
}

bool
scan_mark(struct span s, uint32_t *value, uint32_t *mask)
{
	struct span rest = s, head = span_cut(&rest, '/');
	uint32_t v, m = UINT32_MAX;

	if (!scan_u32(head, &v) || (rest.p != NULL && !scan_u32(rest, &m)))
		return false;
	*value = v;
	*mask = m;
	return true;
}

static const struct {
	const char	*name;
	uint8_t		 number;
} protos[] = {
	{ "tcp", PROTO_TCP },		{ "udp", PROTO_UDP },
	{ "icmp", PROTO_ICMP },		{ "icmpv6", PROTO_ICMPV6 },
	{ "ipv6-icmp", PROTO_ICMPV6 },	{ "icmp6", PROTO_ICMPV6 },
	{ "sctp", PROTO_SCTP },		{ "udplite", 136 },
	{ "dccp", 33 },			{ "igmp", 2 },
	{ "gre", PROTO_GRE },		{ "esp", PROTO_ESP },
	{ "ipv6-crypt", PROTO_ESP },	{ "ah", PROTO_AH },
	{ "ipv6-auth", PROTO_AH },	{ "comp", 108 },
	{ "ipcomp", 108 },		{ "ipip", PROTO_IPIP },
	{ "ipencap", PROTO_IPIP },	{ "ipv4", PROTO_IPIP },
	{ "ipv6", PROTO_IPV6 },		{ "vrrp", 112 },
	{ "ospf", 89 },			{ "pim", 103 },
	{ "l2tp", 115 },		{ "mh", 135 },
	{ "ipv6-mh", 135 },		{ "mobility-header", 135 },
	{ "ipv6-nonxt", 59 },		{ "ipv6-frag", 44 },
	{ "ipv6-route", 43 },		{ "ipv6-opts", 60 },
	{ "eigrp", 88 },		{ "etherip", 97 },
};

bool
scan_proto(struct span s, uint8_t *out)
{
	uint64_t n;

	if (scan_number(s, UINT8_MAX, &n)) {
		*out = (uint8_t)n;
		return true;
	}
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (span_is(s, protos[i].name)) {
			*out = protos[i].number;
			return true;
		}
	return false;
}

struct icmp_name {
	const char	*name;
	uint8_t		 type, code_lo, code_hi;
};

static const struct icmp_name icmp4_names[] = {
	{ "echo-reply", 0, 0, 255 },		{ "pong", 0, 0, 255 },
	{ "destination-unreachable", 3, 0, 255 },
	{ "network-unreachable", 3, 0, 0 },	{ "host-unreachable", 3, 1, 1 },
	{ "protocol-unreachable", 3, 2, 2 },	{ "port-unreachable", 3, 3, 3 },
	{ "fragmentation-needed", 3, 4, 4 },	{ "source-route-failed", 3, 5, 5 },
	{ "source-quench", 4, 0, 255 },		{ "redirect", 5, 0, 255 },
	{ "echo-request", 8, 0, 255 },		{ "ping", 8, 0, 255 },
	{ "router-advertisement", 9, 0, 255 },	{ "router-solicitation", 10, 0, 255 },
	{ "time-exceeded", 11, 0, 255 },	{ "ttl-exceeded", 11, 0, 255 },
	{ "parameter-problem", 12, 0, 255 },	{ "timestamp-request", 13, 0, 255 },
	{ "timestamp-reply", 14, 0, 255 },	{ "info-request", 15, 0, 255 },
	{ "info-reply", 16, 0, 255 },		{ "address-mask-request", 17, 0, 255 },
	{ "address-mask-reply", 18, 0, 255 },
};

static const struct icmp_name icmp6_names[] = {
	{ "destination-unreachable", 1, 0, 255 },
	{ "packet-too-big", 2, 0, 255 },	{ "time-exceeded", 3, 0, 255 },
	{ "ttl-exceeded", 3, 0, 255 },		{ "parameter-problem", 4, 0, 255 },
	{ "echo-request", 128, 0, 255 },	{ "ping", 128, 0, 255 },
	{ "echo-reply", 129, 0, 255 },		{ "pong", 129, 0, 255 },
	{ "mld-listener-query", 130, 0, 255 },	{ "mld-listener-report", 131, 0, 255 },
	{ "mld-listener-done", 132, 0, 255 },	{ "mld-listener-reduction", 132, 0, 255 },
	{ "router-solicitation", 133, 0, 255 },	{ "nd-router-solicit", 133, 0, 255 },
	{ "router-advertisement", 134, 0, 255 }, { "nd-router-advert", 134, 0, 255 },
	{ "neighbour-solicitation", 135, 0, 255 },
	{ "neighbor-solicitation", 135, 0, 255 },
	{ "nd-neighbor-solicit", 135, 0, 255 },
	{ "neighbour-advertisement", 136, 0, 255 },
	{ "neighbor-advertisement", 136, 0, 255 },
	{ "nd-neighbor-advert", 136, 0, 255 },
	{ "redirect", 137, 0, 255 },		{ "nd-redirect", 137, 0, 255 },
	{ "router-renumbering", 138, 0, 255 },
	{ "ind-neighbor-solicit", 141, 0, 255 },
	{ "ind-neighbor-advert", 142, 0, 255 },
	{ "mld2-listener-report", 143, 0, 255 },
};

bool
scan_icmp(struct span s, bool v6, uint8_t *type, uint8_t *code_lo, uint8_t *code_hi)
{
	const struct icmp_name *names = v6 ? icmp6_names : icmp4_names;
	size_t n = v6 ? sizeof(icmp6_names) / sizeof(icmp6_names[0]) :
	    sizeof(icmp4_names) / sizeof(icmp4_names[0]);
	struct span rest = s, head = span_cut(&rest, '/');
	uint64_t t, c = 0;

	for (size_t i = 0; i < n; i++)
		if (span_is(s, names[i].name)) {
			*type = names[i].type;
			*code_lo = names[i].code_lo;
			*code_hi = names[i].code_hi;
			return true;
		}
	if (!scan_number(head, UINT8_MAX, &t) ||
	    (rest.p != NULL && !scan_number(rest, UINT8_MAX, &c)))
		return false;
	*type = (uint8_t)t;
	*code_lo = (uint8_t)(rest.p ? c : 0);
	*code_hi = (uint8_t)(rest.p ? c : UINT8_MAX);
	return true;
}
