/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_text.h - what the two halves of the text output share. */
#ifndef UI_OUT_TEXT_H
#define UI_OUT_TEXT_H

#include "ui/output.h"
#include "ui/present.h"
#include "ui/text.h"

/* Address (or its name), with the port. */
void	out_text_end(struct text *, const struct output_run *,
	    const struct addr *, uint16_t port, enum present_ids);
/* Both ends of a tuple; the ICMP id belongs to the first. */
void	out_text_tuple(struct text *, const struct output_run *,
	    const struct tuple *, enum present_ids);
void	out_text_iface(struct text *, const struct output_run *,
	    const struct leg *);
enum role out_text_level_role(unsigned level);
/* The path ladder of a flow (out_ladder.c). */
void	out_ladder(struct text *, const struct output_run *, const struct flow *);

#endif
