/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_json.h - one object of what `ip -j` prints; for capture/state/ip_json*.c
 * only.
 */
#ifndef CAPTURE_STATE_IP_JSON_H
#define CAPTURE_STATE_IP_JSON_H

#include "capture/state/documents/json.h"

/* ip_json_link.c: a link with its addresses; a neighbour. */
void	ip_json_link(struct jdoc *, const json_t *);
void	ip_json_neigh(struct jdoc *, const json_t *);

#endif
