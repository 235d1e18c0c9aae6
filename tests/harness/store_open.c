// SPDX-License-Identifier: MIT
/*
 * A database is made once whoever asks at the same time, is opened by writers and readers, and
 * knows which of its runs were left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>

#include "store_world.h"

static void write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* Run SQL on any database file, without the store. */
static void change(const char *path, const char *statements)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sql_exec(db, statements);
	sqlite3_close(db);
}

static void test_new_database_is_marked_as_ours_and_in_wal_mode(void **state)
{
	struct store *s = store_open(path);
	sqlite3 *db = store_handle(s);
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(sql_value(db, "PRAGMA application_id"), STORE_APPLICATION_ID);
	assert_int_equal(sql_value(db, "PRAGMA user_version"), STORE_USER_VERSION);
	assert_int_equal(sql_value(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(sql_value(db, "PRAGMA synchronous"), 2);
	stmt = sql_prepare(db, "PRAGMA journal_mode");
	assert_true(sql_row(stmt));
	assert_string_equal(sql_column(stmt, 0), "wal");
	sql_finish(stmt);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
				       "AND sql NOT LIKE '%STRICT%' AND name NOT LIKE 'sqlite%'"),
			 0);
	store_close(s);
}

static void test_closing_leaves_one_file(void **state)
{
	char side[600];

	(void)state;
	make_database(path);
	snprintf(side, sizeof(side), "%s-wal", path);
	assert_int_equal(access(side, F_OK), -1);
	snprintf(side, sizeof(side), "%s-shm", path);
	assert_int_equal(access(side, F_OK), -1);
	read_and_close(path);
	assert_int_equal(access(side, F_OK), -1);
}

static void begin_a_run(const char *file)
{
	struct store *s = store_open(file);

	small_world(1);
	simulated_store(&world, s, NULL);
	store_close(s);
}

static void test_eight_processes_may_open_a_new_database_at_once(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		int status, bad = 0;

		fresh(NULL);
		fflush(NULL);
		for (int i = 0; i < 8; i++) {
			if (fork() == 0) {
				begin_a_run(path);
				_exit(0);
			}
		}
		for (int i = 0; i < 8; i++) {
			wait(&status);
			bad += status != 0;
		}
		assert_int_equal(bad, 0);
		assert_int_equal(ask(path, "SELECT count(*) FROM run WHERE status = 'complete'"),
				 8);
		assert_int_equal(ask(path, "SELECT count(*) FROM trial"), 8 * 4);
	}
}

static void test_leftover_of_a_killed_creator_is_removed(void **state)
{
	char leftover[512], name[64];

	(void)state;
	snprintf(name, sizeof(name), ".%s.new", strrchr(path, '/') + 1);
	simulated_path(leftover, sizeof(leftover), name);
	write_file(leftover, "half", 4);
	make_database(path);
	assert_int_equal(access(leftover, F_OK), -1);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 1);
}

static void test_odd_characters_in_the_name_are_only_a_name(void **state)
{
	(void)state;
	simulated_path(path, sizeof(path), "100%20 a?b=1#c'.db");
	make_database(path);
	make_database(path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 2);
}

static void test_backup_by_vacuum_can_be_used_again(void **state)
{
	char copy[512], statement[600];

	(void)state;
	make_database(path);
	simulated_path(copy, sizeof(copy), "copy.db");
	snprintf(statement, sizeof(statement), "VACUUM INTO '%s'", copy);
	change(path, statement);
	make_database(copy);
	assert_int_equal(ask(copy, "SELECT count(*) FROM run"), 2);
}

static void test_reader_cannot_write(void **state)
{
	struct store *s;

	(void)state;
	make_database(path);
	s = store_open_readonly(path);
	assert_int_equal(sqlite3_exec(store_handle(s), "DELETE FROM sample", NULL, NULL, NULL),
			 SQLITE_READONLY);
	store_close(s);
}

static void test_reader_asks_for_a_database_that_exists(void **state)
{
	char said[1024];

	(void)state;
	assert_int_equal(outcome(read_and_close, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "there is no database"));
	assert_int_equal(access(path, F_OK), -1);
}

