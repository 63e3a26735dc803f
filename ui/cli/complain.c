/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complain.c - one-line messages to a person on stderr. */
#include "ui/cli/complain.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ui/out/text.h"

static const char *command_name;	/* set once, by main */

void
complain_as(const char *command)
{
	command_name = command;
}

static void __attribute__((format(printf, 1, 0)))
say(const char *format, va_list ap)
{
	char line[4096], raw[8192];
	struct outbuf out = {
		.fd = STDERR_FILENO, .buf = raw, .p = raw,
		.end = raw + sizeof(raw),
	};
	struct text text = {
		.out = &out,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};

	vsnprintf(line, sizeof(line), format, ap);
	outbuf_lit(&out, "podpath");
	if (command_name != NULL) {
		outbuf_char(&out, ' ');
		outbuf_str(&out, command_name);
	}
	outbuf_lit(&out, ": ");
	text_foreign(&text, line);
	outbuf_char(&out, '\n');
	outbuf_flush(&out);
}

void
complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

int
complain_usage(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	return EXIT_USAGE;
}
