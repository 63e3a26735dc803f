/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack.c - conntrack as the second witness of a translation.
 *
 * A dump is taken at one time, most often after the capture: an entry can be of
 * a later conversation with the same tuple, and an entry that is not there
 * proves nothing.  Events tell when each was there.
 */
#include "decode/verdict/judge_int.h"

static unsigned
nat_between(const struct tuple *o, const struct tuple *x)
{
	return (!addr_eq(&o->src, &x->src) || o->sport != x->sport ? NAT_SNAT : 0) |
	    (!addr_eq(&o->dst, &x->dst) || o->dport != x->dport ? NAT_DNAT : 0);
}

/* Conntrack knows who began: the flow is named from the other end. */
static void
turn_flow(struct flow *f)
{
	struct tuple original = tuple_turned(&f->translated);
	uint64_t packets = f->request_packets;

	f->translated = tuple_turned(&f->original);
	f->original = original;
	f->nat = f->has & FLOW_TRANSLATED ? nat_between(&f->original, &f->translated) : 0;
	f->request_packets = f->reply_packets;
	f->reply_packets = packets;
	for (unsigned i = 0; i < f->n_legs; i++)
		f->legs[i].reply = !f->legs[i].reply;
	/* Request legs come first. */
	for (unsigned i = 1; i < f->n_legs; i++)
		for (unsigned k = i; k > 0 && !f->legs[k].reply &&
		    f->legs[k - 1].reply; k--) {
			struct leg l = f->legs[k];

			f->legs[k] = f->legs[k - 1];
			f->legs[k - 1] = l;
		}
}

static bool
is_turned(const struct judge_view *v, const struct flow *f)
{
	struct tuple other = tuple_turned(&f->translated);

	return !(f->has & FLOW_INITIATOR) &&
	    v->ct_orig(v->arg, f, &f->original) == NULL &&
	    v->ct_orig(v->arg, f, &other) != NULL;
}

/* The entry whose original tuple is the flow's; or, where only one side was
   seen, the one whose other side is. */
static const struct ct_entry *
find_entry(const struct judge_view *v, const struct flow *f)
{
	const struct ct_entry *ct = v->ct_orig(v->arg, f, &f->original);
	struct tuple answer;

	if (ct != NULL)
		return ct;
	answer = tuple_turned(f->has & FLOW_TRANSLATED ? &f->translated : &f->original);
	return v->ct_reply(v->arg, f, &answer);
}

/* Was it there at that time? */
static bool
was_there(const struct trial *t, const struct ct_entry *ct, struct nstime at)
{
	struct nstime began = t->view->ct_began(t->view->arg, ct);

	return t->f->first.ns < at.ns || (began.ns != 0 && began.ns < at.ns);
}

/* The entry is older than the pod: it was made for one that had the address
   before. */
static void
note_stale(struct trial *t, const struct ct_entry *ct)
{
	const struct pod *p = state_pod_addr(t->j->state, &ct->reply.src);
	char dst[ADDR_TEXT_MAX];

	if (p == NULL || p->name == NULL || p->allocated.ns == 0 ||
	    addr_eq(&ct->orig.dst, &ct->reply.src) ||
	    !was_there(t, ct, p->allocated) || t->f->last.ns <= p->allocated.ns)
		return;
	addr_format(&ct->reply.src, dst);
	finding_add(t->f, F_STALE_CONNTRACK, "translated to %s since before %s/%s got that "
	    "address: the entry was made for another pod", dst, p->ns, p->name);
}

static void
believe(struct trial *t, const struct ct_entry *ct)
{
	struct flow *f = t->f;
	struct tuple after = tuple_turned(&ct->reply);

	if (!(f->has & FLOW_TRANSLATED)) {
		f->original = ct->orig;
		f->translated = after;
		f->nat = nat_between(&f->original, &after);
		f->has |= FLOW_TRANSLATED;
		f->confidence = CONF_DECLARED;
	} else if (f->confidence == CONF_OBSERVED) {
		f->confidence = CONF_CONFIRMED;
	}
	f->has |= FLOW_INITIATOR;
	f->node.ct = ct;
	note_stale(t, ct);
}

void
trial_conntrack(struct trial *t)
{
	struct flow *f = t->f;
	const struct ct_entry *ct;
	char text[2][ADDR_TEXT_MAX];
	struct tuple after;

	if (!t->view->has_ct)
		return;
	if (is_turned(t->view, f))
		turn_flow(f);
	ct = find_entry(t->view, f);
	if (ct == NULL)
		return;
	after = tuple_turned(&ct->reply);
	if (tuple_eq(&ct->orig, &f->original) && (f->has & FLOW_TRANSLATED) &&
	    tuple_eq(&after, &f->translated)) {
		believe(t, ct);
		return;
	}
	if (!t->view->is_latest(t->view->arg, f))
		return;		/* it is of a later conversation */
	if (!(f->has & FLOW_TRANSLATED)) {
		believe(t, ct);
		return;
	}
	if (!tuple_eq(&ct->orig, &f->original))
		return;
	addr_format(&after.src, text[0]);
	addr_format(&f->translated.src, text[1]);
	finding_add(f, F_CONTRADICTION, "conntrack's entry for it says %s:%u, "
	    "the packets left as %s:%u", text[0], after.sport, text[1],
	    f->translated.sport);
}
