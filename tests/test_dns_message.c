/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_dns_message.c - DNS messages: every section and type, names in every form,
 * what is malformed, what the capture cut.
 */
#include "tests/build_dns.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct dns_built b;
static struct dns_message m;

static void
assert_refused(const char *why)
{
	const char *got = NULL;

	assert_false(dns_parse_n(&b, b.n, b.n, &m, &got));
	assert_string_equal(got, why);
}

static void
assert_addr(const struct addr *a, const char *text)
{
	char got[ADDR_TEXT_MAX];

	addr_format(a, got);
	assert_string_equal(got, text);
}

/* ---- what is right */

static void
question(void **state)
{
	(void)state;
	dns_begin(&b, 0xbeef, DNS_ASK);
	dns_question(&b, "WWW.Example.com", DNS_AAAA);
	dns_edns(&b, 0, "\0\x0a\0\x08" "cookie12", 12);
	dns_read(&b, &m);
	assert_int_equal(m.id, 0xbeef);
	assert_false(m.answer);
	assert_false(m.truncated);
	assert_true(m.has_question);
	assert_string_equal(m.name, "WWW.Example.com");
	assert_int_equal(m.type, DNS_AAAA);
	assert_int_equal(m.class, DNS_IN);
	assert_int_equal(m.opcode, 0);
	assert_int_equal(m.n_answers, 0);
	assert_int_equal(m.n_records, 0);
}

/* As a resolver answered in pcaps/dns: bytes of a real capture. */
static void
real_bytes(void **state)
{
	static const uint8_t answer[] = { 0x68, 0x42, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1,
		3, 'w', 'w', 'w', 6, 'g', 'o', 'o', 'g', 'l', 'e', 3, 'c', 'o', 'm', 0,
		0, 1, 0, 1, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 0xac, 0xd9, 0xaf,
		0x24, 0, 0, 0x29, 4, 0xd0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	b.n = 0;
	dns_put(&b, answer, sizeof(answer));
	dns_read(&b, &m);
	assert_int_equal(m.id, 26690);
	assert_true(m.answer);
	assert_string_equal(m.name, "www.google.com");
	assert_int_equal(m.n_records, 1);
	assert_int_equal(m.n_of_type, 1);
	assert_string_equal(m.records[0].owner, "www.google.com");
	assert_int_equal(m.records[0].ttl, 0);
	assert_addr(&m.records[0].addr, "172.217.175.36");
}

/* A chain of CNAMEs, the names compressed in every way. */
static void
chain(void **state)
{
	size_t first, second;
	char at[2][64];

	(void)state;
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "www.example.com", DNS_A);
	first = b.n + 2 + 10;
	dns_alias(&b, "@12", 300, "edge.cdn.@16");
	snprintf(at[0], sizeof(at[0]), "@%zu", first);
	second = b.n + 2 + 10;
	dns_alias(&b, at[0], 60, "n1.cdn.test");
	snprintf(at[1], sizeof(at[1]), "@%zu", second);
	dns_address(&b, at[1], 5, "192.0.2.1");
	dns_address(&b, "n1.cdn.test", 5, "192.0.2.2");
	dns_read(&b, &m);
	assert_int_equal(m.n_answers, 4);
	assert_int_equal(m.n_records, 4);
	assert_int_equal(m.n_of_type, 2);
	assert_string_equal(m.records[0].owner, "www.example.com");
	assert_string_equal(m.records[0].target, "edge.cdn.example.com");
	assert_int_equal(m.records[0].type, DNS_CNAME);
	assert_int_equal(m.records[0].ttl, 300);
	assert_string_equal(m.records[1].owner, "edge.cdn.example.com");
	assert_string_equal(m.records[1].target, "n1.cdn.test");
	assert_string_equal(m.records[2].owner, "n1.cdn.test");
	assert_addr(&m.records[2].addr, "192.0.2.1");
	assert_addr(&m.records[3].addr, "192.0.2.2");
}

