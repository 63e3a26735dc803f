/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.c - `nft -j list ruleset`, libnftables-json(5): tables, chains, sets and
 * rules out of the list of objects.
 *
 * A ruleset of a large node is many megabytes on one line.  So the list is cut
 * into its objects here, and each is given to jansson alone, kind by kind:
 * tables, chains, sets, rules.  What iptables-nft made (its tables have
 * iptables' names and its chains capitals) is left to iptables-save, which
 * shows more of it: nft has no words for iptables' modules.
 */
#include "capture/state/netfilter/nft_int.h"

#include <stdlib.h>

#define OBJECT_MAX	(64u << 20)	/* bytes of one object */

typedef void object_fn(struct nft *, const json_t *);

/* ---- the list of objects */

/* Behind the value at p; NULL when it has no end. */
static const char *
value_end(const char *p, const char *end)
{
	size_t depth = 0;
	bool quoted = false;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '\\')
				p++;
			else if (*p == '"')
				quoted = false;
		} else if (*p == '"') {
			quoted = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth <= 1)
				return p + 1;
			depth--;
		}
	}
	return NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Does the object's first key begin so? */
static bool
key_is(const char *p, const char *end, const char *key)
{
	size_t n = strlen(key);

	for (p++; p < end && is_space(*p); p++)
		;
	return (size_t)(end - p) > n + 2 && *p == '"' &&
	    memcmp(p + 1, key, n) == 0 && p[n + 1] == '"';
}

static void
object_read(struct nft *t, const char *p, const char *end, const char *key,
    object_fn *fn)
{
	json_error_t e;
	json_t *o;

	if ((size_t)(end - p) > OBJECT_MAX) {
		reader_bad(t->r, t->line, "found a %s of %zu bytes, expected at most "
		    "%u; it is skipped", key, (size_t)(end - p), OBJECT_MAX);
		return;
	}
	o = json_loadb(p, (size_t)(end - p), 0, &e);
	if (!json_is_object(json_object_get(o, key)))
		reader_bad(t->r, t->line, "found a %s that is no JSON object%s%.80s; "
		    "it is skipped", key, o ? "" : ": ", o ? "" : e.text);
	else
		fn(t, json_object_get(o, key));
	json_decref(o);
}

/* The list's first byte; NULL when there is none. */
static const char *
list_begin(const struct reader *r)
{
	static const char name[] = "\"nftables\"";
	const char *end = r->data + r->len;
	const char *p = r->len ? memmem(r->data, r->len, name, sizeof(name) - 1) : NULL;

	if (p == NULL)
		return NULL;
	for (p += sizeof(name) - 1; p < end && (is_space(*p) || *p == ':'); p++)
		;
	return p < end && *p == '[' ? p + 1 : NULL;
}

static bool
has_text(const char *p, const char *end, const char *text)
{
	return text == NULL ||
	    memmem(p, (size_t)(end - p), text, strlen(text)) != NULL;
}

/* Every object with this key, and with this text in it (NULL: any).  False when
   the list has no end. */
static bool
objects_each(struct nft *t, const char *first, const char *key, const char *text,
    object_fn *fn)
{
	const char *p = first, *end = t->r->data + t->r->len;

	t->line = 1;
	for (const char *q = t->r->data; q < first; q++)
		t->line += *q == '\n';
	for (;;) {
		const char *next;

		for (; p < end && (is_space(*p) || *p == ','); p++)
			t->line += *p == '\n';
		if (p == end || *p != '{')
			return p < end && *p == ']';
		next = value_end(p, end);
		if (next == NULL)
			return false;
		if (key_is(p, next, key) && has_text(p, next, text))
			object_read(t, p, next, key, fn);
		for (; p < next; p++)
			t->line += *p == '\n';
		if (t->s->no_memory)
			return true;
	}
}

/* ---- tables */

static const struct {
	const char	*name;
	uint8_t		 families;
} families[] = {
	{ "ip", NF_IP4 }, { "ip6", NF_IP6 }, { "inet", NF_INET },
	{ "arp", 0 }, { "bridge", 0 }, { "netdev", 0 },
};

static struct nft_table *
table_find(struct nft *t, const char *family, const char *name)
{
	for (size_t i = 0; i < t->n_tables; i++)
		if (strcmp(t->tables[i].name, name) == 0 &&
		    strcmp(t->tables[i].family, family) == 0)
			return &t->tables[i];
	return NULL;
}

