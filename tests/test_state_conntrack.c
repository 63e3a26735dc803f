/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_conntrack.c - conntrack's table in each of its spellings, as
 * conntrack-tools 1.4.7 and the kernel print it.
 */
#include "tests/read_file.h"

#include <glob.h>

/* "PROTO SRC:SPORT > DST:DPORT / SRC:SPORT > DST:DPORT" and what is not 0. */
static const char *
entry_said(const struct ct_entry *e)
{
	static char text[1024];
	const struct tuple *t[2] = { &e->orig, &e->reply };

	text[0] = '\0';
	add(text, "%u", e->orig.proto);
	for (int i = 0; i < 2; i++) {
		add(text, "%s %s:%u", i ? " /" : "", addr_said(&t[i]->src), t[i]->sport);
		add(text, " > %s:%u", addr_said(&t[i]->dst), t[i]->dport);
		assert_int_equal(t[i]->proto, e->orig.proto);
	}
	add(text, " %u s", e->timeout);
	if (e->state)
		add(text, " %s", e->state);
	if (e->mark)
		add(text, " mark %u", e->mark);
	if (e->zone)
		add(text, " zone %u", e->zone);
	if (e->id)
		add(text, " id %u", e->id);
	if (e->age_s >= 0)
		add(text, " age %lld", (long long)e->age_s);
	for (int i = 0; i < 2; i++)
		if (e->packets[i])
			add(text, " %llu/%llu", (unsigned long long)e->packets[i],
			    (unsigned long long)e->bytes[i]);
	for (int i = 0; i < 5; i++)
		if (e->status >> i & 1)
			add(text, " %c", "AUOHD"[i]);
	return text;
}