/* Types whose data is not kept are gone over, also those that hold names. */
static void
every_type(void **state)
{
	static const uint16_t types[] = { DNS_NS, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT,
		DNS_SRV, DNS_HTTPS, 64, 46, 99, 257, 65280 };

	(void)state;
	for (size_t i = 0; i < N(types); i++) {
		dns_begin(&b, (unsigned)i, DNS_QR);
		dns_question(&b, "x.test", types[i]);
		dns_record(&b, DNS_S_ANSWER, "@12", types[i], DNS_IN, 9, "\xc0\x0c\xff", 3);
		dns_record(&b, DNS_S_ANSWER, "@12", types[i], DNS_IN, 9, "", 0);
		dns_record(&b, DNS_S_AUTHORITY, "@12", DNS_SOA, DNS_IN, 9, "soa", 3);
		dns_record(&b, DNS_S_ADDITIONAL, "@12", DNS_A, DNS_IN, 9, "\1\2\3\4", 4);
		dns_read(&b, &m);
		assert_int_equal(m.type, types[i]);
		assert_int_equal(m.n_answers, 2);
		assert_int_equal(m.n_of_type, 2);
		assert_int_equal(m.n_records, 0);
	}
}

/* Of class CHAOS an A record is something else (RFC 1035 section 3.4.1 is of IN
   alone). */
static void
class_chaos(void **state)
{
	(void)state;
	dns_begin(&b, 1, DNS_QR);
	dns_question_class(&b, "version.bind", DNS_TXT, DNS_CH);
	dns_record(&b, DNS_S_ANSWER, "@12", DNS_TXT, DNS_CH, 0, "\5dummy", 6);
	dns_record(&b, DNS_S_ANSWER, "@12", DNS_A, DNS_CH, 0, "\0\1\2", 3);
	dns_read(&b, &m);
	assert_int_equal(m.class, DNS_CH);
	assert_int_equal(m.n_of_type, 1);
	assert_int_equal(m.n_records, 0);
}

static void
several_questions(void **state)
{
	(void)state;
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "one.test", DNS_A);
	dns_question(&b, "two.@16", DNS_AAAA);
	dns_question(&b, "", DNS_NS);
	dns_address(&b, "@12", 1, "192.0.2.9");
	dns_read(&b, &m);
	assert_string_equal(m.name, "one.test");
	assert_int_equal(m.type, DNS_A);
	assert_int_equal(m.n_records, 1);
}

static void
root_and_none(void **state)
{
	(void)state;
	dns_begin(&b, 1, DNS_ASK);
	dns_question(&b, "", DNS_NS);
	dns_read(&b, &m);
	assert_true(m.has_question);
	assert_string_equal(m.name, ".");
	/* FORMERR without the question */
	dns_begin(&b, 1, DNS_QR | DNS_FORMERR);
	dns_read(&b, &m);
	assert_false(m.has_question);
	assert_string_equal(m.name, "");
	assert_int_equal(m.rcode, DNS_FORMERR);
}

static void
flags(void **state)
{
	(void)state;
	dns_begin(&b, 1, DNS_QR | DNS_TC | DNS_NXDOMAIN);
	dns_question(&b, "a.test", DNS_A);
	dns_read(&b, &m);
	assert_true(m.truncated);
	assert_int_equal(m.rcode, DNS_NXDOMAIN);
	/* EDNS has eight bits more: 1 and 7 are 23 */
	dns_begin(&b, 1, DNS_QR | 7);
	dns_question(&b, "a.test", DNS_A);
	dns_edns(&b, 1, "", 0);
	dns_read(&b, &m);
	assert_int_equal(m.rcode, 23);
	assert_string_equal(dns_rcode_name(m.rcode), "BADCOOKIE");
	/* NOTIFY */
	dns_begin(&b, 1, 4 << 11);
	dns_question(&b, "a.test", DNS_SOA);
	dns_read(&b, &m);
	assert_int_equal(m.opcode, 4);
}

