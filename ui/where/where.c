/* SPDX-License-Identifier: GPL-2.0-or-later */
/* where.c - parse --where into terms, and try them on flows. */
#include "ui/where/where.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/cli/suggest.h"
#include "ui/where/where_int.h"

struct term {
	const struct where_key_row *key;
	bool		 negate;
	unsigned	 n_values;
	struct where_value *values;	/* owned */
};

struct where {
	char		*text;		/* words point into it */
	unsigned	 n_terms;
	struct term	*terms;
};

enum op { OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE, N_OPS };

static const char *const op_text[N_OPS] = {
	[OP_EQ] = "=", [OP_NE] = "!=", [OP_GT] = ">", [OP_GE] = ">=",
	[OP_LT] = "<", [OP_LE] = "<=",
};

#define TERM_SHOWN	80	/* of a term in a message */

bool
where_probe_word(const struct where_probe *p, const char *word)
{
	unsigned i;

	for (i = 0; i < p->n_values; i++)
		if (fnmatch(p->values[i].word, word, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

bool
where_probe_number(const struct where_probe *p, uint64_t n)
{
	unsigned i;

	for (i = 0; i < p->n_values; i++)
		if (n >= p->values[i].low && n <= p->values[i].high)
			return true;
	return false;
}

static bool
prefix_eq(const struct addr *a, const struct addr *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return rest == 0 || ((a->b[bytes] ^ b->b[bytes]) >> (8 - rest)) == 0;
}

bool
where_probe_addr(const struct where_probe *p, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < p->n_values; i++)
		if (prefix_eq(a, &p->values[i].addr, p->values[i].bits))
			return true;
	return false;
}

/* ---- values */

struct parser {
	struct where	*where;
	const char	*term;		/* as typed, for messages */
	int		 term_len;
	char		*error;
};

static bool
fail(struct parser *ps, const char *why)
{
	snprintf(ps->error, WHERE_ERROR_MAX, "'%.*s': %s", ps->term_len, ps->term,
	    why);
	return false;
}

static bool
digits(const char **s, uint64_t *v)
{
	*v = 0;
	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s); (*s)++) {
		unsigned d = (unsigned)(**s - '0');

		if (*v > (UINT64_MAX - d) / 10)
			return false;
		*v = *v * 10 + d;
	}
	return true;
}

/* A duration: digits, maybe a fraction, and a unit. */
static bool
span_value(const char **s, uint64_t *ns)
{
	static const struct { const char *unit; uint64_t ns; } units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "µs", 1000 },
		{ "ms", 1000000 }, { "s", 1000000000 },
	};
	uint64_t whole, fraction = 0, scale = 1;
	size_t i;

	if (!digits(s, &whole))
		return false;
	if (**s == '.') {
		const char *from = ++*s;

		if (!digits(s, &fraction) || *s - from > 9)
			return false;
		for (; from < *s; from++)
			scale *= 10;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].unit);

		if (strncmp(*s, units[i].unit, n) != 0)
			continue;
		if (whole >= UINT64_MAX / units[i].ns)
			return false;
		*s += n;
		*ns = whole * units[i].ns + fraction * units[i].ns / scale;
		return true;
	}
	return false;
}

static bool
one_number(const struct where_key_row *key, const char **s, uint64_t *v)
{
	return key->type == WHERE_SPAN ? span_value(s, v) : digits(s, v);
}

static bool
number_value(struct parser *ps, const struct where_key_row *key, enum op op,
    const char *s, struct where_value *v)
{
	const char *expected = key->type == WHERE_SPAN ?
	    "a time with its unit is expected, such as 20ms (ns, us, ms, s)" :
	    "a number is expected, or a range such as 8000-8100";

	if (!one_number(key, &s, &v->low))
		return fail(ps, expected);
	v->high = v->low;
	if (*s == '-' && (op == OP_EQ || op == OP_NE)) {
		s++;
		if (!one_number(key, &s, &v->high))
			return fail(ps, expected);
		if (v->high < v->low)
			return fail(ps, "the range ends before it begins");
	}
	if (*s != '\0')
		return fail(ps, expected);
	/* An order becomes a range; an empty one has low above high. */
	switch (op) {
	case OP_GE:
		v->high = UINT64_MAX;
		break;
	case OP_GT:
		v->high = v->low == UINT64_MAX ? 0 : UINT64_MAX;
		v->low += v->low != UINT64_MAX;
		break;
	case OP_LE:
		v->low = 0;
		break;
	case OP_LT:
		v->high = v->low == 0 ? 0 : v->low - 1;
		v->low = v->low == 0;
		break;
	default:
		break;
	}
	return true;
}

