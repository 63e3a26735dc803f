/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables_target.c - what a rule does, iptables-extensions(8).
 *
 * Marks: "MARK --set-xmark V/M" is mark = (mark & ~M) ^ V, and the other
 * spellings are cases of it (net/netfilter/xt_mark.c, xt_connmark.c).
 */
#include "capture/state/netfilter/iptables_int.h"

/* ---- new addresses and ports */

static bool
nat_ports_read(struct span v, struct nf_nat *nat)
{
	if (!scan_ports(v, '-', &nat->ports))
		return false;
	nat->flags |= NF_NAT_PORTS;
	return true;
}

/* A, A-B, A:P, A-B:P-Q, :P, and with IPv6's in brackets. */
static bool
nat_range_read(struct span v, bool v6, struct nf_nat *nat)
{
	struct span addr = v, port = { NULL, 0 };
	struct addr range[2];
	char text[2 * ADDR_TEXT_MAX + 2];
	size_t n = 0;

	if (!v6 || (v.len > 1 && v.p[0] == ':' && v.p[1] != ':')) {
		port = v;
		addr = span_cut(&port, ':');
	} else if (v.len > 0 && v.p[0] == '[') {
		const char *close = memrchr(v.p, ']', v.len);

		if (close == NULL)
			return false;
		addr.len = (size_t)(close + 1 - v.p);
		port = (struct span){ close + 1, v.len - addr.len };
		if (port.len == 0)
			port.p = NULL;
		else if (span_cut(&port, ':').len != 0)
			return false;
	}
	/* "[a-b]" and "[a]-[b]" are both written. */
	for (size_t i = 0; i < addr.len; i++)
		if (addr.p[i] != '[' && addr.p[i] != ']') {
			if (n == sizeof(text))
				return false;
			text[n++] = addr.p[i];
		}
	if (n > 0) {
		if (!scan_range((struct span){ text, n }, range) ||
		    addr_is_v4(&range[0]) == v6)
			return false;
		nat->lo = range[0];
		nat->hi = range[1];
		nat->flags |= NF_NAT_ADDR;
	}
	return port.p == NULL ? n > 0 : nat_ports_read(port, nat);
}

static enum ipt_taken
nat_flag_option(struct ipt *t, struct span o)
{
	static const struct { const char *name; uint32_t flag; } flags[] = {
		{ "--random", NF_NAT_RANDOM },
		{ "--random-fully", NF_NAT_FULLY_RANDOM },
		{ "--persistent", NF_NAT_PERSISTENT },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (span_is(o, flags[i].name)) {
			t->nat.flags |= flags[i].flag;
			return IPT_TAKEN;
		}
	return IPT_UNKNOWN;
}

static enum ipt_taken
nat_option(struct ipt *t, struct span o)
{
	struct span v;

	if (!span_is(o, "--to-source") && !span_is(o, "--to-destination"))
		return nat_flag_option(t, o);
	/* A second range was allowed once; a port with a base after / is too. */
	if (!ipt_arg(t, &v) || (t->nat.flags & (NF_NAT_ADDR | NF_NAT_PORTS)) ||
	    memchr(v.p, '/', v.len) != NULL)
		return IPT_UNKNOWN;
	if (!nat_range_read(v, t->v6, &t->nat))
		return ipt_wrong(t, v, "an address or range, and a port");
	return IPT_TAKEN;
}

static enum ipt_taken
to_ports_option(struct ipt *t, struct span o)
{
	struct span v;

	if (!span_is(o, "--to-ports"))
		return nat_flag_option(t, o);
	if (!ipt_arg(t, &v) || !nat_ports_read(v, &t->nat))
		return ipt_wrong(t, v, "a port or a range of ports");
	return IPT_TAKEN;
}

/* ---- marks */

/* --set-xmark and its cases; IPT_UNKNOWN when the option is none of them. */
static enum ipt_taken
xmark_read(struct ipt *t, struct span o, enum nf_target_kind kind)
{
	static const char *const names[] = {
		"--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark",
	};
	uint32_t value, mask;
	unsigned which = 0;
	struct span v;

	while (which < 5 && !span_is(o, names[which]))
		which++;
	if (which == 5)
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &v) || !scan_mark(v, &value, &mask))
		return ipt_wrong(t, v, "a mark");
	if (which == 1)
		mask |= value;
	else if (which == 2)
		mask = ~value, value = 0;
	else if (which == 3)
		mask = value;
	else if (which == 4)
		mask = 0;
	t->target.kind = (uint8_t)kind;
	t->target.mark.value = value;
	t->target.mark.mask = mask;
	return IPT_TAKEN;
}

