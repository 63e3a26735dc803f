/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_texts.c - texts in a ring: the newest overwrite the oldest.
 *
 * A text that is put again is the same one, unless it is so old that it would
 * soon be overwritten.  A place is a count of bytes ever written, and so tells by
 * itself whether what it named is still there.
 */
#include "decode/app/dns_int.h"

#include <string.h>

/* In front of each text, aligned; behind it a NUL. */
struct text_head {
	uint32_t	hash;
	uint32_t	n;
};

#define ALIGN	8u

bool
dns_texts_init(struct dns_texts *t)
{
	t->head = ALIGN;		/* 0 is no place */
	t->base = pool_pages(DNS_TEXTS_SIZE);
	t->slots = pool_pages(DNS_TEXTS_SLOTS * sizeof(*t->slots));
	return t->base != NULL && t->slots != NULL;
}

void
dns_texts_fini(struct dns_texts *t)
{
	pool_pages_free(t->base, DNS_TEXTS_SIZE);
	pool_pages_free(t->slots, DNS_TEXTS_SLOTS * sizeof(*t->slots));
}

static const struct text_head *
head_at(const struct dns_texts *t, uint64_t at)
{
	return (const void *)(t->base + at % DNS_TEXTS_SIZE);
}

const void *
dns_texts_get(const struct dns_texts *t, uint64_t at, size_t *n)
{
	if (at == 0 || t->head - at > DNS_TEXTS_SIZE)
		return NULL;
	*n = head_at(t, at)->n;
	return t->base + at % DNS_TEXTS_SIZE + sizeof(struct text_head);
}

static bool
is_young(const struct dns_texts *t, uint64_t at)
{
	return at != 0 && t->head - at <= DNS_TEXTS_SIZE / 2;
}

uint64_t
dns_texts_put(struct dns_texts *t, const void *text, size_t n)
{
	uint64_t h = dns_hash(text, n, 0), at;
	uint64_t *slot = &t->slots[h % DNS_TEXTS_SLOTS];
	struct text_head head = { (uint32_t)(h >> 32), (uint32_t)n };
	size_t size = (sizeof(head) + n + 1 + ALIGN - 1) / ALIGN * ALIGN, left;
	uint8_t *p;

	if (is_young(t, *slot) &&
	    memcmp(head_at(t, *slot), &head, sizeof(head)) == 0 &&
	    memcmp(head_at(t, *slot) + 1, text, n) == 0)
		return *slot;
	left = DNS_TEXTS_SIZE - t->head % DNS_TEXTS_SIZE;
	if (size > left)
		t->head += left;
	at = t->head;
	p = t->base + at % DNS_TEXTS_SIZE;
	memcpy(p, &head, sizeof(head));
	memcpy(p + sizeof(head), text, n);
	p[sizeof(head) + n] = '\0';
	t->head += size;
	*slot = at;
	return at;
}
