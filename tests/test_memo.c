/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A judgement that is used again must be the one that the flow would get by
 * itself: the same random flows, with the memory of judgements and without it.
 */
#include "decode/trace/tracer_int.h"
#include "decode/verdict/memo.h"
#include "tests/node_scene.h"
#include "tests/observe.h"

#define N_FLOWS		4000
#define TEXT_MAX	4096

static const char *const devs[] = { "eth0", "eth1", "eni182c452fe96",
    "enib3a9b371b64", "eni6a91d87bb13" };
static const char *const ends[] = { "10.0.0.10", "10.0.0.20", "10.0.0.11", "10.0.0.21",
    "10.0.0.22", "10.0.7.7", "10.0.7.8", "8.8.8.8", "9.9.9.9", "172.20.0.9",
    "169.254.169.254", "172.31.4.4", "100.64.1.1" };
static const unsigned ports[] = { 53, 80, 443, 8080, 30080, 30081, 41000 };

static uint32_t
draw(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) * n >> 31);
}

#define PICK(list)	(list)[draw(seed, sizeof(list) / sizeof((list)[0]))]

/* Where a packet between these ends would rightly pass, mostly; else anywhere. */
static const char *
dev_of(uint64_t *seed, const char *end)
{
	if (draw(seed, 8) != 0)
		for (unsigned i = 2; i < 5; i++)
			if (strcmp(end, ends[i]) == 0)
				return devs[i];
	return draw(seed, 3) ? "eth0" : PICK(devs);
}

static void
one_flow(struct scene *s, uint64_t *seed, unsigned n)
{
	const char *src = PICK(ends), *dst = PICK(ends);
	const char *as = draw(seed, 3) ? src : draw(seed, 4) ? ends[0] : PICK(ends);
	const char *to = draw(seed, 5) ? dst : PICK(ends);
	unsigned port = PICK(ports), to_port = strcmp(to, dst) == 0 ? port : 8080;
	/* Half of them as a pod's flow to the internet should be, in all but its
	   port, which a rule for one port makes wrong. */
	bool usual = draw(seed, 2);
	const char *in, *out;
	unsigned sport = 1024 + n * 7 % 60000, seq = n * 16 + 1;

	if (usual) {
		src = ends[2 + draw(seed, 3)];
		dst = to = "8.8.8.8";
		as = ends[0];
		to_port = port;
	}
	in = dev_of(seed, src);
	out = dev_of(seed, to);
	if (draw(seed, 8) != 0)
		see(s, "%s in  %s:%u > %s:%u tcp S seq=%u ttl=64", in, src, sport, dst,
		    port, seq);
	if (draw(seed, 12) != 0)
		see(s, "%s out %s:%u > %s:%u tcp S seq=%u ttl=63", out, as, sport, to,
		    to_port, seq);
	if (draw(seed, 3) == 0)
		return;
	see(s, "%s in  %s:%u > %s:%u tcp SA seq=%u ack=%u ttl=60",
	    draw(seed, 8) ? out : PICK(devs), to, to_port, as, sport, n, seq + 1);
	if (draw(seed, 12) != 0)
		see(s, "%s out %s:%u > %s:%u tcp SA seq=%u ack=%u ttl=59",
		    draw(seed, 8) ? in : PICK(devs), dst, port, src, sport, n, seq + 1);
}

static struct scene_node *
make_node(struct scene *s)
{
	struct scene_node *n = node_default();
	struct node_dev nodes[5];

	for (unsigned i = 0; i < 5; i++)
		nodes[i] = (struct node_dev){ devs[i], scene_ifindex(s, devs[i]) };
	node_devices(n, nodes, 5);
	node_swap(n, TEXT_IPTABLES, "-A PREROUTING -m comment --comment \"kubernetes service "
	    "portals\" -j KUBE-SERVICES\n", "-A PREROUTING -m comment --comment \"kubernetes "
	    "service portals\" -j KUBE-SERVICES\n-A KUBE-SERVICES -d 172.20.0.9/32 -p tcp -m "
	    "tcp --dport 80 -j DNAT --to-destination 10.0.0.11:8080\n-A KUBE-SERVICES -p tcp "
	    "-m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DNAT --to-destination "
	    "10.0.0.21:8080\n-A KUBE-SERVICES -d 8.8.8.8/32 -p tcp -m tcp --dport 443 -j DNAT "
	    "--to-destination 10.0.0.11:8080\n");
	node_build(n);
	return n;
}

static void
write_flow(char *out, const struct flow *f)
{
	const struct flow_node *n = &f->node;
	size_t at;

	snprintf(out, TEXT_MAX, "%llu %s kind %u has %x nat %u veth %s service %s",
	    (unsigned long long)f->id, verdict_name(f->verdict), n->kind, f->has,
	    f->nat, n->veth ? n->veth : "-", n->service ? n->service : "-");
	at = strlen(out);
	at += (size_t)snprintf(out + at, TEXT_MAX - at, " %s %s %s %s %s",
	    n->pod ? n->pod->name : "-", n->peer ? n->peer->name : "-",
	    n->eni && n->eni->dev ? n->eni->dev : "-", n->rule ? n->rule->text : "-",
	    n->nat_rule ? n->nat_rule->text : "-");
	addr_format(&n->pod_ip, out + at);
	for (unsigned i = 0; i < f->n_findings; i++) {
		at = strlen(out);
		snprintf(out + at, TEXT_MAX - at, " | %s %u %s %s %s", f->findings[i].code,
		    f->findings[i].level, f->findings[i].cause ? f->findings[i].cause : "-",
		    f->findings[i].text, f->findings[i].fix);
	}
}

struct texts {
	char		(*v)[TEXT_MAX];
	unsigned	n, ok;
};

static int
collect(void *arg, const struct flow *f)
{
	struct texts *x = arg;

	assert_true(x->n < 4 * N_FLOWS);
	write_flow(x->v[x->n++], f);
	x->ok += f->verdict == VERDICT_OK;
	return 1;
}

static struct texts
run(bool with_memo, uint64_t seed)
{
	struct scene *s = scene_new(SHAPE_ANY, 0);
	struct scene_node *n = make_node(s);
	struct texts x = { .v = malloc((size_t)4 * N_FLOWS * TEXT_MAX) };

	assert_non_null(x.v);
	tracer_observe(s->t, &(struct obs){ .type = OBS_STATE, .state = { n->state } });
	if (!with_memo) {
		memo_free(s->t->judge->memo);
		s->t->judge->memo = NULL;
		s->t->judge->no_memo = true;
	}
	for (unsigned i = 0; i < N_FLOWS; i++)
		one_flow(s, &seed, i);
	tracer_finish(s->t);
	assert_int_equal(tracer_each(s->t, collect, &x), 1);
	scene_free(s);
	node_free(n);
	return x;
}

static void
test_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct texts a = run(true, seed), b = run(false, seed);

		assert_int_equal(a.n, b.n);
		/* many that are right, many that are not */
		assert_true(a.ok > a.n / 20 && a.ok < a.n);
		for (unsigned i = 0; i < a.n; i++)
			assert_string_equal(a.v[i], b.v[i]);
		free(a.v);
		free(b.v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
