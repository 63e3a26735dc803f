/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_judge.c - questions that were not answered, or not well.
 *
 * Where a question was lost shows in how many of the flow's packets came in and
 * how many left; that none left proves something only where everything was
 * captured.  Two questions of one socket at once race in conntrack before their
 * entry is confirmed, and the later one is dropped with insert_failed counted
 * (nf_conntrack_core.c, __nf_conntrack_confirm()); the resolver asks again after
 * 5 s.
 */
#include "decode/app/dns_search.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode/verdict/finding.h"

#define PAIR_NS		(2 * NS_PER_MSEC)	/* A and AAAA are sent at once */
#define AT_ONCE_NS	NS_PER_SEC		/* answered without asking again */
#define RETRY_NS	(DNS_PATIENCE_NS - NS_PER_SEC / 2)
#define LIMIT_PPS	1024	/* to link-local services, of an ENI */
#define NEAR_LIMIT	800

/* What a question is, of which it may be two. */
enum class { C_NO_ANSWER = 1 << 0, C_LATE = 1 << 1, C_ERROR = 1 << 2, C_MISS = 1 << 3,
	C_ANSWERED = 1 << 4 };

struct sheet {
	struct flow	*f;
	const struct dns_case *k;
	const char	*kind;		/* of the server; NULL */
	char		 server[ADDR_TEXT_MAX + 24];
	const struct leg *in, *out;	/* of the question; NULL: not seen */
	const struct leg *reply_in, *reply_out;
	uint8_t		 classes[DNS_FLOW_QUERIES];	/* enum class */
	unsigned	 n;
};

/* ---- what was seen of it */

static void
see(struct sheet *t)
{
	for (unsigned i = 0; i < t->f->n_legs; i++) {
		const struct leg *l = &t->f->legs[i];
		const struct leg **in = l->reply ? &t->reply_in : &t->in;
		const struct leg **out = l->reply ? &t->reply_out : &t->out;

		if (l->tunnel.type != TUN_NONE || *out != NULL)
			continue;
		if (l->dir == DIR_IN)
			*in = l;
		else if (l->dir == DIR_OUT)
			*out = l;
	}
}

static const char *
dev_of(const struct sheet *t, const struct leg *l)
{
	const char *dev = NULL;

	if (t->k->dev != NULL)
		dev = t->k->dev(t->k->arg, l->iface);
	else if (l == t->in && addr_eq(&t->f->node.pod_ip, &l->t.src))
		dev = t->f->node.veth;
	return dev != NULL ? dev : "an interface";
}

/* Is the server a process of this node? */
static bool
ends_here(const struct sheet *t)
{
	const struct state *s = t->k->state;
	const struct flow *f = t->f;
	const struct addr *dst = f->has & FLOW_TRANSLATED ? &f->translated.dst :
	    &f->original.dst;
	struct owner o;

	for (uint32_t i = 0; s != NULL && i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, dst))
			return true;
	if (t->k->contract == NULL)
		return false;
	contract_owner(t->k->contract, dst, &o);
	return o.kind == OWNER_NODE;
}

/* Packets of questions that came in and certainly did not leave, for the capture lost
   none; 0 when that is not sure. */
static uint64_t
lost_here(const struct sheet *t)
{
	const struct dns_case *k = t->k;
	const struct flow *f = t->f;
	uint64_t left = t->out != NULL ? t->out->packets : 0;

	if (f->proto != PROTO_UDP || t->in == NULL || t->in->packets <= left ||
	    k->state == NULL || f->confidence == CONF_AMBIGUOUS ||
	    f->legs_left_out > 0 || ends_here(t))
		return 0;
	if (k->covers == NULL || (t->out == NULL && (!k->covers(k->arg, NULL) ||
	    k->maybe_left == NULL || k->maybe_left(k->arg, f))))
		return 0;
	return t->in->packets - left;
}

/* ---- classes */

/* The other one of A and AAAA, asked at once and answered at once. */
static const struct dns_query *
partner(const struct flow *f, const struct dns_query *q)
{
	uint16_t other = q->type == DNS_A ? DNS_AAAA : DNS_A;

	if ((q->type != DNS_A && q->type != DNS_AAAA) || f->proto != PROTO_UDP)
		return NULL;
	for (unsigned i = 0; i < f->app.n_queries; i++) {
		const struct dns_query *p = &f->app.queries[i];
		int64_t apart = nstime_diff_ns(p->asked, q->asked);

		if (p->type == other && p->sent > 0 && p->outcome != DNS_WAITING &&
		    apart <= PAIR_NS && apart >= -PAIR_NS &&
		    nstime_diff_ns(p->answered, p->asked) <= AT_ONCE_NS &&
		    strcmp(p->name, q->name) == 0)
			return p;
	}
	return NULL;
}