static enum ipt_taken
mark_option(struct ipt *t, struct span o)
{
	return xmark_read(t, o, NF_T_MARK);
}

static enum ipt_taken
connmark_option(struct ipt *t, struct span o)
{
	uint32_t value, mask;
	struct span v;

	if (span_is(o, "--save-mark") || span_is(o, "--restore-mark")) {
		t->target.kind = span_is(o, "--save-mark") ? NF_T_CTMARK_SAVE :
		    NF_T_CTMARK_RESTORE;
		t->target.save.nfmask = t->target.save.ctmask = UINT32_MAX;
		return IPT_TAKEN;
	}
	if (t->target.kind != NF_T_CTMARK_SAVE &&
	    t->target.kind != NF_T_CTMARK_RESTORE)
		return xmark_read(t, o, NF_T_CTMARK);
	if (!span_is(o, "--nfmask") && !span_is(o, "--ctmask") &&
	    !span_is(o, "--mask"))
		return IPT_UNKNOWN;
	if (!ipt_arg(t, &v) || !scan_mark(v, &value, &mask))
		return ipt_wrong(t, v, "a mask");
	if (!span_is(o, "--ctmask"))
		t->target.save.nfmask = value;
	if (!span_is(o, "--nfmask"))
		t->target.save.ctmask = value;
	return IPT_TAKEN;
}

/* ---- the rest */

static enum ipt_taken
ct_option(struct ipt *t, struct span o)
{
	uint32_t zone;
	struct span v;

	if (span_is(o, "--notrack")) {
		t->target.kind = NF_T_NOTRACK;
		return IPT_TAKEN;
	}
	/* A helper or the events wanted change nothing that we follow. */
	if (span_is(o, "--helper") || span_is(o, "--ctevents") ||
	    span_is(o, "--expevents") || span_is(o, "--timeout"))
		return ipt_arg(t, &v) ? IPT_TAKEN : IPT_UNKNOWN;
	if (!span_is(o, "--zone") || !ipt_arg(t, &v) || span_is(v, "mark"))
		return IPT_UNKNOWN;
	if (!scan_u32(v, &zone) || zone > UINT16_MAX)
		return ipt_wrong(t, v, "a conntrack zone");
	t->target.kind = NF_T_CT_ZONE;
	t->target.zone = zone;
	return IPT_TAKEN;
}

static enum ipt_taken
any_option(struct ipt *t, struct span o)
{
	(void)o;
	t->at = t->end;
	return IPT_TAKEN;
}

typedef enum ipt_taken option_fn(struct ipt *, struct span name);

/* NF_T_UNKNOWN: the options say which it is. */
static const struct target {
	const char	*name;
	uint8_t		 kind;
	option_fn	*option;
} targets[] = {
	{ "ACCEPT", NF_T_ACCEPT, NULL },
	{ "DROP", NF_T_DROP, NULL },
	{ "RETURN", NF_T_RETURN, NULL },
	{ "REJECT", NF_T_REJECT, any_option },
	{ "DNAT", NF_T_DNAT, nat_option },
	{ "SNAT", NF_T_SNAT, nat_option },
	{ "MASQUERADE", NF_T_MASQUERADE, to_ports_option },
	{ "REDIRECT", NF_T_REDIRECT, to_ports_option },
	{ "MARK", NF_T_UNKNOWN, mark_option },
	{ "CONNMARK", NF_T_UNKNOWN, connmark_option },
	{ "CT", NF_T_NONE, ct_option },
	{ "NOTRACK", NF_T_NOTRACK, NULL },
	/* These change nothing that decides where a packet goes. */
	{ "LOG", NF_T_NONE, any_option },
	{ "NFLOG", NF_T_NONE, any_option },
	{ "ULOG", NF_T_NONE, any_option },
	{ "TRACE", NF_T_NONE, any_option },
	{ "AUDIT", NF_T_NONE, any_option },
	{ "TCPMSS", NF_T_NONE, any_option },
	{ "TCPOPTSTRIP", NF_T_NONE, any_option },
	{ "CHECKSUM", NF_T_NONE, any_option },
	{ "TTL", NF_T_NONE, any_option },
	{ "HL", NF_T_NONE, any_option },
	{ "CLASSIFY", NF_T_NONE, any_option },
	{ "DSCP", NF_T_NONE, any_option },
	{ "TOS", NF_T_NONE, any_option },
	{ "ECN", NF_T_NONE, any_option },
	{ "SECMARK", NF_T_NONE, any_option },
	{ "CONNSECMARK", NF_T_NONE, any_option },
	{ "IDLETIMER", NF_T_NONE, any_option },
	{ "LED", NF_T_NONE, any_option },
	{ "RATEEST", NF_T_NONE, any_option },
};

