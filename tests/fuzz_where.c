/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_where.c - the parser of --where, on any text.
 * It takes what a person or a script typed, and must say no rather than crash;
 * what it accepts must be safe to try on flows.
 */
#include <stdlib.h>

#include "tests/flow_sample.h"
#include "ui/where/where.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[WHERE_ERROR_MAX], *text = malloc(size + 1);
	struct flow flows[2] = { sample_tcp(), sample_icmp() };
	struct where *w;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	w = where_parse(text, error);
	/* a message for each text that is no expression, and only for these */
	if ((w == NULL) != (error[0] != '\0') || strlen(error) >= sizeof(error))
		abort();
	if (w != NULL) {
		where_match(w, &flows[0], &sample_names);
		where_match(w, &flows[1], &sample_names);
	}
	where_free(w);
	free(text);
	return 0;
}
