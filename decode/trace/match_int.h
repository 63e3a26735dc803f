/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match_int.h - what passes between looking for twins (match.c), judging them
 * (judge.c) and counting the evidence (evidence.c).
 */
#ifndef DECODE_TRACE_MATCH_INT_H
#define DECODE_TRACE_MATCH_INT_H

#include "decode/trace/tracer_int.h"

/* Longer than any queue on a node holds a packet (bufferbloat included). */
#define WINDOW_NS	NS_PER_SEC
/* Payload alone is evidence only between sightings this close: what other hosts
   sent meanwhile must all be in sight. */
#define WINDOW_WEAK_NS	(20 * NS_PER_MSEC)
/* Two packets stamped on different CPUs may stand in the wrong order. */
#define STAMP_SLACK_NS	NS_PER_MSEC
/* Packets that must agree where one does not do. */
#define VOTES_MORE	2
/* A possible twin, as seen from the sighting at hand. */
struct twin {
	uint32_t	*recent;	/* its leg among the recent ones */
	uint32_t	conv;
	uint8_t		from_b;
	uint8_t		score;		/* 0: impossible */
	uint8_t		votes_needed;
	bool		single;		/* one vote will do in the end, if it stays alone */
	bool		rival;		/* it fits, but has a twin already */
	int64_t		transit_ns;	/* from there to here; negative when that says
					   nothing */
	bool		no_end_kept;	/* neither source nor destination are the same */
	bool		dst_kept;
	bool		earlier;	/* it comes before the sighting on the way */
	bool		blocked;	/* one of the two has another neighbour there */
};

/* What is being looked for. */
struct quest {
	const struct sighting *s;
	uint32_t	conv, leg;
	uint64_t	hash;
	uint8_t		strength;
	uint32_t	found;		/* RECENT_UP or RECENT_DOWN: where its twin is */
};

/* What a look among the recent sightings brought to light. */
struct finds {
	int		own;		/* way of the earliest one of the same flow, or -1 */
	unsigned	n_seen;		/* of the same flow, and without a twin before */
	unsigned	n_alike;	/* convs of other flows, possible twins or not */
	uint32_t	alike[RECENT_WAYS];
	unsigned	n_twins;
	struct twin	twins[RECENT_WAYS];
};

static inline struct pushed_out *
pushed_out_of(const struct tracer *t, uint64_t hash)
{
	return &t->pushed_out[(uint32_t)hash & t->recent_mask];
}

/* judge.c: what a recent sighting of another flow, of leg l at ts, could be to
   the one that is looked for.  `recent` is where it stands. */
struct twin	judge_twin(const struct tracer *, const struct quest *,
		    uint32_t *recent, const struct leg_rec *l, struct nstime ts);
/* Are the neighbours' places that a join of the two would take free? */
bool		judge_links_free(const struct conv *, unsigned from_b,
		    const struct conv *other, unsigned other_from_b,
		    bool other_earlier);
/* From coming in (at leg l) to going out; negative when these are not the two
   ends, or other clocks stamped them. */
int64_t		judge_transit_ns(const struct tracer *, const struct sighting *,
		    const struct leg_rec *l, int64_t dt);

/* evidence.c: vote for the best of the twins found, if there is one best; joins
   when that is enough.  False when none was chosen. */
bool		evidence_choose(struct tracer *, struct quest *, const struct finds *);
/* Note in both sightings where their twins are; how many of the two had none
   before is returned. */
unsigned	evidence_mark(struct quest *, uint32_t *recent, bool earlier);

#endif
