/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_conntrack.c - does capture/live/conntrack.c say what conntrack(8) says?  Run
 * by t_live_conntrack.sh in a network namespace of its own.
 *
 *	follow BUFFER DIR	listen and dump, say "ready"; at the end of stdin read
 *				DIR/table/conntrack.txt (conntrack -L -o extended,id)
 *				and DIR/events.txt (conntrack -E of the same time, if
 *				it is there) and compare
 *	serve PORT SECONDS	a TCP and UDP server that echoes
 *	talk ADDRESS PORT N	N connections of TCP and of UDP to it
 *	storm ADDRESS PORT N	N short flows of UDP, as fast as it goes
 *	stuff N			N entries, made through libnetfilter_conntrack
 *	dump			the time that a dump takes
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include "capture/live/conntrack.h"
#include "capture/state.h"
#include "decode/conntrack.h"

#define EVENTS_MAX	65536u
#define SHOWN		10u	/* differences */

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct nstime
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct nstime){ ts.tv_sec * NS_PER_SEC + ts.tv_nsec };
}

/* ---- traffic */

static struct sockaddr_in
address(const char *text, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		errx(2, "%s: no address", text);
	return a;
}

static int
open_socket(int type)
{
	int fd = socket(AF_INET, type, 0), on = 1;

	if (fd < 0)
		err(2, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

static void
echo(int listener, int udp)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char text[64];
	ssize_t n;
	int fd;

	if (udp >= 0) {
		n = recvfrom(udp, text, sizeof(text), 0, (struct sockaddr *)&from, &len);
		if (n > 0 && sendto(udp, text, (size_t)n, 0, (struct sockaddr *)&from,
		    len) < 0)
			warn("answer");
		return;
	}
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	if (n > 0 && write(fd, text, (size_t)n) < 0)
		warn("answer");
	close(fd);
}

static int
serve(const char *port, const char *limit)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	struct pollfd p[2] = { { open_socket(SOCK_STREAM), POLLIN, 0 },
	    { open_socket(SOCK_DGRAM), POLLIN, 0 } };
	double until = seconds() + atof(limit);

	for (unsigned i = 0; i < 2; i++)
		if (bind(p[i].fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			err(2, "bind");
	if (listen(p[0].fd, 64) < 0)
		err(2, "listen");
	puts("ready");
	fflush(stdout);
	while (seconds() < until) {
		if (poll(p, 2, 200) <= 0)
			continue;
		if (p[0].revents & POLLIN)
			echo(p[0].fd, -1);
		if (p[1].revents & POLLIN)
			echo(-1, p[1].fd);
	}
	return 0;
}

static int
talk(const char *to, const char *port, unsigned n)
{
	struct sockaddr_in a = address(to, port);
	char text[8];

	for (unsigned i = 0; i < 2 * n; i++) {
		int fd = open_socket(i % 2 ? SOCK_STREAM : SOCK_DGRAM);

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 2, 0 },
		    sizeof(struct timeval));
		/* The third answer over UDP makes a stream of it: ASSURED. */
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			err(2, "connect");
		for (unsigned k = i % 2; k < 3; k += i % 2 ? 3 : 1)
			if (write(fd, "hello", 5) != 5 || read(fd, text, sizeof(text)) != 5)
				err(2, "no answer");
		close(fd);
	}
	return 0;
}

static int
storm(const char *to, const char *port, unsigned n)
{
	struct sockaddr_in a = address(to, port);

	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in from = { .sin_family = AF_INET,
		    .sin_port = htons((uint16_t)(1024 + i % 60000)) };
		int fd = open_socket(SOCK_DGRAM);

		if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
		    sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)) < 0)
			err(2, "send");
		close(fd);
		if (i % 60000 == 59999)
			a.sin_port = htons((uint16_t)(ntohs(a.sin_port) + 1));
	}
	return 0;
}

static int
stuff(unsigned n)
{
	struct nfct_handle *h = nfct_open(CONNTRACK, 0);
	unsigned failed = 0;

	if (h == NULL)
		err(2, "nfct_open");
	for (unsigned i = 0; i < n; i++) {
		struct nf_conntrack *ct = nfct_new();
		bool tcp = i % 4 != 0;

		if (ct == NULL)
			err(2, NULL);
		nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
		nfct_set_attr_u32(ct, ATTR_IPV4_SRC, htonl(0x0a000001 + i / 50000));
		nfct_set_attr_u32(ct, ATTR_IPV4_DST, htonl(0xac140001 + i % 7));
		nfct_set_attr_u8(ct, ATTR_L4PROTO, tcp ? IPPROTO_TCP : IPPROTO_UDP);
		nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons((uint16_t)(1024 + i % 50000)));
		nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(443));
		nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
		if (tcp)
			nfct_set_attr_u8(ct, ATTR_TCP_STATE, 3 /* ESTABLISHED */);
		nfct_set_attr_u32(ct, ATTR_TIMEOUT, 3600);
		failed += nfct_query(h, NFCT_Q_CREATE, ct) < 0;
		nfct_destroy(ct);
	}
	nfct_close(h);
	if (failed > 0)
		errx(2, "%u of %u entries could not be made", failed, n);
	return 0;
}

