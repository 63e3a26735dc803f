/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth.c - read the truth and find flows in it; see truth.h. */
#include "truth.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLACK		(2 * INT64_C(1000000))	/* a first packet missed, or put later */
#define FIELDS		17

struct tup
tup_reverse(struct tup t)
{
	if (t.proto == IPPROTO_ICMP)
		return (struct tup){ t.dst, t.src, t.sport, 0, t.proto };
	return (struct tup){ t.dst, t.src, t.dport, t.sport, t.proto };
}

bool
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

const char *
tup_text(struct tup t, char out[static TUP_TEXT])
{
	snprintf(out, TUP_TEXT, "%u.%u.%u.%u:%u > %u.%u.%u.%u:%u",
	    t.src >> 24, t.src >> 16 & 255, t.src >> 8 & 255, t.src & 255,
	    t.sport, t.dst >> 24, t.dst >> 16 & 255, t.dst >> 8 & 255,
	    t.dst & 255, t.dport);
	return out;
}

const char *
tup_proto(struct tup t)
{
	return t.proto == IPPROTO_TCP ? "tcp" : t.proto == IPPROTO_UDP ? "udp" :
	    "icmp";
}

uint32_t
parse_ip(const char *s)
{
	struct in_addr a;

	return inet_pton(AF_INET, s, &a) == 1 ? ntohl(a.s_addr) : 0;
}

uint8_t
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

uint8_t
truth_class(struct truths *all, const char *name)
{
	unsigned i;

	for (i = 0; i < all->n_classes; i++)
		if (strcmp(all->class[i], name) == 0)
			return (uint8_t)i;
	if (i == CLASS_MAX)
		errx(2, "more than %u classes in the truth", CLASS_MAX);
	snprintf(all->class[i], CLASS_LEN, "%s", name);
	all->n_classes++;
	return (uint8_t)i;
}

static void
add(struct truths *all, struct truth t)
{
	if (all->n == all->size) {
		all->size = all->size ? all->size * 2 : 65536;
		all->t = realloc(all->t, all->size * sizeof(*all->t));
		if (all->t == NULL)
			err(2, NULL);
	}
	all->t[all->n++] = t;
}

static void
add_line(struct truths *all, char *line, const char *name, unsigned number)
{
	char *f[FIELDS];
	struct truth t = { .joined = false };
	unsigned i;

	for (i = 0; i < FIELDS; i++)
		if ((f[i] = strsep(&line, "\t")) == NULL)
			errx(2, "%s:%u: %u fields, not %d", name, number, i, FIELDS);
	t.orig = (struct tup){ parse_ip(f[2]), parse_ip(f[4]),
	    (uint16_t)atoi(f[3]), (uint16_t)atoi(f[5]), parse_proto(f[1]) };
	t.trans = (struct tup){ parse_ip(f[6]), parse_ip(f[8]),
	    (uint16_t)atoi(f[7]), (uint16_t)atoi(f[9]), t.orig.proto };
	t.class = truth_class(all, f[10]);
	t.first = parse_epoch(f[11]);
	t.joinable = strcmp(f[13], "yes") == 0;
	snprintf(t.verdict, sizeof(t.verdict), "%s", f[16]);
	add(all, t);
}

static void
make_index(struct truths *all)
{
	uint32_t i, k;

	all->n_chains = 1024;
	while (all->n_chains < all->n)
		all->n_chains *= 2;
	for (k = 0; k < 2; k++) {
		all->chain[k] = calloc(all->n_chains, sizeof(uint32_t));
		if (all->chain[k] == NULL)
			err(2, NULL);
		for (i = 0; i < all->n; i++) {
			struct tup t = k ? tup_reverse(all->t[i].trans) :
			    all->t[i].orig;
			uint32_t *head = &all->chain[k][tup_hash(t) &
			    (all->n_chains - 1)];

			all->t[i].next[k] = *head;
			*head = i + 1;
		}
	}
}

void
truth_read(struct truths *all, const char *name)
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
			add_line(all, line, name, number);
	}
	if (all->n == 0)
		errx(2, "%s: no flows in it", name);
	free(line);
	fclose(f);
	make_index(all);
}

void
truth_free(struct truths *all)
{
	free(all->t);
	free(all->chain[0]);
	free(all->chain[1]);
}

struct truth *
truth_find(const struct truths *all, struct tup t, int64_t first, unsigned way)
{
	uint32_t i = all->chain[way][tup_hash(t) & (all->n_chains - 1)];
	struct truth *best = NULL;

	for (; i != 0; i = all->t[i - 1].next[way]) {
		struct truth *u = &all->t[i - 1];
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
