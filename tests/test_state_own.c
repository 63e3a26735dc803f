/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_own.c - podpath.state/1: what is written is read back as it was,
 * for every field of every record, and what is odd is named.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/read_text.h"

/* ---- equal states */

static void
eq_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

#define TEXT(m)		eq_text(a->m, b->m)
#define NUM(m)		assert_true(a->m == b->m)
#define BYTES(m)	assert_memory_equal(&a->m, &b->m, sizeof(a->m))
/* Records with pointers and holes are compared by field, others whole. */
#define EACH(list, type) 						\
	assert_int_equal(x->list.n, y->list.n);				\
	for (uint32_t i = 0; i < x->list.n; i++) {			\
		const struct type *a = &x->list.v[i], *b = &y->list.v[i];
#define END	}

static void
eq_links(const struct state *x, const struct state *y)
{
	EACH(links, link)
		TEXT(name); NUM(ifindex); NUM(mtu); TEXT(kind); TEXT(parent);
		NUM(vlan); NUM(has_mac); NUM(down);
		if (a->has_mac)
			BYTES(mac);
	END
	EACH(addrs, ifaddr)
		TEXT(dev); BYTES(addr); NUM(len); NUM(secondary); NUM(host_scope);
	END
	EACH(neighs, neigh)
		TEXT(dev); BYTES(addr); NUM(has_mac); NUM(permanent); NUM(failed);
		if (a->has_mac)
			BYTES(mac);
	END
}

static void
eq_routing(const struct state *x, const struct state *y)
{
	EACH(rules, iprule)
		NUM(v6); NUM(action); NUM(has); NUM(priority); BYTES(from);
		BYTES(to); TEXT(iif); TEXT(oif); NUM(mark); NUM(mask); NUM(proto);
		BYTES(sport); BYTES(dport); NUM(table); NUM(to_priority);
		NUM(suppress_len); TEXT(text); NUM(line);
	END
	EACH(routes, iproute)
		NUM(v6); NUM(type); NUM(dead); NUM(odd); NUM(has_via); NUM(has_src);
		NUM(multipath); NUM(link_scope); BYTES(dst); BYTES(via); BYTES(src);
		TEXT(dev); NUM(table); NUM(metric); TEXT(proto); TEXT(text);
		NUM(line);
	END
}

static void
eq_match(const struct nf_match *a, const struct nf_match *b)
{
	NUM(kind); NUM(invert); NUM(n_ports);
	switch (a->kind) {
	case NF_M_SADDR: case NF_M_DADDR: BYTES(prefix); break;
	case NF_M_SRANGE: case NF_M_DRANGE:
		assert_memory_equal(a->range, b->range, 2 * sizeof(*a->range));
		break;
	case NF_M_PROTO: NUM(proto); break;
	case NF_M_SPORT: case NF_M_DPORT: case NF_M_PORT:
		assert_memory_equal(a->ports, b->ports,
		    a->n_ports * sizeof(*a->ports));
		break;
	case NF_M_IIF: case NF_M_OIF: case NF_M_UNKNOWN: TEXT(name); break;
	case NF_M_MARK: case NF_M_CTMARK: BYTES(mark); break;
	case NF_M_SRC_TYPE: case NF_M_DST_TYPE: NUM(types); break;
	case NF_M_RANDOM: NUM(probability); break;
	case NF_M_NTH: BYTES(nth); break;
	case NF_M_CTSTATE: NUM(states); break;
	case NF_M_ICMP: BYTES(icmp); break;
	case NF_M_TCP_FLAGS: BYTES(flags); break;
	case NF_M_SET: NUM(set); break;
	default: fail_msg("match of kind %u", a->kind);
	}
}

static void
eq_nat(const struct nf_nat *a, const struct nf_nat *b)
{
	if (a == NULL) {
		/* no range at all: the flags say so */
		assert_true(b == NULL || b->flags == 0);
		return;
	}
	assert_non_null(b);
	NUM(flags);
	if (a->flags & NF_NAT_ADDR) {
		BYTES(lo); BYTES(hi);
	}
	if (a->flags & NF_NAT_PORTS)
		BYTES(ports);
}

static void
eq_target(const struct nf_target *a, const struct nf_target *b)
{
	NUM(kind);
	switch (a->kind) {
	case NF_T_JUMP: case NF_T_GOTO: NUM(chain); break;
	case NF_T_SNAT: case NF_T_DNAT: case NF_T_MASQUERADE: case NF_T_REDIRECT:
		eq_nat(a->nat, b->nat);
		break;
	case NF_T_MARK: case NF_T_CTMARK: BYTES(mark); break;
	case NF_T_CTMARK_SAVE: case NF_T_CTMARK_RESTORE: BYTES(save); break;
	case NF_T_CT_ZONE: NUM(zone); break;
	case NF_T_VMAP: NUM(set); break;
	case NF_T_UNKNOWN: TEXT(name); break;
	}
}

static void
eq_netfilter(const struct state *x, const struct state *y)
{
	EACH(nf_tables, nf_table)
		TEXT(name); NUM(families); NUM(nft);
	END
	EACH(nf_chains, nf_chain)
		TEXT(name); NUM(table); NUM(hook); NUM(type); NUM(policy_drop);
		NUM(priority); NUM(first); NUM(n);
	END
	EACH(nf_rules, nf_rule)
		NUM(chain); NUM(n_matches); NUM(goes_on); TEXT(text); TEXT(comment);
		NUM(line);
		for (unsigned k = 0; k < a->n_matches; k++)
			eq_match(&x->nf_matches.v[a->first_match + k],
			    &y->nf_matches.v[b->first_match + k]);
		eq_target(&a->target, &b->target);
	END
	EACH(nf_sets, nf_set)
		TEXT(name); NUM(table); NUM(keys); NUM(mod); NUM(n);
		for (uint32_t k = 0; k < a->n; k++) {
			const struct nf_elem *e = &x->nf_elems.v[a->first + k];
			const struct nf_elem *f = &y->nf_elems.v[b->first + k];

			assert_memory_equal(&e->saddr, &f->saddr, sizeof(e->saddr));
			assert_memory_equal(&e->daddr, &f->daddr, sizeof(e->daddr));
			assert_memory_equal(&e->sport, &f->sport, 4);
			assert_memory_equal(&e->dport, &f->dport, 4);
			assert_memory_equal(&e->random, &f->random, 4);
			assert_int_equal(e->mark, f->mark);
			assert_int_equal(e->proto, f->proto);
			eq_text(e->iface, f->iface);
			eq_text(e->comment, f->comment);
			eq_target(&e->verdict, &f->verdict);
		}
	END
}

static void
eq_tuple(const struct tuple *a, const struct tuple *b)
{
	BYTES(src); BYTES(dst); NUM(sport); NUM(dport); NUM(proto);
}

static void
eq_conntrack(const struct state *x, const struct state *y)
{
	EACH(conntrack, ct_entry)
		eq_tuple(&a->orig, &b->orig);
		eq_tuple(&a->reply, &b->reply);
		NUM(mark); NUM(id); NUM(timeout); NUM(zone); NUM(status);
		TEXT(state); BYTES(packets); BYTES(bytes); NUM(age_s); NUM(line);
	END
}

static void
eq_pods(const struct state *x, const struct state *y)
{
	EACH(pods, pod)
		TEXT(ns); TEXT(name); TEXT(node); TEXT(phase); TEXT(container_id);
		NUM(n_addrs); BYTES(addrs); NUM(sources); NUM(host_network);
		TEXT(branch_eni); NUM(branch_vlan); NUM(allocated.ns);
	END
	EACH(enis, eni_fact)
		TEXT(id); NUM(device); NUM(card); NUM(primary); NUM(trunk); NUM(efa);
		NUM(excluded); NUM(table); TEXT(subnet);
	END
	EACH(eni_addrs, eni_addr)
		NUM(eni); BYTES(prefix); NUM(is_prefix); NUM(assigned); TEXT(ns);
		TEXT(name); NUM(in_prefix);
	END
	EACH(nodes, node)
		TEXT(name); TEXT(instance_type); TEXT(instance_id); TEXT(zone);
		NUM(n_addrs); BYTES(addrs); NUM(max_pods);
	END
}

static void
eq_services(const struct state *x, const struct state *y)
{
	EACH(services, service)
		TEXT(ns); TEXT(name); TEXT(type); NUM(n_addrs); NUM(n_cluster);
		NUM(external_policy); NUM(internal_policy); NUM(health_port);
		NUM(affinity); NUM(derived); NUM(lb.target_ip); NUM(lb.preserve);
		NUM(lb.proxy); NUM(lb.check_port); NUM(lb.check_interval_s);
		TEXT(lb.check_path); TEXT(lb.hostname);
		if (a->n_addrs > 0)
			assert_memory_equal(a->addrs, b->addrs,
			    a->n_addrs * sizeof(*a->addrs));
	END
	EACH(svc_ports, svc_port)
		NUM(service); TEXT(name); NUM(proto); NUM(port); NUM(node_port);
		TEXT(target);
	END
	EACH(endpoints, endpoint)
		NUM(service); TEXT(ns); TEXT(service_name); TEXT(port_name);
		BYTES(addr); NUM(port); NUM(proto); NUM(ready); NUM(terminating);
		TEXT(node); TEXT(zone); TEXT(pod); NUM(derived);
	END
	EACH(sysctls, sysctl)
		TEXT(name); TEXT(value);
	END
	EACH(socks, sock)
		NUM(proto); NUM(listens); NUM(any_local); BYTES(local); BYTES(peer);
		NUM(lport); NUM(pport); TEXT(process); NUM(pid);
	END
}

static void
eq_state(const struct state *x, const struct state *y)
{
	const struct cni_settings *a = &x->cni, *b = &y->cni;

	NUM(external_snat); NUM(node_port_support); NUM(randomize_snat);
	NUM(has_connmark); NUM(connmark); NUM(mtu); TEXT(veth_prefix);
	NUM(excluded.n); NUM(external_services.n); NUM(connmark_nft);
	NUM(pod_eni_strict); NUM(prefix_delegation); NUM(custom_networking);
	for (uint32_t i = 0; i < a->excluded.n; i++)
		BYTES(excluded.v[i]);
	for (uint32_t i = 0; i < a->external_services.n; i++)
		BYTES(external_services.v[i]);
	eq_text(x->hostname, y->hostname);
	assert_int_equal(x->flags, y->flags);
	assert_int_equal(x->parts, y->parts);
	assert_int_equal(x->ct_insert_failed, y->ct_insert_failed);
	assert_int_equal(x->ct_drop, y->ct_drop);
	assert_int_equal(x->ct_early_drop, y->ct_early_drop);
	assert_int_equal(x->taken.ns, y->taken.ns);
	assert_false(y->no_memory);
	eq_links(x, y);
	eq_routing(x, y);
	eq_netfilter(x, y);
	eq_conntrack(x, y);
	eq_pods(x, y);
	eq_services(x, y);
}

/* ---- there and back */

struct bytes {
	char	*p;
	size_t	 n;
};

static struct bytes
written(const struct state *s)
{
	int fd = memfd_create("state", 0);
	struct bytes b;

	assert_true(fd >= 0);
	assert_int_equal(state_write(s, fd), 0);
	b.n = (size_t)lseek(fd, 0, SEEK_END);
	b.p = malloc(b.n);
	assert_non_null(b.p);
	assert_int_equal(pread(fd, b.p, b.n, 0), b.n);
	close(fd);
	return b;
}

/* The state is ready. */
static void
there_and_back(const struct state *s)
{
	struct bytes first = written(s), second;
	struct state *t = state_new();
	struct said said;

	read_bytes(t, read_own, "own", first.p, first.n, &said);
	assert_string_equal(said.text, "");
	state_ready(t);
	eq_state(s, t);
	second = written(t);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.p, second.p, first.n);
	free(first.p);
	free(second.p);
	state_free(t);
}

