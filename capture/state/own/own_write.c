/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_write.c - podpath.state/1: one JSON document, a record on each line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/state/own/own.h"
#include "capture/state/documents/rfc3339.h"

/* ---- bytes and values */

static void
flush(struct own_out *o)
{
	if (o->p > o->buf && o->error == 0)
		o->error = o->sink(o->arg, o->buf, (size_t)(o->p - o->buf));
	o->p = o->buf;
}

void
own_put(struct own_out *o, const char *s, size_t n)
{
	while (n > 0) {
		size_t room = (size_t)(o->buf + sizeof(o->buf) - o->p);
		size_t part = n < room ? n : room;

		memcpy(o->p, s, part);
		o->p += part;
		s += part;
		n -= part;
		if (o->p == o->buf + sizeof(o->buf))
			flush(o);
	}
}

void
own_comma(struct own_out *o)
{
	if (o->comma)
		own_lit(o, ",");
	o->comma = true;
}

void
own_key(struct own_out *o, const char *name)
{
	own_comma(o);
	own_lit(o, "\"");
	own_put(o, name, strlen(name));
	own_lit(o, "\":");
	o->comma = false;
}

void
own_open(struct own_out *o, char bracket)
{
	own_comma(o);
	own_put(o, &bracket, 1);
	o->comma = false;
}

void
own_close(struct own_out *o, char bracket)
{
	own_put(o, &bracket, 1);
	o->comma = true;
}

void
own_uint(struct own_out *o, uint64_t v)
{
	char text[20], *p = text + sizeof(text);

	own_comma(o);
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	own_put(o, p, (size_t)(text + sizeof(text) - p));
}

void
own_int(struct own_out *o, int64_t v)
{
	if (v >= 0) {
		own_uint(o, (uint64_t)v);
		return;
	}
	own_comma(o);
	own_lit(o, "-");
	o->comma = false;
	own_uint(o, (uint64_t)0 - (uint64_t)v);
}

/* Bytes of a well-formed UTF-8 character at p, or 0 (RFC 3629). */
static size_t
utf8_length(const unsigned char *p)
{
	size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf5 ? 4 : 0;

	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* See own_pull.c for what becomes of bytes that are not UTF-8. */
static size_t
put_special(struct own_out *o, const unsigned char *p)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15] };
	size_t n = *p < 0x80 ? 0 : utf8_length(p);

	if (n > 0) {
		own_put(o, (const char *)p, n);
		return n;
	}
	if (*p == '"' || *p == '\\') {
		escape[1] = (char)*p;
		own_put(o, escape, 2);
		return 1;
	}
	if (*p >= 0x80)
		memcpy(escape + 2, "dc", 2);
	own_put(o, escape, 6);
	return 1;
}

void
own_string(struct own_out *o, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *q;

	own_comma(o);
	own_lit(o, "\"");
	for (;;) {
		for (q = p; *q >= 0x20 && *q < 0x80 && *q != '"' && *q != '\\'; q++)
			;
		own_put(o, (const char *)p, (size_t)(q - p));
		if (*q == '\0')
			break;
		p = q + put_special(o, q);
	}
	own_lit(o, "\"");
}

void
own_addr(struct own_out *o, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	own_comma(o);
	own_lit(o, "\"");
	own_put(o, text, addr_format(a, text));
	own_lit(o, "\"");
}

void
own_prefix(struct own_out *o, const struct prefix *p)
{
	char text[PREFIX_TEXT_MAX];

	own_comma(o);
	own_lit(o, "\"");
	own_put(o, text, prefix_format(p, text));
	own_lit(o, "\"");
}

void
own_word(struct own_out *o, unsigned n, const char *const *words)
{
	own_string(o, words[n]);
}

void
own_words(struct own_out *o, uint64_t bits, const char *const *words)
{
	own_open(o, '[');
	for (unsigned i = 0; words[i] != NULL; i++)
		if (bits >> i & 1)
			own_string(o, words[i]);
	own_close(o, ']');
}

/* ---- fields */

static uint64_t
load(const char *at, unsigned size)
{
	uint8_t b;
	uint16_t h;
	uint32_t w;
	uint64_t d;

	switch (size) {
	case 1: return memcpy(&b, at, 1), b;
	case 2: return memcpy(&h, at, 2), h;
	case 4: return memcpy(&w, at, 4), w;
	default: return memcpy(&d, at, 8), d;
	}
}

static int64_t
load_signed(const char *at, unsigned size)
{
	unsigned shift = 64 - size * 8;

	return (int64_t)(load(at, size) << shift) >> shift;
}

static bool
is_zero(const char *at, size_t n)
{
	static const char zero[32];

	return memcmp(at, zero, n) == 0;
}

