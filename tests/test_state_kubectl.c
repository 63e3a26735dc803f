/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_kubectl.c - pods, services, endpoints and nodes as kubectl prints
 * them, in JSON and in tables.
 */
#include "tests/read_text.h"

#define ITEMS(items)	"{\"apiVersion\":\"v1\",\"items\":[" items "],\"kind\":\"List\"}"
#define POD(name, rest)	"{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"" \
			name "\"" rest "}"

static void
pods(void **state)
{
	struct state *s = state_new();
	const struct pod *p;

	(void)state;
	read_well(s, read_kubectl_json, ITEMS(
	    POD("a", "},\"spec\":{\"nodeName\":\"n1\"},\"status\":{\"phase\":\"Running\","
	    "\"hostIP\":\"10.0.0.1\",\"podIP\":\"10.0.0.5\",\"podIPs\":[{\"ip\":"
	    "\"10.0.0.5\"},{\"ip\":\"fd00::5\"}]}") ","
	    POD("b", "},\"spec\":{\"hostNetwork\":true},\"status\":{\"phase\":\"Pending\"}") ","
	    POD("c", ",\"annotations\":{\"vpc.amazonaws.com/pod-eni\":"
	    "\"[{\\\"eniId\\\":\\\"eni-9\\\",\\\"ifAddress\\\":\\\"0a:00:00:00:00:01\\\","
	    "\\\"privateIp\\\":\\\"10.0.0.9\\\",\\\"ipv6Addr\\\":\\\"\\\","
	    "\\\"vlanID\\\":3,\\\"subnetCidr\\\":\\\"10.0.0.0/24\\\"}]\"}},\"status\":{}")));
	assert_true(state_has(s, PART_PODS));
	assert_int_equal(s->pods.n, 3);
	p = &s->pods.v[0];
	assert_string_equal(p->ns, "ns");
	assert_string_equal(p->name, "a");
	assert_string_equal(p->node, "n1");
	assert_string_equal(p->phase, "Running");
	assert_int_equal(p->n_addrs, 2);
	assert_addr(&p->addrs[1], "fd00::5");
	assert_int_equal(p->sources, POD_KUBECTL);
	assert_true(s->pods.v[1].host_network);
	assert_int_equal(s->pods.v[1].n_addrs, 0);
	assert_null(s->pods.v[1].node);
	assert_string_equal(s->pods.v[2].branch_eni, "eni-9");
	assert_int_equal(s->pods.v[2].branch_vlan, 3);
	assert_addr(&s->pods.v[2].addrs[0], "10.0.0.9");
	state_free(s);
}

static const char services[] = ITEMS(
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"web\"},"
    "\"spec\":{\"type\":\"LoadBalancer\",\"externalTrafficPolicy\":\"Local\","
    "\"healthCheckNodePort\":31000,\"clusterIP\":\"10.100.0.1\",\"clusterIPs\":["
    "\"10.100.0.1\",\"fd00:1::1\"],\"externalIPs\":[\"192.0.2.9\"],\"ports\":["
    "{\"name\":\"http\",\"port\":80,\"targetPort\":8080,\"nodePort\":30080},"
    "{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53,\"targetPort\":\"dns\"}]},"
    "\"status\":{\"loadBalancer\":{\"ingress\":[{\"hostname\":\"x.elb.amazonaws.com\"},"
    "{\"ip\":\"192.0.2.10\"}]}}},"
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"headless\"},"
    "\"spec\":{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"],\"ports\":null}},"
    "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"other\"}}");

