/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts: what the lab cannot easily show, or only once.  A healthy node with
 * pods p1 (10.0.0.11, eth0), p2 and p3 (10.0.0.21, .22, eth1), its rules, and
 * packets written as lines.
 */
#include "tests/node_scene.h"
#include "tests/observe.h"

#define P1	"eni182c452fe96"
#define P2	"enib3a9b371b64"
#define P3	"eni6a91d87bb13"

struct court {
	struct scene	*s;
	struct scene_node *n;
};

static struct court *
court_new(void)
{
	struct court *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->s = scene_new(SHAPE_ANY, 0);
	c->n = node_default();
	return c;
}

static void
court_free(struct court *c)
{
	scene_free(c->s);
	node_free(c->n);
	free(c);
}

/* The state is as it shall be: the capture's indexes get their names. */
static void
begin(struct court *c)
{
	static const char *const names[] = { "eth0", "eth1", P1, P2, P3 };
	struct node_dev devs[5];

	for (unsigned i = 0; i < 5; i++)
		devs[i] = (struct node_dev){ names[i], scene_ifindex(c->s, names[i]) };
	node_devices(c->n, devs, 5);
	node_build(c->n);
	tracer_observe(c->s->t, &(struct obs){ .type = OBS_STATE,
	    .state = { c->n->state } });
}

/* "ok no-nat", "dropped not-forwarded(rp-filter)": verdict and what is no note. */
static const char *
verdict_of(struct court *c, const char *tuple, char out[static 256])
{
	const struct flow *f = flow_like(c->s, tuple);

	snprintf(out, 256, "%s", verdict_name(f->verdict));
	for (unsigned i = 0; i < f->n_findings; i++) {
		const struct finding *g = &f->findings[i];
		size_t n = strlen(out);

		if (g->level == LEVEL_NOTE)
			continue;
		snprintf(out + n, 256 - n, " %s%s%s%s", g->code, g->cause ? "(" : "",
		    g->cause ? g->cause : "", g->cause ? ")" : "");
	}
	return out;
}

static void
judged(struct court *c, const char *tuple, const char *expected)
{
	char out[256];

	assert_string_equal(verdict_of(c, tuple, out), expected);
}

static bool
has_note(struct court *c, const char *tuple, const char *code)
{
	const struct flow *f = flow_like(c->s, tuple);

	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return true;
	return false;
}

/* Something else at the end, so that what came before had time to go on. */
static void
time_passes(struct court *c)
{
	later(c->s, 200 * 1000 * 1000);
	see(c->s, "eth0 in  10.0.9.9:1 > 10.0.0.10:1 udp");
}

