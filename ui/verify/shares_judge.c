/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares_judge.c - what the shares of one Service port say: even or not, in its
   zone or not, and what was led to endpoints that are gone. */
#include "ui/verify/shares.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNTS_SHOWN	12

struct words {
	char	text[480];
	char	fix[200];
};

/* At the end of what is there, as far as there is room. */
__attribute__((format(printf, 2, 3)))
static void
append(struct words *w, const char *text, ...)
{
	size_t at = strlen(w->text);
	va_list ap;

	va_start(ap, text);
	vsnprintf(w->text + at, sizeof(w->text) - at, text, ap);
	va_end(ap);
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void
add(struct shares_check *c, const struct share_port *p, enum check_result result,
    const char *code, const struct words *w)
{
	struct opinion o = { .applies = true, .result = (uint8_t)result, .code = code,
		.text = w->text, .fix = w->fix };
	struct item_text who = { .flow_id = 0 };
	char name[OUT_SHARE_NAME_MAX];

	out_share_name(p, name);
	snprintf(who.who, sizeof(who.who), "%s", name);
	verify_add(c->verify, CHECK_SHARES, &o, &who);
}

/* What was seen by chance of where the endpoint is says nothing of shares. */
static bool
is_one_sided(const struct shares_check *c, struct words *w)
{
	if (c->after_only == 0)
		return false;
	append(w, "; %" PRIu64 " connection%s seen on the way to the endpoint alone, so "
	    "that those to others may be missing: capture where the clients are, or on "
	    "all interfaces", c->after_only, c->after_only == 1 ? " was" : "s were");
	return true;
}

/* ---- endpoints that are gone */

static void
judge_gone(struct shares_check *c, const struct share_port *p,
    const struct share_endpoint *e)
{
	struct words w = { .text = "", .fix = "" };
	char end[OUT_SHARE_END_MAX], addr[ADDR_TEXT_MAX], proto[PRESENT_PROTO_MAX];
	bool stale = e->stale > 0;

	append(&w, "%" PRIu64 " connection%s led to %s, which is no endpoint of it",
	    e->gone, e->gone == 1 ? " was" : "s were",
	    out_share_end(&e->addr, e->port, end));
	if (e->gone_answered == 0)
		append(&w, "; not answered");
	else if (e->gone_answered < e->gone)
		append(&w, "; %" PRIu64 " answered", e->gone_answered);
	else
		append(&w, "; answered, so that it was one then, or another has its "
		    "address now");
	if (stale) {
		append(&w, "; an old entry of conntrack leads there");
		addr_format(&e->addr, addr);
		snprintf(w.fix, sizeof(w.fix), "conntrack -D -p %s --reply-src %s",
		    present_proto(p->proto, proto), addr);
	}
	add(c, p, stale || e->gone_answered < e->gone ? CHECK_FAILED : CHECK_UNSURE,
	    stale ? "stale-conntrack" : "endpoint-gone", &w);
}

/* ---- zones */

static void
say_unknown_zones(const struct share_port *p, struct words *w)
{
	if (p->client_unknown > 0)
		append(w, "; %" PRIu64 " from clients whose zone is not known",
		    p->client_unknown);
	if (p->zone_unknown > 0)
		append(w, "; %" PRIu64 " to endpoints whose zone is not known",
		    p->zone_unknown);
}

static void
judge_zones(struct shares_check *c, const struct share_port *p)
{
	struct words w = { .text = "", .fix = "" };
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
	enum check_result result = CHECK_FAILED;
	const char *code = NULL;

	append(&w, "%" PRIu64 " connection%s: ", p->connections, plural(p->connections));
	if (p->left > 0) {
		code = "not-zone-local";
		addr_format(&p->example.client, from);
		addr_format(&p->example.endpoint, to);
		append(&w, "%" PRIu64 " of %" PRIu64 " left the client's zone although "
		    "an endpoint is ready there, such as %s in %s to %s in %s",
		    p->left, p->stayed + p->left + p->left_none, from, p->example.from,
		    to, p->example.to);
		snprintf(w.fix, sizeof(w.fix), "see whether the EndpointSlice has hints "
		    "(service.kubernetes.io/topology-mode: Auto needs endpoints in "
		    "every zone), and whether kube-proxy has written its rules since");
	} else if (p->left_none > 0) {
		result = CHECK_UNSURE;
		append(&w, "%" PRIu64 " left the client's zone, which has no ready "
		    "endpoint", p->left_none);
	} else if (p->stayed == 0 || p->zone_unknown > 0) {
		result = CHECK_UNSURE;
		append(&w, "whether they stayed in their zone is not known (zones are "
		    "in kubectl get nodes, endpointslices -o json)");
	} else {
		result = CHECK_OK;
		append(&w, "%s%" PRIu64 " stayed in the client's zone",
		    p->stayed == p->connections ? "all " : "", p->stayed);
	}
	say_unknown_zones(p, &w);
	if (result == CHECK_OK && is_one_sided(c, &w))
		result = CHECK_UNSURE;
	add(c, p, result, code, &w);
}

/* ---- evenness */

static void
say_counts(const struct share_port *p, struct words *w)
{
	unsigned shown = 0;

	append(w, "%" PRIu64 " connection%s over %u endpoint%s", p->tested,
	    plural(p->tested), p->n_eligible, plural(p->n_eligible));
	for (unsigned i = 0; i < p->n_endpoints && p->endpoints[i].eligible; i++) {
		if (shown == COUNTS_SHOWN) {
			append(w, ", ...");
			break;
		}
		append(w, "%s%" PRIu64, shown++ == 0 ? ": " : ", ",
		    p->endpoints[i].connections);
	}
}

/* Why there are fewer to choose from than the Service has. */
static void
say_others(const struct share_port *p, struct words *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_endpoints; i++)
		n += p->endpoints[i].ready && !p->endpoints[i].eligible;
	if (n > 0)
		append(w, "; this node's rules or its traffic policy leave %u other%s "
		    "out", n, plural(n));
	if (p->untranslated > 0)
		append(w, "; %" PRIu64 " more, whose endpoint was not seen",
		    p->untranslated);
}

