/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reread_look.c - one look at NAT rules, sysctls, ENIs, pods and settings.
 *
 * What changes together is read together (enum source_group): when one of its
 * sources says something else, all of them are read into the new part.  A source
 * that was good and now fails, or is not there (ipamd is started anew), is taken
 * to be as before for some looks; then what it told is no longer known.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/live/reread_int.h"

#define PATIENCE	6	/* looks, 5 s apart (RETRY_MS) */

/* The groups that are looked at here, and what they are in a change: bits of enum
   state_part. */
static const uint32_t parts_of[N_SOURCE_GROUPS] = {
	[SOURCES_NAT] = 1u << PART_IPTABLES | 1u << PART_IP6TABLES |
	    1u << PART_NFT | 1u << PART_IPSETS,
	[SOURCES_SYSCTLS] = 1u << PART_SYSCTLS,
	[SOURCES_IPAM] = 1u << PART_ENIS | 1u << PART_IPAM,
	[SOURCES_CNI] = 1u << PART_CNI_SETTINGS,
};

static bool
is_of(enum source_id id, unsigned groups)
{
	return groups >> source_group(id) & 1;
}

/* ---- iptables-legacy without rights to its list of tables */

static const char *const tables[] = { "raw", "mangle", "nat", "filter",
	"security" };
#define N_TABLES	(sizeof(tables) / sizeof(tables[0]))

static bool
is_iptables(enum source_id id)
{
	return id == SOURCE_IPTABLES || id == SOURCE_IP6TABLES;
}

/* Is there a line "*nat"? */
static bool
has_table(const struct collected *r, const char *table)
{
	char line[16] = "\n*";
	size_t n;

	strcat(line, table);
	strcat(line, "\n");
	n = strlen(line);
	return r->len >= n && (memmem(r->data, r->len, line, n) != NULL ||
	    memcmp(r->data, line + 1, n - 1) == 0);
}

static uint8_t
legacy_tables(enum source_id id, const struct collected *r)
{
	unsigned found = 0;

	if (!is_iptables(id) || r->len == 0 ||
	    memmem(r->data, r->len, "(nf_tables)", 11) != NULL)
		return 0;
	for (size_t i = 0; i < N_TABLES; i++)
		if (has_table(r, tables[i]))
			found |= 1u << i;
	return (uint8_t)found;
}

static bool
append(struct collected *to, const struct collected *from)
{
	char *p = realloc(to->data, to->len + from->len + 1);

	if (p == NULL)
		return false;
	to->data = p;
	memcpy(p + to->len, from->data ? from->data : "", from->len);
	to->len += from->len;
	return true;
}

/*
 * /proc/net/ip_tables_names is root's alone, and without it iptables-save gives
 * up; a table whose name is known can be asked for.  Only those that there were:
 * asking for another one would make the kernel set it up.
 */
static bool
lacks_names(const struct look *l, enum source_id id, const struct collected *r)
{
	return is_iptables(id) && l->seen[id].how == SEEN_GOOD && !r->missing &&
	    strstr(r->why, "_tables_names") != NULL;
}

static bool
fetch_tables(const struct look *l, enum source_id id, struct collected *r)
{
	struct collected one;

	*r = (struct collected){ 0 };
	for (size_t i = 0; i < N_TABLES; i++) {
		bool ok;

		if (!(l->seen[id].tables >> i & 1))
			continue;
		if (!source_fetch_table(id, tables[i], &l->request, &one)) {
			collected_free(r);
			*r = one;
			return false;
		}
		ok = append(r, &one);
		collected_free(&one);
		if (!ok) {
			collected_free(r);
			return false;
		}
	}
	return true;
}

/* ---- a look */

struct fetched {
	struct collected what;
	bool		 good;
};

static void
fetch(const struct look *l, enum source_id id, struct fetched *f)
{
	f->good = source_fetch(id, &l->request, &f->what);
	if (!f->good && lacks_names(l, id, &f->what))
		f->good = fetch_tables(l, id, &f->what);
}

/* Each of ours; when nobody listens at ipamd's port, one attempt is enough. */
static void
fetch_all(const struct look *l, unsigned groups, struct fetched f[static N_SOURCES])
{
	for (int i = 0; i < N_SOURCES; i++) {
		enum source_id id = (enum source_id)i;

		if (!is_of(id, groups))
			continue;
		if (id > SOURCE_ENIS && id <= SOURCE_METRICS &&
		    f[SOURCE_ENIS].what.missing) {
			f[id].what.missing = true;
			continue;
		}
		fetch(l, id, &f[id]);
	}
}

static void
free_all(struct fetched f[static N_SOURCES])
{
	for (int i = 0; i < N_SOURCES; i++)
		collected_free(&f[i].what);
}

