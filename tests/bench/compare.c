/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - judge `podpath read -o json` by the truth that generate wrote.
 *
 * A flow claims a join when its translated tuple differs from its original
 * one, or when it has legs on two interfaces.  A claim is right when the truth
 * has a flow of that original tuple, at that time, that was seen on its way in
 * and out, translated to just that tuple, and no leg shows any other tuple.
 * A flow named from its responder joins the same two tuples: it is right, and
 * counted apart.  Tuples come back in time: a flow of podpath belongs to the
 * truth's last flow of that tuple that had begun by then.
 */
#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"

#define SEC		INT64_C(1000000000)
#define CLASS_MAX	32u
#define CLASS_LEN	24u
#define LEGS_MAX	64u
#define SLACK		(2 * INT64_C(1000000))	/* a first packet missed, or put later */
#define SHOWN		5u

struct tup {
	uint32_t	src, dst;
	uint16_t	sport, dport;	/* ICMP: the id is sport, both ways */
	uint8_t		proto;
};

struct truth {
	struct tup	orig, trans;
	int64_t		first;
	uint32_t	next[2];	/* in the chains by orig, by trans reversed */
	uint8_t		class;
	bool		joinable, joined;
};

struct count {
	char		name[CLASS_LEN];
	uint64_t	flows, joinable, right, wrong, missed;
};

struct claim {
	struct tup	orig, trans, leg[LEGS_MAX];
	bool		reply[LEGS_MAX];
	unsigned	n_legs;
	char		iface[2][64];	/* the first two that differ */
	unsigned	n_ifaces;
	int64_t		first;
	bool		is_flow, has_trans;
	uint8_t		proto;
};

struct judge {
	struct truth	*t;
	uint32_t	 n, size;
	uint32_t	*chain[2];	/* index + 1 of the first; 0: none */
	uint32_t	 n_chains;	/* a power of two */
	struct count	 class[CLASS_MAX];
	unsigned	 n_classes, shown;
	unsigned	 none;		/* class of claims that match no flow at all */
	uint64_t	 flows, claims, right, wrong, reversed, again;
	bool		 verbose;
};

static struct tup
tup_reverse(struct tup t)
{
	if (t.proto == IPPROTO_ICMP)
		return (struct tup){ t.dst, t.src, t.sport, 0, t.proto };
	return (struct tup){ t.dst, t.src, t.dport, t.sport, t.proto };
}

static bool
tup_eq(struct tup a, struct tup b)
{
	return a.src == b.src && a.dst == b.dst && a.sport == b.sport &&
	    a.dport == b.dport && a.proto == b.proto;
}

static uint32_t
tup_hash(struct tup t)
{
	uint64_t h = ((uint64_t)t.src << 32 | t.dst) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 29 ^ ((uint64_t)t.sport << 24 | (uint64_t)t.dport << 8 |
	    t.proto)) * 0xbf58476d1ce4e5b9u;
	return (uint32_t)(h >> 32);
}

static const char *
tup_text(struct tup t, char *out, size_t size)
{
	snprintf(out, size, "%u.%u.%u.%u:%u > %u.%u.%u.%u:%u",
	    t.src >> 24, t.src >> 16 & 255, t.src >> 8 & 255, t.src & 255,
	    t.sport, t.dst >> 24, t.dst >> 16 & 255, t.dst >> 8 & 255,
	    t.dst & 255, t.dport);
	return out;
}

static uint32_t
parse_ip(const char *s)
{
	struct in_addr a;

	return inet_pton(AF_INET, s, &a) == 1 ? ntohl(a.s_addr) : 0;
}

static uint8_t
parse_proto(const char *s)
{
	return strcmp(s, "tcp") == 0 ? IPPROTO_TCP :
	    strcmp(s, "udp") == 0 ? IPPROTO_UDP :
	    strcmp(s, "icmp") == 0 ? IPPROTO_ICMP : 0;
}

/* "SECONDS.NNNNNNNNN" */
static int64_t
parse_epoch(const char *s)
{
	char *dot;
	int64_t sec = strtoll(s, &dot, 10);

	return sec * SEC + (*dot == '.' ? strtoll(dot + 1, NULL, 10) : 0);
}

/* RFC 3339 in UTC with any number of digits behind the second; 0: it is not. */
static int64_t
parse_rfc3339(const char *s)
{
	int64_t ns = 0, unit = SEC / 10;
	struct tm tm = { .tm_sec = 0 };
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	if (p == NULL)
		return 0;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			ns += (*p - '0') * unit;
	return *p == 'Z' ? (int64_t)timegm(&tm) * SEC + ns : 0;
}

