/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verify.c - checks over hand-made judged flows: results, exit codes, and
   the four forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/flow_sample.h"
#include "ui/cli/complain.h"
#include "ui/verify/verify.h"

#define SNAT	(1u << CHECK_SNAT)
#define NO_NAT	(1u << CHECK_NO_NAT)
#define ENI	(1u << CHECK_ENI)
#define PATH	(1u << CHECK_PATH)
#define ALL	(SNAT | NO_NAT | ENI | PATH)

static char out[1024 * 1024];

static int
verified_as(const struct verify_config *config, const struct flow *flows,
    unsigned n, const struct summary *s)
{
	struct outbuf buf = { .fd = -1, .buf = out, .p = out,
	    .end = out + sizeof(out) - 1 };
	bool usage;
	struct verify *v = verify_begin(config, &usage);
	unsigned i;
	int code;

	assert_non_null(v);
	for (i = 0; i < n; i++)
		verify_flow(v, &flows[i], &sample_numbers);
	code = verify_end(v, &buf, s);
	*buf.p = '\0';
	verify_free(v);
	return code;
}

static int
verified(unsigned checks, const struct flow *flows, unsigned n)
{
	struct verify_config config = { .checks = checks, .with_state = true };

	return verified_as(&config, flows, n, NULL);
}

static void
expect_contains(const char *part)
{
	if (strstr(out, part) == NULL)
		fail_msg("not found: %s\nin: %s", part, out);
}

static struct ct_entry ct;

static void
set_finding(struct flow *f, const char *code, enum finding_level level,
    enum verdict verdict)
{
	f->n_findings = 1;
	f->findings[0] = (struct finding){ .code = code, .level = (uint8_t)level,
		.text = "a sentence", .fix = "a fix" };
	f->verdict = (uint8_t)verdict;
}

static struct flow
inside(void)
{
	struct flow f = sample_tcp_with_state(&ct);

	f.translated = f.original = sample_tuple(PROTO_TCP, "192.168.3.30", 41234,
	    "192.168.1.1", 80);
	f.nat = 0;
	f.node.kind = KIND_POD_TO_VPC;
	set_finding(&f, "no-nat", LEVEL_OK, VERDICT_OK);
	return f;
}

static void
right_flows_pass(void **state)
{
	struct flow f[2] = { sample_tcp_with_state(&ct), inside() };

	(void)state;
	assert_int_equal(verified(ALL, f, 2), EXIT_FINE);
	expect_contains("snat: ok: 1 flow judged: 1 ok, 0 failed, 0 inconclusive\n");
	expect_contains("no-nat: ok: 1 flow judged");
	expect_contains("eni: ok: 2 flows judged");
	expect_contains("path: ok: 2 flows judged");
	expect_contains("4 checks: 4 ok, 0 failed, 0 inconclusive; 2 flows read\n");
}

/* External SNAT: untranslated is right, as the verdict says. */
static void
external_snat_passes(void **state)
{
	struct flow f = inside();

	(void)state;
	f.node.kind = KIND_POD_TO_EXTERNAL;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_FINE);
}

static void
each_code_fails_its_checks(void **state)
{
	static const struct { const char *code; unsigned fails; } rows[] = {
		{ "missing-snat", SNAT | PATH }, { "wrong-snat", SNAT | PATH },
		{ "unexpected-snat", SNAT | PATH }, { "unexpected-dnat", PATH },
		{ "wrong-eni", SNAT | ENI | PATH },
		{ "source-not-on-eni", SNAT | ENI | PATH },
		{ "masquerade-other-eni", SNAT | ENI | PATH },
		{ "asymmetric-path", ENI | PATH },
		{ "service-ip-on-wire", PATH }, { "hairpin", PATH },
	};
	struct flow f = sample_tcp_with_state(&ct);
	unsigned i, c;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_finding(&f, rows[i].code, LEVEL_WRONG, VERDICT_WRONG);
		for (c = 0; c < N_CHECKS; c++) {
			int code = verified(1u << c, &f, 1);
			/* an outside flow is no business of no-nat: nothing there */
			int want = rows[i].fails >> c & 1 ? EXIT_FAILED :
			    EXIT_UNSURE;

			if (code != want)
				fail_msg("%s, %s: %d, not %d", rows[i].code,
				    verify_check_name(c), code, want);
		}
	}
}

