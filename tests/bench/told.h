/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * told.h - a flow as `podpath read -o json` tells it.
 */
#ifndef BENCH_TOLD_H
#define BENCH_TOLD_H

#include "truth.h"

#define LEGS_MAX	64u

struct told {
	struct tup	orig, trans;	/* trans = orig when it told none */
	struct tup	leg[LEGS_MAX];	/* all as the initiator sent them */
	bool		reply[LEGS_MAX];
	unsigned	n_legs;
	char		iface[2][64];	/* the first two that differ */
	unsigned	n_ifaces;
	int64_t		first;
	bool		has_trans;
	uint8_t		proto;
	char		verdict[16];
	char		code[CAUSE_LEN], cause[CAUSE_LEN];	/* of the first finding that is
						   wrong or a drop */
	char		text[256];	/* its sentence */
};

/*
 * Calls for each podpath.flow/1 line of the file ("-" is stdin); their number is
 * returned.  Ends the program when a line is no JSON, or there is no flow.
 */
uint64_t	told_read(const char *name, void (*each)(void *, struct told *),
		    void *arg);

#endif