/* Targets that are known to be no chains, and whose effect we do not follow. */
static const char *const not_followed[] = {
	"CLUSTERIP", "DNPT", "HMARK", "MIRROR", "NETMAP", "NFQUEUE", "QUEUE", "SAME",
	"SET", "SNPT", "SYNPROXY", "TEE", "TPROXY", "XDPT",
};

static bool
is_nat(unsigned kind)
{
	return kind == NF_T_SNAT || kind == NF_T_DNAT ||
	    kind == NF_T_MASQUERADE || kind == NF_T_REDIRECT;
}

static enum ipt_taken
target_options(struct ipt *t, const struct target *row)
{
	enum ipt_taken taken = IPT_TAKEN;
	struct span o;

	t->target.kind = row->kind;
	t->nat = (struct nf_nat){ 0 };
	while (taken == IPT_TAKEN && ipt_arg(t, &o))
		taken = row->option ? row->option(t, o) : IPT_UNKNOWN;
	if (t->target.kind == NF_T_UNKNOWN)
		return IPT_UNKNOWN;
	if (taken != IPT_TAKEN || !is_nat(row->kind))
		return taken;
	/* DNAT and SNAT without an address or a port are not possible. */
	if (row->option == nat_option &&
	    !(t->nat.flags & (NF_NAT_ADDR | NF_NAT_PORTS)))
		return IPT_UNKNOWN;
	nf_target_nat(t->s, &t->target, row->kind, &t->nat);
	return IPT_TAKEN;
}

/* Each name once: one lost chain may have a jump in every rule. */
static void
chain_missing(struct ipt *t, struct span name)
{
	for (unsigned i = 0; i < t->n_missing; i++)
		if (span_is(name, t->missing[i]))
			return;
	if (t->n_missing < IPT_MISSING_MAX)
		t->missing[t->n_missing++] = nf_text(t->s, name);
	reader_bad(t->r, t->line, "found a jump to chain \"%.*s\", which table %s "
	    "does not have", SPAN_ARG(name), t->table_name);
}

static bool
target_jump(struct ipt *t, struct span name, bool go_to)
{
	char text[256];
	uint32_t chain;

	if (name.len >= sizeof(text))
		return false;
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	chain = state_find_chain(t->s, t->table, text);
	if (chain == STATE_NONE) {
		for (size_t i = 0; i < sizeof(not_followed) /
		    sizeof(not_followed[0]); i++)
			if (strcmp(text, not_followed[i]) == 0)
				return false;
		if (t->at < t->n)	/* with options: a target, no chain */
			return false;
		chain_missing(t, name);
		chain = NF_CHAIN_MISSING;
	}
	t->target = (struct nf_target){ .kind = go_to ? NF_T_GOTO : NF_T_JUMP,
	    .chain = chain };
	return true;
}

void
ipt_target(struct ipt *t, bool go_to)
{
	unsigned first = t->at - 1;
	enum ipt_taken taken = IPT_UNKNOWN;
	const struct target *row = NULL;
	struct span name;

	t->end = t->n;
	if (!ipt_arg(t, &name) || name.len == 0) {
		ipt_wrong(t, ipt_raw(t, first, t->n), "a target");
		return;
	}
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (span_is(name, targets[i].name))
			row = &targets[i];
	if (row != NULL && !go_to)
		taken = target_options(t, row);
	else if (target_jump(t, name, go_to))
		taken = IPT_TAKEN;
	if (taken == IPT_UNKNOWN)
		t->target = (struct nf_target){ .kind = NF_T_UNKNOWN,
		    .name = nf_text(t->s, ipt_raw(t, first, t->n)) };
	t->at = t->n;
}
