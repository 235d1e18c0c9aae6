/* SPDX-License-Identifier: MIT */
/*
 * The address space of vmalloc: a range of its own beside slab_range, reserved at the first use,
 * cut into areas. Free areas are kept in order of address and joined with their neighbours; the
 * lowest fit is taken, so that the range fills from its bottom. The areas' descriptions are objects
 * of the cache "vmap_area". Only address space is managed here; vmalloc.c gives it memory and takes
 * it away.
 *
 * V1. used and free areas tile the range; no two free areas touch; both trees are in order
 *
 * vmarea_lock guards both trees; no other lock is taken under it. Any thread.
 */
#ifndef SLAB_VMAREA_H
#define SLAB_VMAREA_H

#include "types.h"
#include "vmtree.h"

/* Constant once bytes is not 0, which is published with release. */
struct vmrange {
	uintptr_t base;
	size_t bytes;
};
extern struct vmrange slab_vmrange;

/* One comparison: an address below the base is a large number behind it. */
static inline bool vmarea_owns(const void *p)
{
	size_t bytes = __atomic_load_n(&slab_vmrange.bytes, __ATOMIC_ACQUIRE);

	return (uintptr_t)p - slab_vmrange.base < bytes;
}

/* At boot: how much to reserve when it is needed; halved then until the system agrees. */
void vmarea_init(size_t bytes);

/*
 * An area of @bytes (a multiple of the page) at a multiple of @align, for a request of @requested
 * bytes; NULL without address space or memory. Its addresses may not be touched yet.
 */
struct vmarea *vmarea_take(size_t bytes, size_t align, size_t requested);

/* The area in use that starts at @p, or NULL; vmarea_remove() also takes it out of use. */
struct vmarea *vmarea_find(const void *p);
struct vmarea *vmarea_remove(const void *p);

/* Give back an area that was removed, its addresses not accessible. */
void vmarea_put(struct vmarea *a);

/* Forget an area that was removed although its addresses cannot be used again. */
void vmarea_abandon(struct vmarea *a);

/* What the user may touch: all but the guard page at the end. */
static inline size_t vmarea_usable(const struct vmarea *a)
{
	return a->bytes - slab_page_bytes();
}

/* Bytes of all areas taken and not yet given back, without guard pages. */
size_t vmarea_bytes(void);

/* V1; nobody else is inside. */
bool vmarea_is_sound(void);

#endif