#define SNATED(c)	do {						\
	see((c)->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");	\
	see((c)->s, "eth0 out 10.0.0.10:1711 > 8.8.8.8:443 tcp S seq=7 ttl=63");	\
	see((c)->s, "eth0 in  8.8.8.8:443 > 10.0.0.10:1711 tcp SA seq=9 ack=8 ttl=50");	\
	see((c)->s, P2 " out 8.8.8.8:443 > 10.0.0.21:40000 tcp SA seq=9 ack=8 ttl=49");	\
} while (0)
#define SNATED_FLOW	"10.0.0.21:40000 > 8.8.8.8:443"

static void
test_right(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	SNATED(c);
	time_passes(c);
	judged(c, SNATED_FLOW, "ok snat-node-ip");
	assert_int_equal(flow_like(c->s, SNATED_FLOW)->node.kind, KIND_POD_TO_EXTERNAL);
	assert_true(flow_like(c->s, SNATED_FLOW)->has & FLOW_MODEL);
	assert_string_equal(flow_like(c->s, SNATED_FLOW)->node.pod->name, "p2");
	assert_string_equal(flow_like(c->s, SNATED_FLOW)->node.eni->dev, "eth0");
	assert_string_equal(flow_like(c->s, SNATED_FLOW)->node.rule->text,
	    "from all fwmark 0x80/0x80 lookup main");
	court_free(c);
}

/* Nothing went out: with everything captured and nothing lost that is a drop;
   the policy shows in conntrack, which has no entry. */
static void
test_never_out(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	time_passes(c);
	judged(c, SNATED_FLOW, "dropped not-forwarded(policy-egress)");
	court_free(c);
}

static void
test_lost(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	time_passes(c);
	tracer_observe(c->s->t, &(struct obs){ .type = OBS_LOSS, .loss = { .kernel = 1 } });
	judged(c, SNATED_FLOW, "unknown");
	assert_true(has_note(c, SNATED_FLOW, "loss"));
	court_free(c);
}

/* The capture ended too soon to say that it never left. */
static void
test_at_the_end(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	later(c->s, 1000 * 1000);
	see(c->s, "eth0 in  10.0.9.9:1 > 10.0.0.10:1 udp");
	judged(c, SNATED_FLOW, "unknown");
	court_free(c);
}

/* It may have left: something that nothing came in for did, at that moment. */
static void
test_maybe_left(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:53 udp data=one len=30 ttl=64");
	see(c->s, "eth0 out 10.0.0.10:1711 > 8.8.8.8:53 udp data=two len=40 ttl=63");
	time_passes(c);
	judged(c, "10.0.0.21:40000 > 8.8.8.8:53", "unknown");
	court_free(c);
}

/* D6: the frame has another destination than the veth's own address. */
static void
test_other_host(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64 other");
	time_passes(c);
	judged(c, SNATED_FLOW, "dropped not-forwarded(not-for-us)");
	court_free(c);
}

static void
test_ttl(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=1");
	time_passes(c);
	judged(c, SNATED_FLOW, "dropped not-forwarded(ttl-expired)");
	court_free(c);
}

/* The rules of the node would drop it: the rule is named. */
static void
test_firewall(void **state)
{
	struct court *c = court_new();
	const struct flow *f;

	(void)state;
	node_swap(c->n, TEXT_IPTABLES, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
	    ":OUTPUT ACCEPT [0:0]\n", "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT "
	    "[0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -d 8.8.8.8/32 -j DROP\n");
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	time_passes(c);
	judged(c, SNATED_FLOW, "dropped not-forwarded(firewall)");
	f = flow_like(c->s, SNATED_FLOW);
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level == LEVEL_DROPPED)
			assert_non_null(strstr(f->findings[i].text,
			    "-A FORWARD -d 8.8.8.8/32 -j DROP"));
	court_free(c);
}

/* Taken without its first packet, and the ports tell nothing: if the other end
   began, this is right.  Then no verdict is better than a wrong one. */
static void
test_guess(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:41000 udp data=abc len=60 ttl=64");
	see(c->s, "eth1 out 10.0.0.21:40000 > 8.8.8.8:41000 udp data=abc len=60 ttl=63");
	time_passes(c);
	judged(c, "10.0.0.21:40000 > 8.8.8.8:41000", "unknown");
	court_free(c);
}

/* The same with a SYN: who began is known. */
static void
test_known(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:41000 tcp S seq=7 ttl=64");
	see(c->s, "eth1 out 10.0.0.21:40000 > 8.8.8.8:41000 tcp S seq=7 ttl=63");
	time_passes(c);
	judged(c, "10.0.0.21:40000 > 8.8.8.8:41000", "wrong wrong-eni missing-snat");
	court_free(c);
}

/* ---- conntrack */

static void
begin_with(struct court *c, unsigned as_port)
{
	char line[200];

	snprintf(line, sizeof(line), "tcp      6 431999 ESTABLISHED src=10.0.0.21 "
	    "dst=8.8.8.8 sport=40000 dport=443 src=8.8.8.8 dst=10.0.0.10 sport=443 "
	    "dport=%u [ASSURED] mark=128 use=1", as_port);
	node_add(c->n, TEXT_CONNTRACK, line);
	begin(c);
}

static void
test_confirmed(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin_with(c, 1711);
	SNATED(c);
	time_passes(c);
	judged(c, SNATED_FLOW, "ok snat-node-ip");
	assert_int_equal(flow_like(c->s, SNATED_FLOW)->confidence, CONF_CONFIRMED);
	court_free(c);
}

