/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.c - enter another network namespace, as ip-netns(8) does: with a /sys of
 * its own, since libpcap looks there.  /proc/sys/net follows the process by
 * itself.
 */
#include "capture/live/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NETNS_FOLDER	"/run/netns"

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
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* A name that consists of digits is a name where there is one, else a PID, as
   ip-link(8) has it. */
static int
open_netns(const char *spec, const char *root, char path[static PATH_MAX])
{
	int fd;

	if (strchr(spec, '/') != NULL) {
		snprintf(path, PATH_MAX, "%s%s", *spec == '/' ? root : "", spec);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	snprintf(path, PATH_MAX, "%s" NETNS_FOLDER "/%s", root, spec);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 || !is_number(spec))
		return fd;
	snprintf(path, PATH_MAX, "%s/proc/%s/ns/net", root, spec);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Read-only where it was (containers). */
static bool
remount_sys(const char *name, char error[static LIVE_ERROR_MAX])
{
	struct statvfs st;
	unsigned long flags = 0;

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("", "/", "none", MS_SLAVE | MS_REC, NULL) != 0)
		return fail(error, "--netns %s: no mounts of its own: %s", name,
		    strerror(errno));
	if (statvfs("/sys", &st) == 0 && (st.f_flag & ST_RDONLY))
		flags = MS_RDONLY;
	umount2("/sys", MNT_DETACH);	/* fails where nothing is mounted: fine */
	if (mount("netns", "/sys", "sysfs", flags, NULL) != 0)
		return fail(error, "--netns %s: cannot mount its /sys: %s", name,
		    strerror(errno));
	return true;
}

static bool
complain_open(const char *spec, const char *path,
    char error[static LIVE_ERROR_MAX])
{
	if (errno != ENOENT)
		return fail(error, "--netns %s: %s: %s", spec, path,
		    strerror(errno));
	if (strchr(spec, '/') != NULL)
		return fail(error, "--netns %s: no such file", spec);
	if (is_number(spec))
		return fail(error, "--netns %s: no process has this PID, and no "
		    "namespace this name", spec);
	return fail(error, "--netns %s: no network namespace has this name (ip "
	    "netns lists them)", spec);
}

bool
netns_enter(const char *spec, const char *host_root,
    char error[static LIVE_ERROR_MAX])
{
	char path[PATH_MAX];
	int fd = open_netns(spec, host_root != NULL ? host_root : "", path);

	if (fd < 0)
		return complain_open(spec, path, error);
	if (setns(fd, CLONE_NEWNET) != 0) {
		int why = errno;

		close(fd);
		if (why == EINVAL)
			return fail(error, "--netns %s: %s is no network namespace",
			    spec, path);
		if (why == EPERM)
			return fail(error, "--netns %s: needs CAP_SYS_ADMIN to "
			    "enter it; run as root", spec);
		return fail(error, "--netns %s: %s", spec, strerror(why));
	}
	close(fd);
	return remount_sys(spec, error);
}
