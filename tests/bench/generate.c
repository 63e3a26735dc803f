/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - write a capture of a node's pod traffic, and the truth about it.
 *
 * Two heaps keep the clock: conversations by their next packet, and sightings
 * by their time, since a packet that enters now leaves 10 to 200 us later.
 * Memory is that of the conversations open at a time, and of the tuples that
 * conntrack would remember (gen_plan.c).
 */
#include "gen.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TRANSIT_MIN	(10 * USEC)
#define TRANSIT_MAX	(200 * USEC)

struct heap_item {
	int64_t		 when;
	uint64_t	 order;		/* decides between equal times */
	void		*what;
};

struct heap {
	struct heap_item	*item;
	size_t			 n, size;
};

struct gen {
	struct options	 o;
	struct prng	 rng;
	struct plan	*plan;
	struct wire	*wire;
	FILE		*truth;
	struct heap	 convs, sightings;
	struct conv	 all;		/* list head */
	struct sighting	*spare[4096];	/* fewer are under way at a time */
	size_t		 n_spare;
	int64_t		 next_start;
	uint64_t	 started, order, written, joinable, flows_seen;
	size_t		 most_open;
};

static bool
heap_before(const struct heap_item *a, const struct heap_item *b)
{
	return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static void
heap_push(struct heap *h, struct heap_item it)
{
	size_t i = h->n++;

	if (h->n > h->size) {
		h->size = h->size ? h->size * 2 : 1024;
		h->item = realloc(h->item, h->size * sizeof(*h->item));
		if (h->item == NULL)
			err(2, NULL);
	}
	for (; i > 0 && heap_before(&it, &h->item[(i - 1) / 2]); i = (i - 1) / 2)
		h->item[i] = h->item[(i - 1) / 2];
	h->item[i] = it;
}

static void *
heap_pop(struct heap *h)
{
	void *top = h->item[0].what;
	struct heap_item last = h->item[--h->n];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < h->n) {
		if (kid + 1 < h->n &&
		    heap_before(&h->item[kid + 1], &h->item[kid]))
			kid++;
		if (!heap_before(&h->item[kid], &last))
			break;
		h->item[i] = h->item[kid];
		i = kid;
	}
	h->item[i] = last;
	return top;
}

static int64_t
heap_time(const struct heap *h)
{
	return h->n ? h->item[0].when : NEVER;
}

static void
put_ip(FILE *f, uint32_t ip)
{
	fprintf(f, "\t%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
	    ip & 255);
}

static void
put_tuple(FILE *f, const struct tup *t)
{
	put_ip(f, t->src);
	fprintf(f, "\t%u", t->sport);
	put_ip(f, t->dst);
	fprintf(f, "\t%u", t->dport);
}

static void
truth_head(FILE *f)
{
	fputs("# One line per flow that the capture shows, in order of their ends; "
	    "separated by tabs:\n"
	    "# number proto src sport dst dport (original) src sport dst dport "
	    "(translated; equal when there is no NAT)\n"
	    "# class first last (of its sightings, seconds since 1970) "
	    "joinable sightings conntrack verdict\n"
	    "# joinable: yes when one packet at least was seen on its way in and on "
	    "its way out.\n"
	    "# conntrack: its state after all, NONE when it has no entry.\n"
	    "# verdict: what is true of it on the node that state.c writes: ok, the "
	    "cause of a drop,\n"
	    "# or - when the only packets shown are such as were lost.\n"
	    "# ICMP echo: the id on the requester's side is the source port, the "
	    "other is 0.\n", f);
}

static const char *
proto_text(unsigned proto)
{
	return proto == P_TCP ? "tcp" : proto == P_UDP ? "udp" : "icmp";
}

/* What came in on a pod's veth and was seen nowhere else, without an entry in
   conntrack: a network policy denies its egress. */
static const char *
true_verdict(const struct conv *c)
{
	if (c->class == C_DROPPED || c->class == C_ONCE)
		return "policy-egress";
	return c->lost && !c->crossed ? "-" : "ok";
}