static void
empty(void **state)
{
	struct state *s = state_new();

	(void)state;
	state_ready(s);
	there_and_back(s);
	state_free(s);

	/* parts that were dumped and are empty stay parts */
	s = state_new();
	for (unsigned i = 0; i < N_STATE_PARTS; i++)
		state_mark(s, i);
	s->flags = STATE_LEGACY_TABLES | STATE_IPVS | STATE_LEGACY_DUMP;
	state_ready(s);
	there_and_back(s);
	state_free(s);
}

static void
lab_cases(void **state)
{
	DIR *d = opendir("pcaps");
	const struct dirent *e;
	struct said said = { .n = 0 };
	unsigned n = 0;

	(void)state;
	if (d == NULL)
		fail_msg("pcaps/: not found; run it where the Makefile is");
	while ((e = readdir(d)) != NULL) {
		char path[512];
		struct state *s;

		snprintf(path, sizeof(path), "pcaps/%s", e->d_name);
		if (e->d_name[0] == '.' || strchr(e->d_name, '.') != NULL)
			continue;
		s = state_read(path, said_add, &said);
		assert_non_null(s);
		there_and_back(s);
		state_free(s);
		n++;
	}
	closedir(d);
	assert_true(n > 10);
}

/* ---- every kind of everything */

static const char *
text(struct state *s, const char *t)
{
	return state_text(s, t, strlen(t));
}

