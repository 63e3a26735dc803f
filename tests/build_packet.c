/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build_packet.c - frames for tests.  Written from the RFCs and independent of
 * the decoder: nothing but its constants is shared.
 */
#include "tests/build_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/addr.h"

/* How a header is named by the one before it, and where it names the next. */
struct kind_info {
	uint16_t	ethertype;	/* 0: cannot be named by one */
	uint8_t		next_at;	/* offset of its next field, */
	uint8_t		next_size;	/* and its size; 0: has none */
};

static const struct kind_info kinds[N_BUILD_KINDS] = {
	[B_ETH]		= { .ethertype = 0x6558, .next_at = 12, .next_size = 2 },
	[B_SLL]		= { .next_at = 14, .next_size = 2 },
	[B_SLL2]	= { .next_at = 0, .next_size = 2 },
	[B_VLAN]	= { .next_at = 2, .next_size = 2 },
	[B_ARP]		= { .ethertype = 0x0806 },
	[B_IP4]		= { .ethertype = 0x0800, .next_at = 9, .next_size = 1 },
	[B_IP6]		= { .ethertype = 0x86dd, .next_at = 6, .next_size = 1 },
	[B_EXT]		= { .next_at = 0, .next_size = 1 },
	[B_FRAG6]	= { .next_at = 0, .next_size = 1 },
	[B_AH]		= { .next_at = 0, .next_size = 1 },
	[B_GRE]		= { .next_at = 2, .next_size = 2 },
	[B_GPE]		= { .next_at = 3, .next_size = 1 },
	[B_GENEVE]	= { .next_at = 2, .next_size = 2 },
};

static void __attribute__((noreturn))
give_up(const char *what)
{
	fprintf(stderr, "build_packet: %s\n", what);
	abort();
}

static void
set16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
set32(uint8_t *p, uint32_t v)
{
	set16(p, v >> 16);
	set16(p + 2, v & 0xffff);
}

/* n zero bytes at the end. */
static uint8_t *
grow(struct build *b, uint32_t n)
{
	uint8_t *p = b->b + b->n;

	if (n > BUILD_MAX - b->n)
		give_up("packet too long");
	memset(p, 0, n);
	b->n += n;
	return p;
}

static void
name_next(struct build *b, const struct build_head *prev, unsigned ethertype,
    unsigned proto)
{
	const struct kind_info *k = &kinds[prev->kind];
	uint8_t *field = b->b + prev->at + k->next_at;

	if (prev->kind == B_GPE)	/* its own numbers */
		*field = ethertype == 0x0800 ? 1 : ethertype == 0x86dd ? 2 : 3;
	else if (k->next_size == 2)
		set16(field, ethertype);
	else if (k->next_size == 1)
		*field = (uint8_t)proto;
}

/* Begin a header of n bytes. */
static uint8_t *
head(struct build *b, enum build_kind kind, unsigned ethertype, unsigned proto,
    uint32_t n)
{
	if (b->n_heads == BUILD_HEADS)
		give_up("too many headers");
	if (b->n_heads > 0)
		name_next(b, &b->heads[b->n_heads - 1], ethertype, proto);
	b->heads[b->n_heads++] = (struct build_head){
		.kind = (uint8_t)kind, .proto = (uint8_t)proto, .at = b->n,
	};
	return grow(b, n);
}

static void
set_mac(uint8_t *p, const char *text)
{
	unsigned m[6];

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &m[0], &m[1], &m[2], &m[3],
	    &m[4], &m[5]) != 6)
		give_up("not a MAC address");
	for (unsigned i = 0; i < 6; i++)
		p[i] = (uint8_t)m[i];
}

static struct addr
address(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		give_up("not an IP address");
	return a;
}

void
build_begin(struct build *b)
{
	b->linktype = LT_RAW;
	b->n = 0;
	b->n_heads = 0;
}

void
build_eth_as(struct build *b, const struct build_link *l)
{
	uint8_t *p;

	if (b->n_heads == 0)
		b->linktype = LT_ETHERNET;
	p = head(b, B_ETH, kinds[B_ETH].ethertype, 0, 14);
	set_mac(p, l->dst ? l->dst : "02:00:00:00:00:02");
	set_mac(p + 6, l->src ? l->src : "02:00:00:00:00:01");
	set16(p + 12, l->protocol);
}

