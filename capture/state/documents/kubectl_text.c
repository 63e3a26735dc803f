/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl_text.c - kubectl get pods|services|nodes [-A] -o wide: tables for
 * people.  A column begins where its title does; values may hold spaces
 * ("1 (3d ago)"), columns are three spaces apart.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/state/documents/kubectl.h"

#define COLUMNS_MAX	24
#define CELL_MAX	512	/* longer ones are cut: names have 253 */

enum column { COL_NAMESPACE, COL_NAME, COL_STATUS, COL_IP, COL_NODE, COL_READY,
	COL_RESTARTS, COL_TYPE, COL_CLUSTER_IP, COL_EXTERNAL_IP, COL_PORTS,
	COL_ROLES, COL_INTERNAL_IP, COL_ENDPOINTS, N_COLUMNS };

static const char *const titles[N_COLUMNS] = {
	[COL_NAMESPACE] = "NAMESPACE", [COL_NAME] = "NAME",
	[COL_STATUS] = "STATUS", [COL_IP] = "IP", [COL_NODE] = "NODE",
	[COL_READY] = "READY", [COL_RESTARTS] = "RESTARTS", [COL_TYPE] = "TYPE",
	[COL_CLUSTER_IP] = "CLUSTER-IP", [COL_EXTERNAL_IP] = "EXTERNAL-IP",
	[COL_PORTS] = "PORT(S)", [COL_ROLES] = "ROLES",
	[COL_INTERNAL_IP] = "INTERNAL-IP", [COL_ENDPOINTS] = "ENDPOINTS",
};

enum table { TABLE_NONE, TABLE_PODS, TABLE_SERVICES, TABLE_NODES };

struct columns {
	struct kubectl	 k;
	enum table	 table;
	/* where each begins and ends, in characters; end 0: not there */
	size_t		 from[N_COLUMNS], to[N_COLUMNS];
	unsigned long	 line;
	bool		 said_default;
};

/* ---- the title line */

static void
note_title(struct columns *c, const char *p, size_t len, size_t from, size_t to)
{
	for (unsigned i = 0; i < N_COLUMNS; i++)
		if (strlen(titles[i]) == len && memcmp(titles[i], p, len) == 0) {
			c->from[i] = from;
			c->to[i] = to;
		}
}

static bool
has(const struct columns *c, enum column i)
{
	return c->to[i] != 0;
}

static enum table
table_of(const struct columns *c)
{
	if (!has(c, COL_NAME))
		return TABLE_NONE;
	if (has(c, COL_READY) && has(c, COL_RESTARTS))
		return TABLE_PODS;
	if (has(c, COL_TYPE) && has(c, COL_CLUSTER_IP))
		return TABLE_SERVICES;
	if (has(c, COL_STATUS) && has(c, COL_ROLES))
		return TABLE_NODES;
	return TABLE_NONE;
}

static bool
is_title(const struct line *l)
{
	return (l->len > 5 && memcmp(l->p, "NAME ", 5) == 0) ||
	    (l->len > 10 && memcmp(l->p, "NAMESPACE ", 10) == 0);
}

/* "NOMINATED NODE" is one title: those are two spaces apart at least. */
static void
read_title(struct columns *c, const struct line *l)
{
	size_t at = 0, end, next;

	memset(c->from, 0, sizeof(c->from));
	memset(c->to, 0, sizeof(c->to));
	while (at < l->len) {
		for (end = at; end < l->len && (l->p[end] != ' ' ||
		    (end + 1 < l->len && l->p[end + 1] != ' ')); end++)
			;
		for (next = end; next < l->len && l->p[next] == ' '; next++)
			;
		note_title(c, l->p + at, end - at, at,
		    next == l->len ? SIZE_MAX : next);
		at = next;
	}
	c->table = table_of(c);
	c->said_default = false;
	if (c->table != TABLE_NONE)
		return;
	reader_bad(c->k.reader, l->number, has(c, COL_ENDPOINTS) ?
	    "endpoints in a table are shortened: use kubectl get -o json" :
	    "a table of another kind than pods, services and nodes");
}

/* ---- cells */

