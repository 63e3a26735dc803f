/* SPDX-License-Identifier: GPL-2.0-or-later */
/* annotate.h - what the comment of a recorded packet says of its flow. */
#ifndef UI_ANNOTATE_H
#define UI_ANNOTATE_H

#include <stddef.h>

#include "decode/flow.h"

#define ANNOTATE_MAX	640

/* "flow 7: tcp 10.0.0.5:41234 > 1.1.1.1:443 as 10.0.0.2:21015 > 1.1.1.1:443 (snat);
   ok: snat-node-ip", with a NUL. */
void	annotate(char out[static ANNOTATE_MAX], const struct flow *);

#endif
