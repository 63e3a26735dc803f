/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_node.h - a node for tests of the model, out of the texts that programs
 * print.
 */
#ifndef TESTS_MODEL_NODE_H
#define TESTS_MODEL_NODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/state/reader.h"
#include "decode/model.h"

struct node_model {
	struct state	*s;
	struct model	*m;
};

static inline void
node_report(void *arg, const char *text)
{
	(void)arg;
	print_message("%s\n", text);
}

static inline void
node_read(struct node_model *n, const char *file, const char *text, reader_fn *fn)
{
	struct reader r = { .state = n->s, .file = file, .data = text,
	    .len = strlen(text), .report = node_report };

	fn(&r);
	reader_done(&r);
}

static inline struct node_model
node_new(void)
{
	struct node_model n = { .s = state_new() };

	assert_non_null(n.s);
	return n;
}

static inline void
node_ready(struct node_model *n)
{
	state_ready(n->s);
	n->m = model_new(n->s);
	assert_non_null(n->m);
}

static inline void
node_free(struct node_model *n)
{
	model_free(n->m);
	state_free(n->s);
}

static inline void
node_sysctl(struct node_model *n, const char *name, const char *value)
{
	struct sysctl *x = state_push(n->s, sysctls);

	assert_non_null(x);
	x->name = state_text(n->s, name, strlen(name));
	x->value = state_text(n->s, value, strlen(value));
	state_mark(n->s, PART_SYSCTLS);
}

/* Of each NULL the state has nothing. */
static inline struct node_model
node_of(const char *rules, const char *routes, const char *addrs, const char *tables)
{
	struct node_model n = node_new();

	if (rules != NULL)
		node_read(&n, "iprule.txt", rules, read_ip_rule);
	if (routes != NULL)
		node_read(&n, "iproute.txt", routes, read_ip_route);
	if (addrs != NULL)
		node_read(&n, "ip-addr.txt", addrs, read_ip_addr);
	if (tables != NULL)
		node_read(&n, "iptables-save.txt", tables, read_iptables_save);
	node_ready(&n);
	return n;
}

static inline struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static inline struct tuple
tuple_of(const char *src, unsigned sport, const char *dst, unsigned dport,
    unsigned proto)
{
	return (struct tuple){ .src = addr_of(src), .dst = addr_of(dst),
	    .sport = (uint16_t)sport, .dport = (uint16_t)dport,
	    .proto = (uint8_t)proto };
}

#endif
