/* SPDX-License-Identifier: MIT */
/*
 * Memory that is protected once it is written: pmalloc and write-rare, as Igor Stoppa proposed them
 * for the kernel (series "prmem" of October 2018, never merged). For data that is set up once, such
 * as policies and tables of functions: afterwards a stray write faults instead of corrupting it.
 *
 * A pool hands memory out of areas, downwards, and frees nothing but itself. The system protects
 * whole pages, so protecting an area gives up what is left of it. An area is in one of these
 * states:
 *
 *   open        read and written as any memory
 *   rare-write  a write faults (SIGSEGV); wr_*() write
 *   read-only   a write faults, wr_*() refuse; until the pool is destroyed
 *
 *   mode      an area is open until                      then it is
 *   RO        pmalloc_protect_pool()                     read-only
 *   WR        pmalloc_protect_pool()                     rare-write
 *   AUTO_RO   the next area is begun, or protect_pool    read-only
 *   AUTO_WR   the next area is begun, or protect_pool    rare-write
 *   START_WR  never: it is so from the beginning         rare-write
 *
 * A rare write goes through a second mapping of the same pages, writable, at a random address, made
 * for this write and removed after it. The series mapped it on one CPU with interrupts off; the
 * threads of a process share their mappings, so here a thread that guesses the address (28 random
 * bits) can write through it during the few microseconds. Nothing stops a program from calling
 * mprotect() itself.
 *
 * Threads: any; a mutex a pool. In an AUTO pool the allocation of one thread may protect what
 * another has just got, so there one thread fills an area. A rare write of 1, 2, 4 or 8 bytes
 * aligned to their size is seen whole, with release order, a longer one may be seen in part.
 * Memory: areas are mappings of their own (memfd_create), shared with children after fork(),
 * outside of the limit and of slab_usage(). Not for use in a shrinker.
 */
#ifndef SLAB_PMALLOC_H
#define SLAB_PMALLOC_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PMALLOC_RO    0x0u
#define PMALLOC_WR    0x1u
#define PMALLOC_AUTO  0x2u
#define PMALLOC_START 0x4u

#define PMALLOC_MODE_RO	      PMALLOC_RO
#define PMALLOC_MODE_WR	      PMALLOC_WR
#define PMALLOC_MODE_AUTO_RO  (PMALLOC_AUTO | PMALLOC_RO)
#define PMALLOC_MODE_AUTO_WR  (PMALLOC_AUTO | PMALLOC_WR)
#define PMALLOC_MODE_START_WR (PMALLOC_START | PMALLOC_WR)

#define PMALLOC_REFILL_DEFAULT	    0 /* a page (option page_size) */
#define PMALLOC_ALIGN_ORDER_DEFAULT 3 /* ARCH_KMALLOC_MINALIGN */
#define PMALLOC_ALIGN_ORDER_MAX	    12

struct pmalloc_pool;

/*
 * A pool of one of the five modes. An area has at least @refill bytes, an object is aligned to
 * 2^@align_order. NULL with errno: EINVAL for another mode or an order above 12, ENOMEM.
 */
SLAB_API struct pmalloc_pool *pmalloc_create_pool(unsigned int mode);
SLAB_API struct pmalloc_pool *pmalloc_create_custom_pool(size_t refill, unsigned int align_order,
							 unsigned int mode);

/*
 * @size bytes, never handed out before, so they read as zero. NULL for size 0 or without memory; in
 * an AUTO mode also if the area before could not be protected.
 */
SLAB_API void *pmalloc(struct pmalloc_pool *pool, size_t size);

/* A copy of @s; in a START_WR pool by a rare write. */
SLAB_API char *pstrdup(struct pmalloc_pool *pool, const char *s);

static inline void *pzalloc(struct pmalloc_pool *pool, size_t size)
{
	return pmalloc(pool, size);
}

/* NULL when @n * @size overflows. */
static inline void *pmalloc_array(struct pmalloc_pool *pool, size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : pmalloc(pool, bytes);
}

static inline void *pcalloc(struct pmalloc_pool *pool, size_t n, size_t size)
{
	return pmalloc_array(pool, n, size);
}

/*
 * Protect all that was handed out; later objects come from new areas. 0, or -ENOMEM if the system
 * refused for some area: what is protected stays so, the call may be repeated. (void in the
 * series.)
 */
SLAB_API int pmalloc_protect_pool(struct pmalloc_pool *pool);

/* The same, and all becomes read-only for good, also what wr_*() could write; so does the mode. */
SLAB_API int pmalloc_make_pool_ro(struct pmalloc_pool *pool);

/* Unmaps everything. Nobody uses the pool or its memory any more. NULL is allowed. */
SLAB_API void pmalloc_destroy_pool(struct pmalloc_pool *pool);

/* Do all @n bytes (at least one) lie in what one area of a pool has handed out? */
SLAB_API bool is_pmalloc_object(const void *p, size_t n);

/*
 * Rare writes. 0; -ENOMEM if the system gives no mapping, with nothing written; -EPERM, with one
 * sentence on fd 2, if not all of it is rare-write memory of one area. (The series warned, too.)
 */
SLAB_API int wr_memset(const void *dst, int c, size_t n);
SLAB_API int wr_memcpy(const void *dst, const void *src, size_t n);

/* var = value, for a variable of any type in rare-write memory. */
#define wr_assign(var, value)                                                                      \
	__extension__({                                                                            \
		__typeof__(var) wr_value = (value);                                                \
		wr_memcpy(&(var), &wr_value, sizeof(wr_value));                                    \
	})

/* The same for a pointer; anything else does not compile. */
#define wr_ptr(var, value)                                                                         \
	__extension__({                                                                            \
		const void *wr_old = (var), *wr_new = (value);                                     \
		(void)wr_old;                                                                      \
		wr_memcpy(&(var), &wr_new, sizeof(wr_new));                                        \
	})

#ifdef __cplusplus
}
#endif

#endif
