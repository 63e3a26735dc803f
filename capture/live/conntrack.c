/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack.c - conntrack's table and its events: one socket that listens, one that
 * asks for the table (libnetfilter_conntrack, libnfnetlink).
 *
 * An overrun (netlink_overrun() in net/netlink/af_netlink.c): when the buffer of
 * the listener is full, it gets ENOBUFS once, and nothing more is put there until
 * all that waits was read.  So what waits is older than the loss: it is read to its
 * end, and the table asked for after that.  NETLINK_BROADCAST_SEND_ERROR would
 * make the kernel keep what it could not tell, which is not for those who only
 * watch.
 */
#include "capture/live/conntrack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include "capture/live/conntrack_int.h"

#define BUFFER_DEFAULT	(16u << 20)
/* An event's message has about 250 bytes; names and labels make it longer. */
#define EVENT_MAX	2048u
#define BATCH		64u
/* More than the kernel puts into one message of a dump (32 KiB). */
#define DUMP_MAX	65536u
#define EVENTS_A_STEP	1024u	/* between two messages of a dump */
#define DUMP_WAIT_MS	2000
#define RESYNC_MS	1000	/* from one dump to the next, at least; */
#define RESYNC_TIMES	3	/* and so often the time that a dump takes */
#define ADVICE_MAX	512

struct ct_source {
	struct nfct_handle *events, *table;
	bool		 overrun;	/* what waits is older than the loss */
	bool		 cut;		/* a message was longer than its place */
	bool		 silent;	/* nf_conntrack_events=0 */
	bool		 dumping;
	bool		 stale;		/* events were lost since the dump began */
	bool		 due;		/* a dump is wanted, at due_ms */
	int64_t		 due_ms, began_ms;	/* CLOCK_MONOTONIC */
	struct nstime	 asked;		/* the socket, when it had not lost anything */
	uint64_t	 n_overruns, n_events, n_resyncs, n_entries, n_dumped;
	struct mmsghdr	 msgs[BATCH];
	struct iovec	 parts[BATCH];
	struct sockaddr_nl from[BATCH];
	char		 advice[ADVICE_MAX];
	_Alignas(8) uint8_t batch[BATCH][EVENT_MAX];
	_Alignas(8) uint8_t answer[DUMP_MAX];
};

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct nstime
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct nstime){ (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec };
}

/* ---- open and close */

static struct nfct_handle *
handle_open(unsigned groups)
{
	struct nfct_handle *h = nfct_open(CONNTRACK, groups);

	if (h != NULL)
		fcntl(nfct_fd(h), F_SETFD, FD_CLOEXEC);
	return h;
}

/* -1: there is no such thing. */
static int
sysctl_number(const char *name)
{
	char path[128], text[16] = "";
	FILE *f;
	int n = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	if (fgets(text, sizeof(text), f) != NULL)
		n = atoi(text);
	fclose(f);
	return n;
}

struct ct_source *
ct_source_open(uint32_t buffer, char error[static LIVE_ERROR_MAX])
{
	struct ct_source *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(error, LIVE_ERROR_MAX, "conntrack: out of memory");
		return NULL;
	}
	s->events = handle_open(NFCT_ALL_CT_GROUPS);
	if (s->events != NULL)
		s->table = handle_open(0);
	if (s->table == NULL) {
		snprintf(error, LIVE_ERROR_MAX, "conntrack: %s%s", strerror(errno),
		    errno == EPERM || errno == EACCES ?
		    ": needs CAP_NET_ADMIN" : "");
		ct_source_close(s);
		return NULL;
	}
	nfnl_rcvbufsiz(nfct_nfnlh(s->events), buffer != 0 ? buffer : BUFFER_DEFAULT);
	for (unsigned i = 0; i < BATCH; i++) {
		s->parts[i] = (struct iovec){ s->batch[i], EVENT_MAX };
		s->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &s->parts[i],
		    .msg_iovlen = 1, .msg_name = &s->from[i] };
	}
	s->silent = sysctl_number("nf_conntrack_events") == 0;
	s->asked = clock_now();
	return s;
}

void
ct_source_close(struct ct_source *s)
{
	if (s == NULL)
		return;
	if (s->events != NULL)
		nfct_close(s->events);
	if (s->table != NULL)
		nfct_close(s->table);
	free(s);
}

int
ct_source_fd(const struct ct_source *s)
{
	return nfct_fd(s->events);
}

/* ---- events */

static void
tell_dump(struct nstime now, enum ct_event event, live_sink *sink, void *arg)
{
	struct obs o = { .type = OBS_CT, .ts = now, .ct.event = (uint8_t)event };

	sink(arg, &o);
}

