/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_random.c - a node that is simulated, and so knows the truth:
 * random pods, services and peers, with and without NAT of either end or both,
 * packets interleaved, dropped, sent again, seen on a bridge too, with and
 * without IP IDs, with bytes of their own or the same as others'.  No flow may
 * have a wrong tuple; of those that can be told, 99 in 100 are joined.
 */
#include "tests/observe.h"

#define N_FLOWS		2500u
#define SPAN_NS		(20 * NS_PER_SEC)
#define N_PODS		24u
#define N_SERVERS	40u
#define LINE_MAX_	224
#define END_MAX		32

enum kind { KIND_TCP, KIND_UDP, KIND_ECHO, KIND_SCAN, N_KINDS };

/* One conversation: its ends as they are before and after the node. */
struct talk {
	uint8_t		kind;
	bool		ip_ids;		/* its packets have IP IDs */
	bool		shared;		/* its bytes are also another's */
	bool		bridge;		/* the pod side is seen on a bridge, too */
	bool		nat;
	bool		crossed;	/* some packet was seen on both sides */
	uint8_t		ttl, reply_ttl;
	char		src[2][END_MAX], dst[2][END_MAX];
	unsigned	eid[2];
	char		iface[2][8];
	char		bytes[20];	/* what its payload begins with */
	uint32_t	seq, ack;
};

struct event {
	int64_t		ns;
	uint32_t	order;
	char		line[LINE_MAX_];
};

/* A tuple of a talk, either way and on either side. */
struct name {
	char		text[TUPLE_TEXT];
	uint32_t	talk;
	uint8_t		side;
};

struct sim {
	uint32_t	r;
	struct talk	*talks;
	uint32_t	n_talks;
	struct event	*events;
	uint32_t	n_events, room;
	struct name	*names;
	uint32_t	n_names;
	unsigned	next_port;
	unsigned	scan_percent;	/* of what is begun */
};

struct score {
	unsigned	joined, wrong;		/* flows with a translation */
	unsigned	due, found;		/* talks that can be told */
	unsigned	shared_found, shared;	/* and those that share bytes */
};

/* ---- chance ---- */

static uint32_t
pick(struct sim *m, uint32_t n)
{
	m->r ^= m->r << 13;
	m->r ^= m->r >> 17;
	m->r ^= m->r << 5;
	return m->r % n;
}

static bool
chance(struct sim *m, unsigned percent)
{
	return pick(m, 100) < percent;
}

/* ---- sightings ---- */

static void
put_event(struct sim *m, int64_t ns, const char *line)
{
	struct event *e;

	if (m->n_events == m->room) {
		m->room = m->room ? m->room * 2 : 4096;
		m->events = realloc(m->events, m->room * sizeof(*m->events));
		assert_non_null(m->events);
	}
	e = &m->events[m->n_events];
	e->ns = ns;
	e->order = m->n_events++;
	snprintf(e->line, sizeof(e->line), "%s", line);
}

/* Where a packet is seen: side 0 is the requester's. */
static void
put_sighting(struct sim *m, const struct talk *t, int64_t ns, unsigned side,
    bool reply, bool bridge, const char *what, unsigned ip_id)
{
	unsigned whole = reply ? t->reply_ttl : t->ttl;
	unsigned ttl = whole - (side == (reply ? 0u : 1u));
	char line[LINE_MAX_], eid[24] = "";

	if (t->kind == KIND_ECHO)
		snprintf(eid, sizeof(eid), " eid=%u", t->eid[side]);
	snprintf(line, sizeof(line), "%s %s %s > %s %s%s ttl=%u id=%u",
	    bridge ? "cni0" : t->iface[side],
	    side == (reply ? 1u : 0u) ? "in" : "out",
	    reply ? t->dst[side] : t->src[side],
	    reply ? t->src[side] : t->dst[side], what, eid, ttl, ip_id);
	put_event(m, ns, line);
}

