/* SPDX-License-Identifier: MIT */
/*
 * Starting libslab for a program that does not know of it, at its first allocation: in the dynamic
 * linker, before any constructor, or in a constructor of its own. The options come from the
 * variable SLAB_OPTIONS of the environment, unless the program runs with rights that its caller has
 * not (AT_SECURE); one that is wrong is a line on fd 2, and the defaults hold. One option is not
 * libslab's: token_stats=FILE (token_stats.h); FILE has no comma.
 *
 * What libslab calls while it starts may itself allocate, where another preloaded library wraps
 * open() or mmap(). Such a call, by the thread that starts libslab, gets a piece of a static block
 * that is never used again.
 */
#ifndef SLAB_DROPIN_START_H
#define SLAB_DROPIN_START_H

#include <stdbool.h>
#include <stddef.h>

#include "allocators/slab/boot.h"
#include "lib/bits.h"
#include "names.h"

/*
 * Options that hold unless SLAB_OPTIONS says otherwise. A program may limit its address space at
 * any time, and need threads then.
 */
#define START_DEFAULTS "reserve=0,sheaves=grow,classes=fine,"

/*
 * And what holds whatever SLAB_OPTIONS says: malloc's blocks suit every type, and free() makes no
 * thread, for pthread_create() calls malloc() and the C library may hold its locks (purge.h).
 */
#define START_ALWAYS ",minalign=16,purge_thread=0"

/* False while this thread is starting libslab already, or if there is no memory to start with. */
bool start_slow(void);

static inline bool start_ensure(void)
{
	return likely(__atomic_load_n(&slab_booted, __ATOMIC_ACQUIRE)) || start_slow();
}

/* What was wrong with SLAB_OPTIONS, in a sentence; "" if nothing was. */
DROPIN_API const char *slab_malloc_error(void);

/* While this thread starts libslab: zeroed memory at a multiple of 16, NULL when it is used up. */
void *start_alloc(size_t size);

/* The bytes of a block of start_alloc(); 0 for any other pointer. */
size_t start_bytes(const void *p);

#endif