/* By where the flow goes: a wrong ENI inside the VPC is not wrong SNAT. */
static void
codes_count_where_they_belong(void **state)
{
	struct flow f = inside();

	(void)state;
	set_finding(&f, "wrong-eni", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	expect_contains("snat: inconclusive: 0 flows");
	assert_int_equal(verified(ENI, &f, 1), EXIT_FAILED);
	set_finding(&f, "unexpected-snat", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(NO_NAT, &f, 1), EXIT_FAILED);
	set_finding(&f, "unexpected-dnat", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(NO_NAT, &f, 1), EXIT_FAILED);
	/* a Service with an endpoint outside the VPC */
	f = sample_tcp_with_state(&ct);
	f.node.kind = KIND_POD_TO_SERVICE;
	f.original.dst = sample_tuple(6, "10.100.0.10", 0, "::", 0).src;
	f.nat |= NAT_DNAT;
	set_finding(&f, "source-not-on-eni", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(SNAT, &f, 1), EXIT_FAILED);
	f.translated.dst = sample_tuple(6, "192.168.2.95", 0, "::", 0).src;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	set_finding(&f, "unexpected-snat", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(NO_NAT, &f, 1), EXIT_FAILED);
}

/* External SNAT hides the VPC's ranges: right wherever it goes. */
static void
kept_wherever_it_goes(void **state)
{
	struct flow f = inside();

	(void)state;
	f.node.kind = KIND_UNKNOWN;
	assert_int_equal(verified(SNAT | NO_NAT, &f, 1), EXIT_FINE);
	f.node.eni = NULL;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	expect_contains("whether it leaves the VPC is not known");
}

/* What was dropped proves nothing, except that the path is not right. */
static void
dropped_proves_nothing(void **state)
{
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	set_finding(&f, "not-forwarded", LEVEL_DROPPED, VERDICT_DROPPED);
	f.findings[0].cause = "rp-filter";
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	expect_contains("inconclusive: not-forwarded: default/echo-b "
	    "192.168.3.30:41234 -> 172.217.175.36:443 tcp: dropped on its way, which "
	    "proves nothing (rp-filter); fix: a fix; flow 7, enib5be3306a32 > eth0 "
	    "=> 192.168.3.243:21015 -> 172.217.175.36:443\n");
	assert_int_equal(verified(ENI, &f, 1), EXIT_UNSURE);
	assert_int_equal(verified(PATH, &f, 1), EXIT_FAILED);
	/* a finding of what would fail does not count on a dropped flow */
	set_finding(&f, "missing-snat", LEVEL_WRONG, VERDICT_DROPPED);
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
}

static void
unknown_is_inconclusive(void **state)
{
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	f.verdict = VERDICT_UNKNOWN;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	assert_int_equal(verified(PATH, &f, 1), EXIT_UNSURE);
	/* who talks to whom is not known: it may be what the check is about */
	f.verdict = VERDICT_OK;
	f.node.kind = KIND_UNKNOWN;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	assert_int_equal(verified(NO_NAT, &f, 1), EXIT_UNSURE);
	/* said to be ok, but its translation was not seen */
	f = inside();
	f.has &= ~(unsigned)FLOW_TRANSLATED;
	assert_int_equal(verified(NO_NAT, &f, 1), EXIT_UNSURE);
}

static void
nothing_to_judge_is_inconclusive(void **state)
{
	struct flow f = inside();

	(void)state;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	expect_contains("snat: inconclusive: 0 flows judged");
	expect_contains("no flow of this kind was seen");
	assert_int_equal(verified(ALL, NULL, 0), EXIT_UNSURE);
}

static void
failed_beats_inconclusive(void **state)
{
	struct flow f[3] = { sample_tcp_with_state(&ct), sample_tcp_with_state(&ct),
	    sample_tcp_with_state(&ct) };

	(void)state;
	f[0].verdict = VERDICT_UNKNOWN;
	set_finding(&f[1], "missing-snat", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified(SNAT, f, 3), EXIT_FAILED);
	expect_contains("3 flows judged: 1 ok, 1 failed, 1 inconclusive\n  failed: ");
}

static void
loss_is_inconclusive(void **state)
{
	struct verify_config config = { .checks = SNAT, .with_state = true };
	struct summary s = { .stats = { .lost_kernel = 3 } };
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	assert_int_equal(verified_as(&config, &f, 1, &s), EXIT_UNSURE);
	expect_contains("the capture lost 3 packets");
	set_finding(&f, "wrong-snat", LEVEL_WRONG, VERDICT_WRONG);
	assert_int_equal(verified_as(&config, &f, 1, &s), EXIT_FAILED);
}

/* Packets alone prove only that nothing was translated. */
static void
packets_alone(void **state)
{
	struct verify_config config = { .checks = SNAT };
	struct flow f = sample_tcp(), untouched = inside();

	(void)state;
	assert_int_equal(verified_as(&config, &f, 1, NULL), EXIT_UNSURE);
	expect_contains("is not known without --state");
	config.checks = NO_NAT;
	assert_int_equal(verified_as(&config, &f, 1, NULL), EXIT_UNSURE);
	assert_int_equal(verified_as(&config, &untouched, 1, NULL), EXIT_FINE);
	config.checks = ENI;
	assert_int_equal(verified_as(&config, &untouched, 1, NULL), EXIT_UNSURE);
	config.checks = PATH;
	assert_int_equal(verified_as(&config, &untouched, 1, NULL), EXIT_UNSURE);
	set_finding(&f, "not-forwarded", LEVEL_DROPPED, VERDICT_DROPPED);
	assert_int_equal(verified_as(&config, &f, 1, NULL), EXIT_FAILED);
}

/* Multicast and link-local packets are of no route's business. */
static void
link_local_is_left_out(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	f.proto = PROTO_ICMPV6;
	f.original = sample_tuple(PROTO_ICMPV6, "fe80::1", 0, "ff02::16", 0);
	assert_int_equal(verified(PATH, &f, 1), EXIT_UNSURE);
	expect_contains("path: inconclusive: 0 flows judged");
	f.original = sample_tuple(PROTO_ICMPV6, "2001:db8::7", 0, "fe80:ec2::1", 0);
	assert_int_equal(verified(ALL, &f, 1), EXIT_UNSURE);
	expect_contains("path: inconclusive: 0 flows judged");
	set_finding(&f, "not-forwarded", LEVEL_DROPPED, VERDICT_DROPPED);
	assert_int_equal(verified(PATH, &f, 1), EXIT_FAILED);
}

static void
host_traffic(void **state)
{
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	f.node.kind = KIND_HOST;
	f.node.pod = NULL;
	set_finding(&f, "host-traffic", LEVEL_OK, VERDICT_OK);
	/* what comes in is not what leaves the VPC */
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
	expect_contains("no flow of this kind");
	f.legs[0].dir = DIR_OUT;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_FINE);
	/* no CNI is known here: which ENI is the primary one is open */
	f.node.eni = NULL;
	assert_int_equal(verified(SNAT, &f, 1), EXIT_UNSURE);
}

