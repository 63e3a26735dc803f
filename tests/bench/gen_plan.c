/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_plan.c - which conversations there are, how long, and in what manner.
 *
 * Tuples in use are remembered as conntrack would: no two live conversations
 * share one, and a closed one comes back after CLOSE_GAP or NAT_GAP.
 */
#include "gen.h"
#include "gen_shape.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define N_CLOSED	65536u		/* closed conversations whose ports may return */
#define N_RECENT	64u
#define TRIES		50

/* A socket may reconnect with the same ports from TIME_WAIT after a second
   (tcp(7), tcp_tw_reuse); conntrack keeps a UDP or ICMP entry for 30. */
#define CLOSE_GAP	(1100 * MSEC)
#define NAT_GAP		(31 * SEC)

struct closed {
	struct tup	orig, trans;
	int64_t		at;
	uint8_t		class, talk;
};

struct plan {
	const struct options	*o;
	struct world		 world;
	struct ports		*ports;
	struct closed		*closed;
	size_t			 n_closed;		/* ever */
	struct tup		 recent[N_RECENT];	/* the last SNATed ones */
	size_t			 n_recent;
	int64_t			 budget;		/* sightings not yet planned */
	uint64_t		 n_flows;
	/* the present round of --same-bytes */
	int64_t			 round_at;
	struct tup		 round;
	uint32_t		 round_size;
	bool			 round_one_port, round_replies;
	/* a second resolver asked at once with the same bytes */
	bool			 has_twin;
	struct conv		 twin;
};

static const char *const class_names[N_CLASSES] = {
	[C_SNAT] = "snat", [C_NONE] = "none", [C_SAME_NODE] = "same-node",
	[C_DNAT] = "dnat", [C_DNAT_LOCAL] = "dnat-local",
	[C_NODEPORT] = "dnat+snat", [C_NODEPORT_LOCAL] = "dnat+snat-local",
	[C_HOST] = "host", [C_DROPPED] = "dropped",
	[C_SAME_BYTES] = "same-bytes", [C_ONCE] = "once",
};

/* How many conversations in a thousand are of a class. */
static const uint16_t class_share[N_CLASSES] = {
	[C_SNAT] = 600, [C_NONE] = 170, [C_SAME_NODE] = 40, [C_DNAT] = 60,
	[C_DNAT_LOCAL] = 40, [C_NODEPORT] = 20, [C_NODEPORT_LOCAL] = 20,
	[C_HOST] = 40, [C_DROPPED] = 10,
};

/* And what they speak, of a hundred. */
static const uint16_t talk_share[N_CLASSES][N_TALKS] = {
	[C_SNAT] = { [TALK_TCP] = 70, [TALK_DNS] = 10, [TALK_STREAM] = 5,
	    [TALK_STATSD] = 3, [TALK_PING] = 12 },
	[C_NONE] = { [TALK_TCP] = 70, [TALK_DNS] = 5, [TALK_STREAM] = 8,
	    [TALK_STATSD] = 7, [TALK_PING] = 10 },
	[C_SAME_NODE] = { [TALK_TCP] = 75, [TALK_STREAM] = 10,
	    [TALK_STATSD] = 5, [TALK_PING] = 10 },
	[C_DNAT] = { [TALK_TCP] = 60, [TALK_DNS] = 40 },
	[C_DNAT_LOCAL] = { [TALK_TCP] = 60, [TALK_DNS] = 40 },
	[C_NODEPORT] = { [TALK_TCP] = 100 },
	[C_NODEPORT_LOCAL] = { [TALK_TCP] = 100 },
	[C_HOST] = { [TALK_TCP] = 80, [TALK_DNS] = 15, [TALK_PING] = 5 },
	[C_DROPPED] = { [TALK_TCP] = 70, [TALK_DNS] = 20, [TALK_PING] = 10 },
};

const char *
plan_class_name(unsigned class)
{
	return class_names[class];
}

