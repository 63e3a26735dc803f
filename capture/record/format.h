/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.h - what podpath adds to pcapng (draft-ietf-opsawg-pcapng) so that a
 * file holds a whole run: every observation, in order, with its time.
 *
 * BLOCKS.  A block of type 0x80000bad, of those for local use (section 3.1), or
 * a Custom Block (section 4.8) of type 0x00000bad or 0x40000bad.  We write the
 * first: Wireshark lists Custom Blocks as packets without a time, one for each
 * of ours, while blocks for local use are passed over by all that we tried.
 * Whichever it is, the body is
 *
 *	 0  u32	 32473, in the section's byte order.  It is the enterprise number
 *		 for documentation (RFC 5612), since we have none; hence:
 *	 4  8	 "podpath" and a NUL
 *	12  u16	 kind (enum record_kind)
 *	14  u16	 flags (enum record_flag)
 *	16  i64	 time of the observation, ns since 1970
 *	24  u32	 bytes of the payload
 *	28	 the payload; then 0 to 3 bytes up to a multiple of 4
 *
 * All numbers but the first are little-endian, whatever the section is.  A kind
 * or flag that is not known is passed over; so is what stands behind the fields
 * below in a payload.
 *
 *   BEGIN	the first block after the section header, else the section is not
 *		ours.  u16 version of all this, 1; u16 how the file begins (enum
 *		record_how); u32 number of the file in its run, from 0; u64 the run,
 *		a random number; u32 snap length, 0: none; u32 bytes of the text that
 *		follows: the program's version
 *   STATE	a document podpath.state/1, CHANGE: podpath.change/1, in one or more
 *		blocks that follow each other, all with RECORD_MORE but the last:
 *		u32 number of the part, from 0; bytes.  With RECORD_DEFLATE the bytes
 *		of all parts are one zlib stream (RFC 1950)
 *   CT		conntrack entries, as they came, one behind the other; see below.
 *		The block's time is that of the first
 *   TICK	nothing
 *   LOSS	u64 kernel, u64 interface, u64 netlink, i64 since (struct obs_loss)
 *   NAME	an address of 16 bytes (IPv4 as ::ffff:a.b.c.d) and its name, up to
 *		the end of the payload
 *
 * A CONNTRACK ENTRY (struct obs_ct):
 *
 *	u8   event (enum ct_event)
 *	u8   has (enum record_ct_has)
 *	u8   status (enum ct_status)
 *	u8   bytes of the state's name; 0 also when there is none
 *	i64  time of the observation
 *	     the state's name, RECORD_CT_STATE
 *   and, with RECORD_CT_ENTRY,
 *	     original: source, destination (4 bytes each; 16 with RECORD_CT_V6),
 *	     u16 source port, u16 destination port, u8 protocol
 *	     reply: the same
 *	u32  mark, u32 id, u32 timeout, u16 zone
 *	u64  packets original, reply, u64 bytes original, reply: RECORD_CT_COUNTS
 *	i64  age in seconds, u32 line: RECORD_CT_REST; else -1 and 0
 *   and, whatever the event,
 *	i64  began, i64 ended: RECORD_CT_LIFE
 *	u8   what was not told (enum ct_part): RECORD_CT_LACKS
 *
 * INTERFACES.  A section of ours has an Interface Description Block for each
 * OBS_IFACE, at its place in the order; if_tsresol is 9.  Its custom option (2989,
 * section 3.5.1) is u32 32473 in the section's byte order, "podpath" and a NUL, and
 *
 *	12  u16	 flags (enum record_iface_flag)
 *	14  u16	 clock
 *	16  u32	 number in the run, the same in all its files
 *	20  u32	 ifindex, 0: of many, or not known
 *	24  i64	 time of the observation
 *	32	 RECORD_IFACE_RAW: the name byte by byte, where if_name cannot hold it
 *
 * OTHER BLOCKS.  In a section of ours Name Resolution Blocks say which pods there
 * are (namespace.name), for those who read the file with other programs; the
 * state says so too, and they are no observations.  Nor are Interface Statistics
 * Blocks, which stand at the end: LOSS blocks have told.  Times of packets are
 * signed.
 *
 * A file that does not begin with the run is complete all the same: BEGIN, the
 * interfaces that are still of use, STATE as it is then, conntrack's entries.
 */
#ifndef CAPTURE_RECORD_FORMAT_H
#define CAPTURE_RECORD_FORMAT_H

#define RECORD_BLOCK		0x80000bad
#define RECORD_BLOCK_CUSTOM	0x00000bad
#define RECORD_BLOCK_UNCOPIED	0x40000bad	/* not to be copied */

#define RECORD_NUMBER		32473
#define RECORD_MAGIC		"podpath"	/* with its NUL */
#define RECORD_MAGIC_LEN	8
#define RECORD_VERSION		1

#define RECORD_BODY_LEN		28	/* before the payload */
#define RECORD_BEGIN_LEN	24	/* before the text */
#define RECORD_LOSS_LEN		32
#define RECORD_NAME_MAX		255	/* longer names are cut */
#define RECORD_PART_LEN		4	/* before the bytes of a document */

/* No block that we write is longer than this. */
#define RECORD_BLOCK_MAX	(1 << 20)

enum record_kind {
	RECORD_BEGIN = 1, RECORD_STATE, RECORD_CHANGE, RECORD_CT, RECORD_TICK,
	RECORD_LOSS, RECORD_NAME,
};

enum record_flag { RECORD_MORE = 1 << 0, RECORD_DEFLATE = 1 << 1 };

enum record_how {
	RECORD_FIRST,		/* with the run */
	RECORD_ROTATED,		/* where another file ends */
	RECORD_RING,		/* with the oldest that was in memory */
};

enum record_ct_has {
	RECORD_CT_ENTRY = 1 << 0, RECORD_CT_V6 = 1 << 1, RECORD_CT_STATE = 1 << 2,
	RECORD_CT_COUNTS = 1 << 3, RECORD_CT_REST = 1 << 4, RECORD_CT_LIFE = 1 << 5,
	RECORD_CT_LACKS = 1 << 6,
};

#define RECORD_CT_FIXED		12	/* event to time */
#define RECORD_CT_MAX		(12 + 255 + 2 * 37 + 14 + 32 + 12 + 16 + 1)

enum record_iface_flag {
	RECORD_IFACE_NAMED = 1 << 0,	/* else obs_iface.name is NULL */
	RECORD_IFACE_GIVEN = 1 << 1,
	RECORD_IFACE_RAW = 1 << 2,
};

#define RECORD_IFACE_LEN	32	/* of the option, before the name */
#define RECORD_IFACE_NAME_MAX	255	/* longer names are cut */

/* Codes of options (section 3.5 and those of the blocks). */
enum record_option {
	OPTION_END = 0, OPTION_COMMENT = 1, OPTION_CUSTOM = 2989,
	OPTION_SHB_OS = 3, OPTION_SHB_USERAPPL = 4,
	OPTION_IF_NAME = 2, OPTION_IF_IPV4 = 4, OPTION_IF_IPV6 = 5, OPTION_IF_MAC = 6,
	OPTION_IF_TSRESOL = 9,
	OPTION_EPB_FLAGS = 2,
	OPTION_ISB_IFRECV = 4, OPTION_ISB_IFDROP = 5, OPTION_ISB_OSDROP = 7,
	OPTION_ISB_USRDELIV = 8,
};

#endif
