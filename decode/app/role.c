/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * role.c - what a flow is for; see role.h.
 *
 * Ports: Kubernetes' pkg/cluster/ports/ports.go (the read-only port: of releases
 * that had it), the Amazon VPC CNI's pkg/ipamd/introspect.go and the values of
 * its chart, the EC2 and EKS user guides.  A port of the node's counts for its
 * service unless `ss` told that another process has it.
 */
#include <string.h>
#include <strings.h>

#include "decode/app/dns.h"
#include "decode/app/role_int.h"

static const char *const names[N_ROLES] = {
	[ROLE_KUBELET] = "kubelet", [ROLE_API_SERVER] = "api-server",
	[ROLE_WEBHOOK] = "webhook", [ROLE_KUBELET_PROBE] = "kubelet-probe",
	[ROLE_IMDS] = "imds", [ROLE_VPC_RESOLVER] = "vpc-resolver",
	[ROLE_COREDNS] = "coredns", [ROLE_NODELOCAL_DNS] = "nodelocal-dns",
	[ROLE_NTP] = "ntp", [ROLE_POD_IDENTITY] = "pod-identity",
	[ROLE_KUBE_PROXY_HEALTH] = "kube-proxy-health",
	[ROLE_KUBE_PROXY_METRICS] = "kube-proxy-metrics",
	[ROLE_KUBELET_HEALTH] = "kubelet-health",
	[ROLE_KUBELET_READONLY] = "kubelet-readonly", [ROLE_IPAMD] = "ipamd",
	[ROLE_NETWORK_POLICY_AGENT] = "network-policy-agent",
	[ROLE_LOAD_BALANCER_HEALTH] = "load-balancer-health",
};

const char *
role_name(unsigned role)
{
	return role < N_ROLES ? names[role] : NULL;
}

static void
play(struct ends *e, enum role role, const char *text)
{
	e->out->name = names[role];
	e->out->text = text;
}

/* ---- services that the node finds at addresses of its own link */

#define V4(w, x, y, z)	{ .b = { [10] = 0xff, 0xff, w, x, y, z } }
#define EC2_V6(y, z)	{ .b = { 0xfd, 0x00, 0x0e, 0xc2, [14] = y, z } }

static const struct fixed {
	struct addr	addr;
	uint16_t	port;
	uint8_t		proto;		/* 0: TCP and UDP */
	uint8_t		role;
	const char	*text;
} fixed[] = {
	{ V4(169, 254, 169, 254), 80, PROTO_TCP, ROLE_IMDS,
	    "the instance metadata service" },
	{ EC2_V6(0x02, 0x54), 80, PROTO_TCP, ROLE_IMDS,
	    "the instance metadata service" },
	{ V4(169, 254, 169, 253), 53, 0, ROLE_VPC_RESOLVER, "the VPC's resolver" },
	{ EC2_V6(0x02, 0x53), 53, 0, ROLE_VPC_RESOLVER, "the VPC's resolver" },
	{ V4(169, 254, 20, 10), 53, 0, ROLE_NODELOCAL_DNS,
	    "NodeLocal DNSCache on this node" },
	{ V4(169, 254, 169, 123), 123, PROTO_UDP, ROLE_NTP,
	    "the Amazon Time Sync Service" },
	{ EC2_V6(0x01, 0x23), 123, PROTO_UDP, ROLE_NTP,
	    "the Amazon Time Sync Service" },
	{ V4(169, 254, 170, 23), 80, PROTO_TCP, ROLE_POD_IDENTITY,
	    "the EKS Pod Identity agent on this node" },
	{ EC2_V6(0x00, 0x23), 80, PROTO_TCP, ROLE_POD_IDENTITY,
	    "the EKS Pod Identity agent on this node" },
};

/*
 * EC2 sends the answer to a request for a token with the TTL that
 * HttpPutResponseHopLimit says, and with 1 it ends at the node, before a pod.
 */
static bool
answer_ended_here(const struct ends *e)
{
	const struct flow *f = e->f;
	bool came = false;

	if (e->src.kind != OWNER_POD)
		return false;
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].cause != NULL &&
		    strcmp(f->findings[i].cause, "ttl-expired") == 0 &&
		    strcmp(f->findings[i].code, "reply-not-forwarded") == 0)
			return true;
	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];

		if (!l->reply)
			continue;
		if (l->dir == DIR_OUT || l->ttl > 1)
			return false;
		came |= l->dir == DIR_IN && l->ttl == 1;
	}
	return came;
}

