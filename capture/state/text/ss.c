/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ss.c - sockets of the node as ss(8) and netstat(8) list them: iproute2's
 * misc/ss.c and net-tools' netstat.c.
 *
 * ss leaves out the column Netid when one kind of socket was asked for, and
 * State when one state was; both are told by what stands first in a row.
 */
#include <netinet/in.h>

#include "capture/state/text/iproute2.h"
#include "capture/state/files.h"

#define COMM_MAX	15	/* TASK_COMM_LEN without the NUL */
/* netstat cuts "PID/Program name", and an address with its port, to so much. */
#define NETSTAT_PROGRAM	19
#define NETSTAT_ADDR	23

struct ss_text {
	struct reader	*reader;
	unsigned long	 line;
	uint8_t		 proto;		/* of rows without Netid */
};

/* ---- the kind of a row */

/* Netid of ss, Proto of netstat; proto 0: sockets that are not kept. */
static const struct { const char *word; uint8_t proto; } kinds[] = {
	{ "tcp", IPPROTO_TCP }, { "tcp6", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP }, { "udp6", IPPROTO_UDP },
	{ "udplite", 0 }, { "udplite6", 0 }, { "raw", 0 }, { "raw6", 0 },
	{ "icmp", 0 }, { "icmp6", 0 }, { "sctp", 0 }, { "dccp", 0 },
	{ "mptcp", 0 }, { "nl", 0 }, { "unix", 0 }, { "u_str", 0 },
	{ "u_dgr", 0 }, { "u_seq", 0 }, { "p_raw", 0 }, { "p_dgr", 0 },
	{ "ti_rd", 0 }, { "ti_dg", 0 }, { "ti_sq", 0 }, { "ti_st", 0 },
	{ "v_str", 0 }, { "v_dgr", 0 }, { "xdp", 0 }, { "tipc", 0 },
	{ "???", 0 },
};

static bool
find_kind(const struct word *w, uint8_t *proto)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (word_is(w, kinds[i].word)) {
			*proto = kinds[i].proto;
			return true;
		}
	return false;
}

