/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: memory by the page for large requests of any length, where kmalloc would need a block of
 * a power of two. Each area lies in address space of its own, a page that cannot be touched behind
 * it; its memory goes back to the system when it is freed. An area costs a system call to get and
 * one to free, and a mapping of the process each (Linux allows 65530, vm.max_map_count).
 *
 * Any thread. No memory, no address space, size 0 or a size that overflows: NULL. Memory is zeroed
 * whether asked for or not, being new from the system. A pointer that is not the start of an area
 * is reported and left alone.
 */
#ifndef SLAB_VMALLOC_H
#define SLAB_VMALLOC_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

SLAB_API void *vmalloc(size_t size);
SLAB_API void *vzalloc(size_t size);

/* With flags, of which none changes anything here, and at a multiple of @align (a power of two). */
SLAB_API void *__vmalloc(size_t size, gfp_t gfp);
SLAB_API void *__vmalloc_align(size_t size, size_t align, gfp_t gfp);

/* NULL does nothing. */
SLAB_API void vfree(const void *p);

/*
 * Size 0 frees @p and gives NULL; NULL is a vmalloc. In place while the pages of the area suffice
 * and @p is aligned; else a copy, and NULL with @p untouched if there is no memory for that. With
 * __GFP_ZERO, then required on every call from the first, the grown part reads as zero.
 */
SLAB_API void *vrealloc(const void *p, size_t size, gfp_t gfp);
SLAB_API void *vrealloc_align(const void *p, size_t size, size_t align, gfp_t gfp);

/* Does @p lie in the address space of vmalloc? Looks at the address only. */
SLAB_API bool is_vmalloc_addr(const void *p);

#ifdef __cplusplus
}
#endif

#endif
