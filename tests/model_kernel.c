/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_kernel.c - does the model route as the kernel does?
 *
 * model_kernel SEED SETS [lie]: makes devices in the network namespace that it is
 * started in (a throw-away one: tests/t_model_kernel.sh), then SETS times random
 * policy rules, routes and settings, reads them back through the readers of
 * `ip rule` and `ip route show table all`, and compares the answers of
 * `ip route get` with the model's.  Prints each difference and the sums; the
 * exit code is 1 when there was one.  With a third argument the model is given a
 * rule that is not so, which must be noticed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode/model.h"
#include "tests/model_lab.h"

#define N_DEVS		6
#define N_QUESTIONS	40
#define MAX_SHOWN	20

static const char *const devs[N_DEVS] = { "mk0", "mk1", "mk2", "mk3", "mk4", "mk5" };
static const char *const tables[] = { "main", "10", "11", "12", "200" };
static bool with_addrs, lie;
static unsigned n_asked, n_differ, n_sent, n_local, n_refused, n_dropped, n_unknown;

/* ---- what there is */

static void
make_devices(void)
{
	FILE *f = lab_file("devices");

	fprintf(f, "link set lo up\n");
	for (unsigned i = 0; i < N_DEVS; i++) {
		fprintf(f, "link add %s type veth peer name %sp\n", devs[i], devs[i]);
		fprintf(f, "link set %sp up\nlink set %s up\n", devs[i], devs[i]);
		/* The last has none, as a pod's veth. */
		if (i < N_DEVS - 1)
			fprintf(f, "addr add 10.0.%u.1/24 dev %s\n", i, devs[i]);
	}
	fprintf(f, "addr add 10.0.0.7/24 dev mk0\naddr add 10.3.3.1/28 dev mk1\n");
	fclose(f);
	if (lab_shell("ip -batch %s/devices", lab_dir) != 0)
		errx(2, "cannot make devices");
}

static void
random_settings(struct state *s)
{
	static const char *const keys[] = { "forwarding", "accept_local",
	    "src_valid_mark", "route_localnet", "rp_filter" };

	for (unsigned d = 0; d <= N_DEVS; d++) {
		const char *name = d == N_DEVS ? "all" : devs[d];

		/* "all" sets the forwarding of each device: leave that alone. */
		if (d < N_DEVS)
			lab_sysctl(s, name, keys[0], !lab_chance(5));
		lab_sysctl(s, name, keys[1], lab_chance(d == N_DEVS ? 2 : 10));
		lab_sysctl(s, name, keys[2], lab_chance(d == N_DEVS ? 5 : 20));
		lab_sysctl(s, name, keys[3], lab_chance(5));
		lab_sysctl(s, name, keys[4], lab_chance(50) ? 0 : (int)lab_pick(3));
	}
	state_mark(s, PART_SYSCTLS);
}

static const char *
address(char out[static 32])
{
	if (lab_chance(5))
		snprintf(out, 32, "192.0.2.%u", lab_pick(4));
	else if (lab_chance(1))
		snprintf(out, 32, "127.0.0.%u", 1 + lab_pick(3));
	else
		snprintf(out, 32, "10.%u.%u.%u", lab_pick(4), lab_pick(6), lab_pick(10));
	return out;
}

static const char *
range(char out[static 40])
{
	static const unsigned char lens[] = { 0, 8, 14, 16, 22, 24, 28, 29, 30, 31,
	    32, 32, 32 };
	unsigned len = lens[lab_pick(sizeof(lens))];
	unsigned a = 10u << 24 | lab_pick(4) << 16 | lab_pick(6) << 8 | lab_pick(10);

	a &= len == 0 ? 0 : ~0u << (32 - len);
	snprintf(out, 40, "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
	    a & 255, len);
	return out;
}

