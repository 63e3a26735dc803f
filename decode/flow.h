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

struct ct_entry;
struct dns_query;
struct eni;
struct iproute;
struct iprule;
struct nf_rule;
struct pod;
struct proxy_header;
struct sock;

enum flow_has {
	FLOW_TRANSLATED	= 1 << 0,	/* `translated` and `nat` are known (nat may be 0) */
	FLOW_RTT	= 1 << 1,
	FLOW_TRANSIT	= 1 << 2,
	FLOW_ICMP_ERROR	= 1 << 3,
	FLOW_INITIATOR	= 1 << 4,	/* known, not merely the first sender seen */
	FLOW_ICMP_OURS	= 1 << 5,	/* the ICMP error was first seen going out: this node
					   sent it */
	FLOW_ICMP_REPLY	= 1 << 6,	/* ... and it is about a reply */
	FLOW_MODEL	= 1 << 7,	/* what was seen is what the node's rules predict */
	FLOW_PREDICTED	= 1 << 8,	/* the node's rules were there to predict it */
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

/* Who talks to whom, seen from this node; design section 6. */
enum flow_kind {
	KIND_UNKNOWN,
	KIND_POD_TO_POD, KIND_POD_TO_SERVICE, KIND_POD_TO_VPC, KIND_POD_TO_EXTERNAL,
	KIND_VPC_TO_POD, KIND_EXTERNAL_TO_POD, KIND_NODEPORT, KIND_NODE_TO_POD,
	KIND_HOST, KIND_TRANSIT,
	N_FLOW_KINDS
};

/* What node state says about a flow.  Pointers are NULL when not known, and
   borrowed from state and contract. */
struct flow_node {
	const struct pod	*pod;	/* of this node: the initiator, else the target */
	struct addr		 pod_ip;
	const char		*veth;	/* its host veth */
	const struct pod	*peer;	/* the pod at the other end, here or elsewhere */
	const struct eni	*eni;	/* that it left or came in by */
	const struct iprule	*rule;	/* that led the request to its table */
	const struct iproute	*route;
	const struct nf_rule	*nat_rule;	/* that set the source, else the destination */
	const struct nf_rule	*dnat_rule;
	const struct ct_entry	*ct;
	const char		*service_ns, *service, *service_port;
	uint8_t			 kind;	/* enum flow_kind */
};

/* What the payloads and the ends of a flow say it is about.  Pointers are
   borrowed, and live until the tracer's next call. */
struct flow_app {
	const struct proxy_header *proxy;	/* at the start of what the initiator sent;
					   NULL: none */
	const struct dns_query	*queries;	/* of a flow to port 53 */
	unsigned		 n_queries, queries_left_out;
	const char		*dns_name;	/* by which the initiator asked for original.dst;
					   NULL: not known */
	const char		*role, *role_text;	/* see decode/app/role.h; NULL */
	const struct sock	*process;	/* the node's own end; NULL */
	bool			 health_check;	/* of a load balancer */
	bool			 client_hidden;	/* original.src is a load balancer's */
};

struct leg {
	bool		reply;		/* the direction of the answer */
	uint8_t		dir;		/* enum direction, as captured or as the order proves */
	uint8_t		ttl;		/* of the first sighting */
	bool		has_vlan;
	bool		other_host;	/* addressed to another link-level address: this node
					   drops it */
	uint16_t	vlan;
	uint16_t	iface;		/* for tracer_iface() */
	struct tuple	t;
	struct tunnel	tunnel;
	uint64_t	packets, bytes;	/* bytes: IP length, header included */
	struct nstime	first, last;
};

#define FLOW_MAX_LEGS	32	/* more are counted in `legs_left_out` */
#define FLOW_MAX_FINDINGS 16

enum finding_level { LEVEL_OK, LEVEL_WRONG, LEVEL_DROPPED, LEVEL_NOTE, N_LEVELS };

struct finding {
	const char	*code;		/* stable, lower case */
	uint8_t		 level;		/* enum finding_level */
	const char	*cause;		/* NULL when not told */
	char		 fix[400];	/* "" when there is none */
	char		 text[480];
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
	struct flow_node node;		/* all zero without node state */
	struct flow_app	app;
};

const char	*confidence_name(unsigned);
const char	*verdict_name(unsigned);
const char	*tcp_state_name(unsigned);	/* conntrack's words; NULL for TCPS_NONE */
const char	*level_name(unsigned);
/* Every code that a finding can have, from 0 on; NULL past the last. */
const char	*finding_code_name(unsigned);
const char	*flow_kind_name(unsigned);	/* "pod-to-external"; NULL for unknown */

#endif
