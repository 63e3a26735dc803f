/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.c - what -w and its options ask for, beside a live run. */
#include "ui/live/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/live.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

/* ---- options */

static const char *
first_record_option(const struct options *o)
{
	return o->rotate_bytes != 0 ? "rotate-size" :
	    o->rotate_s != 0 ? "rotate-time" :
	    o->rotate_files != 0 ? "rotate-count" :
	    o->max_bytes != 0 ? "max-size" :
	    o->ring_s != 0 ? "ring" : o->ring_on != NULL ? "ring-on" :
	    o->annotate ? "annotate" : NULL;
}

static bool
is_stdout(const struct options *o)
{
	return strcmp(o->write_file, "-") == 0;
}

/* pcapng on a terminal helps nobody. */
static bool
is_terminal(const struct options *o)
{
	struct stat st;
	bool terminal;
	int fd;

	if (is_stdout(o))
		return isatty(STDOUT_FILENO);
	if (stat(o->write_file, &st) != 0 || !S_ISCHR(st.st_mode))
		return false;
	fd = open(o->write_file, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	terminal = fd >= 0 && isatty(fd);
	if (fd >= 0)
		close(fd);
	return terminal;
}

static bool
refuse(const char *why)
{
	complain("%s", why);
	return false;
}

bool
recording_goes_on(const struct options *o)
{
	return o->write_file != NULL && (o->rotate_bytes != 0 ||
	    o->rotate_s != 0 || o->ring_s != 0);
}

bool
recording_options_fit(const struct options *o)
{
	if (o->write_file == NULL) {
		if (first_record_option(o) == NULL)
			return true;
		complain("--%s is about a recording: -w FILE is missing",
		    first_record_option(o));
		return false;
	}
	if (o->write_file[0] == '\0')
		return refuse("-w: the name of the file is empty");
	if (o->ring_on != NULL && o->ring_s == 0)
		return refuse("--ring-on needs --ring TIME, such as --ring 60s");
	if (o->ring_s != 0 && (o->rotate_bytes != 0 || o->rotate_s != 0))
		return refuse("--ring writes a file each time: it does not go "
		    "together with -C and -G");
	if (o->rotate_files != 0 && o->rotate_bytes == 0 && o->rotate_s == 0)
		return refuse("-W counts the files of -C or -G: one of them is "
		    "missing");
	if (is_stdout(o) && recording_goes_on(o))
		return refuse("standard output is one file: -C, -G and --ring need "
		    "-w FILE");
	if (is_terminal(o))
		return refuse("a recording is not for a terminal: give a file with "
		    "-w FILE, or a pipe");
	return true;
}

/* ---- what the recorder asks */

static const char *
on_comment(void *arg, const struct obs *o)
{
	struct recording *r = arg;

	if (!tracer_flow_of(r->tracer, o, &r->flow))
		return NULL;
	annotate(r->comment, &r->flow);
	return r->comment;
}

static const struct state *
on_state(void *arg, struct nstime ts)
{
	return tracer_state_at(((struct recording *)arg)->tracer, ts);
}

static void
on_entries(void *arg, void (*cb)(void *, const struct obs *), void *cb_arg)
{
	tracer_entries(((struct recording *)arg)->tracer, cb, cb_arg);
}

/* ---- opening */

/* Better now than when the first file is full. */
static bool
may_write_beside(const struct options *o)
{
	char *copy = strdup(o->write_file), *folder;
	bool may = true;

	if (copy == NULL)
		return true;
	folder = dirname(copy);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
		may = false;
		complain("-w %s: %s: %s%s", o->write_file, folder, strerror(errno),
		    errno == EACCES ? " for the user that writes later files (-Z "
		    "names another; -Z root keeps the user)" : "");
	}
	free(copy);
	return may;
}

bool
recording_open(struct recording *r, const struct options *o,
    struct tracer *tracer)
{
	char error[RECORD_ERROR_MAX];
	struct record_config config = {
		.path = o->write_file,
		.rotate_bytes = o->rotate_bytes,
		.rotate_s = (uint32_t)o->rotate_s,
		.rotate_files = (uint32_t)o->rotate_files,
		.ring_s = (uint32_t)o->ring_s,
		.max_bytes = o->max_bytes,
		.snaplen = o->snaplen != 0 ? (uint32_t)o->snaplen : LIVE_DNS_SNAPLEN,
		.comment = o->annotate ? on_comment : NULL, .comment_arg = r,
		.state = on_state, .entries = on_entries, .now_arg = r,
	};

	*r = (struct recording){ .options = o, .tracer = tracer };
	if (o->write_file == NULL)
		return true;
	if (recording_goes_on(o) && !may_write_beside(o))
		return false;
	r->record = record_open(&config, error);
	if (r->record == NULL)
		complain("%s", error);
	return r->record != NULL;
}

bool
recording_observe(struct recording *r, const struct obs *o)
{
	return r->record == NULL || record_observe(r->record, o);
}

/* ---- the ring */

/* The codes were checked when the options were read. */
static bool
is_asked_for(const char *codes, const char *code)
{
	size_t n = strlen(code);

	for (;;) {
		size_t m = strcspn(codes, ",");

		if (m == n && memcmp(codes, code, n) == 0)
			return true;
		if (codes[m] == '\0')
			return false;
		codes += m + 1;
	}
}

void
recording_flow(struct recording *r, const struct flow *f)
{
	if (r->record == NULL || r->options->ring_on == NULL)
		return;
	for (unsigned i = 0; i < f->n_findings && !r->ring_wanted; i++)
		r->ring_wanted = is_asked_for(r->options->ring_on,
		    f->findings[i].code);
}

bool
recording_ring(struct recording *r, struct nstime now)
{
	if (r->record == NULL || r->options->ring_s == 0)
		return true;
	r->ring_wanted = false;
	r->ring_written = now;
	return record_flush_ring(r->record, now);
}

/* What comes within the ring's time waits, so that no two files hold the same
   and a storm of findings makes no storm of files. */
bool
recording_tick(struct recording *r, struct nstime now)
{
	int64_t ring_ns = (int64_t)r->options->ring_s * NS_PER_SEC;

	if (!r->ring_wanted || (r->ring_written.ns != 0 &&
	    now.ns - r->ring_written.ns < ring_ns))
		return true;
	return recording_ring(r, now);
}

/* ---- the end */

bool
recording_close(struct recording *r, struct nstime now)
{
	char error[RECORD_ERROR_MAX] = "";
	bool limit, good;

	if (r->record == NULL)
		return true;
	if (r->ring_wanted && record_error(r->record)[0] == '\0')
		recording_ring(r, now);
	limit = record_at_limit(r->record);
	r->bytes = record_bytes(r->record);
	r->files = record_files(r->record);
	good = record_close(r->record, error);
	r->record = NULL;
	/* a reader of standard output that went away is no error, and not told */
	if (error[0] != '\0')
		complain("%s", error);
	return good || limit || error[0] == '\0';
}
