/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h - what is a valid character; Unicode 15 section 3.9, table 3-7. */
#ifndef UI_UTF8_H
#define UI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence at the start of a NUL-terminated string: 1 to 4;
   0 when the first byte begins none.  *code is the code point. */
unsigned	utf8_take(const char *s, uint32_t *code);
/* Must not reach a terminal: controls, and marks that reorder text. */
bool		utf8_is_unsafe(uint32_t code);

#endif
