/* SPDX-License-Identifier: MIT */
/*
 * Which set of kmalloc caches a call site uses. none: set 0. random: a hash of the call site's
 * location and the process's seed, so that an attacker cannot know which sites share slabs (Linux
 * 6.6, 3c6152940584; the seeded form of 7.2, 0fc1bd38a19c). typed: Clang's token, so that types
 * with pointers (the upper half of the sets) never share slabs with types without (Linux 7.2,
 * feb662d9168b). The kernel has 16 sets; the option partitions makes it 2, 16, 64 or 256, and
 * -falloc-token-max has to say the same number: a token from there on is taken modulo it.
 */
#ifndef SLAB_PARTITION_H
#define SLAB_PARTITION_H

#include "types.h"

#define NR_PARTITIONS  16u /* the kernel's and the default */
#define MAX_PARTITIONS 256u

enum partition_mode { PARTITION_NONE, PARTITION_RANDOM, PARTITION_TYPED };

/* Written at boot only; read on the fast path, hence with relaxed atomics. */
struct partition {
	uint32_t mask;	/* of tokens; 0: none; PARTITION_HASHED: random; PARTITION_CLOSED */
	uint32_t shift; /* of the hash, for random */
	uint64_t seed;
	enum partition_mode mode;
	unsigned int nr; /* sets, also where the mode uses only one */
};
extern struct partition slab_partition __attribute__((visibility("hidden")));

#define PARTITION_HASHED 0x80000000u

/*
 * Before partition_open(). Then lanes must not be looked at: a sequence writes to the thread's
 * struct rseq, and where that is nobody has said yet; and the classes are being written. One of the
 * values with PARTITION_HASHED, so that only the random mode has to tell it apart.
 */
#define PARTITION_CLOSED UINT32_MAX

/* The set of the random mode among 2^@bits: the top bits of the hash. */
static inline unsigned int partition_hash(const void *location, uint64_t seed, unsigned int bits)
{
	return hash_64((uintptr_t)location ^ seed, bits);
}

static inline unsigned int partition_set_of_site(const void *location)
{
	return partition_hash(location, __atomic_load_n(&slab_partition.seed, __ATOMIC_RELAXED),
			      64 - __atomic_load_n(&slab_partition.shift, __ATOMIC_RELAXED));
}

/* After partition_open(). */
static inline unsigned int partition_set(struct kmalloc_token token)
{
	uint32_t mask = __atomic_load_n(&slab_partition.mask, __ATOMIC_RELAXED);

	if (likely(!(mask & PARTITION_HASHED)))
		return (uint32_t)token.token & mask;
	return partition_set_of_site(token.location);
}

/* @nr is a power of two up to MAX_PARTITIONS. */
void partition_init(enum partition_mode mode, unsigned int nr, uint64_t seed);

/* The boot cannot fail any more, and all that the fast path of kmalloc() reads is written. */
void partition_open(void);

/* Sets that kmalloc() may use: 1 without a mode. */
static inline unsigned int partition_nr_used(void)
{
	return slab_partition.mode == PARTITION_NONE ? 1 : slab_partition.nr;
}

/* "none", "random", "typed"; partition_parse() is -EINVAL for anything else. */
const char *partition_name(enum partition_mode mode);
int partition_parse(const char *word, size_t len);

#endif