static struct prefix
prefix(const char *t)
{
	struct prefix p;

	assert_true(prefix_parse(t, &p));
	return p;
}

static void
add_links(struct state *s)
{
	/* any byte but NUL, slash and space may stand in the name of a device */
	static const char *const names[] = { "eth0", "a\"b\\c", "\x01\x1f\x7f",
	    "\xff\xfe", "caf\xc3\xa9", "\xf0\x9f\x98\x80", "\xc3", "\xed\xa0\x80",
	    "\xe2\x82", "\\u0041" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct link *l = state_push(s, links);

		l->name = text(s, names[i]);
		l->ifindex = UINT32_MAX;
		l->mtu = 9001;
		l->kind = "vlan";
		l->parent = text(s, names[0]);
		l->vlan = 4094;
		l->down = i % 2;
		l->has_mac = i % 3 != 0;
		memset(l->mac, 0xfe, l->has_mac ? 6 : 0);
	}
	*state_push(s, addrs) = (struct ifaddr){ "eth0", addr_of("2001:db8::1"), 64,
	    true, true };
	*state_push(s, neighs) = (struct neigh){ "eth0", addr_of("0.0.0.0"),
	    { 0 }, true, true, true };
}

static void
add_routing(struct state *s)
{
	for (uint8_t action = RULE_LOOKUP; action <= RULE_NOP; action++)
		*state_push(s, rules) = (struct iprule){ .v6 = action % 2,
		    .action = action, .has = 0x3ff, .priority = action,
		    .from = prefix("10.0.0.0/8"), .to = prefix("::/0"),
		    .iif = "eth0", .oif = "lo", .mark = UINT32_MAX, .mask = 0x80,
		    .proto = 17, .sport = { 1, 2 }, .dport = { 0, 65535 },
		    .table = 254, .to_priority = 9, .suppress_len = -1,
		    .text = "from all", .line = 3 };
	for (uint8_t type = 0; type < N_ROUTE_TYPES; type++)
		*state_push(s, routes) = (struct iproute){ .type = type,
		    .dead = true, .has_via = true, .has_src = true,
		    .multipath = true, .link_scope = true,
		    .dst = prefix("0.0.0.0/0"), .via = addr_of("fe80::1"),
		    .src = addr_of("10.0.0.1"), .dev = "eth0", .table = 7,
		    .metric = 100, .proto = "kernel", .text = "default", .line = 1 };
}