/* RFC 2181 section 8. */
static void
ttls(void **state)
{
	static const struct { uint32_t wire, ttl; } rows[] = {
		{ 0, 0 }, { 1, 1 }, { INT32_MAX, INT32_MAX },
		{ UINT32_C(1) << 31, 0 }, { UINT32_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		dns_begin(&b, 1, DNS_QR);
		dns_question(&b, "a.test", DNS_A);
		dns_address(&b, "@12", rows[i].wire, "192.0.2.1");
		dns_read(&b, &m);
		assert_int_equal(m.records[0].ttl, rows[i].ttl);
	}
}

/* More records than are kept: counted, and the message is still gone over. */
static void
many_records(void **state)
{
	char text[64];

	(void)state;
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "192.0.2.%u", i);
		dns_address(&b, "@12", 1, text);
	}
	dns_read(&b, &m);
	assert_int_equal(m.n_answers, 100);
	assert_int_equal(m.n_of_type, 100);
	assert_int_equal(m.n_records, DNS_MAX_RECORDS);
	assert_addr(&m.records[DNS_MAX_RECORDS - 1].addr, "192.0.2.31");
	b.n--;
	assert_refused("a record that is longer than the message");
}

/* ---- names */

/* Bytes as dig(1) prints them. */
static void
escapes(void **state)
{
	static const struct { const char *wire; size_t n; const char *text; } rows[] = {
		{ "\3a.b\4test", 9, "a\\.b.test" },
		{ "\3a\\b", 4, "a\\\\b" },
		{ "\3a b", 4, "a\\032b" },
		{ "\2\0\1", 3, "\\000\\001" },
		{ "\3\x7f\x80\xff", 4, "\\127\\128\\255" },
		{ "\10\"$();@xy", 9, "\\\"\\$\\(\\)\\;\\@xy" },
		{ "\4_sip\4_udp", 10, "_sip._udp" },
		{ "\5a-1_!", 6, "a-1_!" },
		{ "\1*\4test", 7, "*.test" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		dns_begin(&b, 1, DNS_ASK);
		dns_count(&b, DNS_S_QUESTION, 1);
		dns_put(&b, rows[i].wire, rows[i].n);
		dns_put(&b, "\0\0\1\0\1", 5);
		dns_read(&b, &m);
		assert_true(m.has_question);
		assert_string_equal(m.name, rows[i].text);
	}
}

/* 255 bytes on the wire are 253 characters; one byte more is refused. */
static void
long_names(void **state)
{
	char label[64], name[300];

	(void)state;
	memset(label, 'x', 63);
	label[63] = '\0';
	snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(name), 253);
	dns_begin(&b, 1, DNS_ASK);
	dns_question(&b, name, DNS_A);
	dns_read(&b, &m);
	assert_string_equal(m.name, name);
	snprintf(name, sizeof(name), "%s.%s.%s.%.62s", label, label, label, label);
	dns_begin(&b, 1, DNS_ASK);
	dns_question(&b, name, DNS_A);
	assert_refused("a name of more than 255 bytes");
	/* the same by a pointer */
	snprintf(name, sizeof(name), "%s.%s.%s", label, label, label);
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, name, DNS_A);
	snprintf(name, sizeof(name), "%.62s.@12", label);
	dns_alias(&b, "@12", 1, name);
	assert_refused("a name of more than 255 bytes");
	/* 127 labels of one byte */
	name[0] = '\0';
	for (unsigned i = 0; i < 127; i++)
		strcat(name, i > 0 ? ".y" : "y");
	dns_begin(&b, 1, DNS_ASK);
	dns_question(&b, name, DNS_A);
	dns_read(&b, &m);
	assert_string_equal(m.name, name);
}

/* So many escapes that the text does not fit: there is no name then, rather than
   half of one. */