static bool
name_is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static struct nft_table *
table_add(struct nft *t, const char *family, const char *name)
{
	struct nft_table *n = realloc(t->tables, (t->n_tables + 1) * sizeof(*n));

	if (n == NULL) {
		t->s->no_memory = true;
		return NULL;
	}
	t->tables = n;
	n += t->n_tables++;
	*n = (struct nft_table){ .index = STATE_NONE };
	n->family = state_text(t->s, family, strlen(family));
	n->name = state_text(t->s, name, strlen(name));
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].name, family) == 0)
			n->families = families[i].families;
	return n;
}

static void
table_note(struct nft *t, const json_t *o)
{
	const char *family = nft_string(o, "family"), *name = nft_string(o, "name");

	if (table_find(t, family, name) == NULL)
		table_add(t, family, name);
}

/* A base chain shows whether iptables-nft made its table. */
static void
base_note(struct nft *t, const json_t *chain)
{
	static const char *const tables[] = {
		"nat", "mangle", "filter", "raw", "security", NULL,
	};
	static const char *const chains[] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL,
	};
	const char *family = nft_string(chain, "family");
	const char *name = nft_string(chain, "table");
	struct nft_table *n = table_find(t, family, name);

	if (n == NULL)
		n = table_add(t, family, name);
	if (n != NULL && (n->families == NF_IP4 || n->families == NF_IP6) &&
	    name_is_one_of(name, tables) && *nft_string(chain, "hook") &&
	    name_is_one_of(nft_string(chain, "name"), chains))
		n->compat = true;
}

static bool
table_is_there(const struct nft *t, const struct nft_table *n)
{
	for (uint32_t i = 0; i < t->s->nf_tables.n; i++) {
		const struct nf_table *have = &t->s->nf_tables.v[i];

		if (have->nft && have->families == n->families &&
		    strcmp(have->name, n->name) == 0)
			return true;
	}
	return false;
}

/* Those that are read, in the state. */
static void
tables_keep(struct nft *t)
{
	for (size_t i = 0; i < t->n_tables; i++) {
		struct nft_table *n = &t->tables[i];
		struct nf_table *to;

		if (n->families == 0 || n->compat)
			continue;
		if (table_is_there(t, n)) {
			reader_bad(t->r, 0, "found table %.40s %.60s a second time; "
			    "only the first is kept", n->family, n->name);
			continue;
		}
		n->index = t->s->nf_tables.n;
		to = state_push(t->s, nf_tables);
		if (to == NULL)
			return;
		to->name = n->name;
		to->families = n->families;
		to->nft = true;
	}
}

/* The table of an object; NULL when it is left out. */
static const struct nft_table *
table_of(struct nft *t, const json_t *o)
{
	const struct nft_table *n = table_find(t, nft_string(o, "family"),
	    nft_string(o, "table"));

	return n != NULL && n->index != STATE_NONE ? n : NULL;
}

/* ---- chains, sets, rules */

static void
chain_base(struct nft *t, struct nf_chain *c, const json_t *o)
{
	static const char *const hooks[N_NF_HOOKS] = {
		[NF_PREROUTING] = "prerouting", [NF_INPUT] = "input",
		[NF_FORWARD] = "forward", [NF_OUTPUT] = "output",
		[NF_POSTROUTING] = "postrouting",
	};
	const char *hook = nft_string(o, "hook"), *type = nft_string(o, "type");
	const json_t *prio = nft_get(o, "prio");
	unsigned h = 0;

	if (*hook == '\0')
		return;
	while (h < N_NF_HOOKS && strcmp(hooks[h], hook) != 0)
		h++;
	if (h == N_NF_HOOKS || !json_is_integer(prio) ||
	    json_integer_value(prio) < INT32_MIN ||
	    json_integer_value(prio) > INT32_MAX) {
		reader_bad(t->r, t->line, "found chain %.60s on hook \"%.20s\", "
		    "expected prerouting, input, forward, output or postrouting and "
		    "a priority; what it does is not known", c->name, hook);
		return;
	}
	c->hook = (uint8_t)h;
	c->priority = (int32_t)json_integer_value(prio);
	c->type = strcmp(type, "nat") == 0 ? NF_NAT :
	    strcmp(type, "route") == 0 ? NF_ROUTE : NF_FILTER;
	c->policy_drop = strcmp(nft_string(o, "policy"), "drop") == 0;
}

