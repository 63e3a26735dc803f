/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_bad.c - node state from hands that are not trusted: what is cut,
 * damaged, too large, or leads elsewhere.
 */
#include "make_bundle.h"

#include "capture/state/bundle.h"

/* ---- tricks */

static void
directory_tricks(void **state)
{
	struct run r;

	(void)state;
	make_text("secret/conntrack.txt", "tcp 6\n");
	make_text("d/iprule.txt", RULES);
	assert_int_equal(symlink("../secret", "d/networking"), 0);
	assert_int_equal(symlink("../secret/conntrack.txt", "d/conntrack.txt"), 0);
	assert_int_equal(symlink(".", "d/loop"), 0);
	assert_int_equal(mkfifo("d/iproute.txt", 0600), 0);
	assert_int_equal(mkfifo("d/other", 0600), 0);
	assert_int_equal(mkdir("d/ipset.txt", 0700), 0);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->conntrack.n, 0);
	assert_string_equal(r.told->text,
	    "d: conntrack.txt is not read: it is a symbolic link\n"
	    "d: iproute.txt is not read: it is no regular file\n");
	run_free(&r);
}

static void
archive_tricks(void **state)
{
	struct archive *a = tar_begin("b.tgz", true);
	struct run r;

	(void)state;
	tar_text(a, "../iproute.txt", ROUTES);
	tar_text(a, "a/../../iproute.txt", ROUTES);
	tar_text(a, "a/..", "x");
	tar_text(a, "..a/ip-link.json", LINKS);
	tar_add(a, "iproute.txt", AE_IFLNK, "/etc/passwd", "", 0);
	tar_add(a, "x/iproute.txt", AE_IFREG, "/etc/passwd", "", 0);
	tar_add(a, "y/iproute.txt", AE_IFCHR, NULL, "", 0);
	tar_add(a, "z/iproute.txt", AE_IFIFO, NULL, "", 0);
	tar_add(a, "other", AE_IFLNK, "/etc/passwd", "", 0);
	tar_text(a, "iprule.txt", RULES);
	tar_end(a);
	r = state_of("b.tgz");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_int_equal(r.state->routes.n, 0);
	assert_int_equal(r.state->links.n, 1);
	assert_string_equal(r.told->text,
	    "b.tgz: entry ../iproute.txt is passed over: its name leads out of the "
	    "archive\n"
	    "b.tgz: entry a/../../iproute.txt is passed over: its name leads out "
	    "of the archive\n"
	    "b.tgz: entry a/.. is passed over: its name leads out of the archive\n"
	    "b.tgz: entry iproute.txt is passed over: it is a symbolic link\n"
	    "b.tgz: entry x/iproute.txt is passed over: it is a hard link\n"
	    "b.tgz: entry y/iproute.txt is passed over: it is a device\n"
	    "b.tgz: entry z/iproute.txt is passed over: it is a fifo\n");
	run_free(&r);
	/* nothing was written anywhere */
	assert_int_equal(access("iprule.txt", F_OK), -1);
	assert_int_equal(access("../iproute.txt", F_OK), -1);
}

