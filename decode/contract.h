/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contract.h - what the CNI requires of this node: who owns an address, where
 * must it leave, translated to what.
 *
 * The Amazon VPC CNI's contract is the first one (contract/vpc_cni*.c); a node
 * of another kind has none, and then only what was observed and what is
 * configured are compared.  Nothing outside contract/ knows an AWS chain's
 * name.  What the state does not tell is said to be unknown, never assumed.
 */
#ifndef DECODE_CONTRACT_H
#define DECODE_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/model.h"
#include "decode/state.h"

struct contract;

/* Borrows state and model.  NULL when no contract applies to this node, or
   there is no memory. */
struct contract	*contract_new(const struct state *, const struct model *);
void		 contract_free(struct contract *);	/* NULL is fine */
const char	*contract_name(const struct contract *);	/* "Amazon VPC CNI" */

/* ---- ENIs */

struct eni {
	const char	*id;		/* "eni-0abc"; NULL unknown */
	const char	*dev;		/* "eth1"; NULL unknown (a trunk's branch: vlan.eth.N) */
	int32_t		 device, card;	/* -1 unknown */
	bool		 primary, trunk, branch, efa, excluded;
	uint16_t	 vlan;		/* of a branch */
	uint32_t	 table;		/* where its pods' policy rules lead; 0 unknown */
	bool		 has_ip;
	struct addr	 ip;		/* primary address */
	struct addr	 ip6;		/* all zero: none */
	const char	*subnet;
	uint32_t	 total, used;	/* addresses for pods (a prefix counts whole) */
	uint32_t	 prefixes;
};

/* In order: primary first, then by card and device. */
const struct eni *contract_enis(const struct contract *, unsigned *n);
const struct eni *contract_eni_dev(const struct contract *, const char *dev);

enum owner_kind {
	OWNER_UNKNOWN,		/* nothing tells */
	OWNER_NODE,		/* an ENI's own (primary) address, or another of the node */
	OWNER_POD,		/* a pod of this node */
	OWNER_FREE,		/* an ENI of this node has it, no pod does */
	OWNER_ELSEWHERE,	/* in the VPC, not of this node */
	OWNER_OUTSIDE,		/* not of the VPC */
};

struct owner {
	uint8_t		kind;		/* enum owner_kind */
	const struct eni *eni;		/* NULL unknown or none */
	const struct pod *pod;		/* OWNER_POD; NULL when its name is not known */
	const char	*veth;		/* OWNER_POD: the host veth: by the route, else by the
					   hash of its name; NULL unknown */
	bool		egress;		/* OWNER_POD: its address for egress in the family that
					   the cluster's pods do not have; no network policy
					   is enforced there */
};

void	contract_owner(const struct contract *, const struct addr *, struct owner *);

/* Each address of a pod of this node, in order; the callback returns false to
   stop. */
void	contract_pods(const struct contract *,
	    bool (*cb)(void *, const struct addr *, const struct owner *), void *arg);
/* This node's own name and record; NULL where kubectl's were not read. */
const char *contract_node_name(const struct contract *);
const struct node *contract_node(const struct contract *);

/* ---- demands on one connection */

enum demand_out {
	OUT_UNKNOWN,
	OUT_DEV,		/* by `dev` */
	OUT_HERE,		/* it stays on this node: local delivery */
	OUT_ANY,		/* the contract has no word on it */
};
enum demand_snat { SNAT_UNKNOWN, SNAT_MUST, SNAT_MUST_NOT, SNAT_MAY };

struct demand_query {
	struct tuple	orig;		/* as the initiator sent it */
	struct addr	dst;		/* after DNAT; orig.dst when there was none */
	uint16_t	dport;
	const char	*iif;		/* NULL: from this node, or not known */
	bool		from_node;	/* a process of this node sent it */
	bool		dnat;		/* a Service, NodePort or host port translated it */
	bool		masqueraded;	/* kube-proxy's masquerade applies (node port with
					   policy Cluster, hairpin), as the rules say or the
					   translation shows */
};

