/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_json.h - what the two halves of the JSON output share. */
#ifndef UI_OUT_JSON_H
#define UI_OUT_JSON_H

#include "ui/out/output.h"

/* The members that payloads and ends give, none without them. */
void	out_json_app(struct json *, const struct flow_app *);

#endif
