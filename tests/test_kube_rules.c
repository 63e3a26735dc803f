/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kube_rules.c - Services, ports, policies and endpoints from kube-proxy's
 * rules: what each spelling of them says, what kubectl's documents keep to
 * themselves, and how long a large node takes.
 */
#include "tests/read_state.h"

#include <time.h>

#include "decode/timeline.h"
#include "tests/read_file.h"

/* The texts of kube-proxy, as iptables-save prints them. */
#define SERVICES	"-A KUBE-SERVICES "
#define COMMENT(c)	"-m comment --comment \"" c "\" "
#define TABLE(name, rules)	"*" name "\n:OUTPUT ACCEPT [0:0]\n" rules "COMMIT\n"
#define CHAIN(name)	":" name " - [0:0]\n"
#define CLUSTER(ip, proto, port, name, chain) SERVICES "-d " ip "/32 -p " proto " "	\
	COMMENT(name " cluster IP") "-m " proto " --dport " port " -j " chain "\n"
#define SEP(chain, name, proto, ip, port)					\
	"-A " chain " -s " ip "/32 " COMMENT(name) "-j KUBE-MARK-MASQ\n"	\
	"-A " chain " -p " proto " " COMMENT(name) "-m " proto " -j DNAT "	\
	"--to-destination " ip ":" port "\n"

/* One line for each Service, port and endpoint, in order. */
static const char *
said(const struct state *s)
{
	static char out[16384];
	char text[ADDR_TEXT_MAX];

	out[0] = '\0';
	for (uint32_t i = 0; i < s->services.n; i++) {
		const struct service *v = &s->services.v[i];

		add(out, "%s%s/%s %s", v->derived ? "" : "(told) ", v->ns, v->name,
		    v->type ? v->type : "?");
		for (uint32_t k = 0; k < v->n_addrs; k++) {
			addr_format(&v->addrs[k], text);
			add(out, "%s%s", k == v->n_cluster ? " + " : " ", text);
		}
		add(out, "%s%s%s", v->internal_policy == POLICY_LOCAL ? " int-local" : "",
		    v->external_policy == POLICY_LOCAL ? " ext-local" : "",
		    v->affinity ? " affinity" : "");
		if (v->health_port != 0)
			add(out, " health %u", v->health_port);
		add(out, "\n");
		for (uint32_t k = 0; k < s->svc_ports.n; k++) {
			const struct svc_port *p = &s->svc_ports.v[k];

			if (p->service != i)
				continue;
			add(out, " %s %u/%u", p->name ? p->name : "-", p->port, p->proto);
			if (p->node_port != 0)
				add(out, " node %u", p->node_port);
			add(out, "\n");
		}
		for (const struct endpoint *e = NULL;
		    (e = state_endpoint_next(s, i, e)) != NULL;) {
			addr_format(&e->addr, text);
			add(out, "  %s%s:%u %s%s\n", e->derived ? "" : "(told) ", text,
			    e->port, e->port_name ? e->port_name : "-",
			    e->in_rules == IN_RULES_NO ? " unused" :
			    e->in_rules == IN_RULES_YES ? "" : " ?");
		}
	}
	return out;
}

static struct run
run_rules(const char *text)
{
	struct run r = run(read_iptables_save, "iptables-save.txt", text);

	assert_string_equal(r.told->text, "");
	state_ready(r.state);
	assert_false(r.state->no_memory);
	return r;
}

static void
rules_say(const char *text, const char *expected)
{
	struct run r = run_rules(text);

	assert_string_equal(said(r.state), expected);
	run_free(&r);
}

/* The chains of one Service port with two endpoints. */
#define WEB_CHAINS CHAIN("KUBE-SERVICES") CHAIN("KUBE-NODEPORTS") CHAIN("KUBE-MARK-MASQ")	\
	CHAIN("KUBE-SVC-WEB") CHAIN("KUBE-SVL-WEB") CHAIN("KUBE-EXT-WEB") CHAIN("KUBE-FW-WEB")	\
	CHAIN("KUBE-SEP-A") CHAIN("KUBE-SEP-B")
