/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aws_settings.c - how the Amazon VPC CNI is set up: ipamd's
 * /v1/networkutils-env-settings and /v1/ipamd-env-settings (GetConfigForDebug()
 * in pkg/networkutils/network.go and pkg/ipamd/ipamd.go, names of environment
 * variables), and /etc/cni/net.d/10-aws.conflist.
 */
#include <string.h>

#include "capture/state/documents/aws.h"

static bool
has(const struct jdoc *d, const char *name)
{
	return json_object_get(d->root, name) != NULL;
}

/* A bool; or, as the environment of a container has it, its text. */
static void
read_flag(struct jdoc *d, const char *name, int8_t *out)
{
	const json_t *v = json_object_get(d->root, name);
	const char *text = json_string_value(v);

	if (text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0))
		*out = 1;
	else if (text != NULL &&
	    (strcmp(text, "false") == 0 || strcmp(text, "0") == 0))
		*out = 0;
	else if (jdoc_bool(d, d->root, name) >= 0)
		*out = (int8_t)json_is_true(v);
}

static void
read_cidr(struct jdoc *d, const char *text, struct state *s, bool excluded)
{
	struct prefix p, *to;

	if (!prefix_parse(text, &p)) {
		jdoc_bad(d, "", "'%s' is not ADDRESS/LENGTH", text);
		return;
	}
	to = excluded ? state_push(s, cni.excluded) :
	    state_push(s, cni.external_services);
	if (to != NULL)
		*to = p;
}

/* null, or a list.  A second document of the same node says it again. */
static void
read_cidrs(struct jdoc *d, const char *name, bool excluded)
{
	struct state *s = d->reader->state;
	const json_t *list = jdoc_array(d, d->root, name), *v;
	size_t i, at = jdoc_enter(d, name), inner;
	const char *text;

	if (list != NULL && excluded)
		s->cni.excluded.n = 0;
	if (list != NULL && !excluded)
		s->cni.external_services.n = 0;
	json_array_foreach(list, i, v) {
		inner = jdoc_enter_index(d, i);
		text = jdoc_is_text(d, v);
		if (text != NULL)
			read_cidr(d, text, s, excluded);
		jdoc_leave(d, inner);
	}
	jdoc_leave(d, at);
}

static void
read_values(struct jdoc *d)
{
	struct cni_settings *c = &d->reader->state->cni;
	uint64_t n;
	const char *prefix;

	read_flag(d, "AWS_VPC_K8S_CNI_EXTERNALSNAT", &c->external_snat);
	read_flag(d, "AWS_VPC_CNI_NODE_PORT_SUPPORT", &c->node_port_support);
	/* enum snatType in network.go: sequential, hash, prng */
	if (jdoc_number(d, d->root, "AWS_VPC_K8S_CNI_RANDOMIZESNAT", 2, &n))
		c->randomize_snat = (int8_t)n;
	if (jdoc_number(d, d->root, "AWS_VPC_K8S_CNI_CONNMARK", UINT32_MAX, &n)) {
		c->connmark = (uint32_t)n;
		c->has_connmark = true;
	}
	if (jdoc_number(d, d->root, "AWS_VPC_ENI_MTU", UINT32_MAX, &n))
		c->mtu = (uint32_t)n;
	prefix = jdoc_keep(d, d->root, "AWS_VPC_K8S_CNI_VETHPREFIX");
	if (prefix != NULL)
		c->veth_prefix = prefix;
	read_cidrs(d, "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", true);
	read_cidrs(d, "AWS_EXTERNAL_SERVICE_CIDRS", false);
}

void
read_cni_settings(struct reader *r)
{
	struct jdoc d;

	if (!jdoc_load(&d, r))
		return;
	/* the first two are there in every release since 1.5 */
	if (has(&d, "AWS_VPC_K8S_CNI_EXTERNALSNAT") ||
	    has(&d, "AWS_VPC_CNI_NODE_PORT_SUPPORT") ||
	    has(&d, "AWS_VPC_K8S_CNI_CONNMARK")) {
		read_values(&d);
		state_mark(r->state, PART_CNI_SETTINGS);
	} else if (!aws_is_help(&d)) {
		reader_bad(r, 0, "no AWS_VPC_K8S_CNI_EXTERNALSNAT: not what "
		    "ipamd's /v1/networkutils-env-settings says");
	}
	jdoc_free(&d);
}

/* WARM_* too, which change no path. */
void
read_ipamd_settings(struct reader *r)
{
	struct cni_settings *c = &r->state->cni;
	struct jdoc d;

	if (!jdoc_load(&d, r))
		return;
	if (has(&d, "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") ||
	    has(&d, "WARM_ENI_TARGET") || has(&d, "WARM_IP_TARGET")) {
		read_flag(&d, "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
		    &c->custom_networking);
		read_flag(&d, "ENABLE_PREFIX_DELEGATION", &c->prefix_delegation);
	} else if (!aws_is_help(&d)) {
		reader_bad(r, 0, "no AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: not what "
		    "ipamd's /v1/ipamd-env-settings says");
	}
	jdoc_free(&d);
}

/* ---- 10-aws.conflist */

/* Values that the entry point was to fill in stand as __WORD__. */
static const char *
filled(struct jdoc *d, const json_t *o, const char *name)
{
	const char *text = jdoc_word(d, o, name);

	return text == NULL || strncmp(text, "__", 2) == 0 ? NULL : text;
}

/* Its mtu is the pods' (POD_MTU) and may differ from that of the ENIs. */
static void
read_plugin(struct jdoc *d, const json_t *o)
{
	struct state *s = d->reader->state;
	const char *type = jdoc_word(d, o, "type"), *text;

	if (type == NULL || strcmp(type, "aws-cni") != 0)
		return;
	text = filled(d, o, "vethPrefix");
	if (text != NULL && s->cni.veth_prefix == NULL)
		s->cni.veth_prefix = state_text(s, text, strlen(text));
	text = filled(d, o, "podSGEnforcingMode");
	if (text != NULL && strcmp(text, "strict") == 0)
		s->cni.pod_eni_strict = 1;
	else if (text != NULL && strcmp(text, "standard") == 0)
		s->cni.pod_eni_strict = 0;
	else if (text != NULL)
		jdoc_bad(d, "podSGEnforcingMode",
		    "'%s' is neither strict nor standard", text);
}

void
read_conflist(struct reader *r)
{
	const json_t *list, *v;
	struct jdoc d;
	size_t i, at;

	if (!jdoc_load(&d, r))
		return;
	list = jdoc_array(&d, d.root, "plugins");
	if (list == NULL)
		reader_bad(r, 0, "no \"plugins\": not a CNI configuration list");
	json_array_foreach(list, i, v) {
		at = jdoc_enter_index(&d, i);
		if (jdoc_is_object(&d, v) != NULL)
			read_plugin(&d, v);
		jdoc_leave(&d, at);
	}
	jdoc_free(&d);
}
