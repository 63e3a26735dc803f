/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_json.c - documents of node state: ipamd's, kubectl's and our own.
 *
 * The first byte chooses the reader, the rest is the file.  Whatever it holds,
 * the state that comes of it can be made ready and written, and what is written
 * is read back without complaint as the same document.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/state/reader.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static reader_fn *const readers[] = {
	read_own, read_enis, read_ipam, read_cni_settings, read_ipamd_settings,
	read_conflist, read_kubectl_json, read_kubectl_text,
};

static void
on_report(void *arg, const char *text)
{
	unsigned *n = arg;

	if (strlen(text) >= STATE_REPORT_MAX || strchr(text, '\n') != NULL)
		abort();
	(*n)++;
}

static struct state *
read_with(reader_fn *read, const char *data, size_t len, unsigned *said)
{
	struct state *s = state_new();
	struct reader r = { .state = s, .file = "fuzz", .data = data, .len = len,
	    .report = on_report, .report_arg = said };

	if (s == NULL)
		abort();
	*said = 0;
	read(&r);
	reader_done(&r);
	state_ready(s);
	return s;
}

static char *
written(const struct state *s, size_t *len)
{
	int fd = memfd_create("state", 0);
	char *p;

	if (fd < 0 || state_write(s, fd) != 0)
		abort();
	*len = (size_t)lseek(fd, 0, SEEK_END);
	p = malloc(*len);
	if (p == NULL || pread(fd, p, *len, 0) != (ssize_t)*len)
		abort();
	close(fd);
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = sizeof(readers) / sizeof(readers[0]), first_len, second_len;
	struct state *s, *t;
	char *first, *second;
	unsigned said;

	if (size == 0)
		return 0;
	s = read_with(readers[data[0] % n], (const char *)data + 1, size - 1, &said);
	first = written(s, &first_len);
	t = read_with(read_own, first, first_len, &said);
	second = written(t, &second_len);
	if (said != 0 || first_len != second_len ||
	    memcmp(first, second, first_len) != 0)
		abort();
	free(first);
	free(second);
	state_free(s);
	state_free(t);
	return 0;
}
