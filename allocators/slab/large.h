/* SPDX-License-Identifier: MIT */
/*
 * kmalloc beyond the largest cache: whole blocks of pages, recognised by the page map. Any thread.
 */
#ifndef SLAB_LARGE_H
#define SLAB_LARGE_H

#include "types.h"

/*
 * @size above KMALLOC_MAX_CACHE_SIZE; NULL above KMALLOC_MAX_SIZE or without memory. @node exists
 * or is NUMA_NO_NODE.
 */
void *large_alloc(size_t size, gfp_t gfp, int node);

/* @p lies in the large block of page @page with entry @entry; ends in a report if not at its start.
 */
void large_free(const void *p, size_t page, uint32_t entry);

/* Bytes in large blocks. */
size_t large_bytes(void);

/* For mend.c, alone. */
void large_set_bytes(size_t bytes);

#endif