/* A packet on its way through the node; some are dropped there. */
static void
put_packet(struct sim *m, struct talk *t, int64_t ns, bool reply,
    const char *what, unsigned drop_percent)
{
	unsigned ip_id = t->ip_ids ? 1 + pick(m, 65535) : 0;
	unsigned from = reply ? 1 : 0;
	int64_t stay = (10 + (int64_t)pick(m, 290)) * NS_PER_USEC;
	bool dropped = chance(m, drop_percent);

	put_sighting(m, t, ns, from, reply, false, what, ip_id);
	if (t->bridge && from == 0)
		put_sighting(m, t, ns + 1000, 0, reply, true, what, ip_id);
	if (dropped)
		return;
	t->crossed = true;
	if (t->bridge && from == 1)
		put_sighting(m, t, ns + stay - 1000, 0, reply, true, what, ip_id);
	put_sighting(m, t, ns + stay, !from, reply, false, what, ip_id);
}

/* ---- what they say ---- */

static void
talk_tcp(struct sim *m, struct talk *t, int64_t ns, unsigned drop)
{
	uint32_t seq = t->seq, ack = t->ack;
	char what[96];

	snprintf(what, sizeof(what), "tcp S seq=%u", seq++);
	put_packet(m, t, ns, false, what, drop);
	if (chance(m, 5))
		put_packet(m, t, ns + NS_PER_SEC, false, what, drop);
	if (drop == 100)
		return;
	ns += (int64_t)pick(m, 20000) * NS_PER_USEC;
	snprintf(what, sizeof(what), "tcp SA seq=%u ack=%u", ack++, seq);
	put_packet(m, t, ns, true, what, drop);
	ns += 1 * NS_PER_MSEC;
	snprintf(what, sizeof(what), "tcp A seq=%u ack=%u", seq, ack);
	put_packet(m, t, ns, false, what, drop);
	for (unsigned n = pick(m, 4); n > 0; n--) {
		unsigned len = 1 + pick(m, 1400);
		bool reply = chance(m, 50);

		ns += (int64_t)pick(m, 5000) * NS_PER_USEC + NS_PER_MSEC;
		snprintf(what, sizeof(what), "tcp PA seq=%u ack=%u len=%u",
		    reply ? ack : seq, reply ? seq : ack, len);
		put_packet(m, t, ns, reply, what, drop);
		if (chance(m, 4))
			put_packet(m, t, ns + 200 * NS_PER_MSEC, reply, what, drop);
		*(reply ? &ack : &seq) += len;
	}
	snprintf(what, sizeof(what), "tcp FA seq=%u ack=%u", seq, ack);
	put_packet(m, t, ns + NS_PER_MSEC, false, what, drop);
}

/* Questions, each with or without an answer. */
static void
talk_data(struct sim *m, struct talk *t, int64_t ns, unsigned drop)
{
	bool echo = t->kind == KIND_ECHO;

	for (unsigned i = 0, n = 1 + pick(m, 4); i < n; i++) {
		char what[128], bytes[24];
		unsigned len = 20 + pick(m, 4) * 10;

		snprintf(bytes, sizeof(bytes), "%u%s", i, t->bytes);
		snprintf(what, sizeof(what), echo ?
		    "echo data=%s seq=%u len=%u" : "udp data=%s fill=%u len=%u",
		    bytes, i, echo || t->shared ? 56 : len);
		put_packet(m, t, ns, false, what, drop);
		if (!echo && chance(m, 4))
			put_packet(m, t, ns + 300 * NS_PER_MSEC, false, what, drop);
		if (drop < 100 && chance(m, 85)) {
			snprintf(what, sizeof(what), echo ?
			    "reply data=%s seq=%u len=%u" :
			    "udp data=a%s fill=%u len=%u", bytes, i,
			    echo || t->shared ? 56 : len + 7);
			put_packet(m, t, ns + (int64_t)(400 + pick(m, 20000)) *
			    NS_PER_USEC, true, what, drop);
		}
		ns += t->shared ? NS_PER_SEC :
		    (int64_t)pick(m, 900) * NS_PER_MSEC + NS_PER_MSEC;
	}
}

