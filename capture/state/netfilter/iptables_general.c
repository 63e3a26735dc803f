/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables_general.c - the matches of a rule that need no module: addresses,
 * protocol, interfaces; iptables(8), PARAMETERS.
 */
#include "capture/state/netfilter/iptables_int.h"

/* iptables-save prints one address; people write several with commas. */
static bool
addresses_set(struct ipt *t, struct span list, bool daddr)
{
	uint32_t i = nf_set_add(t->s, "", STATE_NONE,
	    daddr ? NF_K_DADDR : NF_K_SADDR);
	struct nf_match *m;

	if (i == STATE_NONE)
		return true;
	while (list.p != NULL) {
		struct span one = span_cut(&list, ',');
		struct nf_elem *e;
		struct prefix p;

		if (!scan_prefix(one, &p))
			return false;
		e = state_push(t->s, nf_elems);
		if (e == NULL)
			return true;
		*(daddr ? &e->daddr : &e->saddr) = p;
		t->s->nf_sets.v[i].n++;
	}
	m = nf_match_add(t->s, NF_M_SET, false);
	if (m != NULL)
		m->set = i;
	return true;
}

/* ADDRESS/MASK whose mask is no length. */
static bool
has_holes(struct span v)
{
	struct span mask = v, head = span_cut(&mask, '/');
	struct addr a, m;

	return scan_addr(head, &a) && mask.p != NULL && scan_addr(mask, &m);
}

static void
address_read(struct ipt *t, struct span v, bool daddr, bool invert)
{
	struct nf_match *m;
	struct prefix p;

	if (scan_prefix(v, &p)) {
		/* 0.0.0.0/0: every packet of the family */
		if (p.len == (t->v6 ? 0 : PREFIX_V4(0)) && !invert)
			return;
		m = nf_match_add(t->s, daddr ? NF_M_DADDR : NF_M_SADDR, invert);
		if (m != NULL)
			m->prefix = p;
	} else if (has_holes(v)) {
		nf_match_unknown(t->s, ipt_raw(t, t->at - 2 - invert, t->at));
	} else if (invert || memchr(v.p, ',', v.len) == NULL ||
	    !addresses_set(t, v, daddr)) {
		ipt_wrong(t, v, "an address with a length");
	}
}

static void
proto_read(struct ipt *t, struct span v, bool invert)
{
	uint8_t proto;

	if (!invert && (span_is(v, "all") || span_is(v, "0")))
		return;
	if (scan_proto(v, &proto))
		nf_match_proto(t->s, proto, invert);
	else
		nf_match_unknown(t->s, ipt_raw(t, t->at - 2, t->at));
}

static void
iface_read(struct ipt *t, struct span v, bool out, bool invert)
{
	struct nf_match *m;

	/* "+" is any, and none too. */
	if (span_is(v, "+") && !invert)
		return;
	m = nf_match_add(t->s, out ? NF_M_OIF : NF_M_IIF, invert);
	if (m != NULL)
		m->name = nf_text(t->s, v);
}

static const struct general {
	const char	*names[4];
	char		 what;
} generals[] = {
	{ { "-s", "--source", "--src" }, 's' },
	{ { "-d", "--destination", "--dst" }, 'd' },
	{ { "-p", "--protocol", "--proto" }, 'p' },
	{ { "-i", "--in-interface" }, 'i' },
	{ { "-o", "--out-interface" }, 'o' },
	{ { "-f", "--fragment" }, 'f' },
};

/* 0: none of them. */
static char
general_find(const struct ipt *t, unsigned at)
{
	for (size_t i = 0; i < sizeof(generals) / sizeof(generals[0]); i++)
		for (unsigned k = 0; k < 4 && generals[i].names[k] != NULL; k++)
			if (ipt_word_is(t, at, generals[i].names[k]))
				return generals[i].what;
	return 0;
}

bool
ipt_is_general(const struct ipt *t, unsigned at)
{
	return general_find(t, at) != 0;
}

bool
ipt_general(struct ipt *t, bool invert)
{
	char what = general_find(t, t->at);
	struct span v;

	if (what == 0)
		return false;
	t->at++;
	if (what == 'f') {
		nf_match_unknown(t->s, ipt_raw(t, t->at - 1 - invert, t->at));
		return true;
	}
	if (ipt_word_is(t, t->at, "!")) {	/* before iptables 1.4.3 */
		t->at++;
		invert = true;
	}
	if (!ipt_arg(t, &v))
		return false;
	switch (what) {
	case 's':
	case 'd':
		address_read(t, v, what == 'd', invert);
		break;
	case 'p':
		proto_read(t, v, invert);
		break;
	default:
		iface_read(t, v, what == 'o', invert);
		break;
	}
	return true;
}
