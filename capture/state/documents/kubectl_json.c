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
#include "capture/state/documents/kubectl_read.h"

#define LISTS_DEEP	4	/* a List of Lists is odd, but allowed */

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

/* ---- nodes */

/* "aws:///eu-west-1a/i-0123": the instance is the last part. */
static const char *
instance_of(struct reading *r, const json_t *o)
{
	const char *text = jdoc_word(&r->doc, o, "spec.providerID");
	const char *slash = text ? strrchr(text, '/') : NULL;

	return slash ? kubectl_keep(r, slash + 1) : NULL;
}

static const char *
label_of(struct reading *r, const json_t *labels, const char *name,
    const char *old_name)
{
	const char *text = labels ? jdoc_label(&r->doc, labels, name) : NULL;

	if (text == NULL && labels != NULL)
		text = jdoc_label(&r->doc, labels, old_name);
	return kubectl_keep(r, text);
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
	{ "Service", PART_SERVICES, kubectl_read_service, false },
	{ "EndpointSlice", PART_SERVICES, kubectl_read_slice, false },
	{ "Endpoints", PART_SERVICES, kubectl_read_endpoints, true },
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
