// SPDX-License-Identifier: MIT
/*
 * A database of an older format gets what the newer ones added, before the first write: nothing
 * that is stored changes. Two runners may come at once; the second finds it done.
 */
#include "sql.h"
#include "store_parts.h"

static const struct {
	const char *sql, *then;
} steps[] = {
	{ store_slabinfo_sql, "PRAGMA user_version = 2" },
	{ store_suite_sql, "PRAGMA user_version = 3" },
};

static int version_of(sqlite3 *db)
{
	return (int)sql_value(db, "PRAGMA user_version");
}

void store_upgrade(sqlite3 *db)
{
	if (version_of(db) >= STORE_USER_VERSION)
		return;
	sql_exec(db, "BEGIN IMMEDIATE");
	for (int v = version_of(db); v < STORE_USER_VERSION; v++) {
		sql_exec(db, steps[v - 1].sql);
		sql_exec(db, steps[v - 1].then);
	}
	sql_exec(db, "COMMIT");
}
