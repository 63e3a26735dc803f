/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_index.c - the table of conversations by key: both directions have one
 * key, removal leaves no hole that hides a later entry, growing loses nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/trace/tracer_int.h"

static struct tuple
tuple_number(uint32_t i)
{
	struct tuple t = { .sport = (uint16_t)(i * 7), .dport = 443,
	    .proto = PROTO_TCP };

	addr_parse("10.0.0.1", &t.src);
	addr_parse("172.217.175.36", &t.dst);
	t.src.b[14] = (uint8_t)(i >> 8);
	t.src.b[13] = (uint8_t)(i >> 16);
	t.src.b[15] = (uint8_t)i;
	return t;
}

static struct key
key_number(uint32_t i)
{
	const struct tunnel none = { 0 };
	struct tuple t = tuple_number(i);
	struct key k;
	uint8_t from_b;

	key_make(&k, &t, &none, &from_b);
	return k;
}

static uint32_t
add(struct tracer *t, uint32_t i, uint32_t hash)
{
	uint32_t ci = pool_take(&t->convs);

	assert_int_not_equal(ci, 0);
	conv_at(t, ci)->key = key_number(i);
	assert_true(index_insert(t, ci, hash));
	return ci;
}

static void
one_key_for_both_directions(void **state)
{
	const struct tunnel none = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct tuple t = tuple_number(i * 977), r = t;
		struct key k, kr;
		uint8_t from_b, r_from_b;

		r.src = t.dst;
		r.dst = t.src;
		r.sport = t.dport;
		r.dport = t.sport;
		key_make(&k, &t, &none, &from_b);
		key_make(&kr, &r, &none, &r_from_b);
		assert_true(key_eq(&k, &kr));
		assert_int_equal(key_hash(&k), key_hash(&kr));
		assert_int_not_equal(from_b, r_from_b);
	}
}

/* A host that talks to itself: the ports tell the two ends apart. */
static void
same_address_on_both_ends(void **state)
{
	const struct tunnel none = { 0 };
	struct tuple t = { .sport = 41000, .dport = 80, .proto = PROTO_TCP }, r;
	struct key k, kr;
	uint8_t from_b, r_from_b;

	(void)state;
	addr_parse("127.0.0.1", &t.src);
	t.dst = t.src;
	r = t;
	r.sport = 80;
	r.dport = 41000;
	key_make(&k, &t, &none, &from_b);
	key_make(&kr, &r, &none, &r_from_b);
	assert_true(key_eq(&k, &kr));
	assert_int_not_equal(from_b, r_from_b);
}

/* Each field makes another key, and, as good as always, another hash. */
static void
every_field_counts(void **state)
{
	struct tuple t = tuple_number(5);
	struct tunnel tun = { 0 };
	struct key keys[9];
	uint8_t from_b;
	unsigned n = 0;

	(void)state;
	key_make(&keys[n++], &t, &tun, &from_b);
	t.sport++;
	key_make(&keys[n++], &t, &tun, &from_b);
	t.dport++;
	key_make(&keys[n++], &t, &tun, &from_b);
	t.src.b[15] ^= 1;
	key_make(&keys[n++], &t, &tun, &from_b);
	t.dst.b[15] ^= 1;
	key_make(&keys[n++], &t, &tun, &from_b);
	t.proto = PROTO_UDP;
	key_make(&keys[n++], &t, &tun, &from_b);
	tun = (struct tunnel){ .type = TUN_VXLAN };
	key_make(&keys[n++], &t, &tun, &from_b);
	tun.id = 1;
	key_make(&keys[n++], &t, &tun, &from_b);
	tun.id = 2;
	key_make(&keys[n++], &t, &tun, &from_b);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++) {
			assert_false(key_eq(&keys[i], &keys[k]));
			assert_int_not_equal(key_hash(&keys[i]), key_hash(&keys[k]));
		}
}

/* Ports and addresses of scans are numbered through: the low bits of the hash,
   which choose the slot, must spread them. */
