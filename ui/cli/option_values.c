/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option_values.c - arguments of options: numbers, sizes, times, words, codes. */
#include "ui/cli/option_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode/flow.h"
#include "ui/cli/complain.h"
#include "ui/cli/suggest.h"

static bool
parse_number(uint64_t *out, const struct option_row *row, const char *text)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v == 0 ||
	    v > row->max) {
		if (row->max == UINT64_MAX)
			complain("--%s: '%s' is not a number of 1 or more",
			    row->name, text);
		else
			complain("--%s: '%s' is not a number from 1 to %llu",
			    row->name, text, (unsigned long long)row->max);
		return false;
	}
	*out = v;
	return true;
}

/* "60s": the number and where it ends; false when there is none. */
static bool
parse_amount(uint64_t *out, const char *text, const char **end)
{
	char *e;

	errno = 0;
	*out = strtoull(text, &e, 10);
	*end = e;
	return *text >= '0' && *text <= '9' && errno == 0;
}

/* The factor of a letter; 0 when it is none of them. */
static uint64_t
factor_of(char letter, const char *letters, const uint64_t *factors)
{
	const char *at = letter != '\0' ? strchr(letters, letter) : NULL;

	return at != NULL ? factors[at - letters] : 0;
}

static bool
parse_scaled(uint64_t *out, const struct option_row *row, const char *text)
{
	static const uint64_t bytes[] = { 1 << 10, 1 << 10, 1 << 20, 1 << 20,
		1 << 30, 1 << 30 };
	static const uint64_t seconds[] = { 1, 60, 3600 };
	bool time = row->type == OPT_SECONDS;
	uint64_t n, factor = time ? 1 : row->unit;
	const char *end;
	bool good = parse_amount(&n, text, &end);

	if (good && *end != '\0') {
		factor = time ? factor_of(*end, "smh", seconds) :
		    factor_of(*end, "kKmMgG", bytes);
		good = factor != 0 && end[1] == '\0';
	}
	if (good && n != 0 && n <= row->max / factor) {
		*out = n * factor;
		return true;
	}
	if (good && n != 0)
		complain("--%s: '%s' is too much", row->name, text);
	else
		complain("--%s: '%s' is not a %s", row->name, text, time ?
		    "time such as 90, 60s, 5m or 1h" :
		    "size such as 100, 512k, 64M or 2G");
	return false;
}

static bool
add_to_list(struct option_list *l, const struct option_row *row,
    const char *text)
{
	if (l->n == OPTION_LIST_MAX) {
		complain("--%s: given more than %d times", row->name,
		    OPTION_LIST_MAX);
		return false;
	}
	if (*text == '\0') {
		complain("--%s: the name is empty", row->name);
		return false;
	}
	l->v[l->n++] = text;
	return true;
}

/* n bytes of text, one code. */
static bool
check_code(const struct option_row *row, const char *text, size_t n)
{
	char word[64] = "";
	struct suggest s = { .word = word };
	const char *code, *best;

	memcpy(word, text, n < sizeof(word) ? n : sizeof(word) - 1);
	for (unsigned i = 0; (code = finding_code_name(i)) != NULL; i++) {
		if (strcmp(code, word) == 0)
			return true;
		suggest_try(&s, code);
	}
	best = suggest_best(&s);
	if (best != NULL)
		complain("--%s: '%s' is not the code of a finding (did you mean "
		    "'%s'?)", row->name, word, best);
	else
		complain("--%s: '%s' is not the code of a finding, such as "
		    "missing-snat", row->name, word);
	return false;
}

static bool
check_codes(const struct option_row *row, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (!check_code(row, text, n))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static bool
check_word(const struct option_row *row, const struct command *c,
    const char *text)
{
	struct suggest s = { .word = text };
	char list[256] = "";
	const char *w, *best;
	unsigned i;

	for (i = 0; (w = row->word(c, i)) != NULL; i++) {
		if (strcmp(w, text) == 0)
			return true;
		suggest_try(&s, w);
		if (i > 0)
			strncat(list, ", ", sizeof(list) - strlen(list) - 1);
		strncat(list, w, sizeof(list) - strlen(list) - 1);
	}
	best = suggest_best(&s);
	if (best != NULL)
		complain("--%s: '%s' is not one of %s (did you mean '%s'?)",
		    row->name, text, list, best);
	else
		complain("--%s: '%s' is not one of %s", row->name, text, list);
	return false;
}

bool
option_store(struct options *o, const struct command *c, const struct option_row *row,
    const char *text)
{
	char *field = (char *)o + row->offset;

	switch (row->type) {
	case OPT_FLAG:
		*(bool *)(void *)field = true;
		return true;
	case OPT_NUMBER:
		return parse_number((uint64_t *)(void *)field, row, text);
	case OPT_BYTES:
	case OPT_SECONDS:
		return parse_scaled((uint64_t *)(void *)field, row, text);
	case OPT_LIST:
		return add_to_list((struct option_list *)(void *)field, row, text);
	case OPT_CODES:
		if (!check_codes(row, text))
			return false;
		break;
	case OPT_WORD:
		if (!check_word(row, c, text))
			return false;
		break;
	case OPT_TEXT:
	case OPT_FILE:
		break;
	}
	*(const char **)(void *)field = text;
	return true;
}
