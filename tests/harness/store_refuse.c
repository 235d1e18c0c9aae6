// SPDX-License-Identifier: MIT
/*
 * What is not a sound database of ours is refused in one sentence and not touched: neither its
 * bytes nor the names beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "store_world.h"

/* Names, sizes and contents of everything in the test's directory. */
static uint64_t directory_hash(void)
{
	struct dirent **names;
	int nr = scandir(simulated_directory(), &names, NULL, alphasort);
	uint64_t hash = 0;
	static char content[1 << 22];
	char path[1024];

	for (int i = 0; i < nr; i++) {
		ssize_t len = 0;
		int fd;

		simulated_path(path, sizeof(path), names[i]->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0) {
			len = read(fd, content, sizeof(content));
			close(fd);
		}
		hash = XXH3_64bits_withSeed(names[i]->d_name, strlen(names[i]->d_name), hash);
		if (len > 0)
			hash = XXH3_64bits_withSeed(content, (size_t)len, hash);
		free(names[i]);
	}
	free(names);
	return hash;
}

/* Both ways to open refuse @path with @words and change nothing. */
static void assert_refused(const char *path, const char *words)
{
	uint64_t before = directory_hash();
	char said[1024];

	assert_int_equal(outcome(open_and_close, path, said), EXIT_STORAGE);
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
	assert_non_null(strstr(said, path));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_true(before == directory_hash());
	assert_int_equal(outcome(read_and_close, path, said), EXIT_STORAGE);
	assert_true(before == directory_hash());
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
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

static void test_text_file_is_refused(void **state)
{
	static const char text[] =
		"These are my notes. They are not a database, but they are mine.\n"
		"There is enough of them to be longer than a file header is, too.";

	(void)state;
	write_file(path, text, sizeof(text));
	assert_refused(path, "is not a SQLite database");
}

static void test_short_and_empty_files_are_refused(void **state)
{
	(void)state;
	write_file(path, "x", 1);
	assert_refused(path, "is not a SQLite database");
	write_file(path, "", 0);
	assert_refused(path, "is an empty file");
}

static void test_database_of_another_program_is_refused(void **state)
{
	(void)state;
	change(path, "CREATE TABLE bookmark (url); INSERT INTO bookmark VALUES ('x')");
	assert_refused(path, "is a database of another program");
}

static void test_newer_database_is_refused_with_its_format(void **state)
{
	(void)state;
	make_database(path);
	change(path, "PRAGMA user_version = 7");
	assert_refused(path, "has format 7, this runner knows format 3");
}

static void test_database_without_format_is_refused(void **state)
{
	(void)state;
	make_database(path);
	change(path, "PRAGMA user_version = 0");
	assert_refused(path, "has format 0");
}

static void test_database_cut_short_is_refused(void **state)
{
	struct stat st;
	char said[1024];
	uint64_t before;

	(void)state;
	make_database(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2 / 4096 * 4096), 0);
	before = directory_hash();
	assert_int_equal(outcome(open_and_close, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "is damaged"));
	assert_true(before == directory_hash());
}

static void test_damaged_page_is_refused(void **state)
{
	char garbage[4096], said[1024];
	uint64_t before;

	(void)state;
	make_database(path);
	memset(garbage, 0xa5, sizeof(garbage));
	overwrite(path, 5 * 4096, garbage, sizeof(garbage));
	before = directory_hash();
	assert_int_equal(outcome(open_and_close, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "is damaged"));
	assert_true(before == directory_hash());
}

