/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * corpus.c - run a fuzz harness over saved inputs, as an ordinary test.
 *
 * Linked with tests/fuzz_NAME.c in place of libFuzzer.  Arguments are files or
 * directories; one TAP line is printed for each file.  A failure is a crash or
 * a sanitizer report, which the runner sees in the exit status.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned n_run;

static void
run_file(const char *path)
{
	struct stat st;
	uint8_t *data;
	FILE *f = fopen(path, "rb");

	if (f == NULL || fstat(fileno(f), &st) != 0)
		err(1, "%s", path);
	/* Exactly the size, so that a read past the end is seen; never NULL. */
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (data == NULL)
		err(1, "%s", path);
	if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		errx(1, "%s: short read", path);
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	printf("ok %u %s\n", ++n_run, path);
	fflush(stdout);
}

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
run_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	int i, n;

	if (stat(path, &st) != 0)
		err(1, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &names, not_hidden, alphasort);
	if (n < 0)
		err(1, "%s", path);
	for (i = 0; i < n; i++) {
		char *full;

		if (asprintf(&full, "%s/%s", path, names[i]->d_name) < 0)
			err(1, NULL);
		run_path(full);
		free(full);
		free(names[i]);
	}
	free(names);
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("1..%u\n", n_run);
	return n_run == 0;
}
