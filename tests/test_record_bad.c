/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_record_bad.c - recordings that are cut or damaged, of either byte order, and
 * of others: what is good is read, what is not is said once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/record/format.h"
#include "record_run.h"

static void
test_every_cut(void **state)
{
	struct run r;
	uint8_t *p;
	size_t n, ends = 0, whole = 0;

	(void)state;
	make_run(&r, 41, 60, false);
	record_run(&(struct record_config){ .path = FILE_NAME }, &r);
	p = slurp(FILE_NAME, &n);
	for (size_t cut = 0; cut < n; cut++) {
		struct source_report report;
		uint32_t number = 0;
		struct source *s;
		struct obs o;
		unsigned at = 0;
		uint32_t len;

		/* blocks that are whole */
		while (whole + 8 <= cut) {
			memcpy(&len, p + whole + 4, 4);
			if (whole + len > cut)
				break;
			whole += len;
			ends++;
		}
		file_write("cut.pcapng", p, cut);
		s = source_open("cut.pcapng", &number, &report);
		if (s == NULL) {
			assert_true(cut < 12);
			continue;
		}
		while (source_next(s, &o) == 1)
			assert_true(same_obs(&r.v[at++], &o));
		if (ends == 0)
			assert_int_equal(source_report(s)->fault, SRC_BAD);
		else if (whole < cut)
			assert_int_equal(source_report(s)->fault, SRC_CUT);
		else
			assert_true(source_report(s)->fault != SRC_BAD);
		source_close(s);
	}
	/* the last that is missing is the statistics */
	assert_true(ends > 60);
	free(p);
	run_free(&r);
}

/* Any byte another: nothing but what a reader may do happens. */
static void
test_every_byte(void **state)
{
	struct run r;
	uint8_t *p;
	size_t n;

	(void)state;
	make_run(&r, 42, 60, false);
	record_run(&(struct record_config){ .path = FILE_NAME }, &r);
	p = slurp(FILE_NAME, &n);
	for (size_t i = 0; i < n; i++) {
		struct source_report report;
		uint32_t number = 0;
		struct source *s;
		struct obs o;
		unsigned told = 0;

		p[i] ^= (uint8_t)(1 + below(&r, 255));
		file_write("odd.pcapng", p, n);
		s = source_open("odd.pcapng", &number, &report);
		while (s && source_next(s, &o) == 1)
			told++;
		assert_true(told < 200);
		source_close(s);
		p[i] = 0;
	}
	free(p);
	run_free(&r);
}

/* ---- blocks by hand */

struct own {
	struct bytes	 payload;
	uint16_t	 kind, flags;
};

static void
put_own_block(struct bytes *b, uint32_t type, const struct own *own)
{
	size_t at = ng_begin(b, type);
	bool big = b->big;

	put32(b, RECORD_NUMBER);
	put(b, RECORD_MAGIC, RECORD_MAGIC_LEN);
	b->big = false;
	put16(b, own->kind);
	put16(b, own->flags);
	put64(b, 1790000000000000123);
	put32(b, own->payload.n);
	put(b, own->payload.p, own->payload.n);
	b->big = big;
	ng_end(b, at);
}

static void
put_begin_block(struct bytes *b, uint32_t type, uint16_t version)
{
	struct own own = { .kind = RECORD_BEGIN };

	put16(&own.payload, version);
	put16(&own.payload, 0);
	put32(&own.payload, 0);
	put64(&own.payload, 4711);
	put64(&own.payload, 0);
	put_own_block(b, type, &own);
	bytes_free(&own.payload);
}

static void
put_part_block(struct bytes *b, uint16_t kind, uint16_t flags, uint32_t number,
    const void *p, size_t n)
{
	struct own own = { .kind = kind, .flags = flags };

	put32(&own.payload, number);
	put(&own.payload, p, n);
	put_own_block(b, RECORD_BLOCK, &own);
	bytes_free(&own.payload);
}

static void
put_tick_block(struct bytes *b)
{
	put_own_block(b, RECORD_BLOCK, &(struct own){ .kind = RECORD_TICK });
}

/* "tick", "state", ... and the reports. */
static const char *
kinds_of(struct bytes *b)
{
	static const char *const names[] = { "iface", "packet", "name", "loss",
	    "state", "change", "ct", "tick" };
	static struct story story;
	const struct source_report *reports;
	struct source *s;
	struct obs o;
	unsigned n;

	story = (struct story){ .n = 0 };
	file_write(FILE_NAME, b->p, b->n);
	s = source_must(FILE_NAME);
	while (source_next(s, &o) == 1)
		tell(&story, "%s ", names[o.type]);
	n = source_reports(s, &reports);
	for (unsigned i = 0; i < n; i++)
		tell(&story, "| %s ", reports[i].text);
	source_close(s);
	return story.text;
}