void
build_sll_as(struct build *b, const struct build_link *l)
{
	uint8_t *p = head(b, B_SLL, 0, 0, 16);

	b->linktype = LT_SLL;
	set16(p, l->pkttype);
	set16(p + 2, l->hatype ? l->hatype : 1);
	set16(p + 4, 6);
	set_mac(p + 6, l->src ? l->src : "02:00:00:00:00:01");
	set16(p + 14, l->protocol);
}

void
build_sll2_as(struct build *b, const struct build_link *l)
{
	uint8_t *p = head(b, B_SLL2, 0, 0, 20);

	b->linktype = LT_SLL2;
	set16(p, l->protocol);
	set32(p + 4, l->ifindex);
	set16(p + 8, l->hatype ? l->hatype : 1);
	p[10] = (uint8_t)l->pkttype;
	p[11] = 6;
	set_mac(p + 12, l->src ? l->src : "02:00:00:00:00:01");
}

void
build_bsd(struct build *b, unsigned linktype, uint32_t family,
    bool little_endian)
{
	uint8_t *p = head(b, B_BSD, 0, 0, 4);

	b->linktype = linktype;
	set32(p, little_endian ? __builtin_bswap32(family) : family);
}

void
build_raw(struct build *b, unsigned linktype)
{
	b->linktype = linktype;
}

void
build_vlan(struct build *b, unsigned tpid, unsigned tci)
{
	set16(head(b, B_VLAN, tpid, 0, 4), tci);
}

void
build_arp(struct build *b, unsigned op, const char *mac, const char *sender,
    const char *target)
{
	static const uint8_t ether_ip4[] = { 0, 1, 8, 0, 6, 4 };
	struct addr from = address(sender), to = address(target);
	uint8_t *p = head(b, B_ARP, kinds[B_ARP].ethertype, 0, 28);

	memcpy(p, ether_ip4, sizeof(ether_ip4));
	set16(p + 6, op);
	set_mac(p + 8, mac);
	memcpy(p + 14, from.b + 12, 4);
	memcpy(p + 24, to.b + 12, 4);
}

void
build_ip_as(struct build *b, const struct build_ip *o)
{
	struct addr src = address(o->src ? o->src : "10.0.0.1");
	struct addr dst = address(o->dst ? o->dst : "10.0.0.2");
	uint8_t *p;

	if (addr_is_v4(&src) != addr_is_v4(&dst))
		give_up("addresses of two IP versions");
	if (addr_is_v4(&src)) {
		if (o->n_options % 4 != 0 || o->n_options > 40 ||
		    o->offset % 8 != 0)
			give_up("impossible IPv4 options or offset");
		p = head(b, B_IP4, kinds[B_IP4].ethertype, PROTO_IPIP,
		    20 + o->n_options);
		p[0] = (uint8_t)(0x45 + o->n_options / 4);
		set16(p + 4, o->id);
		set16(p + 6, o->offset / 8 | (o->more ? 0x2000u : 0));
		p[8] = (uint8_t)(o->ttl ? o->ttl : 64);
		p[9] = (uint8_t)o->proto;
		memcpy(p + 12, src.b + 12, 4);
		memcpy(p + 16, dst.b + 12, 4);
		if (o->n_options > 0)
			memcpy(p + 20, o->options, o->n_options);
	} else {
		p = head(b, B_IP6, kinds[B_IP6].ethertype, PROTO_IPV6, 40);
		p[0] = 0x60;
		p[6] = (uint8_t)o->proto;
		p[7] = (uint8_t)(o->ttl ? o->ttl : 64);
		memcpy(p + 8, src.b, 16);
		memcpy(p + 24, dst.b, 16);
	}
}

void
build_ext(struct build *b, unsigned type, unsigned units)
{
	uint8_t *p = head(b, B_EXT, 0, type, 8 * (units + 1));

	p[0] = 59;		/* until a header follows */
	p[1] = (uint8_t)units;
	if (type == 43)
		return;
	/* PadN options, of at most 255 bytes each. */
	for (uint32_t at = 2, end = 8 * (units + 1); at < end;) {
		uint32_t n = end - at > 257 ? 257 : end - at;

		if (n >= 2) {
			p[at] = 1;
			p[at + 1] = (uint8_t)(n - 2);
		}
		at += n;
	}
}

