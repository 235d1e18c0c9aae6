/* SPDX-License-Identifier: MIT */
/*
 * Which call sites have an object in the pool already: a Bloom filter that counts, so that entries
 * can be taken out. Two cells an entry, 4 to 8 cells an object of the pool (2^(ilog2(n) + 2)). When
 * the pool fills, allocations from sites that it knows are passed over in favour of new ones. Any
 * thread; no lock.
 */
#ifndef SLAB_KFENCE_COVERED_H
#define SLAB_KFENCE_COVERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -ENOMEM. */
int kfence_covered_create(size_t nr_objects);
void kfence_covered_destroy(void);

void kfence_covered_add(uint64_t hash);
void kfence_covered_remove(uint64_t hash);

/* True for every hash that is in, and for some that are not. */
bool kfence_covered_has(uint64_t hash);

#endif
