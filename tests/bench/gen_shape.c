/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_shape.c - one EKS-like node, and how a conversation of each class
 * crosses it: its tuples and its two interfaces.
 *
 * Pods sit behind host veths, ENI_PODS of them on each ENI; they use their own
 * ENI inside the VPC (10.0.0.0/16), and everything for the internet leaves by
 * the first one with the node's address and a random port (iptables SNAT with
 * --random-fully).  Services are kube-proxy's: DNAT for a ClusterIP, whose
 * remote endpoint is in the VPC and so by the pod's own ENI; DNAT and SNAT for
 * a NodePort, which comes in and goes on by the first ENI.
 */
#include "gen.h"
#include "gen_shape.h"

#define ETH0	ENI_FIRST

void
world_init(struct world *w, uint64_t seed)
{
	struct prng own = { ~seed }, *r = &own;
	uint32_t i;

	for (i = 0; i < N_OUTSIDE; i++)		/* 198.18.0.0/15, RFC 2544 */
		w->outside[i] = IP(198, 18, 0, 0) | prng_below(r, 1 << 17);
	for (i = 0; i < N_SERVICES; i++)
		w->service[i] = (struct world_service){
			.ip = IP(172, 20, 1 + i / 8, 20 + i * 5),
			.port = (uint16_t)(i % 3 ? 80 + i : 443),
			.target = (uint16_t)(8080 + i),
			/* of 30000 to 32767, none twice */
			.node_port = (uint16_t)(30000 + i * 69 + prng_below(r, 69)),
		};
}

uint32_t
pod_ip(uint32_t pod)
{
	return IP(10, 0, 1, 100) + pod;
}

uint32_t
pod_veth(uint32_t pod)
{
	return FIRST_VETH + pod;
}

uint32_t
pod_eni(uint32_t pod)
{
	return ETH0 + pod / ENI_PODS;
}

uint16_t
ephemeral(struct prng *r)		/* ip_local_port_range */
{
	return (uint16_t)(32768 + prng_below(r, 28232));
}

static uint16_t
any_port(struct prng *r)		/* as NAT takes it, for ports from 1024 */
{
	return (uint16_t)(1024 + prng_below(r, 64512));
}

static uint16_t
server_port(struct prng *r, unsigned talk)
{
	static const uint16_t tcp[] = { 443, 443, 443, 80, 5432, 6379, 8443, 22 };

	switch (talk) {
	case TALK_TCP:
		return tcp[prng_below(r, 8)];
	case TALK_DNS:
		return 53;
	case TALK_STATSD:
		return 8125;
	case TALK_STREAM:
		return 443;
	default:
		return 0;
	}
}

static uint32_t
vpc_ip(struct prng *r)
{
	return IP(10, 0, 16 + prng_below(r, 8), 10 + prng_below(r, 240));
}

uint32_t
remote_endpoint(uint32_t service, uint32_t i)
{
	return IP(10, 0, 16 + service % 8, 100 + i);
}

int64_t
far_delay(struct prng *r)
{
	return (200 * USEC + prng_between(r, 0, 35 * USEC)) << prng_below(r, 9);
}

void
set_side(struct conv *c, struct prng *r, unsigned side, uint32_t iface)
{
	static const uint8_t far_ttl[] = { 64, 64, 64, 128, 255 };

	c->iface[side] = iface;
	if (iface >= FIRST_VETH || iface == 0) {
		c->delay[side] = prng_between(r, 15 * USEC, 80 * USEC);
		c->ttl[side] = 64;
		c->id_zero[side] = prng_permille(r, 50);
	} else {
		c->delay[side] = far_delay(r);
		c->ttl[side] = (uint8_t)(far_ttl[prng_below(r, 5)] -
		    prng_below(r, 24));
		c->id_zero[side] = prng_permille(r, 300);
	}
}

/* What a service's address becomes: a pod here, or an endpoint elsewhere by the
   ENI `out`. */
static void
endpoint(struct conv *c, struct prng *r, uint32_t service, uint16_t target,
    int64_t local_pod, uint32_t out)
{
	if (local_pod >= 0) {
		c->trans.dst = pod_ip((uint32_t)local_pod);
		set_side(c, r, 1, pod_veth((uint32_t)local_pod));
	} else {
		c->trans.dst = remote_endpoint(service, prng_below(r, N_REMOTE));
		set_side(c, r, 1, out);
	}
	c->trans.dport = target;
}

static void
shape_snat(const struct world *w, struct conv *c, struct prng *r, uint32_t pod)
{
	c->orig.dst = w->outside[prng_below(r, N_OUTSIDE)];
	if (c->talk == TALK_DNS)
		c->orig.dst = prng_permille(r, 500) ? RESOLVER_1 :
		    RESOLVER_2;
	c->trans = c->orig;
	c->trans.src = NODE_IP;
	set_side(c, r, 0, pod_veth(pod));
	set_side(c, r, 1, ETH0);
}

