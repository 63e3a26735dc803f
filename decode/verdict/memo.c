/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memo.c - see memo.h. */
#include "decode/verdict/memo.h"

#include <stdlib.h>
#include <string.h>

#include "decode/verdict/classes.h"

#define N_ENTRIES	(1u << 15)
#define MAX_FINDINGS	3
#define MAX_TEXTS	64u

/* What is said of flows that are right is nearly always the same. */
struct text {
	const char	*code;
	uint32_t	len;
	char		text[108];
};

struct entry {
	struct memo_key	key;
	struct flow_node node;		/* ct and pod_ip are each flow's own */
	uint32_t	has;		/* FLOW_MODEL, FLOW_PREDICTED */
	bool		used;
	bool		pod_is_source;
	uint8_t		n_findings;
	uint8_t		findings[MAX_FINDINGS];	/* in memo.texts */
};

struct memo {
	struct classes	*classes;
	struct text	texts[MAX_TEXTS];
	unsigned	n_texts;
	struct entry	entries[N_ENTRIES];
};

struct memo *
memo_new(const struct state *s)
{
	struct memo *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->classes = classes_new(s);
	if (m->classes == NULL) {
		free(m);
		return NULL;
	}
	return m;
}

void
memo_free(struct memo *m)
{
	if (m == NULL)
		return;
	classes_free(m->classes);
	free(m);
}

/* One leg in and one out at most, each way, outside of tunnels, the devices of
   all known; what could be a drop is not for here. */
static bool
is_plain(const struct trial *t)
{
	const struct flow *f = t->f;
	const struct crossing *q = &t->req, *r = &t->rep;

	if (f->n_legs > 4 || f->legs_left_out != 0 || f->verdict != VERDICT_UNKNOWN ||
	    addr_is_multicast(&f->original.dst))
		return false;
	for (unsigned i = 0; i < f->n_legs; i++)
		if (f->legs[i].tunnel.type != TUN_NONE || f->legs[i].other_host ||
		    (f->legs[i].dir != DIR_IN && f->legs[i].dir != DIR_OUT))
			return false;
	if (f->n_legs != (unsigned)((q->in != NULL) + (q->out != NULL) +
	    (r->in != NULL) + (r->out != NULL)))
		return false;
	if ((q->in != NULL && q->in_dev == NULL) || (q->out != NULL && q->out_dev == NULL) ||
	    (r->in != NULL && r->in_dev == NULL) || (r->out != NULL && r->out_dev == NULL))
		return false;
	/* What came in went out, or is the answer to this node itself, by the device
	   that its request left by. */
	return q->out != NULL && (r->in == NULL || r->out != NULL ||
	    (q->in == NULL && strcmp(r->in_dev, q->out_dev) == 0));
}

bool
memo_key(struct memo *m, const struct trial *t, struct memo_key *k)
{
	const struct flow *f = t->f;
	const struct tuple *o = &f->original;
	struct classes *c = m->classes;

	if (!is_plain(t))
		return false;
	*k = (struct memo_key){
		.devs = { t->req.in_dev, t->req.out_dev, t->rep.in_dev, t->rep.out_dev },
		.src = classes_addr(c, &o->src), .dst = classes_addr(c, &o->dst),
		.sport = classes_sport(c, o->sport),
		/* How sure it is who began, and conntrack where the packet itself
		   was seen coming in, change nothing in what is right. */
		.bits = (uint32_t)f->proto | (f->nat & 3u) << 8 |
		    (t->req.begins_here ? 1u << 10 : 0) | (t->req.in ? 1u << 11 : 0) |
		    (t->rep.in ? 1u << 12 : 0) | (t->rep.out ? 1u << 13 : 0) |
		    (t->req.in == NULL && f->node.ct != NULL ? 1u << 14 : 0),
	};
	k->dport = classes_dport(c, k->dst, o->dport);
	k->after_src = addr_eq(&t->after.src, &o->src) ? k->src :
	    classes_addr(c, &t->after.src);
	k->after_dst = addr_eq(&t->after.dst, &o->dst) ? k->dst :
	    classes_addr(c, &t->after.dst);
	k->target = addr_eq(&f->translated.dst, &o->dst) ? k->dst :
	    classes_addr(c, &f->translated.dst);
	k->after_dport = t->after.dport == o->dport ? 0 : 65536u + t->after.dport;
	k->target_dport = f->translated.dport == o->dport ? 0 :
	    65536u + f->translated.dport;
	if (t->rep.out != NULL)
		k->reply_src = classes_addr(c, addr_eq(&t->rep.out->t.src, &o->dst) ?
		    &o->dst : &t->rep.out->t.src);
	return true;
}

