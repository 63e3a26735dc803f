/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng.h - the pcapng block reader, over any supply of bytes.  Internal to
 * capture/, apart from the fuzzer, which feeds it from memory.
 *
 * One buffer that grows with the blocks that really arrive, up to
 * PCAPNG_BLOCK_MAX, one small record for each interface, and the node state of a
 * recording (ng_own.h) are all its memory.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include "capture/reading.h"
#include "capture/window.h"

/* Longest block that is read (as Wireshark); of types that are skipped only
   the end of the file limits the length. */
#define PCAPNG_BLOCK_MAX	(16 * 1024 * 1024)

/* Interfaces of one file, all sections together: as many as a flow's leg can
   tell apart.  A recording of a day of coming and going pods has thousands. */
#define PCAPNG_IFACES_MAX	65536

struct pcapng;

/* NULL only when there is no memory; the reading is borrowed. */
struct pcapng	*pcapng_new(struct window_bytes, struct reading *);
void		 pcapng_free(struct pcapng *);	/* NULL is fine */
int		 pcapng_next(struct pcapng *, struct obs *); /* as source_next() */

#endif