static const struct nf_ports some_ports[] = { { 80, 80 }, { 0, 65535 } };

static struct nf_match
match_of(uint8_t kind, const struct addr *range)
{
	struct nf_match m = { .kind = kind, .invert = kind % 2 };

	switch (kind) {
	case NF_M_SADDR: case NF_M_DADDR: m.prefix = prefix("10.0.0.0/28"); break;
	case NF_M_SRANGE: case NF_M_DRANGE: m.range = range; break;
	case NF_M_PROTO: m.proto = 6; break;
	case NF_M_SPORT: case NF_M_DPORT: case NF_M_PORT:
		m.ports = some_ports;
		m.n_ports = 2;
		break;
	case NF_M_IIF: case NF_M_OIF: case NF_M_UNKNOWN: m.name = "eni+"; break;
	case NF_M_MARK: case NF_M_CTMARK: m.mark.value = 0x80; m.mark.mask = ~0u; break;
	case NF_M_SRC_TYPE: case NF_M_DST_TYPE:
		m.types = NF_A_LOCAL | NF_A_LIMIT_IN | NF_A_LIMIT_OUT;
		break;
	case NF_M_RANDOM: m.probability = 0.33333333349; break;
	case NF_M_NTH: m.nth.every = 3; m.nth.packet = 2; break;
	case NF_M_CTSTATE: m.states = 0x7f; break;
	case NF_M_ICMP: m.icmp.type = 3; m.icmp.code_hi = 255; break;
	case NF_M_TCP_FLAGS: m.flags.value = 2; m.flags.mask = 0x17; break;
	case NF_M_SET: m.set = 1; break;
	}
	return m;
}

static struct nf_target
target_of(uint8_t kind, const struct nf_nat *nat)
{
	struct nf_target t = { .kind = kind };

	switch (kind) {
	case NF_T_JUMP: t.chain = 1; break;
	case NF_T_GOTO: t.chain = NF_CHAIN_MISSING; break;
	case NF_T_SNAT: case NF_T_DNAT: case NF_T_MASQUERADE: case NF_T_REDIRECT:
		t.nat = nat;
		break;
	case NF_T_MARK: case NF_T_CTMARK: t.mark.value = 1; t.mark.mask = 3; break;
	case NF_T_CTMARK_SAVE: case NF_T_CTMARK_RESTORE:
		t.save.nfmask = 4;
		t.save.ctmask = 5;
		break;
	case NF_T_CT_ZONE: t.zone = 65535; break;
	case NF_T_VMAP: t.set = 0; break;
	case NF_T_UNKNOWN: t.name = "TPROXY --on-port 1"; break;
	}
	return t;
}

