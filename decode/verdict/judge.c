/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - one flow before the judge: witnesses, kind, prediction, verdict. */
#include <stdlib.h>

#include "decode/verdict/memo.h"

/* What tells flows apart takes time to gather from many rules: about as long as
   judging one flow of each so many.  Of a state that is soon another's place,
   few flows are judged. */
#define RULES_A_FLOW	64

struct judge *
judge_new(const struct state *s)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->state = s;
	j->model = model_new(s);
	if (j->model == NULL) {
		free(j);
		return NULL;
	}
	j->contract = contract_new(s, j->model);
	j->until_memo = s->nf_rules.n / RULES_A_FLOW;
	return j;
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	memo_free(j->memo);
	contract_free(j->contract);
	model_free(j->model);
	free(j);
}

const struct state *
judge_state(const struct judge *j)
{
	return j->state;
}

const struct contract *
judge_contract(const struct judge *j)
{
	return j->contract;
}

/* Ports and order are a guess of who began: what looks wrong may be right the
   other way round. */
static void
doubt_guess(struct flow *f)
{
	if (f->has & FLOW_INITIATOR || f->verdict != VERDICT_WRONG)
		return;
	finding_remove_level(f, LEVEL_WRONG);
	f->verdict = finding_any(f, LEVEL_DROPPED) ? VERDICT_DROPPED : VERDICT_UNKNOWN;
	finding_add(f, F_AMBIGUOUS, "which end began was not seen: no verdict");
}

/* Linux sends with net.ipv4.ip_default_ttl, 64 unless set; others with 128 or 255.
   One less, where a packet is first seen to leave: this node forwarded it. */
static bool
was_forwarded(const struct flow *f)
{
	const struct leg *l = &f->legs[0];
	unsigned sent = l->ttl + 1u;

	return f->n_legs > 0 && !l->reply && l->dir == DIR_OUT &&
	    l->tunnel.type == TUN_NONE && (sent == 64 || sent == 128 || sent == 255);
}

/* With the node's address, but not of the node itself: whose it is was translated
   away where nobody looked. */
static void
doubt_host(struct flow *f)
{
	if (f->node.kind != KIND_HOST || f->verdict != VERDICT_OK || !was_forwarded(f))
		return;
	finding_remove_level(f, LEVEL_OK);
	f->verdict = VERDICT_UNKNOWN;
	f->node.kind = KIND_UNKNOWN;
	finding_add(f, F_AMBIGUOUS, "left with TTL %u, so this node forwarded it: where it "
	    "came in, and from whom, was not captured", f->legs[0].ttl);
}

void
judge_flow(struct judge *j, const struct judge_view *view, struct flow *f)
{
	struct memo_key key;
	struct trial t;
	unsigned first;
	bool alike;

	if (j->until_memo > 0)
		j->until_memo--;
	else if (j->memo == NULL && !j->no_memo) {
		j->memo = memo_new(j->state);
		j->no_memo = j->memo == NULL;
	}
	t.j = j;
	t.view = view;
	t.f = f;
	t.req = t.rep = (struct crossing){ 0 };
	t.has_walk = t.has_demand = t.has_after = false;
	t.walk.end = WALK_UNKNOWN;
	t.walk.masquerade = t.walk.dnat = false;
	t.walk.ctmark = 0;
	t.query.iif = NULL;
	trial_conntrack(&t);
	first = f->n_findings;
	trial_see(&t);
	alike = j->memo != NULL && memo_key(j->memo, &t, &key);
	if (alike && memo_use(j->memo, &key, &t)) {
		trial_service(&t);
		doubt_host(f);
		return;
	}
	trial_kind(&t);
	trial_see_after(&t);
	trial_predict(&t);
	trial_dropped(&t);
	trial_compare(&t);
	doubt_guess(f);
	if (alike)
		memo_keep(j->memo, &key, &t, first);
	/* Of this flow alone, and its entry: what is remembered is without it. */
	trial_service(&t);
	doubt_host(f);
}
