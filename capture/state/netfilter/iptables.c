/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables.c - iptables-save and ip6tables-save: lines, tables and chains.
 *
 * The form is what iptables/iptables-save.c and nft-shared.c of iptables print:
 * "*table", ":CHAIN POLICY [packets:bytes]", rules with -A, "COMMIT".  Words
 * are quoted as xtables_save_string() does.  Hooks and priorities of the
 * built-in chains: include/uapi/linux/netfilter_ipv4.h.
 */
#include "capture/state/netfilter/iptables_int.h"

#include <stdlib.h>

#define HOOK(h)		(1u << (h))
#define HOOKS_ALL	((1u << N_NF_HOOKS) - 1)

static const struct table {
	const char	*name;
	unsigned	 hooks;
	int32_t		 priority;
	bool		 skip;		/* SELinux labels decide nothing that we follow */
} tables[] = {
	{ "raw", HOOK(NF_PREROUTING) | HOOK(NF_OUTPUT), -300, false },
	{ "mangle", HOOKS_ALL, -150, false },
	{ "nat", HOOKS_ALL & ~HOOK(NF_FORWARD), -100, false },
	{ "filter", HOOK(NF_INPUT) | HOOK(NF_FORWARD) | HOOK(NF_OUTPUT), 0, false },
	{ "security", 0, 50, true },
};

static const char *const hook_names[N_NF_HOOKS] = {
	[NF_PREROUTING]		= "PREROUTING",
	[NF_INPUT]		= "INPUT",
	[NF_FORWARD]		= "FORWARD",
	[NF_OUTPUT]		= "OUTPUT",
	[NF_POSTROUTING]	= "POSTROUTING",
};

enum ipt_taken
ipt_wrong(struct ipt *t, struct span word, const char *expected)
{
	if (t->expected == NULL) {
		t->expected = expected;
		t->wrong = word;
	}
	return IPT_WRONG;
}

bool
ipt_arg(struct ipt *t, struct span *out)
{
	if (t->at >= t->end) {
		*out = (struct span){ "", 0 };
		return false;
	}
	*out = t->w[t->at++].text;
	return true;
}

struct span
ipt_raw(const struct ipt *t, unsigned a, unsigned b)
{
	if (a >= b)
		return (struct span){ "", 0 };
	return (struct span){ t->w[a].raw,
	    (size_t)(t->w[b - 1].raw_end - t->w[a].raw) };
}

bool
ipt_word_is(const struct ipt *t, unsigned at, const char *text)
{
	return at < t->n && !t->w[at].quoted && span_is(t->w[at].text, text);
}

/* A quoted word from behind its quote on; escapes only where there are some are
   copied out.  The end behind the closing quote, NULL when there is none. */
static const char *
word_unquote(struct ipt *t, const char *p, const char *end, struct span *out)
{
	const char *q = p;
	char *to;

	while (q < end && *q != '"' && *q != '\\')
		q++;
	if (q < end && *q == '"') {
		*out = (struct span){ p, (size_t)(q - p) };
		return q + 1;
	}
	to = t->unquoted + t->n_unquoted;
	out->p = to;
	for (; p < end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		if (t->n_unquoted == sizeof(t->unquoted))
			return NULL;
		t->unquoted[t->n_unquoted++] = *p;
	}
	out->len = (size_t)(t->unquoted + t->n_unquoted - to);
	return p < end ? p + 1 : NULL;
}

/* False when a quote is open or there are too many words. */
static bool
words_split(struct ipt *t, struct span line)
{
	const char *p = line.p, *end = p + line.len;

	t->n = 0;
	t->n_unquoted = 0;
	for (;;) {
		struct ipt_word *w = &t->w[t->n];

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			return true;
		if (t->n == IPT_WORDS_MAX)
			return false;
		w->raw = p;
		w->quoted = *p == '"';
		if (w->quoted) {
			p = word_unquote(t, p + 1, end, &w->text);
			if (p == NULL)
				return false;
		} else {
			while (p < end && *p != ' ' && *p != '\t')
				p++;
			w->text = (struct span){ w->raw, (size_t)(p - w->raw) };
		}
		w->raw_end = p;
		t->n++;
	}
}

/* ---- rules */

static void
options_read(struct ipt *t)
{
	while (t->at < t->n && t->expected == NULL) {
		bool invert = ipt_word_is(t, t->at, "!");
		unsigned first = t->at;

		t->at += invert;
		t->end = t->n;
		if (ipt_word_is(t, t->at, "-m") || ipt_word_is(t, t->at, "--match")) {
			t->at++;
			ipt_module(t);
		} else if (ipt_word_is(t, t->at, "-j") ||
		    ipt_word_is(t, t->at, "--jump")) {
			t->at++;
			ipt_target(t, false);
		} else if (ipt_word_is(t, t->at, "-g") ||
		    ipt_word_is(t, t->at, "--goto")) {
			t->at++;
			ipt_target(t, true);
		} else if (ipt_word_is(t, t->at, "-c")) {
			t->at += 3;	/* its counters */
		} else if (t->at == t->n || !ipt_general(t, invert)) {
			ipt_wrong(t, ipt_raw(t, first, t->n),
			    "an option of iptables");
		}
	}
}

