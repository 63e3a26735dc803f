/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl_lb.c - what a Service of type LoadBalancer says of its Network Load
 * Balancer.
 * Source: the AWS Load Balancer Controller, docs/guide/service/annotations.md and
 * pkg/service/model_build_target_group.go.
 *
 * What no annotation says is what that controller documents: client addresses
 * are preserved for instance targets and not for IP ones (of TCP; of UDP always,
 * which cannot be said of Services with both), no PROXY protocol, a health check
 * each 10 s at the traffic port by TCP, or, of instance targets with the policy
 * Local, at spec.healthCheckNodePort by HTTP.  The target type has a default,
 * too, but one that the controller's own options change: it is not assumed.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture/state/documents/kubectl_read.h"

#define PREFIX		"service.beta.kubernetes.io/aws-load-balancer-"
#define INTERVAL_S	10	/* of health checks, when not said */

struct lb {
	struct reading	*r;
	const json_t	*notes;		/* annotations; NULL */
	struct service	*v;
	uint32_t	 index;		/* of it */
	bool		 controller;	/* the controller's, not the cloud provider's that
					   Kubernetes once had in itself */
};

/* "" and none are one. */
static const char *
note(struct lb *b, const char *name)
{
	const char *text;
	char key[96];

	if (b->notes == NULL)
		return NULL;
	snprintf(key, sizeof(key), PREFIX "%s", name);
	text = jdoc_label(&b->r->doc, b->notes, key);
	return text == NULL || *text == '\0' ? NULL : text;
}

__attribute__((format(printf, 3, 4)))
static void
note_bad(struct lb *b, const char *name, const char *format, ...)
{
	char key[96], text[STATE_REPORT_MAX];
	va_list ap;

	snprintf(key, sizeof(key), "metadata.annotations." PREFIX "%s", name);
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	jdoc_bad(&b->r->doc, key, "%s", text);
}

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* A whole number from 1 to max; 0 when it is none. */
static uint32_t
number_of(const char *text, uint32_t max)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return 0;
	n = strtoul(text, &end, 10);
	return *end == '\0' && n <= max ? (uint32_t)n : 0;
}

/* ---- targets */

static bool
has_udp(const struct lb *b)
{
	const struct state *s = b->r->k.state;

	for (uint32_t i = 0; i < s->svc_ports.n; i++)
		if (s->svc_ports.v[i].service == b->index &&
		    s->svc_ports.v[i].proto != IPPROTO_TCP)
			return true;
	return false;
}

/* "preserve_client_ip.enabled=true,proxy_protocol_v2.enabled=false": 1, 0, or -1
   when it is not in it. */
static int8_t
attribute(struct lb *b, const char *list, const char *name)
{
	size_t len = strlen(name);
	int8_t found = -1;

	while (list != NULL && *list != '\0') {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ",");
		if (n > len && strncmp(list, name, len) == 0 && list[len] == '=') {
			const char *value = list + len + 1;
			int left = (int)(n - len - 1);

			while (left > 0 && value[left - 1] == ' ')
				left--;
			if (left == 4 && strncasecmp(value, "true", 4) == 0)
				found = 1;
			else if (left == 5 && strncasecmp(value, "false", 5) == 0)
				found = 0;
			else
				note_bad(b, "target-group-attributes", "%s: '%.*s' "
				    "is neither true nor false", name, left, value);
		}
		list += n;
	}
	return found;
}

static void
read_target_type(struct lb *b, const char *type)
{
	const char *target = note(b, "nlb-target-type");

	if (is(type, "nlb-ip") || (is(target, "ip") && !is(type, "nlb")))
		b->v->lb.target_ip = 1;
	else if (is(type, "nlb") || is(target, "instance"))
		b->v->lb.target_ip = 0;
	if (target != NULL && !is(target, "ip") && !is(target, "instance"))
		note_bad(b, "nlb-target-type", "'%s' is neither ip nor instance",
		    target);
}

