/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_parse.c - messages of rtnetlink(7) as records: linux/rtnetlink.h,
 * if_link.h, if_addr.h, neighbour.h, fib_rules.h.
 *
 * What is taken of links, addresses and neighbours, and what is passed over, is
 * what ip(8) prints and the readers of its JSON keep (ip_json_link.c).
 */
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/route_int.h"
#include "capture/state/text/iproute2.h"

#define OPER_DOWN		2	/* linux/if.h, IF_OPER_DOWN */
#define OPER_LOWERLAYERDOWN	3

/* ---- attributes */

bool
attr_u8(const struct nlattr *a, uint8_t *out)
{
	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(*out))
		return false;
	*out = mnl_attr_get_u8(a);
	return true;
}

bool
attr_u32(const struct nlattr *a, uint32_t *out)
{
	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(*out))
		return false;
	*out = mnl_attr_get_u32(a);
	return true;
}

static bool
attr_ok(const struct nlattr *a, const void *p, size_t n)
{
	return mnl_attr_ok(a, (int)((const char *)p + n - (const char *)a));
}

void
attrs_parse(const void *p, size_t n, const struct nlattr **tb, unsigned max)
{
	memset(tb, 0, (max + 1) * sizeof(*tb));
	for (const struct nlattr *a = p; attr_ok(a, p, n); a = mnl_attr_next(a)) {
		unsigned type = mnl_attr_get_type(a);

		tb[type <= max ? type : 0] = a;
	}
}

static void
attrs_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max)
{
	if (nest != NULL)
		attrs_parse(mnl_attr_get_payload(nest),
		    mnl_attr_get_payload_len(nest), tb, max);
	else
		memset(tb, 0, (max + 1) * sizeof(*tb));
}

bool
attr_addr(const struct nlattr *a, struct addr *out)
{
	const void *p = a != NULL ? mnl_attr_get_payload(a) : NULL;
	size_t n = a != NULL ? mnl_attr_get_payload_len(a) : 0;

	if (n == 4)
		*out = addr_from_v4(p);
	else if (n == 16)
		*out = addr_from_v6(p);
	return n == 4 || n == 16;
}

static bool
attr_mac(const struct nlattr *a, uint8_t mac[static 6])
{
	if (a == NULL || mnl_attr_get_payload_len(a) != 6)
		return false;
	memcpy(mac, mnl_attr_get_payload(a), 6);
	return true;
}

static void
attr_text(const struct nlattr *a, char *out, size_t room)
{
	size_t n = a != NULL ? mnl_attr_get_payload_len(a) : 0;

	n = n < room ? n : room - 1;
	if (n > 0)
		memcpy(out, mnl_attr_get_payload(a), n);
	out[n] = '\0';
}

/* The fixed header of a message, NULL when it is too short; its attributes. */
static const void *
message(const struct nlmsghdr *h, size_t header, const struct nlattr **tb,
    unsigned max)
{
	if (mnl_nlmsg_get_payload_len(h) < header)
		return NULL;
	/* all headers are of whole words */
	attrs_parse(mnl_nlmsg_get_payload_offset(h, header),
	    mnl_nlmsg_get_payload_len(h) - header, tb, max);
	return mnl_nlmsg_get_payload(h);
}

/* ---- records */

static uint32_t
hash_of(const unsigned char *p, size_t n)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	while (n-- > 0)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static struct record *
record_new(struct route_source *s, size_t n)
{
	struct record *r = calloc(1, sizeof(*r) + n);

	if (r == NULL)
		s->no_memory = true;
	return r;
}

static struct record *
record_of(struct route_source *s, uint32_t ifindex, const void *p, size_t n)
{
	struct record *r = record_new(s, n);

	if (r == NULL)
		return NULL;
	memcpy(r->bytes, p, n);
	r->ifindex = ifindex;
	r->n = r->n_same = (uint32_t)n;
	r->hash = hash_of(r->bytes, n);
	return r;
}

/* ---- links */