static uint8_t
class_index(struct judge *j, const char *name)
{
	unsigned i;

	for (i = 0; i < j->n_classes; i++)
		if (strcmp(j->class[i].name, name) == 0)
			return (uint8_t)i;
	if (i == CLASS_MAX)
		errx(2, "more than %u classes in the truth", CLASS_MAX);
	snprintf(j->class[i].name, CLASS_LEN, "%s", name);
	j->n_classes++;
	return (uint8_t)i;
}

static void
truth_add(struct judge *j, struct truth t)
{
	if (j->n == j->size) {
		j->size = j->size ? j->size * 2 : 65536;
		j->t = realloc(j->t, j->size * sizeof(*j->t));
		if (j->t == NULL)
			err(2, NULL);
	}
	j->class[t.class].flows++;
	j->class[t.class].joinable += t.joinable;
	j->t[j->n++] = t;
}

static void
truth_line(struct judge *j, char *line, const char *name, unsigned number)
{
	char *f[14];
	struct truth t = { .joined = false };
	unsigned i;

	for (i = 0; i < 14; i++)
		if ((f[i] = strsep(&line, "\t")) == NULL)
			errx(2, "%s:%u: %u fields, not 15", name, number, i);
	t.orig = (struct tup){ parse_ip(f[2]), parse_ip(f[4]),
	    (uint16_t)atoi(f[3]), (uint16_t)atoi(f[5]), parse_proto(f[1]) };
	t.trans = (struct tup){ parse_ip(f[6]), parse_ip(f[8]),
	    (uint16_t)atoi(f[7]), (uint16_t)atoi(f[9]), t.orig.proto };
	t.class = class_index(j, f[10]);
	t.first = parse_epoch(f[11]);
	t.joinable = strcmp(f[13], "yes") == 0;
	truth_add(j, t);
}

static void
truth_index(struct judge *j)
{
	uint32_t i, k;

	j->n_chains = 1024;
	while (j->n_chains < j->n)
		j->n_chains *= 2;
	for (k = 0; k < 2; k++) {
		j->chain[k] = calloc(j->n_chains, sizeof(uint32_t));
		if (j->chain[k] == NULL)
			err(2, NULL);
		for (i = 0; i < j->n; i++) {
			struct tup t = k ? tup_reverse(j->t[i].trans) :
			    j->t[i].orig;
			uint32_t *head = &j->chain[k][tup_hash(t) &
			    (j->n_chains - 1)];

			j->t[i].next[k] = *head;
			*head = i + 1;
		}
	}
}

static void
truth_read(struct judge *j, const char *name)
{
	FILE *f = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;

	if (f == NULL)
		err(2, "%s", name);
	while (getline(&line, &size, f) > 0) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			truth_line(j, line, name, number);
	}
	if (j->n == 0)
		errx(2, "%s: no flows in it", name);
	free(line);
	fclose(f);
	truth_index(j);
}

/*
 * The truth's flow behind one that begins with `t` at `first`: the last that
 * had begun by then, else the earliest.  way 1: t is the answer's tuple.
 */
static struct truth *
truth_find(const struct judge *j, struct tup t, int64_t first, unsigned way)
{
	uint32_t i = j->chain[way][tup_hash(t) & (j->n_chains - 1)];
	struct truth *best = NULL;

	for (; i != 0; i = j->t[i - 1].next[way]) {
		struct truth *u = &j->t[i - 1];
		bool begun = u->first <= first + SLACK;

		if (!tup_eq(t, way ? tup_reverse(u->trans) : u->orig))
			continue;
		if (best == NULL ||
		    (best->first <= first + SLACK ?
		     begun && u->first > best->first : u->first < best->first))
			best = u;
	}
	return best;
}

static void
read_tuple(struct json *js, struct tup *t)
{
	char key[32], text[128];
	bool more = json_open(js, '{');

	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "src") == 0) {
			json_string(js, text, sizeof(text));
			t->src = parse_ip(text);
		} else if (strcmp(key, "dst") == 0) {
			json_string(js, text, sizeof(text));
			t->dst = parse_ip(text);
		} else if (strcmp(key, "sport") == 0 ||
		    strcmp(key, "icmp_id") == 0) {
			t->sport = (uint16_t)json_integer(js);
		} else if (strcmp(key, "dport") == 0) {
			t->dport = (uint16_t)json_integer(js);
		} else
			json_skip(js);
	}
}

