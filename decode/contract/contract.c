/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contract.c - make a contract from a state, and give it back. */
#include "decode/contract.h"

#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

/* "ip-10-0-0-1" is the host name of node "ip-10-0-0-1.eu-west-1.compute.internal". */
static bool
same_host(const char *host, const char *node)
{
	size_t n = strlen(host);

	return strncmp(host, node, n) == 0 && (node[n] == '\0' || node[n] == '.');
}

static bool
is_own_addr(const struct state *s, const struct addr *a)
{
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, a))
			return true;
	for (uint32_t i = 0; i < s->routes.n; i++)
		if (s->routes.v[i].type == ROUTE_LOCAL && s->routes.v[i].dst.len == 128 &&
		    addr_eq(&s->routes.v[i].dst.addr, a))
			return true;
	return false;
}

/* Without an address to tell it: the node of the pods that ipamd has here, when
   they agree. */
static const char *
node_of_pods(const struct state *s)
{
	const char *name = NULL;

	for (uint32_t i = 0; i < s->pods.n; i++) {
		const struct pod *p = &s->pods.v[i];

		if (!(p->sources & (POD_IPAM | POD_ENIS)) || p->node == NULL)
			continue;
		if (name != NULL && strcmp(name, p->node) != 0)
			return NULL;
		name = p->node;
	}
	return name;
}

/* Which of the nodes that kubectl lists is this one? */
static void
find_node(struct contract *c)
{
	const struct state *s = c->state;

	c->node_name = s->hostname;
	for (uint32_t i = 0; i < s->nodes.n; i++) {
		const struct node *n = &s->nodes.v[i];

		if (s->hostname != NULL && n->name != NULL &&
		    same_host(s->hostname, n->name)) {
			c->node = n;
			break;
		}
		for (unsigned k = 0; k < n->n_addrs && c->node == NULL; k++)
			if (is_own_addr(s, &n->addrs[k]))
				c->node = n;
	}
	if (c->node != NULL)
		c->node_name = c->node->name;
	if (c->node_name != NULL)
		return;
	c->node_name = node_of_pods(s);
	for (uint32_t i = 0; i < s->nodes.n && c->node_name != NULL; i++)
		if (text_eq(s->nodes.v[i].name, c->node_name))
			c->node = &s->nodes.v[i];
}

struct contract *
contract_new(const struct state *s, const struct model *m)
{
	struct contract *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->state = s;
	c->model = m;
	if (!cni_rules_read(c) || !vpc_cni_applies(s, &c->rules)) {
		contract_free(c);
		return NULL;
	}
	find_node(c);
	vpc_cni_settings(c);
	if (!vpc_cni_enis(c) || !vpc_cni_places(c) || c->no_memory) {
		contract_free(c);
		return NULL;
	}
	vpc_cni_enis_count(c);
	return c;
}

void
contract_free(struct contract *c)
{
	if (c == NULL)
		return;
	cni_rules_free(&c->rules);
	for (uint32_t i = 0; i < c->names.n; i++)
		free(c->names.v[i]);
	free(c->names.v);
	free(c->delegated.v);
	free(c->subnets.v);
	free(c->ranges.v);
	free(c->places);
	free(c->enis);
	free(c->by_fact);
	free(c->more);
	free(c);
}

const char *
contract_name(const struct contract *c)
{
	(void)c;
	return "Amazon VPC CNI";
}

const struct eni *
contract_enis(const struct contract *c, unsigned *n)
{
	*n = c->n_enis;
	return c->enis;
}

const struct eni *
contract_eni_dev(const struct contract *c, const char *dev)
{
	int32_t i = eni_by_dev(c, dev);

	return i < 0 ? NULL : &c->enis[i];
}

void
contract_settings(const struct contract *c, struct settings *out)
{
	*out = c->settings;
}

void
contract_pods(const struct contract *c,
    bool (*cb)(void *, const struct addr *, const struct owner *), void *arg)
{
	for (uint32_t i = 0; i < c->n_places; i++) {
		struct owner o;

		if (!c->places[i].is_pod)
			continue;
		contract_owner(c, &c->places[i].addr, &o);
		if (!cb(arg, &c->places[i].addr, &o))
			return;
	}
}

const char *
contract_node_name(const struct contract *c)
{
	return c->node_name;
}

const struct node *
contract_node(const struct contract *c)
{
	return c->node;
}
