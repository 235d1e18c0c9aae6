/* SPDX-License-Identifier: MIT */
/*
 * Starting another program and learning what it has cost, for workloads whose work is elsewhere.
 * The program has its three descriptors and no other of ours, and dies with the thread that started
 * it. Any thread may start; the one that started waits.
 */
#ifndef WORKLOADS_PROCESS_H
#define WORKLOADS_PROCESS_H

#include <sys/types.h>

#include "workload.h"

struct process {
	const char *path; /* of the executable; no search */
	char *const *argv;
	char *const *env;
	const char *dir;  /* where it works; a relative path is one from here */
	int in, out, err; /* above 2 */
};

/* The process, or -errno. That it could not be executed is told by its status, 127. */
pid_t process_start(const struct process *p);

/*
 * Wait until @pid has ended; add to @usage what it and the children that it waited for have cost.
 * Returns the exit status, or 128 + the signal that ended it. The peak of memory is wait4()'s: of
 * the largest one among them. The kernel begins it at what the new process had before it became the
 * program, a copy of this one's private pages.
 */
int process_wait(pid_t pid, struct wl_usage *usage);

/* End it and forget it. */
void process_kill(pid_t pid);

#endif
