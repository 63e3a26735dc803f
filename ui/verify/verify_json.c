/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_json.c - podpath verify for a program: one object, podpath.verify/1; a
   key whose value is not known is absent. */
#include "ui/verify/verify_int.h"

#include "ui/out/json.h"

#define put_text(j, name, value) do {					\
	const char *value_ = (value);					\
									\
	if (value_ != NULL) {						\
		json_key(j, name);					\
		json_text(j, value_);					\
	}								\
} while (0)

static void
put_item(struct json *j, const struct item *i)
{
	json_open(j, '{');
	put_text(j, "result", check_result_name(i->result));
	if (i->flow_id != 0) {
		json_key(j, "flow");
		json_u64(j, i->flow_id);
	}
	put_text(j, "who", i->who);
	put_text(j, "translated", i->after);
	put_text(j, "path", i->path);
	put_text(j, "code", i->code);
	put_text(j, "cause", i->cause);
	put_text(j, "text", i->text);
	put_text(j, "fix", i->fix);
	json_close(j, '}');
}

static void
put_items(struct json *j, const struct tally *t)
{
	static const uint8_t order[] = { CHECK_FAILED, CHECK_UNSURE, CHECK_OK };
	unsigned r, i;

	json_key(j, "items");
	json_open(j, '[');
	for (r = 0; r < sizeof(order); r++)
		for (i = 0; i < t->items[order[r]].n; i++)
			put_item(j, &t->items[order[r]].v[i]);
	json_close(j, ']');
}

static void
put_check(struct json *j, const struct verify *v, enum check c)
{
	const struct tally *t = &v->checks[c];

	json_open(j, '{');
	put_text(j, "check", verify_check_name(c));
	put_text(j, "result", check_result_name(t->result));
	json_key(j, "ok");
	json_u64(j, t->count[CHECK_OK]);
	json_key(j, "failed");
	json_u64(j, t->count[CHECK_FAILED]);
	json_key(j, "inconclusive");
	json_u64(j, t->count[CHECK_UNSURE]);
	put_text(j, "why", t->why[0] != '\0' ? t->why : NULL);
	put_items(j, t);
	if (v->whole[c] != NULL && !v->setup)
		check_whole_of(c)->json(v->whole[c], j);
	json_close(j, '}');
}

void
verify_json(const struct verify *v, struct outbuf *out)
{
	struct json json = { .out = out }, *j = &json;
	unsigned c;

	json_open(j, '{');
	put_text(j, "schema", "podpath.verify/1");
	put_text(j, "result", check_result_name(v->result));
	put_text(j, "judged_by", v->setup ? "set-up" : v->config.with_state ?
	    "packets and state" : "packets");
	json_key(j, "judged");
	json_u64(j, v->judged);
	json_key(j, "checks");
	json_open(j, '[');
	for (c = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			put_check(j, v, (enum check)c);
	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
}
