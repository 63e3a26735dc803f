/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks.h - each block of a recording; see format.h.
 */
#ifndef CAPTURE_RECORD_BLOCKS_H
#define CAPTURE_RECORD_BLOCKS_H

#include "capture/record/bytes.h"
#include "decode/obs.h"

struct begin {
	uint16_t	 how;		/* enum record_how */
	uint32_t	 file;
	uint64_t	 run;
	uint32_t	 snaplen;
};

void	put_section(struct bytes_out *);
void	put_begin(struct bytes_out *, const struct begin *, struct nstime);
void	put_iface(struct bytes_out *, const struct obs_iface *, struct nstime,
	    uint32_t snaplen);
void	put_tick(struct bytes_out *, struct nstime);
void	put_loss(struct bytes_out *, const struct obs_loss *, struct nstime);
/* Both for us and for others. */
void	put_name(struct bytes_out *, const struct obs_name *, struct nstime);
/* Names of pods, for others. */
void	put_pods(struct bytes_out *, const struct state *);

/* Of an interface that is number `id` in the file, at its end. */
struct totals {
	uint64_t	 packets;
	bool		 has_drops;	/* they are known of this interface */
	uint64_t	 kernel, interface;
	const char	*comment;	/* NULL: none */
};
void	put_statistics(struct bytes_out *, uint32_t id, struct nstime,
	    const struct totals *);

/* One more entry at the end of a batch. */
void	put_ct(struct bytes_out *batch, const struct obs_ct *, struct nstime);
/* A block of one of our kinds around a payload. */
void	put_own(struct bytes_out *, uint16_t kind, uint16_t flags, struct nstime,
	    const void *payload, size_t n);

/* A document as deflated blocks.  0 or -errno. */
int	put_state(struct bytes_out *, const struct state *, struct nstime);
int	put_change(struct bytes_out *, const struct obs_change *, struct nstime);

/* A packet block is made in place: its length, and then its bytes.  A comment
   that is longer than COMMENT_MAX is cut. */
#define COMMENT_MAX	2048
#define PACKET_ID_AT	8	/* of the interface, u32 in this machine's order */

size_t	packet_size(const struct obs_packet *, size_t comment_len);
void	packet_to(uint8_t *, size_t size, uint32_t id, struct nstime,
	    const struct obs_packet *, const char *comment, size_t comment_len);
/* The packet of a block that packet_to() made, as it was observed. */
void	packet_from(const uint8_t *, struct obs *, uint16_t linktype);

#endif
