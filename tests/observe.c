/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe.c - packets written as lines, and flows read as lines; see
 * observe.h.
 */
#include "tests/observe.h"

#include "decode/addr.h"

#define BEGIN_NS	(INT64_C(1795201664) * NS_PER_SEC)
#define STEP_NS		(10 * NS_PER_USEC)
#define CLOCK_OFF_NS	(100 * NS_PER_USEC)
#define IFINDEX_FIRST	2	/* 1 is lo */
#define PORT_VXLAN	4789
#define WORD_MAX	24

enum shape shape_any = SHAPE_ANY, shape_ether = SHAPE_ETHER,
    shape_clocks = SHAPE_CLOCKS;

/* A line, taken apart. */
#define NO_CODE	UINT32_MAX

struct line {
	const char	*iface, *proto, *flags, *data, *hex, *about, *outer;
	bool		 out, more, pad, badsum, group, other, vlan, vni;
	char		 src[48], dst[48];
	unsigned	 sport, dport;
	/* numbers, by the names of `numbers` */
	uint32_t	 ttl, id, seq, ack, tsval, tsecr, mss, eid, len, fill,
			 off, tag, net, oport, snap, code;
};

static const struct { const char *name; size_t at; } numbers[] = {
	{ "ttl",	offsetof(struct line, ttl) },
	{ "id",		offsetof(struct line, id) },
	{ "seq",	offsetof(struct line, seq) },
	{ "ack",	offsetof(struct line, ack) },
	{ "tsval",	offsetof(struct line, tsval) },
	{ "tsecr",	offsetof(struct line, tsecr) },
	{ "mss",	offsetof(struct line, mss) },
	{ "eid",	offsetof(struct line, eid) },
	{ "len",	offsetof(struct line, len) },
	{ "fill",	offsetof(struct line, fill) },
	{ "off",	offsetof(struct line, off) },
	{ "vlan",	offsetof(struct line, tag) },
	{ "vni",	offsetof(struct line, net) },
	{ "oport",	offsetof(struct line, oport) },
	{ "snap",	offsetof(struct line, snap) },
	{ "code",	offsetof(struct line, code) },
};

static const struct { const char *name; size_t at; } texts[] = {
	{ "data",	offsetof(struct line, data) },
	{ "hex",	offsetof(struct line, hex) },
	{ "about",	offsetof(struct line, about) },
	{ "outer",	offsetof(struct line, outer) },
};

static const struct { const char *name; size_t at; } marks[] = {
	{ "more",	offsetof(struct line, more) },
	{ "pad",	offsetof(struct line, pad) },
	{ "badsum",	offsetof(struct line, badsum) },
	{ "group",	offsetof(struct line, group) },
	{ "other",	offsetof(struct line, other) },
};

#define N(table)	(sizeof(table) / sizeof((table)[0]))

static bool
word_mark(struct line *l, const char *word)
{
	for (size_t i = 0; i < N(marks); i++)
		if (strcmp(word, marks[i].name) == 0) {
			*(bool *)((char *)l + marks[i].at) = true;
			return true;
		}
	return false;
}

static bool
word_value(struct line *l, char *word)
{
	char *value = strchr(word, '='), *end;

	if (value == NULL)
		return false;
	*value++ = '\0';
	l->vlan |= strcmp(word, "vlan") == 0;
	l->vni |= strcmp(word, "vni") == 0;
	for (size_t i = 0; i < N(texts); i++)
		if (strcmp(word, texts[i].name) == 0) {
			*(const char **)(void *)((char *)l + texts[i].at) = value;
			return true;
		}
	for (size_t i = 0; i < N(numbers); i++)
		if (strcmp(word, numbers[i].name) == 0) {
			*(uint32_t *)(void *)((char *)l + numbers[i].at) =
			    (uint32_t)strtoul(value, &end, 0);
			return *value != '\0' && *end == '\0';
		}
	return false;
}

