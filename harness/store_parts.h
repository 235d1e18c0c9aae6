/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share. A process opens one database file once: closing another
 * descriptor of the same file would drop the locks of the first (POSIX), so nothing here reads the
 * file but through SQLite.
 */
#ifndef HARNESS_STORE_PARTS_H
#define HARNESS_STORE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

struct store {
	sqlite3 *db;
	char path[4096];
};

/* store_sql.c: the files results/NAME.sql as they were when this was built. */
extern const char store_schema_sql[], store_views_sql[], store_slabinfo_sql[], store_suite_sql[];

/* store_place.c: end the program if no database may lie at @path, or none can be written there. */
void store_place_refuse(const char *path);
/* The name of a file system that several hosts may mount, by statfs's f_type; or NULL. */
const char *store_place_shared(long f_type);
/* The directory of @path, "." if it names none. */
void store_place_directory(const char *path, char *dir, size_t len);

/* store_create.c: make the database at @path unless somebody else just did. */
void store_create(const char *path);

/* store_check.c: end the program, the file untouched, if it is not a sound database of ours. */
void store_check(const char *path);
/* The same for a reader: what it is, not whether every page is sound. */
void store_check_kind(const char *path);
/* Open @path as one that nobody changes: no locks, no side files. */
int store_connect_frozen(const char *path, sqlite3 **db);

/* store_upgrade.c: from an older format to STORE_USER_VERSION. */
void store_upgrade(sqlite3 *db);

/* store_stale.c: runs that say 'running' but whose process is gone become 'interrupted'. */
void store_stale_interrupt(sqlite3 *db);
void store_stale_boot_id(char *buf, size_t len);

#endif