static void
add_iface(struct claim *c, const char *name)
{
	unsigned i;

	for (i = 0; i < c->n_ifaces; i++)
		if (strcmp(c->iface[i], name) == 0)
			return;
	if (c->n_ifaces < 2)
		snprintf(c->iface[c->n_ifaces++], sizeof(c->iface[0]), "%s", name);
}

static void
read_leg(struct json *js, struct claim *c)
{
	const char *start = js->p;
	struct tup t = { .proto = 0 };
	char key[32], side[16] = "", ifname[64] = "?";
	bool more;

	read_tuple(js, &t);
	js->p = start;
	more = json_open(js, '{');
	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "side") == 0)
			json_string(js, side, sizeof(side));
		else if (strcmp(key, "ifname") == 0)
			json_string(js, ifname, sizeof(ifname));
		else
			json_skip(js);
	}
	add_iface(c, ifname);
	if (c->n_legs < LEGS_MAX) {
		c->reply[c->n_legs] = strcmp(side, "reply") == 0;
		c->leg[c->n_legs++] = t;
	}
}

static void
read_flow(struct json *js, struct claim *c)
{
	char key[32], text[128];
	bool more = json_open(js, '{');

	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "schema") == 0) {
			json_string(js, text, sizeof(text));
			c->is_flow = strcmp(text, "podpath.flow/1") == 0;
		} else if (strcmp(key, "proto") == 0) {
			json_string(js, text, sizeof(text));
			c->proto = parse_proto(text);
		} else if (strcmp(key, "first") == 0) {
			json_string(js, text, sizeof(text));
			c->first = parse_rfc3339(text);
		} else if (strcmp(key, "original") == 0) {
			read_tuple(js, &c->orig);
		} else if (strcmp(key, "translated") == 0) {
			c->has_trans = true;
			read_tuple(js, &c->trans);
		} else if (strcmp(key, "legs") == 0) {
			bool any = json_open(js, '[');

			while (any && json_element(js))
				read_leg(js, c);
		} else
			json_skip(js);
	}
	json_end(js);
}

static bool
legs_agree(const struct claim *c)
{
	unsigned i;

	for (i = 0; i < c->n_legs; i++)
		if (!tup_eq(c->leg[i], c->orig) && !tup_eq(c->leg[i], c->trans))
			return false;
	return true;
}

static void
show(struct judge *j, const char *what, struct tup a, struct tup b,
    const struct truth *t)
{
	char text[4][64];

	if (!j->verbose && j->shown++ >= SHOWN)
		return;
	fprintf(stderr, "%s: %s %s => %s", what,
	    a.proto == IPPROTO_TCP ? "tcp" : a.proto == IPPROTO_UDP ? "udp" :
	    "icmp", tup_text(a, text[0], 64), tup_text(b, text[1], 64));
	if (t != NULL)
		fprintf(stderr, "; truth: %s => %s, %s, %s, first %lld.%09lld",
		    tup_text(t->orig, text[2], 64),
		    tup_text(t->trans, text[3], 64), j->class[t->class].name,
		    t->joinable ? "joinable" : "not joinable",
		    (long long)(t->first / SEC), (long long)(t->first % SEC));
	fputc('\n', stderr);
}

static void
judge_claim(struct judge *j, struct claim *c)
{
	struct truth *t = truth_find(j, c->orig, c->first, 0), *u;
	struct tup want = t ? t->trans : c->orig;
	bool right = t != NULL && t->joinable && tup_eq(c->trans, want);

	if (!right) {		/* perhaps named from the other end */
		u = truth_find(j, c->orig, c->first, 1);
		if (u != NULL && u->joinable &&
		    tup_eq(c->trans, tup_reverse(u->orig))) {
			t = u;
			right = true;
			j->reversed += legs_agree(c);
		} else if (t == NULL)
			t = u;
	}
	right = right && legs_agree(c);
	j->claims++;
	if (right) {
		j->right++;
		j->again += t->joined;
		j->class[t->class].right += !t->joined;
		t->joined = true;
	} else {
		j->wrong++;
		j->class[t ? t->class : j->none].wrong++;
		show(j, "wrong", c->orig, c->trans, t);
	}
}

