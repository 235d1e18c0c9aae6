/* SPDX-License-Identifier: MIT */
/*
 * Seeded random numbers: splitmix64 to seed, xoshiro256** to draw (Blackman and Vigna, 2018, public
 * domain algorithms). The same seed gives the same numbers on every machine. Never called inside a
 * measured region: workloads draw in prepare(). A generator belongs to one thread.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t s[4];
};

static inline uint64_t random_mix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The same with a state that threads share. */
static inline uint64_t random_shared(uint64_t *state)
{
	uint64_t mine = __atomic_fetch_add(state, 0x9e3779b97f4a7c15u, __ATOMIC_RELAXED);

	return random_mix(&mine);
}

static inline void random_seed(struct random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = random_mix(&seed);
}

static inline uint64_t random_rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline uint64_t random_u64(struct random *r)
{
	uint64_t result = random_rotl(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = random_rotl(r->s[3], 45);
	return result;
}

/* Uniform in [0, n), n > 0; the bias of the multiply-shift is below n / 2^64. */
static inline uint64_t random_below(struct random *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)random_u64(r) * n) >> 64);
}

/* Uniform in [lo, hi]. */
static inline uint64_t random_range(struct random *r, uint64_t lo, uint64_t hi)
{
	return lo + random_below(r, hi - lo + 1);
}

#endif
