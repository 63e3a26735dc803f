/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer_int.h - how the tracer keeps what it knows; for the tracer's own
 * files only.
 *
 *   sighting   one layer of one packet, reduced to what matching needs
 *   conv       one tuple in one tunnel, both directions: a conversation as
 *              seen at places where it has the same addresses
 *   leg_rec    the sightings of a conv at one interface in one direction
 *   flow_rec   convs that are one conversation, joined through NAT or tunnels
 *
 * A packet finds its conv by one table lookup, its leg by a short list, and
 * its twin in the table of recent sightings.  Sizes are kept small on purpose:
 * a translated flow is one flow_rec, two convs and four leg_recs.
 */
#ifndef DECODE_TRACER_INT_H
#define DECODE_TRACER_INT_H

#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "decode/conntrack.h"
#include "decode/fingerprint.h"
#include "decode/timeline.h"
#include "decode/trace/key.h"
#include "decode/trace/pool.h"
#include "decode/trace/sketch.h"
#include "decode/tracer.h"
#include "decode/verdict/judge.h"

enum sighting_flag {
	SIGHT_SELECTED	= 1 << 0,
	SIGHT_GROUP	= 1 << 1,	/* to a group of hosts: never translated, never joined */
	SIGHT_CUT	= 1 << 2,	/* fingerprint.cut */
	SIGHT_OTHER	= 1 << 3,	/* packet.other_host */
};

/* What tells the legs of a conv apart. */
struct place {
	uint16_t	iface;
	uint8_t		dir;		/* enum direction */
	uint8_t		from_b;		/* the sender is key.b */
};

static inline bool
place_eq(struct place x, struct place y)
{
	return memcmp(&x, &y, sizeof(x)) == 0;
}

struct sighting {
	struct key	key;		/* of an ICMP error: the packet it is about */
	uint32_t	hash;		/* of key */
	struct nstime	ts;
	uint64_t	fp;
	const struct layer *l;		/* in the slot's packet; its payload is gone */
	struct place	at;
	uint8_t		source;		/* captures with one clock have one number */
	uint8_t		flags;		/* enum sighting_flag */
	uint8_t		strength;
};

enum leg_flag {
	LEG_VLAN	= 1 << 0,	/* vlan is set */
	LEG_OTHER_HOST	= 1 << 1,	/* packet.other_host, of the first sighting */
};

struct leg_rec {
	struct nstime	first, last;
	uint64_t	packets, bytes;
	uint32_t	conv;
	uint32_t	next;		/* of the same conv */
	struct place	place;
	uint16_t	vlan;
	uint8_t		flags;		/* enum leg_flag */
	uint8_t		ttl;
};

enum cand_how {
	CAND_EARLIER	= 1 << 0,	/* cand comes before this one on the packet's way */
	CAND_FROM_B	= 1 << 1,	/* this one's orientation in that packet */
	CAND_ITS_FROM_B	= 1 << 2,	/* cand's */
	CAND_MORE	= 1 << 3,	/* one vote alone does not do, not even in the end */
};

enum conv_flag {
	CONV_FLIP	= 1 << 0,	/* the flow's direction 0 is key.b to key.a */
	CONV_UP		= 1 << 1,	/* joined to a conv that direction 0 passes before it */
	CONV_DOWN	= 1 << 2,	/* joined to one that direction 0 passes after it */
	CONV_AMBIGUOUS	= 1 << 3,	/* a packet had several possible twins */
	CONV_SPREAD	= 1 << 4,	/* seen at more than one interface */
	CONV_RETIRED	= 1 << 5,	/* its tuple belongs to a later conv: not in the index */
	CONV_CLAIMED	= 1 << 6,	/* match_finish(): another conv's only candidate */
};

struct conv {
	struct key	key;		/* 44 bytes */
	uint32_t	flow;
	uint32_t	legs;		/* first leg */
	uint32_t	next;		/* of the same flow */
	uint32_t	cand;		/* the conv that it is probably a translation of */
	uint8_t		cand_votes;	/* packets for that, */
	uint8_t		cand_against;	/* and packets for another one */
	uint8_t		cand_how;	/* enum cand_how, of the last vote */
	uint8_t		flags;		/* enum conv_flag */
};

