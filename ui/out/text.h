/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - text for a person: colours by role, columns, and foreign names that
 * cannot play tricks on a terminal.
 */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"
#include "ui/out/outbuf.h"

/* What a piece of text means; theme table in text.c. */
enum role {
	ROLE_PLAIN,
	ROLE_HEAD,		/* titles */
	ROLE_DIM,		/* true but seldom wanted */
	ROLE_TRANSLATED,
	ROLE_IFACE,
	ROLE_OK, ROLE_BAD, ROLE_DOUBT, ROLE_NOTE,
	N_ROLES
};

/* Drawn with one or two characters each, in ASCII where there is no UTF-8. */
enum glyph {
	GLYPH_TO,		/* original source to destination */
	GLYPH_BECOMES,		/* translated to */
	GLYPH_THEN,		/* between two legs of the ladder */
	GLYPH_HOP,		/* between two interfaces of a path */
	GLYPH_MICRO,		/* of a microsecond */
	N_GLYPHS
};

struct text {
	struct outbuf	*out;
	bool		 color, utf8;
	unsigned	 column;	/* printed on this line */
};

/* ASCII that we wrote ourselves. */
void	text_put(struct text *, const char *);
/* Text from a capture: controls and invalid bytes are shown as \xNN. */
void	text_foreign(struct text *, const char *);
void	text_addr(struct text *, const struct addr *);
void	text_u64(struct text *, uint64_t);
void	text_span(struct text *, int64_t ns);
/* "1 packet", "2 packets" */
void	text_count(struct text *, uint64_t n, const char *noun);
void	text_glyph(struct text *, enum glyph);
const char *text_glyph_get(const struct text *, enum glyph);
/* Blanks up to the column, at least one unless the line is empty. */
void	text_pad(struct text *, unsigned column);
/* From here on text has this role; ROLE_PLAIN ends it. */
void	text_role(struct text *, enum role);
void	text_newline(struct text *);

#endif
