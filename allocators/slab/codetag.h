/* SPDX-License-Identifier: MIT */
/*
 * Allocation profiling (Linux 6.10): with the option profiling=1 libslab counts, for each call
 * site, the bytes and objects that it allocated and that are not freed yet. A site of the macros of
 * slab.h is its codetag: file, line, function. A site that comes as a bare location (the _token
 * functions, kmem_cache_alloc()) is named by the symbol around that address. Bytes are those of
 * the slot in the slab, with padding, as in the kernel.
 *
 * Profiling is chosen at boot and costs nothing when off. An object whose extension could not be
 * allocated is not counted. A library that is unloaded leaves its lines; one that is later loaded
 * over its addresses adds to them.
 */
#ifndef SLAB_CODETAG_H
#define SLAB_CODETAG_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The text of /proc/allocinfo, one line a site in the order of their first allocations:
 *
 *       12800      200 fs/dcache.c:1728 func:__d_alloc
 *
 * Writes at most @len bytes with a NUL and returns the length of the whole text; only the two head
 * lines without profiling. Any thread; exact when no other allocates.
 */
SLAB_API size_t slab_allocinfo(char *buf, size_t len);

/* What the site at @location holds now. False if it never allocated under profiling. */
SLAB_API bool slab_allocinfo_site(const void *location, uint64_t *bytes, uint64_t *calls);

#ifdef __cplusplus
}
#endif

#endif
