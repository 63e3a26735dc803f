/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read_file.h - a reader of capture/state/ over a file of the repository. */
#ifndef TESTS_READ_FILE_H
#define TESTS_READ_FILE_H

#include "tests/read_state.h"

static inline struct run
run_file(reader_fn *fn, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *data = NULL;
	size_t len = 0;
	struct run r;

	if (f == NULL || getdelim(&data, &len, EOF, f) < 0)
		err(1, "%s", path);
	r = run_bytes(fn, path, data, (size_t)ftell(f));
	fclose(f);
	free(data);
	return r;
}

#endif