static void
want_dump(struct ct_source *s)
{
	int64_t now = clock_ms();

	if (!s->due) {
		s->due = true;
		if (s->due_ms < now)
			s->due_ms = now;
	}
}

/* All that is older than the loss was read: from now on nothing is missing but
   what the dump will tell. */
static void
tell_loss(struct ct_source *s, live_sink *sink, void *arg)
{
	struct nstime now = clock_now();
	struct obs o = { .type = OBS_LOSS, .ts = now, .loss = { .netlink = 1,
	    .since = s->asked } };

	s->overrun = s->cut = false;
	s->n_overruns++;
	s->asked = now;
	s->stale = true;
	sink(arg, &o);
	tell_dump(now, CT_EV_DUMP_BEGIN, sink, arg);
	want_dump(s);
}

static void
tell_event(struct ct_source *s, const struct mmsghdr *m, struct nstime now,
    live_sink *sink, void *arg)
{
	const struct nlmsghdr *n = m->msg_hdr.msg_iov->iov_base;
	int left = (int)m->msg_len;
	struct ct_entry e;
	struct obs o;

	for (; ct_message_ok(n, left); n = mnl_nlmsg_next(n, &left))
		if (ct_message_read(n, false, now, &o, &e)) {
			s->n_events++;
			sink(arg, &o);
		}
}

static void
tell_batch(struct ct_source *s, unsigned n, struct nstime now, live_sink *sink,
    void *arg)
{
	for (unsigned i = 0; i < n; i++) {
		const struct msghdr *h = &s->msgs[i].msg_hdr;

		if (h->msg_flags & MSG_TRUNC)
			s->cut = true;
		else if (s->from[i].nl_pid == 0)
			tell_event(s, &s->msgs[i], now, sink, arg);
	}
}

/* Until about `budget` are read, or none is left; after an overrun to the end,
   which is not far: nothing is added before. */
static int
read_events(struct ct_source *s, unsigned budget, struct nstime now, live_sink *sink,
    void *arg)
{
	unsigned done = 0;

	while (s->overrun || done < budget) {
		int n;

		for (unsigned i = 0; i < BATCH; i++)
			s->msgs[i].msg_hdr.msg_namelen = sizeof(s->from[i]);
		n = recvmmsg(nfct_fd(s->events), s->msgs, BATCH, MSG_DONTWAIT, NULL);
		if (n > 0) {
			tell_batch(s, (unsigned)n, now, sink, arg);
			done += (unsigned)n;
		} else if (n < 0 && errno == ENOBUFS) {
			s->overrun = true;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno != EAGAIN) {
			return -errno;
		} else {
			break;
		}
	}
	if (s->overrun || s->cut)
		tell_loss(s, sink, arg);
	s->asked = now;
	return 0;
}

/* ---- dumps */

static int
dump_start(struct ct_source *s, live_sink *sink, void *arg)
{
	uint32_t family = AF_UNSPEC;

	if (s->table == NULL)
		s->table = handle_open(0);
	if (s->table == NULL)
		return -errno;
	tell_dump(clock_now(), CT_EV_DUMP_BEGIN, sink, arg);
	s->due = s->stale = false;
	s->began_ms = clock_ms();
	s->n_dumped = 0;
	if (nfct_send(s->table, NFCT_Q_DUMP, &family) < 0)
		return -errno;
	s->dumping = true;
	return 0;
}

/* Not before some time are they asked for again. */
static void
dump_pause(struct ct_source *s)
{
	int64_t now = clock_ms(), pause = (now - s->began_ms) * RESYNC_TIMES;

	s->dumping = false;
	s->due_ms = pause > RESYNC_MS ? now + pause : s->began_ms + RESYNC_MS;
}

/* What is left of the answer must not be taken for the next one's. */
static int
dump_fail(struct ct_source *s, int error)
{
	if (s->table != NULL)
		nfct_close(s->table);
	s->table = NULL;
	dump_pause(s);
	want_dump(s);
	return -error;
}

static void
dump_finish(struct ct_source *s, live_sink *sink, void *arg)
{
	struct nstime now = clock_now();

	dump_pause(s);
	if (s->stale) {
		want_dump(s);
		return;
	}
	s->n_entries = s->n_dumped;
	tell_dump(now, CT_EV_DUMP_END, sink, arg);
	/* Without events what is known ends here. */
	if (s->silent)
		tell_dump(now, CT_EV_DUMP_BEGIN, sink, arg);
}