/* ---- listening */

struct event {
	uint8_t		 event;
	struct ct_entry	 e;
};

struct listener {
	struct ct_table	*table;
	struct event	*events;
	unsigned	 n_events, n_entries, n_losses, n_begin, n_end;
};

static void
on_obs(void *arg, const struct obs *o)
{
	struct listener *l = arg;

	if (o->type == OBS_LOSS) {
		l->n_losses++;
		ct_table_lost(l->table, o->loss.since, o->ts);
		return;
	}
	if (o->type != OBS_CT)
		errx(1, "an observation of type %d", o->type);
	ct_table_observe(l->table, &o->ct, o->ts);
	l->n_begin += o->ct.event == CT_EV_DUMP_BEGIN;
	l->n_end += o->ct.event == CT_EV_DUMP_END;
	l->n_entries += o->ct.event == CT_EV_DUMPED;
	if (o->ct.event <= CT_EV_DESTROY && l->n_events < EVENTS_MAX)
		l->events[l->n_events++] = (struct event){ o->ct.event, *o->ct.entry };
}

static void
on_count(void *arg, const struct obs *o)
{
	if (o->type == OBS_CT && o->ct.event == CT_EV_DUMPED)
		++*(unsigned *)arg;
}

static int
time_dump(void)
{
	char error[LIVE_ERROR_MAX];
	struct ct_source *s = ct_source_open(0, error);
	struct listener l = { .table = ct_table_new(0) };
	unsigned n = 0;
	double from[3];

	if (s == NULL || l.table == NULL)
		errx(2, "%s", error);
	from[0] = seconds();
	if (ct_source_dump(s, on_count, &n) != 0)
		errx(2, "no dump");
	from[1] = seconds();
	if (ct_source_dump(s, on_obs, &l) != 0)
		errx(2, "no dump");
	from[2] = seconds();
	printf("%u entries: %.3f s, with their table %.3f s\n", n, from[1] - from[0],
	    from[2] - from[1]);
	ct_source_close(s);
	if (ct_table_alive(l.table) != n)
		errx(1, "%u entries in the table", ct_table_alive(l.table));
	ct_table_free(l.table);
	return 0;
}

/* ---- comparing */

static unsigned n_wrong;

static void
show(const char *what, const struct ct_entry *e, const struct ct_entry *other)
{
	const struct ct_entry *both[2] = { e, other };
	char a[2][ADDR_TEXT_MAX], b[2][ADDR_TEXT_MAX];

	if (n_wrong++ >= SHOWN)
		return;
	printf("%s\n", what);
	for (unsigned i = 0; i < 2 && both[i] != NULL; i++) {
		const struct tuple *o = &both[i]->orig, *r = &both[i]->reply;

		addr_format(&o->src, a[0]);
		addr_format(&o->dst, a[1]);
		addr_format(&r->src, b[0]);
		addr_format(&r->dst, b[1]);
		printf("  %s proto %u %s:%u > %s:%u, %s:%u > %s:%u id %u mark %u zone %u "
		    "status %#x %s timeout %u packets %" PRIu64 "/%" PRIu64 " bytes %"
		    PRIu64 "/%" PRIu64 " age %" PRId64 "\n", i ? "conntrack(8)" : "ours",
		    o->proto, a[0], o->sport, a[1], o->dport, b[0], r->sport, b[1],
		    r->dport, both[i]->id, both[i]->mark, both[i]->zone, both[i]->status,
		    both[i]->state ? both[i]->state : "-", both[i]->timeout,
		    both[i]->packets[0], both[i]->packets[1], both[i]->bytes[0],
		    both[i]->bytes[1], both[i]->age_s);
	}
}

static bool
near(int64_t a, int64_t b, int64_t by)
{
	return a - b <= by && b - a <= by;
}

