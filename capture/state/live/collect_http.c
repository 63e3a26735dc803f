/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect_http.c - a GET of HTTP/1.0 (RFC 1945) to this host, as ipamd's
 * introspection answers it; and files.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/state/live/collect.h"

#define STEPS_MAX	100000		/* reads of one answer */
#define CHUNK		(64u << 10)

void
collected_free(struct collected *r)
{
	free(r->data);
	r->data = NULL;
	r->len = 0;
}

bool
collected_grow(struct collected *r, size_t *room, size_t max)
{
	size_t want = *room ? *room * 2 : CHUNK;
	char *p;

	if (r->len < *room)
		return true;
	if (r->len > max) {
		snprintf(r->why, sizeof(r->why), "more than %zu MiB", max >> 20);
		return false;
	}
	p = realloc(r->data, want);
	if (p == NULL) {
		snprintf(r->why, sizeof(r->why), "no memory for what it says");
		return false;
	}
	r->data = p;
	*room = want;
	return true;
}

static bool
fail(struct collected *r, const char *what, int error)
{
	snprintf(r->why, sizeof(r->why), "%s%s", what, strerror(error));
	collected_free(r);
	return false;
}

/* ---- HTTP */

/* False also when stop_fd is readable. */
static bool
ready(int fd, short events, int timeout_ms, int stop_fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = events },
	    { .fd = stop_fd, .events = POLLIN } };

	return poll(p, 2, timeout_ms) > 0 && p[1].revents == 0;
}

/* A connected socket; or -errno. */
static int
dial(uint16_t port, int timeout_ms, int stop_fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (errno != EINPROGRESS)
		error = errno;
	else if (!ready(fd, POLLOUT, timeout_ms, stop_fd))
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	return -error;
}

/* The whole answer, until the server closes. */
static bool
receive(struct collected *r, int fd, size_t max, int timeout_ms, int stop_fd)
{
	size_t room = 0;

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		ssize_t n;

		if (!collected_grow(r, &room, max)) {
			collected_free(r);
			return false;
		}
		if (!ready(fd, POLLIN, timeout_ms, stop_fd))
			return fail(r, "", ETIMEDOUT);
		n = recv(fd, r->data + r->len, room - r->len, 0);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return fail(r, "", errno);
		r->len += n > 0 ? (size_t)n : 0;
	}
	return fail(r, "", ETIMEDOUT);
}

/* Leave the body alone. */
static bool
take_body(struct collected *r)
{
	const char *end = r->data ? memmem(r->data, r->len, "\r\n\r\n", 4) : NULL;
	char version;
	unsigned status;
	size_t head;

	if (end == NULL || r->len < 13 ||
	    sscanf(r->data, "HTTP/1.%c %3u", &version, &status) != 2) {
		snprintf(r->why, sizeof(r->why), "the answer is not HTTP");
		collected_free(r);
		return false;
	}
	if (status != 200) {
		snprintf(r->why, sizeof(r->why), "HTTP status %u", status);
		collected_free(r);
		return false;
	}
	head = (size_t)(end + 4 - r->data);
	r->len -= head;
	memmove(r->data, r->data + head, r->len);
	return true;
}

bool
collect_http_until(struct collected *r, uint16_t port, const char *path,
    size_t max, int timeout_ms, int stop_fd)
{
	char request[256];
	int fd = dial(port, timeout_ms, stop_fd), n;
	bool ok;

	*r = (struct collected){ 0 };
	if (fd < 0) {
		r->missing = true;
		return fail(r, "", -fd);
	}
	n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.0\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
	/* it fits into the empty buffer of a fresh socket */
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		ok = fail(r, "", errno);
	else
		ok = receive(r, fd, max, timeout_ms, stop_fd) && take_body(r);
	close(fd);
	return ok;
}

bool
collect_http(struct collected *r, uint16_t port, const char *path, size_t max,
    int timeout_ms)
{
	return collect_http_until(r, port, path, max, timeout_ms, -1);
}

/* ---- files */

bool
collect_file(struct collected *r, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t room = 0;
	ssize_t n;

	*r = (struct collected){ 0 };
	if (fd < 0) {
		r->missing = errno == ENOENT || errno == ENOTDIR;
		return fail(r, "", errno);
	}
	do {
		if (!collected_grow(r, &room, max)) {
			close(fd);
			collected_free(r);
			return false;
		}
		n = read(fd, r->data + r->len, room - r->len);
		r->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		int error = errno;

		close(fd);
		return fail(r, "", error);
	}
	close(fd);
	return true;
}
