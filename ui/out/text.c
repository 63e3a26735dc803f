/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - text for a person: colours by role (ECMA-48 SGR), columns, and
 * foreign names that cannot play tricks on a terminal.
 */
#include "ui/out/text.h"

#include <string.h>

#include "ui/out/format.h"
#include "ui/out/utf8.h"

/*
 * Meaning, not decoration: red is wrong, yellow doubtful, green verified; the
 * word is always there too.  Only colours that stay readable on a light and on
 * a dark background.
 */
static const char *const theme[N_ROLES] = {
	[ROLE_PLAIN]		= "0",
	[ROLE_HEAD]		= "1",
	[ROLE_DIM]		= "2",
	[ROLE_TRANSLATED]	= "36",
	[ROLE_IFACE]		= "34",
	[ROLE_OK]		= "32",
	[ROLE_BAD]		= "1;31",
	[ROLE_DOUBT]		= "33",
	[ROLE_NOTE]		= "35",
};

static const struct {
	const char *utf8, *ascii;
} glyphs[N_GLYPHS] = {
	[GLYPH_TO]	= { "→", "->" },
	[GLYPH_BECOMES]	= { "⇒", "=>" },
	[GLYPH_THEN]	= { "⇓", "|" },
	[GLYPH_HOP]	= { "→", ">" },
	[GLYPH_MICRO]	= { "µs", "us" },
};

void
text_put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	outbuf_put(t->out, s, n);
	t->column += (unsigned)n;
}

static void
put_hex(struct text *t, uint8_t b)
{
	static const char hex[] = "0123456789abcdef";
	const char esc[] = { '\\', 'x', hex[b >> 4], hex[b & 15], '\0' };

	text_put(t, esc);
}

void
text_foreign(struct text *t, const char *s)
{
	while (*s != '\0') {
		uint32_t code;
		unsigned n = utf8_take(s, &code);
		bool fine = n != 0 && !utf8_is_unsafe(code) &&
		    (t->utf8 || code < 0x80);

		if (fine) {
			outbuf_put(t->out, s, n);
			t->column++;
			s += n;
			continue;
		}
		for (n = n ? n : 1; n > 0; n--)
			put_hex(t, (uint8_t)*s++);
	}
}

void
text_addr(struct text *t, const struct addr *a)
{
	char buf[ADDR_TEXT_MAX];

	addr_format(a, buf);
	text_put(t, buf);
}

void
text_u64(struct text *t, uint64_t v)
{
	outbuf_room(t->out, FORMAT_U64_MAX);
	size_t n = format_u64(t->out->p, v);

	t->out->p += n;
	t->column += (unsigned)n;
}

void
text_span(struct text *t, int64_t ns)
{
	const char *micro = text_glyph_get(t, GLYPH_MICRO);
	char *p = outbuf_room(t->out, FORMAT_SPAN_MAX);
	size_t n = format_span(p, ns, micro);

	t->out->p += n;
	/* the micro sign takes two bytes and one column */
	t->column += (unsigned)n - (memchr(p, 0xc2, n) != NULL);
}

void
text_count(struct text *t, uint64_t n, const char *noun)
{
	text_u64(t, n);
	text_put(t, " ");
	text_put(t, noun);
	if (n != 1)
		text_put(t, "s");
}

const char *
text_glyph_get(const struct text *t, enum glyph g)
{
	return t->utf8 ? glyphs[g].utf8 : glyphs[g].ascii;
}

void
text_glyph(struct text *t, enum glyph g)
{
	outbuf_str(t->out, text_glyph_get(t, g));
	t->column += t->utf8 ? 1 : (unsigned)strlen(glyphs[g].ascii);
}

void
text_pad(struct text *t, unsigned column)
{
	if (t->column >= column && t->column > 0)
		column = t->column + 1;
	for (; t->column < column; t->column++)
		outbuf_char(t->out, ' ');
}

void
text_role(struct text *t, enum role role)
{
	if (!t->color)
		return;
	outbuf_lit(t->out, "\033[");
	outbuf_str(t->out, theme[role]);
	outbuf_char(t->out, 'm');
}

void
text_newline(struct text *t)
{
	outbuf_char(t->out, '\n');
	t->column = 0;
}
