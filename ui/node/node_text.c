/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_text.c - podpath node for a person, in 80 columns: how many pods fit, each
 * ENI with its pods, the settings, and what is not as it should be.
 */
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "ui/node/node.h"
#include "ui/cli/options.h"
#include "ui/out/present.h"
#include "ui/out/text.h"

enum column {
	COL_DEV = 24, COL_ADDR = 34, COL_TABLE = 51, COL_USED = 60,	/* ENIs */
	COL_POD_NAME = 22, COL_VETH = 64,				/* their pods */
	COL_VALUE = 22,							/* settings */
	COL_CODE = 8, COL_DRIFT = 8,
	WIDTH = 79,
};

/* Foreign words, broken at blanks; a word that is too long has a line of its own. */
static void
put_wrapped(struct text *t, unsigned indent, const char *s)
{
	char word[512];

	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (n >= sizeof(word))
			n = sizeof(word) - 1;
		memcpy(word, s, n);
		word[n] = '\0';
		if (t->column > indent && t->column + 1 + n > WIDTH)
			text_newline(t);
		text_pad(t, indent);
		text_foreign(t, word);
		s += n;
		s += strspn(s, " ");
	}
}

static void
title(struct text *t, const char *s)
{
	text_newline(t);
	text_role(t, ROLE_HEAD);
	text_put(t, s);
	text_role(t, ROLE_PLAIN);
	text_newline(t);
}

/* ---- the head */

static void
put_head(struct text *t, const struct node_report *r)
{
	const char *name = contract_node_name(r->contract);
	const struct node *n = contract_node(r->contract);

	text_role(t, ROLE_HEAD);
	text_foreign(t, name ? name : "this node");
	text_role(t, ROLE_PLAIN);
	if (n != NULL && n->instance_type != NULL) {
		text_put(t, "  ");
		text_foreign(t, n->instance_type);
	}
	if (n != NULL && n->zone != NULL) {
		text_put(t, "  ");
		text_foreign(t, n->zone);
	}
	text_newline(t);
	text_put(t, contract_name(r->contract));
	text_put(t, r->settings.ipv6 ? ", IPv6 cluster" : "");
	text_newline(t);
}

/* What the instance type allows with the settings as they are; 0 unknown. */
static uint32_t
max_pods(const struct node_report *r)
{
	const struct capacity *c = &r->capacity;

	if (r->settings.custom_networking == 1)
		return r->settings.prefix_delegation == 1 ? c->max_pods_custom_prefix :
		    c->max_pods_custom_ip;
	return r->settings.prefix_delegation == 1 ? c->max_pods_prefix : c->max_pods_ip;
}

static void
put_limits(struct text *t, const struct node_report *r)
{
	const struct capacity *c = &r->capacity;
	char line[256];
	int n;

	if (c->enis == 0)
		return;
	n = snprintf(line, sizeof(line), "%" PRIu32 " ENIs of %" PRIu32 " addresses: %"
	    PRIu32 " pods", c->enis, c->ips, c->max_pods_ip);
	if (c->max_pods_prefix > 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ", %" PRIu32
		    " with prefixes", c->max_pods_prefix);
	snprintf(line + n, sizeof(line) - (size_t)n, "; with custom networking %" PRIu32,
	    c->max_pods_custom_ip);
	text_put(t, "limits");
	put_wrapped(t, COL_VALUE, line);
	text_newline(t);
}

/* Pods of this node that have its own network: two (aws-node, kube-proxy) unless
   the list of pods shows more. */
static uint32_t
host_pods(const struct node_report *r)
{
	const struct state *s = r->node->state;
	const char *name = contract_node_name(r->contract);
	uint32_t n = 0, i;

	for (i = 0; i < s->pods.n; i++)
		if (s->pods.v[i].host_network && s->pods.v[i].node != NULL &&
		    name != NULL && strcmp(s->pods.v[i].node, name) == 0)
			n++;
	return n > 2 ? n : 2;
}

/* How far away the limit is; pods of the node's own network are in it. */
static void
put_room(struct text *t, const struct node_report *r, uint32_t limit)
{
	uint32_t there = r->capacity.pods + host_pods(r);

	text_put(t, there >= limit ? ": full" : ": room for ");
	if (there < limit) {
		text_u64(t, limit - there);
		text_put(t, " more");
	}
}