static size_t
file_size(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* Cut at every length: what came before stays, the cut is told, and a file that
   is not there as a whole is not read at all. */
static void
archive_cut(void **state)
{
	static const bool packed[] = { false, true };

	(void)state;
	for (size_t k = 0; k < N(packed); k++) {
		struct archive *a = tar_begin("whole", packed[k]);
		bool one = false, none = false;
		size_t size;

		tar_text(a, "iprule.txt", RULES);
		tar_text(a, "iproute.txt", ROUTES);
		tar_end(a);
		size = file_size("whole");
		for (size_t len = size; len > 0; len -= len > 64 ? 37 : 1) {
			struct run r;

			assert_int_equal(rename("whole", "cut"), 0);
			assert_int_equal(truncate("cut", (off_t)len), 0);
			r = state_of("cut");
			if (r.state == NULL) {
				none = true;
				assert_int_not_equal(r.told->n, 0);
				/* so short that it could be anything */
				assert_true(!packed[k] || len < 20 ||
				    strstr(r.told->text, "cut: cut or damaged"));
			} else {
				assert_int_equal(r.state->rules.n, 2);
				assert_true(r.state->routes.n == 0 ||
				    r.state->routes.n == 2);
				if (r.state->routes.n == 0) {
					one = true;
					assert_non_null(strstr(r.told->text,
					    "cut: cut or damaged"));
				}
			}
			run_free(&r);
			assert_int_equal(rename("cut", "whole"), 0);
		}
		assert_true(none);
		/* compressed, both are in one block */
		assert_true(one || packed[k]);
	}
}

static void
archive_damaged(void **state)
{
	struct archive *a = tar_begin("b.tar", false);
	struct run r;
	FILE *f;

	(void)state;
	tar_text(a, "iprule.txt", RULES);
	tar_text(a, "iproute.txt", ROUTES);
	tar_end(a);
	/* the second header's checksum */
	f = fopen("b.tar", "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 1024 + 150, SEEK_SET), 0);
	assert_int_equal(fputs("garbage", f) < 0, 0);
	fclose(f);
	r = state_of("b.tar");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_int_equal(r.state->routes.n, 0);
	assert_non_null(strstr(r.told->text, "b.tar: cut or damaged ("));
	assert_non_null(strstr(r.told->text, "what came before it is kept\n"));
	run_free(&r);
}

/* ---- bounds */

static struct run
state_within(const char *path, struct bundle_limits limits)
{
	struct run r = { NULL, told_new() };

	r.state = bundle_state(path, &limits, tell, r.told);
	return r;
}

static void
bounds(void **state)
{
	struct bundle_limits few = bundle_limits;
	struct archive *a;
	struct run r;
	char *zeros = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(zeros);
	make_text("d/a/iproute.txt", ROUTES);
	make_text("d/iprule.txt", RULES);
	few.entries = 2;
	r = state_within("d", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_string_equal(r.told->text, "d: more than 2 files and folders; the "
	    "rest is not looked at\n");
	run_free(&r);

	few = bundle_limits;
	few.file = strlen(RULES);
	r = state_within("d", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_string_equal(r.told->text, "a/iproute.txt: not read: it has more "
	    "than 53 bytes, the most for one file\n");
	run_free(&r);

	few = bundle_limits;
	few.total = strlen(RULES) + 5;
	r = state_within("d", few);
	assert_string_equal(r.told->text, "a/iproute.txt: not read: it has more "
	    "than 5 bytes, which is what is left of the most for all files\n");
	run_free(&r);

	few = bundle_limits;
	few.files = 1;
	r = state_within("d", few);
	assert_int_equal(r.state->routes.n, 0);
	assert_string_equal(r.told->text, "d: more than 1 files of node state; the "
	    "rest is not read\n");
	run_free(&r);

	/* a heap of zeros before and after what counts */
	a = tar_begin("b.tgz", true);
	tar_text(a, "iprule.txt", RULES);
	tar_add(a, "zeros", AE_IFREG, NULL, zeros, 1 << 20);
	tar_text(a, "iproute.txt", ROUTES);
	tar_end(a);
	few = bundle_limits;
	few.unpacked = 1 << 19;
	r = state_within("b.tgz", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->routes.n, 0);
	assert_string_equal(r.told->text, "b.tgz: unpacks to more than 524288 "
	    "bytes; what comes from entry zeros on is not read\n");
	run_free(&r);
	free(zeros);
}

/* A folder in a folder in a folder. */
static void
too_deep(void **state)
{
	char path[PATH_MAX] = "d/iprule.txt";
	struct run r;

	(void)state;
	make_text(path, RULES);
	strcpy(path, "d");
	for (unsigned i = 0; i < 40; i++)
		strcat(path, "/f");
	strcat(path, "/iproute.txt");
	make_text(path, ROUTES);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->routes.n, 0);
	assert_int_equal(r.told->n, 1);
	assert_non_null(strstr(r.told->text, "is not read: it lies too deep\n"));
	run_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		here(directory_tricks),
		here(archive_tricks),
		here(archive_cut),
		here(archive_damaged),
		here(bounds),
		here(too_deep),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
