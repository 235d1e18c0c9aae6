/* SPDX-License-Identifier: MIT */
/*
 * What the running thread is doing in reclaim: the kernel's PF_MEMALLOC and reclaim_state. Each
 * thread reads and writes its own; no lock.
 */
#ifndef SLAB_TASK_H
#define SLAB_TASK_H

#include <stdbool.h>
#include <stddef.h>

struct shrinker;

struct task_state {
	bool in_reclaim;
	bool in_shrinker;
	struct shrinker *shrinker; /* whose reference this thread has, if in one */
	/* Units that this thread returned to the buddy, ever; reclaim takes differences. */
	size_t nr_returned;
	/* Objects that shrinkers counted in this thread's passes, ever. */
	unsigned long nr_freeable;
};

/* In a forked child, alone: who was in a shrinker's functions is gone. In shrinker.c. */
void shrinker_fork_child(void);

extern __thread struct task_state slab_task __attribute__((tls_model("initial-exec")));

/* Allocations made here do not reclaim again, and may use all of the reserve. */
static inline bool task_memalloc(void)
{
	return slab_task.in_reclaim || slab_task.in_shrinker;
}

#endif
