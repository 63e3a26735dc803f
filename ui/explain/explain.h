/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.h - between the parts of podpath explain. */
#ifndef UI_EXPLAIN_H
#define UI_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/state/node_state.h"
#include "ui/out/outbuf.h"
#include "ui/state/predict.h"
#include "ui/out/present.h"

struct options;

enum end_kind {
	END_ADDRESS,		/* neither of this node nor of a known pod */
	END_POD,		/* of this node */
	END_REMOTE_POD,
	END_NODE,		/* a process of this node, or an address of its own */
	END_SERVICE,
};

struct end {
	uint8_t		kind;		/* enum end_kind */
	bool		internet;	/* an example of any outside address */
	const struct pod *pod;		/* END_POD, END_REMOTE_POD; NULL: not named */
	const struct svc_port *port;	/* END_SERVICE, or a NodePort; else NULL */
	const char	*dev;		/* END_POD: its host veth */
	struct addr	 addr;
	char		 label[PRESENT_NAME_MAX];	/* as shown: its name, else its address */
};

struct explain {
	const struct options *options;
	struct node_state node;
	struct end	 src, dst;
	struct walk_query query;
	/* over all ways */
	unsigned	 n_ways;
	uint8_t		 verdict;	/* enum verdict, the worst */
	double		 share_ok;	/* of the probability */
};

/* From the two words; false after a message, with *code the exit code. */
bool	explain_ends(struct explain *, const char *src, const char *dst, int *code);
/* Every way, judged; the callback returns false to stop. */
void	explain_each(const struct explain *,
	    bool (*cb)(void *, const struct prediction *), void *arg);
/* The name of the pod that has this address, or the address. */
void	explain_name(const struct explain *, const struct addr *,
	    char out[static PRESENT_NAME_MAX]);

void	explain_text(const struct explain *, struct outbuf *);
void	explain_json(const struct explain *, struct outbuf *);

#endif
