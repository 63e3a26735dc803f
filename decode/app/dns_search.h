/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_search.h - names that search lists make; for decode/app/dns*.c only. */
#ifndef DECODE_APP_DNS_SEARCH_H
#define DECODE_APP_DNS_SEARCH_H

#include "decode/app/dns_judge.h"

/* Was this name, which does not exist, made by its client's search list?  first:
   what it was made of, "" where that cannot be told. */
bool	dns_search_made(const struct dns_case *, const struct flow *,
	    const struct dns_query *, char first[static DNS_NAME_MAX]);

#endif
