/* SPDX-License-Identifier: MIT */
/*
 * Is libslab running? The slow paths ask before they touch anything that boot makes; the fast paths
 * need not, because before boot every array is empty and full.
 */
#ifndef SLAB_BOOT_H
#define SLAB_BOOT_H

#include <stdbool.h>

extern bool slab_booted;

/* Boot with the defaults unless running. False if that failed (no memory); nothing is printed. */
bool boot_slow(void);

/* slab_boot_lock, for what is made late: the kmalloc caches that nobody used before. */
void boot_lock(void);
void boot_unlock(void);

static inline bool boot_ensure(void)
{
	return __atomic_load_n(&slab_booted, __ATOMIC_ACQUIRE) || boot_slow();
}

#endif