static bool
addr_value(struct parser *ps, char *s, struct where_value *v)
{
	static const char expected[] =
	    "an address is expected, or a prefix such as 10.0.0.0/8";
	char *slash = strchr(s, '/');
	bool v4;

	if (slash != NULL)
		*slash = '\0';
	if (!addr_parse(s, &v->addr))
		return fail(ps, expected);
	/* "::ffff:1.2.3.4" is IPv4 in our form, but its prefix counts from the
	   beginning of the IPv6 text */
	v4 = addr_is_v4(&v->addr) && strchr(s, ':') == NULL;
	v->bits = 128;
	if (slash != NULL) {
		const char *p = slash + 1;
		uint64_t bits;

		if (!digits(&p, &bits) || *p != '\0' || bits > (v4 ? 32 : 128))
			return fail(ps, v4 ? "a prefix has 0 to 32 bits" :
			    "a prefix has 0 to 128 bits");
		v->bits = (unsigned)bits + (v4 ? 96 : 0);
	}
	return true;
}

static bool
word_value(struct parser *ps, const struct where_key_row *key, const char *s,
    struct where_value *v)
{
	struct suggest guess = { .word = s };
	char list[WHERE_ERROR_MAX / 2] = "one of ";
	const size_t most = sizeof(list) - 80;	/* room for what follows */
	const char *w, *best;
	bool cut = false;
	unsigned i;

	v->word = s;
	if (key->word == NULL || strpbrk(s, "*?[\\") != NULL)
		return true;
	for (i = 0; (w = key->word(i)) != NULL; i++) {
		size_t n = strlen(list);

		if (strcasecmp(w, s) == 0)
			return true;
		suggest_try(&guess, w);
		if (cut)
			continue;
		cut = n + strlen(w) >= most;
		snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
		    cut ? "..." : w);
	}
	best = suggest_best(&guess);
	if (best != NULL)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
		    " is expected (did you mean %s?)", best);
	else
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
		    " is expected");
	return fail(ps, list);
}

static bool
parse_value(struct parser *ps, struct term *t, enum op op, char *s)
{
	struct where_value *v = &t->values[t->n_values];

	if (*s == '\0')
		return fail(ps, "a value is missing");
	t->n_values++;
	switch (t->key->type) {
	case WHERE_NUMBER:
	case WHERE_SPAN:
		return number_value(ps, t->key, op, s, v);
	case WHERE_ADDR:
		return addr_value(ps, s, v);
	case WHERE_WORD:
		return word_value(ps, t->key, s, v);
	}
	return false;
}

static bool
parse_values(struct parser *ps, struct term *t, enum op op, char *s)
{
	size_t n = 1;
	char *c;

	for (c = s; (c = strchr(c, ',')) != NULL; c++)
		n++;
	t->values = calloc(n, sizeof(*t->values));
	if (t->values == NULL)
		return fail(ps, "out of memory");
	for (;;) {
		c = strchr(s, ',');
		if (c != NULL)
			*c = '\0';
		if (!parse_value(ps, t, op, s))
			return false;
		if (c == NULL)
			return true;
		s = c + 1;
	}
}

/* ---- terms */

static bool
fail_key(struct parser *ps, const char *name)
{
	struct suggest guess = { .word = name };
	const struct where_key_row *k;
	char why[WHERE_ERROR_MAX - TERM_SHOWN - 8] = "";
	const char *best;
	unsigned i;

	for (i = 0; (k = where_key_get(i)) != NULL; i++)
		suggest_try(&guess, k->name);
	best = suggest_best(&guess);
	if (best != NULL) {
		snprintf(why, sizeof(why), "unknown key (did you mean %s?)", best);
		return fail(ps, why);
	}
	snprintf(why, sizeof(why), "unknown key; the keys are");
	for (i = 0; (k = where_key_get(i)) != NULL; i++) {
		size_t n = strlen(why);

		snprintf(why + n, sizeof(why) - n, " %s", k->name);
	}
	return fail(ps, why);
}

