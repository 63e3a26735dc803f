/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rfc3339.h - times as RFC 3339 writes them: 2026-08-01T10:00:00.1Z. */
#ifndef CAPTURE_STATE_RFC3339_H
#define CAPTURE_STATE_RFC3339_H

#include <stdbool.h>
#include <stddef.h>

#include "decode/nstime.h"

#define RFC3339_MAX	32	/* with nine digits of fraction and the NUL */

/* All of the text, in any zone; finer than a nanosecond is cut.  False for any
   other text and for years that struct nstime does not hold. */
bool	rfc3339_parse(const char *text, struct nstime *out);
/* In UTC, with as many digits of the fraction as it takes. */
size_t	rfc3339_format(struct nstime, char out[static RFC3339_MAX]);

#endif