#define WEB	"default/web:http"
#define WEB_SVC	"-A KUBE-SVC-WEB " COMMENT(WEB " -> 10.0.0.11:8080")			\
	"-m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A\n"	\
	"-A KUBE-SVC-WEB " COMMENT(WEB " -> 10.0.1.35:8080") "-j KUBE-SEP-B\n"
#define WEB_SEPS SEP("KUBE-SEP-A", WEB, "tcp", "10.0.0.11", "8080")			\
	SEP("KUBE-SEP-B", WEB, "tcp", "10.0.1.35", "8080")

static void
test_cluster_ip(void **state)
{
	(void)state;
	rules_say(TABLE("nat", WEB_CHAINS
	    CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")
	    SERVICES COMMENT("kubernetes service nodeports; NOTE: this must be the last "
	    "rule in this chain") "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
	    "-A KUBE-SVC-WEB ! -s 10.0.0.0/16 -d 172.20.7.7/32 -p tcp " COMMENT(WEB
	    " cluster IP") "-m tcp --dport 80 -j KUBE-MARK-MASQ\n" WEB_SVC WEB_SEPS),
	    "default/web ClusterIP 172.20.7.7\n"
	    " http 80/6\n"
	    "  10.0.0.11:8080 http\n"
	    "  10.0.1.35:8080 http\n");
}

/* Each policy; the order of chains in the dump is any. */
static void
test_policies(void **state)
{
#define NODEPORT "-A KUBE-NODEPORTS -p tcp " COMMENT(WEB) "-m tcp --dport 30080 -j KUBE-EXT-WEB\n"
#define LOCAL_EXT "-A KUBE-EXT-WEB " COMMENT("masquerade LOCAL traffic for " WEB	\
	" external destinations") "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ\n"	\
	"-A KUBE-EXT-WEB " COMMENT("route LOCAL traffic for " WEB			\
	" external destinations") "-m addrtype --src-type LOCAL -j KUBE-SVC-WEB\n"	\
	"-A KUBE-EXT-WEB -j KUBE-SVL-WEB\n"						\
	"-A KUBE-SVL-WEB " COMMENT(WEB " -> 10.0.0.11:8080") "-j KUBE-SEP-A\n"

	(void)state;
	rules_say(TABLE("nat", WEB_CHAINS NODEPORT
	    "-A KUBE-EXT-WEB " COMMENT("masquerade traffic for " WEB
	    " external destinations") "-j KUBE-MARK-MASQ\n"
	    "-A KUBE-EXT-WEB -j KUBE-SVC-WEB\n" WEB_SVC WEB_SEPS
	    CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")),
	    "default/web ? 172.20.7.7\n http 80/6 node 30080\n"
	    "  10.0.0.11:8080 http\n  10.0.1.35:8080 http\n");
	rules_say(TABLE("filter", CHAIN("KUBE-NODEPORTS") "-A KUBE-NODEPORTS -p tcp "
	    COMMENT(WEB " health check node port") "-m tcp --dport 32001 -j ACCEPT\n")
	    TABLE("nat", WEB_CHAINS CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")
	    SERVICES "-d 203.0.113.9/32 -p tcp " COMMENT(WEB " loadbalancer IP")
	    "-m tcp --dport 80 -j KUBE-EXT-WEB\n" NODEPORT LOCAL_EXT WEB_SVC WEB_SEPS),
	    "default/web LoadBalancer 172.20.7.7 + 203.0.113.9 ext-local health 32001\n"
	    " http 80/6 node 30080\n"
	    "  10.0.0.11:8080 http\n  10.0.1.35:8080 http\n");
	/* Kubernetes 1.23 and before: KUBE-XLB. */
	rules_say(TABLE("nat", WEB_CHAINS CHAIN("KUBE-XLB-WEB")
	    CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")
	    "-A KUBE-NODEPORTS -p tcp " COMMENT(WEB) "-m tcp --dport 30080 -j KUBE-XLB-WEB\n"
	    "-A KUBE-XLB-WEB " COMMENT("Balancing rule 0 for " WEB) "-j KUBE-SEP-A\n"
	    WEB_SVC WEB_SEPS),
	    "default/web ? 172.20.7.7 ext-local\n http 80/6 node 30080\n"
	    "  10.0.0.11:8080 http\n  10.0.1.35:8080 http\n");
	/* internalTrafficPolicy */
	rules_say(TABLE("nat", WEB_CHAINS CLUSTER("172.20.7.7", "tcp", "80", WEB,
	    "KUBE-SVL-WEB") "-A KUBE-SVL-WEB " COMMENT(WEB " -> 10.0.0.11:8080")
	    "-j KUBE-SEP-A\n" WEB_SEPS),
	    "default/web ClusterIP 172.20.7.7 int-local\n http 80/6\n"
	    "  10.0.0.11:8080 http\n");
}

