/* SPDX-License-Identifier: MIT */
/*
 * Option virtual: what was once the address of an object of one cache is never the address of an
 * object of another (SLAB_VIRTUAL, proposed for Linux in 2023), so that a stale pointer cannot be
 * made to point at an object of another type. It holds on top of any partition mode.
 *
 * A block that an owner frees gives its memory back to the system at once, but its addresses go to
 * the owner's stock, and only the owner takes them from there again. Owners are caches and, for
 * each order, the large blocks of kmalloc. When a cache is destroyed its addresses are retired for
 * ever. So the range is used up by caches that come and go; a range of 64 GiB has room for two
 * million destroyed caches of one slab of 32 KiB. Stocked and retired ranges are no memory:
 * slab_usage() counts them apart. Their pages count as free in the page map, so a stale pointer
 * that is freed is reported; a stale read gives zero.
 *
 * Off, these functions are those of the zone and the stocks stay empty. Any thread, with the locks
 * that zone_alloc() and zone_free() allow.
 */
#ifndef SLAB_VIRTUAL_H
#define SLAB_VIRTUAL_H

#include "types.h"

/* The option; set at boot before the first block is taken. */
extern bool slab_virtual;

/* No large block has a stock yet. At boot. */
void virtual_init(void);

/* Make the stock of a new cache. */
void virtual_attach(struct kmem_cache *s);

/* A block for a slab of @s, or for a large block if @s is NULL. Otherwise zone_alloc(). */
struct frame *virtual_alloc(struct kmem_cache *s, struct zone *z, unsigned int order,
			    enum migrate_type type, bool *clean);

/* Return it, to the same owner. */
void virtual_free(struct kmem_cache *s, struct frame *f);

/* @s is being destroyed and all its slabs are free: nobody uses its addresses again. */
void virtual_retire(struct kmem_cache *s);

/* For check.c: pages in the stock of @s (NULL: of large blocks); nobody is inside. */
size_t virtual_stocked(const struct kmem_cache *s);

/* For mend.c: a block in use that is nobody's. With the option its addresses are retired. */
void virtual_abandon(struct frame *f);

#endif