/* A writer that died left a WAL; the file under it is damaged as well. Both must stay. */
static void test_damaged_database_with_a_wal_keeps_both(void **state)
{
	char wal[600], said[1024], garbage[4096];
	struct stat before, after;

	(void)state;
	make_database(path);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	fflush(NULL);
	if (fork() == 0) {
		store_begin(store_open(path), &world.run);
		raise(SIGKILL);
	}
	wait(NULL);
	assert_int_equal(stat(wal, &before), 0);
	assert_true(before.st_size > 0);
	memset(garbage, 0xa5, sizeof(garbage));
	for (int page = 2; page < 12; page++)
		overwrite(path, page * 4096, garbage, sizeof(garbage));
	assert_int_equal(outcome(open_and_close, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "is damaged"));
	assert_int_equal(stat(wal, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

static void test_directory_and_device_are_refused(void **state)
{
	(void)state;
	assert_refused(simulated_directory(), "is a directory");
	assert_refused("/dev/null", "is not a regular file");
}

static void test_missing_directory_is_refused_with_the_remedy(void **state)
{
	char said[1024];

	(void)state;
	assert_int_equal(outcome(open_and_close, "/nonexistent/a/x.db", said), EXIT_STORAGE);
	assert_non_null(strstr(said, "mkdir -p /nonexistent/a"));
}

static void test_unwritable_file_system_is_refused(void **state)
{
	char said[1024];

	(void)state;
	assert_int_equal(outcome(open_and_close, "/proc/x.db", said), EXIT_STORAGE);
	assert_non_null(strstr(said, "cannot make /proc/x.db"));
}

static void open_as_nobody(const char *file)
{
	if (setgid(65534) || setuid(65534))
		_exit(EXIT_SKIP);
	open_and_close(file);
}

static void read_as_nobody(const char *file)
{
	if (setgid(65534) || setuid(65534))
		_exit(EXIT_SKIP);
	_exit(ask(file, "SELECT count(*) FROM run") == 1 ? 0 : 1);
}

/* Not under TMPDIR, whose parents nobody may not pass. */
static void test_without_permission_a_database_can_be_read_but_not_opened(void **state)
{
	char dir[] = "/tmp/slabbench-test-XXXXXX", said[1024];

	(void)state;
	if (geteuid() || !mkdtemp(dir))
		skip();
	snprintf(path, sizeof(path), "%s/x.db", dir);
	make_database(path);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(outcome(open_as_nobody, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "Permission denied"));
	assert_int_equal(outcome(read_as_nobody, path, said), 0);
	assert_int_equal(chmod(dir, 0), 0);
	assert_int_equal(outcome(read_as_nobody, path, said), EXIT_STORAGE);
	assert_non_null(strstr(said, "Permission denied"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
}

static void test_shared_file_systems_are_known(void **state)
{
	(void)state;
	assert_string_equal(store_place_shared(0x6969), "NFS");
	assert_string_equal(store_place_shared((int)0xff534d42), "CIFS");
	assert_null(store_place_shared(0xef53));     /* ext4 */
	assert_null(store_place_shared(0x794c7630)); /* overlayfs of a container */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text_file_is_refused, fresh),
		cmocka_unit_test_setup(test_short_and_empty_files_are_refused, fresh),
		cmocka_unit_test_setup(test_database_of_another_program_is_refused, fresh),
		cmocka_unit_test_setup(test_newer_database_is_refused_with_its_format, fresh),
		cmocka_unit_test_setup(test_database_without_format_is_refused, fresh),
		cmocka_unit_test_setup(test_database_cut_short_is_refused, fresh),
		cmocka_unit_test_setup(test_damaged_page_is_refused, fresh),
		cmocka_unit_test_setup(test_damaged_database_with_a_wal_keeps_both, fresh),
		cmocka_unit_test_setup(test_directory_and_device_are_refused, fresh),
		cmocka_unit_test_setup(test_missing_directory_is_refused_with_the_remedy, fresh),
		cmocka_unit_test_setup(test_unwritable_file_system_is_refused, fresh),
		cmocka_unit_test_setup(
			test_without_permission_a_database_can_be_read_but_not_opened, fresh),
		cmocka_unit_test(test_shared_file_systems_are_known),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, NULL, simulated_cleanup);
}
