// SPDX-License-Identifier: MIT
/* Capacities that follow the load. See grow.h. */
#include "grow.h"

/* A sheaf's block is of the largest kmalloc class at most, its objects are so many bytes at most.
 */
#define MAX_OBJECTS 956u
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

/* The part of a block that is left for colors. */
#define SLACK_SHARE 16u

/* The power of two that a sheaf of @capacity fits in. */
static unsigned int block_of(unsigned int capacity)
{
	unsigned int bytes = (unsigned int)(sizeof(struct slab_sheaf) + capacity * sizeof(void *));

	return 1u << bits_fls(bytes - 1);
}

static unsigned int slack_of(unsigned int block)
{
	return block / SLACK_SHARE / COLOR_BYTES * COLOR_BYTES;
}

static unsigned int next(unsigned int capacity)
{
	unsigned int block = 2 * block_of(capacity);

	return (unsigned int)((block - slack_of(block) - sizeof(struct slab_sheaf)) /
			      sizeof(void *));
}

unsigned int grow_nr_colors(const struct kmem_cache *s, unsigned int capacity)
{
	if (capacity <= s->geo.capacity || capacity > s->capacity_max)
		return 1;
	return slack_of(block_of(capacity)) / COLOR_BYTES + 1;
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