/* "10.0.0.1", "10.0.0.1:80", "[fd00::1]:80", "fd00::1". */
static void
endpoint(const char *text, char host[static 48], unsigned *port)
{
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);

	*port = 0;
	if (text[0] == '[') {
		text++;
		n = strcspn(text, "]");
		if (text[n] != '\0' && text[n + 1] == ':')
			*port = (unsigned)atoi(text + n + 2);
	} else if (colon != NULL && colon == strchr(text, ':')) {
		n = (size_t)(colon - text);
		*port = (unsigned)atoi(colon + 1);
	}
	if (n >= 48)
		n = 47;
	memcpy(host, text, n);
	host[n] = '\0';
}

static void
line_parse(struct line *l, char *text)
{
	char *word[WORD_MAX] = { NULL }, *save = NULL;
	unsigned n = 0, at = 6;
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s", text);
	for (char *w = strtok_r(text, " \t", &save); w != NULL && n < WORD_MAX;
	    w = strtok_r(NULL, " \t", &save))
		word[n++] = w;
	if (n < 6 || strcmp(word[3], ">") != 0 ||
	    (strcmp(word[1], "in") != 0 && strcmp(word[1], "out") != 0))
		fail_msg("not a packet: %s", whole);
	*l = (struct line){ .code = NO_CODE, .iface = word[0], .out = word[1][0] == 'o',
	    .proto = word[5], .flags = "", .fill = 1, .oport = 50000 };
	endpoint(word[2], l->src, &l->sport);
	endpoint(word[4], l->dst, &l->dport);
	if (strcmp(l->proto, "tcp") == 0 && n > 6)
		l->flags = word[at++];
	for (; at < n; at++)
		if (!word_mark(l, word[at]) && !word_value(l, word[at]))
			fail_msg("what is %s in: %s", word[at], whole);
}

/* ---- a line as a frame ---- */

static uint8_t
tcp_flags(const char *text)
{
	static const char letters[] = "FSRPA";
	uint8_t flags = 0;

	for (; *text != '\0'; text++) {
		const char *at = strchr(letters, *text);

		if (at == NULL)
			fail_msg("no TCP flag %c", *text);
		flags |= (uint8_t)(1 << (at - letters));
	}
	return flags;
}

static void
put_tcp(struct build *b, const struct line *l)
{
	const uint8_t mss[4] = { 2, 4, (uint8_t)(l->mss >> 8), (uint8_t)l->mss };

	build_tcp(b, .sport = (uint16_t)l->sport, .dport = (uint16_t)l->dport,
	    .flags = tcp_flags(l->flags), .seq = l->seq, .ack = l->ack,
	    .ts_val = l->tsval, .ts_ecr = l->tsecr, .options = mss,
	    .n_options = l->mss ? 4 : 0);
}

static unsigned
proto_number(const struct line *l, const char *name)
{
	bool v6 = strchr(l->src, ':') != NULL;

	if (strcmp(name, "tcp") == 0)
		return PROTO_TCP;
	if (strcmp(name, "udp") == 0)
		return PROTO_UDP;
	if (strcmp(name, "sctp") == 0)
		return PROTO_SCTP;
	return v6 ? PROTO_ICMPV6 : PROTO_ICMP;
}

/* The packet that an error is about: its IP header and eight bytes more. */
static void
put_about(struct build *b, const struct line *l)
{
	char copy[128], src[48], dst[48], *save = NULL, *from, *to, *proto;
	unsigned sport, dport;

	snprintf(copy, sizeof(copy), "%s", l->about ? l->about : "");
	from = strtok_r(copy, ",", &save);
	to = strtok_r(NULL, ",", &save);
	proto = strtok_r(NULL, ",", &save);
	if (proto == NULL)
		fail_msg("about=SRC:PORT,DST:PORT,PROTO, not %s", l->about);
	endpoint(from, src, &sport);
	endpoint(to, dst, &dport);
	build_ip(b, .src = src, .dst = dst, .ttl = 1);
	if (strcmp(proto, "tcp") == 0)
		build_tcp(b, .sport = (uint16_t)sport, .dport = (uint16_t)dport,
		    .flags = TCP_SYN);
	else if (strcmp(proto, "udp") == 0)
		build_udp(b, sport, dport);
	else
		build_echo(b, false, sport, 1);
}