/* Have both A and AAAA, where both were asked, nothing?  One of them alone is no
   sign. */
static bool
is_empty(const struct flow *f, const struct dns_query *q)
{
	bool a = false, aaaa = false;

	for (unsigned i = 0; i < f->app.n_queries; i++) {
		const struct dns_query *p = &f->app.queries[i];

		if (strcmp(p->name, q->name) != 0)
			continue;
		if (p->outcome != DNS_EMPTY || p->truncated)
			return false;
		a |= p->type == DNS_A;
		aaaa |= p->type == DNS_AAAA;
	}
	return a && aaaa;
}

/* Its answer came at once, but only when it was asked again. */
static bool
is_late(const struct flow *f, const struct dns_query *q)
{
	return q->sent > 1 && q->answered.ns >= q->last.ns &&
	    nstime_diff_ns(q->answered, q->last) <= AT_ONCE_NS &&
	    nstime_diff_ns(q->last, q->asked) >= RETRY_NS && partner(f, q) != NULL;
}

static unsigned
classes_of(const struct sheet *t, const struct dns_query *q)
{
	unsigned c = is_late(t->f, q) ? C_ANSWERED | C_LATE : C_ANSWERED;
	char first[DNS_NAME_MAX];
	bool nothing;

	if (q->outcome == DNS_WAITING)
		return nstime_diff_ns(t->k->now, q->last) >= (t->k->over ?
		    DNS_PATIENCE_OVER_NS : DNS_PATIENCE_NS) ? C_NO_ANSWER : 0;
	nothing = q->outcome == DNS_EMPTY ? is_empty(t->f, q) :
	    q->outcome == DNS_FAILED && q->rcode == DNS_NXDOMAIN;
	if (nothing && dns_search_made(t->k, t->f, q, first))
		return c | C_MISS;
	return q->outcome == DNS_FAILED ? c | C_ERROR : c;
}

/* Answers came that could not be read: whose they are is not known. */
static bool
has_strange_answers(const struct flow *f)
{
	uint64_t answers = 0;

	for (unsigned i = 0; i < f->app.n_queries; i++)
		answers += f->app.queries[i].answers;
	return f->proto == PROTO_UDP && f->app.queries_left_out == 0 &&
	    f->reply_packets > answers;
}

static void
classify(struct sheet *t)
{
	const struct flow *f = t->f;
	bool strange = t->k->unread || has_strange_answers(f);

	t->n = f->app.n_queries < DNS_FLOW_QUERIES ? f->app.n_queries : DNS_FLOW_QUERIES;
	for (unsigned i = 0; i < t->n; i++) {
		t->classes[i] = (uint8_t)classes_of(t, &f->app.queries[i]);
		if (strange)
			t->classes[i] &= (uint8_t)~C_NO_ANSWER;
	}
}

static const struct dns_query *
first_of(const struct sheet *t, enum class c)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->classes[i] & c)
			return &t->f->app.queries[i];
	return NULL;
}

/* ---- words */

#define WHAT_MAX	(DNS_NAME_MAX + 64)

__attribute__((format(printf, 3, 4)))
static void
append(char *out, size_t size, const char *format, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, format);
	vsnprintf(out + n, size - n, format, ap);
	va_end(ap);
}

/* "A and AAAA www.example.com", all of that class with the name of `q`. */
static void
say_what(const struct sheet *t, enum class c, const struct dns_query *q,
    char out[static WHAT_MAX])
{
	unsigned types[DNS_FLOW_QUERIES], n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < t->n; i++) {
		const struct dns_query *p = &t->f->app.queries[i];
		unsigned k = 0;

		if (!(t->classes[i] & c) || strcmp(p->name, q->name) != 0 ||
		    p->rcode != q->rcode)
			continue;
		while (k < n && types[k] != p->type)
			k++;
		if (k < n || n == 3)
			continue;
		types[n++] = p->type;
		append(out, WHAT_MAX, "%s", n > 1 ? " and " : "");
		if (dns_type_name(p->type) != NULL)
			append(out, WHAT_MAX, "%s", dns_type_name(p->type));
		else
			append(out, WHAT_MAX, "TYPE%u", p->type);
	}
	append(out, WHAT_MAX, " %s", q->name);
}

/* How many other names there are of that class. */
static void
say_more(const struct sheet *t, enum class c, const struct dns_query *q, char *out,
    size_t size)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n; i++) {
		const struct dns_query *p = &t->f->app.queries[i];

		n += t->classes[i] & c && (p->rcode != q->rcode ||
		    strcmp(p->name, q->name) != 0);
	}
	if (n > 0)
		append(out, size, " (and %u more of this flow)", n);
}

