/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contract_int.h - what the files of the Amazon VPC CNI's contract share; for
 * decode/contract/ only.
 *
 * contract_new() reads the state once: the CNI's own netfilter rules (struct
 * cni_rules), the ENIs, and one record for each address that the node has
 * anything to do with (struct place).  From then on everything is read only.
 */
#ifndef DECODE_CONTRACT_INT_H
#define DECODE_CONTRACT_INT_H

#include "decode/contract.h"

/* Priorities of policy rules: aws/amazon-vpc-cni-k8s, pkg/networkutils. */
enum {
	PRIO_SGP = 10, PRIO_LOCAL_LATE = 20, PRIO_TO_POD = 512, PRIO_MARK = 1024,
	PRIO_EXTERNAL = 1535, PRIO_FROM_POD = 1536, PRIO_FROM_ENI = 32765,
};
#define TABLE_BRANCH	100	/* + VLAN id: security groups for pods */
#define TABLE_CARDS	10000	/* + 100 * card + device, from v1.20.3 */
#define TABLE_NM	30200	/* nm-cloud-setup's tables: 30200 and 30400 upward */
/* More than any node has (32 cards, 120 branches): what is beyond is left out, so
   that a made-up state takes no longer than its size. */
#define ENIS_MAX	512
#define RANGES_MAX	4096
#define VETH_HEX	11	/* digits of the hash in a host veth's name */
#define VETH_PREFIX_MAX	4

/* The CNI's own netfilter rules, as found; NULL: not found. */
struct cni_rules {
	bool		nat_known, mangle_known, filter_known;
	bool		hidden;		/* iptables-legacy may hold them: none here */
	bool		any;		/* an AWS rule is there */
	const struct nf_rule *snat_jump, *snat;
	const struct nf_rule *mark_jump, *mark_set, *nat_restore;
	const struct nf_rule *eth_mark, *veth_restore, *vlan_restore;	/* mangle */
	const struct nf_rule *services_jump;	/* kube-proxy's, in nat PREROUTING */
	bool		nft_mark;	/* table ip aws-cni */
	bool		nft_kube_proxy;	/* table ip kube-proxy */
	bool		all_return;	/* a RETURN for every address */
	bool		ladder;		/* v1.16.0 and before */
	const struct nf_chain *forward;
	LIST(struct prefix) vpc, excluded;	/* what SNAT leaves alone */
	LIST(struct prefix) unmarked;	/* what connmark leaves alone */
	/* IPv4 egress of an IPv6 cluster: POSTROUTING -s 169.254.172.x -j CNI-E4-... */
	LIST(struct egress) egress;
};

struct egress {
	struct addr	pod;
	const struct nf_rule *jump, *snat;
	const char	*container;	/* its id, in the comment; NULL */
	size_t		 container_len;
};

/* All that is known of one address. */
struct place {
	struct addr	 addr;
	const struct pod *pod, *second;	/* of this node; two: a duplicate (D24) */
	const struct pod *elsewhere;	/* of another node */
	bool		 is_pod;	/* a pod of this node has it */
	bool		 listed, assigned;	/* in ipamd's list of an ENI */
	bool		 is_node;	/* an address of this node itself */
	bool		 egress;	/* 169.254.172.x of a pod */
	int32_t		 listed_eni;	/* index in enis, or -1 */
	int32_t		 eni;		/* where its packets belong; -1 unknown */
	const struct iprule *to_main;	/* 512 */
	const struct iprule *from_table;	/* 1536 */
	const struct iprule *per_cidr;	/* 1536 with a `to`: v1.7 and before */
	const struct iprule *from_eni;	/* 32765 */
	const struct iproute *route;	/* host route to it by a veth */
	const struct iproute *local;	/* in table local */
	const char	*dev;		/* is_node: its device; NULL unknown */
	const char	*veth;		/* NULL unknown */
};

/* Of an ENI, what is not for the public. */
struct eni_more {
	const struct iproute *gateway, *way_out;	/* table N: link, default */
	uint32_t	 fact;		/* index in state.enis; STATE_NONE: inferred */
};

/* A prefix that an ENI has been given whole: /28, or /80 in an IPv6 cluster. */
struct delegated {
	struct prefix	 prefix;
	unsigned	 eni;
};

struct contract {
	const struct state *state;
	const struct model *model;
	struct cni_rules rules;
	struct settings	settings;
	struct eni	*enis;
	struct eni_more	*more;
	unsigned	 n_enis;
	int32_t		*by_fact;	/* of state.enis: index in enis, or -1 */
	const struct eni *primary;	/* NULL unknown */
	struct place	*places;	/* sorted by address */
	uint32_t	 n_places;
	const char	*node_name;	/* this node's; NULL unknown */
	const struct node *node;	/* its record; NULL */
	bool		 pods_known;	/* ipamd's list of pods is there, whole */
	bool		 pods_are_v4;	/* something says so; neither this nor
					   settings.ipv6: not known */
	bool		 no_memory;
	char		 veth_prefix[VETH_PREFIX_MAX + 1];
	LIST(char *)	 names;		/* host veth names by hash; owned */
	LIST(struct delegated) delegated;	/* sorted */
	LIST(struct prefix) subnets;	/* of the ENIs */
	LIST(struct prefix) ranges;	/* settings.vpc, when SNAT's chain has none */
};

