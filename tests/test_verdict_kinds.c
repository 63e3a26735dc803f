/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts on nodes of other kinds than the lab can build: security groups for
 * pods (strict and standard), delegated prefixes, custom networking, several
 * network cards, an IPv6 cluster with IPv4 egress.  The states are directories
 * in tests/state/, read as a user's would be; the packets are lines.
 */
#include "tests/observe.h"

#include "capture/state.h"

/* default/p1 and the rest, by the hashes of their names. */
#define P1	"eni182c452fe96"
#define P2	"enib3a9b371b64"
#define P3	"eni6a91d87bb13"
#define HPC_1	"eni015a402a6a1"	/* second interface of default/hpc */
#define STRICT	"vlan43878a68a0a"	/* shop/db-0, strict */
#define STRICT_1 "vlan7fd651e3ab8"	/* shop/db-1, strict */
#define STANDARD "eni43878a68a0a"	/* shop/db-0, standard */
#define EGRESS	"vetha1b2c3d4"		/* IPv4 of default/p1 */

#define MAX_LINES	12

struct kind_case {
	const char	*name;
	const char	*state;		/* directory in tests/state/ */
	const char	*tuple;		/* of the flow that is judged */
	const char	*expected;	/* verdict, and findings that are no notes */
	const char	*lines[MAX_LINES + 1];
};

static void
on_report(void *arg, const char *text)
{
	(void)arg;
	fail_msg("a state's file is not understood: %s", text);
}

static struct state *
read_kind(const char *name)
{
	char path[128];
	struct state *s;

	snprintf(path, sizeof(path), "tests/state/%s", name);
	s = state_read(path, on_report, NULL);
	assert_non_null(s);
	return s;
}

/* The scene numbers its interfaces from 2 on, in order: so do the states. */
static void
give_numbers(struct scene *s, const struct state *state)
{
	const struct link *l;

	for (uint32_t i = 2; (l = state_link_index(state, i)) != NULL; i++)
		assert_int_equal(scene_ifindex(s, l->name), i);
	assert_true(s->n_ifaces >= 4);
}

static void
verdict_of(const struct flow *f, char out[static 256])
{
	snprintf(out, 256, "%s", verdict_name(f->verdict));
	for (unsigned i = 0; i < f->n_findings; i++) {
		const struct finding *g = &f->findings[i];
		size_t n = strlen(out);

		if (g->level == LEVEL_NOTE)
			continue;
		snprintf(out + n, 256 - n, " %s%s%s%s", g->code, g->cause ? "(" : "",
		    g->cause ? g->cause : "", g->cause ? ")" : "");
	}
}

/* Something else at the end, so that what came before had time to go on. */
static void
time_passes(struct scene *s)
{
	later(s, 200 * 1000 * 1000);
	see(s, "%s in  10.0.9.9:1 > 10.0.0.10:1 udp", s->ifaces[0]);
}

static void
test_case(void **state)
{
	const struct kind_case *k = *state;
	struct state *node = read_kind(k->state);
	struct scene *s = scene_new(SHAPE_ANY, 0);
	char out[256];

	give_numbers(s, node);
	tracer_observe(s->t, &(struct obs){ .type = OBS_STATE, .state = { node } });
	for (unsigned i = 0; k->lines[i] != NULL; i++)
		see(s, "%s", k->lines[i]);
	time_passes(s);
	verdict_of(flow_like(s, k->tuple), out);
	assert_string_equal(out, k->expected);
	scene_free(s);
	state_free(node);
}

/* ---- packets of a connection, as each interface shows them */

#define REQ(dev, dir, ends, words)	dev " " dir " " ends " tcp S seq=7 " words
#define ANS(dev, dir, ends, words)	dev " " dir " " ends " tcp SA seq=9 ack=8 " words
/* The internet, a host of the VPC, this node, its primary address as a source. */
#define NET	"8.8.8.8:443"
#define HOST	"10.0.7.7:80"
#define NODE	"10.0.0.10:40000"
#define SNAT	"10.0.0.10:1711"