static void
judge_even(struct shares_check *c, const struct share_port *p)
{
	struct words w = { .text = "", .fix = "" };
	enum check_result result = CHECK_UNSURE;
	const char *code = NULL;

	say_counts(p, &w);
	switch ((enum evenness)p->even) {
	case EVEN_YES:
	case EVEN_NO:
		result = p->even == EVEN_YES ? CHECK_OK : CHECK_FAILED;
		code = p->even == EVEN_YES ? NULL : "uneven-shares";
		append(&w, ": %s (chi-square %.2f, %u degree%s of freedom%s)",
		    evenness_name(p->even), p->chi_square, p->degrees,
		    plural(p->degrees), p->even == EVEN_YES ? "" :
		    "; by chance less than once in 1,000 times");
		break;
	case EVEN_ALONE:
		result = CHECK_OK;
		append(&w, ": it has no other");
		break;
	case EVEN_TOO_FEW:
		append(&w, ": too few to tell, at least %u are needed",
		    5 * p->n_eligible);
		break;
	case EVEN_AFFINITY:
		append(&w, ": with session affinity each client stays with one "
		    "endpoint, and shares say nothing");
		break;
	case EVEN_CHANGED:
		append(&w, ": endpoints came or went meanwhile");
		break;
	case EVEN_UNKNOWN:
	case N_EVENNESS:
		w.text[0] = '\0';
		append(&w, "%" PRIu64 " connection%s: its ready endpoints are not known",
		    p->connections, plural(p->connections));
		break;
	}
	say_others(p, &w);
	if ((p->even == EVEN_YES || p->even == EVEN_NO) && is_one_sided(c, &w)) {
		result = CHECK_UNSURE;
		code = NULL;
	}
	add(c, p, result, code, &w);
}

void
shares_judge(struct shares_check *c, const struct share_port *p)
{
	for (unsigned i = 0; i < p->n_endpoints; i++)
		if (p->endpoints[i].gone > 0)
			judge_gone(c, p, &p->endpoints[i]);
	if (c->verify->config.zone_local)
		judge_zones(c, p);
	else
		judge_even(c, p);
}
