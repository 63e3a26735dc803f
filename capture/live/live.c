/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - packets, conntrack, rtnetlink and what is read again, as one stream
 * of observations.
 *
 * In a round, what others depend on comes first: links and routes, rules and
 * pods, conntrack, then packets.  Each source hands on no more than its budget,
 * so that none waits for long; what is left comes in the next round, at once.
 */
#include "capture/live.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/live/conntrack.h"
#include "capture/live/packets.h"
#include "capture/live/reread.h"
#include "capture/live/rights.h"
#include "capture/live/route.h"
#include "decode/state.h"

#define PACKET_BUDGET	8192u	/* of a round: about 2 ms */
#define CT_BUDGET	2048u
#define LAST_ROUNDS	64u	/* at the end, for what still waits */
#define NOTHING_DUE	INT_MAX

/* Descriptors beside those of packets. */
enum { FD_WAKE, FD_ROUTE, FD_REREAD, FD_CT, N_FDS };

struct live {
	struct packets	*packets;
	struct route_source *route;
	struct ct_source *ct;		/* NULL: not wanted, or no rights */
	struct reread	*reread;	/* NULL: no state is wanted */
	struct state	*state;		/* as it was at first; the tracer borrows it */
	live_notice	*notice;
	void		*notice_arg;
	bool		 no_state;
	bool		 needs_reading;
	int		 wake_fd;	/* -1: none */
	struct pollfd	*fds;
	unsigned	 room;
	bool		 busy;		/* more packets wait */
	bool		 told_ct, told_route;	/* that events cannot be read */
	struct nstime	 last;		/* of all times that were given */
	int64_t		 tick_ms;	/* due, on the monotonic clock */
	char		 error[LIVE_ERROR_MAX];
};

/* Where a round's observations go. */
struct round {
	struct live	*live;
	struct nstime	 now;
	live_sink	*sink;
	void		*arg;
};

static void __attribute__((format(printf, 2, 3)))
say(const struct live *l, const char *format, ...)
{
	char text[LIVE_ERROR_MAX];
	va_list ap;

	if (l->notice == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	l->notice(l->notice_arg, text);
}

static int64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The clock of packets; a step back is waited out. */
static struct nstime
now_of(struct live *l)
{
	struct timespec t;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &t);
	ns = (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec;
	if (ns > l->last.ns)
		l->last.ns = ns;
	return l->last;
}

/* ---- rights */

#define SETCAP_MAX	320

/* "setcap cap_net_raw,cap_net_admin+ep /usr/bin/podpath" */
static void
setcap_words(char out[static SETCAP_MAX])
{
	char path[256];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	bool whole = n > 0 && (size_t)n < sizeof(path);

	path[whole ? n : 0] = '\0';
	snprintf(out, SETCAP_MAX, "setcap cap_net_raw,cap_net_admin+ep %s",
	    whole ? path : "podpath");
}

/* Packets are what nothing goes without. */
static bool
is_allowed(char error[static LIVE_ERROR_MAX])
{
	char words[SETCAP_MAX];

	if (rights_have().raw)
		return true;
	setcap_words(words);
	snprintf(error, LIVE_ERROR_MAX, "needs CAP_NET_RAW to capture and "
	    "CAP_NET_ADMIN for conntrack; run as root or %s", words);
	return false;
}

/* ---- opening */

/* Conntrack is a second witness: without it there are still packets. */
static void
open_conntrack(struct live *l, const struct live_config *c)
{
	char words[SETCAP_MAX], error[LIVE_ERROR_MAX];
	const char *advice;

	if (!rights_have().admin) {
		setcap_words(words);
		say(l, "without CAP_NET_ADMIN there is no conntrack and there are "
		    "no NAT rules: packets are the only witness; run as root or %s",
		    words);
		return;
	}
	l->ct = ct_source_open(c->ct_buffer, error);
	if (l->ct == NULL) {
		say(l, "%s: packets are the only witness", error);
		return;
	}
	advice = ct_source_advice(l->ct);
	if (advice != NULL)
		say(l, "%s", advice);
}

#define IPAM_FOLDER	"/var/run/aws-node"

/* It is there, and others may not. */
static bool
is_guarded(const char *host_root, const char *path, mode_t others)
{
	char full[PATH_MAX];
	struct stat st;

	snprintf(full, sizeof(full), "%s%s", host_root != NULL ? host_root : "", path);
	return stat(full, &st) == 0 && !(st.st_mode & others);
}

bool
live_needs_reading(const struct live *l)
{
	return l->needs_reading;
}

static bool
open_all(struct live *l, const struct live_config *c,
    char error[static LIVE_ERROR_MAX])
{
	l->route = route_source_open(error);
	if (l->route == NULL)
		return false;
	l->packets = packets_open(c, l->notice, l->notice_arg, error);
	if (l->packets == NULL)
		return false;
	if (!c->no_conntrack)
		open_conntrack(l, c);
	if (c->no_state)
		return true;
	l->reread = reread_open(c->host_root, error);
	return l->reread != NULL;
}

struct live *
live_open(const struct live_config *c, live_notice *notice, void *arg,
    char error[static LIVE_ERROR_MAX])
{
	struct live *l;

	if (!is_allowed(error) ||
	    (c->netns != NULL && !netns_enter(c->netns, c->host_root, error)))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		snprintf(error, LIVE_ERROR_MAX, "out of memory");
		return NULL;
	}
	l->notice = notice;
	l->notice_arg = arg;
	l->no_state = c->no_state;
	l->needs_reading = !c->no_state &&
	    (is_guarded(c->host_root, IPAM_FOLDER, S_IXOTH) ||
	    is_guarded(c->host_root, IPAM_FOLDER "/ipam.json", S_IROTH));
	l->wake_fd = -1;
	if (!open_all(l, c, error)) {
		live_close(l);
		return NULL;
	}
	return l;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	reread_close(l->reread);
	ct_source_close(l->ct);
	packets_close(l->packets);
	route_source_close(l->route);
	state_free(l->state);
	free(l->fds);
	free(l);
}