static struct seen
seen_of(enum source_id id, const struct fetched *f)
{
	struct seen s = { .how = f->good ? SEEN_GOOD : f->what.missing ?
	    SEEN_MISSING : SEEN_FAILED };

	if (f->good) {
		s.hash = reread_hash(id, f->what.data ? f->what.data : "",
		    f->what.len);
		s.tables = legacy_tables(id, &f->what);
	}
	return s;
}

static void
begin(struct look *l, unsigned groups)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	for (int g = 0; g < N_SOURCE_GROUPS; g++)
		if (groups >> g & 1)
			l->began[g].ns = (int64_t)t.tv_sec * NS_PER_SEC +
			    t.tv_nsec;
}

void
look_first(struct look *l, struct state *state, state_report *report, void *arg)
{
	struct fetched f[N_SOURCES] = { 0 };
	bool told_ipamd = false;

	begin(l, GROUPS_ALL);
	fetch_all(l, GROUPS_ALL, f);
	for (int i = 0; i < N_SOURCES; i++) {
		enum source_id id = (enum source_id)i;

		if (!is_of(id, GROUPS_ALL))
			continue;
		l->seen[id] = seen_of(id, &f[id]);
		if (f[id].good) {
			source_give(id, &f[id].what, state, report, arg);
			continue;
		}
		if (!told_ipamd || !f[id].what.missing || id > SOURCE_METRICS)
			source_complain(id, &f[id].what, state, report, arg);
		told_ipamd |= id == SOURCE_ENIS && f[id].what.missing;
	}
	free_all(f);
}

/* Is the group to be read again?  A failure within the patience makes it stay as
   it is, whatever its other sources say. */
static bool
group_changed(struct look *l, enum source_group g, struct fetched f[static N_SOURCES],
    uint32_t *sources)
{
	bool changed = false, wait = false;

	*sources = 0;
	for (int i = 0; i < N_SOURCES; i++) {
		enum source_id id = (enum source_id)i;
		struct seen *was = &l->seen[id], s;

		if (source_group(id) != g)
			continue;
		s = seen_of(id, &f[id]);
		if (was->how == SEEN_GOOD && !f[id].good &&
		    ++was->failures < PATIENCE) {
			wait = true;
		} else if (s.how != was->how || s.hash != was->hash) {
			changed |= s.how == SEEN_GOOD || was->how == SEEN_GOOD;
			*sources |= 1u << i;
		}
	}
	l->again |= wait;
	return changed && !wait;
}

static void
take_group(struct look *l, enum source_group g, struct fetched f[static N_SOURCES],
    struct state *come)
{
	for (int i = 0; i < N_SOURCES; i++) {
		enum source_id id = (enum source_id)i;

		if (source_group(id) != g)
			continue;
		l->seen[id] = seen_of(id, &f[id]);
		if (f[id].good)
			source_give(id, &f[id].what, come, NULL, NULL);
	}
}

/* Without memory it is found again by the next look. */
static unsigned
look_at(struct look *l, enum source_group g, struct fetched f[static N_SOURCES],
    struct found *out)
{
	uint32_t sources;
	struct state *come;
	struct look was = *l;

	if (!group_changed(l, g, f, &sources))
		return 0;
	come = state_new();
	if (come == NULL)
		return 0;
	take_group(l, g, f, come);
	if (come->no_memory) {
		state_free(come);
		memcpy(l->seen, was.seen, sizeof(l->seen));
		return 0;
	}
	*out = (struct found){ .come = come, .parts = parts_of[g],
	    .sources = sources };
	return 1;
}

/* Good again before patience was at its end. */
static void
forgive(struct look *l, const struct fetched f[static N_SOURCES])
{
	for (int i = 0; i < N_SOURCES; i++)
		if (f[i].good)
			l->seen[i].failures = 0;
}

static bool
is_stopped(const struct look *l)
{
	struct pollfd p = { .fd = l->request.stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

unsigned
look_again(struct look *l, unsigned groups,
    struct found out[static N_SOURCE_GROUPS])
{
	struct fetched f[N_SOURCES] = { 0 };
	struct nstime before[N_SOURCE_GROUPS];
	unsigned n = 0;
	bool stopped;

	memcpy(before, l->began, sizeof(before));
	l->again = false;
	begin(l, groups);
	fetch_all(l, groups, f);
	stopped = is_stopped(l);
	for (int g = 0; g < N_SOURCE_GROUPS && !stopped; g++) {
		if (!(groups >> g & 1) ||
		    look_at(l, (enum source_group)g, f, &out[n]) == 0)
			continue;
		out[n++].since = before[g];
	}
	if (!stopped)
		forgive(l, f);
	free_all(f);
	return n;
}
