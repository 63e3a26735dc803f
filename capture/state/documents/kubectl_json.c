/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl_json.c - kubectl get pods,services,endpointslices,endpoints,nodes -o
 * json: any mix of them in lists, or one object.
 * Source: the Kubernetes API, v1 Pod, Service, Endpoints and Node, and
 * discovery.k8s.io/v1 EndpointSlice.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/state/documents/aws.h"
#include "capture/state/documents/kubectl.h"

#define LISTS_DEEP	4	/* a List of Lists is odd, but allowed */

struct reading {
	struct kubectl	 k;
	struct jdoc	 doc;
	/* Endpoints wait for a second walk, when all slices are in; it says
	   nothing of what it does not read. */
	bool		 slices_done, has_late;
	struct reader	 quiet;
};

static const char *
keep(struct reading *r, const char *text)
{
	return text == NULL || *text == '\0' ? NULL :
	    state_text(r->k.state, text, strlen(text));
}

static uint16_t
port_of(struct jdoc *d, const json_t *o, const char *path)
{
	uint64_t n;

	return jdoc_number(d, o, path, UINT16_MAX, &n) ? (uint16_t)n : 0;
}

/* TCP where it is not said; 0 (reported) for one that Services do not have. */
static uint8_t
proto_of(struct jdoc *d, const json_t *o)
{
	const char *text = jdoc_word(d, o, "protocol");
	uint8_t proto = kubectl_proto(text ? text : "TCP");

	if (proto == 0)
		jdoc_bad(d, "protocol", "'%s' is not TCP, UDP or SCTP", text);
	return proto;
}

/* ---- pods */

/* The annotation's text: [{"eniId":"eni-...","privateIp":"10.0.0.9","vlanID":3}] */
static void
read_branch(struct reading *r, struct pod *p, const char *text)
{
	struct jdoc *d = &r->doc;
	json_error_t error;
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, &error), *v;
	struct addr a;
	uint64_t n;

	v = json_array_get(list, 0);
	if (!json_is_object(v)) {
		jdoc_bad(d, "metadata.annotations.vpc.amazonaws.com/pod-eni",
		    "a list of objects is expected");
	} else {
		p->branch_eni = jdoc_keep(d, v, "eniId");
		if (jdoc_number(d, v, "vlanID", 4094, &n))
			p->branch_vlan = (uint16_t)n;
		if (jdoc_addr(d, v, "privateIp", &a))
			pod_add_addr(p, &a);
		if (jdoc_addr(d, v, "ipv6Addr", &a))
			pod_add_addr(p, &a);
	}
	json_decref(list);
}

static void
read_pod(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = jdoc_word(d, o, "metadata.name");
	const json_t *list = jdoc_array(d, o, "status.podIPs"), *v;
	const json_t *notes = jdoc_object(d, o, "metadata.annotations");
	const char *text;
	struct pod *p;
	struct addr a;
	size_t i;

	if (name == NULL) {
		jdoc_bad(d, "", "a pod without a name");
		return;
	}
	p = state_pod(r->k.state, ns ? ns : "default", name, NULL);
	if (p == NULL)
		return;
	p->sources |= POD_KUBECTL;
	p->node = jdoc_keep(d, o, "spec.nodeName");
	p->phase = jdoc_keep(d, o, "status.phase");
	p->host_network = jdoc_bool(d, o, "spec.hostNetwork") == 1;
	if (jdoc_addr(d, o, "status.podIP", &a))
		pod_add_addr(p, &a);
	json_array_foreach(list, i, v)
		if (jdoc_addr(d, v, "ip", &a))
			pod_add_addr(p, &a);
	text = notes ? jdoc_label(d, notes, "vpc.amazonaws.com/pod-eni") : NULL;
	if (text != NULL)
		read_branch(r, p, text);
}

/* ---- services */

/* Cluster addresses first; "None" is a headless service. */
struct addr_list {
	struct addr	v[64];
	uint32_t	n;
};