static bool
find_key(struct parser *ps, struct term *t, const char *name)
{
	const struct where_key_row *k;
	unsigned i;

	for (i = 0; (k = where_key_get(i)) != NULL; i++) {
		if (strcmp(k->name, name) == 0) {
			t->key = k;
			return true;
		}
	}
	return fail_key(ps, name);
}

/* The longest operator at s: ">=" before ">". */
static bool
take_op(const char *s, enum op *op, size_t *len)
{
	unsigned i;

	*len = 0;
	for (i = 0; i < N_OPS; i++) {
		size_t n = strlen(op_text[i]);

		if (n > *len && strncmp(s, op_text[i], n) == 0) {
			*op = (enum op)i;
			*len = n;
		}
	}
	return *len > 0;
}

static bool
parse_term(struct parser *ps, struct term *t, char *s)
{
	size_t key_len = strcspn(s, "=!<>"), op_len;
	char *value;
	enum op op = OP_EQ;

	if (!take_op(s + key_len, &op, &op_len)) {
		/* not a term at all; or one whose key is wrong too */
		return fail(ps, "KEY=VALUE is expected, such as port=443");
	}
	value = s + key_len + op_len;
	s[key_len] = '\0';
	if (!find_key(ps, t, s))
		return false;
	if (op != OP_EQ && op != OP_NE && t->key->type != WHERE_NUMBER &&
	    t->key->type != WHERE_SPAN)
		return fail(ps, "only = and != can be asked of this key");
	t->negate = op == OP_NE;
	return parse_values(ps, t, op, value);
}

static bool
parse_terms(struct parser *ps, const char *text)
{
	static const char blanks[] = " \t\n\r\f\v";
	char *s = ps->where->text;

	for (;;) {
		struct term *terms;
		char *end;

		s += strspn(s, blanks);
		if (*s == '\0')
			break;
		end = s + strcspn(s, blanks);
		ps->term = text + (s - ps->where->text);
		ps->term_len = end - s > TERM_SHOWN ? TERM_SHOWN : (int)(end - s);
		terms = reallocarray(ps->where->terms, ps->where->n_terms + 1,
		    sizeof(*terms));
		if (terms == NULL)
			return fail(ps, "out of memory");
		ps->where->terms = terms;
		terms[ps->where->n_terms] = (struct term){ 0 };
		if (*end != '\0')
			*end++ = '\0';
		if (!parse_term(ps, &terms[ps->where->n_terms++], s))
			return false;
		s = end;
	}
	if (ps->where->n_terms > 0)
		return true;
	snprintf(ps->error, WHERE_ERROR_MAX,
	    "no term given; KEY=VALUE is expected, such as port=443");
	return false;
}

struct where *
where_parse(const char *text, char error[static WHERE_ERROR_MAX])
{
	struct where *w = calloc(1, sizeof(*w));
	struct parser ps = { .where = w, .error = error };

	error[0] = '\0';
	if (w != NULL)
		w->text = strdup(text);
	if (w == NULL || w->text == NULL) {
		snprintf(error, WHERE_ERROR_MAX, "out of memory");
		where_free(w);
		return NULL;
	}
	if (!parse_terms(&ps, text)) {
		where_free(w);
		return NULL;
	}
	return w;
}

void
where_free(struct where *w)
{
	unsigned i;

	if (w == NULL)
		return;
	for (i = 0; i < w->n_terms; i++)
		free(w->terms[i].values);
	free(w->terms);
	free(w->text);
	free(w);
}

bool
where_match(const struct where *w, const struct flow *f,
    const struct naming *names)
{
	unsigned i;

	for (i = 0; i < w->n_terms; i++) {
		const struct term *t = &w->terms[i];
		struct where_probe p = {
			.type = t->key->type, .n_values = t->n_values,
			.values = t->values, .names = names,
		};

		if (t->key->test(&p, f) == t->negate)
			return false;
	}
	return true;
}

bool
where_key(unsigned i, const char **name, const char **help)
{
	const struct where_key_row *k = where_key_get(i);

	if (k == NULL)
		return false;
	*name = k->name;
	*help = k->help;
	return true;
}
