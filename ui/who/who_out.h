/* SPDX-License-Identifier: GPL-2.0-or-later */
/* who_out.h - between the parts of podpath who. */
#ifndef UI_WHO_OUT_H
#define UI_WHO_OUT_H

#include "ui/out/outbuf.h"
#include "ui/who/who.h"

struct options;

struct who_report {
	const struct options *options;
	const char	*asked;		/* as the user wrote it */
	const struct who *who;
	const struct who_answer *answer;
	const struct who_pool *pool;	/* NULL: one port was asked for */
};

void	who_write_text(const struct who_report *, struct outbuf *);
void	who_write_json(const struct who_report *, struct outbuf *);

#endif