void
build_frag6(struct build *b, unsigned offset_bytes, bool more, uint32_t id)
{
	uint8_t *p = head(b, B_FRAG6, 0, 44, 8);

	if (offset_bytes % 8 != 0)
		give_up("impossible fragment offset");
	set16(p + 2, offset_bytes | more);
	set32(p + 4, id);
}

void
build_ah(struct build *b)
{
	uint8_t *p = head(b, B_AH, 0, PROTO_AH, 24);

	p[1] = 24 / 4 - 2;
	set32(p + 4, 0x100);
	set32(p + 8, 1);
}

void
build_tcp_as(struct build *b, const struct build_tcp *o)
{
	unsigned ts = o->ts_val || o->ts_ecr ? 12 : 0;
	uint8_t *p;

	if (o->n_options % 4 != 0 || ts + o->n_options > 40)
		give_up("impossible TCP options");
	p = head(b, B_TCP, 0, PROTO_TCP, 20 + ts + o->n_options);
	set16(p, o->sport);
	set16(p + 2, o->dport);
	set32(p + 4, o->seq);
	set32(p + 8, o->ack);
	p[12] = (uint8_t)((20 + ts + o->n_options) / 4 << 4);
	p[13] = o->flags;
	set16(p + 14, 64240);
	p += 20;
	if (ts) {
		p[0] = p[1] = 1;
		p[2] = 8;
		p[3] = 10;
		set32(p + 4, o->ts_val);
		set32(p + 8, o->ts_ecr);
		p += ts;
	}
	if (o->n_options > 0)
		memcpy(p, o->options, o->n_options);
}

void
build_udp(struct build *b, unsigned sport, unsigned dport)
{
	uint8_t *p = head(b, B_UDP, 0, PROTO_UDP, 8);

	set16(p, sport);
	set16(p + 2, dport);
}

void
build_sctp(struct build *b, unsigned sport, unsigned dport, uint32_t vtag)
{
	uint8_t *p = head(b, B_SCTP, 0, PROTO_SCTP, 12);

	set16(p, sport);
	set16(p + 2, dport);
	set32(p + 4, vtag);
}

/* The IP header that header i is in; NULL when there is none. */
static const struct build_head *
ip_of(const struct build *b, unsigned i)
{
	while (i-- > 0)
		if (b->heads[i].kind == B_IP4 || b->heads[i].kind == B_IP6)
			return &b->heads[i];
	return NULL;
}

void
build_icmp(struct build *b, unsigned type, unsigned code, uint32_t rest)
{
	const struct build_head *ip = ip_of(b, b->n_heads);
	bool v6 = ip != NULL && ip->kind == B_IP6;
	uint8_t *p = head(b, B_ICMP, 0, v6 ? PROTO_ICMPV6 : PROTO_ICMP, 8);

	p[0] = (uint8_t)type;
	p[1] = (uint8_t)code;
	set32(p + 4, rest);
}

void
build_echo(struct build *b, bool reply, unsigned id, unsigned seq)
{
	const struct build_head *ip = ip_of(b, b->n_heads);

	if (ip != NULL && ip->kind == B_IP6)
		build_icmp(b, reply ? 129 : 128, 0, id << 16 | seq);
	else
		build_icmp(b, reply ? 0 : 8, 0, id << 16 | seq);
}

void
build_gre(struct build *b, unsigned flags, uint32_t key)
{
	uint8_t *p = head(b, B_GRE, 0, PROTO_GRE, 4);

	set16(p, flags);
	if (flags & 0x8000)
		grow(b, 4);
	if (flags & 0x2000)
		set32(grow(b, 4), key);
	if (flags & 0x1000)
		set32(grow(b, 4), 1);
}

void
build_vxlan(struct build *b, uint32_t vni)
{
	uint8_t *p = head(b, B_VXLAN, 0, 0, 8);

	p[0] = 0x08;
	set32(p + 4, vni << 8);
}

void
build_gpe(struct build *b, uint32_t vni)
{
	uint8_t *p = head(b, B_GPE, 0, 0, 8);

	p[0] = 0x0c;
	set32(p + 4, vni << 8);
}

