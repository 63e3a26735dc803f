/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl_service.c - Services and where they lead: EndpointSlices, and Endpoints
 * where there are none.
 * Source: the Kubernetes API, v1 Service and Endpoints, discovery.k8s.io/v1
 * EndpointSlice.
 */
#include <string.h>

#include "capture/state/documents/kubectl_read.h"

const char *
kubectl_keep(struct reading *r, const char *text)
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
	return kubectl_keep(r, text);
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

void
kubectl_read_service(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = jdoc_word(d, o, "metadata.name");
	const char *type = jdoc_keep(d, o, "spec.type"), *affinity;
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
	affinity = jdoc_word(d, o, "spec.sessionAffinity");
	v->affinity = affinity != NULL && strcmp(affinity, "ClientIP") == 0;
	read_service_addrs(r, v, o);
	json_array_foreach(list, i, one) {
		at = jdoc_enter(d, "spec.ports");
		jdoc_enter_index(d, i);
		if (jdoc_is_object(d, one) != NULL)
			read_service_port(r, index, one);
		jdoc_leave(d, at);
	}
	kubectl_read_lb(r, index, o);
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

void
kubectl_read_slice(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const json_t *labels = jdoc_object(d, o, "metadata.labels");
	const json_t *ports = jdoc_array(d, o, "ports");
	const json_t *list = jdoc_array(d, o, "endpoints"), *v;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = labels ?
	    jdoc_label(d, labels, "kubernetes.io/service-name") : NULL;
	const char *type = jdoc_word(d, o, "addressType");
	struct endpoint e = { .ns = kubectl_keep(r, ns ? ns : "default") };
	size_t i, at;

	/* made by hand for something else */
	if (name == NULL || (type != NULL && strcmp(type, "FQDN") == 0))
		return;
	e.service_name = kubectl_keep(r, name);
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

void
kubectl_read_endpoints(struct reading *r, const json_t *o)
{
	struct jdoc *d = &r->doc;
	const char *ns = jdoc_word(d, o, "metadata.namespace");
	const char *name = jdoc_word(d, o, "metadata.name");
	const json_t *list = jdoc_array(d, o, "subsets"), *v;
	struct endpoint e = { .ns = kubectl_keep(r, ns ? ns : "default") };
	size_t i, at;

	if (name == NULL) {
		jdoc_bad(d, "", "endpoints without a name");
		return;
	}
	e.service_name = kubectl_keep(r, name);
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
