/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option_values.h - arguments of options: numbers, sizes, times, words, codes. */
#ifndef UI_OPTION_VALUES_H
#define UI_OPTION_VALUES_H

#include <stdbool.h>

#include "ui/cli/options.h"

/* Put what `text` says to the row's place; false after a message. */
bool	option_store(struct options *, const struct command *,
	    const struct option_row *, const char *text);

#endif
