/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - node state: what a node is set up to do, and with whom it talks.
 *
 * Facts only, from whatever dumps there were, without an opinion.  Readers
 * (capture/state/) fill it with state_add_*(), state_ready() groups and indexes
 * it once, and from then on it is read only.  The state owns every array and
 * every text; nothing is freed before state_free().  What is not known is NULL
 * or 0 as said at each field, and state_has() tells an empty dump from none.
 */
#ifndef DECODE_STATE_H
#define DECODE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/netfilter.h"
#include "decode/nstime.h"
#include "decode/packet.h"
#include "decode/prefix.h"

/* A growing array. */
#define LIST(type)	struct { type *v; uint32_t n, room; }

enum state_part {
	PART_LINKS, PART_ADDRESSES, PART_NEIGHS,
	PART_RULES, PART_RULES6, PART_ROUTES, PART_ROUTES6,
	PART_IPTABLES, PART_IP6TABLES,	/* iptables-save */
	PART_NFT,			/* nft list ruleset */
	PART_IPSETS,
	PART_CONNTRACK,
	PART_ENIS, PART_IPAM, PART_CNI_SETTINGS,
	PART_PODS, PART_SERVICES, PART_NODES,	/* kubectl */
	PART_SYSCTLS, PART_IPVS,
	PART_SOCKETS,			/* ss -tnp, ss -tulnp */
	N_STATE_PARTS
};

struct link {
	const char	*name;
	uint32_t	 ifindex;	/* 0 unknown */
	uint32_t	 mtu;		/* 0 unknown */
	const char	*kind;		/* "veth", "vlan", ...; NULL unknown */
	const char	*parent;	/* of a VLAN or macvlan: the device below; NULL */
	uint16_t	 vlan;		/* of a VLAN device */
	uint8_t		 mac[6];
	bool		 has_mac;
	bool		 down;		/* known to be down */
};

struct ifaddr {
	const char	*dev;
	struct addr	 addr;
	uint8_t		 len;		/* of its subnet, bits of the 128 */
	bool		 secondary;
	bool		 host_scope;	/* scope host or link */
};

struct neigh {
	const char	*dev;
	struct addr	 addr;
	uint8_t		 mac[6];
	bool		 has_mac, permanent, failed;
};

enum iprule_action { RULE_LOOKUP, RULE_BLACKHOLE, RULE_UNREACHABLE, RULE_PROHIBIT,
	RULE_GOTO, RULE_NOP };

enum iprule_has {
	RULE_NOT = 1 << 0, RULE_FROM = 1 << 1, RULE_TO = 1 << 2, RULE_MARK = 1 << 3,
	RULE_PROTO = 1 << 4, RULE_SPORT = 1 << 5, RULE_DPORT = 1 << 6,
	RULE_SUPPRESS = 1 << 7,
	RULE_ODD = 1 << 8,	/* something we do not model (tos, uidrange, l3mdev) */
	RULE_IIF_LOCAL = 1 << 9,	/* iif lo: packets of this node itself */
};

/* A policy rule, ip-rule(8). */
struct iprule {
	bool		 v6;
	uint8_t		 action;	/* enum iprule_action */
	uint32_t	 has;		/* enum iprule_has */
	uint32_t	 priority;
	struct prefix	 from, to;
	const char	*iif, *oif;	/* NULL any; may end in + (never by ip(8) itself) */
	uint32_t	 mark, mask;
	uint8_t		 proto;
	struct nf_ports	 sport, dport;
	uint32_t	 table;
	uint32_t	 to_priority;	/* goto */
	int32_t		 suppress_len;	/* suppress_prefixlength, in bits of the family */
	const char	*text;		/* as `ip rule` prints it after the priority:
					   "from all fwmark 0x80/0x80 lookup main" */
	uint32_t	 line;
};

enum iproute_type { ROUTE_UNICAST, ROUTE_LOCAL, ROUTE_BROADCAST, ROUTE_ANYCAST,
	ROUTE_MULTICAST, ROUTE_BLACKHOLE, ROUTE_UNREACHABLE, ROUTE_PROHIBIT,
	ROUTE_THROW, N_ROUTE_TYPES };

enum { TABLE_DEFAULT = 253, TABLE_MAIN = 254, TABLE_LOCAL = 255 };

/* A route, ip-route(8).  A multipath route is one record for each nexthop, with
   `multipath` set in each. */
struct iproute {
	bool		 v6;
	uint8_t		 type;		/* enum iproute_type */
	bool		 dead;		/* not used (linkdown alone is) */
	bool		 odd;		/* a source prefix, a TOS, an encapsulation or a word
					   that is not known: not modelled */
	bool		 has_via, has_src, multipath;
	bool		 link_scope;	/* scope link */
	struct prefix	 dst;
	struct addr	 via, src;
	const char	*dev;		/* NULL: none (blackhole) */
	uint32_t	 table;
	uint32_t	 metric;
	const char	*proto;		/* "kernel", "dhcp"; NULL */
	const char	*text;		/* as `ip route show table X` prints it, without table */
	uint32_t	 line;
};