/* ---- who they are ---- */

static void
set_end(char out[END_MAX], const struct talk *t, const char *host, unsigned port)
{
	snprintf(out, END_MAX, t->kind == KIND_ECHO ? "%s" : "%s:%u", host, port);
}

/* Pod to server, service or NodePort: who changes what. */
static void
choose_ends(struct sim *m, struct talk *t, unsigned pod, unsigned sport)
{
	static const unsigned ports[] = { 443, 80, 53, 8080 };
	unsigned port = t->kind == KIND_SCAN ? m->next_port % 60000 + 1 :
	    ports[pick(m, 4)];
	unsigned server = pick(m, N_SERVERS), how = pick(m, 10);
	unsigned nport = 1024 + m->next_port % 64000;
	char host[24], out[24], to[24];
	bool snat = how >= 2 && how != 6 && how != 7, dnat = how >= 6;

	snprintf(host, sizeof(host), "10.0.%u.%u", 1 + pod / 200, 5 + pod % 200);
	snprintf(to, sizeof(to), "172.217.%u.%u", server / 8, 1 + server);
	snprintf(out, sizeof(out), "192.168.3.%u", 243 - (pod & 1));
	snprintf(t->iface[0], sizeof(t->iface[0]), "veth%u", pod);
	snprintf(t->iface[1], sizeof(t->iface[1]), "eth%u", pod & 1);
	t->nat = snat || dnat;
	t->eid[0] = sport;
	t->eid[1] = snat ? nport : sport;
	set_end(t->src[0], t, host, sport);
	set_end(t->dst[1], t, to, dnat ? 8080 : port);
	set_end(t->src[1], t, snat ? out : host, snat ? nport : sport);
	if (dnat) {
		/* One service address for each server, for echo too. */
		snprintf(to, sizeof(to), "10.100.%u.%u", server / 8, 1 + server);
		if (t->kind == KIND_SCAN)
			set_end(t->dst[1], t, to, port);
	}
	set_end(t->dst[0], t, to, port);
	if (t->kind == KIND_SCAN)	/* never to a service */
		snprintf(t->dst[1], END_MAX, "%s", t->dst[0]);
	t->nat = strcmp(t->src[0], t->src[1]) != 0 ||
	    strcmp(t->dst[0], t->dst[1]) != 0 || t->eid[0] != t->eid[1];
}

static struct talk *
new_talk(struct sim *m, unsigned kind, unsigned pod, unsigned sport)
{
	struct talk *t = &m->talks[m->n_talks];

	*t = (struct talk){ .kind = (uint8_t)kind, .ip_ids = chance(m, 50),
	    .bridge = chance(m, 10), .ttl = 64,
	    .reply_ttl = (uint8_t)(40 + pick(m, 24)) };
	m->next_port++;
	t->seq = m->r;
	pick(m, 1);
	t->ack = m->r;
	pick(m, 1);
	snprintf(t->bytes, sizeof(t->bytes), "-%08x%04u", m->r, m->n_talks);
	choose_ends(m, t, pod, sport);
	m->n_talks++;
	return t;
}

static unsigned
drop_of(struct sim *m)
{
	return chance(m, 3) ? 100 : 3;
}

static void
one_talk(struct sim *m, int64_t ns)
{
	struct talk *t = new_talk(m, pick(m, KIND_ECHO + 1), pick(m, N_PODS),
	    10000 + m->next_port % 50000);

	if (t->kind == KIND_TCP)
		talk_tcp(m, t, ns, drop_of(m));
	else
		talk_data(m, t, ns, drop_of(m));
}