enum flow_flag {
	FLW_INITIATOR_1	= 1 << 0,	/* direction 1 is the initiator's */
	FLW_SURE	= 1 << 1,	/* by SYN or echo request, not by ports or order */
	FLW_SELECTED	= 1 << 2,
	FLW_ISN		= 1 << 3,	/* isn is set */
	FLW_SEQ_0	= 1 << 4,	/* next_seq[0] is set */
	FLW_SEQ_1	= 1 << 5,
	FLW_WAIT	= 1 << 6,	/* rtt_key waits for its answer */
	FLW_WAIT_TS	= 1 << 7,	/* ... which echoes a timestamp */
	FLW_FIN_0	= 1 << 8,
	FLW_FIN_1	= 1 << 9,
	FLW_DECLARED	= 1 << 10,	/* conntrack joined it, packets did not */
	FLW_REUSED	= 1 << 11,	/* a SYN of another connection came while it was
					   established */
};

struct flow_rec {
	uint64_t	id;
	struct nstime	first, last;
	uint32_t	convs;		/* first conv */
	uint32_t	older, newer;	/* list by idleness, to about a second */
	uint32_t	ref[2];		/* the leg where each direction was first seen */
	uint32_t	next_seq[2];
	uint32_t	isn;
	uint32_t	rtt_key;
	uint32_t	error;		/* flow_error of the last one */
	struct nstime	rtt_since;
	uint64_t	matched;
	uint32_t	retransmissions;
	uint16_t	resets;
	uint16_t	flags;		/* enum flow_flag */
	uint8_t		tcp_state;
	uint8_t		n_convs;
	uint16_t	icmp_errors;
	uint32_t	placed;		/* PLACE_TIME() when it was put where it stands in
					   the list */
	struct sketch	rtt, transit;
};

_Static_assert(sizeof(struct flow_rec) == 192, "three cache lines");

/* Time in steps of 1.07 s. */
#define PLACE_TIME(ts)	((uint32_t)((uint64_t)(ts).ns >> 30))

struct flow_error {
	struct addr	from;
	uint32_t	conv;		/* of the packet it is about, */
	uint8_t		about_from_b;	/* and the orientation of that */
	uint8_t		type, code;
	uint8_t		dir;		/* where it was first seen */
	uint16_t	iface, zero;
};

/* Recent sightings whose fingerprints share a bucket: one cache line. */
#define RECENT_WAYS	4
struct recent {
	uint32_t	tag[RECENT_WAYS];	/* what the index leaves of the fingerprint */
	uint32_t	leg[RECENT_WAYS];	/* with the two bits below */
	struct nstime	ts[RECENT_WAYS];
};
#define RECENT_DOWN	(1u << 31)	/* its twin further down the way was found */
#define RECENT_UP	(1u << 30)	/* its twin further up the way was found */
#define RECENT_LEG	(RECENT_UP - 1)

/* When sightings that still waited for their twins were last pushed out. */
struct pushed_out {
	struct nstime	any;		/* ever so different */
	struct nstime	alike;		/* with the fingerprint of what came, */
	struct nstime	crowd;		/* even if it had its twin */
};

struct frag_slot {
	uint64_t	id;		/* hash of addresses, IP ID, protocol, place */
	uint32_t	leg;		/* of the first fragment; 0 before it came */
	uint32_t	packets;	/* later fragments that came before the first */
	uint64_t	bytes;
	struct nstime	ts;
};
#define FRAG_SLOTS	1024

struct index_slot {
	uint32_t	hash, conv;
};

struct iface_rec {
	uint32_t	number, ifindex;
	uint8_t		mac[6];		/* IFACE_OWN, IFACE_PEER */
	uint8_t		own_mac[6];	/* IFACE_INDEX: by what it sent, has_mac */
	uint8_t		kind;		/* enum iface_kind */
	uint8_t		source;
	char		*name;		/* owned; NULL when the capture has none */
	bool		given;
	bool		many;		/* it carries the packets of many: `any` */
	uint32_t	only;		/* ... of this ifindex alone; 0: not said */
	/* For IFACE_PEER: the interface that answers these senders. */
	uint16_t	own;
	uint32_t	own_votes;
	bool		has_mac;
	bool		dev_known;	/* dev was looked for */
	const char	*dev;		/* its name on the node; NULL unknown.  Borrowed from
					   name or the state */
	const char	*voted;		/* by what came in (iface_vote_devs()) */
	uint32_t	votes;
	bool		is_shown;
	struct iface	shown;		/* what tracer_iface() says */
};

enum iface_kind {
	IFACE_PLAIN,		/* one interface of a capture */
	IFACE_INDEX,		/* an ifindex of a cooked v2 capture */
	IFACE_OWN,		/* cooked v1: the MAC of the interface itself */
	IFACE_PEER,		/* cooked v1: the MAC of a sender on some interface */
};