/* Source ranges of a load balancer, an external address, session affinity, and a
   port without a name. */
static void
test_other_doors(void **state)
{
	(void)state;
	rules_say(TABLE("nat", WEB_CHAINS
	    CLUSTER("172.20.7.7", "udp", "53", "kube-system/dns", "KUBE-SVC-WEB")
	    SERVICES "-d 198.51.100.4/32 -p udp " COMMENT("kube-system/dns external IP")
	    "-m udp --dport 53 -j KUBE-EXT-WEB\n"
	    SERVICES "-d 203.0.113.9/32 -p udp " COMMENT("kube-system/dns loadbalancer IP")
	    "-m udp --dport 53 -j KUBE-FW-WEB\n"
	    "-A KUBE-FW-WEB -s 192.0.2.0/24 " COMMENT("kube-system/dns loadbalancer IP")
	    "-j KUBE-EXT-WEB\n"
	    "-A KUBE-EXT-WEB -j KUBE-SVC-WEB\n"
	    "-A KUBE-SVC-WEB " COMMENT("kube-system/dns -> 10.0.0.11:53") "-m recent "
	    "--rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 "
	    "--rsource -j KUBE-SEP-A\n"
	    "-A KUBE-SVC-WEB " COMMENT("kube-system/dns -> 10.0.0.11:53") "-j KUBE-SEP-A\n"
	    SEP("KUBE-SEP-A", "kube-system/dns", "udp", "10.0.0.11", "53")),
	    "kube-system/dns LoadBalancer 172.20.7.7 + 198.51.100.4 203.0.113.9 affinity\n"
	    " - 53/17\n"
	    "  10.0.0.11:53 -\n");
}

static void
test_no_endpoints(void **state)
{
	struct run r = run_rules(TABLE("filter", CHAIN("KUBE-SERVICES")
	    CHAIN("KUBE-EXTERNAL-SERVICES")
	    SERVICES "-d 172.20.7.7/32 -p tcp " COMMENT(WEB " has no endpoints")
	    "-m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\n"
	    "-A KUBE-EXTERNAL-SERVICES -p tcp " COMMENT(WEB " has no endpoints")
	    "-m addrtype --dst-type LOCAL -m tcp --dport 30080 -j REJECT "
	    "--reject-with icmp-port-unreachable\n"
	    "-A KUBE-EXTERNAL-SERVICES -d 203.0.113.9/32 -p tcp " COMMENT("default/l:a "
	    "has no local endpoints") "-m tcp --dport 81 -j DROP\n"));

	(void)state;
	assert_string_equal(said(r.state),
	    "default/web ? 172.20.7.7\n http 80/6 node 30080\n"
	    "default/l ? + 203.0.113.9 ext-local\n a 81/6\n");
	assert_true(r.state->services.v[0].endpoints_known);
	assert_false(r.state->services.v[1].endpoints_known);
	run_free(&r);
}

