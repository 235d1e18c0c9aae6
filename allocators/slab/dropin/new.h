/* SPDX-License-Identifier: MIT */
/*
 * What the forms of operator new have in common. Any thread; compiled with -fexceptions, as its
 * callers have to be, so that an exception passes through.
 */
#ifndef SLAB_DROPIN_NEW_H
#define SLAB_DROPIN_NEW_H

#include "dropin.h"

/* What the operators without an alignment promise: __STDCPP_DEFAULT_NEW_ALIGNMENT__. */
#define DROPIN_NEW_ALIGN 16u

/*
 * As dropin_aligned(), but where there is no memory the new_handler is called until there is, and
 * without one std::bad_alloc is thrown. A program without a C++ library ends with one sentence.
 */
void *dropin_new_aligned(size_t align, size_t size, struct kmalloc_token t);

/* The same, and NULL instead of an exception, the handler's included. errno is set as by malloc. */
void *dropin_new_aligned_nothrow(size_t align, size_t size, struct kmalloc_token t);

/* Both without an alignment, fast path first. */
static __attribute__((always_inline)) inline void *dropin_new(size_t size, struct kmalloc_token t)
{
	void *p = kmalloc_try(size, t);

	return likely(p) ? p : dropin_new_aligned(DROPIN_NEW_ALIGN, size, t);
}

static __attribute__((always_inline)) inline void *dropin_new_nothrow(size_t size,
								      struct kmalloc_token t)
{
	void *p = kmalloc_try(size, t);

	return likely(p) ? p : dropin_new_aligned_nothrow(DROPIN_NEW_ALIGN, size, t);
}

#endif
