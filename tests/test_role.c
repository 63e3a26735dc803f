/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_role.c - what a flow is for: the control plane, the node's services, and
 * the process at the node's end; and where that is not certain.
 *
 * The node of node_scene.h: 10.0.0.10 and .20 are its own, pods default/p1 to p3
 * are 10.0.0.11, .21 and .22, node-b is 10.0.1.10 with pod default/far 10.0.1.35.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/role.h"
#include "tests/node_scene.h"

/* As EKS has them: the API server's network interfaces are 10.0.2.7 and .8. */
static const char cluster[] =
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"default\",\"name\":"
    "\"kubernetes\"},\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"10.100.0.1\","
    "\"ports\":[{\"name\":\"https\",\"port\":443,\"targetPort\":443}]}},"
    "{\"kind\":\"EndpointSlice\",\"metadata\":{\"namespace\":\"default\",\"name\":"
    "\"kubernetes\",\"labels\":{\"kubernetes.io/service-name\":\"kubernetes\"}},"
    "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":[\"10.0.2.7\"]},{"
    "\"addresses\":[\"10.0.2.8\"]}],\"ports\":[{\"name\":\"https\",\"port\":443}]},"
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"kube-system\",\"name\":"
    "\"kube-dns\"},\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"10.100.0.10\","
    "\"ports\":[{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53}]}},"
    "{\"kind\":\"EndpointSlice\",\"metadata\":{\"namespace\":\"kube-system\",\"name\":"
    "\"kube-dns-x\",\"labels\":{\"kubernetes.io/service-name\":\"kube-dns\"}},"
    "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":[\"10.0.1.35\"]}],"
    "\"ports\":[{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53}]},"
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"default\",\"name\":\"lb\"},"
    "\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"10.100.0.20\","
    "\"externalTrafficPolicy\":\"Local\",\"healthCheckNodePort\":31234,\"ports\":[{"
    "\"port\":80,\"nodePort\":30080}]}},"
    "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"default\",\"name\":\"far\"}";

static const char sockets[] =
    "tcp LISTEN 0 128 *:10250 *:* users:((\"kubelet\",pid=3012,fd=22))\n"
    "tcp LISTEN 0 128 *:10256 *:* users:((\"kube-proxy\",pid=3300,fd=9))\n"
    "tcp LISTEN 0 128 *:61678 *:* users:((\"aws-k8s-agent\",pid=3400,fd=9))\n"
    "tcp LISTEN 0 128 *:8162 *:* users:((\"myapp\",pid=3500,fd=9))\n"
    "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=800,fd=3))\n"
    "tcp LISTEN 0 128 [::]:22 [::]:* users:((\"sshd\",pid=801,fd=3))\n"
    "tcp LISTEN 0 128 *:9000 *:* users:((\"w\",pid=1,fd=3))\n"
    "tcp LISTEN 0 128 *:9000 *:* users:((\"w\",pid=2,fd=3))\n"
    "tcp LISTEN 0 128 10.0.0.20:9000 *:* users:((\"own\",pid=3,fd=3))\n"
    "tcp LISTEN 0 128 *:9100 *:*\n"
    "udp UNCONN 0 0 0.0.0.0:68 0.0.0.0:* users:((\"dhclient\",pid=700,fd=6))\n"
    "tcp ESTAB 0 0 10.0.0.10:40001 52.1.2.3:443 users:((\"kubelet\",pid=3012,fd=5))\n"
    "tcp ESTAB 0 0 10.0.0.10:40002 52.1.2.3:443 "
    "users:((\"aws-k8s-agent\",pid=3400,fd=5))\n"
    "tcp ESTAB 0 0 10.0.0.10:40003 52.1.2.3:443 users:((\"kube-proxy\",pid=3300,fd=5))\n"
    "tcp ESTAB 0 0 10.0.0.10:40004 10.0.0.11:8080 users:((\"kubelet\",pid=3012,fd=8))\n"
    "tcp ESTAB 0 0 10.0.0.10:40005 10.0.0.11:8080 users:((\"curl\",pid=9000,fd=8))\n"
    "tcp ESTAB 0 0 [::ffff:10.0.0.10]:10250 [::ffff:10.0.2.7]:44894 "
    "users:((\"kubelet\",pid=3012,fd=25))\n";

/* "10.0.0.1:80" */
static struct addr
end_of(const char *text, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	char host[64];

	assert_non_null(colon);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	*port = (uint16_t)atoi(colon + 1);
	return ip(host);
}

struct row {
	const char	*from, *to;
	const char	*sent;		/* where it was translated to; NULL: nowhere */
	const char	*role;		/* NULL: none */
	const char	*text;		/* part of it */
	const char	*process;
	const char	*dns;
	bool		 udp, guessed;	/* guessed: who began is not known */
};

static struct flow
flow_of(const struct scene_node *n, const struct row *row)
{
	struct flow f = { .proto = row->udp ? PROTO_UDP : PROTO_TCP };
	struct tuple *t = &f.original;
	const struct svc_port *p;

	t->src = end_of(row->from, &t->sport);
	t->dst = end_of(row->to, &t->dport);
	t->proto = f.proto;
	f.translated = *t;
	f.has = row->guessed ? 0 : FLOW_INITIATOR;
	if (row->sent != NULL) {
		f.translated.dst = end_of(row->sent, &f.translated.dport);
		f.has |= FLOW_TRANSLATED;
		f.nat = NAT_DNAT;
	}
	p = state_service(n->state, &t->dst, t->dport, t->proto);
	if (p != NULL) {
		f.node.service_ns = n->state->services.v[p->service].ns;
		f.node.service = n->state->services.v[p->service].name;
	}
	f.app.dns_name = row->dns;
	return f;
}

static void
check(const struct scene_node *n, const struct contract *c, const struct row *row)
{
	struct flow f = flow_of(n, row);
	struct flow_role r;

	role_of(n->state, c, &f, &r);
	if ((r.name == NULL) != (row->role == NULL) ||
	    (r.name != NULL && strcmp(r.name, row->role) != 0))
		fail_msg("%s > %s: role %s, not %s", row->from, row->to,
		    r.name ? r.name : "-", row->role ? row->role : "-");
	assert_int_equal(r.name == NULL, r.text == NULL);
	if (row->text != NULL && strstr(r.text, row->text) == NULL)
		fail_msg("%s > %s: '%s', not '%s'", row->from, row->to, r.text,
		    row->text);
	if ((r.process == NULL) != (row->process == NULL) || (r.process != NULL &&
	    strcmp(r.process->process, row->process) != 0))
		fail_msg("%s > %s: process %s", row->from, row->to,
		    r.process ? r.process->process : "-");
}

static struct scene_node *
a_node(void)
{
	struct scene_node *n = node_default();

	node_swap(n, TEXT_KUBECTL, "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":"
	    "\"default\",\"name\":\"far\"}", cluster);
	strcpy(n->text[TEXT_SS], sockets);
	node_build(n);
	return n;
}

#define N(rows)	(sizeof(rows) / sizeof((rows)[0]))
#define CHECK_ALL(n, c, rows)						\
	for (size_t i_ = 0; i_ < N(rows); i_++)				\
		check(n, c, &(rows)[i_])

static void
kubelet(void **state)
{
	static const struct row rows[] = {
		{ "10.0.2.7:44894", "10.0.0.10:10250", .role = "kubelet",
		  .text = "the control plane to the kubelet (exec, logs, port-forward)",
		  .process = "kubelet" },
		/* no endpoint, but no node and no pod either */
		{ "10.0.2.99:44894", "10.0.0.10:10250", .role = "kubelet",
		  .text = "no node and no pod", .process = "kubelet" },
		{ "10.0.0.11:5000", "10.0.0.10:10250", .role = "kubelet",
		  .text = "a pod to the kubelet", .process = "kubelet" },
		{ "10.0.1.35:5000", "10.0.0.10:10250", .role = "kubelet",
		  .text = "a pod to the kubelet", .process = "kubelet" },
		{ "10.0.1.10:5000", "10.0.0.10:10250", .role = "kubelet",
		  .text = "another node to the kubelet", .process = "kubelet" },
		{ "127.0.0.1:5000", "127.0.0.1:10250", .role = "kubelet",
		  .text = "this node to a kubelet", .process = "kubelet" },
		{ "8.8.8.8:5000", "10.0.0.10:10250", .role = "kubelet",
		  .text = "outside the VPC", .process = "kubelet" },
		{ "10.0.0.11:5000", "10.0.1.10:10250", .role = "kubelet",
		  .text = "a pod to the kubelet" },
		/* to a pod's port of that number; by UDP; of nobody we know */
		{ "10.0.1.35:5000", "10.0.0.11:10250", .role = NULL },
		{ "10.0.1.35:5000", "10.0.0.10:10250", .udp = true },
		{ "10.0.0.11:5000", "10.0.3.3:10250", .role = NULL },
		/* named from the answer's side */
		{ "10.0.0.10:10250", "10.0.2.7:44894", .role = "kubelet",
		  .text = "the control plane", .process = "kubelet", .guessed = true },
		{ "10.0.0.10:10250", "10.0.2.7:44894", .process = "kubelet" },
	};
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	node_free(n);
}

/* Without lists of nodes and pods an address of the VPC may be anybody's. */
static void
kubelet_uncertain(void **state)
{
	static const struct row row = { "10.0.2.99:44894", "10.0.0.10:10250",
	    .role = "kubelet",
		  .text = "an address of the VPC to the kubelet" };
	static const struct row alone = { "10.0.2.99:44894", "10.0.0.10:10250",
	    .role = "kubelet",
		  .text = "to the kubelet" };
	struct scene_node *n = node_default();

	(void)state;
	node_drop(n, TEXT_KUBECTL);
	node_build(n);
	check(n, n->contract, &row);
	check(n, NULL, &alone);
	node_free(n);
}

static void
api_server(void **state)
{
	static const struct row rows[] = {
		{ "10.0.0.11:5000", "10.100.0.1:443", .sent = "10.0.2.7:443",
		  .role = "api-server",
		  .text = "by Service default/kubernetes, inside the VPC" },
		{ "10.0.0.11:5000", "10.100.0.1:443", .sent = "52.9.9.9:443",
		  .role = "api-server",
		  .text = "by Service default/kubernetes: it leaves the VPC" },
		{ "10.0.0.11:5000", "10.100.0.1:443", .role = "api-server",
		  .text = "the API server by Service default/kubernetes" },
		{ "10.0.0.10:5000", "10.0.2.8:443", .role = "api-server",
		  .text = "inside the VPC: private endpoint" },
		{ "10.0.0.10:5000", "10.0.2.8:80", .role = NULL },
		{ "10.0.0.10:5000", "52.1.1.1:443", .role = "api-server",
		  .text = "by the public endpoint: it leaves the VPC",
		  .dns = "0123ABCD.gr7.eu-west-1.EKS.amazonaws.com" },
		{ "10.0.0.11:5000", "10.0.3.9:443", .role = "api-server",
		  .text = "inside the VPC: private endpoint",
		  .dns = "0123ABCD.gr7.eu-west-1.eks.amazonaws.com" },
		/* other names of Amazon's, another port, no name */
		{ "10.0.0.10:5000", "52.1.1.1:443",
		  .dns = "eks.eu-west-1.amazonaws.com" },
		{ "10.0.0.10:5000", "52.1.1.1:443", .dns = ".eks.amazonaws.com" },
		{ "10.0.0.10:5000", "52.1.1.1:8443", .dns = "x.eks.amazonaws.com" },
		{ "10.0.0.10:5000", "52.1.1.1:443", .role = NULL },
		/* whose socket it is tells; ipamd asks EC2 as well */
		{ "10.0.0.10:40001", "52.1.2.3:443", .role = "api-server",
		  .text = "as the process says, by the public endpoint",
		  .process = "kubelet" },
		{ "10.0.0.10:40003", "52.1.2.3:443", .role = "api-server",
		  .text = "it leaves the VPC", .process = "kube-proxy" },
		{ "10.0.0.10:40002", "52.1.2.3:443", .process = "aws-k8s-agent" },
		{ "10.0.0.10:40001", "52.1.2.3:443", .process = "kubelet",
		  .dns = "ec2.eu-west-1.amazonaws.com" },
		{ "52.1.2.3:443", "10.0.0.10:40001", .role = "api-server",
		  .text = "it leaves the VPC", .process = "kubelet", .guessed = true },
	};
	static const struct row unknown = { "10.0.0.10:5000", "52.1.1.1:443",
	    .role = "api-server",
		  .text = "is not known", .dns = "x.eks.amazonaws.com" };
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	check(n, NULL, &unknown);
	node_free(n);
}

/* With external SNAT nothing is translated, and all would look to be inside. */
static void
api_server_external_snat(void **state)
{
	static const struct row rows[] = {
		{ "10.0.0.10:5000", "52.1.1.1:443", .role = "api-server",
		  .text = "by the public endpoint: it leaves the VPC",
		  .dns = "x.eks.amazonaws.com" },
		{ "10.0.0.10:5000", "10.9.9.9:443", .role = "api-server",
		  .text = "is not known", .dns = "x.eks.amazonaws.com" },
	};
	struct scene_node *n = node_external_snat();

	(void)state;
	node_build(n);
	CHECK_ALL(n, n->contract, rows);
	node_free(n);
}

static void
to_pods(void **state)
{
	static const struct row rows[] = {
		{ "10.0.2.7:41000", "10.0.0.11:9443", .role = "webhook",
		  .text = "the control plane to a pod" },
		{ "10.0.2.9:41000", "10.0.0.11:9443", .role = NULL },
		{ "10.0.2.7:41000", "10.0.1.35:9443", .role = NULL },
		{ "10.0.0.10:40004", "10.0.0.11:8080", .role = "kubelet-probe",
		  .text = "probe", .process = "kubelet" },
		{ "10.0.0.10:40005", "10.0.0.11:8080", .process = "curl" },
		{ "10.0.0.10:40006", "10.0.0.11:8080", .role = NULL },
	};
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	node_free(n);
}

static void
link_local(void **state)
{
	static const struct row rows[] = {
		{ "10.0.0.11:5000", "169.254.169.254:80", .role = "imds",
		  .text = "the instance metadata service" },
		{ "10.0.0.11:5000", "169.254.169.254:81", .role = NULL },
		{ "10.0.0.11:5000", "fd00:ec2::254:80", .role = "imds" },
		{ "10.0.0.11:5000", "169.254.169.253:53", .role = "vpc-resolver",
		  .udp = true },
		{ "10.0.0.11:5000", "fd00:ec2::253:53", .role = "vpc-resolver" },
		{ "10.0.0.11:5000", "10.0.0.2:53", .role = "vpc-resolver",
		  .text = "the VPC's resolver", .udp = true },
		{ "10.0.0.11:5000", "172.31.0.2:53", .udp = true },
		{ "10.0.0.11:5000", "10.0.1.2:53", .udp = true },
		{ "10.0.0.11:5000", "10.0.0.2:80", .role = NULL },
		{ "10.0.0.11:5000", "10.100.0.10:53", .sent = "10.0.1.35:53",
		  .role = "coredns", .text = "CoreDNS",
		  .udp = true },
		{ "10.0.0.11:5000", "10.0.1.35:53", .role = "coredns",
		  .text = "CoreDNS", .udp = true },
		{ "10.0.0.11:5000", "10.0.1.35:80", .role = NULL },
		{ "10.0.0.11:5000", "169.254.20.10:53", .role = "nodelocal-dns",
		  .udp = true },
		{ "10.0.0.10:5000", "169.254.169.123:123", .role = "ntp", .udp = true },
		{ "10.0.0.10:5000", "169.254.169.123:123", .role = NULL },
		{ "10.0.0.11:5000", "169.254.170.23:80", .role = "pod-identity" },
		{ "10.0.0.11:5000", "fd00:ec2::23:80", .role = "pod-identity" },
		/* of ECS, which is not here */
		{ "10.0.0.11:5000", "169.254.170.2:80", .role = NULL },
	};
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	node_free(n);
}

/* NodeLocal DNSCache takes kube-dns's address to a device of its own. */
static void
nodelocal_at_service(void **state)
{
	static const struct row row = { "10.0.0.11:5000", "10.100.0.10:53",
	    .role = "nodelocal-dns",
		  .text = "NodeLocal DNSCache",
		  .udp = true };
	struct scene_node *n = node_default();

	(void)state;
	node_swap(n, TEXT_KUBECTL, "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":"
	    "\"default\",\"name\":\"far\"}", cluster);
	node_add(n, TEXT_ROUTE, "local 10.100.0.10 dev nodelocaldns table local "
	    "proto kernel scope host src 10.100.0.10");
	node_add(n, TEXT_ADDR, "9: nodelocaldns: <BROADCAST,NOARP,UP> mtu 1500 state "
	    "UP\n    link/ether 02:00:00:00:00:99 brd ff:ff:ff:ff:ff:ff\n"
	    "    inet 169.254.20.10/32 scope global nodelocaldns\n"
	    "    inet 10.100.0.10/32 scope global nodelocaldns");
	node_build(n);
	check(n, n->contract, &row);
	node_free(n);
}

/* The answer with hop limit 1 ends at the node unless the node itself asked. */
static void
imds_hop_limit(void **state)
{
	static const struct row pod = { "10.0.0.11:5000", "169.254.169.254:80",
	    .role = NULL };
	static const struct row host = { "10.0.0.10:5000", "169.254.169.254:80",
	    .role = NULL };
	static const struct {
		const struct row *row;
		struct leg	legs[3];
		unsigned	n_legs;
		bool		ended;
	} rows[] = {
		{ &pod, { { .dir = DIR_IN, .ttl = 64 },
		    { .reply = true, .dir = DIR_IN, .ttl = 1 } }, 2, true },
		{ &pod, { { .dir = DIR_IN, .ttl = 64 },
		    { .reply = true, .dir = DIR_IN, .ttl = 2 },
		    { .reply = true, .dir = DIR_OUT, .ttl = 1 } }, 3, false },
		{ &pod, { { .dir = DIR_IN, .ttl = 1 } }, 1, false },
		{ &pod, { { .reply = true, .dir = DIR_UNKNOWN, .ttl = 1 } }, 1, false },
		{ &host, { { .reply = true, .dir = DIR_IN, .ttl = 1 } }, 1, false },
	};
	struct scene_node *n = a_node();
	struct flow_role r;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct flow f = flow_of(n, rows[i].row);

		memcpy(f.legs, rows[i].legs, sizeof(rows[i].legs));
		f.n_legs = rows[i].n_legs;
		role_of(n->state, n->contract, &f, &r);
		assert_string_equal(r.name, "imds");
		assert_int_equal(strstr(r.text, "hop limit 1") != NULL, rows[i].ended);
	}
	/* the verdict knows it of later packets, too */
	struct flow f = flow_of(n, &pod);

	f.n_findings = 1;
	f.findings[0].code = "reply-not-forwarded";
	f.findings[0].cause = "ttl-expired";
	role_of(n->state, n->contract, &f, &r);
	assert_non_null(strstr(r.text, "hop limit 1"));
	f.findings[0].cause = "no-route";
	role_of(n->state, n->contract, &f, &r);
	assert_null(strstr(r.text, "hop limit 1"));
	node_free(n);
}

static void
node_services(void **state)
{
	static const struct row rows[] = {
		{ "10.0.9.9:5000", "10.0.0.10:10256", .role = "kube-proxy-health",
		  .text = "kube-proxy", .process = "kube-proxy" },
		{ "127.0.0.1:5000", "127.0.0.1:10249", .role = "kube-proxy-metrics" },
		{ "127.0.0.1:5000", "127.0.0.1:10248", .role = "kubelet-health" },
		{ "10.0.0.11:5000", "10.0.0.10:10255", .role = "kubelet-readonly" },
		{ "10.0.0.11:5000", "10.0.0.10:61678", .role = "ipamd",
		  .text = "metrics", .process = "aws-k8s-agent" },
		{ "127.0.0.1:5000", "127.0.0.1:61679", .role = "ipamd",
		  .text = "introspection" },
		{ "10.0.0.11:5000", "10.0.0.10:8163", .role = "network-policy-agent",
		  .text = "health" },
		/* ss says that it is something else */
		{ "10.0.0.11:5000", "10.0.0.10:8162", .process = "myapp" },
		{ "10.0.9.9:5000", "10.0.0.10:31234", .role = "load-balancer-health",
		  .text = "healthCheckNodePort" },
		{ "10.0.9.9:5000", "10.0.0.10:31235", .role = NULL },
		/* another node's ports are not this one's */
		{ "10.0.0.11:5000", "10.0.1.10:10256", .role = NULL },
		/* a node port that leads to a pod */
		{ "10.0.9.9:5000", "10.0.0.10:10256", .sent = "10.0.0.11:8080" },
		/* only the VPC CNI has its daemons */
	};
	static const struct row no_cni[] = {
		{ "127.0.0.1:5000", "127.0.0.1:61679", .role = NULL },
		{ "10.0.0.11:5000", "10.0.0.10:8163", .role = NULL },
		{ "10.0.0.11:5000", "10.0.0.10:10255", .role = "kubelet-readonly" },
	};
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	CHECK_ALL(n, NULL, no_cni);
	node_free(n);
}

static void
processes(void **state)
{
	static const struct row rows[] = {
		{ "8.8.8.8:5000", "10.0.0.10:22", .process = "sshd" },
		/* several of one port: none; one of its own address: that */
		{ "10.0.9.9:5000", "10.0.0.10:9000", .role = NULL },
		{ "10.0.9.9:5000", "10.0.0.20:9000", .process = "own" },
		/* not told */
		{ "10.0.9.9:5000", "10.0.0.10:9100", .role = NULL },
		{ "10.0.9.9:5000", "10.0.0.10:9999", .role = NULL },
		/* UDP sends from a socket without a peer; TCP does not */
		{ "10.0.0.10:68", "10.0.0.1:67", .udp = true, .process = "dhclient" },
		{ "10.0.0.10:22", "10.0.9.9:5000", .role = NULL },
		/* a pod's port is not the node's */
		{ "10.0.9.9:5000", "10.0.0.11:22", .role = NULL },
	};
	struct scene_node *n = a_node();

	(void)state;
	CHECK_ALL(n, n->contract, rows);
	node_free(n);
}

static void
nothing_known(void **state)
{
	static const struct row row = { "10.0.0.1:5000", "169.254.169.254:80",
	    .role = "imds" };
	struct scene_node *n = a_node();
	struct state *empty = state_new();
	struct flow f = flow_of(n, &row);
	struct flow_role r;

	(void)state;
	role_of(NULL, NULL, &f, &r);
	assert_true(r.name == NULL && r.text == NULL && r.process == NULL);
	state_ready(empty);
	role_of(empty, NULL, &f, &r);
	assert_string_equal(r.name, "imds");
	f.proto = PROTO_ICMP;
	role_of(n->state, n->contract, &f, &r);
	assert_null(r.name);
	state_free(empty);
	node_free(n);
}

static void
every_name(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; role_name(n) != NULL; n++)
		for (unsigned i = 0; i < n; i++)
			assert_string_not_equal(role_name(i), role_name(n));
	assert_int_equal(n, 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kubelet), cmocka_unit_test(kubelet_uncertain),
		cmocka_unit_test(api_server),
		cmocka_unit_test(api_server_external_snat),
		cmocka_unit_test(to_pods), cmocka_unit_test(link_local),
		cmocka_unit_test(nodelocal_at_service),
		cmocka_unit_test(imds_hop_limit), cmocka_unit_test(node_services),
		cmocka_unit_test(processes), cmocka_unit_test(nothing_known),
		cmocka_unit_test(every_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