static void
odd_names(void **state)
{
	uint8_t label[64] = { 63 };

	(void)state;
	memset(label + 1, 0xff, 63);
	dns_begin(&b, 1, DNS_QR);
	dns_count(&b, DNS_S_QUESTION, 1);
	dns_put(&b, label, 64);
	dns_put(&b, label, 64);
	dns_put(&b, "\0\0\1\0\1", 5);
	dns_address(&b, "@12", 1, "192.0.2.1");
	dns_address(&b, "a.test", 1, "192.0.2.2");
	dns_read(&b, &m);
	assert_false(m.has_question);
	assert_string_equal(m.name, "");
	assert_int_equal(m.n_records, 1);
	assert_string_equal(m.records[0].owner, "a.test");
	/* 63 bytes of it fit: 4 * 63 + 2 characters and a NUL */
	dns_begin(&b, 1, DNS_ASK);
	dns_count(&b, DNS_S_QUESTION, 1);
	dns_put(&b, label, 64);
	dns_put(&b, "\1a\0\0\1\0\1", 7);
	dns_read(&b, &m);
	assert_true(m.has_question);
	assert_int_equal(strlen(m.name), 254);
}

static void
bad_names(void **state)
{
	static const struct { const char *wire; size_t n; const char *why; } rows[] = {
		{ "\xc0\x0c", 2, "a compression pointer that does not go back" },
		{ "\xc0\x0e", 2, "a compression pointer that does not go back" },
		{ "\xff\xff", 2, "a compression pointer that does not go back" },
		{ "\1a\xc0\x0c", 4, "a compression pointer that does not go back" },
		{ "\1a\xc0\x0e", 4, "a compression pointer that does not go back" },
		{ "\xc0\x00", 2, "a compression pointer into the header" },
		{ "\xc0\x0b", 2, "a compression pointer into the header" },
		{ "\x40", 1, "a label of an unknown kind" },
		{ "\x80", 1, "a label of an unknown kind" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		dns_begin(&b, 1, DNS_ASK);
		dns_count(&b, DNS_S_QUESTION, 1);
		dns_put(&b, rows[i].wire, rows[i].n);
		dns_put(&b, "\0\1\0\1", 4);
		assert_refused(rows[i].why);
	}
}

/* Two names that point at each other, and one that comes by itself again. */
static void
loops(void **state)
{
	size_t begin;

	(void)state;
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	begin = dns_record_begin(&b, DNS_S_ANSWER, "@12", DNS_CNAME, DNS_IN, 1);
	dns_put_name(&b, "b.@0");
	/* to the name that is being read */
	b.b[b.n - 1] = (uint8_t)begin;
	dns_record_end(&b, begin);
	assert_refused("a compression pointer that does not go back");
	/* A TXT record's data leads forward into the pointer that leads to it. */
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	begin = dns_record_begin(&b, DNS_S_ANSWER, "@12", DNS_TXT, DNS_IN, 1);
	dns_put(&b, "\1z", 2);
	dns_record_end(&b, begin);
	dns_count(&b, DNS_S_ANSWER, 1);
	dns_put16(&b, 0xc000u | (unsigned)begin);
	dns_put(&b, "\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 14);
	assert_refused("a compression pointer that does not go back");
}

/* Pointers to pointers, each one back: as many as there are labels, no more. */
static void
pointers_to_pointers(void **state)
{
	unsigned hops[] = { 127, 129, 8000 };

	(void)state;
	for (size_t i = 0; i < N(hops); i++) {
		size_t begin, at = 12;
		const char *why;
		char owner[32];

		dns_begin(&b, 1, DNS_QR);
		dns_question(&b, "a.test", DNS_A);
		begin = dns_record_begin(&b, DNS_S_ANSWER, "@12", DNS_TXT, DNS_IN, 1);
		for (unsigned k = 1; k < hops[i]; k++) {
			dns_put16(&b, 0xc000u | (unsigned)at);
			at = b.n - 2;
		}
		dns_record_end(&b, begin);
		snprintf(owner, sizeof(owner), "@%zu", at);
		dns_address(&b, owner, 1, "192.0.2.1");
		if (hops[i] > 128) {
			assert_refused("a chain of compression pointers without end");
			continue;
		}
		assert_true(dns_parse_n(&b, b.n, b.n, &m, &why));
		assert_string_equal(m.records[0].owner, "a.test");
	}
}

/* ---- what is wrong */

static void
lengths(void **state)
{
	size_t begin;

	(void)state;
	for (size_t n = 0; n < 12; n++) {
		dns_begin(&b, 1, DNS_ASK);
		b.n = n;
		assert_refused("shorter than a DNS header");
	}
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	dns_record(&b, DNS_S_ANSWER, "@12", DNS_A, DNS_IN, 1, "\1\2\3\4\5", 5);
	assert_refused("an A record that is not 4 bytes long");
	dns_begin(&b, 1, DNS_QR);
	dns_record(&b, DNS_S_ANSWER, "", DNS_AAAA, DNS_IN, 1, "\1\2\3\4", 4);
	assert_refused("an AAAA record that is not 16 bytes long");
	dns_begin(&b, 1, DNS_QR);
	dns_record(&b, DNS_S_ANSWER, "", DNS_CNAME, DNS_IN, 1, "\1a\0x", 4);
	assert_refused("a CNAME record that is not its name");
	dns_begin(&b, 1, DNS_QR);
	begin = dns_record_begin(&b, DNS_S_ANSWER, "", DNS_CNAME, DNS_IN, 1);
	dns_put_name(&b, "a.test");
	dns_record_end(&b, begin);
	b.b[begin - 1]--;	/* its last byte is the next record's */
	dns_put(&b, "", 1);
	assert_refused("a CNAME record that is not its name");
	/* more questions or records than there are */
	dns_begin(&b, 1, DNS_ASK);
	dns_question(&b, "a.test", DNS_A);
	dns_count(&b, DNS_S_QUESTION, 1);
	assert_refused("it ends inside a name");
	for (enum dns_section s = DNS_S_ANSWER; s <= DNS_S_ADDITIONAL; s++) {
		dns_begin(&b, 1, DNS_QR);
		dns_question(&b, "a.test", DNS_A);
		dns_count(&b, s, 1);
		assert_refused("it ends inside a name");
	}
	/* which servers do that leave records out */
	dns_begin(&b, 1, DNS_QR | DNS_TC);
	dns_question(&b, "a.test", DNS_A);
	dns_count(&b, DNS_S_ANSWER, 40);
	dns_read(&b, &m);
	assert_int_equal(m.n_answers, 40);
	assert_true(m.truncated);
}

static void
build_whole(void)
{
	dns_begin(&b, 0x4321, DNS_QR);
	dns_question(&b, "www.example.com", DNS_AAAA);
	dns_alias(&b, "@12", 300, "edge.cdn.test");
	dns_address(&b, "edge.cdn.test", 60, "2001:db8::1");
	dns_record(&b, DNS_S_AUTHORITY, "cdn.test", DNS_NS, DNS_IN, 9, "\2ns\0", 4);
	dns_edns(&b, 0, "\0\x0a\0\0", 4);
}

/* Shorter by any number of bytes it is malformed; by what the capture cut alone
   it is not, and nothing is said that was not there. */
static void
truncation_at_every_byte(void **state)
{
	size_t question_end, alias_end, address_end;
	struct dns_message whole;
	const char *why;

	(void)state;
	build_whole();
	dns_read(&b, &whole);
	dns_begin(&b, 0x4321, DNS_QR);
	dns_question(&b, "www.example.com", DNS_AAAA);
	question_end = b.n;
	dns_alias(&b, "@12", 300, "edge.cdn.test");
	alias_end = b.n;
	dns_address(&b, "edge.cdn.test", 60, "2001:db8::1");
	address_end = b.n;
	build_whole();
	for (size_t n = 0; n < b.n; n++) {
		why = NULL;
		assert_false(dns_parse_n(&b, n, n, &m, &why));
		assert_non_null(why);
		why = "";
		assert_true(dns_parse_n(&b, n, b.n, &m, &why));
		assert_null(why);
		assert_true(m.cut);
		assert_int_equal(m.id, n >= 2 ? 0x4321 : 0);
		assert_int_equal(m.answer, n >= 4);
		assert_int_equal(m.n_answers, n >= 12 ? 2 : 0);
		assert_int_equal(m.has_question, n >= question_end);
		assert_string_equal(m.name, n >= question_end ? whole.name : "");
		assert_int_equal(m.n_records, (n >= alias_end) + (n >= address_end));
		for (unsigned i = 0; i < m.n_records; i++) {
			assert_string_equal(m.records[i].owner, whole.records[i].owner);
			assert_string_equal(m.records[i].target, whole.records[i].target);
		}
	}
	/* A capture that has more than the message: padding. */
	assert_true(dns_parse_n(&b, b.n, b.n, &m, &why));
	assert_true(dns_parse(b.b, b.n + 20, b.n, &m, &why));
	assert_false(m.cut);
}

/* Any byte may be any other: the sanitizers watch. */
static void
any_byte_changed(void **state)
{
	const char *why;
	unsigned good = 0, bad = 0;

	(void)state;
	build_whole();
	for (size_t i = 0; i < b.n; i++) {
		uint8_t before = b.b[i];

		for (unsigned v = 0; v < 256; v++) {
			b.b[i] = (uint8_t)v;
			why = NULL;
			if (dns_parse_n(&b, b.n, b.n, &m, &why))
				good++;
			else
				bad += why != NULL && why[0] != '\0';
			assert_true(m.n_records <= DNS_MAX_RECORDS);
			assert_true(strlen(m.name) < DNS_NAME_MAX);
		}
		b.b[i] = before;
	}
	assert_int_equal(good + bad, b.n * 256);
	assert_true(good > 0 && bad > 0);
}

static void
names_of_numbers(void **state)
{
	(void)state;
	assert_string_equal(dns_type_name(DNS_A), "A");
	assert_string_equal(dns_type_name(DNS_AAAA), "AAAA");
	assert_string_equal(dns_type_name(DNS_HTTPS), "HTTPS");
	assert_string_equal(dns_type_name(DNS_ANY), "ANY");
	assert_null(dns_type_name(0));
	assert_null(dns_type_name(65535));
	assert_string_equal(dns_rcode_name(DNS_NOERROR), "NOERROR");
	assert_string_equal(dns_rcode_name(DNS_SERVFAIL), "SERVFAIL");
	assert_string_equal(dns_rcode_name(DNS_NXDOMAIN), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(DNS_REFUSED), "REFUSED");
	assert_null(dns_rcode_name(12));
	assert_null(dns_rcode_name(4095));
	for (unsigned i = 0; i < 300; i++)
		for (unsigned k = 0; k < i; k++)
			assert_true(dns_type_name(i) == NULL || dns_type_name(k) == NULL ||
			    strcmp(dns_type_name(i), dns_type_name(k)) != 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(question),
		cmocka_unit_test(real_bytes),
		cmocka_unit_test(chain),
		cmocka_unit_test(every_type),
		cmocka_unit_test(class_chaos),
		cmocka_unit_test(several_questions),
		cmocka_unit_test(root_and_none),
		cmocka_unit_test(flags),
		cmocka_unit_test(ttls),
		cmocka_unit_test(many_records),
		cmocka_unit_test(escapes),
		cmocka_unit_test(long_names),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(loops),
		cmocka_unit_test(pointers_to_pointers),
		cmocka_unit_test(lengths),
		cmocka_unit_test(truncation_at_every_byte),
		cmocka_unit_test(any_byte_changed),
		cmocka_unit_test(names_of_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
