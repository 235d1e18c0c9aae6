/* SPDX-License-Identifier: MIT */
/*
 * Would our geometry make the caches that a kernel has? From what a row says of the request
 * (object size, flags, constructor) the outcome is computed and compared with the row's.
 *
 * What sysfs does not tell is inferred, and only this:
 *   - The alignment asked for. If the kernel's is above what SLAB_HWCACHE_ALIGN gives, it was asked
 *     for. That of kmalloc caches is known. An alignment below ours is a mismatch.
 *   - Where a TYPESAFE_BY_RCU cache keeps its free pointer: behind the object, unless only a place
 *     of its own inside explains the size (vm_area_struct).
 *   - Which caches asked for sheaves or forbid them: a table of names, maple_node, vm_area_struct
 *     and those that exist before any other.
 *   - Whether a cache is accounted: only the name of a shared one tells (":A-0000256").
 *   - How many users of a shared cache are gone: their names stay, so there may be more names than
 *     users, never fewer.
 * The layout inside a slot (free pointer, tracks) shows in the size alone.
 */
#ifndef HARNESS_GEOMETRY_COMPARE_H
#define HARNESS_GEOMETRY_COMPARE_H

#include <stddef.h>
#include <stdio.h>

#include "allocators/slab/geometry.h"
#include "kernel_caches.h"

/*
 * Compare slab_size, objs_per_slab, order, align, min_partial, cpu_partial, sheaf_capacity, aliases
 * and the names of shared caches, as far as the rows have them. One line a mismatch on @out.
 * Returns how many there were.
 */
size_t geometry_compare(FILE *out, const struct machine *m, const struct kernel_caches *all);

#endif
