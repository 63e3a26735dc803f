/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_pcapng.c - the pcapng block reader on any bytes, from memory.
 *
 * Lengths, options and interface numbers of a file are all made up by whoever
 * wrote it; besides memory errors, what source.h promises is checked.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcapng.h"
#include "decode/state.h"
#include "decode/timeline.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct supply {
	const uint8_t	*p;
	size_t		 left, chunk;
};

/* A little at a time, as pipes do, so that blocks lie over the edges. */
static ssize_t
supply_read(void *arg, void *buf, size_t n)
{
	struct supply *s = arg;

	if (n > s->chunk)
		n = s->chunk;
	if (n > s->left)
		n = s->left;
	memcpy(buf, s->p, n);
	s->p += n;
	s->left -= n;
	return (ssize_t)n;
}

static const char *
supply_error(const void *arg)
{
	(void)arg;
	return NULL;
}

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_ct(const struct obs_ct *ct)
{
	bool whole = ct->event != CT_EV_DUMP_BEGIN && ct->event != CT_EV_DUMP_END;

	check(ct->event < N_CT_EVENTS && whole == (ct->entry != NULL));
	check(!ct->entry || !ct->entry->state || strlen(ct->entry->state) < 256);
}

/* All that an observation borrows is there, and what it refers to is known. */
static void
check_obs(const struct obs *o, uint32_t n_ifaces)
{
	volatile uint8_t sum = 0;

	switch (o->type) {
	case OBS_IFACE:
		/* One of a recording may be described again. */
		check(o->iface.number < n_ifaces && (!o->iface.name ||
		    strlen(o->iface.name) < 300));
		check(o->iface.n_addrs <= OBS_IFACE_ADDRS);
		break;
	case OBS_PACKET:
		check(o->packet.number < n_ifaces &&
		    o->packet.caplen <= READING_CAPLEN_MAX);
		for (uint32_t i = 0; i < o->packet.caplen; i++)
			sum = (uint8_t)(sum + o->packet.data[i]);
		break;
	case OBS_NAME:
		check(strlen(o->name.name) < 300);
		break;
	case OBS_LOSS:
	case OBS_TICK:
		break;
	case OBS_CT:
		check_ct(&o->ct);
		break;
	case OBS_STATE:
		check(o->state.state && !o->state.state->no_memory);
		(void)state_link_index(o->state.state, 7);
		break;
	case OBS_CHANGE:
		check(!o->change.change->come ||
		    !o->change.change->come->no_memory);
		break;
	default:
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct supply s = { data, size, size % 5 ? size % 997 + 1 : SIZE_MAX };
	uint32_t number = 0;
	struct reading rd;
	struct pcapng *p;
	struct obs o;

	reading_init(&rd, "fuzz", &number);
	rd.name = size & 1 ? "NAME" : NULL;
	rd.stem = size & 2 ? "stem" : NULL;
	p = pcapng_new((struct window_bytes){
	    .read = supply_read, .error = supply_error, .arg = &s,
	}, &rd);
	check(p != NULL);
	while (pcapng_next(p, &o) == 1)
		check_obs(&o, number);
	check(pcapng_next(p, &o) == 0);
	/* Bytes are left only where something was wrong with them. */
	check(s.left == 0 || rd.n_reports > 0);
	for (unsigned i = 0; i < rd.n_reports; i++)
		check(!strchr(rd.reports[i].text, '\n') &&
		    rd.reports[i].fault != SRC_FINE);
	pcapng_free(p);
	return 0;
}
