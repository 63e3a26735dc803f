/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finding.h - the codes of findings; for decode/ only.
 *
 * Codes are stable and public (design section 4).  A code is a row of the table
 * in findings.c: its name, its level, and the fix that is right where nothing
 * in the node's set-up explains more.
 */
#ifndef DECODE_FINDING_H
#define DECODE_FINDING_H

#include "decode/flow.h"

enum finding_code {
	/* ok */
	F_SNAT_NODE_IP, F_NO_NAT, F_SERVICE_DNAT, F_NODEPORT, F_DIRECT_DELIVERY,
	F_SAME_NODE, F_HOST_TRAFFIC, F_ENCAPSULATED,
	/* wrong */
	F_MISSING_SNAT, F_WRONG_SNAT, F_UNEXPECTED_SNAT, F_UNEXPECTED_DNAT,
	F_WRONG_ENI, F_SOURCE_NOT_ON_ENI, F_ASYMMETRIC_PATH, F_SERVICE_IP_ON_WIRE,
	F_MASQUERADE_OTHER_ENI, F_HAIRPIN,
	/* dropped */
	F_NOT_FORWARDED, F_REPLY_NOT_FORWARDED,
	/* note */
	F_NO_REPLY, F_RESET, F_RETRANSMISSIONS, F_AMBIGUOUS, F_LOSS,
	F_STALE_CONNTRACK, F_PORT_CLASH,
	F_CLIENT_HIDDEN, F_CLIENT_FROM_PROXY, F_PROXY_MALFORMED, F_HEALTH_CHECK,
	F_SOCKET_REUSE, F_ENDPOINT_GONE,
	F_DNS_NO_ANSWER, F_DNS_ERROR, F_DNS_SEARCH_MISS,
	F_CONTRADICTION, F_STATE_DIFFERS,
	N_FINDING_CODES
};

/* One more finding; its cause is not told, its fix the table's.  When there is
   no room the last one gives way. */
__attribute__((format(printf, 3, 4)))
struct finding	*finding_add(struct flow *, enum finding_code, const char *text, ...);
/* Does the flow have one of this level? */
bool		 finding_any(const struct flow *, enum finding_level);
/* Take out what holds no more. */
void		 finding_remove_level(struct flow *, enum finding_level);

/* packets.c: what packets alone show.  lost: packets, while it ran. */
void		 packets_judge(struct flow *, uint64_t lost);

#endif