/* What ipamd attaches when no address is free. */
static void
put_more_enis(struct text *t, const struct node_report *r)
{
	const struct eni *enis;
	unsigned n, i, attached = 0;

	enis = contract_enis(r->contract, &n);
	for (i = 0; i < n; i++)
		attached += !enis[i].branch;
	if (r->capacity.enis <= attached)
		return;
	text_put(t, "; ");
	text_count(t, r->capacity.enis - attached, "more ENI");
	text_put(t, " can be attached");
}

static void
put_capacity(struct text *t, const struct node_report *r)
{
	const struct capacity *c = &r->capacity;
	uint32_t limit = c->max_pods ? c->max_pods : max_pods(r);

	text_put(t, "pods");
	text_pad(t, COL_VALUE);
	text_u64(t, c->pods);
	text_put(t, " with an address");
	if (limit > 0) {
		text_put(t, ", limit ");
		text_u64(t, limit);
		text_put(t, c->max_pods ? " (kubelet)" : " (instance type)");
		put_room(t, r, limit);
	}
	text_newline(t);
	if (c->max_pods > 0 && max_pods(r) > 0 && c->max_pods > max_pods(r)) {
		text_pad(t, COL_VALUE);
		text_role(t, ROLE_DOUBT);
		text_put(t, "kubelet's limit is above the instance type's ");
		text_u64(t, max_pods(r));
		text_role(t, ROLE_PLAIN);
		text_newline(t);
	}
	put_limits(t, r);
	text_put(t, "addresses");
	text_pad(t, COL_VALUE);
	text_u64(t, c->used);
	text_put(t, " used");
	if (c->total == UINT32_MAX) {
		text_put(t, ", as many free as wanted (a prefix of /80)");
	} else if (c->total > 0) {
		text_put(t, ", ");
		text_u64(t, c->total > c->used ? c->total - c->used : 0);
		text_put(t, " free");
		put_more_enis(t, r);
	}
	text_newline(t);
}

/* ---- ENIs */

struct pods {
	struct text	*t;
	const struct node_report *r;
	const struct eni *eni;
	unsigned	n;
};

static bool
on_pod(void *arg, const struct addr *a, const struct owner *o)
{
	struct pods *p = arg;
	char name[PRESENT_NAME_MAX];

	if (o->eni != p->eni)
		return true;
	if (p->n++ == 0 && p->eni == NULL)
		title(p->t, "Pods whose ENI is not known");
	text_put(p->t, "  ");
	text_addr(p->t, a);
	text_pad(p->t, COL_POD_NAME);
	if (o->pod != NULL && present_pod(o->pod, name))
		text_foreign(p->t, name);
	else
		text_put(p->t, "?");
	if (p->t->column >= COL_VETH)
		text_newline(p->t);
	text_pad(p->t, COL_VETH);
	text_role(p->t, ROLE_IFACE);
	text_foreign(p->t, o->veth ? o->veth : "?");
	text_role(p->t, ROLE_PLAIN);
	text_newline(p->t);
	return true;
}

static const char *
eni_word(const struct eni *e)
{
	return e->primary ? "primary" : e->branch ? "branch" : e->trunk ? "trunk" :
	    e->efa ? "EFA" : e->excluded ? "excluded" : "";
}

static void
put_used(struct text *t, const struct eni *e)
{
	text_u64(t, e->used);
	text_put(t, " used");
	if (e->total == UINT32_MAX) {
		text_put(t, " of a /80");
	} else if (e->total > 0) {
		text_put(t, " ");
		text_u64(t, e->total > e->used ? e->total - e->used : 0);
		text_put(t, " free");
	}
}