static void test_run_of_a_process_that_is_gone_becomes_interrupted(void **state)
{
	(void)state;
	fflush(NULL);
	if (fork() == 0) {
		struct store *s = store_open(path);

		small_world(3);
		store_begin(s, &world.run);
		simulated_block(&world, s, 0, NULL);
		raise(SIGKILL);
	}
	wait(NULL);
	assert_int_equal(ask(path, "SELECT count(*) FROM run WHERE status = 'running'"), 1);
	open_and_close(path);
	assert_int_equal(ask(path, "SELECT count(*) FROM run WHERE status = 'interrupted'"), 1);
	assert_int_equal(ask(path, "SELECT count(*) FROM trial"), 4);
}

static void test_run_of_a_living_process_stays_running(void **state)
{
	struct store *s = store_open(path);
	char said[1024];

	(void)state;
	small_world(1);
	store_begin(s, &world.run);
	assert_int_equal(outcome(open_and_close, path, said), 0);
	assert_int_equal(
		sql_value(store_handle(s), "SELECT count(*) FROM run WHERE status = 'running'"), 1);
	store_end(s, &world.run, "interrupted");
	store_close(s);
}

static void assert_stale_after(const char *statement)
{
	struct store *s = store_open(path);

	small_world(1);
	store_begin(s, &world.run);
	sql_exec(store_handle(s), statement);
	store_stale_interrupt(store_handle(s));
	assert_int_equal(
		sql_value(store_handle(s), "SELECT count(*) FROM run WHERE status = 'running'"), 0);
	store_close(s);
}

static void test_pid_means_nothing_after_a_boot_or_with_a_new_owner(void **state)
{
	(void)state;
	assert_stale_after("UPDATE run SET boot_id = 'another boot'");
	assert_stale_after("UPDATE run SET started_at = started_at - 1000000000");
}

static void test_latest_is_the_newest_complete_run_of_its_kind(void **state)
{
	struct store *s = store_open(path);
	char compare[40], id[40];

	(void)state;
	assert_false(store_latest(s, NULL, id, sizeof(id)));
	small_world(1);
	simulated_store(&world, s, NULL);
	strcpy(compare, world.run.id);
	small_world(1);
	world.run.kind = "nightly";
	simulated_store(&world, s, NULL);
	assert_true(store_latest(s, "compare", id, sizeof(id)));
	assert_string_equal(id, compare);
	assert_true(store_latest(s, NULL, id, sizeof(id)));
	assert_string_equal(id, world.run.id);
	assert_true(strcmp(world.run.id, compare) > 0);
	small_world(1);
	store_begin(s, &world.run);
	store_end(s, &world.run, "interrupted");
	assert_true(store_latest(s, "compare", id, sizeof(id)));
	assert_string_equal(id, compare);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_new_database_is_marked_as_ours_and_in_wal_mode, fresh),
		cmocka_unit_test_setup(test_closing_leaves_one_file, fresh),
		cmocka_unit_test_setup(test_eight_processes_may_open_a_new_database_at_once, fresh),
		cmocka_unit_test_setup(test_leftover_of_a_killed_creator_is_removed, fresh),
		cmocka_unit_test_setup(test_odd_characters_in_the_name_are_only_a_name, fresh),
		cmocka_unit_test_setup(test_backup_by_vacuum_can_be_used_again, fresh),
		cmocka_unit_test_setup(test_reader_cannot_write, fresh),
		cmocka_unit_test_setup(test_reader_asks_for_a_database_that_exists, fresh),
		cmocka_unit_test_setup(test_run_of_a_process_that_is_gone_becomes_interrupted,
				       fresh),
		cmocka_unit_test_setup(test_run_of_a_living_process_stays_running, fresh),
		cmocka_unit_test_setup(test_pid_means_nothing_after_a_boot_or_with_a_new_owner,
				       fresh),
		cmocka_unit_test_setup(test_latest_is_the_newest_complete_run_of_its_kind, fresh),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, NULL, simulated_cleanup);
}
