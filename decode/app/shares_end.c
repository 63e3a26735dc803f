/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares_end.c - what the counts say: evenness by chi-square, and the order in which
   they are shown; see shares.h. */
#include "decode/app/shares_int.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED_MIN	5	/* of chi-square, for each endpoint */

double
shares_critical(unsigned df)
{
	/* NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: 0.001. */
	static const double table[] = { 0,
		10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.125, 27.877,
		29.588, 31.264, 32.910, 34.528, 36.123, 37.697, 39.252, 40.790, 42.312,
		43.820, 45.315, 46.797, 48.268, 49.728, 51.179, 52.620, 54.052, 55.476,
		56.892, 58.301, 59.703,
	};
	double a, root = 1;

	if (df < sizeof(table) / sizeof(table[0]))
		return table[df];
	a = 2.0 / (9.0 * df);
	for (unsigned i = 0; i < 40; i++)	/* Newton: the square root of a */
		root = (root + a / root) / 2;
	a = 1 - a + 3.0902 * root;
	return df * a * a * a;
}

static void
test_even(struct port *p)
{
	struct share_port *out = &p->p;
	double n, sum = 0;

	out->n_eligible = 0;
	out->tested = 0;
	for (uint32_t i = 0; i < out->n_endpoints; i++)
		if (p->v[i].eligible) {
			double c = (double)p->v[i].connections;

			out->n_eligible++;
			out->tested += p->v[i].connections;
			sum += c * c;
		}
	n = (double)out->tested;
	out->degrees = out->n_eligible > 0 ? out->n_eligible - 1 : 0;
	out->critical = shares_critical(out->degrees);
	out->chi_square = n > 0 ? sum * out->n_eligible / n - n : 0;
	if (out->chi_square < 0)
		out->chi_square = 0;	/* rounding */
	if (!p->known || out->n_eligible == 0)
		out->even = EVEN_UNKNOWN;
	else if (out->n_eligible == 1)
		out->even = EVEN_ALONE;
	else if (p->affinity)
		out->even = EVEN_AFFINITY;
	else if (p->changed)
		out->even = EVEN_CHANGED;
	else if (out->tested < (uint64_t)EXPECTED_MIN * out->n_eligible)
		out->even = EVEN_TOO_FEW;
	else
		out->even = out->chi_square > out->critical ? EVEN_NO : EVEN_YES;
}

static int
by_rank(const void *x, const void *y)
{
	const struct share_endpoint *a = x, *b = y;
	int d;

	if (a->eligible != b->eligible)
		return a->eligible ? -1 : 1;
	if (a->listed != b->listed)
		return a->listed ? -1 : 1;
	d = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return d != 0 ? d : a->port - b->port;
}

static int
by_zone_name(const void *x, const void *y)
{
	const struct share_zone *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static int
by_name(const void *x, const void *y)
{
	const struct share_port *a = &(*(struct port *const *)x)->p;
	const struct share_port *b = &(*(struct port *const *)y)->p;
	int d = strcmp(a->ns, b->ns);

	if (d == 0)
		d = strcmp(a->name, b->name);
	if (d == 0)
		d = strcmp(a->port_name ? a->port_name : "",
		    b->port_name ? b->port_name : "");
	if (d == 0)
		d = a->port - b->port;
	if (d == 0)
		d = a->proto - b->proto;
	return d != 0 ? d : a->external - b->external;
}

/* The same port in a state of another time. */
static const struct svc_port *
find_again(const struct state *s, const struct port *p)
{
	const struct svc_port *sp = p->has_addr ?
	    state_service(s, &p->addr, p->p.port, p->p.proto) : NULL;
	const struct service *v;

	if (sp == NULL && p->node_port != 0)
		sp = state_node_port(s, p->node_port, p->p.proto);
	if (sp == NULL)
		return NULL;
	v = &s->services.v[sp->service];
	return strcmp(v->name, p->p.name) == 0 && strcmp(v->ns, p->p.ns) == 0 &&
	    shares_same_text(sp->name, p->p.port_name) ? sp : NULL;
}

static void
port_end(struct shares *sh, struct port *p, const struct state *s)
{
	const struct svc_port *sp = s != NULL ? find_again(s, p) : NULL;

	if (sp != NULL)
		shares_refresh(sh, p, s, sp, false);
	else
		p->changed = true;	/* the Service is gone */
	test_even(p);
	if (p->p.n_endpoints > 0)
		qsort(p->v, p->p.n_endpoints, sizeof(*p->v), by_rank);
	if (p->p.n_endpoints > 0)
		shares_rehash(p, p->n_slots);
	for (unsigned i = 0; i < p->p.n_zones; i++)
		p->p.zones[i].n_ready = 0;
	for (uint32_t i = 0; i < p->p.n_endpoints; i++) {
		struct share_zone *z = p->v[i].zone != NULL && p->v[i].ready ?
		    shares_zone(&p->p, p->v[i].zone) : NULL;

		if (z != NULL)
			z->n_ready++;
	}
	qsort(p->p.zones, p->p.n_zones, sizeof(p->p.zones[0]), by_zone_name);
	p->p.endpoints = p->v;
}

void
shares_end(struct shares *sh, const struct state *s)
{
	for (uint32_t i = 0; i < sh->n; i++)
		port_end(sh, sh->v[i], s);
	if (sh->n > 1)
		qsort(sh->v, sh->n, sizeof(struct port *), by_name);
	shares_index(sh);
}

const char *
evenness_name(unsigned e)
{
	static const char *const names[N_EVENNESS] = {
		[EVEN_TOO_FEW] = "too-few", [EVEN_YES] = "even", [EVEN_NO] = "uneven",
		[EVEN_ALONE] = "one-endpoint", [EVEN_AFFINITY] = "affinity",
		[EVEN_CHANGED] = "changed", [EVEN_UNKNOWN] = "unknown",
	};

	return e < N_EVENNESS ? names[e] : NULL;
}
