/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify_tap.c - podpath verify in the Test Anything Protocol, version 14
 * (testanything.org/tap-version-14-specification.html).
 *
 * An inconclusive check is "not ok": the directives TODO and SKIP would let it
 * pass.  Details stand in a YAML block, as strings of JSON, which are YAML too.
 */
#include "ui/verify/verify_int.h"

#include "ui/out/json.h"

static void
put_u64(struct outbuf *o, uint64_t v)
{
	outbuf_room(o, FORMAT_U64_MAX);
	o->p += format_u64(o->p, v);
}

static void
put_field(struct outbuf *o, const char *before, const char *value)
{
	struct json j = { .out = o };

	if (value == NULL)
		return;
	outbuf_str(o, before);
	json_text(&j, value);
	outbuf_char(o, '\n');
}

static void
put_items(struct outbuf *o, const struct items *list)
{
	unsigned i;

	for (i = 0; i < list->n; i++) {
		const struct item *t = &list->v[i];

		put_field(o, "    - result: ", check_result_name(t->result));
		put_field(o, "      who: ", t->who);
		put_field(o, "      translated: ", t->after);
		put_field(o, "      path: ", t->path);
		put_field(o, "      code: ", t->code);
		put_field(o, "      cause: ", t->cause);
		put_field(o, "      text: ", t->text);
		put_field(o, "      fix: ", t->fix);
	}
}

static void
put_check(struct outbuf *o, const struct verify *v, enum check c, unsigned number)
{
	const struct tally *t = &v->checks[c];
	char sentence[VERIFY_SENTENCE_MAX];

	outbuf_str(o, t->result == CHECK_OK ? "ok " : "not ok ");
	put_u64(o, number);
	outbuf_lit(o, " - ");
	outbuf_str(o, verify_check_name(c));
	if (t->result == CHECK_UNSURE)
		outbuf_lit(o, " (inconclusive)");
	outbuf_char(o, '\n');
	verify_sentence(v, c, sentence);
	outbuf_lit(o, "  ---\n");
	put_field(o, "  result: ", check_result_name(t->result));
	put_field(o, "  message: ", sentence);
	if (t->items[CHECK_FAILED].n + t->items[CHECK_UNSURE].n +
	    t->items[CHECK_OK].n > 0)
		outbuf_lit(o, "  items:\n");
	put_items(o, &t->items[CHECK_FAILED]);
	put_items(o, &t->items[CHECK_UNSURE]);
	put_items(o, &t->items[CHECK_OK]);
	outbuf_lit(o, "  ...\n");
}

void
verify_tap(const struct verify *v, struct outbuf *out)
{
	unsigned c, n = 0;

	for (c = 0; c < N_CHECKS; c++)
		n += verify_wants(v, (enum check)c);
	outbuf_lit(out, "TAP version 14\n1..");
	put_u64(out, n);
	outbuf_char(out, '\n');
	for (c = 0, n = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			put_check(out, v, (enum check)c, ++n);
}