/* Sections of either byte order, and all types of block that we read. */
static void
test_orders(void **state)
{
	static const uint32_t types[] = { RECORD_BLOCK, RECORD_BLOCK_CUSTOM,
	    RECORD_BLOCK_UNCOPIED };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct bytes b = { .big = i & 1 }, le = { 0 };
		struct own loss = { .kind = RECORD_LOSS };
		struct source *s;
		struct obs o;
		size_t at;

		ng_section_begin(&b);
		put_begin_block(&b, types[i / 2], RECORD_VERSION);
		at = ng_begin(&b, 1);
		put16(&b, LT_SLL2);
		put16(&b, 0);
		put32(&b, 0);
		ng_option(&b, 2, "any", 3);
		ng_option_uint(&b, 9, 9, 1);
		put16(&b, 2989);
		put16(&b, RECORD_IFACE_LEN);
		put32(&b, RECORD_NUMBER);
		put(&b, RECORD_MAGIC, RECORD_MAGIC_LEN);
		put16(&le, RECORD_IFACE_NAMED);
		put16(&le, 258);
		put32(&le, 0);
		put32(&le, 0x01020304);
		put64(&le, 99);
		put(&b, le.p, le.n);
		ng_end(&b, at);
		for (unsigned k = 1; k <= 4; k++)
			put64(&loss.payload, k);
		put_own_block(&b, types[i / 2], &loss);
		ng_packet(&b, 0, (uint64_t)-5, 4, 4, 0x11, 2);
		file_write(FILE_NAME, b.p, b.n);
		s = source_must(FILE_NAME);
		assert_int_equal(source_next(s, &o), 1);
		assert_true(same_obs(&o, &(struct obs){ .type = OBS_IFACE,
		    .ts = { 99 }, .iface = { .linktype = LT_SLL2, .name = "any",
		    .clock = 258, .ifindex = 0x01020304 } }));
		assert_int_equal(source_next(s, &o), 1);
		assert_true(same_obs(&o, &(struct obs){ .type = OBS_LOSS,
		    .ts = { 1790000000000000123 },
		    .loss = { 1, 2, 3, { 4 } } }));
		assert_int_equal(source_next(s, &o), 1);
		assert_int_equal(o.type, OBS_PACKET);
		assert_int_equal(o.ts.ns, -5);
		assert_int_equal(o.packet.dir, DIR_OUT);
		assert_int_equal(source_next(s, &o), 0);
		source_close(s);
		bytes_free(&loss.payload);
		bytes_free(&b);
		bytes_free(&le);
	}
}

#define AT	FILE_NAME ": at byte "

static void
test_foreign(void **state)
{
	struct bytes b = { 0 };
	size_t at;

	(void)state;
	ng_section_begin(&b);
	put_begin_block(&b, RECORD_BLOCK, RECORD_VERSION);
	/* others' blocks of our types, of any length */
	for (unsigned i = 0; i < 40; i += 4) {
		at = ng_begin(&b, i % 8 ? RECORD_BLOCK : RECORD_BLOCK_CUSTOM);
		put_fill(&b, 0x55, i);
		ng_end(&b, at);
	}
	at = ng_begin(&b, RECORD_BLOCK);
	put_fill(&b, 0x55, 20 << 20);
	ng_end(&b, at);
	/* a kind of a later version */
	put_own_block(&b, RECORD_BLOCK, &(struct own){ .kind = 999 });
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick ");
	/* a section that is not ours */
	ng_section_begin(&b);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick ");
	bytes_free(&b);

	ng_section_begin(&b);
	put_begin_block(&b, RECORD_BLOCK, 2);
	put_tick_block(&b);
	ng_interface(&b, LT_RAW, 0, "e", 9, 0);
	ng_packet(&b, 0, 1, 4, 4, 0x11, 2);
	assert_string_equal(kinds_of(&b), "iface packet | " AT "28: found a "
	    "recording of version 2, expected 1: packets alone are read ");
	bytes_free(&b);
}

#define STATE	"{\"schema\":\"podpath.state/1\",\"links\":[{\"name\":\"a\"}]}"

static void
begin_ours(struct bytes *b)
{
	bytes_free(b);
	ng_section_begin(b);
	put_begin_block(b, RECORD_BLOCK, RECORD_VERSION);
}