static const char *
load_text(const char *at)
{
	const char *text;

	memcpy(&text, at, sizeof(text));
	return text;
}

void
own_pair(struct own_out *o, const char *name, uint64_t a, uint64_t b)
{
	own_key(o, name);
	own_open(o, '[');
	own_uint(o, a);
	own_uint(o, b);
	own_close(o, ']');
}

static void
write_addrs(struct own_out *o, const char *name, const struct addr *v, uint32_t n)
{
	if (n == 0)
		return;
	own_key(o, name);
	own_open(o, '[');
	for (uint32_t i = 0; i < n; i++)
		own_addr(o, &v[i]);
	own_close(o, ']');
}

/* An empty list is another thing than none: told by what stands beside it. */
static void
write_prefixes(struct own_out *o, const char *name, const struct own_list *l)
{
	const struct prefix *v = l->v;

	if (l->n == 0)
		return;
	own_key(o, name);
	own_open(o, '[');
	for (uint32_t i = 0; i < l->n; i++)
		own_prefix(o, &v[i]);
	own_close(o, ']');
}

static void
write_time(struct own_out *o, const char *name, int64_t ns)
{
	char text[RFC3339_MAX];

	if (ns == 0)
		return;
	rfc3339_format((struct nstime){ ns }, text);
	own_key(o, name);
	own_string(o, text);
}

static void
write_mac(struct own_out *o, const char *name, const char *at)
{
	uint8_t mac[6];
	char text[MAC_TEXT_MAX];

	memcpy(mac, at, 6);
	mac_format(mac, text);
	own_key(o, name);
	own_string(o, text);
}

static void
write_structured(struct own_out *o, const struct field *f, const char *record)
{
	switch (f->type) {
	case FIELD_MATCHES:
		own_put_matches(o, (const void *)record);
		break;
	case FIELD_TARGET:
		if (load(record + f->at, 1) != NF_T_NONE) {
			own_key(o, f->name);
			own_put_target(o, (const void *)(record + f->at));
		}
		break;
	default:
		own_put_elements(o, (const void *)record);
	}
}

static void
write_list(struct own_out *o, const struct field *f, const char *record)
{
	const char *at = record + f->at, *other = record + f->other;
	struct own_list list;
	const struct addr *addrs;

	switch (f->type) {
	case FIELD_ADDRS:
		write_addrs(o, f->name, (const void *)at, (uint8_t)*other);
		break;
	case FIELD_ADDR_LIST:
		memcpy(&addrs, at, sizeof(addrs));
		write_addrs(o, f->name, addrs, (uint32_t)load(other, 4));
		break;
	default:
		memcpy(&list, at, sizeof(list));
		write_prefixes(o, f->name, &list);
	}
}

static uint64_t
number_of(const struct own_out *o, const struct field *f, uint64_t record)
{
	return f->to == OWN_SERVICES && o->services != NULL ? o->services[record] :
	    record;
}

static void
write_simple(struct own_out *o, const struct field *f, const char *at)
{
	own_key(o, f->name);
	switch (f->type) {
	case FIELD_TEXT:	own_string(o, load_text(at)); break;
	case FIELD_BOOL:	own_lit(o, "true"); break;
	case FIELD_INDEX:	own_uint(o, number_of(o, f, load(at, 4))); break;
	case FIELD_UINT:	own_uint(o, load(at, f->size)); break;
	case FIELD_INT:		own_int(o, load_signed(at, f->size)); break;
	case FIELD_ADDR:	own_addr(o, (const void *)at); break;
	case FIELD_PREFIX:	own_prefix(o, (const void *)at); break;
	case FIELD_WORD:	own_word(o, (unsigned)load(at, f->size), f->words); break;
	case FIELD_BITS:	own_words(o, load(at, f->size), f->words); break;
	}
	o->comma = true;
}

static void
write_field(struct own_out *o, const struct field *f, const char *record)
{
	const char *at = record + f->at;
	bool usual;

	switch (f->type) {
	case FIELD_TEXT:	usual = load_text(at) == NULL; break;
	case FIELD_BOOL:	usual = *at == 0; break;
	case FIELD_INT:		usual = load_signed(at, f->size) == f->none; break;
	case FIELD_INDEX:	usual = load(at, 4) == STATE_NONE; break;
	case FIELD_ADDR:	usual = is_zero(at, sizeof(struct addr)); break;
	case FIELD_PREFIX:	usual = is_zero(at, sizeof(struct addr) + 1); break;
	case FIELD_UINT: case FIELD_WORD: case FIELD_BITS:
		usual = load(at, f->size) == 0;
		break;
	case FIELD_MAC:
		if (record[f->other])
			write_mac(o, f->name, at);
		return;
	case FIELD_TIME:
		write_time(o, f->name, load_signed(at, 8));
		return;
	case FIELD_PORTS:
		if (load(at, 4) != 0)
			own_pair(o, f->name, load(at, 2), load(at + 2, 2));
		return;
	case FIELD_PAIR:
		if (!is_zero(at, 16))
			own_pair(o, f->name, load(at, 8), load(at + 8, 8));
		return;
	case FIELD_ADDRS: case FIELD_ADDR_LIST: case FIELD_PREFIX_LIST:
		write_list(o, f, record);
		return;
	default:
		write_structured(o, f, record);
		return;
	}
	if (!usual)
		write_simple(o, f, at);
}