struct plan *
plan_new(const struct options *o)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL)
		err(2, NULL);
	p->o = o;
	p->ports = ports_new();
	p->closed = calloc(N_CLOSED, sizeof(*p->closed));
	if (p->closed == NULL)
		err(2, NULL);
	/* A little too much, so that the capture ends in the midst of traffic. */
	p->budget = (int64_t)(o->packets + o->packets / 25);
	world_init(&p->world, o->seed);
	p->round_at = -SEC;
	return p;
}

void
plan_free(struct plan *p)
{
	ports_free(p->ports);
	free(p->closed);
	free(p);
}

static bool
tup_eq(const struct tup *a, const struct tup *b)
{
	return a->src == b->src && a->dst == b->dst && a->sport == b->sport &&
	    a->dport == b->dport && a->proto == b->proto;
}

void
plan_release(struct plan *p, const struct conv *c, int64_t now)
{
	struct closed *d;
	bool nat = !tup_eq(&c->orig, &c->trans);

	if (!c->closed || c->class == C_ONCE)
		return;
	ports_hold(p->ports, &c->orig, now + (c->talk == TALK_TCP ? CLOSE_GAP : NAT_GAP));
	if (nat)
		ports_hold(p->ports, &c->trans, now + NAT_GAP);
	if (c->class == C_SAME_BYTES || c->class == C_DROPPED)
		return;
	d = &p->closed[p->n_closed++ % N_CLOSED];
	*d = (struct closed){ c->orig, c->trans, now, c->class, c->talk };
}

/*
 * Sometimes take ports over from another conversation: the same source port
 * and destination as another pod has at this moment, the same pod's tuple
 * again, or a translated tuple that was another pod's before.
 */
static bool
reuse_ports(struct plan *p, struct conv *c, struct prng *r, int64_t now)
{
	unsigned dice = prng_below(r, 100);
	const struct closed *d;
	const struct tup *t;

	if (c->class == C_SNAT && dice < 6 && p->n_recent > 0) {
		t = &p->recent[prng_below(r, p->n_recent < N_RECENT ?
		    (uint32_t)p->n_recent : N_RECENT)];
		if (t->proto == c->orig.proto) {
			c->orig.sport = t->sport;
			c->orig.dst = c->trans.dst = t->dst;
			c->orig.dport = c->trans.dport = t->dport;
		}
		return false;
	}
	if (dice >= 16 || p->n_closed == 0)
		return false;
	d = &p->closed[prng_below(r, p->n_closed < N_CLOSED ?
	    (uint32_t)p->n_closed : N_CLOSED)];
	if (d->class != c->class || d->talk != c->talk)
		return false;
	if (dice < 12) {
		uint32_t pod = d->orig.src - pod_ip(0);

		if (pod >= N_PODS || c->class != C_SNAT)
			return false;
		c->orig = d->orig;
		c->trans.dst = c->orig.dst;
		c->trans.dport = c->orig.dport;
		c->iface[0] = pod_veth(pod);
	} else if (c->class == C_SNAT && d->at + NAT_GAP <= now) {
		c->orig.dst = d->orig.dst;
		c->orig.dport = d->orig.dport;
		c->trans = d->trans;
		return true;	/* and this translated port */
	}
	return false;
}

static void
choose_tuples(struct plan *p, struct conv *c, struct prng *r, int64_t now)
{
	int try;

	for (try = 0; try < TRIES; try++) {
		shape(&p->world, c, r);
		if (!reuse_ports(p, c, r, now))
			draw_nat_port(c, r);
		if (ports_free_at(p->ports, &c->orig, now) &&
		    ports_free_at(p->ports, &c->trans, now))
			return;
	}
	errx(2, "no free ports left: too many flows for %u pods", N_PODS);
}

static void
hold_tuples(struct plan *p, const struct conv *c)
{
	ports_hold(p->ports, &c->orig, NEVER);
	ports_hold(p->ports, &c->trans, NEVER);
	if (c->class == C_SNAT)
		p->recent[p->n_recent++ % N_RECENT] = c->orig;
}