/* Bytes of the first n characters (UTF-8), since columns are counted so. */
static size_t
bytes_of(const struct line *l, size_t n)
{
	size_t i;

	for (i = 0; i < l->len; i++)
		if (((unsigned char)l->p[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

/* Without the spaces around; "" for <none> and the like and when it is absent. */
static const char *
cell(const struct columns *c, const struct line *l, enum column i,
    char out[static CELL_MAX])
{
	size_t from, to;

	out[0] = '\0';
	if (!has(c, i))
		return out;
	from = bytes_of(l, c->from[i]);
	to = bytes_of(l, c->to[i]);
	while (from < to && l->p[from] == ' ')
		from++;
	while (to > from && l->p[to - 1] == ' ')
		to--;
	if (to - from >= CELL_MAX)
		to = from + CELL_MAX - 1;
	if (from == to || l->p[from] == '<')
		return out;
	memcpy(out, l->p + from, to - from);
	out[to - from] = '\0';
	return out;
}

static const char *
keep(struct columns *c, const char *text)
{
	return *text == '\0' ? NULL : state_text(c->k.state, text, strlen(text));
}

/* "pod/web-0", as `kubectl get pods,services` has it. */
static const char *
bare_name(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash ? slash + 1 : name;
}

static const char *
namespace(struct columns *c, const struct line *l, char room[static CELL_MAX])
{
	if (*cell(c, l, COL_NAMESPACE, room) != '\0')
		return room;
	if (!c->said_default)
		reader_bad(c->k.reader, l->number, "no column NAMESPACE: taken as "
		    "namespace default (kubectl get -A shows it)");
	c->said_default = true;
	return "default";
}

static bool
parse_addr(struct columns *c, const char *text, struct addr *a)
{
	if (*text == '\0')
		return false;
	if (addr_parse(text, a))
		return true;
	reader_bad(c->k.reader, c->line, "'%s' is not an IP address", text);
	return false;
}

/* ---- rows */

static void
read_pod(struct columns *c, const struct line *l)
{
	char ns[CELL_MAX], name[CELL_MAX], text[CELL_MAX];
	struct pod *p;
	struct addr a;

	cell(c, l, COL_NAME, name);
	p = state_pod(c->k.state, namespace(c, l, ns), bare_name(name), NULL);
	if (p == NULL)
		return;
	p->sources |= POD_KUBECTL;
	if (parse_addr(c, cell(c, l, COL_IP, text), &a))
		pod_add_addr(p, &a);
	if (p->node == NULL)
		p->node = keep(c, cell(c, l, COL_NODE, text));
	/* STATUS is the phase, or why a container does not run: a pod that has
	   ended says so in one of these */
	cell(c, l, COL_STATUS, text);
	if (p->phase == NULL)
		p->phase = strcmp(text, "Completed") == 0 ? "Succeeded" :
		    strcmp(text, "Error") == 0 || strcmp(text, "Evicted") == 0 ?
		    "Failed" : keep(c, text);
}

/* "80:30080/TCP" */
static void
read_port(struct columns *c, uint32_t service, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10), node_port = 0;
	uint8_t proto;
	struct svc_port *p;

	if (*end == ':')
		node_port = strtoul(end + 1, &end, 10);
	proto = *end == '/' ? kubectl_proto(end + 1) : 0;
	if (proto == 0 || port == 0 || port > 65535 || node_port > 65535) {
		reader_bad(c->k.reader, c->line,
		    "'%s' is not PORT[:NODEPORT]/PROTOCOL", text);
		return;
	}
	p = state_push(c->k.state, svc_ports);
	if (p == NULL)
		return;
	p->service = service;
	p->port = (uint16_t)port;
	p->node_port = (uint16_t)node_port;
	p->proto = proto;
}

/* The cluster address, and those outside; a load balancer's name is none. */
static void
read_addrs(struct columns *c, const struct line *l, struct service *v)
{
	char text[CELL_MAX], *rest = text, *one;
	struct addr list[33];
	uint32_t n = 0;

	cell(c, l, COL_CLUSTER_IP, text);
	if (strcmp(text, "None") != 0 && parse_addr(c, text, &list[n]))
		n++;
	v->n_cluster = n;
	cell(c, l, COL_EXTERNAL_IP, text);
	while ((one = strsep(&rest, ",")) != NULL && n < 33)
		if (addr_parse(one, &list[n]))
			n++;
	v->addrs = n ? state_alloc(c->k.state, n * sizeof(*list)) : NULL;
	if (v->addrs == NULL) {
		v->n_cluster = 0;
		return;
	}
	memcpy(v->addrs, list, n * sizeof(*list));
	v->n_addrs = n;
}

static void
read_service(struct columns *c, const struct line *l)
{
	char ns[CELL_MAX], text[CELL_MAX], *rest = text, *one;
	struct service *v;
	uint32_t index;
	bool fresh;

	cell(c, l, COL_NAME, text);
	v = kubectl_service(&c->k, namespace(c, l, ns), bare_name(text), &fresh);
	if (v == NULL || !fresh)
		return;
	index = (uint32_t)(v - c->k.state->services.v);
	v->type = keep(c, cell(c, l, COL_TYPE, text));
	read_addrs(c, l, v);
	cell(c, l, COL_PORTS, text);
	while ((one = strsep(&rest, ",")) != NULL)
		if (*one != '\0')
			read_port(c, index, one);
}

static void
read_node(struct columns *c, const struct line *l)
{
	char text[CELL_MAX];
	struct node *n;
	struct addr a;

	n = kubectl_node(&c->k, bare_name(cell(c, l, COL_NAME, text)));
	if (n != NULL && n->n_addrs == 0 &&
	    parse_addr(c, cell(c, l, COL_INTERNAL_IP, text), &a))
		n->addrs[n->n_addrs++] = a;
}

static void
read_row(struct columns *c, const struct line *l)
{
	static const struct {
		enum state_part	 part;
		void		 (*read)(struct columns *, const struct line *);
	} tables[] = {
		[TABLE_PODS] = { PART_PODS, read_pod },
		[TABLE_SERVICES] = { PART_SERVICES, read_service },
		[TABLE_NODES] = { PART_NODES, read_node },
	};
	char name[CELL_MAX];

	c->line = l->number;
	if (c->table == TABLE_NONE)
		return;
	if (*cell(c, l, COL_NAME, name) == '\0' || strchr(name, ' ') != NULL) {
		reader_bad(c->k.reader, l->number,
		    "not a line of the table above it");
		return;
	}
	state_mark(c->k.state, tables[c->table].part);
	tables[c->table].read(c, l);
}

void
read_kubectl_text(struct reader *r)
{
	struct columns c = { .table = TABLE_NONE };
	struct line l = { 0 };
	bool title = false;

	kubectl_init(&c.k, r);
	while (reader_line(r, &l)) {
		if (is_title(&l)) {
			read_title(&c, &l);
			title = true;
		} else if (l.len > 0 && title) {
			read_row(&c, &l);
		} else if (l.len > 0 && !title) {
			reader_bad(r, l.number, "a line of titles (NAME ...) is "
			    "expected first, as kubectl get -o wide prints it");
			break;
		}
	}
	kubectl_guess_host(&c.k);
	kubectl_fini(&c.k);
}