static void
read_attributes(struct lb *b)
{
	const char *list = note(b, "target-group-attributes");
	const char *proxy = note(b, "proxy-protocol");
	struct svc_lb *lb = &b->v->lb;

	lb->preserve = attribute(b, list, "preserve_client_ip.enabled");
	lb->proxy = attribute(b, list, "proxy_protocol_v2.enabled");
	if (is(proxy, "*"))
		lb->proxy = 1;
	else if (proxy != NULL)
		note_bad(b, "proxy-protocol", "'%s' is not *", proxy);
	else if (lb->proxy < 0 && b->controller)
		lb->proxy = 0;
	if (lb->preserve < 0 && lb->target_ip == 0)
		lb->preserve = 1;
	else if (lb->preserve < 0 && lb->target_ip == 1 && !has_udp(b))
		lb->preserve = 0;
}

/* ---- health checks */

/* A port's name stands for what its targets have. */
static uint16_t
named_port(const struct lb *b, const char *name)
{
	const struct state *s = b->r->k.state;

	for (uint32_t i = 0; i < s->svc_ports.n; i++) {
		const struct svc_port *p = &s->svc_ports.v[i];

		if (p->service != b->index || !is(p->name, name))
			continue;
		if (b->v->lb.target_ip == 0)
			return p->node_port;
		if (b->v->lb.target_ip == 1 && p->target != NULL)
			return (uint16_t)number_of(p->target, UINT16_MAX);
	}
	return 0;
}

static void
read_check_port(struct lb *b, bool local)
{
	const char *text = note(b, "healthcheck-port");
	struct svc_lb *lb = &b->v->lb;

	if (text == NULL) {
		lb->check_port = local ? b->v->health_port : 0;
		return;
	}
	if (is(text, "traffic-port"))
		return;
	lb->check_port = (uint16_t)number_of(text, UINT16_MAX);
	if (lb->check_port == 0)
		lb->check_port = named_port(b, text);
	if (lb->check_port == 0)
		note_bad(b, "healthcheck-port", "'%s' is neither a port from 1 to "
		    "65535, nor traffic-port, nor the name of a port with a number",
		    text);
}

static void
read_check_interval(struct lb *b)
{
	const char *text = note(b, "healthcheck-interval");
	struct svc_lb *lb = &b->v->lb;

	lb->check_interval_s = text != NULL ? number_of(text, 86400) :
	    b->controller ? INTERVAL_S : 0;
	if (text != NULL && lb->check_interval_s == 0)
		note_bad(b, "healthcheck-interval", "'%s' is not a number of seconds",
		    text);
}

/* By TCP nothing is asked for, whatever the path's annotation says. */
static void
read_check_path(struct lb *b, bool local)
{
	const char *proto = note(b, "healthcheck-protocol");
	const char *path = note(b, "healthcheck-path");

	if (proto != NULL ? strcasecmp(proto, "tcp") == 0 : !local)
		return;
	if (path == NULL && b->controller)
		path = local ? "/healthz" : "/";
	b->v->lb.check_path = kubectl_keep(b->r, path);
}

/* ---- */

static void
take_hostname(struct lb *b, const json_t *o)
{
	struct jdoc *d = &b->r->doc;
	const json_t *list = jdoc_array(d, o, "status.loadBalancer.ingress"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_object(one) && b->v->lb.hostname == NULL)
			b->v->lb.hostname = jdoc_keep(d, one, "hostname");
}

void
kubectl_read_lb(struct reading *r, uint32_t index, const json_t *o)
{
	struct jdoc *d = &r->doc;
	struct service *v = &r->k.state->services.v[index];
	struct lb b = { .r = r, .v = v, .index = index,
	    .notes = jdoc_object(d, o, "metadata.annotations") };
	const char *class = jdoc_word(d, o, "spec.loadBalancerClass"), *type;
	bool local;

	if (!is(v->type, "LoadBalancer"))
		return;
	take_hostname(&b, o);
	type = note(&b, "type");
	b.controller = is(type, "nlb-ip") || is(type, "external") ||
	    is(class, "service.k8s.aws/nlb");
	/* else a Classic Load Balancer, whose PROXY protocol is version 1, or
	   another cloud's */
	if (!b.controller && !is(type, "nlb") && !is(class, "eks.amazonaws.com/nlb") &&
	    note(&b, "nlb-target-type") == NULL)
		return;
	read_target_type(&b, type);
	read_attributes(&b);
	local = v->lb.target_ip == 0 && v->external_policy == POLICY_LOCAL;
	read_check_port(&b, local);
	read_check_interval(&b);
	read_check_path(&b, local);
}