static void
add_netfilter(struct state *s)
{
	static struct addr range[2];
	static struct nf_nat nat;

	range[0] = addr_of("10.0.0.1");
	range[1] = addr_of("10.0.0.9");
	nat = (struct nf_nat){ range[0], range[1], { 1024, 65535 }, 0x1f };
	*state_push(s, nf_tables) = (struct nf_table){ "nat", NF_IP4, false };
	*state_push(s, nf_tables) = (struct nf_table){ "kube-proxy", NF_INET, true };
	for (uint8_t hook = 0; hook <= NF_NO_HOOK; hook++) {
		char name[16];
		struct nf_chain *c;
		uint32_t at;

		snprintf(name, sizeof(name), "C%u", hook);
		at = state_chain(s, hook % 2, name);
		c = &s->nf_chains.v[at];
		c->hook = hook;
		c->type = hook % 3;
		c->priority = -100 + hook;
		c->policy_drop = hook == NF_FORWARD;
	}
	for (uint8_t kind = 0; kind < N_NF_TARGETS; kind++) {
		struct nf_rule *r = state_push(s, nf_rules);

		*r = (struct nf_rule){ .chain = kind % s->nf_chains.n,
		    .first_match = s->nf_matches.n, .n_matches = N_NF_MATCHES,
		    .goes_on = kind % 2, .text = "-A \"C0\"", .comment = "\t",
		    .line = kind, .target = target_of(kind, &nat) };
		for (uint8_t m = 0; m < N_NF_MATCHES; m++)
			*state_push(s, nf_matches) = match_of(m, range);
	}
	*state_push(s, nf_sets) = (struct nf_set){ "service-ips", 1, 0x1ff, 3, 0,
	    N_NF_TARGETS };
	*state_push(s, nf_sets) = (struct nf_set){ "", STATE_NONE, 0, 0, 0, 0 };
	for (uint8_t kind = 0; kind < N_NF_TARGETS; kind++)
		*state_push(s, nf_elems) = (struct nf_elem){
		    .saddr = prefix("10.0.0.1"), .daddr = prefix("fd00::/64"),
		    .sport = { 1, 2 }, .dport = { 3, 4 }, .random = { 0, 1 },
		    .mark = 5, .proto = 6, .iface = "eth0", .comment = "\\",
		    /* a verdict cannot be another map */
		    .verdict = target_of(kind == NF_T_VMAP ? NF_T_DROP : kind,
			&nat) };
}

static void
add_conntrack(struct state *s)
{
	*state_push(s, conntrack) = (struct ct_entry){
	    .orig = { addr_of("10.0.0.1"), addr_of("10.0.0.2"), 1, 65535, 6 },
	    .reply = { addr_of("fd00::1"), addr_of("fd00::2"), 0, 9, 6 },
	    .mark = 128, .id = 4000000000u, .timeout = 431999, .zone = 9,
	    .status = 0x1f, .state = "ESTABLISHED", .packets = { UINT64_MAX, 1 },
	    .bytes = { 0, 7 }, .age_s = 12, .line = 8 };
	*state_push(s, conntrack) = (struct ct_entry){ .orig.proto = 1,
	    .reply.proto = 1, .age_s = -1 };
	*state_push(s, conntrack) = (struct ct_entry){ .age_s = 0 };
	s->ct_insert_failed = 0;
	s->ct_drop = INT64_MAX;
	s->taken.ns = 1795203557036346251;
	s->hostname = "ip-10-0-0-1";
}

static void
add_cluster(struct state *s)
{
	static struct addr addrs[2];
	struct pod *p;

	addrs[0] = addr_of("10.100.0.1");
	addrs[1] = addr_of("fd00::10");
	for (unsigned i = 0; i < 3; i++) {
		char a[20];
		struct addr own;

		snprintf(a, sizeof(a), "10.0.0.%u", i);
		own = addr_of(a);
		p = state_pod(s, i ? "ns" : NULL, i ? a : NULL, &own);
		pod_add_addr(p, &addrs[1]);
		p->sources = (uint8_t)(i + 1);
		p->node = "n";
		p->phase = "Running";
		p->container_id = "aa";
		p->host_network = i == 2;
		p->branch_eni = "eni-9";
		p->branch_vlan = 5;
		p->allocated.ns = -1;
	}
	*state_push(s, enis) = (struct eni_fact){ "eni-1", -1, 1, true, true, true,
	    true, 10101, "subnet-1" };
	*state_push(s, enis) = (struct eni_fact){ "eni-2", 0, -1, false, false,
	    false, false, 0, NULL };
	*state_push(s, eni_addrs) = (struct eni_addr){ 1, prefix("10.0.0.0/28"),
	    true, true, "ns", "x", true };
	*state_push(s, services) = (struct service){ .ns = "default", .name = "web",
	    .addrs = addrs, .n_addrs = 2, .n_cluster = 1,
	    .external_policy = POLICY_LOCAL, .internal_policy = POLICY_LOCAL,
	    .health_port = 30000, .affinity = true, .lb = { 1, 0, 1, 8443, 30,
	    "/healthz", "k8s-web-1.elb.eu-west-1.amazonaws.com" } };
	*state_push(s, services) = (struct service){ .ns = "default",
	    .name = "none", .type = "ClusterIP", .lb = { .target_ip = -1,
	    .preserve = -1, .proxy = -1 } };
	*state_push(s, svc_ports) = (struct svc_port){ 1, "", 17, 53, 30053, "dns" };
	*state_push(s, endpoints) = (struct endpoint){ .ns = "default",
	    .service_name = "web", .port_name = "", .addr = addrs[0], .port = 8080,
	    .proto = 6, .ready = true, .terminating = true, .node = "n",
	    .zone = "z", .pod = "p" };
	*state_push(s, endpoints) = (struct endpoint){ .service = STATE_NONE,
	    .addr = addrs[0], .port = 1, .proto = 6 };
	*state_push(s, nodes) = (struct node){ "n", "t3.medium", "i-1", "z",
	    { addrs[0], addrs[1] }, 2, 17 };
	*state_push(s, sysctls) = (struct sysctl){ "net.ipv4.ip_forward", "1" };
	*state_push(s, socks) = (struct sock){ 6, false, false,
	    addr_of("192.168.2.41"), addr_of("192.168.1.194"), 10250, 44894,
	    "kubelet", 3012 };
	*state_push(s, socks) = (struct sock){ .proto = 17, .listens = true,
	    .any_local = true, .local = addr_of("0.0.0.0"), .lport = 65535,
	    .process = "a\"\xff", .pid = UINT32_MAX };
	*state_push(s, socks) = (struct sock){ .proto = 6, .listens = true,
	    .any_local = true, .lport = 22 };
}

