/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify_junit.c - podpath verify as JUnit XML, in the form that CI systems
 * read: a testcase for each check; <failure> failed, <error> inconclusive
 * (<skipped> would let it pass).  XML 1.0, section 2.2: characters that may not
 * stand in a document become U+FFFD.
 */
#include "ui/verify/verify_int.h"

#include "ui/out/format.h"
#include "ui/out/utf8.h"

/* U+FFFE and U+FFFF are characters of UTF-8 but not of XML. */
static bool
is_xml(uint32_t code)
{
	return !utf8_is_unsafe(code) && code != 0xfffe && code != 0xffff;
}

static void
put_escaped(struct outbuf *o, const char *s)
{
	while (*s != '\0') {
		uint32_t code;
		unsigned n = utf8_take(s, &code);

		if (n == 0 || !is_xml(code))
			outbuf_lit(o, "\xef\xbf\xbd");
		else if (*s == '&')
			outbuf_lit(o, "&amp;");
		else if (*s == '<')
			outbuf_lit(o, "&lt;");
		else if (*s == '>')
			outbuf_lit(o, "&gt;");
		else if (*s == '"')
			outbuf_lit(o, "&quot;");
		else
			outbuf_put(o, s, n);
		s += n != 0 ? n : 1;
	}
}

static void
put_number(struct outbuf *o, const char *name, unsigned v)
{
	outbuf_char(o, ' ');
	outbuf_str(o, name);
	outbuf_lit(o, "=\"");
	outbuf_room(o, FORMAT_U64_MAX);
	o->p += format_u64(o->p, v);
	outbuf_char(o, '"');
}

static void
put_part(struct outbuf *o, const char *before, const char *s)
{
	if (s == NULL)
		return;
	outbuf_str(o, before);
	put_escaped(o, s);
}

static void
put_items(struct outbuf *o, const struct items *list)
{
	unsigned i;

	for (i = 0; i < list->n; i++) {
		const struct item *t = &list->v[i];

		outbuf_char(o, '\n');
		put_escaped(o, check_result_name(t->result));
		put_part(o, ": ", t->who);
		put_part(o, " =&gt; ", t->after);
		put_part(o, ", ", t->path);
		put_part(o, ": ", t->code);
		put_part(o, ": ", t->text);
		put_part(o, "; cause: ", t->cause);
		put_part(o, "; fix: ", t->fix);
	}
	if (list->n > 0)
		outbuf_char(o, '\n');
}

static void
put_check(struct outbuf *o, const struct verify *v, enum check c)
{
	const struct tally *t = &v->checks[c];
	const char *tag = t->result == CHECK_FAILED ? "failure" : "error";
	char sentence[VERIFY_SENTENCE_MAX];

	verify_sentence(v, c, sentence);
	outbuf_lit(o, "    <testcase classname=\"podpath.verify\" name=\"");
	put_escaped(o, verify_check_name(c));
	outbuf_lit(o, "\">\n");
	if (t->result != CHECK_OK) {
		outbuf_lit(o, "      <");
		outbuf_str(o, tag);
		outbuf_lit(o, " type=\"");
		outbuf_str(o, check_result_name(t->result));
		outbuf_lit(o, "\" message=\"");
		put_escaped(o, sentence);
		outbuf_lit(o, "\">");
		put_items(o, &t->items[CHECK_FAILED]);
		put_items(o, &t->items[CHECK_UNSURE]);
		outbuf_lit(o, "</");
		outbuf_str(o, tag);
		outbuf_lit(o, ">\n");
	}
	outbuf_lit(o, "      <system-out>");
	put_escaped(o, sentence);
	put_items(o, &t->items[CHECK_OK]);
	outbuf_lit(o, "</system-out>\n    </testcase>\n");
}

void
verify_junit(const struct verify *v, struct outbuf *out)
{
	unsigned n[N_CHECK_RESULTS] = { 0 }, c;

	for (c = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			n[v->checks[c].result]++;
	outbuf_lit(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites>\n  <testsuite name=\"podpath verify\"");
	put_number(out, "tests", n[CHECK_OK] + n[CHECK_UNSURE] + n[CHECK_FAILED]);
	put_number(out, "failures", n[CHECK_FAILED]);
	put_number(out, "errors", n[CHECK_UNSURE]);
	outbuf_lit(out, ">\n");
	for (c = 0; c < N_CHECKS; c++)
		if (verify_wants(v, (enum check)c))
			put_check(out, v, (enum check)c);
	outbuf_lit(out, "  </testsuite>\n</testsuites>\n");
}
