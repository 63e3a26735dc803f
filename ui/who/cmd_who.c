/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_who.c - podpath who */
#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

int
cmd_who(const struct options *o)
{
	(void)o;
	return EXIT_USAGE;
}
