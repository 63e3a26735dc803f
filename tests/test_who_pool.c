/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_who_pool.c - the ports of an address: by destination, by pod, at once, and
 * where two had one at once; against counts made the slow way too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/who/who.h"

#define SEC	NS_PER_SEC
#define MANY	3000u

static struct addr
v4(unsigned a, unsigned b)
{
	return addr_from_v4((uint8_t[4]){ 10, 0, (uint8_t)a, (uint8_t)b });
}

static struct who *
asked(void)
{
	struct who_target t = { .addr = v4(0, 1) };
	struct who *w = who_new(&t);

	assert_non_null(w);
	return w;
}

/* Pod `pod` to server `dst` by translated port `port`. */
static struct flow *
flow(unsigned pod, unsigned dst, unsigned port, int64_t first, int64_t last)
{
	static struct flow f;
	static uint64_t id;

	f = (struct flow){ .id = ++id, .proto = PROTO_TCP, .has = FLOW_TRANSLATED,
	    .confidence = CONF_OBSERVED, .tcp_state = TCPS_RESET,
	    .first = { first }, .last = { last },
	    .original = { .src = v4(1, pod), .sport = (uint16_t)(port ^ 1),
		.dst = v4(9, dst), .dport = 80, .proto = PROTO_TCP },
	    .translated = { .src = v4(0, 1), .sport = (uint16_t)port,
		.dst = v4(9, dst), .dport = 80, .proto = PROTO_TCP } };
	return &f;
}

static void
pool_of(struct who *w, struct who_pool *p)
{
	struct who_answer a;

	who_end(w, NULL);
	who_pick(w, &a);
	assert_int_equal(a.result, w->n > 0 ? WHO_FOUND : WHO_UNSURE);
	assert_true(who_pool(w, p));
}

static void
empty(void **state)
{
	struct who *w = asked();
	struct who_pool p;

	(void)state;
	pool_of(w, &p);
	assert_int_equal(p.n_dests, 0);
	assert_int_equal(p.n_users, 0);
	assert_int_equal(p.n_clashes, 0);
	who_pool_free(&p);
	who_free(w);
}

static void
by_destination(void **state)
{
	struct addr server = v4(9, 2), pod = v4(1, 1);
	struct who *w = asked();
	struct who_pool p;
	struct flow *f;

	(void)state;
	/* To 9.1: two ports, one of them used again by another pod later, far
	   enough from the first for its timeout (10 s) to be over. */
	who_flow(w, flow(1, 1, 2000, 0, SEC), NULL);
	who_flow(w, flow(2, 1, 2000, 100 * SEC, 101 * SEC), NULL);
	who_flow(w, flow(1, 1, 2001, 105 * SEC, 106 * SEC), NULL);
	/* To 9.2: three of one pod, one of them twice. */
	for (unsigned i = 0; i < 3; i++)
		who_flow(w, flow(1, 2, 3000 + i, 0, SEC), NULL);
	who_flow(w, flow(1, 2, 3000, 50 * SEC, 51 * SEC), NULL);
	/* Not of this address, and not its source. */
	f = flow(1, 2, 3000, 0, SEC);
	f->translated.src = v4(0, 2);
	who_flow(w, f, NULL);
	pool_of(w, &p);
	assert_int_equal(p.n_dests, 2);
	assert_true(addr_eq(&p.dests[0].addr, &server));
	assert_int_equal(p.dests[0].ports, 3);
	assert_int_equal(p.dests[0].peak, 3);
	assert_int_equal(p.dests[0].n_users, 1);
	assert_int_equal(p.dests[0].users[0].ports, 3);
	assert_int_equal(p.dests[0].lo, 1024);
	assert_int_equal(p.dests[0].hi, 65535);
	assert_int_equal(p.dests[1].ports, 2);
	assert_int_equal(p.dests[1].peak, 2);
	assert_int_equal(p.dests[1].n_users, 2);
	assert_int_equal(p.dests[1].users[0].ports, 2);
	assert_true(addr_eq(who_holder(p.dests[1].users[0].claim), &pod));
	assert_int_equal(p.n_users, 2);
	assert_int_equal(p.users[0].ports, 5);
	assert_int_equal(p.users[1].ports, 1);
	assert_int_equal(p.n_clashes, 0);
	who_pool_free(&p);
	who_free(w);
}

