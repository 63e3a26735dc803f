/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_json.c - what `ip -j` prints, told apart by the names in each object; here
 * policy rules and routes.
 *
 * A rule or a route is put together again as ip(8) would print it as text and
 * then read as that (ip_rule.c, ip_route.c), so that both are judged alike and
 * have the same text.  The names are those of iproute2's print_string() calls
 * in print_rule() and print_route(), which are not always those of its text.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "capture/state/files.h"
#include "capture/state/text/ip_json.h"
#include "capture/state/text/iproute2.h"

/* ---- a line of text out of JSON */

struct composed {
	struct jdoc	*doc;
	size_t		 len;
	bool		 bad;		/* too long, or a value that is no word */
	char		 text[ROUTE_TEXT_MAX];
};

static void
add_bytes(struct composed *c, const char *p, size_t len)
{
	if (c->len + len + 1 > sizeof(c->text)) {
		c->bad = true;
		return;
	}
	if (c->len > 0)
		c->text[c->len++] = ' ';
	memcpy(c->text + c->len, p, len);
	c->len += len;
}

static void
add_word(struct composed *c, const char *word)
{
	add_bytes(c, word, strlen(word));
}

/* A value must not bring words of its own along. */
static bool
is_word(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

/* A text or a number as a word; false when it is absent. */
static bool
value_word(struct composed *c, const json_t *o, const char *name, char *out,
    size_t room)
{
	const json_t *v = json_object_get(o, name);
	int n;

	if (v == NULL || json_is_null(v))
		return false;
	if (json_is_integer(v))
		n = snprintf(out, room, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
	else if (json_is_real(v))	/* see jdoc_load() */
		n = snprintf(out, room, "%.0f", json_real_value(v));
	else
		n = snprintf(out, room, "%s",
		    json_is_string(v) ? json_string_value(v) : "");
	if (n > 0 && (size_t)n < room && is_word(out))
		return true;
	jdoc_bad(c->doc, name, "one word or number is expected");
	c->bad = true;
	return false;
}

#define VALUE_MAX	80

/* "WORD VALUE", when there is a value. */
static void
add_pair(struct composed *c, const json_t *o, const char *name, const char *word)
{
	char value[VALUE_MAX];

	if (value_word(c, o, name, value, sizeof(value))) {
		add_word(c, word);
		add_word(c, value);
	}
}

/* A name that is there with null, false or true is a word that stands alone. */
static void
add_alone(struct composed *c, const json_t *o, const char *name, const char *word)
{
	const json_t *v = json_object_get(o, name);

	if (v != NULL && !json_is_false(v))
		add_word(c, word);
}

__attribute__((format(printf, 2, 3)))
static void
add_format(struct composed *c, const char *format, ...)
{
	char text[3 * VALUE_MAX];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		c->bad = true;
	else
		add_bytes(c, text, (size_t)n);
}

/* "10.0.0.0" and 8 are "10.0.0.0/8". */
static void
add_range(struct composed *c, const json_t *o, const char *name, const char *len)
{
	char value[VALUE_MAX], bits[VALUE_MAX];

	if (!value_word(c, o, name, value, sizeof(value)))
		return;
	if (value_word(c, o, len, bits, sizeof(bits)))
		add_format(c, "%s/%s", value, bits);
	else
		add_word(c, value);
}

/* "sport": 80, or "sport_start" and "sport_end"; the same for others. */
static void
add_numbers(struct composed *c, const json_t *o, const char *word)
{
	char name[2][32], value[2][VALUE_MAX];

	add_pair(c, o, word, word);
	snprintf(name[0], sizeof(name[0]), "%s_start", word);
	snprintf(name[1], sizeof(name[1]), "%s_end", word);
	if (value_word(c, o, name[0], value[0], VALUE_MAX) &&
	    value_word(c, o, name[1], value[1], VALUE_MAX))
		add_format(c, "%s %s-%s", word, value[0], value[1]);
}

/* ---- rules */

/* What is here has an effect on which packets it is for; a name that is not
   here is passed on as a word, so that the rule is marked as not understood. */
static const char *const rule_names[] = {
	"priority", "not", "src", "srclen", "dst", "dstlen", "tos", "dscp",
	"fwmark", "fwmask", "iif", "iif_detached", "oif", "oif_detached",
	"l3mdev", "uid_start", "uid_end", "ipproto", "sport", "sport_start",
	"sport_end", "dport", "dport_start", "dport_end", "tun_id", "table",
	"suppress_prefixlen", "suppress_ifgroup", "flow_from", "flow_to",
	"goto", "unresolved", "nop", "action", "protocol", "nat_gateway",
	"flowlabel", "flowlabel_mask",
};

static bool
known_name(const char *name)
{
	for (size_t i = 0; i < sizeof(rule_names) / sizeof(rule_names[0]); i++)
		if (strcmp(name, rule_names[i]) == 0)
			return true;
	return false;
}

static void
add_unknown(struct composed *c, json_t *o)
{
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v)
		if (!known_name(name))
			add_word(c, is_word(name) ? name : "?");
}

static void
add_mark(struct composed *c, const json_t *o)
{
	char mark[VALUE_MAX] = "0", mask[VALUE_MAX];
	bool has_mark = value_word(c, o, "fwmark", mark, sizeof(mark));

	if (value_word(c, o, "fwmask", mask, sizeof(mask)))
		add_format(c, "fwmark %s/%s", mark, mask);
	else if (has_mark)
		add_format(c, "fwmark %s", mark);
}

static void
add_selector(struct composed *c, const json_t *o)
{
	add_alone(c, o, "not", "not");
	add_word(c, "from");
	if (json_object_get(o, "src") != NULL)
		add_range(c, o, "src", "srclen");
	else
		add_word(c, "all");
	if (json_object_get(o, "dst") != NULL) {
		add_word(c, "to");
		add_range(c, o, "dst", "dstlen");
	}
	add_pair(c, o, "tos", "tos");
	add_pair(c, o, "dscp", "dscp");
	add_mark(c, o);
	add_pair(c, o, "iif", "iif");
	add_alone(c, o, "iif_detached", "[detached]");
	add_pair(c, o, "oif", "oif");
	add_alone(c, o, "oif_detached", "[detached]");
	add_alone(c, o, "l3mdev", "lookup [l3mdev-table]");
	if (json_object_get(o, "uid_start") != NULL) {
		char lo[VALUE_MAX] = "", hi[VALUE_MAX] = "";

		value_word(c, o, "uid_start", lo, sizeof(lo));
		value_word(c, o, "uid_end", hi, sizeof(hi));
		add_format(c, "uidrange %s-%s", lo, hi);
	}
	add_pair(c, o, "ipproto", "ipproto");
	add_numbers(c, o, "sport");
	add_numbers(c, o, "dport");
	add_pair(c, o, "tun_id", "tun_id");
	add_pair(c, o, "flowlabel", "flowlabel");
}

/* A class for traffic control: "realms FROM/TO", or "realms TO". */
static void
add_realms(struct composed *c, const json_t *o)
{
	char from[VALUE_MAX], to[VALUE_MAX];

	if (!value_word(c, o, "flow_to", to, sizeof(to)))
		return;
	if (value_word(c, o, "flow_from", from, sizeof(from)))
		add_format(c, "realms %s/%s", from, to);
	else
		add_format(c, "realms %s", to);
}

static void
take_rule(struct jdoc *d, json_t *o, bool v6)
{
	struct composed c = { .doc = d };
	char priority[VALUE_MAX];

	if (!value_word(&c, o, "priority", priority, sizeof(priority)))
		return;
	add_format(&c, "%s:", priority);
	add_selector(&c, o);
	add_pair(&c, o, "table", "lookup");
	add_pair(&c, o, "suppress_prefixlen", "suppress_prefixlength");
	add_pair(&c, o, "suppress_ifgroup", "suppress_ifgroup");
	add_realms(&c, o);
	add_pair(&c, o, "goto", "goto");
	add_alone(&c, o, "unresolved", "[unresolved]");
	add_alone(&c, o, "nop", "nop");
	if (json_is_string(json_object_get(o, "action")))
		add_word(&c, json_string_value(json_object_get(o, "action")));
	add_pair(&c, o, "nat_gateway", "map-to");
	add_pair(&c, o, "protocol", "proto");
	add_unknown(&c, o);
	if (c.bad)
		jdoc_bad(d, "", "the policy rule is left out");
	else
		ip_rule_text(d->reader, 0, c.text, c.len, v6);
}

/* ---- routes */

static void
add_flags(struct composed *c, const json_t *o)
{
	const json_t *flags = json_object_get(o, "flags");
	json_t *flag;
	size_t i;

	json_array_foreach(flags, i, flag)
		if (json_is_string(flag) && is_word(json_string_value(flag)))
			add_word(c, json_string_value(flag));
}

/* "gateway", or "via" with the family of the nexthop. */
static void
add_gateway(struct composed *c, const json_t *o)
{
	const json_t *via = json_object_get(o, "via");
	char family[VALUE_MAX], host[VALUE_MAX];

	add_pair(c, o, "gateway", "via");
	if (via == NULL)
		return;
	if (value_word(c, via, "family", family, sizeof(family)) &&
	    value_word(c, via, "host", host, sizeof(host)))
		add_format(c, "via %s %s", family, host);
	else
		c->bad = true;
}

static void
add_metrics(struct composed *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "metrics");
	char value[VALUE_MAX];
	const char *name;
	json_t *set, *v;
	size_t i;

	json_array_foreach(list, i, set)
		json_object_foreach(set, name, v)
			if (is_word(name) &&
			    value_word(c, set, name, value, sizeof(value)))
				add_format(c, "%s %s", name, value);
}

