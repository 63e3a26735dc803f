/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - names of the model's enums, and of devices in rules.
 */
#include "decode/model/model_int.h"

static const char *const causes[N_DROP_CAUSES] = {
	[DROP_UNKNOWN]		= "unknown",
	[DROP_RP_FILTER]	= "rp-filter",
	[DROP_NO_ROUTE]		= "no-route",
	[DROP_FIREWALL]		= "firewall",
	[DROP_POLICY_INGRESS]	= "policy-ingress",
	[DROP_POLICY_EGRESS]	= "policy-egress",
	[DROP_TTL]		= "ttl-expired",
	[DROP_NOT_FOR_US]	= "not-for-us",
};

const char *
drop_cause_name(unsigned c)
{
	return causes[c < N_DROP_CAUSES ? c : DROP_UNKNOWN];
}

bool
nf_name_matches(const char *pattern, const char *name)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (pattern[0] == '+' && pattern[1] == '\0')
			return true;
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}
