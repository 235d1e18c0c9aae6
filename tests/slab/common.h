/* SPDX-License-Identifier: MIT */
/* What the tests of libslab share: booting with options, the equations, the seed. */
#ifndef TESTS_SLAB_COMMON_H
#define TESTS_SLAB_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/slab.h"

static inline void boot_or_fail(const char *options)
{
	if (slab_boot(options))
		fail_msg("slab_boot(\"%s\"): %s", options, slab_boot_error());
}

static inline void print_disagreement(void *ctx, const char *sentence)
{
	(void)ctx;
	print_error("%s\n", sentence);
}

/* Every equation of types.h holds. No other thread is inside libslab. */
static inline void assert_equations_hold(void)
{
	assert_int_equal(slab_check(print_disagreement, NULL), 0);
}

static inline size_t nr_inuse(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.nr_inuse;
}

/* The exit code of the child @pid, which ends by itself. */
static inline int child_exit_code(pid_t pid)
{
	int status;

	assert_true(pid >= 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail_msg("the child ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* @run boots with @options and returns 0, in a child: libslab boots once a process. */
static inline void assert_child_returns_0(int (*run)(const char *options), const char *options)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(run(options));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s: wait status %#x", options, (unsigned int)status);
}

/*
 * @body and the equations, in a child booted with @options. A failed assertion in the child ends in
 * a failed run of all tests there.
 */
static inline void run_in_mode(const char *options, void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		boot_or_fail(options);
		body();
		assert_equations_hold();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("with %s", options);
}

/* SEED from the environment or a fixed one; printed, so that a failure can be repeated. */
static inline uint64_t test_seed(uint64_t usual)
{
	const char *s = getenv("SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : usual;

	print_message("repeat with SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

#endif
