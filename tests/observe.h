/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe.h - a scene for tests of matching: packets are written as lines,
 * seen at named interfaces, and the flows that come of it are read as lines.
 *
 *	struct scene *s = scene_new(SHAPE_ANY, 0);
 *
 *	see(s, "veth in  10.0.1.5:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
 *	see(s, "eth0 out 192.0.2.1:1711 > 8.8.8.8:443 tcp S seq=7 ttl=63");
 *	expect(s, "tcp 10.0.1.5:40000 > 8.8.8.8:443"
 *	    " as 192.0.2.1:1711 > 8.8.8.8:443 via veth eth0\n");
 *
 * A line is: interface, in or out, source > destination, protocol, words.
 * An IPv6 address with a port stands in brackets.  Protocols: tcp (then flags
 * of FSRPA), udp, sctp, echo, reply (echo reply), unreach, toobig, exceeded
 * (ICMP errors, about=SRC:PORT,DST:PORT,PROTO).  Words:
 *
 *	ttl=64 id=0		IP: time to live, identification
 *	seq= ack=		TCP and ICMP echo; SCTP's tag is seq
 *	tsval= tsecr= mss=	TCP options
 *	eid=			ICMP id
 *	data=TEXT len=N fill=S	payload: the text, then up to N bytes of seed S
 *	hex=0d0a		bytes before that
 *	more off=N		a fragment: more follow; a later one, at N
 *	code=N			of unreach, instead of port unreachable
 *	vlan=N vni=N		tagged; inside VXLAN N, from node oport=N
 *	outer=A,B		the VXLAN's nodes; 172.16.0.1 to 172.16.0.2
 *	snap=N pad badsum group	cut; padded to 60 bytes; a wrong checksum; sent
 *				to a group of hosts
 *	other			to another host's link-level address
 *
 * Every line comes 10 us after the one before.  A wrong line ends the test.
 */
#ifndef TESTS_OBSERVE_H
#define TESTS_OBSERVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/tracer.h"
#include "tests/build_packet.h"

enum shape {
	SHAPE_ANY,	/* one cooked v2 capture: interface and direction known */
	SHAPE_ETHER,	/* an Ethernet capture for each interface, no directions */
	SHAPE_CLOCKS,	/* the same, each with a clock of its own, 100 us off */
};

#define SCENE_IFACES	64
#define SCENE_TEXT	16384

struct scene {
	struct tracer	*t;
	enum shape	 shape;
	bool		 keep_done;	/* of flows done early too; on at first */
	int64_t		 now_ns;
	unsigned	 n_ifaces;
	char		 ifaces[SCENE_IFACES][16];
	struct flow	*flows;		/* done early, then those at the end */
	unsigned	 n_flows, room_flows;
	unsigned	 n_done;	/* flows done early */
	uint64_t	 last_done;
	bool		 finished;
	char		 text[SCENE_TEXT];
	struct build	 b;
};

/* max_flows as in struct tracer_config. */
struct scene	*scene_new(enum shape, uint32_t max_flows);
void		 scene_free(struct scene *);

__attribute__((format(printf, 2, 3)))
void		 see(struct scene *, const char *line, ...);
void		 later(struct scene *, int64_t ns);
/* The index of an interface of SHAPE_ANY. */
uint32_t	 scene_ifindex(struct scene *, const char *name);

/* No more lines: the flows, each as a line
 *   tcp ORIGINAL [as TRANSLATED] via INTERFACES [/ INTERFACES] [ambiguous]
 * request legs, then reply legs, a tunnel as eth0(VNI); those done early come
 * first. */
const char	*scene_text(struct scene *);
void		 expect(struct scene *, const char *text);
/* The only flow whose original tuple reads like this; ends the test if not. */
const struct flow *flow_like(struct scene *, const char *tuple);
/* Every flow with a translation must have one of these; the rest may stay
   single or say that they are ambiguous.  How many have one is returned. */
struct pair {
	const char	*original, *translated;		/* tuple_text() */
};
unsigned	 never_wrong(struct scene *, const struct pair *, unsigned n);
/* "eth0" or "eth0(1)". */
void		 leg_place(const struct scene *, const struct leg *, char out[32]);

/* A tuple as lines have it: "10.0.1.5:40000 > 8.8.8.8:443", "10.0.1.5 > 8.8.8.8
   id 7" for ICMP. */
#define TUPLE_TEXT	160
void		 tuple_text(const struct tuple *, char out[TUPLE_TEXT]);

/* Rows of a test table: the test gets the shape as its state. */
struct scene	*scene_of(void **state);
extern enum shape shape_any, shape_ether, shape_clocks;
#define IN_ANY(f)	{ #f "/any", f, NULL, NULL, &shape_any }
#define IN_ETHER(f)	{ #f "/ether", f, NULL, NULL, &shape_ether }
#define IN_CLOCKS(f)	{ #f "/clocks", f, NULL, NULL, &shape_clocks }
#define IN_BOTH(f)	IN_ANY(f), IN_ETHER(f)
#define IN_ALL(f)	IN_BOTH(f), IN_CLOCKS(f)

#endif