static void
service_fields(void **state)
{
	struct state *s = state_new();
	const struct service *v;

	(void)state;
	read_well(s, read_kubectl_json, services);
	read_well(s, read_kubectl_json, services);	/* said again: no second one */
	assert_true(state_has(s, PART_SERVICES));
	assert_int_equal(s->services.n, 2);
	v = &s->services.v[0];
	assert_string_equal(v->type, "LoadBalancer");
	assert_int_equal(v->external_policy, POLICY_LOCAL);
	assert_int_equal(v->internal_policy, POLICY_CLUSTER);
	assert_int_equal(v->health_port, 31000);
	assert_int_equal(v->n_cluster, 2);
	assert_int_equal(v->n_addrs, 4);
	assert_addr(&v->addrs[1], "fd00:1::1");
	assert_addr(&v->addrs[2], "192.0.2.9");
	assert_addr(&v->addrs[3], "192.0.2.10");
	assert_int_equal(s->svc_ports.n, 2);
	assert_int_equal(s->svc_ports.v[0].proto, 6);
	assert_int_equal(s->svc_ports.v[0].node_port, 30080);
	assert_string_equal(s->svc_ports.v[0].target, "8080");
	assert_int_equal(s->svc_ports.v[1].proto, 17);
	assert_string_equal(s->svc_ports.v[1].target, "dns");
	assert_string_equal(s->services.v[1].type, "ClusterIP");
	assert_int_equal(s->services.v[1].n_addrs, 0);
	state_free(s);
}

/* ---- load balancers */

#define NOTE(name, value) "\"service.beta.kubernetes.io/aws-load-balancer-" name \
	"\":\"" value "\""

struct lb_row {
	const char	*notes, *spec;	/* of the annotations and spec, with a comma behind */
	struct svc_lb	 lb;
	const char	*told;		/* NULL: nothing */
};

static void
lb_reads(const struct lb_row *row)
{
	char text[2048];
	struct state *s = state_new();
	struct said said;
	const struct svc_lb *a, *b = &row->lb;

	snprintf(text, sizeof(text), "{\"apiVersion\":\"v1\",\"kind\":\"Service\","
	    "\"metadata\":{\"namespace\":\"ns\",\"name\":\"w\",\"annotations\":{"
	    "%s\"x\":\"y\"}},\"spec\":{%s\"clusterIP\":\"10.100.0.1\","
	    "\"healthCheckNodePort\":31000,\"ports\":[{\"name\":\"http\","
	    "\"port\":80,\"targetPort\":8080,\"nodePort\":30080},{\"name\":"
	    "\"named\",\"port\":81,\"targetPort\":\"web\"}]},\"status\":{"
	    "\"loadBalancer\":{\"ingress\":[{\"hostname\":\"x.elb.amazonaws.com\"}"
	    "]}}}", row->notes, row->spec);
	read_text(s, read_kubectl_json, text, &said);
	assert_string_equal(said.text, row->told ? row->told : "");
	assert_int_equal(s->services.n, 1);
	a = &s->services.v[0].lb;
	if (a->target_ip != b->target_ip || a->preserve != b->preserve ||
	    a->proxy != b->proxy || a->check_port != b->check_port ||
	    a->check_interval_s != b->check_interval_s)
		fail_msg("%s: target %d preserve %d proxy %d port %u interval %u",
		    row->notes, a->target_ip, a->preserve, a->proxy, a->check_port,
		    a->check_interval_s);
	assert_string_equal(a->check_path ? a->check_path : "-",
	    b->check_path ? b->check_path : "-");
	assert_string_equal(a->hostname ? a->hostname : "-",
	    b->hostname ? b->hostname : "-");
	state_free(s);
}

#define HOST	"x.elb.amazonaws.com"
#define LB	"\"type\":\"LoadBalancer\","
#define LOCAL	LB "\"externalTrafficPolicy\":\"Local\","
#define BAD(name, text)	"file: metadata.annotations.service.beta.kubernetes.io/" \
	"aws-load-balancer-" name ": " text "\n"