static void
random_action(FILE *f, unsigned priority)
{
	unsigned what = lab_pick(40);

	if (what == 0)
		fprintf(f, " type blackhole");
	else if (what == 1)
		fprintf(f, " type unreachable");
	else if (what == 2)
		fprintf(f, " type prohibit");
	else if (what == 3)
		fprintf(f, " type nop");
	else if (what < 7)
		fprintf(f, " goto %u", priority + 1 + lab_pick(6));
	else
		fprintf(f, " table %s", lab_chance(5) ? "77" : tables[lab_pick(5)]);
	if (what > 30)
		fprintf(f, " suppress_prefixlength %u", lab_pick(4) * 8);
}

static void
random_rule(FILE *f)
{
	unsigned priority = 1 + lab_pick(60);
	char text[40];

	fprintf(f, "rule add pref %u", priority);
	if (lab_chance(10))
		fprintf(f, " not");
	if (lab_chance(35))
		fprintf(f, " from %s", range(text));
	if (lab_chance(35))
		fprintf(f, " to %s", range(text));
	if (lab_chance(30))
		fprintf(f, " fwmark 0x%x/0x%x", lab_pick(4), 1 + lab_pick(3));
	if (lab_chance(20))
		fprintf(f, " iif %s", lab_chance(20) ? "lo" : devs[lab_pick(N_DEVS)]);
	if (lab_chance(8))
		fprintf(f, " oif %s", devs[lab_pick(N_DEVS)]);
	if (lab_chance(8))
		fprintf(f, " ipproto %s", lab_chance(50) ? "tcp" : "udp");
	if (lab_chance(6))
		fprintf(f, " dport %u-%u", 80 + lab_pick(3), 82 + lab_pick(3));
	if (lab_chance(4))
		fprintf(f, " sport %u", 1000 + lab_pick(3));
	random_action(f, priority);
	fprintf(f, "\n");
}

static void
random_route(FILE *f)
{
	static const char *const types[] = { "blackhole", "unreachable", "prohibit",
	    "throw" };
	const char *table = tables[lab_pick(5)];
	unsigned d = lab_pick(N_DEVS);
	char text[40];

	fprintf(f, "route add ");
	if (lab_chance(8)) {
		fprintf(f, "%s %s", types[lab_pick(4)], range(text));
	} else if (lab_chance(4)) {
		fprintf(f, "%s nexthop dev %s nexthop dev %s", range(text), devs[d],
		    devs[(d + 1) % N_DEVS]);
	} else if (lab_chance(50) && d < N_DEVS - 1) {
		fprintf(f, "%s via 10.0.%u.%u dev %s", range(text), d, 2 + lab_pick(5),
		    devs[d]);
	} else {
		fprintf(f, "%s dev %s", range(text), devs[d]);
	}
	if (lab_chance(10))
		fprintf(f, " src 10.0.%u.1", lab_pick(N_DEVS - 1));
	fprintf(f, " proto static metric %u table %s\n", lab_pick(3) * 10, table);
}

static void
random_set(void)
{
	FILE *f = lab_file("set");

	fprintf(f, "rule flush\n");
	for (unsigned i = 1; i < 5; i++)
		fprintf(f, "route flush table %s\n", tables[i]);
	fprintf(f, "route flush table main proto static\n");
	/* Now and then as with security groups for pods: local comes later. */
	if (lab_chance(10))
		fprintf(f, "rule add pref 20 lookup local\nrule del pref 0\n");
	else
		fprintf(f, "rule del pref 20\n");
	if (lab_chance(90))
		fprintf(f, "rule add pref 32766 lookup main\n");
	fprintf(f, "rule add pref 32767 lookup default\n");
	if (lab_chance(60))
		fprintf(f, "route add default via 10.0.0.9 dev mk0 proto static\n");
	for (unsigned n = lab_pick(25); n > 0; n--)
		random_rule(f);
	for (unsigned n = lab_pick(40); n > 0; n--)
		random_route(f);
	fprintf(f, "rule add pref 0 lookup local\n");
	fclose(f);
	/* Some are refused: the same twice, a gateway that is not reachable.  What
	   was taken is read back. */
	(void)lab_shell("ip -force -batch %s/set >/dev/null 2>&1; ip rule >%s/rules;"
	    "ip route show table all >%s/routes; ip addr >%s/addrs", lab_dir, lab_dir,
	    lab_dir, lab_dir);
}

