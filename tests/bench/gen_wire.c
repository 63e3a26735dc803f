/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_wire.c - packets to captured bytes: pcap with nanoseconds (magic
 * 0xa1b23c4d, draft-ietf-opsawg-pcap), link type SLL2 as `tcpdump -i any`
 * writes it (tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2) or Ethernet, IPv4
 * (RFC 791), TCP (RFC 9293, options of RFC 7323), UDP (RFC 768), ICMP echo
 * (RFC 792).
 *
 * Payload comes from one pool of random bytes that repeats after 64 KiB.  Sums
 * over its prefixes give the checksum of any part of it without reading it.
 */
#include "gen.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#define POOL_LEN	65536u
#define BUF_LEN		(1u << 20)
#define HDR_MAX		160u		/* record, link, IP, TCP and inline bytes */
#define FRAME_MAX	(POOL_LEN + HDR_MAX)

enum { LINK_ETHERNET = 1, LINK_SLL2 = 276 };
enum { SLL_IN = 0, SLL_OUT = 4, ARPHRD_ETHER_ = 1, ETHERTYPE_IPV4 = 0x0800 };

struct file {
	FILE		*f;
	const char	*name;
	uint8_t		*buf;
	size_t		 len;
};

struct wire {
	struct file	 file[2];
	bool		 ethernet;
	uint32_t	 snap;
	int64_t		 shift;
	uint8_t		 pool[2 * POOL_LEN];
	/* [0]: of bytes at even, [1]: at odd offsets below the index */
	uint32_t	 sums[2][2 * POOL_LEN + 1];
};

static uint8_t *
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static void
file_flush(struct file *f)
{
	if (fwrite(f->buf, 1, f->len, f->f) != f->len)
		err(2, "%s", f->name);
	f->len = 0;
}

static void
file_open(struct file *f, const char *name, uint32_t linktype, uint32_t snap)
{
	const uint32_t head[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, snap, linktype };

	f->name = name;
	f->f = strcmp(name, "-") == 0 ? stdout : fopen(name, "wb");
	f->buf = malloc(BUF_LEN + FRAME_MAX);
	if (f->f == NULL || f->buf == NULL)
		err(2, "%s", name);
	memcpy(f->buf, head, sizeof(head));
	f->len = sizeof(head);
}

struct wire *
wire_new(const struct options *o, struct prng *r)
{
	struct wire *w = calloc(1, sizeof(*w));
	size_t i;

	if (w == NULL)
		err(2, NULL);
	w->ethernet = o->out2 != NULL;
	w->snap = o->snap;
	w->shift = o->shift;
	for (i = 0; i < POOL_LEN; i++)
		w->pool[i] = w->pool[i + POOL_LEN] = (uint8_t)prng_next(r);
	for (i = 0; i < 2 * POOL_LEN; i++) {
		w->sums[i & 1][i + 1] = w->sums[i & 1][i] + w->pool[i];
		w->sums[~i & 1][i + 1] = w->sums[~i & 1][i];
	}
	file_open(&w->file[0], o->out, w->ethernet ? LINK_ETHERNET : LINK_SLL2,
	    w->snap);
	if (w->ethernet)
		file_open(&w->file[1], o->out2, LINK_ETHERNET, w->snap);
	return w;
}

bool
wire_close(struct wire *w)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < 2 && w->file[i].f != NULL; i++) {
		file_flush(&w->file[i]);
		ok &= fclose(w->file[i].f) == 0;
		free(w->file[i].buf);
	}
	free(w);
	return ok;
}

/* Sum of 16-bit words, big-endian, not folded (RFC 1071). */
static uint64_t
sum_bytes(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += (uint64_t)(p[i] << 8 | p[i + 1]);
	if (n & 1)
		sum += (uint64_t)(p[n - 1] << 8);
	return sum;
}

/* The same over a part of the pool that follows an even number of bytes. */
static uint64_t
sum_pool(const struct wire *w, size_t at, size_t n)
{
	const uint32_t *high = w->sums[at & 1], *low = w->sums[~at & 1];

	return ((uint64_t)(high[at + n] - high[at]) << 8) + low[at + n] - low[at];
}

static uint16_t
sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Locally administered, and telling: the interface or the pod behind it. */
static uint8_t *
put_mac(uint8_t *p, uint32_t iface, bool far_end)
{
	p = put16(p, far_end ? 0x0afe : 0x0a01);
	return put32(p, iface);
}

static uint8_t *
put_link(const struct wire *w, uint8_t *p, uint32_t iface, bool out)
{
	if (w->ethernet) {
		p = put_mac(p, iface, out);	/* destination */
		p = put_mac(p, iface, !out);
		return put16(p, ETHERTYPE_IPV4);
	}
	p = put16(p, ETHERTYPE_IPV4);
	p = put16(p, 0);
	p = put32(p, iface);
	p = put16(p, ARPHRD_ETHER_);
	*p++ = out ? SLL_OUT : SLL_IN;
	*p++ = 6;
	p = put_mac(p, iface, !out);
	return put16(p, 0);
}

