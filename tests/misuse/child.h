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

/*
 * The first report is headed "BUG name (Not tainted): what" where @headline is "name: what"; behind
 * it only an address may follow.
 */
static inline void assert_headline(const char *text, const char *headline)
{
	const char *colon = strstr(headline, ": ");
	char expected[512];

	assert_non_null(colon);
	snprintf(expected, sizeof(expected), RULE_DOUBLE "BUG %.*s (Not tainted)%s",
		 (int)(colon - headline), headline, colon);
	if (strncmp(text, expected, strlen(expected)))
		fail_msg("expected:\n%s\ngot:\n%s", expected, text);
	text += strlen(expected);
	text += strncmp(text, " 0x", 3) ? 0 : 3 + strspn(text + 3, "0123456789abcdef");
	assert_int_equal(strncmp(text, "\n" RULE_SINGLE, 1 + strlen(RULE_SINGLE)), 0);
}

/* With panic_on_error=1 the misuse ends in SIGABRT after a report so headed. */
static inline void assert_reported(const char *options, void (*misuse)(void), const char *headline)
{
	char text[16384], all[256];
	int status;

	snprintf(all, sizeof(all), "%s,panic_on_error=1", options);
	status = child_wait(all, misuse, text, sizeof(text));
	assert_headline(text, headline);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/*
 * The misuse is reported so and the program goes on to its end. The whole of what it wrote goes to
 * @text.
 */
static inline void assert_survived(const char *options, void (*misuse)(void), const char *headline,
				   char *text, size_t len)
{
	int status = child_wait(options, misuse, text, len);

	assert_headline(text, headline);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The misuse is reported so and the program ends although the option does not ask for it. */
static inline void assert_fatal(const char *options, void (*misuse)(void), const char *headline)
{
	char text[16384];
	int status = child_wait(options, misuse, text, sizeof(text));

	assert_headline(text, headline);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

#endif