/* The rule could not be read, but it is there: whatever depends on it is not
   known. */
static void
rule_is_unknown(struct ipt *t, struct span text)
{
	reader_bad(t->r, t->line, "found \"%.*s\", expected %s; the rule is kept as "
	    "not known", SPAN_ARG(t->wrong), t->expected);
	t->s->nf_matches.n = t->first_match;
	nf_match_unknown(t->s, text);
	t->target = (struct nf_target){ .kind = NF_T_UNKNOWN,
	    .name = nf_text(t->s, text) };
}

static void
rule_add(struct ipt *t, uint32_t chain, struct span text)
{
	struct nf_rule *r;

	if (t->expected == NULL && t->s->nf_matches.n - t->first_match > UINT16_MAX)
		ipt_wrong(t, text, "fewer matches");
	if (t->expected != NULL)
		rule_is_unknown(t, text);
	r = nf_rule_add(t->s, chain, t->first_match, &t->target);
	if (r == NULL)
		return;
	r->text = nf_text(t->s, text);
	r->comment = t->comment;
	r->line = (uint32_t)t->line;
	if (chain > t->last_chain)
		t->last_chain = chain;
}

/* The chain's index, STATE_NONE when the table has none of that name. */
static uint32_t
chain_find(const struct ipt *t, struct span name)
{
	char text[256];

	if (name.len == 0 || name.len >= sizeof(text))
		return STATE_NONE;
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	return state_find_chain(t->s, t->table, text);
}

static void
rule_read(struct ipt *t, struct span text)
{
	struct span rest = text;
	struct span name;
	uint32_t chain;

	span_word(&rest);
	name = span_word(&rest);
	chain = chain_find(t, name);
	if (chain == STATE_NONE) {
		reader_bad(t->r, t->line, "found a rule of chain \"%.*s\", which "
		    "table %s does not have; the rule is skipped",
		    SPAN_ARG(name), t->table_name);
		return;
	}
	t->first_match = t->s->nf_matches.n;
	t->target = (struct nf_target){ .kind = NF_T_NONE };
	t->comment = NULL;
	t->expected = NULL;
	t->at = 0;
	if (!words_split(t, rest))
		ipt_wrong(t, text, "words with their quotes closed, at most 256");
	else
		options_read(t);
	rule_add(t, chain, text);
}

/* ---- tables and chains */

static void
table_end(struct ipt *t)
{
	t->table = STATE_NONE;
	t->table_name = NULL;
	t->skip = false;
	t->n_missing = 0;
}

/* No COMMIT: the chain that was last, and those that would have come, may have
   rules that are not here. */
static void
table_cut(struct ipt *t)
{
	struct span words = span_text("the dump ends before COMMIT");
	struct nf_target unknown = { .kind = NF_T_UNKNOWN };

	if (t->table_name == NULL || t->skip)
		return;
	reader_bad(t->r, t->line, "found the end of table %s without COMMIT: what "
	    "its last chains would do is not known", t->table_name);
	unknown.name = nf_text(t->s, words);
	for (uint32_t i = t->last_chain; i < t->s->nf_chains.n; i++) {
		uint32_t first = t->s->nf_matches.n;
		struct nf_rule *r;

		if (t->s->nf_chains.v[i].table != t->table)
			continue;
		nf_match_unknown(t->s, words);
		r = nf_rule_add(t->s, i, first, &unknown);
		if (r != NULL)
			r->text = unknown.name;
	}
}

static bool
table_is_there(const struct ipt *t, struct span name, uint8_t family)
{
	for (uint32_t i = 0; i < t->s->nf_tables.n; i++) {
		const struct nf_table *n = &t->s->nf_tables.v[i];

		if (!n->nft && n->families == family && span_is(name, n->name))
			return true;
	}
	return false;
}

static void
table_begin(struct ipt *t, struct span name)
{
	uint8_t family = t->v6 ? NF_IP6 : NF_IP4;
	const struct table *row = NULL;
	struct nf_table *n;

	table_cut(t);
	table_end(t);
	t->table_name = nf_text(t->s, name);
	t->skip = true;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (span_is(name, tables[i].name))
			row = &tables[i];
	if (row == NULL) {
		reader_bad(t->r, t->line, "found table \"%.*s\", expected nat, mangle, "
		    "filter, raw or security; it is skipped", SPAN_ARG(name));
		return;
	}
	if (row->skip)
		return;
	if (table_is_there(t, name, family)) {
		reader_bad(t->r, t->line, "found table %s a second time; only the "
		    "first is kept", row->name);
		return;
	}
	t->table = t->s->nf_tables.n;
	n = state_push(t->s, nf_tables);
	if (n == NULL)
		return;
	n->name = row->name;
	n->families = family;
	t->table_name = row->name;
	t->skip = false;
	t->hooks = row->hooks;
	t->priority = row->priority;
	t->last_chain = t->s->nf_chains.n;
}

