/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_storm.c - many short flows, for t_live_storm.sh.
 *
 * usage: live_storm send SOURCE DESTINATION FLOWS RATE SECONDS
 *        live_storm serve
 *
 * Each flow is one UDP datagram of its own source and destination port, through a
 * raw socket (raw(7)), since a kernel socket for each would be slower than what
 * is to be shown; `serve` answers them, until it is ended.  At most RATE a second,
 * for at most so many seconds; prints how many were sent.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PORT	9000u	/* of the server; so many follow each other */
#define N_PORTS		4u
#define FIRST_SOURCE	1024u
#define N_SOURCES	60000u
#define PAYLOAD		"storm 00000000"
#define PAYLOAD_LEN	(sizeof(PAYLOAD) - 1)

/* ---- serve */

static int
server_socket(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		err(1, "port %u", port);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

static void
answer(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char bytes[64];
	ssize_t n;

	while (len = sizeof(from), (n = recvfrom(fd, bytes, sizeof(bytes),
	    MSG_DONTWAIT, (struct sockaddr *)&from, &len)) > 0)
		sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void
serve(void)
{
	struct pollfd fds[N_PORTS];

	for (unsigned i = 0; i < N_PORTS; i++)
		fds[i] = (struct pollfd){ server_socket(FIRST_PORT + i), POLLIN, 0 };
	while (poll(fds, N_PORTS, -1) > 0)
		for (unsigned i = 0; i < N_PORTS; i++)
			if (fds[i].revents)
				answer(fds[i].fd);
}

/* ---- send */

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The kernel fills in the header's checksum and length (raw(7)); a UDP checksum
   of 0 is none (RFC 768). */
static size_t
make_datagram(uint8_t out[64], const struct in_addr *src,
    const struct in_addr *dst, unsigned flow)
{
	size_t len = 20 + 8 + PAYLOAD_LEN;
	char payload[PAYLOAD_LEN + 1];

	memset(out, 0, len);
	out[0] = 0x45;
	put16(out + 4, flow & 0xffff);
	out[8] = 64;
	out[9] = IPPROTO_UDP;
	memcpy(out + 12, src, 4);
	memcpy(out + 16, dst, 4);
	put16(out + 20, FIRST_SOURCE + flow % N_SOURCES);
	put16(out + 22, FIRST_PORT + flow / N_SOURCES % N_PORTS);
	put16(out + 24, (unsigned)(8 + PAYLOAD_LEN));
	snprintf(payload, sizeof(payload), "storm %08u", flow % 100000000);
	memcpy(out + 28, payload, PAYLOAD_LEN);
	return len;
}

static void
wait_until(int64_t ns)
{
	int64_t left = ns - now_ns();
	struct timespec t = { left / 1000000000, left % 1000000000 };

	if (left > 0)
		nanosleep(&t, NULL);
}

static unsigned
send_flows(const struct in_addr *src, const struct in_addr *dst, unsigned flows,
    unsigned rate, unsigned seconds)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = *dst };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	int64_t begun = now_ns();
	uint8_t bytes[64];
	unsigned i;

	if (fd < 0)
		err(1, "raw socket");
	for (i = 0; i < flows; i++) {
		size_t n = make_datagram(bytes, src, dst, i);

		if (i % 50 == 0)
			wait_until(begun + (int64_t)i * 1000000000 / rate);
		if (now_ns() - begun > (int64_t)seconds * 1000000000)
			break;
		while (sendto(fd, bytes, n, 0, (struct sockaddr *)&to,
		    sizeof(to)) < 0)
			if (errno != ENOBUFS && errno != EINTR)
				err(1, "flow %u", i);
	}
	close(fd);
	return i;
}

static unsigned
number(const char *text)
{
	unsigned long v = strtoul(text, NULL, 10);

	if (v == 0 || v > 100000000)
		errx(2, "not a number from 1 on: %s", text);
	return (unsigned)v;
}

int
main(int argc, char **argv)
{
	struct in_addr src, dst;

	if (argc == 2 && strcmp(argv[1], "serve") == 0) {
		serve();
		return 1;
	}
	if (argc != 7 || strcmp(argv[1], "send") != 0 ||
	    inet_pton(AF_INET, argv[2], &src) != 1 ||
	    inet_pton(AF_INET, argv[3], &dst) != 1)
		errx(2, "usage: live_storm send SOURCE DESTINATION FLOWS RATE "
		    "SECONDS | serve");
	if (number(argv[4]) > N_SOURCES * N_PORTS)
		errx(2, "at most %u flows", N_SOURCES * N_PORTS);
	printf("%u\n", send_flows(&src, &dst, number(argv[4]), number(argv[5]),
	    number(argv[6])));
	return 0;
}