static void
say_server(struct sheet *t)
{
	char addr[ADDR_TEXT_MAX];

	addr_format(&t->f->original.dst, addr);
	t->kind = dns_server_kind(t->k->state, t->k->contract, t->f);
	snprintf(t->server, sizeof(t->server), "%s%s%s%s", addr, t->kind ? " (" : "",
	    t->kind ? t->kind : "", t->kind ? ")" : "");
}

/* insert_failed that is 0 speaks against it, unless the state was saved before. */
static void
say_race(const struct sheet *t, char *out, size_t size)
{
	int64_t failed = t->k->state != NULL ? t->k->state->ct_insert_failed : -1;

	append(out, size, "%s5-second conntrack race (two queries of one socket at once",
	    failed > 0 ? "" : "it looks like the ");
	if (failed > 0)
		append(out, size, "; insert_failed %" PRId64 ")", failed);
	else if (failed == 0)
		append(out, size, "), but insert_failed is 0");
	else
		append(out, size, ")");
}

/* ---- not answered */

static void
say_lost_here(const struct sheet *t, const struct dns_query *q, uint64_t lost, char *out,
    size_t size)
{
	int64_t failed = t->k->state->ct_insert_failed;

	append(out, size, ": ");
	if (t->out != NULL)
		append(out, size, "%" PRIu64 " of %" PRIu64 " packets that came in by %s "
		    "never left this node", lost, t->in->packets, dev_of(t, t->in));
	else
		append(out, size, "it came in by %s and never left this node",
		    dev_of(t, t->in));
	if (partner(t->f, q) != NULL) {
		append(out, size, ": ");
		say_race(t, out, size);
	} else if (failed > 0) {
		append(out, size, "; conntrack counts %" PRId64 " entries that could not "
		    "be inserted (insert_failed)", failed);
	}
}

static bool
is_limited(const struct sheet *t)
{
	const uint8_t *b = t->f->original.dst.b;

	if (t->kind != NULL)
		return strcmp(t->kind, "vpc-resolver") == 0;
	return addr_is_v4(&t->f->original.dst) && b[12] == 169 && b[13] == 254;
}

static void
say_lost_beyond(const struct sheet *t, const struct dns_query *q, char *out, size_t size)
{
	unsigned rate = 0;

	append(out, size, ": it left by %s, and no answer came in", dev_of(t, t->out));
	if (!is_limited(t))
		return;
	if (t->k->log != NULL)
		rate = dns_log_rate(t->k->log, &t->f->original.dst, q->last);
	if (rate >= NEAR_LIMIT)
		append(out, size, ": %u queries in that second, near the limit of %u "
		    "packets per second of an ENI", rate, LIMIT_PPS);
	else
		append(out, size, ", possibly for the limit of %u packets per second of "
		    "an ENI", LIMIT_PPS);
}

static void
say_where(const struct sheet *t, const struct dns_query *q, char *out, size_t size)
{
	uint64_t lost = lost_here(t);

	if (lost > 0)
		say_lost_here(t, q, lost, out, size);
	else if (t->out != NULL)
		say_lost_beyond(t, q, out, size);
	else if (t->in != NULL && ends_here(t))
		append(out, size, ": it came in by %s for this node itself",
		    dev_of(t, t->in));
	else if (t->in != NULL)
		append(out, size, ": it came in by %s; where it was lost is not known",
		    dev_of(t, t->in));
}

static bool
says_loss(const struct flow *f)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, "loss") == 0)
			return true;
	return false;
}

static void
judge_no_answer(struct sheet *t)
{
	const struct dns_query *q = first_of(t, C_NO_ANSWER);
	char text[sizeof(t->f->findings[0].text)] = "", what[WHAT_MAX];
	int64_t tenths;

	if (q == NULL)
		return;
	say_what(t, C_NO_ANSWER, q, what);
	if (t->k->lossy) {
		if (!says_loss(t->f))
			finding_add(t->f, F_LOSS, "no answer to %s was seen, but the capture "
			    "lost packets: it may have been among them", what);
		return;
	}
	append(text, sizeof(text), "%s: asked of %s", what, t->server);
	if (q->sent > 1)
		append(text, sizeof(text), " %u times", q->sent);
	append(text, sizeof(text), " and not answered");
	tenths = nstime_diff_ns(t->k->now, q->last) / (NS_PER_SEC / 10);
	if (tenths < DNS_PATIENCE_NS / (NS_PER_SEC / 10))
		append(text, sizeof(text), " in the %" PRId64 ".%" PRId64 " s until the "
		    "end", tenths / 10, tenths % 10);
	say_more(t, C_NO_ANSWER, q, text, sizeof(text));
	if (t->f->proto == PROTO_UDP)
		say_where(t, q, text, sizeof(text));
	finding_add(t->f, F_DNS_NO_ANSWER, "%s", text);
}

