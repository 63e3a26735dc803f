/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - one file after the other that whole blocks are written to, through
 * a buffer.  What is in a file ends with a block, whatever happens.
 */
#ifndef CAPTURE_RECORD_FILE_H
#define CAPTURE_RECORD_FILE_H

#include "capture/record.h"

#define FILE_BUFFER	((size_t)256 << 10)

struct out_file {
	int		 fd;		/* -1: none is open */
	bool		 regular, std;
	char		*path;		/* as messages name it */
	uint8_t		*buf;
	size_t		 n;
	uint64_t	 written;	/* of this file, without the buffer */
	uint64_t	 before;	/* of the files before it */
	uint64_t	 max;		/* of all together; 0: no limit */
	bool		 stopped, at_limit;
	char		 error[RECORD_ERROR_MAX];
};

bool	file_init(struct out_file *);		/* false without memory */
void	file_fini(struct out_file *);
/* "-" is standard output.  0 or -errno; -EEXIST only when `only_new`. */
int	file_open(struct out_file *, const char *path, bool only_new);
/* False when what was put did not all get there; so do all below. */
bool	file_close(struct out_file *);
bool	file_flush(struct out_file *);
/* Blocks, all of them whole. */
bool	file_put(struct out_file *, const void *blocks, size_t n);
/* Room for a block of n bytes, which is filled, and taken with file_took(). */
uint8_t	*file_room(struct out_file *, size_t n);
/* For good, with a text that is not empty unless there is nobody to tell. */
__attribute__((format(printf, 2, 3)))
bool	file_stop(struct out_file *, const char *text, ...);

static inline void
file_took(struct out_file *f, size_t n)
{
	f->n += n;
}

static inline uint64_t
file_size(const struct out_file *f)
{
	return f->written + f->n;
}

#endif
