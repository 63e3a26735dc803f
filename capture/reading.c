/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading.c - the reports of a source, worded the same for every format.
 */
#include "capture/reading.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#include "decode/packet.h"

/* A longer path is shown by its end, so that the message fits behind it. */
#define PATH_SHOWN_MAX	160

static const uint16_t known_linktypes[] = {
	LT_NULL, LT_ETHERNET, LT_RAW_BSD, LT_RAW_OPENBSD, LT_RAW, LT_LOOP,
	LT_SLL, LT_IPV4, LT_IPV6, LT_SLL2,
};

static const char *
path_shown(const char *path, const char **dots)
{
	size_t len = strlen(path);

	*dots = len > PATH_SHOWN_MAX ? "..." : "";
	return len > PATH_SHOWN_MAX ? path + len - PATH_SHOWN_MAX : path;
}

/* File names and file contents must not steer the reader's terminal. */
static void
text_defuse(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

void
report_set(struct source_report *out, const char *file, const char *fmt, ...)
{
	const char *dots, *shown = path_shown(file, &dots);
	char what[SOURCE_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	out->fault = SRC_BAD;
	snprintf(out->text, sizeof(out->text), "%s%s: %s", dots, shown, what);
	text_defuse(out->text);
}

void
reading_init(struct reading *r, const char *file, uint32_t *number)
{
	*r = (struct reading){
		.file = file, .number = number, .floor_ns = INT64_MIN,
	};
}

void
reading_vreport(struct reading *r, enum source_fault fault, uint64_t offset,
    uint64_t packet, const char *fmt, va_list ap)
{
	const char *dots, *shown = path_shown(r->file, &dots);
	char what[SOURCE_TEXT_MAX / 2], where[40] = "";
	struct source_report *out;

	if (r->n_reports == READING_MAX_REPORTS)
		return;
	out = &r->reports[r->n_reports++];
	vsnprintf(what, sizeof(what), fmt, ap);
	if (packet)
		snprintf(where, sizeof(where), " (packet %" PRIu64 ")", packet);
	out->fault = fault;
	snprintf(out->text, sizeof(out->text), "%s%s: at %sbyte %" PRIu64
	    "%s: %s", dots, shown, r->unpacked ? "unpacked " : "", offset,
	    where, what);
	text_defuse(out->text);
}

void
reading_report(struct reading *r, enum source_fault fault, uint64_t offset,
    uint64_t packet, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	reading_vreport(r, fault, offset, packet, fmt, ap);
	va_end(ap);
}

void
reading_check_linktype(struct reading *r, uint32_t linktype, uint64_t offset,
    uint64_t packet)
{
	const char *name;

	for (size_t i = 0; i < sizeof(known_linktypes) /
	    sizeof(known_linktypes[0]); i++)
		if (known_linktypes[i] == linktype)
			return;
	if (r->told_linktype)
		return;
	r->told_linktype = true;
	/* LINKTYPE_ and DLT_ numbers are the same for all that have a name. */
	name = linktype <= INT32_MAX ?
	    pcap_datalink_val_to_name((int)linktype) : NULL;
	reading_report(r, SRC_BAD, offset, packet,
	    "link type %" PRIu32 " (%s), expected Ethernet, Linux cooked, "
	    "raw IP or BSD loopback", linktype, name ? name : "unknown");
}

void
reading_time_backwards(struct reading *r, struct nstime ts, uint64_t offset)
{
	/* In 64 bits unsigned: the two may be 584 years apart. */
	uint64_t back = (uint64_t)r->last.ns - (uint64_t)ts.ns;

	if (r->told_time)
		return;
	r->told_time = true;
	reading_report(r, SRC_BAD, offset, r->packets,
	    "time runs backwards by %" PRIu64 ".%09" PRIu64 " s, expected "
	    "packets in order of time", back / NS_PER_SEC, back % NS_PER_SEC);
}