enum ct_status {
	CT_ASSURED = 1 << 0, CT_UNREPLIED = 1 << 1, CT_OFFLOAD = 1 << 2,
	CT_HW_OFFLOAD = 1 << 3, CT_DYING = 1 << 4,
};

/* A conntrack entry. */
struct ct_entry {
	struct tuple	 orig, reply;	/* as conntrack prints them; ICMP ids as in
					   struct tuple: on the requester's side */
	uint32_t	 mark;
	uint32_t	 id;		/* 0 unknown */
	uint32_t	 timeout;	/* seconds left */
	uint16_t	 zone;
	uint8_t		 status;	/* enum ct_status */
	const char	*state;		/* "ESTABLISHED"; NULL: its protocol has none */
	uint64_t	 packets[2], bytes[2];	/* original, reply; 0 without accounting */
	int64_t		 age_s;		/* since it began (delta-time); -1 unknown */
	uint32_t	 line;
};

/* A pod, from ipamd, kubectl or both. */
enum pod_source { POD_IPAM = 1 << 0, POD_ENIS = 1 << 1, POD_KUBECTL = 1 << 2 };

#define POD_MAX_ADDRS	8

struct pod {
	const char	*ns, *name;	/* NULL: ipamd told only the address */
	const char	*node;		/* its node's name; NULL unknown */
	const char	*phase;		/* "Running"; NULL unknown */
	const char	*container_id;	/* NULL unknown */
	struct addr	 addrs[POD_MAX_ADDRS];
	uint8_t		 n_addrs;
	uint8_t		 sources;	/* enum pod_source */
	bool		 host_network;
	/* Security groups for pods (annotation vpc.amazonaws.com/pod-eni). */
	const char	*branch_eni;	/* NULL: none */
	uint16_t	 branch_vlan;
	struct nstime	 allocated;	/* of its address; 0 unknown */
};

/* An elastic network interface as ipamd lists it. */
struct eni_fact {
	const char	*id;
	int32_t		 device, card;	/* -1 unknown */
	bool		 primary, trunk, efa, excluded;
	uint32_t	 table;		/* RouteTableID; 0 unknown */
	const char	*subnet;	/* id; NULL */
};

/* An address or prefix that an ENI owns for pods. */
struct eni_addr {
	uint32_t	 eni;		/* index in state.enis */
	struct prefix	 prefix;	/* a whole address or a delegated /28 or /80 */
	bool		 is_prefix;
	bool		 assigned;	/* a single address: to a pod */
	const char	*ns, *name;	/* of the pod; NULL free or not told */
	/* An address of a delegated prefix is its own record: it lies in one. */
	bool		 in_prefix;
};

/* Tri-state settings of the CNI: -1 unknown, 0 false, 1 true. */
struct cni_settings {
	int8_t		 external_snat, node_port_support;
	int8_t		 randomize_snat;	/* -1 unknown, 0 none, 1 hashrandom, 2 prng */
	bool		 has_connmark;
	uint32_t	 connmark;
	uint32_t	 mtu;			/* 0 unknown */
	const char	*veth_prefix;		/* NULL unknown */
	LIST(struct prefix) excluded;		/* AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS */
	LIST(struct prefix) external_services;	/* AWS_EXTERNAL_SERVICE_CIDRS */
	int8_t		 connmark_nft;		/* awscni_connmark_backend: nftables */
	int8_t		 pod_eni_strict;	/* POD_SECURITY_GROUP_ENFORCING_MODE */
	int8_t		 prefix_delegation, custom_networking;
};

enum svc_policy { POLICY_CLUSTER, POLICY_LOCAL };

struct svc_port {
	uint32_t	 service;	/* index in state.services */
	const char	*name;		/* NULL or "" when it has none */
	uint8_t		 proto;
	uint16_t	 port, node_port;	/* node_port 0: none */
	const char	*target;	/* targetPort as written; NULL */
};

/* What the annotations and status of a Service of type LoadBalancer say
   (service.beta.kubernetes.io/aws-load-balancer-*). */
struct svc_lb {
	int8_t		 target_ip;	/* target type: 1 ip, 0 instance; -1 not told */
	int8_t		 preserve;	/* preserve_client_ip.enabled; -1 not told */
	int8_t		 proxy;		/* PROXY protocol v2; -1 not told */
	uint16_t	 check_port;	/* of health checks; 0 the traffic port, or not told */
	uint32_t	 check_interval_s;	/* 0 not told */
	const char	*check_path;	/* NULL: none told */
	const char	*hostname;	/* status.loadBalancer.ingress; NULL */
};

