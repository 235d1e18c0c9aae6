/* SPDX-License-Identifier: MIT */
/*
 * Which of the 16 sets of kmalloc caches a call site uses. none: set 0. random: a hash of the call
 * site's location and the process's seed, so that an attacker cannot know which sites share slabs
 * (Linux 6.6, 3c6152940584; the seeded form of 7.2, 0fc1bd38a19c). typed: Clang's token, so that
 * types with pointers (8 to 15) never share slabs with types without (Linux 7.2, feb662d9168b).
 */
#ifndef SLAB_PARTITION_H
#define SLAB_PARTITION_H

#include "types.h"

#define NR_PARTITIONS 16u

enum partition_mode { PARTITION_NONE, PARTITION_RANDOM, PARTITION_TYPED };

/* Written at boot only; read on the fast path, hence with relaxed atomics. */
struct partition {
	enum partition_mode mode;
	uint64_t seed;
};
extern struct partition slab_partition;

/* The set of the random mode: the top 4 bits of the hash. */
static inline unsigned int partition_random(const void *location, uint64_t seed)
{
	return hash_64((uintptr_t)location ^ seed, 4);
}

static inline unsigned int partition_set(struct kmalloc_token token)
{
	enum partition_mode mode = __atomic_load_n(&slab_partition.mode, __ATOMIC_RELAXED);

	if (mode == PARTITION_NONE)
		return 0;
	if (mode == PARTITION_TYPED)
		return (unsigned int)token.token & (NR_PARTITIONS - 1);
	return partition_random(token.location,
				__atomic_load_n(&slab_partition.seed, __ATOMIC_RELAXED));
}

void partition_init(enum partition_mode mode, uint64_t seed);

/* "none", "random", "typed"; partition_parse() is -EINVAL for anything else. */
const char *partition_name(enum partition_mode mode);
int partition_parse(const char *word, size_t len);

#endif
