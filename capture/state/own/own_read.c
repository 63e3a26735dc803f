/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_read.c - podpath.state/1 into a state: sections in any order. */
#include <stdlib.h>
#include <string.h>

#include "capture/state/own/own.h"

/* ---- records */

/* Where a record went; STATE_NONE holds the place of one that was skipped. */
static void
remember(struct own_in *in, unsigned section, uint32_t at)
{
	struct own_index *x = &in->index[section];
	uint32_t *p = state_grow(in->state, (void **)&x->v, &x->n, &x->room,
	    sizeof(*p));

	if (p != NULL)
		*p = at;
}

static uint32_t
keep_chain(struct state *s, const struct nf_chain *new)
{
	uint32_t at = state_chain(s, new->table, new->name);
	struct nf_chain *c;

	if (at == STATE_NONE)
		return at;
	c = &s->nf_chains.v[at];
	c->hook = new->hook;
	c->type = new->type;
	c->policy_drop = new->policy_drop;
	c->priority = new->priority;
	return at;
}

static uint32_t
keep_pod(struct state *s, struct pod *new)
{
	struct pod *p;

	/* half a name is none */
	if (new->ns == NULL || new->name == NULL)
		new->ns = new->name = NULL;
	p = state_pod(s, new->ns, new->name,
	    new->n_addrs ? &new->addrs[0] : NULL);

	if (p == NULL)
		return STATE_NONE;
	for (unsigned i = 0; i < new->n_addrs; i++)
		pod_add_addr(p, &new->addrs[i]);
	p->ns = new->ns;
	p->name = new->name;
	p->node = new->node ? new->node : p->node;
	p->phase = new->phase ? new->phase : p->phase;
	p->container_id = new->container_id ? new->container_id : p->container_id;
	p->branch_eni = new->branch_eni ? new->branch_eni : p->branch_eni;
	p->branch_vlan = new->branch_vlan ? new->branch_vlan : p->branch_vlan;
	p->allocated = new->allocated.ns ? new->allocated : p->allocated;
	p->host_network |= new->host_network;
	p->sources |= new->sources;
	return (uint32_t)(p - s->pods.v);
}

static uint32_t
keep_record(struct own_in *in, unsigned section, void *record)
{
	const struct section *c = &own_sections[section];
	char *list = (char *)in->state + c->list;
	struct service *service = record;
	struct nf_set *set = record;
	struct own_list now;
	void *p;

	if (section == OWN_CHAINS)
		return keep_chain(in->state, record);
	if (section == OWN_PODS)
		return keep_pod(in->state, record);
	if (section == OWN_SERVICES && service->n_cluster > service->n_addrs)
		service->n_cluster = service->n_addrs;
	if (section == OWN_SETS && (set->keys & NF_K_RANDOM) && set->mod == 0)
		set->keys = NF_K_UNKNOWN;
	p = state_grow(in->state, (void **)(list + offsetof(struct own_list, v)),
	    (uint32_t *)(list + offsetof(struct own_list, n)),
	    (uint32_t *)(list + offsetof(struct own_list, room)), c->size);
	if (p == NULL)
		return STATE_NONE;
	memcpy(p, record, c->size);
	memcpy(&now, list, sizeof(now));
	return now.n - 1;
}

static void
read_section(struct own_in *in, unsigned section)
{
	const struct section *c = &own_sections[section];
	_Alignas(16) char record[OWN_RECORD_MAX];
	uint32_t at;

	in->done |= 1u << section;
	if (!pull_open(&in->pull, '['))
		return;
	while (pull_more(&in->pull, ']')) {
		memset(record, 0, c->size);
		in->pull.name = c->name;
		at = STATE_NONE;
		if (own_read_fields(in, c->fields, record))
			at = keep_record(in, section, record);
		remember(in, section, at);
	}
}

/* ---- the document */

bool
own_read_schema(struct own_in *in, const char *schema)
{
	char text[64];

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	if (strcmp(text, schema) == 0)
		return true;
	pull_bad(&in->pull, "schema: '%s' is not %s", text, schema);
	in->pull.failed = true;
	return false;
}

