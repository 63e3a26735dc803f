/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_iface.h - the interfaces of a pcapng file and the times they stamp.
 *
 * Every section describes its own.  One with the same name and link type as
 * in an earlier section is the same interface to us, so that captures put
 * behind each other read as one.  Internal to capture/.
 */
#ifndef CAPTURE_NG_IFACE_H
#define CAPTURE_NG_IFACE_H

#include "capture/reading.h"

#define NG_TSRESOL_DEFAULT	6	/* microseconds */

/* What an interface description block says. */
struct ng_desc {
	uint16_t	 linktype;
	uint32_t	 snaplen;	/* 0: no limit */
	uint8_t		 tsresol;	/* 10^-n s, or with the top bit 2^-n s */
	int64_t		 tsoffset_s;
	const char	*name;		/* NULL when it does not say */
	size_t		 name_len;
	/* Of a recording (capture/record/format.h): what was observed, but its
	   name, which is as above.  NULL in other files. */
	const struct ng_recorded *recorded;
};

struct ng_recorded {
	uint64_t	 run;
	struct nstime	 ts;
	struct obs_iface iface;		/* `number` is that of the run */
};

/* An interface of the section that is being read. */
struct ng_iface {
	uint16_t	 linktype;
	bool		 has_packets;
	bool		 again;		/* described twice in a section of a recording */
	bool		 is_signed;	/* times are those of a recording */
	uint8_t		 tsresol;
	uint32_t	 snaplen;
	uint32_t	 mul;		/* ns per tick; 0: ng_time_slow() */
	uint32_t	 who;		/* index into ng_ifaces.known */
	int64_t		 offset_ns;
	uint64_t	 ifdrop, osdrop; /* of the last statistics block */
};

/* An interface of the file. */
struct ng_known {
	uint32_t	 number;
	uint16_t	 linktype;
	bool		 announced;
	bool		 given;
	uint32_t	 section;	/* that it was in last */
	struct ng_recorded *recorded;	/* NULL: of another file */
	char		*own;		/* as the file says; NULL when it does not */
	char		*name;		/* as announced */
};

struct ng_ifaces {
	struct ng_iface	*iface;		/* of this section */
	uint32_t	 n, cap;
	uint32_t	 n_announced;	/* of this section */
	struct ng_known	*known;
	uint32_t	 n_known, cap_known;
	uint32_t	 section;	/* counted from 1 */
	uint32_t	*slots;		/* hash of what they are known by: index + 1 */
	uint32_t	 n_slots;
};

enum ng_added { NG_ADDED, NG_TOO_MANY, NG_NO_MEMORY };

void		 ng_ifaces_fini(struct ng_ifaces *);
void		 ng_section_start(struct ng_ifaces *);
enum ng_added	 ng_iface_add(struct ng_ifaces *, const struct ng_desc *);
/* Fill *o with the next interface that has not been told; false when all are
   or there is no memory for its name. */
bool		 ng_announce_next(struct ng_ifaces *, struct reading *,
		    struct obs *o);
int64_t		 ng_time_slow(uint8_t tsresol, uint64_t ticks);
/* a + b, at the end of the range where that is outside. */
int64_t		 ng_add_clamped(int64_t a, int64_t b);

static inline uint32_t
ng_iface_number(const struct ng_ifaces *s, const struct ng_iface *i)
{
	return s->known[i->who].number;
}

static inline struct nstime
ng_time(const struct ng_iface *i, uint64_t ticks)
{
	uint64_t ns;

	if (i->mul && !__builtin_mul_overflow(ticks, i->mul, &ns) &&
	    ns <= INT64_MAX && i->offset_ns == 0)
		return (struct nstime){ (int64_t)ns };
	if (i->is_signed)
		return (struct nstime){ (int64_t)ticks };
	return (struct nstime){
		ng_add_clamped(ng_time_slow(i->tsresol, ticks), i->offset_ns)
	};
}

#endif
