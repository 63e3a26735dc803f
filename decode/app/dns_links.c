/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_links.c - chains and lists of a pool's items, linked by their indexes. */
#include "decode/app/dns_int.h"

static struct dns_links *
links_at(const struct pool *p, size_t off, uint32_t i)
{
	return (struct dns_links *)(void *)((uint8_t *)pool_at(p, i) + off);
}

void
dns_chain_push(const struct pool *p, size_t off, uint32_t *head, uint32_t i)
{
	*links_at(p, off, i) = (struct dns_links){ .next = *head };
	if (*head != 0)
		links_at(p, off, *head)->prev = i;
	*head = i;
}

void
dns_chain_remove(const struct pool *p, size_t off, uint32_t *head, uint32_t i)
{
	struct dns_links l = *links_at(p, off, i);

	if (l.next != 0)
		links_at(p, off, l.next)->prev = l.prev;
	if (l.prev != 0)
		links_at(p, off, l.prev)->next = l.next;
	else
		*head = l.next;
}

void
dns_list_append(const struct pool *p, size_t off, struct dns_list *l, uint32_t i)
{
	*links_at(p, off, i) = (struct dns_links){ .prev = l->tail };
	if (l->tail != 0)
		links_at(p, off, l->tail)->next = i;
	else
		l->head = i;
	l->tail = i;
}

void
dns_list_remove(const struct pool *p, size_t off, struct dns_list *l, uint32_t i)
{
	if (l->tail == i)
		l->tail = links_at(p, off, i)->prev;
	dns_chain_remove(p, off, &l->head, i);
}