static bool
fixed_role(struct ends *e)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		const struct fixed *x = &fixed[i];

		if (e->asked.dport != x->port ||
		    (x->proto != 0 && x->proto != e->asked.proto) ||
		    !addr_eq(&e->asked.dst, &x->addr))
			continue;
		play(e, (enum role)x->role, x->text);
		if (x->role == ROLE_IMDS && answer_ended_here(e))
			e->out->text = "the instance metadata service; its answer "
			    "came with hop limit 1 and ended at this node: a pod "
			    "needs HttpPutResponseHopLimit 2";
		return true;
	}
	return false;
}

/* ---- DNS */

static const struct {
	const char	*kind;		/* of dns_server_kind() */
	uint8_t		 role;
	const char	*text;
} resolvers[] = {
	{ "coredns", ROLE_COREDNS, "CoreDNS" },
	{ "nodelocal", ROLE_NODELOCAL_DNS, "NodeLocal DNSCache on this node" },
	{ "vpc-resolver", ROLE_VPC_RESOLVER, "the VPC's resolver" },
};

static bool
dns_role(struct ends *e)
{
	const char *kind = NULL;

	if (!e->turned && (e->asked.dport == DNS_PORT || e->sent.dport == DNS_PORT))
		kind = dns_server_kind(e->s, e->contract, e->f);
	for (size_t i = 0; i < sizeof(resolvers) / sizeof(resolvers[0]); i++)
		if (kind != NULL && strcmp(kind, resolvers[i].kind) == 0) {
			play(e, (enum role)resolvers[i].role, resolvers[i].text);
			return true;
		}
	return false;
}

/* ---- the API server */

enum way { BY_SERVICE, AT_ENDPOINT, BY_NAME, BY_PROCESS, N_WAYS };

static const char *const api_texts[N_WAYS][N_WHERES] = {
	[BY_SERVICE] = {
		[WHERE_UNKNOWN] = "the API server by Service default/kubernetes",
		[WHERE_INSIDE] = "the API server by Service default/kubernetes, "
		    "inside the VPC",
		[WHERE_OUTSIDE] = "the API server by Service default/kubernetes: it "
		    "leaves the VPC",
	},
	[AT_ENDPOINT] = {
		[WHERE_UNKNOWN] = "the API server at an endpoint of Service "
		    "default/kubernetes",
		[WHERE_INSIDE] = "the API server inside the VPC: private endpoint",
		[WHERE_OUTSIDE] = "the API server at an endpoint of Service "
		    "default/kubernetes: it leaves the VPC",
	},
	[BY_NAME] = {
		[WHERE_UNKNOWN] = "the API server by its name; whether that leaves "
		    "the VPC is not known",
		[WHERE_INSIDE] = "the API server inside the VPC: private endpoint",
		[WHERE_OUTSIDE] = "the API server by the public endpoint: it leaves "
		    "the VPC",
	},
	/* only at addresses outside */
	[BY_PROCESS] = {
		[WHERE_OUTSIDE] = "the API server, as the process says, by the public "
		    "endpoint: it leaves the VPC",
	},
};

