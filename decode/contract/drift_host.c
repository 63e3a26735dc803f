/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift_host.c - the node around the CNI: sysctls, the FORWARD policy,
 * conntrack's table, kube-proxy's mode.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

static long
sysctl_number(const struct contract *c, const char *name)
{
	const char *v = state_sysctl(c->state, name);

	return v ? strtol(v, NULL, 10) : -1;
}

/* The larger of `all` and the interface's counts: Documentation/networking/
   ip-sysctl.rst.  Strict drops what comes in by the primary ENI for pods whose
   answers leave by another. */
static void
rp_filter(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct drift d = { .wrong = true };
	char name[80];
	long all, one;

	if (c->primary == NULL || c->primary->dev == NULL)
		return;
	snprintf(name, sizeof(name), "net.ipv4.conf.%s.rp_filter", c->primary->dev);
	all = sysctl_number(c, "net.ipv4.conf.all.rp_filter");
	one = sysctl_number(c, name);
	if ((all > one ? all : one) != 1)
		return;
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && c->places[i].eni > 0)
			drift_pod(&d, &c->places[i]);
	drift_text(&d, "rp-filter", "%s is 1 (strict): what comes in by %s for pods of other "
	    "ENIs is dropped (node ports)", one == 1 ? name :
	    "net.ipv4.conf.all.rp_filter", c->primary->dev);
	drift_fix(&d, "sysctl -w %s=2; see which sysctl.d file sets it back", name);
	drift_give(ds, &d);
}

static void
forwarding(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const char *name = c->settings.ipv6 ? "net.ipv6.conf.all.forwarding" :
	    "net.ipv4.ip_forward";
	struct drift d = { .wrong = true };

	if (sysctl_number(c, name) != 0 || (!c->settings.ipv6 && !c->pods_are_v4))
		return;
	drift_text(&d, "ip-forward", "%s is 0: this node does not forward pods' packets",
	    name);
	drift_fix(&d, "sysctl -w %s=1", name);
	drift_give(ds, &d);
}

static void
forward_policy(struct drifts *ds)
{
	struct drift d = { .wrong = true };

	if (ds->c->rules.forward == NULL || !ds->c->rules.forward->policy_drop ||
	    !ds->c->pods_are_v4)
		return;
	drift_text(&d, "forward-policy", "the policy of filter FORWARD is DROP: pods' packets "
	    "pass only where a rule accepts them");
	drift_fix(&d, "iptables -P FORWARD ACCEPT (the EKS AMI's kubelet unit does it)");
	drift_give(ds, &d);
}

static void
early_demux(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct drift d = { .wrong = true };

	if (sysctl_number(c, "net.ipv4.tcp_early_demux") != 1)
		return;
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && place_is_strict(c, &c->places[i]))
			drift_pod(&d, &c->places[i]);
	if (d.n_pods == 0)
		return;
	drift_text(&d, "tcp-early-demux", "net.ipv4.tcp_early_demux is 1: probes from this "
	    "node to pods with strict security groups fail");
	drift_fix(&d, "DISABLE_TCP_EARLY_DEMUX=true for the init container of aws-node, then "
	    FIX_RESTART);
	drift_give(ds, &d);
}

static void
ipvs(struct drifts *ds)
{
	struct drift d = { 0 };

	if (!(ds->c->state->flags & STATE_IPVS))
		return;
	drift_text(&d, "ipvs", "kube-proxy runs in IPVS mode: its translations are not "
	    "modelled here, and security groups for pods do not support it");
	drift_give(ds, &d);
}

static void
conntrack(struct drifts *ds)
{
	const struct contract *c = ds->c;
	long max = sysctl_number(c, "net.netfilter.nf_conntrack_max");
	long count = sysctl_number(c, "net.netfilter.nf_conntrack_count");

	if (max > 0 && count >= 0 && count > max - max / 10) {
		struct drift d = { .wrong = count >= max };

		drift_text(&d, "conntrack-full", "conntrack holds %ld of at most %ld "
		    "connections: new ones are dropped when it is full", count, max);
		drift_fix(&d, "raise conntrack.maxPerCore in kube-proxy's ConfigMap");
		drift_give(ds, &d);
	}
	if (c->state->ct_insert_failed > 0) {
		struct drift d = { 0 };

		drift_text(&d, "conntrack-insert-failed", "%" PRId64 " connections lost their "
		    "first packet because two of them clashed (conntrack -S: insert_failed)",
		    c->state->ct_insert_failed);
		drift_fix(&d, "AWS_VPC_K8S_CNI_RANDOMIZESNAT=prng; NodeLocal DNSCache for "
		    "DNS over UDP");
		drift_give(ds, &d);
	}
}

/* Entries that outlived their pod: they still translate a Service's address to one
   that no pod has (D23). */
static void
stale_entries(struct drifts *ds)
{
	const struct state *s = ds->c->state;
	struct drift d = { 0 };
	char addr[ADDR_TEXT_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->conntrack.n; i++) {
		const struct ct_entry *e = &s->conntrack.v[i];
		struct owner o;

		if (addr_eq(&e->orig.dst, &e->reply.src) ||
		    addr_eq(&e->orig.src, &e->reply.src))
			continue;
		contract_owner(ds->c, &e->reply.src, &o);
		if (o.kind == OWNER_FREE && n++ == 0)
			addr_format(&e->reply.src, addr);
	}
	if (n == 0)
		return;
	drift_text(&d, "conntrack-stale", "%" PRIu32 " conntrack entr%s still translate%s to "
	    "%s%s, which no pod has: whoever gets the address next is sent their packets",
	    n, n == 1 ? "y" : "ies", n == 1 ? "s" : "", addr, n == 1 ? "" : " and others");
	drift_fix(&d, "conntrack -D --reply-src %s", addr);
	drift_give(ds, &d);
}

void
drift_host(struct drifts *ds)
{
	rp_filter(ds);
	forwarding(ds);
	forward_policy(ds);
	early_demux(ds);
	ipvs(ds);
	conntrack(ds);
	stale_entries(ds);
}
