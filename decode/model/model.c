/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.c - a model out of a state, and its end.
 */
#include <stdlib.h>

#include "decode/model/model_int.h"

struct model *
model_new(const struct state *s)
{
	struct model *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->s = s;
	if (!devs_new(m) || !tables_new(m) || !rules_new(m) || !chains_new(m) ||
	    !index_seal(&m->index)) {
		model_free(m);
		return NULL;
	}
	return m;
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	for (uint32_t i = 0; i < m->n_tables; i++)
		free(m->tables[i].slots);
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned h = 0; h < N_NF_HOOKS; h++)
			free(m->hooks[v6][h].bases);
	index_free(&m->index);
	free(m->devs);
	free(m->dev_slots);
	free(m->addrs);
	free(m->made);
	free(m->made_text);
	free(m->rts);
	free(m->tables);
	free(m->rule_table);
	free(m->rule_where);
	free(m->chain_flags);
	free(m->chain_dnat);
	free(m);
}
