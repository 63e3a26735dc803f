/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify.c - flows and predictions in, counts and results out. */
#include "ui/verify/verify_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/cli/complain.h"
#include "ui/out/format.h"

static const struct {
	const char	*name;
	void		 (*write)(const struct verify *, struct outbuf *);
} forms[N_VERIFY_FORMS] = {
	[VERIFY_TEXT] = { "text", verify_text },
	[VERIFY_JSON] = { "json", verify_json },
	[VERIFY_TAP] = { "tap", verify_tap },
	[VERIFY_JUNIT] = { "junit", verify_junit },
};

const char *
verify_form_name(unsigned i)
{
	return i < N_VERIFY_FORMS ? forms[i].name : NULL;
}

const char *
check_result_name(unsigned r)
{
	static const char *const names[N_CHECK_RESULTS] = {
		[CHECK_OK] = "ok", [CHECK_UNSURE] = "inconclusive",
		[CHECK_FAILED] = "failed",
	};

	return r < N_CHECK_RESULTS ? names[r] : NULL;
}

struct verify *
verify_begin(const struct verify_config *config, bool *usage)
{
	struct verify *v = calloc(1, sizeof(*v));

	*usage = false;
	if (v == NULL)
		return NULL;
	v->config = *config;
	for (unsigned c = 0; c < N_CHECKS; c++) {
		const struct check_whole *w = check_whole_of((enum check)c);

		if (w == NULL || !verify_wants(v, (enum check)c))
			continue;
		v->whole[c] = w->new(v, usage);
		if (v->whole[c] == NULL) {
			verify_free(v);
			return NULL;
		}
	}
	return v;
}

/* ---- items */

static char *
copy(struct verify *v, const char *s)
{
	char *p;

	if (s == NULL || *s == '\0')
		return NULL;
	p = strdup(s);
	if (p == NULL)
		v->no_memory = true;
	return p;
}

static struct item *
push(struct verify *v, struct items *list)
{
	struct item *p;
	unsigned room;

	if (list->n == list->room) {
		room = list->room != 0 ? 2 * list->room : 16;
		p = reallocarray(list->v, room, sizeof(*p));
		if (p == NULL) {
			v->no_memory = true;
			return NULL;
		}
		list->v = p;
		list->room = room;
	}
	return &list->v[list->n++];
}

void
verify_add(struct verify *v, enum check c, const struct opinion *o,
    const struct item_text *text)
{
	struct tally *t = &v->checks[c];
	struct item *i;

	t->count[o->result]++;
	if (t->items[o->result].n >= VERIFY_KEPT ||
	    (o->result == CHECK_OK && !v->config.verbose))
		return;
	i = push(v, &t->items[o->result]);
	if (i == NULL)
		return;
	*i = (struct item){
		.result = o->result, .flow_id = text->flow_id,
		.who = copy(v, text->who), .after = copy(v, text->after),
		.path = copy(v, text->path), .code = copy(v, o->code),
		.cause = copy(v, o->cause), .text = copy(v, o->text),
		.fix = copy(v, o->fix),
	};
}

/* ---- the words for a flow */

static size_t
put_end(char *out, size_t size, const struct addr *a, uint16_t port,
    enum present_ids ids)
{
	char addr[ADDR_TEXT_MAX];
	bool v6 = !addr_is_v4(a) && ids == IDS_PORTS;

	addr_format(a, addr);
	if (ids == IDS_PORTS)
		return (size_t)snprintf(out, size, "%s%s%s:%u", v6 ? "[" : "", addr,
		    v6 ? "]" : "", port);
	return (size_t)snprintf(out, size, "%s", addr);
}

static void
put_tuple(char *out, size_t size, const struct tuple *t, enum present_ids ids)
{
	size_t n = put_end(out, size, &t->src, t->sport, ids);

	if (ids == IDS_ICMP)
		n += (size_t)snprintf(out + n, size - n, " id %u",
		    present_icmp_id(t));
	n += (size_t)snprintf(out + n, size - n, " -> ");
	put_end(out + n, size - n, &t->dst, t->dport, ids);
}

/* "namespace/name " before the address of the pod that began it. */
static size_t
put_pod(const struct verify *v, const struct flow *f, char *out, size_t size)
{
	const struct pod *p = present_pod_of(f, &f->original.src);
	char name[PRESENT_NAME_MAX];

	if (v->config.numeric || !present_pod(p, name))
		return 0;
	return (size_t)snprintf(out, size, "%s ", name);
}

void
verify_describe(const struct verify *v, const struct flow *f, const struct naming *names,
    struct item_text *text)
{
	enum present_ids ids = present_ids(f);
	unsigned path[FLOW_MAX_LEGS], i, n = present_path(f, false, path);
	char proto[PRESENT_PROTO_MAX], tuple[256];
	size_t at;

	*text = (struct item_text){ .flow_id = f->id };
	at = put_pod(v, f, text->who, sizeof(text->who));
	put_tuple(tuple, sizeof(tuple), &f->original, ids);
	snprintf(text->who + at, sizeof(text->who) - at, "%s %s", tuple,
	    present_proto(f->proto, proto));
	if ((f->has & FLOW_TRANSLATED) && f->nat != 0)
		put_tuple(text->after, sizeof(text->after), &f->translated, ids);
	else if (f->has & FLOW_TRANSLATED)
		snprintf(text->after, sizeof(text->after), "no-nat");
	for (i = 0, at = 0; i < n && at < sizeof(text->path); i++)
		at += (size_t)snprintf(text->path + at, sizeof(text->path) - at,
		    "%s%s", i > 0 ? " > " : "",
		    naming_iface(names, f->legs[path[i]].iface).name);
}

