/* SPDX-License-Identifier: MIT */
/*
 * Allocation flags, and pages without a slab (kernel: linux/gfp.h). Included by slab.h. Any thread.
 */
#ifndef SLAB_GFP_H
#define SLAB_GFP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLAB_API __attribute__((visibility("default")))

/* The kernel's type name, so that kernel code compiles unchanged. */
typedef unsigned int gfp_t;

/*
 * Allocation flags, with the bit values of Linux 6.18 (they appear in recorded traces) and their
 * meaning there. What happens when pages run short: DIRECT_RECLAIM may wait, call shrinkers and try
 * again (GFP_KERNEL); NORETRY once, RETRY_MAYFAIL as long as it could help, NOFAIL until it does.
 * Without it the answer comes at once (GFP_NOWAIT), with HIGH from the reserve too (GFP_ATOMIC).
 * MEMALLOC opens all of the reserve, NOMEMALLOC closes it. DMA selects the NORMAL caches, as in a
 * kernel without ZONE_DMA; IO and FS are shown to shrinkers; MOVABLE is ignored.
 */
#define __GFP_DMA	     0x1u
#define __GFP_HIGHMEM	     0x2u
#define __GFP_DMA32	     0x4u
#define __GFP_MOVABLE	     0x8u
#define __GFP_RECLAIMABLE    0x10u
#define __GFP_HIGH	     0x20u
#define __GFP_IO	     0x40u
#define __GFP_FS	     0x80u
#define __GFP_ZERO	     0x100u
#define __GFP_DIRECT_RECLAIM 0x400u
#define __GFP_KSWAPD_RECLAIM 0x800u
#define __GFP_NOWARN	     0x2000u
#define __GFP_RETRY_MAYFAIL  0x4000u
#define __GFP_NOFAIL	     0x8000u
#define __GFP_NORETRY	     0x10000u
#define __GFP_MEMALLOC	     0x20000u
#define __GFP_NOMEMALLOC     0x80000u
#define __GFP_THISNODE	     0x200000u
#define __GFP_ACCOUNT	     0x400000u
#define __GFP_RECLAIM	     (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL	     (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_ATOMIC	     (__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT	     (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_NOIO	     __GFP_RECLAIM
#define GFP_NOFS	     (__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL_ACCOUNT   (GFP_KERNEL | __GFP_ACCOUNT)

#define NUMA_NO_NODE (-1)

/*
 * Pages without a slab. __get_free_pages() gives 2^@order pages (order at most 10) aligned to their
 * size, or 0; free_pages() wants the same order and does nothing for 0. alloc_pages_exact() gives
 * @size bytes rounded up to pages, of up to 2^10 pages, NULL for 0 or more: of the block of the
 * next power of two the pages behind the end go back at once. free_pages_exact() wants the same
 * size. __GFP_ZERO zeroes. Pages are never given to kfree() or ksize().
 */
SLAB_API unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
SLAB_API void free_pages(unsigned long addr, unsigned int order);
SLAB_API void *alloc_pages_exact(size_t size, gfp_t gfp);
SLAB_API void free_pages_exact(void *p, size_t size);
#define __get_free_page(gfp) __get_free_pages((gfp), 0)
#define get_zeroed_page(gfp) __get_free_pages((gfp) | __GFP_ZERO, 0)
#define free_page(addr)	     free_pages((addr), 0)

#ifdef __cplusplus
}
#endif

#endif
