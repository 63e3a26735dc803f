/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_shares.h - the shares of Service ports (decode/app/shares.h), for a person and
   for a program. */
#ifndef UI_OUT_SHARES_H
#define UI_OUT_SHARES_H

#include "decode/app/shares.h"
#include "ui/out/json.h"
#include "ui/out/present.h"
#include "ui/out/text.h"

/* "default/svc-clusterip:svc-webport"; the number where the port has no name. */
#define OUT_SHARE_NAME_MAX	PRESENT_NAME_MAX
void	out_share_name(const struct share_port *, char out[static OUT_SHARE_NAME_MAX]);
/* "192.168.3.105:8080", "[2001:db8::1]:53" */
#define OUT_SHARE_END_MAX	(ADDR_TEXT_MAX + 8)
const char *out_share_end(const struct addr *, uint16_t port,
	    char out[static OUT_SHARE_END_MAX]);

/* One port as a table of endpoints, nodes and zones. */
void	out_share_table(struct text *, const struct share_port *);
/* All, after shares_end(): a line for each of the first, or all as tables. */
void	out_shares_text(struct text *, const struct shares *, bool verbose);
/* The member "services" of an object. */
void	out_shares_json(struct json *, const struct shares *);

#endif
