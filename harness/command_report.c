// SPDX-License-Identifier: MIT
/* ./runner report and plots: show a stored run again. RUN may be the beginning of an id. */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "lib/die.h"
#include "options.h"
#include "paths.h"
#include "plot.h"
#include "report.h"
#include "store.h"

struct stored {
	struct options options;
	char db[PATH_MAX];
	char id[64];
	struct store *store;
};

/* The id that @prefix begins; NULL means the newest complete run. */
static void find_run(struct stored *s, const char *prefix)
{
	sqlite3_stmt *q;

	if (!prefix) {
		if (!store_latest(s->store, NULL, s->id, sizeof(s->id)))
			die(EXIT_USAGE, "%s holds no complete run yet; ./runner compare makes one",
			    s->db);
		return;
	}
	if (sqlite3_prepare_v2(store_handle(s->store),
			       "SELECT id FROM run WHERE id GLOB ?1 || '*' ORDER BY id DESC", -1,
			       &q, NULL))
		die(EXIT_STORAGE, "%s: %s", s->db, sqlite3_errmsg(store_handle(s->store)));
	sqlite3_bind_text(q, 1, prefix, -1, SQLITE_STATIC);
	if (sqlite3_step(q) != SQLITE_ROW)
		die(EXIT_USAGE, "%s holds no run whose id begins with '%s'", s->db, prefix);
	snprintf(s->id, sizeof(s->id), "%s", (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
}

static void open_stored(struct stored *s, const char *verb, int argc, char **argv)
{
	const char *prefix = NULL;

	if (argc > 1 && argv[1][0] != '-') {
		prefix = argv[1];
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	options_parse(&s->options, verb, argc, argv);
	if (s->options.db)
		snprintf(s->db, sizeof(s->db), "%s", s->options.db);
	else
		paths_default_db(s->db, sizeof(s->db));
	s->store = store_open_readonly(s->db);
	find_run(s, prefix);
}

int command_report(int argc, char **argv)
{
	struct stored s;
	int code;

	open_stored(&s, "report", argc, argv);
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

	open_stored(&s, "plots", argc, argv);
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
