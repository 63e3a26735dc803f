/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reread.c - the thread that looks again: every LIVE_REREAD_S at everything, and
 * soon after nftables (NFNLGRP_NFTABLES, linux/netfilter/nfnetlink.h) or ipamd's
 * file (inotify(7)) changed at what that is about.
 *
 * Each listens by itself, so that the thread knows to a fraction of a second
 * when nothing had changed yet.  iptables-legacy and ipset tell nobody.
 */
#include "capture/live/reread.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "capture/live/reread_int.h"
#include "decode/timeline.h"

#define SETTLE_MS	100	/* several transactions often follow each other */
#define GAP_MS		1000	/* between looks that something asked for, at least; */
#define GAP_SHARE	4	/* and this many times what a look takes */
#define RETRY_MS	5000	/* something failed */
#define QUIET_MS	100	/* how well it is known when nothing had changed */
#define MARGIN_NS	(10 * NS_PER_MSEC)	/* from a change to its message */
#define RESULTS_MAX	64	/* not taken; then no look is made */

struct result {
	struct result	*next;
	struct found	 found;
};

struct reread {
	char		*host_root;	/* NULL: / */
	struct look	 look;		/* the thread's, once that is started */
	struct mnl_socket *nft;		/* NULL: it tells nothing */
	int		 inotify, watch;	/* -1: none */
	int		 ask, stop, done;	/* eventfd(2) */
	bool		 started, broken;
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* of what follows */
	struct result	*first, **last;
	unsigned	 n_results;
	uint64_t	 looks;
};

/* What the thread waits for. */
struct waiting {
	unsigned	 wanted;	/* groups that something asked for */
	/* On the monotonic clock: asked first, looked at everything, looked. */
	int64_t		 asked_ms, all_ms, last_ms;
	int64_t		 gap_ms;
	struct nstime	 quiet;		/* nftables had told nothing new then */
	struct nstime	 nft_since;	/* quiet, when it told something; 0 */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct nstime
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

/* ---- opening */

/* Needs CAP_NET_ADMIN; a kernel without nftables has no such group. */
static void
open_nft(struct reread *r)
{
	int group = NFNLGRP_NFTABLES;

	r->nft = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (r->nft == NULL)
		return;
	if (mnl_socket_bind(r->nft, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_setsockopt(r->nft, NETLINK_ADD_MEMBERSHIP, &group,
	    sizeof(group)) == 0)
		return;
	mnl_socket_close(r->nft);
	r->nft = NULL;
}

static bool
open_all(struct reread *r, const char *host_root)
{
	r->ask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->ask < 0 || r->stop < 0 || r->done < 0)
		return false;
	if (host_root != NULL) {
		r->host_root = strdup(host_root);
		if (r->host_root == NULL)
			return false;
	}
	r->look.request = (struct source_request){ r->host_root, r->stop };
	r->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	open_nft(r);
	return true;
}

struct reread *
reread_open(const char *host_root, char error[static LIVE_ERROR_MAX])
{
	struct reread *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		snprintf(error, LIVE_ERROR_MAX, "NAT rules and pods: out of memory");
		return NULL;
	}
	r->ask = r->stop = r->done = r->inotify = r->watch = -1;
	r->last = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	if (!open_all(r, host_root)) {
		snprintf(error, LIVE_ERROR_MAX, "NAT rules and pods: %s",
		    strerror(errno));
		reread_close(r);
		return NULL;
	}
	return r;
}

