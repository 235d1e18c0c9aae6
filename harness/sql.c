// SPDX-License-Identifier: MIT
/* SQLite's calls with the one thing a runner can do about their failure: stop and say so. */
#include <stdio.h>

#include "lib/die.h"
#include "sql.h"

void sql_die(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");

	die(EXIT_STORAGE, "database %s: %s", path && *path ? path : "(in memory)",
	    sqlite3_errmsg(db));
}

static void check(sqlite3_stmt *stmt, int rc)
{
	if (rc != SQLITE_OK)
		sql_die(sqlite3_db_handle(stmt));
}

void sql_exec(sqlite3 *db, const char *statements)
{
	if (sqlite3_exec(db, statements, NULL, NULL, NULL) != SQLITE_OK)
		sql_die(db);
}

sqlite3_stmt *sql_prepare(sqlite3 *db, const char *statement)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, statement, -1, &stmt, NULL) != SQLITE_OK)
		sql_die(db);
	return stmt;
}

sqlite3_stmt *sql_for_run(sqlite3 *db, const char *statement, const char *run_id)
{
	sqlite3_stmt *stmt = sql_prepare(db, statement);

	sql_text(stmt, 1, run_id);
	return stmt;
}

void sql_finish(sqlite3_stmt *stmt)
{
	sqlite3_finalize(stmt);
}

void sql_text(sqlite3_stmt *stmt, int index, const char *text)
{
	check(stmt, sqlite3_bind_text(stmt, index, text, -1, SQLITE_STATIC));
}

void sql_int(sqlite3_stmt *stmt, int index, int64_t value)
{
	check(stmt, sqlite3_bind_int64(stmt, index, value));
}

void sql_real(sqlite3_stmt *stmt, int index, double value)
{
	check(stmt, sqlite3_bind_double(stmt, index, value));
}

bool sql_row(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sql_die(sqlite3_db_handle(stmt));
	return rc == SQLITE_ROW;
}

void sql_run(sqlite3_stmt *stmt)
{
	while (sql_row(stmt))
		;
	check(stmt, sqlite3_reset(stmt));
}

const char *sql_column(sqlite3_stmt *stmt, int index)
{
	const unsigned char *text = sqlite3_column_text(stmt, index);

	return text ? (const char *)text : "";
}

void sql_copy(sqlite3_stmt *stmt, int index, char *buf, size_t len)
{
	snprintf(buf, len, "%s", sql_column(stmt, index));
}

int64_t sql_value(sqlite3 *db, const char *statement)
{
	sqlite3_stmt *stmt = sql_prepare(db, statement);
	int64_t value = sql_row(stmt) ? sqlite3_column_int64(stmt, 0) : 0;

	sql_finish(stmt);
	return value;
}