/* Annotations, and what the controller documents where there is none. */
static void
load_balancers(void **state)
{
	static const struct lb_row rows[] = {
		{ NOTE("type", "external") "," NOTE("nlb-target-type", "ip") ",", LB,
		  { 1, 0, 0, 0, 10, NULL, HOST }, NULL },
		{ NOTE("type", "nlb-ip") ",", LB, { 1, 0, 0, 0, 10, NULL, HOST }, NULL },
		{ NOTE("type", "external") "," NOTE("nlb-target-type", "instance") ",",
		  LB, { 0, 1, 0, 0, 10, NULL, HOST }, NULL },
		/* the policy Local has its own health check, with instances alone */
		{ NOTE("type", "external") "," NOTE("nlb-target-type", "instance") ",",
		  LOCAL, { 0, 1, 0, 31000, 10, "/healthz", HOST }, NULL },
		{ NOTE("type", "external") "," NOTE("nlb-target-type", "ip") ",",
		  LOCAL, { 1, 0, 0, 0, 10, NULL, HOST }, NULL },
		{ NOTE("nlb-target-type", "ip") "," NOTE("type", "external") ","
		  NOTE("target-group-attributes", "preserve_client_ip.enabled=true, "
		  "proxy_protocol_v2.enabled=true,a=b") ",", LB,
		  { 1, 1, 1, 0, 10, NULL, HOST }, NULL },
		/* "*" wins over the attribute */
		{ NOTE("type", "nlb-ip") "," NOTE("proxy-protocol", "*") ","
		  NOTE("target-group-attributes", "proxy_protocol_v2.enabled=false,"
		  "preserve_client_ip.enabled=False") ",", LB,
		  { 1, 0, 1, 0, 10, NULL, HOST }, NULL },
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-protocol", "HTTP") ","
		  NOTE("healthcheck-interval", "30") ","
		  NOTE("healthcheck-port", "8443") ",", LB,
		  { 1, 0, 0, 8443, 30, "/", HOST }, NULL },
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-protocol", "http") ","
		  NOTE("healthcheck-path", "/ready") ","
		  NOTE("healthcheck-port", "traffic-port") ",", LB,
		  { 1, 0, 0, 0, 10, "/ready", HOST }, NULL },
		/* by TCP nothing is asked for */
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-path", "/ready") ",", LB,
		  { 1, 0, 0, 0, 10, NULL, HOST }, NULL },
		/* a port by its name is what the targets have */
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-port", "http") ",", LB,
		  { 1, 0, 0, 8080, 10, NULL, HOST }, NULL },
		{ NOTE("type", "nlb") "," NOTE("healthcheck-port", "http") ",", LB,
		  { 0, 1, -1, 30080, 0, NULL, HOST }, NULL },
		/* the target type has a default that the controller's options change */
		{ NOTE("type", "external") ",", LB, { -1, -1, 0, 0, 10, NULL, HOST },
		  NULL },
		{ "", LB "\"loadBalancerClass\":\"service.k8s.aws/nlb\",",
		  { -1, -1, 0, 0, 10, NULL, HOST }, NULL },
		{ NOTE("nlb-target-type", "ip") ",",
		  LB "\"loadBalancerClass\":\"eks.amazonaws.com/nlb\",",
		  { 1, 0, -1, 0, 0, NULL, HOST }, NULL },
		/* a Classic Load Balancer: its PROXY protocol is version 1 */
		{ NOTE("proxy-protocol", "*") ",", LB, { -1, -1, -1, 0, 0, NULL, HOST },
		  NULL },
		/* no load balancer at all */
		{ NOTE("type", "nlb-ip") ",", "\"type\":\"NodePort\",",
		  { -1, -1, -1, 0, 0, NULL, NULL }, NULL },
		{ "", "", { -1, -1, -1, 0, 0, NULL, NULL }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		lb_reads(&rows[i]);
}