/* nat has source translation behind everything else, NF_IP_PRI_NAT_SRC. */
static void
chain_set_base(const struct ipt *t, struct nf_chain *c, unsigned hook)
{
	bool nat = t->priority == -100;

	c->hook = (uint8_t)hook;
	c->priority = t->priority;
	c->type = nat ? NF_NAT : NF_FILTER;
	if (nat && (hook == NF_INPUT || hook == NF_POSTROUTING))
		c->priority = 100;
	if (t->priority == -150 && hook == NF_OUTPUT)
		c->type = NF_ROUTE;
}

static void
chain_read(struct ipt *t, struct span line)
{
	struct span name = span_word(&line), policy = span_word(&line);
	const char *text = nf_text(t->s, name);
	struct nf_chain *c;
	uint32_t i;

	if (name.len == 0 || name.len > 255 || policy.len == 0) {
		reader_bad(t->r, t->line, "found \"%.*s\", expected :CHAIN POLICY",
		    SPAN_ARG(line));
		return;
	}
	i = state_chain(t->s, t->table, text);
	if (i == STATE_NONE)
		return;
	c = &t->s->nf_chains.v[i];
	c->hook = NF_NO_HOOK;
	if (span_is(policy, "-"))
		return;
	for (unsigned h = 0; h < N_NF_HOOKS; h++)
		if ((t->hooks >> h & 1) && strcmp(text, hook_names[h]) == 0)
			chain_set_base(t, c, h);
	if (c->hook == NF_NO_HOOK)
		reader_bad(t->r, t->line, "found chain %s with a policy, expected a "
		    "built-in chain of table %s", text, t->table_name);
	c->policy_drop = span_is(policy, "DROP");
	if (!c->policy_drop && !span_is(policy, "ACCEPT"))
		reader_bad(t->r, t->line, "found policy \"%.*s\", expected ACCEPT, "
		    "DROP or -", SPAN_ARG(policy));
}

/* ---- lines */

static bool
span_has(struct span s, const char *text)
{
	return s.len > 0 && memmem(s.p, s.len, text, strlen(text)) != NULL;
}

/* "# Generated by iptables-save v1.8.9 (nf_tables) on ..."; iptables-legacy has
   no word in brackets, the first versions of the other called themselves
   xtables-save. */
static void
comment_read(struct ipt *t, struct span s)
{
	if (span_has(s, "-legacy tables present")) {
		t->s->flags |= STATE_LEGACY_TABLES;
		state_mark(t->s, t->v6 ? PART_IP6TABLES : PART_IPTABLES);
	}
	if (!span_begins(s, "# Generated by "))
		return;
	if (span_has(s, "(nf_tables)") || span_has(s, "-nft-save") ||
	    span_has(s, "xtables-save"))
		t->nft = true;
	else	/* both, one behind the other, or this alone */
		t->s->flags |= t->nft ? STATE_LEGACY_TABLES : STATE_LEGACY_DUMP;
}

/* Without the counters that -c puts in front. */
static struct span
counters_cut(struct span s)
{
	const char *close = s.p[0] == '[' ? memchr(s.p, ']', s.len) : NULL;
	struct span rest = s;

	if (close == NULL)
		return s;
	rest.p = close + 1;
	rest.len = s.len - (size_t)(rest.p - s.p);
	while (rest.len > 0 && rest.p[0] == ' ') {
		rest.p++;
		rest.len--;
	}
	return rest;
}

static void
line_read(struct ipt *t, struct span s)
{
	if (s.p[0] == '#') {
		comment_read(t, s);
	} else if (s.p[0] == '*') {
		state_mark(t->s, t->v6 ? PART_IP6TABLES : PART_IPTABLES);
		table_begin(t, (struct span){ s.p + 1, s.len - 1 });
	} else if (t->table_name == NULL) {
		reader_bad(t->r, t->line, "found \"%.*s\", expected a table such as "
		    "*nat", SPAN_ARG(s));
	} else if (span_is(s, "COMMIT")) {
		table_end(t);
	} else if (t->skip) {
		return;
	} else if (s.p[0] == ':') {
		chain_read(t, (struct span){ s.p + 1, s.len - 1 });
	} else if (span_begins(counters_cut(s), "-A ")) {
		rule_read(t, counters_cut(s));
	} else {
		reader_bad(t->r, t->line, "found \"%.*s\", expected a rule (-A ...), a "
		    "chain (:NAME) or COMMIT", SPAN_ARG(s));
	}
}

static void
save_read(struct reader *r, bool v6)
{
	struct ipt *t = calloc(1, sizeof(*t));
	struct line l = { 0 };

	if (t == NULL) {
		r->state->no_memory = true;
		return;
	}
	t->r = r;
	t->s = r->state;
	t->v6 = v6;
	table_end(t);
	while (reader_line(r, &l) && !t->s->no_memory) {
		while (l.len > 0 && (l.p[l.len - 1] == ' ' || l.p[l.len - 1] == '\t'))
			l.len--;
		t->line = l.number;
		if (l.len > 0)
			line_read(t, (struct span){ l.p, l.len });
	}
	table_cut(t);
	free(t);
}

void
read_iptables_save(struct reader *r)
{
	save_read(r, false);
}

void
read_ip6tables_save(struct reader *r)
{
	save_read(r, true);
}