/* What is said of the whole, beside what other files may have said. */
static void
read_head(struct own_in *in, const struct field *f)
{
	struct state *s = in->state, *head = calloc(1, sizeof(*head));

	if (head == NULL) {
		s->no_memory = true;
		pull_skip(&in->pull);
		return;
	}
	own_set_usual(own_head, (char *)head);
	if (own_read_field(in, f, (char *)head)) {
		s->flags |= head->flags;
		s->parts |= head->parts;
		if (head->taken.ns != 0)
			s->taken = head->taken;
		if (head->hostname != NULL)
			s->hostname = head->hostname;
		if (head->ct_insert_failed >= 0)
			s->ct_insert_failed = head->ct_insert_failed;
		if (head->ct_drop >= 0)
			s->ct_drop = head->ct_drop;
		if (head->ct_early_drop >= 0)
			s->ct_early_drop = head->ct_early_drop;
	}
	free(head);
}

struct later {
	const char	*p;
	unsigned long	 line;
};

/* What refers to records that come after it waits until they are read. */
static void
read_or_wait(struct own_in *in, unsigned section, struct later *later)
{
	uint32_t needs = own_sections[section].needs;

	if ((in->done >> section & 1) || later[section].p != NULL) {
		pull_bad(&in->pull, "'%s' is said twice; the first one counts",
		    own_sections[section].name);
		pull_skip(&in->pull);
		return;
	}
	if ((in->done & needs) == needs) {
		read_section(in, section);
		return;
	}
	later[section] = (struct later){ in->pull.p, in->pull.line };
	pull_skip(&in->pull);
}

static void
read_later(struct own_in *in, const struct later *later, unsigned depth)
{
	struct pull end = in->pull;

	for (unsigned i = 0; i < N_OWN_SECTIONS; i++) {
		if (later[i].p == NULL || in->pull.failed)
			continue;
		in->pull.p = later[i].p;
		in->pull.line = later[i].line;
		in->pull.depth = depth;
		read_section(in, i);
	}
	in->pull.p = end.p;
	in->pull.line = end.line;
	in->pull.depth = end.depth;
}

static void
read_member(struct own_in *in, const struct pull_text *key, struct later *later)
{
	const struct field *f;

	if (pull_is(key, "cni")) {
		own_read_fields(in, own_cni, &in->state->cni);
		return;
	}
	for (unsigned i = 0; i < N_OWN_SECTIONS; i++)
		if (pull_is(key, own_sections[i].name)) {
			read_or_wait(in, i, later);
			return;
		}
	for (f = own_head; f->name != NULL; f++)
		if (pull_is(key, f->name)) {
			read_head(in, f);
			return;
		}
	pull_bad(&in->pull, "'%s' is not known here", in->pull.name);
	pull_skip(&in->pull);
}

bool
own_read_state(struct own_in *in, const char *schema)
{
	struct later later[N_OWN_SECTIONS] = { 0 };
	unsigned depth = in->pull.depth + 1;
	struct pull_text key;
	bool found = schema == NULL;

	if (!pull_open(&in->pull, '{'))
		return false;
	while (pull_more(&in->pull, '}')) {
		if (!pull_key(&in->pull, &key))
			continue;
		if (schema != NULL && pull_is(&key, "schema")) {
			found = true;
			own_read_schema(in, schema);
		} else {
			read_member(in, &key, later);
		}
	}
	if (!in->pull.failed)
		read_later(in, later, depth);
	if (schema != NULL && pull_end(&in->pull) && !found)
		reader_bad(in->pull.reader, 0, "no \"schema\":\"%s\"", schema);
	return !in->pull.failed && found;
}

void
own_in_fini(struct own_in *in)
{
	for (unsigned i = 0; i < N_OWN_SECTIONS; i++)
		free(in->index[i].v);
	pull_fini(&in->pull);
}

static bool
read_whole(struct reader *r)
{
	struct own_in in = { .state = r->state };
	bool ok;

	pull_init(&in.pull, r);
	ok = own_read_state(&in, OWN_SCHEMA);
	own_in_fini(&in);
	return ok;
}

void
read_own(struct reader *r)
{
	read_whole(r);
}

struct state *
state_parse(const char *name, const char *bytes, size_t n, state_report *report,
    void *arg)
{
	struct reader r = { .state = state_new(), .file = name, .data = bytes,
	    .len = n, .report = report, .report_arg = arg };
	bool ok;

	if (r.state == NULL)
		return NULL;
	ok = read_whole(&r);
	reader_done(&r);
	if (ok && !r.state->no_memory)
		state_ready(r.state);
	if (r.state->no_memory)
		reader_bad(&r, 0, "not enough memory");
	if (ok && !r.state->no_memory)
		return r.state;
	state_free(r.state);
	return NULL;
}