static void
load_balancers_bad(void **state)
{
	static const struct lb_row rows[] = {
		{ NOTE("type", "external") "," NOTE("nlb-target-type", "pod") ",", LB,
		  { -1, -1, 0, 0, 10, NULL, HOST },
		  BAD("nlb-target-type", "'pod' is neither ip nor instance") },
		{ NOTE("type", "nlb-ip") "," NOTE("proxy-protocol", "true") ",", LB,
		  { 1, 0, -1, 0, 10, NULL, HOST },
		  BAD("proxy-protocol", "'true' is not *") },
		{ NOTE("type", "nlb-ip") "," NOTE("target-group-attributes",
		  "preserve_client_ip.enabled=1") ",", LB,
		  { 1, 0, 0, 0, 10, NULL, HOST }, BAD("target-group-attributes",
		  "preserve_client_ip.enabled: '1' is neither true nor false") },
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-port", "70000") ",", LB,
		  { 1, 0, 0, 0, 10, NULL, HOST }, BAD("healthcheck-port", "'70000' is "
		  "neither a port from 1 to 65535, nor traffic-port, nor the name of a "
		  "port with a number") },
		/* its target is a name, too, which each pod may give another number */
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-port", "named") ",", LB,
		  { 1, 0, 0, 0, 10, NULL, HOST }, BAD("healthcheck-port", "'named' is "
		  "neither a port from 1 to 65535, nor traffic-port, nor the name of a "
		  "port with a number") },
		{ NOTE("type", "nlb-ip") "," NOTE("healthcheck-interval", "10s") ",",
		  LB, { 1, 0, 0, 0, 0, NULL, HOST }, BAD("healthcheck-interval",
		  "'10s' is not a number of seconds") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		lb_reads(&rows[i]);
}

/* Over UDP clients' addresses are preserved, whatever TCP does. */
static void
load_balancer_udp(void **state)
{
	struct state *s = state_new();

	(void)state;
	read_well(s, read_kubectl_json, ITEMS("{\"kind\":\"Service\",\"metadata\":{"
	    "\"name\":\"u\",\"annotations\":{" NOTE("type", "nlb-ip") "}},\"spec\":{"
	    "\"type\":\"LoadBalancer\",\"sessionAffinity\":\"ClientIP\",\"ports\":[{"
	    "\"port\":53,\"protocol\":\"UDP\"},{\"port\":53}]}}"));
	assert_int_equal(s->services.v[0].lb.target_ip, 1);
	assert_int_equal(s->services.v[0].lb.preserve, -1);
	assert_true(s->services.v[0].affinity);
	state_free(s);
}

#define SLICE	"{\"kind\":\"EndpointSlice\",\"metadata\":{\"namespace\":\"ns\",\"name\":" \
	"\"web-x\",\"labels\":{\"kubernetes.io/service-name\":\"web\"}},\"addressType\":" \
	"\"IPv4\",\"endpoints\":[{\"addresses\":[\"10.0.0.5\"],\"conditions\":{},"	\
	"\"nodeName\":\"n1\",\"zone\":\"z1\",\"targetRef\":{\"kind\":\"Pod\",\"name\":" \
	"\"a\"}},{\"addresses\":[\"10.0.0.6\"],\"conditions\":{\"ready\":false,"	\
	"\"serving\":true,\"terminating\":true}},{\"addresses\":[\"10.0.0.7\"],"	\
	"\"conditions\":{\"ready\":null}}],\"ports\":[{\"name\":\"http\",\"protocol\":" \
	"\"TCP\",\"port\":8080},{\"name\":\"all\",\"port\":null}]}"
#define OLD(name) "{\"kind\":\"Endpoints\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"" \
	name "\"},\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0.5\",\"nodeName\":\"n1\"," \
	"\"targetRef\":{\"kind\":\"Pod\",\"name\":\"a\"}}],\"notReadyAddresses\":["	\
	"{\"ip\":\"10.0.0.8\"}],\"ports\":[{\"port\":8080}]}]}"

/* Slices, and the old kind only for services that have none, whatever comes
   first; before or after their services. */
