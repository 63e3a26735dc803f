/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kube_rules.h - Services while they are read from kube-proxy's rules; for
 * decode/state/kube_*.c only.
 */
#ifndef DECODE_KUBE_RULES_H
#define DECODE_KUBE_RULES_H

#include "decode/state/state_int.h"

/* The name of a Service's port as a comment or a chain has it: pieces of that
   text, which end where they end.  A port without a name has port_len 0. */
struct kube_name {
	const char	*ns, *name, *port;
	size_t		 ns_len, name_len, port_len;
};

/* What rules let connections in by. */
enum kube_door { KUBE_CLUSTER, KUBE_EXTERNAL, KUBE_BALANCER };

/* A Service's port that rules tell of. */
struct kube_port {
	uint32_t	 service;	/* in state.services */
	uint32_t	 svc_port;	/* in state.svc_ports; STATE_NONE: its Service is
					   kubectl's, which told of its ports itself */
	const char	*name;
	uint8_t		 proto;
	bool		 led;		/* to some endpoint */
	bool		 none;		/* it has none, say the rules */
};

struct kube_addr {
	uint32_t	 service;
	uint8_t		 door;		/* enum kube_door */
	struct addr	 addr;
};

struct kube {
	struct state	*s;
	uint32_t	 told;		/* services that are kubectl's: the first ones */
	bool		 fill;		/* kubectl told of no endpoint at all */
	bool		 failed;	/* no memory */
	struct map	 by_service, by_port, by_endpoint;
	struct map	 cluster_ips;	/* in state.nf_elems */
	LIST(struct kube_port) ports;
	LIST(struct kube_addr) addrs;
	uint8_t		*followed;	/* chains, each once */
};

/* The port of that name, made when it is new: its number in kube.ports;
   STATE_NONE without memory. */
uint32_t	 kube_port(struct kube *, const struct kube_name *, uint8_t proto);
/* It has this address, with this port. */
void		 kube_open(struct kube *, uint32_t port, enum kube_door,
		    const struct addr *, uint16_t number);
void		 kube_node_port(struct kube *, uint32_t port, uint16_t number);
/* It leads to a chain: of its own, and from there to its endpoints. */
void		 kube_follow(struct kube *, uint32_t port, uint32_t chain, bool external);
/* "default/web:http cluster IP": the name; what follows it is returned, NULL when
   there is none. */
const char	*kube_comment(const char *, struct kube_name *);
/* A port has no endpoints, or, with `local`, none of this node. */
void		 kube_none(struct kube *, uint32_t port, bool local, bool external);
/* Characters that names of Kubernetes have, as many as there are. */
size_t		 kube_word(const char *);

/* kube_nft.c: kube-proxy's own tables of nftables. */
void		 kube_nft_read(struct kube *);

#endif
