/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_ct.c - `conntrack -L` (conntrack-tools 1.4, without accounting): an
 * entry for each flow of the truth that has one, of those with the same tuple
 * the last, and others besides, in the order of no hash table in particular.
 */
#include "state.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#define CTMARK	128		/* AWS_VPC_K8S_CNI_CONNMARK */
#define TRUTH_FIELDS	17

struct entry {
	struct tup	orig, trans;
	double		first;
	char		state[12];
	uint8_t		mark;
	bool		gone;	/* a later one has its tuple */
};

struct entries {
	struct entry	*v;
	size_t		 n, room;
};

static void
add(struct entries *e, const struct entry *x)
{
	if (e->n == e->room) {
		e->room = e->room ? e->room * 2 : 65536;
		e->v = realloc(e->v, e->room * sizeof(*e->v));
		if (e->v == NULL)
			err(2, NULL);
	}
	e->v[e->n++] = *x;
}

/* ---- flows of the truth */

static uint32_t
parse_ip(const char *text)
{
	struct in_addr a;

	return inet_pton(AF_INET, text, &a) == 1 ? ntohl(a.s_addr) : 0;
}

static struct tup
parse_tup(char *const *f, const char *proto)
{
	return (struct tup){ parse_ip(f[0]), parse_ip(f[2]),
	    (uint16_t)atoi(f[1]), (uint16_t)atoi(f[3]),
	    strcmp(proto, "tcp") == 0 ? P_TCP : strcmp(proto, "udp") == 0 ? P_UDP :
	    P_ICMP };
}

static bool
in_vpc(uint32_t ip)
{
	return ip >> 16 == (10u << 8);
}

/*
 * The mark, as the rules of state_nat.c set it: by the connmark chain for what a
 * pod sends out of the VPC; for all that comes in by the first ENI to the node's
 * own address, which includes answers.  A Service's DNAT ends that chain before.
 */
static uint8_t
mark_of(const struct entry *e)
{
	bool replied = strcmp(e->state, "SYN_SENT") != 0 &&
	    strcmp(e->state, "UNREPLIED") != 0;
	bool pod = e->orig.src >= pod_ip(0) && in_vpc(e->orig.src);

	if (e->orig.dst == NODE_IP)
		return CTMARK;
	if (pod && e->orig.dst == e->trans.dst && !in_vpc(e->orig.dst))
		return CTMARK;
	/* The node's own: a pod's answer comes in by its veth. */
	return e->orig.src == NODE_IP && replied &&
	    (e->orig.dst < pod_ip(0) || e->orig.dst >= IP(10, 0, 16, 0)) ? CTMARK : 0;
}

/* What the node itself sends outside goes through the SNAT rule too, which
   changes the port alone: the capture shows it only after. */
static void
unseen_snat(struct entry *e)
{
	struct prng r = { (uint64_t)e->orig.sport << 32 ^ e->orig.dst };

	if (e->orig.src == NODE_IP && e->orig.dst == e->trans.dst &&
	    !in_vpc(e->orig.dst))
		e->orig.sport = ephemeral(&r);
}

static void
truth_line(struct entries *e, char *line, const char *name, unsigned number)
{
	struct entry x = { .gone = false };
	char *f[TRUTH_FIELDS];
	int i;

	for (i = 0; i < TRUTH_FIELDS; i++)
		if ((f[i] = strsep(&line, "\t")) == NULL)
			errx(2, "%s:%u: %d fields, not %d", name, number, i,
			    TRUTH_FIELDS);
	if (strcmp(f[15], "NONE") == 0)
		return;
	x.orig = parse_tup(f + 2, f[1]);
	x.trans = parse_tup(f + 6, f[1]);
	x.first = strtod(f[11], NULL);
	snprintf(x.state, sizeof(x.state), "%s", f[15]);
	unseen_snat(&x);
	x.mark = mark_of(&x);
	add(e, &x);
}

static void
read_truth(struct entries *e, const char *name)
{
	FILE *f = fopen(name, "r");
	unsigned number = 0;
	char *line = NULL;
	size_t size = 0;

	if (f == NULL)
		err(2, "%s", name);
	while (getline(&line, &size, f) > 0) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			truth_line(e, line, name, number);
	}
	free(line);
	fclose(f);
}

/* ---- of the same tuple the last */

static int
tup_cmp(const struct tup *x, const struct tup *y)
{
	if (x->src != y->src)
		return x->src < y->src ? -1 : 1;
	if (x->dst != y->dst)
		return x->dst < y->dst ? -1 : 1;
	if (x->sport != y->sport)
		return x->sport < y->sport ? -1 : 1;
	if (x->dport != y->dport)
		return x->dport < y->dport ? -1 : 1;
	return x->proto - y->proto;
}

static int
by_orig(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int c = tup_cmp(&a->orig, &b->orig);

	return c ? c : (a->first > b->first) - (a->first < b->first);
}

static int
by_trans(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int c = tup_cmp(&a->trans, &b->trans);

	return c ? c : (a->first > b->first) - (a->first < b->first);
}

static void
drop_gone(struct entries *e)
{
	size_t i, n = 0;

	for (i = 0; i < e->n; i++)
		if (!e->v[i].gone)
			e->v[n++] = e->v[i];
	e->n = n;
}

