/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_int.h - what rtnetlink told, as records in tables; for
 * capture/live/route*.c only.
 *
 * A record names its device by number, since a device may be renamed: names are
 * put in when it becomes a record of a state.  Links, addresses and neighbours
 * are facts at once; rules and routes are kept as the kernel's bytes, without
 * what changes by itself.
 *
 * A round is one reading of what waits: records that came in it are `fresh`, and
 * those that went are kept in `gone` until its end, when it becomes one change.
 */
#ifndef CAPTURE_LIVE_ROUTE_INT_H
#define CAPTURE_LIVE_ROUTE_INT_H

#include <libmnl/libmnl.h>
#include <linux/if.h>

#include "capture/live/route.h"
#include "decode/state.h"

enum route_kind {
	KIND_LINK, KIND_ADDR, KIND_NEIGH, KIND_RULE, KIND_RULE6, KIND_ROUTE,
	KIND_ROUTE6, N_KINDS
};

#define ALL_KINDS	((1u << N_KINDS) - 1)

/* Identity comes first in each (id_bytes in route_table.c). */
struct link_rec {
	uint32_t	 ifindex;
	uint32_t	 mtu, parent;	/* parent: ifindex; 0 none */
	uint16_t	 vlan;
	uint8_t		 mac[6];
	bool		 has_mac, down, up;
	char		 name[IFNAMSIZ];
	char		 kind[32];
};

struct addr_rec {
	uint32_t	 ifindex, len;
	struct addr	 addr, peer;
	bool		 secondary, host_scope;
};

struct neigh_rec {
	uint32_t	 ifindex;
	struct addr	 addr;
	uint8_t		 mac[6];
	bool		 has_mac, permanent, failed;
};

/* The message of a rule (struct fib_rule_hdr) or a route (struct rtmsg): the
   header, then attributes. */
struct record {
	uint32_t	 ifindex;	/* its device; 0: none or several */
	uint32_t	 flags;		/* of a link (IFF_UP ...): not compared */
	uint32_t	 n, n_same;	/* bytes; the first n_same are compared */
	uint32_t	 hash;		/* of these */
	bool		 fresh;
	bool		 touched;	/* uses a device that was renamed in the round */
	_Alignas(8) unsigned char bytes[];
};

struct table {
	struct record	**v;
	uint32_t	 n, room;
};

/* What a device was called before this round. */
struct was {
	uint32_t	 ifindex;
	char		 name[IFNAMSIZ];
	bool		 changed;
};

struct route_source {
	struct mnl_socket *events, *dumps;
	unsigned	 seq;
	struct table	 now[N_KINDS], gone[N_KINDS];
	struct was	*was;
	uint32_t	 n_was, room_was;
	unsigned	 dirty;		/* 1 << enum route_kind: must be dumped again */
	unsigned	 known;		/* were dumped */
	bool		 stirred;	/* something came or went in this round */
	bool		 dev_rules;	/* rules name devices */
	uint32_t	 rules_deleted;	/* messages of this round that say so */
	bool		 no_memory;
	struct nstime	 looked;	/* nothing waited then */
	uint64_t	 overruns, changes, resyncs;
	/* one message or a datagram of several */
	_Alignas(8) unsigned char buf[128u << 10];
};

/* ---- route_parse.c: messages.  NULL: nothing that we keep (or no memory, which
   is noted). */
struct record	*parse_link(struct route_source *, const struct nlmsghdr *);
struct record	*parse_addr(struct route_source *, const struct nlmsghdr *);
struct record	*parse_neigh(struct route_source *, const struct nlmsghdr *);
struct record	*parse_rule(struct route_source *, const struct nlmsghdr *);
struct record	*parse_route(struct route_source *, const struct nlmsghdr *);
/* Does it use this device?  Rules: none do by number. */
bool		 record_uses(enum route_kind, const struct record *, uint32_t ifindex);

/* An attribute's number, if it has that many bytes. */
bool		 attr_u8(const struct nlattr *, uint8_t *);
bool		 attr_u32(const struct nlattr *, uint32_t *);
/* Attributes behind a header, by type, those above `max` as [0]. */
void		 attrs_parse(const void *p, size_t n, const struct nlattr **tb,
		    unsigned max);
/* 4 or 16 bytes. */
bool		 attr_addr(const struct nlattr *, struct addr *);

/* ---- route_text.c */
/* As a record of a state.  before: with the names of devices as they were before
   this round. */
void		 record_put(const struct route_source *, enum route_kind,
		    const struct record *, bool before, struct state *);

/* ---- route_table.c */
/* Takes the record over. */
void		 table_apply(struct route_source *, enum route_kind, struct record *);
/* Takes it over too; what has its identity goes. */
void		 table_remove(struct route_source *, enum route_kind, struct record *);
/* The whole table is what was dumped, which becomes empty. */
void		 table_become(struct route_source *, enum route_kind, struct table *);
bool		 table_push(struct route_source *, struct table *, struct record *);
void		 table_clear(struct table *);
/* What went and came again in the round did not change. */
void		 table_cancel(struct route_source *, enum route_kind);
/* Addresses and neighbours of devices that are gone. */
void		 table_purge(struct route_source *, enum route_kind);
const struct record *link_find(const struct route_source *, uint32_t ifindex);
/* Into the buffer when it has no name. */
const char	*link_name(const struct route_source *, uint32_t ifindex, bool before,
		    char buf[static IFNAMSIZ]);
static inline const struct link_rec *
record_link(const struct record *r)
{
	return (const void *)r->bytes;
}

/* ---- route_change.c: the end of a round */
/* All that is known, as a state. */
void		 round_state(const struct route_source *, struct state *);
/* `whole` (1 << enum route_kind) is told as whole parts. */
void		 round_finish(struct route_source *, unsigned whole,
		    struct nstime since, struct nstime ts, const struct route_sink *);
void		 round_tell_link(const struct route_source *, uint32_t ifindex,
		    const struct route_sink *);

/* ---- route_dump.c: 0 or -errno */
int		 dump_kind(struct route_source *, enum route_kind);

#endif