static void
endpoints(void **state)
{
	struct state *s = state_new();
	const struct endpoint *e;

	(void)state;
	read_well(s, read_kubectl_json, ITEMS(OLD("web") "," OLD("db") "," SLICE));
	read_well(s, read_kubectl_json, services);
	state_ready(s);
	assert_int_equal(s->endpoints.n, 5);
	e = &s->endpoints.v[0];
	assert_int_equal(e->service, 0);
	assert_string_equal(e->service_name, "web");
	assert_string_equal(e->port_name, "http");
	assert_addr(&e->addr, "10.0.0.5");
	assert_int_equal(e->port, 8080);
	assert_int_equal(e->proto, 6);
	assert_true(e->ready && !e->terminating);
	assert_string_equal(e->node, "n1");
	assert_string_equal(e->zone, "z1");
	assert_string_equal(e->pod, "a");
	assert_true(!s->endpoints.v[1].ready && s->endpoints.v[1].terminating);
	assert_null(s->endpoints.v[1].pod);
	assert_true(s->endpoints.v[2].ready);
	e = &s->endpoints.v[3];
	assert_string_equal(e->service_name, "db");
	assert_int_equal(e->service, STATE_NONE);
	assert_true(e->ready);
	assert_false(s->endpoints.v[4].ready);
	state_free(s);
}

static void
nodes(void **state)
{
	struct state *s = state_new();
	const struct node *n;

	(void)state;
	read_well(s, read_kubectl_json,
	    "{\"kind\":\"NodeList\",\"items\":[{\"metadata\":{\"name\":\"n1\",\"labels\":{"
	    "\"node.kubernetes.io/instance-type\":\"t3.medium\","
	    "\"topology.kubernetes.io/zone\":\"z1\"}},\"spec\":{\"providerID\":"
	    "\"aws:///z1/i-0a\"},\"status\":{\"addresses\":[{\"type\":\"InternalIP\","
	    "\"address\":\"10.0.0.1\"},{\"type\":\"ExternalIP\",\"address\":\"192.0.2.1\"},"
	    "{\"type\":\"InternalIP\",\"address\":\"fd00::1\"}],\"capacity\":{\"pods\":"
	    "\"17\"}}},{\"metadata\":{\"name\":\"n2\",\"labels\":{"
	    "\"beta.kubernetes.io/instance-type\":\"m4.large\","
	    "\"failure-domain.beta.kubernetes.io/zone\":\"z2\"}}}]}");
	assert_true(state_has(s, PART_NODES));
	assert_int_equal(s->nodes.n, 2);
	n = &s->nodes.v[0];
	assert_string_equal(n->instance_type, "t3.medium");
	assert_string_equal(n->instance_id, "i-0a");
	assert_string_equal(n->zone, "z1");
	assert_int_equal(n->n_addrs, 2);
	assert_addr(&n->addrs[1], "fd00::1");
	assert_int_equal(n->max_pods, 17);
	assert_string_equal(s->nodes.v[1].instance_type, "m4.large");
	assert_string_equal(s->nodes.v[1].zone, "z2");
	state_free(s);
}

/* One object; a bare list; a typed list that is empty; a list of lists. */
static void
shapes(void **state)
{
	struct state *s = state_new();

	(void)state;
	read_well(s, read_kubectl_json, POD("a", "}"));
	read_well(s, read_kubectl_json, "[" POD("b", "}") "," POD("c", "}") "]");
	read_well(s, read_kubectl_json, ITEMS(ITEMS(POD("d", "}"))));
	assert_int_equal(s->pods.n, 4);
	assert_false(state_has(s, PART_NODES));
	read_well(s, read_kubectl_json, "{\"kind\":\"NodeList\",\"items\":[]}");
	assert_true(state_has(s, PART_NODES));
	/* before 1.7 ipamd answered to /v1/pods */
	read_well(s, read_kubectl_json,
	    "{\"web-1_default_5ab\":{\"IP\":\"10.0.0.77\",\"DeviceNumber\":1}}");
	assert_string_equal(s->pods.v[4].name, "web-1");
	assert_int_equal(s->pods.v[4].sources, POD_ENIS);
	state_free(s);
}

