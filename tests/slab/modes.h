/* SPDX-License-Identifier: MIT */
/* One test under several sets of options: libslab boots once a process, so each has its own. */
#ifndef TESTS_SLAB_MODES_H
#define TESTS_SLAB_MODES_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* @run returns how many tests failed. MODE in the environment: that one alone, in this process. */
static inline int run_modes(const char *const *modes, size_t nr, int (*run)(const char *mode))
{
	const char *only = getenv("MODE");
	int failed = 0;

	if (only)
		return run(only);
	for (size_t i = 0; i < nr; i++) {
		int status;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (!pid)
			exit(run(modes[i]));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			fprintf(stderr, "failed; repeat with MODE='%s'\n", modes[i]);
			failed = 1;
		}
	}
	return failed;
}

#endif
