/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_judge.h - what is wrong with the questions of a flow, as findings: not
 * answered (and where they were lost), refused or failed, made by a search list.
 */
#ifndef DECODE_APP_DNS_JUDGE_H
#define DECODE_APP_DNS_JUDGE_H

#include "decode/app/dns.h"
#include "decode/contract.h"
#include "decode/flow.h"

/* A question is given up for lost so long after it was last asked: what resolvers
   wait for by default (resolv.conf(5), timeout). */
#define DNS_PATIENCE_NS	(5 * NS_PER_SEC)
/* ... or what is much longer than any answer takes, where the input ends. */
#define DNS_PATIENCE_OVER_NS	NS_PER_SEC

/* What is known beside the flow itself.  Pointers may be NULL. */
struct dns_case {
	const struct state	*state;
	const struct contract	*contract;
	const struct dns_log	*log;	/* what its client asked in other flows */
	struct nstime		 now;	/* nothing was seen later than this */
	bool			 lossy;	/* packets were lost while it ran */
	bool			 unread;	/* it has answers that could not be read */
	bool			 over;	/* nothing more comes: DNS_PATIENCE_OVER_NS will do */
	/* As in struct judge_view; without them no device has a name but what
	   flow.node tells, and nothing is said to have been lost on this node. */
	const void		*arg;
	const char		*(*dev)(const void *arg, unsigned iface);
	bool			(*covers)(const void *arg, const char *dev);
	bool			(*maybe_left)(const void *arg, const struct flow *);
};

/* Adds notes for flow.app.queries to a flow that was judged. */
void	dns_judge_case(struct flow *, const struct dns_case *);

#endif
