// SPDX-License-Identifier: MIT
/* The two ways to speak to a user about a mistake: stop, or go on. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"

static void say(const char *fmt, va_list ap)
{
	fflush(stdout);
	fputs("runner: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void die(enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(code);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
