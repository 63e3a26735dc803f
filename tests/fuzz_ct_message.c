/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ct_message.c - messages of ctnetlink come from the kernel, but attributes
 * that another version adds or leaves out must not be misread; and the table that
 * they make must hold whatever order they come in.
 *
 * Input: a byte, whose lowest bit says whether the messages answer a dump, then
 * netlink messages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#include "capture/live/conntrack_int.h"
#include "decode/conntrack.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
demand(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool
is_alive(void *arg, const struct ct_life *l)
{
	demand(l->ended.ns == 0, "an entry that is there has an end");
	demand(!l->lost_end, "an entry that is there lost its end");
	++*(uint32_t *)arg;
	return true;
}

static void
observe(struct ct_table *t, const struct obs *o, struct nstime now)
{
	const struct ct_entry *e = o->ct.entry;
	const struct ct_life *l;

	demand(o->type == OBS_CT && e != NULL, "no entry");
	demand(e->orig.proto == 6 || e->orig.proto == 33 || e->orig.proto == 132 ||
	    e->state == NULL, "a state of a protocol that has none");
	ct_table_observe(t, &o->ct, now);
	l = ct_table_orig(t, &e->orig, (struct nstime){ INT64_MIN },
	    (struct nstime){ INT64_MAX });
	demand(l == NULL || tuple_eq(&l->entry.orig, &e->orig), "another tuple");
	l = ct_table_reply(t, &e->reply, now, now);
	demand(l == NULL || tuple_eq(&l->entry.reply, &e->reply), "another tuple");
	demand(ct_table_size(t) <= 8, "more than there is room for");
	demand(ct_table_alive(t) <= ct_table_size(t), "more alive than there are");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ct_table *t = ct_table_new(8);
	uint8_t *copy = malloc(size > 1 ? size - 1 : 1);
	const struct nlmsghdr *m;
	struct nstime now = { 1700000000 * NS_PER_SEC };
	uint32_t alive = 0;
	struct ct_entry e;
	struct obs o;
	int left;

	if (t == NULL || copy == NULL || size < 1)
		goto out;
	/* Just those bytes, aligned as a receive buffer is. */
	memcpy(copy, data + 1, size - 1);
	m = (const void *)copy;
	left = (int)(size - 1);
	for (; ct_message_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		now.ns += NS_PER_SEC;
		if (m->nlmsg_type == NLMSG_DONE)
			ct_table_observe(t, &(struct obs_ct){ .event =
			    m->nlmsg_flags & 1 ? CT_EV_DUMP_BEGIN : CT_EV_DUMP_END }, now);
		else if (m->nlmsg_type == NLMSG_OVERRUN)
			ct_table_lost(t, (struct nstime){ now.ns - m->nlmsg_seq }, now);
		else if (ct_message_read(m, data[0] & 1, now, &o, &e))
			observe(t, &o, now);
	}
	ct_table_each(t, is_alive, &alive);
	demand(alive <= ct_table_alive(t), "more shown than there are");
	ct_table_complete(t, now, now);
out:
	ct_table_free(t);
	free(copy);
	return 0;
}