static void
every_field(void **state)
{
	struct state *s = state_new();

	(void)state;
	add_links(s);
	add_routing(s);
	add_netfilter(s);
	add_conntrack(s);
	add_cluster(s);
	s->cni = (struct cni_settings){ .external_snat = 0, .node_port_support = 1,
	    .randomize_snat = 0, .has_connmark = true, .connmark = 0, .mtu = 1,
	    .veth_prefix = "", .connmark_nft = -1, .pod_eni_strict = 0,
	    .prefix_delegation = 1, .custom_networking = 0 };
	*state_push(s, cni.excluded) = prefix("0.0.0.0/0");
	*state_push(s, cni.external_services) = prefix("fd00::/8");
	state_ready(s);
	there_and_back(s);
	state_free(s);
}

/* Who adds a field to one of these must tell own_fields.c of it, and this. */
static void
no_field_forgotten(void **state)
{
	(void)state;
	if (sizeof(void *) != 8)
		skip();
#define SIZE(s, n)	assert_int_equal(sizeof(struct s), n)
	SIZE(link, 48);
	SIZE(ifaddr, 32);
	SIZE(neigh, 40);
	SIZE(iprule, 120);
	SIZE(iproute, 104);
	SIZE(nf_table, 16);
	SIZE(nf_chain, 32);
	SIZE(nf_match, 32);
	SIZE(nf_target, 16);
	SIZE(nf_nat, 40);
	SIZE(nf_rule, 56);
	SIZE(nf_set, 32);
	SIZE(nf_elem, 96);
	SIZE(ct_entry, 152);
	SIZE(pod, 200);
	SIZE(eni_fact, 32);
	SIZE(eni_addr, 56);
	SIZE(cni_settings, 64);
	SIZE(service, 88);
	SIZE(svc_lb, 32);
	SIZE(svc_port, 32);
	SIZE(endpoint, 88);
	SIZE(node, 104);
	SIZE(sysctl, 16);
	SIZE(sock, 56);
	SIZE(state, 464);
}

/* ---- what rules told of Services comes back from them, not from here */

static void
add_service(struct state *s, const char *name, bool derived)
{
	uint32_t index = s->services.n;

	*state_push(s, services) = (struct service){ .ns = "default", .name = name,
	    .derived = derived, .lb = { -1, -1, -1, 0, 0, NULL, NULL } };
	*state_push(s, svc_ports) = (struct svc_port){ index, name, 6, 80, 0, NULL };
	*state_push(s, endpoints) = (struct endpoint){ .service = index,
	    .ns = "default", .service_name = name, .addr = addr_of("10.0.0.1"),
	    .port = 80, .proto = 6, .derived = derived };
}

