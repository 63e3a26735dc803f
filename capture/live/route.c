/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.c - rtnetlink(7): what is there, and what changes.
 *
 * Links, addresses and neighbours change as the messages say: each tells all of
 * its record.  Rules and routes do not: IPv4 routes of a device that goes down
 * vanish without a word, linkdown comes and goes, an interface that appears
 * attaches rules, and what NLM_F_REPLACE replaced is not told.  There a message,
 * and what may have such an effect, only say that the list must be dumped again;
 * what is other than before is the change.
 */
#include "capture/live/route.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/live/route_int.h"

#define EVENT_BUFFER	(8 << 20)	/* bytes; 10,000 messages of links */
#define DATAGRAMS_MAX	20000		/* read at once */
#define ROUNDS		4		/* dumps until all is quiet */

static const unsigned groups[] = {
	RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP,
};

/* ---- opening */

static void
enlarge(const struct mnl_socket *nl)
{
	int fd = mnl_socket_get_fd(nl), n = EVENT_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof(n)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

/* A kernel without a group (nexthops: before 5.3) does without. */
static bool
open_events(struct route_source *s)
{
	s->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s->events == NULL || mnl_socket_bind(s->events, 0, MNL_SOCKET_AUTOPID))
		return false;
	enlarge(s->events);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = (int)groups[i];

		if (mnl_socket_setsockopt(s->events, NETLINK_ADD_MEMBERSHIP,
		    &group, sizeof(group)) != 0 && group != RTNLGRP_NEXTHOP)
			return false;
	}
	return true;
}

static bool
open_dumps(struct route_source *s)
{
	int on = 1;

	s->dumps = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (s->dumps == NULL || mnl_socket_bind(s->dumps, 0, MNL_SOCKET_AUTOPID))
		return false;
	/* Linux 4.20: filters of dumps are obeyed; without it they are ours */
	mnl_socket_setsockopt(s->dumps, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return true;
}

static struct nstime
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

struct route_source *
route_source_open(char error[static LIVE_ERROR_MAX])
{
	struct route_source *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(error, LIVE_ERROR_MAX, "routes and links: out of memory");
		return NULL;
	}
	if (!open_events(s) || !open_dumps(s)) {
		snprintf(error, LIVE_ERROR_MAX, "routes and links (rtnetlink): %s",
		    strerror(errno));
		route_source_close(s);
		return NULL;
	}
	s->looked = clock_now();
	return s;
}

void
route_source_close(struct route_source *s)
{
	if (s == NULL)
		return;
	if (s->events != NULL)
		mnl_socket_close(s->events);
	if (s->dumps != NULL)
		mnl_socket_close(s->dumps);
	for (unsigned k = 0; k < N_KINDS; k++) {
		table_clear(&s->now[k]);
		table_clear(&s->gone[k]);
	}
	free(s->was);
	free(s);
}

int
route_source_fd(const struct route_source *s)
{
	return mnl_socket_get_fd(s->events);
}

/* ---- messages */

/* Its routes, and rules that name it, may be others now. */
static void
device_changed(struct route_source *s, uint32_t ifindex, bool named)
{
	static const enum route_kind routes[] = { KIND_ROUTE, KIND_ROUTE6 };

	if (named && s->dev_rules)
		s->dirty |= 1u << KIND_RULE | 1u << KIND_RULE6;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct table *t = &s->now[routes[i]];

		for (uint32_t j = 0; j < t->n && !(s->dirty >> routes[i] & 1); j++)
			if (record_uses(routes[i], t->v[j], ifindex))
				s->dirty |= 1u << routes[i];
	}
}

#define FLAGS_SEEN	(IFF_UP | IFF_RUNNING | IFF_LOWER_UP)

static void
take_link(struct route_source *s, const struct nlmsghdr *h)
{
	struct record *r = parse_link(s, h);
	const struct record *old = r ? link_find(s, r->ifindex) : NULL;
	bool goes = h->nlmsg_type == RTM_DELLINK;

	if (r == NULL)
		return;
	if (goes || old == NULL || (old->flags ^ r->flags) & FLAGS_SEEN)
		device_changed(s, r->ifindex, goes || old == NULL);
	else if (strcmp(record_link(old)->name, record_link(r)->name) != 0)
		device_changed(s, r->ifindex, true);
	if (goes)
		table_remove(s, KIND_LINK, r);
	else
		table_apply(s, KIND_LINK, r);
}

/* With an address routes go that have it as their source. */
static void
take_addr(struct route_source *s, const struct nlmsghdr *h)
{
	struct record *r = parse_addr(s, h);

	if (r == NULL)
		return;
	if (h->nlmsg_type == RTM_NEWADDR) {
		table_apply(s, KIND_ADDR, r);
		return;
	}
	s->dirty |= 1u << KIND_ROUTE | 1u << KIND_ROUTE6;
	table_remove(s, KIND_ADDR, r);
}

static bool
is_known(const struct route_source *s, const struct record *r)
{
	const struct table *t = &s->now[KIND_NEIGH];

	for (uint32_t i = 0; i < t->n; i++)
		if (t->v[i]->ifindex == r->ifindex &&
		    memcmp(t->v[i]->bytes, r->bytes,
		    offsetof(struct neigh_rec, mac)) == 0)
			return true;
	return false;
}

