/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_ss.c - lists of sockets.  Processes choose their own names, which
 * stand in them as they are, and so must neither look like another socket or
 * process nor lead a reader astray.  The first byte says which reader.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/state/reader.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_report(void *arg, const char *text)
{
	unsigned *n = arg;

	if (++*n > READER_MAX_REPORTS + 1 || strlen(text) >= STATE_REPORT_MAX)
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

static void
check_sock(const struct state *s, const struct sock *k)
{
	struct tuple t = { k->local, k->peer, k->lport, k->pport, k->proto };
	const struct sock *found;

	if ((k->proto != PROTO_TCP && k->proto != PROTO_UDP) ||
	    (k->process != NULL && (*k->process == '\0' ||
	    strlen(k->process) > 19)))
		abort();
	/* what is found has these ends, and is the only one */
	found = state_sock(s, &t);
	if (found != NULL && (found->process == NULL || found->lport != k->lport ||
	    !addr_eq(&found->peer, &k->peer)))
		abort();
	found = state_sock_listening(s, &k->local, k->lport, k->proto);
	if (found != NULL && (!found->listens || found->lport != k->lport))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static reader_fn *const readers[] = { read_ss, read_netstat };
	static const char *const files[] = { "ss.txt", "ss-unp.txt" };
	struct state *s = state_new();
	unsigned n = 0;
	uint32_t before;
	struct reader r = { .state = s, .report = check_report, .report_arg = &n };
	char *exact = malloc(size ? size : 1);

	if (s == NULL || exact == NULL || size == 0) {
		state_free(s);
		free(exact);
		return 0;
	}
	memcpy(exact, data + 1, size - 1);
	r.data = exact;
	r.len = size - 1;
	r.file = files[data[0] >> 1 & 1];
	readers[data[0] & 1](&r);
	reader_done(&r);
	before = s->socks.n;
	/* as from a second file: the same sockets are no others */
	n = 0;
	readers[data[0] & 1](&r);
	reader_done(&r);
	if (s->socks.n != before)
		abort();
	state_ready(s);
	for (uint32_t i = 0; i < s->socks.n; i++)
		check_sock(s, &s->socks.v[i]);
	state_free(s);
	free(exact);
	return 0;
}