static void
put_l4(struct build *b, const struct line *l)
{
	bool v6 = strchr(l->src, ':') != NULL;

	if (l->off > 0)
		return;
	if (strcmp(l->proto, "tcp") == 0)
		put_tcp(b, l);
	else if (strcmp(l->proto, "udp") == 0)
		build_udp(b, l->sport, l->dport);
	else if (strcmp(l->proto, "sctp") == 0)
		build_sctp(b, l->sport, l->dport, l->seq);
	else if (strcmp(l->proto, "echo") == 0)
		build_echo(b, false, l->eid, l->seq & 0xffff);
	else if (strcmp(l->proto, "reply") == 0)
		build_echo(b, true, l->eid, l->seq & 0xffff);
	else if (strcmp(l->proto, "unreach") == 0)
		build_icmp(b, v6 ? 1 : 3, l->code != NO_CODE ? l->code :
		    v6 ? 4 : 3, 0);
	else if (strcmp(l->proto, "toobig") == 0)
		build_icmp(b, v6 ? 2 : 3, v6 ? 0 : 4, 1400);
	else if (strcmp(l->proto, "exceeded") == 0)
		build_icmp(b, v6 ? 3 : 11, 0, 0);
	else
		fail_msg("no protocol %s", l->proto);
	if (l->about != NULL)
		put_about(b, l);
}

static void
put_hex(struct build *b, const char *hex)
{
	unsigned byte;

	for (; *hex != '\0'; hex += 2) {
		uint8_t c;

		if (sscanf(hex, "%2x", &byte) != 1 || hex[1] == '\0')
			fail_msg("not hexadecimal: %s", hex);
		c = (uint8_t)byte;
		build_bytes(b, &c, 1);
	}
}

static void
put_payload(struct build *b, const struct line *l)
{
	uint32_t text = l->data ? (uint32_t)strlen(l->data) : 0;

	if (l->hex != NULL)
		put_hex(b, l->hex);
	if (text > 0)
		build_text(b, l->data);
	if (l->len > text)
		build_fill(b, l->len - text, l->fill);
}

static void
put_link(struct scene *s, const struct line *l, unsigned at)
{
	static const char *const macs[] = { "02:00:00:00:00:02", "01:00:5e:00:00:fb" };

	if (s->shape == SHAPE_ANY)
		build_sll2(&s->b, .ifindex = at + IFINDEX_FIRST,
		    .pkttype = l->out ? 4 : l->group ? 2 : l->other ? 3 : 0);
	else
		build_eth(&s->b, .dst = macs[l->group]);
	if (l->vlan)
		build_vlan(&s->b, 0x8100, l->tag);
}

static void
put_tunnel(struct build *b, const struct line *l)
{
	char nodes[96], *comma;

	snprintf(nodes, sizeof(nodes), "%s",
	    l->outer ? l->outer : "172.16.0.1,172.16.0.2");
	comma = strchr(nodes, ',');
	if (comma == NULL)
		fail_msg("outer=A,B, not %s", nodes);
	*comma = '\0';
	build_ip(b, .src = nodes, .dst = comma + 1);
	build_udp(b, l->oport, PORT_VXLAN);
	build_vxlan(b, l->net);
	/* Each way has its own addresses, as between two nodes. */
	build_eth(b, .dst = l->out ? "02:00:00:00:0b:02" : "02:00:00:00:0a:01");
}

/* Not all that offload leaves undone is zero: any other value will do. */
static void
spoil_checksum(struct build *b, const struct line *l)
{
	unsigned proto = proto_number(l, l->proto);

	if (proto == PROTO_TCP)
		build_at(b, B_TCP)[16] ^= 0x5a;
	else if (proto == PROTO_UDP)
		build_at(b, B_UDP)[6] ^= 0x5a;
	else
		build_at(b, B_ICMP)[2] ^= 0x5a;
	if (strchr(l->src, ':') == NULL)
		build_at(b, B_IP4)[10] ^= 0x5a;
}

