/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proxy_int.h - between the parts of the PROXY header's parser. */
#ifndef DECODE_PROXY_INT_H
#define DECODE_PROXY_INT_H

#include "decode/app/proxy.h"

/* Each returns NULL, or a static text that says what is wrong.  *whole is false
   when more bytes could still make a header. */

/* "PROXY ..." with the end of its line, or without. */
const char	*proxy_v1(const uint8_t *p, size_t n, struct proxy_header *,
		    bool *whole);
/* The whole signature is there. */
const char	*proxy_v2(const uint8_t *p, size_t n, struct proxy_header *,
		    bool *whole);
/* The TLVs in head[from..len), the end of a header of len bytes. */
const char	*proxy_tlvs(const uint8_t *head, size_t from, size_t len,
		    struct proxy_header *);

#endif
