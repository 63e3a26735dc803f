/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_shape.h - the node's addresses, for gen_plan.c and for state.c, which says
 * the same in the words of node state.
 */
#ifndef BENCH_GEN_SHAPE_H
#define BENCH_GEN_SHAPE_H

#include "gen.h"

#define IP(a, b, c, d)	((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

#define N_PODS		110u
#define N_SERVICES	40u
#define N_OUTSIDE	400u
#define N_REMOTE	4u	/* endpoints of a service on other nodes */
#define NODE_IP		IP(10, 0, 1, 10)	/* the next ones are other ENIs' own */
#define KUBE_DNS	IP(172, 20, 0, 10)
#define N_DNS_PODS	3u	/* the first pods are kube-dns */
#define ENI_FIRST	2u
#define ENI_PODS	49u	/* of a type with 50 addresses on an ENI */
#define RESOLVER_1	IP(198, 18, 8, 8)
#define RESOLVER_2	IP(198, 18, 4, 4)

struct world_service {
	uint32_t	ip;
	uint16_t	port, target, node_port;
};

struct world {
	struct world_service	service[N_SERVICES];
	uint32_t	outside[N_OUTSIDE];
};

/* The same seed makes the same world, whatever else is drawn from it. */
void		 world_init(struct world *, uint64_t seed);
uint32_t	 pod_ip(uint32_t pod);
uint32_t	 pod_veth(uint32_t pod);
uint32_t	 pod_eni(uint32_t pod);
/* An endpoint of a service on another node; N_SERVICES is kube-dns. */
uint32_t	 remote_endpoint(uint32_t service, uint32_t i);
uint16_t	 ephemeral(struct prng *);
/* 0.2 to 60 ms, each doubling as likely as the next. */
int64_t		 far_delay(struct prng *);
/* The interface, hops, delay and IP ID habit of one end; 0: not captured. */
void		 set_side(struct conv *, struct prng *, unsigned side, uint32_t iface);
/* Tuples and sides for c's class and talk; the NAT port is still the original. */
void		 shape(const struct world *, struct conv *, struct prng *);
void		 draw_nat_port(struct conv *, struct prng *);

#endif
