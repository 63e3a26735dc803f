/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.c - items in chunks that are freed when all that was in them is gone.
 */
#include "capture/record/queue.h"

#include <stdlib.h>

#define CHUNK_SIZE	((size_t)512 << 10)

struct queue_chunk {
	struct queue_chunk *next;
	size_t		 size, start, end;
	_Alignas(16) uint8_t bytes[];
};

static size_t
item_size(size_t n)
{
	return (sizeof(struct item) + n + 15) & ~(size_t)15;
}

static struct queue_chunk *
chunk_new(struct queue *q, size_t need)
{
	struct queue_chunk *c = q->spare;

	if (c != NULL && c->size >= need) {
		q->spare = NULL;
	} else {
		if (need < CHUNK_SIZE)
			need = CHUNK_SIZE;
		c = malloc(sizeof(*c) + need);
		if (c == NULL)
			return NULL;
		c->size = need;
	}
	c->start = c->end = 0;
	c->next = NULL;
	return c;
}

static void
chunk_free(struct queue *q, struct queue_chunk *c)
{
	if (q->spare == NULL && c->size == CHUNK_SIZE)
		q->spare = c;
	else
		free(c);
}

struct item *
queue_push(struct queue *q, size_t n)
{
	size_t size = item_size(n);
	struct queue_chunk *c = q->last;
	struct item *i;

	if (c == NULL || c->size - c->end < size) {
		c = chunk_new(q, size);
		if (c == NULL)
			return NULL;
		if (q->last != NULL)
			q->last->next = c;
		else
			q->first = c;
		q->last = c;
	}
	i = (void *)(c->bytes + c->end);
	*i = (struct item){ .n = (uint32_t)n };
	c->end += size;
	q->bytes += size;
	return i;
}

struct item *
queue_first(const struct queue *q)
{
	struct queue_chunk *c = q->first;

	return c != NULL && c->start < c->end ? (void *)(c->bytes + c->start) : NULL;
}

void
queue_pop(struct queue *q)
{
	struct queue_chunk *c = q->first;
	struct item *i = queue_first(q);

	if (i == NULL)
		return;
	c->start += item_size(i->n);
	q->bytes -= item_size(i->n);
	if (c->start < c->end)
		return;
	q->first = c->next;
	if (q->first == NULL)
		q->last = NULL;
	chunk_free(q, c);
}

bool
queue_each(const struct queue *q, bool (*each)(void *, const struct item *),
    void *arg)
{
	for (const struct queue_chunk *c = q->first; c != NULL; c = c->next)
		for (size_t at = c->start; at < c->end; ) {
			const struct item *i = (const void *)(c->bytes + at);

			if (!each(arg, i))
				return false;
			at += item_size(i->n);
		}
	return true;
}

void
queue_free(struct queue *q)
{
	for (struct queue_chunk *c = q->first, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(q->spare);
	*q = (struct queue){ 0 };
}
