/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_kube.c - `kubectl get ... -o json` of this node's pods, of nodes, and of
 * all services with their endpoint slices, with the fields that tell something.
 */
#include "state.h"

#include <string.h>

#define LIST_HEAD	"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":" \
			"{\"resourceVersion\":\"\"},\"items\":["

static void
put_pod(FILE *f, const char *ns, const char *name, uint32_t ip, bool host)
{
	struct ip_text t = ip_text(ip);

	fprintf(f, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
	    "\"namespace\":\"%s\",\"name\":\"%s\"},\"spec\":{\"nodeName\":\""
	    NODE_NAME "\",%s\"containers\":[{\"name\":\"main\"}]},\"status\":{"
	    "\"phase\":\"Running\",\"hostIP\":\"%s\",\"podIP\":\"%s\",\"podIPs\":["
	    "{\"ip\":\"%s\"}]}}", ns, name, host ? "\"hostNetwork\":true," : "",
	    ip_text(NODE_IP).s, t.s, t.s);
}

static void
write_pods(const struct node_state *s)
{
	FILE *f = dump_open(s, "pods.json");
	uint32_t i;

	fputs(LIST_HEAD, f);
	put_pod(f, "kube-system", "aws-node-7xk2p", NODE_IP, true);
	fputc(',', f);
	put_pod(f, "kube-system", "kube-proxy-m4v9z", NODE_IP, true);
	for (i = 0; i < s->pods; i++) {
		struct pod_name n = pod_name(i);

		fputc(',', f);
		put_pod(f, n.ns, n.name, pod_ip(i), false);
	}
	fputs("]}\n", f);
	dump_close(f, "pods.json");
}

/* "shop/service-01:web" in its three parts. */
struct names {
	char	ns[NAME_MAX_LEN], name[NAME_MAX_LEN], port[NAME_MAX_LEN];
};

static struct names
names_of(const struct portal *p)
{
	struct names n = { "", "", "" };

	sscanf(p->name, "%63[^/]/%63[^:]:%63s", n.ns, n.name, n.port);
	return n;
}

static const char *
proto_upper(const struct portal *p)
{
	return p->proto == P_TCP ? "TCP" : "UDP";
}

static void
put_service(FILE *f, const struct portal *p, uint32_t ports)
{
	struct names n = names_of(p);
	struct ip_text ip = ip_text(p->ip);
	uint32_t i;

	fprintf(f, "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{"
	    "\"namespace\":\"%s\",\"name\":\"%s\"},\"spec\":{\"type\":\"%s\","
	    "\"internalTrafficPolicy\":\"Cluster\",%s\"clusterIP\":\"%s\","
	    "\"clusterIPs\":[\"%s\"],\"ports\":[", n.ns, n.name,
	    p->node_port ? "NodePort" : "ClusterIP",
	    p->node_port ? "\"externalTrafficPolicy\":\"Cluster\"," : "", ip.s, ip.s);
	for (i = 0; i < ports; i++, p++) {
		fprintf(f, "%s{\"name\":\"%s\",\"protocol\":\"%s\",\"port\":%u,"
		    "\"targetPort\":%u", i ? "," : "", names_of(p).port,
		    proto_upper(p), p->port, p->target);
		if (p->node_port != 0)
			fprintf(f, ",\"nodePort\":%u", p->node_port);
		fputc('}', f);
	}
	fputs("]}}", f);
}

static void
put_slice(FILE *f, const struct portal *p, uint32_t ports)
{
	struct names n = names_of(p);
	uint32_t i;

	fprintf(f, ",{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":"
	    "\"EndpointSlice\",\"metadata\":{\"namespace\":\"%s\",\"name\":"
	    "\"%s-x7k2p\",\"labels\":{\"kubernetes.io/service-name\":\"%s\"}},"
	    "\"addressType\":\"IPv4\",\"endpoints\":[", n.ns, n.name, n.name);
	for (i = 0; i < p->n_endpoints; i++)
		fprintf(f, "%s{\"addresses\":[\"%s\"],\"conditions\":{\"ready\":true,"
		    "\"serving\":true,\"terminating\":false},\"zone\":\"eu-west-1a\"}",
		    i ? "," : "", ip_text(portal_endpoint(p, i)).s);
	fputs("],\"ports\":[", f);
	for (i = 0; i < ports; i++, p++)
		fprintf(f, "%s{\"name\":\"%s\",\"protocol\":\"%s\",\"port\":%u}",
		    i ? "," : "", names_of(p).port, proto_upper(p), p->target);
	fputs("]}", f);
}

static void
write_services(const struct node_state *s)
{
	FILE *f = dump_open(s, "svc-endpointslices.json");
	uint32_t i, ports;

	fputs(LIST_HEAD, f);
	for (i = 0; i < s->n_portals; i += ports) {
		ports = s->portal[i].service == N_SERVICES ? 2 : 1;
		fputs(i ? "," : "", f);
		put_service(f, &s->portal[i], ports);
		put_slice(f, &s->portal[i], ports);
	}
	fputs("]}\n", f);
	dump_close(f, "svc-endpointslices.json");
}

void
write_kubectl(const struct node_state *s)
{
	FILE *f;

	write_pods(s);
	write_services(s);
	f = dump_open(s, "nodes.json");
	fprintf(f, LIST_HEAD "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{"
	    "\"name\":\"" NODE_NAME "\",\"labels\":{"
	    "\"node.kubernetes.io/instance-type\":\"m5.24xlarge\","
	    "\"topology.kubernetes.io/zone\":\"eu-west-1a\"}},\"spec\":{"
	    "\"providerID\":\"aws:///eu-west-1a/i-0bench\"},\"status\":{"
	    "\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"%s\"}],"
	    "\"capacity\":{\"pods\":\"737\"}}}]}\n", ip_text(NODE_IP).s);
	dump_close(f, "nodes.json");
}