void
live_wake_on(struct live *l, int fd)
{
	l->wake_fd = fd;
}

/* ---- the sources' sinks */

static void
on_link(void *arg, const struct link_fact *f)
{
	struct round *r = arg;

	packets_link(r->live->packets, f, r->now, r->sink, r->arg);
}

static void
on_unlink(void *arg, uint32_t ifindex)
{
	struct round *r = arg;

	packets_unlink(r->live->packets, ifindex, r->now, r->sink, r->arg);
}

/* Without state only the links are of use, for the names of interfaces. */
static void
on_route(void *arg, const struct obs *o)
{
	struct round *r = arg;

	if (!r->live->no_state)
		r->sink(r->arg, o);
}

static struct route_sink
route_sink_of(struct round *r)
{
	return (struct route_sink){ on_link, on_unlink, on_route, r };
}

/* While packets wait, time has come no further than they have: what seems not to
   have left is among them. */
static void
tick(struct round *r)
{
	struct live *l = r->live;
	struct nstime now = now_of(l);
	struct nstime handed = packets_last(l->packets);
	struct obs o = { .type = OBS_TICK,
	    .ts = l->busy && handed.ns != 0 ? handed : now };

	r->sink(r->arg, &o);
}

/* ---- the first observations */

static void
on_state_report(void *arg, const char *text)
{
	say(arg, "%s", text);
}

static void
name_host(struct state *s)
{
	char host[256];

	if (s->hostname != NULL || gethostname(host, sizeof(host)) != 0)
		return;
	host[sizeof(host) - 1] = '\0';
	s->hostname = state_text(s, host, strlen(host));
}

/* The dump of links is wanted in any case: it names the interfaces. */
static void
begin_state(struct round *r)
{
	struct live *l = r->live;
	struct route_sink routes = route_sink_of(r);
	struct obs o = { .type = OBS_STATE };
	int error;

	l->state = state_new();
	if (l->state == NULL) {
		say(l, "out of memory for the node's state");
		return;
	}
	l->state->taken = r->now;
	error = route_source_dump(l->route, l->state, &routes);
	if (error != 0)
		say(l, "links, addresses, rules and routes: %s", strerror(-error));
	if (l->no_state)
		return;
	reread_first(l->reread, l->state, on_state_report, l);
	name_host(l->state);
	state_ready(l->state);
	if (l->state->no_memory)
		say(l, "out of memory for a part of the node's state");
	o.ts = now_of(l);
	o.state.state = l->state;
	r->sink(r->arg, &o);
}

