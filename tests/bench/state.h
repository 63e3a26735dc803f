/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the parts of state.c: the node of gen_shape.c in the words of the
 * dumps that podpath reads (capture/state/files.c), one part for each kind.
 */
#ifndef BENCH_STATE_H
#define BENCH_STATE_H

#include "gen.h"
#include "gen_shape.h"

#define HOST_PODS	2u		/* pods in the node's own network: no address */
#define NAME_MAX_LEN	64u
#define CHAIN_LEN	17u		/* 16 characters of kube-proxy's hash, and NUL */
#define NODE_NAME	"ip-10-0-1-10.eu-west-1.compute.internal"

/* One port of a service; kube-dns has two. */
struct portal {
	char		name[NAME_MAX_LEN];	/* "shop/service-01:web" */
	uint32_t	ip;
	uint16_t	port, target, node_port;	/* node_port 0: none */
	uint8_t		proto;
	uint32_t	service;	/* of the world; more: none of its */
	uint32_t	n_endpoints;
	uint32_t	first;		/* its first endpoint among those without traffic */
};

struct node_state {
	const char	*dir, *truth;
	uint32_t	 pods;		/* with an address of their own */
	uint32_t	 services, endpoints, entries;
	bool		 kubectl;
	uint64_t	 seed;
	struct world	 world;
	struct portal	*portal;
	uint32_t	 n_portals;
};

/* state.c */
FILE		*dump_open(const struct node_state *, const char *name);
void		 dump_close(FILE *, const char *name);
struct ip_text	 { char s[16]; };
struct ip_text	 ip_text(uint32_t ip);
uint32_t	 n_enis(const struct node_state *);
/* The ENI's own address; eni is its device number. */
uint32_t	 eni_ip(uint32_t eni);
struct pod_name	 { char ns[16], name[48], veth[16]; };
struct pod_name	 pod_name(uint32_t pod);
uint32_t	 portal_endpoint(const struct portal *, uint32_t i);

void		 write_ip(const struct node_state *);		/* state_ip.c */
void		 write_sysctl(const struct node_state *);
void		 write_links(const struct node_state *);	/* state_links.c */
void		 write_cni(const struct node_state *);		/* state_cni.c */
void		 write_iptables(const struct node_state *);	/* state_nat.c */
void		 write_conntrack(const struct node_state *);	/* state_ct.c */
void		 write_kubectl(const struct node_state *);	/* state_kube.c */

#endif
