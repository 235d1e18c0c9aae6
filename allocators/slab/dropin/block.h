/* SPDX-License-Identifier: MIT */
/* What kind of block a pointer is, for slow paths: kmalloc's, or one of huge.h or start.h. Any
 * thread. */
#ifndef SLAB_DROPIN_BLOCK_H
#define SLAB_DROPIN_BLOCK_H

#include "allocators/slab/free.h"
#include "allocators/slab/kfence.h"
#include "huge.h"
#include "start.h"

/* Is @p in a slab, a large block or between guard pages? */
static inline bool block_is_slab(const void *p)
{
	return is_kfence_address(p) || free_frame(p);
}

/* The bytes of a block that is no slab memory; 0 if it is nobody's. */
static inline size_t block_other_bytes(const void *p)
{
	size_t bytes = start_bytes(p);

	return bytes ? bytes : huge_bytes(p);
}

#endif
