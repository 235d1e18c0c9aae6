// SPDX-License-Identifier: MIT
/* ./runner compare: measure and show. */
#include "command.h"
#include "lib/die.h"
#include "session.h"

static struct session session;

int command_compare(int argc, char **argv)
{
	int code = EXIT_INTERRUPTED;

	options_parse(&session.options, "compare", argc, argv);
	session_plan(&session, "compare", "compare", argc, argv, "");
	if (session_measure(&session))
		code = session_report(&session);
	session_close(&session);
	return code;
}
