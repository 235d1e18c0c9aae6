/* SPDX-License-Identifier: MIT */
/*
 * How many objects a new sheaf of a cache holds. sheaves=kernel: geometry.capacity, for ever. With
 * sheaves=grow a cache begins with that and goes on to the next capacity each time its CPUs have
 * often found their sheaf empty: then a load goes up and down by more than it holds, and a larger
 * one makes the slow paths rarer. That the spare was full counts for less than a way to the barn.
 * Old sheaves are replaced as they come back empty.
 *
 * The next capacity doubles the block: a power of two, since those are the classes that all tables
 * have. Blocks of 1 KiB and more leave a 16th of it free, and sheaves begin at different cache
 * lines of it, their colors: without, the headers of all sheaves of a page and more are in one set
 * of the CPU's cache, and compete there with each other at each operation (Bonwick, The Slab
 * Allocator, USENIX 1994, section 4). Kernel sheaves need none, their blocks are 512 bytes at most.
 *
 * Threads: any; the counts are relaxed, since a miss more or less does not matter.
 */
#ifndef SLAB_GROW_H
#define SLAB_GROW_H

#include "types.h"

/* At boot. */
void grow_init(bool on);

/* A new cache, whose geometry is known. */
void grow_attach(struct kmem_cache *s);

/* A CPU's main sheaf is empty: its spare one was full, or the barn had to be asked. */
void grow_count_swap(struct kmem_cache *s);
void grow_count_miss(struct kmem_cache *s);

/*
 * Colors of the sheaves of @s with @capacity objects, at least one: a sheaf of color n begins n
 * times COLOR_BYTES into its block.
 */
#define COLOR_BYTES 64u
unsigned int grow_nr_colors(const struct kmem_cache *s, unsigned int capacity);

/* May the sheaves of @s become larger than the kernel's? */
static inline bool grow_is_on(const struct kmem_cache *s)
{
	return s->capacity_max != s->geo.capacity;
}

static inline unsigned int grow_capacity(const struct kmem_cache *s)
{
	return __atomic_load_n(&s->capacity, __ATOMIC_RELAXED);
}

#endif
