/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes.c - bytes that grow: draft-ietf-opsawg-pcapng sections 3.1 and 3.5.
 */
#include "capture/record/bytes.h"

#include <stdlib.h>

#include "capture/record/format.h"

uint8_t *
out_more(struct bytes_out *b, size_t n)
{
	size_t room = b->room ? b->room : 4096;
	uint8_t *p;

	while (room - b->n < n)
		room *= 2;
	if (room != b->room) {
		p = realloc(b->p, room);
		if (p == NULL) {
			b->no_memory = true;
			return NULL;
		}
		b->p = p;
		b->room = room;
	}
	b->n += n;
	return b->p + b->n - n;
}

void
out_put(struct bytes_out *b, const void *data, size_t n)
{
	uint8_t *p = out_more(b, n);

	if (p != NULL && n > 0)
		memcpy(p, data, n);
}

void
out_free(struct bytes_out *b)
{
	free(b->p);
	*b = (struct bytes_out){ 0 };
}

static void
pad(struct bytes_out *b, size_t n)
{
	out_put(b, "\0\0\0", padded(n) - n);
}

size_t
out_block(struct bytes_out *b, uint32_t type)
{
	size_t at = b->n;

	out_u32(b, type);
	out_u32(b, 0);
	return at;
}

void
out_block_end(struct bytes_out *b, size_t at)
{
	uint32_t len;

	pad(b, b->n - at);
	len = (uint32_t)(b->n - at + sizeof(len));
	out_u32(b, len);
	if (!b->no_memory)
		memcpy(b->p + at + sizeof(len), &len, sizeof(len));
}

void
out_option(struct bytes_out *b, uint16_t code, const void *value, size_t n)
{
	out_u16(b, code);
	out_u16(b, (uint16_t)n);
	out_put(b, value, n);
	pad(b, n);
}

void
out_option_text(struct bytes_out *b, uint16_t code, const char *text)
{
	out_option(b, code, text, strlen(text));
}
