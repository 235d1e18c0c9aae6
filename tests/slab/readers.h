/* SPDX-License-Identifier: MIT */
/* What the tests of RCU share: readers, a reader in a thread of its own, counting threads. */
#ifndef TESTS_SLAB_READERS_H
#define TESTS_SLAB_READERS_H

#include "common.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/rcu.h"
#include "allocators/slab/rcupdate.h"
#include "lib/sanitizers.h"

#if UNDER_TSAN
void __tsan_release(void *addr);
#else
static inline void __tsan_release(void *addr)
{
	(void)addr;
}
#endif

/* liburcu orders what a reader did before what follows the grace period; here TSan is told so. */
static inline void reader_unlock(void)
{
	__tsan_release(&rcu_tsan_readers);
	rcu_read_unlock();
}

/* A thread that is inside rcu_read_lock() from reader_start() to reader_stop(). */
struct reader {
	pthread_t thread;
	bool inside;
	bool leave;
};

static inline void *reader_run(void *arg)
{
	struct reader *r = arg;

	rcu_read_lock();
	__atomic_store_n(&r->inside, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&r->leave, __ATOMIC_ACQUIRE))
		usleep(100);
	reader_unlock();
	return NULL;
}

static inline void reader_start(struct reader *r)
{
	*r = (struct reader){ .inside = false };
	assert_int_equal(pthread_create(&r->thread, NULL, reader_run, r), 0);
	while (!__atomic_load_n(&r->inside, __ATOMIC_ACQUIRE))
		usleep(100);
}

static inline void reader_stop(struct reader *r)
{
	__atomic_store_n(&r->leave, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
}

static inline unsigned int nr_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	unsigned int nr = 0;

	if (!d)
		return 0;
	while ((e = readdir(d)))
		nr += e->d_name[0] != '.';
	closedir(d);
	return nr;
}

#endif
