/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.h - what source.c asks of a capture file format.  Internal to
 * capture/.
 */
#ifndef CAPTURE_FORMAT_H
#define CAPTURE_FORMAT_H

#include "capture/input.h"
#include "capture/reading.h"

struct format {
	/* Do the first n bytes begin such a file? */
	bool	 (*match)(const uint8_t *head, size_t n);
	/* NULL on failure, with a report in the reading.  Both are borrowed. */
	void	*(*open)(struct input *, struct reading *);
	void	 (*close)(void *);
	/* As source_next(). */
	int	 (*next)(void *, struct obs *);
};

extern const struct format format_pcap;
extern const struct format format_pcapng;
/* pcap with every packet through libpcap: what format_pcap is tested against. */
extern const struct format format_pcap_slow;

#endif
