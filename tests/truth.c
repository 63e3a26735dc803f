/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth.c - do the flows of a lab case say what the kernel did?
 *
 * usage: truth DIR
 *
 * DIR holds captures (*.pcap, *.pcapng) of one node and its conntrack events
 * (`conntrack -E -o timestamp,extended,id`).  An entry's original tuple and
 * its reply tuple turned round are the two sides of a translation.  What must
 * hold:
 *
 * - an entry whose two sides were both captured, going the same way, is one
 *   flow with these tuples;
 * - an entry without translation that was captured is a flow without, and so
 *   is the side of an entry of which the other side was not captured;
 * - a flow with a translation is an entry, and has no leg of another's tuple.
 *
 * Prints one line of figures, and what deviates on stderr; exit status 1 when
 * something does, 2 when the case cannot be read.
 */
#include <dirent.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "decode/tracer.h"

#define MAX_FILES	16
/* Events are stamped a little after the packets that they are about. */
#define SLACK_NS	(2 * NS_PER_SEC)

/* What conntrack knew of one conversation. */
struct entry {
	uint64_t	id;
	struct tuple	original, translated;
	int64_t		from_ns, to_ns;
	bool		ended;
};

/* A tuple as some packet had it. */
struct sight {
	struct tuple	t;
	int64_t		first_ns, last_ns;
};

struct truth {
	const char	*dir;
	struct entry	*entries;
	size_t		n_entries;
	struct sight	*sights;
	size_t		n_sights;
	struct flow	*flows;
	size_t		n_flows;
	unsigned	due, joined;		/* entries with translation */
	unsigned	plain, plain_found;	/* without, or half seen */
	unsigned	translated, wrong;	/* flows with translation */
	unsigned	deviations;
};

static void *
grow(void *p, size_t n, size_t size)
{
	/* By powers of two. */
	if ((n & (n - 1)) != 0)
		return p;
	p = realloc(p, (n ? n * 2 : 1) * size);
	if (p == NULL)
		err(2, "memory");
	return p;
}

/* ---- tuples ---- */

static bool
tuple_either(const struct tuple *x, const struct tuple *y)
{
	struct tuple r = tuple_turned(y);

	return tuple_eq(x, y) || tuple_eq(x, &r);
}

static bool
translates(const struct entry *e)
{
	return !tuple_eq(&e->original, &e->translated);
}

static void
tuple_print(FILE *f, const struct tuple *t)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	addr_format(&t->src, src);
	addr_format(&t->dst, dst);
	fprintf(f, "%s.%u > %s.%u", src, t->sport, dst, t->dport);
}

/* ---- conntrack's events ---- */

