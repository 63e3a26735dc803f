/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_tlv.c - what a version 2 PROXY header says beyond addresses.
 *
 * Sources: "The PROXY protocol, Versions 1 & 2", sections 2.2.1 to 2.2.8, with
 * the TLS sub-types 0x26 to 0x28 of its later revisions; RFC 9260 appendix A
 * (CRC32c); Elastic Load Balancing, "Proxy protocol" (0xEA).
 */
#include "decode/app/proxy_int.h"

#include "decode/packet/bytes.h"
#include "decode/packet/cursor.h"

#define UNIQUE_ID_MAX	128

enum tlv_type {
	TLV_ALPN = 0x01, TLV_AUTHORITY = 0x02, TLV_CRC32C = 0x03, TLV_NOOP = 0x04,
	TLV_UNIQUE_ID = 0x05, TLV_SSL = 0x20, TLV_NETNS = 0x30, TLV_AWS = 0xea,
};
enum ssl_type {
	SSL_VERSION = 0x21, SSL_CN = 0x22, SSL_CIPHER = 0x23, SSL_SIG_ALG = 0x24,
	SSL_KEY_ALG = 0x25, SSL_GROUP = 0x26, SSL_SIG_SCHEME = 0x27,
	SSL_CLIENT_CERT = 0x28,
};
enum { SSL_CLIENT_BY_TLS = 1 };		/* PP2_CLIENT_SSL */
enum { AWS_VPCE_ID = 1 };

struct tlv {
	uint8_t		 type;
	const uint8_t	*p;
	uint16_t	 n;
};

/* The next one; false at the end, or when the lengths lie (the cursor is bad). */
static bool
tlv_next(struct cursor *c, struct tlv *t)
{
	if (cur_left(c) == 0)
		return false;
	t->type = cur_u8(c);
	t->n = cur_be16(c);
	t->p = cur_take(c, t->n);
	return cur_ok(c);
}

static void
keep_first(struct proxy_bytes *b, const struct tlv *t)
{
	if (b->p == NULL)
		*b = (struct proxy_bytes){ t->p, t->n };
}

/* CRC32c bit by bit, reflected: a header is short, and comes once. */
static uint32_t
crc32c(uint32_t crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
	}
	return crc;
}

/* Over the whole header, with zeros in place of the field. */
static bool
crc_is_right(const uint8_t *head, size_t len, const uint8_t *field)
{
	static const uint8_t zeros[4];
	size_t before = (size_t)(field - head);
	uint32_t crc = UINT32_MAX;

	crc = crc32c(crc, head, before);
	crc = crc32c(crc, zeros, sizeof(zeros));
	crc = crc32c(crc, field + 4, len - before - 4);
	return ~crc == get_be32(field);
}

static const char *
take_ssl(const struct tlv *ssl, struct proxy_header *h)
{
	struct cursor c = cur_init(ssl->p, ssl->n);
	struct tlv t;

	h->ssl_client = cur_u8(&c);
	h->ssl_verify = cur_be32(&c);
	if (!cur_ok(&c))
		return "its TLS field is too short";
	while (tlv_next(&c, &t)) {
		switch (t.type) {
		case SSL_VERSION:	keep_first(&h->ssl_version, &t); break;
		case SSL_CN:		keep_first(&h->ssl_cn, &t); break;
		case SSL_CIPHER:	keep_first(&h->ssl_cipher, &t); break;
		case SSL_SIG_ALG:	keep_first(&h->ssl_sig_alg, &t); break;
		case SSL_KEY_ALG:	keep_first(&h->ssl_key_alg, &t); break;
		case SSL_GROUP:		keep_first(&h->ssl_group, &t); break;
		case SSL_SIG_SCHEME:	keep_first(&h->ssl_sig_scheme, &t); break;
		case SSL_CLIENT_CERT:	keep_first(&h->ssl_cert, &t); break;
		default:		break;
		}
	}
	if (!cur_ok(&c))
		return "a field of its TLS field is longer than that";
	if (h->ssl_client & SSL_CLIENT_BY_TLS)
		h->has |= PROXY_HAS_SSL;
	return NULL;
}

/* Which of them were there, since the first of each counts. */
struct seen {
	bool	crc, ssl;
};

static const char *
take_tlv(const struct tlv *t, const uint8_t *head, size_t len,
    struct proxy_header *h, struct seen *seen)
{
	switch (t->type) {
	case TLV_ALPN:
		keep_first(&h->alpn, t);
		break;
	case TLV_AUTHORITY:
		keep_first(&h->authority, t);
		break;
	case TLV_NETNS:
		keep_first(&h->netns, t);
		break;
	case TLV_UNIQUE_ID:
		if (t->n > UNIQUE_ID_MAX)
			return "its unique id is longer than 128 bytes";
		keep_first(&h->unique_id, t);
		break;
	case TLV_CRC32C:
		if (t->n != 4)
			return "its CRC32C has not 4 bytes";
		if (!seen->crc && !crc_is_right(head, len, t->p))
			return "wrong CRC32C";
		seen->crc = true;
		h->has |= PROXY_HAS_CRC;
		break;
	case TLV_SSL:
		if (seen->ssl)
			break;
		seen->ssl = true;
		return take_ssl(t, h);
	case TLV_AWS:
		if (t->n > 0 && t->p[0] == AWS_VPCE_ID)
			keep_first(&h->vpce, &(struct tlv){ .p = t->p + 1,
			    .n = (uint16_t)(t->n - 1) });
		break;
	case TLV_NOOP:
	default:	/* a receiver may skip what it does not know */
		break;
	}
	return NULL;
}

const char *
proxy_tlvs(const uint8_t *head, size_t from, size_t len, struct proxy_header *h)
{
	struct cursor c = cur_init(head + from, len - from);
	struct seen seen = { 0 };
	const char *why = NULL;
	struct tlv t;

	while (why == NULL && tlv_next(&c, &t)) {
		h->n_tlvs++;
		why = take_tlv(&t, head, len, h, &seen);
	}
	if (why == NULL && !cur_ok(&c))
		why = "a field is longer than the header";
	return why;
}