/* ---- questions */

struct question {
	struct walk_query q;
	char		 src[32], dst[32];
	bool		 has_src;
};

static void
ask(FILE *f, struct question *x)
{
	struct walk_query *q = &x->q;

	*x = (struct question){ .q.t.proto = PROTO_UDP };
	address(x->dst);
	fprintf(f, "route get %s", x->dst);
	if (lab_chance(70)) {
		x->has_src = true;
		q->iif = devs[lab_pick(N_DEVS)];
		fprintf(f, " from %s iif %s", address(x->src), q->iif);
	} else {
		x->has_src = lab_chance(40);
		if (x->has_src) {
			snprintf(x->src, sizeof(x->src), "10.0.%u.1", lab_pick(N_DEVS - 1));
			fprintf(f, " from %s", x->src);
		}
		if (lab_chance(20)) {
			q->bound_oif = devs[lab_pick(N_DEVS)];
			fprintf(f, " oif %s", q->bound_oif);
		}
	}
	if (lab_chance(60)) {
		q->mark = lab_pick(8);
		fprintf(f, " mark 0x%x", q->mark);
	}
	if (lab_chance(40)) {
		q->t.proto = lab_chance(50) ? PROTO_TCP : PROTO_UDP;
		q->t.dport = (uint16_t)(80 + lab_pick(5));
		q->t.sport = (uint16_t)(1000 + lab_pick(4));
		fprintf(f, " ipproto %s sport %u dport %u", q->t.proto == PROTO_TCP ?
		    "tcp" : "udp", q->t.sport, q->t.dport);
	}
	fprintf(f, "\n");
	if (!addr_parse(x->dst, &q->t.dst) ||
	    (x->has_src && !addr_parse(x->src, &q->t.src)))
		errx(2, "address");
}

/* The word behind another of a line of output; "" none. */
static const char *
word_after(const char *line, const char *word, char out[static 48])
{
	char key[16];
	const char *p;

	snprintf(key, sizeof(key), " %s ", word);
	p = strstr(line, key);
	out[0] = '\0';
	if (p != NULL)
		sscanf(p + strlen(key), "%47s", out);
	return out;
}

static bool
forwards(const struct state *s, const char *dev)
{
	char name[64];

	if (dev == NULL)
		return true;
	snprintf(name, sizeof(name), "net.ipv4.conf.%s.forwarding", dev);
	return strcmp(state_sysctl(s, name), "1") == 0;
}

/* The error that `ip route get` shows where the model says no. */
static const char *
refusal(const struct state *s, const struct walk_query *q,
    const struct route_answer *a)
{
	if (!forwards(s, q->iif))
		return "No route to host";
	if (a->end != ROUTE_REFUSED)
		return "Network is unreachable";
	if (a->route != NULL)
		return a->route->type == ROUTE_BLACKHOLE ? "Invalid argument" :
		    a->route->type == ROUTE_PROHIBIT ? "Permission denied" :
		    "No route to host";
	return a->rule->action == RULE_BLACKHOLE ? "Invalid argument" :
	    a->rule->action == RULE_PROHIBIT ? "Permission denied" :
	    "Network is unreachable";
}

