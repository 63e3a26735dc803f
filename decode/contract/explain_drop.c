/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_drop.c - causes of a packet that came in and did not go out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/contract/explain_int.h"

static uint8_t
drop_cause(const struct ex *x)
{
	if (x->f->cause != DROP_UNKNOWN)
		return x->f->cause;
	return x->f->walk && x->f->walk->end == WALK_DROPPED ? x->f->walk->cause :
	    DROP_UNKNOWN;
}

static long
sysctl_number(const struct contract *c, const char *name)
{
	const char *v = state_sysctl(c->state, name);

	return v ? strtol(v, NULL, 10) : -1;
}

bool
ex_rp_filter(struct ex *x)
{
	const char *dev = ex_primary(x);
	char name[80];
	long all, one;

	if (x->f->walk != NULL && drop_cause(x) != DROP_RP_FILTER)
		return false;
	if (x->f->dev != NULL && x->f->walk != NULL)
		dev = x->f->dev;
	snprintf(name, sizeof(name), "net.ipv4.conf.%s.rp_filter", dev);
	all = sysctl_number(x->c, "net.ipv4.conf.all.rp_filter");
	one = sysctl_number(x->c, name);
	if (all != 1 && one != 1)
		return false;
	if (all == 2 || one == 2)	/* the larger of the two counts */
		return false;
	ex_why(x, "%s is 1 (strict)", one == 1 ? name : "net.ipv4.conf.all.rp_filter");
	ex_fix(x, "sysctl -w net.ipv4.conf.%s.rp_filter=2 (the CNI's init container sets it; "
	    "see which sysctl.d file sets it back)", dev);
	return true;
}

