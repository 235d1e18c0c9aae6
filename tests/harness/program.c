// SPDX-License-Identifier: MIT
/*
 * The program workload: each program answers the same every time, alone and beside another one;
 * what is started has nothing of ours but its three descriptors, costs what it costs itself and
 * ends with the one that started it; and whose malloc it has is found out, not assumed.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "drive.h"
#include "workloads/program.h"

#define SCALE 0.05

extern const struct workload workload_program;
extern char **environ;

static void run_program(const char *name, unsigned int threads)
{
	struct drive_image *image = drive_plan(&workload_program, threads, SCALE, name, 1);
	struct drive_result r = { .rounds = 2 };

	if (image->status == WL_ABSENT) {
		print_message("%s\n", image->plan.why);
		drive_release(image);
		skip();
	}
	assert_string_equal(image->plan.why, "");
	assert_true(image->plan.ops > 0);
	assert_true(image->plan.round_ns > 0);
	if (drive_run(&workload_program, image, threads, &drive_ops, &r))
		fail_msg("%s with %u threads failed", name, threads);
	assert_true(r.agree);
	drive_release(image);
}

#define TEST_PROGRAM(identifier, name)                                                             \
	static void test_##identifier##_answers_the_same_alone_and_beside_itself(void **state)     \
	{                                                                                          \
		(void)state;                                                                       \
		run_program(name, 1);                                                              \
		run_program(name, 2);                                                              \
	}
TEST_PROGRAM(gcc, "gcc")
TEST_PROGRAM(git, "git")
TEST_PROGRAM(lua, "lua5.4")
TEST_PROGRAM(python, "python3")
TEST_PROGRAM(redis, "redis")
TEST_PROGRAM(sqlite3, "sqlite3")

static void test_an_unknown_program_is_refused_with_the_names(void **state)
{
	struct drive_image *image = drive_plan(&workload_program, 1, SCALE, "perl", 1);

	(void)state;
	assert_int_equal(image->status, -1);
	assert_non_null(strstr(image->plan.why, "no program 'perl'"));
	assert_non_null(strstr(image->plan.why, "sqlite3"));
	drive_release(image);
}

static const char *const no_words[] = { NULL };

/* A program of coreutils, which is there wherever this is built. */
static struct program small_program(const char *file, const char *const *args)
{
	return (struct program){
		.name = file, .file = file, .package = "coreutils", .args = args, .idle = no_words
	};
}

static void test_a_script_is_not_taken_for_the_program(void **state)
{
	struct program p = small_program("slabbench-no-such-program", no_words);
	char dir[] = "/tmp/slabbench-program-XXXXXX", file[128], path[256];
	char *before = strdup(getenv("PATH"));
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/%s", dir, p.file);
	setenv("PATH", dir, 1);
	assert_false(program_find(&p, path, sizeof(path)));
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	close(fd);
	assert_false(program_find(&p, path, sizeof(path)));
	setenv("PATH", before, 1);
	free(before);
	unlink(file);
	rmdir(dir);
}

static void test_the_environment_is_the_users_but_for_what_changes_the_work(void **state)
{
	static const char *const more[] = { "MORE=1", NULL };
	struct program p = small_program("true", no_words);
	static struct program_env env;
	bool preload = false, more_found = false, kept = false;

	(void)state;
	setenv("PYTHONPATH", "/nowhere", 1);
	setenv("SLABBENCH_KEPT", "yes", 1);
	program_environment(&env, &p, "/lib/some.so", more);
	for (char **var = env.var; *var; var++) {
		assert_int_not_equal(strncmp(*var, "PYTHONPATH=", 11), 0);
		preload |= !strcmp(*var, "LD_PRELOAD=/lib/some.so");
		more_found |= !strcmp(*var, "MORE=1");
		kept |= !strcmp(*var, "SLABBENCH_KEPT=yes");
	}
	assert_true(preload && more_found && kept);
	unsetenv("PYTHONPATH");
	unsetenv("SLABBENCH_KEPT");
}

/* A seat for @p in /tmp; @path must stay as long. */
static void sit_down(struct program_seat *seat, const struct program *p, char *path, size_t len)
{
	*seat = (struct program_seat){ .program = p, .path = path, .dir = "/tmp" };
	assert_true(program_find(p, path, len));
	assert_int_equal(program_sit(seat, NULL), 0);
}