static void
add_text(struct jdoc *d, struct addr_list *l, const char *path, const char *text)
{
	struct addr a;

	if (text == NULL || *text == '\0' || strcmp(text, "None") == 0)
		return;
	if (!addr_parse(text, &a)) {
		jdoc_bad(d, path, "'%s' is not an IP address", text);
		return;
	}
	for (uint32_t i = 0; i < l->n; i++)
		if (addr_eq(&l->v[i], &a))
			return;
	if (l->n < sizeof(l->v) / sizeof(l->v[0]))
		l->v[l->n++] = a;
	else
		jdoc_bad(d, path, "more than 64 addresses");
}

static void
add_texts(struct jdoc *d, struct addr_list *l, const json_t *o, const char *path)
{
	const json_t *list = jdoc_array(d, o, path), *v;
	size_t i, at = jdoc_enter(d, path);
	const char *text;

	json_array_foreach(list, i, v) {
		text = jdoc_is_text(d, v);
		add_text(d, l, "", text);
	}
	jdoc_leave(d, at);
}

static void
read_service_addrs(struct reading *r, struct service *v, const json_t *o)
{
	struct jdoc *d = &r->doc;
	struct addr_list l = { .n = 0 };
	const json_t *list, *one;
	size_t i;

	add_text(d, &l, "spec.clusterIP", jdoc_text(d, o, "spec.clusterIP"));
	add_texts(d, &l, o, "spec.clusterIPs");
	v->n_cluster = l.n;
	add_texts(d, &l, o, "spec.externalIPs");
	list = jdoc_array(d, o, "status.loadBalancer.ingress");
	json_array_foreach(list, i, one)
		if (jdoc_is_object(d, one) != NULL)
			add_text(d, &l, "status.loadBalancer.ingress",
			    jdoc_text(d, one, "ip"));
	if (l.n == 0)
		return;
	v->addrs = state_alloc(r->k.state, l.n * sizeof(*l.v));
	if (v->addrs == NULL) {
		v->n_cluster = 0;
		return;
	}
	memcpy(v->addrs, l.v, l.n * sizeof(*l.v));
	v->n_addrs = l.n;
}

static uint8_t
policy_of(struct jdoc *d, const json_t *o, const char *path)
{
	const char *text = jdoc_word(d, o, path);

	if (text != NULL && strcmp(text, "Local") == 0)
		return POLICY_LOCAL;
	if (text != NULL && strcmp(text, "Cluster") != 0)
		jdoc_bad(d, path, "'%s' is neither Cluster nor Local", text);
	return POLICY_CLUSTER;
}

/* targetPort is a number or a name. */
static const char *
target_of(struct reading *r, const json_t *o)
{
	const json_t *v = json_object_get(o, "targetPort");
	char text[24];

	if (!json_is_integer(v))
		return jdoc_keep(&r->doc, o, "targetPort");
	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
	    json_integer_value(v));
	return keep(r, text);
}

static void
read_service_port(struct reading *r, uint32_t service, const json_t *o)
{
	struct jdoc *d = &r->doc;
	uint8_t proto = proto_of(d, o);
	uint16_t port = port_of(d, o, "port");
	struct svc_port *p;

	if (proto == 0)
		return;
	if (port == 0) {
		jdoc_bad(d, "port", "a port from 1 to 65535 is expected");
		return;
	}
	p = state_push(r->k.state, svc_ports);
	if (p == NULL)
		return;
	p->service = service;
	p->name = jdoc_keep(d, o, "name");
	p->proto = proto;
	p->port = port;
	p->node_port = port_of(d, o, "nodePort");
	p->target = target_of(r, o);
}

