/* SPDX-License-Identifier: MIT */
/*
 * What the tests of fork() share. Every process has a watchdog that nothing blocks, so that a hang
 * is a failure; a child says by its exit code what it found.
 */
#ifndef TESTS_SLAB_FORKS_H
#define TESTS_SLAB_FORKS_H

#include "readers.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allocators/slab/gate.h"
#include "allocators/slab/shrinker.h"
#include "lib/bits.h"

enum { CHILD_GOOD = 70, CHILD_DISAGREES, CHILD_LACKS, CHILD_OF_CHILD };

/* Not inherited: each child has one of its own. By hand, because the C library's call allocates. */
static inline void watchdog(int seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec when = { .it_value = { .tv_sec = seconds } };
	int timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) ||
	    syscall(SYS_timer_settime, timer, 0, &when, NULL))
		_exit(1);
}

/* stdio may be another's in the child. */
static inline void say(void *ctx, const char *sentence)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "%s: %s\n", (const char *)ctx, sentence);

	if (write(2, line, (size_t)n) != n)
		_exit(1);
}

/* FORKS=10 in the environment: ten times as many forks as make check has time for. */
static inline unsigned int times(unsigned int nr)
{
	const char *more = getenv("FORKS");

	return more ? nr * (unsigned int)strtoul(more, NULL, 10) : nr;
}

#define NR_KEPT 400

/* Some of everything; false if memory is refused. */
static inline bool use_everything(unsigned int seed)
{
	static __thread void *kept[NR_KEPT];
	struct kmem_cache *s = kmem_cache_create("mine", 200 + seed % 300, 0, SLAB_NO_MERGE, NULL);
	bool good = s;

	for (unsigned int i = 0; i < NR_KEPT; i++) {
		size_t bytes = 1 + (i * 2654435761u + seed) % (i % 50 ? 3000 : 60000);

		kept[i] = i % 3 == 0 && s ? kmem_cache_alloc(s, GFP_KERNEL)
					  : kmalloc(bytes, GFP_KERNEL);
		good &= kept[i] != NULL;
		if (kept[i])
			memset(kept[i], 0x5a, min_size(bytes, 200));
	}
	for (unsigned int i = 0; i < NR_KEPT; i++)
		kfree(kept[i]);
	if (s) {
		kmem_cache_shrink(s);
		kmem_cache_destroy(s);
	}
	return good;
}

static inline int reap(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *use_in_thread(void *arg)
{
	return use_everything(99) ? arg : NULL;
}

/* AddressSanitizer's own allocator has locks that a child may find taken when a thread ends. */
static inline bool works_in_thread(void)
{
	pthread_t thread;
	void *good = NULL;

	if (UNDER_ASAN)
		return use_everything(99);
	return !pthread_create(&thread, NULL, use_in_thread, "") && !pthread_join(thread, &good) &&
	       good;
}

static inline int child_of(int (*body)(int), int arg);

/* In a child: its exit code. @depth more generations. */
static inline int go_on(int depth)
{
	if (slab_check(say, "at once"))
		return CHILD_DISAGREES;
	if (!use_everything(7))
		return CHILD_LACKS;
	if (depth && child_of(go_on, depth - 1) != CHILD_GOOD)
		return CHILD_OF_CHILD;
	if (depth && !works_in_thread())
		return CHILD_LACKS;
	if (depth)
		kvfree_rcu_barrier();
	return slab_check(say, "at last") ? CHILD_DISAGREES : CHILD_GOOD;
}

/* The exit code of a child that does @body(@arg). */
static inline int child_of(int (*body)(int), int arg)
{
	pid_t pid = fork();

	if (!pid) {
		watchdog(30);
		_exit(body(arg));
	}
	return reap(pid);
}

/* In a child: was nobody left behind? */
static inline int is_complete(int unused)
{
	(void)unused;
	return gate_nr_lost() ? CHILD_LACKS : CHILD_GOOD;
}

static inline bool skip_forks(void)
{
	if (UNDER_TSAN)
		print_message("ThreadSanitizer does not like the fork of many threads\n");
	return UNDER_TSAN;
}

#endif
