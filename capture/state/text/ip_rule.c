/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_rule.c - policy rules as `ip rule show` prints them: iproute2's
 * ip/iprule.c, print_rule().
 *
 * A rule with a word that is not known here is kept and marked RULE_ODD: to
 * leave it out would let a prediction go past it.
 */
#include <stdio.h>

#include "capture/state/text/iproute2.h"

struct rule_text {
	struct reader	*reader;
	unsigned long	 line;
	struct words	 words;
	struct iprule	 rule;
	bool		 v4_seen, v6_seen;	/* in its addresses */
	bool		 action_seen;
};

/* ---- tables and protocols */

bool
ip_table_number(const struct word *w, uint32_t *out)
{
	static const struct { const char *name; uint32_t table; } names[] = {
		{ "main", TABLE_MAIN }, { "local", TABLE_LOCAL },
		{ "default", TABLE_DEFAULT }, { "unspec", 0 },
	};
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_is(w, names[i].name)) {
			*out = names[i].table;
			return true;
		}
	if (word_number(w, UINT32_MAX, out))
		return true;
	for (size_t i = 0; i < w->len; i++)
		h = (h ^ (unsigned char)w->p[i]) * 16777619u;
	*out = TABLE_BY_NAME | h >> 4;
	return false;
}

/* /etc/protocols as far as rules use it; without a name ip(8) prints
   "ipproto-200". */
