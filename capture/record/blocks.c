/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks.c - blocks that every reader of pcapng knows:
 * draft-ietf-opsawg-pcapng sections 4.1 to 4.6.
 */
#include "capture/record/blocks.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "capture/reading.h"
#include "capture/record/format.h"
#include "decode/packet.h"
#include "decode/state.h"

#ifndef PODPATH_VERSION		/* the Makefile tells */
#define PODPATH_VERSION	"unknown"
#endif

#define BYTE_ORDER_MAGIC	0x1a2b3c4d
#define BLOCK_SECTION		0x0a0d0d0a
enum { BLOCK_IDB = 1, BLOCK_NRB = 4, BLOCK_ISB = 5, BLOCK_EPB = 6 };

#define EPB_DATA_AT	28
#define NRB_MAX		(64 << 10)	/* bytes of one block of names */

/* ---- sections and interfaces */

void
put_section(struct bytes_out *b)
{
	size_t at = out_block(b, BLOCK_SECTION);
	int64_t unknown = -1;
	struct utsname u;
	char text[256];

	out_u32(b, BYTE_ORDER_MAGIC);
	out_u16(b, 1);
	out_u16(b, 0);
	out_put(b, &unknown, sizeof(unknown));
	if (uname(&u) == 0) {
		snprintf(text, sizeof(text), "%s %s", u.sysname, u.release);
		out_option_text(b, OPTION_SHB_OS, text);
	}
	out_option_text(b, OPTION_SHB_USERAPPL, "podpath " PODPATH_VERSION);
	out_option(b, OPTION_END, NULL, 0);
	out_block_end(b, at);
}

void
put_begin(struct bytes_out *b, const struct begin *begin, struct nstime ts)
{
	static const char version[] = PODPATH_VERSION;
	uint8_t payload[RECORD_BEGIN_LEN + sizeof(version)], *p = payload;

	p = le16_to(p, RECORD_VERSION);
	p = le16_to(p, begin->how);
	p = le32_to(p, begin->file);
	p = le64_to(p, begin->run);
	p = le32_to(p, begin->snaplen);
	p = le32_to(p, sizeof(version) - 1);
	p = bytes_to(p, version, sizeof(version) - 1);
	put_own(b, RECORD_BEGIN, 0, ts, payload, (size_t)(p - payload));
}

/* if_name must be UTF-8: names of other bytes stand in our option alone. */
static bool
name_is_plain(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return true;
}

static void
put_addrs(struct bytes_out *b, const struct obs_iface *i)
{
	uint8_t v[17];

	for (unsigned k = 0; k < i->n_addrs && k < OBS_IFACE_ADDRS; k++) {
		if (addr_is_v4(&i->addrs[k])) {
			memcpy(v, i->addrs[k].b + 12, 4);
			memset(v + 4, 0xff, 4);
			out_option(b, OPTION_IF_IPV4, v, 8);
		} else {
			memcpy(v, i->addrs[k].b, 16);
			v[16] = 128;
			out_option(b, OPTION_IF_IPV6, v, 17);
		}
	}
}

static void
put_iface_own(struct bytes_out *b, const struct obs_iface *i, struct nstime ts,
    size_t name_len, bool plain)
{
	uint8_t v[RECORD_IFACE_LEN + RECORD_IFACE_NAME_MAX], *p = v;
	uint32_t number = RECORD_NUMBER;
	unsigned flags = 0;

	flags |= i->name != NULL ? RECORD_IFACE_NAMED : 0;
	flags |= i->given ? RECORD_IFACE_GIVEN : 0;
	flags |= plain ? 0 : RECORD_IFACE_RAW;
	p = bytes_to(p, &number, sizeof(number));
	p = bytes_to(p, RECORD_MAGIC, RECORD_MAGIC_LEN);
	p = le16_to(p, (uint16_t)flags);
	p = le16_to(p, i->clock);
	p = le32_to(p, i->number);
	p = le32_to(p, i->ifindex);
	p = le64_to(p, (uint64_t)ts.ns);
	if (!plain)
		p = bytes_to(p, i->name, name_len);
	out_option(b, OPTION_CUSTOM, v, (size_t)(p - v));
}