/* What the model says, in the words that say() gives the kernel's answer. */
static void
predict(const struct state *s, const struct model *m, struct question *x,
    char out[static 160])
{
	struct walk_query *q = &x->q;
	struct route_query rq = { .src = q->t.src, .dst = q->t.dst, .iif = q->iif,
	    .oif = q->bound_oif, .mark = q->mark, .proto = q->t.proto,
	    .sport = q->t.sport, .dport = q->t.dport };
	struct route_answer a;
	char via[ADDR_TEXT_MAX] = "";
	struct walk w;

	model_route(m, &rq, &a);
	if (q->iif != NULL) {
		model_walk(m, q, &w);
		if (w.end == WALK_DROPPED && w.cause == DROP_RP_FILTER) {
			/* ip(8) shows one of two errors for all sources. */
			snprintf(out, 160, "refused: source");
			n_dropped++;
			return;
		}
		if (w.end == WALK_DROPPED) {
			n_refused++;
			snprintf(out, 160, "refused: %s", refusal(s, q, &a));
			return;
		}
		if (w.end == WALK_SENT ? a.end != ROUTE_TO :
		    w.end == WALK_UNKNOWN ? a.end != ROUTE_UNKNOWN && !a.several :
		    a.end != ROUTE_HERE && a.end != ROUTE_GROUP)
			errx(2, "model_walk and model_route differ: %d %d %s", w.end,
			    a.end, w.why);
		/* A multipath route leaves the check of the source open. */
		if (w.end == WALK_UNKNOWN && a.several) {
			snprintf(out, 160, "several");
			n_unknown++;
			return;
		}
	}
	switch (a.end) {
	case ROUTE_TO:
		n_sent++;
		if (a.has_via)
			addr_format(&a.via, via);
		if (a.several)
			snprintf(out, 160, "several");
		else
			snprintf(out, 160, "dev %s via %s table %u", a.dev, via,
			    a.route != NULL ? a.route->table : TABLE_MAIN);
		if (q->iif == NULL && !x->has_src && !a.several) {
			char src[ADDR_TEXT_MAX] = "?";

			if (a.has_src)
				addr_format(&a.src, src);
			strcat(strcat(out, " src "), src);
		}
		break;
	case ROUTE_HERE:
	case ROUTE_GROUP:
		n_local++;
		snprintf(out, 160, "%s", a.end == ROUTE_HERE ? "local" : "broadcast");
		break;
	case ROUTE_UNKNOWN:
		n_unknown++;
		snprintf(out, 160, "unknown: %s", a.why);
		break;
	default:
		n_refused++;
		snprintf(out, 160, "refused: %s", refusal(s, q, &a));
	}
}

static void
say(const struct question *x, const char *line, char out[static 160])
{
	char dev[48], via[48], table[48], src[48];
	unsigned long t;

	if (strncmp(line, "local ", 6) == 0 || strncmp(line, "broadcast ", 10) == 0) {
		snprintf(out, 160, "%s", line[0] == 'l' ? "local" : "broadcast");
		return;
	}
	word_after(line, "table", table);
	t = strtoul(table, NULL, 10);
	if (t == 0)
		t = strcmp(table, "default") == 0 ? TABLE_DEFAULT :
		    strcmp(table, "local") == 0 ? TABLE_LOCAL : TABLE_MAIN;
	snprintf(out, 160, "dev %s via %s table %lu", word_after(line, "dev", dev),
	    word_after(line, "via", via), t);
	if (x->q.iif == NULL && !x->has_src)
		strcat(strcat(out, " src "), word_after(line, "src", src));
}

/* "RTNETLINK answers: ...\nCommand failed FILE:LINE": the lines that failed. */
static void
find_failed(char *errors, const char *failed[static N_QUESTIONS])
{
	const char *text = "";
	char *line, *p;

	memset(failed, 0, N_QUESTIONS * sizeof(*failed));
	while ((line = strsep(&errors, "\n")) != NULL) {
		unsigned long n;

		if (strncmp(line, "RTNETLINK answers: ", 19) == 0)
			text = line + 19;
		if (strncmp(line, "Command failed ", 15) != 0)
			continue;
		p = strchr(line, ':');
		n = p != NULL ? strtoul(p + 1, NULL, 10) : 0;
		if (n == 0 || n > N_QUESTIONS)
			errx(2, "a failed question that was not asked");
		failed[n - 1] = text;
	}
}

