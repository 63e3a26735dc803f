/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - podpath: from the command line to the command. */
#include <locale.h>
#include <signal.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/help.h"
#include "ui/cli/options.h"

int
main(int argc, char **argv)
{
	struct options o;

	/* Only for the character set; numbers and times stay as they are. */
	setlocale(LC_CTYPE, "");
	/* A reader that goes away is seen as EPIPE by whoever writes. */
	signal(SIGPIPE, SIG_IGN);
	if (!options_parse(&o, argc, argv))
		return EXIT_USAGE;
	if (o.help)
		return help_print(HELP_TEXT, o.command);
	if (o.version)
		return help_print(HELP_VERSION, o.command);
	if (o.man)
		return help_print(HELP_MAN, o.command);
	if (o.bash_completion)
		return help_print(HELP_BASH, o.command);
	return o.command->run(&o);
}