/* Several pods, or one pod to several servers, say the same at once. */
static void
chorus(struct sim *m, int64_t ns)
{
	unsigned kind = chance(m, 50) ? KIND_UDP : KIND_ECHO;
	uint32_t first = m->n_talks;
	unsigned n = 2 + pick(m, 4), pod = pick(m, N_PODS);

	for (unsigned i = 0; i < n && m->n_talks < N_FLOWS; i++) {
		struct talk *t = new_talk(m, kind, (pod + i) % N_PODS,
		    10000 + m->next_port % 50000);

		t->shared = true;
		memcpy(t->bytes, m->talks[first].bytes, sizeof(t->bytes));
		talk_data(m, t, ns + (int64_t)pick(m, 200) * NS_PER_USEC, drop_of(m));
	}
}

/* One SYN for many ports: one sequence number, no IP ID. */
static void
scan(struct sim *m, int64_t ns)
{
	unsigned n = 5 + pick(m, 30), pod = pick(m, N_PODS), sport;
	uint32_t isn = m->r;

	sport = 10000 + m->next_port % 50000;
	for (unsigned i = 0; i < n && m->n_talks < N_FLOWS; i++) {
		struct talk *t = new_talk(m, KIND_SCAN, pod, sport);
		char what[64];

		t->shared = true;
		t->ip_ids = false;
		t->seq = isn;
		snprintf(what, sizeof(what), "tcp S seq=%u", isn);
		put_packet(m, t, ns, false, what, 3);
		ns += (int64_t)pick(m, 400) * NS_PER_USEC;
	}
}

/* ---- truth ---- */

static int
by_time(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(((const struct name *)x)->text, ((const struct name *)y)->text);
}

static void
add_name(struct sim *m, uint32_t i, unsigned side, bool reply)
{
	const struct talk *t = &m->talks[i];
	struct name *n = &m->names[m->n_names++];
	char id[16] = "";

	if (t->kind == KIND_ECHO)
		snprintf(id, sizeof(id), " id %u", t->eid[side]);
	snprintf(n->text, sizeof(n->text), "%s > %s%s",
	    reply ? t->dst[side] : t->src[side],
	    reply ? t->src[side] : t->dst[side], id);
	/* UDP, TCP and ICMP tuples are numbered apart, by port. */
	n->talk = i;
	n->side = (uint8_t)side;
}

static const struct name *
name_of(const struct sim *m, const struct tuple *t)
{
	struct name want;

	tuple_text(t, want.text);
	return bsearch(&want, m->names, m->n_names, sizeof(want), by_text);
}

/* The talk that a flow is; wrong when its tuples or legs are of two. */
static const struct talk *
judge(const struct sim *m, const struct flow *f, bool *wrong)
{
	const struct name *o = name_of(m, &f->original);
	const struct name *x = name_of(m, &f->translated);
	const struct talk *t;

	*wrong = o == NULL || x == NULL || o->talk != x->talk ||
	    (f->nat != 0 && (o->side != 0 || x->side != 1));
	if (*wrong)
		return NULL;
	t = &m->talks[o->talk];
	*wrong = f->nat != 0 && !t->nat;
	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct name *n = name_of(m, &f->legs[i].t);

		*wrong |= n == NULL || n->talk != o->talk;
	}
	return t;
}

static void
report_wrong(const struct sim *m, const struct flow *f)
{
	char original[TUPLE_TEXT], as[TUPLE_TEXT];
	const struct name *o = name_of(m, &f->original);

	tuple_text(&f->original, original);
	tuple_text(&f->translated, as);
	print_message("# wrong: %s as %s", original, as);
	if (o != NULL)
		print_message(", truth %s > %s as %s > %s (kind %u%s%s)",
		    m->talks[o->talk].src[0], m->talks[o->talk].dst[0],
		    m->talks[o->talk].src[1], m->talks[o->talk].dst[1],
		    m->talks[o->talk].kind,
		    m->talks[o->talk].shared ? ", bytes shared" : "",
		    m->talks[o->talk].ip_ids ? "" : ", no IP ID");
	print_message("\n");
	for (unsigned i = 0; i < f->n_legs; i++) {
		tuple_text(&f->legs[i].t, as);
		print_message("#   %s %s, ttl %u, %u packets, from %lld ns\n",
		    f->legs[i].reply ? "reply  " : "request", as, f->legs[i].ttl,
		    (unsigned)f->legs[i].packets, (long long)f->legs[i].first.ns);
	}
}