static void
shape_none(struct conv *c, struct prng *r, uint32_t pod)
{
	bool inward = c->talk == TALK_TCP && prng_permille(r, 400);

	set_side(c, r, 0, inward ? pod_eni(pod) : pod_veth(pod));
	set_side(c, r, 1, inward ? pod_veth(pod) : pod_eni(pod));
	if (inward) {		/* a load balancer with target type ip */
		c->orig.src = vpc_ip(r);
		c->orig.sport = any_port(r);
		c->orig.dst = pod_ip(pod);
		c->orig.dport = 8080;
	} else
		c->orig.dst = vpc_ip(r);
	c->trans = c->orig;
}

static void
shape_same_node(struct conv *c, struct prng *r, uint32_t pod, uint32_t other)
{
	c->orig.dst = pod_ip(other);
	c->trans = c->orig;
	set_side(c, r, 0, pod_veth(pod));
	set_side(c, r, 1, pod_veth(other));
}

static void
shape_service(const struct world *w, struct conv *c, struct prng *r, uint32_t pod,
    uint32_t other)
{
	uint32_t i = prng_below(r, N_SERVICES);
	const struct world_service *s = &w->service[i];
	bool dns = c->talk == TALK_DNS;

	if (dns)		/* no pod asks itself */
		other = pod < 2 ? 2 : other % 2;
	c->orig.dst = dns ? KUBE_DNS : s->ip;
	c->orig.dport = dns ? 53 : s->port;
	c->trans = c->orig;
	set_side(c, r, 0, pod_veth(pod));
	endpoint(c, r, dns ? N_SERVICES : i, dns ? 53 : s->target,
	    c->class == C_DNAT_LOCAL ? (int64_t)other : -1, pod_eni(pod));
}

static void
shape_nodeport(const struct world *w, struct conv *c, struct prng *r, uint32_t pod)
{
	uint32_t i = prng_below(r, N_SERVICES);

	c->orig.src = prng_permille(r, 500) ? vpc_ip(r) :
	    w->outside[prng_below(r, N_OUTSIDE)];
	c->orig.sport = any_port(r);
	c->orig.dst = NODE_IP;
	c->orig.dport = w->service[i].node_port;
	c->trans = c->orig;
	c->trans.src = NODE_IP;
	set_side(c, r, 0, ETH0);
	endpoint(c, r, i, w->service[i].target,
	    c->class == C_NODEPORT_LOCAL ? (int64_t)pod : -1, ETH0);
}

/* The node itself: to the VPC or outside, a probe of a pod, or a login. */
static void
shape_host(const struct world *w, struct conv *c, struct prng *r, uint32_t pod)
{
	unsigned what = prng_below(r, 10);

	set_side(c, r, 0, 0);
	c->ttl[0] = 65;		/* its packets leave with 64: they are not forwarded */
	c->orig.src = NODE_IP;
	if (what < 5 && c->talk == TALK_TCP) {
		c->orig.dst = pod_ip(pod);
		c->orig.dport = 8080;
		set_side(c, r, 1, pod_veth(pod));
	} else if (what == 5 && c->talk == TALK_TCP) {
		c->orig.src = vpc_ip(r);
		c->orig.dst = NODE_IP;
		c->orig.dport = 22;
		set_side(c, r, 0, ETH0);
		set_side(c, r, 1, 0);
	} else {
		c->orig.dst = what & 1 ? vpc_ip(r) :
		    w->outside[prng_below(r, N_OUTSIDE)];
		set_side(c, r, 1, ETH0);
	}
	c->trans = c->orig;
}

void
shape(const struct world *w, struct conv *c, struct prng *r)
{
	uint32_t pod = prng_below(r, N_PODS);
	uint32_t other = (pod + 1 + prng_below(r, N_PODS - 1)) % N_PODS;

	c->orig = (struct tup){
		.src = pod_ip(pod),
		.sport = c->talk == TALK_PING ? (uint16_t)prng_next(r) : ephemeral(r),
		.dport = server_port(r, c->talk),
		.proto = c->talk == TALK_TCP ? P_TCP :
		    c->talk == TALK_PING ? P_ICMP : P_UDP,
	};
	switch (c->class) {
	case C_SNAT:
	case C_DROPPED:
		shape_snat(w, c, r, pod);
		break;
	case C_NONE:
		shape_none(c, r, pod);
		break;
	case C_SAME_NODE:
		shape_same_node(c, r, pod, other);
		break;
	case C_DNAT:
	case C_DNAT_LOCAL:
		shape_service(w, c, r, pod, other);
		break;
	case C_NODEPORT:
	case C_NODEPORT_LOCAL:
		shape_nodeport(w, c, r, pod);
		break;
	default:
		shape_host(w, c, r, pod);
		break;
	}
	if (c->class == C_DROPPED) {
		c->trans = c->orig;
		c->iface[1] = 0;
	}
}

void
draw_nat_port(struct conv *c, struct prng *r)
{
	bool snat = c->trans.src != c->orig.src;

	if (c->orig.proto == P_ICMP)
		c->trans.sport = snat ? (uint16_t)prng_next(r) : c->orig.sport;
	else
		c->trans.sport = snat ? any_port(r) : c->orig.sport;
}
