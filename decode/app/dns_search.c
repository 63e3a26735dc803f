/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_search.c - did a search list make this name?
 *
 * A pod's list is NS.svc.DOMAIN, svc.DOMAIN, DOMAIN and what the node itself
 * searches (Kubernetes, "DNS for Services and Pods"), on EC2 REGION.compute.internal
 * or ec2.internal (Amazon VPC User Guide, "DNS attributes for your VPC"); a name
 * with fewer dots than ndots is tried with each of them in turn, then by itself
 * (resolv.conf(5)).  A name that can be a Service's or a host's own counts as made
 * only when the client went on as such a list does.
 */
#include "decode/app/dns_search.h"

#include <stdio.h>
#include <string.h>

#define LABELS		128
#define SPLITS		12	/* shorter names are looked for this often */
/* A list of six with five seconds for each is gone through in this time. */
#define LIST_NS		(30 * NS_PER_SEC)

struct labels {
	const char	*at[LABELS + 1];	/* each up to its dot, then the end */
	unsigned	 n;
};

static void
split(const char *name, struct labels *l)
{
	const char *p = name;

	l->n = 0;
	l->at[l->n++] = p;
	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '.' && l->n < LABELS)
			l->at[l->n++] = p + 1;
	}
	l->at[l->n] = p + 1;
}

static bool
label_is(const struct labels *l, unsigned i, const char *text)
{
	size_t n = (size_t)(l->at[i + 1] - l->at[i] - 1);

	return strlen(text) == n && memcmp(l->at[i], text, n) == 0;
}

/* The first n labels. */
static void
copy_first(const struct labels *l, unsigned n, char out[static DNS_NAME_MAX])
{
	snprintf(out, DNS_NAME_MAX, "%.*s", (int)(l->at[n] - l->at[0] - 1), l->at[0]);
}

/* ---- what else the client asked */

/* Where the question was not seen, its answer was. */
static struct nstime
time_of(const struct dns_query *q)
{
	return q->asked.ns != 0 ? q->asked : q->answered;
}

static bool
asked(const struct dns_case *k, const struct flow *f, const char *name,
    struct nstime from, struct nstime until, unsigned *outcome)
{
	return k->log != NULL &&
	    dns_log_asked(k->log, &f->original.src, name, from, until, outcome);
}

/* Did it go on with what comes after NS.svc.DOMAIN or svc.DOMAIN, by itself or as
   a list does?  *answered: by itself, and with success. */
static bool
went_on(const struct dns_case *k, const struct flow *f, const struct dns_query *q,
    const char *first, const char *domain, bool *answered)
{
	static const char *const between[] = { ".svc.", "." };
	struct nstime from = time_of(q), until = nstime_add_ns(from, LIST_NS);
	char name[2 * DNS_NAME_MAX];
	unsigned outcome = DNS_WAITING;
	bool on = asked(k, f, first, from, until, &outcome);

	*answered = on && outcome == DNS_ANSWERED;
	for (unsigned i = 0; i < 2 && !on; i++) {
		snprintf(name, sizeof(name), "%s%s%s", first, between[i], domain);
		on = strcmp(name, q->name) != 0 &&
		    asked(k, f, name, from, until, &outcome);
	}
	return on;
}

/* Did it come here as a list does: from `first` with what the list has before, or
   on to `first` by itself? */
static bool
came_so(const struct dns_case *k, const struct flow *f, const struct dns_query *q,
    const char *first, const char *const *before)
{
	struct nstime at = time_of(q), from = nstime_add_ns(at, -LIST_NS);
	char name[2 * DNS_NAME_MAX];
	unsigned outcome;

	if (asked(k, f, first, from, nstime_add_ns(at, LIST_NS), &outcome))
		return true;
	for (; *before != NULL; before++) {
		snprintf(name, sizeof(name), "%s.%s", first, *before);
		if (strcmp(name, q->name) != 0 && asked(k, f, name, from, at, &outcome))
			return true;
	}
	return false;
}

/* ---- Services */

static bool
namespace_is_known(const struct state *s, const char *ns, size_t n)
{
	for (uint32_t i = 0; i < s->services.n; i++) {
		const char *x = s->services.v[i].ns;

		if (x != NULL && strncmp(x, ns, n) == 0 && x[n] == '\0')
			return true;
	}
	for (uint32_t i = 0; i < s->pods.n; i++) {
		const char *x = s->pods.v[i].ns;

		if (x != NULL && strncmp(x, ns, n) == 0 && x[n] == '\0')
			return true;
	}
	return false;
}

static bool
service_is_known(const struct state *s, const struct labels *l, unsigned name)
{
	for (uint32_t i = 0; i < s->services.n; i++) {
		const struct service *x = &s->services.v[i];

		if (x->ns != NULL && x->name != NULL && label_is(l, name, x->name) &&
		    label_is(l, name + 1, x->ns))
			return true;
	}
	return false;
}

