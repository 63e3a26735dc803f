/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares_show.c - what podpath verify shares shows beyond its items. */
#include "ui/verify/shares.h"

static void
put_stale(struct text *t, const struct shares_check *c)
{
	char end[OUT_SHARE_END_MAX];

	if (c->stale_entries == 0 || c->name != NULL)
		return;		/* an item says it */
	text_pad(t, 2);
	text_role(t, ROLE_NOTE);
	text_put(t, "note");
	text_role(t, ROLE_PLAIN);
	text_put(t, ": stale-conntrack: ");
	text_u64(t, c->stale_entries);
	text_put(t, c->stale_entries == 1 ? " entry of conntrack's table leads" :
	    " entries of conntrack's table lead");
	text_put(t, " to what is no endpoint of its Service any more, such as ");
	text_put(t, out_share_end(&c->stale[0].dst, c->stale[0].dport, end));
	text_put(t, " of ");
	text_foreign(t, c->stale[0].name);
	text_newline(t);
}

void
shares_text(const void *arg, struct text *t)
{
	const struct shares_check *c = arg;

	out_shares_text(t, c->shares, true);
	put_stale(t, c);
}

void
shares_json(const void *arg, struct json *j)
{
	const struct shares_check *c = arg;

	out_shares_json(j, c->shares);
	if (c->stale_entries == 0)
		return;
	json_key(j, "stale_entries");
	json_u64(j, c->stale_entries);
}