/* Nothing is made of what is not kube-proxy's, or not whole. */
static void
test_not_ours(void **state)
{
	(void)state;
	rules_say(TABLE("nat", WEB_CHAINS
	    SERVICES "-d 172.20.7.7/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-WEB\n"
	    SERVICES "-d 172.20.7.7/32 -p tcp " COMMENT("my own rule") "-m tcp --dport 80 "
	    "-j KUBE-SVC-WEB\n"
	    SERVICES "-d 172.20.7.7/32 -p tcp " COMMENT("default/ cluster IP") "-m tcp "
	    "--dport 80 -j KUBE-SVC-WEB\n"
	    SERVICES "-d 172.20.7.7/32 -p tcp " COMMENT("default/UPPER:x cluster IP")
	    "-m tcp --dport 80 -j KUBE-SVC-WEB\n"
	    SERVICES "-d 172.20.7.7/32 " COMMENT(WEB " cluster IP") "-j KUBE-SVC-WEB\n"
	    WEB_SVC WEB_SEPS)
	    TABLE("mangle", CHAIN("KUBE-SERVICES") SERVICES "-d 172.20.7.8/32 -p tcp "
	    COMMENT(WEB " cluster IP") "-m tcp --dport 80 -j ACCEPT\n"), "");
}

/* ---- nftables: a table of kube-proxy's shape, loaded with nft and dumped again */

static void
test_nft(void **state)
{
	struct run r = run_file(read_nft_json, "tests/state/kube-proxy-nft.json");

	(void)state;
	assert_string_equal(r.told->text, "");
	state_ready(r.state);
	assert_string_equal(said(r.state),
	    "kube-system/kube-dns ClusterIP 172.20.0.10 affinity\n"
	    " dns 53/17\n"
	    "  10.0.0.21:53 dns\n"
	    "default/web ? 172.20.7.7\n"
	    " http 80/6 node 30080\n"
	    "  10.0.0.11:8080 http\n"
	    "  10.0.0.22:8080 http\n"
	    "  10.0.1.35:8080 http\n");
	run_free(&r);
}

/* A Service without endpoints has its name in the comment of its element alone. */
static void
test_nft_no_endpoints(void **state)
{
	static const char from[] = "[[{\"concat\": [\"172.20.9.9\", \"tcp\", 80]}, ";
	static const char to[] = "[[{\"elem\": {\"val\": {\"concat\": [\"172.20.9.9\", "
	    "\"tcp\", 80]}, \"comment\": \"shop/none:http\"}}, ";
	FILE *f = fopen("tests/state/kube-proxy-nft.json", "rb");
	static char text[1 << 18], swapped[1 << 18];
	struct run r;
	char *at;

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	at = strstr(text, from);
	assert_non_null(at);
	snprintf(swapped, sizeof(swapped), "%.*s%s%s", (int)(at - text), text, to,
	    at + sizeof(from) - 1);
	r = run(read_nft_json, "nft.json", swapped);
	assert_string_equal(r.told->text, "");
	state_ready(r.state);
	assert_non_null(strstr(said(r.state), "shop/none ClusterIP 172.20.9.9\n http 80/6\n"));
	assert_int_equal(r.state->services.n, 3);
	assert_true(r.state->services.v[2].endpoints_known);
	run_free(&r);
}

/* ---- beside kubectl's documents */

