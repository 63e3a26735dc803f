/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_value.c - values of nftables' rules and sets, libnftables-json(5). */
#include "capture/state/netfilter/nft_int.h"

#include "decode/packet.h"

const json_t *
nft_get(const json_t *o, const char *name)
{
	return json_is_object(o) ? json_object_get(o, name) : NULL;
}

const char *
nft_string(const json_t *o, const char *name)
{
	const json_t *v = nft_get(o, name);

	return json_is_string(v) ? json_string_value(v) : "";
}

bool
nft_number(const json_t *v, uint64_t max, uint64_t *out)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    (uint64_t)json_integer_value(v) > max)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

const json_t *
nft_only(const json_t *o, const char **name)
{
	void *at;

	if (!json_is_object(o) || json_object_size(o) != 1)
		return NULL;
	/* jansson's iterators take objects that are not const. */
	at = json_object_iter((json_t *)(uintptr_t)o);
	*name = json_object_iter_key(at);
	return json_object_iter_value(at);
}

static bool
text_addr(const json_t *v, struct addr *out)
{
	return json_is_string(v) && addr_parse(json_string_value(v), out);
}

bool
nft_value_prefix(const json_t *v, struct prefix *out)
{
	const json_t *p = nft_get(v, "prefix");
	struct addr a;
	uint64_t len;
	bool v4;

	if (p == NULL) {
		if (!text_addr(v, &a))
			return false;
		*out = prefix_of(&a, 128);
		return true;
	}
	if (!text_addr(nft_get(p, "addr"), &a))
		return false;
	v4 = addr_is_v4(&a);
	if (!nft_number(nft_get(p, "len"), v4 ? 32 : 128, &len))
		return false;
	*out = prefix_of(&a, (uint8_t)(len + (v4 ? 96 : 0)));
	return true;
}

bool
nft_value_range(const json_t *v, struct addr out[static 2])
{
	const json_t *r = nft_get(v, "range");

	return json_array_size(r) == 2 && text_addr(json_array_get(r, 0), &out[0]) &&
	    text_addr(json_array_get(r, 1), &out[1]) &&
	    addr_is_v4(&out[0]) == addr_is_v4(&out[1]) &&
	    memcmp(out[0].b, out[1].b, sizeof(out[0].b)) <= 0;
}

bool
nft_value_ports(const json_t *v, struct nf_ports *out)
{
	const json_t *r = nft_get(v, "range");
	uint64_t lo, hi;

	if (r != NULL) {
		if (json_array_size(r) != 2 ||
		    !nft_number(json_array_get(r, 0), UINT16_MAX, &lo) ||
		    !nft_number(json_array_get(r, 1), UINT16_MAX, &hi) || lo > hi)
			return false;
	} else if (!nft_number(v, UINT16_MAX, &lo)) {
		return false;
	} else {
		hi = lo;
	}
	*out = (struct nf_ports){ (uint16_t)lo, (uint16_t)hi };
	return true;
}

bool
nft_value_proto(const json_t *v, uint8_t *out)
{
	uint64_t n;

	if (json_is_string(v))
		return scan_proto(span_text(json_string_value(v)), out);
	if (!nft_number(v, UINT8_MAX, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

const char *
nft_value_dev(struct nft *t, const json_t *v)
{
	char text[64];
	size_t n;

	if (!json_is_string(v) || (n = json_string_length(v)) == 0 ||
	    n >= sizeof(text) || strchr(json_string_value(v), '\\') != NULL)
		return NULL;
	memcpy(text, json_string_value(v), n + 1);
	if (text[n - 1] == '*')
		text[n - 1] = '+';
	else if (text[n - 1] == '+')
		return NULL;	/* a name that ends so would be taken for a pattern */
	return state_text(t->s, text, n);
}

struct bit {
	const char	*name;
	uint32_t	 bit;
};

static const struct bit ct_states[] = {
	{ "new", NF_CT_NEW }, { "established", NF_CT_ESTABLISHED },
	{ "related", NF_CT_RELATED }, { "invalid", NF_CT_INVALID },
	{ "untracked", NF_CT_UNTRACKED }, { NULL, 0 },
};

static const struct bit ct_status[] = {
	{ "snat", NF_CT_SNAT }, { "dnat", NF_CT_DNAT }, { NULL, 0 },
};

static const struct bit addrtypes[] = {
	{ "unspec", NF_A_UNSPEC }, { "unicast", NF_A_UNICAST },
	{ "local", NF_A_LOCAL }, { "broadcast", NF_A_BROADCAST },
	{ "anycast", NF_A_ANYCAST }, { "multicast", NF_A_MULTICAST },
	{ "blackhole", NF_A_BLACKHOLE }, { "unreachable", NF_A_UNREACHABLE },
	{ "prohibit", NF_A_PROHIBIT }, { NULL, 0 },
};

static const struct bit tcp_flags[] = {
	{ "fin", TCP_FIN }, { "syn", TCP_SYN }, { "rst", TCP_RST },
	{ "psh", TCP_PSH }, { "ack", TCP_ACK }, { "urg", TCP_URG },
	{ "ecn", TCP_ECE }, { "cwr", TCP_CWR }, { NULL, 0 },
};

static const struct bit *const bit_names[] = {
	[NFT_B_STATE]	= ct_states,	[NFT_B_STATUS]	= ct_status,
	[NFT_B_TYPE]	= addrtypes,	[NFT_B_FLAGS]	= tcp_flags,
};

/* One name; or flags as a number. */
static bool
bit_read(const json_t *v, enum nft_bits names, uint32_t *out)
{
	const struct bit *b = bit_names[names];
	uint64_t number;

	if (names == NFT_B_FLAGS && nft_number(v, UINT8_MAX, &number)) {
		*out = (uint32_t)number;
		return true;
	}
	if (!json_is_string(v))
		return false;
	while (b->name != NULL && strcmp(b->name, json_string_value(v)) != 0)
		b++;
	*out = b->bit;
	return b->name != NULL;
}

bool
nft_value_bits(const json_t *v, enum nft_bits names, uint32_t *out, unsigned *n)
{
	const json_t *set = nft_get(v, "set");

	if (set != NULL)
		v = set;
	*n = 1;
	if (!json_is_array(v))
		return bit_read(v, names, out);
	*out = *n = 0;
	for (size_t i = 0; i < json_array_size(v); i++) {
		uint32_t one;

		if (!json_is_string(json_array_get(v, i)) ||
		    !bit_read(json_array_get(v, i), names, &one))
			return false;
		*out |= one;
		++*n;
	}
	return *n > 0;
}
