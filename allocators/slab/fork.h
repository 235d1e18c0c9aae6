/* SPDX-License-Identifier: MIT */
/*
 * fork() by any thread at any time: the handlers of pthread_atfork(), the only ones of libslab, and
 * their order. Registered when libslab is loaded or by the first boot, whatever comes first, so
 * that they are among the first of the program and a fork waits for a boot: what is registered
 * later runs before ours in the parent, when the gate is still open, and after ours in the child.
 * slab.h has what users are told.
 *
 * In the thread that forks, with all signals blocked from here to the last step:
 *
 *   turn      one fork at a time
 *   rcu       the deferred functions and liburcu stand still (rcu.h)
 *   stdio     the list of streams of the C library: see below
 *   gate      nobody is inside of libslab (gate.h)
 *   fork()
 *   the same backwards; in the child what others held is released first, and what only they could
 *   have given back is (percpu.h, shrinker.h, kvfree_batch.h; if anybody was lost, mend.h)
 *
 * stdio. glibc's fork() takes the lock of its list of streams after all handlers. Another thread
 * may have it, wait in fflush(NULL) for the lock of a stream, and the owner of that wait in
 * malloc() at our gate. So the handler takes that lock before it closes the gate, by the functions
 * that glibc exports for debuggers and libraries of its own (GLIBC_2.2.5); it is recursive. glibc
 * releases it in the child of a process with threads by making it new, which undoes our hold as
 * well, and so do we; while there is one thread only, neither takes it. Other C libraries have no
 * such functions.
 */
#ifndef SLAB_FORK_H
#define SLAB_FORK_H

/* From now on, once. 0 or -ENOMEM. Under slab_boot_lock. */
int fork_watch(void);

#endif
