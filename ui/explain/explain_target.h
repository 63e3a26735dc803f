/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_target.h - a destination of podpath explain, as it was written. */
#ifndef UI_EXPLAIN_TARGET_H
#define UI_EXPLAIN_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/out/present.h"

struct explain_target {
	char		 host[PRESENT_NAME_MAX];
	char		 port[64];	/* "" none; a number or a name */
	uint8_t		 proto;		/* 0: not told */
};

/* False after a message. */
bool	explain_target(struct explain_target *, const char *word);
/* 1 to 65535 in decimal. */
bool	explain_port(const char *text, uint16_t *port);

#endif