/* What stood before NS.svc.DOMAIN or svc.DOMAIN; "" when that cannot be told. */
static void
first_of(const struct flow *f, const struct labels *l, unsigned svc,
    char out[static DNS_NAME_MAX])
{
	const struct pod *p = f->node.pod;

	out[0] = '\0';
	if (p == NULL || p->ns == NULL || !addr_eq(&f->node.pod_ip, &f->original.src))
		return;
	copy_first(l, label_is(l, svc - 1, p->ns) ? svc - 1 : svc, out);
}

/* NAME.svc.DOMAIN, with `svc` labels before "svc". */
static bool
is_made_svc(const struct dns_case *k, const struct flow *f, const struct dns_query *q,
    const struct labels *l, unsigned svc, char first[static DNS_NAME_MAX])
{
	const char *domain = l->at[svc + 1];
	const struct state *s = k->state != NULL && state_has(k->state, PART_SERVICES) ?
	    k->state : NULL;
	bool answered = false, on;

	if (svc == 0)
		return false;
	first_of(f, l, svc, first);
	/* A port of a Service: _http._tcp.SERVICE.NS.svc. */
	if (l->at[0][0] == '_')
		return false;
	if (svc > 3)
		return true;
	/* What can be a Service's or, with three labels, one of its pods' may be meant
	   so: the client must have gone on with the rest of the list. */
	copy_first(l, svc, first);
	on = went_on(k, f, q, first, domain, &answered);
	if (svc == 3 && !on) {
		copy_first(l, 2, first);
		on = went_on(k, f, q, first, domain, &answered);
	}
	if (!on)
		first[0] = '\0';
	if (svc == 3)
		return on && !(s != NULL && service_is_known(s, l, 1));
	/* A Service of that namespace may be missing. */
	if (svc == 2)
		return answered || (on && s != NULL && !namespace_is_known(s, l->at[1],
		    (size_t)(l->at[2] - l->at[1] - 1)));
	return on;
}

/* ---- */

/* How many labels stand before REGION.compute.internal or ec2.internal; 0: it is
   none. */
static unsigned
before_ec2(const struct labels *l)
{
	if (l->n < 3 || !label_is(l, l->n - 1, "internal"))
		return 0;
	if (label_is(l, l->n - 2, "ec2"))
		return l->n - 2;
	return label_is(l, l->n - 2, "compute") ? l->n - 3 : 0;
}

/* An instance's own name: ip-10-0-0-1, i-0123456789abcdef. */
static bool
is_instance(const struct labels *l)
{
	return strncmp(l->at[0], "ip-", 3) == 0 || strncmp(l->at[0], "i-", 2) == 0;
}

/* DOMAIN is another than the usual one: the client asked for FIRST.svc.DOMAIN just
   before. */
static bool
is_made_domain(const struct dns_case *k, const struct flow *f,
    const struct dns_query *q, const struct labels *l,
    char first[static DNS_NAME_MAX])
{
	struct nstime until = time_of(q), from = nstime_add_ns(until, -LIST_NS);
	char name[2 * DNS_NAME_MAX];
	unsigned outcome;

	for (unsigned i = 1; i < l->n && i <= SPLITS; i++) {
		copy_first(l, i, first);
		snprintf(name, sizeof(name), "%s.svc.%s", first, l->at[i]);
		if (asked(k, f, name, from, until, &outcome))
			return true;
	}
	first[0] = '\0';
	return false;
}

bool
dns_search_made(const struct dns_case *k, const struct flow *f,
    const struct dns_query *q, char first[static DNS_NAME_MAX])
{
	static const char *const before[] = { "svc.cluster.local", "cluster.local",
		NULL };
	struct labels l;
	unsigned n;

	first[0] = '\0';
	split(q->name, &l);
	n = before_ec2(&l);
	if (n > 0) {
		if (n == 1 && is_instance(&l))
			return false;
		copy_first(&l, n, first);
		/* a name of one label may be meant so */
		return n > 1 || came_so(k, f, q, first, before);
	}
	if (l.n > 2 && label_is(&l, l.n - 2, "cluster") &&
	    label_is(&l, l.n - 1, "local")) {
		n = l.n - 2;
		if (label_is(&l, n - 1, "svc"))
			return is_made_svc(k, f, q, &l, n - 1, first);
		/* The address of a pod, and the version of this scheme. */
		if (label_is(&l, n - 1, "pod") ||
		    (n == 1 && label_is(&l, 0, "dns-version")))
			return false;
		copy_first(&l, n, first);
		return n > 1 || came_so(k, f, q, first, before);
	}
	if (is_made_domain(k, f, q, &l, first))
		return true;
	for (unsigned i = l.n - 1; i > 0; i--)
		if (label_is(&l, i - 1, "svc"))
			return is_made_svc(k, f, q, &l, i - 1, first);
	return false;
}
