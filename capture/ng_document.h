/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_document.h - node state and its changes out of the parts of a recording.
 * Internal to capture/.
 */
#ifndef CAPTURE_NG_DOCUMENT_H
#define CAPTURE_NG_DOCUMENT_H

#include "capture/ng_block.h"

struct ng_part {
	uint16_t	 kind;		/* RECORD_STATE or RECORD_CHANGE */
	struct nstime	 ts;
	uint32_t	 number;
	bool		 more, deflated;
	const uint8_t	*p;
	uint32_t	 n;
};

/* BLOCK_OBS when it was the last one, and the document is good. */
enum handled	ng_document_part(struct pcapng *, const struct block *,
		    const struct ng_part *, struct obs *);
void		ng_document_close(struct own_document *);

/* ng_own.c: report damage of our own, once; always BLOCK_DONE. */
__attribute__((format(printf, 3, 4)))
enum handled	ng_own_bad(struct pcapng *, const struct block *, const char *fmt,
		    ...);

#endif
