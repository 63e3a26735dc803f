/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loss.c - when packets or events were lost: what is missing then may be among
 * them, and proves nothing.
 */
#include "decode/trace/tracer_int.h"

/* The two spans with the smallest gap between them become one. */
static void
merge_nearest(struct tracer *t)
{
	struct loss_span *v = t->losses;
	unsigned at = 1;

	for (unsigned i = 1; i < t->n_losses; i++)
		if (v[i].since.ns - v[i - 1].until.ns <
		    v[at].since.ns - v[at - 1].until.ns)
			at = i;
	v[at - 1].until = v[at].until;
	v[at - 1].packets += v[at].packets;
	memmove(&v[at], &v[at + 1], (t->n_losses - at - 1) * sizeof(v[0]));
	t->n_losses--;
}

void
loss_observe(struct tracer *t, const struct obs *o)
{
	const struct obs_loss *l = &o->loss;
	uint64_t packets = l->kernel + l->interface;
	struct nstime since = l->since.ns != 0 ? l->since :
	    (struct nstime){ INT64_MIN / 2 };
	/* What is told at the end, without a time, may concern all before. */
	struct nstime until = o->ts.ns > t->stats.last.ns ? o->ts : t->stats.last;
	struct loss_span *last;

	t->stats.lost_kernel += l->kernel;
	t->stats.lost_interface += l->interface;
	t->stats.lost_netlink += l->netlink;
	if (l->netlink > 0 && t->ct != NULL)
		ct_table_lost(t->ct, since, until);
	if (packets == 0)
		return;
	last = t->n_losses > 0 ? &t->losses[t->n_losses - 1] : NULL;
	if (last != NULL && since.ns <= last->until.ns) {
		if (since.ns < last->since.ns)
			last->since = since;
		if (until.ns > last->until.ns)
			last->until = until;
		last->packets += packets;
		return;
	}
	if (t->n_losses == MAX_LOSSES)
		merge_nearest(t);
	t->losses[t->n_losses++] = (struct loss_span){ since, until, packets };
}

uint64_t
loss_between(const struct tracer *t, struct nstime first, struct nstime last)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < t->n_losses; i++)
		if (t->losses[i].since.ns <= last.ns && t->losses[i].until.ns >= first.ns)
			lost += t->losses[i].packets;
	return lost;
}
