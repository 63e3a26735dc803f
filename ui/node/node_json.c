/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_json.c - podpath node for a program: one object, schema podpath.node/1;
 * a key whose value is not known is absent.
 */
#include "ui/out/json.h"
#include "ui/node/node.h"

#define put_text(j, name, value) do {					\
	if ((value) != NULL) {						\
		json_key(j, name);					\
		json_text(j, value);					\
	}								\
} while (0)
#define put_number(j, name, value) do {					\
	json_key(j, name);						\
	json_u64(j, value);						\
} while (0)
#define put_known(j, name, value) do {					\
	if ((value) != 0)						\
		put_number(j, name, value);				\
} while (0)
#define put_flag(j, name, value) do {					\
	if (value) {							\
		json_key(j, name);					\
		json_bool(j, true);					\
	}								\
} while (0)
#define put_tristate(j, name, value) do {				\
	if ((value) >= 0) {						\
		json_key(j, name);					\
		json_bool(j, (value) == 1);				\
	}								\
} while (0)

static bool
is_set(const struct addr *a)
{
	static const struct addr none;

	return !addr_eq(a, &none);
}

static void
put_pod(struct json *j, const struct pod *p)
{
	put_text(j, "namespace", p->ns);
	put_text(j, "name", p->name);
}

struct pods {
	struct json	*j;
	const struct eni *eni;		/* NULL: those whose ENI is not known */
};

static bool
on_pod(void *arg, const struct addr *a, const struct owner *o)
{
	struct pods *p = arg;

	if (o->eni != p->eni)
		return true;
	json_open(p->j, '{');
	json_key(p->j, "ip");
	json_addr(p->j, a);
	if (o->pod != NULL)
		put_pod(p->j, o->pod);
	put_text(p->j, "veth", o->veth);
	json_close(p->j, '}');
	return true;
}

static void
put_pods(struct json *j, const struct node_report *r, const struct eni *e)
{
	struct pods p = { j, e };

	json_open(j, '[');
	contract_pods(r->contract, on_pod, &p);
	json_close(j, ']');
}

static void
put_eni(struct json *j, const struct node_report *r, const struct eni *e)
{
	json_open(j, '{');
	put_text(j, "id", e->id);
	put_text(j, "ifname", e->dev);
	if (e->device >= 0)
		put_number(j, "device", (uint64_t)e->device);
	if (e->card >= 0)
		put_number(j, "card", (uint64_t)e->card);
	json_key(j, "primary");
	json_bool(j, e->primary);
	put_flag(j, "trunk", e->trunk);
	put_flag(j, "branch", e->branch);
	put_flag(j, "efa", e->efa);
	put_flag(j, "excluded", e->excluded);
	put_known(j, "vlan", e->vlan);
	put_known(j, "table", e->table);
	if (e->has_ip) {
		json_key(j, "primary_ip");
		json_addr(j, &e->ip);
	}
	if (is_set(&e->ip6)) {
		json_key(j, "primary_ip6");
		json_addr(j, &e->ip6);
	}
	put_text(j, "subnet", e->subnet);
	json_key(j, "addresses");
	json_open(j, '{');
	put_number(j, "used", e->used);
	if (e->total > 0) {
		put_number(j, "total", e->total);
		put_number(j, "free", e->total > e->used ? e->total - e->used : 0);
	}
	json_close(j, '}');
	put_known(j, "prefixes", e->prefixes);
	json_key(j, "pods");
	put_pods(j, r, e);
	json_close(j, '}');
}

static void
put_ranges(struct json *j, const struct prefix *p, unsigned n)
{
	char text[PREFIX_TEXT_MAX];

	json_open(j, '[');
	for (unsigned i = 0; i < n; i++) {
		prefix_format(&p[i], text);
		json_text(j, text);
	}
	json_close(j, ']');
}