static void
test_contradiction(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin_with(c, 1712);
	SNATED(c);
	time_passes(c);
	assert_true(has_note(c, SNATED_FLOW, "contradiction"));
	assert_int_equal(flow_like(c->s, SNATED_FLOW)->confidence, CONF_OBSERVED);
	court_free(c);
}

/* Packets that do not agree in a single bit of what NAT leaves: conntrack knows
   that they are one. */
static void
test_declared(void **state)
{
	struct court *c = court_new();
	const struct flow *f;

	(void)state;
	begin_with(c, 1711);
	see(c->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp A seq=7 ack=1 ttl=64 data=x len=9");
	see(c->s, "eth0 out 10.0.0.10:1711 > 8.8.8.8:443 tcp A seq=70 ack=10 ttl=63 data=y len=8");
	time_passes(c);
	f = flow_like(c->s, SNATED_FLOW);
	assert_int_equal(f->confidence, CONF_DECLARED);
	assert_int_equal(f->n_legs, 2);
	assert_true(f->has & FLOW_TRANSLATED);
	judged(c, SNATED_FLOW, "ok snat-node-ip");
	court_free(c);
}

/* D23: the flow is older than the pod that it is translated to. */
static void
test_stale(void **state)
{
	struct court *c = court_new();
	char at[64];

	(void)state;
	node_add(c->n, TEXT_CONNTRACK, "tcp      6 110 SYN_SENT src=10.0.0.21 "
	    "dst=172.20.0.9 sport=40000 dport=80 [UNREPLIED] src=10.0.0.11 dst=10.0.0.21 "
	    "sport=8080 dport=40000 mark=0 use=1");
	snprintf(at, sizeof(at), "\"allocationTimestamp\":%lld", (long long)c->s->now_ns +
	    1000 * 1000 * 1000);
	node_swap(c->n, TEXT_IPAM, "\"allocationTimestamp\":1785500000000000000", at);
	begin(c);
	see(c->s, P2 " in  10.0.0.21:40000 > 172.20.0.9:80 tcp S seq=7 ttl=64");
	see(c->s, P1 " out 10.0.0.21:40000 > 10.0.0.11:8080 tcp S seq=7 ttl=63");
	later(c->s, 3000 * 1000 * 1000ll);
	see(c->s, P2 " in  10.0.0.21:40000 > 172.20.0.9:80 tcp S seq=7 ttl=64");
	see(c->s, P1 " out 10.0.0.21:40000 > 10.0.0.11:8080 tcp S seq=7 ttl=63");
	time_passes(c);
	assert_true(has_note(c, "10.0.0.21:40000 > 172.20.0.9:80", "stale-conntrack"));
	court_free(c);
}

/* ---- other kinds of node */

/* D28: the pod's address is one of the node's own. */
static void
test_kept_by_node(void **state)
{
	struct court *c = court_new();

	(void)state;
	node_add(c->n, TEXT_ROUTE, "local 10.0.0.11 dev eth0 table local proto kernel "
	    "scope host src 10.0.0.11 ");
	begin(c);
	see(c->s, "eth0 in  10.0.7.7:40000 > 10.0.0.11:8080 tcp S seq=7 ttl=62");
	see(c->s, "eth0 out 10.0.0.11:8080 > 10.0.7.7:40000 tcp RA seq=0 ack=8 ttl=64");
	time_passes(c);
	judged(c, "10.0.7.7:40000 > 10.0.0.11:8080", "dropped not-forwarded(not-for-us)");
	court_free(c);
}

/* D7, backwards: a pod's packet to an address inside the VPC by the wrong ENI. */
static void
test_reply_by_other_eni(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, "eth1 in  10.0.7.7:40000 > 10.0.0.21:8080 tcp S seq=7 ttl=62");
	see(c->s, P2 " out 10.0.7.7:40000 > 10.0.0.21:8080 tcp S seq=7 ttl=61");
	see(c->s, P2 " in  10.0.0.21:8080 > 10.0.7.7:40000 tcp SA seq=9 ack=8 ttl=64");
	see(c->s, "eth0 out 10.0.0.21:8080 > 10.0.7.7:40000 tcp SA seq=9 ack=8 ttl=63");
	time_passes(c);
	judged(c, "10.0.7.7:40000 > 10.0.0.21:8080",
	    "wrong asymmetric-path source-not-on-eni");
	court_free(c);
}