void
verify_flow(struct verify *v, const struct flow *f, const struct naming *names)
{
	struct item_text text;
	struct opinion o;
	bool described = false;
	unsigned c;

	v->judged++;
	v->names = names;
	/* a recording has its own */
	if (names->state != NULL && names->state(names->arg) != NULL)
		v->config.with_state = true;
	for (c = 0; c < N_CHECKS; c++) {
		if (!verify_wants(v, (enum check)c))
			continue;
		if (v->whole[c] != NULL) {
			check_whole_of((enum check)c)->flow(v->whole[c], f, names);
			continue;
		}
		check_flow((enum check)c, v, f, &o);
		if (!o.applies)
			continue;
		if (!described)
			verify_describe(v, f, names, &text);
		described = true;
		verify_add(v, (enum check)c, &o, &text);
	}
}

/* ---- results */

void
verify_sentence(const struct verify *v, enum check c,
    char out[static VERIFY_SENTENCE_MAX])
{
	const struct check_whole *w = v->setup ? NULL : check_whole_of(c);
	const struct tally *t = &v->checks[c];
	uint64_t all = t->count[CHECK_OK] + t->count[CHECK_UNSURE] +
	    t->count[CHECK_FAILED];

	if (w != NULL && w->sentence != NULL) {
		w->sentence(v->whole[c], out, VERIFY_SENTENCE_MAX);
		return;
	}
	snprintf(out, VERIFY_SENTENCE_MAX, "%" PRIu64 "%s judged: %" PRIu64
	    " ok, %" PRIu64 " failed, %" PRIu64 " inconclusive%s%s", all,
	    v->setup ? "" : all == 1 ? " flow" : " flows",
	    t->count[CHECK_OK], t->count[CHECK_FAILED], t->count[CHECK_UNSURE],
	    t->why[0] != '\0' ? "; " : "", t->why);
}

static void
conclude(struct verify *v, enum check c, const struct summary *s)
{
	uint64_t lost = s != NULL ? s->stats.lost_kernel +
	    s->stats.lost_interface : 0;
	struct tally *t = &v->checks[c];

	if (v->whole[c] != NULL && v->setup)
		snprintf(t->why, sizeof(t->why), "it judges connections, and no "
		    "capture is given");
	else if (v->whole[c] != NULL)
		check_whole_of(c)->end(v->whole[c], v->names, s);
	if (t->why[0] != '\0')
		;	/* it said so itself */
	else if (t->count[CHECK_OK] + t->count[CHECK_UNSURE] +
	    t->count[CHECK_FAILED] == 0)
		snprintf(t->why, sizeof(t->why), "%s", v->setup ?
		    "nothing of this kind to predict" :
		    "no flow of this kind was seen");
	else if (lost > 0)
		snprintf(t->why, sizeof(t->why), "the capture lost %" PRIu64
		    " packets, which may have gone otherwise", lost);
	else if (s != NULL && s->interrupted)
		snprintf(t->why, sizeof(t->why), "interrupted: the rest of the "
		    "capture was not judged");
	if (v->no_memory)
		snprintf(t->why, sizeof(t->why), "out of memory: not everything "
		    "could be judged");
	t->result = t->count[CHECK_FAILED] > 0 ? CHECK_FAILED :
	    t->count[CHECK_UNSURE] > 0 || t->why[0] != '\0' ? CHECK_UNSURE :
	    CHECK_OK;
}

int
verify_end(struct verify *v, struct outbuf *out, const struct summary *s)
{
	unsigned c;

	v->result = CHECK_OK;
	for (c = 0; c < N_CHECKS; c++) {
		if (!verify_wants(v, (enum check)c))
			continue;
		conclude(v, (enum check)c, s);
		if (v->checks[c].result > v->result)
			v->result = v->checks[c].result;
	}
	if (v->usage)
		return EXIT_USAGE;
	forms[v->config.form].write(v, out);
	return v->result == CHECK_OK ? EXIT_FINE :
	    v->result == CHECK_FAILED ? EXIT_FAILED : EXIT_UNSURE;
}

static void
free_items(struct items *list)
{
	unsigned i;

	for (i = 0; i < list->n; i++) {
		struct item *t = &list->v[i];

		free(t->who);
		free(t->after);
		free(t->path);
		free(t->code);
		free(t->cause);
		free(t->text);
		free(t->fix);
	}
	free(list->v);
}

void
verify_free(struct verify *v)
{
	unsigned c, r;

	if (v == NULL)
		return;
	for (c = 0; c < N_CHECKS; c++)
		for (r = 0; r < N_CHECK_RESULTS; r++)
			free_items(&v->checks[c].items[r]);
	for (c = 0; c < N_CHECKS; c++)
		if (v->whole[c] != NULL)
			check_whole_of((enum check)c)->free(v->whole[c]);
	free(v);
}
