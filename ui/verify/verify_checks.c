/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify_checks.c - what each check says about a flow or a prediction.
 *
 * A flow passes a check only when its verdict is ok and the finding that the
 * check is about is there; it fails by the codes below.  Everything else about
 * it (dropped, unknown, wrong in another way) proves nothing and is told so.
 */
#include "ui/verify/verify_int.h"

#include <string.h>

static const struct {
	const char	*name, *help;
	const char	*fails[8];	/* codes; NULL ends */
	const struct check_whole *whole;
} checks[N_CHECKS] = {
	[CHECK_SNAT] = { "snat",
	    "what leaves the VPC leaves by the primary ENI with the node's "
	    "primary address; or, where external SNAT is set, by the pod's own "
	    "ENI untranslated",
	    { "missing-snat", "wrong-snat", "unexpected-snat", "wrong-eni",
	      "source-not-on-eni", "masquerade-other-eni" }, NULL },
	[CHECK_NO_NAT] = { "no-nat",
	    "inside the VPC, and to ranges excluded from SNAT, addresses stay as "
	    "they are",
	    { "unexpected-snat", "unexpected-dnat" }, NULL },
	[CHECK_ENI] = { "eni",
	    "each packet leaves by the ENI that owns its source address, and is "
	    "answered the same way",
	    { "wrong-eni", "source-not-on-eni", "masquerade-other-eni",
	      "asymmetric-path" }, NULL },
	[CHECK_PATH] = { "path",
	    "each flow has the verdict ok: nothing wrong, nothing dropped", { 0 },
	    NULL },
	[CHECK_NLB_IP] = { "nlb-ip",
	    "connections of a load balancer reach the pod directly: its own address "
	    "and target port, no translation, by the ENI that owns it, answered the "
	    "same way (a node port, which is target type instance, fails); and whether "
	    "the client's address is seen (what the Service's annotations mean "
	    "otherwise, and a socket that is used twice, leave it inconclusive)",
	    { 0 }, &check_nlb_ip },
	[CHECK_SHARES] = { "shares",
	    "a Service's endpoints get even shares of its connections, or with "
	    "--zone-local none leaves the client's zone",
	    { 0 }, &check_shares },
};

const struct check_whole *
check_whole_of(enum check c)
{
	return checks[c].whole;
}

const char *
verify_check_name(unsigned i)
{
	return i < N_CHECKS ? checks[i].name : NULL;
}

bool
verify_check(unsigned i, const char **name, const char **help)
{
	if (i >= N_CHECKS)
		return false;
	*name = checks[i].name;
	*help = checks[i].help;
	return true;
}

bool
check_fails_on(enum check c, const char *code)
{
	unsigned i;

	for (i = 0; code != NULL && i < 8 && checks[c].fails[i] != NULL; i++)
		if (strcmp(checks[c].fails[i], code) == 0)
			return true;
	return false;
}

/* ---- flows */

static const struct finding *
find_level(const struct flow *f, enum finding_level level)
{
	unsigned i;

	for (i = 0; i < f->n_findings; i++)
		if (f->findings[i].level == level)
			return &f->findings[i];
	return NULL;
}

static const struct finding *
find_failing(enum check c, const struct flow *f)
{
	unsigned i;

	for (i = 0; i < f->n_findings; i++)
		if (f->findings[i].level == LEVEL_WRONG &&
		    check_fails_on(c, f->findings[i].code))
			return &f->findings[i];
	return NULL;
}

static void
say(struct opinion *o, enum check_result result, const struct finding *g,
    const char *text)
{
	o->applies = true;
	o->result = (uint8_t)result;
	o->text = text;
	if (g == NULL)
		return;
	o->code = g->code;
	o->cause = g->cause;
	o->fix = g->fix;
	if (text == NULL)
		o->text = g->text;
}

/* RFC 1918, RFC 6598, RFC 4193 and link-local: not of the internet. */
static bool
is_private(const struct addr *a)
{
	static const char *const ranges[] = { "10.0.0.0/8", "172.16.0.0/12",
		"192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
		"fe80::/10" };
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (prefix_parse(ranges[i], &p) &&
		    addr_is_v4(&p.addr) == addr_is_v4(a) && prefix_contains(&p, a))
			return true;
	return false;
}