static void
read_service(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = jdoc_word(d, o, "metadata.name");
	const char *type = jdoc_keep(d, o, "spec.type");
	const json_t *list = jdoc_array(d, o, "spec.ports"), *one;
	struct service *v;
	uint32_t index;
	size_t i, at;
	bool fresh;

	if (name == NULL) {
		jdoc_bad(d, "", "a service without a name");
		return;
	}
	v = kubectl_service(&r->k, ns ? ns : "default", name, &fresh);
	if (v == NULL || !fresh)
		return;
	index = (uint32_t)(v - r->k.state->services.v);
	v->type = type ? type : "ClusterIP";
	v->external_policy = policy_of(d, o, "spec.externalTrafficPolicy");
	v->internal_policy = policy_of(d, o, "spec.internalTrafficPolicy");
	v->health_port = port_of(d, o, "spec.healthCheckNodePort");
	read_service_addrs(r, v, o);
	json_array_foreach(list, i, one) {
		at = jdoc_enter(d, "spec.ports");
		jdoc_enter_index(d, i);
		if (jdoc_is_object(d, one) != NULL)
			read_service_port(r, index, one);
		jdoc_leave(d, at);
	}
}

/* ---- endpoints */

/* One address, on each of the ports. */
static void
add_ports(struct reading *r, struct endpoint *e, const json_t *ports,
    bool from_slice)
{
	struct jdoc *d = &r->doc;
	const json_t *o;
	size_t i, at;

	json_array_foreach(ports, i, o) {
		at = jdoc_enter(d, "ports");
		jdoc_enter_index(d, i);
		if (jdoc_is_object(d, o) != NULL) {
			/* a slice's port may be null: every port, which has no rule */
			e->port = port_of(d, o, "port");
			e->proto = proto_of(d, o);
			e->port_name = jdoc_keep(d, o, "name");
			if (e->port != 0 && e->proto != 0)
				kubectl_endpoint(&r->k, e, from_slice);
		}
		jdoc_leave(d, at);
	}
}

/* conditions.ready that is not said is true (API reference); a slice of FQDNs
   has no addresses of use. */
static void
read_slice_endpoint(struct reading *r, struct endpoint *e, const json_t *o,
    const json_t *ports)
{
	struct jdoc *d = &r->doc;
	const json_t *list = jdoc_array(d, o, "addresses"), *v;
	const char *kind = jdoc_word(d, o, "targetRef.kind");
	const char *text;
	size_t i;

	e->ready = jdoc_bool(d, o, "conditions.ready") != 0;
	e->terminating = jdoc_bool(d, o, "conditions.terminating") == 1;
	e->node = jdoc_keep(d, o, "nodeName");
	e->zone = jdoc_keep(d, o, "zone");
	e->pod = kind != NULL && strcmp(kind, "Pod") == 0 ?
	    jdoc_keep(d, o, "targetRef.name") : NULL;
	json_array_foreach(list, i, v) {
		text = jdoc_is_text(d, v);
		if (text == NULL)
			continue;
		if (addr_parse(text, &e->addr))
			add_ports(r, e, ports, true);
		else
			jdoc_bad(d, "addresses", "'%s' is not an IP address", text);
	}
}

static void
read_slice(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const json_t *labels = jdoc_object(d, o, "metadata.labels");
	const json_t *ports = jdoc_array(d, o, "ports");
	const json_t *list = jdoc_array(d, o, "endpoints"), *v;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = labels ?
	    jdoc_label(d, labels, "kubernetes.io/service-name") : NULL;
	const char *type = jdoc_word(d, o, "addressType");
	struct endpoint e = { .ns = keep(r, ns ? ns : "default") };
	size_t i, at;

	/* made by hand for something else */
	if (name == NULL || (type != NULL && strcmp(type, "FQDN") == 0))
		return;
	e.service_name = keep(r, name);
	if (e.service_name == NULL)
		return;
	json_array_foreach(list, i, v) {
		at = jdoc_enter(d, "endpoints");
		jdoc_enter_index(d, i);
		if (jdoc_is_object(d, v) != NULL)
			read_slice_endpoint(r, &e, v, ports);
		jdoc_leave(d, at);
	}
}