static void
put_eni(struct text *t, const struct node_report *r, const struct eni *e)
{
	static const struct addr none;
	char table[PRESENT_TABLE_MAX];
	struct pods p = { t, r, e, 0 };

	text_foreign(t, e->id ? e->id : "ENI ?");
	text_pad(t, COL_DEV);
	text_role(t, ROLE_IFACE);
	text_foreign(t, e->dev ? e->dev : "?");
	text_role(t, ROLE_PLAIN);
	text_pad(t, COL_ADDR);
	if (e->has_ip)
		text_addr(t, &e->ip);
	else if (!addr_eq(&e->ip6, &none))
		text_addr(t, &e->ip6);
	else
		text_put(t, "?");
	text_pad(t, COL_TABLE);
	text_foreign(t, e->table ? present_table(e->table, table) : "-");
	text_pad(t, COL_USED);
	put_used(t, e);
	text_newline(t);
	if (eni_word(e)[0] != '\0' || e->prefixes > 0 || e->vlan != 0 || e->card > 0) {
		char note[96];
		int n = snprintf(note, sizeof(note), "%s", eni_word(e));

		/* of card 0 the table's number tells the device */
		if (e->card > 0)
			n += snprintf(note + n, sizeof(note) - (size_t)n, "%scard %"
			    PRId32 ", device %" PRId32, n ? ", " : "", e->card,
			    e->device);
		if (e->prefixes > 0)
			n += snprintf(note + n, sizeof(note) - (size_t)n, "%s%" PRIu32
			    " prefix%s", n ? ", " : "", e->prefixes,
			    e->prefixes == 1 ? "" : "es");
		if (e->vlan != 0)
			snprintf(note + n, sizeof(note) - (size_t)n, "%sVLAN %u",
			    n ? ", " : "", e->vlan);
		text_put(t, "  ");
		text_role(t, ROLE_DIM);
		text_put(t, note);
		text_role(t, ROLE_PLAIN);
		text_newline(t);
	}
	contract_pods(r->contract, on_pod, &p);
}

static void
put_enis(struct text *t, const struct node_report *r)
{
	struct pods rest = { t, r, NULL, 0 };
	unsigned n;
	const struct eni *enis = contract_enis(r->contract, &n);

	text_newline(t);
	text_role(t, ROLE_HEAD);
	text_put(t, "ENI");
	text_pad(t, COL_DEV);
	text_put(t, "device");
	text_pad(t, COL_ADDR);
	text_put(t, "address");
	text_pad(t, COL_TABLE);
	text_put(t, "table");
	text_pad(t, COL_USED);
	text_put(t, "addresses");
	text_role(t, ROLE_PLAIN);
	text_newline(t);
	for (unsigned i = 0; i < n; i++)
		put_eni(t, r, &enis[i]);
	if (n == 0) {
		text_put(t, "  none is known");
		text_newline(t);
	}
	contract_pods(r->contract, on_pod, &rest);
}

/* ---- settings */

static void
setting(struct text *t, const char *name, const char *value)
{
	text_put(t, "  ");
	text_put(t, name);
	put_wrapped(t, COL_VALUE, value);
	text_newline(t);
}

static const char *
tristate(int v, const char *yes, const char *no)
{
	return v < 0 ? "not known" : v == 1 ? yes : no;
}

static void
put_ranges(struct text *t, const char *name, const struct prefix *p, unsigned n,
    const char *none)
{
	char one[PREFIX_TEXT_MAX];

	text_put(t, "  ");
	text_put(t, name);
	if (n == 0)
		put_wrapped(t, COL_VALUE, none);
	for (unsigned i = 0; i < n; i++) {
		prefix_format(&p[i], one);
		put_wrapped(t, COL_VALUE, one);
	}
	text_newline(t);
}

static void
put_snat(struct text *t, const struct settings *st)
{
	static const char *const random[] = { "kept", "hashed", "fully random" };
	char line[256], to[ADDR_TEXT_MAX];
	int n;

	if (st->ipv6) {
		setting(t, "SNAT", "none: IPv6 pods keep their addresses");
		return;
	}
	n = snprintf(line, sizeof(line), "%s", tristate(st->external_snat,
	    "external: pods leave untranslated",
	    "on: outside the VPC by the primary ENI"));
	if (st->external_snat != 1 && st->has_snat_to) {
		addr_format(&st->snat_to, to);
		n += snprintf(line + n, sizeof(line) - (size_t)n, ", to %s", to);
	}
	if (st->external_snat == 0 && st->randomize >= 0 && st->randomize <= 2)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ", ports %s",
		    random[st->randomize]);
	if (st->from != NULL)
		snprintf(line + n, sizeof(line) - (size_t)n, " (%s)", st->from);
	setting(t, "SNAT", line);
}

