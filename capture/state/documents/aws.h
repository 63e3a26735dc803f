/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aws.h - parts of ipamd's documents that stand in more than one file. */
#ifndef CAPTURE_STATE_AWS_H
#define CAPTURE_STATE_AWS_H

#include "capture/state/documents/json.h"

/* Pods as ipamd before 1.7 lists them; false when there is none. */
bool	aws_old_pods(struct jdoc *, const json_t *list);
/* What ipamd answers to a path that it does not know. */
bool	aws_is_help(const struct jdoc *);

#endif
