/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_contract.c - any node state, asked everything of the contract.
 *
 * The input is a node's texts one after another, each behind a line "@X" whose
 * letter says by which reader it goes (a is the first).  They may contradict each
 * other in any way; the contract must neither crash nor loop.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/state/reader.h"
#include "decode/contract.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static reader_fn *const readers[] = {
	read_ip_rule, read_ip6_rule, read_ip_route, read_ip6_route, read_ip_addr,
	read_iptables_save, read_enis, read_ipam, read_cni_settings, read_sysctl,
	read_kubectl_json, read_metrics,
};

#define N_READERS	(sizeof(readers) / sizeof(readers[0]))

static void
no_report(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static bool
on_drift(void *arg, const struct drift *d)
{
	*(size_t *)arg += strlen(d->text) + strlen(d->fix) + strlen(d->code);
	return true;
}

static bool
on_pod(void *arg, const struct addr *a, const struct owner *o)
{
	*(size_t *)arg += a->b[15] + (o->veth != NULL ? strlen(o->veth) : 0);
	return true;
}

/* Addresses that the state itself has. */
static unsigned
some_addrs(const struct state *s, struct addr *out, unsigned room)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < s->addrs.n && n < room; i++)
		out[n++] = s->addrs.v[i].addr;
	for (uint32_t i = 0; i < s->pods.n && n < room; i++)
		if (s->pods.v[i].n_addrs > 0)
			out[n++] = s->pods.v[i].addrs[0];
	for (uint32_t i = 0; i < s->rules.n && n < room; i++)
		out[n++] = s->rules.v[i].from.addr;
	if (n < room && addr_parse("8.8.8.8", &out[n]))
		n++;
	return n;
}

static void
ask(const struct contract *c, const struct addr *src, const struct addr *dst,
    const char *iif, unsigned how)
{
	static const char *const codes[] = { "missing-snat", "wrong-snat",
	    "unexpected-snat", "wrong-eni", "source-not-on-eni", "asymmetric-path",
	    "service-ip-on-wire", "hairpin", "not-forwarded", "reply-not-forwarded",
	    "no-reply" };
	struct demand_query q = { .orig = { .src = *src, .dst = *dst }, .dst = *dst,
	    .iif = iif, .from_node = how & 1, .dnat = how & 2, .masqueraded = how & 4 };
	char why[FAULT_TEXT], fix[FIX_TEXT];
	struct demand d;

	contract_demand(c, &q, &d);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct fault f = { .code = codes[i], .query = &q, .demand = &d,
		    .dev = d.dev, .reply = how & 1 };

		contract_explain(c, &f, why, fix);
	}
	contract_may_send(c, d.dev, src);
}

static void
ask_all(const struct state *s, const struct contract *c)
{
	struct addr a[12];
	unsigned n = some_addrs(s, a, 12), count;
	struct capacity cap;
	struct settings st;
	size_t sum = 0;

	contract_enis(c, &count);
	contract_settings(c, &st);
	contract_capacity(c, &cap);
	contract_drift(c, on_drift, &sum);
	contract_pods(c, on_pod, &sum);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++)
			ask(c, &a[i], &a[k], k % 2 ? "eth0" : NULL, (i + k) % 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct state *s = state_new();
	struct contract *c;
	struct model *m;
	size_t which = 0;

	if (s == NULL)
		return 0;
	while (p < end) {
		const char *next = memmem(p, (size_t)(end - p), "\n@", 2);
		struct reader r = { .state = s, .file = "fuzz", .data = p,
		    .len = (size_t)((next ? next + 1 : end) - p),
		    .report = no_report };

		if (*p == '@' && end - p > 2) {
			which = (size_t)(p[1] - 'a') % N_READERS;
			r.data += 3;
			r.len = r.len > 3 ? r.len - 3 : 0;
		}
		if (r.len > 0)
			readers[which](&r);
		p = next ? next + 1 : end;
	}
	state_ready(s);
	m = model_new(s);
	c = contract_new(s, m);
	if (c != NULL)
		ask_all(s, c);
	contract_free(c);
	model_free(m);
	state_free(s);
	return 0;
}
