/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail on purpose, in the caches with SLAB_FAILSLAB (debug letter A): the kernel's
 * failslab with cache-filter, reduced to three of its attributes. The option is
 *
 *   failslab=interval:N+probability:P+times:T
 *
 * in any order, each at most once: of every N requests of such caches one may fail (default 1: each
 * of them), with a probability of P percent (default 100), until T have failed (default: without
 * limit). Without the option, or with "-", none fails. __GFP_NOFAIL requests never fail. Any
 * thread, no lock.
 */
#ifndef SLAB_FAILSLAB_H
#define SLAB_FAILSLAB_H

#include "types.h"

struct failslab {
	uint64_t interval; /* 0: off */
	uint64_t probability;
	uint64_t times; /* left; UINT64_MAX: no limit */
};

/* Read the @len bytes at @value. 0 or -EINVAL. */
int failslab_parse(struct failslab *f, const char *value, size_t len);

/* At boot. @seed decides which requests fail when the probability is below 100. */
void failslab_set(const struct failslab *f, uint64_t seed);

/* A request of @s: must it fail? */
bool failslab_hit(const struct kmem_cache *s, gfp_t gfp);

#endif
