/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.c - the one table of findings: code, level, and the fix where the
 * node's set-up tells no better one.  A code is a row here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode/verdict/finding.h"

static const struct {
	const char	*code;
	uint8_t		 level;
	const char	*fix;
} codes[N_FINDING_CODES] = {
	[F_SNAT_NODE_IP]	= { "snat-node-ip",	LEVEL_OK, "" },
	[F_NO_NAT]		= { "no-nat",		LEVEL_OK, "" },
	[F_SERVICE_DNAT]	= { "service-dnat",	LEVEL_OK, "" },
	[F_NODEPORT]		= { "nodeport",		LEVEL_OK, "" },
	[F_DIRECT_DELIVERY]	= { "direct-delivery",	LEVEL_OK, "" },
	[F_SAME_NODE]		= { "same-node",	LEVEL_OK, "" },
	[F_HOST_TRAFFIC]	= { "host-traffic",	LEVEL_OK, "" },
	[F_ENCAPSULATED]	= { "encapsulated",	LEVEL_OK, "" },
	[F_MISSING_SNAT]	= { "missing-snat",	LEVEL_WRONG, "restart the CNI's "
	    "pod on this node: it writes its SNAT rules anew at its start" },
	[F_WRONG_SNAT]		= { "wrong-snat",	LEVEL_WRONG, "compare the SNAT "
	    "rule's --to-source with the primary address of the primary ENI" },
	[F_UNEXPECTED_SNAT]	= { "unexpected-snat",	LEVEL_WRONG, "see which rule of "
	    "POSTROUTING matched: iptables -t nat -L POSTROUTING -v -n" },
	[F_UNEXPECTED_DNAT]	= { "unexpected-dnat",	LEVEL_WRONG, "see which rule of "
	    "PREROUTING matched: iptables -t nat -L PREROUTING -v -n" },
	[F_WRONG_ENI]		= { "wrong-eni",	LEVEL_WRONG, "compare `ip rule` and "
	    "the ENI's table with what podpath node expects" },
	[F_SOURCE_NOT_ON_ENI]	= { "source-not-on-eni", LEVEL_WRONG, "" },
	[F_ASYMMETRIC_PATH]	= { "asymmetric-path",	LEVEL_WRONG, "compare `ip rule` "
	    "and the CONNMARK rules with what podpath node expects" },
	[F_SERVICE_IP_ON_WIRE]	= { "service-ip-on-wire", LEVEL_WRONG, "see whether "
	    "kube-proxy runs and has written its rules on this node" },
	[F_MASQUERADE_OTHER_ENI] = { "masquerade-other-eni", LEVEL_WRONG, "" },
	[F_HAIRPIN]		= { "hairpin",		LEVEL_WRONG, "turn off client "
	    "address preservation of the target group "
	    "(preserve_client_ip.enabled=false), or call the Service by its "
	    "cluster address from inside" },
	[F_NOT_FORWARDED]	= { "not-forwarded",	LEVEL_DROPPED, "" },
	[F_REPLY_NOT_FORWARDED]	= { "reply-not-forwarded", LEVEL_DROPPED, "" },
	[F_NO_REPLY]		= { "no-reply",		LEVEL_NOTE, "" },
	[F_RESET]		= { "reset",		LEVEL_NOTE, "" },
	[F_RETRANSMISSIONS]	= { "retransmissions",	LEVEL_NOTE, "" },
	[F_AMBIGUOUS]		= { "ambiguous",	LEVEL_NOTE, "" },
	[F_LOSS]		= { "loss",		LEVEL_NOTE, "" },
	[F_STALE_CONNTRACK]	= { "stale-conntrack",	LEVEL_NOTE, "" },
	[F_PORT_CLASH]		= { "port-clash",	LEVEL_NOTE, "set "
	    "AWS_VPC_K8S_CNI_RANDOMIZESNAT=prng on the aws-node DaemonSet" },
	[F_CLIENT_HIDDEN]	= { "client-hidden",	LEVEL_NOTE, "to see the client, "
	    "turn on client address preservation of the target group "
	    "(preserve_client_ip.enabled=true) or PROXY protocol v2 "
	    "(proxy_protocol_v2.enabled=true)" },
	[F_CLIENT_FROM_PROXY]	= { "client-from-proxy-protocol", LEVEL_NOTE, "" },
	[F_PROXY_MALFORMED]	= { "proxy-protocol-malformed", LEVEL_NOTE, "" },
	[F_HEALTH_CHECK]	= { "health-check",	LEVEL_NOTE, "" },
	[F_SOCKET_REUSE]	= { "socket-reuse",	LEVEL_NOTE, "turn off cross-zone "
	    "load balancing or client address preservation of the target group, or "
	    "let each client use one load balancer address" },
	[F_ENDPOINT_GONE]	= { "endpoint-gone",	LEVEL_NOTE, "" },
	[F_DNS_NO_ANSWER]	= { "dns-no-answer",	LEVEL_NOTE, "" },
	[F_DNS_ERROR]		= { "dns-error",	LEVEL_NOTE, "" },
	[F_DNS_SEARCH_MISS]	= { "dns-search-miss",	LEVEL_NOTE, "end the name with a "
	    "dot, or set ndots to 1 in the pod's dnsConfig" },
	[F_CONTRADICTION]	= { "contradiction",	LEVEL_NOTE, "" },
	[F_STATE_DIFFERS]	= { "state-differs",	LEVEL_NOTE, "" },
};