/* One port to one destination at once of two pods. */
static void
clashes(void **state)
{
	struct who *w = asked();
	struct who_pool p;

	(void)state;
	who_flow(w, flow(1, 1, 2000, 0, 10 * SEC), NULL);
	who_flow(w, flow(2, 1, 2000, 5 * SEC, 6 * SEC), NULL);	/* clash */
	who_flow(w, flow(1, 1, 2001, 0, 10 * SEC), NULL);
	who_flow(w, flow(1, 1, 2001, 5 * SEC, 6 * SEC), NULL);	/* itself */
	who_flow(w, flow(1, 1, 2002, 0, 4 * SEC), NULL);
	who_flow(w, flow(2, 1, 2002, 5 * SEC, 6 * SEC), NULL);	/* after it */
	who_flow(w, flow(1, 1, 2003, 0, 10 * SEC), NULL);
	who_flow(w, flow(2, 2, 2003, 5 * SEC, 6 * SEC), NULL);	/* elsewhere */
	pool_of(w, &p);
	assert_int_equal(p.n_clashes, 1);
	assert_int_equal(p.clashes[0].a->translated.sport, 2000);
	assert_int_equal(p.clashes[0].b->first.ns, 5 * SEC);
	who_pool_free(&p);
	who_free(w);
}

/* Ports that any rule to the address may take. */
static void
rule_ports(void **state)
{
	struct nf_nat plain = { .lo = v4(0, 1), .hi = v4(0, 1), .flags = NF_NAT_ADDR };
	struct nf_nat few = { .lo = v4(0, 0), .hi = v4(0, 9),
	    .ports = { 40000, 40009 }, .flags = NF_NAT_ADDR | NF_NAT_PORTS };
	struct state *s = state_new();
	struct who *w = asked();
	struct nf_rule *r;

	(void)state;
	assert_non_null(s);
	who_ports(w, s);
	assert_int_equal(w->hi, 65535);
	assert_false(w->ports_by_rule);
	/* Kinds without a translation hold no pointer. */
	r = state_push(s, nf_rules);
	r->target.kind = NF_T_JUMP;
	r->target.chain = 7;
	r = state_push(s, nf_rules);
	r->target.kind = NF_T_MASQUERADE;
	who_ports(w, s);
	assert_int_equal(w->lo, 1024);
	assert_true(w->ports_by_rule);
	r = state_push(s, nf_rules);
	r->target.kind = NF_T_SNAT;
	r->target.nat = &few;
	who_ports(w, s);
	assert_int_equal(w->lo, 40000);
	assert_int_equal(w->hi, 40009);
	r = state_push(s, nf_rules);
	r->target.kind = NF_T_SNAT;
	r->target.nat = &plain;
	who_ports(w, s);
	assert_int_equal(w->hi, 0);
	who_free(w);
	state_free(s);
}

/* ---- at random, against the slow way */

static unsigned
random_below(uint64_t *seed, unsigned n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % n;
}

static bool
takes_at(const struct who_claim *c, const struct who_dest *d, int64_t at)
{
	return c->translated.dport == d->port && addr_eq(&c->translated.dst, &d->addr) &&
	    c->first.ns <= at && at <= c->last.ns + c->timeout_ns;
}

static uint32_t
slow_peak(const struct who *w, const struct who_dest *d)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < w->n; k++)
			n += takes_at(&w->v[k], d, w->v[i].first.ns);
		best = n > best ? n : best;
	}
	return best;
}

static uint32_t
slow_ports(const struct who *w, const struct who_dest *d)
{
	static uint8_t seen[65536];
	uint32_t n = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < w->n; i++) {
		const struct tuple *t = &w->v[i].translated;

		if (addr_eq(&t->dst, &d->addr) && !seen[t->sport]) {
			seen[t->sport] = 1;
			n++;
		}
	}
	return n;
}

static void
at_random(void **state)
{
	struct who *w = asked();
	struct who_pool p;
	uint64_t seed = 5;
	uint32_t sum = 0, users = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		int64_t first = random_below(&seed, 5000) * SEC;
		unsigned dst = random_below(&seed, 4);
		unsigned pod = random_below(&seed, 7);
		unsigned port = 1024 + random_below(&seed, 500);

		who_flow(w, flow(pod, dst, port, first, first +
		    random_below(&seed, 60) * SEC), NULL);
	}
	pool_of(w, &p);
	assert_int_equal(p.n_dests, 4);
	for (uint32_t i = 0; i < p.n_dests; i++) {
		assert_int_equal(p.dests[i].ports, slow_ports(w, &p.dests[i]));
		/* a port that is taken twice at once counts twice */
		assert_int_equal(p.dests[i].peak, slow_peak(w, &p.dests[i]));
		assert_int_equal(p.dests[i].n_users, 7);
		for (uint32_t k = 0; k < 7; k++)
			sum += p.dests[i].users[k].ports;
		if (i > 0)
			assert_true(p.dests[i - 1].ports >= p.dests[i].ports);
	}
	for (uint32_t k = 0; k < p.n_users; k++)
		users += p.users[k].ports;
	assert_int_equal(p.n_users, 7);
	assert_int_equal(users, sum);
	assert_true(p.n_clashes > 0);
	who_pool_free(&p);
	who_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(by_destination),
		cmocka_unit_test(clashes),
		cmocka_unit_test(rule_ports),
		cmocka_unit_test(at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
