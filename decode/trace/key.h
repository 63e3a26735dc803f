/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - what the tracer looks conversations up by: two ends and a tunnel.
 *
 * One end comes before the other whichever way a packet goes, so that both
 * directions have one key.  Inline, since every packet makes one.
 */
#ifndef DECODE_KEY_H
#define DECODE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decode/fingerprint.h"
#include "decode/packet.h"

struct key {
	struct addr	a, b;
	uint16_t	pa, pb;
	uint8_t		proto;
	uint8_t		tunnel_type;
	uint16_t	zero;
	uint32_t	tunnel_id;
};

_Static_assert(sizeof(struct key) == 44, "keys are compared as bytes: no padding");

struct words {
	uint64_t	lo, hi;		/* an address, in memory order */
};

/* Word by word, as the decoder stored it: a wider load would wait for both. */
static inline struct words
words_of(const struct addr *a)
{
	struct words w;

	memcpy(&w.lo, a->b, sizeof(w.lo));
	memcpy(&w.hi, a->b + 8, sizeof(w.hi));
	return w;
}

static inline uint32_t
hash_words(struct words a, struct words b, uint64_t rest, uint32_t tunnel_id)
{
	uint64_t h = fp_mix(a.hi ^ tunnel_id, b.hi ^ rest);

	h = fp_mix(h ^ a.lo, rest ^ b.lo << 1);
	return (uint32_t)(h ^ h >> 32);
}

static inline uint64_t
rest_of(uint16_t pa, uint16_t pb, uint8_t proto, uint8_t tunnel_type)
{
	return (uint64_t)pa << 48 | (uint64_t)pb << 32 | (uint64_t)proto << 24 |
	    (uint64_t)tunnel_type << 16;
}

static inline uint32_t
key_hash(const struct key *k)
{
	return hash_words(words_of(&k->a), words_of(&k->b),
	    rest_of(k->pa, k->pb, k->proto, k->tunnel_type), k->tunnel_id);
}

/* Any order will do, as long as it is one. */
static inline bool
ends_swapped(struct words src, struct words dst, const struct tuple *t)
{
	if (__builtin_expect(src.hi == dst.hi, 0))
		return src.lo != dst.lo ? src.lo > dst.lo : t->sport > t->dport;
	return src.hi > dst.hi;
}

/* The canonical key of a tuple in a tunnel, and its hash.  *from_b: the sender
   is key.b. */
static inline uint32_t
key_make(struct key *k, const struct tuple *t, const struct tunnel *tunnel,
    uint8_t *from_b)
{
	struct words src = words_of(&t->src), dst = words_of(&t->dst);
	bool swap = ends_swapped(src, dst, t);
	/* Which way is as good as random: no branch could be predicted. */
	uint64_t turn = 0 - (uint64_t)swap;
	uint64_t hi = (src.hi ^ dst.hi) & turn, lo = (src.lo ^ dst.lo) & turn;
	uint16_t port = (uint16_t)((t->sport ^ t->dport) & turn);
	struct words a = { src.lo ^ lo, src.hi ^ hi }, b = { dst.lo ^ lo, dst.hi ^ hi };

	memcpy(k->a.b, &a.lo, 8);
	memcpy(k->a.b + 8, &a.hi, 8);
	memcpy(k->b.b, &b.lo, 8);
	memcpy(k->b.b + 8, &b.hi, 8);
	k->pa = t->sport ^ port;
	k->pb = t->dport ^ port;
	k->proto = t->proto;
	k->tunnel_type = tunnel->type;
	k->zero = 0;
	k->tunnel_id = tunnel->id;
	*from_b = swap;
	return hash_words(a, b, rest_of(k->pa, k->pb, k->proto, k->tunnel_type),
	    k->tunnel_id);
}

/* Two words at a time, for which every 64-bit machine has registers; the last
   two overlap those before. */
static inline bool
key_eq(const struct key *x, const struct key *y)
{
	__extension__ typedef uint64_t pair __attribute__((vector_size(16)));
	const uint8_t *p = x->a.b, *q = y->a.b;
	pair a[3], b[3], d;

	memcpy(&a[0], p, 16);
	memcpy(&a[1], p + 16, 16);
	memcpy(&a[2], p + sizeof(*x) - 16, 16);
	memcpy(&b[0], q, 16);
	memcpy(&b[1], q + 16, 16);
	memcpy(&b[2], q + sizeof(*y) - 16, 16);
	d = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]);
	return (d[0] | d[1]) == 0;
}

#endif
