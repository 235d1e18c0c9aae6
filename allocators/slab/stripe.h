/* SPDX-License-Identifier: MIT */
/*
 * Which of a few copies of a counter or a stock this thread uses: that of the CPU it runs on, so
 * that two threads rarely meet on one cache line. A hint, not a guarantee: the thread may move on
 * at any moment, so the copies need atomics or a lock all the same. Any thread.
 */
#ifndef SLAB_STRIPE_H
#define SLAB_STRIPE_H

#include <sched.h>

#define NR_STRIPES 16u /* a power of two; CPUs beyond share */

static inline unsigned int stripe_here(void)
{
	return (unsigned int)sched_getcpu() & (NR_STRIPES - 1);
}

#endif
