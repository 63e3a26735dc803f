/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rights.c - capabilities through libcap-ng; capabilities(7), the part on
 * ambient ones and on what a change of user ids does to them.
 */
#include "capture/live/rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_USER	"nobody"

/* The programs that are run later get the first two as well (ambient); the last
   is ours alone, and kept only when asked for. */
static const unsigned kept[] = { CAP_NET_RAW, CAP_NET_ADMIN, CAP_DAC_READ_SEARCH };

#define N_KEPT		(sizeof(kept) / sizeof(kept[0]))
#define N_PASSED_ON	2

static bool __attribute__((format(printf, 2, 3)))
fail(char error[static LIVE_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, LIVE_ERROR_MAX, format, ap);
	va_end(ap);
	return false;
}

static bool
have(unsigned capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability) != 0;
}

struct rights
rights_have(void)
{
	struct rights r = { false, false };

	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_get_caps_process() == 0) {
		r.raw = have(CAP_NET_RAW);
		r.admin = have(CAP_NET_ADMIN);
	}
	return r;
}

/* Of what is kept, that which we have: in `held`. */
static unsigned
find_held(unsigned held[static N_KEPT], size_t of)
{
	unsigned n = 0;

	for (size_t i = 0; i < of; i++)
		if (have(kept[i]))
			held[n++] = kept[i];
	return n;
}

/* Inheritable as well, which ambient ones must be. */
static void
choose(const unsigned *held, unsigned n)
{
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned i = 0; i < n; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
		    CAPNG_INHERITABLE | CAPNG_BOUNDING_SET, held[i]);
}

/*
 * A container that gives NET_RAW and NET_ADMIN alone has root without SETUID and
 * SETGID: there is little left to give up, and nobody whom we could become.
 */
static bool
can_change_user(void)
{
	return have(CAP_SETUID) && have(CAP_SETGID);
}

/* Root alone; *pw is NULL when the user stays. */
static bool
find_user(const char *user, const struct passwd **pw,
    char error[static LIVE_ERROR_MAX])
{
	const char *name = user != NULL ? user : DEFAULT_USER;

	*pw = NULL;
	if (geteuid() != 0 || (user == NULL && !can_change_user()))
		return true;
	errno = 0;
	*pw = getpwnam(name);
	if (*pw != NULL)
		return true;
	if (errno != 0 && errno != ENOENT)
		return fail(error, "user '%s': %s", name, strerror(errno));
	return fail(error, "there is no user '%s' to become", name);
}

static bool
become(const struct passwd *pw, char error[static LIVE_ERROR_MAX])
{
	int r = capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
	    CAPNG_DROP_SUPP_GRP);

	if (r != 0)
		return fail(error, "cannot become user '%s' (%s)", pw->pw_name,
		    r == -1 ? "capng_change_id" : strerror(errno));
	return true;
}

bool
rights_drop(const char *user, bool reading, char error[static LIVE_ERROR_MAX])
{
	unsigned held[N_KEPT], n, passed;
	const struct passwd *pw;
	bool bounds;

	if (capng_get_caps_process() != 0)
		return fail(error, "cannot read the capabilities: %s",
		    strerror(errno));
	passed = find_held(held, N_PASSED_ON);
	n = find_held(held, reading ? N_KEPT : N_PASSED_ON);
	bounds = have(CAP_SETPCAP);
	if (!find_user(user, &pw, error))
		return false;
	choose(held, n);
	/* the bounding set while CAP_SETPCAP is there to do it */
	if (bounds && capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return fail(error, "cannot limit the capabilities of programs: %s",
		    strerror(errno));
	if (pw != NULL && pw->pw_uid != 0 && !become(pw, error))
		return false;
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return fail(error, "cannot drop capabilities: %s",
		    strerror(errno));
	/* kernels before 4.3 have none: then the programs go without */
	for (unsigned i = 0; i < passed; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, held[i], 0, 0) != 0 &&
		    errno != EINVAL)
			return fail(error, "cannot pass capabilities on: %s",
			    strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(error, "cannot set no_new_privs: %s", strerror(errno));
	return true;
}
