/* SPDX-License-Identifier: MIT */
/*
 * Pages without a slab: __get_free_pages() and alloc_pages_exact(), declared in slab.h. Such pages
 * are marked in the page map (ENTRY_PAGES), so that kfree() does not take them for large blocks.
 */
#ifndef SLAB_EXACT_H
#define SLAB_EXACT_H

#include "types.h"

/* Bytes that users hold in such pages. */
size_t exact_bytes(void);

#endif
