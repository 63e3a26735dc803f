/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.c - where a packet was seen, and what that place is called.
 *
 * An ordinary capture is one interface.  A cooked v2 capture (`any`) carries
 * an ifindex in each packet.  A cooked v1 capture carries neither name nor
 * index, but its address field is the interface's own MAC in what goes out
 * and the sender's in what comes in (packet(7), sll_addr): each of these is a
 * place of its own here, and conversations that come in from a sender and are
 * answered by a MAC show which senders belong to which interface.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/trace/tracer_int.h"

#define IFACE_ROOM	65535u		/* leg_rec.iface has 16 bits; the last is "too many" */
#define IFACE_BUCKETS	(1u << 17)

static uint32_t
iface_hash(const struct iface_rec *r)
{
	uint64_t mac = 0;

	memcpy(&mac, r->mac, sizeof(r->mac));
	return (uint32_t)fp_mix((uint64_t)r->number << 32 | r->ifindex,
	    mac << 8 | r->kind) & (IFACE_BUCKETS - 1);
}

static bool
iface_same(const struct iface_rec *x, const struct iface_rec *y)
{
	return x->number == y->number && x->ifindex == y->ifindex &&
	    x->kind == y->kind && memcmp(x->mac, y->mac, sizeof(x->mac)) == 0;
}

static bool
iface_room(struct tracer *t)
{
	unsigned room = t->room_ifaces ? t->room_ifaces * 2 : 16;
	struct iface_rec *p;

	if (t->iface_index == NULL)
		t->iface_index = calloc(IFACE_BUCKETS, sizeof(*t->iface_index));
	if (t->iface_index == NULL)
		return false;
	if (t->n_ifaces < t->room_ifaces)
		return true;
	p = realloc(t->ifaces, room * sizeof(*p));
	if (p == NULL)
		return false;
	t->ifaces = p;
	t->room_ifaces = room;
	return true;
}

/* The place like `want`, made when it is new.  When 65535 are there, the last
   one stands for all further ones. */
static uint16_t
iface_intern(struct tracer *t, const struct iface_rec *want)
{
	uint32_t i;

	if (!iface_room(t))
		return 0;
	for (i = iface_hash(want); t->iface_index[i] != 0;
	    i = (i + 1) & (IFACE_BUCKETS - 1)) {
		unsigned at = t->iface_index[i] - 1u;

		if (iface_same(&t->ifaces[at], want))
			return (uint16_t)at;
	}
	/* The last is nobody's: what finds no place of its own is not named. */
	if (t->n_ifaces >= IFACE_ROOM - 1) {
		t->ifaces[IFACE_ROOM - 1] = (struct iface_rec){ .number = UINT32_MAX,
		    .kind = IFACE_PLAIN };
		t->n_ifaces = IFACE_ROOM;
		return IFACE_ROOM - 1;
	}
	t->ifaces[t->n_ifaces] = *want;
	if (want->kind != IFACE_PLAIN) {
		const struct iface_rec of = { .number = want->number };

		t->ifaces[t->n_ifaces].source =
		    t->ifaces[iface_intern(t, &of)].source;
	}
	t->iface_index[i] = (uint16_t)(t->n_ifaces + 1);
	return (uint16_t)t->n_ifaces++;
}

bool
iface_declare(struct tracer *t, const struct obs_iface *o)
{
	struct iface_rec want = { .number = o->number, .kind = IFACE_PLAIN };
	struct iface_rec *r;
	uint16_t at = iface_intern(t, &want);
	char *name = NULL;

	if (t->n_ifaces == 0 || !iface_same(&t->ifaces[at], &want))
		return false;
	r = &t->ifaces[at];
	if (o->name != NULL && (name = strdup(o->name)) == NULL)
		return false;
	free(r->name);
	iface_forget_devs(t);
	r->name = name;
	r->given = o->given;
	r->only = o->ifindex;
	r->many = (o->linktype == LT_SLL || o->linktype == LT_SLL2) && o->ifindex == 0;
	r->source = (uint8_t)o->clock;
	return true;
}

