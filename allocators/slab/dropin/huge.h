/* SPDX-License-Identifier: MIT */
/*
 * Blocks that kmalloc has no room for: each a mapping of its own, whose memory goes back to the
 * system when it is freed or soon after (huge_stash.h), and which grows and shrinks without a copy
 * (mremap). They are described
 * in a tree by address, so a foreign pointer is told from one of ours without being followed. Linux
 * allows a process 65530 mappings (vm.max_map_count); one more is NULL.
 *
 * Any thread; huge_lock guards the tree, and under it no other lock is taken.
 */
#ifndef SLAB_DROPIN_HUGE_H
#define SLAB_DROPIN_HUGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @size bytes at a multiple of @align, a power of two; NULL without memory. huge_zalloc(): that
 * read as zero.
 */
void *huge_alloc(size_t size, size_t align);
void *huge_zalloc(size_t size, size_t align);

/* The bytes of the block that starts at @p; 0 if it is none of ours. */
size_t huge_bytes(const void *p);

/* Make a block of ours larger or smaller, maybe elsewhere; NULL leaves it as it was. */
void *huge_resize(void *p, size_t size);

/* False if @p is not the start of a block of ours. */
bool huge_free(void *p);

/* Give back what is kept (huge_stash.h). False if that was nothing. */
bool huge_trim(void);

/* Give back what was kept too long; for slow paths, one load if nothing is kept. */
void huge_expire(void);

/* How many blocks there are, and their bytes; bytes of freed ones that are kept. */
struct huge_usage {
	size_t nr_blocks;
	size_t bytes;
	size_t kept_bytes;
};
struct huge_usage huge_usage(void);

#endif
