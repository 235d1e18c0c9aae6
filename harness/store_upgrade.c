// SPDX-License-Identifier: MIT
/*
 * A database of an older format gets what the newer ones added, before the first write: nothing
 * that is stored changes. Two runners may come at once; the second finds it done.
 */
#include "sql.h"
#include "store_parts.h"

static bool is_old(sqlite3 *db)
{
	return sql_value(db, "PRAGMA user_version") < 2;
}

void store_upgrade(sqlite3 *db)
{
	if (!is_old(db))
		return;
	sql_exec(db, "BEGIN IMMEDIATE");
	if (is_old(db)) {
		sql_exec(db, store_slabinfo_sql);
		sql_exec(db, "PRAGMA user_version = 2");
	}
	sql_exec(db, "COMMIT");
}
