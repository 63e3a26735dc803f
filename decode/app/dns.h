/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns.h - DNS messages, and what was asked and answered for whom.
 *
 * Sources: RFC 1035 (messages, compression), RFC 6891 (EDNS), RFC 2308 (negative
 * answers).  The parser is pure: bytes in, facts out.  The log keeps the questions
 * of each flow with what came of them, and the names by which a client asked for
 * an address, each as long as its TTL and DNS_GRACE_NS say: nothing is named by
 * an answer that another client got.  Memory is bounded (DNS_LOG_BYTES, of which
 * only what is used is touched); the oldest go.
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
#define DNS_FLOW_QUERIES 64	/* of one flow: of more, those that were answered go
				   first, then the oldest */
#define DNS_LOG_BYTES	(16u << 20)	/* a log never takes more */

/* Programs and their libraries keep using an address after its TTL: a connection
   that begins so much later is still named. */
#define DNS_GRACE_NS	(30 * NS_PER_SEC)

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12,
	DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33, DNS_HTTPS = 65,
	DNS_IXFR = 251, DNS_AXFR = 252, DNS_ANY = 255 };

enum dns_class { DNS_IN = 1, DNS_CH = 3, DNS_ANY_CLASS = 255 };

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
	uint16_t	rcode;		/* enum dns_rcode; with EDNS's upper bits, where the
					   capture has them */
	bool		has_question;	/* not when it was cut, nor when its name has so many
					   odd bytes that it does not fit */
	char		name[DNS_NAME_MAX];	/* of the first question */
	uint16_t	type, class;
	unsigned	n_answers;	/* as the header says */
	unsigned	n_of_type;	/* of the answer section: those seen of the type that
					   was asked for */
	unsigned	n_records;	/* kept: A, AAAA and CNAME of class IN of the answer
					   section */
	struct dns_record records[DNS_MAX_RECORDS];
};

/*
 * A message: `n` bytes captured of `len` that it has (UDP: of the datagram; TCP:
 * of what its length prefix says).  False, with a static text in *why, when it
 * is none; what is cut by the capture alone is no fault.  Of records only the
 * first n_records are written.
 */
bool		 dns_parse(const uint8_t *p, size_t n, size_t len,
		    struct dns_message *, const char **why);
const char	*dns_type_name(unsigned type);		/* "AAAA"; NULL without a name */
const char	*dns_rcode_name(unsigned rcode);	/* "NXDOMAIN"; NULL */

/* ---- the log */

/*
 * Where a message was seen: once for each message, at the place where its
 * direction of the flow was first seen.  Names are kept in lower case.
 *
 * A question that comes again while it waits counts as sent once more; after its
 * answer it is another one.  An answer whose question was not seen is a question
 * that was answered: asked and last are 0, sent is 0.
 *
 * An answer names every address at the end of the chain that its records make
 * from the name asked for, for the client alone.  It does so when it is the first
 * to a question that was seen, or when no question of its flow was, nor of its
 * name by this client in another flow: else it may be forged.  Where the same
 * answer comes within 1 s for another client, it was translated on its way to
 * that one, and the first one's names are withdrawn.
 */
struct dns_at {
	uint64_t	flow;		/* id */
	struct addr	client, server;	/* as the client sent it: the flow's original ends */
	uint16_t	client_port;
	uint8_t		ttl;		/* of what the client sends; 0 not known */
	struct nstime	ts;
};

enum dns_outcome {
	DNS_WAITING,		/* no answer was seen */
	DNS_ANSWERED,		/* with an address or another record */
	DNS_EMPTY,		/* NOERROR, but nothing of that type; when truncated, the
				   client asks again over TCP */
	DNS_FAILED,		/* rcode says how: NXDOMAIN, SERVFAIL, ... */
};

#define DNS_QUERY_ADDRS	4	/* kept of an answer; all of them name */

/* One question of a flow, with what came of it. */
struct dns_query {
	uint16_t	id, type;
	uint16_t	rcode;
	uint8_t		outcome;	/* enum dns_outcome */
	bool		truncated;
	uint16_t	sent;		/* how often (the same id and question) */
	uint16_t	answers;	/* how many came; the first of them counts */
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
   message, join or going, or the next call.  n: how many there are in *out;
   *more: how many were forgotten.  NULL when there are none. */
const struct dns_query *dns_log_queries(struct dns_log *, uint64_t flow, unsigned *n,
		    unsigned *more);
/* The name by which `client` last asked for `addr` before `at`: of the answer that
   came last before then, if it still held (TTL and grace).  NULL: none is known.
   ttl: of what the client sends; where it asked with another one there are two
   hosts behind one address, and neither gets the other's names.  0: not known.
   Lives until the next message, join or going. */
const char	*dns_log_name(struct dns_log *, const struct addr *client,
		    const struct addr *addr, struct nstime at, uint8_t ttl);
/* Did this client ask for this name, in any case and of any type, at a time between
   these?  *outcome: the best that came of it (enum dns_outcome). */
bool		 dns_log_asked(const struct dns_log *, const struct addr *client,
		    const char *name, struct nstime from, struct nstime until,
		    unsigned *outcome);
/*
 * The most questions to a server in one second (of the clock) near a time: that
 * one, the one before or the one after.  0: none counted.  Only servers are
 * counted that can be the VPC's: link-local ones, those of fd00:ec2::/32, and
 * private IPv4 addresses whose last four bits are 2 (the base of a range, which
 * is a /28 at least, and two).
 */
unsigned	 dns_log_rate(const struct dns_log *, const struct addr *server,
		    struct nstime at);

/* ---- servers */

struct contract;
struct flow;
struct state;

/*
 * What kind of server the flow asks: "coredns" (the cluster's Service or one of
 * its pods), "nodelocal" (NodeLocal DNSCache on this node), "vpc-resolver"
 * (169.254.169.253, fd00:ec2::253, the VPC's base and two), "external" (outside
 * the VPC); NULL: not known.  state and contract may be NULL.
 */
const char	*dns_server_kind(const struct state *, const struct contract *,
		    const struct flow *);

#endif