static void
line_build(struct scene *s, const struct line *l, unsigned at)
{
	build_begin(&s->b);
	put_link(s, l, at);
	if (l->vni)
		put_tunnel(&s->b, l);
	build_ip(&s->b, .src = l->src, .dst = l->dst, .ttl = l->ttl,
	    .id = l->id, .offset = l->off, .more = l->more,
	    .proto = proto_number(l, l->proto));
	put_l4(&s->b, l);
	put_payload(&s->b, l);
	build_finish(&s->b);
	if (l->badsum)
		spoil_checksum(&s->b, l);
	if (l->pad)
		build_pad(&s->b, s->shape == SHAPE_ANY ? 66 : 60);
}

/* ---- scenes ---- */

static void
keep(struct scene *s, const struct flow *f)
{
	if (s->n_flows == s->room_flows) {
		s->room_flows = s->room_flows ? s->room_flows * 2 : 16;
		s->flows = realloc(s->flows, s->room_flows * sizeof(*s->flows));
		assert_non_null(s->flows);
	}
	s->flows[s->n_flows++] = *f;
}

static void
flow_done(void *arg, const struct flow *f)
{
	struct scene *s = arg;

	s->n_done++;
	s->last_done = f->id;
	if (s->keep_done)
		keep(s, f);
}

static int
flow_at_end(void *arg, const struct flow *f)
{
	keep(arg, f);
	return 1;
}

struct scene *
scene_new(enum shape shape, uint32_t max_flows)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->shape = shape;
	s->keep_done = true;
	s->now_ns = BEGIN_NS;
	s->t = tracer_new(&(struct tracer_config){ .max_flows = max_flows,
	    .done = flow_done, .done_arg = s });
	assert_non_null(s->t);
	if (shape == SHAPE_ANY)
		tracer_observe(s->t, &(struct obs){ .type = OBS_IFACE,
		    .ts = { BEGIN_NS }, .iface = { .linktype = LT_SLL2 } });
	return s;
}

struct scene *
scene_of(void **state)
{
	return scene_new(*(const enum shape *)*state, 0);
}

void
scene_free(struct scene *s)
{
	tracer_free(s->t);
	free(s->flows);
	free(s);
}

static unsigned
iface_number(struct scene *s, const char *name)
{
	unsigned i;

	for (i = 0; i < s->n_ifaces; i++)
		if (strcmp(s->ifaces[i], name) == 0)
			return i;
	if (i == SCENE_IFACES)
		fail_msg("too many interfaces");
	s->n_ifaces++;
	snprintf(s->ifaces[i], sizeof(s->ifaces[i]), "%s", name);
	if (s->shape != SHAPE_ANY)
		tracer_observe(s->t, &(struct obs){ .type = OBS_IFACE,
		    .ts = { s->now_ns }, .iface = { .number = i,
		    .linktype = LT_ETHERNET, .name = s->ifaces[i],
		    .clock = (uint16_t)(s->shape == SHAPE_CLOCKS ? i : 0) } });
	return i;
}

uint32_t
scene_ifindex(struct scene *s, const char *name)
{
	return iface_number(s, name) + IFINDEX_FIRST;
}

void
later(struct scene *s, int64_t ns)
{
	s->now_ns += ns;
}

void
see(struct scene *s, const char *format, ...)
{
	char text[4096];
	struct line l;
	unsigned at;
	int64_t off = 0;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	line_parse(&l, text);
	at = iface_number(s, l.iface);
	line_build(s, &l, at);
	if (s->shape == SHAPE_CLOCKS)
		off = at % 2 ? -CLOCK_OFF_NS : CLOCK_OFF_NS;
	tracer_observe(s->t, &(struct obs){ .type = OBS_PACKET,
	    .ts = { s->now_ns + off }, .packet = {
	    .number = s->shape == SHAPE_ANY ? 0 : at,
	    .linktype = (uint16_t)s->b.linktype,
	    .caplen = l.snap && l.snap < s->b.n ? l.snap : s->b.n,
	    .len = s->b.n, .data = s->b.b } });
	later(s, STEP_NS);
}

/* ---- flows as lines ---- */

