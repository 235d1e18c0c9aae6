/* SPDX-License-Identifier: MIT */
/*
 * The body of a report about an object, as the kernel's print_trailer(): both tracks, the slab, the
 * object, hex dumps of its regions. Under node.lock, or on a slab that only the caller sees; from
 * elsewhere the numbers may be old.
 */
#ifndef SLAB_TRAILER_H
#define SLAB_TRAILER_H

#include "types.h"

/* @object is one of slab @f of @s. */
void trailer_print(const struct kmem_cache *s, const struct frame *f, void *object);

/* A whole report about an object: headline @what, the body, end. @object may be no object. */
void trailer_report(const struct kmem_cache *s, const struct frame *f, void *object,
		    const char *what);

/* A whole report: @object of slab @f was given to kmem_cache_free(@s), another cache than its own.
 */
void trailer_wrong_cache(const struct kmem_cache *s, const struct frame *f, void *object);

/* Is @p NULL or the address of an object of the slab? */
bool trailer_is_valid(const struct kmem_cache *s, const struct frame *f, const void *p);

#endif