static struct flow
failing(void)
{
	struct flow f = sample_tcp_with_state(&ct);

	set_finding(&f, "missing-snat", LEVEL_WRONG, VERDICT_WRONG);
	strcpy(f.findings[0].text, "left as <192.168.3.30> & \"so\" \x01");
	return f;
}

static int
in_form(enum verify_form form)
{
	struct verify_config config = { .checks = SNAT | NO_NAT | ENI,
		.with_state = true, .form = form, .verbose = true };
	struct flow f[3] = { failing(), sample_tcp_with_state(&ct), inside() };

	f[1].verdict = VERDICT_UNKNOWN;
	f[1].n_findings = 0;
	return verified_as(&config, f, 3, NULL);
}

static void
form_json(void **state)
{
	(void)state;
	assert_int_equal(in_form(VERIFY_JSON), EXIT_FAILED);
	expect_contains("{\"schema\":\"podpath.verify/1\",\"result\":\"failed\","
	    "\"judged_by\":\"packets and state\",\"judged\":3,\"checks\":["
	    "{\"check\":\"snat\",\"result\":\"failed\",\"ok\":0,\"failed\":1,"
	    "\"inconclusive\":1,\"items\":[{\"result\":\"failed\",\"flow\":7,"
	    "\"who\":\"default/echo-b 192.168.3.30:41234 -> 172.217.175.36:443 tcp\","
	    "\"translated\":\"192.168.3.243:21015 -> 172.217.175.36:443\","
	    "\"path\":\"enib5be3306a32 > eth0\",\"code\":\"missing-snat\","
	    "\"text\":\"left as <192.168.3.30> & \\\"so\\\" \\u0001\","
	    "\"fix\":\"a fix\"}");
	expect_contains("{\"check\":\"no-nat\",\"result\":\"ok\",\"ok\":1,");
	assert_string_equal(out + strlen(out) - 4, "}]}\n");
}