struct service {
	const char	*ns, *name, *type;	/* "ClusterIP", "LoadBalancer" */
	struct addr	*addrs;		/* cluster and external (load balancer) addresses */
	uint32_t	 n_addrs;
	uint32_t	 n_cluster;	/* the first of them are cluster addresses */
	uint8_t		 external_policy, internal_policy;	/* enum svc_policy */
	uint16_t	 health_port;	/* healthCheckNodePort; 0 none */
	bool		 derived;	/* read from kube-proxy's rules, not from kubectl;
					   its type is NULL where they do not tell it */
	struct svc_lb	 lb;
	bool		 affinity;	/* sessionAffinity ClientIP: a client stays with one
					   endpoint */
	bool		 endpoints_known;	/* ready: those that are listed are all */
};

/* Do this node's rules lead to an endpoint?  Made by state_ready(). */
enum in_rules { IN_RULES_UNKNOWN, IN_RULES_YES, IN_RULES_NO };

struct endpoint {
	uint32_t	 service;	/* index in state.services; UINT32_MAX: not listed */
	const char	*ns, *service_name;
	const char	*port_name;
	struct addr	 addr;
	uint16_t	 port;
	uint8_t		 proto;
	bool		 ready, terminating;
	const char	*node, *zone, *pod;	/* NULL unknown; see state_endpoint_place() */
	bool		 derived;	/* read from kube-proxy's rules, not from kubectl */
	uint8_t		 in_rules;	/* enum in_rules */
};

/* Where an endpoint or client is; NULL: not known. */
struct place_names {
	const char	*ns, *pod, *node, *zone;
};

struct node {
	const char	*name;
	const char	*instance_type, *instance_id, *zone;	/* NULL unknown */
	struct addr	 addrs[4];	/* InternalIP */
	uint8_t		 n_addrs;
	uint32_t	 max_pods;	/* status.capacity.pods; 0 unknown */
};

/* A TCP or UDP socket of the node itself, as ss(8) lists it. */
struct sock {
	uint8_t		 proto;
	bool		 listens;
	bool		 any_local;	/* `*` or an unspecified address: of every one */
	struct addr	 local, peer;	/* an IPv4-mapped one is IPv4 */
	uint16_t	 lport, pport;	/* pport 0: none */
	const char	*process;	/* "kubelet"; NULL: not told */
	uint32_t	 pid;		/* 0 not told */
};

struct sysctl {
	const char	*name, *value;	/* name with dots, as sysctl(8) prints it */
};

/* What is known about the state as a whole. */
enum state_flag {
	STATE_LEGACY_TABLES = 1 << 0,	/* iptables-save warned of iptables-legacy tables */
	STATE_IPVS = 1 << 1,		/* kube-proxy in IPVS mode: not supported */
	STATE_LEGACY_DUMP = 1 << 2,	/* the dump itself is of iptables-legacy */
};

struct state {
	LIST(struct link)	links;
	LIST(struct ifaddr)	addrs;
	LIST(struct neigh)	neighs;
	LIST(struct iprule)	rules;		/* by family, then priority, then order */
	LIST(struct iproute)	routes;		/* in order of the dump */
	LIST(struct nf_table)	nf_tables;
	LIST(struct nf_chain)	nf_chains;
	LIST(struct nf_rule)	nf_rules;	/* ready: grouped by chain, in order */
	LIST(struct nf_match)	nf_matches;
	LIST(struct nf_set)	nf_sets;
	LIST(struct nf_elem)	nf_elems;
	LIST(struct ct_entry)	conntrack;
	LIST(struct pod)	pods;
	LIST(struct eni_fact)	enis;
	LIST(struct eni_addr)	eni_addrs;
	LIST(struct service)	services;
	LIST(struct svc_port)	svc_ports;
	LIST(struct endpoint)	endpoints;
	LIST(struct node)	nodes;
	LIST(struct sock)	socks;
	LIST(struct sysctl)	sysctls;	/* ready: sorted by name */
	struct cni_settings	cni;
	const char		*hostname;	/* this node's name where told; NULL */
	uint32_t		flags;		/* enum state_flag */
	uint32_t		parts;		/* 1 << enum state_part */
	/* conntrack -S, summed over CPUs; -1 unknown */
	int64_t			ct_insert_failed, ct_drop, ct_early_drop;
	struct nstime		taken;		/* 0 unknown */
	bool			no_memory;	/* something could not be kept */
	struct state_own	*own;		/* texts and indexes */
};

/* NULL only when there is no memory. */
struct state	*state_new(void);
void		 state_free(struct state *);	/* NULL is fine */

