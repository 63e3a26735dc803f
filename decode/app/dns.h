/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns.h - DNS messages, and what was asked and answered for whom.
 *
 * Sources: RFC 1035 (messages, compression), RFC 6891 (EDNS), RFC 2308 (negative
 * answers).  The parser is pure: bytes in, facts out.  The log keeps questions of
 * each flow until they are answered, and the names by which a client asked for
 * an address, each as long as its TTL and DNS_GRACE_NS say: nothing is named by
 * an answer that another client got.  Memory is bounded; the oldest go.
 */
#ifndef DECODE_APP_DNS_H
#define DECODE_APP_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"

#define DNS_PORT	53
#define DNS_NAME_MAX	256	/* with its NUL; as dig(1) prints it, without the last dot,
				   "." for the root; odd bytes as \DDD */
#define DNS_MAX_RECORDS	32	/* of the answer section; more are counted alone */

/* Programs and their libraries keep using an address after its TTL: a connection
   that begins so much later is still named. */
#define DNS_GRACE_NS	(30 * NS_PER_SEC)

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12,
	DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33, DNS_HTTPS = 65 };

enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP,
	DNS_REFUSED };

struct dns_record {
	uint16_t	type;
	uint32_t	ttl;		/* seconds */
	char		owner[DNS_NAME_MAX];
	struct addr	addr;		/* A and AAAA */
	char		target[DNS_NAME_MAX];	/* CNAME */
};

struct dns_message {
	uint16_t	id;
	bool		answer;		/* QR */
	bool		truncated;	/* TC: ask again over TCP */
	bool		cut;		/* the capture has less than the message: what is here
					   was there, more may have been */
	uint8_t		opcode;
	uint8_t		rcode;		/* enum dns_rcode; without EDNS's upper bits */
	bool		has_question;
	char		name[DNS_NAME_MAX];	/* of the first question */
	uint16_t	type, class;
	unsigned	n_answers;	/* as the header says */
	unsigned	n_records;	/* kept: A, AAAA and CNAME of the answer section */
	struct dns_record records[DNS_MAX_RECORDS];
};

/*
 * A message: `n` bytes captured of `len` that it has (UDP: of the datagram; TCP:
 * of what its length prefix says).  False, with a static text in *why, when it
 * is none; what is cut by the capture alone is no fault.
 */
bool		 dns_parse(const uint8_t *p, size_t n, size_t len,
		    struct dns_message *, const char **why);
const char	*dns_type_name(unsigned type);		/* "AAAA"; NULL without a name */
const char	*dns_rcode_name(unsigned rcode);	/* "NXDOMAIN"; NULL */

/* ---- the log */

/* Where a message was seen: once for each message, at the place where its
   direction of the flow was first seen. */
struct dns_at {
	uint64_t	flow;		/* id */
	struct addr	client, server;	/* as the client sent it: the flow's original ends */
	uint16_t	client_port;
	struct nstime	ts;
};

enum dns_outcome {
	DNS_WAITING,		/* no answer was seen */
	DNS_ANSWERED,		/* with an address or another record */
	DNS_EMPTY,		/* NOERROR, but nothing of that type */
	DNS_FAILED,		/* rcode says how: NXDOMAIN, SERVFAIL, ... */
};

#define DNS_QUERY_ADDRS	4	/* kept of an answer; all of them name */

/* One question of a flow, with what came of it. */
struct dns_query {
	uint16_t	id, type;
	uint8_t		outcome;	/* enum dns_outcome */
	uint8_t		rcode;
	bool		truncated;
	uint16_t	sent;		/* how often (the same id and question) */
	struct nstime	asked, last, answered;	/* first, last time; 0 unanswered */
	const char	*name;
	const char	*cname;		/* the last of the chain; NULL: there is none */
	unsigned	n_cnames;	/* how long the chain is */
	unsigned	n_addrs;	/* all of them */
	struct addr	addrs[DNS_QUERY_ADDRS];	/* the first of them */
	uint32_t	ttl;		/* the lowest of the chain */
};

struct dns_log;

struct dns_log	*dns_log_new(void);	/* NULL when there is no memory */
void		 dns_log_free(struct dns_log *);	/* NULL is fine */
void		 dns_log_message(struct dns_log *, const struct dns_at *,
		    const struct dns_message *);
/* Flow `id` is part of flow `into` from now on; flow `id` is gone. */
void		 dns_log_joined(struct dns_log *, uint64_t id, uint64_t into);
void		 dns_log_gone(struct dns_log *, uint64_t id);
/* The questions of a flow, in the order of asking; pointers live until the next
   message, join or going.  n: how many there are in *out; *more: how many were
   forgotten.  NULL when there are none. */
const struct dns_query *dns_log_queries(struct dns_log *, uint64_t flow, unsigned *n,
		    unsigned *more);
/* The name by which `client` last asked for `addr` before `at`, if that was not
   longer ago than TTL and grace say; NULL.  Lives as the log does. */
const char	*dns_log_name(struct dns_log *, const struct addr *client,
		    const struct addr *addr, struct nstime at);

#endif