static void
put_settings(struct text *t, const struct node_report *r)
{
	const struct settings *st = &r->settings;
	char mark[64];

	title(t, "Settings as found");
	put_snat(t, st);
	if (!st->ipv6) {
		put_ranges(t, "VPC ranges", st->vpc, st->n_vpc, "not known");
		put_ranges(t, "not translated", st->excluded, st->n_excluded,
		    "nothing else");
		setting(t, "node ports", tristate(st->node_port, "supported",
		    "not supported"));
		snprintf(mark, sizeof(mark), "%#" PRIx32 "%s%s", st->connmark,
		    st->backend ? ", set by " : "", st->backend ? st->backend : "");
		setting(t, "connection mark", mark);
	}
	setting(t, "prefix delegation", tristate(st->prefix_delegation, "on", "off"));
	setting(t, "custom networking", tristate(st->custom_networking, "on", "off"));
	if (st->sgp_strict >= 0)
		setting(t, "security groups", st->sgp_strict ? "of pods: strict" :
		    "of pods: standard");
}

/* ---- drift */

struct drifting {
	struct text	*t;
	unsigned	n;
};

static void
put_pods(struct text *t, const struct drift *d)
{
	char name[PRESENT_NAME_MAX];
	unsigned shown = 0;

	if (d->n_pods == 0)
		return;
	text_pad(t, COL_DRIFT);
	text_put(t, "pods:");
	for (size_t i = 0; i < sizeof(d->pods) / sizeof(d->pods[0]) &&
	    d->pods[i] != NULL; i++) {
		if (!present_pod(d->pods[i], name))
			continue;
		put_wrapped(t, COL_DRIFT + 2, name);
		shown++;
	}
	if (d->n_pods > shown) {
		snprintf(name, sizeof(name), "%s%u%s", shown ? "and " : "",
		    d->n_pods - shown, shown ? " more" : "");
		put_wrapped(t, COL_DRIFT + 2, name);
	}
	text_newline(t);
}

static bool
on_drift(void *arg, const struct drift *d)
{
	struct drifting *g = arg;
	struct text *t = g->t;

	if (g->n++ == 0)
		title(t, "Not as the CNI leaves it");
	text_put(t, "  ");
	text_role(t, d->wrong ? ROLE_BAD : ROLE_NOTE);
	text_put(t, d->wrong ? "wrong" : "note");
	text_role(t, ROLE_PLAIN);
	text_pad(t, COL_CODE);
	text_put(t, d->code);
	text_newline(t);
	put_wrapped(t, COL_DRIFT, d->text);
	text_newline(t);
	put_pods(t, d);
	if (d->line != NULL) {
		text_role(t, ROLE_DIM);
		put_wrapped(t, COL_DRIFT, d->line);
		text_role(t, ROLE_PLAIN);
		text_newline(t);
	}
	if (d->fix[0] != '\0') {
		text_pad(t, COL_DRIFT);
		text_put(t, "fix:");
		put_wrapped(t, COL_DRIFT + 2, d->fix);
		text_newline(t);
	}
	return true;
}

static void
put_drift(struct text *t, const struct node_report *r)
{
	struct drifting g = { t, 0 };

	contract_drift(r->contract, on_drift, &g);
	if (g.n > 0)
		return;
	text_newline(t);
	text_role(t, ROLE_OK);
	text_put(t, "Nothing deviates");
	text_role(t, ROLE_PLAIN);
	text_put(t, " in what this state shows.");
	text_newline(t);
}

void
node_text(const struct node_report *r, struct outbuf *out)
{
	struct text t = {
		.out = out, .color = options_want_color(r->options),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};

	if (r->contract == NULL) {
		put_wrapped(&t, 0, "Nothing here is of the Amazon VPC CNI (no ENI list, no "
		    "rules of it, no host veth of its names), and no other CNI's contract "
		    "is known.");
		text_newline(&t);
		return;
	}
	put_head(&t, r);
	put_capacity(&t, r);
	put_enis(&t, r);
	put_settings(&t, r);
	put_drift(&t, r);
}