static void
derived_stay_out(void **state)
{
	struct state *s = state_new(), *t = state_new();
	struct bytes b;
	struct said said;

	(void)state;
	add_service(s, "by-rules", true);
	add_service(s, "a", false);
	add_service(s, "by-rules-too", true);
	add_service(s, "b", false);
	/* one that rules added to a service that kubectl told of */
	s->endpoints.v[3].derived = true;
	b = written(s);
	read_bytes(t, read_own, "own", b.p, b.n, &said);
	assert_string_equal(said.text, "");
	state_ready(t);
	assert_int_equal(t->services.n, 2);
	assert_string_equal(t->services.v[0].name, "a");
	assert_string_equal(t->services.v[1].name, "b");
	assert_int_equal(t->svc_ports.n, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(t->svc_ports.v[i].service, i);
		assert_string_equal(t->svc_ports.v[i].name, t->services.v[i].name);
	}
	assert_int_equal(t->endpoints.n, 1);
	assert_string_equal(t->endpoints.v[0].service_name, "a");
	free(b.p);
	state_free(s);

	/* of nothing else there is no list at all */
	s = state_new();
	add_service(s, "by-rules", true);
	b = written(s);
	assert_null(memmem(b.p, b.n, "services", strlen("services")));
	assert_null(memmem(b.p, b.n, "endpoints", strlen("endpoints")));
	free(b.p);
	state_free(s);
	state_free(t);
}

/* ---- names in another order, and what is wrong */

#define DOC(body)	"{\"schema\":\"podpath.state/1\"," body "}"

/* One from before load balancers and sockets were told of. */
static void
older_document(void **state)
{
	struct state *s = state_new();

	(void)state;
	read_well(s, read_own, DOC("\"services\":[{\"ns\":\"d\",\"name\":\"w\"}]"));
	state_ready(s);
	assert_int_equal(s->services.n, 1);
	assert_int_equal(s->services.v[0].lb.target_ip, -1);
	assert_int_equal(s->services.v[0].lb.preserve, -1);
	assert_int_equal(s->services.v[0].lb.proxy, -1);
	assert_int_equal(s->socks.n, 0);
	assert_false(state_has(s, PART_SOCKETS));
	state_free(s);
}

/* What is referred to may come last: tools like to sort names. */
static void
any_order(void **state)
{
	struct state *s = state_new();

	(void)state;
	read_well(s, read_own, "{\"nf_rules\":[{\"target\":{\"set\":0,\"do\":\"vmap\"},"
	    "\"text\":\"r\",\"chain\":1}],"
	    "\"chains\":[{\"table\":0,\"name\":\"a\",\"hook\":\"none\"},"
	    "{\"table\":0,\"name\":\"b\",\"hook\":\"input\"}],"
	    "\"eni_addresses\":[{\"prefix\":\"10.0.0.1\",\"eni\":0}],"
	    "\"enis\":[{\"id\":\"eni-1\"}],\"sets\":[{\"elements\":[{\"proto\":6,"
	    "\"verdict\":{\"do\":\"jump\",\"chain\":0}}],\"keys\":[\"proto\"],"
	    "\"name\":\"m\",\"table\":0}],"
	    "\"tables\":[{\"name\":\"t\",\"nft\":true,\"families\":[\"ip\"]}],"
	    "\"schema\":\"podpath.state/1\"}\n\n");
	state_ready(s);
	assert_int_equal(s->nf_rules.n, 1);
	assert_string_equal(s->nf_chains.v[s->nf_rules.v[0].chain].name, "b");
	assert_int_equal(s->nf_rules.v[0].target.kind, NF_T_VMAP);
	assert_int_equal(s->nf_sets.v[0].n, 1);
	assert_int_equal(s->nf_elems.v[0].verdict.chain, 0);
	assert_int_equal(s->eni_addrs.n, 1);
	state_free(s);
}