/* An index with the chance that its share has of the total. */
static uint8_t
draw(struct prng *r, const uint16_t *share, uint32_t total)
{
	uint32_t at = prng_below(r, total);
	uint8_t i;

	for (i = 0; at >= share[i]; i++)
		at -= share[i];
	return i;
}

/*
 * Packets of a TCP conversation: doubling with a chance of 0.406 = 2^-1.3 each
 * time makes a tail of exponent 1.3, whose mean is 4.7 times its least value.
 * The mean is what is left of the budget, shared by those still to come.
 */
static uint32_t
tcp_length(const struct plan *p, struct prng *r)
{
	uint64_t left = p->o->flows > p->n_flows ? p->o->flows - p->n_flows : 1;
	int64_t mean, least;
	unsigned doublings = 0;

	/* Seven of ten are TCP and each packet is seen 1.95 times; other
	   conversations, and opening and closing, take their part first. */
	mean = (p->budget / (int64_t)left - 3) * 100 / 70 * 100 / 195 - 7;
	least = mean < 5 ? 256 : mean * 256 * 10 / 47;
	while (doublings < 10 && prng_permille(r, 406))
		doublings++;
	return (uint32_t)(((least << doublings) *
	    prng_between(r, 256, 511)) >> 16) + 1;
}

static void
draw_manner(struct plan *p, struct conv *c, struct prng *r)
{
	int64_t life = 50 * MSEC + talk_exp(r, 3 * SEC);

	c->common_text = prng_permille(r, 300);
	c->silent = c->class == C_DROPPED || c->talk == TALK_STATSD ||
	    prng_permille(r, 30);
	switch (c->talk) {
	case TALK_TCP:
		c->left = c->silent ? 1 + prng_below(r, 3) : tcp_length(p, r);
		c->has_ts = !prng_permille(r, 120);
		c->mss = c->has_ts ? 1448 : 1460;
		if (c->class != C_SNAT && prng_permille(r, 400))
			c->mss = c->has_ts ? 8949 : 8961;	/* 9001 in a VPC */
		c->refused = prng_permille(r, 20);
		c->aborts = prng_permille(r, 100);
		if (prng_permille(r, 100))
			c->split = prng_permille(r, 500) ? SPLIT_AT_EXIT :
			    SPLIT_AT_ENTRY;
		break;
	case TALK_DNS:
		c->left = 1 + prng_permille(r, 500);
		break;
	case TALK_PING:
		c->left = 1 + prng_below(r, 6);
		break;
	default:
		c->left = 1 + prng_below(r, 25);
		if (c->talk == TALK_STATSD)	/* one socket counts its IP IDs up */
			c->id_zero[0] = false;
		break;
	}
	c->think = life / (c->left / 8 + 1);
}

/* The next moment at which many pods say the same to one destination. */
static void
begin_round(struct plan *p, struct prng *r, int64_t now)
{
	bool udp = prng_permille(r, 500);

	p->round_at = now;
	p->round_size = 0;
	p->round = (struct tup){
		.dst = p->world.outside[prng_below(r, 4)],
		.sport = ephemeral(r),
		.dport = udp ? 8125 : 0,
		.proto = udp ? P_UDP : P_ICMP,
	};
	p->round_one_port = prng_permille(r, 600);
	p->round_replies = prng_permille(r, 500);
}

static void
shape_same_bytes(struct plan *p, struct conv *c, struct prng *r)
{
	uint32_t pod = prng_below(r, N_PODS);

	c->orig = p->round;
	c->orig.src = pod_ip(pod);
	if (!p->round_one_port)
		c->orig.sport = ephemeral(r);
	c->trans = c->orig;
	c->trans.src = NODE_IP;
	set_side(c, r, 0, pod_veth(pod));
	set_side(c, r, 1, ENI_FIRST);
	draw_nat_port(c, r);
}