static void
add_nexthops(struct composed *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "nexthops");
	json_t *hop;
	size_t i;

	json_array_foreach(list, i, hop) {
		add_word(c, "nexthop");
		add_gateway(c, hop);
		add_pair(c, hop, "dev", "dev");
		add_pair(c, hop, "weight", "weight");
		add_flags(c, hop);
	}
}

static void
take_route(struct jdoc *d, const json_t *o, bool v6)
{
	struct composed c = { .doc = d };
	const char *type = json_string_value(json_object_get(o, "type"));
	char dst[VALUE_MAX];
	uint32_t table = TABLE_MAIN;

	/* An encapsulation has a "dst" of its own in the same object. */
	if (json_object_get(o, "encap") != NULL) {
		jdoc_bad(d, "encap", "a route with an encapsulation is left out of "
		    "JSON; expected it as text");
		return;
	}
	if (type != NULL && strcmp(type, "unicast") != 0)
		add_word(&c, is_word(type) ? type : "?");
	if (!value_word(&c, o, "dst", dst, sizeof(dst)))
		return;
	add_word(&c, dst);
	add_pair(&c, o, "from", "from");
	add_pair(&c, o, "nhid", "nhid");
	add_pair(&c, o, "tos", "tos");
	add_gateway(&c, o);
	add_pair(&c, o, "dev", "dev");
	add_pair(&c, o, "table", "table");
	add_pair(&c, o, "protocol", "proto");
	add_pair(&c, o, "scope", "scope");
	add_pair(&c, o, "prefsrc", "src");
	add_pair(&c, o, "metric", "metric");
	add_flags(&c, o);
	add_metrics(&c, o);
	add_pair(&c, o, "expires", "expires");
	add_pair(&c, o, "error", "error");
	add_pair(&c, o, "pref", "pref");
	add_nexthops(&c, o);
	file_name_table(d->reader->file, &table);
	if (c.bad)
		jdoc_bad(d, "", "the route is left out");
	else
		ip_route_text(d->reader, 0, c.text, c.len, v6, table);
}

