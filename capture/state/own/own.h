/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own.h - podpath.state/1: one table of records and their fields, from which the
 * document is written and read.
 *
 * A field that has its usual value (0, NULL, or `none`) is not written, and gets
 * that value when it is absent.  Records that others refer to are numbered from
 * 0 in the order of the document.  For capture/state/ only.
 */
#ifndef CAPTURE_STATE_OWN_H
#define CAPTURE_STATE_OWN_H

#include <stddef.h>

#include "capture/state/own/own_pull.h"

#define OWN_SCHEMA		"podpath.state/1"
#define OWN_CHANGE_SCHEMA	"podpath.change/1"

enum field_type {
	FIELD_TEXT, FIELD_BOOL,
	FIELD_UINT, FIELD_INT,		/* of `size` bytes */
	FIELD_ADDR, FIELD_PREFIX,
	FIELD_MAC,			/* `other`: whether it is known */
	FIELD_TIME,
	FIELD_WORD, FIELD_BITS,		/* of `size` bytes, by `words` */
	FIELD_PORTS,			/* struct nf_ports: [first, last] */
	FIELD_PAIR,			/* two uint64_t */
	FIELD_ADDRS,			/* an array of `max`; `other`: how many */
	FIELD_ADDR_LIST,		/* a pointer; `other`: how many (32 bits) */
	FIELD_PREFIX_LIST,		/* LIST(struct prefix) */
	FIELD_INDEX,			/* of a record of section `to`; STATE_NONE: none */
	/* own_nf.c, for LIST positions in the state */
	FIELD_MATCHES, FIELD_TARGET, FIELD_ELEMENTS,
};

enum own_section {
	OWN_LINKS, OWN_ADDRS, OWN_NEIGHS, OWN_RULES, OWN_ROUTES,
	OWN_TABLES, OWN_CHAINS, OWN_SETS, OWN_NF_RULES,
	OWN_CONNTRACK, OWN_PODS, OWN_ENIS, OWN_ENI_ADDRS,
	OWN_SERVICES, OWN_SVC_PORTS, OWN_ENDPOINTS, OWN_NODES, OWN_SYSCTLS,
	OWN_SOCKETS,
	N_OWN_SECTIONS
};

struct field {
	const char	*name;		/* NULL past the last */
	uint8_t		 type;		/* enum field_type */
	uint8_t		 size, max;
	uint8_t		 to;		/* enum own_section */
	bool		 must;		/* a record without it is skipped */
	uint16_t	 at, other;	/* offsets in the record */
	int64_t		 none;		/* FIELD_INT: the usual value */
	const char *const *words;	/* NULL past the last */
};

struct section {
	const char	*name;
	uint16_t	 list;		/* offset of the LIST in struct state */
	uint16_t	 size;		/* of a record */
	uint32_t	 needs;		/* 1 << enum own_section: must be read before */
	const struct field *fields;
};

extern const struct section own_sections[N_OWN_SECTIONS];
extern const struct field own_head[];		/* of struct state itself */
extern const struct field own_cni[];		/* of struct cni_settings */
extern const struct field own_element[];	/* of struct nf_elem */
extern const char *const own_part_words[];

/* The parts of a LIST(). */
struct own_list {
	void		*v;
	uint32_t	 n, room;
};

#define OWN_RECORD_MAX	512

/* Words of netfilter, by the enums of decode/netfilter.h. */
extern const char *const own_match_words[], *const own_target_words[],
	*const own_addrtype_words[], *const own_ctstate_words[],
	*const own_nat_words[];

/* ---- writing */

struct own_out {
	const struct state *state;
	state_sink	*sink;
	void		*arg;
	int		 error;		/* 0, or what the sink said first */
	bool		 comma;
	uint32_t	*services;	/* their numbers in the document; NULL: the same */
	char		*p;
	char		 buf[64 * 1024];
};

/* A document with its schema: `body` puts its members.  0 or -errno. */
int	own_document(const char *schema, state_sink *, void *arg,
	    void (*body)(struct own_out *, const void *), const void *what);
/* All members of a state's object. */
void	own_put_state(struct own_out *, const struct state *);
void	own_put(struct own_out *, const char *, size_t);
#define own_lit(o, s)	own_put((o), "" s, sizeof(s) - 1)
/* "name": with a comma before it where one belongs. */
void	own_key(struct own_out *, const char *name);
void	own_comma(struct own_out *);
void	own_open(struct own_out *, char bracket);
void	own_close(struct own_out *, char bracket);
void	own_uint(struct own_out *, uint64_t);
void	own_int(struct own_out *, int64_t);
void	own_pair(struct own_out *, const char *name, uint64_t, uint64_t);
void	own_string(struct own_out *, const char *);
void	own_addr(struct own_out *, const struct addr *);
void	own_prefix(struct own_out *, const struct prefix *);
void	own_words(struct own_out *, uint64_t bits, const char *const *words);
void	own_word(struct own_out *, unsigned n, const char *const *words);
void	own_fields(struct own_out *, const struct field *, const void *record);
void	own_put_matches(struct own_out *, const struct nf_rule *);
void	own_put_target(struct own_out *, const struct nf_target *);
void	own_put_elements(struct own_out *, const struct nf_set *);

/* ---- reading */

struct own_in {
	struct pull	 pull;
	struct state	*state;
	bool		 partial;	/* records may lack what identifies them not: a
					   text that must be there is "" then */
	uint32_t	 done;		/* sections read: 1 << enum own_section */
	struct own_index {		/* number in the document -> in the state */
		uint32_t	*v, n, room;
	}		 index[N_OWN_SECTIONS];
};

/* The members of a state's object; the schema is wanted when it is not NULL.
   False when it is no such object or no JSON (reported). */
bool	own_read_state(struct own_in *, const char *schema);
void	own_in_fini(struct own_in *);
bool	own_read_schema(struct own_in *, const char *schema);
/* Members of an object into a record; false when one that must be there is not
   (reported), or when there is no object. */
bool	own_read_fields(struct own_in *, const struct field *, void *record);
bool	own_read_field(struct own_in *, const struct field *, char *record);
/* The usual values where they are not 0. */
void	own_set_usual(const struct field *, char *record);
bool	own_read_text(struct own_in *, const char **);
/* A text cut to the room, with a NUL, for the parsers of addresses and the like. */
bool	own_read_short(struct own_in *, char *out, size_t room);
bool	own_read_addr(struct own_in *, struct addr *);
bool	own_read_prefix(struct own_in *, struct prefix *);
bool	own_read_words(struct own_in *, const char *const *words, uint64_t *);
bool	own_read_word(struct own_in *, const char *const *words, unsigned *);
/* [a, b, ...], exactly n numbers up to max. */
bool	own_read_numbers(struct own_in *, uint64_t *v, unsigned n, uint64_t max);
bool	own_read_index(struct own_in *, unsigned section, uint32_t *);
void	own_read_matches(struct own_in *, struct nf_rule *);
void	own_read_target(struct own_in *, struct nf_target *);
void	own_read_elements(struct own_in *, struct nf_set *);

#endif