static uint32_t
hash_key(const struct memo_key *k)
{
	uint64_t w[sizeof(*k) / 8], h = 0;

	_Static_assert(sizeof(*k) == 80, "no padding: keys are compared as bytes");
	memcpy(w, k, sizeof(w));
	for (unsigned i = 0; i < sizeof(w) / 8; i++) {
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32) % N_ENTRIES;
}

bool
memo_use(const struct memo *m, const struct memo_key *k, struct trial *t)
{
	const struct entry *e = &m->entries[hash_key(k)];
	struct flow *f = t->f;
	const struct ct_entry *ct = f->node.ct;

	if (!e->used || memcmp(&e->key, k, sizeof(*k)) != 0)
		return false;
	f->node = e->node;
	f->node.ct = ct;
	if (f->node.veth != NULL || f->node.pod != NULL)
		f->node.pod_ip = e->pod_is_source ? f->original.src : f->translated.dst;
	f->has |= e->has;
	f->verdict = VERDICT_OK;
	for (unsigned i = 0; i < e->n_findings && f->n_findings < FLOW_MAX_FINDINGS; i++) {
		const struct text *x = &m->texts[e->findings[i]];
		struct finding *g = &f->findings[f->n_findings++];

		g->code = x->code;
		g->level = LEVEL_OK;
		g->cause = NULL;
		g->fix[0] = '\0';
		memcpy(g->text, x->text, x->len + 1u);
	}
	return true;
}

/* Its number among the texts; -1 when there is no room for one more. */
static int
keep_text(struct memo *m, const struct finding *g)
{
	size_t len = strlen(g->text);

	for (unsigned i = 0; i < m->n_texts; i++)
		if (m->texts[i].len == len && m->texts[i].code == g->code &&
		    memcmp(m->texts[i].text, g->text, len) == 0)
			return (int)i;
	if (m->n_texts == MAX_TEXTS || len >= sizeof(m->texts[0].text))
		return -1;
	m->texts[m->n_texts].code = g->code;
	m->texts[m->n_texts].len = (uint32_t)len;
	memcpy(m->texts[m->n_texts].text, g->text, len + 1);
	return (int)m->n_texts++;
}

void
memo_keep(struct memo *m, const struct memo_key *k, const struct trial *t,
    unsigned first_finding)
{
	struct entry *e = &m->entries[hash_key(k)];
	const struct flow *f = t->f;
	unsigned n = f->n_findings - first_finding;
	int texts[MAX_FINDINGS];

	if (f->verdict != VERDICT_OK || n > MAX_FINDINGS)
		return;
	for (unsigned i = 0; i < n; i++) {
		const struct finding *g = &f->findings[first_finding + i];

		texts[i] = g->level == LEVEL_OK ? keep_text(m, g) : -1;
		if (texts[i] < 0)
			return;		/* of this flow alone */
	}
	e->key = *k;
	e->node = f->node;
	e->has = f->has & (FLOW_MODEL | FLOW_PREDICTED);
	e->pod_is_source = addr_eq(&f->node.pod_ip, &f->original.src);
	for (unsigned i = 0; i < n; i++)
		e->findings[i] = (uint8_t)texts[i];
	e->n_findings = (uint8_t)n;
	e->used = true;
}
