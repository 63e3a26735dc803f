/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_ip.c - dumps of iproute2, net-tools and sysctl, and whole bundles.
 * They come from elsewhere with a request for help; whatever they hold, reading
 * them must end, within bounds, with reports that are one line of text each.
 * The first byte says which reader.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/state/bundle.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_report(void *arg, const char *text)
{
	unsigned *n = arg;

	if (++*n > 10000 || strlen(text) >= STATE_REPORT_MAX)
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

/* A file of any kind: an archive, JSON, or nothing. */
static void
whole(const uint8_t *data, size_t size)
{
	struct bundle_limits limits = { 1 << 20, 2 << 20, 4 << 20, 100, 20 };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	unsigned n = 0;
	char path[40];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	state_free(bundle_state(path, &limits, check_report, &n));
	close(fd);
}

/* Twice, as from two files: the second must not add what the first had. */
static void
one_reader(reader_fn *fn, const uint8_t *data, size_t size)
{
	struct state *s = state_new();
	unsigned n = 0;
	struct reader r = {
		.state = s, .file = "ip-route-table-7.txt",
		.data = (const char *)data, .len = size,
		.report = check_report, .report_arg = &n,
	};

	if (s == NULL)
		return;
	fn(&r);
	reader_done(&r);
	if (n > READER_MAX_REPORTS + 1)
		abort();
	n = s->links.n + s->addrs.n + s->neighs.n + s->rules.n + s->routes.n;
	r.report = NULL;
	fn(&r);
	reader_done(&r);
	if (n != s->links.n + s->addrs.n + s->neighs.n + s->rules.n + s->routes.n)
		abort();
	state_ready(s);
	state_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static reader_fn *const readers[] = {
		read_ip_rule, read_ip6_rule, read_ip_route, read_ip6_route,
		read_ip_addr, read_ip_neigh, read_ifconfig, read_ip_json,
		read_sysctl, read_metrics, read_ipvsadm, read_hostname,
	};
	enum { N_READERS = sizeof(readers) / sizeof(readers[0]) };
	uint8_t *exact;
	unsigned which;

	if (size == 0)
		return 0;
	which = data[0] % (N_READERS + 1);
	data++;
	size--;
	exact = malloc(size ? size : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, data, size);
	if (which == N_READERS)
		whole(exact, size);
	else
		one_reader(readers[which], exact, size);
	free(exact);
	return 0;
}