/* An attempt to find somebody is no fact until it is answered; that one who was
   known does not answer any more is. */
static void
take_neigh(struct route_source *s, const struct nlmsghdr *h)
{
	struct record *r = parse_neigh(s, h);
	const struct neigh_rec *n;

	if (r == NULL)
		return;
	n = (const void *)r->bytes;
	if (h->nlmsg_type == RTM_DELNEIGH ||
	    (!n->has_mac && !n->permanent && !n->failed))
		table_remove(s, KIND_NEIGH, r);
	else if (n->has_mac || n->permanent || is_known(s, r))
		table_apply(s, KIND_NEIGH, r);
	else
		free(r);
}

static void
take_route(struct route_source *s, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    m->rtm_flags & RTM_F_CLONED)
		return;
	if (m->rtm_family == AF_INET)
		s->dirty |= 1u << KIND_ROUTE;
	else if (m->rtm_family == AF_INET6)
		s->dirty |= 1u << KIND_ROUTE6;
}

static void
take_rule(struct route_source *s, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return;
	if (m->rtm_family == AF_INET)
		s->dirty |= 1u << KIND_RULE;
	else if (m->rtm_family == AF_INET6)
		s->dirty |= 1u << KIND_RULE6;
}

static void
take_message(struct route_source *s, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(s, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_addr(s, h);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		take_neigh(s, h);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		s->rules_deleted += h->nlmsg_type == RTM_DELRULE;
		take_rule(s, h);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route(s, h);
		break;
	/* a nexthop that changes changes the routes that lead to it */
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		s->dirty |= 1u << KIND_ROUTE | 1u << KIND_ROUTE6;
		break;
	}
}

/* ---- reading */

/* All that waits; *lost when some did not fit.  0 or -errno. */
static int
drain(struct route_source *s, struct nstime *looked, bool *lost)
{
	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		const struct nlmsghdr *h = (const void *)s->buf;
		struct nstime now = clock_now();
		ssize_t got = mnl_socket_recvfrom(s->events, s->buf,
		    sizeof(s->buf));
		int n = (int)got;

		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			*looked = now;
			return 0;
		}
		/* ENOSPC: a message that is larger than any that we know */
		if (got < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
			*lost = true;
			s->overruns++;
			continue;
		}
		if (got < 0 && errno != EINTR)
			return -errno;
		for (; got > 0 && mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n))
			take_message(s, h);
	}
	return 0;
}

static int
dump_dirty(struct route_source *s)
{
	int rc = 0, error;

	if (s->dirty & (1u << KIND_RULE | 1u << KIND_RULE6))
		s->dirty |= 1u << KIND_RULE | 1u << KIND_RULE6;
	if (s->dirty & 1u << KIND_RULE)
		s->dev_rules = false;
	for (unsigned k = 0; k < N_KINDS; k++) {
		if (!(s->dirty >> k & 1))
			continue;
		error = dump_kind(s, (enum route_kind)k);
		if (error != 0)
			rc = error;
	}
	return rc;
}

static void
tell_loss(struct route_source *s, struct nstime since, struct nstime ts,
    const struct route_sink *sink)
{
	struct obs o = { .type = OBS_LOSS, .ts = ts,
	    .loss = { .netlink = 1, .since = since } };

	s->resyncs++;
	if (sink->obs != NULL)
		sink->obs(sink->arg, &o);
}

int
route_source_read(struct route_source *s, struct nstime now,
    const struct route_sink *sink)
{
	struct nstime since = s->looked, looked = s->looked, ts;
	bool lost = false, lost_now = false;
	unsigned whole = 0;
	int rc = 0, error;

	s->no_memory = false;
	for (unsigned i = 0; i < ROUNDS && rc == 0; i++) {
		rc = drain(s, &looked, &lost_now);
		if (lost_now)
			s->dirty = ALL_KINDS;
		lost |= lost_now;
		lost_now = false;
		if (s->dirty == 0)
			break;
		error = dump_dirty(s);
		rc = rc != 0 ? rc : error;
	}
	ts = clock_now();
	if (ts.ns < now.ns)
		ts = now;
	s->looked = looked;
	if (lost) {
		whole = ALL_KINDS;
		tell_loss(s, since, ts, sink);
	}
	round_finish(s, whole, since, ts, sink);
	if (s->no_memory) {
		s->dirty = ALL_KINDS;
		rc = rc != 0 ? rc : -ENOMEM;
	}
	return rc;
}

int
route_source_dump(struct route_source *s, struct state *out,
    const struct route_sink *sink)
{
	static const struct route_sink nobody = { 0 };
	struct nstime now = clock_now();
	int rc;

	s->no_memory = false;
	s->dirty = ALL_KINDS;
	rc = dump_dirty(s);
	/* no more than what it is from now on */
	round_finish(s, 0, now, now, &nobody);
	round_state(s, out);
	for (uint32_t i = 0; i < s->now[KIND_LINK].n; i++)
		round_tell_link(s, s->now[KIND_LINK].v[i]->ifindex, sink);
	return rc;
}

void
route_source_count(const struct route_source *s, struct live_counts *c)
{
	c->netlink_overruns += s->overruns;
	c->changes += s->changes;
	c->resyncs += s->resyncs;
}
