// SPDX-License-Identifier: MIT
/* Opening and closing the store. The connection never leaves this process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/die.h"
#include "sql.h"
#include "store_parts.h"

#define BUSY_TIMEOUT_MS 10000

static struct store *new_store(const char *path)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		die(EXIT_STORAGE, "out of memory");
	snprintf(s->path, sizeof(s->path), "%s", path);
	return s;
}

static void attach(struct store *s)
{
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		sql_die(s->db);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
}

static bool is_wal(sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_prepare(db, "PRAGMA journal_mode");
	bool wal = sql_row(stmt) && !strcmp(sql_column(stmt, 0), "wal");

	sql_finish(stmt);
	return wal;
}

/*
 * A copy made by VACUUM INTO is in another mode. The busy handler is not asked when the mode
 * changes, so the waiting is done here.
 */
static void ensure_wal(sqlite3 *db)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	for (int waited_ms = 0; !is_wal(db); waited_ms += 50) {
		int rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if ((rc != SQLITE_OK && rc != SQLITE_BUSY) || waited_ms > BUSY_TIMEOUT_MS)
			sql_die(db);
		if (rc == SQLITE_BUSY)
			nanosleep(&pause, NULL);
	}
}

static void refuse_unwritable(struct store *s)
{
	char dir[4096];

	store_place_directory(s->path, dir, sizeof(dir));
	if (access(s->path, W_OK) || access(dir, W_OK))
		die(EXIT_STORAGE, "cannot write %s: %m; give another file with --db", s->path);
}

struct store *store_open(const char *path)
{
	struct store *s = new_store(path);

	store_place_refuse(path);
	if (access(path, F_OK))
		store_create(path);
	refuse_unwritable(s);
	store_check(path);
	attach(s);
	sql_exec(s->db, "PRAGMA foreign_keys = ON");
	ensure_wal(s->db);
	sql_exec(s->db, "PRAGMA synchronous = FULL");
	store_upgrade(s->db);
	store_stale_interrupt(s->db);
	return s;
}

/* Without a place for its side files a database can only be read as one that nobody changes. */
static void connect_reader(struct store *s)
{
	char dir[4096];

	store_place_directory(s->path, dir, sizeof(dir));
	if (access(dir, W_OK) && store_connect_frozen(s->path, &s->db) == SQLITE_OK)
		return;
	attach(s);
	sql_exec(s->db, "PRAGMA query_only = ON");
}

struct store *store_open_readonly(const char *path)
{
	struct store *s = new_store(path);

	if (access(path, R_OK) && errno != ENOENT)
		die(EXIT_STORAGE, "cannot read %s: %m; give another file with --db", path);
	if (access(path, F_OK))
		die(EXIT_STORAGE,
		    "there is no database %s; ./runner compare makes it, --db names another one",
		    path);
	store_place_refuse(path);
	store_check_kind(path);
	connect_reader(s);
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (sqlite3_close(s->db) != SQLITE_OK)
		sql_die(s->db);
	free(s);
}

sqlite3 *store_handle(struct store *s)
{
	return s->db;
}

bool store_latest(struct store *s, const char *kind, char *id, size_t len)
{
	sqlite3_stmt *stmt = sql_prepare(s->db, "SELECT id FROM run WHERE status = 'complete' AND "
						"kind = ifnull(?, kind) "
						"ORDER BY started_at DESC, id DESC LIMIT 1");
	bool any;

	sql_text(stmt, 1, kind);
	any = sql_row(stmt);
	if (any)
		sql_copy(stmt, 0, id, len);
	sql_finish(stmt);
	return any;
}