/* Answered, but only when it was asked again. */
static void
judge_late(struct sheet *t)
{
	const struct dns_query *q = first_of(t, C_LATE);
	char text[sizeof(t->f->findings[0].text)] = "", what[WHAT_MAX];
	int64_t tenths;

	if (q == NULL || t->k->lossy)
		return;
	say_what(t, C_LATE, q, what);
	tenths = nstime_diff_ns(q->last, q->asked) / (NS_PER_SEC / 10);
	append(text, sizeof(text), "%s: answered only when it was asked again %" PRId64
	    ".%" PRId64 " s later: ", what, tenths / 10, tenths % 10);
	if (lost_here(t) > 0) {
		say_race(t, text, sizeof(text));
	} else if (t->out != NULL && t->in != NULL && t->in->packets <= t->out->packets) {
		append(text, sizeof(text), "the first query left by %s, and no answer to "
		    "it came in", dev_of(t, t->out));
	} else {
		append(text, sizeof(text), "where the first query was lost is not known");
		if (t->k->state == NULL || t->k->state->ct_insert_failed != 0) {
			append(text, sizeof(text), "; ");
			say_race(t, text, sizeof(text));
		}
	}
	finding_add(t->f, F_DNS_NO_ANSWER, "%s", text);
}

/* Answers came in from the server and did not go on to the client. */
static void
judge_not_delivered(struct sheet *t)
{
	const struct flow *f = t->f;
	const struct dns_case *k = t->k;
	const struct dns_query *q = first_of(t, C_ANSWERED);
	uint64_t out = t->reply_out != NULL ? t->reply_out->packets : 0;
	char what[WHAT_MAX];

	/* What was forwarded came in where its answer must go out. */
	if (q == NULL || f->proto != PROTO_UDP || t->in == NULL || t->out == NULL ||
	    t->reply_in == NULL || t->reply_in->packets <= out || k->lossy ||
	    f->confidence == CONF_AMBIGUOUS || f->legs_left_out > 0 ||
	    nstime_diff_ns(k->now, t->reply_in->last) < AT_ONCE_NS)
		return;
	if (out > 0 || t->n > 1) {
		finding_add(t->f, F_DNS_NO_ANSWER, "%" PRIu64 " of %" PRIu64 " answers "
		    "of %s came in by %s and were not delivered",
		    t->reply_in->packets - out, t->reply_in->packets, t->server,
		    dev_of(t, t->reply_in));
		return;
	}
	say_what(t, C_ANSWERED, q, what);
	finding_add(t->f, F_DNS_NO_ANSWER, "%s: the answer of %s came in by %s and was "
	    "not delivered", what, t->server, dev_of(t, t->reply_in));
}

/* ---- answered, but not well */

static void
judge_error(struct sheet *t)
{
	const struct dns_query *q = first_of(t, C_ERROR);
	char text[sizeof(t->f->findings[0].text)] = "", what[WHAT_MAX];
	const char *rcode;

	if (q == NULL)
		return;
	say_what(t, C_ERROR, q, what);
	rcode = dns_rcode_name(q->rcode);
	if (rcode != NULL)
		append(text, sizeof(text), "%s: %s answered %s%s", what, t->server, rcode,
		    q->rcode == DNS_NXDOMAIN ? ", there is no such name" : "");
	else
		append(text, sizeof(text), "%s: %s answered with return code %u", what,
		    t->server, q->rcode);
	say_more(t, C_ERROR, q, text, sizeof(text));
	finding_add(t->f, F_DNS_ERROR, "%s", text);
}

static void
judge_miss(struct sheet *t)
{
	const struct dns_query *q = first_of(t, C_MISS);
	char text[sizeof(t->f->findings[0].text)] = "", what[WHAT_MAX];
	char first[DNS_NAME_MAX];

	if (q == NULL || !dns_search_made(t->k, t->f, q, first))
		return;
	say_what(t, C_MISS, q, what);
	append(text, sizeof(text), "%s: %s, which the client's search list made", what,
	    q->rcode == DNS_NXDOMAIN ? "NXDOMAIN for a name" : "no address of a name");
	/* the name is what was made of it and more, and both must fit */
	if (first[0] != '\0' && strlen(first) + strlen(text) + 48 < sizeof(text))
		append(text, sizeof(text), " of %s", first);
	say_more(t, C_MISS, q, text, sizeof(text));
	finding_add(t->f, F_DNS_SEARCH_MISS, "%s", text);
}

void
dns_judge_case(struct flow *f, const struct dns_case *k)
{
	struct sheet t = { .f = f, .k = k };

	if (f->app.queries == NULL || f->app.n_queries == 0)
		return;
	see(&t);
	say_server(&t);
	classify(&t);
	judge_no_answer(&t);
	judge_late(&t);
	judge_not_delivered(&t);
	judge_error(&t);
	judge_miss(&t);
}
