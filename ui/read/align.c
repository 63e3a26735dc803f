/* SPDX-License-Identifier: GPL-2.0-or-later */
/* align.c - bring the clocks of several captures together. */
#include "ui/read/align.h"

#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "decode/clock.h"
#include "decode/fingerprint.h"
#include "decode/packet.h"
#include "ui/cli/complain.h"
#include "ui/out/format.h"
#include "ui/cli/progress.h"

#define LOOK_EVERY	4096	/* packets between looks at the clock */

static void
add_packet(struct clocks *c, unsigned file, const struct obs *o)
{
	struct packet p;
	unsigned i;

	packet_decode(&p, o->packet.linktype, o->packet.data, o->packet.caplen,
	    o->packet.len);
	for (i = 0; i < p.n_layers; i++) {
		struct fingerprint fp;

		if (p.layer[i].kind != LAYER_IP)
			continue;
		fp = fingerprint_of(&p.layer[i]);
		if (!fp.cut && fp.strength != FP_NONE)
			clock_add(c, file, fp.hash, o->ts,
			    fp.strength == FP_STRONG);
	}
}

/* Faults are for the real pass. */
static void
add_file(struct clocks *c, unsigned file, struct source *s, struct progress *pr,
    const volatile sig_atomic_t *stop)
{
	uint64_t packets = 0;
	struct obs o;

	while (!*stop && source_next(s, &o) == 1) {
		if (o.type != OBS_PACKET)
			continue;
		add_packet(c, file, &o);
		if (++packets % LOOK_EVERY == 0 && progress_due(pr)) {
			struct source_progress p = source_progress(s);

			progress_show(pr, "clocks", p.done, p.total, packets);
		}
	}
}

static const char *
span(char buf[static FORMAT_SPAN_MAX + 1], int64_t ns)
{
	buf[format_span(buf, ns < 0 ? -ns : ns, "us")] = '\0';
	return buf;
}

static void
tell(const char *const *files, unsigned i, const struct clock_shift *s)
{
	char buf[FORMAT_SPAN_MAX + 1];

	if (s->aligned && s->shift_ns != 0)
		complain("%s: its clock is %s %s that of %s (%u packets agree): "
		    "corrected", files[i], span(buf, s->shift_ns),
		    s->shift_ns > 0 ? "behind" : "ahead of", files[s->reference],
		    s->pairs);
}

/* One line, however many there are: unrelated captures may be read together. */
static void
tell_unaligned(const char *file, unsigned n_unaligned, unsigned n)
{
	if (n_unaligned == 1)
		complain("%s: no packet in common with the other captures that "
		    "tells its clock; its times stay as they are", file);
	else if (n_unaligned > 1)
		complain("%u of %u captures have no packet in common with others "
		    "that tells their clocks; their times stay as they are",
		    n_unaligned, n);
}

static void
solve(struct clocks *c, const char *const *files, unsigned n,
    const bool *readable, struct clock_shift *shifts)
{
	struct clock_shift *found = calloc(n, sizeof(*found));
	unsigned unaligned = 0, last = 0;

	if (found != NULL && clock_solve(c, found)) {
		for (unsigned i = 0; i < n; i++) {
			if (!readable[i])
				continue;
			shifts[i] = found[i];
			tell(files, i, &found[i]);
			if (!found[i].aligned) {
				unaligned++;
				last = i;
			}
		}
		tell_unaligned(files[last], unaligned, n);
	}
	free(found);
}

void
align_files(const char *const *files, struct source *const *sources, unsigned n,
    struct clock_shift *shifts, struct progress *pr,
    const volatile sig_atomic_t *stop)
{
	struct clocks *c = clock_new(n);
	bool *readable = calloc(n, sizeof(*readable));
	struct source_report report;
	uint32_t number = 0;
	unsigned n_readable = 0;

	for (unsigned i = 0; i < n; i++)
		shifts[i] = (struct clock_shift){ .clock = i, .reference = i };
	for (unsigned i = 0; i < n && c != NULL && readable != NULL && !*stop; i++) {
		struct source *s;

		if (!source_can_reopen(sources[i]))
			continue;
		s = source_open(files[i], &number, &report);
		if (s == NULL)
			continue;
		add_file(c, i, s, pr, stop);
		source_close(s);
		readable[i] = true;
		n_readable++;
	}
	progress_clear(pr);
	if (n_readable > 1 && !*stop)
		solve(c, files, n, readable, shifts);
	free(readable);
	clock_free(c);
}
