/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_rules.h - what holds for every decoded packet, whatever its bytes.
 *
 * Each function returns NULL, or what is wrong.
 */
#ifndef TESTS_PACKET_RULES_H
#define TESTS_PACKET_RULES_H

#include <stddef.h>
#include <string.h>

#include "decode/packet.h"

#define RULE(holds, text) do { if (!(holds)) return text; } while (0)

/* Do the n bytes at p lie inside the frame? */
static inline bool
rule_inside(const uint8_t *p, uint32_t n, const uint8_t *frame, uint32_t caplen)
{
	return p >= frame && (size_t)(p - frame) <= caplen &&
	    n <= caplen - (size_t)(p - frame);
}

static inline const char *
rules_layer(const struct layer *l, const uint8_t *frame, uint32_t caplen)
{
	RULE(rule_inside(l->l3, l->l3_cap, frame, caplen),
	    "l3 is outside of the frame");
	RULE(rule_inside(l->payload, l->payload_cap, frame, caplen),
	    "the payload is outside of the frame");
	RULE(l->payload_cap <= l->payload_len,
	    "more payload was captured than there is");
	RULE(l->l3_cap <= l->ip_len, "more of IP was captured than there is");
	RULE(l->payload_len < l->ip_len || l->kind == LAYER_ARP,
	    "the payload is longer than its packet");
	RULE(l->tunnel.type < N_TUNNEL_TYPES, "a tunnel type that is none");
	RULE(!(l->has & IS_FRAG_LATER) || l->has & IS_FRAG,
	    "a later fragment that is no fragment");
	RULE(!(l->has & IS_FRAG_LATER) || !(l->has & (HAS_PORTS | HAS_L4)),
	    "a later fragment with a transport header");
	RULE(!(l->has & HAS_TCP) || l->has & HAS_PORTS, "TCP without ports");
	RULE(!(l->has & HAS_TCP_TS) || l->has & HAS_TCP,
	    "timestamps without TCP");
	RULE(!(l->has & HAS_ICMP_ECHO) ||
	    (l->has & HAS_PORTS && (!l->t.sport || !l->t.dport)),
	    "an ICMP id on both sides");
	RULE(l->has & HAS_PORTS || (!l->t.sport && !l->t.dport),
	    "ports that are not told");
	return NULL;
}

static inline const char *
rules_packet(const struct packet *p, const uint8_t *frame, uint32_t caplen)
{
	RULE(p->outcome < N_OUTCOMES, "an outcome that is none");
	RULE((p->why == NULL) == (p->outcome == DEC_OK),
	    "a reason without a fault, or the other way round");
	RULE(p->n_layers <= PACKET_MAX_LAYERS, "too many layers");
	RULE(p->outcome != DEC_OK || p->n_layers > 0, "fine, but no layer");
	for (unsigned i = 0; i < p->n_layers; i++) {
		const char *wrong = rules_layer(&p->layer[i], frame, caplen);

		if (wrong != NULL)
			return wrong;
		RULE((i == 0) == (p->layer[i].tunnel.type == TUN_NONE),
		    "tunnels and layers disagree");
	}
	return NULL;
}

static inline const char *
rules_cut_layer(const struct layer *whole, const struct layer *cut)
{
	const struct tuple *a = &whole->t, *b = &cut->t;

	RULE(whole->kind == cut->kind && whole->ttl == cut->ttl &&
	    whole->tunnel.type == cut->tunnel.type &&
	    whole->tunnel.id == cut->tunnel.id,
	    "a cut changed the IP header's facts");
	/* IPv6 extensions, which may tell these two, come before ports. */
	RULE(!(cut->has & (HAS_PORTS | HAS_L4)) ||
	    (whole->ip_len == cut->ip_len && whole->ip_id == cut->ip_id),
	    "a cut changed the IP packet's length or id");
	RULE(addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst),
	    "a cut changed the addresses");
	RULE((cut->has & ~whole->has) == 0, "a cut added facts");
	RULE(!(cut->has & HAS_PORTS) || (a->sport == b->sport &&
	    a->dport == b->dport && a->proto == b->proto),
	    "a cut changed the ports");
	RULE(!(cut->has & HAS_TCP_TS) || (whole->ts_val == cut->ts_val &&
	    whole->ts_ecr == cut->ts_ecr), "a cut changed the timestamps");
	RULE(!(cut->has & (HAS_L4 | HAS_TCP)) ||
	    whole->payload_len == cut->payload_len,
	    "a cut changed the length of the payload");
	RULE(!(cut->has & HAS_ERROR) || !cut->about_has ||
	    (whole->about.sport == cut->about.sport &&
	    whole->about.dport == cut->about.dport &&
	    whole->about.proto == cut->about.proto),
	    "a cut changed what an error is about");
	return NULL;
}

/* `cut` is the same frame with less of it captured. */
static inline const char *
rules_cut(const struct packet *whole, const struct packet *cut)
{
	RULE(cut->n_layers <= whole->n_layers, "a cut added layers");
	RULE(cut->outcome == DEC_TRUNCATED || (cut->outcome == whole->outcome &&
	    (cut->why == whole->why || strcmp(cut->why, whole->why) == 0)),
	    "a cut changed the outcome to another than truncated");
	for (unsigned i = 0; i < cut->n_layers; i++) {
		const char *wrong = rules_cut_layer(&whole->layer[i],
		    &cut->layer[i]);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

#endif
