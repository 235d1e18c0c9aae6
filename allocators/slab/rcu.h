/* SPDX-License-Identifier: MIT */
/*
 * Grace periods: a function is called when every reader that was inside rcu_read_lock() has left.
 * What a grace period is, liburcu decides; rcu.c is the only file that asks it, and everything else
 * of libslab uses these few functions. The public half, for readers, is rcupdate.h.
 *
 * The flavour is urcu-bp. A library cannot make the threads of a program register as readers, and
 * bp is the flavour that registers a reader by itself. Its price against urcu-memb is one more
 * pointer followed in rcu_read_lock(); both use membarrier(2), so readers execute no barrier.
 *
 * The queue of callbacks is not liburcu's call_rcu(), because that one takes memory by malloc(),
 * lets its thread take signals and has to be told of each fork() by the program.
 *
 * fork(). From the first use on (rcu_watch_forks), fork.c has liburcu told by the functions at the
 * end. The child has no worker (worker.h) and all callbacks that had not run; they run once the
 * child defers or waits for something. fork() inside rcu_read_lock() is reported: it would wait for
 * itself. A signal handler that interrupted libslab must not fork if a reader may need the lock
 * that was interrupted, for liburcu waits for the readers.
 */
#ifndef SLAB_RCU_H
#define SLAB_RCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A waiting object gives this much of itself, aligned as a pointer: the kernel's rcu_head. */
#define RCU_HEAD_BYTES (2 * sizeof(void *))

/*
 * Call @done(@head) after a grace period, in order of rcu_call(), from the worker or from a thread
 * in rcu_barrier_all(), with no lock held but worker_enter()'s. Never sleeps; any thread, also
 * inside rcu_read_lock(); any lock that stands before rcu.lock in types.h may be held.
 */
void rcu_call(void *head, void (*done)(void *head));

/* Reports a call of @caller, the function that the user knows, inside rcu_read_lock(). */
void rcu_forbid_readers(const char *caller);

/*
 * Wait until every rcu_call() made before this has run its function. Does their work itself if the
 * worker does not. No lock held. Not inside rcu_read_lock(), which is reported as above if there is
 * anything to wait for.
 */
void rcu_barrier_all(const char *caller);

/* Wait for a grace period, after rcu_forbid_readers(). No lock held. */
void rcu_quiesce(void);

/*
 * The way to learn that a grace period has passed without waiting for it (the kernel's
 * get_state_synchronize_rcu): rcu_elapsed(x) becomes true some time after every reader that was
 * there at x = rcu_snapshot() has left. Only grace periods of rcu_call() are counted. Never 0.
 */
uint64_t rcu_snapshot(void);
bool rcu_elapsed(uint64_t snapshot);

/* Does @head wait? By a forked child, alone. */
bool rcu_is_called(const void *head);

/* Callbacks that have not run, an estimate. */
size_t rcu_nr_waiting(void);

/*
 * Mind forks from now on. rcu_call() does it; who uses the worker before that does it first. Any
 * thread; cheap when done.
 */
void rcu_watch_forks(void);

/* For fork.c: nothing deferred runs and no grace period is under way from the first on. */
void rcu_fork_prepare(void);
void rcu_fork_parent(void);
void rcu_fork_child(void);

/*
 * ThreadSanitizer does not see what liburcu orders, for it is not built with it. A test that reads
 * what libslab frees says __tsan_release(&rcu_tsan_readers) before rcu_read_unlock(); the other
 * half is in rcu.c.
 */
extern char rcu_tsan_readers;

#endif
