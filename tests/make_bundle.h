/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_bundle.h - directories and archives of node state, made for a test in a
 * directory of its own, which is removed at the end.
 *
 * In a header of its own because every test program is one source file.
 */
#ifndef TESTS_MAKE_BUNDLE_H
#define TESTS_MAKE_BUNDLE_H

#include "read_state.h"

#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULES	"0:\tfrom all lookup local\n32766:\tfrom all lookup main\n"
#define ROUTES	"default via 10.0.0.1 dev eth0 \n10.0.0.0/24 dev eth0 scope link \n"
#define LINKS	"[{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"UP\"]}]"

static char top[PATH_MAX];	/* tests run in a directory below it */
static char home[PATH_MAX];	/* where they began */

/* ---- making things */

static inline void
make_file(const char *path, const char *data, size_t len)
{
	char folder[PATH_MAX];
	FILE *f;

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *p = strchr(folder, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(folder, 0755);
		*p = '/';
	}
	f = fopen(path, "wb");
	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		err(1, "%s", path);
}

static inline void
make_text(const char *path, const char *text)
{
	make_file(path, text, strlen(text));
}

static inline struct archive *
tar_begin(const char *path, bool gzip)
{
	struct archive *a = archive_write_new();

	if (gzip)
		archive_write_add_filter_gzip(a);
	archive_write_set_format_pax_restricted(a);
	if (archive_write_open_filename(a, path) != ARCHIVE_OK)
		errx(1, "%s: %s", path, archive_error_string(a));
	return a;
}

static inline void
tar_add(struct archive *a, const char *name, mode_t type, const char *link,
    const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_filetype(e, type);
	archive_entry_set_size(e, (la_int64_t)len);
	if (link != NULL && type == AE_IFLNK)
		archive_entry_set_symlink(e, link);
	else if (link != NULL)
		archive_entry_set_hardlink(e, link);
	if (archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_data(a, data, len) != (la_ssize_t)len)
		errx(1, "%s: %s", name, archive_error_string(a));
	archive_entry_free(e);
}

static inline void
tar_text(struct archive *a, const char *name, const char *text)
{
	tar_add(a, name, AE_IFREG, NULL, text, strlen(text));
}

static inline void
tar_end(struct archive *a)
{
	if (archive_write_close(a) != ARCHIVE_OK)
		errx(1, "%s", archive_error_string(a));
	archive_write_free(a);
}

static inline int
enter(void **state)
{
	static unsigned n;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "%u", ++n);
	return chdir(top) != 0 || mkdir(name, 0755) != 0 || chdir(name) != 0;
}

/* ---- a state and what was told */

static inline struct run
state_of(const char *path)
{
	struct run r = { NULL, told_new() };

	r.state = state_read(path, tell, r.told);
	return r;
}

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
group_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(top, sizeof(top), "%s/podpath-state-XXXXXX", tmp ? tmp : "/tmp");
	return getcwd(home, sizeof(home)) == NULL || mkdtemp(top) == NULL;
}

static inline int
group_end(void **state)
{
	(void)state;
	return chdir(home) != 0 ||
	    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

#define here(test)	cmocka_unit_test_setup(test, enter)

#endif