/* seconds: what may have passed between the two. */
static bool
same(const struct ct_entry *a, const struct ct_entry *b, int64_t passed)
{
	return tuple_eq(&a->orig, &b->orig) && tuple_eq(&a->reply, &b->reply) &&
	    a->id == b->id && a->mark == b->mark && a->zone == b->zone &&
	    a->status == b->status && near(a->timeout, b->timeout, passed) &&
	    near(a->age_s, b->age_s, passed) &&
	    memcmp(a->packets, b->packets, sizeof(a->packets)) == 0 &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0 &&
	    (a->state == NULL ? b->state == NULL :
	    b->state != NULL && strcmp(a->state, b->state) == 0);
}

static void
on_report(void *arg, const char *text)
{
	(void)arg;
	printf("# %s\n", text);
}

static struct state *
text_state(const char *dir, const char *name)
{
	char path[512];
	struct state *s;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	s = state_read(path, on_report, NULL);
	if (s == NULL)
		errx(2, "%s cannot be read", path);
	return s;
}

struct comparison {
	const struct state *s;
	bool		 resynced;
	unsigned	 n;
};

/* What only the table's own reading has newer is not compared after events. */
static bool
compare_entry(void *arg, const struct ct_life *l)
{
	struct comparison *c = arg;
	const struct ct_entry *theirs = state_ct_orig(c->s, &l->entry.orig);
	struct ct_entry ours = l->entry;

	c->n++;
	if (theirs == NULL) {
		show("only in our table", &ours, NULL);
		return true;
	}
	if (!c->resynced) {
		/* Packets do not make an event. */
		memcpy(ours.packets, theirs->packets, sizeof(ours.packets));
		memcpy(ours.bytes, theirs->bytes, sizeof(ours.bytes));
		ours.age_s = theirs->age_s;
		ours.timeout = theirs->timeout;
	}
	if (!same(&ours, theirs, 10))
		show("not the same", &ours, theirs);
	return true;
}

static unsigned
compare_table(const struct ct_table *t, const char *dir, bool resynced)
{
	struct state *s = text_state(dir, "table");
	struct comparison c = { .s = s, .resynced = resynced };

	ct_table_each(t, compare_entry, &c);
	for (uint32_t i = 0; i < s->conntrack.n; i++) {
		const struct ct_entry *e = &s->conntrack.v[i];

		if (ct_table_orig(t, &e->orig, now(), now()) == NULL)
			show("only in conntrack(8)'s table (which ours would be)", e, NULL);
		if (ct_table_reply(t, &e->reply, now(), now()) == NULL)
			show("not found by its reply tuple", e, NULL);
	}
	if (c.n != s->conntrack.n) {
		printf("%u entries, conntrack(8) has %u\n", c.n, s->conntrack.n);
		n_wrong++;
	}
	state_free(s);
	return c.n;
}

/* As in the table, where mark= or use= stand before the entry's id and so tell it
   from ICMP's; events have neither. */
static void
put_line(FILE *out, char *line)
{
	char *id = strstr(line, " id="), *next;

	while (id != NULL && (next = strstr(id + 1, " id=")) != NULL)
		id = next;
	if (id == NULL)
		errx(2, "no id in \"%s\"", line);
	*id = '\0';
	fprintf(out, "%s use=1 %s", line, id + 1);
}

/* `conntrack -E` writes a line for each event: what stands behind the event's name
   is as in the table.  DIR/lines/conntrack.txt has that part of it. */
static struct event *
text_events(const char *dir, unsigned *n)
{
	static const char *const names[] = { [CT_EV_NEW] = "[NEW] ",
	    [CT_EV_UPDATE] = "[UPDATE] ", [CT_EV_DESTROY] = "[DESTROY] " };
	struct event *v = calloc(EVENTS_MAX, sizeof(*v));
	char path[512], line[1024];
	struct state *s;
	FILE *in, *out;

	snprintf(path, sizeof(path), "%s/events.txt", dir);
	in = fopen(path, "r");
	*n = 0;
	if (v == NULL)
		err(2, NULL);
	if (in == NULL) {
		free(v);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/lines/conntrack.txt", dir);
	out = fopen(path, "w");
	if (out == NULL)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), in) != NULL && *n < EVENTS_MAX)
		for (uint8_t i = 0; i <= CT_EV_DESTROY; i++) {
			char *at = strstr(line, names[i]);

			if (at == NULL)
				continue;
			put_line(out, at + strlen(names[i]));
			v[(*n)++].event = i;
		}
	fclose(in);
	fclose(out);
	s = text_state(dir, "lines");
	if (s->conntrack.n != *n)
		errx(2, "%u events, %u of them read", *n, s->conntrack.n);
	for (uint32_t i = 0; i < s->conntrack.n; i++) {
		v[i].e = s->conntrack.v[i];
		if (v[i].e.state != NULL)
			v[i].e.state = ct_state_name(v[i].e.orig.proto,
			    ct_state_number(v[i].e.orig.proto, v[i].e.state));
	}
	state_free(s);
	return v;
}

