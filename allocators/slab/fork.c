// SPDX-License-Identifier: MIT
/* The handlers of fork(), each step in its place. Owned by who has the gate's turn. See fork.h. */
#include "fork.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "gate.h"
#include "kvfree_batch.h"
#include "mend.h"
#include "percpu.h"
#include "rcu.h"
#include "task.h"

void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
void _IO_list_resetlock(void) __attribute__((weak));
extern char __libc_single_threaded __attribute__((weak));

static bool watched;
static sigset_t signals; /* blocked before the fork */
static bool has_stdio;

static bool is_single_threaded(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

static void lock_stdio(void)
{
	has_stdio = _IO_list_lock && _IO_list_unlock && _IO_list_resetlock && !is_single_threaded();
	if (has_stdio)
		_IO_list_lock();
}

static void unlock_stdio(void)
{
	if (has_stdio)
		_IO_list_unlock();
}

static void renew_stdio(void)
{
	if (has_stdio)
		_IO_list_resetlock();
}

static void prepare(void)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	gate_begin();
	for (;;) {
		rcu_fork_prepare();
		lock_stdio();
		if (gate_close())
			break;
		unlock_stdio();
		rcu_fork_parent();
		gate_give_way();
	}
	signals = old;
}

static void finish(void)
{
	sigset_t old = signals;

	gate_end();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void in_parent(void)
{
	gate_open();
	unlock_stdio();
	rcu_fork_parent();
	finish();
}

static void in_child(void)
{
	gate_forget_others();
	renew_stdio();
	percpu_fork_child();
	shrinker_fork_child();
	kvfree_batch_fork_child();
	gate_open();
	rcu_fork_child();
	finish();
	if (gate_nr_lost())
		gate_when_outside(mend);
}

/* Before there are threads, so that a fork waits for the first boot, too. */
static __attribute__((constructor)) void watch_from_the_start(void)
{
	fork_watch();
}

int fork_watch(void)
{
	if (!watched && pthread_atfork(prepare, in_parent, in_child))
		return -ENOMEM;
	watched = true;
	return 0;
}
