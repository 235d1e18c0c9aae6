// SPDX-License-Identifier: MIT
/* From a command line to an open database and a run's id. See stored.h. */
#include <stdio.h>

#include "lib/die.h"
#include "paths.h"
#include "stored.h"

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

void stored_open(struct stored *s, const char *verb, int argc, char **argv)
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
