/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netfilter.h - rule sets of iptables and nftables in one form.
 *
 * A table has chains, a base chain hangs on a hook with a priority, a rule is
 * matches that must all hold and one target.  iptables' tables become base
 * chains of the priorities that the kernel gives them (raw -300, mangle -150,
 * nat -100 and 100, filter 0; include/uapi/linux/netfilter_ipv4.h).  What the
 * reader does not understand is kept as NF_M_UNKNOWN or NF_T_UNKNOWN with its
 * words, so that a prediction that depends on it can say so.
 */
#ifndef DECODE_NETFILTER_H
#define DECODE_NETFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/prefix.h"

enum nf_hook {
	NF_PREROUTING, NF_INPUT, NF_FORWARD, NF_OUTPUT, NF_POSTROUTING,
	N_NF_HOOKS,
	NF_NO_HOOK = N_NF_HOOKS		/* reached by jumps only */
};

enum nf_type { NF_FILTER, NF_NAT, NF_ROUTE };

enum nf_family { NF_IP4 = 1, NF_IP6 = 2, NF_INET = NF_IP4 | NF_IP6 };

struct nf_table {
	const char	*name;		/* "nat", "kube-proxy" */
	uint8_t		 families;	/* enum nf_family */
	bool		 nft;		/* native nftables, else by iptables-save */
};

struct nf_chain {
	const char	*name;
	uint32_t	 table;		/* index in state.nf_tables */
	uint8_t		 hook;		/* enum nf_hook */
	uint8_t		 type;		/* enum nf_type */
	bool		 policy_drop;
	int32_t		 priority;
	uint32_t	 first, n;	/* its rules, in state.nf_rules; after state_ready() */
};

enum nf_match_kind {
	NF_M_SADDR, NF_M_DADDR,		/* prefix */
	NF_M_SRANGE, NF_M_DRANGE,	/* range: -m iprange */
	NF_M_PROTO,			/* proto */
	NF_M_SPORT, NF_M_DPORT, NF_M_PORT,	/* ports: one of the ranges; PORT: either side */
	NF_M_IIF, NF_M_OIF,		/* name: "eth0", "eni+" matches what begins so */
	NF_M_MARK, NF_M_CTMARK,		/* (mark & mask) == value */
	NF_M_SRC_TYPE, NF_M_DST_TYPE,	/* types: -m addrtype, nft fib ... type */
	NF_M_RANDOM,			/* probability: -m statistic --mode random */
	NF_M_NTH,			/* every, packet: -m statistic --mode nth */
	NF_M_CTSTATE,			/* states: enum nf_ctstate */
	NF_M_ICMP,			/* icmp */
	NF_M_TCP_FLAGS,			/* flags: (flags & mask) == value */
	NF_M_SET,			/* set: the packet's keys are an element */
	NF_M_UNKNOWN,			/* name: its words */
	N_NF_MATCHES
};

/* rtnetlink's route types as -m addrtype names them. */
enum nf_addrtype {
	NF_A_UNSPEC = 1 << 0, NF_A_UNICAST = 1 << 1, NF_A_LOCAL = 1 << 2,
	NF_A_BROADCAST = 1 << 3, NF_A_ANYCAST = 1 << 4, NF_A_MULTICAST = 1 << 5,
	NF_A_BLACKHOLE = 1 << 6, NF_A_UNREACHABLE = 1 << 7, NF_A_PROHIBIT = 1 << 8,
	NF_A_LIMIT_IN = 1 << 14,	/* --limit-iface-in: only addresses of that interface */
	NF_A_LIMIT_OUT = 1 << 15,
};

enum nf_ctstate {
	NF_CT_NEW = 1 << 0, NF_CT_ESTABLISHED = 1 << 1, NF_CT_RELATED = 1 << 2,
	NF_CT_INVALID = 1 << 3, NF_CT_UNTRACKED = 1 << 4,
	NF_CT_SNAT = 1 << 5, NF_CT_DNAT = 1 << 6,	/* translated so */
};

struct nf_ports {
	uint16_t	lo, hi;
};

struct nf_match {
	uint8_t		kind;		/* enum nf_match_kind */
	bool		invert;
	uint16_t	n_ports;
	union {
		struct prefix	prefix;
		const struct addr *range;	/* two: first and last */
		uint8_t		proto;
		const struct nf_ports *ports;	/* n_ports of them */
		const char	*name;
		struct { uint32_t value, mask; } mark;
		uint32_t	types;
		double		probability;	/* 0 to 1 */
		struct { uint32_t every, packet; } nth;
		uint32_t	states;
		struct { uint8_t type, code_lo, code_hi; } icmp;
		struct { uint8_t value, mask; } flags;
		uint32_t	set;		/* index in state.nf_sets */
	};
};

