// SPDX-License-Identifier: MIT
/* ./runner report and plots: show a stored run again. */
#include <limits.h>
#include <stdio.h>

#include "command.h"
#include "lib/die.h"
#include "paths.h"
#include "plot.h"
#include "report.h"
#include "stored.h"

int command_report(int argc, char **argv)
{
	struct stored s;
	int code;

	stored_open(&s, "report", argc, argv);
	switch (s.options.output) {
	case OUTPUT_CSV:
		report_csv(stdout, s.store, s.id);
		break;
	case OUTPUT_MARKDOWN:
		report_markdown(stdout, s.store, s.id);
		break;
	case OUTPUT_JSON:
		report_json(stdout, s.store, s.id, s.db, NULL);
		break;
	case OUTPUT_TABLE:
		report_table(stdout, s.store, s.id);
		break;
	}
	code = report_exit_code(s.store, s.id);
	store_close(s.store);
	return code;
}

int command_plots(int argc, char **argv)
{
	struct stored s;
	char out[PATH_MAX + 80], dir[PATH_MAX];
	char **pictures;

	stored_open(&s, "plots", argc, argv);
	paths_dirname(s.db, dir, sizeof(dir));
	snprintf(out, sizeof(out), "%s/runs/%s", dir, s.id);
	if (s.options.out)
		snprintf(out, sizeof(out), "%s", s.options.out);
	paths_make_dir(out);
	pictures = plot_run(s.store, s.id, out);
	for (char **p = pictures; p && *p; p++)
		puts(*p);
	plot_free(pictures);
	store_close(s.store);
	return EXIT_FINE;
}
