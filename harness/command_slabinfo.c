// SPDX-License-Identifier: MIT
/* ./runner slabinfo: /proc/slabinfo of a stored trial, or which trials have one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "lib/die.h"
#include "sql.h"
#include "stored.h"

/* Cut "/TRIAL" off the argument: its number, or 0. */
static int64_t take_trial(int argc, char **argv)
{
	char *slash = argc > 1 && argv[1][0] != '-' ? strchr(argv[1], '/') : NULL, *end;
	long long trial;

	if (!slash)
		return 0;
	trial = strtoll(slash + 1, &end, 10);
	if (*end || end == slash + 1 || trial < 1)
		die(EXIT_USAGE,
		    "slabinfo: '%s' is no trial; give its number (./runner slabinfo RUN lists "
		    "them)",
		    slash + 1);
	*slash = '\0';
	return trial;
}

static void refuse_old(struct stored *s)
{
	if (sql_value(store_handle(s->store), "PRAGMA user_version") < 2)
		die(EXIT_USAGE,
		    "%s was made before slabinfo was stored; the next ./runner compare into it "
		    "stores "
		    "it",
		    s->db);
}

static sqlite3_stmt *select_stored(struct stored *s, const char *statement)
{
	return sql_for_run(store_handle(s->store), statement, s->id);
}

static int64_t count(struct stored *s)
{
	sqlite3_stmt *q = select_stored(s, "SELECT count(*) FROM v_slabinfo WHERE run = ?1");
	int64_t nr = sql_row(q) ? sqlite3_column_int64(q, 0) : 0;

	sql_finish(q);
	return nr;
}

static void list(struct stored *s)
{
	sqlite3_stmt *q = select_stored(
		s, "SELECT trial, workload, threads, allocator FROM v_slabinfo WHERE run = ?1 "
		   "ORDER BY cell_position, arm_position");

	while (sql_row(q))
		printf("./runner slabinfo %s/%lld  %s threads=%d  %s\n", s->id,
		       (long long)sqlite3_column_int64(q, 0), sql_column(q, 1),
		       sqlite3_column_int(q, 2), sql_column(q, 3));
	sql_finish(q);
}

/* @trial 0: the only one. */
static void print(struct stored *s, int64_t trial)
{
	sqlite3_stmt *q = select_stored(s, "SELECT text FROM v_slabinfo WHERE run = ?1 AND "
					   "(trial = ?2 OR ?2 = 0)");

	sql_int(q, 2, trial);
	if (!sql_row(q))
		die(EXIT_USAGE,
		    "trial %lld of run %s has no slabinfo; ./runner slabinfo %s lists those that "
		    "have",
		    (long long)trial, s->id, s->id);
	fputs(sql_column(q, 0), stdout);
	sql_finish(q);
}

int command_slabinfo(int argc, char **argv)
{
	int64_t trial = take_trial(argc, argv), nr;
	struct stored s;

	stored_open(&s, "slabinfo", argc, argv);
	refuse_old(&s);
	nr = count(&s);
	if (!nr)
		die(EXIT_USAGE,
		    "run %s has no slabinfo; only allocators with caches of their own tell it, in "
		    "the "
		    "first block (./runner compare -a slab)",
		    s.id);
	if (trial || nr == 1)
		print(&s, trial);
	else
		list(&s);
	store_close(s.store);
	return EXIT_FINE;
}