static void
wrong_is_named(void **state)
{
	(void)state;
	says(read_kubectl_json, "{}", "no \"kind\"");
	says(read_kubectl_json, "{\"kind\":\"List\",\n\"items\":[{}", "file:2: not valid");
	says(read_kubectl_json, ITEMS("7"), "items[0]: an object is expected");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Pod\",\"metadata\":3}"),
	    "items[0].metadata: an object is expected, not a number");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Pod\"}"), "items[0]: a pod without a name");
	says(read_kubectl_json, ITEMS(POD("a", "},\"status\":{\"podIP\":\"10.0.0\"}")),
	    "items[0].status.podIP: '10.0.0' is not an IP address");
	says(read_kubectl_json, ITEMS(POD("a", ",\"annotations\":{"
	    "\"vpc.amazonaws.com/pod-eni\":\"[\"}}")), "pod-eni: a list of objects");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},"
	    "\"spec\":{\"ports\":[{\"port\":70000}]}}"),
	    "spec.ports[0].port: 70000 is not a number from 0 to 65535");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},"
	    "\"spec\":{\"ports\":[{\"port\":7,\"protocol\":\"X\"}]}}"),
	    "'X' is not TCP, UDP or SCTP");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},"
	    "\"spec\":{\"externalTrafficPolicy\":\"Near\"}}"), "'Near' is neither");
	says(read_kubectl_json, ITEMS("{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},"
	    "\"status\":{\"capacity\":{\"pods\":\"many\"}}}"), "'many' is not a number");
}

/* A wrong Endpoints object is named once, though the document is walked twice. */
static void
named_once(void **state)
{
	struct state *s = state_new();
	struct said said;

	(void)state;
	read_text(s, read_kubectl_json, ITEMS("{\"kind\":\"Pod\"},"
	    "{\"kind\":\"Endpoints\",\"metadata\":{}},8"), &said);
	assert_int_equal(said.n, 3);
	state_free(s);
}

/* ---- tables */

static void
pods_wide(void **state)
{
	static const char table[] =
"NAMESPACE     NAME             READY   STATUS      RESTARTS       AGE   IP              NODE               NOMINATED NODE   READINESS GATES\n"
"default       echo-b           1/1     Running     1 (3d ago)     40d   192.168.3.30    ip-192-168-3-243   <none>           <none>\n"
"default       job-x            0/1     Completed   0              2d    <none>          ip-192-168-3-243   <none>           <none>\n"
"kube-system   aws-node-7xk4m   2/2     Running     14 (25h ago)   40d   192.168.3.243   ip-192-168-3-243   <none>           <none>\n"
"kube-system   kube-proxy-abc   1/1     Running     0              40d   192.168.3.243   ip-192-168-3-243   <none>           <none>\n"
"default       wait             0/1     Pending     0              4s    <none>          <none>             <none>           <none>\n";
	struct state *s = state_new();
	const struct pod *p;

	(void)state;
	read_well(s, read_kubectl_text, table);
	assert_true(state_has(s, PART_PODS));
	assert_int_equal(s->pods.n, 5);
	p = &s->pods.v[0];
	assert_string_equal(p->ns, "default");
	assert_string_equal(p->name, "echo-b");
	assert_string_equal(p->phase, "Running");
	assert_string_equal(p->node, "ip-192-168-3-243");
	assert_addr(&p->addrs[0], "192.168.3.30");
	assert_false(p->host_network);
	assert_string_equal(s->pods.v[1].phase, "Succeeded");
	assert_int_equal(s->pods.v[1].n_addrs, 0);
	/* two that share an address have the host's */
	assert_true(s->pods.v[2].host_network && s->pods.v[3].host_network);
	assert_null(s->pods.v[4].node);
	state_free(s);
}

