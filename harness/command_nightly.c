// SPDX-License-Identifier: MIT
/* ./runner nightly: a quick comparison, stored as a night, its history drawn and judged. */
#include <stdio.h>

#include "command.h"
#include "lib/die.h"
#include "nightly.h"
#include "plot.h"
#include "session.h"

static struct session session;

static void draw_history(struct session *s)
{
	char **pictures = plot_history(s->store, "nightly", s->run.out);

	for (char **p = pictures; p && *p; p++)
		fprintf(stderr, "picture %s\n", *p);
	plot_free(pictures);
}

/* What failed tonight outranks what moved tonight. */
static int judge(struct session *s)
{
	int code = session_report(s);
	int verdict = nightly_judge(s->options.output == OUTPUT_TABLE ? stdout : stderr, s->store,
				    s->run.id);

	return code ? code : verdict;
}

int command_nightly(int argc, char **argv)
{
	int code = EXIT_INTERRUPTED;

	options_parse(&session.options, "nightly", argc, argv);
	session_plan(&session, "nightly", "nightly", argc, argv, "");
	if (session_measure(&session)) {
		draw_history(&session);
		code = judge(&session);
	}
	session_close(&session);
	return code;
}