static void
ring(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void
hear(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		continue;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
result_free(struct result *r)
{
	state_free(r->found.come);
	free(r);
}

void
reread_close(struct reread *r)
{
	if (r == NULL)
		return;
	if (r->started) {
		ring(r->stop);
		pthread_join(r->thread, NULL);
	}
	while (r->first != NULL) {
		struct result *next = r->first->next;

		result_free(r->first);
		r->first = next;
	}
	if (r->nft != NULL)
		mnl_socket_close(r->nft);
	close_fd(r->ask);
	close_fd(r->stop);
	close_fd(r->done);
	close_fd(r->inotify);
	pthread_mutex_destroy(&r->lock);
	free(r->host_root);
	free(r);
}

int
reread_fd(const struct reread *r)
{
	return r->done;
}

/* ---- what asks for a look */

/* The folder may come later, and go with aws-node. */
static void
watch(struct reread *r)
{
	static const char *const folders[] = { COLLECT_IPAM_DIR,
		"/run/aws-node" };
	char path[COLLECT_PATH_MAX];

	for (size_t i = 0; r->watch < 0 && r->inotify >= 0 &&
	    i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s%s",
		    r->host_root ? r->host_root : "", folders[i]);
		r->watch = inotify_add_watch(r->inotify, path,
		    IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR);
	}
}

/* Did something happen to the file itself? */
static bool
take_inotify(struct reread *r)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool seen = false;
	ssize_t n;

	while ((n = read(r->inotify, buf, sizeof(buf))) > 0)
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const void *)p;

			if (e->mask & (IN_IGNORED | IN_Q_OVERFLOW))
				seen = true;
			if (e->mask & IN_IGNORED)
				r->watch = -1;
			if (e->len > 0 && strcmp(e->name, COLLECT_IPAM_NAME) == 0)
				seen = true;
			p += sizeof(*e) + e->len;
		}
	return seen;
}

/* What it tells is read by nft; ENOBUFS means only that it told much. */
static bool
take_nft(struct reread *r)
{
	char buf[16384];
	bool seen = false;
	ssize_t n;

	while ((n = recv(mnl_socket_get_fd(r->nft), buf, sizeof(buf), 0)) > 0 ||
	    (n < 0 && (errno == ENOBUFS || errno == EINTR)))
		seen = true;
	return seen;
}

static void
want(struct waiting *w, unsigned groups)
{
	if (w->wanted == 0)
		w->asked_ms = now_ms();
	w->wanted |= groups;
}

static void
note_nft(struct reread *r, struct waiting *w)
{
	if (!take_nft(r))
		return;
	want(w, 1u << SOURCES_NAT);
	if (w->nft_since.ns == 0)
		w->nft_since.ns = w->quiet.ns - MARGIN_NS;
}

static bool
is_full(struct reread *r)
{
	bool full;

	pthread_mutex_lock(&r->lock);
	full = r->n_results >= RESULTS_MAX;
	pthread_mutex_unlock(&r->lock);
	return full;
}

/* Milliseconds until a look is due. */
static int64_t
due_ms(const struct reread *r, const struct waiting *w)
{
	int64_t due = w->all_ms + LIVE_REREAD_S * 1000, soon;

	if (r->look.again && w->last_ms + RETRY_MS < due)
		due = w->last_ms + RETRY_MS;
	if (w->wanted != 0) {
		soon = w->asked_ms + SETTLE_MS;
		if (soon < w->last_ms + w->gap_ms)
			soon = w->last_ms + w->gap_ms;
		due = soon < due ? soon : due;
	}
	return due - now_ms();
}