static bool
proto_number(const struct word *w, uint32_t *out)
{
	static const struct { const char *name; uint8_t proto; } names[] = {
		{ "icmp", 1 }, { "igmp", 2 }, { "ipencap", 4 }, { "ipip", 4 },
		{ "tcp", 6 }, { "udp", 17 }, { "dccp", 33 }, { "ipv6", 41 },
		{ "gre", 47 }, { "esp", 50 }, { "ah", 51 },
		{ "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "icmp6", 58 },
		{ "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 },
		{ "sctp", 132 }, { "udplite", 136 },
	};
	struct word number = *w;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_is(w, names[i].name)) {
			*out = names[i].proto;
			return true;
		}
	if (word_starts(w, "ipproto-")) {
		number.p += strlen("ipproto-");
		number.len -= strlen("ipproto-");
	}
	return word_number(&number, 255, out);
}

/* ---- words of a rule */

typedef bool take_word(struct rule_text *, const struct word *arg);

static bool
take_prefix(struct rule_text *t, const struct word *arg, struct prefix *out,
    uint32_t has)
{
	if (word_is(arg, "all") || word_is(arg, "any") || word_is(arg, "default"))
		return true;
	if (!word_prefix(arg, out))
		return false;
	t->rule.has |= has;
	if (memchr(arg->p, ':', arg->len) != NULL)
		t->v6_seen = true;
	else
		t->v4_seen = true;
	return true;
}

static bool
take_from(struct rule_text *t, const struct word *arg)
{
	return take_prefix(t, arg, &t->rule.from, RULE_FROM);
}

static bool
take_to(struct rule_text *t, const struct word *arg)
{
	return take_prefix(t, arg, &t->rule.to, RULE_TO);
}

static bool
take_mark(struct rule_text *t, const struct word *arg)
{
	const char *slash = memchr(arg->p, '/', arg->len);
	struct word value = *arg, mask;

	t->rule.mask = UINT32_MAX;
	if (slash != NULL) {
		value.len = (size_t)(slash - arg->p);
		mask = (struct word){ slash + 1, arg->len - value.len - 1 };
		if (!word_number(&mask, UINT32_MAX, &t->rule.mask))
			return false;
	}
	t->rule.has |= RULE_MARK;
	return word_number(&value, UINT32_MAX, &t->rule.mark);
}

static bool
take_dev(struct rule_text *t, const struct word *arg, const char **out)
{
	if (!word_is_dev(arg))
		return false;
	*out = state_text(t->reader->state, arg->p, arg->len);
	return true;
}

/* The kernel asks for its own packets with the loopback's index. */
static bool
take_iif(struct rule_text *t, const struct word *arg)
{
	if (word_is(arg, "lo"))
		t->rule.has |= RULE_IIF_LOCAL;
	return take_dev(t, arg, &t->rule.iif);
}

static bool
take_oif(struct rule_text *t, const struct word *arg)
{
	return take_dev(t, arg, &t->rule.oif);
}

static bool
take_proto(struct rule_text *t, const struct word *arg)
{
	uint32_t n;

	if (!proto_number(arg, &n))
		return false;
	t->rule.proto = (uint8_t)n;
	t->rule.has |= RULE_PROTO;
	return true;
}

static bool
take_ports(struct rule_text *t, const struct word *arg, struct nf_ports *out,
    uint32_t has)
{
	const char *dash = memchr(arg->p, '-', arg->len);
	struct word lo = *arg, hi = *arg;
	uint32_t a, b;

	if (dash != NULL) {
		lo.len = (size_t)(dash - arg->p);
		hi = (struct word){ dash + 1, arg->len - lo.len - 1 };
	}
	if (!word_number(&lo, 65535, &a) || !word_number(&hi, 65535, &b) || a > b)
		return false;
	*out = (struct nf_ports){ (uint16_t)a, (uint16_t)b };
	t->rule.has |= has;
	return true;
}

static bool
take_sport(struct rule_text *t, const struct word *arg)
{
	return take_ports(t, arg, &t->rule.sport, RULE_SPORT);
}

static bool
take_dport(struct rule_text *t, const struct word *arg)
{
	return take_ports(t, arg, &t->rule.dport, RULE_DPORT);
}

static bool
take_lookup(struct rule_text *t, const struct word *arg)
{
	t->action_seen = true;
	t->rule.action = RULE_LOOKUP;
	if (word_is(arg, "[l3mdev-table]")) {
		t->rule.has |= RULE_ODD;
		return true;
	}
	if (!ip_table_number(arg, &t->rule.table))
		reader_bad(t->reader, t->line, "table '%.*s' has a name only; its "
		    "number is not known", QUOTED(arg));
	return true;
}

static bool
take_suppress(struct rule_text *t, const struct word *arg)
{
	uint32_t n;

	if (!word_number(arg, 128, &n))
		return false;
	t->rule.suppress_len = (int32_t)n;
	t->rule.has |= RULE_SUPPRESS;
	return true;
}

static bool
take_goto(struct rule_text *t, const struct word *arg)
{
	t->action_seen = true;
	t->rule.action = RULE_GOTO;
	if (word_is(arg, "none")) {
		t->rule.action = RULE_NOP;
		return true;
	}
	return word_number(arg, UINT32_MAX, &t->rule.to_priority);
}

static bool
take_odd(struct rule_text *t, const struct word *arg)
{
	(void)arg;
	t->rule.has |= RULE_ODD;
	return true;
}

/* Who made the rule, and the class for traffic control: not about the way. */
static bool
take_nothing(struct rule_text *t, const struct word *arg)
{
	(void)t;
	(void)arg;
	return true;
}

static const struct { const char *word; take_word *take; } with_arg[] = {
	{ "from",	take_from },
	{ "to",		take_to },
	{ "fwmark",	take_mark },
	{ "iif",	take_iif },
	{ "dev",	take_iif },
	{ "oif",	take_oif },
	{ "ipproto",	take_proto },
	{ "sport",	take_sport },
	{ "dport",	take_dport },
	{ "lookup",	take_lookup },
	{ "table",	take_lookup },
	{ "suppress_prefixlength", take_suppress },
	{ "goto",	take_goto },
	{ "proto",	take_nothing },
	{ "protocol",	take_nothing },
	{ "realms",	take_nothing },
	{ "tos",	take_odd },
	{ "dsfield",	take_odd },
	{ "dscp",	take_odd },
	{ "flowlabel",	take_odd },
	{ "uidrange",	take_odd },
	{ "tun_id",	take_odd },
	{ "suppress_ifgroup", take_odd },
	{ "map-to",	take_odd },
};

static const struct { const char *word; uint8_t action; } actions[] = {
	{ "blackhole",	RULE_BLACKHOLE },
	{ "unreachable", RULE_UNREACHABLE },
	{ "prohibit",	RULE_PROHIBIT },
	{ "nop",	RULE_NOP },
};

/* A word that stands alone. */
static bool
take_alone(struct rule_text *t, const struct word *w)
{
	if (word_is(w, "not")) {
		t->rule.has |= RULE_NOT;
		return true;
	}
	/* its interface is not there: no packet can come from it either */
	if (word_is(w, "[detached]"))
		return true;
	/* a goto without a target does nothing */
	if (word_is(w, "[unresolved]")) {
		t->rule.action = RULE_NOP;
		return true;
	}
	if (word_is(w, "l3mdev")) {
		t->action_seen = true;
		return take_odd(t, w);
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (word_is(w, actions[i].word)) {
			t->rule.action = actions[i].action;
			t->action_seen = true;
			return true;
		}
	return false;
}

/* False when the word is not understood, which is reported. */
static bool
take_one(struct rule_text *t, const struct word *w)
{
	struct word arg;

	for (size_t i = 0; i < sizeof(with_arg) / sizeof(with_arg[0]); i++) {
		if (!word_is(w, with_arg[i].word))
			continue;
		if (!word_next(&t->words, &arg)) {
			reader_bad(t->reader, t->line, "'%.*s' is the last word of "
			    "the rule; expected its value behind it", QUOTED(w));
			return false;
		}
		if (with_arg[i].take(t, &arg))
			return true;
		reader_bad(t->reader, t->line, "'%.*s' is no value of '%.*s' in a "
		    "policy rule", QUOTED(&arg), QUOTED(w));
		return false;
	}
	if (take_alone(t, w))
		return true;
	reader_bad(t->reader, t->line, "'%.*s' is not known in a policy rule",
	    QUOTED(w));
	return false;
}

/* ---- a rule */

/* "512:" and what follows. */
static bool
take_priority(struct rule_text *t, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	struct word w;

	if (colon == NULL)
		return false;
	t->words = words_of(text, (size_t)(colon - text));
	if (!word_next(&t->words, &w) ||
	    !word_number(&w, UINT32_MAX, &t->rule.priority) ||
	    word_next(&t->words, &w))
		return false;
	t->words = words_of(colon + 1, len - (size_t)(colon + 1 - text));
	return true;
}

static const char *
rule_words(struct reader *r, struct words ws)
{
	while (ws.p < ws.end && is_blank(*ws.p))
		ws.p++;
	while (ws.end > ws.p && is_blank(ws.end[-1]))
		ws.end--;
	return state_text(r->state, ws.p, (size_t)(ws.end - ws.p));
}

void
ip_rule_text(struct reader *r, unsigned long line, const char *text, size_t len,
    bool v6)
{
	struct rule_text t = { .reader = r, .line = line };
	struct word w;
	struct iprule *rule;
	const char *own;

	if (!words_plain(text, len) || !take_priority(&t, text, len)) {
		w = (struct word){ text, len };
		reader_bad(r, line, "found '%.*s'; expected a policy rule such as "
		    "'512: from all lookup main'", QUOTED(&w));
		return;
	}
	own = rule_words(r, t.words);
	while (word_next(&t.words, &w))
		if (!take_one(&t, &w)) {
			t.rule.has |= RULE_ODD;
			break;
		}
	if (!t.action_seen && !(t.rule.has & RULE_ODD)) {
		reader_bad(r, line, "the rule says nothing to do; expected a word "
		    "such as 'lookup main'");
		t.rule.has |= RULE_ODD;
	}
	if (t.v4_seen && t.v6_seen) {
		reader_bad(r, line, "the rule has addresses of both families");
		t.rule.has |= RULE_ODD;
	}
	t.rule.v6 = t.v6_seen || (v6 && !t.v4_seen);
	t.rule.line = (uint32_t)line;
	t.rule.text = own;
	rule = state_push(r->state, rules);
	if (rule != NULL)
		*rule = t.rule;
}

/* ---- a file */

static void
read_rules(struct reader *r, bool v6)
{
	uint32_t before = r->state->rules.n;
	struct line l = { 0 };

	while (reader_line(r, &l)) {
		struct words ws = words_of(l.p, l.len);
		struct word w;

		/* "*** Output of ip rule show ***" */
		if (word_next(&ws, &w) && !word_starts(&w, "*") && w.p[0] != '#')
			ip_rule_text(r, l.number, l.p, l.len, v6);
	}
	/* every node with IPv4 has three of them */
	if (!v6 && r->state->rules.n == before && r->n_bad == 0)
		reader_bad(r, 0, "no policy rule in it; expected the output of "
		    "'ip rule show'");
	merge_rules(r, before);
}

void
read_ip_rule(struct reader *r)
{
	read_rules(r, false);
}

void
read_ip6_rule(struct reader *r)
{
	read_rules(r, true);
}
