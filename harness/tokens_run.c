// SPDX-License-Identifier: MIT
/*
 * A program with the drop-in in front. The counters are a memfd of this process, which every child
 * finds below /proc, so nothing is left behind and nothing depends on descriptors that programs
 * close. See tokens.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/allocator.h"
#include "lib/die.h"
#include "tokens.h"

static const struct allocator *find_allocator(void)
{
	const struct allocator *a;

	for (size_t i = 0; (a = allocator_at(i)); i++)
		if (a->counts_tokens)
			return a;
	die(EXIT_USAGE, "tokens: this build has no allocator that counts tokens");
}

static void find_library(const struct allocator *a, char *path, size_t len)
{
	if (!allocator_locate(a, path, len))
		die(EXIT_USAGE, "tokens: %s", path);
	if (strpbrk(path, " :"))
		die(EXIT_USAGE, "tokens: LD_PRELOAD takes no path with a blank or a colon, as %s",
		    path);
}

static void set_environment(const struct tokens_options *o, const struct allocator *a,
			    const char *library, int file)
{
	const char *preload = getenv("LD_PRELOAD");
	char words[4096 + PATH_MAX], partitions[32];

	snprintf(words, sizeof(words), "%s%s%s", library, preload && *preload ? ":" : "",
		 preload ? preload : "");
	setenv("LD_PRELOAD", words, 1);
	snprintf(partitions, sizeof(partitions), ",partitions=%u", o->nr_slots);
	snprintf(words, sizeof(words), "%s%s,token_stats=/proc/%d/fd/%d", o->options,
		 o->nr_slots ? partitions : "", (int)getpid(), file);
	setenv(a->options_variable, words, 1);
}

/* In the child. What exec said goes into @tell. */
static void become(const struct tokens_options *o, int tell)
{
	int err;

	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (!o->out)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(o->program[0], o->program);
	err = errno;
	if (write(tell, &err, sizeof(err)) < 0)
		_exit(127);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Ctrl-C is for the program; what it had counted by then is shown. */
static int start(const struct tokens_options *o)
{
	int tell[2], err, status;
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC))
		die(EXIT_FAILED, "tokens: no pipe: %m");
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die(EXIT_FAILED, "tokens: no process: %m");
	if (!pid)
		become(o, tell[1]);
	close(tell[1]);
	if (read(tell[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(tell[0]);
	status = wait_for(pid);
	if (err)
		die(EXIT_USAGE, "tokens: %s cannot be run: %s", o->program[0], strerror(err));
	return status;
}

int tokens_run(const struct tokens_options *o, int file)
{
	const struct allocator *a = find_allocator();
	char library[PATH_MAX];

	find_library(a, library, sizeof(library));
	set_environment(o, a, library, file);
	return start(o);
}