static void test_a_malloc_that_is_another_one_is_found_out(void **state)
{
	struct program p = small_program("ls", no_words);
	static struct program_seat seat;
	char path[256], ours[512];

	(void)state;
	sit_down(&seat, &p, path, sizeof(path));
	assert_true(program_own_malloc(ours, sizeof(ours)));
	assert_int_equal(program_prove(&seat, ours), 0);
	program_leave(&seat);
	sit_down(&seat, &p, path, sizeof(path));
	assert_int_equal(program_prove(&seat, "/no/such/libmalloc.so"), -1);
	assert_non_null(strstr(seat.why, "takes malloc from"));
	assert_non_null(strstr(seat.why, "not from /no/such/libmalloc.so"));
	program_leave(&seat);
}

static void test_a_program_that_fails_says_what_it_said(void **state)
{
	static const char *const args[] = { "/no/such/file", NULL };
	struct program p = small_program("cat", args);
	static struct program_seat seat;
	struct wl_usage usage = { 0 };
	char path[256];

	(void)state;
	sit_down(&seat, &p, path, sizeof(path));
	assert_int_equal(program_run(&seat, &usage), -1);
	assert_non_null(strstr(seat.why, "cat ended with status 1: "));
	assert_non_null(strstr(seat.why, "No such file"));
	program_leave(&seat);
}

/* Start /bin/sh -c @words; its output into the memfd @out. */
static pid_t start_shell(const char *words, int out)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)words, NULL };
	struct process p = { "/bin/sh", argv, environ, "/tmp", out, out, out };

	return process_start(&p);
}

static int new_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd > 2);
	return fd;
}

static void test_a_program_has_three_descriptors_and_no_other(void **state)
{
	int fd = new_file(), ours = dup(STDERR_FILENO); /* without close-on-exec */
	struct wl_usage usage = { 0 };
	char text[64] = "";

	(void)state;
	assert_int_equal(process_wait(start_shell("echo /dev/fd/* | tr -d ' /devf'", fd), &usage),
			 0);
	/* The shell's own, for reading the directory, may be the fourth. */
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(strncmp(text, "012", 3), 0);
	assert_true(strlen(text) <= 5);
	close(ours);
	close(fd);
}

static void test_the_status_tells_an_exit_from_a_signal(void **state)
{
	struct wl_usage usage = { 0 };
	int fd = new_file();

	(void)state;
	assert_int_equal(process_wait(start_shell("exit 7", fd), &usage), 7);
	assert_int_equal(process_wait(start_shell("kill -9 $$", fd), &usage), 128 + 9);
	close(fd);
}

static void test_a_program_does_not_inherit_our_peak(void **state)
{
	const size_t bytes = 256u << 20;
	struct wl_usage usage = { 0 };
	int fd = new_file();
	char *p = drive_map_pages(bytes, 0);

	(void)state;
	memset(p, 1, bytes);
	munmap(p, bytes);
	assert_int_equal(process_wait(start_shell("exit 0", fd), &usage), 0);
	assert_true(usage.peak_rss_bytes > 0);
	assert_true(usage.peak_rss_bytes < bytes / 4);
	assert_true(usage.nr_faults > 0);
	close(fd);
}

/* The starter tells the program's pid and is killed. */
static void test_a_program_ends_with_its_starter(void **state)
{
	int tell[2], fd = new_file();
	struct pollfd end;
	pid_t starter, pid = 0;

	(void)state;
	assert_int_equal(pipe(tell), 0);
	starter = fork();
	if (!starter) {
		pid = start_shell("exec sleep 1000", fd);
		if (write(tell[1], &pid, sizeof(pid)) == sizeof(pid))
			pause();
		_exit(1);
	}
	assert_int_equal(read(tell[0], &pid, sizeof(pid)), sizeof(pid));
	end = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	assert_true(end.fd >= 0);
	kill(starter, SIGKILL);
	waitpid(starter, NULL, 0);
	assert_int_equal(poll(&end, 1, 60000), 1);
	close(end.fd);
	close(tell[0]);
	close(tell[1]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcc_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_git_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_lua_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_python_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_redis_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_sqlite3_answers_the_same_alone_and_beside_itself),
		cmocka_unit_test(test_an_unknown_program_is_refused_with_the_names),
		cmocka_unit_test(test_a_script_is_not_taken_for_the_program),
		cmocka_unit_test(test_the_environment_is_the_users_but_for_what_changes_the_work),
		cmocka_unit_test(test_a_malloc_that_is_another_one_is_found_out),
		cmocka_unit_test(test_a_program_that_fails_says_what_it_said),
		cmocka_unit_test(test_a_program_has_three_descriptors_and_no_other),
		cmocka_unit_test(test_the_status_tells_an_exit_from_a_signal),
		cmocka_unit_test(test_a_program_does_not_inherit_our_peak),
		cmocka_unit_test(test_a_program_ends_with_its_starter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