/* The last answer for an interface of an ordinary or cooked v2 capture; for what
   goes out another than for what comes in, since the first tells its MAC. */
struct iface_hint {
	uint32_t	number, ifindex;
	uint16_t	iface;
	uint8_t		dir;
	bool		set;
};
#define IFACE_HINTS	256

struct name_rec {
	struct addr	addr;
	char		*name;
};

/* A packet on its way into the tables. */
struct slot {
	unsigned	n;
	uint32_t	app_of;		/* the sighting whose payload was copied, + 1; 0: none */
	uint32_t	app_n;		/* bytes of it, at app_bytes_of() */
	uint32_t	hint[PACKET_MAX_LAYERS];	/* convs, as index_guess() said */
	struct sighting	sighting[PACKET_MAX_LAYERS];
	struct packet	packet;
};
#define RING		16
#define APP_BUCKETS	64		/* bits of tracer.app_open */
#define APP_BYTES	65536u		/* of a slot: more than any payload has */

#define MAX_REASONS	16

struct reason {
	const char	*why;
	uint64_t	count;
};

#define MAX_LOSSES	32

/* Packets were lost between these times. */
struct loss_span {
	struct nstime	since, until;
	uint64_t	packets;
};

struct apps;
struct looks;

/* Are all devices of the node captured? */
enum covers { COVERS_UNKNOWN, COVERS_SOME, COVERS_ALL };

struct tracer {
	struct tracer_config	cfg;
	struct tracer_stats	stats;
	uint64_t		next_id;
	struct pool		flows, convs, legs, errors;
	struct index_slot	*index;
	uint32_t		index_mask, index_used;
	struct recent		*recent;
	struct pushed_out	*pushed_out;	/* of each bucket */
	uint32_t		recent_mask;
	struct frag_slot	*frags;
	uint32_t		oldest, newest;	/* flows by idleness */
	bool			seen_cut;	/* some payload was cut shorter than a fingerprint */
	bool			finished;
	struct iface_rec	*ifaces;
	unsigned		n_ifaces, room_ifaces;
	uint16_t		*iface_index;	/* hash table of ifaces */
	uint8_t			*covers;	/* enum covers; is room_covers */
	uint8_t			room_covers;
	struct iface_hint	iface_hint[IFACE_HINTS];
	struct name_rec		*names;
	unsigned		n_names, room_names;
	struct reason		reasons[MAX_REASONS];
	struct slot		ring[RING];
	uint64_t		n_in, n_taken;	/* packets, ever */
	struct timeline		*timeline;	/* NULL without node state */
	struct judge		*judge;		/* by the state as it is now; NULL without */
	const struct state	*dump;		/* the first state: a dump of conntrack is its */
	struct ct_table		*ct;		/* NULL: no observations of conntrack */
	struct judge_view	judge_view;
	struct departures	*departures;	/* made at the end; see witness.c */
	struct apps		*apps;		/* what payloads say; app.c */
	uint8_t			*app_bytes;	/* APP_BYTES for each slot of the ring */
	uint64_t		app_open;	/* by the low bits of a sighting's hash: streams
						   whose further segments are wanted */
	struct looks		*looks;		/* NULL before the first tick; look.c */
	struct nstime		now;		/* of the last tick, or the last packet */
	struct loss_span	losses[MAX_LOSSES];	/* in order of time */
	unsigned		n_losses;
	uint32_t		judged;		/* the flow before the judge, */
	uint32_t		judged_conv;	/* and the conv of its original tuple */
	struct flow		view;		/* what tracer_describe() fills for callbacks */
};

/* pool_at() with sizes that the compiler knows. */
static inline struct conv *
conv_at(const struct tracer *t, uint32_t i)
{
	return (struct conv *)t->convs.base + i;
}

static inline struct leg_rec *
leg_at(const struct tracer *t, uint32_t i)
{
	return (struct leg_rec *)t->legs.base + i;
}

static inline struct flow_rec *
flow_at(const struct tracer *t, uint32_t i)
{
	return (struct flow_rec *)t->flows.base + i;
}

/* The clock that stamped a leg's sightings. */
static inline uint8_t
leg_source(const struct tracer *t, const struct leg_rec *l)
{
	return t->ifaces[l->place.iface].source;
}

/* Direction of a sighting within its flow: 0 or 1. */
static inline unsigned
conv_direction(const struct conv *c, unsigned from_b)
{
	return from_b ^ (c->flags & CONV_FLIP ? 1u : 0u);
}