static void
chain_read(struct nft *t, const json_t *o)
{
	const struct nft_table *table = table_of(t, o);
	const char *name = nft_string(o, "name");
	uint32_t i;

	if (table == NULL)
		return;
	i = state_chain(t->s, table->index, name);
	if (i != STATE_NONE)
		chain_base(t, &t->s->nf_chains.v[i], o);
}

static void
set_read(struct nft *t, const json_t *o)
{
	const struct nft_table *table = table_of(t, o);
	struct nft_named *n;

	if (table == NULL)
		return;
	n = realloc(t->named, (t->n_named + 1) * sizeof(*n));
	if (n == NULL) {
		t->s->no_memory = true;
		return;
	}
	t->named = n;
	n += t->n_named++;
	*n = (struct nft_named){
		.table = table->index,
		.name = state_text(t->s, nft_string(o, "name"),
		    strlen(nft_string(o, "name"))),
		.object = json_incref((json_t *)(uintptr_t)o),
	};
}

/* A rule that cannot be read is there all the same. */
static void
rule_unknown(struct nft *t, const char *words)
{
	struct nf_target target = { .kind = NF_T_UNKNOWN };
	uint32_t first = t->s->nf_matches.n;
	struct nf_rule *r;

	target.name = state_text(t->s, words, strlen(words));
	nf_match_unknown(t->s, span_text(words));
	r = nf_rule_add(t->s, t->chain, first, &target);
	if (r != NULL) {
		r->text = target.name;
		r->line = (uint32_t)t->line;
	}
}

static void
rule_read(struct nft *t, const json_t *o)
{
	const json_t *expr = nft_get(o, "expr");
	const char *comment = nft_string(o, "comment");

	t->table = table_of(t, o);
	if (t->table == NULL) {
		if (table_find(t, nft_string(o, "family"), nft_string(o, "table")) == NULL)
			reader_bad(t->r, t->line, "found a rule of table \"%.60s\", "
			    "which is not in the list; it is skipped",
			    nft_string(o, "table"));
		return;
	}
	t->chain = state_find_chain(t->s, t->table->index, nft_string(o, "chain"));
	if (t->chain == STATE_NONE) {
		reader_bad(t->r, t->line, "found a rule of chain \"%.60s\", which "
		    "table %.60s does not have; it is skipped",
		    nft_string(o, "chain"), t->table->name);
		return;
	}
	if (!json_is_array(expr) || json_array_size(expr) > UINT16_MAX / 4) {
		reader_bad(t->r, t->line, "found a rule of chain %.60s without a list "
		    "of expressions; it is kept as not known",
		    nft_string(o, "chain"));
		rule_unknown(t, "a rule that could not be read");
		return;
	}
	t->text = nft_rule_text(t->s, expr);
	t->comment = *comment ? state_text(t->s, comment, strlen(comment)) : NULL;
	nft_statements(t, expr);
}

/* Rules come behind everything else, table by table: any chain may have lost
   some. */
static void
list_cut(struct nft *t)
{
	uint32_t n = t->s->nf_chains.n;

	reader_bad(t->r, t->line, "found the end of the file inside the list: what "
	    "the rules that are missing would do is not known");
	for (size_t i = 0; i < t->n_tables; i++)
		for (uint32_t c = 0; c < n; c++)
			if (t->tables[i].index != STATE_NONE &&
			    t->s->nf_chains.v[c].table == t->tables[i].index) {
				t->chain = c;
				rule_unknown(t, "the dump ends before its rules do");
			}
}

void
read_nft_json(struct reader *r)
{
	struct nft t = { .r = r, .s = r->state };
	const char *first = list_begin(r);
	bool whole;

	if (first == NULL) {
		reader_bad(r, 0, "expected the output of nft -j list ruleset: an object "
		    "with a list \"nftables\"");
		return;
	}
	state_mark(r->state, PART_NFT);
	objects_each(&t, first, "table", NULL, table_note);
	objects_each(&t, first, "chain", "\"hook\"", base_note);
	tables_keep(&t);
	objects_each(&t, first, "chain", NULL, chain_read);
	objects_each(&t, first, "set", NULL, set_read);
	objects_each(&t, first, "map", NULL, set_read);
	if (t.n_named > 0)
		qsort(t.named, t.n_named, sizeof(*t.named), nft_named_order);
	whole = objects_each(&t, first, "rule", NULL, rule_read);
	if (!whole && !t.s->no_memory)
		list_cut(&t);
	for (size_t i = 0; i < t.n_named; i++)
		json_decref(t.named[i].object);
	free(t.named);
	free(t.tables);
}