static void
read_subset(struct reading *r, struct endpoint *e, const json_t *o,
    const char *which, bool ready)
{
	struct jdoc *d = &r->doc;
	const json_t *list = jdoc_array(d, o, which), *v;
	const json_t *ports = jdoc_array(d, o, "ports");
	const char *kind;
	size_t i;

	json_array_foreach(list, i, v) {
		if (jdoc_is_object(d, v) == NULL || !jdoc_addr(d, v, "ip", &e->addr))
			continue;
		e->ready = ready;
		e->node = jdoc_keep(d, v, "nodeName");
		kind = jdoc_word(d, v, "targetRef.kind");
		e->pod = kind != NULL && strcmp(kind, "Pod") == 0 ?
		    jdoc_keep(d, v, "targetRef.name") : NULL;
		add_ports(r, e, ports, false);
	}
}

static void
read_endpoints(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = jdoc_word(d, o, "metadata.name");
	const json_t *list = jdoc_array(d, o, "subsets"), *v;
	struct endpoint e = { .ns = keep(r, ns ? ns : "default") };
	size_t i, at;

	if (name == NULL) {
		jdoc_bad(d, "", "endpoints without a name");
		return;
	}
	e.service_name = keep(r, name);
	json_array_foreach(list, i, v) {
		at = jdoc_enter(d, "subsets");
		jdoc_enter_index(d, i);
		if (jdoc_is_object(d, v) != NULL) {
			read_subset(r, &e, v, "addresses", true);
			read_subset(r, &e, v, "notReadyAddresses", false);
		}
		jdoc_leave(d, at);
	}
}

/* ---- nodes */

/* "aws:///eu-west-1a/i-0123": the instance is the last part. */
static const char *
instance_of(struct reading *r, const json_t *o)
{
	const char *text = jdoc_word(&r->doc, o, "spec.providerID");
	const char *slash = text ? strrchr(text, '/') : NULL;

	return slash ? keep(r, slash + 1) : NULL;
}

static const char *
label_of(struct reading *r, const json_t *labels, const char *name,
    const char *old_name)
{
	const char *text = labels ? jdoc_label(&r->doc, labels, name) : NULL;

	if (text == NULL && labels != NULL)
		text = jdoc_label(&r->doc, labels, old_name);
	return keep(r, text);
}

static void
add_node_addr(struct node *n, const struct addr *a)
{
	for (unsigned i = 0; i < n->n_addrs; i++)
		if (addr_eq(&n->addrs[i], a))
			return;
	if (n->n_addrs < sizeof(n->addrs) / sizeof(n->addrs[0]))
		n->addrs[n->n_addrs++] = *a;
}

static void
read_node(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *name = jdoc_word(d, o, "metadata.name"), *text, *end;
	const json_t *labels = jdoc_object(d, o, "metadata.labels");
	const json_t *list = jdoc_array(d, o, "status.addresses"), *v;
	unsigned long pods;
	struct node *n;
	struct addr a;
	size_t i;

	n = name ? kubectl_node(&r->k, name) : NULL;
	if (n == NULL) {
		if (name == NULL)
			jdoc_bad(d, "", "a node without a name");
		return;
	}
	n->instance_type = label_of(r, labels, "node.kubernetes.io/instance-type",
	    "beta.kubernetes.io/instance-type");
	n->zone = label_of(r, labels, "topology.kubernetes.io/zone",
	    "failure-domain.beta.kubernetes.io/zone");
	n->instance_id = instance_of(r, o);
	json_array_foreach(list, i, v) {
		text = jdoc_word(d, v, "type");
		if (text != NULL && strcmp(text, "InternalIP") == 0 &&
		    jdoc_addr(d, v, "address", &a))
			add_node_addr(n, &a);
	}
	/* a quantity, as text */
	text = jdoc_word(d, o, "status.capacity.pods");
	if (text == NULL)
		return;
	pods = strtoul(text, (char **)(uintptr_t)&end, 10);
	if (*end == '\0' && pods <= 100000)
		n->max_pods = (uint32_t)pods;
	else
		jdoc_bad(d, "status.capacity.pods", "'%s' is not a number of pods",
		    text);
}

/* ---- documents */