/* "name=value" with that name; NULL when it is another. */
static const char *
value_of(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static bool
is_icmp(const struct tuple *t)
{
	return t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6;
}

/* One event, as far as it is of use. */
struct event {
	struct tuple	t[2];		/* original, reply */
	bool		has_icmp_id[2];
	unsigned	n;		/* of t begun */
	uint64_t	id;
};

static void
event_word(struct event *e, const char *word)
{
	struct tuple *t = e->n > 0 ? &e->t[e->n - 1] : NULL;
	const char *v;

	if ((v = value_of(word, "src")) != NULL && e->n < 2) {
		e->t[e->n].proto = e->t[0].proto;
		if (!addr_parse(v, &e->t[e->n++].src))
			errx(2, "not an address: %s", word);
	} else if (t == NULL) {
		return;
	} else if ((v = value_of(word, "dst")) != NULL) {
		if (!addr_parse(v, &t->dst))
			errx(2, "not an address: %s", word);
	} else if ((v = value_of(word, "sport")) != NULL) {
		t->sport = (uint16_t)atoi(v);
	} else if ((v = value_of(word, "dport")) != NULL) {
		t->dport = (uint16_t)atoi(v);
	} else if ((v = value_of(word, "id")) != NULL) {
		if (!is_icmp(t) || e->has_icmp_id[e->n - 1]) {
			e->id = strtoull(v, NULL, 10);
			return;
		}
		/* On the requester's side; see struct tuple. */
		e->has_icmp_id[e->n - 1] = true;
		*(e->n == 1 ? &t->sport : &t->dport) = (uint16_t)atoi(v);
	}
}

static void
event_note(struct truth *tr, const struct event *ev, const char *type, int64_t ns)
{
	bool destroy = strcmp(type, "[DESTROY]") == 0;
	struct entry *e = NULL;

	for (size_t i = tr->n_entries; i-- > 0 && e == NULL;)
		if (tr->entries[i].id == ev->id && !tr->entries[i].ended &&
		    tuple_eq(&tr->entries[i].original, &ev->t[0]))
			e = &tr->entries[i];
	if (e == NULL) {
		tr->entries = grow(tr->entries, tr->n_entries, sizeof(*e));
		e = &tr->entries[tr->n_entries++];
		/* Without a NEW it is older than the recording. */
		*e = (struct entry){ .id = ev->id, .original = ev->t[0],
		    .translated = tuple_turned(&ev->t[1]), .to_ns = INT64_MAX,
		    .from_ns = strcmp(type, "[NEW]") == 0 ? ns : INT64_MIN };
	}
	if (destroy) {
		e->ended = true;
		e->to_ns = ns;
	}
}

/* "[1795201629.088356]	    [NEW] ipv4     2 icmp     1 30 src=..." */
static void
event_read(struct truth *tr, char *line, const char *file, unsigned number)
{
	char *save = NULL, *word = strtok_r(line, " \t\n", &save), *type;
	struct event e = { .n = 0 };
	int64_t sec, usec;

	if (word == NULL)
		return;
	if (sscanf(word, "[%" SCNd64 ".%6" SCNd64 "]", &sec, &usec) != 2 ||
	    (type = strtok_r(NULL, " \t\n", &save)) == NULL || type[0] != '[')
		errx(2, "%s:%u: not a conntrack event", file, number);
	for (unsigned i = 0; i < 4; i++)	/* family twice, protocol twice */
		if ((word = strtok_r(NULL, " \t\n", &save)) == NULL)
			errx(2, "%s:%u: ends early", file, number);
	e.t[0].proto = (uint8_t)atoi(word);
	while ((word = strtok_r(NULL, " \t\n", &save)) != NULL)
		event_word(&e, word);
	if (e.n != 2)
		errx(2, "%s:%u: without two tuples", file, number);
	event_note(tr, &e, type, sec * NS_PER_SEC + usec * NS_PER_USEC);
}

static void
events_read(struct truth *tr)
{
	char path[4096], *line = NULL;
	size_t room = 0;
	unsigned number = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/conntrack-events.txt", tr->dir);
	f = fopen(path, "r");
	if (f == NULL)
		err(2, "%s", path);
	while (getline(&line, &room, f) > 0)
		event_read(tr, line, path, ++number);
	free(line);
	fclose(f);
	if (tr->n_entries == 0)
		errx(2, "%s: no event", path);
}

/* ---- packets ---- */

static void
sight_note(struct truth *tr, const struct tuple *t, int64_t ns)
{
	struct sight *s;

	for (size_t i = 0; i < tr->n_sights; i++) {
		s = &tr->sights[i];
		if (!tuple_eq(&s->t, t))
			continue;
		if (ns < s->first_ns)
			s->first_ns = ns;
		if (ns > s->last_ns)
			s->last_ns = ns;
		return;
	}
	tr->sights = grow(tr->sights, tr->n_sights, sizeof(*s));
	tr->sights[tr->n_sights++] = (struct sight){ *t, ns, ns };
}

static void
packet_note(struct truth *tr, const struct obs *o)
{
	struct packet p;

	packet_decode(&p, o->packet.linktype, o->packet.data, o->packet.caplen,
	    o->packet.len);
	for (unsigned i = 0; i < p.n_layers; i++)
		if (p.layer[i].kind == LAYER_IP && p.layer[i].has & HAS_PORTS)
			sight_note(tr, &p.layer[i].t, o->ts.ns);
}

static int
by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Paths of the captures in the directory, sorted. */
static unsigned
captures(const char *dir, char *paths[MAX_FILES])
{
	DIR *d = opendir(dir);
	struct dirent *de;
	unsigned n = 0;

	if (d == NULL)
		err(2, "%s", dir);
	while ((de = readdir(d)) != NULL) {
		const char *dot = strrchr(de->d_name, '.');

		if (dot == NULL || (strcmp(dot, ".pcap") != 0 &&
		    strcmp(dot, ".pcapng") != 0))
			continue;
		if (n == MAX_FILES)
			errx(2, "%s: more than %d captures", dir, MAX_FILES);
		if (asprintf(&paths[n++], "%s/%s", dir, de->d_name) < 0)
			err(2, "memory");
	}
	closedir(d);
	if (n == 0)
		errx(2, "%s: no capture", dir);
	qsort(paths, n, sizeof(*paths), by_name);
	return n;
}

static int
flow_keep(void *arg, const struct flow *f)
{
	struct truth *tr = arg;

	tr->flows = grow(tr->flows, tr->n_flows, sizeof(*f));
	tr->flows[tr->n_flows++] = *f;
	return 1;
}

static void
flow_done(void *arg, const struct flow *f)
{
	flow_keep(arg, f);
}

/* `number` counts interfaces for as long as the sources are read. */
static struct merge *
captures_open(const char *dir, struct source *sources[MAX_FILES], unsigned *n,
    uint32_t *number)
{
	char *paths[MAX_FILES];
	struct source_report report;
	struct merge *m;

	*n = captures(dir, paths);
	for (unsigned i = 0; i < *n; i++) {
		sources[i] = source_open(paths[i], number, &report);
		if (sources[i] == NULL)
			errx(2, "%s", report.text);
		free(paths[i]);
	}
	m = merge_new(sources, *n, NULL);
	if (m == NULL)
		err(2, "memory");
	for (unsigned i = 0; i < *n; i++)
		merge_set_clock(m, i, 0);	/* the captures of one node */
	return m;
}

static void
captures_read(struct truth *tr)
{
	struct source *sources[MAX_FILES];
	struct tracer *t = tracer_new(&(struct tracer_config){ .done = flow_done,
	    .done_arg = tr });
	uint32_t number = 0;
	unsigned n;
	struct merge *m = captures_open(tr->dir, sources, &n, &number);
	struct obs o;

	if (t == NULL)
		err(2, "memory");
	while (merge_next(m, &o) == 1) {
		if (o.type == OBS_PACKET)
			packet_note(tr, &o);
		tracer_observe(t, &o);
	}
	for (unsigned i = 0; i < n; i++)
		if (source_report(sources[i])->fault != SRC_FINE)
			errx(2, "%s", source_report(sources[i])->text);
	tracer_finish(t);
	if (tracer_each(t, flow_keep, tr) < 0)
		err(2, "memory");
	tracer_free(t);
	merge_free(m);		/* a recording's state was the tracer's too */
}

/* ---- the two compared ---- */

static bool
together(const struct entry *e, int64_t first_ns, int64_t last_ns)
{
	bool begun = e->from_ns == INT64_MIN || last_ns >= e->from_ns - SLACK_NS;
	bool over = e->to_ns != INT64_MAX && first_ns > e->to_ns + SLACK_NS;

	return begun && !over;
}

static bool
seen(const struct truth *tr, const struct entry *e, const struct tuple *t)
{
	for (size_t i = 0; i < tr->n_sights; i++)
		if (tuple_eq(&tr->sights[i].t, t))
			return together(e, tr->sights[i].first_ns,
			    tr->sights[i].last_ns);
	return false;
}

static bool
seen_either(const struct truth *tr, const struct entry *e, const struct tuple *t)
{
	struct tuple back = tuple_turned(t);

	return seen(tr, e, t) || seen(tr, e, &back);
}

/* Were both sides captured, one way or the other? */
static bool
both_seen(const struct truth *tr, const struct entry *e)
{
	struct tuple o = tuple_turned(&e->original);
	struct tuple x = tuple_turned(&e->translated);

	return (seen(tr, e, &e->original) && seen(tr, e, &e->translated)) ||
	    (seen(tr, e, &o) && seen(tr, e, &x));
}

static bool
flow_is(const struct flow *f, const struct entry *e, const struct tuple *original,
    const struct tuple *translated)
{
	const struct tuple *x = f->nat ? &f->translated : &f->original;

	return tuple_eq(&f->original, original) && tuple_eq(x, translated) &&
	    together(e, f->first.ns, f->last.ns);
}

static bool
legs_are(const struct flow *f, const struct entry *e)
{
	for (unsigned i = 0; i < f->n_legs; i++)
		if (!tuple_either(&f->legs[i].t, &e->original) &&
		    !tuple_either(&f->legs[i].t, &e->translated))
			return false;
	return true;
}

static void
deviates(struct truth *tr, const char *what, const struct tuple *o,
    const struct tuple *x)
{
	tr->deviations++;
	fprintf(stderr, "%s: %s: ", tr->dir, what);
	tuple_print(stderr, o);
	fprintf(stderr, " as ");
	tuple_print(stderr, x);
	fprintf(stderr, " (protocol %u)\n", o->proto);
}

static bool
any_flow_is(const struct truth *tr, const struct entry *e,
    const struct tuple *original, const struct tuple *translated)
{
	for (size_t i = 0; i < tr->n_flows; i++)
		if (flow_is(&tr->flows[i], e, original, translated))
			return true;
	return false;
}

/* An entry of which one side was captured: without translation, or with one
   that happened before or behind what was captured. */
static void
check_side(struct truth *tr, const struct entry *e, const struct tuple *side)
{
	tr->plain++;
	if (any_flow_is(tr, e, side, side))
		tr->plain_found++;
	else
		deviates(tr, "no such flow", side, side);
}

static void
check_entry(struct truth *tr, const struct entry *e)
{
	bool original = seen_either(tr, e, &e->original);
	bool translated = seen_either(tr, e, &e->translated);

	if (translates(e) && both_seen(tr, e)) {
		tr->due++;
		if (any_flow_is(tr, e, &e->original, &e->translated))
			tr->joined++;
		else
			deviates(tr, "not joined", &e->original, &e->translated);
	} else if (original && (!translated || !translates(e))) {
		check_side(tr, e, &e->original);
	} else if (translated && !original) {
		check_side(tr, e, &e->translated);
	}
}

static void
check_flow(struct truth *tr, const struct flow *f)
{
	if (f->nat == 0)
		return;
	tr->translated++;
	for (size_t i = 0; i < tr->n_entries; i++)
		if (flow_is(f, &tr->entries[i], &tr->entries[i].original,
		    &tr->entries[i].translated) && legs_are(f, &tr->entries[i]))
			return;
	tr->wrong++;
	deviates(tr, "joined wrongly", &f->original, &f->translated);
}

static double
share(unsigned part, unsigned of)
{
	return of ? (double)part / of : 1;
}

int
main(int argc, char **argv)
{
	struct truth tr = { .dir = argv[1] };

	if (argc != 2)
		errx(2, "usage: truth DIR");
	events_read(&tr);
	captures_read(&tr);
	for (size_t i = 0; i < tr.n_entries; i++)
		check_entry(&tr, &tr.entries[i]);
	for (size_t i = 0; i < tr.n_flows; i++)
		check_flow(&tr, &tr.flows[i]);
	printf("%zu entries; %u of %u translations joined, %u of %u without found;"
	    " %zu flows, %u translated, %u wrong; precision %.3f recall %.3f\n",
	    tr.n_entries, tr.joined, tr.due, tr.plain_found, tr.plain, tr.n_flows,
	    tr.translated, tr.wrong,
	    share(tr.translated - tr.wrong, tr.translated),
	    share(tr.joined + tr.plain_found, tr.due + tr.plain));
	if (tr.due + tr.plain == 0)
		errx(1, "%s: nothing to compare", tr.dir);
	free(tr.entries);
	free(tr.sights);
	free(tr.flows);
	return tr.deviations ? 1 : 0;
}