/* Straight to the pod, as a load balancer with targets of type ip sends. */
static void
test_direct(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, "eth1 in  10.0.7.7:40000 > 10.0.0.21:8080 tcp S seq=7 ttl=62");
	see(c->s, P2 " out 10.0.7.7:40000 > 10.0.0.21:8080 tcp S seq=7 ttl=61");
	see(c->s, P2 " in  10.0.0.21:8080 > 10.0.7.7:40000 tcp SA seq=9 ack=8 ttl=64");
	see(c->s, "eth1 out 10.0.0.21:8080 > 10.0.7.7:40000 tcp SA seq=9 ack=8 ttl=63");
	time_passes(c);
	judged(c, "10.0.7.7:40000 > 10.0.0.21:8080", "ok no-nat direct-delivery");
	court_free(c);
}

/* The VPC delivers at the ENI that owns the address, and at no other. */
static void
test_wrong_arrival(void **state)
{
	static const char *const from[] = { "10.0.7.7", "203.0.113.50" };
	const struct flow *f;
	char tuple[64];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct court *c = court_new();

		begin(c);
		snprintf(tuple, sizeof(tuple), "%s:40000 > 10.0.0.21:8080", from[i]);
		see(c->s, "eth0 in  %s tcp S seq=7 ttl=62", tuple);
		see(c->s, P2 " out %s tcp S seq=7 ttl=61", tuple);
		see(c->s, P2 " in  10.0.0.21:8080 > %s:40000 tcp SA seq=9 ack=8 ttl=64",
		    from[i]);
		see(c->s, "eth1 out 10.0.0.21:8080 > %s:40000 tcp SA seq=9 ack=8 ttl=63",
		    from[i]);
		time_passes(c);
		judged(c, tuple, "wrong wrong-eni");
		f = flow_like(c->s, tuple);
		assert_non_null(strstr(f->findings[0].text, "came in by eth0 ("));
		assert_non_null(strstr(f->findings[0].text, " instead of eth1 ("));
		court_free(c);
	}
}

/* IPv6 traffic knows no SNAT by the CNI; here the node has no IPv6 at all in its
   state, so there is nothing to say. */
static void
test_nothing_known(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  [2001:db8::21]:40000 > [2001:db8:1::1]:443 tcp S seq=7 ttl=64");
	see(c->s, "eth1 out [2001:db8::21]:40000 > [2001:db8:1::1]:443 tcp S seq=7 ttl=63");
	time_passes(c);
	judged(c, "[2001:db8::21]:40000 > [2001:db8:1::1]:443", "unknown");
	court_free(c);
}

/* Multicast is nobody's to route. */
static void
test_multicast(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	see(c->s, P2 " in  10.0.0.21:5353 > 224.0.0.251:5353 udp data=q len=40 ttl=1 group");
	time_passes(c);
	judged(c, "10.0.0.21:5353 > 224.0.0.251:5353", "unknown");
	court_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right), cmocka_unit_test(test_never_out),
		cmocka_unit_test(test_lost), cmocka_unit_test(test_at_the_end),
		cmocka_unit_test(test_maybe_left), cmocka_unit_test(test_other_host),
		cmocka_unit_test(test_ttl), cmocka_unit_test(test_firewall),
		cmocka_unit_test(test_guess), cmocka_unit_test(test_known),
		cmocka_unit_test(test_confirmed), cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_declared), cmocka_unit_test(test_stale),
		cmocka_unit_test(test_kept_by_node), cmocka_unit_test(test_direct),
		cmocka_unit_test(test_wrong_arrival),
		cmocka_unit_test(test_reply_by_other_eni), cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_multicast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