static void
end_text(const struct addr *a, unsigned port, char out[60])
{
	char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	snprintf(out, 60, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
}

void
tuple_text(const struct tuple *t, char out[TUPLE_TEXT])
{
	char src[60], dst[60];

	if (t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6) {
		addr_format(&t->src, src);
		addr_format(&t->dst, dst);
		snprintf(out, TUPLE_TEXT, "%s > %s id %u", src, dst,
		    t->sport + t->dport);
		return;
	}
	end_text(&t->src, t->sport, src);
	end_text(&t->dst, t->dport, dst);
	snprintf(out, TUPLE_TEXT, "%s > %s", src, dst);
}

void
leg_place(const struct scene *s, const struct leg *l, char out[32])
{
	struct iface f = tracer_iface(s->t, l->iface);
	const char *name = f.name;

	if (s->shape == SHAPE_ANY && f.has_ifindex &&
	    f.ifindex - IFINDEX_FIRST < s->n_ifaces)
		name = s->ifaces[f.ifindex - IFINDEX_FIRST];
	if (l->tunnel.type != TUN_NONE)
		snprintf(out, 32, "%.15s(%u)", name, l->tunnel.id);
	else
		snprintf(out, 32, "%.15s", name);
}

static size_t
flow_text(const struct scene *s, const struct flow *f, char *out, size_t room)
{
	const char *proto = proto_name(f->proto);
	char original[TUPLE_TEXT], as[TUPLE_TEXT], place[32], via[512] = "";
	size_t n = 0;
	bool reply = false;

	tuple_text(&f->original, original);
	tuple_text(&f->translated, as);
	for (unsigned i = 0; i < f->n_legs && n < sizeof(via); i++) {
		leg_place(s, &f->legs[i], place);
		n += (size_t)snprintf(via + n, sizeof(via) - n, "%s %s",
		    f->legs[i].reply && !reply ? " /" : "", place);
		reply = f->legs[i].reply;
	}
	return (size_t)snprintf(out, room, "%s %s%s%s via%s%s\n",
	    proto ? proto : "?", original, f->nat ? " as " : "",
	    f->nat ? as : "", via,
	    f->confidence == CONF_AMBIGUOUS ? " ambiguous" : "");
}

static void
finish(struct scene *s)
{
	if (s->finished)
		return;
	s->finished = true;
	tracer_finish(s->t);
	assert_int_equal(tracer_each(s->t, flow_at_end, s), 1);
}

const char *
scene_text(struct scene *s)
{
	size_t n = 0;

	finish(s);
	s->text[0] = '\0';
	for (unsigned i = 0; i < s->n_flows && n < sizeof(s->text); i++)
		n += flow_text(s, &s->flows[i], s->text + n, sizeof(s->text) - n);
	return s->text;
}

void
expect(struct scene *s, const char *text)
{
	assert_string_equal(scene_text(s), text);
}

const struct flow *
flow_like(struct scene *s, const char *tuple)
{
	const struct flow *found = NULL;
	char original[TUPLE_TEXT];

	finish(s);
	for (unsigned i = 0; i < s->n_flows; i++) {
		tuple_text(&s->flows[i].original, original);
		if (strcmp(original, tuple) != 0)
			continue;
		if (found != NULL)
			fail_msg("two flows %s:\n%s", tuple, scene_text(s));
		found = &s->flows[i];
	}
	if (found == NULL)
		fail_msg("no flow %s:\n%s", tuple, scene_text(s));
	return found;
}

unsigned
never_wrong(struct scene *s, const struct pair *pairs, unsigned n)
{
	unsigned joined = 0;

	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++) {
		char original[TUPLE_TEXT], as[TUPLE_TEXT];
		unsigned k;

		if (s->flows[i].nat == 0)
			continue;
		tuple_text(&s->flows[i].original, original);
		tuple_text(&s->flows[i].translated, as);
		for (k = 0; k < n; k++)
			if (strcmp(original, pairs[k].original) == 0 &&
			    strcmp(as, pairs[k].translated) == 0)
				break;
		if (k == n)
			fail_msg("wrong:\n%s", scene_text(s));
		joined++;
	}
	return joined;
}