enum nf_target_kind {
	NF_T_NONE,		/* goes on with the next rule: counter, log, comment */
	NF_T_ACCEPT, NF_T_DROP, NF_T_REJECT, NF_T_RETURN,
	NF_T_JUMP, NF_T_GOTO,	/* chain */
	NF_T_SNAT, NF_T_DNAT,	/* nat */
	NF_T_MASQUERADE, NF_T_REDIRECT,		/* nat: ports alone */
	NF_T_MARK,		/* mark = (mark & ~mask) ^ value */
	NF_T_CTMARK,		/* the same for the connection's */
	NF_T_CTMARK_SAVE,	/* ctmark = (ctmark & ~ctmask) ^ (mark & nfmask) */
	NF_T_CTMARK_RESTORE,	/* mark = (mark & ~nfmask) ^ (ctmark & ctmask) */
	NF_T_NOTRACK,
	NF_T_CT_ZONE,		/* zone */
	NF_T_VMAP,		/* set: the verdict of the element that matches; none: go on */
	NF_T_UNKNOWN,		/* name: its words */
	N_NF_TARGETS
};

enum nf_nat_flag {
	NF_NAT_RANDOM = 1 << 0, NF_NAT_FULLY_RANDOM = 1 << 1, NF_NAT_PERSISTENT = 1 << 2,
	NF_NAT_ADDR = 1 << 3,	/* lo..hi_addr are set */
	NF_NAT_PORTS = 1 << 4,	/* ports are set */
};

struct nf_nat {
	struct addr	lo, hi;		/* the range of new addresses */
	struct nf_ports	ports;
	uint32_t	flags;		/* enum nf_nat_flag */
};

#define NF_CHAIN_MISSING	UINT32_MAX	/* a jump to a chain that is not there */

struct nf_target {
	uint8_t		kind;		/* enum nf_target_kind */
	union {
		uint32_t	chain;		/* index in state.nf_chains, or
						   NF_CHAIN_MISSING */
		const struct nf_nat *nat;
		struct { uint32_t value, mask; } mark;
		struct { uint32_t nfmask, ctmask; } save;
		uint32_t	zone;
		uint32_t	set;
		const char	*name;
	};
};

struct nf_rule {
	uint32_t	chain;		/* index in state.nf_chains */
	uint32_t	first_match;	/* in state.nf_matches */
	uint16_t	n_matches;
	bool		goes_on;	/* nft: another statement of the rule before it; runs
					   only when that one's matches held */
	struct nf_target target;
	const char	*text;		/* as iptables-save prints it ("-A KUBE-SVC-... -j ..."),
					   or nft's own words; without counters */
	const char	*comment;	/* or NULL */
	uint32_t	line;		/* in its file; 0 unknown */
};

/* Sets, verdict maps and ipsets: which fields of the packet make the key. */
enum nf_key {
	NF_K_SADDR = 1 << 0, NF_K_DADDR = 1 << 1, NF_K_PROTO = 1 << 2,
	NF_K_SPORT = 1 << 3, NF_K_DPORT = 1 << 4, NF_K_MARK = 1 << 5,
	NF_K_IIF = 1 << 6, NF_K_OIF = 1 << 7,
	NF_K_RANDOM = 1 << 8,	/* nft numgen random mod `mod`: equal chances */
	NF_K_UNKNOWN = 1 << 9,	/* what it compares is not known here */
};

struct nf_elem {
	struct prefix	saddr, daddr;	/* those of the set's keys are set */
	struct nf_ports	sport, dport, random;
	uint32_t	mark;
	uint8_t		proto;
	const char	*iface;
	struct nf_target verdict;	/* of a map; NF_T_NONE in a set */
	const char	*comment;	/* or NULL */
};

struct nf_set {
	const char	*name;		/* "" when it stands in the rule itself */
	uint32_t	table;		/* index in state.nf_tables; UINT32_MAX: an ipset */
	uint32_t	keys;		/* enum nf_key; 0: not dumped, its elements are unknown */
	uint32_t	mod;		/* NF_K_RANDOM */
	uint32_t	first, n;	/* its elements, in state.nf_elems: together */
};

#endif
