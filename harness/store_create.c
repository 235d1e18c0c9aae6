// SPDX-License-Identifier: MIT
/*
 * Making the database so that nobody ever sees half of one. The switch to WAL does not wait for
 * other connections, so it happens before the file has its name: under a lock on the directory the
 * schema goes into a temporary file, which is then renamed. A creator that is killed leaves a
 * temporary file that the next one removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/die.h"
#include "sql.h"
#include "store_parts.h"

#define STRING(x)  #x
#define PRAGMA_(x) STRING(x)

__attribute__((noreturn)) static void refuse(const char *path)
{
	die(EXIT_STORAGE, "cannot make %s: %s; give another file with --db", path, strerror(errno));
}

static int lock_directory(const char *path, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		refuse(path);
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			refuse(path);
	return fd;
}

static void remove_leftover(const char *temporary)
{
	static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };
	char name[8192 + 16];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", temporary, suffixes[i]);
		unlink(name);
	}
}

static void fill(const char *temporary, const char *path)
{
	sqlite3 *db;

	if (sqlite3_open_v2(temporary, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL)) {
		errno = sqlite3_system_errno(db);
		refuse(path);
	}
	sql_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;"
		     "PRAGMA application_id = " PRAGMA_(
			     STORE_APPLICATION_ID) ";"
						   "PRAGMA user_version = " PRAGMA_(
							   STORE_USER_VERSION) ";");
	sql_exec(db, store_schema_sql);
	sql_exec(db, store_views_sql);
	sql_exec(db, store_slabinfo_sql);
	sql_exec(db, store_suite_sql);
	sql_exec(db, "COMMIT");
	if (sqlite3_close(db) != SQLITE_OK)
		sql_die(db);
}

static void make(const char *path, const char *dir)
{
	char copy[4096], temporary[8192];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(temporary, sizeof(temporary), "%s/.%s.new", dir, basename(copy));
	remove_leftover(temporary);
	fill(temporary, path);
	if (rename(temporary, path))
		refuse(path);
}

void store_create(const char *path)
{
	char dir[4096];
	int fd;

	store_place_directory(path, dir, sizeof(dir));
	fd = lock_directory(path, dir);
	if (access(path, F_OK))
		make(path, dir);
	fsync(fd);
	close(fd);
}
