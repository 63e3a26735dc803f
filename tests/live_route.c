/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_route.c - a source of links, addresses, rules and routes, in the network
 * namespace that it runs in:
 *
 *   live_route dump            its dump, as podpath.state/1 without line numbers
 *   live_route read            the same as the readers of ip(8)'s output tell it
 *   live_route follow [-b BYTES] [-q] COMMAND...
 *	runs the command, applies each change to a copy (decode/timeline.h), and
 *	compares that with a dump after it; -b: with this receive buffer; -q: does
 *	not read while the command runs.  One line for each observation; the last
 *	line has the figures.  Exit code 1 when they differ.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/live/route.h"
#include "capture/state.h"
#include "decode/timeline.h"

#define QUIET_MS	300

static struct nstime
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

/* ---- documents */

/* What the source does not tell. */
static void
strip(struct state *s)
{
	const uint32_t kept = 1u << PART_LINKS | 1u << PART_ADDRESSES |
	    1u << PART_NEIGHS | 1u << PART_RULES | 1u << PART_RULES6 |
	    1u << PART_ROUTES | 1u << PART_ROUTES6;

	s->nf_tables.n = s->nf_chains.n = s->nf_rules.n = s->nf_matches.n = 0;
	s->nf_sets.n = s->nf_elems.n = s->conntrack.n = s->sysctls.n = 0;
	s->pods.n = s->enis.n = s->eni_addrs.n = 0;
	s->hostname = NULL;
	s->taken.ns = 0;
	s->flags = 0;
	s->parts &= kept;
	s->ct_insert_failed = s->ct_drop = s->ct_early_drop = -1;
	for (uint32_t i = 0; i < s->rules.n; i++)
		s->rules.v[i].line = 0;
	for (uint32_t i = 0; i < s->routes.n; i++)
		s->routes.v[i].line = 0;
}

/* An attempt to find somebody is in a dump, but is no change. */
static void
strip_attempts(struct state *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->neighs.n; i++)
		if (s->neighs.v[i].has_mac || s->neighs.v[i].permanent)
			s->neighs.v[n++] = s->neighs.v[i];
	s->neighs.n = n;
}

static int
write_out(struct state *s)
{
	strip(s);
	return state_write(s, STDOUT_FILENO) != 0;
}

static struct state *
dump(void)
{
	static const struct route_sink nobody = { 0 };
	char error[LIVE_ERROR_MAX];
	struct route_source *r = route_source_open(error);
	struct state *s = state_new();
	int rc;

	if (r == NULL || s == NULL)
		errx(2, "%s", r == NULL ? error : "out of memory");
	rc = route_source_dump(r, s, &nobody);
	if (rc != 0)
		errx(2, "dump: %s", strerror(-rc));
	route_source_close(r);
	state_ready(s);
	return s;
}

static void
report(void *arg, const char *text)
{
	(void)arg;
	warnx("%s", text);
}

/* ---- are two states the same? */

struct text {
	char	*p;
	size_t	 n, room;
};

