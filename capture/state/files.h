/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - which file of a bundle is what: by its name, and where that does
 * not tell, by what is in it.  For capture/state/ only.
 */
#ifndef CAPTURE_STATE_FILES_H
#define CAPTURE_STATE_FILES_H

#include "capture/state/reader.h"

/* A file known by name.  Which of the two readers gets it, its first byte says:
   { and [ begin JSON. */
struct file_kind {
	const char	*name;		/* as file_name_key() makes it; a star at its end
					   stands for anything */
	const char	*fact;		/* of two files with the same one, the second is
					   not read; NULL: its name */
	reader_fn	*text, *json;	/* NULL: not understood in this form */
	const char	*expected;	/* for the report then; NULL: none, others have
					   files of this name too */
};

#define FACT_OWN	"podpath.state"

#define FILE_KEY_MAX	64

/* The base name without its suffix, in lower case, letters and digits alone:
   "networking/IP-rule.txt" is "iprule".  False when it has another suffix than
   dumps have, or is too long. */
bool	file_name_key(const char *path, char out[static FILE_KEY_MAX]);
bool	file_name_is_json(const char *path);
const struct file_kind *file_kind_find(const char *key);
/* Does the name say one table, as "ip-route-table-2.txt" does?  The routes in it
   do not. */
bool	file_name_table(const char *path, uint32_t *table);

/* By content: is it JSON, and of what? */
bool	file_is_json(const char *data, size_t len);
struct file_sniff {
	reader_fn	*read;		/* NULL: nothing that we know */
	const char	*fact;		/* as in file_kind */
	bool		 is_nothing;	/* ipamd's answer to a path that it does not have */
};
/* The beginning of a file is enough. */
#define FILE_SNIFF_MAX	(256u << 10)
struct file_sniff file_sniff(const char *data, size_t len);

#endif