/* One more record at the end of a list, zeroed; NULL when there is no memory
   (and no_memory is set).  Pointers into a list live until its next growth. */
#define state_push(s, list)						\
	((__typeof__((s)->list.v))state_grow(s, (void **)&(s)->list.v,	\
	    &(s)->list.n, &(s)->list.room, sizeof(*(s)->list.v)))
void		*state_grow(struct state *, void **v, uint32_t *n, uint32_t *room,
		    size_t size);
/* The state's own copy of a text (equal texts are one), never NULL: "" when
   there is no memory.  len in bytes; control bytes are kept. */
const char	*state_text(struct state *, const char *text, size_t len);
/* Memory of the state, zeroed, aligned to 8; NULL when there is none. */
void		*state_alloc(struct state *, size_t size);

static inline void
state_mark(struct state *s, enum state_part p)
{
	s->parts |= 1u << p;
}

static inline bool
state_has(const struct state *s, enum state_part p)
{
	return s->parts >> p & 1;
}

/* Find or make.  ns and name may be NULL (then by address alone, which may be
   NULL else).  NULL when there is no memory.  Before state_ready(). */
struct pod	*state_pod(struct state *, const char *ns, const char *name,
		    const struct addr *);
void		 pod_add_addr(struct pod *, const struct addr *);	/* once each */
/* The chain of that name in a table, made when it is new: UINT32_MAX when
   there is no memory.  Before state_ready(). */
uint32_t	 state_chain(struct state *, uint32_t table, const char *name);
uint32_t	 state_find_chain(const struct state *, uint32_t table, const char *name);
#define STATE_NONE	UINT32_MAX

/* Everything is in: group, sort, index.  Once. */
void		 state_ready(struct state *);

/* After state_ready(); NULL when there is none. */
const struct link *state_link(const struct state *, const char *name);
const struct link *state_link_index(const struct state *, uint32_t ifindex);
/* The only link with this address of the link layer. */
const struct link *state_link_mac(const struct state *, const uint8_t mac[static 6]);
/* The pod that has this address and no host network: a running one rather than
   one that ended. */
const struct pod *state_pod_addr(const struct state *, const struct addr *);
const struct node *state_node_addr(const struct state *, const struct addr *);
const char	*state_sysctl(const struct state *, const char *name);
/* The entry whose original tuple is this; or whose reply tuple is (as the
   answer is seen on the wire).  Of several the one that began last.  NULL when
   there is none. */
const struct ct_entry *state_ct_orig(const struct state *, const struct tuple *);
const struct ct_entry *state_ct_reply(const struct state *, const struct tuple *);
/* state_ct_orig() will be asked for this tuple soon: ask memory for its place in
   the index, which what is returned stands for; then for the entry there. */
uint32_t	 state_ct_ask(const struct state *, const struct tuple *);
void		 state_ct_ask_entry(const struct state *, uint32_t asked);
/* The service that has this cluster or external address and port; or the one
   with this node port. */
const struct svc_port *state_service(const struct state *, const struct addr *,
		    uint16_t port, uint8_t proto);
const struct svc_port *state_node_port(const struct state *, uint16_t port,
		    uint8_t proto);
/* The endpoint of this service's port that has this address and port. */
const struct endpoint *state_endpoint(const struct state *, const struct svc_port *,
		    const struct addr *, uint16_t port);
/* The endpoints of a service (its number) one after the other, from NULL to NULL:
   of all its ports.  Is it one of this port? */
const struct endpoint *state_endpoint_next(const struct state *, uint32_t service,
		    const struct endpoint *);
bool		 endpoint_is_of(const struct endpoint *, const struct svc_port *);
/* Where it is: as kubectl's documents say, else by its pod, that pod's node and
   that node's zone. */
struct place_names state_endpoint_place(const struct state *, const struct endpoint *);
/* Where the pod or node that has this address is. */
struct place_names state_addr_place(const struct state *, const struct addr *);
const struct node *state_node_named(const struct state *, const char *name);
/* The node that this state is of; NULL when it is not known. */
const struct node *state_this_node(const struct state *);
/* Is it an endpoint of Service default/kubernetes: of the API server (on EKS an
   address of a network interface that EKS owns), on this port (0: any)? */
bool		 state_api_endpoint(const struct state *, const struct addr *,
		    uint16_t port);
/* The service whose healthCheckNodePort this is. */
const struct service *state_health_service(const struct state *, uint16_t port);
/* This node's socket that has exactly these ends (t->src is the local one); or
   that takes what comes to this address and port.  One whose process is known,
   and is the only one: else NULL. */
const struct sock *state_sock(const struct state *, const struct tuple *);
const struct sock *state_sock_listening(const struct state *, const struct addr *,
		    uint16_t port, uint8_t proto);
const char	*route_type_name(unsigned);	/* "unreachable" */

#endif
