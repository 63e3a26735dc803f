/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_json_app.c - what payloads and the ends of a flow say, as JSON. */
#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "decode/state.h"
#include "ui/out/out_json.h"

/* ---- PROXY protocol */

#define put_bytes(j, name, b) do {					\
	if ((b)->n > 0) {						\
		json_key(j, name);					\
		put_part(j, b);						\
	}								\
} while (0)

static void
put_part(struct json *j, const struct proxy_bytes *b)
{
	char text[PROXY_MAX + 1];
	size_t n = b->n < sizeof(text) - 1 ? b->n : sizeof(text) - 1;

	memcpy(text, b->p, n);
	text[n] = '\0';
	json_text(j, text);
}

/* Any bytes may be in it: in hexadecimal. */
static void
put_hex(struct json *j, const struct proxy_bytes *b)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * 256 + 1];
	size_t n = b->n < 256 ? b->n : 256, i;

	for (i = 0; i < n; i++) {
		text[2 * i] = digits[b->p[i] >> 4];
		text[2 * i + 1] = digits[b->p[i] & 15];
	}
	text[2 * n] = '\0';
	json_text(j, text);
}

static void
put_ssl(struct json *j, const struct proxy_header *h)
{
	json_key(j, "ssl");
	json_open(j, '{');
	json_key(j, "client");
	json_u64(j, h->ssl_client);
	json_key(j, "verified");
	json_bool(j, h->ssl_verify == 0);
	put_bytes(j, "version", &h->ssl_version);
	put_bytes(j, "cn", &h->ssl_cn);
	put_bytes(j, "cipher", &h->ssl_cipher);
	put_bytes(j, "sig_alg", &h->ssl_sig_alg);
	put_bytes(j, "key_alg", &h->ssl_key_alg);
	put_bytes(j, "group", &h->ssl_group);
	json_close(j, '}');
}

static void
put_proxy(struct json *j, const struct proxy_header *h)
{
	json_key(j, "proxy_protocol");
	json_open(j, '{');
	json_key(j, "version");
	json_u64(j, h->version);
	if (h->why != NULL) {
		json_key(j, "error");
		json_text(j, h->why);
		json_close(j, '}');
		return;
	}
	if (h->local || h->unknown) {
		json_key(j, "command");
		json_text(j, h->local ? "LOCAL" : h->version == 1 ? "UNKNOWN" : "PROXY");
	}
	if (h->has & PROXY_HAS_ADDRS) {
		json_key(j, "src");
		json_addr(j, &h->src);
		json_key(j, "sport");
		json_u64(j, h->sport);
		json_key(j, "dst");
		json_addr(j, &h->dst);
		json_key(j, "dport");
		json_u64(j, h->dport);
	}
	put_bytes(j, "vpce", &h->vpce);
	put_bytes(j, "alpn", &h->alpn);
	put_bytes(j, "authority", &h->authority);
	put_bytes(j, "netns", &h->netns);
	if (h->unique_id.n > 0) {
		json_key(j, "unique_id");
		put_hex(j, &h->unique_id);
	}
	if (h->has & PROXY_HAS_CRC) {
		json_key(j, "crc32c");
		json_bool(j, true);
	}
	if (h->has & PROXY_HAS_SSL)
		put_ssl(j, h);
	json_close(j, '}');
}

/* ---- DNS */

static void
put_answer(struct json *j, const struct dns_query *q)
{
	if (q->answered.ns != 0) {
		json_key(j, "answered");
		json_time(j, q->answered);
	}
	if (q->truncated) {
		json_key(j, "truncated");
		json_bool(j, true);
	}
	if (q->cname != NULL) {
		json_key(j, "cname");
		json_text(j, q->cname);
		json_key(j, "cnames");
		json_u64(j, q->n_cnames);
	}
	if (q->n_addrs == 0)
		return;
	json_key(j, "addresses");
	json_open(j, '[');
	for (unsigned i = 0; i < q->n_addrs && i < DNS_QUERY_ADDRS; i++)
		json_addr(j, &q->addrs[i]);
	json_close(j, ']');
	if (q->n_addrs > DNS_QUERY_ADDRS) {
		json_key(j, "addresses_in_all");
		json_u64(j, q->n_addrs);
	}
	json_key(j, "ttl");
	json_u64(j, q->ttl);
}

static void
put_query(struct json *j, const struct dns_query *q)
{
	static const char *const outcomes[] = {
		[DNS_WAITING] = "no-answer", [DNS_ANSWERED] = "answered",
		[DNS_EMPTY] = "empty", [DNS_FAILED] = "failed",
	};

	json_open(j, '{');
	json_key(j, "name");
	json_text(j, q->name);
	json_key(j, "type");
	if (dns_type_name(q->type) != NULL)
		json_text(j, dns_type_name(q->type));
	else
		json_u64(j, q->type);
	json_key(j, "outcome");
	json_text(j, outcomes[q->outcome]);
	if (q->outcome != DNS_WAITING) {
		json_key(j, "rcode");
		if (dns_rcode_name(q->rcode) != NULL)
			json_text(j, dns_rcode_name(q->rcode));
		else
			json_u64(j, q->rcode);
	}
	if (q->asked.ns != 0) {
		json_key(j, "asked");
		json_time(j, q->asked);
		json_key(j, "sent");
		json_u64(j, q->sent);
	}
	put_answer(j, q);
	json_close(j, '}');
}

static void
put_dns(struct json *j, const struct flow_app *a)
{
	json_key(j, "dns");
	json_open(j, '[');
	for (unsigned i = 0; i < a->n_queries; i++)
		put_query(j, &a->queries[i]);
	json_close(j, ']');
	if (a->queries_left_out > 0) {
		json_key(j, "dns_left_out");
		json_u64(j, a->queries_left_out);
	}
}

/* ---- */

static void
put_process(struct json *j, const struct sock *s)
{
	json_key(j, "process");
	json_open(j, '{');
	json_key(j, "name");
	json_text(j, s->process);
	if (s->pid != 0) {
		json_key(j, "pid");
		json_u64(j, s->pid);
	}
	json_close(j, '}');
}

void
out_json_app(struct json *j, const struct flow_app *a)
{
	if (a->role != NULL) {
		json_key(j, "role");
		json_text(j, a->role);
		if (a->role_text != NULL) {
			json_key(j, "role_text");
			json_text(j, a->role_text);
		}
	}
	if (a->process != NULL && a->process->process != NULL)
		put_process(j, a->process);
	if (a->dns_name != NULL) {
		json_key(j, "dns_name");
		json_text(j, a->dns_name);
	}
	if (a->n_queries > 0)
		put_dns(j, a);
	if (a->proxy != NULL)
		put_proxy(j, a->proxy);
}