static void
put_settings(struct json *j, const struct settings *st)
{
	static const char *const random[] = { "none", "hashrandom", "prng" };

	json_open(j, '{');
	put_tristate(j, "external_snat", st->external_snat);
	put_text(j, "from", st->from);
	if (st->has_snat_to) {
		json_key(j, "snat_to");
		json_addr(j, &st->snat_to);
	}
	if (st->randomize >= 0 && st->randomize <= 2)
		put_text(j, "randomize_snat", random[st->randomize]);
	json_key(j, "vpc");
	put_ranges(j, st->vpc, st->n_vpc);
	json_key(j, "excluded");
	put_ranges(j, st->excluded, st->n_excluded);
	put_tristate(j, "node_port_support", st->node_port);
	put_number(j, "connmark", st->connmark);
	put_text(j, "connmark_backend", st->backend);
	put_text(j, "veth_prefix", st->veth_prefix);
	put_tristate(j, "prefix_delegation", st->prefix_delegation);
	put_tristate(j, "custom_networking", st->custom_networking);
	put_tristate(j, "strict_security_groups", st->sgp_strict);
	json_key(j, "ipv6");
	json_bool(j, st->ipv6);
	json_close(j, '}');
}

static void
put_capacity(struct json *j, const struct capacity *c)
{
	json_open(j, '{');
	put_text(j, "instance_type", c->instance_type);
	put_known(j, "enis", c->enis);
	put_known(j, "addresses_per_eni", c->ips);
	put_known(j, "max_pods", c->max_pods);
	put_known(j, "max_pods_addresses", c->max_pods_ip);
	put_known(j, "max_pods_prefixes", c->max_pods_prefix);
	put_known(j, "max_pods_custom_addresses", c->max_pods_custom_ip);
	put_known(j, "max_pods_custom_prefixes", c->max_pods_custom_prefix);
	put_number(j, "pods", c->pods);
	put_known(j, "addresses_total", c->total);
	put_number(j, "addresses_used", c->used);
	json_close(j, '}');
}

static bool
on_drift(void *arg, const struct drift *d)
{
	struct json *j = arg;

	json_open(j, '{');
	put_text(j, "code", d->code);
	put_text(j, "level", d->wrong ? "wrong" : "note");
	put_text(j, "text", d->text);
	if (d->fix[0] != '\0')
		put_text(j, "fix", d->fix);
	put_text(j, "line", d->line);
	if (d->n_pods > 0) {
		put_number(j, "n_pods", d->n_pods);
		json_key(j, "pods");
		json_open(j, '[');
		for (size_t i = 0; i < sizeof(d->pods) / sizeof(d->pods[0]) &&
		    d->pods[i] != NULL; i++) {
			json_open(j, '{');
			put_pod(j, d->pods[i]);
			json_close(j, '}');
		}
		json_close(j, ']');
	}
	json_close(j, '}');
	return true;
}

static void
put_node(struct json *j, const struct node_report *r)
{
	const struct node *n = contract_node(r->contract);

	json_open(j, '{');
	put_text(j, "name", contract_node_name(r->contract));
	if (n != NULL) {
		put_text(j, "instance_type", n->instance_type);
		put_text(j, "instance_id", n->instance_id);
		put_text(j, "zone", n->zone);
	}
	json_close(j, '}');
}

static void
put_contract(struct json *j, const struct node_report *r)
{
	unsigned n;
	const struct eni *enis = contract_enis(r->contract, &n);

	put_text(j, "cni", contract_name(r->contract));
	json_key(j, "node");
	put_node(j, r);
	json_key(j, "enis");
	json_open(j, '[');
	for (unsigned i = 0; i < n; i++)
		put_eni(j, r, &enis[i]);
	json_close(j, ']');
	json_key(j, "pods_without_eni");
	put_pods(j, r, NULL);
	json_key(j, "settings");
	put_settings(j, &r->settings);
	json_key(j, "capacity");
	put_capacity(j, &r->capacity);
	json_key(j, "drift");
	json_open(j, '[');
	contract_drift(r->contract, on_drift, j);
	json_close(j, ']');
}

void
node_json(const struct node_report *r, struct outbuf *out)
{
	struct json j = { .out = out };

	json_open(&j, '{');
	put_text(&j, "schema", "podpath.node/1");
	if (r->contract != NULL) {
		put_contract(&j, r);
	} else if (r->node->state->hostname != NULL) {
		json_key(&j, "node");
		json_open(&j, '{');
		put_text(&j, "name", r->node->state->hostname);
		json_close(&j, '}');
	}
	json_close(&j, '}');
	json_newline(&j);
}
