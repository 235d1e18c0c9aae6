/* SPDX-License-Identifier: MIT */
/*
 * The buckets of slab.h: sets of caches by class. A set is an object of the cache
 * "kmalloc_buckets", constant once made. Any thread; slab_mutex is taken for each cache.
 */
#ifndef SLAB_BUCKETS_H
#define SLAB_BUCKETS_H

#include "types.h"

/* At boot, after the kmalloc caches: the cache of sets. 0 or -errno (see cache_exit()). */
int buckets_init(void);

/* After a failed boot: forget it. Without the cache no sets are made. */
void buckets_exit(void);

#endif
