/* SPDX-License-Identifier: MIT */
/*
 * Hardened usercopy (CONFIG_HARDENED_USERCOPY): may these bytes be copied to or from the user? Only
 * if they lie in one object, and in the part of it that its cache offers: [useroffset, useroffset +
 * usersize), see kmem_cache_create_usercopy(). All of a kmalloc object is offered, nothing of a
 * cache that was made without.
 *
 * Addresses that libslab does not own are not judged. Any thread; the caller holds the object.
 */
#ifndef SLAB_USERCOPY_H
#define SLAB_USERCOPY_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * True if @n bytes at @ptr may be copied; @to_user is the direction, as in the kernel. Else false
 * after the kernel's sentence on fd 2, such as
 *
 *   usercopy: Kernel memory exposure attempt detected from SLUB object 'name' (offset 0, size 64)!
 *
 * Instead of "SLUB object" (outside of the offered part) it says "SLUB object in left red zone",
 * "SLUB object not in SLUB page?!" (in no slab and no large block) or "page alloc" (beyond the end
 * of a large block).
 */
SLAB_API bool check_heap_object(const void *ptr, size_t n, bool to_user);

/*
 * The whole check, which ends the program as the kernel's BUG() ends a task: no copy at NULL or
 * around the end of the address space ("null address", "wrapped address"), then
 * check_heap_object(). Nothing is asked of a copy of no bytes.
 */
SLAB_API void check_object_size(const void *ptr, size_t n, bool to_user);

#ifdef __cplusplus
}
#endif

#endif