void
put_iface(struct bytes_out *b, const struct obs_iface *i, struct nstime ts,
    uint32_t snaplen)
{
	size_t at = out_block(b, BLOCK_IDB);
	size_t len = i->name ? strnlen(i->name, RECORD_IFACE_NAME_MAX) : 0;
	bool plain = name_is_plain(i->name, len);
	char shown[RECORD_IFACE_NAME_MAX];

	out_u16(b, i->linktype);
	out_u16(b, 0);
	out_u32(b, snaplen);
	if (i->name != NULL) {
		for (size_t k = 0; k < len; k++)
			shown[k] = i->name[k] < ' ' || i->name[k] > '~' ? '?' :
			    i->name[k];
		out_option(b, OPTION_IF_NAME, shown, len);
	}
	put_addrs(b, i);
	if (i->has_mac)
		out_option(b, OPTION_IF_MAC, i->mac, 6);
	out_option(b, OPTION_IF_TSRESOL, &(uint8_t){ 9 }, 1);
	put_iface_own(b, i, ts, len, plain);
	out_option(b, OPTION_END, NULL, 0);
	out_block_end(b, at);
}

static void
put_count(struct bytes_out *b, uint16_t code, uint64_t v)
{
	out_option(b, code, &v, sizeof(v));
}

void
put_statistics(struct bytes_out *b, uint32_t id, struct nstime ts,
    const struct totals *t)
{
	size_t at = out_block(b, BLOCK_ISB);

	out_u32(b, id);
	out_u32(b, (uint32_t)((uint64_t)ts.ns >> 32));
	out_u32(b, (uint32_t)ts.ns);
	if (t->comment != NULL)
		out_option_text(b, OPTION_COMMENT, t->comment);
	if (t->has_drops) {
		put_count(b, OPTION_ISB_IFRECV, t->packets + t->kernel);
		put_count(b, OPTION_ISB_IFDROP, t->interface);
		put_count(b, OPTION_ISB_OSDROP, t->kernel);
	}
	put_count(b, OPTION_ISB_USRDELIV, t->packets);
	out_option(b, OPTION_END, NULL, 0);
	out_block_end(b, at);
}

/* ---- names */

static void
put_record(struct bytes_out *b, const struct addr *a, const char *name, size_t len)
{
	bool v4 = addr_is_v4(a);
	size_t n = (v4 ? 4 : 16) + len + 1;

	out_u16(b, v4 ? 1 : 2);
	out_u16(b, (uint16_t)n);
	out_put(b, v4 ? a->b + 12 : a->b, v4 ? 4 : 16);
	out_put(b, name, len);
	out_put(b, "\0\0\0", padded(n) - n + 1);
}

static void
end_names(struct bytes_out *b, size_t at)
{
	out_u16(b, 0);
	out_u16(b, 0);
	out_block_end(b, at);
}

/* A name of DNS, of the bytes that one may have; its length. */
static size_t
dns_name(char out[static 256], const char *ns, const char *name)
{
	int n = snprintf(out, 256, "%s%s%s", ns, *ns && *name ? "." : "", name);

	for (char *p = out; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '.' || *p == '-'))
			*p = '-';
	return n < 256 ? (size_t)n : 255;
}

void
put_name(struct bytes_out *b, const struct obs_name *name, struct nstime ts)
{
	struct bytes_out payload = { 0 };
	char text[256];
	size_t n = strnlen(name->name, RECORD_NAME_MAX), at;

	out_put(&payload, name->addr.b, sizeof(name->addr.b));
	out_put(&payload, name->name, n);
	b->no_memory |= payload.no_memory;
	put_own(b, RECORD_NAME, 0, ts, payload.p, payload.n);
	out_free(&payload);
	n = dns_name(text, "", name->name);
	if (n == 0)
		return;
	at = out_block(b, BLOCK_NRB);
	put_record(b, &name->addr, text, n);
	end_names(b, at);
}

