/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - write the state of the node whose traffic generate.c captures, as a
 * directory of dumps like an EKS log bundle, grown to the size asked for: more
 * pods, services, endpoints and conntrack entries than the traffic needs.
 *
 * All is as the Amazon VPC CNI and kube-proxy set a node up, so that every
 * conversation of the traffic is right on it, but for those that are dropped.
 */
#include "state.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "decode/contract/contract_int.h"

#define WORLD_ENDPOINTS	(N_PODS + N_REMOTE)	/* of each of its services */
#define DNS_ENDPOINTS	(N_DNS_PODS + N_REMOTE)
#define LEAST_ENDPOINTS	(N_SERVICES * WORLD_ENDPOINTS + DNS_ENDPOINTS)
#define FREE_ADDRESSES	32000u		/* 10.0.128.0 and more: pods elsewhere */

FILE *
dump_open(const struct node_state *s, const char *name)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		err(2, "%s", path);
	return f;
}

void
dump_close(FILE *f, const char *name)
{
	bool bad = ferror(f);

	if (fclose(f) != 0 || bad)
		err(2, "%s", name);
}

struct ip_text
ip_text(uint32_t ip)
{
	struct ip_text t;

	snprintf(t.s, sizeof(t.s), "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
	    ip >> 8 & 255, ip & 255);
	return t;
}

uint32_t
n_enis(const struct node_state *s)
{
	return (s->pods + ENI_PODS - 1) / ENI_PODS;
}

uint32_t
eni_ip(uint32_t eni)
{
	return NODE_IP + eni;
}

/* "eni" and 11 hex digits of the SHA-1 of NAMESPACE.POD (pkg/networkutils/
   names.go of the VPC CNI). */
static void
name_veth(struct pod_name *n)
{
	char text[sizeof(n->ns) + sizeof(n->name)];
	uint8_t sum[SHA1_LEN];
	int len = snprintf(text, sizeof(text), "%s.%s", n->ns, n->name);

	sha1_text(text, (size_t)len, sum);
	snprintf(n->veth, sizeof(n->veth), "eni%02x%02x%02x%02x%02x%x", sum[0],
	    sum[1], sum[2], sum[3], sum[4], sum[5] >> 4);
}

struct pod_name
pod_name(uint32_t pod)
{
	static const char *const spaces[] = { "default", "shop", "batch", "search" };
	static const char *const apps[] = { "web", "cart", "worker", "index", "mail" };
	struct prng r = { pod };
	struct pod_name n;

	snprintf(n.ns, sizeof(n.ns), "%s", pod < N_DNS_PODS ? "kube-system" :
	    spaces[pod % 4]);
	snprintf(n.name, sizeof(n.name), "%s-%08x-%05x", pod < N_DNS_PODS ?
	    "coredns" : apps[pod % 5], (unsigned)(pod % 20) * 2654435761u,
	    (unsigned)prng_next(&r) & 0xfffff);
	name_veth(&n);
	return n;
}

/* ---- services */

uint32_t
portal_endpoint(const struct portal *p, uint32_t i)
{
	uint32_t local = p->service < N_SERVICES ? N_PODS : N_DNS_PODS;

	if (p->service > N_SERVICES)
		return IP(10, 0, 128, 0) + (p->first + i) % FREE_ADDRESSES;
	return i < local ? pod_ip(i) : remote_endpoint(p->service, i - local);
}

static void
world_portals(struct node_state *s)
{
	struct portal *p = s->portal;
	uint32_t i;

	for (i = 0; i < N_SERVICES; i++, p++) {
		*p = (struct portal){ .ip = s->world.service[i].ip,
		    .port = s->world.service[i].port,
		    .target = s->world.service[i].target,
		    .node_port = s->world.service[i].node_port,
		    .proto = P_TCP, .service = i, .n_endpoints = WORLD_ENDPOINTS };
		snprintf(p->name, sizeof(p->name), "shop/service-%02u:web", i);
	}
	for (i = 0; i < 2; i++, p++) {
		*p = (struct portal){ .ip = KUBE_DNS, .port = 53, .target = 53,
		    .proto = i ? P_TCP : P_UDP, .service = N_SERVICES,
		    .n_endpoints = DNS_ENDPOINTS };
		snprintf(p->name, sizeof(p->name), "kube-system/kube-dns:%s",
		    i ? "dns-tcp" : "dns");
	}
}

/* One in 50 has no endpoint, the others 1 to 16 shares of what there is. */
static uint32_t
weight(uint32_t i)
{
	struct prng r = { i };
	uint32_t w = prng_below(&r, 50);

	return w == 0 ? 0 : 1 + w % 16;
}