static void
begin_conntrack(struct round *r)
{
	struct live *l = r->live;
	int error = l->ct != NULL ? ct_source_dump(l->ct, r->sink, r->arg) : 0;

	if (error == 0)
		return;
	say(l, "conntrack's table: %s: packets are the only witness",
	    strerror(-error));
	ct_source_close(l->ct);
	l->ct = NULL;
}

void
live_begin(struct live *l, live_sink *sink, void *arg)
{
	struct round r = { l, now_of(l), sink, arg };

	begin_state(&r);
	begin_conntrack(&r);
	tick(&r);
	l->tick_ms = monotonic_ms() + LIVE_TICK_MS;
}

/* ---- a round */

static void
read_routes(struct round *r)
{
	struct route_sink routes = route_sink_of(r);
	int error = route_source_read(r->live->route, r->now, &routes);

	if (error == 0 || r->live->told_route)
		return;
	r->live->told_route = true;
	say(r->live, "changes of links and routes: %s", strerror(-error));
}

static void
read_conntrack(struct round *r)
{
	struct live *l = r->live;
	int error = ct_source_read(l->ct, CT_BUDGET, r->now, r->sink, r->arg);

	if (error == 0 || l->told_ct)
		return;
	l->told_ct = true;
	say(l, "conntrack's events: %s", strerror(-error));
}

/* False: packets can no longer be had. */
static bool
read_packets(struct round *r)
{
	struct live *l = r->live;
	int n = packets_read(l->packets, PACKET_BUDGET, r->sink, r->arg);

	l->busy = n >= (int)PACKET_BUDGET;
	if (n >= 0)
		return true;
	snprintf(l->error, sizeof(l->error), "%s", packets_error(l->packets));
	return false;
}

static void
do_what_is_due(struct round *r)
{
	struct live *l = r->live;
	int64_t ms = monotonic_ms();

	if (ms >= l->tick_ms) {
		/* before what is decided at the tick */
		packets_losses(l->packets, now_of(l), r->sink, r->arg);
		tick(r);
		/* in step, unless a round took longer than that */
		l->tick_ms += LIVE_TICK_MS;
		if (l->tick_ms <= ms)
			l->tick_ms = ms + LIVE_TICK_MS;
	}
}

static bool
is_up(const struct live *l, unsigned i)
{
	return l->fds[i].revents != 0;
}

static bool
is_due(int due_ms)
{
	return due_ms == 0;
}

static bool
go_round(struct live *l, live_sink *sink, void *arg)
{
	struct round r = { l, now_of(l), sink, arg };
	bool alive;

	/* also when nothing waits: a change came after the last such look */
	read_routes(&r);
	if (l->reread != NULL &&
	    (is_up(l, FD_REREAD) || is_due(reread_due_ms(l->reread, r.now))))
		reread_take(l->reread, r.now, sink, arg);
	if (l->ct != NULL &&
	    (is_up(l, FD_CT) || is_due(ct_source_due_ms(l->ct, r.now))))
		read_conntrack(&r);
	alive = read_packets(&r);
	do_what_is_due(&r);
	return alive;
}

/* ---- waiting */

