/* SPDX-License-Identifier: MIT */
/*
 * One test under several sets of options, with the drop-in in the program: it reads SLAB_OPTIONS
 * before main(), so each has a process that begins with them.
 */
#ifndef TESTS_DROPIN_MODES_H
#define TESTS_DROPIN_MODES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void run_again(char **argv, const char *mode)
{
	setenv("SLAB_OPTIONS", mode, 1);
	setenv("MODE", mode, 1);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* @run returns how many tests failed. MODE in the environment: that one alone. */
static inline int run_dropin_modes(char **argv, const char *const *modes, size_t nr,
				   int (*run)(const char *mode))
{
	const char *only = getenv("MODE"), *options = getenv("SLAB_OPTIONS");
	int failed = 0;

	if (only && options && !strcmp(only, options))
		return run(only);
	if (only)
		run_again(argv, only);
	for (size_t i = 0; i < nr; i++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			run_again(argv, modes[i]);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			fprintf(stderr, "failed; repeat with MODE='%s'\n", modes[i]);
			failed = 1;
		}
	}
	return failed;
}

#endif