/* A growing array of the contract's own: false when there is no memory. */
#define list_push(list, value) __extension__ ({				\
	__typeof__((list)->v) grown_ = (list)->v;			\
	bool ok_ = true;						\
	if ((list)->n == (list)->room) {				\
		uint32_t room_ = (list)->room ? (list)->room * 2 : 16;	\
		grown_ = realloc((list)->v, room_ * sizeof(*grown_));	\
		ok_ = grown_ != NULL;					\
		if (ok_) {						\
			(list)->v = grown_;				\
			(list)->room = room_;				\
		}							\
	}								\
	if (ok_)							\
		(list)->v[(list)->n++] = (value);			\
	ok_; })

/* vpc_cni_rules.c */
bool	cni_rules_read(struct contract *);
void	cni_rules_free(struct cni_rules *);
const struct nf_match *rule_match(const struct state *, const struct nf_rule *,
	    enum nf_match_kind);
/* Does connmark come before kube-proxy's DNAT?  Why, in words; NULL: no, or not
   known. */
const char *cni_rules_mark_first(const struct contract *);

/* vpc_cni.c */
bool	vpc_cni_applies(const struct state *, const struct cni_rules *);
void	vpc_cni_settings(struct contract *);
bool	is_pod_veth(const struct contract *, const char *name);
/* Its host veth's name by the hash; NULL when the pod's name is not known. */
const char *vpc_cni_veth(struct contract *, const struct pod *);
bool	is_egress_addr(const struct addr *);

/* vpc_cni_branch.c */
bool	vpc_cni_branches(struct contract *);
bool	is_branch_table(uint32_t table);

/* vpc_cni_enis.c */
bool	vpc_cni_enis(struct contract *);
struct eni *eni_new(struct contract *, uint32_t fact);	/* NULL: no memory */
/* Addresses used and free; after the places. */
void	vpc_cni_enis_count(struct contract *);
int32_t	eni_by_table(const struct contract *, uint32_t table);
int32_t	eni_of_fact(const struct contract *, uint32_t fact);
int32_t	eni_by_dev(const struct contract *, const char *dev);
/* The ENI that has been given a prefix with this address; -1 none. */
int32_t	eni_by_prefix(const struct contract *, const struct addr *);
const struct iproute *main_default(const struct state *, bool v6);

/* vpc_cni_places.c */
bool	vpc_cni_places(struct contract *);
const struct place *place_find(const struct contract *, const struct addr *);
bool	pod_is_here(const struct contract *, const struct pod *);
bool	pod_has_ended(const struct pod *);
bool	place_is_strict(const struct contract *, const struct place *);

/* vpc_cni_owner.c */
bool	is_link_local4(const struct addr *);

/* instance_limits.c */
bool	instance_limits(const char *type, uint32_t *enis, uint32_t *ips);
/* 30 vCPUs or more: 1, fewer: 0, the name does not say: -1. */
int	instance_is_large(const char *type);

/* sha1.c */
#define SHA1_LEN	20
void	sha1_text(const char *, size_t len, uint8_t out[static SHA1_LEN]);

/* drift.c and drift_*.c: one record at a time, with the pods that it hits. */
struct drifts {
	const struct contract *c;
	bool	(*cb)(void *, const struct drift *);
	void	*arg;
	bool	 stop;
};

__attribute__((format(printf, 3, 4)))
void	drift_text(struct drift *, const char *code, const char *text, ...);
__attribute__((format(printf, 2, 3)))
void	drift_fix(struct drift *, const char *text, ...);
void	drift_pod(struct drift *, const struct place *);
void	drift_give(struct drifts *, const struct drift *);

void	drift_pods(struct drifts *);		/* drift_pods.c */
/* Rule 10: what comes in by this device is looked up in this table. */
bool	has_iif_rule(const struct state *, const char *dev, uint32_t table);
void	drift_tables(struct drifts *);		/* drift_tables.c */
void	drift_nat(struct drifts *);		/* drift_nat.c */
void	drift_host(struct drifts *);		/* drift_host.c */

/* Texts that both drift and explain use. */
#define FIX_RESTART	"kubectl -n kube-system rollout restart daemonset aws-node"
#define FIX_ENV		"kubectl -n kube-system set env daemonset aws-node "

static inline bool
text_starts(const char *s, const char *with)
{
	return s != NULL && strncmp(s, with, strlen(with)) == 0;
}

static inline bool
text_eq(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

#endif
