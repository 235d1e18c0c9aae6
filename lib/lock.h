/* SPDX-License-Identifier: MIT */
/*
 * A lock of one word: it spins for a short while and then sleeps in the kernel (futex). It needs no
 * initialisation beyond zero, allocates nothing, keeps errno and is not recursive. Taking it is an
 * acquire, giving it back a release. After Drepper, "Futexes are tricky" (2011), the three-state
 * variant.
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

static inline bool lock_try(struct lock *l)
{
	uint32_t expected = LOCK_FREE;

	return __atomic_compare_exchange_n(&l->state, &expected, LOCK_HELD, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static __attribute__((noinline, unused)) void lock_wait(struct lock *l)
{
	int saved = errno;

	for (int i = 0; i < LOCK_SPINS; i++) {
		if (__atomic_load_n(&l->state, __ATOMIC_RELAXED) == LOCK_FREE && lock_try(l))
			return;
		lock_pause();
	}
	while (__atomic_exchange_n(&l->state, LOCK_CONTENDED, __ATOMIC_ACQUIRE) != LOCK_FREE)
		syscall(SYS_futex, &l->state, FUTEX_WAIT_PRIVATE, LOCK_CONTENDED, 0, 0, 0);
	errno = saved;
}

/* Whoever has taken the lock since may have given its memory back. */
static __attribute__((noinline, unused)) void lock_wake(struct lock *l)
{
	int saved = errno;

	syscall(SYS_futex, &l->state, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	errno = saved;
}

static inline void lock_acquire(struct lock *l)
{
	if (__builtin_expect(!lock_try(l), 0))
		lock_wait(l);
}

static inline void lock_release(struct lock *l)
{
	if (__atomic_exchange_n(&l->state, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_CONTENDED)
		lock_wake(l);
}

#endif