static void
judge_line(struct judge *j, const char *line, const char *name, unsigned number)
{
	struct json js = { .p = line };
	struct claim c = { .is_flow = false };
	unsigned i;

	read_flow(&js, &c);
	if (js.bad)
		errx(2, "%s:%u: not a JSON object, near column %zu", name,
		    number, (size_t)(js.p - line) + 1);
	if (!c.is_flow)
		return;
	j->flows++;
	if (c.first == 0)
		errx(2, "%s:%u: \"first\" is not an RFC 3339 time", name, number);
	c.orig.proto = c.trans.proto = c.proto;
	if (!c.has_trans)
		c.trans = c.orig;
	for (i = 0; i < c.n_legs; i++) {
		c.leg[i].proto = c.proto;
		if (c.reply[i])		/* all as the initiator sent them */
			c.leg[i] = tup_reverse(c.leg[i]);
	}
	if (!tup_eq(c.orig, c.trans) || c.n_ifaces > 1)
		judge_claim(j, &c);
}

static void
judge_file(struct judge *j, const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;

	if (f == NULL)
		err(2, "%s", name);
	while (getline(&line, &size, f) > 0)
		judge_line(j, line, name, ++number);
	if (ferror(f))
		err(2, "%s", name);
	free(line);
	if (f != stdin)
		fclose(f);
}

static void
count_missed(struct judge *j)
{
	uint32_t i;

	j->shown = 0;
	for (i = 0; i < j->n; i++) {
		struct truth *t = &j->t[i];

		if (!t->joinable || t->joined)
			continue;
		j->class[t->class].missed++;
		show(j, "missed", t->orig, t->trans, t);
	}
}

static double
ratio(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : 1.0;
}

static void
put_ratio(uint64_t part, uint64_t all, char end)
{
	if (all == 0)
		printf(" %9s%c", "-", end);
	else
		printf(" %9.5f%c", ratio(part, all), end);
}

static void
put_row(const struct count *c)
{
	printf("%-18s %8llu %9llu %8llu %7llu %7llu ", c->name,
	    (unsigned long long)c->flows, (unsigned long long)c->joinable,
	    (unsigned long long)c->right, (unsigned long long)c->wrong,
	    (unsigned long long)c->missed);
	put_ratio(c->right, c->right + c->wrong, ' ');
	put_ratio(c->right, c->joinable, '\n');
}

/* True when it is good enough. */
static bool
report(const struct judge *j, double least)
{
	struct count all = { .name = "all" };
	unsigned i;

	printf("%-18s %8s %9s %8s %7s %7s  %9s  %9s\n", "class", "flows",
	    "joinable", "right", "wrong", "missed", "precision", "recall");
	for (i = 0; i < j->n_classes; i++) {
		const struct count *c = &j->class[i];

		if (c->flows + c->wrong == 0)
			continue;
		put_row(c);
		all.flows += c->flows;
		all.joinable += c->joinable;
		all.right += c->right;
		all.wrong += c->wrong;
		all.missed += c->missed;
	}
	put_row(&all);
	printf("podpath flows %llu, joins claimed %llu: right %llu, wrong %llu; "
	    "named from the responder %llu, one flow told twice %llu\n",
	    (unsigned long long)j->flows, (unsigned long long)j->claims,
	    (unsigned long long)j->right, (unsigned long long)j->wrong,
	    (unsigned long long)j->reversed, (unsigned long long)j->again);
	printf("precision %.6f (needed 1)  recall %.6f (needed %g)\n",
	    ratio(j->right, j->claims), ratio(all.right, all.joinable), least);
	return j->wrong == 0 && ratio(all.right, all.joinable) >= least;
}

int
main(int argc, char **argv)
{
	struct judge j = { .n = 0 };
	double least = 0.99;
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "r:v")) != -1) {
		if (opt == 'v')
			j.verbose = true;
		if (opt == 'r') {
			least = strtod(optarg, &end);
			if (*end != '\0' || end == optarg || least < 0 || least > 1)
				errx(2, "-r %s: not a ratio from 0 to 1", optarg);
		}
		if (opt == '?')
			return 2;
	}
	if (argc - optind < 1 || argc - optind > 2)
		errx(2, "usage: compare [-v] [-r RECALL] TRUTH [JSON]");
	truth_read(&j, argv[optind]);
	j.none = class_index(&j, "(no such flow)");
	judge_file(&j, argc - optind == 2 ? argv[optind + 1] : "-");
	if (j.flows == 0)
		errx(2, "no podpath.flow/1 line in the input");
	count_missed(&j);
	opt = report(&j, least) ? 0 : 1;
	free(j.t);
	free(j.chain[0]);
	free(j.chain[1]);
	return opt;
}