/* The groups to look at; 0: the end. */
static unsigned
wait_for(struct reread *r, struct waiting *w)
{
	for (;;) {
		struct pollfd p[4] = { { r->stop, POLLIN, 0 },
		    { r->ask, POLLIN, 0 }, { r->inotify, POLLIN, 0 },
		    { r->nft ? mnl_socket_get_fd(r->nft) : -1, POLLIN, 0 } };
		struct nstime now = clock_now();
		int64_t left = due_ms(r, w);

		if (left <= 0 && is_full(r))
			left = QUIET_MS;
		if (left > QUIET_MS && r->nft != NULL)
			left = QUIET_MS;
		if (poll(p, 4, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return 0;
		if (p[0].revents != 0)
			return 0;
		if (p[3].revents != 0)
			note_nft(r, w);
		else
			w->quiet = now;
		if (p[2].revents != 0 && take_inotify(r))
			want(w, 1u << SOURCES_IPAM | 1u << SOURCES_SYSCTLS);
		if (p[1].revents != 0) {
			hear(r->ask);
			return GROUPS_ALL;
		}
		if (due_ms(r, w) > 0 || is_full(r))
			continue;
		/* the regular time, or what was asked for */
		return now_ms() - w->all_ms >= LIVE_REREAD_S * 1000 ||
		    r->look.again ? GROUPS_ALL : w->wanted;
	}
}

/* ---- a look */

/* Of nf_tables the time is known better: nothing had been told until then.  Not
   of sets, and not of the tables of iptables-legacy. */
static struct nstime
since_of(const struct found *f, const struct waiting *w)
{
	const uint32_t told = 1u << SOURCE_IPTABLES | 1u << SOURCE_IP6TABLES |
	    1u << SOURCE_NFT;

	if (f->sources & ~told || w->nft_since.ns < f->since.ns ||
	    f->come->flags & STATE_LEGACY_DUMP)
		return f->since;
	return w->nft_since;
}

static void
give(struct reread *r, const struct found *f, struct nstime since)
{
	struct result *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		state_free(f->come);
		return;
	}
	n->found = *f;
	n->found.since = since;
	pthread_mutex_lock(&r->lock);
	*r->last = n;
	r->last = &n->next;
	r->n_results++;
	pthread_mutex_unlock(&r->lock);
	ring(r->done);
}

static void
look(struct reread *r, struct waiting *w, unsigned groups)
{
	struct found found[N_SOURCE_GROUPS];
	int64_t began = now_ms();
	unsigned n;

	w->wanted &= ~groups;
	n = look_again(&r->look, groups, found);
	/* told while we looked: perhaps seen, perhaps not; look once more */
	if (r->nft != NULL)
		note_nft(r, w);
	for (unsigned i = 0; i < n; i++)
		give(r, &found[i], since_of(&found[i], w));
	if (!(w->wanted & 1u << SOURCES_NAT))
		w->nft_since.ns = 0;
	watch(r);
	pthread_mutex_lock(&r->lock);
	r->looks++;
	pthread_mutex_unlock(&r->lock);
	w->last_ms = now_ms();
	w->gap_ms = GAP_SHARE * (w->last_ms - began);
	if (w->gap_ms < GAP_MS)
		w->gap_ms = GAP_MS;
	if (groups == GROUPS_ALL)
		w->all_ms = w->last_ms;
}

static void *
run(void *arg)
{
	struct reread *r = arg;
	struct waiting w = { .all_ms = now_ms(),
	    .quiet = r->look.began[SOURCES_NAT] };
	unsigned groups;

	watch(r);
	while ((groups = wait_for(r, &w)) != 0)
		look(r, &w, groups);
	return NULL;
}

static void
start(struct reread *r)
{
	sigset_t all, was;

	if (r->started || r->broken)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	r->started = pthread_create(&r->thread, NULL, run, r) == 0;
	r->broken = !r->started;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* ---- the caller's side */

void
reread_first(struct reread *r, struct state *s, state_report *report, void *arg)
{
	look_first(&r->look, s, report, arg);
	r->looks++;
}

void
reread_now(struct reread *r)
{
	start(r);
	ring(r->ask);
}

static struct result *
take_one(struct reread *r)
{
	struct result *n;

	pthread_mutex_lock(&r->lock);
	n = r->first;
	if (n != NULL) {
		r->first = n->next;
		r->n_results--;
		if (r->first == NULL)
			r->last = &r->first;
	}
	pthread_mutex_unlock(&r->lock);
	return n;
}

void
reread_take(struct reread *r, struct nstime now, live_sink *sink, void *arg)
{
	struct result *n;

	start(r);
	hear(r->done);
	while ((n = take_one(r)) != NULL) {
		struct state_change c = { .parts = n->found.parts,
		    .come = n->found.come };
		struct obs o = { .type = OBS_CHANGE, .ts = now,
		    .change = { .change = &c, .since = n->found.since } };

		sink(arg, &o);
		result_free(n);
	}
}

/* The thread knows the time by itself; it only must be started. */
int
reread_due_ms(const struct reread *r, struct nstime now)
{
	(void)now;
	return r->started || r->broken ? -1 : 0;
}

void
reread_count(const struct reread *r, struct live_counts *c)
{
	struct reread *w = (struct reread *)(uintptr_t)r;

	pthread_mutex_lock(&w->lock);
	c->rereads += r->looks;
	pthread_mutex_unlock(&w->lock);
}
