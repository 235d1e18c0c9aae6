/* SPDX-License-Identifier: MIT */
/*
 * How the threads of a round wait for one another without a call that allocates: a counter that one
 * thread raises and another watches. It spins for as long as a lock does, then gives the CPU away,
 * so that more threads than CPUs get on. Counters never fall, from the first round to the last: a
 * round adds the same number whatever happens in it, a failure too.
 */
#ifndef WORKLOADS_PACE_H
#define WORKLOADS_PACE_H

#include <sched.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/lock.h"

struct pace {
	_Alignas(64) uint64_t count; /* atomic; release by its thread, acquire by those who wait */
};

static inline void pace_set(struct pace *p, uint64_t count)
{
	__atomic_store_n(&p->count, count, __ATOMIC_RELEASE);
}

/* The count, once it is @count or more. */
static inline uint64_t pace_wait(struct pace *p, uint64_t count)
{
	uint64_t now;

	for (unsigned int spins = 1;; spins++) {
		now = __atomic_load_n(&p->count, __ATOMIC_ACQUIRE);
		if (likely(now >= count))
			return now;
		lock_pause();
		if (spins % LOCK_SPINS == 0)
			sched_yield();
	}
}

/* All @threads meet; @turn is how many times the caller has met them, this one counted. */
static inline void pace_meet(struct pace *p, unsigned int threads, uint64_t turn)
{
	__atomic_fetch_add(&p->count, 1, __ATOMIC_ACQ_REL);
	pace_wait(p, turn * threads);
}

#endif