static void
compare(const struct state *s, const struct model *m, struct question *x,
    const char *line, const char *failed, unsigned set)
{
	char kernel[160], model[160];

	predict(s, m, x, model);
	if (failed != NULL)
		snprintf(kernel, sizeof(kernel), "refused: %s",
		    strcmp(model, "refused: source") == 0 &&
		    strncmp(failed, "Invalid ", 8) == 0 ? "source" : failed);
	else
		say(x, line, kernel);
	n_asked++;
	if (strcmp(kernel, model) == 0 || strcmp(model, "several") == 0)
		return;
	/* Without `ip addr` a source may stay open. */
	if (!with_addrs && strstr(model, " src ?") != NULL &&
	    strncmp(kernel, model, strlen(model) - 1) == 0) {
		n_unknown++;
		return;
	}
	if (n_differ++ < MAX_SHOWN) {
		printf("# set %u: %s from %s iif %s oif %s mark %u proto %u %u-%u\n",
		    set, x->dst, x->has_src ? x->src : "-", x->q.iif ? x->q.iif : "-",
		    x->q.bound_oif ? x->q.bound_oif : "-", x->q.mark, x->q.t.proto,
		    x->q.t.sport, x->q.t.dport);
		printf("#   kernel %s\n#   model  %s\n", kernel, model);
		if (n_differ == 1)
			(void)lab_shell("sed 's/^/# /' %s/rules; grep -v '^broadcast\\|^ff\\|"
			    "^fe80\\|::' %s/routes | sed 's/^/# /'", lab_dir, lab_dir);
	}
}

static void
ask_all(const struct state *s, const struct model *m, unsigned set)
{
	struct question questions[N_QUESTIONS];
	const char *failed[N_QUESTIONS];
	char *out, *errors, *line, *rest;
	FILE *f = lab_file("questions");

	for (unsigned i = 0; i < N_QUESTIONS; i++)
		ask(f, &questions[i]);
	fclose(f);
	(void)lab_shell("ip -force -o -batch %s/questions >%s/answers 2>%s/errors", lab_dir,
	    lab_dir, lab_dir);
	out = rest = lab_slurp("answers");
	errors = lab_slurp("errors");
	find_failed(errors, failed);
	for (unsigned i = 0; i < N_QUESTIONS; i++) {
		line = failed[i] != NULL ? NULL : strsep(&rest, "\n");
		if (failed[i] == NULL && (line == NULL || *line == '\0'))
			errx(2, "set %u: fewer answers than questions: %s", set, errors);
		compare(s, m, &questions[i], line, failed[i], set);
	}
	free(out);
	free(errors);
}

static void
one_set(unsigned set)
{
	struct state *s = state_new();
	struct model *m;

	if (s == NULL)
		err(2, NULL);
	random_settings(s);
	random_set();
	lab_read(s, "rules", read_ip_rule);
	lab_read(s, "routes", read_ip_route);
	/* A bundle of the log collector has no `ip addr`. */
	with_addrs = lab_chance(70);
	if (with_addrs)
		lab_read(s, "addrs", read_ip_addr);
	state_mark(s, PART_IPTABLES);	/* no rule sets: all are accepted */
	if (lie && s->rules.n > 4)
		s->rules.v[1 + lab_pick(s->rules.n - 3)].has ^= RULE_NOT;
	state_ready(s);
	m = model_new(s);
	if (m == NULL)
		err(2, NULL);
	ask_all(s, m, set);
	model_free(m);
	state_free(s);
}

int
main(int argc, char **argv)
{
	unsigned long sets;

	if (argc != 3 && argc != 4)
		errx(2, "usage: model_kernel SEED SETS [lie]");
	lie = argc == 4;
	lab_begin(argv[1]);
	sets = strtoul(argv[2], NULL, 10);
	make_devices();
	for (unsigned i = 0; i < sets; i++)
		one_set(i);
	printf("%lu sets, %u questions: %u sent, %u local, %u refused, %u dropped by "
	    "the reverse path, %u not known; %u differ\n", sets, n_asked, n_sent,
	    n_local, n_refused, n_dropped, n_unknown, n_differ);
	lab_end();
	return n_differ > 0;
}