/* ---- a file */

/* "ip6rule.json", "ip-6-rule.json", "ip -6 rule": IPv6, when the addresses in it
   do not say. */
static bool
name_says_v6(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *p = slash ? slash + 1 : file, *want = "ip6";

	for (; *p != '\0' && *want != '\0'; p++)
		if (isalnum((unsigned char)*p) &&
		    tolower((unsigned char)*p) != *want++)
			return false;
	return *want == '\0';
}

/* `ip -j` leaves an empty object for what a filter took away. */
static void
take_object(struct jdoc *d, json_t *o, bool v6)
{
	if (json_object_size(o) == 0)
		return;
	if (json_object_get(o, "ifname") != NULL &&
	    json_object_get(o, "ifindex") != NULL)
		ip_json_link(d, o);
	else if (json_object_get(o, "priority") != NULL)
		take_rule(d, o, v6);
	else if (json_object_get(o, "lladdr") != NULL ||
	    json_object_get(o, "state") != NULL ||
	    json_object_get(o, "proxy") != NULL)
		ip_json_neigh(d, o);
	else if (json_object_get(o, "dst") != NULL)
		take_route(d, o, v6);
	else
		jdoc_bad(d, "", "expected a link, an address, a policy rule, a "
		    "route or a neighbour, as 'ip -j' prints them");
}

static void
take_all(struct jdoc *d)
{
	bool v6 = name_says_v6(d->reader->file);
	json_t *v;
	size_t i;

	if (!json_is_array(d->root)) {
		jdoc_bad(d, "", "a list is expected, as 'ip -j' prints it");
		return;
	}
	json_array_foreach(d->root, i, v) {
		size_t at = jdoc_enter_index(d, i);

		if (jdoc_is_object(d, v) != NULL)
			take_object(d, v, v6);
		jdoc_leave(d, at);
	}
}

void
read_ip_json(struct reader *r)
{
	struct state *s = r->state;
	uint32_t rules = s->rules.n, routes = s->routes.n, neighs = s->neighs.n;
	struct jdoc d;

	if (!jdoc_load(&d, r))
		return;
	take_all(&d);
	jdoc_free(&d);
	merge_rules(r, rules);
	merge_routes(r, routes);
	if (s->neighs.n > neighs)
		state_mark(s, PART_NEIGHS);
	merge_neighs(r);
	merge_links(r);
	merge_addrs(r);
}