static bool
is_shown(const struct pod *p)
{
	/* one of the host network has the node's address */
	return p->n_addrs > 0 && p->ns != NULL && p->name != NULL &&
	    !p->host_network;
}

void
put_pods(struct bytes_out *b, const struct state *s)
{
	size_t at = SIZE_MAX;
	char text[256];

	for (uint32_t i = 0; i < s->pods.n; i++) {
		const struct pod *p = &s->pods.v[i];
		size_t n;

		if (!is_shown(p))
			continue;
		n = dns_name(text, p->ns, p->name);
		for (unsigned k = 0; k < p->n_addrs && n > 0; k++) {
			if (at == SIZE_MAX)
				at = out_block(b, BLOCK_NRB);
			put_record(b, &p->addrs[k], text, n);
			if (b->n - at > NRB_MAX) {
				end_names(b, at);
				at = SIZE_MAX;
			}
		}
	}
	if (at != SIZE_MAX)
		end_names(b, at);
}

/* ---- packets */

static uint32_t
packet_caplen(const struct obs_packet *p)
{
	return p->caplen < READING_CAPLEN_MAX ? p->caplen : READING_CAPLEN_MAX;
}

size_t
packet_size(const struct obs_packet *p, size_t comment_len)
{
	size_t n = EPB_DATA_AT + padded(packet_caplen(p)) + 4;

	n += p->dir != DIR_UNKNOWN ? 8 : 0;
	n += comment_len > 0 ? 4 + padded(comment_len) : 0;
	return n + (p->dir != DIR_UNKNOWN || comment_len > 0 ? 4 : 0);
}

static uint8_t *
option_to(uint8_t *at, uint16_t code, const void *value, size_t n)
{
	uint16_t len = (uint16_t)n;

	at = bytes_to(at, &code, sizeof(code));
	at = bytes_to(at, &len, sizeof(len));
	memset(at + (n & ~(size_t)3), 0, padded(n) - (n & ~(size_t)3));
	if (n > 0)
		memcpy(at, value, n);
	return at + padded(n);
}

void
packet_to(uint8_t *at, size_t size, uint32_t id, struct nstime ts,
    const struct obs_packet *p, const char *comment, size_t comment_len)
{
	static const uint32_t flags[] = { [DIR_IN] = 1, [DIR_OUT] = 2 };
	uint32_t caplen = packet_caplen(p), len = (uint32_t)size;
	uint32_t head[7] = { BLOCK_EPB, len, id, (uint32_t)((uint64_t)ts.ns >> 32),
	    (uint32_t)ts.ns, caplen, p->len };

	at = bytes_to(at, head, sizeof(head));
	if (caplen > 0)
		memcpy(at, p->data, caplen);
	memset(at + caplen, 0, padded(caplen) - caplen);
	at += padded(caplen);
	if (comment_len > 0)
		at = option_to(at, OPTION_COMMENT, comment, comment_len);
	if (p->dir != DIR_UNKNOWN)
		at = option_to(at, OPTION_EPB_FLAGS, &flags[p->dir], 4);
	if (comment_len > 0 || p->dir != DIR_UNKNOWN)
		at = option_to(at, OPTION_END, NULL, 0);
	memcpy(at, &len, sizeof(len));
}

void
packet_from(const uint8_t *at, struct obs *o, uint16_t linktype)
{
	uint32_t head[7], flags = 0;
	size_t end;

	memcpy(head, at, sizeof(head));
	end = EPB_DATA_AT + padded(head[5]);
	if (head[1] > end + 4)
		memcpy(&flags, at + end + 4, sizeof(flags));
	*o = (struct obs){
		.type = OBS_PACKET,
		.ts = { (int64_t)((uint64_t)head[3] << 32 | head[4]) },
		.packet = {
			.number = head[2],
			.linktype = linktype,
			.dir = flags == 1 ? DIR_IN : flags == 2 ? DIR_OUT :
			    DIR_UNKNOWN,
			.caplen = head[5], .len = head[6],
			.data = at + EPB_DATA_AT,
		},
	};
}