/* "0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com" */
static bool
is_api_name(const char *name)
{
	static const char *const ends[] = { ".eks.amazonaws.com",
		".eks.amazonaws.com.cn" };
	size_t len = name != NULL ? strlen(name) : 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcasecmp(name + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Those that speak with nobody else on this port; not ipamd, which asks EC2. */
static bool
is_api_client(const struct sock *k)
{
	return k != NULL && (strcmp(k->process, "kubelet") == 0 ||
	    strcmp(k->process, "kube-proxy") == 0);
}

static bool
is_api_service(const struct ends *e)
{
	const struct flow_node *n = &e->f->node;

	return !e->turned && n->service != NULL && n->service_ns != NULL &&
	    strcmp(n->service, "kubernetes") == 0 &&
	    strcmp(n->service_ns, "default") == 0;
}

static bool
api_role(struct ends *e)
{
	const char *name = e->turned ? NULL : e->f->app.dns_name;
	enum where where;
	enum way way;

	if (e->asked.proto != PROTO_TCP)
		return false;
	if (is_api_service(e))
		way = BY_SERVICE;
	else if (state_api_endpoint(e->s, &e->sent.dst, e->sent.dport))
		way = AT_ENDPOINT;
	else if (e->asked.dport == 443 && is_api_name(name))
		way = BY_NAME;
	else if (e->asked.dport == 443 && name == NULL && e->from_node &&
	    is_api_client(e->out->process))
		way = BY_PROCESS;
	else
		return false;
	/* where the Service leads is not known before it is translated */
	where = way == BY_SERVICE && addr_eq(&e->sent.dst, &e->asked.dst) ?
	    WHERE_UNKNOWN : ends_where(e, &e->sent.dst);
	if (api_texts[way][where] == NULL)
		return false;
	play(e, ROLE_API_SERVER, api_texts[way][where]);
	return true;
}

/* ---- the kubelet */

static const char *
kubelet_text(const struct ends *e)
{
	const struct addr *a = &e->asked.src;

	if (e->src.kind == OWNER_NODE)
		return "this node to a kubelet";
	if (state_api_endpoint(e->s, a, 0))
		return "the control plane to the kubelet (exec, logs, port-forward)";
	if (e->src.kind == OWNER_POD || state_pod_addr(e->s, a) != NULL)
		return "a pod to the kubelet (metrics)";
	if (state_node_addr(e->s, a) != NULL)
		return "another node to the kubelet";
	switch (ends_where(e, a)) {
	case WHERE_OUTSIDE:
		return "an address outside the VPC to the kubelet";
	case WHERE_INSIDE:
		if (state_has(e->s, PART_NODES) && state_has(e->s, PART_PODS))
			return "the control plane to the kubelet (exec, logs, "
			    "port-forward): an address of the VPC that is no node "
			    "and no pod";
		return "an address of the VPC to the kubelet";
	default:
		return "to the kubelet";
	}
}

/* ---- ports of the node */

static const struct node_port {
	uint16_t	port;
	uint8_t		role;
	bool		cni;		/* of a node with the VPC CNI alone */
	const char	*process, *text;
} node_ports[] = {
	{ 10256, ROLE_KUBE_PROXY_HEALTH, false, "kube-proxy",
	    "kube-proxy's health, as load balancers ask for it" },
	{ 10249, ROLE_KUBE_PROXY_METRICS, false, "kube-proxy",
	    "kube-proxy's metrics" },
	{ 10248, ROLE_KUBELET_HEALTH, false, "kubelet", "the kubelet's health" },
	{ 10250, ROLE_KUBELET, false, "kubelet", NULL },
	{ 10255, ROLE_KUBELET_READONLY, false, "kubelet",
	    "the kubelet's port without authentication" },
	{ 61678, ROLE_IPAMD, true, "aws-k8s-agent", "ipamd's metrics" },
	{ 61679, ROLE_IPAMD, true, "aws-k8s-agent", "ipamd's introspection" },
	{ 8162, ROLE_NETWORK_POLICY_AGENT, true, "controller",
	    "the network policy agent's metrics" },
	{ 8163, ROLE_NETWORK_POLICY_AGENT, true, "controller",
	    "the network policy agent's health" },
};

static bool
node_port_role(struct ends *e)
{
	const struct sock *k = e->listener;
	uint16_t port = e->sent.dport;
	bool other_node;

	if (e->sent.proto != PROTO_TCP)
		return false;
	other_node = e->target.kind != OWNER_NODE &&
	    state_node_addr(e->s, &e->sent.dst) != NULL;
	if (e->target.kind != OWNER_NODE && !(other_node && port == 10250))
		return false;
	for (size_t i = 0; i < sizeof(node_ports) / sizeof(node_ports[0]); i++) {
		const struct node_port *p = &node_ports[i];

		if (p->port != port || (p->cni && e->contract == NULL) ||
		    (k != NULL && strcmp(k->process, p->process) != 0))
			continue;
		play(e, (enum role)p->role, p->text ? p->text : kubelet_text(e));
		return true;
	}
	if (e->target.kind != OWNER_NODE || state_health_service(e->s, port) == NULL)
		return false;
	play(e, ROLE_LOAD_BALANCER_HEALTH, "health checks of a Service of type "
	    "LoadBalancer (healthCheckNodePort)");
	return true;
}

/* ---- to a pod */

static bool
pod_role(struct ends *e)
{
	if (e->target.kind != OWNER_POD || e->sent.proto != PROTO_TCP)
		return false;
	if (state_api_endpoint(e->s, &e->asked.src, 0))
		play(e, ROLE_WEBHOOK, "the control plane to a pod (admission webhook, "
		    "aggregated API)");
	else if (e->from_node && e->out->process != NULL &&
	    strcmp(e->out->process->process, "kubelet") == 0)
		play(e, ROLE_KUBELET_PROBE, "the kubelet's probe of a pod");
	else
		return false;
	return true;
}

static bool
find_role(struct ends *e)
{
	return fixed_role(e) || dns_role(e) || api_role(e) || node_port_role(e) ||
	    pod_role(e);
}

void
role_of(const struct state *s, const struct contract *c, const struct flow *f,
    struct flow_role *out)
{
	const struct sock *process;
	struct ends e;

	memset(out, 0, sizeof(*out));
	if (s == NULL || (f->proto != PROTO_TCP && f->proto != PROTO_UDP))
		return;
	ends_find(&e, s, c, f, false, out);
	/* who began may not be known, and then it was named from the wrong end */
	if (find_role(&e) || f->has & FLOW_INITIATOR || f->nat != 0)
		return;
	process = out->process;
	ends_find(&e, s, c, f, true, out);
	if (!find_role(&e))
		out->process = process;
}
