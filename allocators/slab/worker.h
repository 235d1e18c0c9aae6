/* SPDX-License-Identifier: MIT */
/*
 * The one thread that libslab keeps for what must happen later: grace periods and what follows
 * them. It is started when a work is queued and ends when none was for WORKER_LINGER_NS, so a
 * program that defers nothing has no thread of libslab. It is called "slab-worker", has all signals
 * blocked and is never joined. If the system gives no thread, works stay queued until a later
 * worker_queue() or worker_poke() gets one; nobody may depend on a work for progress, only for
 * promptness.
 *
 * Any thread. worker_queue() takes worker.lock (types.h); a work runs with no lock held.
 *
 * fork(). Whoever does deferred things, the worker or a thread that waits for them, does so between
 * worker_enter() and worker_leave(), so that fork() finds them done or not begun. A child has no
 * worker; its queue is a copy of the parent's, but for a work that was about to run.
 */
#ifndef SLAB_WORKER_H
#define SLAB_WORKER_H

#include <stdbool.h>
#include <stdint.h>

/* Works tend to come in trains; a thread is made in tens of microseconds. */
#define WORKER_LINGER_NS 1000000000ull

/* Something to do later. Zero memory with fn set is a valid work; it may be queued again by itself.
 */
struct work {
	void (*fn)(struct work *w);
	struct work *next;
	uint64_t due_ns; /* CLOCK_MONOTONIC */
	bool queued;
};

/*
 * Run @w->fn(@w) once, @delay_ns from now. Queued already: the earlier of the two times holds. The
 * first user has called rcu_watch_forks() before.
 */
void worker_queue(struct work *w, uint64_t delay_ns);

/* Start the thread if there is none, as in a forked child whose works wait. Else one load. */
void worker_poke(void);

/* Around deferred doings. Not recursive; never held while waiting for a grace period. */
void worker_enter(void);
void worker_leave(void);

/* All deferred doings that had begun when this is called are finished when it returns. */
void worker_settle(void);

/*
 * For rcu.c: worker_enter(), or what comes near to it in a handler that interrupted libslab: within
 * a second or not at all. Undo it; in the child also forget the thread.
 */
void worker_fork_prepare(void);
void worker_fork_parent(void);
void worker_fork_child(void);

#endif
