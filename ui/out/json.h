/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - write JSON (RFC 8259) into an outbuf.
 *
 * Commas take care of themselves: a value or key that follows another one at
 * the same depth gets one.  Nesting is the caller's duty.  Strings come out
 * valid whatever bytes they hold: controls are escaped and each byte that is
 * not valid UTF-8 becomes U+FFFD.
 */
#ifndef UI_JSON_H
#define UI_JSON_H

#include "ui/out/format.h"
#include "ui/out/outbuf.h"

struct json {
	struct outbuf	*out;
	bool		 comma;		/* the next key or value needs one before it */
};

static inline void
json_comma(struct json *j)
{
	if (j->comma)
		outbuf_char(j->out, ',');
	j->comma = true;
}

/* bracket: '{' or '[', closed by '}' or ']' */
static inline void
json_open(struct json *j, char bracket)
{
	json_comma(j);
	outbuf_char(j->out, bracket);
	j->comma = false;
}

static inline void
json_close(struct json *j, char bracket)
{
	outbuf_char(j->out, bracket);
	j->comma = true;
}

/* End of a document: a newline; the next one starts afresh. */
static inline void
json_newline(struct json *j)
{
	outbuf_char(j->out, '\n');
	j->comma = false;
}

/* A key (a string literal of plain characters); a value must follow. */
#define json_key(j, name) do {						\
	json_comma(j);							\
	outbuf_lit((j)->out, "\"" name "\":");				\
	(j)->comma = false;						\
} while (0)

static inline void
json_u64(struct json *j, uint64_t v)
{
	json_comma(j);
	outbuf_room(j->out, FORMAT_U64_MAX);
	j->out->p += format_u64(j->out->p, v);
}

static inline void
json_bool(struct json *j, bool v)
{
	json_comma(j);
	if (v)
		outbuf_lit(j->out, "true");
	else
		outbuf_lit(j->out, "false");
}

/*
 * For objects that a flow has many of: the same, without looking at the space
 * left or for commas.  The caller asked outbuf_room() for enough, writes at p,
 * and stores p back into out->p.
 */
#define json_raw_lit(p, s) do {						\
	memcpy((p), "" s, sizeof(s) - 1);				\
	(p) += sizeof(s) - 1;						\
} while (0)
#define json_raw_u64(p, name, v) do {					\
	json_raw_lit(p, ",\"" name "\":");				\
	(p) += format_u64((p), (v));					\
} while (0)

void	json_i64(struct json *, int64_t);
void	json_text(struct json *, const char *);
void	json_time(struct json *, struct nstime);
void	json_addr(struct json *, const struct addr *);

#endif
