// SPDX-License-Identifier: MIT
/*
 * Is the file a sound database of ours? Asked before anything may change it. While nobody has it
 * open (no WAL beside it) it is read as immutable: SQLite then takes no lock and makes no file.
 * A WAL means that others have it open, or that they died; then it is read as they do, and left
 * with its WAL.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/die.h"
#include "sql.h"
#include "store_parts.h"

struct finding {
	bool damaged; /* may be another process at work: worth a second look */
	char what[512];
};

static bool found(struct finding *f, const char *what)
{
	snprintf(f->what, sizeof(f->what), "%s", what);
	return false;
}

/* The path as a URI: what has a meaning there is written as %XX. */
static void write_uri(const char *path, char *uri, size_t len)
{
	size_t at = (size_t)snprintf(uri, len, "file:");

	for (; *path && at + 24 < len; path++)
		at += (size_t)snprintf(uri + at, len - at, strchr("%?#", *path) ? "%%%02X" : "%c",
				       (unsigned char)*path);
	snprintf(uri + at, len - at, "?immutable=1");
}

int store_connect_frozen(const char *path, sqlite3 **db)
{
	char uri[3 * 4096];

	write_uri(path, uri, sizeof(uri));
	return sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static int connect_shared(const char *path, sqlite3 **db)
{
	int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(*db, 10000);
		sqlite3_db_config(*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	}
	return rc;
}

static bool has_wal(const char *path)
{
	char wal[4096 + 8];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return !stat(wal, &st) && st.st_size > 0;
}

static bool failed(sqlite3 *db, struct finding *f)
{
	switch (sqlite3_errcode(db)) {
	case SQLITE_NOTADB:
		return found(f, "is not a SQLite database");
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		snprintf(f->what, sizeof(f->what), "cannot be opened (%s)",
			 strerror(sqlite3_system_errno(db)));
		return false;
	default:
		f->damaged = true;
		snprintf(f->what, sizeof(f->what), "is damaged (%s)", sqlite3_errmsg(db));
		return false;
	}
}

static bool read_int(sqlite3 *db, const char *pragma, int *value, struct finding *f)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int(stmt, 0);
	else
		failed(db, f);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW;
}

static bool is_ours(sqlite3 *db, struct finding *f)
{
	int id, version;

	if (!read_int(db, "PRAGMA application_id", &id, f) ||
	    !read_int(db, "PRAGMA user_version", &version, f))
		return false;
	if (id != STORE_APPLICATION_ID)
		return found(f, "is a database of another program");
	if (version > STORE_USER_VERSION) {
		snprintf(f->what, sizeof(f->what),
			 "has format %d, this runner knows format %d: use a newer runner", version,
			 STORE_USER_VERSION);
		return false;
	}
	if (version < STORE_OLDEST_VERSION) {
		snprintf(f->what, sizeof(f->what), "has format %d, which no released runner wrote",
			 version);
		return false;
	}
	return true;
}

/* quick_check gives one row, "ok", or up to as many complaints as are asked for. */
static bool is_sound(sqlite3 *db, struct finding *f)
{
	sqlite3_stmt *stmt = NULL;
	bool sound = false;

	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		const char *answer = sql_column(stmt, 0);

		sound = !strcmp(answer, "ok");
		f->damaged = true;
		snprintf(f->what, sizeof(f->what), "is damaged (%s)", answer);
		f->what[strcspn(f->what, "\n")] = '\0';
	} else {
		failed(db, f);
	}
	sqlite3_finalize(stmt);
	return sound;
}

static bool look(const char *path, struct finding *f)
{
	sqlite3 *db;
	int rc = has_wal(path) ? connect_shared(path, &db) : store_connect_frozen(path, &db);
	bool good;

	f->damaged = false;
	good = rc == SQLITE_OK ? is_ours(db, f) && is_sound(db, f) : failed(db, f);
	sqlite3_close(db);
	return good;
}

__attribute__((noreturn)) static void refuse(const char *path, const struct finding *f)
{
	die(EXIT_STORAGE, "%s %s; it is left as it is, give another file with --db", path, f->what);
}

void store_check(const char *path)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	struct finding f;

	/* A checkpoint of another process in the middle of the look is not damage. */
	for (int i = 0; i < 3; i++) {
		if (look(path, &f))
			return;
		if (!f.damaged)
			break;
		nanosleep(&pause, NULL);
	}
	refuse(path, &f);
}

void store_check_kind(const char *path)
{
	struct finding f;
	sqlite3 *db;
	int rc = store_connect_frozen(path, &db);
	bool good = rc == SQLITE_OK ? is_ours(db, &f) : failed(db, &f);

	sqlite3_close(db);
	if (!good)
		refuse(path, &f);
}