/* index.c: convs by key. */
bool		index_init(struct tracer *);
void		index_fini(struct tracer *);
uint32_t	index_find(const struct tracer *, const struct key *, uint32_t hash);
/* The conv that probably is it, or 0: one with the same hash, its key not looked
   at, in the first two places where it can stand.  In arithmetic, since in which
   of them cannot be predicted. */
static inline uint32_t
index_guess(const struct tracer *t, uint32_t hash)
{
	const struct index_slot *s = &t->index[hash & t->index_mask];
	const struct index_slot *next = &t->index[(hash + 1) & t->index_mask];
	uint32_t first = 0 - (uint32_t)(s->hash == hash);
	uint32_t second = 0 - (uint32_t)(next->hash == hash);

	return (s->conv & first) | (next->conv & second & ~first);
}
bool		index_insert(struct tracer *, uint32_t conv, uint32_t hash);
void		index_remove(struct tracer *, uint32_t conv);
/* iface.c: where a packet was seen. */
bool		iface_declare(struct tracer *, const struct obs_iface *);
uint16_t	iface_find(struct tracer *, const struct obs_packet *, const struct packet *);
static inline struct iface_hint *
iface_hint_at(struct tracer *t, uint32_t ifindex, uint32_t number, unsigned dir)
{
	return &t->iface_hint[(ifindex ^ number ^ dir * (IFACE_HINTS / 4)) %
	    IFACE_HINTS];
}
static inline uint16_t
iface_of(struct tracer *t, const struct obs_packet *o, const struct packet *p)
{
	uint32_t ifindex = o->linktype == LT_SLL2 ? p->ifindex : 0;
	const struct iface_hint *h = iface_hint_at(t, ifindex, o->number, p->dir);

	return h->set && h->number == o->number && h->ifindex == ifindex &&
	    h->dir == p->dir ? h->iface : iface_find(t, o, p);
}
/* The capture's interface that carries this one's packets, or NULL; is that this
   one alone, by name? */
const struct iface_rec *iface_carrier(const struct tracer *, const struct iface_rec *);
bool		iface_is_only(const struct iface_rec *carrier, const struct iface_rec *);
void		iface_vote_own(struct tracer *, uint16_t peer, uint16_t own);
/* Its name on the node, or NULL; looked for once, and kept in the interface. */
const char	*iface_dev(const struct tracer *, uint16_t iface);
/* Was this device captured (NULL: every device of the node)? */
bool		iface_covers(const struct tracer *, const char *dev);
/* Interfaces that nothing names: by whose packets came in there. */
void		iface_vote_devs(struct tracer *);
/* Names must be looked for again: the state has changed. */
void		iface_forget_devs(struct tracer *);
void		iface_fini(struct tracer *);

/* epochs.c: node state in time. */
bool		epochs_begin(struct tracer *, const struct state *);
void		epochs_change(struct tracer *, const struct obs *);
/* What changed is in force from now on.  The time until which a state that is no
   longer kept was in force, or 0. */
struct nstime	epochs_settle(struct tracer *);
void		epochs_judge(struct tracer *, uint32_t flow, struct flow *);
void		epochs_fini(struct tracer *);

/* loss.c */
void		loss_observe(struct tracer *, const struct obs *);
/* How many packets were lost in that time. */
uint64_t	loss_between(const struct tracer *, struct nstime first, struct nstime last);

/* look.c: flows as they become known, while time goes by. */
void		look_tick(struct tracer *, struct nstime);
/* Something about the flow changed that may change what is said of it. */
void		look_mark(struct tracer *, uint32_t flow);
void		look_new(struct tracer *, uint32_t flow);
/* Tell of a flow that goes. */
void		look_last(struct tracer *, uint32_t flow);
/* A flow becomes part of another. */
void		look_joined(struct tracer *, uint32_t flow, uint32_t into);
void		look_freed(struct tracer *, uint32_t flow);
/* Could what a flow's request became have left unrecognised?  hash: of its
   destination, witness_hash(). */
bool		look_maybe_left(const struct tracer *, uint32_t flow, uint32_t hash);
/* The end: all that waits is looked at. */
void		look_finish(struct tracer *);
void		look_fini(struct tracer *);