static const struct kind {
	const char	*name;
	enum state_part	 part;
	void		 (*read)(struct reading *, const json_t *);
	bool		 late;	/* Endpoints: only where there are no slices */
} kinds[] = {
	{ "Pod", PART_PODS, read_pod, false },
	{ "Service", PART_SERVICES, read_service, false },
	{ "EndpointSlice", PART_SERVICES, read_slice, false },
	{ "Endpoints", PART_SERVICES, read_endpoints, true },
	{ "Node", PART_NODES, read_node, false },
};
#define N_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *
kind_named(const char *name, size_t len)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (strlen(kinds[i].name) == len &&
		    memcmp(kinds[i].name, name, len) == 0)
			return &kinds[i];
	return NULL;
}

static bool	read_object(struct reading *, const json_t *, const struct kind *,
		    unsigned deep);

static void
read_items(struct reading *r, const json_t *o, const struct kind *kind,
    unsigned deep)
{
	const json_t *list = jdoc_array(&r->doc, o, "items"), *v;
	size_t i, at;

	json_array_foreach(list, i, v) {
		at = jdoc_enter(&r->doc, "items");
		jdoc_enter_index(&r->doc, i);
		if (jdoc_is_object(&r->doc, v) != NULL)
			read_object(r, v, kind, deep + 1);
		jdoc_leave(&r->doc, at);
	}
}

/* A list, or one thing; `kind` is what a typed list says of its items, which
   then do not say it themselves.  Other kinds are no concern of ours. */
static bool
read_object(struct reading *r, const json_t *o, const struct kind *kind,
    unsigned deep)
{
	const char *name = jdoc_word(&r->doc, o, "kind");
	size_t len = name ? strlen(name) : 0;

	if (len >= 4 && strcmp(name + len - 4, "List") == 0) {
		kind = kind_named(name, len - 4);
		/* an empty list of pods tells that there are none */
		if (kind != NULL)
			state_mark(r->k.state, kind->part);
		if (deep < LISTS_DEEP)
			read_items(r, o, kind, deep);
		return true;
	}
	if (name != NULL)
		kind = kind_named(name, len);
	if (kind != NULL && kind->late == r->slices_done) {
		state_mark(r->k.state, kind->part);
		r->doc.reader = r->k.reader;
		kind->read(r, o);
		if (r->slices_done)
			r->doc.reader = &r->quiet;
	}
	r->has_late |= kind != NULL && kind->late;
	return name != NULL || kind != NULL;
}

/* The bundle's pods.json is what ipamd says to /v1/pods: since 1.7, which paths
   there are. */
static bool
read_ipamd(struct reading *r)
{
	if (aws_is_help(&r->doc))
		return true;
	return json_is_object(r->doc.root) &&
	    aws_old_pods(&r->doc, r->doc.root);
}

static bool
read_root(struct reading *r)
{
	const json_t *root = r->doc.root, *v;
	bool known = false;
	size_t i;

	if (json_is_object(root))
		return read_object(r, root, NULL, 0);
	/* jq '.items' and the like */
	json_array_foreach(root, i, v) {
		size_t at = jdoc_enter_index(&r->doc, i);

		if (jdoc_is_object(&r->doc, v) != NULL)
			known |= read_object(r, v, NULL, 0);
		jdoc_leave(&r->doc, at);
	}
	return known || json_array_size(root) == 0;
}

void
read_kubectl_json(struct reader *reader)
{
	struct reading r = { .slices_done = false };

	if (!jdoc_load(&r.doc, reader))
		return;
	kubectl_init(&r.k, reader);
	if (!read_root(&r) && !read_ipamd(&r))
		reader_bad(reader, 0, "no \"kind\": not what kubectl -o json says");
	if (r.has_late) {
		r.slices_done = true;
		r.quiet = *reader;
		r.quiet.report = NULL;
		r.doc.reader = &r.quiet;
		read_root(&r);
	}
	kubectl_fini(&r.k);
	jdoc_free(&r.doc);
}
