/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - foreign JSON documents, read with jansson.
 *
 * A getter takes an object and a path below it ("spec.clusterIP").  What is
 * absent or null gives NULL, false or -1 in silence; what is there with another
 * type is reported with its whole path and then treated as absent.  Texts are
 * the document's and live until jdoc_free().  For capture/state/ only.
 */
#ifndef CAPTURE_STATE_JSON_H
#define CAPTURE_STATE_JSON_H

#include <jansson.h>

#include "capture/state/reader.h"

#define JDOC_PATH_MAX	256

struct jdoc {
	struct reader	*reader;
	json_t		*root;		/* an object or an array */
	char		 path[JDOC_PATH_MAX];	/* where we are, for reports */
	size_t		 path_len;
	bool		 told;		/* that the document is no object */
};

/* False when the bytes are no JSON document; reported with its line. */
bool		 jdoc_load(struct jdoc *, struct reader *);
void		 jdoc_free(struct jdoc *);

/* Go down by a name or an index, for reports; jdoc_leave() goes back to what
   was returned. */
size_t		 jdoc_enter(struct jdoc *, const char *name);
size_t		 jdoc_enter_index(struct jdoc *, size_t index);
void		 jdoc_leave(struct jdoc *, size_t);

/* Report about what the path below where we are says: "FILE: PATH: text". */
__attribute__((format(printf, 3, 4)))
void		 jdoc_bad(struct jdoc *, const char *path, const char *text, ...);

const char	*jdoc_text(struct jdoc *, const json_t *, const char *path);
/* As jdoc_text(), but "" is absent too. */
const char	*jdoc_word(struct jdoc *, const json_t *, const char *path);
/* A whole number from 0 to max. */
bool		 jdoc_number(struct jdoc *, const json_t *, const char *path,
		    uint64_t max, uint64_t *out);
int		 jdoc_bool(struct jdoc *, const json_t *, const char *path);
const json_t	*jdoc_object(struct jdoc *, const json_t *, const char *path);
const json_t	*jdoc_array(struct jdoc *, const json_t *, const char *path);
/* The member of exactly this name, which may hold dots; a text or NULL. */
const char	*jdoc_label(struct jdoc *, const json_t *, const char *name);
/* An address as text; reported when it is none. */
bool		 jdoc_addr(struct jdoc *, const json_t *, const char *path,
		    struct addr *out);
/* The state's copy of jdoc_word(), or NULL. */
const char	*jdoc_keep(struct jdoc *, const json_t *, const char *path);
/* A value that must be an object, as an element of a list is; else reported
   (where we are) and NULL. */
const json_t	*jdoc_is_object(struct jdoc *, const json_t *);
const char	*jdoc_is_text(struct jdoc *, const json_t *);

#endif