static void
without_namespace(void **state)
{
	struct state *s = state_new();
	struct said said;

	(void)state;
	read_text(s, read_kubectl_text,
	    "NAME       READY   STATUS    RESTARTS   AGE   IP           NODE   NOMINATED NODE\n"
	    "pod/web    1/1     Running   0          4d    10.0.0.5     n1     <none>\n"
	    "web2       1/1     Running   0          4d    10.0.0.6     n1     <none>\n", &said);
	assert_string_equal(said.text, "file:2: no column NAMESPACE: taken as "
	    "namespace default (kubectl get -A shows it)\n");
	assert_int_equal(s->pods.n, 2);
	assert_string_equal(s->pods.v[0].name, "web");
	assert_string_equal(s->pods.v[0].ns, "default");
	assert_addr(&s->pods.v[1].addrs[0], "10.0.0.6");
	state_free(s);
}

/* Several tables in one file, as `kubectl get pods,svc` prints them. */
static void
services_and_nodes_wide(void **state)
{
	static const char table[] =
"NAMESPACE   NAME               TYPE           CLUSTER-IP      EXTERNAL-IP           PORT(S)                      AGE   SELECTOR\n"
"default     service/web        LoadBalancer   10.100.23.104   a1.elb.amazonaws.com  80:30080/TCP,443:30443/TCP   40d   app=web,tier=front\n"
"default     service/none       ClusterIP      None            <none>                53/UDP                       40d   <none>\n"
"default     service/fixed      ClusterIP      10.100.23.105   192.0.2.1,192.0.2.2   80/TCP                       40d   <none>\n"
"\n"
"NAME               STATUS   ROLES    AGE   VERSION   INTERNAL-IP     EXTERNAL-IP   OS-IMAGE         KERNEL-VERSION   CONTAINER-RUNTIME\n"
"ip-192-168-3-243   Ready    <none>   40d   v1.30.2   192.168.3.243   <none>        Amazon Linux 2   5.10.1           containerd://1.7\n";
	struct state *s = state_new();

	(void)state;
	read_well(s, read_kubectl_text, table);
	assert_int_equal(s->services.n, 3);
	assert_string_equal(s->services.v[0].name, "web");
	assert_string_equal(s->services.v[0].type, "LoadBalancer");
	assert_int_equal(s->services.v[0].n_addrs, 1);
	assert_int_equal(s->svc_ports.n, 4);
	assert_int_equal(s->svc_ports.v[1].port, 443);
	assert_int_equal(s->svc_ports.v[1].node_port, 30443);
	assert_int_equal(s->svc_ports.v[2].proto, 17);
	assert_int_equal(s->services.v[1].n_addrs, 0);
	assert_int_equal(s->services.v[2].n_addrs, 3);
	assert_int_equal(s->services.v[2].n_cluster, 1);
	assert_int_equal(s->nodes.n, 1);
	assert_addr(&s->nodes.v[0].addrs[0], "192.168.3.243");
	state_free(s);
}

static void
bad_tables(void **state)
{
	(void)state;
	says(read_kubectl_text, "hello\n", "file:1: a line of titles");
	says(read_kubectl_text, "NAME   AGE\nx   4d\n", "file:1: a table of another kind");
	says(read_kubectl_text, "NAME   ENDPOINTS   AGE\nx   1.2.3.4:5 + 2 more...   4d\n",
	    "use kubectl get -o json");
	says(read_kubectl_text,
	    "NAMESPACE   NAME   READY   RESTARTS   IP\n"
	    "default     x      1/1     0          banana\n",
	    "file:2: 'banana' is not an IP address");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods),
		cmocka_unit_test(service_fields),
		cmocka_unit_test(load_balancers),
		cmocka_unit_test(load_balancers_bad),
		cmocka_unit_test(load_balancer_udp),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(nodes),
		cmocka_unit_test(shapes),
		cmocka_unit_test(wrong_is_named),
		cmocka_unit_test(named_once),
		cmocka_unit_test(pods_wide),
		cmocka_unit_test(without_namespace),
		cmocka_unit_test(services_and_nodes_wide),
		cmocka_unit_test(bad_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