static const struct kind_case cases[] = {

/* ---- security groups for pods, strict: all by the branch ENI, nothing on the node */

{ "strict: to the internet by its branch ENI, untranslated", "sgp-strict",
  "10.0.4.31:40000 > " NET, "ok no-nat", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > " NET, "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > " NET, "ttl=63 vlan=1"),
	ANS("eth1", "in ", NET " > 10.0.4.31:40000", "ttl=50 vlan=1"),
	ANS("vlan.eth.1", "in ", NET " > 10.0.4.31:40000", "ttl=50"),
	ANS(STRICT, "out", NET " > 10.0.4.31:40000", "ttl=49"), } },
{ "strict: only the trunk's device is looked at below", "sgp-strict",
  "10.0.4.31:40000 > " NET, "ok no-nat", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("eth1", "out", "10.0.4.31:40000 > " NET, "ttl=63 vlan=1"),
	ANS("eth1", "in ", NET " > 10.0.4.31:40000", "ttl=50 vlan=1"),
	ANS(STRICT, "out", NET " > 10.0.4.31:40000", "ttl=49"), } },
{ "strict: to the internet as the node, by eth0", "sgp-strict",
  "10.0.4.31:40000 > " NET, "wrong wrong-eni unexpected-snat", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS(STRICT, "out", NET " > 10.0.4.31:40000", "ttl=49"), } },
{ "strict: translated on its branch ENI", "sgp-strict",
  "10.0.4.31:40000 > " NET, "wrong unexpected-snat source-not-on-eni", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("vlan.eth.1", "out", SNAT " > " NET, "ttl=63"),
	REQ("eth1", "out", SNAT " > " NET, "ttl=63 vlan=1"), } },
{ "strict: by another pod's branch ENI", "sgp-strict",
  "10.0.4.31:40000 > " NET, "wrong wrong-eni source-not-on-eni", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("vlan.eth.2", "out", "10.0.4.31:40000 > " NET, "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > " NET, "ttl=63 vlan=2"), } },
{ "strict: from the node, through the VPC", "sgp-strict",
  NODE " > 10.0.4.31:5432", "ok host-traffic", {
	REQ("eth0", "out", NODE " > 10.0.4.31:5432", "ttl=64"),
	REQ("eth1", "in ", NODE " > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", NODE " > 10.0.4.31:5432", "ttl=64"),
	REQ(STRICT, "out", NODE " > 10.0.4.31:5432", "ttl=63"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > " NODE, "ttl=64"),
	ANS("vlan.eth.1", "out", "10.0.4.31:5432 > " NODE, "ttl=63"),
	ANS("eth1", "out", "10.0.4.31:5432 > " NODE, "ttl=63 vlan=1"),
	ANS("eth0", "in ", "10.0.4.31:5432 > " NODE, "ttl=63"), } },
{ "strict: from the node, past the security groups", "sgp-strict",
  NODE " > 10.0.4.31:5432", "wrong wrong-eni", {
	REQ(STRICT, "out", NODE " > 10.0.4.31:5432", "ttl=64"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > " NODE, "ttl=64"), } },
{ "strict: from the node, the answer is lost here", "sgp-strict",
  NODE " > 10.0.4.31:5432", "dropped reply-not-forwarded(unknown)", {
	REQ("eth0", "out", NODE " > 10.0.4.31:5432", "ttl=64"),
	REQ("eth1", "in ", NODE " > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", NODE " > 10.0.4.31:5432", "ttl=64"),
	REQ(STRICT, "out", NODE " > 10.0.4.31:5432", "ttl=63"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > " NODE, "ttl=64"), } },
{ "strict: from a pod of this node, through the VPC", "sgp-strict",
  "10.0.0.11:40000 > 10.0.4.31:5432", "ok no-nat same-node", {
	REQ(P1, "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ("eth0", "out", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63"),
	REQ("eth1", "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63 vlan=1"),
	REQ("vlan.eth.1", "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63"),
	REQ(STRICT, "out", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=62"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=64"),
	ANS("vlan.eth.1", "out", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=63"),
	ANS("eth1", "out", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=63 vlan=1"),
	ANS("eth0", "in ", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=63"),
	ANS(P1, "out", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=62"), } },
{ "strict: from a pod of this node, past the security groups", "sgp-strict",
  "10.0.0.11:40000 > 10.0.4.31:5432", "wrong wrong-eni", {
	REQ(P1, "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STRICT, "out", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=64"),
	ANS(P1, "out", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=63"), } },
{ "strict: to a pod of this node, through the VPC", "sgp-strict",
  "10.0.4.31:40000 > 10.0.0.11:80", "ok no-nat same-node", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > 10.0.0.11:80", "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > 10.0.0.11:80", "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > 10.0.0.11:80", "ttl=63 vlan=1"),
	REQ("eth0", "in ", "10.0.4.31:40000 > 10.0.0.11:80", "ttl=63"),
	REQ(P1, "out", "10.0.4.31:40000 > 10.0.0.11:80", "ttl=62"),
	ANS(P1, "in ", "10.0.0.11:80 > 10.0.4.31:40000", "ttl=64"),
	ANS("eth0", "out", "10.0.0.11:80 > 10.0.4.31:40000", "ttl=63"),
	ANS("eth1", "in ", "10.0.0.11:80 > 10.0.4.31:40000", "ttl=63 vlan=1"),
	ANS("vlan.eth.1", "in ", "10.0.0.11:80 > 10.0.4.31:40000", "ttl=63"),
	ANS(STRICT, "out", "10.0.0.11:80 > 10.0.4.31:40000", "ttl=62"), } },
{ "strict: from one to another, through the VPC", "sgp-strict",
  "10.0.4.31:40000 > 10.0.4.32:5432", "ok no-nat same-node", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=63 vlan=1"),
	REQ("eth1", "in ", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=63 vlan=2"),
	REQ("vlan.eth.2", "in ", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=63"),
	REQ(STRICT_1, "out", "10.0.4.31:40000 > 10.0.4.32:5432", "ttl=62"),
	ANS(STRICT_1, "in ", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=64"),
	ANS("vlan.eth.2", "out", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=63"),
	ANS("eth1", "out", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=63 vlan=2"),
	ANS("eth1", "in ", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=63 vlan=1"),
	ANS("vlan.eth.1", "in ", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=63"),
	ANS(STRICT, "out", "10.0.4.32:5432 > 10.0.4.31:40000", "ttl=62"), } },
{ "strict: to the node, through the VPC", "sgp-strict",
  "10.0.4.31:40000 > 10.0.0.10:10250", "ok", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > 10.0.0.10:10250", "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > 10.0.0.10:10250", "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > 10.0.0.10:10250", "ttl=63 vlan=1"),
	REQ("eth0", "in ", "10.0.4.31:40000 > 10.0.0.10:10250", "ttl=63"),
	ANS("eth0", "out", "10.0.0.10:10250 > 10.0.4.31:40000", "ttl=50"),
	ANS("eth1", "in ", "10.0.0.10:10250 > 10.0.4.31:40000", "ttl=50 vlan=1"),
	ANS("vlan.eth.1", "in ", "10.0.0.10:10250 > 10.0.4.31:40000", "ttl=50"),
	ANS(STRICT, "out", "10.0.0.10:10250 > 10.0.4.31:40000", "ttl=49"), } },
{ "strict: from the VPC by its branch ENI", "sgp-strict",
  "10.0.7.7:40000 > 10.0.4.31:5432", "ok no-nat direct-delivery", {
	REQ("eth1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STRICT, "out", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=64"),
	ANS("vlan.eth.1", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63"),
	ANS("eth1", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63 vlan=1"), } },
{ "strict: from the VPC, answered by eth0", "sgp-strict",
  "10.0.7.7:40000 > 10.0.4.31:5432", "wrong asymmetric-path source-not-on-eni", {
	REQ("eth1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STRICT, "out", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STRICT, "in ", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=64"),
	ANS("eth0", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63"), } },
{ "strict: an ordinary pod on the trunk ENI", "sgp-strict",
  "10.0.0.21:40000 > " HOST, "ok no-nat", {
	REQ(P2, "in ", "10.0.0.21:40000 > " HOST, "ttl=64"),
	REQ("eth1", "out", "10.0.0.21:40000 > " HOST, "ttl=63"),
	ANS("eth1", "in ", HOST " > 10.0.0.21:40000", "ttl=50"),
	ANS(P2, "out", HOST " > 10.0.0.21:40000", "ttl=49"), } },
{ "strict: to a link-local address of the node, NodeLocal DNSCache", "sgp-strict",
  "10.0.4.31:40000 > 169.254.20.10:53", "wrong wrong-eni", {
	REQ(STRICT, "in ", "10.0.4.31:40000 > 169.254.20.10:53", "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > 169.254.20.10:53", "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > 169.254.20.10:53", "ttl=63 vlan=1") } },

/* ---- security groups for pods, standard: a pod of another ENI */

{ "standard: to the internet by eth0 as the node", "sgp-standard",
  "10.0.4.31:40000 > " NET, "ok snat-node-ip", {
	REQ(STANDARD, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS(STANDARD, "out", NET " > 10.0.4.31:40000", "ttl=49"), } },
{ "standard: to the internet by its branch ENI, untranslated", "sgp-standard",
  "10.0.4.31:40000 > " NET, "wrong wrong-eni missing-snat", {
	REQ(STANDARD, "in ", "10.0.4.31:40000 > " NET, "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > " NET, "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > " NET, "ttl=63 vlan=1"), } },
{ "standard: into the VPC by its branch ENI", "sgp-standard",
  "10.0.4.31:40000 > " HOST, "ok no-nat", {
	REQ(STANDARD, "in ", "10.0.4.31:40000 > " HOST, "ttl=64"),
	REQ("vlan.eth.1", "out", "10.0.4.31:40000 > " HOST, "ttl=63"),
	REQ("eth1", "out", "10.0.4.31:40000 > " HOST, "ttl=63 vlan=1"),
	ANS("eth1", "in ", HOST " > 10.0.4.31:40000", "ttl=50 vlan=1"),
	ANS("vlan.eth.1", "in ", HOST " > 10.0.4.31:40000", "ttl=50"),
	ANS(STANDARD, "out", HOST " > 10.0.4.31:40000", "ttl=49"), } },
{ "standard: into the VPC by eth0", "sgp-standard",
  "10.0.4.31:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(STANDARD, "in ", "10.0.4.31:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", "10.0.4.31:40000 > " HOST, "ttl=63"), } },
{ "standard: into the VPC by the trunk without its tag", "sgp-standard",
  "10.0.4.31:40000 > " HOST, "wrong wrong-eni", {
	REQ(STANDARD, "in ", "10.0.4.31:40000 > " HOST, "ttl=64"),
	REQ("eth1", "out", "10.0.4.31:40000 > " HOST, "ttl=63"), } },
{ "standard: from a pod of this node, veth to veth", "sgp-standard",
  "10.0.0.11:40000 > 10.0.4.31:5432", "ok no-nat same-node", {
	REQ(P1, "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STANDARD, "out", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STANDARD, "in ", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=64"),
	ANS(P1, "out", "10.0.4.31:5432 > 10.0.0.11:40000", "ttl=63"), } },
{ "standard: from a pod of this node, by eth0", "sgp-standard",
  "10.0.0.11:40000 > 10.0.4.31:5432", "wrong wrong-eni", {
	REQ(P1, "in ", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ("eth0", "out", "10.0.0.11:40000 > 10.0.4.31:5432", "ttl=63"), } },
{ "standard: from the node by the veth", "sgp-standard",
  NODE " > 10.0.4.31:5432", "ok host-traffic", {
	REQ(STANDARD, "out", NODE " > 10.0.4.31:5432", "ttl=64"),
	ANS(STANDARD, "in ", "10.0.4.31:5432 > " NODE, "ttl=64"), } },
{ "standard: from the VPC by its branch ENI", "sgp-standard",
  "10.0.7.7:40000 > 10.0.4.31:5432", "ok no-nat direct-delivery", {
	REQ("eth1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STANDARD, "out", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STANDARD, "in ", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=64"),
	ANS("vlan.eth.1", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63"),
	ANS("eth1", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63 vlan=1"), } },
{ "standard: from the VPC, answered by eth0", "sgp-standard",
  "10.0.7.7:40000 > 10.0.4.31:5432", "wrong asymmetric-path source-not-on-eni", {
	REQ("eth1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64 vlan=1"),
	REQ("vlan.eth.1", "in ", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=64"),
	REQ(STANDARD, "out", "10.0.7.7:40000 > 10.0.4.31:5432", "ttl=63"),
	ANS(STANDARD, "in ", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=64"),
	ANS("eth0", "out", "10.0.4.31:5432 > 10.0.7.7:40000", "ttl=63"), } },

/* ---- delegated prefixes: 10.0.0.16/28 on eth0, .32/28 and .48/28 on eth1 */

{ "prefix: into the VPC by eth1, which has the prefix", "prefix-delegation",
  "10.0.0.33:40000 > " HOST, "ok no-nat", {
	REQ(P3, "in ", "10.0.0.33:40000 > " HOST, "ttl=64"),
	REQ("eth1", "out", "10.0.0.33:40000 > " HOST, "ttl=63"),
	ANS("eth1", "in ", HOST " > 10.0.0.33:40000", "ttl=50"),
	ANS(P3, "out", HOST " > 10.0.0.33:40000", "ttl=49"), } },
{ "prefix: into the VPC by eth0, which has another", "prefix-delegation",
  "10.0.0.33:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(P3, "in ", "10.0.0.33:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", "10.0.0.33:40000 > " HOST, "ttl=63"), } },
{ "prefix: of eth0, into the VPC", "prefix-delegation",
  "10.0.0.17:40000 > " HOST, "ok no-nat", {
	REQ(P1, "in ", "10.0.0.17:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", "10.0.0.17:40000 > " HOST, "ttl=63"),
	ANS("eth0", "in ", HOST " > 10.0.0.17:40000", "ttl=50"),
	ANS(P1, "out", HOST " > 10.0.0.17:40000", "ttl=49"), } },
{ "prefix: of eth0, by eth1", "prefix-delegation",
  "10.0.0.17:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(P1, "in ", "10.0.0.17:40000 > " HOST, "ttl=64"),
	REQ("eth1", "out", "10.0.0.17:40000 > " HOST, "ttl=63"), } },
{ "prefix: to the internet by eth0 as the node", "prefix-delegation",
  "10.0.0.33:40000 > " NET, "ok snat-node-ip", {
	REQ(P3, "in ", "10.0.0.33:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS(P3, "out", NET " > 10.0.0.33:40000", "ttl=49"), } },
{ "prefix: to the internet by eth1, untranslated", "prefix-delegation",
  "10.0.0.33:40000 > " NET, "wrong wrong-eni missing-snat", {
	REQ(P3, "in ", "10.0.0.33:40000 > " NET, "ttl=64"),
	REQ("eth1", "out", "10.0.0.33:40000 > " NET, "ttl=63"), } },
{ "prefix: to the internet as an address of the prefix", "prefix-delegation",
  "10.0.0.33:40000 > " NET, "wrong wrong-snat source-not-on-eni", {
	REQ(P3, "in ", "10.0.0.33:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", "10.0.0.50:1711 > " NET, "ttl=63"), } },
{ "prefix: from one ENI's pod to another's", "prefix-delegation",
  "10.0.0.17:40000 > 10.0.0.33:80", "ok no-nat same-node", {
	REQ(P1, "in ", "10.0.0.17:40000 > 10.0.0.33:80", "ttl=64"),
	REQ(P3, "out", "10.0.0.17:40000 > 10.0.0.33:80", "ttl=63"),
	ANS(P3, "in ", "10.0.0.33:80 > 10.0.0.17:40000", "ttl=64"),
	ANS(P1, "out", "10.0.0.33:80 > 10.0.0.17:40000", "ttl=63"), } },
{ "prefix: from the VPC", "prefix-delegation",
  "10.0.7.7:40000 > 10.0.0.33:80", "ok no-nat direct-delivery", {
	REQ("eth1", "in ", "10.0.7.7:40000 > 10.0.0.33:80", "ttl=64"),
	REQ(P3, "out", "10.0.7.7:40000 > 10.0.0.33:80", "ttl=63"),
	ANS(P3, "in ", "10.0.0.33:80 > 10.0.7.7:40000", "ttl=64"),
	ANS("eth1", "out", "10.0.0.33:80 > 10.0.7.7:40000", "ttl=63"), } },

/* ---- custom networking: pods in 100.64.0.0/16 on eth1, none on eth0 */

{ "custom: into the VPC by eth1", "custom-networking",
  "100.64.1.21:40000 > " HOST, "ok no-nat", {
	REQ(P1, "in ", "100.64.1.21:40000 > " HOST, "ttl=64"),
	REQ("eth1", "out", "100.64.1.21:40000 > " HOST, "ttl=63"),
	ANS("eth1", "in ", HOST " > 100.64.1.21:40000", "ttl=50"),
	ANS(P1, "out", HOST " > 100.64.1.21:40000", "ttl=49"), } },
{ "custom: into the VPC by eth0", "custom-networking",
  "100.64.1.21:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(P1, "in ", "100.64.1.21:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", "100.64.1.21:40000 > " HOST, "ttl=63"), } },
{ "custom: into the VPC as the node", "custom-networking",
  "100.64.1.21:40000 > " HOST, "wrong wrong-eni unexpected-snat", {
	REQ(P1, "in ", "100.64.1.21:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", SNAT " > " HOST, "ttl=63"), } },
{ "custom: to a pod of another node", "custom-networking",
  "100.64.1.21:40000 > 100.64.2.35:80", "ok no-nat", {
	REQ(P1, "in ", "100.64.1.21:40000 > 100.64.2.35:80", "ttl=64"),
	REQ("eth1", "out", "100.64.1.21:40000 > 100.64.2.35:80", "ttl=63"),
	ANS("eth1", "in ", "100.64.2.35:80 > 100.64.1.21:40000", "ttl=50"),
	ANS(P1, "out", "100.64.2.35:80 > 100.64.1.21:40000", "ttl=49"), } },
{ "custom: to the internet by eth0 as the node", "custom-networking",
  "100.64.1.21:40000 > " NET, "ok snat-node-ip", {
	REQ(P1, "in ", "100.64.1.21:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS(P1, "out", NET " > 100.64.1.21:40000", "ttl=49"), } },
{ "custom: to the internet as eth1", "custom-networking",
  "100.64.1.21:40000 > " NET, "wrong wrong-eni wrong-snat", {
	REQ(P1, "in ", "100.64.1.21:40000 > " NET, "ttl=64"),
	REQ("eth1", "out", "100.64.1.20:1711 > " NET, "ttl=63"), } },
{ "custom: to the internet by eth1 as the node", "custom-networking",
  "100.64.1.21:40000 > " NET, "wrong wrong-eni source-not-on-eni", {
	REQ(P1, "in ", "100.64.1.21:40000 > " NET, "ttl=64"),
	REQ("eth1", "out", SNAT " > " NET, "ttl=63"), } },
{ "custom: to a pod of this node", "custom-networking",
  "100.64.1.21:40000 > 100.64.1.22:80", "ok no-nat same-node", {
	REQ(P1, "in ", "100.64.1.21:40000 > 100.64.1.22:80", "ttl=64"),
	REQ(P2, "out", "100.64.1.21:40000 > 100.64.1.22:80", "ttl=63"),
	ANS(P2, "in ", "100.64.1.22:80 > 100.64.1.21:40000", "ttl=64"),
	ANS(P1, "out", "100.64.1.22:80 > 100.64.1.21:40000", "ttl=63"), } },
{ "custom: from the node", "custom-networking",
  NODE " > 100.64.1.21:80", "ok host-traffic", {
	REQ(P1, "out", NODE " > 100.64.1.21:80", "ttl=64"),
	ANS(P1, "in ", "100.64.1.21:80 > " NODE, "ttl=64"), } },

/* ---- several network cards: ens7 is on card 1, table 10101 */

{ "cards: of card 1, into the VPC by its ENI", "two-cards",
  "10.0.0.121:40000 > " HOST, "ok no-nat", {
	REQ(HPC_1, "in ", "10.0.0.121:40000 > " HOST, "ttl=64"),
	REQ("ens7", "out", "10.0.0.121:40000 > " HOST, "ttl=63"),
	ANS("ens7", "in ", HOST " > 10.0.0.121:40000", "ttl=50"),
	ANS(HPC_1, "out", HOST " > 10.0.0.121:40000", "ttl=49"), } },
{ "cards: of card 1, into the VPC by the primary ENI", "two-cards",
  "10.0.0.121:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(HPC_1, "in ", "10.0.0.121:40000 > " HOST, "ttl=64"),
	REQ("ens5", "out", "10.0.0.121:40000 > " HOST, "ttl=63"), } },
{ "cards: of card 1, by device 1 of card 0", "two-cards",
  "10.0.0.121:40000 > " HOST, "wrong wrong-eni source-not-on-eni", {
	REQ(HPC_1, "in ", "10.0.0.121:40000 > " HOST, "ttl=64"),
	REQ("ens6", "out", "10.0.0.121:40000 > " HOST, "ttl=63"), } },
{ "cards: of card 1, to the internet as the node", "two-cards",
  "10.0.0.121:40000 > " NET, "ok snat-node-ip", {
	REQ(HPC_1, "in ", "10.0.0.121:40000 > " NET, "ttl=64"),
	REQ("ens5", "out", SNAT " > " NET, "ttl=63"),
	ANS("ens5", "in ", NET " > " SNAT, "ttl=50"),
	ANS(HPC_1, "out", NET " > 10.0.0.121:40000", "ttl=49"), } },
{ "cards: of card 1, to the internet by its ENI as the node", "two-cards",
  "10.0.0.121:40000 > " NET, "wrong wrong-eni source-not-on-eni", {
	REQ(HPC_1, "in ", "10.0.0.121:40000 > " NET, "ttl=64"),
	REQ("ens7", "out", SNAT " > " NET, "ttl=63"), } },
{ "cards: to card 1 from the VPC", "two-cards",
  "10.0.7.7:40000 > 10.0.0.121:80", "ok no-nat direct-delivery", {
	REQ("ens7", "in ", "10.0.7.7:40000 > 10.0.0.121:80", "ttl=64"),
	REQ(HPC_1, "out", "10.0.7.7:40000 > 10.0.0.121:80", "ttl=63"),
	ANS(HPC_1, "in ", "10.0.0.121:80 > 10.0.7.7:40000", "ttl=64"),
	ANS("ens7", "out", "10.0.0.121:80 > 10.0.7.7:40000", "ttl=63"), } },
{ "cards: to card 1, answered by the primary ENI", "two-cards",
  "10.0.7.7:40000 > 10.0.0.121:80", "wrong asymmetric-path source-not-on-eni", {
	REQ("ens7", "in ", "10.0.7.7:40000 > 10.0.0.121:80", "ttl=64"),
	REQ(HPC_1, "out", "10.0.7.7:40000 > 10.0.0.121:80", "ttl=63"),
	ANS(HPC_1, "in ", "10.0.0.121:80 > 10.0.7.7:40000", "ttl=64"),
	ANS("ens5", "out", "10.0.0.121:80 > 10.0.7.7:40000", "ttl=63"), } },
{ "cards: of device 1 of card 0, into the VPC", "two-cards",
  "10.0.0.21:40000 > " HOST, "ok no-nat", {
	REQ(P2, "in ", "10.0.0.21:40000 > " HOST, "ttl=64"),
	REQ("ens6", "out", "10.0.0.21:40000 > " HOST, "ttl=63"),
	ANS("ens6", "in ", HOST " > 10.0.0.21:40000", "ttl=50"),
	ANS(P2, "out", HOST " > 10.0.0.21:40000", "ttl=49"), } },

/* ---- an IPv6 cluster: nothing is translated, but IPv4 egress is */

{ "IPv6: to the internet untranslated", "ipv6-egress-v4",
  "[2600:1f18:10:0:aa::1]:40000 > [2a00:1450::1]:443", "ok no-nat", {
	REQ(P1, "in ", "[2600:1f18:10:0:aa::1]:40000 > [2a00:1450::1]:443", "ttl=64"),
	REQ("eth0", "out", "[2600:1f18:10:0:aa::1]:40000 > [2a00:1450::1]:443", "ttl=63"),
	ANS("eth0", "in ", "[2a00:1450::1]:443 > [2600:1f18:10:0:aa::1]:40000", "ttl=50"),
	ANS(P1, "out", "[2a00:1450::1]:443 > [2600:1f18:10:0:aa::1]:40000", "ttl=49"), } },
{ "IPv6: to the internet as the node", "ipv6-egress-v4",
  "[2600:1f18:10:0:aa::1]:40000 > [2a00:1450::1]:443", "wrong unexpected-snat", {
	REQ(P1, "in ", "[2600:1f18:10:0:aa::1]:40000 > [2a00:1450::1]:443", "ttl=64"),
	REQ("eth0", "out", "[2600:1f18:10::10]:1711 > [2a00:1450::1]:443", "ttl=63"),
	ANS("eth0", "in ", "[2a00:1450::1]:443 > [2600:1f18:10::10]:1711", "ttl=50"),
	ANS(P1, "out", "[2a00:1450::1]:443 > [2600:1f18:10:0:aa::1]:40000", "ttl=49"), } },
{ "IPv6: to a pod of another node", "ipv6-egress-v4",
  "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:1:bb::5]:80", "ok no-nat", {
	REQ(P1, "in ", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:1:bb::5]:80", "ttl=64"),
	REQ("eth0", "out", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:1:bb::5]:80", "ttl=63"),
	ANS("eth0", "in ", "[2600:1f18:10:1:bb::5]:80 > [2600:1f18:10:0:aa::1]:40000", "ttl=50"),
	ANS(P1, "out", "[2600:1f18:10:1:bb::5]:80 > [2600:1f18:10:0:aa::1]:40000", "ttl=49"), } },
{ "IPv6: to a pod of this node", "ipv6-egress-v4",
  "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "ok no-nat same-node", {
	REQ(P1, "in ", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "ttl=64"),
	REQ(P2, "out", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "ttl=63"),
	ANS(P2, "in ", "[2600:1f18:10:0:aa::2]:80 > [2600:1f18:10:0:aa::1]:40000", "ttl=64"),
	ANS(P1, "out", "[2600:1f18:10:0:aa::2]:80 > [2600:1f18:10:0:aa::1]:40000", "ttl=63"), } },
{ "IPv6: to a pod of this node, by eth0", "ipv6-egress-v4",
  "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "wrong wrong-eni", {
	REQ(P1, "in ", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "ttl=64"),
	REQ("eth0", "out", "[2600:1f18:10:0:aa::1]:40000 > [2600:1f18:10:0:aa::2]:80", "ttl=63"), } },
{ "IPv6: from a pod of another node", "ipv6-egress-v4",
  "[2600:1f18:10:1:bb::5]:40000 > [2600:1f18:10:0:aa::1]:80", "ok no-nat direct-delivery", {
	REQ("eth0", "in ", "[2600:1f18:10:1:bb::5]:40000 > [2600:1f18:10:0:aa::1]:80", "ttl=64"),
	REQ(P1, "out", "[2600:1f18:10:1:bb::5]:40000 > [2600:1f18:10:0:aa::1]:80", "ttl=63"),
	ANS(P1, "in ", "[2600:1f18:10:0:aa::1]:80 > [2600:1f18:10:1:bb::5]:40000", "ttl=64"),
	ANS("eth0", "out", "[2600:1f18:10:0:aa::1]:80 > [2600:1f18:10:1:bb::5]:40000", "ttl=63"), } },
{ "IPv6: from the node", "ipv6-egress-v4",
  "[2600:1f18:10::10]:40000 > [2600:1f18:10:0:aa::1]:80", "ok host-traffic", {
	REQ(P1, "out", "[2600:1f18:10::10]:40000 > [2600:1f18:10:0:aa::1]:80", "ttl=64"),
	ANS(P1, "in ", "[2600:1f18:10:0:aa::1]:80 > [2600:1f18:10::10]:40000", "ttl=64"), } },
{ "egress: IPv4 as the node", "ipv6-egress-v4",
  "169.254.172.2:40000 > " NET, "ok snat-node-ip", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS(EGRESS, "out", NET " > 169.254.172.2:40000", "ttl=49"), } },
{ "egress: IPv4 untranslated", "ipv6-egress-v4",
  "169.254.172.2:40000 > " NET, "wrong missing-snat source-not-on-eni", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", "169.254.172.2:40000 > " NET, "ttl=63"), } },
{ "egress: IPv4 as another address", "ipv6-egress-v4",
  "169.254.172.2:40000 > " NET, "wrong wrong-snat source-not-on-eni", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", "10.0.0.77:1711 > " NET, "ttl=63"), } },
{ "egress: the answer goes out again", "ipv6-egress-v4",
  "169.254.172.2:40000 > " NET, "wrong asymmetric-path source-not-on-eni", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"),
	ANS("eth0", "out", NET " > 169.254.172.2:40000", "ttl=49"), } },
{ "egress: the answer goes nowhere", "ipv6-egress-v4",
  "169.254.172.2:40000 > " NET, "dropped reply-not-forwarded(unknown)", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " NET, "ttl=64"),
	REQ("eth0", "out", SNAT " > " NET, "ttl=63"),
	ANS("eth0", "in ", NET " > " SNAT, "ttl=50"), } },
{ "egress: into the VPC as the node too", "ipv6-egress-v4",
  "169.254.172.2:40000 > " HOST, "ok snat-node-ip", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > " HOST, "ttl=64"),
	REQ("eth0", "out", SNAT " > " HOST, "ttl=63"),
	ANS("eth0", "in ", HOST " > " SNAT, "ttl=50"),
	ANS(EGRESS, "out", HOST " > 169.254.172.2:40000", "ttl=49"), } },
{ "egress: pods of one node do not reach each other so", "ipv6-egress-v4",
  "169.254.172.2:40000 > 169.254.172.3:80", "dropped not-forwarded(firewall)", {
	REQ(EGRESS, "in ", "169.254.172.2:40000 > 169.254.172.3:80", "ttl=64"), } },
};

int
main(void)
{
	struct CMUnitTest tests[sizeof(cases) / sizeof(cases[0])];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, test_case, NULL, NULL,
		    (void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