static void
hash_spreads(void **state)
{
	static uint32_t slots[1u << 12];
	uint32_t worst = 0;

	(void)state;
	memset(slots, 0, sizeof(slots));
	for (uint32_t i = 0; i < 1u << 14; i++) {
		struct key k = key_number(i);
		uint32_t *slot = &slots[key_hash(&k) & ((1u << 12) - 1)];

		if (++*slot > worst)
			worst = *slot;
	}
	/* 4 on average; a fair hash has 16 or so in its fullest slot. */
	assert_true(worst < 24);
}

static void
found_while_it_grows(void **state)
{
	enum { N_KEYS = 50000 };
	struct tracer *t = tracer_new(NULL);
	uint32_t *convs = calloc(N_KEYS, sizeof(*convs));

	(void)state;
	assert_non_null(t);
	assert_non_null(convs);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct key k = key_number(i);

		assert_int_equal(index_find(t, &k, key_hash(&k)), 0);
		convs[i] = add(t, i, key_hash(&k));
	}
	assert_int_equal(t->index_used, N_KEYS);
	assert_true(t->index_mask >= N_KEYS);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct key k = key_number(i);

		assert_int_equal(index_find(t, &k, key_hash(&k)), convs[i]);
	}
	free(convs);
	tracer_free(t);
}

/* Against a plain array, with inserts and removals in random order. */
static void
removed_and_added(void **state)
{
	enum { N_KEYS = 900, N_STEPS = 60000 };
	struct tracer *t = tracer_new(NULL);
	uint32_t convs[N_KEYS] = { 0 }, r = 1, used = 0;

	(void)state;
	assert_non_null(t);
	for (unsigned step = 0; step < N_STEPS; step++) {
		uint32_t i;
		struct key k;

		r = r * 1664525 + 1013904223;
		i = (r >> 8) % N_KEYS;
		k = key_number(i);
		assert_int_equal(index_find(t, &k, key_hash(&k)), convs[i]);
		if (convs[i] == 0) {
			convs[i] = add(t, i, key_hash(&k));
			used++;
		} else {
			index_remove(t, convs[i]);
			pool_give(&t->convs, convs[i]);
			convs[i] = 0;
			used--;
		}
		assert_int_equal(t->index_used, used);
	}
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct key k = key_number(i);

		assert_int_equal(index_find(t, &k, key_hash(&k)), convs[i]);
	}
	assert_int_equal(t->convs.live, used);
	tracer_free(t);
}

/* Two keys with one hash: the key decides, the guess may name either. */
static void
equal_hashes(void **state)
{
	struct tracer *t = tracer_new(NULL);
	struct key k1 = key_number(1), k2 = key_number(2), k3 = key_number(3);
	uint32_t c1, c2, guess;

	(void)state;
	assert_non_null(t);
	c1 = add(t, 1, key_hash(&k1));
	c2 = add(t, 2, key_hash(&k1));
	assert_int_equal(index_find(t, &k1, key_hash(&k1)), c1);
	assert_int_equal(index_find(t, &k2, key_hash(&k1)), c2);
	assert_int_equal(index_find(t, &k3, key_hash(&k1)), 0);
	guess = index_guess(t, key_hash(&k1));
	assert_true(guess == c1 || guess == c2);
	index_remove(t, c1);
	assert_int_equal(index_find(t, &k2, key_hash(&k1)), c2);
	tracer_free(t);
}

/* A tuple that was taken over: the earlier conv is out of the index, the later
   one is found, and removing the earlier one again removes nothing. */
static void
removed_twice(void **state)
{
	struct tracer *t = tracer_new(NULL);
	struct key k = key_number(1);
	uint32_t c1, c2;

	(void)state;
	assert_non_null(t);
	c1 = add(t, 1, key_hash(&k));
	index_remove(t, c1);
	c2 = add(t, 1, key_hash(&k));
	index_remove(t, c1);
	assert_int_equal(index_find(t, &k, key_hash(&k)), c2);
	assert_int_equal(t->index_used, 1);
	tracer_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_key_for_both_directions),
		cmocka_unit_test(same_address_on_both_ends),
		cmocka_unit_test(every_field_counts),
		cmocka_unit_test(hash_spreads),
		cmocka_unit_test(found_while_it_grows),
		cmocka_unit_test(removed_and_added),
		cmocka_unit_test(equal_hashes),
		cmocka_unit_test(removed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