/* Where a flow goes that begins here: what SNAT depends on. */
enum goes { GOES_INSIDE, GOES_OUTSIDE, GOES_EITHER, GOES_ELSEWHERE };

static enum goes
goes(const struct flow *f)
{
	switch (f->node.kind) {
	case KIND_POD_TO_EXTERNAL:
		return GOES_OUTSIDE;
	case KIND_POD_TO_POD:
	case KIND_POD_TO_VPC:
	case KIND_VPC_TO_POD:
	case KIND_NODE_TO_POD:
		return GOES_INSIDE;
	case KIND_HOST:
		/* a process of this node sent it; a private destination may be
		   outside too, but nothing depends on it for the node itself */
		return f->n_legs > 0 && !f->legs[0].reply &&
		    f->legs[0].dir == DIR_OUT && !is_private(&f->original.dst) ?
		    GOES_OUTSIDE : GOES_ELSEWHERE;
	case KIND_POD_TO_SERVICE:
		return (f->has & FLOW_TRANSLATED) && (f->nat & NAT_DNAT) &&
		    !is_private(&f->translated.dst) ? GOES_OUTSIDE : GOES_ELSEWHERE;
	case KIND_UNKNOWN:
		return GOES_EITHER;
	default:
		return GOES_ELSEWHERE;
	}
}

/* Does the check judge this flow, when it has (or lacks) one of the check's
   codes? */
static bool
is_of_kind(enum check c, const struct flow *f, bool failing)
{
	enum goes to = goes(f);

	switch (c) {
	case CHECK_SNAT:
		return to == GOES_OUTSIDE || to == GOES_EITHER;
	case CHECK_NO_NAT:
		/* a Service translates its destination, but never the source
		   of what stays inside */
		return to == GOES_INSIDE || to == GOES_EITHER ||
		    (failing && f->node.kind == KIND_POD_TO_SERVICE &&
		    to == GOES_ELSEWHERE);
	case CHECK_ENI:
		/* what stays on the node crosses no ENI */
		return failing || f->node.eni != NULL || f->verdict != VERDICT_OK;
	default:
		return true;
	}
}

/* A flow with verdict ok: has it what the check is about? */
static bool
is_proven(enum check c, const struct flow *f)
{
	/* Where it goes is not known, and yet the verdict is ok: then a pod's
	   source must be kept wherever it goes, which external SNAT makes so. */
	bool kept = f->node.kind == KIND_UNKNOWN && f->node.pod != NULL &&
	    f->node.eni != NULL && addr_eq(&f->node.pod_ip, &f->original.src) &&
	    present_has_finding(f, "no-nat");
	bool known = f->node.kind != KIND_UNKNOWN || kept;

	switch (c) {
	case CHECK_SNAT:
		return known && f->node.eni != NULL &&
		    (f->node.kind == KIND_HOST ||
		    f->node.kind == KIND_POD_TO_SERVICE ||
		    present_has_finding(f, "snat-node-ip") ||
		    present_has_finding(f, "no-nat"));
	case CHECK_NO_NAT:
		return known && (f->has & FLOW_TRANSLATED) && f->nat == 0;
	case CHECK_ENI:
		return f->node.eni != NULL;
	default:
		return true;
	}
}

static void
check_with_state(enum check c, const struct flow *f, struct opinion *o)
{
	const struct finding *g = f->verdict == VERDICT_WRONG ?
	    find_failing(c, f) : NULL;

	if (!is_of_kind(c, f, g != NULL))
		return;
	if (g != NULL) {
		say(o, CHECK_FAILED, g, NULL);
		return;
	}
	switch (f->verdict) {
	case VERDICT_OK:
		if (is_proven(c, f))
			say(o, CHECK_OK, find_level(f, LEVEL_OK), NULL);
		else
			say(o, CHECK_UNSURE, NULL, f->node.kind == KIND_UNKNOWN ?
			    "whether it leaves the VPC is not known" :
			    "its translation was not seen");
		break;
	case VERDICT_DROPPED:
		g = find_level(f, LEVEL_DROPPED);
		if (c == CHECK_PATH)
			say(o, CHECK_FAILED, g, NULL);
		else
			say(o, CHECK_UNSURE, g, "dropped on its way, which proves "
			    "nothing");
		break;
	case VERDICT_WRONG:
		g = find_level(f, LEVEL_WRONG);
		if (c == CHECK_PATH)
			say(o, CHECK_FAILED, g, NULL);
		else
			say(o, CHECK_UNSURE, g, "wrong in another way");
		break;
	default:
		g = find_level(f, LEVEL_NOTE);
		say(o, CHECK_UNSURE, g, g == NULL ? "its verdict is unknown" : NULL);
	}
}