static const char kubectl_web[] =
    "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":["
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"default\",\"name\":\"web\"},"
    "\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"172.20.7.7\",\"ports\":[{"
    "\"name\":\"http\",\"port\":80,\"targetPort\":8080}]}},"
    "{\"kind\":\"EndpointSlice\",\"metadata\":{\"namespace\":\"default\",\"name\":\"web-1\","
    "\"labels\":{\"kubernetes.io/service-name\":\"web\"}},\"addressType\":\"IPv4\","
    "\"endpoints\":[{\"addresses\":[\"10.0.0.11\"],\"nodeName\":\"node-a\"},"
    "{\"addresses\":[\"10.0.1.35\"],\"zone\":\"b\"},{\"addresses\":[\"10.0.2.1\"]}],"
    "\"ports\":[{\"name\":\"http\",\"port\":8080}]}]}";

static const char two_services[] = TABLE("nat", WEB_CHAINS CHAIN("KUBE-SVC-NEW")
    CHAIN("KUBE-SEP-N") CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")
    CLUSTER("172.20.7.8", "tcp", "80", "default/new:http", "KUBE-SVC-NEW")
    "-A KUBE-SVC-NEW " COMMENT("default/new:http -> 10.0.0.11:8080") "-j KUBE-SEP-N\n"
    SEP("KUBE-SEP-N", "default/new:http", "tcp", "10.0.0.11", "8080")
    WEB_SVC WEB_SEPS);

static struct state *
both(const char *kubectl, const char *rules)
{
	struct state *s = state_new();
	struct told *told = told_new();

	read_text(s, told, read_kubectl_json, "svc.json", kubectl);
	read_text(s, told, read_iptables_save, "iptables-save.txt", rules);
	assert_string_equal(told->text, "");
	state_ready(s);
	assert_false(s->no_memory);
	free(told);
	return s;
}

static void
test_beside_kubectl(void **state)
{
	struct state *s = both(kubectl_web, two_services);

	(void)state;
	assert_string_equal(said(s),
	    "(told) default/web ClusterIP 172.20.7.7\n"
	    " http 80/6\n"
	    "  (told) 10.0.0.11:8080 http\n"
	    "  (told) 10.0.1.35:8080 http\n"
	    "  (told) 10.0.2.1:8080 http unused\n"
	    "default/new ClusterIP 172.20.7.8\n"
	    " http 80/6\n"
	    "  10.0.0.11:8080 http\n");
	state_free(s);
}

/* Services alone, without their slices: the endpoints are the rules'. */
static void
test_services_without_slices(void **state)
{
	char text[sizeof(kubectl_web)];
	struct state *s;

	(void)state;
	strcpy(text, kubectl_web);
	strcpy(strstr(text, ",{\"kind\":\"EndpointSlice\""), "]}");
	s = both(text, two_services);
	assert_string_equal(said(s),
	    "(told) default/web ClusterIP 172.20.7.7\n"
	    " http 80/6\n"
	    "  10.0.0.11:8080 http\n"
	    "  10.0.1.35:8080 http\n"
	    "default/new ClusterIP 172.20.7.8\n"
	    " http 80/6\n"
	    "  10.0.0.11:8080 http\n");
	state_free(s);
}

/* ---- lookups */

static struct addr
address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static void
test_lookups(void **state)
{
	struct state *s = state_new();
	struct told *told = told_new();
	struct addr web = address("172.20.7.7"), a = address("10.0.0.11");
	struct addr b = address("10.0.1.35"), other = address("10.0.9.9");
	const struct endpoint *e;
	const struct svc_port *p;
	struct place_names place;

	(void)state;
	read_text(s, told, read_iptables_save, "iptables-save.txt", two_services);
	read_text(s, told, read_kubectl_json, "pods.json", "{\"kind\":\"List\",\"apiVersion\":"
	    "\"v1\",\"items\":[{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-b\",\"labels\":{"
	    "\"topology.kubernetes.io/zone\":\"zone-b\"}},\"status\":{\"addresses\":[{\"type\":"
	    "\"InternalIP\",\"address\":\"10.0.1.10\"}]}},{\"kind\":\"Pod\",\"metadata\":{"
	    "\"namespace\":\"default\",\"name\":\"far\"},\"spec\":{\"nodeName\":\"node-b\"},"
	    "\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.1.35\"}}]}");
	assert_string_equal(told->text, "");
	state_ready(s);
	p = state_service(s, &web, 80, PROTO_TCP);
	assert_non_null(p);
	assert_string_equal(s->services.v[p->service].name, "web");
	assert_non_null(state_endpoint(s, p, &a, 8080));
	assert_null(state_endpoint(s, p, &a, 8081));
	assert_null(state_endpoint(s, p, &other, 8080));
	e = state_endpoint(s, p, &b, 8080);
	assert_non_null(e);
	place = state_endpoint_place(s, e);
	assert_string_equal(place.pod, "far");
	assert_string_equal(place.node, "node-b");
	assert_string_equal(place.zone, "zone-b");
	place = state_endpoint_place(s, state_endpoint(s, p, &a, 8080));
	assert_null(place.pod);
	assert_null(place.zone);
	free(told);
	state_free(s);
}

/* ---- in time: what is read from rules is of the rules that are in force */

#define AT(ms)	((struct nstime){ (ms) * NS_PER_MSEC })

static void
change(struct timeline *tl, const char *rules, int64_t ms)
{
	struct run r = run(read_iptables_save, "iptables-save.txt", rules);
	struct state_change c = { .parts = 1u << PART_IPTABLES, .come = r.state };
	struct nstime gone;

	timeline_change(tl, &c, AT(ms), AT(ms));
	assert_true(timeline_settle(tl, &gone));
	run_free(&r);
}

static void
change_services(struct timeline *tl, const char *kubectl, int64_t ms)
{
	struct run r = run(read_kubectl_json, "svc.json", kubectl);
	struct state_change c = { .parts = 1u << PART_SERVICES, .come = r.state };
	struct nstime gone;

	timeline_change(tl, &c, AT(ms), AT(ms));
	assert_true(timeline_settle(tl, &gone));
	run_free(&r);
}

/* Does web lead to this address then? */
static bool
leads(struct timeline *tl, unsigned epoch, const char *to)
{
	const struct state *s = timeline_epoch(tl, epoch)->state;
	struct addr web = address("172.20.7.7"), a = address(to);
	const struct svc_port *p = state_service(s, &web, 80, PROTO_TCP);

	assert_non_null(p);
	return state_endpoint(s, p, &a, 8080) != NULL;
}

static void
test_in_time(void **state)
{
	static const char one[] = TABLE("nat", WEB_CHAINS
	    CLUSTER("172.20.7.7", "tcp", "80", WEB, "KUBE-SVC-WEB")
	    "-A KUBE-SVC-WEB " COMMENT(WEB " -> 10.0.0.11:8080") "-j KUBE-SEP-A\n" WEB_SEPS);
	struct run r = run_rules(two_services);
	struct timeline *tl = timeline_new(NULL);
	struct state_change sysctl = { .parts = 1u << PART_SYSCTLS };
	const struct state *s;
	struct nstime gone;

	(void)state;
	timeline_begin(tl, r.state);
	change(tl, one, 1000);
	timeline_change(tl, &sysctl, AT(1500), AT(1500));
	assert_true(timeline_settle(tl, &gone));
	change(tl, two_services, 2000);
	change_services(tl, kubectl_web, 3000);
	change(tl, one, 4000);
	assert_int_equal(timeline_n(tl), 6);
	assert_true(leads(tl, 0, "10.0.1.35"));
	assert_false(leads(tl, 1, "10.0.1.35"));
	assert_false(leads(tl, 2, "10.0.1.35"));
	assert_true(leads(tl, 3, "10.0.1.35"));
	/* What did not change is shared. */
	assert_ptr_equal(timeline_epoch(tl, 1)->state->services.v,
	    timeline_epoch(tl, 2)->state->services.v);
	s = timeline_epoch(tl, 4)->state;
	assert_int_equal(s->services.n, 2);
	assert_false(s->services.v[0].derived);
	assert_true(leads(tl, 4, "10.0.2.1"));
	/* kubectl's stay as it says, and the rules show which they lead to. */
	s = timeline_epoch(tl, 5)->state;
	assert_string_equal(said(s),
	    "(told) default/web ClusterIP 172.20.7.7\n"
	    " http 80/6\n"
	    "  (told) 10.0.0.11:8080 http\n"
	    "  (told) 10.0.1.35:8080 http unused\n"
	    "  (told) 10.0.2.1:8080 http unused\n");
	timeline_free(tl);
	run_free(&r);
}

/* ---- a large node */

#define MANY	5000

static char *
many_rules(void)
{
	char *text, *p;
	size_t room = (size_t)MANY * 2600 + 4096;

	text = p = malloc(room);
	assert_non_null(text);
#define put(...)	p += snprintf(p, room - (size_t)(p - text), __VA_ARGS__)
	put("*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n");
	for (unsigned i = 0; i < MANY; i++)
		put(":KUBE-SVC-%u - [0:0]\n:KUBE-SEP-%uA - [0:0]\n:KUBE-SEP-%uB - [0:0]\n"
		    ":KUBE-SEP-%uC - [0:0]\n", i, i, i, i);
	for (unsigned i = 0; i < MANY; i++)
		put("-A KUBE-SERVICES -d 172.20.%u.%u/32 -p tcp -m comment --comment "
		    "\"ns%u/svc%u:http cluster IP\" -m tcp --dport 80 -j KUBE-SVC-%u\n",
		    i / 250, i % 250, i % 40, i, i);
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned k = 0; k < 3; k++) {
			char at[32];

			snprintf(at, sizeof(at), "10.%u.%u.%u", k, i / 250, i % 250);
			put("-A KUBE-SVC-%u -m comment --comment \"ns%u/svc%u:http -> "
			    "%s:8080\" %s-j KUBE-SEP-%u%c\n", i, i % 40, i, at,
			    k == 0 ? "-m statistic --mode random --probability "
			    "0.33333333349 " : k == 1 ? "-m statistic --mode random "
			    "--probability 0.50000000000 " : "", i, 'A' + (int)k);
			put("-A KUBE-SEP-%u%c -s %s/32 -m comment --comment "
			    "\"ns%u/svc%u:http\" -j KUBE-MARK-MASQ\n", i,
			    'A' + (int)k, at, i % 40, i);
			put("-A KUBE-SEP-%u%c -p tcp -m comment --comment "
			    "\"ns%u/svc%u:http\" -m tcp -j DNAT --to-destination "
			    "%s:8080\n", i, 'A' + (int)k, i % 40, i, at);
		}
	put("COMMIT\n");
#undef put
	return text;
}

