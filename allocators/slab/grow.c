// SPDX-License-Identifier: MIT
/* Capacities that follow the load. See grow.h. */
#include "grow.h"

/* A sheaf is one object of the largest kmalloc class at most, and pins so many bytes at most. */
#define MAX_OBJECTS 1020u
#define MAX_BYTES   (1u << 20)

/* Before the next capacity: 8 misses are more than the build-up of a small program has. */
#define LIMIT 64u
#define MISS  8u
#define SWAP  1u

static bool grows;

void grow_init(bool on)
{
	grows = on;
}

static unsigned int next(unsigned int capacity)
{
	return 2 * capacity + 4;
}

static bool is_allowed(const struct kmem_cache *s, unsigned int capacity)
{
	return capacity <= MAX_OBJECTS && capacity * s->geo.size <= MAX_BYTES;
}

void grow_attach(struct kmem_cache *s)
{
	unsigned int most = s->geo.capacity;

	while (grows && most && is_allowed(s, next(most)))
		most = next(most);
	s->capacity = (uint16_t)s->geo.capacity;
	s->capacity_max = (uint16_t)most;
}

static void count(struct kmem_cache *s, unsigned int weight)
{
	unsigned int now = grow_capacity(s);

	if (now == s->capacity_max ||
	    __atomic_add_fetch(&s->missed, weight, __ATOMIC_RELAXED) < LIMIT)
		return;
	__atomic_store_n(&s->missed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->capacity, (uint16_t)next(now), __ATOMIC_RELAXED);
}

void grow_count_swap(struct kmem_cache *s)
{
	count(s, SWAP);
}

void grow_count_miss(struct kmem_cache *s)
{
	count(s, MISS);
}
