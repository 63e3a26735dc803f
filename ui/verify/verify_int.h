/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_int.h - between the parts of podpath verify. */
#ifndef UI_VERIFY_INT_H
#define UI_VERIFY_INT_H

#include "ui/state/predict.h"
#include "ui/out/text.h"
#include "ui/out/present.h"
#include "ui/verify/verify.h"

/* Kept of each check and result; more are counted. */
#define VERIFY_KEPT	1000

/* What a check says about one flow or prediction. */
struct opinion {
	bool		 applies;	/* false: it is none of the check's business */
	uint8_t		 result;	/* enum check_result */
	const char	*code;		/* of the finding; NULL none */
	const char	*cause;		/* "rp-filter"; NULL */
	const char	*text;		/* borrowed; a sentence, or NULL */
	const char	*fix;		/* borrowed; NULL or "" none */
};

/* Of one flow, prediction or deviation: all texts are owned. */
struct item {
	uint8_t		 result;
	uint64_t	 flow_id;	/* 0: not a flow */
	char		*who;		/* "default/echo-b 192.168.3.30:41234 -> ..." */
	char		*after;		/* translated to; NULL: not known; a deviation */
	char		*path;		/* "eni1e659a482e6 > eth0"; NULL */
	char		*code, *cause, *text, *fix;	/* NULL none */
};

struct items {
	struct item	*v;
	unsigned	 n, room;
};

struct tally {
	uint64_t	 count[N_CHECK_RESULTS];
	struct items	 items[N_CHECK_RESULTS];	/* CHECK_OK: only with -v */
	uint8_t		 result;	/* after verify_end() */
	char		 why[160];	/* why inconclusive, beyond its items; "" */
};

struct verify {
	struct verify_config config;
	bool		 setup;		/* predictions, not flows */
	struct tally	 checks[N_CHECKS];
	uint64_t	 judged;	/* flows or predictions */
	void		*whole[N_CHECKS];	/* of checks that have one; NULL */
	const struct naming *names;	/* of the last flow; NULL */
	uint8_t		 result;
	bool		 no_memory;
	bool		 usage;		/* what was asked for is not there; it was said */
};

/*
 * A check that looks at all flows together, and has more to say than a line
 * each.  new: NULL when there is no memory, or after a message when the options
 * are wrong (*usage is set then).  flow and end add items (verify_add()); end
 * may also say why the check is inconclusive as a whole, in checks[].why.  text
 * and json write what is beyond the items, after end: json the members of the
 * check's object, each with its key.
 */
struct check_whole {
	void	*(*new)(struct verify *, bool *usage);
	void	 (*flow)(void *, const struct flow *, const struct naming *);
	void	 (*end)(void *, const struct naming *, const struct summary *);
	void	 (*text)(const void *, struct text *);
	void	 (*json)(const void *, struct json *);
	void	 (*free)(void *);
	/* Instead of "3 flows judged: ..."; NULL: that. */
	void	 (*sentence)(const void *, char *out, size_t size);
};

extern const struct check_whole check_nlb_ip, check_shares;

/* The texts of an item before it is kept. */
struct item_text {
	uint64_t	 flow_id;
	char		 who[2 * PRESENT_NAME_MAX + 256];
	char		 after[256];
	char		 path[FLOW_MAX_LEGS * 80];
};

void	verify_add(struct verify *, enum check, const struct opinion *,
	    const struct item_text *);

/* The texts of a flow. */
void	verify_describe(const struct verify *, const struct flow *,
	    const struct naming *, struct item_text *);

/* verify_checks.c */
/* NULL: it judges flow by flow. */
const struct check_whole *check_whole_of(enum check);
void	check_flow(enum check, const struct verify *, const struct flow *,
	    struct opinion *);
void	check_prediction(enum check, bool outside, const struct prediction *,
	    struct opinion *);
/* Does this code make the check fail? */
bool	check_fails_on(enum check, const char *code);

static inline bool
verify_wants(const struct verify *v, enum check c)
{
	return v->config.checks >> c & 1;
}

/* verify_service.c: --service.  False, after a message, when it is no
   NAMESPACE/NAME; else its NAME. */
bool	verify_service_form(const char *wanted, const char **name);
/* Say that the state has none of this name. */
void	verify_service_unknown(const char *wanted, const struct state *);

/* Why nothing was judged when a state is given, and no flow came. */
#define VERIFY_NO_FLOW								\
	"there is no flow, or the filter leaves none: nothing to judge, with "	\
	"or without --state"

void	verify_text(const struct verify *, struct outbuf *);
void	verify_json(const struct verify *, struct outbuf *);
void	verify_tap(const struct verify *, struct outbuf *);
void	verify_junit(const struct verify *, struct outbuf *);

/* One sentence about a check: "3 of 4 flows failed". */
#define VERIFY_SENTENCE_MAX	256
void	verify_sentence(const struct verify *, enum check,
	    char out[static VERIFY_SENTENCE_MAX]);

#endif