/* In the order of each entry: two sockets may get those of two CPUs otherwise. */
static void
compare_events(const struct listener *l, const char *dir)
{
	unsigned n;
	struct event *v = text_events(dir, &n);
	bool *used = calloc(EVENTS_MAX, sizeof(*used));

	if (v == NULL) {
		free(used);
		return;
	}
	if (used == NULL)
		err(2, NULL);
	for (unsigned i = 0; i < l->n_events; i++) {
		const struct event *e = &l->events[i];
		unsigned k = 0;

		while (k < n && (used[k] || v[k].e.id != e->e.id ||
		    !tuple_eq(&v[k].e.orig, &e->e.orig)))
			k++;
		if (k == n) {
			show("an event that conntrack(8) has not", &e->e, NULL);
			continue;
		}
		used[k] = true;
		if (v[k].event != e->event || !same(&e->e, &v[k].e, 1))
			show(v[k].event == e->event ? "another event" :
			    "an event of another kind", &e->e, &v[k].e);
	}
	if (n != l->n_events) {
		printf("%u events, conntrack(8) has %u\n", l->n_events, n);
		n_wrong++;
	}
	free(v);
	free(used);
}

static void
listen_until_eof(struct ct_source *s, struct listener *l)
{
	double until = seconds() + 60;
	bool open = true;

	/* After the end of input what is due is still done. */
	while (seconds() < until && (open || ct_source_due_ms(s, now()) >= 0)) {
		struct pollfd p[2] = { { ct_source_fd(s), POLLIN, 0 },
		    { open ? STDIN_FILENO : -1, POLLIN, 0 } };
		int due = ct_source_due_ms(s, now()), error;
		char c;

		poll(p, 2, due >= 0 && due < 200 ? due : 200);
		error = ct_source_read(s, 256, now(), on_obs, l);
		if (error != 0)
			errx(1, "events: %s", strerror(-error));
		if (p[1].revents != 0)
			open = read(STDIN_FILENO, &c, 1) > 0;
	}
	if (open)
		errx(2, "the end of input did not come");
}

static int
follow(uint32_t buffer, const char *dir)
{
	char error[LIVE_ERROR_MAX];
	struct ct_source *s = ct_source_open(buffer, error);
	struct listener l = { .table = ct_table_new(0),
	    .events = calloc(EVENTS_MAX, sizeof(*l.events)) };
	struct live_counts counts = { 0 };
	const char *advice;
	unsigned n;

	if (s == NULL || l.table == NULL || l.events == NULL)
		errx(2, "%s", error);
	advice = ct_source_advice(s);
	printf("advice: %s\n", advice != NULL ? advice : "none");
	if (ct_source_dump(s, on_obs, &l) != 0)
		errx(1, "no dump");
	puts("ready");
	fflush(stdout);
	listen_until_eof(s, &l);
	ct_source_count(s, &counts);
	if (counts.netlink_overruns == 0)
		compare_events(&l, dir);
	n = compare_table(l.table, dir, counts.resyncs > 0);
	if (l.n_losses != counts.netlink_overruns || (l.n_losses > 0 && l.n_end < 2)) {
		printf("%u losses told, %u dumps complete\n", l.n_losses, l.n_end);
		n_wrong++;
	}
	if (!ct_table_complete(l.table, now(), now())) {
		printf("the table does not count as complete\n");
		n_wrong++;
	}
	printf("%u entries, %u gone, %" PRIu64 " events, %" PRIu64 " overruns, %" PRIu64
	    " resyncs, %u wrong\n", n, ct_table_size(l.table) - ct_table_alive(l.table),
	    counts.ct_events, counts.netlink_overruns, counts.resyncs, n_wrong);
	ct_source_close(s);
	ct_table_free(l.table);
	free(l.events);
	return n_wrong > 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "follow") == 0 && argc == 4)
		return follow((uint32_t)atoi(argv[2]), argv[3]);
	if (strcmp(what, "serve") == 0 && argc == 4)
		return serve(argv[2], argv[3]);
	if (strcmp(what, "talk") == 0 && argc == 5)
		return talk(argv[2], argv[3], (unsigned)atoi(argv[4]));
	if (strcmp(what, "storm") == 0 && argc == 5)
		return storm(argv[2], argv[3], (unsigned)atoi(argv[4]));
	if (strcmp(what, "stuff") == 0 && argc == 3)
		return stuff((unsigned)atoi(argv[2]));
	if (strcmp(what, "dump") == 0)
		return time_dump();
	errx(2, "see the head of tests/live_conntrack.c");
}
