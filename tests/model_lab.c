/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_lab.c - what the comparisons of the model with the kernel share: random
 * numbers that a seed repeats, a scratch directory, sysctls, dumps read back.
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/model_lab.h"

uint64_t lab_seed;
char lab_dir[64];

void
lab_begin(const char *seed)
{
	const char *tmp = getenv("TMPDIR");

	lab_seed = strtoull(seed, NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	snprintf(lab_dir, sizeof(lab_dir), "%s/model.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(lab_dir) == NULL)
		err(2, "%s", lab_dir);
}

void
lab_end(void)
{
	(void)lab_shell("rm -r %s", lab_dir);
}

unsigned
lab_pick(unsigned n)
{
	lab_seed ^= lab_seed << 13;
	lab_seed ^= lab_seed >> 7;
	lab_seed ^= lab_seed << 17;
	return (unsigned)(lab_seed >> 33) % n;
}

bool
lab_chance(unsigned percent)
{
	return lab_pick(100) < percent;
}

FILE *
lab_file(const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", lab_dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		err(2, "%s", path);
	return f;
}

char *
lab_slurp(const char *name)
{
	char path[128], *p;
	size_t n, room = 1 << 20;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", lab_dir, name);
	f = fopen(path, "r");
	p = malloc(room);
	if (f == NULL || p == NULL)
		err(2, "%s", path);
	n = fread(p, 1, room - 1, f);
	if (n == room - 1)
		errx(2, "%s: too long", path);
	p[n] = '\0';
	fclose(f);
	return p;
}

int
lab_shell(const char *text, ...)
{
	char command[768];
	va_list ap;

	va_start(ap, text);
	vsnprintf(command, sizeof(command), text, ap);
	va_end(ap);
	fflush(NULL);
	return system(command);
}

void
lab_sysctl(struct state *s, const char *dev, const char *key, int value)
{
	char path[96], name[96], text[16];
	struct sysctl *x;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", dev, key);
	snprintf(name, sizeof(name), "net.ipv4.conf.%s.%s", dev, key);
	snprintf(text, sizeof(text), "%d", value);
	f = fopen(path, "w");
	if (f == NULL || fprintf(f, "%d\n", value) < 0 || fclose(f) != 0)
		err(2, "%s", path);
	x = state_push(s, sysctls);
	if (x == NULL)
		err(2, NULL);
	x->name = state_text(s, name, strlen(name));
	x->value = state_text(s, text, strlen(text));
}

static void
report(void *arg, const char *text)
{
	(void)arg;
	errx(2, "reader: %s", text);
}

void
lab_read(struct state *s, const char *name, reader_fn *fn)
{
	char *text = lab_slurp(name);
	struct reader r = { .state = s, .file = name, .data = text,
	    .len = strlen(text), .report = report };

	fn(&r);
	reader_done(&r);
	free(text);
}