uint16_t
iface_find(struct tracer *t, const struct obs_packet *o, const struct packet *p)
{
	bool indexed = o->linktype == LT_SLL2;
	struct iface_rec want = { .number = o->number,
	    .ifindex = indexed ? p->ifindex : 0,
	    .kind = indexed ? IFACE_INDEX : IFACE_PLAIN };
	struct iface_rec *r;
	uint16_t at;

	/* Cooked v1 has as many places as addresses: no hint for them. */
	if (o->linktype == LT_SLL && p->has_src_mac) {
		want.kind = p->dir == DIR_OUT ? IFACE_OWN : IFACE_PEER;
		memcpy(want.mac, p->src_mac, sizeof(want.mac));
		return iface_intern(t, &want);
	}
	at = iface_intern(t, &want);
	if (t->n_ifaces == 0)
		return at;
	r = &t->ifaces[at];
	if (indexed && p->dir == DIR_OUT && p->has_src_mac && !r->has_mac) {
		memcpy(r->own_mac, p->src_mac, sizeof(r->own_mac));
		r->has_mac = true;
	}
	if (o->linktype != LT_SLL)
		*iface_hint_at(t, want.ifindex, want.number, p->dir) =
		    (struct iface_hint){ want.number, want.ifindex, at, p->dir, true };
	return at;
}

/* A majority vote (Boyer and Moore): one asymmetric path must not decide. */
void
iface_vote_own(struct tracer *t, uint16_t peer, uint16_t own)
{
	struct iface_rec *p = &t->ifaces[peer];

	if (p->kind != IFACE_PEER || t->ifaces[own].kind != IFACE_OWN ||
	    p->number != t->ifaces[own].number)
		return;
	p->is_shown = p->dev_known = false;
	if (p->own_votes == 0)
		p->own = own;
	if (p->own == own)
		p->own_votes += p->own_votes != UINT32_MAX;
	else
		p->own_votes--;
}

void
iface_fini(struct tracer *t)
{
	for (unsigned i = 0; i < t->n_ifaces; i++)
		free(t->ifaces[i].name);
	free(t->ifaces);
	free(t->iface_index);
	for (unsigned i = 0; i < t->n_names; i++)
		free(t->names[i].name);
	free(t->names);
}

/* The capture's interface that carries this one; NULL when it was not declared. */
const struct iface_rec *
iface_carrier(const struct tracer *t, const struct iface_rec *r)
{
	for (unsigned i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].kind == IFACE_PLAIN &&
		    t->ifaces[i].number == r->number)
			return &t->ifaces[i];
	return NULL;
}

/* The capture named this very interface. */
bool
iface_is_only(const struct iface_rec *carrier, const struct iface_rec *r)
{
	return carrier != NULL && carrier->only != 0 && r->kind == IFACE_INDEX &&
	    carrier->only == r->ifindex && carrier->name != NULL;
}

static void
show(const struct tracer *t, const struct iface_rec *r, struct iface *out)
{
	const struct iface_rec *carrier = iface_carrier(t, r);
	/* The capture's name goes before what was found inside, so that captures
	   of two nodes stay apart. */
	const char *of = carrier != NULL && carrier->given ? carrier->name : NULL;
	const char *colon = of ? ":" : "";
	char mac[MAC_TEXT_MAX];

	*out = (struct iface){ .name = "?" };
	if (of == NULL)
		of = "";
	if (iface_is_only(carrier, r)) {
		snprintf(out->name, sizeof(out->name), "%s", carrier->name);
		out->named = out->has_ifindex = true;
		out->ifindex = r->ifindex;
		return;
	}
	if (r->dev != NULL && r->kind != IFACE_PLAIN) {
		snprintf(out->name, sizeof(out->name), "%s%s%s", of, colon, r->dev);
		out->named = true;
		out->has_ifindex = r->kind == IFACE_INDEX;
		out->ifindex = r->ifindex;
		return;
	}
	switch ((enum iface_kind)r->kind) {
	case IFACE_PLAIN:
		out->named = r->name != NULL;
		if (r->name != NULL)
			snprintf(out->name, sizeof(out->name), "%s", r->name);
		break;
	case IFACE_INDEX:
		out->has_ifindex = true;
		out->ifindex = r->ifindex;
		snprintf(out->name, sizeof(out->name), "%s%sif%u", of, colon,
		    r->ifindex);
		break;
	case IFACE_OWN:
	case IFACE_PEER:
		mac_format(r->mac, mac);
		snprintf(out->name, sizeof(out->name), "%s%s%s%s", of, colon,
		    r->kind == IFACE_PEER ? "from " : "", mac);
		break;
	}
}

struct iface
tracer_iface(const struct tracer *t, unsigned at)
{
	struct iface_rec *r;

	if (at >= t->n_ifaces)
		return (struct iface){ .name = "?" };
	r = &t->ifaces[at];
	if (!r->is_shown) {
		iface_dev(t, (uint16_t)at);
		if (r->kind == IFACE_PEER && r->own_votes > 0)
			iface_dev(t, r->own);
		show(t, r->kind == IFACE_PEER && r->own_votes > 0 ?
		    &t->ifaces[r->own] : r, &r->shown);
		r->is_shown = true;
	}
	return r->shown;
}
