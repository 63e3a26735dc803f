/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_text.h - what the two halves of the text output share. */
#ifndef UI_OUT_TEXT_H
#define UI_OUT_TEXT_H

#include "decode/contract.h"
#include "ui/out/output.h"
#include "ui/out/present.h"
#include "ui/out/text.h"

/* Address (or its name), with the port. */
void	out_text_end(struct text *, const struct output_run *,
	    const struct addr *, uint16_t port, enum present_ids);
/* Both ends of a tuple; the ICMP id belongs to the first. */
void	out_text_tuple(struct text *, const struct output_run *,
	    const struct tuple *, enum present_ids);
void	out_text_iface(struct text *, const struct output_run *,
	    const struct leg *);
enum role out_text_level_role(unsigned level);
enum role out_text_verdict_role(unsigned verdict);
/* The path ladder of a flow (out_ladder.c). */
void	out_ladder(struct text *, const struct output_run *, const struct flow *);


/* What node state says (out_why.c).  " (eni-0abc, primary; owns 10.0.0.7)";
   owns: NULL or an address that it owns. */
void	out_text_eni(struct text *, const struct eni *, const struct addr *owns);
/* The answer in one line: who to whom, by which ENI, translated to what. */
void	out_answer(struct text *, const struct output_run *, const struct flow *);
/* The rule, route, NAT rule and conntrack entry that decided. */
void	out_why(struct text *, const struct output_run *, const struct flow *);

/* The first word of a line about a flow: "  rule        ", and where what follows
   it stands. */
#define OUT_COL_WORDS	14	/* behind "conntrack" */
void	out_text_word(struct text *, const char *word);
/* What payloads and ends say (out_app.c): role, client, DNS. */
void	out_app(struct text *, const struct output_run *, const struct flow *);

#endif
