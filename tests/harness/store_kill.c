// SPDX-License-Identifier: MIT
/*
 * Writers are killed at random moments. What they were told is safe must be there, whole, and what
 * they were not told must be there whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <time.h>

#include "store_world.h"

/* Rows in several tables for each trial, so that a part of a block would show. */
static void add_timeline(struct trial *t)
{
	t->point[t->nr_points++] = (struct trial_point){ 5, 10, 20 };
	t->point[t->nr_points++] = (struct trial_point){ 9, 12, 22 };
}

/* Blocks without end; a byte down the pipe for each that is committed. */
__attribute__((noreturn)) static void write_until_killed(uint64_t writer_seed, int fd)
{
	struct store *s = store_open(path);

	simulated_start(&world, writer_seed, 1 << 20);
	simulated_add_arm(&world, "slab", ARM_SUBJECT);
	simulated_add_cell(&world, "dentry-name", 1);
	store_begin(s, &world.run);
	for (int block = 0;; block++) {
		simulated_block(&world, s, block, add_timeline);
		if (write(fd, "", 1) != 1)
			_exit(1);
	}
}

static int kill_after(pid_t *pids, int nr, long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
	int clean = 0, status;

	nanosleep(&pause, NULL);
	for (int i = 0; i < nr; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < nr; i++) {
		waitpid(pids[i], &status, 0);
		clean += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	return clean;
}

/* Start four writers, kill them after @ms; returns how many blocks they were told are safe. */
static int kill_writers(struct random *r, long ms)
{
	pid_t pids[4];
	char acks[4096];
	int fds[2], acked = 0;
	ssize_t got;

	fflush(NULL);
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 4; i++) {
		uint64_t writer_seed = random_u64(r);

		pids[i] = fork();
		if (pids[i] == 0)
			write_until_killed(writer_seed, fds[1]);
	}
	close(fds[1]);
	assert_int_equal(kill_after(pids, 4, ms), 4);
	while ((got = read(fds[0], acks, sizeof(acks))) > 0)
		acked += (int)got;
	close(fds[0]);
	return acked;
}

static void test_killed_writers_lose_no_block_and_leave_no_part(void **state)
{
	struct random r;
	int acked = 0;

	(void)state;
	random_seed(&r, seed);
	for (int round = 0; round < 12; round++)
		acked += kill_writers(&r, (long)random_range(&r, 20, 250));
	open_and_close(path);
	assert_true(acked > 0);
	assert_true(ask(path, "SELECT count(*) FROM (SELECT DISTINCT run, block FROM trial)") >=
		    acked);
	assert_int_equal(ask(path, "SELECT count(*) FROM (SELECT count(*) AS n FROM trial "
				   "GROUP BY run, block HAVING n <> 4)"),
			 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM trial t WHERE (SELECT count(*) FROM "
				   "timeline WHERE trial = t.id) <> 2"),
			 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM pragma_integrity_check "
				   "WHERE integrity_check <> 'ok'"),
			 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM run WHERE status <> 'interrupted'"), 0);
	print_message("%d blocks were safe, %d are stored\n", acked,
		      (int)ask(path, "SELECT count(*) FROM trial") / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_killed_writers_lose_no_block_and_leave_no_part, fresh),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, NULL, simulated_cleanup);
}