static void
count_flows(struct sim *m, struct scene *s, struct score *out)
{
	bool *right = calloc(m->n_talks, sizeof(*right));

	assert_non_null(right);
	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++) {
		const struct flow *f = &s->flows[i];
		bool wrong;
		const struct talk *t = judge(m, f, &wrong);

		out->joined += f->nat != 0;
		out->wrong += wrong;
		if (wrong && out->wrong <= 5)
			report_wrong(m, f);
		if (t != NULL && !wrong && f->nat != 0)
			right[t - m->talks] = true;
	}
	for (uint32_t i = 0; i < m->n_talks; i++) {
		const struct talk *t = &m->talks[i];

		if (!t->nat || !t->crossed)
			continue;
		*(t->shared ? &out->shared : &out->due) += 1;
		if (!t->shared && !right[i] && getenv("SHOW_MISSED") != NULL)
			print_message("# missed: %s > %s as %s > %s kind %u%s%s\n",
			    t->src[0], t->dst[0], t->src[1], t->dst[1], t->kind,
			    t->bridge ? " bridge" : "", t->ip_ids ? "" : " no IP ID");
		*(t->shared ? &out->shared_found : &out->found) += right[i];
	}
	free(right);
}

static void
sim_run(struct sim *m, struct scene *s)
{
	while (m->n_talks < N_FLOWS) {
		int64_t ns = s->now_ns + (int64_t)pick(m, SPAN_NS / 1000) * 1000;
		unsigned what = pick(m, 100);

		if (what < m->scan_percent)
			scan(m, ns);
		else if (what < 96)
			one_talk(m, ns);
		else
			chorus(m, ns);
	}
	for (uint32_t i = 0; i < m->n_talks; i++)
		for (unsigned k = 0; k < 4; k++)
			add_name(m, i, k & 1, k & 2);
	qsort(m->names, m->n_names, sizeof(*m->names), by_text);
	qsort(m->events, m->n_events, sizeof(*m->events), by_time);
	for (uint32_t i = 0; i < m->n_events; i++) {
		s->now_ns = m->events[i].ns;
		see(s, "%s", m->events[i].line);
	}
}

static void
simulate(enum shape shape, uint32_t seed, unsigned scan_percent,
    struct score *out)
{
	struct sim m = { .r = seed * 2654435761u + 1,
	    .scan_percent = scan_percent };
	struct scene *s = scene_new(shape, 0);

	m.talks = calloc(N_FLOWS, sizeof(*m.talks));
	m.names = calloc(4 * N_FLOWS, sizeof(*m.names));
	assert_non_null(m.talks);
	assert_non_null(m.names);
	sim_run(&m, s);
	count_flows(&m, s, out);
	scene_free(s);
	free(m.talks);
	free(m.events);
	free(m.names);
}

/* Seeds are fixed: what fails once fails again. */
static void
random_seeds(enum shape shape, unsigned scan_percent)
{
	struct score sum = { 0 };

	for (uint32_t seed = 1; seed <= 12; seed++)
		simulate(shape, seed, scan_percent, &sum);
	print_message("# %u joined, %u wrong: precision %.5f; %u of %u found: "
	    "recall %.4f; of %u that share their bytes, %u found\n",
	    sum.joined, sum.wrong, 1 - (double)sum.wrong / sum.joined, sum.found,
	    sum.due, (double)sum.found / sum.due, sum.shared, sum.shared_found);
	assert_true(sum.due > 10000);
	assert_int_equal(sum.wrong, 0);
	assert_true(sum.found * 100.0 >= sum.due * 99.0);
}

static void
random_node(void **state)
{
	random_seeds(*(enum shape *)*state, 0);
}

/* Scans, each with one sequence number, among the rest. */
static void
random_node_with_scans(void **state)
{
	random_seeds(*(enum shape *)*state, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH(random_node),
		IN_BOTH(random_node_with_scans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