void
own_fields(struct own_out *o, const struct field *f, const void *record)
{
	own_open(o, '{');
	for (; f->name != NULL; f++)
		write_field(o, f, record);
	own_close(o, '}');
}

/* ---- the document */

/*
 * What kube-proxy's rules told of Services comes back when they are read again
 * (state_ready()): it is not written.
 */
static bool
is_derived(const struct state *s, unsigned section, const char *record)
{
	const struct service *v = s->services.v;
	const struct svc_port *p = (const void *)record;
	const struct endpoint *e = (const void *)record;

	switch (section) {
	case OWN_SERVICES:
		return ((const struct service *)(const void *)record)->derived;
	case OWN_SVC_PORTS:
		return v[p->service].derived;
	case OWN_ENDPOINTS:
		return e->derived || (e->service < s->services.n &&
		    v[e->service].derived);
	default:
		return false;
	}
}

/* Services that are written count from 0. */
static bool
number_services(struct own_out *o, const struct state *s)
{
	uint32_t n = 0;

	o->services = NULL;
	for (uint32_t i = 0; i < s->services.n; i++)
		n += s->services.v[i].derived;
	if (n == 0)
		return true;
	o->services = calloc(s->services.n, sizeof(*o->services));
	if (o->services == NULL)
		return false;
	n = 0;
	for (uint32_t i = 0; i < s->services.n; i++)
		o->services[i] = s->services.v[i].derived ? STATE_NONE : n++;
	return true;
}

static void
write_section(struct own_out *o, unsigned section)
{
	const struct section *c = &own_sections[section];
	struct own_list list;
	const char *record;
	bool begun = false;

	memcpy(&list, (const char *)o->state + c->list, sizeof(list));
	record = list.v;
	for (uint32_t i = 0; i < list.n && o->error == 0; i++, record += c->size) {
		if (is_derived(o->state, section, record))
			continue;
		own_lit(o, ",\n");
		o->comma = false;
		if (!begun) {
			own_key(o, c->name);
			own_lit(o, "[\n");
			o->comma = false;
		}
		begun = true;
		own_fields(o, c->fields, record);
	}
	if (begun)
		own_lit(o, "]");
	o->comma = true;
}

void
own_put_state(struct own_out *o, const struct state *s)
{
	const struct state *outer = o->state;
	const struct field *f;

	o->state = s;
	for (f = own_head; f->name != NULL; f++)
		write_field(o, f, (const char *)s);
	if (o->comma)
		own_lit(o, ",\n");
	o->comma = false;
	own_key(o, "cni");
	own_fields(o, own_cni, &s->cni);
	if (!number_services(o, s) && o->error == 0)
		o->error = -ENOMEM;
	for (unsigned i = 0; i < N_OWN_SECTIONS && o->error == 0; i++)
		write_section(o, i);
	free(o->services);
	o->services = NULL;
	o->state = outer;
}

int
own_document(const char *schema, state_sink *sink, void *arg,
    void (*body)(struct own_out *, const void *), const void *what)
{
	struct own_out *o = calloc(1, sizeof(*o));
	int error;

	if (o == NULL)
		return -ENOMEM;
	o->sink = sink;
	o->arg = arg;
	o->p = o->buf;
	own_lit(o, "{");
	own_key(o, "schema");
	own_string(o, schema);
	body(o, what);
	own_lit(o, "\n}\n");
	flush(o);
	error = o->error;
	free(o);
	return error;
}

static void
state_body(struct own_out *o, const void *what)
{
	own_put_state(o, what);
}

int
state_write_to(const struct state *s, state_sink *sink, void *arg)
{
	return own_document(OWN_SCHEMA, sink, arg, state_body, s);
}

static int
write_fd(void *arg, const char *p, size_t n)
{
	const int *fd = arg;

	while (n > 0) {
		ssize_t done = write(*fd, p, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int
state_write(const struct state *s, int fd)
{
	return state_write_to(s, write_fd, &fd);
}
