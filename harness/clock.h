/* SPDX-License-Identifier: MIT */
/*
 * The two clocks of the harness: CLOCK_MONOTONIC for rounds, the CPU's time-stamp counter for
 * single calls. Ticks are turned into nanoseconds by a rate measured over the trial itself
 * (clock_rate).
 */
#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

/*
 * Fenced on the inside, so that the call between the two is neither begun before the first nor
 * ended after the second: (Paoloni, "How to Benchmark Code Execution Times", 2010).
 */
#if defined(__x86_64__)
static inline uint64_t clock_begin(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t clock_end(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtscp; lfence" : "=a"(lo), "=d"(hi)::"rcx", "memory");
	return (uint64_t)hi << 32 | lo;
}
#elif defined(__aarch64__)
static inline uint64_t clock_begin(void)
{
	uint64_t t;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(t)::"memory");
	return t;
}

static inline uint64_t clock_end(void)
{
	return clock_begin();
}
#else
static inline uint64_t clock_begin(void)
{
	return clock_ns();
}

static inline uint64_t clock_end(void)
{
	return clock_ns();
}
#endif

#endif
