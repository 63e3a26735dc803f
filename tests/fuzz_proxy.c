/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_proxy.c - the PROXY header is the first thing that anybody may send on a
 * connection.
 *
 * Input: a byte whose lowest bit says that the connection ended, then the bytes.
 * What is found must lie in them, not depend on what follows the header, and
 * come of no shorter beginning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/app/proxy.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
demand(bool true_, const char *wrong)
{
	if (true_)
		return;
	fprintf(stderr, "%s\n", wrong);
	abort();
}

static void
within(const struct proxy_bytes *b, const uint8_t *p, uint32_t len)
{
	if (b->p == NULL)
		demand(b->n == 0, "bytes from nowhere");
	else
		demand(b->p >= p + 16 && b->p + b->n <= p + len,
		    "bytes from outside of the header");
}

static void
check_good(const struct proxy_header *h, const uint8_t *p, size_t n)
{
	const struct proxy_bytes *all[] = { &h->alpn, &h->authority, &h->unique_id,
		&h->netns, &h->vpce, &h->ssl_version, &h->ssl_cn, &h->ssl_cipher,
		&h->ssl_sig_alg, &h->ssl_key_alg, &h->ssl_group, &h->ssl_sig_scheme,
		&h->ssl_cert };
	struct proxy_header again;

	demand(h->len > 0 && h->len <= n && h->len <= PROXY_MAX, "a wrong length");
	demand(h->why == NULL, "a good one says why it is bad");
	demand(!(h->local || h->unknown) || h->has == 0, "it says what it does not know");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		within(all[i], p, h->len);
	demand(proxy_parse(p, h->len, true, &again) == PROXY_GOOD &&
	    again.len == h->len && again.n_tlvs == h->n_tlvs && again.has == h->has,
	    "it depends on what follows it");
	for (size_t cut = 1; cut < h->len; cut = cut * 2 + 1)
		demand(proxy_parse(p, cut, false, &again) == PROXY_MORE,
		    "a beginning of it needs no more");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header h;
	enum proxy_result r;
	uint8_t *p;
	size_t n;

	if (size < 1)
		return 0;
	n = size - 1;
	p = malloc(n > 0 ? n : 1);
	if (p == NULL)
		abort();
	memcpy(p, data + 1, n);
	r = proxy_parse(p, n, data[0] & 1, &h);
	demand((r == PROXY_NONE) || proxy_may_begin(p, n), "from nothing");
	demand(r != PROXY_MORE || !(data[0] & 1), "more after the end");
	if (r == PROXY_GOOD)
		check_good(&h, p, n);
	if (r == PROXY_BAD)
		demand(h.why != NULL && h.has == 0 && h.n_tlvs == 0 &&
		    h.alpn.p == NULL, "a bad one that could be believed");
	free(p);
	return 0;
}
