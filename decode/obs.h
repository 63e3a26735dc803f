/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * obs.h - observations: everything that reaches the core, with its time.
 *
 * Sources (capture/) make them, the tracer folds over them.  Live and saved
 * input differ only in the source.  All pointers are borrowed and live until
 * the source is asked for its next observation.
 */
#ifndef DECODE_OBS_H
#define DECODE_OBS_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"

enum obs_type {
	OBS_IFACE,		/* an interface exists; comes before its packets */
	OBS_PACKET,
	OBS_NAME,		/* an address has a name (pcapng name resolution) */
	OBS_LOSS,		/* packets were dropped here */
	OBS_STATE,		/* the node's state, as it is from now on */
	OBS_CHANGE,		/* part of it became another */
	OBS_CT,			/* a conntrack entry began, changed or went */
	OBS_TICK,		/* time went by: what is due is decided and told */
	N_OBS_TYPES
};

#define OBS_IFACE_ADDRS	4

/*
 * An interface of a source.  `number` is the source's own, counted from 0 over
 * all sources of a run, so that (number) alone identifies it.  A cooked
 * capture is one such interface that carries the packets of many.
 */
struct obs_iface {
	uint32_t	 number;
	uint16_t	 linktype;	/* LINKTYPE_ value */
	const char	*name;		/* NULL when nothing tells */
	uint16_t	 clock;		/* interfaces stamped by one clock have one
					   number: those of one file, of one node */
	bool		 given;		/* `name` comes from the capture or the user,
					   not from the name of the file */
	uint32_t	 ifindex;	/* a cooked interface that carries the packets of
					   this one alone; 0: of many, or not known */
	/* For recordings alone. */
	bool		 has_mac;
	uint8_t		 mac[6];
	uint8_t		 n_addrs;
	struct addr	 addrs[OBS_IFACE_ADDRS];
};

struct obs_packet {
	uint32_t	 number;	/* of its obs_iface */
	uint16_t	 linktype;
	uint8_t		 dir;		/* enum direction where the file says (epb_flags) */
	uint32_t	 caplen, len;	/* bytes captured, bytes on the wire */
	const uint8_t	*data;
};

struct obs_name {
	struct addr	 addr;
	const char	*name;
};

/* Packets that the capture missed, since the last such observation. */
struct obs_loss {
	uint64_t	 kernel;	/* no room in the capture buffer (ps_drop, isb_osdrop) */
	uint64_t	 interface;	/* by the interface or driver (ps_ifdrop, isb_ifdrop) */
	uint64_t	 netlink;	/* conntrack or route events lost: how often, for the
					   kernel does not say how many */
	struct nstime	 since;		/* it happened between this time and the
					   observation's; 0: since the capture began */
};

struct state;

/* Must outlive the tracer. */
struct obs_state {
	const struct state *state;
};

/* The state is as `change` (decode/timeline.h) says: known to be so from the
   observation's time on, and not so before `since`.  Copied. */
struct state_change;

struct obs_change {
	const struct state_change *change;
	struct nstime	 since;
};

enum ct_event {
	CT_EV_NEW,		/* it began */
	CT_EV_UPDATE,		/* state, mark or status changed */
	CT_EV_DESTROY,		/* it is gone */
	CT_EV_DUMPED,		/* it is there, since when is not told */
	/* Without an entry: a dump of all entries begins, and events are told again
	   from then on; it is complete, and what was not in it is gone.  Another
	   beginning takes the place of the one before; between the two what came
	   in a time of loss is not known. */
	CT_EV_DUMP_BEGIN, CT_EV_DUMP_END,
	N_CT_EVENTS
};

/* What an event does not tell of its entry: that stays as it was known before.
   Tuples, zone and id are always told; an age of -1 is not. */
enum ct_part {
	CT_PART_STATUS	= 1 << 0, CT_PART_TIMEOUT = 1 << 1, CT_PART_MARK = 1 << 2,
	CT_PART_STATE	= 1 << 3, CT_PART_COUNTERS = 1 << 4,
};

/* A change of conntrack's table.  Copied. */
struct ct_entry;

struct obs_ct {
	uint8_t		 event;		/* enum ct_event */
	uint8_t		 lacks;		/* enum ct_part: not told */
	const struct ct_entry *entry;	/* NULL with DUMP_BEGIN and DUMP_END */
	struct nstime	 began, ended;	/* as the kernel stamped it
					   (nf_conntrack_timestamp); 0: not told */
};

struct obs {
	enum obs_type	 type;
	struct nstime	 ts;		/* loss and names: of the last packet before */
	union {
		struct obs_iface	iface;
		struct obs_packet	packet;
		struct obs_name		name;
		struct obs_loss		loss;
		struct obs_state	state;
		struct obs_change	change;
		struct obs_ct		ct;
	};
};

#endif
