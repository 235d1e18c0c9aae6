/* SPDX-License-Identifier: MIT */
/*
 * A lock of one word: it spins for a short while and then sleeps in the kernel (futex). It needs no
 * initialisation beyond zero, allocates nothing, keeps errno and is not recursive. Taking it is an
 * acquire, giving it back a release. After Drepper, "Futexes are tricky" (2011), the three-state
 * variant. libslab takes its locks by allocators/slab/lock.h, which is made of these pieces.
 */
#ifndef LIB_LOCK_H
#define LIB_LOCK_H

#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* free: nobody holds it; held: taken, nobody sleeps; contended: taken, somebody may sleep. */
enum lock_state { LOCK_FREE = 0, LOCK_HELD = 1, LOCK_CONTENDED = 2 };

struct lock {
	uint32_t state;
};

/* About 1 us of waiting before the kernel is asked: longer than any critical section of libslab. */
#define LOCK_SPINS 64

static inline void lock_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}

static inline bool plain_try(struct lock *l)
{
	uint32_t expected = LOCK_FREE;

	return __atomic_compare_exchange_n(&l->state, &expected, LOCK_HELD, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline bool plain_spin(struct lock *l)
{
	for (int i = 0; i < LOCK_SPINS; i++) {
		if (__atomic_load_n(&l->state, __ATOMIC_RELAXED) == LOCK_FREE && plain_try(l))
			return true;
		lock_pause();
	}
	return false;
}

/* Take it, or leave word that somebody sleeps. */
static inline bool plain_try_or_mark(struct lock *l)
{
	return __atomic_exchange_n(&l->state, LOCK_CONTENDED, __ATOMIC_ACQUIRE) == LOCK_FREE;
}

/* Sleep while it is marked; may return early. May set errno. */
static inline void plain_sleep(struct lock *l)
{
	syscall(SYS_futex, &l->state, FUTEX_WAIT_PRIVATE, LOCK_CONTENDED, 0, 0, 0);
}

static inline void plain_acquire(struct lock *l)
{
	int saved = errno;

	if (!plain_try(l) && !plain_spin(l))
		while (!plain_try_or_mark(l))
			plain_sleep(l);
	errno = saved;
}

/* Whoever has taken the lock since may have given its memory back. */
static __attribute__((noinline, unused)) void plain_wake(struct lock *l)
{
	int saved = errno;

	syscall(SYS_futex, &l->state, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	errno = saved;
}

static inline void plain_release(struct lock *l)
{
	if (__atomic_exchange_n(&l->state, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_CONTENDED)
		plain_wake(l);
}

#endif
