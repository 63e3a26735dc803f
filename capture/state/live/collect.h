/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect.h - bytes from programs and from a local HTTP server. */
#ifndef CAPTURE_STATE_COLLECT_H
#define CAPTURE_STATE_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLLECT_WHY_MAX	256
#define COLLECT_PATH_MAX 4096
/* Where ipamd writes which pod has which address. */
#define COLLECT_IPAM_DIR "/var/run/aws-node"
#define COLLECT_IPAM_NAME "ipam.json"

struct collected {
	char	*data;			/* malloc'd; NULL when there is nothing */
	size_t	 len;
	bool	 missing;		/* no such program, or nobody listens */
	char	 why[COLLECT_WHY_MAX];	/* when it failed: in words */
};

/* Run a program without a shell: argv[0] is looked for in the system's own
   folders, the environment holds no more than LC_ALL=C and PATH, standard input
   is empty.  False (with `why`) when it is not there, fails, says more than
   max bytes, or takes longer than the limit; then there are no data. */
bool	collect_program(struct collected *, const char *const argv[], size_t max,
	    int limit_ms);
/* GET path from 127.0.0.1:port; the body.  A step may take timeout_ms. */
bool	collect_http(struct collected *, uint16_t port, const char *path,
	    size_t max, int timeout_ms);
/* The same two, which give up, with `why`, as soon as stop_fd (-1: none) is
   readable. */
bool	collect_program_until(struct collected *, const char *const argv[],
	    size_t max, int limit_ms, int stop_fd);
bool	collect_http_until(struct collected *, uint16_t port, const char *path,
	    size_t max, int timeout_ms, int stop_fd);
/* A file, whole; its size need not be known before (/proc). */
bool	collect_file(struct collected *, const char *path, size_t max);
void	collected_free(struct collected *);

/* For these alone: room for at least one more byte (and a NUL) at the end; false
   (with `why`) when that would be more than max. */
bool	collected_grow(struct collected *, size_t *room, size_t max);

#endif
