/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capacity.c - how many pods fit on this node, by the CNI's formulas.
 *
 * The first address of an ENI is its own; two pods (aws-node, kube-proxy) use the
 * node's network: ENIs * (addresses - 1) + 2, with prefixes of 16 in place of
 * single addresses, and without the primary ENI under custom networking
 * (aws/amazon-vpc-cni-k8s misc/eni-max-pods.txt; awslabs/amazon-eks-ami).  With
 * prefixes AWS advises a cap of 110, or 250 from 30 vCPUs on.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

#define HOST_PODS	2
#define PER_PREFIX	16
#define CAP_SMALL	110
#define CAP_LARGE	250	/* from 30 vCPUs on */

/* Where the caps differ and the type does not say its size, as for bare metal,
   none is named. */
static uint32_t
cap(uint32_t pods, const char *type)
{
	int large = instance_is_large(type);
	uint32_t most = large == 1 ? CAP_LARGE : CAP_SMALL;

	if (pods <= CAP_SMALL)
		return pods;
	if (large < 0)
		return 0;
	return pods < most ? pods : most;
}

static void
limits(struct capacity *out)
{
	uint32_t enis, ips;

	if (out->instance_type == NULL ||
	    !instance_limits(out->instance_type, &enis, &ips))
		return;
	out->enis = enis;
	out->ips = ips;
	out->max_pods_ip = enis * (ips - 1) + HOST_PODS;
	out->max_pods_prefix = cap(enis * (ips - 1) * PER_PREFIX + HOST_PODS,
	    out->instance_type);
	out->max_pods_custom_ip = (enis - 1) * (ips - 1) + HOST_PODS;
	out->max_pods_custom_prefix = cap((enis - 1) * (ips - 1) * PER_PREFIX +
	    HOST_PODS, out->instance_type);
}

void
contract_capacity(const struct contract *c, struct capacity *out)
{
	*out = (struct capacity){ 0 };
	if (c->node != NULL) {
		out->instance_type = c->node->instance_type;
		out->max_pods = c->node->max_pods;
	}
	limits(out);
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && !c->places[i].egress)
			out->pods++;
	for (unsigned i = 0; i < c->n_enis; i++) {
		const struct eni *e = &c->enis[i];

		if (e->branch)
			continue;
		out->total = e->total > UINT32_MAX - out->total ? UINT32_MAX :
		    out->total + e->total;
		out->used += e->used;
	}
}