/* app.c: what payloads say. */
bool		app_init(struct tracer *);
void		app_fini(struct tracer *);
/* Does it ask as a load balancer's health check? */
bool		app_is_checker(const struct layer *);
/* Is the payload of this sighting to be copied? */
static inline bool
app_wants(const struct tracer *t, const struct sighting *s)
{
	const struct layer *l = s->l;

	if ((l->has & (HAS_L4 | HAS_PORTS)) != (HAS_L4 | HAS_PORTS))
		return false;
	if (l->t.sport == DNS_PORT || l->t.dport == DNS_PORT)
		return l->payload_len > 0 || (l->has & HAS_TCP &&
		    l->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
	if (!(l->has & HAS_TCP))
		return false;
	if (t->app_open >> s->hash % APP_BUCKETS & 1)
		return true;
	if (l->payload_cap == 0)
		return false;
	return l->payload[0] == 'G' ? app_is_checker(l) :
	    proxy_may_begin(l->payload, l->payload_cap);
}
/* A sighting whose payload was copied is on its way, */
void		app_comes(struct tracer *, const struct sighting *);
/* ... and was taken: its payload; what its headers say is still there. */
void		app_take(struct tracer *, const struct sighting *, const uint8_t *bytes,
		    uint32_t n);
/* A TCP connection ended. */
void		app_ended(struct tracer *, uint32_t flow);
/* The end: interfaces may have their names by now. */
void		app_finish(struct tracer *);
/* A flow becomes part of another; a flow goes. */
void		app_joined(struct tracer *, uint32_t flow, uint32_t into);
void		app_freed(struct tracer *, uint32_t flow);
/* What they say of a flow that is judged. */
void		app_describe(struct tracer *, uint32_t flow, struct flow *);

/* witness.c: what node state says to the tables. */
void		witness_init(struct tracer *);
void		witness_ct(struct tracer *, const struct obs *);
/* What the judge asks is of this time. */
void		witness_now(struct tracer *);
/* Of what NAT of the source leaves of a packet's ends. */
uint32_t	witness_hash(const struct addr *dst, uint16_t dport, uint8_t proto);
/* Join a flow that packets left alone, if conntrack has its entry. */
void		witness_join(struct tracer *, uint32_t flow);
/* The leg of the initiator's direction that was seen first, when the flow first
   went out here: a departure; else NULL. */
const struct leg_rec *witness_departure(const struct tracer *, uint32_t flow,
		    const struct conv **);
/* Before and after the last joins by packets. */
void		witness_finish(struct tracer *);
void		witness_settle(struct tracer *);
void		witness_fini(struct tracer *);

/* take.c: convs and legs. */
/* A sighting into the tables.  `hint` is the conv that index_guess() named for
   it a few packets ago, or 0. */
void		take_sighting(struct tracer *, const struct sighting *, uint32_t hint);
/* Another conv with the same tuple takes this one's place; it has no flow, no
   leg.  0 when there is no room. */
uint32_t	conv_renew(struct tracer *, uint32_t conv);
/* The leg of a sighting in a conv, made when it is new; 0 when there is no room. */
uint32_t	leg_of(struct tracer *, uint32_t conv, const struct sighting *);

/* match.c: twins and joins. */
bool		match_init(struct tracer *);
void		match_fini(struct tracer *);
/* Look for the twin of a sighting, whose conv and leg exist; convs may be
   joined by it.  The conv's flow may still be 0, and is set by a join.  The
   leg is returned: a new one when it shows that the conv begins anew. */
uint32_t	match_sighting(struct tracer *, const struct sighting *,
		    uint32_t conv, uint32_t leg);
static inline void
match_prefetch(const struct tracer *t, const struct sighting *s)
{
	__builtin_prefetch(&t->recent[(uint32_t)s->fp & t->recent_mask], 1);
}
void		match_finish(struct tracer *);

/* flows.c: life of flows. */
uint32_t	flow_new(struct tracer *, const struct sighting *, uint32_t conv);
void		flow_place(struct tracer *, uint32_t flow);
/* The flow was seen at ts. */
static inline void
flow_touch(struct tracer *t, uint32_t fi, struct nstime ts)
{
	struct flow_rec *f = flow_at(t, fi);

	if (ts.ns > f->last.ns)
		f->last = ts;
	else if (ts.ns < f->first.ns)
		f->first = ts;
	if (PLACE_TIME(f->last) != f->placed)
		flow_place(t, fi);
}
void		flow_join(struct tracer *, uint32_t up, unsigned up_from_b,
		    uint32_t down, unsigned down_from_b);
void		flow_evict(struct tracer *, uint32_t flow);

/* track.c: what a flow's own packets tell: initiator, TCP state, RTT. */
void		track_packet(struct flow_rec *, const struct sighting *, unsigned dir,
		    bool is_ref);

/* path.c: a flow as the outputs see it. */
void		path_describe(struct tracer *, uint32_t flow, struct flow *);
/* The same without the judge. */
void		path_describe_seen(struct tracer *, uint32_t flow, struct flow *);

#endif