static void
test_spellings(void **state)
{
	static const struct { const char *line, *said; } rows[] = {
		{ "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=1.1.1.1 sport=1000 dport=80 src=1.1.1.1 dst=10.0.0.10 sport=80 dport=2000 [ASSURED] mark=128 use=1",
		  "6 10.0.0.1:1000 > 1.1.1.1:80 / 1.1.1.1:80 > 10.0.0.10:2000 431999 s ESTABLISHED mark 128 A" },
		{ "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=1.1.1.1 sport=1000 dport=80 packets=3 bytes=99 src=1.1.1.1 dst=10.0.0.10 sport=80 dport=2000 packets=1 bytes=40 [ASSURED] mark=0 zone=0 delta-time=7 use=2",
		  "6 10.0.0.1:1000 > 1.1.1.1:80 / 1.1.1.1:80 > 10.0.0.10:2000 431999 s ESTABLISHED age 7 3/99 1/40 A" },
		{ "udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 secctx=system_u:object_r:unlabeled_t:s0 delta-time=0 [start=Fri Nov 20 22:04:30 2026] use=1 id=421697813",
		  "17 10.0.0.1:5 > 10.0.0.2:53 / 10.0.0.2:53 > 10.0.0.1:5 29 s id 421697813 age 0 U" },
		{ "icmp     1 29 src=127.0.0.1 dst=127.0.0.2 type=8 code=0 id=12126 packets=1 bytes=84 src=127.0.0.2 dst=127.0.0.1 type=0 code=0 id=7 packets=1 bytes=84 mark=128 zone=7 use=1 id=3411957835",
		  "1 127.0.0.1:12126 > 127.0.0.2:0 / 127.0.0.2:0 > 127.0.0.1:7 29 s mark 128 zone 7 id 3411957835 1/84 1/84" },
		{ "ipv6     10 icmpv6   58 29 src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00::2 type=128 code=0 id=9 src=fd00::2 dst=fd00::1 type=129 code=0 id=9 mark=0 use=1",
		  "58 fd00::1:9 > fd00::2:0 / fd00::2:0 > fd00::1:9 29 s" },
		{ "tcp      6 999 SYN_SENT src=fd00::3 dst=fd00::2 sport=1000 dport=80 zone-orig=5 [UNREPLIED] src=fd00::2 dst=fd00::3 sport=80 dport=1000 mark=0 use=1",
		  "6 fd00::3:1000 > fd00::2:80 / fd00::2:80 > fd00::3:1000 999 s SYN_SENT zone 5 U" },
		{ "sctp     132 99 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=5 dport=6 src=10.0.0.2 dst=10.0.0.1 sport=6 dport=5 mark=0 use=1",
		  "132 10.0.0.1:5 > 10.0.0.2:6 / 10.0.0.2:6 > 10.0.0.1:5 99 s ESTABLISHED" },
		{ "ipv4     2 gre      47 99 timeout=30, stream_timeout=180 src=10.0.0.1 dst=10.0.0.2 srckey=0x10 dstkey=0x20 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x20 dstkey=0x10 mark=0 zone=0 use=2",
		  "47 10.0.0.1:0 > 10.0.0.2:0 / 10.0.0.2:0 > 10.0.0.1:0 99 s U" },
		{ "unknown  99 99 src=10.0.0.1 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 mark=0 use=1",
		  "99 10.0.0.1:0 > 10.0.0.2:0 / 10.0.0.2:0 > 10.0.0.1:0 99 s U" },
		{ "tcp      6 src=10.0.0.1 dst=1.1.1.1 sport=1000 dport=80 src=1.1.1.1 dst=10.0.0.10 sport=80 dport=2000 [OFFLOAD] mark=0 use=3",
		  "6 10.0.0.1:1000 > 1.1.1.1:80 / 1.1.1.1:80 > 10.0.0.10:2000 0 s O" },
		{ "ipv4     2 udp      17 src=10.0.0.1 dst=1.1.1.1 sport=1000 dport=80 src=1.1.1.1 dst=10.0.0.10 sport=80 dport=2000 [HW_OFFLOAD] mark=0 use=3",
		  "17 10.0.0.1:1000 > 1.1.1.1:80 / 1.1.1.1:80 > 10.0.0.10:2000 0 s H" },
		{ "tcp      6 10 ODD_STATE src=10.0.0.1 dst=1.1.1.1 sport=1 dport=2 src=1.1.1.1 dst=10.0.0.1 sport=2 dport=1",
		  "6 10.0.0.1:1 > 1.1.1.1:2 / 1.1.1.1:2 > 10.0.0.1:1 10 s ODD_STATE" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_conntrack, "file", rows[i].line);

		assert_string_equal(r.told->text, "");
		assert_int_equal(r.state->conntrack.n, 1);
		assert_string_equal(entry_said(&r.state->conntrack.v[0]), rows[i].said);
		assert_int_equal(r.state->conntrack.v[0].line, 1);
		assert_true(state_has(r.state, PART_CONNTRACK));
		state_ready(r.state);
		run_free(&r);
	}
}

#define A	"tcp      6 10 ESTABLISHED src=10.0.0.1 dst=1.1.1.1 sport=1 dport=2 src=1.1.1.1 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1\n"
#define A6	"tcp      6 10 ESTABLISHED src=fd00::1 dst=fd00::2 sport=1 dport=2 src=fd00::2 dst=fd00::1 sport=2 dport=1 mark=0 use=1\n"
#define SHOWN(n) "conntrack v1.4.7 (conntrack-tools): " n " flow entries have been shown.\n"

/* The file of a support bundle. */
static void
test_bundle(void **state)
{
	struct run r = run(read_conntrack, "file", "*** Output of conntrack -S ***\n"
	    "cpu=0   \tfound=0 invalid=9 insert=0 insert_failed=3 drop=1 early_drop=0 error=0 \n"
	    "cpu=1   \tfound=0 invalid=0 insert=0 insert_failed=4 drop=1 early_drop=2 error=0 \n"
	    "\n*** Output of conntrack -L ***\n" A A6 SHOWN("2")
	    "\n*** Output of conntrack -L -f ipv6 ***\n" SHOWN("1") A6);

	(void)state;
	assert_string_equal(r.told->text, "");
	/* conntrack -L has IPv6 too: once is enough. */
	assert_int_equal(r.state->conntrack.n, 2);
	assert_int_equal(r.state->conntrack.v[1].line, 7);
	assert_int_equal(r.state->ct_insert_failed, 7);
	assert_int_equal(r.state->ct_drop, 2);
	assert_int_equal(r.state->ct_early_drop, 2);
	run_free(&r);
}

