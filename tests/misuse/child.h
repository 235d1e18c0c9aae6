/* SPDX-License-Identifier: MIT */
/* A misuse happens in a child; the parent asserts how it ended and what it wrote on fd 2. */
#ifndef TESTS_MISUSE_CHILD_H
#define TESTS_MISUSE_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/slab.h"

#define RULE_DOUBLE                                                                                \
	"============================================================================="            \
	"\n"
#define RULE_SINGLE                                                                                \
	"-----------------------------------------------------------------------------"            \
	"\n"

static inline void child_run(const char *options, void (*misuse)(void), int fd)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	dup2(fd, 2);
	if (slab_boot(options))
		_exit(100);
	misuse();
	_exit(0);
}

/* Run @misuse under @options and put what it wrote on fd 2 into @text. Returns the wait status. */
static inline int child_wait(const char *options, void (*misuse)(void), char *text, size_t len)
{
	int fds[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		child_run(options, misuse, fds[1]);
	close(fds[1]);
	while (used < len - 1 && (n = read(fds[0], text + used, len - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The misuse ends in SIGABRT after a report whose headline is exactly "BUG " + @headline. */
static inline void assert_reported(const char *options, void (*misuse)(void), const char *headline)
{
	char text[8192], expected[512];
	int status = child_wait(options, misuse, text, sizeof(text));

	snprintf(expected, sizeof(expected), RULE_DOUBLE "BUG %s\n" RULE_SINGLE, headline);
	if (strncmp(text, expected, strlen(expected)))
		fail_msg("expected:\n%sgot:\n%s", expected, text);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

#endif
