/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_tracer.c - any packets in any order, at any times and places.
 *
 * Worth fuzzing because the tracer's tables refer to each other: flows are
 * joined, begun anew and evicted while recent sightings, fragments and ICMP
 * errors still name them.  Input is a row of packets: link type, interface,
 * direction, time step, length, bytes.  A first byte makes the cap on flows, so
 * that eviction is common.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/tracer.h"

#define HEAD	6

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint16_t linktypes[] = { LT_ETHERNET, LT_SLL2, LT_SLL, LT_RAW };

static void
check_flow(const struct flow *f)
{
	uint64_t sum = 0;

	assert(f->id > 0 && f->n_legs <= FLOW_MAX_LEGS);
	assert(f->n_findings <= FLOW_MAX_FINDINGS);
	assert(f->matched <= f->sightings && f->packets <= f->sightings);
	for (unsigned i = 0; i < f->n_legs; i++)
		sum += f->legs[i].packets;
	assert(f->legs_left_out > 0 || sum == f->sightings);
}

static void
done(void *arg, const struct flow *f)
{
	check_flow(f);
	++*(uint64_t *)arg;
}

static int
each(void *arg, const struct flow *f)
{
	check_flow(f);
	++*(uint64_t *)arg;
	return 1;
}

static size_t
one_packet(struct tracer *t, const uint8_t *p, size_t left, struct nstime *now)
{
	uint16_t linktype = linktypes[p[0] % 4];
	size_t len = p[5];
	struct obs o = { .type = OBS_PACKET };

	if (len > left - HEAD)
		len = left - HEAD;
	/* Mostly forward, at times back. */
	*now = nstime_add_ns(*now, ((int64_t)(int8_t)p[3] * 256 + p[4]) *
	    (p[0] & 0x80 ? NS_PER_MSEC : NS_PER_USEC));
	o.ts = *now;
	o.packet = (struct obs_packet){ .number = p[1] % 4, .linktype = linktype,
	    .dir = p[2] % 3, .caplen = (uint32_t)len,
	    .len = (uint32_t)len + (p[0] & 0x40 ? 1000 : 0), .data = p + HEAD };
	tracer_observe(t, &o);
	return HEAD + len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nstime now = { INT64_C(1700000000) * NS_PER_SEC };
	uint64_t n_done = 0, n_each = 0;
	struct tracer_config cfg = { .done = done, .done_arg = &n_done };
	struct tracer *t;

	if (size == 0)
		return 0;
	cfg.max_flows = data[0] % 8 + 1;
	t = tracer_new(&cfg);
	assert(t != NULL);
	for (uint32_t i = 0; i < 4; i++) {
		struct obs o = { .type = OBS_IFACE, .ts = now,
		    .iface = { .number = i, .linktype = linktypes[i],
		    .clock = (uint16_t)(i / 2) } };

		tracer_observe(t, &o);
	}
	for (size_t at = 1; at + HEAD <= size; )
		at += one_packet(t, data + at, size - at, &now);
	tracer_finish(t);
	assert(tracer_each(t, each, &n_each) == 1);
	assert(n_each <= cfg.max_flows && n_done == tracer_stats(t)->evicted);
	assert(tracer_stats(t)->flows == n_each + n_done);
	tracer_free(t);
	return 0;
}
