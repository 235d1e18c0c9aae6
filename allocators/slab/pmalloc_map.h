/* SPDX-License-Identifier: MIT */
/*
 * The mappings of pmalloc. An area is one shared mapping of a memory file whose descriptor is
 * closed at once: who cannot name the file cannot write to it behind the protection. A second
 * mapping of some of its pages is got from the first (mremap(2) with a length of 0). No state, any
 * thread; failures change nothing. All @bytes are multiples of the system's page, all @p aligned to
 * it.
 */
#ifndef SLAB_PMALLOC_MAP_H
#define SLAB_PMALLOC_MAP_H

#include <stddef.h>

/* The system's page: what can be protected on its own. */
size_t pmalloc_map_page(void);

/* Zeroed memory, readable and writable; NULL on failure. */
void *pmalloc_map_create(size_t bytes);
void pmalloc_map_destroy(void *p, size_t bytes);

/* Make it readable only. 0 or -ENOMEM. */
int pmalloc_map_protect(void *p, size_t bytes);

/* A writable alias of these pages at a random address; NULL on failure. */
void *pmalloc_map_alias(void *p, size_t bytes);
void pmalloc_map_unalias(void *alias, size_t bytes);

#endif