static void
plan_same_bytes(struct plan *p, struct conv *c, struct prng *r, int64_t now)
{
	if (now - p->round_at > MSEC || p->round_size++ >= N_PODS / 2)
		begin_round(p, r, now);
	c->class = C_SAME_BYTES;
	c->talk = TALK_SAME;
	do
		shape_same_bytes(p, c, r);
	while (!ports_free_at(p->ports, &c->orig, now) ||
	    !ports_free_at(p->ports, &c->trans, now));
	c->id_zero[0] = c->id_zero[1] = true;
	c->ttl[1] = 55;		/* one server: the same hops and delay for all */
	c->delay[1] = 2 * MSEC;
	c->silent = !p->round_replies;
	c->left = 1 + prng_below(r, 3);
	if (prng_permille(r, 100)) {	/* never leaves: no counting them off */
		c->class = C_DROPPED;
		c->silent = true;
		c->trans = c->orig;
		c->iface[1] = 0;
	}
	hold_tuples(p, c);
}

static void
plan_once(struct plan *p, struct conv *c, struct prng *r)
{
	uint32_t n = (uint32_t)p->n_flows, pod = n % N_PODS;

	c->class = C_ONCE;
	c->talk = n & 1 ? TALK_TCP : TALK_STATSD;
	c->silent = true;
	c->left = 1;
	c->mss = 1460;
	/* Pod and port repeat after 6.6 M, then the next /16 follows. */
	c->orig = (struct tup){
		.src = pod_ip(pod),
		.dst = IP(198, 18, 0, 0) + (n / (N_PODS * 60000) << 16) +
		    (n * 40503 & 0xffff),
		.sport = (uint16_t)(1024 + n / N_PODS % 60000),
		.dport = n & 1 ? 443 : 8125,
		.proto = n & 1 ? P_TCP : P_UDP,
	};
	c->trans = c->orig;
	set_side(c, r, 0, pod_veth(pod));
}

/* The same question to the other resolver, from the same socket at once, as
   musl's resolver does. */
static void
offer_twin(struct plan *p, const struct conv *c, struct prng *r, int64_t now)
{
	struct conv *t = &p->twin;

	if (c->class != C_SNAT || c->talk != TALK_DNS || prng_permille(r, 700))
		return;
	*t = *c;
	t->orig.dst ^= RESOLVER_1 ^ RESOLVER_2;
	t->trans.dst = t->orig.dst;
	t->delay[1] = far_delay(r);
	do
		draw_nat_port(t, r);
	while (!ports_free_at(p->ports, &t->trans, now));
	p->has_twin = ports_free_at(p->ports, &t->orig, now);
}

static void
plan_ordinary(struct plan *p, struct conv *c, struct prng *r, int64_t now)
{
	do
		c->class = draw(r, class_share, 1000);
	while (p->o->out2 != NULL && (c->class == C_SAME_NODE ||
	    c->class == C_DNAT_LOCAL || c->class == C_NODEPORT));
	c->talk = draw(r, talk_share[c->class], 100);
	choose_tuples(p, c, r, now);
	draw_manner(p, c, r);
	hold_tuples(p, c);
}

void
plan_conv(struct plan *p, struct prng *r, struct conv *c, int64_t now, bool midway)
{
	bool twin = p->has_twin;

	*c = twin ? p->twin : (struct conv){ .class = C_SNAT };
	p->has_twin = false;
	c->when = now;
	if (twin) {
		hold_tuples(p, c);
	} else if (p->o->every_packet_new_flow) {
		plan_once(p, c, r);
		talk_start(c, r, false);
	} else if (p->o->same_bytes) {
		plan_same_bytes(p, c, r, now);
		talk_start(c, r, false);
	} else {
		plan_ordinary(p, c, r, now);
		talk_start(c, r, midway);
		offer_twin(p, c, r, now);
	}
	p->n_flows++;
	p->budget -= (int64_t)(c->left + (c->talk == TALK_TCP ? 7 : 0)) *
	    (c->class == C_HOST || c->class == C_DROPPED ? 1 : 2);
}