static void
truth_put(struct gen *g, const struct conv *c)
{
	int64_t first = CAPTURE_START + c->first, last = CAPTURE_START + c->last;

	if (c->sightings == 0)
		return;
	g->flows_seen++;
	g->joinable += c->crossed;
	if (g->truth == NULL)
		return;
	fprintf(g->truth, "%llu\t%s", (unsigned long long)c->number,
	    proto_text(c->orig.proto));
	put_tuple(g->truth, &c->orig);
	put_tuple(g->truth, &c->trans);
	fprintf(g->truth, "\t%s\t%lld.%09lld\t%lld.%09lld\t%s\t%u\t%s\t%s\n",
	    plan_class_name(c->class), (long long)(first / SEC),
	    (long long)(first % SEC), (long long)(last / SEC),
	    (long long)(last % SEC), c->crossed ? "yes" : "no", c->sightings,
	    talk_conntrack(c), true_verdict(c));
}

static void
conv_end(struct gen *g, struct conv *c)
{
	truth_put(g, c);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	free(c);
}

/* When the next conversation starts after one at `now`. */
static int64_t
next_start(struct gen *g, int64_t now)
{
	uint64_t early = g->o.flows * 3 / 100;

	if (g->o.every_packet_new_flow)
		return now + 2 * USEC;
	if (g->o.same_bytes)
		return now + (prng_permille(&g->rng, 50) ?
		    prng_between(&g->rng, 2 * MSEC, 5 * MSEC) :
		    prng_between(&g->rng, 0, 3 * USEC));
	if (g->started < early)
		return now + SEC / (int64_t)early;
	return now + talk_exp(&g->rng, g->o.duration / 10 * 9 /
	    (int64_t)g->o.flows);
}

static void
start_conv(struct gen *g)
{
	struct conv *c = malloc(sizeof(*c));
	int64_t now = g->next_start;

	if (c == NULL)
		err(2, NULL);
	plan_conv(g->plan, &g->rng, c, now, g->started < g->o.flows * 3 / 100);
	c->number = ++g->started;
	c->next = &g->all;
	c->prev = g->all.prev;
	c->prev->next = c->next->prev = c;
	heap_push(&g->convs, (struct heap_item){ c->when, c->number, c });
	if (g->convs.n > g->most_open)
		g->most_open = g->convs.n;
	g->next_start = g->started < g->o.flows ? next_start(g, now) : NEVER;
}

static void
see(struct gen *g, struct conv *c, const struct pkt *p, bool leaves, int64_t when)
{
	struct sighting *s;

	if (c->iface[p->reply ^ leaves] == 0)
		return;
	s = g->n_spare ? g->spare[--g->n_spare] : malloc(sizeof(*s));
	if (s == NULL)
		err(2, NULL);
	*s = (struct sighting){ when, g->order++, c, leaves, *p };
	c->pending++;
	heap_push(&g->sightings, (struct heap_item){ when, s->order, s });
}

/*
 * One segment of a large one: what TSO or GRO would make of it, with the
 * flags of the end on the last (net/ipv4/tcp_offload.c).
 */
static struct pkt
cut_segment(const struct pkt *k, uint32_t i, uint32_t n)
{
	struct pkt part = *k;

	part.seq += i * k->mss;
	part.pool = (k->pool + i * k->mss) & 0xffff;
	part.len = i + 1 < n ? k->mss : k->len - i * k->mss;
	if (i + 1 < n)
		part.flags &= (uint8_t)~(F_PSH | F_FIN);
	if (!k->id_fixed)
		part.ip_id = (uint16_t)(k->ip_id + i);
	return part;
}

/* Returns the time of the last segment. */
static int64_t
see_segments(struct gen *g, struct conv *c, const struct pkt *p, bool leaves,
    int64_t when)
{
	uint32_t i, n = (p->len + p->mss - 1) / p->mss;

	for (i = 0; i < n; i++) {
		struct pkt part = cut_segment(p, i, n);

		when += i ? prng_between(&g->rng, 300, 2 * USEC) : 0;
		see(g, c, &part, leaves, when);
	}
	return when;
}