static void
form_tap(void **state)
{
	(void)state;
	assert_int_equal(in_form(VERIFY_TAP), EXIT_FAILED);
	assert_ptr_equal(strstr(out, "TAP version 14\n1..3\nnot ok 1 - snat\n  ---\n"),
	    out);
	expect_contains("\nok 2 - no-nat\n  ---\n  result: \"ok\"\n");
	expect_contains("\nnot ok 3 - eni (inconclusive)\n");
	expect_contains("    - result: \"failed\"\n      who: \"default/echo-b ");
	/* a directive would let it pass */
	assert_null(strstr(out, "# SKIP"));
	assert_null(strstr(out, "# TODO"));
}

static void
form_junit(void **state)
{
	const char *p;

	(void)state;
	assert_int_equal(in_form(VERIFY_JUNIT), EXIT_FAILED);
	expect_contains("<testsuite name=\"podpath verify\" tests=\"3\" "
	    "failures=\"1\" errors=\"1\">");
	expect_contains("<failure type=\"failed\" message=\"2 flows judged: ");
	expect_contains("<error type=\"inconclusive\" ");
	expect_contains("left as &lt;192.168.3.30&gt; &amp; &quot;so&quot; "
	    "\xef\xbf\xbd; fix: a fix");
	for (p = out; *p != '\0'; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
}

/* More than are kept are counted, and the memory stays bounded. */
static void
many_failures(void **state)
{
	static struct flow f;
	struct verify_config config = { .checks = SNAT, .with_state = true };
	struct outbuf buf = { .fd = -1, .buf = out, .p = out,
	    .end = out + sizeof(out) - 1 };
	bool usage;
	struct verify *v = verify_begin(&config, &usage);
	unsigned i;

	(void)state;
	f = failing();
	for (i = 0; i < 1500; i++)
		verify_flow(v, &f, &sample_numbers);
	assert_int_equal(verify_end(v, &buf, NULL), EXIT_FAILED);
	verify_free(v);
	*buf.p = '\0';
	expect_contains("1500 flows judged: 0 ok, 1500 failed");
	expect_contains("\n  failed: 500 more\n");
}

static void
tables(void **state)
{
	const char *name, *help;
	unsigned i;

	(void)state;
	for (i = 0; verify_check(i, &name, &help); i++) {
		assert_string_equal(name, verify_check_name(i));
		assert_true(help[0] != '\0');
	}
	assert_int_equal(i, N_CHECKS);
	for (i = 0; verify_form_name(i) != NULL; i++)
		;
	assert_int_equal(i, N_VERIFY_FORMS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_flows_pass),
		cmocka_unit_test(external_snat_passes),
		cmocka_unit_test(each_code_fails_its_checks),
		cmocka_unit_test(codes_count_where_they_belong),
		cmocka_unit_test(kept_wherever_it_goes),
		cmocka_unit_test(dropped_proves_nothing),
		cmocka_unit_test(unknown_is_inconclusive),
		cmocka_unit_test(nothing_to_judge_is_inconclusive),
		cmocka_unit_test(failed_beats_inconclusive),
		cmocka_unit_test(loss_is_inconclusive),
		cmocka_unit_test(packets_alone),
		cmocka_unit_test(link_local_is_left_out),
		cmocka_unit_test(host_traffic),
		cmocka_unit_test(form_json),
		cmocka_unit_test(form_tap),
		cmocka_unit_test(form_junit),
		cmocka_unit_test(many_failures),
		cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
