/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the store share: a small run, a database for each case, and a way to see how
 * the program would have ended.
 */
#ifndef TESTS_HARNESS_STORE_WORLD_H
#define TESTS_HARNESS_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "harness/sql.h"
#include "harness/store_parts.h"
#include "lib/die.h"
#include "simulated.h"

static struct simulated world;
static uint64_t seed;
static char path[512]; /* of the case's database */

/* Exit code of @act in a process of its own, what it said on stderr in @said. */
static inline int outcome(void (*act)(const char *path), const char *path, char said[1024])
{
	int fds[2], status;
	ssize_t got, at = 0;
	pid_t pid;

	fflush(NULL);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		act(path);
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], said + at, (size_t)(1023 - at))) > 0)
		at += got;
	said[at] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void open_and_close(const char *path)
{
	store_close(store_open(path));
}

static inline void read_and_close(const char *path)
{
	store_close(store_open_readonly(path));
}

static inline int64_t ask(const char *path, const char *statement)
{
	struct store *s = store_open_readonly(path);
	int64_t value = sql_value(store_handle(s), statement);

	store_close(s);
	return value;
}

static inline void small_world(int blocks)
{
	simulated_start(&world, seed, blocks);
	simulated_add_arm(&world, "slab", ARM_SUBJECT);
	simulated_add_cell(&world, "dentry-name", 1);
	world.noise = 0.01;
}

/* A database with one finished run of three blocks. */
static inline void make_database(const char *path)
{
	struct store *s = store_open(path);

	small_world(3);
	simulated_store(&world, s, NULL);
	store_close(s);
}

static inline int fresh(void **state)
{
	static int nr;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "%d.db", nr++);
	simulated_path(path, sizeof(path), name);
	return 0;
}

#endif
