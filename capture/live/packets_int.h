/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets_int.h - what the parts of the packet engine share: packets.c (the
 * handle), packets_links.c (which interface is which number), packets_select.c
 * (which of them the kernel hands over), packets_names.c (names and globs).
 */
#ifndef CAPTURE_LIVE_PACKETS_INT_H
#define CAPTURE_LIVE_PACKETS_INT_H

#include <linux/filter.h>
#include <net/if.h>
#include <pcap/pcap.h>

#include "capture/live/packets.h"

/* Names and globs of the user, all owned; none means `any`. */
struct names {
	char		**v;
	unsigned	  n;
};

/* An interface of the node, or one that is gone while its packets may still
   wait in the ring. */
struct link {
	uint32_t	 ifindex;
	uint32_t	 number;	/* as OBS_IFACE told it; NO_NUMBER: not yet */
	char		 name[IF_NAMESIZE];	/* "" when nothing tells */
	/* Before `was_until` it had another name and this number, or NO_NUMBER. */
	uint32_t	 was_number;
	struct nstime	 was_until;
	bool		 wanted;	/* `any`, or a name or glob fits */
	bool		 by_fact;	/* packets_link() told of it */
	bool		 gone;
	struct nstime	 gone_at;
	bool		 has_mac;
	uint8_t		 mac[6];
	uint8_t		 n_addrs;
	struct addr	 addrs[OBS_IFACE_ADDRS];
};

#define NO_NUMBER	UINT32_MAX
#define LINK_CACHE	256u		/* a power of two */

struct links {
	struct link	*v;		/* by ifindex */
	unsigned	 n, room, n_gone;
	unsigned	 sweep_at;
	uint32_t	 next_number;
	/* Number of an ifindex, NO_NUMBER when it is not wanted. */
	struct {
		uint32_t	ifindex, number;
	} cache[LINK_CACHE];
};

/* The program in the kernel: the choice of interfaces, then `rest`. */
struct selection {
	struct sock_filter *rest;	/* the user's filter, and the snap length */
	unsigned	 n_rest;
	bool		 told;		/* that it does not fit into the kernel */
};

struct packets {
	pcap_t		*pcap;
	uint16_t	 linktype;	/* LT_SLL2 or LT_SLL */
	bool		 began;		/* the first packets_read() or _link() was */
	struct names	 names;
	struct links	 links;
	bool		 cut;		/* by port: no snapshot length was asked for */
	struct selection selection;
	live_notice	*notice;
	void		*notice_arg;
	/* While packets_read() is at it. */
	struct obs	 obs;
	live_sink	*sink;
	void		*sink_arg;
	uint64_t	 captured;
	/* pcap_stats(3PCAP) counts in 32 bits. */
	struct pcap_stat last;
	uint64_t	 received, dropped_kernel, dropped_interface;
	uint64_t	 told_kernel, told_interface;
	struct nstime	 looked;	/* when losses were looked at last */
	char		 error[LIVE_ERROR_MAX];
};

/* packets_names.c */
bool		 names_copy(struct names *, const struct live_config *);
void		 names_free(struct names *);
bool		 names_fit(const struct names *, const char *ifname);
/* Every literal name exists; another name of an interface (altname) becomes its
   name.  False with `error`, which lists what is there.  Globs that fit nothing
   yet are said in a notice. */
bool		 names_check(struct names *, const struct if_nameindex *there,
		    live_notice *, void *arg, char error[static LIVE_ERROR_MAX]);

/* packets_links.c */
struct link	*links_find(struct links *, uint32_t ifindex);
/* Found or made; NULL when there is no memory.  May move all others. */
struct link	*links_get(struct links *, uint32_t ifindex, struct nstime now);
void		 links_purge(struct links *, struct nstime now);
void		 links_forget_cache(struct links *);
/* The number of a packet's interface, NO_NUMBER when it is not wanted; OBS_IFACE
   goes to the sink when it is new. */
uint32_t	 links_number_slow(struct packets *, uint32_t ifindex, struct nstime,
		    live_sink *, void *arg);
void		 link_tell(struct packets *, struct link *, struct nstime,
		    live_sink *, void *arg);

static inline uint32_t
links_number(struct packets *p, uint32_t ifindex, struct nstime ts,
    live_sink *sink, void *arg)
{
	unsigned at = ifindex & (LINK_CACHE - 1);

	if (__builtin_expect(p->links.cache[at].ifindex == ifindex, 1))
		return p->links.cache[at].number;
	return links_number_slow(p, ifindex, ts, sink, arg);
}

/* packets_select.c */
/* Take over the filter that pcap_setfilter(3PCAP) left in the kernel.  0 or -errno. */
int		 select_init(struct packets *);
/* Let the kernel hand over packets of the wanted links alone. */
void		 select_links(struct packets *);
void		 select_fini(struct packets *);

#endif
