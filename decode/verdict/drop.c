/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drop.c - what came in and did not go out, and why.
 *
 * Absence proves something only where everything was captured: no loss, the
 * device where it had to leave among those captured, some time left before the
 * capture ended, and nothing that left unrecognised.  Where a packet is dropped
 * shows in what conntrack has of it: an entry is confirmed at the end of
 * POSTROUTING, after which only the device itself (tc egress, where the network
 * policy for a pod's ingress stands) can drop; tc ingress, where its egress
 * policy stands, comes before conntrack sees it.
 */
#include <stdio.h>
#include <string.h>

#include "decode/verdict/judge_int.h"

/* A packet takes well under this through a node. */
#define CROSSING_MAX_NS		(50 * 1000 * 1000)

static bool
proves_absence(const struct trial *t, const struct leg *in, const char *due)
{
	if (t->view->lost(t->view->arg, t->f))
		return false;
	if (t->f->confidence == CONF_AMBIGUOUS)
		return false;
	if (t->view->now.ns - in->first.ns < CROSSING_MAX_NS)
		return false;
	return t->view->covers(t->view->arg, due) ||
	    t->view->covers(t->view->arg, NULL);
}

static bool
is_veth_of_pod(const struct trial *t, const char *dev)
{
	return (t->src.kind == OWNER_POD && t->src.veth != NULL && dev != NULL &&
	    strcmp(t->src.veth, dev) == 0) ||
	    (t->target.kind == OWNER_POD && t->target.veth != NULL && dev != NULL &&
	    strcmp(t->target.veth, dev) == 0);
}

static struct finding *
add_drop(struct trial *t, bool reply, enum drop_cause cause, const char *text)
{
	struct finding *g = finding_add(t->f, reply ? F_REPLY_NOT_FORWARDED :
	    F_NOT_FORWARDED, "%s", text);

	g->cause = drop_cause_name(cause);
	t->f->verdict = VERDICT_DROPPED;
	return g;
}

static const char *
pod_text(const struct pod *p, char out[static 128])
{
	if (p == NULL || p->name == NULL)
		return "the pod";
	snprintf(out, 128, "%s/%s", p->ns, p->name);
	return out;
}

/* ---- the request */

#define FEW_PORTS	1024

static bool
has_few_ports(const struct nf_rule *r)
{
	const struct nf_nat *n = r != NULL && (r->target.kind == NF_T_SNAT ||
	    r->target.kind == NF_T_MASQUERADE) ? r->target.nat : NULL;

	return n != NULL && n->flags & NF_NAT_PORTS &&
	    n->ports.hi - n->ports.lo < FEW_PORTS;
}

/* A clash of ports is lost at the same place as what a policy stops, and each
   time that it is sent again; only what is translated can clash. */
static bool
may_have_clashed(const struct trial *t)
{
	int64_t failed = t->j->state->ct_insert_failed;

	if (!t->has_walk || (t->walk.snat_rule == NULL && !t->walk.masquerade))
		return false;
	if (failed < 0)		/* not told: only where ports are few */
		return has_few_ports(t->walk.snat_rule);
	return failed > 0 && t->f->request_packets <= (uint64_t)failed;
}

/* The rules say that it goes out by `oif`, but it did not. */
static void
drop_despite_rules(struct trial *t, const char *oif, char *text, size_t size,
    enum drop_cause *cause)
{
	const struct ct_entry *ct = t->f->node.ct;
	bool has_ct = t->view->ct_complete(t->view->arg, t->f);
	bool to_veth = is_veth_of_pod(t, oif) && t->target.kind == OWNER_POD;
	/* the egress plugin's cable is not policed */
	bool from_veth = is_veth_of_pod(t, t->req.in_dev) &&
	    t->src.kind == OWNER_POD && !t->src.egress;
	char pod[128];

	if (to_veth && (has_ct ? ct != NULL : !from_veth)) {
		*cause = DROP_POLICY_INGRESS;
		snprintf(text, size, "came in by %s, passed the node's rules%s, and "
		    "never came out at %s: a network policy denies ingress to %s",
		    t->req.in_dev, ct ? " (conntrack has it)" : "", oif,
		    pod_text(t->target.pod, pod));
	} else if (from_veth && ct == NULL && may_have_clashed(t)) {
		*cause = DROP_UNKNOWN;
		snprintf(text, size, "came in by %s and went nowhere: a network policy "
		    "denies egress of %s, or its port clashed", t->req.in_dev,
		    pod_text(t->src.pod, pod));
		if (t->j->state->ct_insert_failed > 0)
			finding_add(t->f, F_PORT_CLASH, "conntrack counts %lld entries "
			    "that could not be inserted (insert_failed)",
			    (long long)t->j->state->ct_insert_failed);
		else
			finding_add(t->f, F_PORT_CLASH, "its SNAT rule leaves few ports, "
			    "which others may hold");
	} else if (from_veth && (has_ct ? ct == NULL : !to_veth)) {
		*cause = DROP_POLICY_EGRESS;
		snprintf(text, size, "came in by %s and went nowhere%s, although the "
		    "node's rules let it pass: a network policy denies egress of %s",
		    t->req.in_dev, has_ct ? ", not even into conntrack" : "",
		    pod_text(t->src.pod, pod));
	} else {
		*cause = DROP_UNKNOWN;
		snprintf(text, size, "came in by %s and never left by %s, although "
		    "the node's rules let it pass", t->req.in_dev, oif);
	}
}

static void
drop_by_rules(const struct trial *t, char *text, size_t size)
{
	const struct walk *w = &t->walk;
	const char *in = t->req.in_dev ? t->req.in_dev : "an interface";

	switch ((enum drop_cause)w->cause) {
	case DROP_RP_FILTER:
		snprintf(text, size, "came in by %s and went nowhere: the reverse path "
		    "filter drops it, since the way back to its source is by %s",
		    in, w->reverse.dev ? w->reverse.dev : "another device");
		break;
	case DROP_NO_ROUTE:
		if (w->route.end == ROUTE_TO)
			snprintf(text, size, "came in by %s and went nowhere: forwarding "
			    "is switched off on this node", in);
		else
			snprintf(text, size, "came in by %s and went nowhere: %s%s", in,
			    w->route.route ? "its route is " : "there is no route",
			    w->route.route ? w->route.route->text : "");
		break;
	case DROP_FIREWALL:
		if (w->drop_rule != NULL)
			snprintf(text, size, "came in by %s and went nowhere: dropped "
			    "by %s", in, w->drop_rule->text);
		else
			snprintf(text, size, "came in by %s and went nowhere: the "
			    "policy of chain %s is DROP", in,
			    w->drop_chain ? w->drop_chain->name : "FORWARD");
		break;
	default:
		snprintf(text, size, "came in by %s and went nowhere", in);
		break;
	}
}

/* A pod's packet that the node keeps for itself: the pod's address is in its
   table local (D28 of the VPC CNI's troubles). */
static bool
kept_by_node(struct trial *t)
{
	char dst[ADDR_TEXT_MAX], text[sizeof(t->f->findings[0].text)];

	if (t->req.in == NULL || t->req.out != NULL || t->target.kind != OWNER_POD ||
	    !t->has_walk || t->walk.end != WALK_LOCAL)
		return false;
	addr_format(&t->f->translated.dst, dst);
	snprintf(text, sizeof(text), "came in by %s and was taken by the node itself: "
	    "%s is a pod's address, and in the node's table local",
	    t->req.in_dev ? t->req.in_dev : "an interface", dst);
	trial_explain(t, add_drop(t, false, DROP_NOT_FOR_US, text), t->req.in_dev,
	    false);
	return true;
}

static void
drop_request(struct trial *t)
{
	const struct walk *w = &t->walk;
	bool predicted = t->has_walk && w->end != WALK_UNKNOWN;
	const char *due = predicted ? w->oif : t->has_demand ? t->demand.dev : NULL;
	enum drop_cause cause = DROP_UNKNOWN;
	char text[sizeof(t->f->findings[0].text)];

	if (kept_by_node(t))
		return;
	if (t->req.in == NULL || t->req.out != NULL || t->rep.any || t->to_node ||
	    addr_is_multicast(&t->f->original.dst))
		return;
	if (predicted && w->end == WALK_LOCAL)
		return;
	/* Is it this node's to forward at all?  Rules or requirement must say. */
	if (!predicted && !(t->has_demand && t->demand.out == OUT_DEV))
		return;
	if (t->req.in->other_host) {
		snprintf(text, sizeof(text), "came in by %s for another link-level "
		    "address than that device's: the kernel ignores it",
		    t->req.in_dev ? t->req.in_dev : "an interface");
		trial_explain(t, add_drop(t, false, DROP_NOT_FOR_US, text),
		    t->req.in_dev, false);
		return;
	}
	if (t->req.in->ttl <= 1) {
		add_drop(t, false, DROP_TTL, "came in with TTL 1: a router drops it");
		return;
	}
	if (!proves_absence(t, t->req.in, due) ||
	    t->view->maybe_left(t->view->arg, t->f))
		return;
	if (predicted && w->end == WALK_DROPPED) {
		cause = (enum drop_cause)w->cause;
		drop_by_rules(t, text, sizeof(text));
	} else if (predicted) {
		drop_despite_rules(t, w->oif, text, sizeof(text), &cause);
	} else if (t->f->node.ct != NULL && t->target.kind == OWNER_POD) {
		drop_despite_rules(t, t->target.veth ? t->target.veth : "its veth",
		    text, sizeof(text), &cause);
	} else {
		snprintf(text, sizeof(text), "came in by %s and never went out",
		    t->req.in_dev ? t->req.in_dev : "an interface");
	}
	trial_explain(t, add_drop(t, false, cause, text), t->req.in_dev, false);
}

/* ---- the answer */

/* This node's own, to a pod that it reaches through the VPC alone. */
static bool
through_vpc(const struct trial *t, const char *reply_in)
{
	return t->from_node && t->target.kind == OWNER_POD && t->has_demand &&
	    t->demand.dev != NULL && t->req.out_dev != NULL &&
	    strcmp(t->demand.dev, t->req.out_dev) == 0 && t->target.eni != NULL &&
	    t->target.eni->branch && is_veth_of_pod(t, reply_in) &&
	    !is_veth_of_pod(t, t->req.out_dev);
}

static void
drop_reply(struct trial *t)
{
	const struct leg *in = t->rep.in;
	const char *dev = t->rep.in_dev, *due = t->req.in_dev;
	enum drop_cause cause = DROP_UNKNOWN;
	char text[sizeof(t->f->findings[0].text)], pod[128];
	struct walk w;

	/* Only what was forwarded has an answer that must be; or what this node
	   sent through the VPC to a pod of its own (strict security groups), whose
	   answer goes the same way. */
	if (in == NULL || t->rep.out != NULL || t->req.out == NULL || t->to_node)
		return;
	if (through_vpc(t, dev))
		due = t->target.eni->dev;
	else if (t->req.in == NULL || t->from_node)
		return;
	if (!proves_absence(t, in, due))
		return;
	if (in->ttl <= 1) {
		snprintf(text, sizeof(text), "the answer came in by %s with TTL 1, "
		    "which ends at this node", dev ? dev : "an interface");
		trial_explain_cause(t, add_drop(t, true, DROP_TTL, text), dev, true,
		    DROP_TTL);
		return;
	}
	w.end = WALK_UNKNOWN;
	if (dev != NULL)
		model_reply_of(t->j->model, &t->f->original, &t->after,
		    t->f->node.ct ? t->f->node.ct->mark : t->walk.ctmark, dev, false, &w);
	if (w.end == WALK_DROPPED)
		cause = (enum drop_cause)w.cause;
	else if (t->target.kind == OWNER_POD && !t->from_node && is_veth_of_pod(t, dev))
		cause = DROP_POLICY_EGRESS;
	else if (t->src.kind == OWNER_POD && !t->src.egress && dev != NULL &&
	    !is_veth_of_pod(t, dev))
		cause = DROP_POLICY_INGRESS;
	if (cause == DROP_POLICY_EGRESS)
		snprintf(text, sizeof(text), "the answer of %s came in by %s and went "
		    "nowhere: a network policy denies it (egress)",
		    pod_text(t->target.pod, pod), dev);
	else if (cause == DROP_POLICY_INGRESS)
		snprintf(text, sizeof(text), "the answer came in by %s and never came "
		    "out at %s: a network policy of %s denies it (ingress)", dev,
		    t->src.veth ? t->src.veth : "its veth",
		    pod_text(t->src.pod, pod));
	else
		snprintf(text, sizeof(text), "the answer came in by %s and never went "
		    "out", dev ? dev : "an interface");
	trial_explain(t, add_drop(t, true, cause, text), dev, true);
}

static bool
is_cause(const struct finding *g, enum drop_cause cause)
{
	return g->cause != NULL && strcmp(g->cause, drop_cause_name(cause)) == 0;
}

/* The node said itself that it drops, but ICMP has few words for why. */
static void
name_cause(struct trial *t)
{
	const struct walk *w = &t->walk;

	for (unsigned i = 0; i < t->f->n_findings; i++) {
		struct finding *g = &t->f->findings[i];
		bool reply = strcmp(g->code, "reply-not-forwarded") == 0;

		if (g->level != LEVEL_DROPPED)
			continue;
		if (is_cause(g, DROP_TTL)) {
			trial_explain_cause(t, g, reply ? t->rep.in_dev : t->req.in_dev,
			    reply, DROP_TTL);
		} else if (is_cause(g, DROP_UNKNOWN) && t->has_walk &&
		    w->end == WALK_DROPPED) {
			drop_by_rules(t, g->text, sizeof(g->text));
			g->cause = drop_cause_name(w->cause);
			trial_explain(t, g, t->req.in_dev, false);
		}
	}
}

void
trial_dropped(struct trial *t)
{
	if (t->f->verdict == VERDICT_DROPPED) {
		name_cause(t);
		return;
	}
	drop_request(t);
	drop_reply(t);
}
