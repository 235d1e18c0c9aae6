// SPDX-License-Identifier: MIT
/*
 * fork() and not vfork() or posix_spawn(): a process that shares our memory until it becomes the
 * program inherits our high-water mark as its own, one with a copy only what was copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* The first descriptor that is not the program's. */
#define FIRST_OURS 3

static void close_ours(void)
{
	if (close_range(FIRST_OURS, ~0u, 0))
		for (int fd = FIRST_OURS; fd < 1024; fd++)
			close(fd);
}

/* In the new process: calls that a signal handler might make, and no others. */
__attribute__((noreturn)) static void become(const struct process *p, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(p->in, STDIN_FILENO) < 0 ||
	    dup2(p->out, STDOUT_FILENO) < 0 || dup2(p->err, STDERR_FILENO) < 0 || chdir(p->dir))
		_exit(127);
	close_ours();
	execve(p->path, p->argv, p->env);
	_exit(127);
}

pid_t process_start(const struct process *p)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		become(p, parent);
	return pid;
}

static uint64_t ns_of(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

int process_wait(pid_t pid, struct wl_usage *usage)
{
	struct rusage u = { 0 };
	int status = 0;

	while (wait4(pid, &status, 0, &u) < 0)
		if (errno != EINTR)
			return 127;
	usage->cpu_ns += ns_of(u.ru_utime) + ns_of(u.ru_stime);
	usage->peak_rss_bytes += (uint64_t)u.ru_maxrss * 1024;
	usage->nr_faults += (uint64_t)(u.ru_minflt + u.ru_majflt);
	usage->nr_switches += (uint64_t)(u.ru_nvcsw + u.ru_nivcsw);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void process_kill(pid_t pid)
{
	struct wl_usage unused = { 0 };

	kill(pid, SIGKILL);
	process_wait(pid, &unused);
}
