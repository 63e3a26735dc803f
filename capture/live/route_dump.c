/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_dump.c - asking rtnetlink for all records of one kind.
 *
 * A dump that was disturbed (NLM_F_DUMP_INTR) may lack records or have some
 * twice: it is made again, some times.  If it is disturbed each time, the last
 * one counts for now, and is made again when the next message comes - what
 * disturbed it is told by one.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "capture/live/route_int.h"

#define TRIES		5

/* Asked for a family that it has not, a kernel may answer for all that it has: the
   family of each answer is looked at. */
static const struct ask {
	uint16_t	 type, answer;
	uint8_t		 family;	/* 0: the parser looks at it */
	uint8_t		 header;	/* bytes */
	struct record	*(*parse)(struct route_source *, const struct nlmsghdr *);
} asks[N_KINDS] = {
	[KIND_LINK] = { RTM_GETLINK, RTM_NEWLINK, 0, sizeof(struct ifinfomsg),
	    parse_link },
	[KIND_ADDR] = { RTM_GETADDR, RTM_NEWADDR, 0, sizeof(struct ifaddrmsg),
	    parse_addr },
	[KIND_NEIGH] = { RTM_GETNEIGH, RTM_NEWNEIGH, 0, sizeof(struct ndmsg),
	    parse_neigh },
	[KIND_RULE] = { RTM_GETRULE, RTM_NEWRULE, AF_INET,
	    sizeof(struct fib_rule_hdr), parse_rule },
	[KIND_RULE6] = { RTM_GETRULE, RTM_NEWRULE, AF_INET6,
	    sizeof(struct fib_rule_hdr), parse_rule },
	[KIND_ROUTE] = { RTM_GETROUTE, RTM_NEWROUTE, AF_INET,
	    sizeof(struct rtmsg), parse_route },
	[KIND_ROUTE6] = { RTM_GETROUTE, RTM_NEWROUTE, AF_INET6,
	    sizeof(struct rtmsg), parse_route },
};

static int
send_request(struct route_source *s, const struct ask *a)
{
	char buf[128];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	unsigned char *header;

	h->nlmsg_type = a->type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++s->seq;
	header = mnl_nlmsg_put_extra_header(h, a->header);
	/* the family comes first in each of them */
	header[0] = a->family;
	if (a->type == RTM_GETLINK)
		mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return mnl_socket_sendto(s->dumps, h, h->nlmsg_len) < 0 ? -errno : 0;
}

/* Routes of the cache are none of the tables'. */
static bool
is_wanted(const struct ask *a, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type != a->answer)
		return false;
	if (a->family == 0)
		return true;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    m->rtm_family != a->family)
		return false;
	return a->type != RTM_GETROUTE || !(m->rtm_flags & RTM_F_CLONED);
}

static int
message_error(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(e->error))
		return -EBADMSG;
	return e->error;
}

/* A datagram of answers: 1 when more follow, 0, or -errno. */
static int
take_answers(struct route_source *s, const struct ask *a, int n,
    struct table *out, bool *disturbed)
{
	const struct nlmsghdr *h = (const void *)s->buf;

	for (; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
		struct record *r;

		if (h->nlmsg_seq != s->seq)
			continue;
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			*disturbed = true;
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return message_error(h);
		r = is_wanted(a, h) ? a->parse(s, h) : NULL;
		if (r != NULL)
			table_push(s, out, r);
	}
	return 1;
}

static int
dump_once(struct route_source *s, const struct ask *a, struct table *out,
    bool *disturbed)
{
	int rc = send_request(s, a);

	*disturbed = false;
	if (rc != 0)
		return rc;
	do {
		ssize_t n = mnl_socket_recvfrom(s->dumps, s->buf, sizeof(s->buf));

		if (n < 0 && errno == EINTR) {
			rc = 1;
			continue;
		}
		rc = n < 0 ? -errno : n == 0 ? -EPIPE :
		    take_answers(s, a, (int)n, out, disturbed);
	} while (rc == 1);
	if (rc == -EINTR || rc == -EAGAIN) {
		*disturbed = true;
		rc = 0;
	}
	return rc;
}

int
dump_kind(struct route_source *s, enum route_kind k)
{
	struct table t = { 0 };
	bool disturbed = true;
	int rc = 0;

	s->dirty &= ~(1u << k);
	for (unsigned i = 0; i < TRIES && disturbed && rc == 0; i++) {
		table_clear(&t);
		rc = dump_once(s, &asks[k], &t, &disturbed);
	}
	/* a kernel without IPv6 */
	if (rc == -EAFNOSUPPORT && asks[k].family == AF_INET6) {
		table_clear(&t);
		return 0;
	}
	if (disturbed || rc != 0)
		s->dirty |= 1u << k;
	if (rc != 0 || s->no_memory) {
		table_clear(&t);
		return rc != 0 ? rc : -ENOMEM;
	}
	s->known |= 1u << k;
	table_become(s, k, &t);
	return 0;
}
