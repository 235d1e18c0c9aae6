// SPDX-License-Identifier: MIT
/*
 * Runs whose process died without a word. A process is the run's if the machine has not booted
 * since, the pid lives, and it was there when the run began (a pid may have a new owner).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "sql.h"
#include "store_parts.h"

void store_stale_boot_id(char *buf, size_t len)
{
	machine_line("", "/proc/sys/kernel/random/boot_id", buf, (int)len);
}

/* Unix seconds at which @pid began, 0 if that cannot be known: field 22 of /proc/PID/stat. */
static int64_t process_began(int pid)
{
	struct timespec now, up;
	char path[64], line[1024], *field;
	unsigned long long ticks;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	machine_line("", path, line, sizeof(line));
	field = strrchr(line, ')'); /* the name before it may hold spaces */
	if (!field || sscanf(field + 1,
			     " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			     "%*s %*s %*s %llu",
			     &ticks) != 1)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec + (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static bool is_alive(int pid, int64_t started_at)
{
	if (kill(pid, 0) && errno == ESRCH)
		return false;
	return process_began(pid) <= started_at + 2;
}

static void interrupt(sqlite3 *db, const char *run)
{
	sqlite3_stmt *stmt = sql_for_run(
		db, "UPDATE run SET status = 'interrupted' WHERE id = ? AND status = 'running'",
		run);

	sql_run(stmt);
	sql_finish(stmt);
}

void store_stale_interrupt(sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_prepare(
		db, "SELECT id, pid, boot_id, started_at FROM run WHERE status = 'running'");
	char boot_id[64], stale[64][64];
	int nr = 0;

	store_stale_boot_id(boot_id, sizeof(boot_id));
	while (nr < 64 && sql_row(stmt))
		if (strcmp(sql_column(stmt, 2), boot_id) ||
		    !is_alive(sqlite3_column_int(stmt, 1), sqlite3_column_int64(stmt, 3)))
			sql_copy(stmt, 0, stale[nr++], sizeof(stale[0]));
	sql_finish(stmt);
	for (int i = 0; i < nr; i++)
		interrupt(db, stale[i]);
}
