/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks.h - health checks of load balancers, told from traffic.
 *
 * What is known of a connection when it ended is noted.  A series of short
 * connections from one address to one target, begun at a regular pace and alike
 * in what they ask, is a health check; the address that sends them is one of a
 * load balancer's own.  A connection that carries PROXY LOCAL, or asks as
 * ELB-HealthChecker, is one by its own word.  Memory is bounded; series that
 * are silent longest go.  Pure.
 */
#ifndef DECODE_APP_CHECKS_H
#define DECODE_APP_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"

struct check_seen {
	struct addr	src, dst;
	uint16_t	dport;
	struct nstime	begun;
	uint32_t	asked;		/* bytes of payload from the one who began */
	bool		local;		/* PROXY LOCAL, or UNKNOWN */
	bool		by_word;	/* it asked as ELB-HealthChecker */
	bool		ended;
};

struct checks;

struct checks	*checks_new(void);	/* NULL when there is no memory */
void		 checks_free(struct checks *);	/* NULL is fine */
/* A TCP connection ended: once for each. */
void		 checks_ended(struct checks *, const struct check_seen *);
/* Is this connection (ended or not) a health check, for all that is known now?
   *period_ns: of its series, 0 when it is one by its own word alone. */
bool		 checks_is_check(const struct checks *, const struct check_seen *,
		    int64_t *period_ns);
/* Does this address send health checks? */
bool		 checks_is_checker(const struct checks *, const struct addr *src);

#endif
