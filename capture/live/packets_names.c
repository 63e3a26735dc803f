/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets_names.c - the names and globs (fnmatch(3)) of `-i`.  A literal name
 * must exist when capturing begins; a glob may fit nothing yet.
 */
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/packets_int.h"

#define NAMES_LISTED	12	/* in a message, of the interfaces that are there */

static bool
is_glob(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

bool
names_copy(struct names *names, const struct live_config *c)
{
	for (unsigned i = 0; i < c->n_ifaces; i++)
		if (strcmp(c->ifaces[i], "any") == 0)
			return true;
	if (c->n_ifaces == 0)
		return true;
	names->v = calloc(c->n_ifaces, sizeof(*names->v));
	if (names->v == NULL)
		return false;
	for (unsigned i = 0; i < c->n_ifaces; i++) {
		names->v[i] = strdup(c->ifaces[i]);
		if (names->v[i] == NULL)
			return false;
		names->n++;
	}
	return true;
}

void
names_free(struct names *names)
{
	for (unsigned i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

bool
names_fit(const struct names *names, const char *ifname)
{
	for (unsigned i = 0; i < names->n; i++)
		if (strcmp(names->v[i], ifname) == 0 ||
		    fnmatch(names->v[i], ifname, 0) == 0)
			return true;
	return names->n == 0;
}

/* How many letters to insert, remove or replace (Levenshtein); names longer
   than an interface's are far from all. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[IF_NAMESIZE + 1];
	size_t n = strlen(b);

	if (strlen(a) >= IF_NAMESIZE || n >= IF_NAMESIZE)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned cost = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	return row[n];
}

static const char *
nearest(const char *name, const struct if_nameindex *there)
{
	const char *best = NULL;
	unsigned least = 3;	/* two wrong letters are a slip, more a guess */

	for (; there->if_name != NULL; there++) {
		unsigned d = distance(name, there->if_name);

		if (d < least && d < strlen(there->if_name)) {
			least = d;
			best = there->if_name;
		}
	}
	return best;
}

static void
say_missing(const char *name, const struct if_nameindex *there,
    char error[static LIVE_ERROR_MAX])
{
	const char *near = nearest(name, there);
	size_t n = 0;
	unsigned i;

#define ADD(...) do { \
	if (n < LIVE_ERROR_MAX) \
		n += (size_t)snprintf(error + n, LIVE_ERROR_MAX - n, __VA_ARGS__); \
} while (0)
	ADD("no interface \"%.64s\"", name);
	if (near != NULL)
		ADD(", did you mean \"%s\"?", near);
	ADD("%s there are", near != NULL ? "" : ";");
	for (i = 0; there[i].if_name != NULL && i < NAMES_LISTED; i++)
		ADD("%s %s", i ? "," : "", there[i].if_name);
	for (; there[i].if_name != NULL; i++)
		;
	if (i > NAMES_LISTED)
		ADD(" and %u more", i - NAMES_LISTED);
#undef ADD
}

static bool
is_there(const char *name, const struct if_nameindex *there)
{
	for (; there->if_name != NULL; there++)
		if (strcmp(there->if_name, name) == 0 ||
		    (is_glob(name) && fnmatch(name, there->if_name, 0) == 0))
			return true;
	return false;
}

/* ip-link(8), "property add altname": the kernel finds an interface by these
   too, but tells its packets and links by its one name. */
static bool
by_altname(char **name)
{
	char real[IF_NAMESIZE];
	unsigned ifindex = if_nametoindex(*name);
	char *copy;

	if (ifindex == 0 || if_indextoname(ifindex, real) == NULL ||
	    (copy = strdup(real)) == NULL)
		return false;
	free(*name);
	*name = copy;
	return true;
}

bool
names_check(struct names *names, const struct if_nameindex *there,
    live_notice *notice, void *arg, char error[static LIVE_ERROR_MAX])
{
	char text[128];

	for (unsigned i = 0; i < names->n; i++) {
		if (is_there(names->v[i], there))
			continue;
		if (!is_glob(names->v[i])) {
			if (by_altname(&names->v[i]))
				continue;
			say_missing(names->v[i], there, error);
			return false;
		}
		snprintf(text, sizeof(text), "no interface fits \"%.64s\" yet",
		    names->v[i]);
		if (notice != NULL)
			notice(arg, text);
	}
	return true;
}