static int
keep(void *arg, const char *bytes, size_t n)
{
	struct text *t = arg;

	if (t->n + n + 1 > t->room) {
		t->room = (t->n + n + 1) * 2;
		t->p = realloc(t->p, t->room);
		if (t->p == NULL)
			err(2, NULL);
	}
	memcpy(t->p + t->n, bytes, n);
	t->n += n;
	t->p[t->n] = '\0';
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A record on each line: in an order of their own, in the text. */
static char **
sorted_lines(const struct state *s, struct text *t, size_t *n)
{
	char **v = NULL, *save;

	if (state_write_to(s, keep, t) != 0)
		errx(2, "state_write_to");
	*n = 0;
	for (char *p = strtok_r(t->p, "\n", &save); p != NULL;
	    p = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(p);

		/* what ends a line depends on which is the last one */
		while (len > 0 && strchr(",]", p[len - 1]) != NULL)
			p[--len] = '\0';
		v = realloc(v, (*n + 1) * sizeof(*v));
		if (v == NULL)
			err(2, NULL);
		v[(*n)++] = p;
	}
	qsort(v, *n, sizeof(*v), by_text);
	return v;
}

static unsigned
compare_lines(const struct state *a, const struct state *b)
{
	struct text of_a = { 0 }, of_b = { 0 };
	size_t na, nb, i = 0, j = 0;
	char **x = sorted_lines(a, &of_a, &na), **y = sorted_lines(b, &of_b, &nb);
	unsigned bad = 0;

	while (i < na || j < nb) {
		int c = i == na ? 1 : j == nb ? -1 : strcmp(x[i], y[j]);

		if (c != 0 && bad++ < 20)
			printf("%s %s\n", c < 0 ? "kept:  " : "kernel:",
			    c < 0 ? x[i] : y[j]);
		i += c <= 0;
		j += c >= 0;
	}
	free(x);
	free(y);
	free(of_a.p);
	free(of_b.p);
	return bad;
}

static bool
same_place(const struct iproute *a, const struct iproute *b)
{
	return a->v6 == b->v6 && a->table == b->table && a->metric == b->metric &&
	    prefix_eq(&a->dst, &b->dst);
}

/* Where the order counts: rules of one priority, routes that differ in no more
   than the nexthop. */
static unsigned
compare_order(const struct state *a, const struct state *b)
{
	unsigned bad = 0;

	for (uint32_t i = 0; i < a->rules.n && i < b->rules.n; i++)
		if (strcmp(a->rules.v[i].text, b->rules.v[i].text) != 0 &&
		    bad++ < 20)
			printf("rule %u: kept %s, kernel %s\n", i,
			    a->rules.v[i].text, b->rules.v[i].text);
	for (uint32_t i = 0; i < a->routes.n; i++) {
		const struct iproute *r = &a->routes.v[i], *other = NULL;
		uint32_t nth = 0;

		for (uint32_t j = 0; j < i; j++)
			nth += same_place(r, &a->routes.v[j]);
		for (uint32_t j = 0; j < b->routes.n && other == NULL; j++)
			if (same_place(r, &b->routes.v[j]) && nth-- == 0)
				other = &b->routes.v[j];
		if ((other == NULL || strcmp(other->text, r->text) != 0) &&
		    bad++ < 20)
			printf("route: kept %s, kernel %s\n", r->text,
			    other != NULL ? other->text : "none");
	}
	return bad;
}

/* ---- following */

struct follow {
	struct timeline	*timeline;
	struct route_source *source;
	struct nstime	 began;
	unsigned	 changes, losses, links, unlinks, bad;
	uint64_t	 come, gone;
	bool		 quiet;
};

static unsigned
count(const struct state *s)
{
	return s->links.n + s->addrs.n + s->neighs.n + s->rules.n + s->routes.n;
}

static double
ms_since(struct nstime from, struct nstime to)
{
	return (double)nstime_diff_ns(to, from) / (double)NS_PER_MSEC;
}

static void
list(const char *what, const struct state *s)
{
	char text[ADDR_TEXT_MAX];

	for (uint32_t i = 0; i < s->links.n; i++)
		printf("  %s link %u %s%s\n", what, s->links.v[i].ifindex,
		    s->links.v[i].name, s->links.v[i].down ? " down" : "");
	for (uint32_t i = 0; i < s->addrs.n; i++) {
		addr_format(&s->addrs.v[i].addr, text);
		printf("  %s addr %s dev %s\n", what, text, s->addrs.v[i].dev);
	}
	for (uint32_t i = 0; i < s->neighs.n; i++) {
		addr_format(&s->neighs.v[i].addr, text);
		printf("  %s neigh %s dev %s%s\n", what, text, s->neighs.v[i].dev,
		    s->neighs.v[i].has_mac ? "" : " no mac");
	}
	for (uint32_t i = 0; i < s->rules.n; i++)
		printf("  %s rule %u: %s\n", what, s->rules.v[i].priority,
		    s->rules.v[i].text);
	for (uint32_t i = 0; i < s->routes.n; i++)
		printf("  %s route table %u %s\n", what, s->routes.v[i].table,
		    s->routes.v[i].text);
}

static void
on_obs(void *arg, const struct obs *o)
{
	struct follow *f = arg;
	const struct state_change *c = o->change.change;
	struct nstime since;

	if (o->type == OBS_LOSS) {
		f->losses += (unsigned)o->loss.netlink;
		printf("loss netlink=%u\n", (unsigned)o->loss.netlink);
		return;
	}
	if (o->type != OBS_CHANGE) {
		printf("an observation of type %u\n", o->type);
		f->bad++;
		return;
	}
	since = o->change.since;
	if (since.ns > o->ts.ns || since.ns == 0) {
		printf("since is %.3f ms after the observation\n",
		    ms_since(o->ts, since));
		f->bad++;
	}
	f->changes++;
	f->come += count(c->come);
	f->gone += count(c->gone);
	printf("change %.4f, %.1f ms: parts %x, %u come, %u go\n",
	    (double)o->ts.ns / (double)NS_PER_SEC, ms_since(f->began, o->ts),
	    c->parts, count(c->come), count(c->gone));
	if (!f->quiet && count(c->come) + count(c->gone) < 20) {
		list("-", c->gone);
		list("+", c->come);
	}
	timeline_change(f->timeline, c, since, o->ts);
}

static void
on_link(void *arg, const struct link_fact *l)
{
	struct follow *f = arg;

	(void)l;
	f->links++;
}

static void
on_unlink(void *arg, uint32_t ifindex)
{
	struct follow *f = arg;

	(void)ifindex;
	f->unlinks++;
}

static void
read_source(struct follow *f)
{
	const struct route_sink sink = { on_link, on_unlink, on_obs, f };
	int rc = route_source_read(f->source, now(), &sink);

	if (rc != 0)
		errx(2, "read: %s", strerror(-rc));
}

static pid_t
start(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	return pid;
}

/* Until the command has ended and nothing comes any more. */
static void
follow_command(struct follow *f, char **argv)
{
	struct pollfd p = { .fd = route_source_fd(f->source), .events = POLLIN };
	pid_t pid = start(argv);
	bool over = false;
	int status = 0;

	while (!over || poll(&p, 1, QUIET_MS) > 0) {
		if (!over)
			over = waitpid(pid, &status, f->quiet ? 0 : WNOHANG) == pid;
		if (over && status != 0)
			errx(2, "%s: status %d", argv[0], status);
		if (over || poll(&p, 1, 20) > 0)
			read_source(f);
	}
}

static int
follow(struct follow *f, int buffer, char **argv)
{
	const struct route_sink sink = { on_link, on_unlink, on_obs, f };
	char error[LIVE_ERROR_MAX];
	struct state *first = state_new(), *fresh, *kept = state_new();
	const struct state *last;
	struct live_counts counts = { 0 };
	struct nstime gone;
	int rc;

	f->source = route_source_open(error);
	f->timeline = timeline_new(NULL);
	if (f->source == NULL || f->timeline == NULL || first == NULL)
		errx(2, "%s", f->source == NULL ? error : "out of memory");
	if (buffer > 0 && setsockopt(route_source_fd(f->source), SOL_SOCKET,
	    SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
		err(2, "SO_RCVBUFFORCE");
	rc = route_source_dump(f->source, first, &sink);
	if (rc != 0)
		errx(2, "dump: %s", strerror(-rc));
	state_ready(first);
	f->began = now();
	timeline_begin(f->timeline, first);
	follow_command(f, argv);
	timeline_settle(f->timeline, &gone);
	fresh = dump();
	last = timeline_epoch(f->timeline, timeline_n(f->timeline) - 1)->state;
	/* the epoch is read only: a copy of its lists to strip */
	memcpy(kept, last, offsetof(struct state, own));
	strip(kept);
	strip(fresh);
	strip_attempts(kept);
	strip_attempts(fresh);
	f->bad += compare_lines(kept, fresh) + compare_order(kept, fresh);
	route_source_count(f->source, &counts);
	printf("%u changes, %u losses, %lu come, %lu go, %u links, %u unlinks, "
	    "%u records, %u differences\n", f->changes, f->losses,
	    (unsigned long)f->come, (unsigned long)f->gone, f->links, f->unlinks,
	    count(fresh), f->bad);
	if (counts.changes != f->changes || (f->losses > 0) !=
	    (counts.netlink_overruns > 0)) {
		printf("counted %lu changes and %lu overruns\n",
		    (unsigned long)counts.changes,
		    (unsigned long)counts.netlink_overruns);
		f->bad++;
	}
	memset(kept, 0, offsetof(struct state, own));
	state_free(kept);
	timeline_free(f->timeline);
	route_source_close(f->source);
	state_free(first);
	state_free(fresh);
	return f->bad != 0;
}

int
main(int argc, char **argv)
{
	struct follow f = { 0 };
	int buffer = 0, c;
	struct state *s;

	if (argc < 2)
		errx(2, "usage: live_route dump | read | follow [-q] [-b BYTES] "
		    "COMMAND...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(argv[1], "dump") == 0 || strcmp(argv[1], "read") == 0) {
		s = argv[1][0] == 'd' ? dump() : state_collect(report, NULL);
		c = s != NULL ? write_out(s) : 2;
		state_free(s);
		return c;
	}
	argv++;
	argc--;
	while ((c = getopt(argc, argv, "+b:q")) != -1)
		switch (c) {
		case 'b':
			buffer = atoi(optarg);
			break;
		case 'q':
			f.quiet = true;
			break;
		default:
			return 2;
		}
	if (optind == argc)
		errx(2, "follow: which command?");
	return follow(&f, buffer, argv + optind);
}
