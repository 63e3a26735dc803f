/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy.h - the PROXY protocol header, versions 1 and 2: who is behind a proxy
 * or load balancer, told at the start of a TCP connection.
 *
 * Source: "The PROXY protocol, Versions 1 & 2" (haproxy, doc/proxy-protocol.txt);
 * the type 0xEA is Amazon's (Elastic Load Balancing, "Proxy protocol": VPC
 * endpoint id).  Pure: bytes in, facts out.  What is not whole, or breaks the
 * specification, is named and gives no address.
 */
#ifndef DECODE_APP_PROXY_H
#define DECODE_APP_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/addr.h"

/* Longer headers than any sender makes are not waited for. */
#define PROXY_MAX	4096

enum proxy_result {
	PROXY_NONE,		/* no PROXY header */
	PROXY_MORE,		/* the beginning of one; more bytes are needed */
	PROXY_GOOD,		/* whole, and right */
	PROXY_BAD,		/* a header that must not be believed: see `why` */
};

enum proxy_family { PROXY_UNSPEC, PROXY_INET, PROXY_INET6, PROXY_UNIX };

enum proxy_has {
	PROXY_HAS_ADDRS	= 1 << 0,	/* src, dst, sport, dport: never with LOCAL, nor
					   when it is bad */
	PROXY_HAS_SSL	= 1 << 1,	/* the client came by TLS: ssl_* */
	PROXY_HAS_CRC	= 1 << 2,	/* a CRC32C was there, and right */
};

/* Bytes of the header, borrowed; n 0: not there. */
struct proxy_bytes {
	const uint8_t	*p;
	uint16_t	 n;
};

struct proxy_header {
	uint8_t		version;	/* 1 or 2 */
	bool		local;		/* v2 LOCAL: the proxy itself, such as a health check */
	bool		unknown;	/* v1 UNKNOWN, or v2 with an unspecified family or
					   transport: nothing is said of the client */
	uint8_t		family;		/* enum proxy_family */
	uint8_t		transport;	/* 0 unspecified, PROTO_TCP, PROTO_UDP */
	uint8_t		has;		/* enum proxy_has */
	uint32_t	len;		/* bytes of the whole header; of a bad one as far as
					   it is known */
	struct addr	src, dst;
	uint16_t	sport, dport;
	const char	*why;		/* PROXY_BAD: static text, such as "wrong CRC32C" */
	/* TLVs; the first of each type counts. */
	struct proxy_bytes alpn, authority, unique_id, netns;
	struct proxy_bytes vpce;	/* 0xEA subtype 1: "vpce-08d2bf15fac5001c9" */
	uint32_t	n_tlvs;		/* all of them, NOOPs and unknown ones too */
	/* sub-TLVs of SSL */
	uint8_t		ssl_client;	/* PP2_CLIENT_SSL 1, CERT_CONN 2, CERT_SESS 4 */
	uint32_t	ssl_verify;	/* 0: the certificate was verified */
	struct proxy_bytes ssl_version, ssl_cn, ssl_cipher, ssl_sig_alg, ssl_key_alg,
			ssl_group, ssl_sig_scheme, ssl_cert;	/* cert: X.509, DER */
};

/*
 * The first n bytes of what the connecting side sent.  `ended`: nothing comes
 * after them (the connection ended), so that the beginning of a header is a bad
 * one; fewer than PROXY_SIGN of its bytes (a lone CR LF, say) are none at all.
 * *out is written for GOOD and BAD, and points into the bytes; of a bad one all
 * but version, local, len and why is zero.  A family or transport that the
 * specification does not have is bad, as it says.  What follows an unspecified
 * one is skipped, as is all that LOCAL brings.
 */
#define PROXY_SIGN	5
enum proxy_result proxy_parse(const uint8_t *p, size_t n, bool ended,
	    struct proxy_header *out);

/* Can these first bytes begin a header?  Cheap, for each packet. */
static inline bool
proxy_may_begin(const uint8_t *p, size_t n)
{
	static const uint8_t v2[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a,
		0x51, 0x55, 0x49, 0x54, 0x0a };
	static const uint8_t v1[6] = { 'P', 'R', 'O', 'X', 'Y', ' ' };
	const uint8_t *sign = n > 0 && p[0] == v2[0] ? v2 : v1;
	size_t len = sign == v2 ? sizeof(v2) : sizeof(v1);

	if (n == 0 || (p[0] != v1[0] && p[0] != v2[0]))
		return false;
	for (size_t i = 1; i < n && i < len; i++)
		if (p[i] != sign[i])
			return false;
	return true;
}

#endif