/* What is damaged is told once, with its place, and the rest is read. */
static void
test_damage(void **state)
{
	static const struct {
		uint16_t	kind, flags;
		const char	*bytes;
		const char	*told;
	} rows[] = {
		{ RECORD_STATE, 0, STATE, "state tick " },
		{ RECORD_STATE, RECORD_DEFLATE, "\x78\x9cxxxxxx", "tick | " AT "92: "
		    "found a node state that is damaged: its deflated bytes are "
		    "damaged " },
		{ RECORD_STATE, RECORD_DEFLATE, "", "tick | " AT "92: found a node "
		    "state that is damaged: its deflated bytes have no end " },
		{ RECORD_STATE, 0, "{\"schema\":\"podpath.state/1\",\"links\":[",
		    "tick | " AT "92: found a node state that is damaged: node "
		    "state:1: cut short: a value is expected " },
		{ RECORD_STATE, 0, "{\"schema\":\"podpath.state/1\",\"x\":1}",
		    "state tick | " AT "92: found a node state that is damaged: "
		    "node state:1: 'x' is not known here " },
		{ RECORD_STATE, 0, "{\"schema\":\"podpath.change/1\"}", "tick | " AT
		    "92: found a node state that is damaged: node state:1: schema: "
		    "'podpath.change/1' is not podpath.state/1 " },
		{ RECORD_CHANGE, 0, "{\"schema\":\"podpath.change/1\",\"since_ns\":"
		    "-3,\"gone\":{\"links\":[{\"ifindex\":4}]}}", "change tick " },
		{ RECORD_CHANGE, 0, "{\"schema\":\"podpath.change/1\",\"come\":"
		    "{\"links\":[{\"ifindex\":4}]}}", "change tick | " AT "92: "
		    "found a change of the node state that is damaged: change of "
		    "the node state:1: a record without 'name' is skipped " },
		{ RECORD_CHANGE, 0, "{}", "tick | " AT "92: found a change of the "
		    "node state that is damaged: change of the node state: no "
		    "\"schema\":\"podpath.change/1\" " },
		{ RECORD_CHANGE, 0, "", "tick | " AT "92: found a change of the "
		    "node state that is damaged: change of the node state:1: cut "
		    "short: an object is expected " },
	};
	struct bytes b = { 0 };
	struct own ct = { .kind = RECORD_CT };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_ours(&b);
		put_part_block(&b, rows[i].kind, rows[i].flags, 0, rows[i].bytes,
		    strlen(rows[i].bytes));
		put_tick_block(&b);
		assert_string_equal(kinds_of(&b), rows[i].told);
	}
	/* once */
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, 0, 0, "[", 1);
	put_part_block(&b, RECORD_STATE, 0, 0, "[", 1);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick | " AT "92: found a node state that "
	    "is damaged: node state:1: the document: an object is expected ");
	/* parts */
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, RECORD_MORE, 0, STATE, 10);
	put_tick_block(&b);
	put_part_block(&b, RECORD_STATE, 0, 1, &STATE[10], strlen(STATE) - 10);
	assert_string_equal(kinds_of(&b), "tick state ");
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, RECORD_MORE, 0, STATE, 10);
	put_part_block(&b, RECORD_STATE, 0, 2, &STATE[10], strlen(STATE) - 10);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick | " AT "148: found a node state that "
	    "is damaged: a part of it is missing ");
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, RECORD_MORE, 0, STATE, 10);
	put_part_block(&b, RECORD_STATE, 0, 0, STATE, strlen(STATE));
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "state tick | " AT "148: found a node "
	    "state that is damaged: another one begins in it ");
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, RECORD_MORE, 0, STATE, 10);
	assert_string_equal(kinds_of(&b), "| " AT "148: the file ends inside a node "
	    "state ");
	/* conntrack: too short, and an event that is none */
	begin_ours(&b);
	put_fill(&ct.payload, 0, 11);
	put_own_block(&b, RECORD_BLOCK, &ct);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick | " AT "92: found a conntrack entry "
	    "of 12 bytes with 11 left in its block ");
	bytes_free(&ct.payload);
	put_fill(&ct.payload, 0x40 | 9, 1);
	put_fill(&ct.payload, 0, 11);
	begin_ours(&b);
	put_own_block(&b, RECORD_BLOCK, &ct);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick | " AT "92: found a conntrack entry "
	    "that is none, at byte 0 of its block's payload ");
	bytes_free(&ct.payload);
	bytes_free(&b);
}

/* 1 MB that unpacks to 1 GB. */
static void
test_bomb(void **state)
{
	struct bytes b = { 0 }, bomb = { 0 };
	uint8_t *zero = must(calloc(1, 1 << 20)), *out = must(malloc(1 << 20));
	z_stream z = { 0 };

	(void)state;
	assert_int_equal(deflateInit(&z, 9), Z_OK);
	for (unsigned i = 0; i <= 1000; i++) {
		z.next_in = zero;
		z.avail_in = i < 1000 ? 1 << 20 : 0;
		z.next_out = out;
		z.avail_out = 1 << 20;
		deflate(&z, i < 1000 ? Z_NO_FLUSH : Z_FINISH);
		put(&bomb, out, (1 << 20) - z.avail_out);
	}
	deflateEnd(&z);
	assert_true(bomb.n < 1100000);
	begin_ours(&b);
	put_part_block(&b, RECORD_STATE, RECORD_DEFLATE, 0, bomb.p, bomb.n);
	put_tick_block(&b);
	assert_string_equal(kinds_of(&b), "tick | " AT "92: found a node state that "
	    "is damaged: it unpacks to more than can be ");
	free(zero);
	free(out);
	bytes_free(&b);
	bytes_free(&bomb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bomb),
	};

	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
