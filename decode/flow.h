/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - a flow as the outputs see it.
 *
 * The tracer keeps flows in a compact form; tracer_describe() unfolds one into
 * struct flow.  A flow is named from its initiator: `original` is the tuple as
 * the initiator sent it, `translated` the tuple after the last translation that
 * was seen here.  What is not known is not set in `has`.
 */
#ifndef DECODE_FLOW_H
#define DECODE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/nstime.h"
#include "decode/packet.h"

enum flow_has {
	FLOW_TRANSLATED	= 1 << 0,	/* `translated` and `nat` are known (nat may be 0) */
	FLOW_RTT	= 1 << 1,
	FLOW_TRANSIT	= 1 << 2,
	FLOW_ICMP_ERROR	= 1 << 3,
	FLOW_INITIATOR	= 1 << 4,	/* known, not merely the first sender seen */
	FLOW_ICMP_OURS	= 1 << 5,	/* the ICMP error was first seen going out: this node
					   sent it */
	FLOW_ICMP_REPLY	= 1 << 6,	/* ... and it is about a reply */
};

enum nat_kind { NAT_SNAT = 1 << 0, NAT_DNAT = 1 << 1 };

/* What joined the legs; design section 3. */
enum confidence {
	CONF_SINGLE,		/* one interface only: nothing had to be joined */
	CONF_OBSERVED,		/* joined by packets */
	CONF_AMBIGUOUS,		/* several candidates: not joined */
	CONF_DECLARED,		/* conntrack alone */
	CONF_CONFIRMED,		/* packets and conntrack agree */
	N_CONFIDENCES
};

enum verdict { VERDICT_UNKNOWN, VERDICT_OK, VERDICT_WRONG, VERDICT_DROPPED, N_VERDICTS };

enum tcp_state {
	TCPS_NONE,		/* not TCP, or begun before the capture and nothing told since */
	TCPS_SYN_SENT, TCPS_SYN_RECV, TCPS_ESTABLISHED, TCPS_FIN_WAIT,
	TCPS_CLOSED, TCPS_RESET,
	N_TCP_STATES
};

struct leg {
	bool		reply;		/* the direction of the answer */
	uint8_t		dir;		/* enum direction, as captured or as the order proves */
	uint8_t		ttl;		/* of the first sighting */
	bool		has_vlan;
	uint16_t	vlan;
	uint16_t	iface;		/* for tracer_iface() */
	struct tuple	t;
	struct tunnel	tunnel;
	uint64_t	packets, bytes;	/* bytes: IP length, header included */
	struct nstime	first, last;
};

#define FLOW_MAX_LEGS	32	/* more are counted in `legs_left_out` */
#define FLOW_MAX_FINDINGS 12

enum finding_level { LEVEL_OK, LEVEL_WRONG, LEVEL_DROPPED, LEVEL_NOTE, N_LEVELS };

struct finding {
	const char	*code;		/* stable, lower case */
	uint8_t		 level;		/* enum finding_level */
	const char	*cause;		/* NULL when not told */
	const char	*fix;		/* NULL when there is none */
	char		 text[160];
};

/* Quantiles of a sketch; nanoseconds. */
struct quantiles {
	uint64_t	n;		/* samples */
	int64_t		p50_ns, p99_ns;
};

struct flow {
	uint64_t	id;		/* from 1, in order of first packets */
	uint32_t	has;		/* enum flow_has */
	uint8_t		proto;
	bool		selected;	/* the filter matched one of its packets */
	struct nstime	first, last;
	struct tuple	original, translated;
	unsigned	nat;		/* enum nat_kind bits */
	uint8_t		tcp_state;	/* enum tcp_state */
	uint8_t		confidence;	/* enum confidence */
	uint8_t		verdict;	/* enum verdict */
	uint64_t	packets;	/* packets of the conversation: each counted once,
					   however many interfaces showed it */
	uint64_t	bytes;
	uint64_t	sightings;	/* all legs together */
	uint64_t	matched;	/* sightings whose twin on another leg was found */
	uint64_t	request_packets, reply_packets;
	uint32_t	retransmissions, resets, icmp_errors;
	uint8_t		icmp_type, icmp_code;	/* of the last error, FLOW_ICMP_ERROR */
	struct addr	icmp_from;		/* who sent it */
	struct quantiles rtt, transit;
	unsigned	n_legs;
	unsigned	legs_left_out;
	struct leg	legs[FLOW_MAX_LEGS];	/* request legs in order, then reply legs */
	unsigned	n_findings;
	struct finding	findings[FLOW_MAX_FINDINGS];
};

const char	*confidence_name(unsigned);
const char	*verdict_name(unsigned);
const char	*tcp_state_name(unsigned);	/* conntrack's words; NULL for TCPS_NONE */
const char	*level_name(unsigned);

#endif