struct finding *
finding_add(struct flow *f, enum finding_code code, const char *text, ...)
{
	struct finding *out;
	va_list ap;

	if (f->n_findings == FLOW_MAX_FINDINGS)
		f->n_findings--;
	out = &f->findings[f->n_findings++];
	out->code = codes[code].code;
	out->level = codes[code].level;
	out->cause = NULL;
	snprintf(out->fix, sizeof(out->fix), "%s", codes[code].fix);
	va_start(ap, text);
	vsnprintf(out->text, sizeof(out->text), text, ap);
	va_end(ap);
	return out;
}

bool
finding_any(const struct flow *f, enum finding_level level)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level == level)
			return true;
	return false;
}

void
finding_remove_level(struct flow *f, enum finding_level level)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level != level)
			f->findings[n++] = f->findings[i];
	f->n_findings = n;
}

const char *
finding_code_name(unsigned code)
{
	return code < N_FINDING_CODES ? codes[code].code : NULL;
}

static const char *const confidences[N_CONFIDENCES] = {
	[CONF_SINGLE] = "single", [CONF_OBSERVED] = "observed",
	[CONF_AMBIGUOUS] = "ambiguous", [CONF_DECLARED] = "declared",
	[CONF_CONFIRMED] = "confirmed",
};

static const char *const verdicts[N_VERDICTS] = {
	[VERDICT_UNKNOWN] = "unknown", [VERDICT_OK] = "ok",
	[VERDICT_WRONG] = "wrong", [VERDICT_DROPPED] = "dropped",
};

/* As conntrack(8) prints them. */
static const char *const tcp_states[N_TCP_STATES] = {
	[TCPS_SYN_SENT] = "SYN_SENT", [TCPS_SYN_RECV] = "SYN_RECV",
	[TCPS_ESTABLISHED] = "ESTABLISHED", [TCPS_FIN_WAIT] = "FIN_WAIT",
	[TCPS_CLOSED] = "TIME_WAIT", [TCPS_RESET] = "CLOSE",
};

static const char *const levels[N_LEVELS] = {
	[LEVEL_OK] = "ok", [LEVEL_WRONG] = "wrong",
	[LEVEL_DROPPED] = "dropped", [LEVEL_NOTE] = "note",
};

static const char *const kinds[N_FLOW_KINDS] = {
	[KIND_POD_TO_POD] = "pod-to-pod", [KIND_POD_TO_SERVICE] = "pod-to-service",
	[KIND_POD_TO_VPC] = "pod-to-vpc",
	[KIND_POD_TO_EXTERNAL] = "pod-to-external",
	[KIND_VPC_TO_POD] = "vpc-to-pod",
	[KIND_EXTERNAL_TO_POD] = "external-to-pod", [KIND_NODEPORT] = "nodeport",
	[KIND_NODE_TO_POD] = "node-to-pod", [KIND_HOST] = "host",
	[KIND_TRANSIT] = "transit",
};

const char *
confidence_name(unsigned c)
{
	return c < N_CONFIDENCES ? confidences[c] : NULL;
}

const char *
verdict_name(unsigned v)
{
	return v < N_VERDICTS ? verdicts[v] : NULL;
}

const char *
tcp_state_name(unsigned s)
{
	return s < N_TCP_STATES ? tcp_states[s] : NULL;
}

const char *
level_name(unsigned l)
{
	return l < N_LEVELS ? levels[l] : NULL;
}

const char *
flow_kind_name(unsigned k)
{
	return k < N_FLOW_KINDS ? kinds[k] : NULL;
}