/* The messages of one answer; 1: the last one was there; 0; -errno. */
static int
read_answer(struct ct_source *s, size_t len, live_sink *sink, void *arg)
{
	const struct nlmsghdr *n = (const void *)s->answer;
	struct nstime now = clock_now();
	int left = (int)len;
	struct ct_entry e;
	struct obs o;

	for (; ct_message_ok(n, left); n = mnl_nlmsg_next(n, &left)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(n);

		if (n->nlmsg_flags & NLM_F_DUMP_INTR)
			s->stale = true;
		if (n->nlmsg_type == NLMSG_DONE)
			return 1;
		if (n->nlmsg_type == NLMSG_ERROR &&
		    mnl_nlmsg_get_payload_len(n) >= sizeof(error->error))
			return error->error < 0 ? error->error : -EPROTO;
		if (ct_message_read(n, true, now, &o, &e)) {
			s->n_dumped++;
			sink(arg, &o);
		}
	}
	return 0;
}

/* One message of the dump.  1: it was there; 0: there is none yet, or it was the
   last; -errno. */
static int
dump_step(struct ct_source *s, live_sink *sink, void *arg)
{
	ssize_t n = recv(nfct_fd(s->table), s->answer, sizeof(s->answer),
	    MSG_DONTWAIT | MSG_TRUNC);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : dump_fail(s, errno);
	if ((size_t)n > sizeof(s->answer))
		return dump_fail(s, EMSGSIZE);
	r = read_answer(s, (size_t)n, sink, arg);
	if (r < 0)
		return dump_fail(s, -r);
	if (r == 0)
		return 1;
	dump_finish(s, sink, arg);
	return 0;
}

int
ct_source_dump(struct ct_source *s, live_sink *sink, void *arg)
{
	int error = dump_start(s, sink, arg);

	while (error == 0 && s->dumping) {
		int r = dump_step(s, sink, arg);
		struct pollfd p = { .events = POLLIN };

		if (r < 0)
			return r;
		error = read_events(s, EVENTS_A_STEP, clock_now(), sink, arg);
		if (r > 0 || error != 0 || !s->dumping)
			continue;
		p.fd = nfct_fd(s->table);
		r = poll(&p, 1, DUMP_WAIT_MS);
		if (r == 0)
			return dump_fail(s, ETIMEDOUT);
	}
	return error;
}

int
ct_source_read(struct ct_source *s, unsigned budget, struct nstime now,
    live_sink *sink, void *arg)
{
	int error = read_events(s, budget, now, sink, arg), r = 1;
	uint64_t until = s->n_dumped + budget;

	if (error != 0)
		return error;
	if (s->due && !s->dumping && clock_ms() >= s->due_ms) {
		s->n_resyncs++;
		until = budget;
		error = dump_start(s, sink, arg);
		if (error != 0)
			return dump_fail(s, -error);
	}
	while (r > 0 && s->dumping && s->n_dumped < until)
		r = dump_step(s, sink, arg);
	return r < 0 ? r : 0;
}

int
ct_source_due_ms(const struct ct_source *s, struct nstime now)
{
	int64_t left;

	(void)now;
	if (s->dumping)
		return 0;
	if (!s->due)
		return -1;
	left = s->due_ms - clock_ms();
	return left <= 0 ? 0 : left > INT16_MAX ? INT16_MAX : (int)left;
}

/* ---- what there is to say */

void
ct_source_count(const struct ct_source *s, struct live_counts *c)
{
	c->netlink_overruns += s->n_overruns;
	c->ct_entries = s->n_entries;
	c->ct_events += s->n_events;
	c->resyncs += s->n_resyncs;
}

const char *
ct_source_advice(struct ct_source *s)
{
	bool no_events = sysctl_number("nf_conntrack_events") == 0;
	bool no_times = sysctl_number("nf_conntrack_timestamp") == 0;
	bool no_counts = sysctl_number("nf_conntrack_acct") == 0;

	if (!no_events && !no_times && !no_counts)
		return NULL;
	snprintf(s->advice, sizeof(s->advice), "conntrack does not tell%s%s%s%s%s; for "
	    "connections to come: sysctl -w%s%s%s",
	    no_events ? " of entries that come and go, only its table at the start" : "",
	    no_events && (no_times || no_counts) ? "," : "",
	    no_times ? " when entries began and ended" : "",
	    no_times && no_counts ? "," : "",
	    no_counts ? " packets and bytes" : "",
	    no_events ? " net.netfilter.nf_conntrack_events=1" : "",
	    no_times ? " net.netfilter.nf_conntrack_timestamp=1" : "",
	    no_counts ? " net.netfilter.nf_conntrack_acct=1" : "");
	return s->advice;
}