static double
ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 +
	    (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

/* Of 50,000 rules: all Services, in time that is no more than a tenth of that of
   reading the dump. */
static void
test_many(void **state)
{
	struct timespec from;
	char *text = many_rules();
	double reading, plain, all;
	struct run r;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	r = run(read_iptables_save, "iptables-save.txt", text);
	reading = ms_since(&from);
	clock_gettime(CLOCK_MONOTONIC, &from);
	state_ready(r.state);
	all = ms_since(&from);
	assert_int_equal(r.state->services.n, MANY);
	assert_int_equal(r.state->svc_ports.n, MANY);
	assert_int_equal(r.state->endpoints.n, 3 * MANY);
	run_free(&r);
	/* the same without the comments that name them */
	for (char *p = text; (p = strstr(p, "/svc")) != NULL;)
		*p = '-';
	r = run(read_iptables_save, "iptables-save.txt", text);
	clock_gettime(CLOCK_MONOTONIC, &from);
	state_ready(r.state);
	plain = ms_since(&from);
	assert_int_equal(r.state->services.n, 0);
	print_message("# %u Services, %u rules: read in %.1f ms, ready in %.1f ms, "
	    "%.1f ms without Services\n", MANY, (unsigned)r.state->nf_rules.n, reading,
	    all, plain);
	assert_true(all < reading);
	run_free(&r);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cluster_ip),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_other_doors),
		cmocka_unit_test(test_no_endpoints),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_nft),
		cmocka_unit_test(test_nft_no_endpoints),
		cmocka_unit_test(test_beside_kubectl),
		cmocka_unit_test(test_services_without_slices),
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