/* A packet enters the node, and perhaps leaves it. */
static void
forward(struct gen *g, struct conv *c, const struct pkt *p)
{
	int64_t entered = c->when, out = c->when;
	int64_t transit = TRANSIT_MIN + talk_exp(&g->rng, 20 * USEC);

	if (p->split == SPLIT_AT_ENTRY)
		entered = see_segments(g, c, p, false, entered);
	else
		see(g, c, p, false, entered);
	c->when = entered;
	if (p->lost || c->iface[!p->reply] == 0)
		return;

	out = entered + (transit < TRANSIT_MAX ? transit : TRANSIT_MAX);
	if (out <= c->out_at[p->reply])
		out = c->out_at[p->reply] + USEC;
	if (p->split == SPLIT_AT_EXIT)
		out = see_segments(g, c, p, true, out);
	else
		see(g, c, p, true, out);
	c->out_at[p->reply] = out;
}

static void
step_conv(struct gen *g)
{
	struct conv *c = heap_pop(&g->convs);
	struct pkt p;
	int64_t from;

	talk_step(c, &g->rng, &p);
	forward(g, c, &p);
	if (c->over) {
		plan_release(g->plan, c, c->when + TRANSIT_MAX);
		if (c->pending == 0)
			conv_end(g, c);
		return;
	}
	from = c->when;
	if (c->turn && c->out_at[p.reply] > from)
		from = c->out_at[p.reply];
	c->when = from + c->wait;
	heap_push(&g->convs, (struct heap_item){ c->when, c->number, c });
}

static void
write_sighting(struct gen *g)
{
	struct sighting *s = heap_pop(&g->sightings);
	struct conv *c = s->conv;

	s->when += CAPTURE_START;
	wire_put(g->wire, s);
	g->written++;
	c->last = s->when - CAPTURE_START;
	if (c->sightings++ == 0)
		c->first = c->last;
	/* Its entry was written before: what leaves was seen to come in, but
	   for the node's own. */
	c->crossed |= s->exit && c->iface[0] != 0 && c->iface[1] != 0;
	c->replied |= s->pkt.reply;
	c->lost |= s->pkt.lost;
	c->pending--;
	if (g->n_spare < sizeof(g->spare) / sizeof(g->spare[0]))
		g->spare[g->n_spare++] = s;
	else
		free(s);
	if (c->over && c->pending == 0)
		conv_end(g, c);
}

static void
run(struct gen *g)
{
	while (g->written < g->o.packets) {
		int64_t write = heap_time(&g->sightings);
		int64_t step = heap_time(&g->convs);

		if (write <= step && write <= g->next_start && write != NEVER)
			write_sighting(g);
		else if (g->next_start <= step && g->next_start != NEVER)
			start_conv(g);
		else if (step != NEVER)
			step_conv(g);
		else
			break;
	}
}

static void
finish(struct gen *g)
{
	while (g->all.next != &g->all)
		conv_end(g, g->all.next);
	while (g->sightings.n > 0)
		free(heap_pop(&g->sightings));
	while (g->n_spare > 0)
		free(g->spare[--g->n_spare]);
	free(g->convs.item);
	free(g->sightings.item);
	plan_free(g->plan);
	if (!wire_close(g->wire))
		err(2, "%s", g->o.out);
	if (g->truth != NULL && fclose(g->truth) != 0)
		err(2, "%s", g->o.truth);
	fprintf(stderr, "%llu packets, %llu flows, %llu joinable, at most %zu "
	    "open at a time\n", (unsigned long long)g->written,
	    (unsigned long long)g->flows_seen, (unsigned long long)g->joinable,
	    g->most_open);
}

static const char usage_text[] =
    "usage: generate -o FILE [options]\n"
    "  -o, --out FILE       the capture (pcap, nanoseconds, SLL2); - is stdout\n"
    "  -e, --eni-out FILE   Ethernet in two files: pod side in -o, ENI side here\n"
    "  -t, --truth FILE     what podpath should find; see its first lines\n"
    "  -n, --packets N      sightings to write [4000000]\n"
    "  -f, --flows N        flows to start [packets / 44]\n"
    "  -S, --seed N         the same seed gives the same bytes [1]\n"
    "  -s, --snap BYTES     of a frame, link header included [96]\n"
    "  -d, --duration SEC   [flows / 750, at least 60]\n"
    "      --shift NS       added to the clock of -e\n"
    "      --same-bytes     many pods send the same bytes at once, IP ID 0\n"
    "      --every-packet-new-flow\n";

