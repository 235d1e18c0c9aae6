/* SPDX-License-Identifier: MIT */
/*
 * A queue of threads that wait for something another thread makes true (an event count). Who waits
 * takes a ticket, looks whether it is true already, and sleeps only if nobody has woken since: no
 * wake-up is lost. Zero is a valid queue; nothing is allocated; any thread.
 *
 *     ticket = wait_begin(q);			lock; make it true; unlock;
 *     if (is it true?)				wait_wake(q);
 *             wait_end(q);
 *     else
 *             wait_sleep(q, ticket, ms);
 */
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct wait {
	uint32_t tickets; /* wake-ups so far */
	uint32_t nr_waiters;
};

static inline uint32_t wait_begin(struct wait *q)
{
	__atomic_fetch_add(&q->nr_waiters, 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&q->tickets, __ATOMIC_SEQ_CST);
}

static inline void wait_end(struct wait *q)
{
	__atomic_fetch_sub(&q->nr_waiters, 1, __ATOMIC_RELAXED);
}

/* Sleep until the next wake-up after wait_begin() or for @ms milliseconds; may return early. */
static inline void wait_sleep(struct wait *q, uint32_t ticket, unsigned int ms)
{
	struct timespec limit = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	syscall(SYS_futex, &q->tickets, FUTEX_WAIT_PRIVATE, ticket, &limit, 0, 0);
	wait_end(q);
}

/* Wake one; costs no system call if nobody waits. */
static inline void wait_wake(struct wait *q)
{
	__atomic_fetch_add(&q->tickets, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&q->nr_waiters, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &q->tickets, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

#endif