/* "ESTAB", "TIME-WAIT", "FIN-WAIT-1"; netstat has "TIME_WAIT". */
static bool
is_state(const struct word *w)
{
	bool letters = false;

	for (size_t i = 0; i < w->len; i++) {
		char c = w->p[i];

		letters |= c >= 'A' && c <= 'Z';
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return letters;
}

/* The next row; what both programs print above and between rows is passed over:
   their heads, notes on missing rights, and (indented) more about a socket. */
static bool
next_row(struct ss_text *t, struct line *l)
{
	static const char *const heads[] = { "State", "Netid", "Recv-Q", "Proto",
		"Active" };
	struct word first;
	size_t i;

	while (reader_line(t->reader, l)) {
		struct words ws = words_of(l->p, l->len);

		t->line = l->number;
		if (!word_next(&ws, &first) || first.p > l->p ||
		    word_starts(&first, "***") || word_starts(&first, "(No"))
			continue;
		for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
			if (word_is(&first, heads[i]))
				break;
		if (i == sizeof(heads) / sizeof(heads[0]))
			return true;
		/* a list without a socket is one, too */
		state_mark(t->reader->state, PART_SOCKETS);
	}
	return false;
}

/* ---- addresses */

static bool
is_unspecified(const struct addr *a)
{
	static const struct addr v4 = { .b = { [10] = 0xff, [11] = 0xff } };
	static const struct addr v6 = { .b = { 0 } };

	return addr_eq(a, &v4) || addr_eq(a, &v6);
}

/* "[::ffff:192.168.2.41]:10250", "127.0.0.1%lo:53", "[fe80::1]%eth0:546", "*:22",
   and of older ones ":::22"; the port may be "*" (0). */
static bool
take_addr(const struct word *w, struct addr *a, uint16_t *port)
{
	const char *colon = memrchr(w->p, ':', w->len), *dev;
	struct word host = { w->p, 0 }, number;
	uint32_t n = 0;

	if (colon == NULL)
		return false;
	host.len = (size_t)(colon - w->p);
	number = (struct word){ colon + 1, w->len - host.len - 1 };
	if (!word_is(&number, "*") && !word_number(&number, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	dev = memchr(host.p, '%', host.len);
	/* "[fe80::1%eth0]" too: the bracket goes with it */
	if (dev != NULL)
		host.len = (size_t)(dev - host.p);
	if (host.len > 0 && host.p[0] == '[') {
		host.p++;
		host.len--;
		if (host.len > 0 && host.p[host.len - 1] == ']')
			host.len--;
		else if (dev == NULL)
			return false;
	}
	memset(a, 0, sizeof(*a));
	return word_is(&host, "*") || word_addr(&host, a);
}

/* ---- processes */

/* One user of a socket. */
struct user {
	struct word	name;
	uint32_t	pid;
};

static const char *
digits(const char *p, const char *end, uint32_t *out)
{
	struct word w = { p, 0 };

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	w.len = (size_t)(p - w.p);
	return word_number(&w, INT32_MAX, out) ? p : NULL;
}

/* What stands behind a name: `",pid=3012,fd=22)`, with more between, or that of
   iproute2 before 4.0: `",3012,22)`.  The end behind it, or NULL. */
static const char *
after_name(const char *p, const char *end, uint32_t *pid)
{
	static const char now[] = "\",pid=", old[] = "\",";
	size_t n = (size_t)(end - p);

	if (n >= sizeof(now) - 1 && memcmp(p, now, sizeof(now) - 1) == 0)
		p += sizeof(now) - 1;
	else if (n >= sizeof(old) - 1 && memcmp(p, old, sizeof(old) - 1) == 0)
		p += sizeof(old) - 1;
	else
		return NULL;
	p = digits(p, end, pid);
	if (p == NULL || p == end || *p != ',')
		return NULL;
	p = memchr(p, ')', (size_t)(end - p));
	return p ? p + 1 : NULL;
}

/*
 * `("kubelet",pid=3012,fd=22)` at p.  A process names itself, and may do so with
 * quotes: the longest name that fits counts, so that none can look like another.
 */
static const char *
take_user(const char *p, const char *end, struct user *u)
{
	const char *found = NULL, *next;
	uint32_t pid;

	if (end - p < 2 || p[0] != '(' || p[1] != '"')
		return NULL;
	p += 2;
	for (size_t n = 0; n <= COMM_MAX && n < (size_t)(end - p); n++) {
		next = after_name(p + n, end, &pid);
		if (next == NULL || next == end || (*next != ',' && *next != ')'))
			continue;
		/* of the older form a second user may look like part of a name */
		if (found != NULL && memcmp(p + n, "\",p", 3) != 0)
			continue;
		*u = (struct user){ { p, n }, pid };
		found = next;
	}
	return found;
}

static bool
same_name(const struct word *a, const struct word *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* systemd holds the sockets that it opens for others (systemd.socket(5)). */
static bool
is_keeper(const struct user *u)
{
	return u->pid == 1 && word_is(&u->name, "systemd");
}

/* Users of several names are nobody's socket; of several numbers and one name
   (workers), its. */
static void
take_users(struct ss_text *t, struct sock *k, const char *p, const char *end)
{
	struct user one = { { NULL, 0 }, 0 }, u;
	const char *next;
	bool mixed = false;

	for (;; p = next + 1) {
		next = take_user(p, end, &u);
		if (next == NULL) {
			struct word w = { p, (size_t)(end - p) };

			reader_bad(t->reader, t->line, "found '%.*s'; expected a "
			    "process such as (\"kubelet\",pid=3012,fd=22)",
			    QUOTED(&w));
			return;
		}
		if (one.name.p == NULL || is_keeper(&one)) {
			one = u;
		} else if (!is_keeper(&u)) {
			mixed |= !same_name(&one.name, &u.name);
			one.pid = one.pid == u.pid ? u.pid : 0;
		}
		if (*next == ')')
			break;
	}
	if (mixed || one.name.len == 0 ||
	    memchr(one.name.p, '\0', one.name.len) != NULL)
		return;
	k->process = state_text(t->reader->state, one.name.p, one.name.len);
	k->pid = one.pid;
}

/* ---- rows */

static void
keep(struct ss_text *t, const struct sock *k)
{
	struct sock *out = state_push(t->reader->state, socks);

	if (out != NULL)
		*out = *k;
	state_mark(t->reader->state, PART_SOCKETS);
}

static bool
is_queue(const struct word *w)
{
	uint32_t n;

	return word_number(w, UINT32_MAX, &n);
}

static void
bad_row(struct ss_text *t, const struct word *w)
{
	reader_bad(t->reader, t->line, "found '%.*s'; expected a socket as 'ss "
	    "-tunap' lists it, with numbers for ports", QUOTED(w));
}

/* Both ends; w is where it went wrong. */
static bool
take_ends(struct words *ws, struct sock *k, struct word *w)
{
	if (!word_next(ws, w) || !take_addr(w, &k->local, &k->lport))
		return false;
	k->any_local = is_unspecified(&k->local);
	return word_next(ws, w) && take_addr(w, &k->peer, &k->pport);
}

static void
take_ss_row(struct ss_text *t, const struct line *l)
{
	static const char users[] = "users:(";
	struct words ws = words_of(l->p, l->len);
	struct sock k = { .proto = t->proto };
	bool listens = false, ok;
	struct word w;
	const char *p;

	ok = word_next(&ws, &w);
	if (ok && find_kind(&w, &k.proto)) {
		if (k.proto == 0)
			return;
		ok = word_next(&ws, &w);
	}
	if (ok && is_state(&w)) {
		listens = word_is(&w, "LISTEN");
		ok = word_next(&ws, &w);
	}
	ok = ok && is_queue(&w) && word_next(&ws, &w) && is_queue(&w) &&
	    take_ends(&ws, &k, &w);
	if (!ok) {
		bad_row(t, &w);
		return;
	}
	/* a UDP socket without a peer takes from everybody */
	k.listens = listens || (k.proto == IPPROTO_UDP && k.pport == 0);
	p = memmem(ws.p, (size_t)(ws.end - ws.p), users, sizeof(users) - 1);
	if (p != NULL)
		take_users(t, &k, p + sizeof(users) - 1, ws.end);
	keep(t, &k);
}

/* Rows of UDP alone have no Netid, but the state UNCONN, which TCP's never have. */
static uint8_t
proto_of_rows(const struct reader *r)
{
	struct reader quiet = { .state = r->state, .file = r->file,
	    .data = r->data, .len = r->len };
	struct line l = { 0 };
	struct word w;

	while (reader_line(&quiet, &l)) {
		struct words ws = words_of(l.p, l.len);

		if (l.len > 0 && !is_blank(l.p[0]) && word_next(&ws, &w) &&
		    word_is(&w, "UNCONN"))
			return IPPROTO_UDP;
	}
	return IPPROTO_TCP;
}

/* "ss-udp.txt", or "ss-unp.txt": of ss's options -u without -t. */
static bool
name_says_udp(const char *path)
{
	char key[FILE_KEY_MAX];

	if (!file_name_key(path, key))
		return false;
	if (strstr(key, "udp") != NULL)
		return strstr(key, "tcp") == NULL;
	return strncmp(key, "ss", 2) == 0 && strchr(key, 'u') != NULL &&
	    strspn(key + 2, "tunlpaemioH4") == strlen(key + 2) &&
	    strchr(key, 't') == NULL;
}

void
read_ss(struct reader *r)
{
	struct ss_text t = { .reader = r, .proto = name_says_udp(r->file) ?
	    IPPROTO_UDP : proto_of_rows(r) };
	struct line l = { 0 };

	while (next_row(&t, &l))
		take_ss_row(&t, &l);
	merge_socks(r);
}

/* ---- netstat */

/* "3012/kubelet", "-" */
static void
take_program(struct ss_text *t, struct sock *k, struct word *w)
{
	const char *end = w->p + w->len, *name = digits(w->p, end, &k->pid);

	if (name == NULL || name == end || *name != '/') {
		k->pid = 0;
		return;
	}
	name++;
	/* "1234/nginx:" is a title, "nginx: master process" */
	while (end > name && is_blank(end[-1]))
		end--;
	if (end > name && end[-1] == ':')
		end--;
	if (end > name && (size_t)(end - w->p) < NETSTAT_PROGRAM &&
	    memchr(name, '\0', (size_t)(end - name)) == NULL)
		k->process = state_text(t->reader->state, name,
		    (size_t)(end - name));
}

/* netstat shows an IPv6 address cut, without a sign that it is (-W: whole). */
static bool
may_be_cut(const struct word *w)
{
	return w->len >= NETSTAT_ADDR && memchr(w->p, ':', w->len) !=
	    memrchr(w->p, ':', w->len);
}

/* False when it is reported. */
static bool
take_netstat_ends(struct ss_text *t, struct words *ws, const struct line *l,
    struct sock *k)
{
	struct word queue, local = { "", 0 }, peer = { "", 0 };
	bool ok = word_next(ws, &queue) && is_queue(&queue) &&
	    word_next(ws, &queue) && is_queue(&queue) &&
	    word_next(ws, &local) && word_next(ws, &peer);

	if (ok && (may_be_cut(&local) || may_be_cut(&peer))) {
		reader_bad(t->reader, t->line, "'%.*s %.*s' may be cut; expected "
		    "whole addresses, as 'ss' or 'netstat -W' shows them",
		    QUOTED(&local), QUOTED(&peer));
		return false;
	}
	if (!ok || !take_addr(&local, &k->local, &k->lport) ||
	    !take_addr(&peer, &k->peer, &k->pport)) {
		reader_bad(t->reader, t->line, "found '%.*s'; expected two queues "
		    "and two addresses with numbers for ports, as 'netstat -plant' "
		    "lists them", (int)(l->len < QUOTED_MAX ? l->len : QUOTED_MAX),
		    l->p);
		return false;
	}
	k->any_local = is_unspecified(&k->local);
	return true;
}

static void
take_netstat_row(struct ss_text *t, const struct line *l)
{
	struct words ws = words_of(l->p, l->len);
	struct sock k = { 0 };
	struct word w;

	if (!word_next(&ws, &w) || !find_kind(&w, &k.proto)) {
		reader_bad(t->reader, t->line, "found '%.*s'; expected a socket as "
		    "'netstat -plant' lists it", QUOTED(&w));
		return;
	}
	if (k.proto == 0 || !take_netstat_ends(t, &ws, l, &k))
		return;
	k.listens = k.proto == IPPROTO_UDP && k.pport == 0;
	if (word_next(&ws, &w) && is_state(&w)) {
		k.listens |= word_is(&w, "LISTEN");
		word_next(&ws, &w);
	}
	/* the name may have blanks in it; -o puts more behind it */
	w.len = (size_t)(l->p + l->len - w.p);
	if (w.len > NETSTAT_PROGRAM)
		w.len = NETSTAT_PROGRAM;
	take_program(t, &k, &w);
	keep(t, &k);
}

void
read_netstat(struct reader *r)
{
	struct ss_text t = { .reader = r };
	struct line l = { 0 };

	while (next_row(&t, &l))
		take_netstat_row(&t, &l);
	merge_socks(r);
}