static void
keep_last(struct entries *e)
{
	size_t i;

	if (e->n == 0)
		return;
	qsort(e->v, e->n, sizeof(*e->v), by_orig);
	for (i = 0; i + 1 < e->n; i++)
		e->v[i].gone = tup_cmp(&e->v[i].orig, &e->v[i + 1].orig) == 0;
	drop_gone(e);
	qsort(e->v, e->n, sizeof(*e->v), by_trans);
	for (i = 0; i + 1 < e->n; i++)
		e->v[i].gone = tup_cmp(&e->v[i].trans, &e->v[i + 1].trans) == 0;
	drop_gone(e);
}

/* ---- others: no two alike, and none of the truth's */

static struct entry
other_entry(const struct node_state *s, uint32_t i, struct prng *r)
{
	static const char *const states[] = { "ESTABLISHED", "TIME_WAIT",
	    "ESTABLISHED", "CLOSE_WAIT", "TIME_WAIT", "SYN_SENT" };
	const struct portal *p = &s->portal[N_SERVICES + 2 +
	    prng_below(r, s->n_portals - N_SERVICES - 2)];
	uint32_t pod = i % s->pods, kind = prng_below(r, 10);
	struct entry e = { .orig = { .src = pod_ip(pod), .dport = 443,
	    .sport = (uint16_t)(1024 + i / s->pods % 64000), .proto = P_TCP } };

	snprintf(e.state, sizeof(e.state), "%s", states[prng_below(r, 6)]);
	if (kind < 3 && p->n_endpoints > 0) {		/* a Service */
		e.orig.dst = p->ip;
		e.orig.dport = p->port;
		e.trans = e.orig;
		e.trans.dst = portal_endpoint(p, prng_below(r, p->n_endpoints));
		e.trans.dport = p->target;
	} else if (kind < 5) {		/* a load balancer to a pod */
		e.orig.dst = pod_ip(pod);
		e.orig.dport = 8080;
		e.orig.src = IP(10, 0, 100, 0) + i % 32;
		e.orig.sport = (uint16_t)(1024 + i / 32 % 64000);
		e.trans = e.orig;
	} else {			/* the internet, 198.51.100.0/24 (RFC 5737) */
		e.orig.dst = IP(198, 51, 100, 1) + i % 250;
		e.trans = e.orig;
		e.trans.src = NODE_IP;
		e.trans.sport = (uint16_t)(1024 + i / 250 % 64000);
		if (kind == 9) {
			e.orig.proto = e.trans.proto = P_UDP;
			snprintf(e.state, sizeof(e.state), "REPLIED");
		}
	}
	e.mark = mark_of(&e);
	return e;
}

static void
shuffle(struct entries *e, struct prng *r)
{
	size_t i;

	for (i = e->n; i > 1; i--) {
		size_t k = prng_below(r, (uint32_t)i);
		struct entry t = e->v[i - 1];

		e->v[i - 1] = e->v[k];
		e->v[k] = t;
	}
}

/* ---- as conntrack -L prints it */

static void
put_tup(FILE *f, const struct tup *t, bool reply)
{
	fprintf(f, " src=%s dst=%s", ip_text(t->src).s, ip_text(t->dst).s);
	if (t->proto == P_ICMP)
		fprintf(f, " type=%d code=0 id=%u", reply ? 0 : 8, t->sport);
	else
		fprintf(f, " sport=%u dport=%u", t->sport, t->dport);
}

static unsigned
timeout_of(const char *state)
{
	return strcmp(state, "ESTABLISHED") == 0 ? 86390 :
	    strcmp(state, "CLOSE_WAIT") == 0 ? 3590 :
	    strcmp(state, "CLOSE") == 0 ? 9 :
	    strcmp(state, "TIME_WAIT") == 0 || strcmp(state, "SYN_SENT") == 0 ? 110 : 29;
}

static void
put_entry(FILE *f, const struct entry *e)
{
	static const char *const words[] = { [P_TCP] = "tcp      6",
	    [P_UDP] = "udp      17", [P_ICMP] = "icmp     1" };
	struct tup back = { e->trans.dst, e->trans.src, e->trans.dport,
	    e->trans.sport, e->trans.proto };
	bool tcp = e->orig.proto == P_TCP, silent = strcmp(e->state, "SYN_SENT") == 0 ||
	    strcmp(e->state, "UNREPLIED") == 0;

	if (e->orig.proto == P_ICMP)
		back.sport = e->trans.sport;
	fprintf(f, "%s %u", words[e->orig.proto], timeout_of(e->state));
	if (tcp)
		fprintf(f, " %s", e->state);
	put_tup(f, &e->orig, false);
	if (silent)
		fputs(" [UNREPLIED]", f);
	put_tup(f, &back, true);
	if (!silent && tcp && strcmp(e->state, "CLOSE") != 0)
		fputs(" [ASSURED]", f);
	fprintf(f, " mark=%u use=1\n", e->mark);
}

void
write_conntrack(const struct node_state *s)
{
	struct entries e = { .n = 0 };
	struct prng r = { s->seed };
	struct entry x;
	uint32_t i;
	size_t k;
	FILE *f;

	if (s->truth != NULL)
		read_truth(&e, s->truth);
	keep_last(&e);
	for (i = 0; e.n < s->entries; i++) {
		x = other_entry(s, i, &r);
		add(&e, &x);
	}
	shuffle(&e, &r);
	f = dump_open(s, "conntrack.txt");
	fputs("*** Output of conntrack -S ***\n"
	    "cpu=0   \tfound=0 invalid=0 insert=0 insert_failed=0 drop=0 "
	    "early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n"
	    "\n*** Output of conntrack -L ***\n", f);
	for (k = 0; k < e.n; k++)
		put_entry(f, &e.v[k]);
	dump_close(f, "conntrack.txt");
	free(e.v);
}