/* Descriptors of -1 are passed over by poll(2). */
static unsigned
fill_fds(struct live *l)
{
	unsigned n = packets_fds(l->packets, l->fds != NULL ? l->fds + N_FDS : NULL,
	    l->room > N_FDS ? l->room - N_FDS : 0);

	if (n + N_FDS > l->room) {
		struct pollfd *fds = realloc(l->fds,
		    (n + N_FDS) * 2 * sizeof(*fds));

		if (fds != NULL) {
			l->fds = fds;
			l->room = (n + N_FDS) * 2;
			n = packets_fds(l->packets, l->fds + N_FDS,
			    l->room - N_FDS);
		}
	}
	if (l->fds == NULL)
		return 0;
	l->fds[FD_WAKE] = (struct pollfd){ l->wake_fd, POLLIN, 0 };
	l->fds[FD_ROUTE] = (struct pollfd){ route_source_fd(l->route), POLLIN, 0 };
	l->fds[FD_REREAD] = (struct pollfd){
		l->reread != NULL ? reread_fd(l->reread) : -1, POLLIN, 0 };
	l->fds[FD_CT] = (struct pollfd){
		l->ct != NULL ? ct_source_fd(l->ct) : -1, POLLIN, 0 };
	return n + N_FDS < l->room ? n + N_FDS : l->room;
}

static int
sooner(int a, int b)
{
	return b >= 0 && b < a ? b : a;
}

static int
wait_ms(struct live *l, int timeout_ms)
{
	struct nstime now = now_of(l);
	int64_t left = l->tick_ms - monotonic_ms();
	int ms = timeout_ms >= 0 ? timeout_ms : NOTHING_DUE;

	if (l->busy || left <= 0)
		return 0;
	ms = sooner(ms, (int)left);
	if (l->ct != NULL)
		ms = sooner(ms, ct_source_due_ms(l->ct, now));
	if (l->reread != NULL)
		ms = sooner(ms, reread_due_ms(l->reread, now));
	return ms;
}

int
live_poll(struct live *l, int timeout_ms, live_sink *sink, void *arg)
{
	unsigned n = fill_fds(l);
	bool woken;

	if (n == 0) {
		snprintf(l->error, sizeof(l->error), "out of memory");
		return -1;
	}
	woken = poll(l->fds, n, wait_ms(l, timeout_ms)) < 0;
	if (woken) {
		if (errno != EINTR) {
			snprintf(l->error, sizeof(l->error), "poll: %s",
			    strerror(errno));
			return -1;
		}
		/* revents were not filled in: look at everything */
		for (unsigned i = 0; i < N_FDS; i++)
			l->fds[i].revents = i == FD_WAKE ? 0 : POLLIN;
	}
	woken = woken || is_up(l, FD_WAKE);
	if (!go_round(l, sink, arg))
		return -1;
	return woken ? 0 : 1;
}

/* What came before the end belongs to the run. */
void
live_end(struct live *l, live_sink *sink, void *arg)
{
	struct round r = { l, now_of(l), sink, arg };

	if (l->fds != NULL) {
		for (unsigned i = 0; i < N_FDS; i++)
			l->fds[i].revents = POLLIN;
		l->busy = true;
		for (unsigned i = 0; i < LAST_ROUNDS && l->busy &&
		    go_round(l, sink, arg); i++)
			continue;
	}
	packets_losses(l->packets, now_of(l), sink, arg);
	tick(&r);
}

/* ---- what is asked for */

const char *
live_error(const struct live *l)
{
	return l->error;
}

void
live_reread(struct live *l)
{
	if (l->reread != NULL)
		reread_now(l->reread);
}

static void
add_counts(struct live_counts *to, const struct live_counts *c)
{
	to->captured += c->captured;
	to->received += c->received;
	to->dropped_kernel += c->dropped_kernel;
	to->dropped_interface += c->dropped_interface;
	to->netlink_overruns += c->netlink_overruns;
	to->ct_entries += c->ct_entries;
	to->ct_events += c->ct_events;
	to->resyncs += c->resyncs;
	to->changes += c->changes;
	to->rereads += c->rereads;
	to->ifaces += c->ifaces;
}

struct live_counts
live_counts(struct live *l)
{
	struct live_counts sum = { 0 }, c = { 0 };

	packets_count(l->packets, &c);
	add_counts(&sum, &c);
	c = (struct live_counts){ 0 };
	route_source_count(l->route, &c);
	add_counts(&sum, &c);
	c = (struct live_counts){ 0 };
	if (l->ct != NULL)
		ct_source_count(l->ct, &c);
	add_counts(&sum, &c);
	c = (struct live_counts){ 0 };
	if (l->reread != NULL)
		reread_count(l->reread, &c);
	add_counts(&sum, &c);
	return sum;
}