enum { OPT_SHIFT = 256, OPT_SAME, OPT_NEW };

static const struct option long_options[] = {
	{ "out",	required_argument, NULL, 'o' },
	{ "eni-out",	required_argument, NULL, 'e' },
	{ "truth",	required_argument, NULL, 't' },
	{ "packets",	required_argument, NULL, 'n' },
	{ "flows",	required_argument, NULL, 'f' },
	{ "seed",	required_argument, NULL, 'S' },
	{ "snap",	required_argument, NULL, 's' },
	{ "duration",	required_argument, NULL, 'd' },
	{ "shift",	required_argument, NULL, OPT_SHIFT },
	{ "same-bytes",	no_argument, NULL, OPT_SAME },
	{ "every-packet-new-flow", no_argument, NULL, OPT_NEW },
	{ "help",	no_argument, NULL, 'h' },
	{ NULL,		0, NULL, 0 },
};

static int64_t
number(const char *text, int64_t low, int64_t high)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	if (*end != '\0' || end == text || v < low || v > high)
		errx(2, "%s: not a number from %lld to %lld", text,
		    (long long)low, (long long)high);
	return v;
}

static void
set_option(struct options *o, int opt)
{
	switch (opt) {
	case 'o':
		o->out = optarg;
		break;
	case 'e':
		o->out2 = optarg;
		break;
	case 't':
		o->truth = optarg;
		break;
	case 'n':
		o->packets = (uint64_t)number(optarg, 1, INT64_C(1) << 40);
		break;
	case 'f':
		o->flows = (uint64_t)number(optarg, 1, INT64_C(1) << 32);
		break;
	case 'S':
		o->seed = (uint64_t)number(optarg, 0, INT64_MAX);
		break;
	case 's':
		o->snap = (uint32_t)number(optarg, 64, 262144);
		break;
	case 'd':
		o->duration = number(optarg, 1, 1000000) * SEC;
		break;
	case OPT_SHIFT:
		o->shift = number(optarg, -365 * 86400 * SEC, 365 * 86400 * SEC);
		break;
	case OPT_SAME:
		o->same_bytes = true;
		break;
	case OPT_NEW:
		o->every_packet_new_flow = true;
		break;
	case 'h':
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs(usage_text, stderr);
		exit(2);
	}
}

static void
read_options(struct options *o, int argc, char **argv)
{
	int opt;

	*o = (struct options){ .packets = 4000000, .seed = 1, .snap = 96 };
	while ((opt = getopt_long(argc, argv, "o:e:t:n:f:S:s:d:h", long_options,
	    NULL)) != -1)
		set_option(o, opt);
	if (o->out == NULL || optind != argc) {
		fputs(usage_text, stderr);
		exit(2);
	}
	if (o->flows == 0)
		o->flows = o->every_packet_new_flow ? o->packets :
		    o->same_bytes ? o->packets / 4 + 1 : o->packets / 44 + 1;
	if (o->duration == 0) {
		o->duration = (int64_t)o->flows * SEC / 750;
		if (o->duration < 60 * SEC)
			o->duration = 60 * SEC;
	}
}

int
main(int argc, char **argv)
{
	struct gen *g = calloc(1, sizeof(*g));

	if (g == NULL)
		err(2, NULL);
	read_options(&g->o, argc, argv);
	g->rng.s = g->o.seed;
	g->all.next = g->all.prev = &g->all;
	g->wire = wire_new(&g->o, &g->rng);
	g->plan = plan_new(&g->o);
	if (g->o.truth != NULL) {
		g->truth = fopen(g->o.truth, "w");
		if (g->truth == NULL)
			err(2, "%s", g->o.truth);
		truth_head(g->truth);
	}
	run(g);
	finish(g);
	free(g);
	return 0;
}