/* ---- packets alone */

/* Which ranges are the VPC's, and which address is whose, packets do not tell:
   only that nothing was translated at all can be proven by them. */
static void
check_packets(enum check c, const struct flow *f, struct opinion *o)
{
	bool known = f->has & FLOW_TRANSLATED;
	bool out = is_private(&f->original.src) && !is_private(&f->original.dst);

	switch (c) {
	case CHECK_SNAT:
		if (!out)
			return;
		say(o, CHECK_UNSURE, NULL, !known ? "its translation was not seen" :
		    present_src_changed(f) ? "translated; whether to the node's "
		    "address, by its ENI, is not known without --state" :
		    "not translated; whether it should be is not known without "
		    "--state");
		return;
	case CHECK_NO_NAT:
		if (known && f->nat == 0)
			say(o, CHECK_OK, NULL, "not translated");
		else
			say(o, CHECK_UNSURE, NULL, known ? "translated; whether its "
			    "destination is inside the VPC is not known without "
			    "--state" : "its translation was not seen");
		return;
	case CHECK_ENI:
		say(o, CHECK_UNSURE, NULL, "which ENI owns which address is not known "
		    "without --state");
		return;
	default:
		if (f->verdict == VERDICT_WRONG || f->verdict == VERDICT_DROPPED)
			say(o, CHECK_FAILED, find_level(f, f->verdict ==
			    VERDICT_WRONG ? LEVEL_WRONG : LEVEL_DROPPED), NULL);
		else
			say(o, CHECK_UNSURE, NULL, "whether its path is right is not "
			    "known without --state");
	}
}

/* Neighbour discovery, MLD, mDNS: it never leaves its link (RFC 4291 section
   2.5.6), so no route and no translation is its. */
static bool
stays_on_link(const struct flow *f)
{
	const struct addr *src = &f->original.src, *dst = &f->original.dst;

	return addr_is_multicast(dst) ||
	    (src->b[0] == 0xfe && (src->b[1] & 0xc0) == 0x80) ||
	    (dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80);
}

void
check_flow(enum check c, const struct verify *v, const struct flow *f,
    struct opinion *o)
{
	*o = (struct opinion){ 0 };
	/* what is wrong with it would still be told */
	if (stays_on_link(f) && f->verdict != VERDICT_WRONG &&
	    f->verdict != VERDICT_DROPPED)
		return;
	if (v->config.with_state)
		check_with_state(c, f, o);
	else
		check_packets(c, f, o);
}

/* ---- predictions */

static void
say_fault(struct opinion *o, enum check_result result,
    const struct prediction_fault *f, const char *text)
{
	o->result = (uint8_t)result;
	o->code = f->code;
	o->cause = f->why[0] != '\0' ? f->why : f->cause;
	o->text = text != NULL ? text : f->text;
	o->fix = f->fix;
}

void
check_prediction(enum check c, bool outside, const struct prediction *p,
    struct opinion *o)
{
	unsigned i;

	*o = (struct opinion){ .applies = true };
	if (check_whole_of(c) != NULL || (c == CHECK_SNAT && !outside) ||
	    (c == CHECK_NO_NAT && outside)) {
		o->applies = false;
		return;
	}
	for (i = 0; i < p->n_faults; i++) {
		if (c != CHECK_PATH && !check_fails_on(c, p->faults[i].code))
			continue;
		say_fault(o, CHECK_FAILED, &p->faults[i], NULL);
		return;
	}
	/* a fault of another check on the way back leaves the way out proven */
	if (p->walk.end == WALK_DROPPED) {
		say_fault(o, CHECK_UNSURE, &p->faults[0], "dropped on its way, which "
		    "proves nothing");
	} else if (p->unknown[0] != '\0' || !p->has_demand) {
		o->result = CHECK_UNSURE;
		o->text = p->unknown[0] != '\0' ? p->unknown :
		    "no contract of a CNI applies to this node";
	} else {
		o->result = CHECK_OK;
		o->text = p->demand.why;
	}
}
