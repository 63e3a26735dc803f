/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blast.c - UDP datagrams as fast as one thread can send them, sendmmsg(2), or
 * at a rate: what live.sh has captured.  Prints how many went out and in how
 * many seconds.
 *
 *   blast ADDRESS PACKETS SIZE FLOWS [PER-SECOND]
 *
 * A flow is a socket with a source port of its own; ENOBUFS is tried again.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH		64u
#define MAX_FLOWS	1000u
#define MAX_SIZE	1472u

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long
number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > most)
		errx(2, "%s: expected a number from 1 to %lu", text, most);
	return n;
}

static int
open_flow(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(2, "%s: expected an IPv4 address", address);
	if (s < 0 || connect(s, (const struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", address);
	return s;
}

static void
pause_until(double t)
{
	double left = t - now();

	if (left > 0)
		usleep((useconds_t)(left * 1e6));
}

int
main(int argc, char **argv)
{
	static char payload[MAX_SIZE];
	static int flow[MAX_FLOWS];
	struct mmsghdr m[BATCH];
	struct iovec v = { .iov_base = payload };
	unsigned long packets, sent = 0, rate;
	unsigned n_flows;
	double start;

	if (argc < 5 || argc > 6)
		errx(2, "usage: blast ADDRESS PACKETS SIZE FLOWS [PER-SECOND]");
	packets = number(argv[2], 1000000000);
	v.iov_len = number(argv[3], MAX_SIZE);
	n_flows = (unsigned)number(argv[4], MAX_FLOWS);
	rate = argc == 6 ? number(argv[5], 1000000000) : 0;
	for (unsigned i = 0; i < n_flows; i++)
		flow[i] = open_flow(argv[1]);
	memset(m, 0, sizeof(m));
	for (unsigned i = 0; i < BATCH; i++) {
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	start = now();
	for (unsigned long turn = 0; sent < packets; turn++) {
		unsigned n = packets - sent < BATCH ? (unsigned)(packets - sent) : BATCH;
		int done = sendmmsg(flow[turn % n_flows], m, n, 0);

		if (done < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			err(1, "sendmmsg");
		sent += done > 0 ? (unsigned long)done : 0;
		if (rate != 0)
			pause_until(start + (double)sent / (double)rate);
	}
	printf("%lu %.3f\n", sent, now() - start);
	return 0;
}