static void
test_presence(void **state)
{
	static const struct { const char *text; bool there; int64_t failed; } rows[] = {
		{ "", false, -1 },
		{ SHOWN("0"), true, -1 },
		{ "*** Output of conntrack -L ***\n", false, -1 },
		{ "cpu=0 found=0 insert_failed=2\n", false, 2 },
		{ "entries=5 searched=1 insert_failed=1 drop=0\n", false, 1 },
		{ A, true, -1 },
		{ "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n</conntrack>\n",
		  true, -1 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_conntrack, "file", rows[i].text);

		assert_string_equal(r.told->text, "");
		assert_int_equal(state_has(r.state, PART_CONNTRACK), rows[i].there);
		assert_int_equal(r.state->ct_insert_failed, rows[i].failed);
		run_free(&r);
	}
}

static void
test_damage(void **state)
{
	static const struct { const char *text, *told; unsigned n; } rows[] = {
		{ A "what is this\n" A6, "file:2: found \"what is this\", expected a conntrack entry such as \"tcp 6 119 TIME_WAIT src=...\"\n", 2 },
		{ "tcp 6 10 CLOSE src=10.0.0.1 dst=1.1.1.1 sport=1 dport=2 mark=0\n",
		  "file:1: found \"tcp 6 10 CLOSE src=10.0.0.1 dst=1.1.1.1 sport=1 dport=2 mark\", expected src= and dst= of both directions; the entry is skipped\n", 0 },
		{ "tcp 6 10 CLOSE src=10.0.0.256 dst=1.1.1.1 sport=1 dport=2\n",
		  "file:1: found \"src=10.0.0.256\" in a conntrack entry; the entry is skipped\n", 0 },
		{ "tcp 6 10 CLOSE src=10.0.0.1 dst=1.1.1.1 sport=65536 dport=2\n",
		  "found \"sport=65536\"", 0 },
		{ "tcp 6 10 CLOSE src=10.0.0.1 dst=1.1.1.1 mark=0x1ffffffff\n", "found \"mark=0x1ffffffff\"", 0 },
		{ A SHOWN("2"), "file: conntrack says that it has shown 2 entries, 1 are here\n", 1 },
		{ A A, "", 2 },
		{ "*** a ***\n" A "*** b ***\n" A, "file:4: found a second conntrack table, expected one; only the first is kept\n", 1 },
		{ "[1795203555.379503]\t    [NEW] ipv4     2 icmp     1 30 src=192.168.3.107 dst=172.217.175.36 type=8 code=0 id=18005 [UNREPLIED] src=172.217.175.36 dst=192.168.3.243 type=0 code=0 id=57751 mark=128 id=144768183\n [UPDATE] " A "[DESTROY] " A,
		  "file:1: found events (conntrack -E), expected the table (conntrack -L); they are skipped\n", 0 },
		{ "conntrack: command not found\n", "file:1: \"conntrack: command not found\"\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_conntrack, "file", rows[i].text);

		if (strstr(r.told->text, rows[i].told) == NULL || (rows[i].told[0] == '\0' &&
		    r.told->n > 0))
			fail_msg("%s\nsaid: %s", rows[i].text, r.told->text);
		assert_true(r.told->n <= 1);
		assert_int_equal(r.state->conntrack.n, rows[i].n);
		state_ready(r.state);
		run_free(&r);
	}
}

/* With stderr in the same file, conntrack's last words tear a line. */
static void
test_torn(void **state)
{
	struct run r = run(read_conntrack, "file", A "tcp      6 119 TIME_W" SHOWN("3")
	    "AIT src=10.0.0.1 dst=1.1.1.1 sport=1 dport=2 src=1.1.1.1 dst=10.0.0.1 sport=2 dport=1 use=1\n" A);

	(void)state;
	assert_string_equal(r.told->text, "");
	assert_int_equal(r.state->conntrack.n, 3);
	assert_string_equal(r.state->conntrack.v[1].state, "TIME_WAIT");
	run_free(&r);
}

static void
test_xml(void **state)
{
	static const char *const said[] = {
		"6 10.0.0.3:1000 > 10.0.0.2:80 / 10.0.0.2:80 > 10.0.0.9:1001 999 s SYN_SENT mark 128 zone 5 id 2037436346 age 0 2/120 U",
		"6 fd00::3:1000 > fd00::2:80 / fd00::2:80 > fd00::3:1000 999 s ESTABLISHED zone 6 id 1060000051 age 3 A",
		"132 10.0.0.1:5 > 10.0.0.2:6 / 10.0.0.2:6 > 10.0.0.1:5 99 s id 2104023057 age 0 U",
	};
	struct run r = run_file(read_conntrack, "tests/state/conntrack.xml");

	(void)state;
	assert_string_equal(r.told->text, "tests/state/conntrack.xml: 1 ICMP entries "
	    "are skipped: this form leaves out their ids, expected conntrack -L "
	    "without -o xml\n");
	assert_int_equal(r.state->conntrack.n, N(said));
	for (uint32_t i = 0; i < N(said); i++) {
		assert_string_equal(entry_said(&r.state->conntrack.v[i]), said[i]);
		assert_int_equal(r.state->conntrack.v[i].line, 4 + i);
	}
	run_free(&r);
}

static void
test_xml_damage(void **state)
{
	static const struct { const char *text, *told; } rows[] = {
		{ "<conntrack>\n<flow><meta direction=\"original\"><layer4 protonum=\"6\"><sport>99999</sport>",
		  "file:2: found \"99999\" in <sport>; the entry is skipped\nfile:2: found a <flow> without its end; it is skipped\n" },
		{ "<conntrack><flow></flow></conntrack>", "found a <flow> without <src> and <dst>" },
		{ "<conntrack><flow type=\"new\"></flow><flow type=\"new\"></flow>", "file:1: found events" },
		{ "<conntrack><flow", "file:1: found a tag without its end\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_conntrack, "file", rows[i].text);

		if (strstr(r.told->text, rows[i].told) == NULL)
			fail_msg("%s\nsaid: %s", rows[i].text, r.told->text);
		assert_int_equal(r.state->conntrack.n, 0);
		run_free(&r);
	}
}

/* What the kernel had under each of the lab's cases. */
static void
test_captures(void **state)
{
	glob_t g;

	(void)state;
	assert_int_equal(glob("pcaps/*/conntrack.txt", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct run r = run_file(read_conntrack, g.gl_pathv[i]);
		FILE *f = fopen(g.gl_pathv[i], "r");
		char *line = NULL;
		size_t room = 0;
		unsigned told = 0, n;

		assert_non_null(f);
		while (getline(&line, &room, f) > 0) {
			const char *at = strstr(line, "conntrack v");

			if (at && sscanf(at, "%*[^:]: %u flow entries", &n) == 1)
				told += n;
		}
		free(line);
		fclose(f);
		assert_string_equal(r.told->text, "");
		assert_true(told >= r.state->conntrack.n);
		for (uint32_t k = 0; k < r.state->conntrack.n; k++) {
			const struct ct_entry *e = &r.state->conntrack.v[k];

			assert_non_null(entry_said(e));
			told -= !addr_is_v4(&e->orig.src);	/* shown twice */
		}
		assert_int_equal(told, r.state->conntrack.n);
		assert_int_equal(r.state->ct_insert_failed,
		    strstr(g.gl_pathv[i], "/snat-ports-full/") != NULL ? 2 : 0);
		state_ready(r.state);
		run_free(&r);
	}
	assert_true(g.gl_pathc >= 61);
	globfree(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_presence),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_xml_damage),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests_name("state_conntrack", tests, NULL, NULL);
}