static void
wrong_is_named(void **state)
{
	(void)state;
	says(read_own, "", "cut short");
	says(read_own, "[]", "an object is expected");
	says(read_own, "{}", "no \"schema\"");
	says(read_own, "{\"schema\":\"podpath.state/2\",\"links\":[{}]}",
	    "file:1: schema: 'podpath.state/2' is not podpath.state/1");
	says(read_own, DOC("\"links\":[\n{\"name\":\"a\"},\n{\"name\":\"b\","),
	    "file:3: ");
	says(read_own, DOC("\"links\":[\n{\"name\":\"a\"}\n{\"name\":\"b\"}]"),
	    "file:3: not valid JSON: ',' or ']' is expected");
	says(read_own, DOC("\"links\":[{\"name\":\"a\"},]"), "a value is expected");
	says(read_own, DOC("\"links\":{}"), "links: a list is expected");
	says(read_own, DOC("\"links\":[\n5,\n{\"name\":7}]"),
	    "file:2: links: an object is expected");
	says(read_own, DOC("\"links\":[\n5,\n{\"name\":7}]"),
	    "file:3: name: a text is expected");
	says(read_own, DOC("\"links\":[{\"mtu\":9001}]"),
	    "a record without 'name' is skipped");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"mtu\":-1}]"),
	    "mtu: -1 is not a whole number from 0 to 4294967295");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"mtu\":1.5}]"),
	    "mtu: 1.5 is not a whole number");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"mtu\":4294967296}]"),
	    "mtu: 4294967296 is not");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"name\":\"b\"}]"),
	    "'name' is said twice");
	says(read_own, DOC("\"links\":[],\"links\":[]"), "'links' is said twice");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"colour\":[1,{}]}]"),
	    "'colour' is not known here");
	says(read_own, DOC("\"links\":[{\"name\":\"a\",\"mac\":\"0a\"}]"),
	    "mac: '0a' is not an address like");
	says(read_own, DOC("\"links\":[{\"name\":\"\xff\"}]"), "is not UTF-8");
	says(read_own, DOC("\"links\":[{\"name\":\"\\u0000\"}]"), "a bad escape");
	says(read_own, DOC("\"links\":[{\"name\":\"\\ud800x\"}]"), "a bad escape");
	says(read_own, DOC("\"links\":[{\"name\":\"a\nb\"}]"), "the end of a text");
	says(read_own, DOC("\"addresses\":[{\"dev\":\"a\",\"addr\":\"10.0.0\"}]"),
	    "addr: '10.0.0' is not an IP address");
	says(read_own, DOC("\"taken\":\"yesterday\""), "'yesterday' is not a time");
	says(read_own, DOC("\"parts\":[\"links\",\"moon\"]"),
	    "parts: 'moon' is not a word");
	says(read_own, DOC("\"eni_addresses\":[{\"eni\":0}],\"enis\":[]"),
	    "enis has no record 0");
	says(read_own, DOC("\"tables\":[{\"name\":\"t\"}],\"chains\":[{\"table\":1,"
	    "\"name\":\"c\"}]"), "tables has no record 1");
	says(read_own, DOC("\"pods\":[{\"addrs\":[1]}]"), "a text is expected");
	says(read_own, DOC("\"x\":1") "garbage", "the end of the document");
}

/* A rule whose match cannot be read must not match everything. */
static void
unreadable_match(void **state)
{
	static const char *const matches[] = { "{\"is\":\"dport\"}", "{}",
	    "{\"is\":\"moon\"}", "7", "{\"is\":\"dport\",\"ports\":[1]}",
	    "{\"is\":\"set\",\"set\":4}", "{\"is\":\"nth\",\"nth\":[0,0]}",
	    "{\"is\":\"srange\",\"range\":[\"10.0.0.1\"]}",
	    "{\"is\":\"random\",\"probability\":7}" };

	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct state *s = state_new();
		struct said said;
		char doc[512];

		snprintf(doc, sizeof(doc), DOC("\"tables\":[{\"name\":\"t\"}],"
		    "\"chains\":[{\"table\":0,\"name\":\"c\"}],\"nf_rules\":["
		    "{\"chain\":0,\"text\":\"r\",\"matches\":[%s],\"target\":{}}]"),
		    matches[i]);
		read_text(s, read_own, doc, &said);
		assert_true(said.n > 0 || i == 1);
		state_ready(s);
		assert_int_equal(s->nf_rules.n, 1);
		assert_int_equal(s->nf_rules.v[0].n_matches, 1);
		assert_int_equal(s->nf_matches.v[0].kind, NF_M_UNKNOWN);
		assert_non_null(s->nf_matches.v[0].name);
		assert_int_equal(s->nf_rules.v[0].target.kind, NF_T_UNKNOWN);
		state_free(s);
	}
}

/* Wherever a document is cut, what came before is kept and the cut is named. */
static void
cut_anywhere(void **state)
{
	struct state *s = state_new();
	struct bytes b;

	(void)state;
	add_links(s);
	add_netfilter(s);
	add_cluster(s);
	state_ready(s);
	b = written(s);
	state_free(s);
	for (size_t n = 0; n + 2 < b.n; n += n < 2000 ? 1 : 97) {
		struct said said;

		s = state_new();
		read_bytes(s, read_own, "own", b.p, n, &said);
		assert_true(said.n >= 1);
		state_ready(s);
		state_free(s);
	}
	free(b.p);
}

static void
write_errors(void **state)
{
	struct state *s = state_new();
	int fds[2];

	(void)state;
	state_ready(s);
	assert_int_equal(state_write(s, -1), -EBADF);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(state_write(s, fds[1]), -EPIPE);
	close(fds[1]);
	state_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(lab_cases),
		cmocka_unit_test(every_field),
		cmocka_unit_test(no_field_forgotten),
		cmocka_unit_test(derived_stay_out), cmocka_unit_test(older_document),
		cmocka_unit_test(any_order),
		cmocka_unit_test(wrong_is_named),
		cmocka_unit_test(unreadable_match),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
