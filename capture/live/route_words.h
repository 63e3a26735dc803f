/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_words.h - a line as ip(8) prints it, word by word; for
 * capture/live/route_*.c only.
 */
#ifndef CAPTURE_LIVE_ROUTE_WORDS_H
#define CAPTURE_LIVE_ROUTE_WORDS_H

#include "capture/live/route_int.h"
#include "capture/state/text/iproute2.h"

struct words_out {
	const struct route_source *source;
	size_t		 len;
	bool		 before;	/* which names of devices */
	bool		 cut;
	char		 text[ROUTE_TEXT_MAX];
};

/* A number that has a name in /etc/iproute2; the last one has none. */
struct number_name {
	unsigned	 n;
	const char	*name;
};

extern const struct number_name route_protocols[];	/* rtm_protocol */
extern const struct number_name route_types[];		/* rtm_type */

/* Words, and a blank behind. */
void		 words_add(struct words_out *, const char *format, ...)
		    __attribute__((format(printf, 2, 3)));
#define NUMBER_MAX	24
/* "main"; or the number behind a prefix. */
void		 words_number(const struct number_name *, unsigned n,
		    const char *prefix, char out[static NUMBER_MAX]);
void		 words_named(struct words_out *, const char *word,
		    const struct number_name *, unsigned n, const char *prefix);
/* The device's name, perhaps in the buffer. */
const char	*words_dev(const struct words_out *, uint32_t ifindex,
		    char buf[static IFNAMSIZ]);
/* "from 10.0.0.0/8"; word may be "".  False: there is no address. */
bool		 words_range(struct words_out *, const char *word, int family,
		    const struct nlattr *, unsigned len);
void		 words_address(struct words_out *, const char *word, int family,
		    const struct nlattr *);
void		 words_tos(struct words_out *, unsigned tos);
/* A class for traffic control; `one` is the word when it has one part. */
void		 words_realms(struct words_out *, const char *one,
		    const struct nlattr *);

/* route_text_rule.c, route_text_route.c: into a state. */
void		 words_rule(struct words_out *, const struct record *, struct state *);
void		 words_route(struct words_out *, const struct record *, struct state *);

#endif