struct demand {
	uint8_t		out;		/* enum demand_out */
	const char	*dev;		/* OUT_DEV */
	const struct eni *eni;		/* OUT_DEV, when dev is an ENI's */
	uint8_t		snat;		/* enum demand_snat */
	bool		has_source;	/* SNAT_MUST: to this address */
	struct addr	source;
	/* The answer must go out here (and come in by dev). */
	uint8_t		reply_out;	/* OUT_UNKNOWN, OUT_DEV, OUT_HERE, OUT_ANY */
	const char	*reply_dev;
	char		why[160];	/* one sentence: "172.217.175.36 is outside the VPC
					   (192.168.0.0/16) and SNAT is on" */
};

void	contract_demand(const struct contract *, const struct demand_query *,
	    struct demand *);
/* Would EC2 let a packet with this source leave by this device (source/dest
   check)?  1 yes, 0 no, -1 unknown. */
int	contract_may_send(const struct contract *, const char *dev, const struct addr *src);
/* In the VPC (or a range that is excluded from SNAT): 1; outside: 0; -1 unknown. */
int	contract_inside(const struct contract *, const struct addr *);

/* ---- what is wrong, in the operator's terms */

struct fault {
	const char	*code;		/* of the finding: "wrong-eni" */
	const struct demand_query *query;
	const struct demand *demand;
	const char	*dev;		/* it left (or came in) by; NULL */
	const struct tuple *after;	/* as it left */
	const struct walk *walk;	/* what the rules predict; NULL: no model */
	const struct ct_entry *ct;	/* NULL unknown */
	bool		reply;		/* it is the answer that went wrong */
	uint8_t		cause;		/* enum drop_cause, where packets tell it (an ICMP
					   error); DROP_UNKNOWN: as the walk says */
};

/* The cause in the node's set-up and the fix: "rule 1536 of 192.168.3.30 is
   missing", "ip rule add from 192.168.3.30 lookup 2 priority 1536; ...".  False
   (and why "") when nothing in the state explains it beyond what the walk says;
   fix may be set all the same. */
#define FAULT_TEXT	300
#define FIX_TEXT	400
bool	contract_explain(const struct contract *, const struct fault *,
	    char why[static FAULT_TEXT], char fix[static FIX_TEXT]);

/* ---- deviations of the set-up from the contract */

struct drift {
	const char	*code;		/* stable: "rule-1536-missing" */
	bool		wrong;		/* breaks traffic; else worth knowing */
	char		text[FAULT_TEXT];
	char		fix[FIX_TEXT];	/* "" none */
	const char	*line;		/* the rule or route that is odd; NULL */
	/* Pods that it hits; the first of them, and how many in all. */
	const struct pod *pods[8];
	unsigned	 n_pods;
};

/* The callback returns false to stop. */
void	contract_drift(const struct contract *, bool (*cb)(void *, const struct drift *),
	    void *arg);

/* ---- settings and capacity, as found */

struct settings {
	int8_t		external_snat;	/* -1 unknown, 0, 1 */
	int8_t		node_port;
	int8_t		randomize;	/* -1 unknown, 0 none, 1 hashrandom, 2 prng */
	int8_t		prefix_delegation, custom_networking, sgp_strict;
	bool		ipv6;		/* an IPv6 cluster */
	uint32_t	connmark;	/* 0x80 unless told */
	const char	*veth_prefix;
	const char	*backend;	/* of connmark: "iptables", "nftables"; NULL unknown */
	const char	*from;		/* where external_snat was read: "networkutils-env-
					   settings.json", "iptables-save.txt"; NULL unknown */
	bool		has_snat_to;
	struct addr	snat_to;	/* of the SNAT rule as found */
	const struct prefix *vpc;	/* VPC ranges as the rules have them */
	unsigned	n_vpc;
	const struct prefix *excluded;
	unsigned	n_excluded;
};

void	contract_settings(const struct contract *, struct settings *);

struct capacity {
	const char	*instance_type;	/* NULL unknown */
	uint32_t	enis, ips;	/* limits of the type: ENIs, addresses each; 0 unknown */
	uint32_t	max_pods_ip;	/* secondary-address mode; 0 unknown */
	uint32_t	max_pods_prefix;
	uint32_t	max_pods_custom_ip, max_pods_custom_prefix;	/* custom networking */
	uint32_t	max_pods;	/* as the node itself says; 0 unknown */
	uint32_t	pods;		/* pods of this node that need an address */
	uint32_t	total, used;	/* addresses on the ENIs now */
};

void	contract_capacity(const struct contract *, struct capacity *);

#endif