bool
ex_no_forwarding(struct ex *x)
{
	if (x->q->from_node || sysctl_number(x->c, addr_is_v4(&x->q->dst) ?
	    "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding") != 0)
		return false;
	ex_why(x, "this node does not forward: %s is 0", addr_is_v4(&x->q->dst) ?
	    "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
	ex_fix(x, "sysctl -w %s=1", addr_is_v4(&x->q->dst) ?
	    "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
	return true;
}

/* The walk names the rule, policy or route: only what to do is left to say. */
bool
ex_firewall(struct ex *x)
{
	const struct walk *w = x->f->walk;
	bool policy = x->c->rules.forward && x->c->rules.forward->policy_drop;

	if (drop_cause(x) != DROP_FIREWALL && (w != NULL || !policy))
		return false;
	if ((w == NULL || w->drop_rule == NULL) && policy) {
		if (w == NULL)
			ex_why(x, "the policy of filter FORWARD is DROP");
		ex_fix(x, "iptables -P FORWARD ACCEPT (the EKS AMI's kubelet unit does it; "
		    "see what sets it back, often docker)");
		return true;
	}
	/* cmd/egress-cni-plugin: FORWARD, new connections to 169.254.172.0/22 */
	if (w != NULL && w->drop_rule != NULL && w->drop_rule->comment != NULL &&
	    text_starts(w->drop_rule->comment, "Block Node Local Pod access")) {
		ex_why(x, "the egress plugin lets no pod of this node reach another by the "
		    "address that is for egress alone");
		ex_fix(x, "use the pod's address of the cluster's own family");
		return true;
	}
	ex_fix(x, "see who wrote the rule that drops it: it is not the VPC CNI's");
	return true;
}

bool
ex_no_route(struct ex *x)
{
	const struct route_answer *r = x->f->walk ? &x->f->walk->route : NULL;

	if (r == NULL || drop_cause(x) != DROP_NO_ROUTE || r->end == ROUTE_TO)
		return false;
	if (r->route != NULL && r->route->text != NULL && r->route->table == TABLE_MAIN)
		ex_fix(x, "ip route del %.200s", r->route->text);
	else if (r->route != NULL && r->route->text != NULL)
		ex_fix(x, "ip route del %.200s table %u", r->route->text, r->route->table);
	else
		ex_fix(x, "see ip route show table all: no table has a route to %s",
		    x->dst_text);
	return true;
}

bool
ex_ttl(struct ex *x)
{
	if (drop_cause(x) != DROP_TTL)
		return false;
	if (!text_eq(x->dst_text, "169.254.169.254")) {
		ex_fix(x, "traceroute to %s: a loop, or a sender with a small TTL",
		    x->dst_text);
		return true;
	}
	ex_why(x, "the metadata service answers with a TTL of the instance's hop limit, 1: "
	    "it cannot be forwarded to a pod");
	ex_fix(x, "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 "
	    "--instance-id %s, or give pods their role by IRSA or Pod Identity",
	    x->c->node && x->c->node->instance_id ? x->c->node->instance_id : "ID");
	return true;
}

bool
ex_local_pod_addr(struct ex *x)
{
	if (x->to == NULL || x->to->local == NULL || !x->to->is_pod)
		return false;
	ex_why(x, "%s, a pod's address, is an address of %s itself: this node answers for "
	    "it", x->dst_text, x->to->local->dev ? x->to->local->dev : "this node");
	ex_fix(x, "ip addr del %s/32 dev %s; keep ec2-net-utils from adding secondary "
	    "addresses", x->dst_text, x->to->local->dev ? x->to->local->dev : "DEV");
	return true;
}

bool
ex_pod_route_missing(struct ex *x)
{
	bool v4 = addr_is_v4(&x->q->dst);

	if (x->to == NULL || !x->to->is_pod || x->to->route != NULL ||
	    !state_has(x->c->state, v4 ? PART_ROUTES : PART_ROUTES6))
		return false;
	ex_why(x, "main has no route to %s by its host veth%s%s", x->dst_text,
	    x->to->veth ? " " : "", x->to->veth ? x->to->veth : "");
	if (x->to->veth != NULL)
		ex_fix(x, "ip %sroute add %s dev %s scope link", ex_family(&x->q->dst),
		    x->dst_text, x->to->veth);
	else
		ex_fix(x, "recreate the pod");
	return true;
}

/* The answer to an address of the egress plugin comes in and finds no way. */
bool
ex_egress_route_missing(struct ex *x)
{
	if (!x->f->reply || x->from == NULL || !x->from->egress ||
	    x->from->route != NULL || !state_has(x->c->state, PART_ROUTES))
		return false;
	ex_why(x, "main has no route to %s, the address of the pod for IPv4 egress",
	    x->src_text);
	ex_fix(x, "recreate the pod (fixed upstream: the egress plugin tries again)");
	return true;
}

bool
ex_early_demux(struct ex *x)
{
	if (x->to == NULL || !place_is_strict(x->c, x->to) ||
	    sysctl_number(x->c, "net.ipv4.tcp_early_demux") != 1)
		return false;
	ex_why(x, "net.ipv4.tcp_early_demux is 1: the node's own connections to pods with "
	    "strict security groups do not get their answers");
	ex_fix(x, "kubectl -n kube-system patch daemonset aws-node -p '{\"spec\":{\"template\":"
	    "{\"spec\":{\"initContainers\":[{\"name\":\"aws-vpc-cni-init\",\"env\":[{\"name\":"
	    "\"DISABLE_TCP_EARLY_DEMUX\",\"value\":\"true\"}]}]}}}}'");
	return true;
}

bool
ex_own_load_balancer(struct ex *x)
{
	ex_why(x, "a load balancer that keeps the client's address sends a target its own "
	    "packets back: source and destination are one address");
	ex_fix(x, "annotate the Service: service.beta.kubernetes.io/aws-load-balancer-target-"
	    "group-attributes: preserve_client_ip.enabled=false");
	return true;
}

bool
ex_no_service_rules(struct ex *x)
{
	const struct cni_rules *cr = &x->c->rules;

	if (!cr->nat_known || cr->services_jump != NULL || cr->nft_kube_proxy ||
	    x->c->state->flags & STATE_IPVS)
		return false;
	ex_why(x, "kube-proxy has no rules on this node (nat PREROUTING has no jump to "
	    "KUBE-SERVICES)");
	ex_fix(x, "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide");
	return true;
}


/* External SNAT leaves it to somebody else, such as a NAT gateway (D13). */
bool
ex_private_outside(struct ex *x)
{
	if (x->c->settings.external_snat != 1 || x->src.kind != OWNER_POD ||
	    x->dst.kind != OWNER_OUTSIDE || !addr_is_v4(&x->q->dst))
		return false;
	ex_why(x, "AWS_VPC_K8S_CNI_EXTERNALSNAT is true: %s left the VPC with a pod's "
	    "address, which needs a NAT gateway (or a route back) on its way", x->src_text);
	ex_fix(x, FIX_ENV "AWS_VPC_K8S_CNI_EXTERNALSNAT=false, or route the pods' subnets "
	    "to a NAT gateway");
	return true;
}