static void
other_portals(struct node_state *s)
{
	uint64_t left = s->endpoints - LEAST_ENDPOINTS, all = 0, sum = 0;
	uint32_t i, first = N_SERVICES + 2;

	for (i = first; i < s->n_portals; i++)
		all += weight(i);
	for (i = first; i < s->n_portals; i++) {
		struct portal *p = &s->portal[i];
		uint64_t before = all ? left * sum / all : 0;

		sum += weight(i);
		*p = (struct portal){ .ip = IP(172, 20, 16, 0) + i, .port = 80,
		    .target = 8080, .proto = P_TCP, .service = N_SERVICES + 1,
		    .first = (uint32_t)before,
		    .n_endpoints = (uint32_t)((all ? left * sum / all : 0) - before) };
		snprintf(p->name, sizeof(p->name), "team-%02u/backend-%04u:http",
		    i % 60, i);
	}
}

static void
make_portals(struct node_state *s)
{
	s->n_portals = s->services + 1;		/* kube-dns has two */
	s->portal = calloc(s->n_portals, sizeof(*s->portal));
	if (s->portal == NULL)
		err(2, NULL);
	world_portals(s);
	other_portals(s);
}

/* ---- options */

static const char usage_text[] =
    "usage: state -o DIR [options]\n"
    "  -o, --out DIR        made when it is not there\n"
    "  -t, --truth FILE     of generate: its flows become conntrack entries\n"
    "  -p, --pods N         at least 112, two of them in the host's network [737]\n"
    "  -s, --services N     at least 42 [5000]\n"
    "  -e, --endpoints N    of all services together, at least 4600 [50000]\n"
    "  -c, --conntrack N    entries, those of the truth among them [250000]\n"
    "  -k, --kubectl        pods, services, endpoints and nodes from kubectl too\n"
    "  -S, --seed N         that of generate [1]\n";

static const struct option long_options[] = {
	{ "out",	required_argument, NULL, 'o' },
	{ "truth",	required_argument, NULL, 't' },
	{ "pods",	required_argument, NULL, 'p' },
	{ "services",	required_argument, NULL, 's' },
	{ "endpoints",	required_argument, NULL, 'e' },
	{ "conntrack",	required_argument, NULL, 'c' },
	{ "kubectl",	no_argument, NULL, 'k' },
	{ "seed",	required_argument, NULL, 'S' },
	{ "help",	no_argument, NULL, 'h' },
	{ NULL,		0, NULL, 0 },
};

static uint32_t
number(const char *text, uint32_t low, uint32_t high)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	if (*end != '\0' || end == text || v < low || v > high)
		errx(2, "%s: not a number from %u to %u", text, low, high);
	return (uint32_t)v;
}

static void
read_options(struct node_state *s, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "o:t:p:s:e:c:kS:h", long_options,
	    NULL)) != -1) {
		switch (opt) {
		case 'o':
			s->dir = optarg;
			break;
		case 't':
			s->truth = optarg;
			break;
		case 'p':	/* more ENIs than this have no ifindex left */
			s->pods = number(optarg, N_PODS + HOST_PODS,
			    (FIRST_VETH - ENI_FIRST) * ENI_PODS) - HOST_PODS;
			break;
		case 's':
			s->services = number(optarg, N_SERVICES + 2, 60000);
			break;
		case 'e':
			s->endpoints = number(optarg, 4600, 10000000);
			break;
		case 'c':
			s->entries = number(optarg, 0, 4000000);
			break;
		case 'k':
			s->kubectl = true;
			break;
		case 'S':
			s->seed = number(optarg, 0, INT32_MAX);
			break;
		default:
			fputs(usage_text, opt == 'h' ? stdout : stderr);
			exit(opt == 'h' ? 0 : 2);
		}
	}
	if (s->dir == NULL || optind != argc) {
		fputs(usage_text, stderr);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct node_state s = { .pods = 737 - HOST_PODS, .services = 5000,
	    .endpoints = 50000, .entries = 250000, .seed = 1 };

	_Static_assert(LEAST_ENDPOINTS <= 4600, "the least that -e takes");
	read_options(&s, argc, argv);
	if (mkdir(s.dir, 0777) != 0 && errno != EEXIST)
		err(2, "%s", s.dir);
	world_init(&s.world, s.seed);
	make_portals(&s);
	write_ip(&s);
	write_links(&s);
	write_sysctl(&s);
	write_cni(&s);
	write_iptables(&s);
	write_conntrack(&s);
	if (s.kubectl)
		write_kubectl(&s);
	free(s.portal);
	return 0;
}