static void
take_kind(struct link_rec *l, const struct nlattr *const *tb)
{
	const struct nlattr *info[IFLA_INFO_MAX + 1];
	const struct nlattr *data[IFLA_VLAN_MAX + 1];

	attrs_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	attr_text(info[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
	/* an index in another namespace says nothing here */
	if (l->kind[0] != '\0' && link_kind_has_parent(l->kind) &&
	    tb[IFLA_LINK_NETNSID] == NULL)
		attr_u32(tb[IFLA_LINK], &l->parent);
	if (strcmp(l->kind, "vlan") != 0)
		return;
	attrs_nested(info[IFLA_INFO_DATA], data, IFLA_VLAN_MAX);
	if (data[IFLA_VLAN_ID] != NULL &&
	    mnl_attr_get_payload_len(data[IFLA_VLAN_ID]) >= 2)
		l->vlan = mnl_attr_get_u16(data[IFLA_VLAN_ID]);
}

/* A bridge tells of its ports in messages of its own family, which say that a
   link "goes" when it leaves the bridge; wireless ones are of no interest. */
struct record *
parse_link(struct route_source *s, const struct nlmsghdr *h)
{
	const struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *m = message(h, sizeof(*m), tb, IFLA_MAX);
	struct link_rec l;
	struct record *r;
	uint8_t state = 0;

	if (m == NULL || m->ifi_family != AF_UNSPEC || m->ifi_index <= 0 ||
	    tb[IFLA_WIRELESS] != NULL || tb[IFLA_IFNAME] == NULL)
		return NULL;
	memset(&l, 0, sizeof(l));
	l.ifindex = (uint32_t)m->ifi_index;
	attr_text(tb[IFLA_IFNAME], l.name, sizeof(l.name));
	attr_u32(tb[IFLA_MTU], &l.mtu);
	l.has_mac = attr_mac(tb[IFLA_ADDRESS], l.mac);
	attr_u8(tb[IFLA_OPERSTATE], &state);
	l.up = (m->ifi_flags & IFF_UP) != 0;
	l.down = !l.up || state == OPER_DOWN || state == OPER_LOWERLAYERDOWN;
	take_kind(&l, tb);
	r = record_of(s, l.ifindex, &l, sizeof(l));
	if (r != NULL)
		r->flags = m->ifi_flags;
	return r;
}

/* ---- addresses */

struct record *
parse_addr(struct route_source *s, const struct nlmsghdr *h)
{
	const struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *m = message(h, sizeof(*m), tb, IFA_MAX);
	struct addr_rec a;
	uint32_t flags;

	if (m == NULL || (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return NULL;
	memset(&a, 0, sizeof(a));
	/* on a point-to-point link IFA_ADDRESS is the other end's */
	attr_addr(tb[IFA_ADDRESS], &a.peer);
	if (!attr_addr(tb[IFA_LOCAL], &a.addr) &&
	    !attr_addr(tb[IFA_ADDRESS], &a.addr))
		return NULL;
	flags = m->ifa_flags;
	attr_u32(tb[IFA_FLAGS], &flags);
	a.ifindex = m->ifa_index;
	a.len = m->ifa_family == AF_INET ? 96u + m->ifa_prefixlen :
	    m->ifa_prefixlen;
	/* the same bit is "temporary" in IPv6 */
	a.secondary = m->ifa_family == AF_INET && flags & IFA_F_SECONDARY;
	a.host_scope = m->ifa_scope == RT_SCOPE_HOST ||
	    m->ifa_scope == RT_SCOPE_LINK;
	return record_of(s, a.ifindex, &a, sizeof(a));
}

/* ---- neighbours */

#define NUD_SHOWN	(0xff & ~NUD_NOARP)	/* ip-neighbour(8) */

/* An entry that is not shown (any more) has neither a MAC nor a state. */
struct record *
parse_neigh(struct route_source *s, const struct nlmsghdr *h)
{
	const struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *m = message(h, sizeof(*m), tb, NDA_MAX);
	struct neigh_rec n;

	if (m == NULL || (m->ndm_family != AF_INET && m->ndm_family != AF_INET6) ||
	    m->ndm_flags & NTF_PROXY || m->ndm_ifindex <= 0)
		return NULL;
	memset(&n, 0, sizeof(n));
	n.ifindex = (uint32_t)m->ndm_ifindex;
	if (!attr_addr(tb[NDA_DST], &n.addr))
		return NULL;
	if (m->ndm_state & NUD_SHOWN || m->ndm_flags & NTF_EXT_LEARNED) {
		n.has_mac = attr_mac(tb[NDA_LLADDR], n.mac);
		n.permanent = (m->ndm_state & NUD_PERMANENT) != 0;
		n.failed = (m->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)) != 0;
	} else if (h->nlmsg_type == RTM_NEWNEIGH && h->nlmsg_flags & NLM_F_MULTI) {
		return NULL;
	}
	return record_of(s, n.ifindex, &n, sizeof(n));
}

/* ---- rules and routes: the bytes */

static void
add_attr(struct record *r, const struct nlattr *a)
{
	memcpy(r->bytes + r->n, a, a->nla_len);
	r->n += (uint32_t)MNL_ALIGN(a->nla_len);
}

/* The header and the attributes, those that `volatile_type` names behind the
   others, where they are not compared. */
static struct record *
raw_record(struct route_source *s, const struct nlmsghdr *h, size_t header,
    unsigned volatile_type)
{
	size_t n = mnl_nlmsg_get_payload_len(h);
	const struct nlattr *last = NULL;
	const unsigned char *p;
	struct record *r;

	if (n < header)
		return NULL;
	r = record_new(s, n + MNL_ALIGNTO);
	if (r == NULL)
		return NULL;
	p = mnl_nlmsg_get_payload(h);
	memcpy(r->bytes, p, header);
	r->n = (uint32_t)header;
	for (const struct nlattr *a = (const void *)(p + header);
	    attr_ok(a, p, n); a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) == volatile_type)
			last = a;
		else
			add_attr(r, a);
	}
	r->n_same = r->n;
	r->hash = hash_of(r->bytes, r->n_same);
	if (last != NULL)
		add_attr(r, last);
	return r;
}

struct record *
parse_rule(struct route_source *s, const struct nlmsghdr *h)
{
	struct record *r = raw_record(s, h, sizeof(struct fib_rule_hdr), FRA_PAD);
	const struct nlattr *tb[FRA_MAX + 1];

	if (r == NULL)
		return NULL;
	attrs_parse(r->bytes + sizeof(struct fib_rule_hdr),
	    r->n - sizeof(struct fib_rule_hdr), tb, FRA_MAX);
	if (tb[FRA_IIFNAME] != NULL || tb[FRA_OIFNAME] != NULL)
		s->dev_rules = true;
	return r;
}

/* How long it has yet to live, and how often it was used, changes by itself. */
struct record *
parse_route(struct route_source *s, const struct nlmsghdr *h)
{
	struct record *r = raw_record(s, h, sizeof(struct rtmsg), RTA_CACHEINFO);
	const struct nlattr *tb[RTA_MAX + 1];

	if (r == NULL)
		return NULL;
	attrs_parse(r->bytes + sizeof(struct rtmsg), r->n - sizeof(struct rtmsg),
	    tb, RTA_MAX);
	attr_u32(tb[RTA_OIF], &r->ifindex);
	return r;
}

static bool
nexthops_use(const struct record *r, uint32_t ifindex)
{
	const struct nlattr *tb[RTA_MAX + 1];
	const unsigned char *p;
	size_t left;

	attrs_parse(r->bytes + sizeof(struct rtmsg), r->n - sizeof(struct rtmsg),
	    tb, RTA_MAX);
	if (tb[RTA_MULTIPATH] == NULL)
		return false;
	p = mnl_attr_get_payload(tb[RTA_MULTIPATH]);
	left = mnl_attr_get_payload_len(tb[RTA_MULTIPATH]);
	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		size_t step;

		memcpy(&hop, p, sizeof(hop));
		step = RTNH_ALIGN(hop.rtnh_len);
		if (hop.rtnh_len < sizeof(hop) || step > left)
			return false;
		if (hop.rtnh_ifindex == (int)ifindex)
			return true;
		p += step;
		left -= step;
	}
	return false;
}

bool
record_uses(enum route_kind k, const struct record *r, uint32_t ifindex)
{
	if (k == KIND_RULE || k == KIND_RULE6)
		return false;
	if (k == KIND_LINK)
		return record_link(r)->parent == ifindex;
	if (r->ifindex != 0 || (k != KIND_ROUTE && k != KIND_ROUTE6))
		return r->ifindex == ifindex;
	return nexthops_use(r, ifindex);
}