void
build_geneve(struct build *b, uint32_t vni, unsigned option_words)
{
	uint8_t *p = head(b, B_GENEVE, 0, 0, 8);

	p[0] = (uint8_t)option_words;
	set32(p + 4, vni << 8);
	if (option_words == 0)
		return;
	/* One option of class 0x0102 that fills the space. */
	p = grow(b, 4 * option_words);
	set16(p, 0x0102);
	p[3] = (uint8_t)(option_words - 1);
}

void
build_bytes(struct build *b, const void *data, uint32_t n)
{
	memcpy(grow(b, n), data, n);
}

void
build_text(struct build *b, const char *text)
{
	build_bytes(b, text, (uint32_t)strlen(text));
}

void
build_fill(struct build *b, uint32_t n, uint32_t seed)
{
	uint8_t *p = grow(b, n);

	for (uint32_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static uint32_t
sum16(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (n % 2)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* RFC 1071 over the pseudo-header, if there is one, and n bytes at p. */
static void
checksum(struct build *b, const struct build_head *ip, unsigned proto,
    uint8_t *p, uint32_t n, uint8_t *field)
{
	uint32_t sum = 0;

	if (ip != NULL) {
		sum = ip->kind == B_IP4 ? sum16(b->b + ip->at + 12, 8, sum) :
		    sum16(b->b + ip->at + 8, 32, sum);
		sum += proto + (n >> 16) + (n & 0xffff);
	}
	set16(field, 0);
	sum = ~sum16(p, n, sum) & 0xffff;
	set16(field, sum == 0 && proto == PROTO_UDP ? 0xffff : sum);
}

static void
finish_head(struct build *b, unsigned i)
{
	const struct build_head *h = &b->heads[i], *ip = ip_of(b, i);
	uint8_t *p = b->b + h->at;
	uint32_t n = b->n - h->at;

	switch (h->kind) {
	case B_IP4:
		set16(p + 2, n > 0xffff ? 0 : n);
		checksum(b, NULL, 0, p, (p[0] & 15u) * 4, p + 10);
		break;
	case B_IP6:
		set16(p + 4, n - 40 > 0xffff ? 0 : n - 40);
		break;
	case B_TCP:
		checksum(b, ip, PROTO_TCP, p, n, p + 16);
		break;
	case B_UDP:
		set16(p + 4, n > 0xffff ? 0 : n);
		checksum(b, ip, PROTO_UDP, p, n, p + 6);
		break;
	case B_ICMP:
		checksum(b, h->proto == PROTO_ICMPV6 ? ip : NULL, h->proto,
		    p, n, p + 2);
		break;
	case B_GRE:
		if (p[0] & 0x80)
			checksum(b, NULL, 0, p, n, p + 4);
		break;
	default:
		break;
	}
}

/* Inside out, since outer checksums cover what is inside. */
void
build_finish(struct build *b)
{
	for (unsigned i = b->n_heads; i-- > 0;)
		finish_head(b, i);
}

void
build_cut(struct build *b, uint32_t n)
{
	if (n > b->n)
		give_up("a cut that makes longer");
	b->n = n;
	while (b->n_heads > 0 && b->heads[b->n_heads - 1].at >= n)
		b->n_heads--;
}

void
build_pad(struct build *b, uint32_t n)
{
	if (b->n < n)
		grow(b, n - b->n);
}

uint8_t *
build_at(struct build *b, enum build_kind kind)
{
	for (unsigned i = b->n_heads; i-- > 0;)
		if (b->heads[i].kind == kind)
			return b->b + b->heads[i].at;
	give_up("no such header");
}

void
build_decode_cut(const struct build *b, struct packet *p, uint32_t caplen)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(caplen ? caplen : 1);
	if (copy == NULL)
		give_up("no memory");
	memcpy(copy, b->b, caplen);
	/* What decoding leaves alone must not look like a right answer. */
	memset(p, 0xa5, sizeof(*p));
	p->group = p->has_src_mac = p->has_dst_mac = true;
	packet_decode(p, b->linktype, copy, caplen, b->n);
}

void
build_decode(const struct build *b, struct packet *p)
{
	build_decode_cut(b, p, b->n);
}