static uint8_t *
put_tcp_options(const struct pkt *k, uint8_t *p)
{
	if (k->flags & F_SYN) {
		p = put32(p, 0x02040000u | k->mss);
		p = put16(p, k->has_ts ? 0x0402 : 0x0101);
		if (!k->has_ts)
			p = put16(p, 0x0402);
	} else if (k->has_ts)
		p = put16(p, 0x0101);
	if (k->has_ts) {
		p = put16(p, 0x080a);
		p = put32(p, k->ts_val);
		p = put32(p, k->ts_ecr);
	}
	return k->flags & F_SYN ? put32(p, 0x01030307) : p;
}

static uint8_t *
put_tcp(const struct tup *t, const struct pkt *k, uint8_t *p)
{
	uint8_t *start = p;

	p = put16(p, t->sport);
	p = put16(p, t->dport);
	p = put32(p, k->seq);
	p = put32(p, k->ack);
	p = put16(p, k->flags);
	p = put16(p, k->flags & F_RST ? 0 : 502);
	p = put32(p, 0);	/* checksum, urgent pointer */
	p = put_tcp_options(k, p);
	start[12] = (uint8_t)((p - start) / 4 << 4);
	return p;
}

static uint8_t *
put_l4(const struct tup *t, const struct pkt *k, uint8_t *p)
{
	switch (t->proto) {
	case P_TCP:
		return put_tcp(t, k, p);
	case P_UDP:
		p = put16(p, t->sport);
		p = put16(p, t->dport);
		p = put16(p, 8 + k->n_inline + k->len);
		return put16(p, 0);
	default:
		p = put16(p, k->reply ? 0 : 0x0800);	/* type 0 or 8, code 0 */
		p = put16(p, 0);
		p = put16(p, k->reply ? t->dport : t->sport);
		return put16(p, k->icmp_seq);
	}
}

static void
finish_sums(const struct wire *w, const struct tup *t, const struct pkt *k,
    uint8_t *ip, uint8_t *l4, const uint8_t *end)
{
	static const uint8_t at[] = { [P_TCP] = 16, [P_UDP] = 6, [P_ICMP] = 2 };
	uint32_t l4_len = (uint32_t)(end - l4) + k->len;
	uint64_t sum = sum_bytes(l4, (size_t)(end - l4));
	uint16_t folded;

	put16(ip + 2, 20 + l4_len);
	put16(ip + 10, sum_fold(sum_bytes(ip, 20)));

	sum += sum_pool(w, k->pool, k->len);
	if (t->proto != P_ICMP)
		sum += sum_bytes(ip + 12, 8) + t->proto + l4_len;
	folded = sum_fold(sum);
	if (t->proto == P_UDP && folded == 0)
		folded = 0xffff;
	put16(l4 + at[t->proto], folded);
}

static void
put_frame(struct wire *w, const struct sighting *s, const struct tup *t)
{
	const struct pkt *k = &s->pkt;
	int64_t when = s->when;
	uint32_t iface = s->conv->iface[k->reply ^ s->exit];
	bool eni_side = w->ethernet && iface < FIRST_VETH;
	struct file *f = &w->file[eni_side];
	uint8_t *rec = f->buf + f->len, *p, *ip, *l4;
	uint32_t head[4], headers, cap;

	p = put_link(w, rec + sizeof(head), iface, s->exit);
	ip = p;
	p = put32(p, 0x45000000);
	p = put16(p, k->ip_id);
	p = put16(p, t->proto == P_ICMP && k->reply ? 0 : 0x4000);	/* DF */
	*p++ = (uint8_t)(k->ttl - s->exit);
	*p++ = t->proto;
	p = put16(p, 0);
	p = put32(p, t->src);
	p = put32(p, t->dst);
	l4 = p;
	p = put_l4(t, k, p);
	memcpy(p, k->inl, k->n_inline);
	p += k->n_inline;
	finish_sums(w, t, k, ip, l4, p);

	headers = (uint32_t)(p - rec) - (uint32_t)sizeof(head);
	cap = headers + k->len;
	if (cap > w->snap)
		cap = w->snap;
	if (cap > headers)
		memcpy(p, w->pool + k->pool, cap - headers);
	if (eni_side)
		when += w->shift;
	head[0] = (uint32_t)(when / SEC);
	head[1] = (uint32_t)(when % SEC);
	head[2] = cap;
	head[3] = headers + k->len;
	memcpy(rec, head, sizeof(head));
	f->len += sizeof(head) + cap;
	if (f->len >= BUF_LEN)
		file_flush(f);
}

void
wire_put(struct wire *w, const struct sighting *s)
{
	const struct tup *near = &s->conv->orig, *far = &s->conv->trans;
	struct tup t = s->pkt.reply ^ s->exit ? *far : *near;

	if (s->pkt.reply)
		t = (struct tup){ t.dst, t.src, t.dport, t.sport, t.proto };
	put_frame(w, s, &t);
}
